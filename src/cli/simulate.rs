//! `trapti simulate`: one workload on one accelerator.

use super::breakdown::{bounds, tokens, traffic, units};
use super::inputs::{self, ScenarioArguments};
use super::output::{Output, coloured, message, table};
use super::{Answer, progress};
use crate::accelerator::Accelerator;
use crate::artefact::{self, Input};
use crate::builtin::{self, Kind};
use crate::diagnostic::{Diagnostic, Source};
use crate::error::Result;
use crate::sim;
use crate::trace::summary::Summary;
use crate::trace::{Choices, Outcome, Run, Statistics};
use crate::units::{Bytes, grouped};
use crate::workload::Workload;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Simulate a workload on an accelerator and record what its memory must hold, when, and how often it is touched.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapti simulate gpt2-xl --prefill 1024 --accelerator edge-2x128 -o out/run
  trapti simulate config.json --prefill 512 --decode 128 -a my-accelerator.toml -o out/run
  trapti simulate graph.json --accelerator edge-2x128 --format json

--format json gives `cycles`, `macs`, `memories` and `dram`; see docs/traces.md for every key.")]
pub(super) struct Arguments {
    /// Hugging Face `config.json`, an op graph (`trapti.workload/1`), or a name from `trapti models`.
    workload: PathBuf,
    /// Accelerator file, or a name from `trapti devices`.
    #[arg(short, long, value_name = "FILE")]
    accelerator: PathBuf,
    #[command(flatten)]
    scenario: ScenarioArguments,
    /// Run directory to write; without it only the statistics are shown.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Simulate every layer, also one that repeats another; the result is the same, only later.
    #[arg(long)]
    no_replay: bool,
    /// Simulate every tile, also in a train of tiles; the result is the same, only later.
    #[arg(long)]
    no_trains: bool,
}

/// What makes a simulation faster and does not change its result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shortcuts {
    /// Layers that repeat are simulated once.
    pub replay: bool,
    /// Trains of tiles are carried out at once.
    pub trains: bool,
}

impl Shortcuts {
    /// All of them.
    pub const ALL: Self = Self { replay: true, trains: true };
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let (scenario, lowering) = arguments.scenario.resolve()?;
    let loaded = inputs::workload(&builtin::read(Kind::Model, &arguments.workload)?, &scenario, &lowering)?;
    let chip = builtin::read(Kind::Accelerator, &arguments.accelerator)?;
    let (accelerator, digest) = inputs::accelerator(&chip)?;
    let mut inputs = loaded.inputs;
    inputs.push(digest);
    let shortcuts = Shortcuts { replay: !arguments.no_replay, trains: !arguments.no_trains };
    let run = match &arguments.output {
        Some(target) => {
            let (run, done) =
                simulate_into(target, &loaded.workload, &accelerator, &loaded.choices, inputs, shortcuts)?;
            output.note(&format!("{}: {}", target.display(), done.word()));
            run
        }
        None => simulate(&loaded.workload, &accelerator, &loaded.choices, shortcuts)?,
    };
    tell_thrashing(&run, &chip);
    let summary = Summary::of(&run);
    output.result(&summary, || human(&summary, &run));
    Ok(if run.statistics.outcome == Outcome::Finished { Answer::Yes } else { Answer::No })
}

/// Whether a stage ran or its result was still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// It ran.
    Now,
    /// Its inputs had not changed.
    Before,
}

impl Done {
    /// Kept or made.
    pub fn unless(kept: bool) -> Self {
        if kept { Done::Before } else { Done::Now }
    }

    /// What the user is told.
    pub fn word(self) -> &'static str {
        match self {
            Done::Now => "written",
            Done::Before => "up to date",
        }
    }
}

/// Simulates into a run directory, or reads it if it is up to date.
pub(super) fn simulate_into(
    target: &Path,
    workload: &Workload,
    accelerator: &Accelerator,
    choices: &Choices,
    inputs: Vec<Input>,
    shortcuts: Shortcuts,
) -> Result<(Run, Done)> {
    if artefact::up_to_date(target, "simulate", &inputs) {
        return Ok((Run::read(target)?, Done::Before));
    }
    let run = simulate(workload, accelerator, choices, shortcuts)?;
    run.write(target, inputs)?;
    Ok((run, Done::Now))
}

