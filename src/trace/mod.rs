//! What a run records: the access graph, lifetimes, occupancy over time and statistics.

mod access;
mod lifetime;
mod occupancy;
mod run;
mod statistics;
mod tables;

pub use access::{AccessGraph, Node, NodeKind, Operand, Predecessor, Predecessors};
pub use lifetime::Lifetime;
pub use occupancy::{Occupancy, OccupancyChange, OpEnd};
pub use run::Run;
pub use statistics::{ArrayStatistics, DramStatistics, MemoryStatistics, OpTiming, Outcome, Peak, Statistics};
