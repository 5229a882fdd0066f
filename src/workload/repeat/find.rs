//! Finds what repeats in a list: consecutive blocks of one form whose numbers grow linearly.

use crate::workload::repeat::Entry;
use rustc_hash::FxHashMap;
use std::hash::Hash;
use std::ops::Range;

/// Fewest repetitions: any two blocks of one form have numbers on a line.
const FEWEST: usize = 3;
/// Periods that are tried at a place, and as many again that lead to the same layer.
const PERIODS: usize = 6;
/// Largest number that may change from one repetition to the next: far from what 64 bits hold.
const LARGEST: u64 = 1 << 62;

/// A piece of a list.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::workload) enum Part {
    /// The entry at that place.
    One(usize),
    /// Entries that repeat.
    Repeat {
        /// Place of the first.
        first: usize,
        /// Entries of one repetition.
        period: usize,
        /// Repetitions.
        count: usize,
        /// The first repetition.
        body: Vec<Part>,
    },
}

/// A list in pieces, whose first entry has the place `first`: at each place the block, if any, whose repetitions cover most, and
/// inside it the same again. Entries are of one form only where their `steps` are equal too.
pub(in crate::workload) fn parts<T: Entry, S: Eq + Hash>(list: &[T], first: usize, steps: &[S]) -> Vec<Part> {
    let mut places = FxHashMap::default();
    let forms = list.iter().zip(steps).map(|(entry, steps)| interned(&mut places, (entry.form(), steps))).collect();
    Finder::new(list, first, 0, forms).parts()
}

/// A number for each distinct thing.
fn interned<K: Eq + Hash>(places: &mut FxHashMap<K, u32>, key: K) -> u32 {
    let next = places.len() as u32;
    *places.entry(key).or_insert(next)
}

/// Searches one range of a list.
struct Finder<'a, T> {
    list: &'a [T],
    /// Place of the list's first entry.
    origin: usize,
    /// First entry of the range.
    start: usize,
    /// What has to be equal from one repetition to the next, for each entry of the range.
    forms: Vec<u32>,
    /// Where each form comes next.
    next: Vec<Option<usize>>,
    /// Where each form of the same layer comes next.
    next_in_layer: Vec<Option<usize>>,
    /// For each period an entry that is not on a line with those one and two periods later.
    bent: FxHashMap<usize, usize>,
}

impl<'a, T: Entry> Finder<'a, T> {
    fn new(list: &'a [T], origin: usize, start: usize, forms: Vec<u32>) -> Self {
        let next = following(forms.iter().copied());
        let layer = |i: usize| list[start + i].layer();
        let next_in_layer = following(forms.iter().enumerate().map(|(i, &form)| (form, layer(i))));
        Self { list, origin, start, forms, next, next_in_layer, bent: FxHashMap::default() }
    }

    fn parts(mut self) -> Vec<Part> {
        let (mut parts, mut at) = (Vec::new(), 0);
        while at < self.forms.len() {
            let first = self.origin + self.start + at;
            let Some((period, count)) = self.block(at) else {
                parts.push(Part::One(first));
                at += 1;
                continue;
            };
            let body = self.inside(at..at + period);
            parts.push(Part::Repeat { first, period, count, body });
            at += period * count;
        }
        parts
    }

    /// The pieces of the first repetition of a block: what repeats in it changes in the same way from one repetition to the next.
    fn inside(&self, body: Range<usize>) -> Vec<Part> {
        let period = body.len();
        let mut places = FxHashMap::default();
        let forms = body.clone().map(|i| {
            let steps = self.steps(i, period);
            interned(&mut places, (self.forms[i], steps))
        });
        Finder::new(self.list, self.origin, self.start + body.start, forms.collect()).parts()
    }

    /// What each number of an entry gains in one period, in 64 bits that wrap.
    fn steps(&self, at: usize, period: usize) -> Vec<u64> {
        let (here, there) = (self.numbers(at), self.numbers(at + period));
        here.iter().zip(there).map(|(a, b)| b.wrapping_sub(*a)).collect()
    }

    fn numbers(&self, at: usize) -> Vec<u64> {
        self.list[self.start + at].numbers()
    }

    /// Period and count of the block at a place whose repetitions cover most; the shortest of equals.
    fn block(&mut self, at: usize) -> Option<(usize, usize)> {
        let follow = |list: &[Option<usize>]| {
            std::iter::successors(list[at], |&i| list[i]).map(|i| i - at).take(PERIODS).collect::<Vec<_>>()
        };
        let mut periods = follow(&self.next);
        periods.extend(follow(&self.next_in_layer));
        periods.sort_unstable();
        periods.dedup();
        let mut best: Option<(usize, usize)> = None;
        for period in periods {
            let count = if self.starts_well(at, period) { self.count(at, period) } else { 1 };
            if count >= FEWEST && best.is_none_or(|(p, c)| period * count > p * c) {
                best = Some((period, count));
            }
        }
        best
    }

    /// Whether a block that goes from layer to layer starts where a layer starts.
    fn starts_well(&self, at: usize, period: usize) -> bool {
        let layer = |i: usize| self.list[self.start + i].layer();
        layer(at) == layer(at + period) || at == 0 || layer(at - 1) != layer(at)
    }

    /// How often a block of that period is there from a place on.
    fn count(&mut self, at: usize, period: usize) -> usize {
        let known = self.bent.get(&period).is_some_and(|&bent| (at..at + period).contains(&bent));
        if known || at + FEWEST * period > self.forms.len() {
            return 1;
        }
        if let Some(bent) =
            (at..at + period).find(|&i| (1..FEWEST).any(|repetition| !self.on_line(i, period, repetition)))
        {
            self.bent.insert(period, bent);
            return 1;
        }
        let most = (self.forms.len() - at) / period;
        let repeats = |count: &usize| (at..at + period).all(|i| self.on_line(i, period, *count));
        (FEWEST..most).find(|count| !repeats(count)).unwrap_or(most)
    }

    /// Whether an entry is, so many periods later, what the first period lets expect.
    fn on_line(&self, at: usize, period: usize, repetition: usize) -> bool {
        let there = at + repetition * period;
        if self.forms[at] != self.forms[there] {
            return false;
        }
        let (start, step) = (self.numbers(at), self.steps(at, period));
        let expected = start.iter().zip(step).map(|(a, s)| a.wrapping_add(s.wrapping_mul(repetition as u64)));
        let found = self.numbers(there);
        found.iter().chain(&start).all(|&number| number <= LARGEST) && found.iter().copied().eq(expected)
    }
}

/// For each key the place of the next equal one.
fn following<K: Eq + Hash>(keys: impl DoubleEndedIterator<Item = K> + ExactSizeIterator) -> Vec<Option<usize>> {
    let mut next = vec![None; keys.len()];
    let mut seen = FxHashMap::default();
    for (i, key) in keys.enumerate().rev() {
        next[i] = seen.insert(key, i);
    }
    next
}
