//! What computes: systolic arrays, a vector unit, on-chip memories and DRAM.

mod memories;
mod model;
mod parse;
mod place;
mod routing;
mod text;

pub use model::{
    Accelerator, Array, Dataflow, Dispatch, Dram, Fill, Memory, Overlap, Reclaim, Replacement, Serves, VectorUnit,
    Victims,
};
pub use routing::Access;
