//! Tables and prose that fit a terminal of 80 columns.

/// Columns of a terminal.
pub const WIDTH: usize = 80;
/// Columns between two cells.
const GAP: usize = 2;
/// Prose is broken into lines rather than moved to a table of its own if it has at least so many columns.
const PROSE: usize = 30;

/// A table of text cells, the first row the head: columns padded, numbers flush right. What does not fit 80 columns follows in a second
/// table, which repeats the first column.
pub fn table(rows: &[Vec<String>]) -> String {
    table_by(1, rows)
}

/// As [`table`], with so many first columns repeated.
pub fn table_by(keys: usize, rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let columns: Vec<Column> = (0..columns).map(|c| Column::of(rows, c)).collect();
    blocks(keys, columns).iter().map(|block| block_text(block, rows)).collect::<Vec<_>>().join("\n")
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
struct Column {
    index: usize,
    width: usize,
    right: bool,
}

impl Column {
    fn of(rows: &[Vec<String>], index: usize) -> Self {
        let cell = |row: &Vec<String>| row.get(index).map_or(0, |cell| cell.chars().count());
        let right = rows.iter().skip(1).any(|row| row.get(index).is_some_and(|cell| numeric(cell)));
        Self { index, width: rows.iter().map(cell).max().unwrap_or(0), right }
    }

    fn pad(&self, cell: &str) -> String {
        let width = self.width;
        if self.right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    }
}

fn numeric(cell: &str) -> bool {
    cell.chars().next().is_some_and(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '−' | '<' | '>'))
}

/// Columns of the tables that one table becomes, from left to right.
fn blocks(keys: usize, columns: Vec<Column>) -> Vec<Vec<Column>> {
    let narrow = |key: &Column| Column { width: key.width.min(WIDTH / 2 / keys - GAP), ..*key };
    let keys: Vec<Column> = columns.iter().take(keys).map(narrow).collect();
    let mut blocks = vec![Vec::new()];
    let mut left = WIDTH + GAP;
    for mut column in columns {
        let block = blocks.last_mut().expect("never empty");
        let fits = column.width + GAP <= left;
        let breaks = !column.right && column.width > PROSE && left >= PROSE + GAP;
        if !fits && !breaks && block.len() > keys.len() {
            blocks.push(keys.clone());
            left = WIDTH + GAP - keys.iter().map(|key| key.width + GAP).sum::<usize>();
        }
        column.width = column.width.min(left.saturating_sub(GAP).max(1));
        left = left.saturating_sub(column.width + GAP);
        blocks.last_mut().expect("never empty").push(column);
    }
    blocks
}

fn block_text(block: &[Column], rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    for (number, row) in rows.iter().enumerate() {
        out.push_str(&row_text(block, row));
        if number == 0 {
            let rules: Vec<String> = block.iter().map(|column| "-".repeat(column.width)).collect();
            out.push_str(&format!("{}\n", rules.join("  ")));
        }
    }
    out
}

/// A row, on several lines where a cell is broken.
fn row_text(block: &[Column], row: &[String]) -> String {
    let cell = |column: &Column| lines(row.get(column.index).map_or("", String::as_str), column.width);
    let cells: Vec<Vec<String>> = block.iter().map(cell).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let line = |number: usize| {
        let parts = block.iter().zip(&cells).map(|(c, lines)| c.pad(lines.get(number).map_or("", String::as_str)));
        format!("{}\n", parts.collect::<Vec<_>>().join("  ").trim_end())
    };
    (0..height).map(line).collect()
}

/// Text in lines of at most `width` columns, broken between words; a longer word is cut. At least one line.
fn lines(text: &str, width: usize) -> Vec<String> {
    if text.chars().count() <= width {
        return vec![text.into()];
    }
    let mut lines = vec![String::new()];
    for word in text.split_whitespace().flat_map(|word| pieces(word, width)) {
        let last = lines.last_mut().expect("never empty");
        match last.is_empty() {
            true => *last = word,
            false if last.chars().count() + 1 + word.chars().count() <= width => last.extend([" ", &word]),
            false => lines.push(word),
        }
    }
    lines
}

fn pieces(word: &str, width: usize) -> Vec<String> {
    let characters: Vec<char> = word.chars().collect();
    characters.chunks(width).map(|piece| piece.iter().collect()).collect()
}

/// Prose in lines of at most 80 columns; every line after the first starts with `indent`.
pub fn wrapped(first: &str, text: &str, indent: &str) -> String {
    let room = WIDTH - first.chars().count().max(indent.chars().count());
    let lines = lines(text, room);
    let starts = std::iter::once(first).chain(std::iter::repeat(indent));
    starts.zip(&lines).map(|(start, line)| format!("{start}{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[&[&str]]) -> Vec<Vec<String>> {
        text.iter().map(|row| row.iter().map(|cell| cell.to_string()).collect()).collect()
    }

    #[test]
    fn numbers_stand_flush_right() {
        let rows = rows(&[&["name", "bytes"], &["a", "7"], &["bc", "12,000"]]);
        assert_eq!(table(&rows), "name   bytes\n----  ------\na          7\nbc    12,000\n");
    }

    #[test]
    fn what_does_not_fit_follows_with_its_key() {
        let mut rows = rows_of_numbers(12);
        rows[1][0] = "a key that is far too long for a column that is repeated".into();
        let text = table(&rows);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.lines().filter(|line| line.starts_with("column 0")).count() >= 2, "{text}");
    }

    fn rows_of_numbers(columns: usize) -> Vec<Vec<String>> {
        let head = (0..columns).map(|c| format!("column {c}")).collect();
        vec![head, (0..columns).map(|c| c.to_string()).collect()]
    }

    #[test]
    fn prose_is_broken_in_its_column() {
        let reason = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen";
        let text = table(&rows(&[&["n", "reason"], &["1", reason]]));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert_eq!(text.split_whitespace().filter(|word| reason.contains(word)).count(), 17, "{text}");
        assert_eq!(text.lines().count(), 4);
    }

    #[test]
    fn prose_is_indented() {
        let text = wrapped("- ", &"word ".repeat(30), "  ");
        assert!(text.starts_with("- word") && text.lines().nth(1).unwrap().starts_with("  word"));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
    }
}
