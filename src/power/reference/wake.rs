//! Slots for waking domains.

/// At most MAX_WAKING domains between SW_ON and the end of SETTLE; round robin, at most one new slot a cycle.
#[derive(Debug, Clone)]
pub(super) struct WakeArbiter {
    max_waking: u32,
    domains: u32,
    /// First domain of the next round.
    pointer: u32,
}

impl WakeArbiter {
    pub(super) fn new(max_waking: u32, domains: u32) -> Self {
        Self { max_waking, domains, pointer: 0 }
    }

    /// The slot of this cycle as a mask, `asking` and `waking` being masks of domains.
    pub(super) fn slot(&mut self, asking: u64, waking: u64) -> u64 {
        if asking == 0 || waking.count_ones() >= self.max_waking {
            return 0;
        }
        let at_or_after = asking & (u64::MAX << self.pointer);
        let chosen = if at_or_after != 0 { at_or_after } else { asking }.trailing_zeros();
        self.pointer = (chosen + 1) % self.domains;
        1 << chosen
    }
}
