//! The changes of an occupancy, stored as differences; stretches that repeat an earlier one are stored once.

use super::OccupancyChange;
use crate::units::{Bytes, Cycles};
use rustc_hash::FxHashMap;
use std::fmt;
use std::ops::Range;

/// One difference. A change that concerns several classes, or is too large for one, consists of several.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Cycles since the change before.
    cycles: u32,
    needed: i32,
    obsolete: i32,
    /// Class of the needed bytes.
    class: u8,
    /// Whether the next one belongs to the same change.
    continues: bool,
}

/// Consecutive changes.
#[derive(Debug, Clone)]
struct Stretch {
    /// The state before its first step; the cycles of the steps count from it.
    start: OccupancyChange,
    steps: Range<usize>,
}

/// States in ascending cycles.
#[derive(Clone, Default)]
pub struct Changes {
    steps: Vec<Step>,
    stretches: Vec<Stretch>,
    last: OccupancyChange,
    len: usize,
}

impl Changes {
    /// How many.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The last one.
    pub fn last(&self) -> Option<OccupancyChange> {
        (self.len > 0).then_some(self.last)
    }

    /// Appends a state; its cycle is not before that of the last one.
    pub fn push(&mut self, change: OccupancyChange) {
        let end = self.steps.len();
        match self.stretches.last_mut() {
            Some(stretch) if stretch.steps.end == end => {}
            _ => self.stretches.push(Stretch { start: self.last, steps: end..end }),
        }
        let from = self.stretches.last().filter(|s| s.steps.is_empty()).map_or(self.last, |s| s.start);
        differences(&mut self.steps, from, change);
        if let Some(stretch) = self.stretches.last_mut() {
            stretch.steps.end = self.steps.len();
        }
        self.last = change;
        self.len += 1;
    }

    /// From here on cycles are counted from `cycle`; returns a mark for [`Self::repeat`].
    pub fn mark(&mut self, cycle: Cycles) -> Mark {
        let end = self.steps.len();
        self.stretches.push(Stretch { start: OccupancyChange { cycle, ..self.last }, steps: end..end });
        Mark { steps: end, changes: self.len, cycle, last: self.last }
    }

    /// Appends the changes between two marks once more, relative to the last state and to `cycle`, but for one in the cycle
    /// of the first mark itself.
    pub fn repeat(&mut self, from: Mark, to: Mark, cycle: Cycles) {
        let mut steps = from.steps..to.steps;
        let mut changes = to.changes - from.changes;
        let mut before = OccupancyChange { cycle: from.cycle, ..from.last };
        while steps.start < steps.end && self.steps[steps.start].cycles == 0 {
            let step = self.steps[steps.start];
            before = after(before, step);
            (steps.start, changes) = (steps.start + 1, changes - usize::from(!step.continues));
        }
        if changes == 0 {
            return;
        }
        let start = OccupancyChange { cycle, ..self.last };
        let moved = |to: Bytes, from: Bytes, start: Bytes| Bytes(start.0.wrapping_add(to.0.wrapping_sub(from.0)));
        self.last = OccupancyChange {
            cycle: to.last.cycle - before.cycle + cycle,
            needed: std::array::from_fn(|c| moved(to.last.needed[c], before.needed[c], start.needed[c])),
            obsolete: moved(to.last.obsolete, before.obsolete, start.obsolete),
        };
        self.stretches.push(Stretch { start, steps });
        self.len += changes;
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = OccupancyChange> + Clone + '_ {
        self.stretches.iter().flat_map(|stretch| self.states(stretch))
    }

