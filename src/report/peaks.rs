//! Who is at the peak.

use crate::trace::{Outcome, Peak, Run};
use crate::units::{Bytes, Cycles, Hertz, grouped};
use crate::workload::Class;
use serde::Serialize;

/// The peak of one memory of one run.
#[derive(Debug, Serialize)]
pub(super) struct PeakRow {
    run: String,
    memory: String,
    outcome: String,
    latency: String,
    bytes: u64,
    human: String,
    used: String,
    sampled: String,
    cycle: String,
    by_class: [u64; 4],
    classes: Vec<Share>,
    ops: Vec<String>,
    tensors: Vec<Share>,
}

#[derive(Debug, Serialize)]
struct Share {
    name: String,
    human: String,
    percent: String,
}

/// A row for each memory of each run.
pub(super) fn peaks(runs: &[&Run]) -> Vec<PeakRow> {
    runs.iter().flat_map(|run| (0..run.statistics.memories.len()).map(|memory| row(run, memory))).collect()
}

fn row(run: &Run, index: usize) -> PeakRow {
    let memory = &run.statistics.memories[index];
    let peak = &memory.peak_needed;
    let named = Class::ALL.iter().zip(peak.by_class).filter(|(_, bytes)| *bytes > Bytes::ZERO);
    PeakRow {
        run: run.workload.name.clone(),
        memory: memory.name.clone(),
        outcome: outcome(&run.statistics.outcome),
        latency: latency(run.statistics.cycles, run.accelerator.clock),
        bytes: peak.bytes.0,
        human: peak.bytes.human(),
        used: memory.peak_used.bytes.human(),
        sampled: memory.peak_needed_at_op_ends.human(),
        cycle: grouped(peak.cycle.0),
        by_class: peak.by_class.map(|Bytes(bytes)| bytes),
        classes: named.map(|(class, bytes)| share(class.name(), bytes, peak)).collect(),
        ops: peak.ops.clone(),
        tensors: peak.tensors.iter().map(|(name, bytes)| share(name, *bytes, peak)).collect(),
    }
}

fn share(name: &str, bytes: Bytes, peak: &Peak) -> Share {
    let percent = 100.0 * bytes.0 as f64 / peak.bytes.0.max(1) as f64;
    Share { name: name.to_owned(), human: bytes.human(), percent: format!("{percent:.1} %") }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Finished => "finished".into(),
        Outcome::Thrashing { op, memory, lacking } => {
            format!("thrashing: {op} lacks {} in {memory}", lacking.human())
        }
    }
}

/// Cycles, and the time they take.
pub(super) fn latency(cycles: Cycles, clock: Hertz) -> String {
    format!("{cycles} cycles = {}", duration(clock.period().0 * cycles.0 as f64))
}

/// Nanoseconds with a fitting prefix.
pub(super) fn duration(nanoseconds: f64) -> String {
    const UNITS: [(f64, &str); 3] = [(1e9, "s"), (1e6, "ms"), (1e3, "µs")];
    let unit = UNITS.iter().find(|(scale, _)| nanoseconds >= *scale);
    unit.map_or(format!("{nanoseconds:.0} ns"), |(scale, name)| format!("{:.3} {name}", nanoseconds / scale))
}
