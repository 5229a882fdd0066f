//! Weights that stay between their uses: nobody needs them at the time, but they are used again, so a memory has to keep them.

use super::demand::Subject;
use crate::trace::{Occupancy, OccupancyChange};
use crate::workload::Class;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// From a cycle on: bytes that wait for their next use, and bytes of everything that is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct State {
    cycle: u64,
    waiting: u64,
    live: u64,
}

/// When how many bytes of one memory wait for their next use, in ascending cycles; empty where every weight is used once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept(Vec<State>);

/// What one op does with one residence: its first transfer, and its end.
#[derive(Debug, Clone, Copy)]
struct Use {
    op: u32,
    start: u64,
    end: u64,
}

impl State {
    /// Bytes that have to be kept: those that wait lie among the obsolete ones, and all of it within what is live.
    fn held(&self, now: &OccupancyChange) -> u64 {
        let needed = now.needed_total().0;
        let waiting = self.waiting.min(now.obsolete.0).min(self.live.saturating_sub(needed));
        needed + waiting
    }
}

impl Kept {
    /// The weights of a run that wait between the end of an op and the first transfer of the next that uses them.
    pub fn of(subject: &Subject<'_>) -> Self {
        let mut steps: BTreeMap<u64, (i64, i64)> = BTreeMap::new();
        for (lifetime, mut uses) in uses(subject) {
            let bytes = subject.run.lifetimes[lifetime as usize].extent.0 as i64;
            uses.sort_unstable_by_key(|u| u.start);
            let mut until = u64::MAX;
            for one in uses {
                if one.start > until {
                    steps.entry(until).or_default().0 += bytes;
                    steps.entry(one.start).or_default().0 -= bytes;
                }
                until = if until == u64::MAX { one.end } else { until.max(one.end) };
            }
        }
        if steps.is_empty() {
            return Self::default();
        }
        for lifetime in subject.run.lifetimes.iter().filter(|l| l.memory == subject.memory) {
            let bytes = lifetime.extent.0 as i64;
            steps.entry(lifetime.reserved.0).or_default().1 += bytes;
            steps.entry(lifetime.released.0).or_default().1 -= bytes;
        }
        let state = |(waiting, live): &mut (i64, i64), (cycle, step): (u64, (i64, i64))| {
            (*waiting, *live) = (*waiting + step.0, *live + step.1);
            Some(State { cycle, waiting: *waiting as u64, live: *live as u64 })
        };
        Self(steps.into_iter().scan((0, 0), state).collect())
    }

    /// Bytes that the memory has to keep, from each cycle on: those that are needed and those that wait.
    pub fn held<'a>(&'a self, occupancy: &'a Occupancy) -> impl Iterator<Item = (u64, u64)> + 'a {
        let mut changes = occupancy.changes.iter().peekable();
        let mut states = self.0.iter().peekable();
        let (mut now, mut state) = (OccupancyChange::default(), State::default());
        std::iter::from_fn(move || {
            let next = [changes.peek().map(|change| change.cycle.0), states.peek().map(|state| state.cycle)];
            let cycle = next.into_iter().flatten().min()?;
            now = changes.next_if(|change| change.cycle.0 == cycle).unwrap_or(now);
            state = states.next_if(|state| state.cycle == cycle).copied().unwrap_or(state);
            Some((cycle, state.held(&now)))
        })
    }
}

/// Uses of each weight of the memory that more than one op uses.
fn uses(subject: &Subject<'_>) -> FxHashMap<u32, Vec<Use>> {
    let ends: FxHashMap<u32, u64> = subject.occupancy().op_ends.iter().map(|e| (e.op.0, e.state.cycle.0)).collect();
    let mut uses: FxHashMap<u32, Vec<Use>> = FxHashMap::default();
    for node in subject.transfers() {
        if subject.run.lifetimes[node.lifetime.index()].class != Class::Weight {
            continue;
        }
        let (op, start) = (node.op.0, node.start.0);
        let known = uses.entry(node.lifetime.0).or_default();
        match known.iter_mut().rev().find(|u| u.op == op) {
            Some(found) => found.start = found.start.min(start),
            None => known.push(Use { op, start, end: ends.get(&op).copied().unwrap_or(u64::MAX) }),
        }
    }
    uses.retain(|_, uses| uses.len() > 1);
    uses
}
