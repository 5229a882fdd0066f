//! What a transfer waited for and when it moved, and which cycles of a unit's stall that explains.

use crate::trace::Stalls;
use crate::units::Cycles;

/// The life of one request: ready, refused or brought from above, moving, perhaps copied up. Cycles; in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wait {
    ready: u64,
    /// First cycle in which it waited for more than a port.
    above: Option<u64>,
    /// Cycle in which what it waited for was there.
    there: Option<u64>,
    start: u64,
    end: u64,
    copied: u64,
}

impl Wait {
    /// Of a request that is ready.
    pub fn since(ready: u64) -> Self {
        Self { ready, ..Self::default() }
    }

    /// A port was free, but the bytes, or the room for them, were not there.
    pub fn above(&mut self, now: u64) {
        if self.above.is_none() && self.end == 0 {
            self.above = Some(now);
        }
    }

    /// The bytes have been brought into the memory.
    #[must_use]
    pub fn there(self, now: u64) -> Self {
        Self { there: Some(now), ..self }
    }

    /// The bytes move between the memory and the unit from now on.
    #[must_use]
    pub fn started(self, now: u64) -> Self {
        let there = self.there.or(self.above.map(|_| now));
        Self { there, start: now, ..self }
    }

    /// The bytes have arrived; of a result that goes further up, a copy has.
    #[must_use]
    pub fn ended(self, now: u64) -> Self {
        Self { end: if self.end == 0 { now } else { self.end }, copied: now, ..self }
    }

    /// The same, `cycles` later; what is not known yet stays so.
    #[must_use]
    pub fn later(self, cycles: u64) -> Self {
        let moved = |cycle: u64| if cycle == 0 { 0 } else { cycle.wrapping_add(cycles) };
        let Self { ready, above, there, start, end, copied } = self;
        Self {
            ready: moved(ready),
            above: above.map(moved),
            there: there.map(moved),
            start: moved(start),
            end: moved(end),
            copied: moved(copied),
        }
    }

    /// Attributes the cycles `from` … `to` as far as they lie in this request's life; returns how many do not, all at the front.
    fn explain(&self, from: u64, to: u64, moving: impl Fn(&mut Stalls) -> &mut Cycles, stalls: &mut Stalls) -> u64 {
        let within = |start: u64, end: u64| Cycles(end.min(to).saturating_sub(start.max(from)));
        let (above, there) = (self.above.unwrap_or(self.start), self.there.unwrap_or(self.start));
        stalls.port_conflict += within(self.ready, above) + within(there, self.start);
        stalls.dram += within(above, there) + within(self.end, self.copied);
        *moving(stalls) += within(self.start, self.end);
        self.ready.clamp(from, to) - from
    }
}

/// Attributes a unit's stall from `from` to `to` to the fetch and the write that ended last before it went on.
///
/// The one that ended later let the unit go on; where it became ready only during the stall, it had waited for the other.
pub fn attribute(fetch: Wait, write: Wait, from: u64, to: u64) -> Stalls {
    let mut stalls = Stalls::default();
    let left = if write.copied > fetch.end {
        let left = write.explain(from, to, |s| &mut s.result_write, &mut stalls);
        fetch.explain(from, from + left, |s| &mut s.operand_fetch, &mut stalls)
    } else {
        let left = fetch.explain(from, to, |s| &mut s.operand_fetch, &mut stalls);
        write.explain(from, from + left, |s| &mut s.result_write, &mut stalls)
    };
    debug_assert_eq!(left, 0, "{fetch:?} {write:?} do not explain {from} to {to}");
    stalls.operand_fetch += Cycles(left);
    stalls
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stalls(operand_fetch: u64, result_write: u64, port_conflict: u64, dram: u64) -> Stalls {
        let (operand_fetch, result_write) = (Cycles(operand_fetch), Cycles(result_write));
        let (port_conflict, dram) = (Cycles(port_conflict), Cycles(dram));
        Stalls { operand_fetch, result_write, port_conflict, dram, dependency: Cycles::ZERO }
    }

    #[test]
    fn a_fetch_after_a_write_is_split_at_its_instants() {
        // Computed until 10; the write waits to 12 and moves to 17; the fetch waits to 20, is brought to 50, waits to 53, moves to 60.
        let write = Wait::since(10).started(12).ended(17);
        let mut fetch = Wait::since(17);
        fetch.above(20);
        let fetch = fetch.there(50).started(53).ended(60);
        assert_eq!(attribute(fetch, write, 10, 60), stalls(7, 5, 2 + 3 + 3, 30));
        // A unit that computed until 30 waited only for the later part.
        assert_eq!(attribute(fetch, write, 30, 60), stalls(7, 0, 3, 20));
    }

    #[test]
    fn a_copy_to_dram_counts_as_dram() {
        let write = Wait::since(5).started(5).ended(9).ended(14);
        assert_eq!(attribute(Wait::default(), write, 5, 14), stalls(0, 4, 0, 5));
    }
}
