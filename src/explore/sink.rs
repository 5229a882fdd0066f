//! The tables of all points, written row group by row group while points are evaluated.

use super::point::{Detailed, Point, WorkloadPoint};
use crate::error::{Error, Result};
use crate::table::{Table, write_groups};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Rows of a row group.
const ROWS: usize = 1 << 14;

/// Takes points in their order.
pub(super) struct Sink {
    points: Rows<Point>,
    workloads: Rows<WorkloadPoint>,
}

/// Rows on their way to a file.
struct Rows<T> {
    group: Vec<T>,
    sender: SyncSender<Vec<T>>,
}

impl<T> Rows<T> {
    fn new() -> (Self, Receiver<Vec<T>>) {
        let (sender, receiver) = sync_channel(1);
        (Self { group: Vec::new(), sender }, receiver)
    }

    /// `false` if nobody takes them any more.
    fn add(&mut self, rows: impl IntoIterator<Item = T>) -> bool {
        self.group.extend(rows);
        self.group.len() < ROWS || self.send()
    }

    fn send(&mut self) -> bool {
        self.sender.send(std::mem::take(&mut self.group)).is_ok()
    }
}

impl Sink {
    /// Takes some points.
    ///
    /// # Errors
    /// A file that cannot be written any more; what happened to it is told by [`write`].
    pub fn take(&mut self, points: Vec<Detailed>) -> Result<()> {
        let (points, parts): (Vec<Point>, Vec<Vec<WorkloadPoint>>) = points.into_iter().unzip();
        match self.points.add(points) && self.workloads.add(parts.into_iter().flatten()) {
            true => Ok(()),
            false => Err(Error::Input(Vec::new())),
        }
    }
}

/// Gives `produce` a sink whose points are written to two Parquet files, each by a thread of its own.
///
/// # Errors
/// What cannot be written, and what `produce` returns.
pub(super) fn write<R>(points: &Path, workloads: &Path, produce: impl FnOnce(&mut Sink) -> Result<R>) -> Result<R> {
    std::thread::scope(|scope| {
        let ((point_rows, point_groups), (workload_rows, workload_groups)) = (Rows::new(), Rows::new());
        let files = [
            scope.spawn(move || write_groups(points, point_groups.iter().map(|rows| Point::stored(&rows)))),
            scope
                .spawn(move || write_groups(workloads, workload_groups.iter().map(|rows| WorkloadPoint::table(&rows)))),
        ];
        let mut sink = Sink { points: point_rows, workloads: workload_rows };
        let produced = produce(&mut sink);
        // What is left, and the columns of a table without rows.
        let _ = sink.points.send() && sink.workloads.send();
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
