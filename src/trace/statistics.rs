//! Totals, peaks and times of a run.

use crate::ids::{ArrayId, OpId};
use crate::units::{Bytes, Cycles};
use serde::{Deserialize, Serialize};

/// How a run ended. A working set that does not fit is an answer, not an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every op finished.
    Finished,
    /// The bytes an op needs at once do not fit.
    Thrashing {
        /// The op.
        op: String,
        /// The memory.
        memory: String,
        /// Bytes it lacks.
        lacking: Bytes,
    },
}

/// Totals of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Statistics {
    /// How it ended.
    pub outcome: Outcome,
    /// Length of the run.
    pub cycles: Cycles,
    /// Multiplications and additions that the result depends on (a causal mask leaves out those above the diagonal).
    pub macs_useful: u64,
    /// Multiplications and additions that the arrays carried out.
    pub macs_issued: u64,
    /// Per on-chip memory.
    pub memories: Vec<MemoryStatistics>,
    /// Off chip.
    pub dram: DramStatistics,
    /// Per array.
    pub arrays: Vec<ArrayStatistics>,
    /// Busy cycles of the vector unit.
    pub vector_cycles: Cycles,
    /// Start, end and compute time of every op, in program order.
    pub ops: Vec<OpTiming>,
    /// Events the engine processed.
    pub events: u64,
}

/// Totals of one on-chip memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MemoryStatistics {
    /// Name.
    pub name: String,
    /// Most bytes needed at once, and when.
    pub peak_needed: Peak,
    /// Most bytes there at once, needed or obsolete.
    pub peak_used: Peak,
    /// Most bytes needed at the instants right after an op ended: what a sampled trace would show.
    pub peak_needed_at_op_ends: Bytes,
    /// Needed bytes averaged over the run.
    pub mean_needed_bytes: f64,
    /// Bytes that left it, by class in the order weight, activation, kv, score.
    pub read_bytes: [Bytes; 4],
    /// Bytes that entered it, by class.
    pub write_bytes: [Bytes; 4],
    /// Port-wide words that left it.
    pub read_words: u64,
    /// Port-wide words that entered it.
    pub write_words: u64,
    /// Cycles each port was held.
    pub port_cycles: Vec<Cycles>,
    /// Needed bytes that had to leave for lack of room.
    pub evicted_needed: Bytes,
}

/// A maximum and its circumstances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Peak {
    /// The maximum.
    pub bytes: Bytes,
    /// First cycle it was reached.
    pub cycle: Cycles,
    /// Needed bytes by class at that cycle, in the order weight, activation, kv, score.
    pub by_class: [Bytes; 4],
    /// Ops that ran then.
    pub ops: Vec<String>,
    /// Largest tensors there, with their bytes.
    pub tensors: Vec<(String, Bytes)>,
    /// Needed bytes by layer, largest first; what belongs to no layer is under an empty name.
    pub by_layer: Vec<(String, Bytes)>,
    /// Needed bytes by op, largest first, of the ops with most of them: the op that made the tensor, or, of what came from
    /// DRAM, the first op that reads it.
    pub by_op: Vec<(String, Bytes)>,
}

/// Off-chip totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DramStatistics {
    /// Bytes read.
    pub read_bytes: Bytes,
    /// Bytes written.
    pub write_bytes: Bytes,
    /// Bytes that must be read however large the memory is: every tensor with a home off chip that is used, once.
    pub unavoidable_read_bytes: Bytes,
    /// Bytes that must be written: results with a write-back.
    pub unavoidable_write_bytes: Bytes,
    /// Cycles each port was held.
    pub port_cycles: Vec<Cycles>,
}

/// Totals of one array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ArrayStatistics {
    /// Name.
    pub name: String,
    /// Cycles in which it computed.
    pub active: Cycles,
    /// Cycles inside an op in which it did not compute.
    pub stalled: Cycles,
    /// Cycles without an op.
    pub idle: Cycles,
}

/// When an op ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OpTiming {
    /// The op.
    pub op: OpId,
    /// First cycle.
    pub start: Cycles,
    /// First cycle after it.
    pub end: Cycles,
    /// Cycles of computation.
    pub compute: Cycles,
    /// Array it ran on; none for work of the vector unit and for ops that only rename.
    pub array: Option<ArrayId>,
}
