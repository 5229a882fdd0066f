//! Placement with all lifetimes known: as little domain-on-time as a search finds.
//!
//! Lifetimes are placed one by one, longest first (by duration, by byte-cycles, by size: three attempts). Each goes where it
//! keeps domains live that are live anyway: among all free addresses at the edges of its neighbours and of domains, the one that
//! adds least domain-on-time, the lowest of equals. The best of these attempts and of the other rules is taken.

use super::pack::{FirstWords, Item, Items};
use super::{Space, Unplaceable};
use crate::power::Placement;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Places all items with the least domain-on-time found; first-fit's placement if nothing beats it.
pub(super) fn place(items: &Items, space: Space) -> Result<Placement, Unplaceable> {
    let first_fit = items.pack(space.words, |_| false);
    let neighbours = neighbours(items);
    let searched = orders(items).map(|order| greedy(items, &neighbours, &order, space));
    let others = [items.two_ended(space.words).ok(), items.by_class(space).ok()];
    let candidates = searched.into_iter().chain(others).flatten().map(|first| items.placement(&first));
    let cost = |placement: &Placement| on_time(items, placement, space);
    let mut best = first_fit.map(|first| items.placement(&first));
    for candidate in candidates {
        if best.as_ref().map_or(true, |found| cost(&candidate) < cost(found)) {
            best = Ok(candidate);
        }
    }
    best
}

fn on_time(items: &Items, placement: &Placement, space: Space) -> u64 {
    let spans = items.all.iter().map(|item| (item.from, item.to));
    placement.domain_on_cycles(spans, space.domain_words)
}

/// Orders in which the items are placed.
fn orders(items: &Items) -> [Vec<usize>; 3] {
    let by = |key: fn(&Item) -> u128| {
        let mut order: Vec<usize> = (0..items.all.len()).collect();
        order.sort_by_key(|&at| (Reverse(key(&items.all[at])), items.all[at].from, at));
        order
    };
    let duration = |item: &Item| u128::from(item.to - item.from);
    [by(duration), by(|item| u128::from(item.to - item.from) * u128::from(item.words)), by(|item| item.words.into())]
}

/// For each item those that are live at the same time, from one sweep over time.
fn neighbours(items: &Items) -> Vec<Vec<u32>> {
    let mut order: Vec<usize> = (0..items.all.len()).filter(|&at| items.all[at].from < items.all[at].to).collect();
    order.sort_by_key(|&at| items.all[at].from);
    let mut found = vec![Vec::new(); items.all.len()];
    let mut live: Vec<usize> = Vec::new();
    for at in order {
        live.retain(|&other| items.all[other].to > items.all[at].from);
        for &other in &live {
            found[other].push(at as u32);
            found[at].push(other as u32);
        }
        live.push(at);
    }
    found
}

/// One attempt; `None` when an item finds no free address.
fn greedy(items: &Items, neighbours: &[Vec<u32>], order: &[usize], space: Space) -> Option<FirstWords> {
    let mut placed: Vec<Option<u64>> = vec![None; items.all.len()];
    let mut domains = vec![Busy::default(); space.words.div_ceil(space.domain_words) as usize];
    for &at in order {
        let item = &items.all[at];
        let taken = neighbours[at].iter().filter_map(|&other| {
            let first = placed[other as usize]?;
            Some((first, first + items.all[other as usize].words))
        });
        let free = free_ranges(taken.collect(), space.words);
        let first = cheapest(item, &free, &domains, space)?;
        placed[at] = Some(first);
        for domain in first / space.domain_words..=(first + item.words - 1) / space.domain_words {
            domains[domain as usize].add(item.from, item.to);
        }
    }
    placed.into_iter().collect()
}

/// What is left of the memory.
fn free_ranges(mut taken: Vec<(u64, u64)>, words: u64) -> Vec<(u64, u64)> {
    taken.sort_unstable();
    let mut free = Vec::new();
    let mut at = 0;
    for (first, end) in taken {
        if first > at {
            free.push((at, first));
        }
        at = at.max(end);
    }
    if at < words {
        free.push((at, words));
    }
    free
}

/// The free address that adds least domain-on-time; the lowest of equals.
fn cheapest(item: &Item, free: &[(u64, u64)], domains: &[Busy], space: Space) -> Option<u64> {
    let mut sums = vec![0]; // added time of domains 0 … d − 1
    for domain in domains {
        sums.push(sums.last().expect("not empty") + domain.uncovered(item.from, item.to));
    }
    let size = space.domain_words;
    let added = |first: u64| sums[((first + item.words - 1) / size + 1) as usize] - sums[(first / size) as usize];
    let fits = free.iter().filter(|(first, end)| end - first >= item.words);
    let addresses = fits.flat_map(|&(first, end)| {
        let last = end - item.words;
        let starts = (first.div_ceil(size)..=last / size).map(move |domain| domain * size);
        let ends = ((first + item.words).div_ceil(size)..=end / size).map(move |domain| domain * size - item.words);
        [first, last].into_iter().chain(starts).chain(ends)
    });
    addresses.min_by_key(|&first| (added(first), first))
}

/// Disjoint stretches of time in which a domain holds live data: start to end.
#[derive(Debug, Clone, Default)]
struct Busy(BTreeMap<u64, u64>);

impl Busy {
    /// Cycles of `[from, to)` in which the domain holds nothing.
    fn uncovered(&self, from: u64, to: u64) -> u64 {
        let before = self.0.range(..from).next_back().map(|(&start, &end)| (start, end));
        let inside = self.0.range(from..to).map(|(&start, &end)| (start, end));
        let covered = |(start, end): (u64, u64)| end.min(to).saturating_sub(start.max(from));
        (to - from) - before.into_iter().chain(inside).map(covered).sum::<u64>()
    }

    /// Adds `[from, to)`.
    fn add(&mut self, from: u64, to: u64) {
        if from == to {
            return;
        }
        let (mut start, mut end) = (from, to);
        if let Some((&first, &last)) = self.0.range(..=from).next_back().filter(|(_, last)| **last >= from) {
            (start, end) = (first, end.max(last));
        }
        let inside: Vec<u64> = self.0.range(start..=end).map(|(&first, _)| first).collect();
        for first in inside {
            end = end.max(self.0.remove(&first).expect("just seen"));
        }
        self.0.insert(start, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_time_is_a_union() {
        let mut busy = Busy::default();
        for (from, to) in [(10, 20), (30, 40), (20, 22), (5, 5), (38, 50), (12, 13)] {
            busy.add(from, to);
        }
        assert_eq!(busy.0.into_iter().collect::<Vec<_>>(), [(10, 22), (30, 50)]);
        let mut busy = Busy(BTreeMap::from([(10, 22), (30, 50)]));
        assert_eq!((busy.uncovered(0, 60), busy.uncovered(15, 35), busy.uncovered(22, 30)), (28, 8, 8));
        busy.add(0, 60);
        assert_eq!((busy.0.len(), busy.uncovered(0, 60)), (1, 0));
    }

    #[test]
    fn free_is_what_nobody_takes() {
        assert_eq!(free_ranges(vec![(4, 6), (0, 2), (5, 9)], 12), [(2, 4), (9, 12)]);
        assert_eq!(free_ranges(vec![], 12), [(0, 12)]);
    }
}
