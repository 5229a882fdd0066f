//! Stage II: tries bank organisations and gating policies on runs, and selects.

pub mod gap;
pub mod intervals;
pub mod oracle;
mod study;
mod study_file;
pub mod tabulate;

pub use study::{Objective, PlacementRule, PolicyRule, PortShape, Study, Threshold};
