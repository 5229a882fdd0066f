//! What each memory holds, byte by byte, and in which order tensors came and were used.

use super::Naive;
use super::tensors::{Cell, Need};
use std::collections::{BTreeMap, BTreeSet};
use trapti::accelerator::Reclaim;

/// One memory.
#[derive(Debug)]
pub(super) struct Store {
    /// Of each tensor and element, whether it is there.
    pub present: Vec<Vec<bool>>,
    /// Whether it is needed, where that is known tile by tile.
    pub wanted: Vec<Vec<bool>>,
    /// Tiles of which there is something that has no copy further up.
    pub dirty: BTreeSet<Cell>,
    /// Tiles in use, by the number of the request.
    pub pins: Vec<(u64, Cell)>,
    /// Tiles of which something is being copied up, and the number of that copy.
    pub leaving: BTreeMap<Cell, u64>,
    /// When each tensor came, was last used, and last used or released.
    pub came: Vec<u64>,
    pub used: Vec<u64>,
    pub idle: Vec<u64>,
    here: Vec<bool>,
    needed: Vec<usize>,
    clock: u64,
    /// Needed bytes that had to leave.
    pub evicted: u64,
}

impl Store {
    pub(super) fn new(sizes: &[usize]) -> Self {
        let none = || sizes.iter().map(|&n| vec![false; n]).collect();
        let zero = vec![0; sizes.len()];
        Self {
            present: none(),
            wanted: none(),
            dirty: BTreeSet::new(),
            pins: Vec::new(),
            leaving: BTreeMap::new(),
            came: zero.clone(),
            used: zero.clone(),
            idle: zero,
            here: vec![false; sizes.len()],
            needed: vec![0; sizes.len()],
            clock: 0,
            evicted: 0,
        }
    }

    /// Bytes there.
    pub(super) fn bytes(&self) -> u64 {
        self.present.iter().flatten().filter(|&&p| p).count() as u64
    }

    /// Tiles are to be copied up by the copy whose number this returns.
    pub(super) fn leave(&mut self, cells: &[(Cell, usize)]) -> u64 {
        let number = self.tick();
        self.leaving.extend(cells.iter().map(|(cell, _)| (*cell, number)));
        number
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }
}

impl Naive<'_> {
    /// Bytes of a tile.
    pub(super) fn size(&self, (tensor, tile): Cell) -> usize {
        self.tensors[tensor].tiles[tile].len()
    }

    /// Bytes of a tile that are in a memory: always its first ones.
    pub(super) fn there(&self, memory: usize, (tensor, tile): Cell) -> usize {
        let present = &self.stores[memory].present[tensor];
        self.tensors[tensor].tiles[tile].iter().filter(|&&i| present[i]).count()
    }

    /// Whether all of a tile is there.
    pub(super) fn whole(&self, memory: usize, cell: Cell) -> bool {
        self.there(memory, cell) == self.size(cell)
    }

    /// Bytes of tiles that are not there.
    pub(super) fn missing(&self, memory: usize, cells: &[Cell]) -> u64 {
        let cells: BTreeSet<Cell> = cells.iter().copied().collect();
        cells.iter().map(|&cell| (self.size(cell) - self.there(memory, cell)) as u64).sum()
    }

    /// Something about a tensor in a memory has changed.
    pub(super) fn account(&mut self, memory: usize, tensor: usize) {
        self.changed = true;
        let mut needed = self.need(memory, tensor);
        needed.iter_mut().zip(&self.stores[memory].present[tensor]).for_each(|(needed, present)| *needed &= present);
        if self.accelerator.memories[memory].reclaim == Reclaim::Eager {
            self.stores[memory].present[tensor] = needed.clone();
        }
        for tile in 0..self.tensors[tensor].tiles.len() {
            let gone = self.stores[memory].dirty.contains(&(tensor, tile)) && self.there(memory, (tensor, tile)) == 0;
            if gone {
                self.stores[memory].dirty.remove(&(tensor, tile));
            }
        }
        let store = &mut self.stores[memory];
        let count = needed.iter().filter(|&&n| n).count();
        if store.present[tensor].iter().all(|p| !p) {
            store.here[tensor] = false;
        }
        if count < store.needed[tensor] {
            store.idle[tensor] = store.tick();
        }
        store.needed[tensor] = count;
    }

    /// A transfer starts: its tensors are the most recently used.
    pub(super) fn mark(&mut self, memory: usize, cells: &[Cell]) {
        let store = &mut self.stores[memory];
        for &(tensor, _) in cells {
            let now = store.tick();
            if !store.here[tensor] {
                (store.here[tensor], store.came[tensor]) = (true, now);
            }
            (store.used[tensor], store.idle[tensor]) = (now, now);
        }
    }

    /// A transfer uses tiles that are there.
    pub(super) fn hit(&mut self, memory: usize, cells: &[Cell]) {
        for &(tensor, tile) in cells.iter().filter(|(tensor, _)| self.tensors[*tensor].need == Need::Tiles) {
            self.tensors[tensor].tiles[tile].iter().for_each(|&i| self.stores[memory].wanted[tensor][i] = true);
        }
        let tensors: BTreeSet<usize> = cells.iter().map(|(tensor, _)| *tensor).collect();
        tensors.into_iter().for_each(|tensor| self.account(memory, tensor));
    }

    /// Tiles arrive whole; `dirty` if there is no copy of them further up.
    pub(super) fn add(&mut self, memory: usize, cells: &[Cell], dirty: bool) {
        for &(tensor, tile) in cells {
            let store = &mut self.stores[memory];
            if dirty {
                store.dirty.insert((tensor, tile));
                store.leaving.remove(&(tensor, tile));
            }
            self.tensors[tensor].tiles[tile].iter().for_each(|&i| store.present[tensor][i] = true);
        }
        self.hit(memory, cells);
    }

    /// The first bytes of a tile arrive from below.
    pub(super) fn add_part(&mut self, memory: usize, (tensor, tile): Cell, bytes: usize) {
        let store = &mut self.stores[memory];
        store.dirty.insert((tensor, tile));
        self.tensors[tensor].tiles[tile][..bytes].iter().for_each(|&i| store.present[tensor][i] = true);
        self.account(memory, tensor);
    }

    /// The last bytes of a tile go.
    pub(super) fn remove(&mut self, memory: usize, (tensor, tile): Cell, bytes: usize) {
        let there = self.there(memory, (tensor, tile));
        assert!(bytes <= there, "{bytes} of {there} bytes");
        self.removed += bytes;
        let gone: Vec<usize> = self.tensors[tensor].tiles[tile][there - bytes..there].into();
        for i in gone {
            if self.is_needed(memory, tensor, i) {
                self.stores[memory].evicted += 1;
            }
            self.stores[memory].present[tensor][i] = false;
            self.stores[memory].wanted[tensor][i] = false;
        }
    }

    /// Tiles were overwritten elsewhere.
    pub(super) fn discard(&mut self, memory: usize, cells: &[Cell]) {
        for &(tensor, tile) in cells {
            let store = &mut self.stores[memory];
            self.tensors[tensor].tiles[tile].iter().for_each(|&i| store.present[tensor][i] = false);
            self.account(memory, tensor);
        }
    }
}