    fn states(&self, stretch: &Stretch) -> impl Iterator<Item = OccupancyChange> + Clone + '_ {
        let steps = self.steps[stretch.steps.clone()].iter();
        let states = steps.scan(stretch.start, |state, step| {
            *state = after(*state, *step);
            Some((!step.continues).then_some(*state))
        });
        states.flatten()
    }

    /// Most needed bytes within each of the spans of cycles, which are in the order of their starts; the last state lasts to
    /// `end`. Of a stretch that lies in one span, repeated ones are looked at once.
    pub fn peaks(&self, end: Cycles, spans: &[(Cycles, Cycles)]) -> Vec<Bytes> {
        let (mut peaks, mut first) = (vec![Bytes::ZERO; spans.len()], 0);
        let mut highest: FxHashMap<(usize, usize), u64> = FxHashMap::default();
        let stretches: Vec<&Stretch> = self.stretches.iter().filter(|s| !s.steps.is_empty()).collect();
        for (i, stretch) in stretches.iter().enumerate() {
            let begins = |s: &Stretch| self.states(s).next().map_or(end, |state| state.cycle);
            let (from, until) = (begins(stretch), stretches.get(i + 1).map_or(end, |next| begins(next)));
            first += spans[first..].iter().take_while(|(_, last)| *last <= from).count();
            let inside = spans.get(first).is_some_and(|&(start, last)| start <= from && until <= last)
                && spans.get(first + 1).is_none_or(|&(start, _)| start >= until);
            if inside {
                let key = (stretch.steps.start, stretch.steps.end);
                let rise = *highest.entry(key).or_insert_with(|| self.rise(stretch));
                peaks[first] = peaks[first].max(Bytes(stretch.start.needed_total().0.wrapping_add(rise)));
                continue;
            }
            let ends = self.states(stretch).skip(1).map(|state| state.cycle).chain([until]);
            for (state, next) in self.states(stretch).zip(ends) {
                first += spans[first..].iter().take_while(|(_, last)| *last <= state.cycle).count();
                let reached =
                    spans[first..].iter().zip(&mut peaks[first..]).take_while(|((start, _), _)| *start < next);
                let reached = reached.filter(|((_, last), _)| *last > state.cycle);
                reached.for_each(|(_, peak)| *peak = state.needed_total().max(*peak));
            }
        }
        peaks
    }

    /// From the needed bytes before a stretch to the most needed in it, modulo 2^64.
    fn rise(&self, stretch: &Stretch) -> u64 {
        let most = self.states(stretch).map(|state| state.needed_total().0).max().unwrap_or(0);
        most.wrapping_sub(stretch.start.needed_total().0)
    }
}

/// A place among changes that later ones may repeat from or to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    steps: usize,
    changes: usize,
    /// The cycle that the next change is counted from.
    pub cycle: Cycles,
    /// The last change before.
    last: OccupancyChange,
}

fn after(mut state: OccupancyChange, step: Step) -> OccupancyChange {
    let needed = &mut state.needed[usize::from(step.class)];
    *needed = Bytes(needed.0.wrapping_add_signed(i64::from(step.needed)));
    state.obsolete = Bytes(state.obsolete.0.wrapping_add_signed(i64::from(step.obsolete)));
    state.cycle = Cycles(state.cycle.0 + u64::from(step.cycles));
    state
}

/// Appends the steps from one state to another.
fn differences(steps: &mut Vec<Step>, from: OccupancyChange, to: OccupancyChange) {
    let first = steps.len();
    let mut cycles = to.cycle.0 - from.cycle.0;
    let mut obsolete = to.obsolete.0.wrapping_sub(from.obsolete.0) as i64;
    let mut class = 0;
    let mut needed: [i64; 4] = std::array::from_fn(|c| to.needed[c].0.wrapping_sub(from.needed[c].0) as i64);
    loop {
        while class < 3 && needed[class] == 0 {
            class += 1;
        }
        let step = Step {
            cycles: cycles.min(u64::from(u32::MAX)) as u32,
            needed: narrow(needed[class]),
            obsolete: narrow(obsolete),
            class: class as u8,
            continues: true,
        };
        cycles -= u64::from(step.cycles);
        obsolete -= i64::from(step.obsolete);
        needed[class] -= i64::from(step.needed);
        steps.push(step);
        if cycles == 0 && obsolete == 0 && needed[class..].iter().all(|&n| n == 0) {
            break;
        }
    }
    debug_assert!(steps.len() > first);
    if let Some(last) = steps.last_mut() {
        last.continues = false;
    }
}

