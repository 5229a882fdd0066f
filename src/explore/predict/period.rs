//! Finding the period of streams that stall each other for ever.

use super::banks::{Banks, Stream};

/// A snapshot to compare with, and, once a state equal to it came back, the period.
///
/// The future depends on: the bank each stream stands at, how long each bank is still busy, and every pointer.
#[derive(Default)]
pub(super) struct Period {
    /// Length.
    pub(super) cycles: u64,
    /// Grants in one period, by member.
    pub(super) grants: Vec<u64>,
    /// Cycle of the snapshot, if there is one.
    taken: Option<u64>,
    /// Cycles after which the snapshot is replaced by one that is kept twice as long, so that any period is found.
    span: u64,
    addresses: Vec<u64>,
    busy: Vec<u64>,
    pointer: Vec<u32>,
}

impl Period {
    /// Forgets all; the first snapshot will be kept for `span` cycles.
    pub(super) fn restart(&mut self, span: u64) {
        (self.taken, self.span) = (None, span);
    }

    /// Cycles, at least 1, in which no stream with so many requests `left` ends, except perhaps in the last of them.
    pub(super) fn undisturbed(&self, left: impl Iterator<Item = u64> + Clone) -> u64 {
        let pairs = || left.clone().zip(&self.grants);
        let times =
            pairs().filter(|(_, grants)| **grants > 0).map(|(left, grants)| (left - 1) / grants).min().unwrap_or(0);
        let rest = pairs().map(|(left, grants)| left - times * grants).min().unwrap_or(0);
        times * self.cycles + rest
    }
}

impl Banks {
    /// Compares the state before cycle `now` with the snapshot; on equality fills in the period.
    pub(super) fn find_period(&mut self, now: u64, streams: &[Stream]) -> bool {
        let Some(taken) = self.period.taken else {
            self.take_snapshot(now, streams);
            return false;
        };
        if self.as_in_snapshot(now, streams) {
            let addresses = self.members.iter().map(|port| streams[*port as usize].address);
            self.period.grants.clear();
            self.period.grants.extend(addresses.zip(&self.period.addresses).map(|(address, then)| address - then));
            self.period.cycles = now - taken;
            return true;
        }
        if now - taken >= self.period.span {
            self.period.span *= 2;
            self.take_snapshot(now, streams);
        }
        false
    }

    fn as_in_snapshot(&self, now: u64, streams: &[Stream]) -> bool {
        let then = &self.period;
        let same_bank = |(port, address): (&u32, &u64)| (streams[*port as usize].address ^ address) & self.mask == 0;
        self.members.iter().zip(&then.addresses).all(same_bank)
            && self.free.iter().zip(&then.busy).all(|(free, busy)| free.saturating_sub(now) == *busy)
            && self.pointer == then.pointer
    }

    fn take_snapshot(&mut self, now: u64, streams: &[Stream]) {
        let period = &mut self.period;
        period.taken = Some(now);
        period.addresses.clear();
        period.addresses.extend(self.members.iter().map(|port| streams[*port as usize].address));
        period.busy.clear();
        period.busy.extend(self.free.iter().map(|free| free.saturating_sub(now)));
        period.pointer.clone_from(&self.pointer);
    }
}
