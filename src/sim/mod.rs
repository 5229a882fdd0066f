//! The transaction-level simulator: when every on-chip byte is needed, who owns it, how often it is touched, and how long
//! inference takes.
//!
//! Work is proportional to transactions: there is no loop over cycles and no matrix of bytes. [`simulate`] plays the ops of a
//! [`Workload`] on an [`Accelerator`] and returns a [`Run`]; a working set that does not fit ends it with
//! [`crate::trace::Outcome::Thrashing`], which is an answer, not an error.
//!
//! Order within a cycle: transfers and computations that end, then ops that start, then transfers that start, in the order
//! (ready time, op order, results before operands, step, A before B). Ports are taken lowest index first.

mod agenda;
mod array;
mod attention;
mod contents;
mod dependency;
mod dispatch;
mod engine;
mod eviction;
mod folds;
pub mod gemm;
mod grid;
mod in_place;
mod labels;
mod layout;
mod level;
mod lru;
mod occupancy;
mod operands;
mod order;
mod phases;
mod ports;
mod record;
mod replay;
mod request;
mod residency;
mod rows;
mod running;
mod setup;
mod stationary;
mod statistics;
mod step;
mod store;
pub mod tiling;
mod traffic;
mod trains;
mod transfer;
mod vector;
mod wait;

use crate::accelerator::Accelerator;
use crate::error::Result;
use crate::ids::LifetimeId;
use crate::trace::Run;
use crate::workload::{KvRelease, Lowering, WeightRelease, Workload};

/// What the run keeps and when it gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Until when keys and values are needed.
    pub kv: KvRelease,
    /// Until when weights are needed.
    pub weights: WeightRelease,
    /// Most events before the run is refused as too long; 0 is no limit.
    pub most_events: u64,
    /// Whether layers that repeat are simulated once; the result is the same either way.
    pub replay: bool,
    /// Whether trains of tiles are carried out at once; the result is the same either way.
    pub trains: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { kv: KvRelease::Released, weights: WeightRelease::Streamed, most_events: 0, replay: true, trains: true }
    }
}

impl Options {
    /// What a lowering asks of the run.
    pub fn of(lowering: &Lowering) -> Self {
        Self { kv: lowering.kv, weights: lowering.weights, ..Self::default() }
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Simulated cycles.
    pub cycles: u64,
    /// Ops that have ended.
    pub ops_ended: usize,
    /// All ops.
    pub ops: usize,
}

/// Watches a simulation; costs nothing where it is not used.
pub trait Probe: std::fmt::Debug {
    /// Whether it wants to hear of every change; if not, layers that repeat need not be simulated one by one.
    fn observes(&self) -> bool {
        true
    }

    /// So many events were not played one by one, because they are those of a train of tiles.
    fn rode(&mut self, _events: u64) {}

    /// From `cycle` on, `needed` bytes of a residence are needed (the last call in a cycle counts).
    fn lifetime_bytes(&mut self, cycle: u64, lifetime: LifetimeId, needed: u64);
}

impl Probe for () {
    fn observes(&self) -> bool {
        false
    }

    fn lifetime_bytes(&mut self, _: u64, _: LifetimeId, _: u64) {}
}

/// Runs a workload on an accelerator; `progress` hears of every op that ends.
///
/// # Errors
/// If the workload and the accelerator do not fit together: more than one memory, a shape or a schedule that is wrong, an order
/// of ops in which none can start, or more events than `options.most_events`.
pub fn simulate(
    workload: &Workload,
    accelerator: &Accelerator,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Run> {
    simulate_observed(workload, accelerator, options, progress, &mut ())
}

/// [`simulate`] with an observer.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_observed<P: Probe>(
    workload: &Workload,
    accelerator: &Accelerator,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
    probe: &mut P,
) -> Result<Run> {
    setup::check(workload, accelerator)?;
    engine::run(workload, accelerator, options, progress, probe)
}
