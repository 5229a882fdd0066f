//! Stage II: tries bank organisations and gating policies on runs, and selects.

pub mod estimate;
pub mod gap;
pub mod intervals;
pub mod oracle;
pub mod pareto;
mod point;
mod study;
mod study_file;
pub mod tabulate;

pub use point::{Point, WorkloadPoint};
pub use study::{Objective, PlacementRule, PolicyRule, PortShape, Study, Threshold};
