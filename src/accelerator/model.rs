//! The checked accelerator; every value is in range and nothing is optional that the simulator needs.

use crate::ids::MemoryId;
use crate::units::{Bytes, Cycles, Hertz, Picojoules};
use serde::{Deserialize, Serialize};

/// An accelerator.
#[derive(Debug, Clone, PartialEq)]
pub struct Accelerator {
    /// Name, shown in results.
    pub name: String,
    /// Clock of everything on chip.
    pub clock: Hertz,
    /// Systolic arrays, at least one.
    pub arrays: Vec<Array>,
    /// Unit for everything that is not a matrix product.
    pub vector: VectorUnit,
    /// On-chip memories; each holds what [`Memory::serves`] says, and its contents come from the one it names as above it.
    pub memories: Vec<Memory>,
    /// Off-chip memory.
    pub dram: Dram,
    /// How ops are handed to arrays.
    pub dispatch: Dispatch,
}

/// A systolic array.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Name, shown in results.
    pub name: String,
    /// Processing element rows.
    pub rows: u32,
    /// Processing element columns.
    pub columns: u32,
    /// What stays in the processing elements.
    pub dataflow: Dataflow,
    /// Depth of the operand buffers: steps along K of an output-stationary temporal tile; rows of A (weight-stationary) or columns
    /// of B (input-stationary) that are streamed at a time.
    pub buffer_length: u32,
    /// Partial sums that each column of an array keeps between folds along K when A or B is stationary; `None` is all of them. An
    /// output-stationary array keeps them in the processing elements, whatever this says.
    pub accumulator_rows: Option<u32>,
    /// Whether fetches overlap computation.
    pub overlap: Overlap,
    /// Whether an edge tile fills only the rows and columns it uses.
    pub fill: Fill,
}

/// What stays in the processing elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dataflow {
    /// Partial sums: each processing element makes one output.
    OutputStationary,
    /// A tile of B: K along the rows, N along the columns. Rows of A stream through.
    WeightStationary,
    /// A tile of A: K along the rows, M along the columns. Columns of B stream through.
    InputStationary,
}

/// Whether fetches overlap computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    /// Fetch, compute, write, one after the other.
    Serial,
    /// Two halves per operand buffer.
    DoubleBuffered,
}

/// Whether an edge tile fills only the rows and columns it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// The rows and columns that the tile uses count.
    Edge,
    /// All rows and columns of the array count.
    Full,
}

/// The vector unit.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorUnit {
    /// Elements a cycle and pass.
    pub lanes: u32,
    /// Size of a chunk, all inputs together.
    pub buffer: Bytes,
}

/// An on-chip memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    /// Name, shown in results.
    pub name: String,
    /// Capacity; `None` answers "how much would it want?".
    pub capacity: Option<Bytes>,
    /// Equal ports, each serving one transfer at a time.
    pub ports: u32,
    /// Width of a port.
    pub port_bits: u32,
    /// Cycles of a transfer besides its beats.
    pub latency: Cycles,
    /// Which victim is chosen first.
    pub replacement: Replacement,
    /// Whether obsolete data goes before needed data.
    pub victims: Victims,
    /// When obsolete bytes become free.
    pub reclaim: Reclaim,
    /// The memory that a miss goes to and evicted bytes are saved in; `None`: DRAM.
    pub above: Option<MemoryId>,
    /// Whose data it holds.
    pub serves: Serves,
}

/// Which accesses a memory serves: those of any of its units, operands and classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serves {
    /// Places of arrays in [`Accelerator::arrays`], ascending, the vector unit's place being their number; empty: all.
    pub units: Vec<u32>,
    /// Left operand (the first of a vector op), right operand (the others), result.
    pub operands: [bool; 3],
    /// Weights, activations, keys and values, scores: the order of the workload's classes.
    pub classes: [bool; 4],
}

impl Default for Serves {
    /// Everything.
    fn default() -> Self {
        Self { units: Vec::new(), operands: [true; 3], classes: [true; 4] }
    }
}

/// Which victim is chosen first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Replacement {
    /// Least recently used.
    Lru,
    /// First in, first out: the tensor whose oldest residence began first.
    Fifo,
    /// Farthest next use in the order of ops, which is known; what is never used again goes first.
    Belady,
}

/// Whether obsolete data goes before needed data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Victims {
    /// Obsolete, clean, dirty.
    ObsoleteFirst,
    /// By the replacement policy alone.
    Any,
}

/// When obsolete bytes become free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reclaim {
    /// When something overwrites them.
    Lazy,
    /// At once: what is used again in a later step has to be fetched again.
    Eager,
}

/// Off-chip memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Dram {
    /// Cycles of the accelerator's clock before the first burst.
    pub latency: Cycles,
    /// Width of the channel.
    pub channel_bits: u32,
    /// Transfers a second on the channel.
    pub transfers_per_second: u64,
    /// Transfers of a burst.
    pub burst: u32,
    /// Accesses in progress at a time.
    pub ports: u32,
    /// Energy of a bit moved; required by Stage II once a run spills or reloads.
    pub energy_per_bit: Option<Picojoules>,
}

/// How ops are handed to arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dispatch {
    /// Matmuls go to the arrays in turn, one that waits for the matmul before it to that one's array; each array runs its list in order.
    RoundRobin,
    /// An idle array takes the next ready op.
    Greedy,
}

impl Array {
    /// Largest side of an array.
    pub const LARGEST_SIDE: u32 = 65_536;
}

impl Memory {
    /// Requests of a transfer of `bytes`: words of the port's width.
    pub fn requests(&self, bytes: Bytes) -> u64 {
        (bytes.0 * 8).div_ceil(u64::from(self.port_bits))
    }

    /// Time of a transfer of `bytes` over one port.
    pub fn transfer_cycles(&self, bytes: Bytes) -> Cycles {
        self.latency + Cycles(self.requests(bytes))
    }
}

impl Dram {
    /// Time of an access of `bytes`: latency plus whole bursts at the channel's rate, rounded up once.
    pub fn cycles(&self, bytes: Bytes, clock: Hertz) -> Cycles {
        let bursts = (bytes.0 * 8).div_ceil(u64::from(self.burst) * u64::from(self.channel_bits));
        let transfers = u128::from(bursts) * u128::from(self.burst);
        let cycles = (transfers * u128::from(clock.0)).div_ceil(u128::from(self.transfers_per_second));
        self.latency + Cycles(cycles as u64)
    }
}
