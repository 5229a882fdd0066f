//! Fewer points of an occupancy curve, none of them made up, no peak lost.

use crate::trace::{Occupancy, OccupancyChange};
use serde::Serialize;
use std::collections::BTreeSet;

/// Columns of a curve: value `i` holds from `cycle[i]` to `cycle[i + 1]`, the last one to the end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Column {
    /// First cycle of each value.
    pub cycle: Vec<u64>,
    /// Needed bytes by class, in the order weight, activation, kv, score.
    pub needed: [Vec<u64>; 4],
    /// Bytes that nobody needs any more.
    pub obsolete: Vec<u64>,
}

/// At most about `6 · buckets` changes of a curve.
///
/// Time is cut into buckets of equal length. Of each, these changes are kept: the first, the last, those with most and
/// with least needed bytes, those with most and with least used bytes. All points are changes that happened, at the
/// cycle they happened; the maximum and the minimum over any whole bucket are exact.
pub fn decimate(occupancy: &Occupancy, buckets: usize) -> Column {
    let changes: Vec<OccupancyChange> = occupancy.changes.iter().collect();
    let span = occupancy.end.0.max(1);
    let bucket = |change: &OccupancyChange| {
        (u128::from(change.cycle.0) * buckets as u128 / u128::from(span)).min(buckets as u128) as usize
    };
    let mut kept = BTreeSet::new();
    let mut first = 0;
    while first < changes.len() {
        let here = bucket(&changes[first]);
        let length = changes[first..].iter().take_while(|change| bucket(change) == here).count();
        keep(&mut kept, &changes, first, first + length);
        first += length;
    }
    kept.into_iter().map(|index| changes[index]).collect()
}

fn keep(kept: &mut BTreeSet<usize>, changes: &[OccupancyChange], first: usize, end: usize) {
    let needed = |index: &usize| changes[*index].needed_total();
    let used = |index: &usize| changes[*index].used();
    let extremes = [
        (first..end).max_by_key(needed),
        (first..end).min_by_key(needed),
        (first..end).max_by_key(used),
        (first..end).min_by_key(used),
    ];
    kept.extend(extremes.into_iter().flatten());
    kept.extend([first, end - 1]);
}

impl FromIterator<OccupancyChange> for Column {
    fn from_iter<I: IntoIterator<Item = OccupancyChange>>(changes: I) -> Self {
        let mut column = Column::default();
        for change in changes {
            column.cycle.push(change.cycle.0);
            column.obsolete.push(change.obsolete.0);
            for (class, bytes) in column.needed.iter_mut().zip(change.needed) {
                class.push(bytes.0);
            }
        }
        column
    }
}
