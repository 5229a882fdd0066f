//! A parsed file and what was found wrong with it.

use crate::config::{Table, json};
use crate::diagnostic::{Diagnostic, Source};
use crate::error::{Error, Result};
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;
use toml::de::DeTable;

/// A parsed TOML or JSON file and every problem recorded while it was read.
pub struct Document<'s> {
    source: &'s Arc<Source>,
    root: DeTable<'s>,
    /// What the format calls a table.
    table_form: &'static str,
    problems: RefCell<Vec<Diagnostic>>,
}

impl<'s> Document<'s> {
    /// Parses the text.
    ///
    /// # Errors
    /// Every place where the text is not TOML.
    pub fn parse(source: &'s Arc<Source>) -> Result<Self> {
        let (root, errors) = DeTable::parse_recoverable(&source.text);
        if !errors.is_empty() {
            return Err(Error::Input(errors.iter().map(|e| syntax_problem(source, e)).collect()));
        }
        Ok(Self { source, root: root.into_inner(), table_form: "a table", problems: RefCell::default() })
    }

    /// Parses JSON whose outermost value is an object; a key that is `null` counts as absent.
    ///
    /// # Errors
    /// The first place where the text is not such JSON.
    pub fn parse_json(source: &'s Arc<Source>) -> Result<Self> {
        let root = json::parse(source).map_err(Error::input)?;
        Ok(Self { source, root, table_form: "an object", problems: RefCell::default() })
    }

    /// The file.
    pub fn source(&self) -> &'s Arc<Source> {
        self.source
    }

    /// The outermost table.
    pub fn root(&self) -> Table<'_> {
        Table::new(self, String::new(), 0..0, &self.root)
    }

    /// What the format calls a table.
    pub(super) fn table_form(&self) -> &'static str {
        self.table_form
    }

    /// Whether nothing was recorded so far.
    pub fn is_clean(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    /// Records a problem.
    pub fn report(&self, problem: Diagnostic) {
        self.problems.borrow_mut().push(problem);
    }

    /// Records a problem at a byte range of this file; `label` says what was expected there.
    pub fn report_at(&self, code: &'static str, message: String, span: Range<usize>, label: impl Into<String>) {
        self.report(Diagnostic::new(code, message).at(self.source, span, label));
    }

    /// The checked value, if nothing was wrong.
    ///
    /// # Errors
    /// Everything that was recorded, in the order of the text.
    pub fn result<T>(&self, value: Option<T>) -> Result<T> {
        let mut problems = self.problems.take();
        problems.sort_by_key(|p| p.place.as_ref().map(|(_, span)| span.start));
        match value {
            Some(value) if problems.is_empty() => Ok(value),
            _ if problems.is_empty() => Err(Error::input(unexplained(self.source))),
            _ => Err(Error::Input(problems)),
        }
    }
}

/// What the TOML parser said.
fn syntax_problem(source: &Arc<Source>, error: &toml::de::Error) -> Diagnostic {
    let end = source.text.len();
    let label = error.message().to_string();
    Diagnostic::new("toml-syntax", format!("{} is not valid TOML", source.path.display())).at(
        source,
        error.span().unwrap_or(end..end),
        label,
    )
}

