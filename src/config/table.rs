//! A TOML table being read key by key.

use crate::config::{Document, Field};
use crate::diagnostic::{Diagnostic, nearest};
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A TOML table being read. It remembers which keys were asked for, so that [`Table::finish`] can report the rest.
pub struct Table<'d> {
    document: &'d Document<'d>,
    path: String,
    span: Range<usize>,
    entries: &'d DeTable<'d>,
    asked: Vec<&'static str>,
}

impl<'d> Table<'d> {
    /// A table that stands at `span`; `path` is its dotted name, empty for the root.
    pub(super) fn new(document: &'d Document<'d>, path: String, span: Range<usize>, entries: &'d DeTable<'d>) -> Self {
        Self { document, path, span, entries, asked: Vec::new() }
    }

    /// The document, to record problems that concern more than one key.
    pub fn document(&self) -> &'d Document<'d> {
        self.document
    }

    /// Bytes of the header `[name]` or of the inline table; empty for the root.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Keys that are present, in alphabetical order.
    pub fn keys(&self) -> impl Iterator<Item = &'d str> + use<'d> {
        self.present().map(|(k, _)| k.get_ref().as_ref())
    }

    /// Whether the key is there with the value `null` of JSON, which otherwise counts as absent.
    pub fn is_null(&mut self, key: &'static str) -> bool {
        self.asked.push(key);
        self.entries.get(key).is_some_and(|item| self.holds_null(item))
    }

    /// Entries whose value is not `null`.
    fn present(&self) -> impl Iterator<Item = (&'d Spanned<Cow<'d, str>>, &'d Spanned<DeValue<'d>>)> + use<'d> {
        let text = &self.document.source().text;
        self.entries.iter().filter(move |(_, item)| text.get(item.span()) != Some("null"))
    }

    fn holds_null(&self, item: &Spanned<DeValue<'_>>) -> bool {
        self.document.source().text.get(item.span()) == Some("null")
    }

    /// The field of that key, absent or not.
    pub fn optional(&mut self, key: &'static str) -> Field<'d> {
        self.asked.push(key);
        let item = self.entries.get(key).filter(|item| !self.holds_null(item));
        Field::new(self.document, self.dotted(key), item)
    }

    /// The field of that key; records a problem if it is absent.
    pub fn required(&mut self, key: &'static str) -> Field<'d> {
        let field = self.optional(key);
        if !field.is_present() {
            let message = format!("`{}` is missing", self.dotted(key));
            self.document.report_at("missing-key", message, self.span(), format!("expected the key `{key}` here"));
        }
        field
    }

    /// Every entry in alphabetical order, for a table whose keys the user chooses. None is unknown afterwards.
    pub fn entries(self) -> Vec<(&'d str, Field<'d>)> {
        let field = |key: &'d str, item| (key, Field::new(self.document, self.dotted(key), Some(item)));
        self.present().map(|(key, item)| field(key.get_ref().as_ref(), item)).collect()
    }

    /// Reports each key that nobody asked for, with the nearest name among those that were.
    pub fn finish(self) {
        for (key, _) in self.present().filter(|(k, _)| !self.asked.contains(&k.get_ref().as_ref())) {
            self.report_unknown(key.get_ref(), key.span());
        }
    }

    fn report_unknown(&self, key: &str, span: Range<usize>) {
        let place = if self.path.is_empty() { "at the top level".into() } else { format!("in `{}`", self.path) };
        let problem = Diagnostic::new("unknown-key", format!("there is no key `{key}` {place}"));
        let source = self.document.source();
        self.document.report(match nearest(key, self.asked.iter().copied()) {
            Some(near) => problem.at(source, span, format!("did you mean `{near}`?")),
            None => problem.at(source, span, "unknown key").with_help(self.known_keys()),
        });
    }

    fn known_keys(&self) -> String {
        let mut keys = self.asked.clone();
        keys.sort_unstable();
        keys.dedup();
        match keys.is_empty() {
            true => "no key is known here".into(),
            false => format!("known here: {}", keys.join(", ")),
        }
    }

    fn dotted(&self, key: &str) -> String {
        if self.path.is_empty() { key.into() } else { format!("{}.{key}", self.path) }
    }
}
