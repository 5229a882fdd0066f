//! Numbers of a repeated block: linear in the indices of the blocks around them.

use std::fmt::Write;

/// A number such as `20*token + 3*head + 7`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::workload) struct Linear {
    /// Where every index is zero.
    pub base: i128,
    /// What each index adds a repetition, the index of the outermost block first; absent ones add nothing.
    pub steps: Vec<i64>,
}

/// Why a text is no such number.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::workload) enum Mistake {
    /// It names an index of no block around it.
    Unknown(String),
    /// It has another form, or a number beyond 63 bits.
    Form,
}

impl Linear {
    /// A number that is the same in every repetition.
    pub fn constant(base: u64) -> Self {
        Self { base: base.into(), steps: Vec::new() }
    }

    /// Reads a sum of whole numbers, indices, and products of a whole number and an index.
    pub fn parse(text: &str, indices: &[String]) -> Result<Self, Mistake> {
        let mut sum = Self { base: 0, steps: vec![0; indices.len()] };
        let mut rest = text.trim_start();
        let mut sign = match rest.strip_prefix('-') {
            Some(after) => {
                rest = after;
                -1
            }
            None => 1,
        };
        loop {
            let end = rest.find(['+', '-']).unwrap_or(rest.len());
            sum.add(sign, &rest[..end], indices)?;
            sign = if rest[end..].starts_with('-') { -1 } else { 1 };
            match rest.get(end + 1..) {
                Some(after) => rest = after,
                None => return Ok(sum),
            }
        }
    }

    fn add(&mut self, sign: i64, term: &str, indices: &[String]) -> Result<(), Mistake> {
        let (mut factor, mut index) = (sign, None);
        let mut numbers = 0;
        for part in term.split('*').map(str::trim) {
            if part.starts_with(|c: char| c.is_ascii_digit()) {
                let number: i64 = part.parse().map_err(|_| Mistake::Form)?;
                factor = factor.checked_mul(number).ok_or(Mistake::Form)?;
                numbers += 1;
            } else if is_index(part) && index.is_none() {
                let known = indices.iter().position(|name| name == part);
                index = Some(known.ok_or_else(|| Mistake::Unknown(part.into()))?);
            } else {
                return Err(Mistake::Form);
            }
        }
        if numbers > 1 {
            return Err(Mistake::Form);
        }
        let Some(index) = index else {
            self.base += i128::from(factor);
            return Ok(());
        };
        self.steps[index] = self.steps[index].checked_add(factor).ok_or(Mistake::Form)?;
        Ok(())
    }

    /// The value at those indices.
    pub fn at(&self, indices: &[u64]) -> i128 {
        let terms = self.steps.iter().zip(indices).map(|(&step, &index)| i128::from(step) * i128::from(index));
        self.base + terms.sum::<i128>()
    }

    /// The text that [`Linear::parse`] reads.
    pub fn text(&self, indices: &[String]) -> String {
        let mut text = String::new();
        for (&step, index) in self.steps.iter().zip(indices).filter(|(step, _)| **step != 0) {
            let factor = if step.unsigned_abs() == 1 { String::new() } else { format!("{}*", step.unsigned_abs()) };
            let _ = write!(text, "{}{factor}{index}", sign(step < 0, text.is_empty()));
        }
        if self.base != 0 || text.is_empty() {
            let _ = write!(text, "{}{}", sign(self.base < 0, text.is_empty()), self.base.unsigned_abs());
        }
        text
    }

    /// Whether it is the same in every repetition.
    pub fn is_constant(&self) -> bool {
        self.steps.iter().all(|&step| step == 0)
    }
}

fn sign(negative: bool, first: bool) -> &'static str {
    match (negative, first) {
        (true, true) => "-",
        (true, false) => " - ",
        (false, true) => "",
        (false, false) => " + ",
    }
}

/// Whether a text can name an index: letters, digits and underscores, not starting with a digit.
pub(in crate::workload) fn is_index(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(plain) && !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> [String; 2] {
        ["token".into(), "head_2".into()]
    }

    #[test]
    fn every_form_is_read() {
        let at = |text: &str| Linear::parse(text, &names()).map(|linear| linear.at(&[10, 1]));
        for (text, value) in [
            ("7", 7),
            ("token", 10),
            ("-7 + token", 3),
            ("3*token", 30),
            (" token * 3 - head_2*2+1 ", 29),
            ("token + token", 20),
        ] {
            assert_eq!(at(text), Ok(value), "{text}");
        }
        for text in
            ["", "-", "1 +", "token token", "token*token", "2*3", "2*3*token", "1.5", "--1", "9999999999999999999"]
        {
            assert_eq!(at(text), Err(Mistake::Form), "{text}");
        }
        assert_eq!(at("3*layer"), Err(Mistake::Unknown("layer".into())));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(base in any::<i32>(), steps in prop::array::uniform2(-3..4i64)) {
            let linear = Linear { base: base.into(), steps: steps.into() };
            prop_assert_eq!(Linear::parse(&linear.text(&names()), &names()), Ok(linear));
        }
    }
}
