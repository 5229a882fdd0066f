//! Comma-separated values with a header line, each cell with its place.

use crate::diagnostic::{Diagnostic, Source};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// A cell: its text without quotes, and where it stands.
#[derive(Debug, Clone)]
pub struct Cell<'s> {
    /// What it says.
    pub text: Cow<'s, str>,
    /// Bytes of the file.
    pub span: Range<usize>,
}

/// The cells of one line.
pub type Line<'s> = Vec<Cell<'s>>;

/// The header and the lines below it; every line has as many cells as the header. Blank lines are left out.
///
/// # Errors
/// The place of a quote that is not closed, or of a line with more or fewer cells.
pub fn parse(source: &Arc<Source>) -> Result<(Line<'_>, Vec<Line<'_>>), Diagnostic> {
    let mut scanner = Scanner { source, at: 0 };
    let header = scanner.line()?.unwrap_or_default();
    if header.is_empty() {
        return Err(problem(source, 0..0, "the header line is missing", "expected the names of the columns"));
    }
    let mut lines = Vec::new();
    while let Some(line) = scanner.line()? {
        if line.len() != header.len() {
            let message = format!("a line of {} cells below a header of {}", line.len(), header.len());
            let span = line[0].span.start..line[line.len() - 1].span.end;
            return Err(problem(source, span, &message, "expected a cell for each column"));
        }
        lines.push(line);
    }
    Ok((header, lines))
}

fn problem(source: &Arc<Source>, span: Range<usize>, message: &str, label: &str) -> Diagnostic {
    Diagnostic::new("csv-syntax", message).at(source, span, label)
}

/// Walks the text cell by cell.
struct Scanner<'s> {
    source: &'s Arc<Source>,
    at: usize,
}

impl<'s> Scanner<'s> {
    /// The next line that is not blank.
    fn line(&mut self) -> Result<Option<Line<'s>>, Diagnostic> {
        let text = &self.source.text;
        self.at += text[self.at..].len() - text[self.at..].trim_start_matches(['\r', '\n']).len();
        if self.at >= text.len() {
            return Ok(None);
        }
        let mut cells = Vec::new();
        loop {
            cells.push(self.cell()?);
            match text.as_bytes().get(self.at) {
                Some(b',') => self.at += 1,
                _ => return Ok(Some(cells)),
            }
        }
    }

    fn cell(&mut self) -> Result<Cell<'s>, Diagnostic> {
        let rest = &self.source.text[self.at..];
        let start = self.at;
        if rest.starts_with('"') {
            return self.quoted(start);
        }
        let length = rest.find([',', '\r', '\n']).unwrap_or(rest.len());
        self.at += length;
        Ok(Cell { text: Cow::Borrowed(&rest[..length]), span: start..self.at })
    }

    /// A cell in quotes; two quotes in it stand for one.
    fn quoted(&mut self, start: usize) -> Result<Cell<'s>, Diagnostic> {
        let mut text = String::new();
        let mut at = start + 1;
        loop {
            let rest = &self.source.text[at..];
            let Some(quote) = rest.find('"') else {
                let label = "no quote closes this one";
                return Err(problem(self.source, start..start + 1, "a cell is not closed", label));
            };
            text.push_str(&rest[..quote]);
            at += quote + 1;
            if !self.source.text[at..].starts_with('"') {
                break;
            }
            text.push('"');
            at += 1;
        }
        self.at = at;
        match self.source.text[at..].chars().next() {
            None | Some(',' | '\r' | '\n') => Ok(Cell { text: Cow::Owned(text), span: start..at }),
            Some(_) => Err(problem(self.source, at..at + 1, "text after a closing quote", "expected `,`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let source = Source::new("a.csv", text);
        let (header, lines) = parse(&source).unwrap();
        std::iter::once(header).chain(lines).map(|l| l.iter().map(|c| c.text.to_string()).collect()).collect()
    }

    #[test]
    fn quotes_commas_and_line_ends() {
        let expected = vec![vec!["a", "b"], vec!["1,\"x\"\ny", ""], vec!["", "2"]];
        assert_eq!(cells("a,b\r\n\"1,\"\"x\"\"\ny\",\r\n\n,2"), expected);
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        let refusal = |text: &str| parse(&Source::new("a.csv", text)).unwrap_err().render(false);
        assert!(refusal("a,b\n1\n").contains("a.csv:2:1"));
        assert!(refusal("a,b\n1,\"2\n").contains("a.csv:2:3"));
        assert!(refusal("a,b\n1,\"2\"x\n").contains("a.csv:2:6"));
        assert!(refusal("\n").contains("header"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-z0-9,\"\r\n é]*") {
            let _ = parse(&Source::new("a.csv", text));
        }
    }
}
