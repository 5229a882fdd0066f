//! Finding the period of streams that stall each other for ever.

use super::banks::{Banks, Stream};

/// Cycles after which the first snapshot is replaced; then twice as many, and so on, so that any period is found.
const FIRST_SPAN: u64 = 8;

/// A snapshot to compare with, and, once a state equal to it came back, the period.
///
/// The future depends on: the bank each stream stands at, how long each bank is still busy, and every pointer.
#[derive(Default)]
pub(super) struct Period {
    /// Length.
    pub(super) cycles: u64,
    /// Grants in one period, by member.
    pub(super) grants: Vec<u64>,
    taken: u64,
    span: u64,
    addresses: Vec<u64>,
    busy: Vec<u64>,
    pointer: Vec<u32>,
}

impl Period {
    /// Forgets all.
    pub(super) fn restart(&mut self) {
        self.span = 0;
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
        if self.period.span > 0 && self.as_in_snapshot(now, streams) {
            let addresses = self.members.iter().map(|port| streams[*port as usize].address);
            self.period.grants.clear();
            self.period.grants.extend(addresses.zip(&self.period.addresses).map(|(address, then)| address - then));
            self.period.cycles = now - self.period.taken;
            return true;
        }
        if now - self.period.taken >= self.period.span || self.period.span == 0 {
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
        period.span = if period.span == 0 { FIRST_SPAN } else { period.span * 2 };
        period.taken = now;
        period.addresses.clear();
        period.addresses.extend(self.members.iter().map(|port| streams[*port as usize].address));
        period.busy.clear();
        period.busy.extend(self.free.iter().map(|free| free.saturating_sub(now)));
        period.pointer.clone_from(&self.pointer);
    }
}
