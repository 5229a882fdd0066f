//! `trapti select`: from an exploration to a design.

use super::Answer;
use super::output::{Output, table};
use crate::artefact;
use crate::error::{Error, Result};
use crate::explore::{Choice, Exploration, Objective, select};
use crate::power::{Design, Policy};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// Take one point of an exploration and fix every parameter of its memory.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  trapti select out/exploration --min energy -o out/design.json")]
pub(super) struct Arguments {
    /// Exploration directory.
    exploration: PathBuf,
    /// Take the best point with addresses for this objective.
    #[arg(long, value_enum, default_value_t)]
    min: Minimum,
    /// Take this row of `points.parquet`.
    #[arg(long, value_name = "ROW", conflicts_with = "min")]
    point: Option<u64>,
    /// Design file to write.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// What a selection minimises.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Minimum {
    /// Energy of one inference of each workload.
    #[default]
    Energy,
    /// Area of the macros.
    Area,
    /// Cycles of one inference of each workload.
    Latency,
}

impl From<Minimum> for Objective {
    fn from(minimum: Minimum) -> Self {
        match minimum {
            Minimum::Energy => Objective::Energy,
            Minimum::Area => Objective::Area,
            Minimum::Latency => Objective::Latency,
        }
    }
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let exploration = Exploration::read(&arguments.exploration)?;
    let choice = arguments.point.map_or(Choice::Best(arguments.min.into()), Choice::Point);
    let design = select_into(&arguments.output, &exploration, choice)?;
    output.note(&format!("design: {}", arguments.output.display()));
    output.result(&design, || human(&design));
    Ok(Answer::Yes)
}

/// Selects and writes `design.json`.
pub(super) fn select_into(target: &Path, exploration: &Exploration, choice: Choice) -> Result<Design> {
    let model = exploration.summary.study.model()?;
    let design = select(exploration, choice, model.as_ref())?;
    artefact::write(target, artefact::json(&design).as_bytes())?;
    Ok(design)
}

/// Reads `design.json`.
pub(super) fn design(path: &Path) -> Result<Design> {
    let wrong = |message: String| Error::Artefact { path: path.into(), message };
    let design: Design = serde_json::from_str(&artefact::read_text(path)?).map_err(|e| wrong(e.to_string()))?;
    match design.schema == crate::schema::DESIGN {
        true => Ok(design),
        false => Err(wrong(format!("has schema `{}`, expected `{}`", design.schema, crate::schema::DESIGN))),
    }
}

/// The design as a table.
pub(super) fn human(design: &Design) -> String {
    let o = &design.organisation;
    let shape = &design.macro_shape;
    let row = |name: &str, value: String| vec![name.to_string(), value];
    table(&[
        row(&design.name, "value".into()),
        row("capacity", design.capacity.human()),
        row("power domains", o.domains.to_string()),
        row("banks a domain (interleaved)", o.interleave.to_string()),
        row(
            "macros a bank",
            format!("{} x {} of {}, {} bit", shape.rows, shape.columns, shape.capacity.human(), shape.word_bits),
        ),
        row("ports x width", format!("{} x {} bit", o.ports, o.word_bits)),
        row("read latency, bank cycle [cycles]", format!("{}, {}", o.read_latency, o.bank_cycles)),
        row("policy", policy(design)),
        row("wake from OFF [cycles]", design.timing.wake_from_off(design.switch).to_string()),
        row("characterisation", design.provenance.characterisation.clone()),
    ])
}

/// The policy with its idle thresholds.
fn policy(design: &Design) -> String {
    let name = match design.policy {
        Policy::Never => return "never: always ON".into(),
        Policy::Mask => return "mask: ON exactly while live".into(),
        Policy::Immediate => "immediate",
        Policy::Timeout { .. } => "timeout",
    };
    let thresholds = ["LIGHT", "RET", "OFF"].into_iter().zip(design.policy.thresholds(design.states));
    let steps = thresholds.filter(|(_, t)| t.0 > 0).map(|(state, t)| format!("{state} after {t} idle cycles"));
    format!("{name}: {}", steps.collect::<Vec<_>>().join(", "))
}
