//! Where results and messages go: results to stdout, everything else to stderr.

use super::progress;
pub use super::text::{table, table_by, wrapped};
use clap::ValueEnum;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

/// Form of the result on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Tables for people.
    #[default]
    Human,
    /// One JSON value.
    Json,
    /// Nothing; the exit code tells.
    Quiet,
}

/// Writes results in the form the user chose.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    format: Format,
}

impl Output {
    /// Writes results as `format`.
    pub fn new(format: Format) -> Self {
        Self { format }
    }

    /// Writes one result: `value` as JSON, or what `human` makes of it.
    pub fn result<T: Serialize>(&self, value: &T, human: impl FnOnce() -> String) {
        match self.format {
            Format::Human => answer(&human()),
            Format::Json => answer(&crate::artefact::json(value)),
            Format::Quiet => {}
        }
    }

    /// A line about what happens, on stderr, for people.
    pub fn note(&self, line: &str) {
        if self.format == Format::Human {
            message(line);
        }
    }
}

/// Why a result did not reach stdout.
static UNWRITTEN: OnceLock<io::ErrorKind> = OnceLock::new();

/// Why a result did not reach stdout, if one did not: a full disk, not a reader that went away.
pub fn unwritten() -> Option<io::Error> {
    UNWRITTEN.get().copied().map(io::Error::from)
}

/// Writes a result to stdout.
fn answer(text: &str) {
    if let Err(error) = progress::aside(|| put(&mut io::stdout(), text)) {
        UNWRITTEN.get_or_init(|| error.kind());
    }
}

/// Writes a line to stderr, where nobody can be told if it fails.
pub fn message(line: &str) {
    let _ = progress::aside(|| put(&mut io::stderr(), &format!("{}\n", line.trim_end())));
}

/// Whether messages may be coloured: stderr is a terminal and `NO_COLOR` is not set.
pub fn coloured() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// Writes text; a reader that went away is no error.
fn put(to: &mut impl Write, text: &str) -> io::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// A name that fits a column: the middle of a longer one is left out.
pub fn shortened(name: &str, width: usize) -> String {
    let length = name.chars().count();
    if length <= width {
        return name.into();
    }
    let (head, tail) = ((width - 1) / 2, width - 1 - (width - 1) / 2);
    let start: String = name.chars().take(head).collect();
    let end: String = name.chars().skip(length - tail).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(shortened("layer 3", 7), "layer 3");
        assert_eq!(shortened("l0.attention.h13.score", 12), "l0.at….score");
    }
}
