//! Who leaves a memory that is full.

use super::Naive;
use super::tensors::Cell;
use super::transfers::Leave;
use trapti::accelerator::{Replacement, Victims};

/// Whether there is room.
pub(super) enum Room {
    Ready,
    /// When this has been copied up.
    After(Leave),
    /// So many bytes are lacking.
    Lacking(u64),
}

#[derive(Clone, Copy, PartialEq)]
enum Pass {
    Obsolete,
    Clean,
    Any,
}

impl Naive<'_> {
    pub(super) fn make_room(&mut self, memory: usize, bytes: u64) -> Room {
        let Some(capacity) = self.accelerator.memories[memory].capacity else { return Room::Ready };
        let passes: &[Pass] = match self.accelerator.memories[memory].victims {
            Victims::ObsoleteFirst => &[Pass::Obsolete, Pass::Clean, Pass::Any],
            Victims::Any => &[Pass::Any],
        };
        let most = capacity.0.saturating_sub(bytes);
        for &pass in passes {
            for tensor in self.victims(memory, pass) {
                let lacking = self.stores[memory].bytes().saturating_sub(most);
                if lacking > 0
                    && let Some(leave) = self.take(memory, tensor, lacking as usize, pass)
                {
                    return Room::After(leave);
                }
            }
        }
        match (self.stores[memory].bytes() + bytes).saturating_sub(capacity.0) {
            0 => Room::Ready,
            lacking => Room::Lacking(lacking),
        }
    }

    /// Tensors in the order in which they are looked at.
    fn victims(&self, memory: usize, pass: Pass) -> Vec<usize> {
        let store = &self.stores[memory];
        let here = |t: usize| {
            let mut wanted = store.present[t].iter().zip(self.need(memory, t));
            store.present[t].contains(&true)
                && wanted.any(|(there, needed)| *there && (pass != Pass::Obsolete || !needed))
        };
        let key = |&t: &usize| match self.accelerator.memories[memory].replacement {
            Replacement::Lru if pass == Pass::Obsolete => (store.idle[t], t),
            Replacement::Lru => (store.used[t], t),
            Replacement::Fifo => (store.came[t], t),
            Replacement::Belady => {
                let next = self.tensors[t].users.iter().find(|op| !self.finished.contains(op));
                (next.map_or(0, |op| u64::from(u32::MAX - op.0)), t)
            }
        };
        let mut victims: Vec<usize> = (0..store.present.len()).filter(|&t| here(t)).collect();
        victims.sort_by_key(key);
        victims
    }

    /// Takes bytes from the end of a tensor; what is needed and dirty has to be copied up first.
    fn take(&mut self, memory: usize, tensor: usize, lacking: usize, pass: Pass) -> Option<Leave> {
        let mut left = lacking;
        let (mut free, mut saved) = (Vec::<(Cell, usize)>::new(), Vec::<(Cell, usize)>::new());
        for tile in (0..self.tensors[tensor].tiles.len()).rev() {
            let cell = (tensor, tile);
            let bytes = self.there(memory, cell).min(left);
            if bytes == 0 || self.stores[memory].pins.iter().any(|(_, pinned)| *pinned == cell) {
                continue;
            }
            let needed = self.is_needed(memory, tensor, self.tensors[tensor].tiles[tile][0]);
            let dirty = self.stores[memory].dirty.contains(&cell);
            match (needed, dirty, pass) {
                (true, _, Pass::Obsolete) | (true, true, Pass::Clean) => continue,
                (true, true, _) if self.stores[memory].leaving.contains_key(&cell) => continue,
                (true, true, _) => saved.push((cell, bytes)),
                _ => free.push((cell, bytes)),
            }
            left -= bytes;
        }
        free.iter().for_each(|&(cell, bytes)| self.remove(memory, cell, bytes));
        if !free.is_empty() {
            self.account(memory, tensor);
        }
        let number = self.stores[memory].leave(&saved);
        (!saved.is_empty()).then_some(Leave { cells: saved, stays: false, by: 0, number })
    }

    /// What had to be saved has a copy above; it goes unless it only had to be copied or is in use again.
    pub(super) fn saved(&mut self, memory: usize, leave: &Leave) {
        for &(cell, bytes) in &leave.cells {
            if self.stores[memory].leaving.get(&cell) != Some(&leave.number) {
                continue; // It was written again.
            }
            self.stores[memory].leaving.remove(&cell);
            let bytes = bytes.min(self.there(memory, cell));
            if leave.stays || self.stores[memory].pins.iter().any(|(_, pinned)| *pinned == cell) {
                if bytes == self.there(memory, cell) {
                    self.stores[memory].dirty.remove(&cell);
                }
            } else {
                self.remove(memory, cell, bytes);
            }
        }
        self.account(memory, leave.cells[0].0.0);
    }
}
