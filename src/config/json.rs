//! JSON with spans, in the shape of a TOML document, so that both formats share one reader.
//!
//! `null` stands as an empty text that has no quotes in the source: [`super::Table`] counts it as an absent key. The text is first checked by `serde_json`; the scanner here only
//! finds where each value stands.

use crate::diagnostic::{Diagnostic, Source};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// Deepest nesting that is read.
const DEEPEST: usize = 64;

/// The object that `source` holds.
///
/// # Errors
/// The place where the text is not JSON, repeats a key, nests too deeply, or is no object.
pub(super) fn parse(source: &Arc<Source>) -> Result<DeTable<'_>, Diagnostic> {
    serde_json::from_str::<serde::de::IgnoredAny>(&source.text).map_err(|e| syntax_problem(source, &e))?;
    let mut scanner = Scanner { text: &source.text, at: 0 };
    match scanner.value(0) {
        Ok(value) => match value.into_inner() {
            DeValue::Table(table) => Ok(table),
            _ => Err(problem(source, 0..scanner.at, "expected an object `{…}`")),
        },
        Err((span, reason)) => Err(problem(source, span, reason)),
    }
}

fn problem(source: &Arc<Source>, span: Range<usize>, label: &str) -> Diagnostic {
    Diagnostic::new("json-syntax", format!("{} cannot be read", source.path.display())).at(source, span, label)
}

/// What the JSON parser said, at its line and column.
fn syntax_problem(source: &Arc<Source>, error: &serde_json::Error) -> Diagnostic {
    let line_start =
        source.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let at = line_start + error.column().saturating_sub(1);
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or_default();
    let message = format!("{} is not valid JSON", source.path.display());
    Diagnostic::new("json-syntax", message).at(source, at..at + 1, reason)
}

/// Why scanning stopped, and where.
type Stop = (Range<usize>, &'static str);

/// Walks a text that is known to be JSON.
struct Scanner<'s> {
    text: &'s str,
    at: usize,
}

