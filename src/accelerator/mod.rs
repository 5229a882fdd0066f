//! What computes: systolic arrays, a vector unit, on-chip memories and DRAM.

mod model;
mod parse;
mod text;

pub use model::{
    Accelerator, Array, Dataflow, Dispatch, Dram, Fill, Memory, Overlap, Reclaim, Replacement, VectorUnit, Victims,
};
