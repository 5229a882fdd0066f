//! What a run records: the access graph, lifetimes, occupancy over time and statistics.

mod access;
mod changes;
mod choices;
pub mod comparison;
mod curve;
pub mod export;
pub mod import;
mod imported;
mod lifetime;
mod occupancy;
pub mod profile;
mod repetition;
mod run;
mod statistics;
pub mod summary;
mod tables;

pub use access::{AccessGraph, Node, NodeKind, Nodes, Operand, Predecessor, Predecessors};
pub use changes::{Changes, Mark};
pub use choices::Choices;
pub use curve::curve;
pub use lifetime::Lifetime;
pub use occupancy::{Occupancy, OccupancyChange, OpEnd};
pub use repetition::{Renumbering, Repetition};
pub use run::Run;
pub use statistics::{
    ArrayStatistics, DramStatistics, MemoryStatistics, OpTiming, Outcome, Peak, PhaseStatistics, Resource, Roofline,
    Stalls, Statistics, TokenLatency, VectorStatistics, WordCount,
};
