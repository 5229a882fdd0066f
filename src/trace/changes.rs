//! The changes of an occupancy, stored as differences; stretches that repeat an earlier one are stored once.

use super::OccupancyChange;
use crate::units::{Bytes, Cycles};
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
        Mark { steps: end, changes: self.len, cycle }
    }

    /// Appends the changes between two marks once more, relative to the last state and to `cycle`, but for one in the cycle
    /// of the first mark itself.
    pub fn repeat(&mut self, from: Mark, to: Mark, cycle: Cycles) {
        let mut steps = from.steps..to.steps;
        let mut changes = to.changes - from.changes;
        while steps.start < steps.end && self.steps[steps.start].cycles == 0 {
            while self.steps[steps.start].continues {
                steps.start += 1;
            }
            (steps.start, changes) = (steps.start + 1, changes - 1);
        }
        if changes == 0 {
            return;
        }
        let start = OccupancyChange { cycle, ..self.last };
        self.last = self.steps[steps.clone()].iter().fold(start, |state, step| after(state, *step));
        self.stretches.push(Stretch { start, steps });
        self.len += changes;
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = OccupancyChange> + Clone + '_ {
        self.stretches.iter().flat_map(|stretch| {
            let steps = self.steps[stretch.steps.clone()].iter();
            let states = steps.scan(stretch.start, |state, step| {
                *state = after(*state, *step);
                Some((!step.continues).then_some(*state))
            });
            states.flatten()
        })
    }
}

/// A place among changes that later ones may repeat from or to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    steps: usize,
    changes: usize,
    /// The cycle that the next change is counted from.
    pub cycle: Cycles,
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
