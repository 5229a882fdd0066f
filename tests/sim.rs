//! The simulator against its record, against a naive model, and against what must hold for any simulation.

mod capacity;
mod dataflow;
mod decode;
pub mod fixtures;
mod memories;
pub mod naive;
mod properties;
mod repetition;
mod replay;
mod statistics;
mod tiled;
mod trains;
