//! Lifetimes in words, and the rules that place them in the order of their reservations.

use super::holes::Holes;
use super::{Space, Unplaceable};
use crate::ids::{LifetimeId, MemoryId};
use crate::power::{PlacedBlock, Placement};
use crate::trace::Lifetime;
use crate::units::{Bytes, Cycles};
use crate::workload::Class;

/// One lifetime of the memory: live in the cycles `from` … `to` − 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) id: LifetimeId,
    pub(super) class: Class,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) words: u64,
}

impl Item {
    fn duration(&self) -> u64 {
        self.to - self.from
    }
}

/// The lifetimes of one memory, in the order of their ids.
#[derive(Debug)]
pub(super) struct Items {
    pub(super) all: Vec<Item>,
    pub(super) word_bytes: u64,
}

/// First words, one an item.
pub(super) type FirstWords = Vec<u64>;

impl Items {
    pub(super) fn new(lifetimes: &[Lifetime], memory: MemoryId, word_bytes: u64) -> Self {
        let item = |(index, l): (usize, &Lifetime)| Item {
            id: LifetimeId::from(index),
            class: l.class,
            from: l.reserved.0,
            to: l.released.0.max(l.reserved.0),
            words: l.extent.0.div_ceil(word_bytes).max(1),
        };
        let all = lifetimes.iter().enumerate().filter(|(_, l)| l.memory == memory).map(item).collect();
        Self { all, word_bytes }
    }

    /// Blocks at given addresses.
    pub(super) fn placement(&self, first_words: &[u64]) -> Placement {
        let block =
            |(item, first): (&Item, &u64)| PlacedBlock { lifetime: item.id, first_word: *first, words: item.words };
        Placement { blocks: self.all.iter().zip(first_words).map(block).collect() }
    }

    /// In the order of reservations: the lowest free address, or the highest for those that go `high`.
    pub(super) fn pack(&self, words: u64, high: impl Fn(&Item) -> bool) -> Result<FirstWords, Unplaceable> {
        let mut first_words = vec![0; self.all.len()];
        let mut order: Vec<usize> = (0..self.all.len()).collect();
        order.sort_by_key(|&at| self.all[at].from);
        self.pack_into(&mut first_words, &order, words, high)?;
        Ok(first_words)
    }

    /// As [`Self::pack`], for the items of `order` alone.
    fn pack_into(
        &self,
        first_words: &mut [u64],
        order: &[usize],
        words: u64,
        high: impl Fn(&Item) -> bool,
    ) -> Result<(), Unplaceable> {
        let mut by_release: Vec<usize> =
            order.iter().copied().filter(|&at| self.all[at].from < self.all[at].to).collect();
        by_release.sort_by_key(|&at| self.all[at].to);
        let mut to_release = by_release.into_iter().peekable();
        let mut holes = Holes::new(words);
        for &at in order {
            let item = &self.all[at];
            while let Some(gone) = to_release.next_if(|&gone| self.all[gone].to <= item.from) {
                holes.put(first_words[gone], self.all[gone].words);
            }
            let taken = if high(item) { holes.take_last(item.words) } else { holes.take(item.words) };
            first_words[at] = taken.ok_or_else(|| self.unplaceable(item, &holes))?;
            if item.from == item.to {
                holes.put(first_words[at], item.words);
            }
        }
        Ok(())
    }

    /// Long-lived is what lives longer than the mean lifetime, each weighted with its byte-cycles.
    pub(super) fn two_ended(&self, words: u64) -> Result<FirstWords, Unplaceable> {
        let weight = |item: &Item| u128::from(item.words) * u128::from(item.duration());
        let total: u128 = self.all.iter().map(weight).sum();
        let weighted: u128 = self.all.iter().map(|item| weight(item) * u128::from(item.duration())).sum();
        let mean = weighted.checked_div(total).unwrap_or(0);
        self.pack(words, |item| u128::from(item.duration()) <= mean)
    }

    /// A pool for each kind of data, in the order keys and values, weights, the rest; each begins with a domain where that
    /// fits, else with the word after the pool before.
    pub(super) fn by_class(&self, space: Space) -> Result<FirstWords, Unplaceable> {
        let pool = |class: Class| match class {
            Class::Kv => 0,
            Class::Weight => 1,
            Class::Activation | Class::Score => 2,
        };
        let mut first_words = vec![0; self.all.len()];
        let mut ends = [0; 3];
        for (number, end) in ends.iter_mut().enumerate() {
            let mut order: Vec<usize> = (0..self.all.len()).filter(|&at| pool(self.all[at].class) == number).collect();
            order.sort_by_key(|&at| self.all[at].from);
            self.pack_into(&mut first_words, &order, u64::MAX, |_| false)?;
            *end = order.iter().map(|&at| first_words[at] + self.all[at].words).max().unwrap_or(0);
        }
        let starts = |align: u64| {
            [0, ends[0].next_multiple_of(align), (ends[0].next_multiple_of(align) + ends[1]).next_multiple_of(align)]
        };
        let aligned = starts(space.domain_words.max(1));
        let starts = if aligned[2] + ends[2] <= space.words { aligned } else { starts(1) };
        for (item, first) in self.all.iter().zip(&mut first_words) {
            *first += starts[pool(item.class)];
            if *first + item.words > space.words {
                return Err(self.beyond(item, *first, space.words));
            }
        }
        Ok(first_words)
    }

    fn unplaceable(&self, item: &Item, holes: &Holes) -> Unplaceable {
        Unplaceable {
            lifetime: item.id,
            cycle: Cycles(item.from),
            needed: Bytes(item.words * self.word_bytes),
            missing: Bytes((item.words - holes.largest()) * self.word_bytes),
            free: Bytes(holes.total() * self.word_bytes),
        }
    }

    /// Of an item whose pool ends beyond the memory.
    fn beyond(&self, item: &Item, first: u64, words: u64) -> Unplaceable {
        let left = words.saturating_sub(first);
        Unplaceable {
            lifetime: item.id,
            cycle: Cycles(item.from),
            needed: Bytes(item.words * self.word_bytes),
            missing: Bytes((item.words - left) * self.word_bytes),
            free: Bytes(left * self.word_bytes),
        }
    }
}
