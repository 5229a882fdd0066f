//! The answers of a run in one value, for scripts: what `trapti simulate --format json` prints.

use super::{ArrayStatistics, Choices, DramStatistics, MemoryStatistics, Outcome, Roofline, Run, VectorStatistics};
use crate::schema;
use crate::units::Bytes;
use crate::workload::Class;
use serde::Serialize;

/// Totals of a run. Keys keep their meaning in later versions.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Summary {
    /// `trapti.summary/1`.
    pub schema: &'static str,
    /// Name of the workload.
    pub workload: String,
    /// Name of the accelerator.
    pub accelerator: String,
    /// Decisions of the user, where they are known.
    pub choices: Option<Choices>,
    /// How the run ended.
    pub outcome: Outcome,
    /// Length of the run.
    pub cycles: u64,
    /// The same at the accelerator's clock.
    pub milliseconds: f64,
    /// Multiply-accumulate operations that the result depends on.
    pub macs: u64,
    /// Those that the arrays carried out: a causal mask leaves out whole tiles only.
    pub macs_issued: u64,
    /// Cycles to the first token, of a workload that makes tokens.
    pub cycles_to_first_token: Option<u64>,
    /// Mean cycles of each token decoded after it.
    pub cycles_per_token: Option<f64>,
    /// On-chip memories, in the accelerator's order.
    pub memories: Vec<MemorySummary>,
    /// Off chip.
    pub dram: DramSummary,
    /// Arrays, in the accelerator's order: computing, waiting by cause, idle.
    pub arrays: Vec<ArrayStatistics>,
    /// The vector unit, likewise.
    pub vector: VectorStatistics,
    /// Lower bounds of `cycles`.
    pub roofline: Roofline,
}

/// Totals of one on-chip memory.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct MemorySummary {
    /// Name.
    pub name: String,
    /// Capacity, if it is limited.
    pub capacity_bytes: Option<u64>,
    /// Most bytes needed at once, over all cycles.
    pub peak_needed_bytes: u64,
    /// First cycle in which they were.
    pub peak_needed_cycle: u64,
    /// Needed bytes by class in that cycle.
    pub peak_needed_bytes_by_class: ByClass,
    /// Most bytes there at once, needed or obsolete.
    pub peak_used_bytes: u64,
    /// Most bytes needed right after an op released its operands: what a trace sampled at op ends shows.
    pub peak_needed_bytes_at_op_ends: u64,
    /// Needed bytes averaged over the run.
    pub mean_needed_bytes: f64,
    /// Bytes that left it.
    pub read_bytes: u64,
    /// The same by class.
    pub read_bytes_by_class: ByClass,
    /// Bytes that entered it.
    pub write_bytes: u64,
    /// The same by class.
    pub write_bytes_by_class: ByClass,
    /// Needed bytes that had to leave for lack of room.
    pub evicted_needed_bytes: u64,
}

/// Bytes by what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ByClass {
    /// Parameters of the model.
    pub weight: u64,
    /// Results that later operators read.
    pub activation: u64,
    /// Keys and values.
    pub kv: u64,
    /// Attention scores.
    pub score: u64,
}

/// Off-chip totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct DramSummary {
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub write_bytes: u64,
    /// Bytes that must be read however large the memories are.
    pub unavoidable_read_bytes: u64,
    /// Bytes that must be written.
    pub unavoidable_write_bytes: u64,
}

impl Summary {
    /// The answers of `run`.
    pub fn of(run: &Run) -> Self {
        let statistics = &run.statistics;
        let memories = statistics.memories.iter().zip(&run.occupancy);
        Self {
            schema: schema::SUMMARY,
            workload: run.workload.name.clone(),
            accelerator: run.accelerator.name.clone(),
            choices: run.choices.clone(),
            outcome: statistics.outcome.clone(),
            cycles: statistics.cycles.0,
            milliseconds: run.milliseconds(),
            macs: statistics.macs_useful,
            macs_issued: statistics.macs_issued,
            cycles_to_first_token: statistics.latency.map(|l| l.first_token.0),
            cycles_per_token: statistics.latency.and_then(|l| l.cycles_per_token),
            memories: memories.map(|(m, o)| MemorySummary::of(m, o.capacity)).collect(),
            dram: DramSummary::of(&statistics.dram),
            arrays: statistics.arrays.clone(),
            vector: statistics.vector.clone(),
            roofline: statistics.roofline,
        }
    }
}

impl MemorySummary {
    fn of(memory: &MemoryStatistics, capacity: Option<Bytes>) -> Self {
        let total = |by_class: &[Bytes; 4]| by_class.iter().copied().sum::<Bytes>().0;
        Self {
            name: memory.name.clone(),
            capacity_bytes: capacity.map(|c| c.0),
            peak_needed_bytes: memory.peak_needed.bytes.0,
            peak_needed_cycle: memory.peak_needed.cycle.0,
            peak_needed_bytes_by_class: memory.peak_needed.by_class.into(),
            peak_used_bytes: memory.peak_used.bytes.0,
            peak_needed_bytes_at_op_ends: memory.peak_needed_at_op_ends.0,
            mean_needed_bytes: memory.mean_needed_bytes,
            read_bytes: total(&memory.read_bytes),
            read_bytes_by_class: memory.read_bytes.into(),
            write_bytes: total(&memory.write_bytes),
            write_bytes_by_class: memory.write_bytes.into(),
            evicted_needed_bytes: memory.evicted_needed.0,
        }
    }
}

impl DramSummary {
    /// The totals without the ports.
    pub fn of(dram: &DramStatistics) -> Self {
        Self {
            read_bytes: dram.read_bytes.0,
            write_bytes: dram.write_bytes.0,
            unavoidable_read_bytes: dram.unavoidable_read_bytes.0,
            unavoidable_write_bytes: dram.unavoidable_write_bytes.0,
        }
    }
}

impl From<[Bytes; 4]> for ByClass {
    fn from(bytes: [Bytes; 4]) -> Self {
        let of = |class: Class| bytes[class as usize].0;
        Self {
            weight: of(Class::Weight),
            activation: of(Class::Activation),
            kv: of(Class::Kv),
            score: of(Class::Score),
        }
    }
}
