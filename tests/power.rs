//! Stimulus, placement, reference model and replay.

pub mod generators;
mod reference;
