//! The host of the schedule player: writes each table while the one before it is played, and starts it with its anchor.

use crate::power::cycle::Scheduling;
use crate::power::{Controller, StartTable, Stimulus};

/// Tables that are being written and started.
#[derive(Debug, Clone)]
pub(super) struct Host<'a> {
    tables: &'a [StartTable],
    /// The table that is written, or waits for its anchor.
    table: usize,
    /// Entries of it that are written.
    written: usize,
    filled: bool,
    /// Anchors by node, each with its table.
    anchors: Vec<(u32, usize)>,
    /// Tables whose anchor has asserted a request.
    due: Vec<bool>,
}

impl<'a> Host<'a> {
    pub(super) fn new(stimulus: &'a Stimulus, controller: &Controller) -> Self {
        let tables = controller.policy.played(&stimulus.tables);
        let anchored = |(table, start): (usize, &StartTable)| start.anchor.map(|node| (node.0, table));
        let mut anchors: Vec<(u32, usize)> = tables.iter().enumerate().filter_map(anchored).collect();
        anchors.sort_unstable();
        let due = tables.iter().map(|table| table.anchor.is_none()).collect();
        Self { tables, table: 0, written: 0, filled: false, anchors, due }
    }

    /// A request of a transfer is asserted.
    pub(super) fn assert(&mut self, node: u32) {
        let first = self.anchors.partition_point(|(anchor, _)| *anchor < node);
        for (_, table) in self.anchors[first..].iter().take_while(|(anchor, _)| *anchor == node) {
            self.due[*table] = true;
        }
    }

    /// What it gives in a cycle, after the requests of the cycle are asserted; to be called once for each evaluated cycle.
    pub(super) fn give(&mut self) -> Scheduling {
        let Some(table) = self.tables.get(self.table) else { return Scheduling::Nothing };
        if let Some(entry) = table.entries.get(self.written) {
            self.written += 1;
            return Scheduling::Write(*entry);
        }
        if !std::mem::replace(&mut self.filled, true) {
            return Scheduling::Filled;
        }
        if !self.due[self.table] {
            return Scheduling::Nothing;
        }
        (self.table, self.written, self.filled) = (self.table + 1, 0, false);
        Scheduling::Start
    }
}
