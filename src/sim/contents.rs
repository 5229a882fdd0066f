//! The part of a tensor that is in a memory.

use super::grid::{CellSet, Cells};
use super::residency::{Held, Need};

/// The part of one tensor that is in one memory. Of a cell there is everything, nothing, or a part from its beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) whole: CellSet,
    pub(super) needed: CellSet,
    pub(super) dirty: CellSet,
    /// Cells of which only the first so many bits are there, by number.
    pub(super) parts: Vec<(u32, u64)>,
    pub(super) present_bits: u64,
    pub(super) needed_bits: u64,
    pub(super) dirty_bits: u64,
}

impl Contents {
    pub(super) fn new(held: &Held) -> Self {
        let set = || CellSet::new(held.grid.len(), false);
        let needed = if held.need == Need::Tiles { set() } else { CellSet::default() };
        Self { whole: set(), needed, dirty: set(), ..Self::default() }
    }

    pub(super) fn bytes(&self) -> (u64, u64) {
        (self.present_bits.div_ceil(8), self.needed_bits.div_ceil(8))
    }

    pub(super) fn part(&self, cell: usize) -> u64 {
        match self.parts.binary_search_by_key(&(cell as u32), |&(c, _)| c) {
            Ok(at) => self.parts[at].1,
            Err(_) => 0,
        }
    }

    /// Bits of a cell that are there.
    pub(super) fn there(&self, held: &Held, cell: usize) -> u64 {
        if self.whole.has(cell) { held.grid.bits_of(cell) } else { self.part(cell) }
    }

    /// Makes the first `bits` bits of a cell be there, no more.
    pub(super) fn set_there(&mut self, held: &Held, cell: usize, bits: u64) {
        let (before, all) = (self.there(held, cell), held.grid.bits_of(cell));
        if let Ok(at) = self.parts.binary_search_by_key(&(cell as u32), |&(c, _)| c) {
            self.parts.remove(at);
        }
        self.whole.set(cell, bits == all);
        if bits > 0 && bits < all {
            let at = self.parts.partition_point(|&(c, _)| c < cell as u32);
            self.parts.insert(at, (cell as u32, bits));
        }
        self.present_bits = self.present_bits + bits - before;
        if self.is_needed(held, cell) {
            self.needed_bits = self.needed_bits + bits - before;
        }
        if self.dirty.has(cell) {
            self.dirty_bits = self.dirty_bits + bits - before;
        }
        if bits == 0 {
            self.dirty.set(cell, false);
            if held.need == Need::Tiles {
                self.needed.set(cell, false);
            }
        }
    }

    /// Whether the copy here is the only one.
    pub(super) fn mark(&mut self, held: &Held, cell: usize, dirty: bool) {
        if self.dirty.has(cell) != dirty {
            let bits = self.there(held, cell);
            self.dirty_bits = if dirty { self.dirty_bits + bits } else { self.dirty_bits - bits };
            self.dirty.set(cell, dirty);
        }
    }

    /// Bits that have a copy further up, if all that is here is needed.
    pub(super) fn clean_bits(&self) -> Option<u64> {
        (self.present_bits == self.needed_bits).then(|| self.present_bits - self.dirty_bits)
    }

    pub(super) fn is_needed(&self, held: &Held, cell: usize) -> bool {
        if held.need == Need::Tiles { self.needed.has(cell) } else { held.is_needed(cell) }
    }

    /// Whether a cell is needed, and whether there is no copy of it further up.
    pub(super) fn state(&self, held: &Held, cell: usize) -> (bool, bool) {
        (self.is_needed(held, cell), self.dirty.has(cell))
    }

    /// Cells of which something is there, last first.
    pub(super) fn descending(&self, held: &Held) -> impl Iterator<Item = usize> + '_ {
        let parts = self.parts.iter().rev().map(|&(cell, _)| cell as usize);
        itertools::merge_join_by(self.whole.descending(held.grid.len()), parts, |a, b| a > b)
            .map(|either| either.into_inner())
    }

    /// Marks `cells`, all whole, as needed. Returns whether some were not.
    pub(super) fn need_tiles(&mut self, held: &Held, cells: Cells) -> bool {
        let before = self.needed_bits;
        for cell in held.grid.numbers(cells) {
            if !self.needed.has(cell) {
                self.needed.set(cell, true);
                self.needed_bits += held.grid.bits_of(cell);
            }
        }
        self.needed_bits != before
    }
}
