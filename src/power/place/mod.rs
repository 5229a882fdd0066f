//! Placement rules: each gives every lifetime of a memory an address for as long as it lives.

mod holes;

use super::{PlacedBlock, Placement};
use crate::ids::{LifetimeId, MemoryId};
use crate::trace::Lifetime;
use crate::units::{Bytes, Cycles};
use holes::Holes;
use std::fmt;

/// Why the lifetimes cannot be placed: an answer, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unplaceable {
    /// The first lifetime without a place.
    pub lifetime: LifetimeId,
    /// When it is reserved.
    pub cycle: Cycles,
    /// Bytes it needs in one piece.
    pub needed: Bytes,
    /// Bytes by which the largest free piece is too small.
    pub missing: Bytes,
    /// Free bytes in all pieces.
    pub free: Bytes,
}

impl fmt::Display for Unplaceable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lifetime, cycle, needed, missing, free } = self;
        let [needed, missing, free] = [needed, missing, free].map(|bytes| bytes.human());
        write!(
            f,
            "{lifetime} needs {needed} in one piece in cycle {cycle}; {missing} are missing, {free} are free in all"
        )
    }
}

/// Places every lifetime of `memory` at the lowest address that is free from its reservation to its release, in the order
/// of their reservations (of equal ones by id), word-aligned, in a memory of `words` words of `word_bytes` bytes.
///
/// The result does not depend on `words` as long as there is one: the lowest free address is the same in a larger memory.
///
/// # Errors
/// [`Unplaceable`] names the first lifetime that finds no hole.
pub fn first_fit(
    lifetimes: &[Lifetime],
    memory: MemoryId,
    words: u64,
    word_bytes: u64,
) -> std::result::Result<Placement, Unplaceable> {
    let mine = || (0..lifetimes.len()).filter(|&index| lifetimes[index].memory == memory);
    let mut by_reservation: Vec<usize> = mine().collect();
    by_reservation.sort_by_key(|&index| lifetimes[index].reserved);
    let mut by_release: Vec<usize> = mine().filter(|&i| lifetimes[i].reserved < lifetimes[i].released).collect();
    by_release.sort_by_key(|&index| lifetimes[index].released);
    let mut to_release = by_release.into_iter().peekable();
    let mut holes = Holes::new(words);
    let mut first_words = vec![0; lifetimes.len()];
    let extent = |index: usize| lifetimes[index].extent.0.div_ceil(word_bytes).max(1);
    for index in by_reservation {
        let now = lifetimes[index].reserved;
        while let Some(gone) = to_release.next_if(|&gone| lifetimes[gone].released <= now) {
            holes.put(first_words[gone], extent(gone));
        }
        let Some(first) = holes.take(extent(index)) else {
            return Err(unplaceable(index, now, extent(index), &holes, word_bytes));
        };
        first_words[index] = first;
        if lifetimes[index].released <= now {
            holes.put(first, extent(index));
        }
    }
    let block = |index: usize| PlacedBlock {
        lifetime: LifetimeId::from(index),
        first_word: first_words[index],
        words: extent(index),
    };
    Ok(Placement { blocks: mine().map(block).collect() })
}

fn unplaceable(index: usize, cycle: Cycles, words: u64, holes: &Holes, word_bytes: u64) -> Unplaceable {
    Unplaceable {
        lifetime: LifetimeId::from(index),
        cycle,
        needed: Bytes(words * word_bytes),
        missing: Bytes((words - holes.largest()) * word_bytes),
        free: Bytes(holes.total() * word_bytes),
    }
}
