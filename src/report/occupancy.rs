//! Occupancy over time.

use super::decimate::{Column, decimate};
use crate::trace::Run;
use crate::units::Bytes;
use serde::Serialize;

/// Buckets of a curve in the page; the script thins out further for the stretch in view.
const BUCKETS: usize = 6000;

/// One memory of one run.
#[derive(Debug, Serialize)]
pub(super) struct Curve {
    title: String,
    memory: String,
    clock_hz: u64,
    capacity: Option<u64>,
    end: u64,
    /// Changes there were.
    changes: usize,
    /// Changes in the page.
    shown: usize,
    peak: PeakMark,
    mean_needed: f64,
    column: Column,
}

#[derive(Debug, Serialize)]
struct PeakMark {
    cycle: u64,
    bytes: u64,
}

/// Curves of all memories of all runs.
pub(super) fn curves(runs: &[&Run]) -> Vec<Curve> {
    runs.iter().flat_map(|run| (0..run.occupancy.len()).map(|memory| curve(run, memory))).collect()
}

fn curve(run: &Run, memory: usize) -> Curve {
    let occupancy = &run.occupancy[memory];
    let column = decimate(occupancy, BUCKETS);
    let name = run.accelerator.memories.get(occupancy.memory.index()).map_or_else(String::new, |m| m.name.clone());
    let statistics = run.statistics.memories.get(occupancy.memory.index());
    Curve {
        title: run.workload.name.clone(),
        memory: name,
        clock_hz: run.accelerator.clock.0,
        capacity: occupancy.capacity.map(|Bytes(bytes)| bytes),
        end: occupancy.end.0,
        changes: occupancy.changes.len(),
        shown: column.cycle.len(),
        peak: statistics.map_or(PeakMark { cycle: 0, bytes: 0 }, |memory| PeakMark {
            cycle: memory.peak_needed.cycle.0,
            bytes: memory.peak_needed.bytes.0,
        }),
        mean_needed: statistics.map_or(0.0, |memory| memory.mean_needed_bytes),
        column,
    }
}
