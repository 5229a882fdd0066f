//! The tables of all points, written row group by row group while points are evaluated.

use super::block::Block;
use super::point::{PointColumns, WorkloadColumns};
use crate::error::{Error, Result};
use crate::table::{Table, write_groups};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

/// Rows of a row group.
const ROWS: usize = 1 << 14;

/// Takes points in their order.
pub(super) struct Sink {
    /// What belongs to the next row group.
    group: Block,
    points: SyncSender<PointColumns>,
    workloads: SyncSender<WorkloadColumns>,
}

impl Sink {
    /// Takes some points.
    ///
    /// # Errors
    /// A file that cannot be written any more; what happened to it is told by [`write`].
    pub fn take(&mut self, block: Block) -> Result<()> {
        self.group.points.append(&block.points);
        self.group.parts.append(&block.parts);
        match self.group.points.rows() < ROWS || self.send() {
            true => Ok(()),
            false => Err(Error::Input(Vec::new())),
        }
    }

    /// `false` if nobody takes them any more.
    fn send(&mut self) -> bool {
        let Block { points, parts, .. } = std::mem::take(&mut self.group);
        self.points.send(points).is_ok() && self.workloads.send(parts).is_ok()
    }
}

/// Gives `produce` a sink whose points are written to two Parquet files, each by a thread of its own.
///
/// # Errors
/// What cannot be written, and what `produce` returns.
pub(super) fn write<R>(points: &Path, workloads: &Path, produce: impl FnOnce(&mut Sink) -> Result<R>) -> Result<R> {
    std::thread::scope(|scope| {
        let ((point_rows, point_groups), (workload_rows, workload_groups)) = (sync_channel(1), sync_channel(1));
        let files = [
            scope
                .spawn(move || write_groups(points, point_groups.iter().map(|rows| stored(PointColumns::table(rows))))),
            scope.spawn(move || write_groups(workloads, workload_groups.iter().map(WorkloadColumns::table))),
        ];
        let mut sink = Sink { group: Block::default(), points: point_rows, workloads: workload_rows };
        let produced = produce(&mut sink);
        // What is left, and the columns of a table without rows.
        let _ = sink.send();
        drop(sink);
        for file in files {
            file.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        produced
    })
}

/// A table as it is stored: without what is known only when all points are.
pub(super) fn stored(table: Table) -> Table {
    table.without(&LATER)
}

/// A stored table with the columns that are not.
pub(super) fn completed(table: Table) -> Table {
    let rows = table.rows();
    let [on_front, energy, cycles] = LATER;
    table.integers(on_front, vec![0; rows]).floats(energy, vec![0.0; rows]).integers(cycles, vec![0; rows])
}

/// Columns of a point that `exploration.json` tells: front and predictions.
const LATER: [&str; 3] = ["on_front", "predicted_energy_pj", "predicted_cycles"];
