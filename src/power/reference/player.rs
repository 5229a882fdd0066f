//! The schedule player: two tables, of which one is played while the other is written.

use super::domain::NEVER;
use crate::power::cycle::{Inputs, Scheduling, bits};
use crate::power::{Entry, Operation};

/// Registers of the player.
#[derive(Debug, Clone)]
pub(super) struct SchedulePlayer {
    /// Entries that a half holds; 0: there is no player.
    depth: usize,
    /// Time of the last start.
    base: u64,
    /// The active half, and how much of it was applied.
    active: Vec<Entry>,
    pointer: usize,
    /// The inactive half, and whether it is complete.
    inactive: Vec<Entry>,
    filled: bool,
    pub(super) missed: bool,
    pub(super) overflow: bool,
    /// What each domain was told, while it is in force.
    pub(super) told: [Option<Operation>; 64],
}

/// What a clock edge did.
pub(super) struct Played {
    /// Domains that may now be told something else.
    pub(super) domains: u64,
    /// Whether the host gave anything, or an entry was applied.
    pub(super) busy: bool,
}

impl SchedulePlayer {
    pub(super) fn new(depth: u32) -> Self {
        Self {
            depth: depth as usize,
            base: 0,
            active: Vec::new(),
            pointer: 0,
            inactive: Vec::new(),
            filled: false,
            missed: false,
            overflow: false,
            told: [(depth > 0).then_some(Operation::Off); 64],
        }
    }

    /// The clock edge at the end of a cycle in which requests to the domains `granted` were served.
    pub(super) fn clock(&mut self, inputs: &Inputs, granted: u64) -> Played {
        if self.depth == 0 {
            return Played { domains: 0, busy: false };
        }
        self.missed &= !inputs.schedule_clear;
        self.overflow &= !inputs.schedule_clear;
        let applied = self.applied(inputs);
        bits(granted).for_each(|domain| self.told[domain] = None);
        let mut domains = granted;
        if let Some(entry) = applied {
            self.pointer += 1;
            if let Some(told) = self.told.get_mut(entry.domain as usize) {
                *told = Some(entry.operation);
                domains |= 1 << entry.domain;
            }
        }
        match inputs.schedule {
            Scheduling::Nothing => {}
            Scheduling::Write(entry) => self.write(entry),
            Scheduling::Filled => self.filled = true,
            Scheduling::Start => domains |= self.start(inputs.now),
        }
        Played { domains, busy: applied.is_some() || inputs.schedule != Scheduling::Nothing }
    }

    /// The entry that is applied in a cycle.
    fn applied(&self, inputs: &Inputs) -> Option<Entry> {
        let due = |entry: &&Entry| inputs.now - self.base >= entry.delta && inputs.schedule != Scheduling::Start;
        self.active.get(self.pointer).filter(due).copied()
    }

    fn write(&mut self, entry: Entry) {
        if self.filled || self.inactive.len() == self.depth {
            self.overflow = true;
        } else {
            self.inactive.push(entry);
        }
    }

    /// Domains that are told something else by a start.
    fn start(&mut self, now: u64) -> u64 {
        self.pointer = 0;
        self.active.clear();
        if !std::mem::take(&mut self.filled) {
            self.missed = true;
            self.told = [None; 64];
            return u64::MAX;
        }
        self.base = now;
        std::mem::swap(&mut self.active, &mut self.inactive);
        0
    }

    /// Cycle in which the next entry is due; `NEVER` if there is none.
    pub(super) fn next_event(&self) -> u64 {
        self.active.get(self.pointer).map_or(NEVER, |entry| self.base.saturating_add(entry.delta))
    }
}
