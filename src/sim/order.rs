//! The order in which tensors are looked at for victims.

use super::lru::LruList;
use std::collections::BTreeSet;

const ABSENT: u64 = u64::MAX;

/// A set of tensors in the order of a replacement policy.
#[derive(Debug)]
pub enum VictimOrder {
    /// By last use.
    Recency(LruList),
    /// By a key, the lowest first; tensors with the same key by number.
    Keyed {
        /// The tensors.
        set: BTreeSet<(u64, u32)>,
        /// Under which key each is in the set.
        key_of: Vec<u64>,
    },
}

impl VictimOrder {
    /// None of `len` tensors, by last use.
    pub fn recency(len: usize) -> Self {
        Self::Recency(LruList::new(len))
    }

    /// None of `len` tensors, by key.
    pub fn keyed(len: usize) -> Self {
        Self::Keyed { set: BTreeSet::new(), key_of: vec![ABSENT; len] }
    }

    /// The tensor is in the set: last by recency, or at the place of `key`.
    pub fn put(&mut self, tensor: u32, key: u64) {
        match self {
            Self::Recency(list) => list.touch(tensor),
            Self::Keyed { set, key_of } => {
                let old = std::mem::replace(&mut key_of[tensor as usize], key);
                if old != key {
                    set.remove(&(old, tensor));
                    set.insert((key, tensor));
                }
            }
        }
    }

    /// The tensor is not in the set.
    pub fn remove(&mut self, tensor: u32) {
        match self {
            Self::Recency(list) => list.remove(tensor),
            Self::Keyed { set, key_of } => {
                let old = std::mem::replace(&mut key_of[tensor as usize], ABSENT);
                set.remove(&(old, tensor));
            }
        }
    }

    /// Whether the tensor is in the set.
    pub fn has(&self, tensor: u32) -> bool {
        match self {
            Self::Recency(list) => list.has(tensor),
            Self::Keyed { key_of, .. } => key_of[tensor as usize] != ABSENT,
        }
    }

    /// The last tensors by recency, as long as they are `among` some, last first; none in an order by key.
    pub fn last_used(&self, among: impl Fn(u32) -> bool) -> Vec<u32> {
        let Self::Recency(list) = self else { return Vec::new() };
        std::iter::successors(list.last(), |&tensor| list.before(tensor)).take_while(|&tensor| among(tensor)).collect()
    }

    /// The first tensor, or the one after another that is in the set.
    pub fn next(&self, after: Option<u32>) -> Option<u32> {
        match (self, after) {
            (Self::Recency(list), None) => list.first(),
            (Self::Recency(list), Some(tensor)) => list.after(tensor),
            (Self::Keyed { set, .. }, None) => set.first().map(|&(_, tensor)| tensor),
            (Self::Keyed { set, key_of }, Some(tensor)) => {
                let above = (std::ops::Bound::Excluded((key_of[tensor as usize], tensor)), std::ops::Bound::Unbounded);
                set.range(above).next().map(|&(_, tensor)| tensor)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_decide() {
        let mut order = VictimOrder::keyed(4);
        for (tensor, key) in [(0, 9), (1, 3), (2, 5), (3, 5), (0, 4)] {
            order.put(tensor, key);
        }
        order.remove(2);
        let listed: Vec<u32> = std::iter::successors(order.next(None), |&t| order.next(Some(t))).collect();
        assert_eq!(listed, [1, 0, 3]);
    }
}