impl<'s> Scanner<'s> {
    fn value(&mut self, depth: usize) -> Result<Spanned<DeValue<'s>>, Stop> {
        self.skip(|c| c.is_ascii_whitespace());
        let start = self.at;
        if depth > DEEPEST {
            return Err((start..start + 1, "nested too deeply"));
        }
        let value = match self.peek() {
            b'{' => DeValue::Table(self.object(depth)?),
            b'[' => DeValue::Array(self.array(depth)?),
            b'"' => DeValue::String(self.string()?),
            _ => self.scalar()?,
        };
        Ok(Spanned::new(start..self.at, value))
    }

    fn object(&mut self, depth: usize) -> Result<DeTable<'s>, Stop> {
        let mut table = DeTable::new();
        self.at += 1;
        while self.more(b'}') {
            let start = self.at;
            let key = self.string()?;
            let span = start..self.at;
            self.skip(|c| c.is_ascii_whitespace() || c == b':');
            let value = self.value(depth + 1)?;
            if table.contains_key(key.as_ref()) {
                return Err((span, "this key is there twice"));
            }
            table.insert(Spanned::new(span, key), value);
        }
        Ok(table)
    }

    fn array(&mut self, depth: usize) -> Result<DeArray<'s>, Stop> {
        let mut array = DeArray::new();
        self.at += 1;
        while self.more(b']') {
            let value = self.value(depth + 1)?;
            array.push(value);
        }
        Ok(array)
    }

    /// Steps over white space and commas; false, and past the bracket, where the list is closed.
    fn more(&mut self, close: u8) -> bool {
        self.skip(|c| c.is_ascii_whitespace() || c == b',');
        let closed = self.peek() == close;
        self.at += usize::from(closed);
        !closed && self.at < self.text.len()
    }

    /// A string in quotes, with its escapes resolved.
    fn string(&mut self) -> Result<Cow<'s, str>, Stop> {
        let start = self.at;
        self.at += 1;
        while !matches!(self.peek(), b'"' | 0) {
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        match quoted.contains('\\') {
            false => Ok(Cow::Borrowed(quoted.trim_matches('"'))),
            true => serde_json::from_str(quoted).map(Cow::Owned).map_err(|_| (start..self.at, "not a string")),
        }
    }

    /// A number, `true`, `false` or `null`, which becomes an empty text.
    fn scalar(&mut self) -> Result<DeValue<'s>, Stop> {
        let start = self.at;
        self.skip(|c| !c.is_ascii_whitespace() && !matches!(c, b',' | b']' | b'}'));
        match &self.text[start..self.at] {
            "null" => Ok(DeValue::String(Cow::Borrowed(""))),
            text => DeValue::parse(text).map(Spanned::into_inner).map_err(|_| (start..self.at, "expected a number")),
        }
    }

    /// The next byte; 0, which no JSON text holds, at the end.
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn skip(&mut self, skipped: impl Fn(u8) -> bool) {
        while self.at < self.text.len() && skipped(self.peek()) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use proptest::prelude::*;

    /// The same value, rebuilt from what the scanner found.
    fn rebuilt(value: &DeValue<'_>) -> serde_json::Value {
        match value {
            DeValue::Table(t) => t.iter().map(|(k, v)| (k.get_ref().to_string(), rebuilt(v.get_ref()))).collect(),
            DeValue::Array(a) => a.iter().map(|v| rebuilt(v.get_ref())).collect(),
            DeValue::String(s) => s.as_ref().into(),
            DeValue::Boolean(b) => (*b).into(),
            DeValue::Integer(i) => serde_json::from_str(i.as_str()).unwrap(),
            DeValue::Float(f) => f.as_str().parse::<f64>().unwrap().into(),
            DeValue::Datetime(_) => panic!("JSON has no dates"),
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<i32>().prop_map(|n| serde_json::Value::from(f64::from(n) / 8.0)),
            "\\PC*|[\"\\\\\n\t{}\\[\\],:]*".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
                prop::collection::btree_map("\\PC*", inner, 0..6).prop_map(|m| m.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn scanning_gives_what_serde_json_gives(value in json(), pretty: bool) {
            let whole = serde_json::json!({ "value": value });
            let text = if pretty { serde_json::to_string_pretty(&whole) } else { serde_json::to_string(&whole) }.unwrap();
            let source = Source::new("a.json", text);
            let table = parse(&source).unwrap();
            let item = table.get("value").unwrap();
            prop_assert_eq!(rebuilt(item.get_ref()), value.clone());
            let spanned: serde_json::Value = serde_json::from_str(&source.text[item.span()]).unwrap();
            prop_assert_eq!(spanned, value);
        }

        #[test]
        fn no_text_panics(text in "[-{}\\[\\]\":, 0-9a-z\\\\é]*") {
            let _ = parse(&Source::new("a.json", text));
        }
    }

    #[test]
    fn null_is_an_absent_key() {
        let source = Source::new("a.json", r#"{"a": null, "b": 1e-05, "c": [2]}"#);
        let document = Document::parse_json(&source).unwrap();
        let mut root = document.root();
        assert!(!root.optional("a").is_present());
        assert_eq!(root.optional("b").value::<f64>(), Some(1e-5));
        assert_eq!(root.optional("c").list::<u64>(), Some(vec![2]));
    }

    fn refusal(text: impl Into<String>) -> String {
        parse(&Source::new("a.json", text)).unwrap_err().render(false)
    }

    #[test]
    fn what_is_no_json_object_is_refused_at_its_place() {
        let texts = ["{\n  \"a\": 1,\n  é\n}", "{\"a\": 1, \"a\": 2}", "[1]", ""];
        insta::assert_snapshot!(texts.map(refusal).join("\n\n"), @r#"
error[json-syntax]: a.json is not valid JSON
 --> a.json:3:3
  |
3 |   é
  |   ^ key must be a string

error[json-syntax]: a.json cannot be read
 --> a.json:1:10
  |
1 | {"a": 1, "a": 2}
  |          ^^^ this key is there twice

error[json-syntax]: a.json cannot be read
 --> a.json:1:1
  |
1 | [1]
  | ^^^ expected an object `{…}`

error[json-syntax]: a.json is not valid JSON
 --> a.json:1:1
  |
1 |
  | ^ EOF while parsing a value
"#);
        assert!(refusal(format!("{{\"a\": {}{}}}", "[".repeat(1000), "]".repeat(1000))).contains("nested too deeply"));
    }
}
