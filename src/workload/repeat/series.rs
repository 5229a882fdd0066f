//! A list of ops or tensors in which what repeats is kept once.

use super::{Entry, Part, parts};
use std::fmt;

/// Most entries of a list that is searched whole for what repeats.
const SEARCHED: usize = 1 << 16;

/// A list of ops or tensors, read by value: of blocks that repeat it keeps the first repetition and what each number gains.
///
/// A million ops of a hundred decoded tokens take the memory of one token.
#[derive(Clone)]
pub struct Series<T> {
    runs: Vec<Run<T>>,
    len: usize,
}

/// Entries that are there `count` times, one repetition after the other.
#[derive(Debug, Clone)]
struct Run<T> {
    /// Place of the first entry of the first repetition.
    first: usize,
    count: usize,
    /// The first repetition.
    body: Vec<T>,
    /// What numbers gain a repetition, for one entry after the other; those that stay are left out.
    gains: Vec<Gain>,
    /// End of each entry's gains.
    ends: Vec<u32>,
}

/// What a number gains from one repetition to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gain {
    /// Which number of the entry.
    number: u32,
    /// In 64 bits that wrap.
    step: u64,
}

impl<T: Entry> Run<T> {
    /// Entries that are there once.
    fn once(first: usize, body: Vec<T>) -> Self {
        Self { first, count: 1, body, gains: Vec::new(), ends: Vec::new() }
    }

    fn end(&self) -> usize {
        self.first + self.count * self.body.len()
    }

    /// The entry at a place of that repetition.
    fn entry(&self, repetition: usize, place: usize) -> T {
        let mut entry = self.body[place].clone();
        let gains = self.gains_of(place);
        if repetition > 0 && !gains.is_empty() {
            gain(&mut entry, gains, repetition as u64);
        }
        entry
    }

    fn gains_of(&self, place: usize) -> &[Gain] {
        match self.ends.get(place) {
            Some(&end) => {
                &self.gains[place.checked_sub(1).map_or(0, |before| self.ends[before] as usize)..end as usize]
            }
            None => &[],
        }
    }

    /// Takes the block as one more repetition, if it is what the ones before let expect.
    fn takes(&mut self, block: &[T]) -> bool {
        if block.len() != self.body.len() || block.is_empty() {
            return false;
        }
        let taken = match self.count {
            1 => self.second(block),
            count => block.iter().enumerate().all(|(place, entry)| *entry == self.entry(count, place)),
        };
        self.count += usize::from(taken);
        taken
    }

    /// Notes what the second repetition gains over the first, if their forms are the same.
    fn second(&mut self, block: &[T]) -> bool {
        if self.body.iter().zip(block).any(|(first, second)| first.form() != second.form()) {
            return false;
        }
        for (first, second) in self.body.iter().zip(block) {
            let steps = first.numbers().into_iter().zip(second.numbers()).map(|(a, b)| b.wrapping_sub(a));
            let gains = (0..).zip(steps).filter(|(_, step)| *step != 0);
            self.gains.extend(gains.map(|(number, step)| Gain { number, step }));
            self.ends.push(self.gains.len() as u32);
        }
        true
    }

    /// What an entry's numbers gain a repetition.
    fn steps(&self, place: usize) -> Vec<(u32, u64)> {
        self.gains_of(place).iter().map(|gain| (gain.number, gain.step)).collect()
    }
}

/// Adds what the numbers gain in so many repetitions.
fn gain<T: Entry>(entry: &mut T, gains: &[Gain], repetitions: u64) {
    let (mut gains, mut number) = (gains.iter().copied().peekable(), 0);
    entry.map_numbers(&mut |value| {
        let gain = gains.next_if(|gain| gain.number == number);
        number += 1;
        gain.map_or(value, |gain| value.wrapping_add(gain.step.wrapping_mul(repetitions)))
    });
}

impl<T> Default for Series<T> {
    fn default() -> Self {
        Self { runs: Vec::new(), len: 0 }
    }
}

impl<T> Series<T> {
    /// How many entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<T: Entry> Series<T> {
    /// The entry at that place.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn at(&self, place: usize) -> T {
        let (run, inside) = self.find(place);
        run.entry(inside / run.body.len(), inside % run.body.len())
    }

    /// The entry at that place, if there are so many.
    pub fn get(&self, place: usize) -> Option<T> {
        (place < self.len).then(|| self.at(place))
    }

    /// The entry of the first repetition that stands for that place, without a copy: its numbers may be others, the rest is the same.
    ///
    /// # Panics
    /// If there are not so many.
    pub(in crate::workload) fn form(&self, place: usize) -> &T {
        let (run, inside) = self.find(place);
        &run.body[inside % run.body.len()]
    }

    /// The run in which a place lies, and how many entries of it come before.
    fn find(&self, place: usize) -> (&Run<T>, usize) {
        let after = self.runs.partition_point(|run| run.first <= place);
        let run = &self.runs[after - 1];
        (run, place - run.first)
    }

    /// The last entry.
    pub fn last(&self) -> Option<T> {
        self.get(self.len.checked_sub(1)?)
    }

    /// Every entry in its order.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { series: self, run: 0, repetition: 0, place: 0, next: 0, end: self.len }
    }

    /// Every entry in its order, in memory of its own.
    pub fn to_vec(&self) -> Vec<T> {
        self.iter().collect()
    }

    /// Adds an entry.
    pub fn push(&mut self, entry: T) {
        match self.runs.last_mut() {
            Some(run) if run.count == 1 => run.body.push(entry),
            _ => self.runs.push(Run::once(self.len, vec![entry])),
        }
        self.len += 1;
    }

    /// Adds a block of entries; where it is one more repetition of the block before, it takes no memory. Returns whether it is.
    pub fn push_block(&mut self, block: Vec<T>) -> bool {
        let len = block.len();
        let taken = self.runs.last_mut().is_some_and(|run| run.takes(&block));
        if !taken && len > 0 {
            self.runs.push(Run::once(self.len, block));
        }
        self.len += len;
        taken
    }

    /// Adds so many more repetitions of the last block, which at least two calls of [`Series::push_block`] have made.
    pub fn repeat_block(&mut self, times: usize) {
        if let Some(run) = self.runs.last_mut().filter(|run| run.count > 1) {
            run.count += times;
            self.len = run.end();
        }
    }

    /// Changes the entries as a list, which then has no block.
    pub fn change(&mut self, change: impl FnOnce(&mut Vec<T>)) {
        let mut list = self.to_vec();
        change(&mut list);
        *self = list.into();
    }

    /// The pieces of which the list consists, with blocks in blocks. Those of a list of up to `SEARCHED` entries do not depend on how
    /// it was made; in a longer one the blocks that it was made of stay.
    pub(in crate::workload) fn parts(&self) -> Vec<Part> {
        if self.len <= SEARCHED {
            return parts(&self.to_vec(), 0, &vec![(); self.len]);
        }
        let mut all = Vec::new();
        for run in &self.runs {
            let steps: Vec<_> = (0..run.body.len()).map(|place| run.steps(place)).collect();
            let body = parts(&run.body, run.first, &steps);
            match run.count {
                1 => all.extend(body),
                count => all.push(Part::Repeat { first: run.first, period: run.body.len(), count, body }),
            }
        }
        all
    }
}

