//! Traces of other tools as runs that hold an occupancy and nothing else.

mod csv;
mod samples;
mod transinfersim;

pub use transinfersim::{Given, transinfersim};
