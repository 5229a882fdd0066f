//! Slots for waking domains.

use super::domain::{Domain, Parameters};

/// Round robin over domains that wait in ARB; at most so many wake at a time.
pub(super) struct WakeArbiter {
    limit: usize,
    /// First domain of the next round.
    pointer: usize,
}

impl WakeArbiter {
    /// An arbiter for `max_waking` domains at a time.
    pub(super) fn new(max_waking: u32) -> Self {
        Self { limit: max_waking as usize, pointer: 0 }
    }

    /// The domain that gets the slot of `cycle`, if one is free and wanted.
    pub(super) fn slot(&mut self, cycle: u64, domains: &[Domain], parameters: &Parameters) -> Option<usize> {
        if domains.iter().filter(|domain| domain.wakes()).count() >= self.limit {
            return None;
        }
        let round = (self.pointer..domains.len()).chain(0..self.pointer);
        let granted = round.into_iter().find(|&domain| domains[domain].asks_for_slot(cycle, parameters))?;
        self.pointer = (granted + 1) % domains.len();
        Some(granted)
    }
}
