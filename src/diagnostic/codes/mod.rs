//! Every code that a diagnostic may have: what it means, how it looks, what to do. `trapti explain` and `docs/diagnostics.md` are made
//! from this table.

mod designs;
mod files;
mod graphs;
mod machines;
mod runs;

/// What one code means.
#[derive(Debug, Clone, Copy)]
pub struct Explanation {
    /// The code, such as `unknown-key`.
    pub code: &'static str,
    /// What is wrong, and why it matters.
    pub means: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// A message with this code, as it is printed: that of a test.
    pub example: &'static str,
}

/// Codes about one subject.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// In a heading.
    pub title: &'static str,
    /// The codes, in alphabetical order.
    pub codes: &'static [Explanation],
}

/// Explanations whose examples are the expected messages of `tests/diagnostics`.
macro_rules! table {
    ($($code:literal, $example:literal: $means:literal; $remedy:literal)*) => {
        &[$(crate::diagnostic::Explanation {
            code: $code,
            means: $means,
            remedy: $remedy,
            example: include_str!(concat!("../../../tests/diagnostics/", $example, ".stderr")),
        }),*]
    };
}
use table;

/// Every subject.
pub const SUBJECTS: [Subject; 5] = [
    Subject { title: "Files and options", codes: files::CODES },
    Subject { title: "Models and op graphs", codes: graphs::CODES },
    Subject { title: "Accelerators and SRAM", codes: machines::CODES },
    Subject { title: "Runs and explorations", codes: runs::CODES },
    Subject { title: "Designs and replays", codes: designs::CODES },
];

/// Every code.
pub fn explanations() -> impl Iterator<Item = &'static Explanation> {
    SUBJECTS.iter().flat_map(|subject| subject.codes)
}

/// What a code means.
pub fn explanation(code: &str) -> Option<&'static Explanation> {
    explanations().find(|explanation| explanation.code == code)
}
