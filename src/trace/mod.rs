//! What a run records: the access graph, lifetimes, occupancy over time and statistics.

mod access;
mod lifetime;
mod occupancy;

pub use access::{AccessGraph, Node, NodeKind, Operand, Predecessor, Predecessors};
pub use lifetime::Lifetime;
pub use occupancy::{Occupancy, OccupancyChange};
mod run;
mod statistics;

pub use run::Run;
pub use statistics::{ArrayStatistics, DramStatistics, MemoryStatistics, OpTiming, Outcome, Peak, Statistics};
