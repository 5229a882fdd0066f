//! What a run records: the access graph, lifetimes, occupancy over time and statistics.

mod access;
mod changes;
mod lifetime;
mod occupancy;
mod repetition;
mod run;
mod statistics;
mod tables;

pub use access::{AccessGraph, Node, NodeKind, Nodes, Operand, Predecessor, Predecessors};
pub use changes::{Changes, Mark};
pub use lifetime::Lifetime;
pub use occupancy::{Occupancy, OccupancyChange, OpEnd};
pub use repetition::{Renumbering, Repetition};
pub use run::Run;
pub use statistics::{ArrayStatistics, DramStatistics, MemoryStatistics, OpTiming, Outcome, Peak, Statistics};
