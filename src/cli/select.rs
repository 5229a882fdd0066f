//! `trapti select`: from an exploration to a design.

use super::Answer;
use super::output::{Output, message, table};
use super::simulate::Done;
use crate::artefact;
use crate::config::{Delay, Document, FromValue};
use crate::diagnostic::Source;
use crate::error::{Error, Result};
use crate::explore::{Choice, Exploration, LatencyLimit, Limits, Objective, select};
use crate::power::{BusFront, Design, Policy};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use toml::de::DeValue;

/// Take one point of an exploration and fix every parameter of its memory.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  trapti select out/exploration --min energy -o out/design.json\n  \
                         trapti select out/exploration --min energy --max-area 12mm2 --max-latency +1% -o out/design.json")]
pub(super) struct Arguments {
    /// Exploration directory.
    exploration: PathBuf,
    /// Take the best point with addresses for this objective.
    #[arg(long, value_enum, default_value_t)]
    min: Minimum,
    /// Take no larger one, such as 12mm2.
    #[arg(long, value_name = "AREA", allow_hyphen_values = true)]
    max_area: Option<String>,
    /// Take no slower one: +1% against the fastest ungated memory of the same capacity, 5ms, or 20000 cycles.
    #[arg(long, value_name = "LATENCY", allow_hyphen_values = true)]
    max_latency: Option<String>,
    /// Take this row of `points.parquet`.
    #[arg(long, value_name = "ROW", conflicts_with_all = ["min", "max_area", "max_latency"])]
    point: Option<u64>,
    /// Bus in front of each request port; native: requests of word addresses.
    #[arg(long, value_enum, default_value_t)]
    bus: Bus,
    /// Add control and status registers on a bus of their own.
    #[arg(long)]
    registers: bool,
    /// Design file to write.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// What the generated memory has for its request ports.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Bus {
    /// Word addresses, granted or stalled.
    #[default]
    Native,
    /// OBI.
    Obi,
    /// AXI4.
    Axi4,
}

impl From<Bus> for BusFront {
    fn from(bus: Bus) -> Self {
        match bus {
            Bus::Native => BusFront::Native,
            Bus::Obi => BusFront::Obi,
            Bus::Axi4 => BusFront::Axi4,
        }
    }
}

/// What a selection minimises.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Minimum {
    /// Energy of one inference of each workload.
    #[default]
    Energy,
    /// Energy of an inference, the mean over the mix.
    MeanEnergy,
    /// Energy of an inference of the workload that needs most.
    WorstEnergy,
    /// Area of the macros.
    Area,
    /// Cycles of one inference of each workload.
    Latency,
}

impl From<Minimum> for Objective {
    fn from(minimum: Minimum) -> Self {
        match minimum {
            Minimum::Energy => Objective::Energy,
            Minimum::MeanEnergy => Objective::MeanEnergy,
            Minimum::WorstEnergy => Objective::WorstEnergy,
            Minimum::Area => Objective::Area,
            Minimum::Latency => Objective::Latency,
        }
    }
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let exploration = match arguments.point {
        Some(row) => Exploration::read_named(&arguments.exploration, &[row])?,
        None => Exploration::read(&arguments.exploration)?,
    };
    let choice = match (arguments.point, arguments.limits()?) {
        (Some(row), _) => Choice::Point(row),
        (None, limits) if limits == Limits::default() => Choice::Best(arguments.min.into()),
        (None, limits) => match exploration.within(arguments.min.into(), limits) {
            Ok(row) => Choice::Point(row),
            Err(reason) => {
                message(&reason.to_string());
                return Ok(Answer::No);
            }
        },
    };
    let surroundings = Surroundings { bus: arguments.bus.into(), registers: arguments.registers };
    let (design, done) = select_into(&arguments.output, &exploration, choice, surroundings)?;
    output.note(&format!("{}: {}", arguments.output.display(), done.word()));
    output.result(&design, || human(&design));
    Ok(Answer::Yes)
}

impl Arguments {
    /// The options are read as a file would be, so that what is wrong in them is told in the same way.
    fn limits(&self) -> Result<Limits> {
        let options = [("max-area", &self.max_area), ("max-latency", &self.max_latency)];
        let given = options.iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
        let line = |(key, value): (&&str, &str)| format!("{key} = {}\n", toml::Value::from(value));
        let source = Source::new("command line", given.map(line).collect::<String>());
        let document = Document::parse(&source)?;
        let mut table = document.root();
        let (area, latency) = (table.optional("max-area"), table.optional("max-latency"));
        let limits = Limits { area: area.value(), latency: latency.value::<Latency>().map(|l| l.0) };
        document.result(Some(limits))
    }
}

/// A limit on the latency as it is written.
struct Latency(LatencyLimit);

impl FromValue for Latency {
    fn expected() -> String {
        "a share such as `+1%`, a time such as `5 ms`, or cycles such as `20000 cycles`".into()
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        if let Some(share) = text.strip_prefix('+').and_then(|rest| rest.strip_suffix('%')) {
            let share: f64 = share.trim().parse().ok().filter(|s: &f64| *s >= 0.0 && s.is_finite())?;
            return Some(Self(LatencyLimit::AboveNever(share / 100.0)));
        }
        Some(Self(match Delay::from_value(value)? {
            Delay::Cycles(cycles) => LatencyLimit::Cycles(cycles),
            Delay::Time(time) => LatencyLimit::Time(time),
        }))
    }
}

/// What a design has around its memory; it decides nothing about energy.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Surroundings {
    bus: BusFront,
    registers: bool,
}

/// Selects and writes `design.json`.
pub(super) fn select_into(
    target: &Path,
    exploration: &Exploration,
    choice: Choice,
    surroundings: Surroundings,
) -> Result<(Design, Done)> {
    let model = exploration.summary.study.model()?;
    let Surroundings { bus, registers } = surroundings;
    let design = Design { bus, registers, ..select(exploration, choice, model.as_ref())? };
    let changed = artefact::write_changed(target, artefact::json(&design).as_bytes())?;
    Ok((design, Done::unless(!changed)))
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
        Policy::Scheduled { .. } => "scheduled, where nothing is told",
    };
    let thresholds = ["LIGHT", "RET", "OFF"].into_iter().zip(design.policy.thresholds(design.states));
    let steps = thresholds.filter(|(_, t)| t.0 > 0).map(|(state, t)| format!("{state} after {t} idle cycles"));
    format!("{name}: {}", steps.collect::<Vec<_>>().join(", "))
}
