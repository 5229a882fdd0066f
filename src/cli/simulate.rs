//! `trapti simulate`: one workload on one accelerator.

use super::inputs::{self, ScenarioArguments};
use super::output::{Output, message, table};
use super::{Answer, progress};
use crate::accelerator::Accelerator;
use crate::artefact::{self, Input};
use crate::error::Result;
use crate::sim;
use crate::trace::{Outcome, Run, Statistics};
use crate::units::{Bytes, grouped};
use crate::workload::{Lowering, Workload};
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Simulate a workload on an accelerator and record what its memory must hold, when, and how often it is touched.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapti simulate models/gpt2-xl.json --prefill 1024 --accelerator models/accelerators/edge-2x128.toml -o out/run
  trapti simulate graph.json --accelerator models/accelerators/edge-2x128.toml -o out/run --format json")]
pub(super) struct Arguments {
    /// Hugging Face `config.json`, or an op graph (`trapti.workload/1`).
    workload: PathBuf,
    /// Accelerator file.
    #[arg(short, long, value_name = "FILE")]
    accelerator: PathBuf,
    #[command(flatten)]
    scenario: ScenarioArguments,
    /// Run directory to write; without it only the statistics are shown.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let (scenario, lowering) = arguments.scenario.resolve()?;
    let loaded = inputs::workload(&arguments.workload, &scenario, &lowering)?;
    let (accelerator, digest) = inputs::accelerator(&arguments.accelerator)?;
    let mut inputs = loaded.inputs;
    inputs.push(digest);
    let statistics = match &arguments.output {
        Some(target) => {
            let (run, done) = simulate_into(target, &loaded.workload, &accelerator, &lowering, inputs)?;
            output.note(&format!("{}: {}", target.display(), done.word()));
            run.statistics
        }
        None => simulate(&loaded.workload, &accelerator, &lowering)?.statistics,
    };
    let summary = Summary::new(&loaded.workload.name, &accelerator, &statistics);
    output.result(&summary, || human(&summary, &statistics));
    Ok(if statistics.outcome == Outcome::Finished { Answer::Yes } else { Answer::No })
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
    lowering: &Lowering,
    inputs: Vec<Input>,
) -> Result<(Run, Done)> {
    if artefact::up_to_date(target, "simulate", &inputs) {
        return Ok((Run::read(target)?, Done::Before));
    }
    let run = simulate(workload, accelerator, lowering)?;
    run.write(target, inputs)?;
    Ok((run, Done::Now))
}

/// Simulates with progress on the terminal.
pub(super) fn simulate(workload: &Workload, accelerator: &Accelerator, lowering: &Lowering) -> Result<Run> {
    let bar = progress::bar(&format!("simulate {}", workload.name), workload.ops.len() as u64);
    let run = sim::simulate(workload, accelerator, &sim::Options::of(lowering), &mut |p| {
        bar.set_position(p.ops_ended as u64)
    });
    bar.finish_and_clear();
    let run = run?;
    if let Outcome::Thrashing { op, memory, lacking } = &run.statistics.outcome {
        message(&format!("thrashing: `{op}` needs {} more than `{memory}` holds", lacking.human()));
    }
    Ok(run)
}

/// Answers of one run, as JSON.
#[derive(Debug, Serialize)]
struct Summary {
    workload: String,
    accelerator: String,
    outcome: Outcome,
    cycles: u64,
    milliseconds: f64,
    macs: Macs,
    memories: Vec<MemorySummary>,
    dram: DramSummary,
}

#[derive(Debug, Serialize)]
struct Macs {
    useful: u64,
    issued: u64,
}

#[derive(Debug, Serialize)]
struct MemorySummary {
    name: String,
    peak_needed_bytes: u64,
    peak_needed_cycle: u64,
    peak_used_bytes: u64,
    peak_needed_bytes_at_op_ends: u64,
    mean_needed_bytes: f64,
    read_bytes: u64,
    write_bytes: u64,
}

#[derive(Debug, Serialize)]
struct DramSummary {
    read_bytes: u64,
    write_bytes: u64,
    unavoidable_read_bytes: u64,
    unavoidable_write_bytes: u64,
}

impl Summary {
    fn new(workload: &str, accelerator: &Accelerator, s: &Statistics) -> Self {
        let total = |by_class: &[Bytes; 4]| by_class.iter().map(|b| b.0).sum();
        let memories = s.memories.iter().map(|m| MemorySummary {
            name: m.name.clone(),
            peak_needed_bytes: m.peak_needed.bytes.0,
            peak_needed_cycle: m.peak_needed.cycle.0,
            peak_used_bytes: m.peak_used.bytes.0,
            peak_needed_bytes_at_op_ends: m.peak_needed_at_op_ends.0,
            mean_needed_bytes: m.mean_needed_bytes,
            read_bytes: total(&m.read_bytes),
            write_bytes: total(&m.write_bytes),
        });
        Self {
            workload: workload.into(),
            accelerator: accelerator.name.clone(),
            outcome: s.outcome.clone(),
            cycles: s.cycles.0,
            milliseconds: s.cycles.0 as f64 * accelerator.clock.period().0 / 1e6,
            macs: Macs { useful: s.macs_useful, issued: s.macs_issued },
            memories: memories.collect(),
            dram: DramSummary {
                read_bytes: s.dram.read_bytes.0,
                write_bytes: s.dram.write_bytes.0,
                unavoidable_read_bytes: s.dram.unavoidable_read_bytes.0,
                unavoidable_write_bytes: s.dram.unavoidable_write_bytes.0,
            },
        }
    }
}

fn human(summary: &Summary, statistics: &Statistics) -> String {
    let mut rows = vec![vec![summary.workload.clone(), "value".into(), "unit".into()]];
    let mut row = |name: String, value: String, unit: &str| rows.push(vec![name, value, unit.into()]);
    row("latency".into(), format!("{:.3}", summary.milliseconds), "ms");
    row("latency".into(), grouped(summary.cycles), "cycles");
    row("MACs, useful".into(), grouped(summary.macs.useful), "");
    row("MACs, issued".into(), grouped(summary.macs.issued), "");
    for memory in &summary.memories {
        row(format!("{}: peak needed", memory.name), grouped(memory.peak_needed_bytes), "bytes");
        row(format!("{}: peak used", memory.name), grouped(memory.peak_used_bytes), "bytes");
        row(format!("{}: read", memory.name), grouped(memory.read_bytes), "bytes");
        row(format!("{}: written", memory.name), grouped(memory.write_bytes), "bytes");
    }
    row("DRAM: read".into(), grouped(summary.dram.read_bytes), "bytes");
    row("DRAM: written".into(), grouped(summary.dram.write_bytes), "bytes");
    let mut text = table(&rows);
    for memory in &statistics.memories {
        text.push_str(&format!("\nAt the peak of {} (cycle {}):\n", memory.name, memory.peak_needed.cycle));
        for (tensor, bytes) in &memory.peak_needed.tensors {
            text.push_str(&format!("  {:>12}  {tensor}\n", bytes.human()));
        }
    }
    text
}
