//! A simulated run: everything Stage II and co-simulation need.

use super::{AccessGraph, Lifetime, Occupancy, Statistics};
use crate::accelerator::Accelerator;
use crate::workload::Workload;

/// What one workload did on one accelerator.
#[derive(Debug, Clone)]
pub struct Run {
    /// What ran.
    pub workload: Workload,
    /// On what it ran.
    pub accelerator: Accelerator,
    /// Every transfer and the work between them.
    pub accesses: AccessGraph,
    /// Residences; a [`crate::ids::LifetimeId`] is an index into it.
    pub lifetimes: Vec<Lifetime>,
    /// One for each on-chip memory.
    pub occupancy: Vec<Occupancy>,
    /// Totals, peaks, times.
    pub statistics: Statistics,
}
