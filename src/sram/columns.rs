//! Comma-separated values with a header, read with the place of every cell.

use crate::diagnostic::{Diagnostic, Source};
use crate::error::{Error, Result};
use std::ops::Range;
use std::sync::Arc;

/// Lines of comma-separated values with a header; `#` begins a comment line.
pub(crate) struct Lines<'t> {
    source: &'t Arc<Source>,
    header: Vec<&'t str>,
    rest: Box<dyn Iterator<Item = (usize, &'t str)> + 't>,
}

/// One line of a table.
pub(crate) struct Line<'t> {
    source: &'t Arc<Source>,
    header: Vec<&'t str>,
    start: usize,
    text: &'t str,
}

/// Lines of a text that are neither empty nor comments, with the byte at which each begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    let placed = text.split_inclusive('\n').map(move |line| {
        start += line.len();
        (start - line.len(), line.trim_end())
    });
    placed.filter(|(_, line)| !line.starts_with('#') && !line.is_empty())
}

impl<'t> Lines<'t> {
    /// Reads the header.
    ///
    /// # Errors
    /// A text without a header.
    pub fn new(source: &'t Arc<Source>) -> Result<Self> {
        let mut rest = lines(&source.text);
        let (_, header) = rest.next().ok_or_else(|| {
            let end = source.text.len();
            problem("missing-column", source, "has no header", end..end, "expected a line of column names")
        })?;
        Ok(Self { source, header: header.split(',').map(str::trim).collect(), rest: Box::new(rest) })
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        let (start, text) = self.rest.next()?;
        Some(Line { source: self.source, header: self.header.clone(), start, text })
    }
}

impl<'t> Line<'t> {
    /// A cell as text.
    ///
    /// # Errors
    /// A table without the column, or a line that is too short.
    pub fn text(&self, column: &str) -> Result<&'t str> {
        Ok(self.cell(column)?.0)
    }

    /// A cell as a finite number.
    ///
    /// # Errors
    /// As [`Self::text`], and anything else than a finite number.
    pub fn number(&self, column: &str) -> Result<f64> {
        let value = self.text(column)?.parse::<f64>().ok().filter(|v| v.is_finite());
        value.ok_or_else(|| self.refuse(column, "a number"))
    }

    /// A cell as a whole number.
    ///
    /// # Errors
    /// As [`Self::text`], and anything else than a whole number of 32 bits.
    pub fn whole(&self, column: &str) -> Result<u32> {
        self.text(column)?.parse().map_err(|_| self.refuse(column, "a whole number"))
    }

    /// The cell is not what was `expected`.
    pub fn refuse(&self, column: &str, expected: &str) -> Error {
        let (text, span) = match self.cell(column) {
            Ok(cell) => cell,
            Err(error) => return error,
        };
        let what = format!("has `{column}` = `{text}`");
        problem("wrong-value", self.source, &what, span, &format!("expected {expected}"))
    }

    /// The whole line is not what it should be.
    pub fn refuse_line(&self, code: &'static str, what: &str, expected: &str) -> Error {
        problem(code, self.source, what, self.start..self.start + self.text.len(), expected)
    }

    fn cell(&self, column: &str) -> Result<(&'t str, Range<usize>)> {
        let Some(index) = self.header.iter().position(|h| *h == column) else {
            let what = format!("has no column `{column}`");
            return Err(problem("missing-column", self.source, &what, 0..0, "expected in the header"));
        };
        let mut start = self.start;
        for (i, cell) in self.text.split(',').enumerate() {
            if i == index {
                let from = start + cell.len() - cell.trim_start().len();
                return Ok((cell.trim(), from..from + cell.trim().len()));
            }
            start += cell.len() + 1;
        }
        Err(self.refuse_line("missing-value", &format!("has a line without `{column}`"), "this line is too short"))
    }
}

fn problem(code: &'static str, source: &Arc<Source>, what: &str, span: Range<usize>, label: &str) -> Error {
    let message = format!("the table {} {what}", source.path.display());
    Error::input(Diagnostic::new(code, message).at(source, span, label))
}
