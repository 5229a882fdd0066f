//! Lengths of idle intervals, sorted, so that a policy is evaluated by a look-up a threshold.

use super::gap::Slept;
use crate::power::{Sleep, TransitionCycles};

/// Lengths with multiplicity, sorted, with suffix sums.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lengths {
    values: Vec<u64>,
    counts: Vec<u64>,
    /// Number and sum of all lengths from this index on; one longer than `values`.
    suffix: Vec<(u64, u64)>,
    index: Index,
}

/// Where lengths with the same leading bits begin, so that a search is about as long as there are lengths of one bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Index {
    /// Bits below the leading one that tell buckets apart.
    bits: u32,
    /// Lengths in the buckets before each, and all.
    starts: Vec<u32>,
}

impl Index {
    /// As many buckets an octave as there are lengths, within limits.
    fn new(values: &[u64]) -> Self {
        let bits = (usize::BITS - values.len().leading_zeros()).clamp(2, 8);
        let mut index = Self { bits, starts: Vec::new() };
        let buckets = values.last().map_or(0, |most| index.bucket(*most) + 1);
        index.starts = vec![0; buckets + 1];
        for value in values {
            let bucket = index.bucket(*value);
            index.starts[bucket + 1] += 1;
        }
        for bucket in 0..buckets {
            index.starts[bucket + 1] += index.starts[bucket];
        }
        index
    }

    /// Bucket of a value: ascending, as wide as 2^−bits of the power of two below it.
    fn bucket(&self, value: u64) -> usize {
        let octave = (u64::BITS - value.leading_zeros()).saturating_sub(self.bits + 1);
        (octave as usize * (1 << self.bits)) + (value >> octave) as usize
    }

    /// Number of `values` that are not above `bound`.
    fn not_above(&self, values: &[u64], bound: u64) -> usize {
        let bucket = self.bucket(bound);
        match (self.starts.get(bucket), self.starts.get(bucket + 1)) {
            (Some(&low), Some(&high)) => {
                let (low, high) = (low as usize, high as usize);
                low + values[low..high].partition_point(|value| *value <= bound)
            }
            _ => values.len(),
        }
    }
}

impl Lengths {
    /// Sorts lengths.
    pub(super) fn new(mut lengths: Vec<u64>) -> Self {
        lengths.sort_unstable();
        let mut table = Self::default();
        for length in lengths {
            match table.values.last() == Some(&length) {
                true => *table.counts.last_mut().expect("as long as values") += 1,
                false => {
                    table.values.push(length);
                    table.counts.push(1);
                }
            }
        }
        table.accumulate();
        table.index = Index::new(&table.values);
        table
    }

    fn accumulate(&mut self) {
        self.suffix = vec![(0, 0); self.values.len() + 1];
        for i in (0..self.values.len()).rev() {
            let (count, sum) = self.suffix[i + 1];
            self.suffix[i] = (count + self.counts[i], sum + self.counts[i] * self.values[i]);
        }
    }

    /// Number and sum of the lengths above `bound`.
    pub fn above(&self, bound: u64) -> (u64, u64) {
        self.suffix[self.index.not_above(&self.values, bound)]
    }

    /// Distinct lengths with their counts, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.values.iter().copied().zip(self.counts.iter().copied())
    }

    /// Number and sum of all lengths.
    pub fn total(&self) -> (u64, u64) {
        self.suffix[0]
    }

    /// What a policy makes of all of them, all live or all dead.
    pub(super) fn slept(&self, steps: &[(u64, Sleep)], times: &TransitionCycles) -> Slept {
        let mut total = Slept::default();
        let mut before = [0u64; 3]; // asleep in earlier states, for gaps that reach the next one
        let mut since = 0;
        let mut reaching = steps.first().map_or((0, 0), |(entry, _)| self.above(*entry));
        for (k, &(entry, state)) in steps.iter().enumerate() {
            let s = state.index();
            let from_retention = k > 0 && steps[k - 1].1 == Sleep::Retention;
            if k > 0 {
                before[steps[k - 1].1.index()] += entry.saturating_sub(since);
            }
            since = since.max(entry) + if from_retention { 0 } else { times.into[s] };
            let deeper = steps.get(k + 1).map_or((0, 0), |next| self.above(next.0));
            let count = reaching.0 - deeper.0;
            total.wakes[s] += count;
            total.cycles[s] += self.excess(since + times.out[s], (entry, reaching), deeper);
            total.add(&Slept { cycles: before, wakes: [0; 3] }, count);
            reaching = deeper;
        }
        total
    }

    /// Domains that are OFF since reset until their first access, which wakes them.
    pub(super) fn since_reset(&self, times: &TransitionCycles) -> Slept {
        let out = times.out[Sleep::Off.index()];
        let (count, sum) = self.above(out);
        Slept { cycles: [0, 0, sum - out * count], wakes: [0, 0, self.total().0] }
    }

    /// What lengths exceed `bound` by, of those above `entry` but not among the `deeper` ones.
    fn excess(&self, bound: u64, (entry, reaching): (u64, (u64, u64)), deeper: (u64, u64)) -> u64 {
        let (count, sum) = if bound > entry { self.above(bound) } else { reaching };
        match count > deeper.0 {
            true => (sum - deeper.1) - bound * (count - deeper.0),
            false => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_index_finds_what_a_search_finds(
            lengths in prop::collection::vec((0u32..64, any::<u64>()).prop_map(|(bits, value)| value >> bits), 0..300),
            others in prop::collection::vec((0u32..64, any::<u64>()).prop_map(|(bits, value)| value >> bits), 0..50),
        ) {
            // Sums of lengths near 2^64 are not meant to fit.
            let lengths: Vec<u64> = lengths.into_iter().map(|length| length >> 9).collect();
            let table = Lengths::new(lengths.clone());
            let near = lengths.iter().flat_map(|l| [l.saturating_sub(1), *l, l + 1]);
            for bound in near.chain(others).chain([0, u64::MAX]) {
                let above = lengths.iter().filter(|l| **l > bound);
                prop_assert_eq!(table.above(bound), (above.clone().count() as u64, above.sum::<u64>()));
            }
        }
    }
}