/// A reader gave no value and recorded no reason.
fn unexplained(source: &Arc<Source>) -> Diagnostic {
    Diagnostic::new("incomplete", format!("{} does not give a complete value", source.path.display())).at(
        source,
        0..0,
        "in this file",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    fn rendered(error: Error) -> String {
        let Error::Input(problems) = error else { panic!("{error}") };
        problems.iter().map(|p| p.render(false)).collect::<Vec<_>>().join("\n\n")
    }

    /// Reads a table with one key of each kind.
    fn read(text: &str) -> std::result::Result<(u32, Bytes, bool), String> {
        let source = Source::new("a.toml", text);
        let document = Document::parse(&source).map_err(rendered)?;
        let mut root = document.root();
        let rows = root.required("rows").integer::<u32>(1..=256);
        let mut memory = root.required("memory").table();
        let capacity = memory.as_mut().and_then(|m| m.required("capacity").value::<Bytes>());
        let fast = memory.as_mut().and_then(|m| m.optional("speed").keyword(&[("fast", true)], &["slow"]));
        if let Some(memory) = memory {
            memory.finish();
        }
        root.finish();
        document.result((|| Some((rows?, capacity?, fast.unwrap_or(false))))()).map_err(rendered)
    }

    #[test]
    fn good_text_gives_the_value() {
        let text = "rows = 0x10\n[memory]\ncapacity = '4 KiB'\nspeed = 'fast'";
        assert_eq!(read(text), Ok((16, Bytes(4096), true)));
        assert_eq!(read("rows = 1\nmemory.capacity = '1 B'"), Ok((1, Bytes(1), false)));
    }

    #[test]
    fn every_problem_is_reported_in_the_order_of_the_text() {
        let text = "rows = -3\nclock = 1\n[memory]\ncapacty = '4 KiB'\nspeed = 'slow'\n";
        insta::assert_snapshot!(read(text).unwrap_err(), @r#"
error[out-of-range]: `rows` is -3
 --> a.toml:1:8
  |
1 | rows = -3
  |        ^^ expected a whole number from 1 to 256

error[unknown-key]: there is no key `clock` at the top level
 --> a.toml:2:1
  |
2 | clock = 1
  | ^^^^^ unknown key
  |
  = help: known here: memory, rows

error[missing-key]: `memory.capacity` is missing
 --> a.toml:3:1
  |
3 | [memory]
  | ^^^^^^^^ expected the key `capacity` here

error[unknown-key]: there is no key `capacty` in `memory`
 --> a.toml:4:1
  |
4 | capacty = '4 KiB'
  | ^^^^^^^ did you mean `capacity`?

error[not-available]: `memory.speed` = "slow" is not available in this version
 --> a.toml:5:9
  |
5 | speed = 'slow'
  |         ^^^^^^ available: `fast`
"#);
    }

    #[test]
    fn wrong_types_say_what_was_expected() {
        let text = "rows = 'three'\n[memory]\ncapacity = 4096\nspeed = 'fats'\n";
        insta::assert_snapshot!(read(text).unwrap_err(), @r"
error[wrong-value]: `rows` is 'three'
 --> a.toml:1:8
  |
1 | rows = 'three'
  |        ^^^^^^^ expected a whole number from 1 to 256

error[wrong-value]: `memory.capacity` is 4096
 --> a.toml:3:12
  |
3 | capacity = 4096
  |            ^^^^ expected a size such as `64 MiB` (units: B, KiB, MiB, GiB, kB, MB, GB)

error[unknown-name]: `memory.speed` is 'fats'
 --> a.toml:4:9
  |
4 | speed = 'fats'
  |         ^^^^^^ expected `fast`
  |
  = help: did you mean `fast`?
");
    }

    #[test]
    fn text_that_is_no_toml_is_reported_at_each_place() {
        insta::assert_snapshot!(read("rows = = 1\n[memory\n").unwrap_err(), @r"
error[toml-syntax]: a.toml is not valid TOML
 --> a.toml:1:8
  |
1 | rows = = 1
  |        ^ extra `=`, expected nothing

error[toml-syntax]: a.toml is not valid TOML
 --> a.toml:1:10
  |
1 | rows = = 1
  |          ^ unexpected key or value, expected newline, `#`

error[toml-syntax]: a.toml is not valid TOML
 --> a.toml:2:8
  |
2 | [memory
  |        ^ unclosed table, expected `]`
");
        assert!(read("rows = 1\nrows = 2\n[memory]\ncapacity = '1 B'").unwrap_err().contains("duplicate key"));
    }

    #[test]
    fn a_number_beyond_every_integer_is_refused() {
        let text = format!("rows = {}\n[memory]\ncapacity = '1 B'\n", "9".repeat(60));
        assert!(read(&text).unwrap_err().contains("expected a whole number from 1 to 256"));
    }

    #[test]
    fn a_list_may_mix_names_and_tables() {
        let source = Source::new("a.toml", "policies = ['never', { timeout = 3 }]\nalone = 7\n");
        let document = Document::parse(&source).unwrap();
        let mut root = document.root();
        let elements = root.required("policies").elements();
        assert_eq!(elements[0].as_text(), Some("never"));
        let mut tagged = elements[1].table().unwrap();
        assert_eq!(tagged.keys().collect::<Vec<_>>(), ["timeout"]);
        assert_eq!(tagged.required("timeout").value::<u64>(), Some(3));
        let alone = root.required("alone");
        assert_eq!(alone.one_or_more().iter().filter_map(|f| f.value::<u64>()).collect::<Vec<_>>(), [7]);
        assert!(document.result(Some(())).is_ok());
    }
}
