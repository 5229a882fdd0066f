//! Problems with the user's input, as data: what, where, what was expected, what to do.
//!
//! Checking collects as many as it finds; the command line renders them in the style of rustc.

mod codes;

pub use codes::{Explanation, SUBJECTS, Subject, explanation, explanations};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Text of an input file, shared by the diagnostics that point into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Path as the user gave it.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// Wraps a text that was read from `path`.
    pub fn new(path: impl AsRef<Path>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.as_ref().to_path_buf(), text: text.into() })
    }
}

/// One problem. Built with [`Diagnostic::new`] and the `with_*` methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code such as `unknown-key`; the name of its test file and of its documentation entry.
    pub code: &'static str,
    /// What is wrong, in one line.
    pub message: String,
    /// Where: the file and the byte range in it.
    pub place: Option<(Arc<Source>, Range<usize>)>,
    /// What stands beside the marked text, such as `expected a whole number above 0`.
    pub label: String,
    /// What to do.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A problem without a place yet. The code stands in the table of [`explanations`].
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        debug_assert!(explanation(code).is_some(), "`{code}` is not explained in src/diagnostic/codes");
        Self { code, message: message.into(), place: None, label: String::new(), help: Vec::new() }
    }

    /// Points at a byte range of a file, widened to whole characters; `label` says what was expected there.
    pub fn at(mut self, source: &Arc<Source>, span: Range<usize>, label: impl Into<String>) -> Self {
        let text = &source.text;
        let start = (0..=span.start.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
        let end = (span.end.max(start)..text.len()).find(|&i| text.is_char_boundary(i)).unwrap_or(text.len());
        self.place = Some((source.clone(), start..end));
        self.label = label.into();
        self
    }

    /// Adds a line that says what to do.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Renders in the style of rustc, coloured or plain.
    pub fn render(&self, colour: bool) -> String {
        let title = Level::ERROR.primary_title(self.message.as_str()).id(self.code);
        let path;
        let mut groups = match &self.place {
            Some((source, span)) => {
                path = source.path.display().to_string();
                let mark = AnnotationKind::Primary.span(span.clone()).label(self.label.as_str());
                title.element(Snippet::source(source.text.as_str()).path(path.as_str()).annotation(mark))
            }
            None => annotate_snippets::Group::with_title(title),
        };
        for help in &self.help {
            groups = groups.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[groups]).to_string()
    }
}

/// The candidate nearest to `word` by edit distance, if it is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = word.chars().count().max(3) / 2;
    candidates.into_iter().map(|c| (edit_distance(word, c), c)).filter(|(d, _)| *d <= limit).min().map(|(_, c)| c)
}

/// Levenshtein distance in characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_name_is_offered_only_when_near() {
        assert_eq!(nearest("capacty", ["capacity", "ports"]), Some("capacity"));
        assert_eq!(nearest("zebra", ["capacity", "ports"]), None);
    }

    #[test]
    fn a_place_inside_a_character_is_widened() {
        let source = Source::new("a.toml", "é = 1");
        let text = Diagnostic::new("unknown-key", "x").at(&source, 1..1, "here").render(false);
        assert!(text.contains("a.toml:1:1"), "{text}");
        let beyond = Diagnostic::new("unknown-key", "x").at(&source, 90..99, "here").render(false);
        assert!(beyond.contains("a.toml:1:6"), "{beyond}");
    }

    #[test]
    fn rendering_names_file_line_and_help() {
        let source = Source::new("a.toml", "x = 1\nrows = -3\n");
        let text = Diagnostic::new("out-of-range", "rows must be positive")
            .at(&source, 13..15, "expected 1 to 65536")
            .with_help("write the number of processing element rows")
            .render(false);
        assert!(text.contains("a.toml:2:8"), "{text}");
        assert!(text.contains("expected 1 to 65536") && text.contains("help: write"), "{text}");
    }
}
