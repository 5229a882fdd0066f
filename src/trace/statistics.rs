//! Totals, peaks and times of a run.

use crate::ids::{ArrayId, OpId};
use crate::units::{Bytes, Cycles};
use crate::workload::{Class, PhaseKind};
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
    /// The vector unit.
    pub vector: VectorStatistics,
    /// Lower bounds of `cycles`: the busiest unit's computation, and all bytes at the full rate of their ports.
    pub roofline: Roofline,
    /// Per phase of the inference, in program order; empty for a workload without phases.
    pub phases: Vec<PhaseStatistics>,
    /// Time to the first token and time per token; none for a workload that makes no token.
    pub latency: Option<TokenLatency>,
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
    /// The words by port, class and kind of op, without rows of nothing.
    pub words: Vec<WordCount>,
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ArrayStatistics {
    /// Name.
    pub name: String,
    /// Cycles in which it computed.
    pub active: Cycles,
    /// Cycles in which it waited, by cause.
    pub stalls: Stalls,
    /// Cycles after its last op: active, stalls and idle cycles are all cycles of the run.
    pub idle: Cycles,
    /// Multiplications and additions that it carried out.
    pub macs: u64,
    /// Share of the cycles of its processing elements in which they multiplied: MACs / (rows · columns · cycles of the run).
    pub utilisation: f64,
}

/// Totals of the vector unit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VectorStatistics {
    /// Cycles in which it computed.
    pub active: Cycles,
    /// Cycles in which it waited, by cause.
    pub stalls: Stalls,
    /// Cycles after its last op: active, stalls and idle cycles are all cycles of the run.
    pub idle: Cycles,
}

impl VectorStatistics {
    /// With `cycles` more in which it computed for arrays, while it waited for ops of its own or had none.
    pub fn and_for_arrays(mut self, cycles: u64) -> Self {
        let waiting = self.stalls.dependency.0.min(cycles);
        self.active += Cycles(cycles);
        self.stalls.dependency = Cycles(self.stalls.dependency.0 - waiting);
        self.idle = Cycles(self.idle.0.saturating_sub(cycles - waiting));
        self
    }
}

/// Cycles in which a unit waited, by what it waited for.
///
/// Inside an op, each cycle between two computations (or between the last one and the end of the op) belongs to the transfer whose
/// end let the unit go on, or to the write that this transfer had to wait for, by what that transfer did in the cycle: it waited
/// for a port, was brought from DRAM, or moved. A transfer that waits counts as waiting for a port until it has been refused for
/// another reason (a busy DRAM port, room to be made, the same bytes already on their way); from then on as DRAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Stalls {
    /// An operand moved from the memory to the unit.
    pub operand_fetch: Cycles,
    /// A result moved to the memory.
    pub result_write: Cycles,
    /// A transfer was ready and every port was busy.
    pub port_conflict: Cycles,
    /// Bytes were brought from, saved to or copied to a level above, or waited for that.
    pub dram: Cycles,
    /// Between ops: the inputs of the next op were not finished.
    pub dependency: Cycles,
}

impl Stalls {
    /// All of them.
    pub fn total(&self) -> Cycles {
        self.operand_fetch + self.result_write + self.port_conflict + self.dram + self.dependency
    }
}

impl std::ops::AddAssign for Stalls {
    fn add_assign(&mut self, other: Self) {
        self.operand_fetch += other.operand_fetch;
        self.result_write += other.result_write;
        self.port_conflict += other.port_conflict;
        self.dram += other.dram;
        self.dependency += other.dependency;
    }
}

/// Words of one port, class and kind of op.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WordCount {
    /// The port.
    pub port: u32,
    /// Class of the tensor.
    pub class: Class,
    /// Kind of the op that caused the transfer: `matmul`, or the name of a vector operator.
    pub op: String,
    /// Words that left the memory.
    pub read: u64,
    /// Words that entered it.
    pub written: u64,
}

/// What bounds a time from below, in cycles (Williams, Waterman and Patterson, "Roofline", Communications of the ACM 52(4), 2009).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Roofline {
    /// Computation without any wait.
    pub array: Cycles,
    /// Words of the busiest memory over all its ports.
    pub port: Cycles,
    /// Bursts from DRAM, and words copied to it, over all its ports.
    pub dram: Cycles,
}

/// What binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    /// Processing elements or lanes.
    Array,
    /// Ports of an on-chip memory.
    Port,
    /// The channel.
    Dram,
}

impl Roofline {
    /// The greatest of the bounds: no run takes less.
    pub fn bound(&self) -> Cycles {
        self.array.max(self.port).max(self.dram)
    }

    /// Which bound is the greatest; of equal ones the first of array, port, DRAM.
    pub fn binds(&self) -> Resource {
        match self.bound() {
            bound if bound == self.array => Resource::Array,
            bound if bound == self.port => Resource::Port,
            _ => Resource::Dram,
        }
    }
}

/// Totals of one phase: from the end of the phase before to the end of its own last op.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PhaseStatistics {
    /// Which part of the inference.
    pub kind: PhaseKind,
    /// Its name: `prefill`, `token 1` …
    pub name: String,
    /// First cycle.
    pub start: Cycles,
    /// First cycle after it.
    pub end: Cycles,
    /// Multiplications and additions that its results depend on.
    pub macs_useful: u64,
    /// Multiplications and additions that the arrays carried out.
    pub macs_issued: u64,
    /// Most bytes needed at once in each on-chip memory, in the order of the memories.
    pub peak_needed: Vec<Bytes>,
    /// Bytes its ops read from DRAM.
    pub dram_read_bytes: Bytes,
    /// Bytes its ops wrote to DRAM.
    pub dram_write_bytes: Bytes,
    /// Lower bounds of its length.
    pub roofline: Roofline,
}

impl PhaseStatistics {
    /// How long it took.
    pub fn cycles(&self) -> Cycles {
        self.end - self.start
    }
}

/// When tokens come.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TokenLatency {
    /// Cycles to the first token: the end of the prefill, which computes it.
    pub first_token: Cycles,
    /// Tokens made one by one after it.
    pub decoded_tokens: u64,
    /// Mean cycles of each of those; none if there are none.
    pub cycles_per_token: Option<f64>,
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
    /// Multiplications and additions that the array carried out.
    pub macs: u64,
    /// Lower bounds of its length.
    pub roofline: Roofline,
    /// Array it ran on; none for work of the vector unit and for ops that only rename.
    pub array: Option<ArrayId>,
}
