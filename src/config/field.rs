//! The value of one key, present or not, with typed getters.

use crate::config::{Document, Table};
use crate::diagnostic::{Diagnostic, nearest};
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeInteger, DeValue};

/// The value of one key, or an element of an array: present or not.
///
/// A getter returns `None` for an absent field; for a present one that is not what was expected it
/// also records a problem, so the caller needs no error handling of its own.
#[derive(Clone)]
pub struct Field<'d> {
    document: &'d Document<'d>,
    path: String,
    item: Option<&'d Spanned<DeValue<'d>>>,
}

/// A type that one TOML value stands for.
pub trait FromValue: Sized {
    /// What is expected, such as ``a size such as `64 MiB` ``.
    fn expected() -> String;

    /// The value, or `None` if it does not have that form.
    fn from_value(value: &DeValue<'_>) -> Option<Self>;
}

impl<'d> Field<'d> {
    /// A field of that dotted name.
    pub(super) fn new(document: &'d Document<'d>, path: String, item: Option<&'d Spanned<DeValue<'d>>>) -> Self {
        Self { document, path, item }
    }

    /// Whether the key is there.
    pub fn is_present(&self) -> bool {
        self.item.is_some()
    }

    /// The document, to record problems that concern more than one key.
    pub fn document(&self) -> &'d Document<'d> {
        self.document
    }

    /// Dotted name, such as `array.rows`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Bytes of the value; empty if absent.
    pub fn span(&self) -> Range<usize> {
        self.item.map_or(0..0, Spanned::span)
    }

    /// The text if the value is a string, without recording a problem otherwise: to choose between forms.
    pub fn as_text(&self) -> Option<&'d str> {
        self.item.and_then(|i| i.get_ref().as_str())
    }

    /// Whether the value is a table or an inline table: to choose between forms.
    pub fn is_table(&self) -> bool {
        self.item.is_some_and(|i| i.get_ref().is_table())
    }

    /// Whether the value is an array: to choose between forms.
    pub fn is_array(&self) -> bool {
        self.item.is_some_and(|i| i.get_ref().is_array())
    }

    /// The value if it has that form, without recording a problem otherwise: to choose between forms.
    pub fn peek<T: FromValue>(&self) -> Option<T> {
        T::from_value(self.item?.get_ref())
    }

    /// A quantity, text, number or truth value.
    pub fn value<T: FromValue>(&self) -> Option<T> {
        let item = self.item?;
        let value = T::from_value(item.get_ref());
        if value.is_none() {
            self.refuse("wrong-value", T::expected());
        }
        value
    }

    /// A whole number within `range`.
    pub fn integer<T: TryFrom<u64>>(&self, range: RangeInclusive<u64>) -> Option<T> {
        let number = whole(self.item?.get_ref());
        let inside = number.and_then(|n| u64::try_from(n).ok()).filter(|n| range.contains(n));
        let value = inside.and_then(|n| T::try_from(n).ok());
        if value.is_none() {
            let code = if number.is_some() { "out-of-range" } else { "wrong-value" };
            self.refuse(code, format!("a whole number from {} to {}", range.start(), range.end()));
        }
        value
    }

    /// A number within `range`, written with or without a point.
    pub fn number(&self, range: RangeInclusive<f64>) -> Option<f64> {
        let number = f64::from_value(self.item?.get_ref());
        let inside = number.filter(|n| range.contains(n));
        if inside.is_none() {
            let code = if number.is_some() { "out-of-range" } else { "wrong-value" };
            self.refuse(code, format!("a number from {} to {}", range.start(), range.end()));
        }
        inside
    }

    /// One of a fixed set of names. `planned` are names that are documented but not available yet.
    pub fn keyword<T: Copy>(&self, names: &[(&'static str, T)], planned: &[&'static str]) -> Option<T> {
        self.item?;
        let text = self.as_text().unwrap_or_default();
        let found = names.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            self.refuse_keyword(text, &names.iter().map(|n| n.0).collect::<Vec<_>>(), planned);
        }
        found
    }

