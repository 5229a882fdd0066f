//! Bugs planted in the RTL one at a time: a suite is worth what it catches.

use super::case::{Extras, play};
use super::suite::Suite;
use crate::config::{Document, Table};
use crate::cosim::{BuildOptions, Cache, RtlSources, Toolchain, build};
use crate::diagnostic::{Diagnostic, Source};
use crate::{Error, Result, artefact};
use serde::Serialize;
use std::path::Path;

/// A change of one place in the RTL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planted {
    /// Name.
    pub name: String,
    /// What is wrong then.
    pub what: String,
    file: String,
    from: String,
    to: String,
    design: String,
}

/// How a planted bug was caught.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caught {
    /// Name of the bug.
    pub bug: String,
    /// What is wrong with it.
    pub what: String,
    /// File that it is planted in.
    pub file: String,
    /// Case that caught it; none if none did.
    pub case: Option<String>,
    /// Signal, counter or check that differed.
    pub check: String,
    /// Cycle of that case.
    pub cycle: u64,
    /// Cycles evaluated until then, over all cases.
    pub evaluated: u64,
}

impl Planted {
    /// Reads a table of bugs, `[[bug]]`.
    ///
    /// # Errors
    /// Every problem of the file, each with its place; [`Error::File`] if it cannot be read.
    pub fn read(path: &Path) -> Result<Vec<Self>> {
        let source = Source::new(path, artefact::read_text(path)?);
        let document = Document::parse(&source)?;
        let mut root = document.root();
        let bugs: Vec<Option<Self>> = root.required("bug").tables().into_iter().map(bug).collect();
        root.finish();
        document.result(bugs.into_iter().collect())
    }

    /// Plays the cases of the bug's design one after the other, with `seeds` seeds of each random one, until one fails.
    ///
    /// # Errors
    /// [`Error::Input`] if the bug does not fit the RTL or the suite, [`Error::Tool`] if it does not compile.
    pub fn hunt(&self, suite: &Suite, seeds: u32, tools: &Toolchain, cache: &Cache) -> Result<Caught> {
        let misfit = |message: String| Error::input(Diagnostic::new("planted-misfit", message));
        let design = suite.designs.iter().find(|design| design.name == self.design);
        let design = design
            .ok_or_else(|| misfit(format!("{} has no design `{}`, of bug {}", suite.name, self.design, self.name)))?;
        let sources = RtlSources::of(design)?.patched(&self.file, &self.from, &self.to).ok_or_else(|| {
            misfit(format!("bug {}: its text does not stand in {} exactly once", self.name, self.file))
        })?;
        let options = BuildOptions { laboratory: true, ..BuildOptions::default() };
        let memory = build(&sources, options, tools, cache)?;
        let mut evaluated = 0;
        for case in suite.cases(seeds).iter().filter(|case| case.design == self.design) {
            let outcome = play(suite, case, &memory, Extras::default())?.outcome;
            evaluated += outcome.evaluated;
            if let Some(failure) = outcome.failure {
                let cycle = failure.cycle;
                return Ok(Caught {
                    case: Some(outcome.case),
                    check: failure.check,
                    cycle,
                    ..self.uncaught(evaluated)
                });
            }
        }
        Ok(self.uncaught(evaluated))
    }

    fn uncaught(&self, evaluated: u64) -> Caught {
        let (bug, what, file) = (self.name.clone(), self.what.clone(), self.file.clone());
        Caught { bug, what, file, case: None, check: String::new(), cycle: 0, evaluated }
    }
}

fn bug(mut table: Table<'_>) -> Option<Planted> {
    let mut text = |key| table.required(key).value::<String>();
    let (name, what, file) = (text("name"), text("what"), text("file"));
    let (from, to, design) = (text("from"), text("to"), text("design"));
    table.finish();
    Some(Planted { name: name?, what: what?, file: file?, from: from?, to: to?, design: design? })
}

/// The table of `docs/planted-bugs.md`.
pub fn table(caught: &[Caught]) -> String {
    let mut text = String::from(
        "| bug | planted in | caught by | case | cycle of the case | cycles until then |\n|---|---|---|---|---|---|\n",
    );
    for Caught { what, file, case, check, cycle, evaluated, .. } in caught {
        let file = file.trim_end_matches(".v");
        match case {
            Some(case) => {
                text.push_str(&format!("| {what} | `{file}` | `{check}` | {case} | {cycle} | {evaluated} |\n"))
            }
            None => text.push_str(&format!("| {what} | `{file}` | **nothing** | | | {evaluated} |\n")),
        }
    }
    text
}
