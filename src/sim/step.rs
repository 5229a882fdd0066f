//! One step of a unit: fetch operands, compute, perhaps write. An array's step is a temporal tile, or a chunk of the stream past a
//! stationary tile; the vector unit's is a chunk.

use super::array::{MatmulWalk, TileBuffer};
use super::attention::AttentionWalk;
use super::layout::Rect;
use super::operands::{MOST_INPUTS, OperandLayout};
use super::stationary::StationaryWalk;
use super::vector::VectorWalk;

/// An operand of one step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StepOperand {
    /// Its place in the tensor.
    pub rect: Rect,
    /// Bytes that move.
    pub bytes: u32,
    /// Whether it has to be fetched, or is still in the operand buffer.
    pub fetch: bool,
    /// Whether the op uses it for the last time.
    pub last_use: bool,
}

/// One step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Step {
    /// Operands; the first `inputs` count.
    pub operands: [StepOperand; MOST_INPUTS],
    /// How many operands.
    pub inputs: u8,
    /// Cycles of computation.
    pub cycles: u32,
    /// Whether the vector unit computes, for an array.
    pub vector: bool,
    /// First of its spatial tile: it needs room for another result.
    pub first: bool,
    /// Last of its spatial tile: something is written after it.
    pub last: bool,
    /// Number of its spatial tile: of its write.
    pub spatial: u64,
    /// Whether what is written are partial sums, which come back.
    pub partial: bool,
    /// The last operand are partial sums that this write saved.
    pub reads_back: Option<u64>,
    /// Part of the result that exists once the tile is written.
    pub write: Option<Rect>,
    /// Bytes of the result that move.
    pub write_bytes: u32,
}

/// The steps of an op.
#[derive(Debug, Clone)]
pub enum Walk {
    /// On an array.
    Matmul(MatmulWalk),
    /// On an array that holds a tile of A or B.
    Stationary(StationaryWalk),
    /// On an array and the vector unit in turn.
    Attention(AttentionWalk),
    /// On the vector unit.
    Vector(VectorWalk),
}

impl Walk {
    /// How many steps.
    pub fn steps(&self) -> u64 {
        match self {
            Walk::Matmul(walk) => walk.steps(),
            Walk::Stationary(walk) => walk.folds().steps(),
            Walk::Attention(walk) => walk.steps(),
            Walk::Vector(walk) => walk.steps(),
        }
    }

    /// How many results are written.
    pub fn spatial_tiles(&self) -> u64 {
        match self {
            Walk::Matmul(walk) => walk.spatial_tiles(),
            Walk::Stationary(walk) => walk.folds().writes(),
            Walk::Attention(walk) => walk.spatial_tiles(),
            Walk::Vector(walk) => walk.steps(),
        }
    }

    /// Multiplications and additions of the op.
    pub fn macs_issued(&self) -> u64 {
        match self {
            Walk::Matmul(walk) => walk.macs_issued(),
            Walk::Stationary(walk) => walk.folds().macs_issued(),
            Walk::Attention(walk) => walk.macs_issued(),
            Walk::Vector(_) => 0,
        }
    }

    /// The next step.
    pub fn next(&mut self, inputs: &[OperandLayout], out: &OperandLayout, buffers: &mut [TileBuffer; 2]) -> Step {
        match self {
            Walk::Matmul(walk) => walk.next(inputs, out, buffers),
            Walk::Stationary(walk) => walk.next(inputs, out, buffers),
            Walk::Attention(walk) => walk.next(inputs, out, buffers),
            Walk::Vector(walk) => walk.next(inputs, out),
        }
    }
}
