//! W: how long a request can wait at most (`docs/wake.md`).

use super::Controller;

impl Controller {
    /// Longest stall of a request in cycles, whatever the other ports and domains do, while its own domain is not forced off
    /// and its switch answers within T_ACK_MAX: `(P − 1) · BANK_CYCLES + max(turn, BANK_CYCLES − 1)`.
    ///
    /// `turn` is the way of a domain whose switch was turned off just before the request came: down, its shortest stay, the
    /// wait for a slot of the wake arbiter, and up. Derived in `docs/wake.md`; `testbenches/formal` proves it at small sets.
    pub fn longest_stall(&self) -> u64 {
        let (t, bank) = (&self.timing, u64::from(self.organisation.bank_cycles));
        let stay = u64::from(t.t_min_off) + 1;
        let turn = u64::from(t.t_ack_max) + stay + self.longest_queue() + 1 + u64::from(t.t_ack_max) + self.rise();
        u64::from(self.organisation.ports - 1) * bank + turn.max(bank - 1)
    }

    /// Cycles from the acknowledge to ON, the longer of those from OFF and from retention.
    fn rise(&self) -> u64 {
        let t = &self.timing;
        let kept = if self.states.retention { lasting(t.t_settle_ret) + lasting(t.t_ret) } else { 0 };
        lasting(t.t_settle_off).max(kept) + lasting(t.t_iso)
    }

    /// Cycles that a slot of the wake arbiter is held at most.
    fn longest_slot(&self) -> u64 {
        let t = &self.timing;
        let kept = if self.states.retention { lasting(t.t_settle_ret) } else { 0 };
        u64::from(t.t_ack_max) + lasting(t.t_settle_off).max(kept)
    }

    /// Longest wait for a slot while the other domains take theirs, each once at most.
    fn longest_queue(&self) -> u64 {
        let (others, waking) = (u64::from(self.organisation.domains) - 1, u64::from(self.timing.max_waking));
        let slot = self.longest_slot();
        if waking == 1 || waking >= others {
            let room = waking.min(slot + 1);
            (others / room) * (slot + 1) + others % room
        } else {
            others + (others + waking) * slot / waking
        }
    }
}

/// A state lasts one cycle at least.
fn lasting(cycles: u32) -> u64 {
    u64::from(cycles.max(1))
}
