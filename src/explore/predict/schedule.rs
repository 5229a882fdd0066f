//! When the host starts each table of a schedule, and when its entries are applied.

use super::agenda::NEVER;
use super::target::Level;
use crate::power::{Controller, Operation, StartTable};

/// The host that writes and starts the tables, and the player that applies their entries.
pub(super) struct Tables<'a> {
    tables: &'a [StartTable],
    /// The table that starts next.
    next: usize,
    /// First cycle in which it is written and may start.
    ready: u64,
    /// For each table, the first cycle in which its anchor asserts a request.
    asserted: Vec<u64>,
    /// Anchors by node, each with its table.
    anchors: Vec<(u32, usize)>,
    /// Start of the table that is played, and the next entry of it.
    base: u64,
    entry: usize,
}

impl<'a> Tables<'a> {
    /// Table 0 is written from cycle 0 on.
    pub(super) fn new(tables: &'a [StartTable], controller: &Controller) -> Self {
        let tables = controller.policy.played(tables);
        let mut anchors = Vec::new();
        for (table, start) in tables.iter().enumerate() {
            anchors.extend(start.anchor.map(|node| (node.0, table)));
        }
        anchors.sort_unstable();
        let asserted = tables.iter().map(|table| if table.anchor.is_none() { 0 } else { NEVER }).collect();
        let ready = tables.first().map_or(NEVER, |table| table.entries.len() as u64 + 1);
        Self { tables, next: 0, ready, asserted, anchors, base: 0, entry: 0 }
    }

    /// A transfer asserts its first request.
    pub(super) fn assert(&mut self, node: u32, cycle: u64) {
        let first = self.anchors.partition_point(|(anchor, _)| *anchor < node);
        for (_, table) in self.anchors[first..].iter().take_while(|(anchor, _)| *anchor == node) {
            self.asserted[*table] = cycle;
        }
    }

    /// Cycle of the next start, as far as it is known.
    pub(super) fn next_start(&self) -> u64 {
        self.asserted.get(self.next).map_or(NEVER, |asserted| (*asserted).max(self.ready))
    }

    /// The next table starts.
    pub(super) fn start(&mut self, cycle: u64) {
        (self.base, self.entry) = (cycle, 0);
        self.next += 1;
        self.ready = self.tables.get(self.next).map_or(NEVER, |table| cycle + 2 + table.entries.len() as u64);
    }

    /// Cycle from `from` on in which the next entry is applied, if no start comes before.
    pub(super) fn next_entry(&self, from: u64) -> u64 {
        let playing = self.next.checked_sub(1).map(|table| &self.tables[table]);
        let entry = playing.and_then(|table| table.entries.get(self.entry));
        entry.map_or(NEVER, |entry| from.max(self.base.saturating_add(entry.delta)))
    }

    /// Applies the next entry: its domain and what that is told.
    pub(super) fn apply(&mut self) -> Option<(usize, Level)> {
        let entry = self.tables.get(self.next.checked_sub(1)?)?.entries.get(self.entry)?;
        self.entry += 1;
        let level = match entry.operation {
            Operation::Prewake => Level::On,
            Operation::Light => Level::Light,
            Operation::Retain => Level::Retention,
            Operation::Off => Level::Off,
        };
        Some((entry.domain as usize, level))
    }
}
