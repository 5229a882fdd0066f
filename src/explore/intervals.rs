//! Idle-interval tables: everything a policy sees of a run in one geometry.
//!
//! A gap whose bytes stay live, or that holds none from its start, is only a length: lengths are sorted, equal ones merged, counts
//! and sums accumulated from the long end, so that a policy is evaluated by one look-up a threshold. Gaps in which data dies
//! are kept one by one, equal ones merged.

use super::gap::{Follower, Gap, Gate, Place, Slept};
use super::lengths::Lengths;
use crate::power::TransitionCycles;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// All idle intervals of a memory, over all its domains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntervalTable {
    /// Length of the run.
    pub cycles: u64,
    /// Domains.
    pub domains: u64,
    /// Domain-cycles with an access.
    pub busy: u64,
    /// Inner gaps that stay live.
    pub live: Arc<Lengths>,
    /// Inner gaps without a live byte.
    pub dead: Arc<Lengths>,
    /// Gaps without a live byte before the first access.
    pub fresh: Arc<Lengths>,
    /// Every other gap with its count, sorted.
    pub others: Vec<(Gap, u64)>,
}

/// Collects gaps into a table.
#[derive(Debug, Default)]
pub struct Collector {
    live: Vec<u64>,
    dead: Vec<u64>,
    fresh: Vec<u64>,
    others: FxHashMap<Gap, u64>,
    busy: u64,
}

impl Collector {
    /// Counts domain-cycles with an access.
    pub fn busy(&mut self, cycles: u64) {
        self.busy += cycles;
    }

    /// Adds a gap; one of no length is none.
    pub fn gap(&mut self, gap: Gap) {
        match (gap.place, gap.dead.as_slice()) {
            _ if gap.length == 0 => {}
            (Place::Inner, []) => self.live.push(gap.length),
            (Place::Inner, [(0, end)]) if *end == gap.length => self.dead.push(gap.length),
            (Place::Head, [(0, end)]) if *end == gap.length => self.fresh.push(gap.length),
            _ => *self.others.entry(gap).or_default() += 1,
        }
    }

    /// Adds what another one collected.
    pub fn merge(&mut self, other: Collector) {
        self.live.extend(other.live);
        self.dead.extend(other.dead);
        self.fresh.extend(other.fresh);
        self.busy += other.busy;
        for (gap, count) in other.others {
            *self.others.entry(gap).or_default() += count;
        }
    }

    /// The table.
    pub fn table(self, domains: u64, cycles: u64) -> IntervalTable {
        let mut others: Vec<_> = self.others.into_iter().collect();
        others.sort_unstable();
        let [live, dead, fresh] = [self.live, self.dead, self.fresh].map(|lengths| Arc::new(Lengths::new(lengths)));
        IntervalTable { cycles, domains, busy: self.busy, live, dead, fresh, others }
    }
}

impl IntervalTable {
    /// Domain-cycles without an access.
    pub fn idle(&self) -> u64 {
        let others: u64 = self.others.iter().map(|(g, n)| g.length * n).sum();
        self.live.total().1 + self.dead.total().1 + self.fresh.total().1 + others
    }

    /// The same run with idle time after it, up to `cycles`: data that is there at its end is dead from then on.
    pub fn extended(&self, cycles: u64) -> Self {
        let more = cycles - self.cycles;
        if more == 0 {
            return self.clone();
        }
        let at_end = |gap: &Gap| matches!(gap.place, Place::Tail | Place::Whole);
        let busy = self.domains - self.others.iter().filter(|(g, _)| at_end(g)).map(|(_, n)| n).sum::<u64>();
        let mut others: FxHashMap<Gap, u64> = FxHashMap::default();
        for (gap, count) in &self.others {
            let gap = if at_end(gap) { gap.extended(more) } else { gap.clone() };
            *others.entry(gap).or_default() += count;
        }
        if busy > 0 {
            let tail = Gap { length: more, dead: vec![(0, more)], place: Place::Tail };
            *others.entry(tail).or_default() += busy;
        }
        let mut others: Vec<_> = others.into_iter().collect();
        others.sort_unstable();
        Self { cycles, others, ..self.clone() }
    }

    /// What a policy makes of all gaps.
    pub fn slept(&self, gate: &Gate, times: &TransitionCycles) -> Slept {
        let follower = Follower::new(*gate, times);
        let mut total = self.live.slept(gate.steps(true).as_slice(), times);
        total.add(&self.dead.slept(gate.steps(false).as_slice(), times), 1);
        if gate.sleeps() {
            total.add(&self.fresh.since_reset(times), 1);
        }
        for (gap, count) in &self.others {
            total.add(&follower.follow(gap), *count);
        }
        total
    }

    /// Every distinct gap with its count.
    pub fn gaps(&self) -> impl Iterator<Item = (Gap, u64)> + '_ {
        let of = |lengths: &'_ Arc<Lengths>, dead: bool, place: Place| {
            let gap = move |(length, count)| {
                (Gap { length, dead: if dead { vec![(0, length)] } else { vec![] }, place }, count)
            };
            lengths.iter().map(gap).collect::<Vec<_>>()
        };
        let (live, dead) = (of(&self.live, false, Place::Inner), of(&self.dead, true, Place::Inner));
        let fresh = of(&self.fresh, true, Place::Head);
        live.into_iter().chain(dead).chain(fresh).chain(self.others.iter().cloned())
    }
}
