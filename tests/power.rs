//! Stimulus, placement, reference model and replay.

pub mod generators;
mod ideal;
mod placement;
mod reference;
mod runs;
mod wake;
