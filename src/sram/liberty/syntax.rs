//! Liberty text to a tree of groups and attributes with places.

use crate::diagnostic::{Diagnostic, Source};
use crate::error::{Error, Result};
use std::ops::Range;
use std::sync::Arc;

/// Deepest nesting of groups that is read; real files have six levels.
const DEPTH: u32 = 32;

/// A word, number or quoted text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub text: String,
    pub span: Range<usize>,
}

/// `name : value ;` or `name (value, …) ;`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attribute {
    pub name: String,
    pub values: Vec<Value>,
    pub span: Range<usize>,
}

/// `name (argument, …) { … }`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub name: String,
    pub arguments: Vec<Value>,
    pub span: Range<usize>,
    pub attributes: Vec<Attribute>,
    pub groups: Vec<Group>,
}

impl Group {
    /// The last attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().rev().find(|a| a.name == name)
    }

    /// First value of an attribute as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attribute(name)?.values.first().map(|v| v.text.as_str())
    }

    /// Direct groups of that name.
    pub fn all<'g>(&'g self, name: &'g str) -> impl Iterator<Item = &'g Group> {
        self.groups.iter().filter(move |g| g.name == name)
    }

    /// Groups of that name at any depth.
    pub fn anywhere<'g>(&'g self, name: &'g str) -> Vec<&'g Group> {
        let below = self.groups.iter().flat_map(|g| g.anywhere(name));
        self.all(name).chain(below).collect()
    }
}

/// A problem at a place of a file.
pub(super) fn problem(
    code: &'static str,
    source: &Arc<Source>,
    message: String,
    span: Range<usize>,
    label: &str,
) -> Diagnostic {
    Diagnostic::new(code, format!("{}: {message}", source.path.display())).at(source, span, label)
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word,
    Quoted,
    Mark(char),
    Line,
}

struct Reader<'s> {
    source: &'s Arc<Source>,
    at: usize,
}

/// Reads a file that holds one `library` group.
///
/// # Errors
/// The first place where the text is not Liberty.
pub(super) fn parse(source: &Arc<Source>) -> Result<Group> {
    let mut reader = Reader { source, at: 0 };
    let (token, span) = reader.significant();
    let name = source.text[span.clone()].to_string();
    if token != Some(Token::Word) || name != "library" {
        return Err(reader.refuse(span, "expected `library (name) { … }`"));
    }
    match reader.statement(name, span.clone(), 0)? {
        Statement::Group(group) => Ok(group),
        Statement::Attribute(_) => Err(reader.refuse(span, "expected a group in braces")),
    }
}

enum Statement {
    Group(Group),
    Attribute(Attribute),
}

impl Reader<'_> {
    fn refuse(&self, span: Range<usize>, label: &str) -> Error {
        Error::input(problem("liberty-syntax", self.source, "is not valid Liberty".into(), span, label))
    }

    /// Skips blanks, comments and continued lines.
    fn skip(&mut self) {
        loop {
            let rest = &self.source.text[self.at..];
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
            let skipped = match &rest[blank..] {
                t if t.starts_with("/*") => t.find("*/").map_or(t.len(), |end| end + 2),
                t if t.starts_with("//") => t.find('\n').unwrap_or(t.len()),
                t if t.starts_with("\\\n") => 2,
                t if t.starts_with("\\\r\n") => 3,
                _ => 0,
            };
            self.at += blank + skipped;
            if blank + skipped == 0 {
                return;
            }
        }
    }

    /// The next token with its place; a quoted text without its quotes. `None` at the end.
    fn token(&mut self) -> (Option<Token>, Range<usize>) {
        self.skip();
        let start = self.at;
        let rest = &self.source.text[start..];
        let Some(first) = rest.chars().next() else { return (None, start..start) };
        if first == '"' {
            let length = rest[1..].find('"').unwrap_or(rest.len() - 1);
            self.at = (start + length + 2).min(self.source.text.len());
            return (Some(Token::Quoted), start + 1..start + 1 + length);
        }
        let mark = |c: char| "(){}:;,\"".contains(c);
        let length = match first {
            '\n' => 1,
            c if mark(c) => c.len_utf8(),
            _ => rest.find(|c: char| c.is_whitespace() || mark(c)).unwrap_or(rest.len()).max(first.len_utf8()),
        };
        self.at = start + length;
        let token = match first {
            '\n' => Token::Line,
            c if mark(c) => Token::Mark(c),
            _ => Token::Word,
        };
        (Some(token), start..start + length)
    }

    /// The next token that is no end of a line.
    fn significant(&mut self) -> (Option<Token>, Range<usize>) {
        loop {
            let (token, span) = self.token();
            if token != Some(Token::Line) {
                return (token, span);
            }
        }
    }

    fn value(&self, span: Range<usize>) -> Value {
        Value { text: self.source.text[span.clone()].replace("\\\n", " ").replace("\\\r\n", " "), span }
    }

    /// What follows a name.
    fn statement(&mut self, name: String, start: Range<usize>, depth: u32) -> Result<Statement> {
        match self.significant() {
            (Some(Token::Mark(':')), _) => {
                let values = self.rest_of_line();
                Ok(Statement::Attribute(Attribute { name, values, span: start.start..self.at }))
            }
            (Some(Token::Mark('(')), _) => {
                let arguments = self.arguments()?;
                let back = self.at;
                if self.significant().0 != Some(Token::Mark('{')) {
                    self.at = back;
                    return Ok(Statement::Attribute(Attribute { name, values: arguments, span: start.start..back }));
                }
                let mut group =
                    Group { name, arguments, span: start.clone(), attributes: Vec::new(), groups: Vec::new() };
                self.body(&mut group, depth)?;
                Ok(Statement::Group(group))
            }
            (_, span) => Err(self.refuse(span, "expected `:` or `(` after a name")),
        }
    }

    fn rest_of_line(&mut self) -> Vec<Value> {
        let mut values = Vec::new();
        loop {
            let back = self.at;
            match self.token() {
                (Some(Token::Word | Token::Quoted), span) => values.push(self.value(span)),
                (Some(Token::Mark('{' | '}')), _) => {
                    self.at = back;
                    return values;
                }
                (None | Some(Token::Line | Token::Mark(';')), _) => return values,
                (Some(Token::Mark(_)), _) => {}
            }
        }
    }

    fn arguments(&mut self) -> Result<Vec<Value>> {
        let mut values = Vec::new();
        loop {
            match self.significant() {
                (Some(Token::Word | Token::Quoted), span) => values.push(self.value(span)),
                (Some(Token::Mark(',')), _) => {}
                (Some(Token::Mark(')')), _) => return Ok(values),
                (_, span) => return Err(self.refuse(span, "expected a value, `,` or `)`")),
            }
        }
    }

    fn body(&mut self, group: &mut Group, depth: u32) -> Result<()> {
        if depth > DEPTH {
            return Err(self.refuse(group.span.clone(), "groups are nested too deeply"));
        }
        loop {
            match self.significant() {
                (Some(Token::Word), span) => {
                    let name = self.source.text[span.clone()].to_string();
                    match self.statement(name, span, depth + 1)? {
                        Statement::Group(inner) => group.groups.push(inner),
                        Statement::Attribute(attribute) => group.attributes.push(attribute),
                    }
                }
                (Some(Token::Mark(';')), _) => {}
                (Some(Token::Mark('}')), _) => return Ok(()),
                (_, span) => return Err(self.refuse(span, "expected a name or `}`")),
            }
        }
    }
}
