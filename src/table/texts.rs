//! Texts of a column, of which many rows have the same.

use parquet::data_type::ByteArray;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Texts of a column: the distinct ones, and which of them each row has.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    names: Arc<Vec<String>>,
    rows: Vec<u32>,
}

impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl FromIterator<String> for Texts {
    fn from_iter<I: IntoIterator<Item = String>>(texts: I) -> Self {
        let (mut names, mut numbers) = (Vec::new(), FxHashMap::default());
        let mut number = |text: String| match numbers.get(&text) {
            Some(number) => *number,
            None => {
                let number = names.len() as u32;
                numbers.insert(text.clone(), number);
                names.push(text);
                number
            }
        };
        let rows = texts.into_iter().map(&mut number).collect();
        Self { names: Arc::new(names), rows }
    }
}

impl Texts {
    /// Rows by their numbers among `names`.
    ///
    /// # Panics
    /// In what follows, if a number has no name.
    pub fn numbered(names: &Arc<Vec<String>>, rows: impl IntoIterator<Item = u32>) -> Self {
        Self { names: names.clone(), rows: rows.into_iter().collect() }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The text of a row.
    pub fn get(&self, row: usize) -> &str {
        &self.names[self.rows[row] as usize]
    }

    /// The text of each row.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|number| self.names[*number as usize].as_str())
    }

    /// Adds `count` rows of one text; meant for columns of few distinct ones.
    pub fn fill(&mut self, text: &str, count: usize) {
        let known = self.names.iter().rposition(|name| name == text);
        let number = known.unwrap_or_else(|| {
            Arc::make_mut(&mut self.names).push(text.into());
            self.names.len() - 1
        });
        self.rows.extend(std::iter::repeat_n(number as u32, count));
    }

    /// Adds the rows of another column.
    pub fn append(&mut self, other: &Texts) {
        if self.rows.is_empty() {
            self.clone_from(other);
        } else if Arc::ptr_eq(&self.names, &other.names) {
            self.rows.extend_from_slice(&other.rows);
        } else {
            let numbers = self.adopt(other);
            self.rows.extend(other.rows.iter().map(|number| numbers[*number as usize]));
        }
    }

    /// Takes over the names of another column; their numbers here.
    fn adopt(&mut self, other: &Texts) -> Vec<u32> {
        let mut numbers: FxHashMap<String, u32> = self.names.iter().cloned().zip(0..).collect();
        let names = Arc::make_mut(&mut self.names);
        let adopted = other.names.iter().map(|name| {
            *numbers.entry(name.clone()).or_insert_with(|| {
                names.push(name.clone());
                names.len() as u32 - 1
            })
        });
        adopted.collect()
    }

    /// The rows as Parquet takes them; rows of one text share its bytes.
    pub(super) fn bytes(&self) -> Vec<ByteArray> {
        let (low, high) = self.rows.iter().fold((u32::MAX, 0), |(low, high), row| (low.min(*row), high.max(*row)));
        let used = self.names.get(low as usize..=high as usize).unwrap_or_default();
        let shared: Vec<ByteArray> = used.iter().map(|name| name.as_str().into()).collect();
        self.rows.iter().map(|row| shared[(row - low) as usize].clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Texts {
        all.iter().map(|text| text.to_string()).collect()
    }

    #[test]
    fn rows_are_what_was_added() {
        let mut column = texts(&["a", "b", "a"]);
        column.append(&texts(&["c", "b"]));
        column.fill("a", 2);
        column.fill("", 1);
        assert_eq!(column, texts(&["a", "b", "a", "c", "b", "a", "a", ""]));
        assert_eq!((column.len(), column.get(3), column.names.len()), (8, "c", 4));
        let names = Arc::new(vec!["x".to_string(), "y".into(), "z".into()]);
        let mut numbered = Texts::numbered(&names, [2, 1]);
        numbered.append(&Texts::numbered(&names, [2]));
        assert_eq!(numbered, texts(&["z", "y", "z"]));
        let bytes: Vec<Vec<u8>> = numbered.bytes().iter().map(|b| b.data().to_vec()).collect();
        assert_eq!(bytes, [b"z", b"y", b"z"]);
        assert!(Texts::default().bytes().is_empty() && Texts::default().is_empty());
    }
}
