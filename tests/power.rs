//! Stimulus, placement, reference model and replay.

pub mod generators;
mod ideal;
pub mod longest_stall;
mod placement;
mod reference;
mod runs;
mod wake;