fn narrow(value: i64) -> i32 {
    value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

impl FromIterator<OccupancyChange> for Changes {
    fn from_iter<I: IntoIterator<Item = OccupancyChange>>(states: I) -> Self {
        let mut changes = Self::default();
        states.into_iter().for_each(|state| changes.push(state));
        changes
    }
}

impl PartialEq for Changes {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl Eq for Changes {}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(cycle: u64, needed: [u64; 4], obsolete: u64) -> OccupancyChange {
        OccupancyChange { cycle: Cycles(cycle), needed: needed.map(Bytes), obsolete: Bytes(obsolete) }
    }

    #[test]
    fn states_come_back_as_they_went_in() {
        let states = [
            state(0, [0; 4], 0),
            state(3, [1, 0, 7, 0], 9),
            state(3 + (1 << 34), [1 << 40, 5, 0, 0], 0),
            state(4 + (1 << 34), [0, 0, 0, 1], 1 << 33),
        ];
        let changes: Changes = states.into_iter().collect();
        assert_eq!((changes.iter().collect::<Vec<_>>(), changes.len()), (states.to_vec(), 4));
        assert_eq!(changes.last(), Some(states[3]));
    }

    #[test]
    fn peaks_of_spans_are_those_of_their_states() {
        let mut changes = Changes::default();
        changes.push(state(0, [1, 0, 0, 0], 0));
        let from = changes.mark(Cycles(10));
        for (cycle, needed) in [(10, 2), (12, 9), (15, 4)] {
            changes.push(state(cycle, [needed, 0, 0, 0], 3));
        }
        let to = changes.mark(Cycles(20));
        for cycle in [20, 30, 40] {
            changes.push(state(cycle, [cycle, 1, 0, 0], 0));
            changes.repeat(from, to, Cycles(cycle));
        }
        let states: Vec<OccupancyChange> = changes.iter().collect();
        let end = 50;
        for width in 1..50 {
            let spans: Vec<_> = (0..60).step_by(width).map(|at| (Cycles(at), Cycles(at + width as u64))).collect();
            let peak = |&(start, last): &(Cycles, Cycles)| {
                let lasts = |i: usize| states.get(i + 1).map_or(end, |next| next.cycle.0);
                let within = (0..states.len()).filter(|&i| states[i].cycle < last && lasts(i) > start.0);
                within.map(|i| states[i].needed_total()).max().unwrap_or_default()
            };
            assert_eq!(changes.peaks(Cycles(end), &spans), spans.iter().map(peak).collect::<Vec<_>>(), "{width}");
        }
    }

    #[test]
    fn repeated_changes_are_relative() {
        let mut changes = Changes::default();
        changes.push(state(0, [1, 0, 0, 0], 0));
        let from = changes.mark(Cycles(10));
        for (cycle, needed) in [(10, 2), (12, 5), (15, 4)] {
            changes.push(state(cycle, [needed, 0, 0, 0], 3));
        }
        let to = changes.mark(Cycles(20));
        changes.push(state(20, [6, 0, 0, 0], 0));
        changes.repeat(from, to, Cycles(20));
        changes.push(state(40, [0; 4], 0));
        let cycles: Vec<u64> = changes.iter().map(|c| c.cycle.0).collect();
        let needed: Vec<u64> = changes.iter().map(|c| c.needed[0].0).collect();
        assert_eq!(cycles, [0, 10, 12, 15, 20, 22, 25, 40]);
        assert_eq!(needed, [1, 2, 5, 4, 6, 9, 8, 0]);
        assert_eq!(changes.len(), 8);
    }
}