    /// A table.
    pub fn table(&self) -> Option<Table<'d>> {
        let item = self.item?;
        let DeValue::Table(entries) = item.get_ref() else {
            self.refuse("wrong-value", self.document.table_form());
            return None;
        };
        Some(Table::new(self.document, self.path.clone(), item.span(), entries))
    }

    /// Tables written `[[name]]`; empty if the field is absent or no array of tables.
    pub fn tables(&self) -> Vec<Table<'d>> {
        self.elements().iter().filter_map(Field::table).collect()
    }

    /// Elements of an array; empty if the field is absent or no array.
    pub fn elements(&self) -> Vec<Field<'d>> {
        let Some(item) = self.item else { return Vec::new() };
        let DeValue::Array(array) = item.get_ref() else {
            let form = if self.is_table() { "an array of tables, written `[[…]]`" } else { "an array" };
            self.refuse("wrong-value", form);
            return Vec::new();
        };
        array.iter().map(|element| Field::new(self.document, self.path.clone(), Some(element))).collect()
    }

    /// The elements of an array, or the one value that stands alone.
    pub fn one_or_more(&self) -> Vec<Field<'d>> {
        match self.item {
            Some(_) if self.is_array() => self.elements(),
            Some(_) => vec![self.clone()],
            None => Vec::new(),
        }
    }

    /// An array of values of one type; `None` if the field is absent or any element is wrong.
    pub fn list<T: FromValue>(&self) -> Option<Vec<T>> {
        self.item?;
        self.elements().iter().map(Field::value).collect::<Vec<_>>().into_iter().collect()
    }

    /// Records that the value is not what was `expected`.
    pub fn refuse(&self, code: &'static str, expected: impl AsRef<str>) {
        let message = format!("`{}` is {}", self.path, self.shown());
        self.document.report_at(code, message, self.span(), format!("expected {}", expected.as_ref()));
    }

    fn refuse_keyword(&self, text: &str, names: &[&'static str], planned: &[&'static str]) {
        let listed = names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
        if planned.contains(&text) {
            let message = format!("`{}` = \"{text}\" is not available in this version", self.path);
            return self.document.report_at("not-available", message, self.span(), format!("available: {listed}"));
        }
        let problem = Diagnostic::new("unknown-name", format!("`{}` is {}", self.path, self.shown()));
        let label = if names.len() == 1 { format!("expected {listed}") } else { format!("expected one of {listed}") };
        let problem = problem.at(self.document.source(), self.span(), label);
        let near = nearest(text, names.iter().copied());
        self.document.report(match near {
            Some(near) => problem.with_help(format!("did you mean `{near}`?")),
            None => problem,
        });
    }

    /// The value as the user wrote it, or its type if it is long.
    fn shown(&self) -> String {
        let Some(item) = self.item else { return "absent".into() };
        let text = self.document.source().text.get(self.span()).unwrap_or_default();
        match item.get_ref() {
            DeValue::Table(_) => self.document.table_form().into(),
            DeValue::Array(_) => "an array".into(),
            _ if text.len() > 40 || text.contains('\n') => format!("a long {}", item.get_ref().type_str()),
            _ => text.into(),
        }
    }
}

/// Any TOML integer; `None` for other values and for more digits than 128 bits hold.
fn whole(value: &DeValue<'_>) -> Option<i128> {
    let number: &DeInteger<'_> = value.as_integer()?;
    i128::from_str_radix(number.as_str(), number.radix()).ok()
}

impl FromValue for f64 {
    fn expected() -> String {
        "a number".into()
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let number = match value {
            DeValue::Float(f) => f.as_str().parse::<f64>().ok(),
            _ => whole(value).map(|n| n as f64),
        };
        number.filter(|n| n.is_finite())
    }
}

impl FromValue for u64 {
    fn expected() -> String {
        "a whole number, zero or more".into()
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        whole(value).and_then(|n| n.try_into().ok())
    }
}

impl FromValue for u32 {
    fn expected() -> String {
        format!("a whole number from 0 to {}", u32::MAX)
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        whole(value).and_then(|n| n.try_into().ok())
    }
}

impl FromValue for bool {
    fn expected() -> String {
        "true or false".into()
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        value.as_bool()
    }
}

impl FromValue for String {
    fn expected() -> String {
        "text in quotes".into()
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}
