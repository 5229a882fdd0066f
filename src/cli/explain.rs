//! `trapti explain`: what a diagnostic means and what to do.

use super::Answer;
use super::output::{Output, table, wrapped};
use crate::diagnostic::{Diagnostic, Explanation, SUBJECTS, explanation, explanations, nearest};
use crate::error::{Error, Result};
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

/// Explain the code of a diagnostic, such as `unknown-key`: what it means, how it looks, what to do. Without a code, list all.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  trapti explain out-of-range\n  trapti explain")]
pub(super) struct Arguments {
    /// The word in brackets behind `error`.
    code: Option<String>,
    /// Print all of them as the page `docs/diagnostics.md`.
    #[arg(long, conflicts_with = "code")]
    page: bool,
}

/// An explanation, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Explained {
    /// The code.
    code: &'static str,
    /// What is wrong, and why it matters.
    means: &'static str,
    /// What to do.
    remedy: &'static str,
    /// A message with this code.
    example: &'static str,
}

impl From<&Explanation> for Explained {
    fn from(explanation: &Explanation) -> Self {
        let Explanation { code, means, remedy, example } = *explanation;
        Self { code, means, remedy, example }
    }
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let chosen: Vec<&Explanation> = match &arguments.code {
        Some(code) => vec![explanation(code).ok_or_else(|| unknown(code))?],
        None => explanations().collect(),
    };
    let answer: Vec<Explained> = chosen.iter().map(|&e| e.into()).collect();
    output.result(&answer, || match (arguments.page, chosen.as_slice()) {
        (true, _) => page(),
        (false, [one]) => explained(one),
        (false, all) => list(all),
    });
    Ok(Answer::Yes)
}

fn unknown(code: &str) -> Error {
    let problem = Diagnostic::new("unknown-code", format!("no diagnostic has the code `{code}`"));
    Error::input(match nearest(code, explanations().map(|e| e.code)) {
        Some(near) => problem.with_help(format!("did you mean `{near}`?")),
        None => problem.with_help("`trapti explain` lists all codes"),
    })
}

fn explained(explanation: &Explanation) -> String {
    let example: String = explanation.example.trim_end().lines().map(|line| format!("    {line}\n")).collect();
    let (means, remedy) = (wrapped("", explanation.means, ""), wrapped("", explanation.remedy, ""));
    format!("{}\n\n{means}\nFor example:\n\n{example}\nWhat to do:\n{remedy}", explanation.code)
}

fn list(all: &[&Explanation]) -> String {
    let first = |text: &str| text.split_inclusive(". ").next().unwrap_or_default().trim().to_string();
    let head = vec!["code".into(), "meaning".into()];
    let rows = all.iter().map(|e| vec![e.code.to_string(), first(e.means)]);
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

const HEAD: &str = "# Diagnostics

Bad input is answered with a message that names the place, what was expected and what to do, and the exit code 2; several problems of a
file are told at once. `trapti explain CODE` prints what this page says of a code. `trapti explain --page` writes this page.
";

/// Every code, by subject.
fn page() -> String {
    let mut text = HEAD.to_string();
    for subject in &SUBJECTS {
        text.push_str(&format!("\n## {}\n", subject.title));
        for Explanation { code, means, remedy, example } in subject.codes {
            let example = example.trim_end();
            text.push_str(&format!("\n### {code}\n\n{means}\n\n```text\n{example}\n```\n\n{remedy}\n"));
        }
    }
    text
}