/// Simulates with progress on the terminal.
pub(super) fn simulate(
    workload: &Workload,
    accelerator: &Accelerator,
    choices: &Choices,
    shortcuts: Shortcuts,
) -> Result<Run> {
    let bar = progress::bar(&format!("simulate {}", workload.name), workload.ops.len() as u64);
    let Shortcuts { replay, trains } = shortcuts;
    let options = sim::Options { replay, trains, ..sim::Options::of(&choices.lowering) };
    let run = sim::simulate(workload, accelerator, &options, &mut |p| bar.set_position(p.ops_ended as u64));
    bar.finish_and_clear();
    let run = Run { choices: Some(choices.clone()), ..run? };
    Ok(run)
}

/// Says which op could not run, at the memory that is too small for it.
pub(super) fn tell_thrashing(run: &Run, accelerator: &Arc<Source>) {
    let Outcome::Thrashing { op, memory, lacking } = &run.statistics.outcome else { return };
    let problem = Diagnostic::new("thrashing", format!("`{op}` needs {} more than `{memory}` holds", lacking.human()))
        .with_help("enlarge the memory, or the tiles must become smaller: array, `buffer_length`, `vector.buffer`");
    let problem = match Accelerator::place_of_capacity(accelerator, memory) {
        Some(span) => problem.at(accelerator, span, "too small for what this op needs at once"),
        None => problem,
    };
    message(&problem.render(coloured()));
}

fn human(summary: &Summary, run: &Run) -> String {
    let mut rows = vec![["", "", "exactly", "unit"].map(String::from).to_vec()];
    let mut row = |name: &str, shown: String, exact: u64, unit: &str| {
        rows.push(vec![name.into(), shown, grouped(exact), unit.into()]);
    };
    row("latency", format!("{:.3} ms", summary.milliseconds), summary.cycles, "cycles");
    row("MACs, useful", engineering(summary.macs), summary.macs, "");
    row("MACs, issued", engineering(summary.macs_issued), summary.macs_issued, "");
    for memory in &summary.memories {
        let mut row = |name: &str, bytes: u64| {
            row(&format!("{}: {name}", memory.name), Bytes(bytes).human(), bytes, "bytes");
        };
        row("peak needed", memory.peak_needed_bytes);
        row("peak needed, at op ends", memory.peak_needed_bytes_at_op_ends);
        row("peak used", memory.peak_used_bytes);
        row("mean needed", memory.mean_needed_bytes.round() as u64);
        row("read", memory.read_bytes);
        row("written", memory.write_bytes);
        row("needed but evicted", memory.evicted_needed_bytes);
    }
    let head = format!("{}\non {}\n\n", summary.workload, summary.accelerator);
    let parts = [traffic(&summary.dram), units(run), bounds(run), at_the_peaks(&run.statistics)].concat();
    format!("{head}{}{}{parts}", tokens(run), table(&rows))
}

/// Three significant digits and a prefix: `12.3 G`.
fn engineering(count: u64) -> String {
    const PREFIXES: [&str; 7] = ["", " k", " M", " G", " T", " P", " E"];
    let step = (0..PREFIXES.len() - 1).take_while(|&s| count as f64 >= 999.5 * 1000f64.powi(s as i32)).count();
    let scaled = count as f64 / 1000f64.powi(step as i32);
    let digits = if step == 0 || scaled >= 99.95 { 0 } else { 2 - usize::from(scaled >= 9.995) };
    format!("{scaled:.digits$}{}", PREFIXES[step])
}

fn at_the_peaks(statistics: &Statistics) -> String {
    let mut text = String::new();
    for memory in &statistics.memories {
        text.push_str(&format!("\nAt the peak of {} (cycle {}):\n", memory.name, memory.peak_needed.cycle));
        for (tensor, bytes) in &memory.peak_needed.tensors {
            text.push_str(&format!("  {:>12}  {tensor}\n", bytes.human()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::engineering;

    #[test]
    fn counts_have_three_digits() {
        let shown = [0, 7, 999, 1000, 9_994, 9_995, 99_949, 99_950, 1_234_567, 999_499, 999_500].map(engineering);
        let expected = ["0", "7", "999", "1.00 k", "9.99 k", "10.0 k", "99.9 k", "100 k", "1.23 M", "999 k", "1.00 M"];
        assert_eq!(shown, expected);
    }
}