impl<T: Entry> From<Vec<T>> for Series<T> {
    fn from(list: Vec<T>) -> Self {
        let len = list.len();
        let runs = if len == 0 { Vec::new() } else { vec![Run::once(0, list)] };
        Self { runs, len }
    }
}

impl<T: Entry> FromIterator<T> for Series<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        Vec::from_iter(entries).into()
    }
}

impl<T: Entry> PartialEq for Series<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other)
    }
}

impl<T: Entry + fmt::Debug> fmt::Debug for Series<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'s, T: Entry> IntoIterator for &'s Series<T> {
    type Item = T;
    type IntoIter = Iter<'s, T>;

    fn into_iter(self) -> Iter<'s, T> {
        self.iter()
    }
}

/// The entries of a [`Series`], by value.
#[derive(Clone)]
pub struct Iter<'s, T> {
    series: &'s Series<T>,
    /// Where the next entry from the front is.
    run: usize,
    repetition: usize,
    place: usize,
    /// Places that are left.
    next: usize,
    end: usize,
}

impl<T: Entry> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if self.next == self.end {
            return None;
        }
        let run = &self.series.runs[self.run];
        let entry = run.entry(self.repetition, self.place);
        self.next += 1;
        self.place += 1;
        if self.place == run.body.len() {
            (self.place, self.repetition) = (0, self.repetition + 1);
        }
        if self.repetition == run.count {
            (self.repetition, self.run) = (0, self.run + 1);
        }
        Some(entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.end - self.next, Some(self.end - self.next))
    }
}

impl<T: Entry> DoubleEndedIterator for Iter<'_, T> {
    fn next_back(&mut self) -> Option<T> {
        if self.next == self.end {
            return None;
        }
        self.end -= 1;
        Some(self.series.at(self.end))
    }
}

impl<T: Entry> ExactSizeIterator for Iter<'_, T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Class, Home, Tensor};
    use proptest::prelude::*;

    fn tensor(form: u32, rows: u32) -> Tensor {
        let name = format!("form{}{form}.{rows}", "x".repeat(form as usize));
        Tensor {
            name: name.into(),
            rows,
            cols: 1,
            bits: 8,
            class: Class::Kv,
            home: Home::None,
            write_back: false,
            layer: None,
        }
    }

    fn block() -> impl Strategy<Value = Vec<Tensor>> {
        prop::collection::vec((0..2u32, 0..4u32).prop_map(|(form, rows)| tensor(form, rows)), 0..4)
    }

    proptest! {
        #[test]
        fn a_series_is_the_list_it_was_made_of(blocks in prop::collection::vec((block(), 1..5usize, 0..3u32), 0..8), single: bool) {
            let (mut series, mut list) = (Series::default(), Vec::new());
            for (block, count, step) in blocks {
                for repetition in 0..count {
                    let moved = |t: &Tensor| tensor(u32::from(t.name.starts_with("formx")), t.rows + step * repetition as u32);
                    let block: Vec<Tensor> = block.iter().map(moved).collect();
                    list.extend(&block);
                    series.push_block(block);
                }
                if single {
                    list.push(tensor(1, 9));
                    series.push(tensor(1, 9));
                }
            }
            prop_assert_eq!(series.len(), list.len());
            prop_assert_eq!(series.to_vec(), list.clone());
            prop_assert_eq!(series.iter().rev().collect::<Vec<_>>(), list.iter().rev().copied().collect::<Vec<_>>());
            prop_assert!((0..list.len()).all(|i| series.at(i) == list[i] && series.form(i).form() == list[i].form()));
            prop_assert!(series == Series::from(list.clone()));
            prop_assert_eq!(series.get(list.len()), None);
        }
    }

    #[test]
    fn repetitions_take_no_memory() {
        let mut series = Series::default();
        for token in 0..3 {
            let repeats = series.push_block(vec![tensor(0, token), tensor(1, 7 + 2 * token)]);
            assert_eq!(repeats, token > 0);
        }
        series.repeat_block(97);
        assert_eq!((series.len(), series.runs.len()), (200, 1));
        assert_eq!((series.at(198), series.last()), (tensor(0, 99), Some(tensor(1, 205))));
    }
}
