//! Stage II: tries bank organisations and gating policies on runs, and selects.
//!
//! [`Study`] says what to try, [`explore`] evaluates every combination by an estimate over idle intervals, ranks, and plays the
//! front exactly; [`select`] makes a point a [`crate::power::Design`].

mod block;
mod counted;
pub mod demand;
pub mod estimate;
pub mod evaluate;
mod explain;
mod exploration;
pub mod gap;
mod geometry;
pub mod intervals;
mod keeper;
pub mod kept;
pub mod lengths;
mod limits;
pub mod oracle;
mod page;
pub mod pareto;
mod placed;
mod point;
pub mod predict;
mod prediction;
mod ranking;
mod rows;
pub mod schedule;
mod search;
mod select;
mod sensitivity;
mod sink;
mod study;
mod study_file;
pub mod tabulate;
mod version;

pub use counted::EnergyOfCounters;
pub use explain::{Alternative, DomainKeeper, Explanation, GapBucket, GapCount, explain, schedules};
pub use exploration::{
    Exploration, FrontPoint, InfeasiblePoint, PlacementDigest, PredictedPoint, Summary, Winner, WorkloadSummary,
};
pub use limits::{LatencyLimit, Limits, OutOfReach};
pub use placed::{Placed, Unplaced};
pub use point::{Point, WorkloadPoint};
pub use prediction::controller;
pub use prediction::predict_points;
pub use rows::Rows;
pub use search::{Options, explore, explore_into};
pub use select::{Choice, memory_of, select};
pub use sensitivity::{Crossing, Quantity, Sensitivity};
pub use study::{Objective, PlacementRule, PolicyRule, PortShape, Study, Threshold};
