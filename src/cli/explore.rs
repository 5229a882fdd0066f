//! `trapti explore`: bank organisations and gating policies on runs.

use super::output::{Output, table};
use super::simulate::Done;
use super::{Answer, inputs, progress};
use crate::artefact::{self, Input};
use crate::error::Result;
use crate::explore::{self, Exploration, Options, Rows, Study};
use crate::sram::Characterisation;
use crate::trace::Run;
use clap::Args;
use std::path::{Path, PathBuf};

/// Try bank organisations and gating policies on one or more runs that share a memory.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  trapti explore out/gpt2-xl out/deepseek --study models/studies/edge-llm.toml -o out/exploration"
)]
pub(super) struct Arguments {
    /// Run directories.
    #[arg(required = true)]
    runs: Vec<PathBuf>,
    /// Study file.
    #[arg(short, long, value_name = "FILE")]
    study: PathBuf,
    /// Exploration directory to write.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Also write every point as comma-separated values to this file.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let (study, mut digests) = study(&arguments.study)?;
    for path in &arguments.runs {
        digests.push(inputs::digest_of("run", path)?);
    }
    let runs = || arguments.runs.iter().map(|path| Run::read(path)).collect::<Result<Vec<_>>>();
    let (exploration, done) = explore_into(&arguments.output, &study, runs, digests)?;
    output.note(&format!("{}: {}", arguments.output.display(), done.word()));
    if let Some(path) = &arguments.csv {
        artefact::write(path, explore::Point::table(&exploration.points).csv().as_bytes())?;
    }
    output.result(&exploration.summary, || human(&exploration));
    Ok(if exploration.points.is_empty() { Answer::No } else { Answer::Yes })
}

/// Reads a study and its digest.
pub(super) fn study(path: &Path) -> Result<(Study, Vec<Input>)> {
    let source = inputs::source(path)?;
    let study = Study::parse(&source)?;
    let mut inputs = vec![Input::of("study", source.text.as_bytes())];
    if study.characterisation != Characterisation::Embedded {
        inputs.push(Input { name: "characterisation".into(), digest: study.model()?.provenance().digest });
    }
    Ok((study, inputs))
}

/// Explores into a directory, or reads it if it is up to date; `runs` are asked for only when they are needed.
pub(super) fn explore_into(
    target: &Path,
    study: &Study,
    runs: impl FnOnce() -> Result<Vec<Run>>,
    digests: Vec<Input>,
) -> Result<(Exploration, Done)> {
    if artefact::up_to_date(target, "explore", &digests) {
        return Ok((Exploration::read(target)?, Done::Before));
    }
    let spinner = progress::spinner("explore");
    let model = study.model()?;
    let exploration = explore::explore(study, &runs()?, model.as_ref(), Options::default());
    spinner.finish_and_clear();
    let exploration = exploration?;
    exploration.write(target, digests)?;
    Ok((exploration, Done::Now))
}

/// The front, the winners, and what cannot exist.
pub(super) fn human(exploration: &Exploration) -> String {
    let section = |title: &str, rows: &Rows| match rows.rows.is_empty() {
        true => String::new(),
        false => format!("{title}\n{}\n", cells(rows)),
    };
    let mut text = section("Pareto front (ideal: a bound without addresses)", &exploration.front_rows());
    text.push_str(&section("Best", &exploration.winner_rows()));
    text.push_str(&section("Not feasible", &exploration.infeasible_rows()));
    text.push_str(&format!("{} points evaluated\n", crate::units::grouped(exploration.summary.points)));
    text
}

/// Rows with their header as a text table.
pub(super) fn cells(rows: &Rows) -> String {
    let all: Vec<Vec<String>> = std::iter::once(rows.header.clone()).chain(rows.rows.iter().cloned()).collect();
    table(&all)
}
