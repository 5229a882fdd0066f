//! Which tiles of which tensor are in the memory, and whether anybody still needs them.

use super::Probe;
use super::grid::{CellSet, Cells, Grid};
use super::lru::LruList;
use super::occupancy::Tracker;
use crate::ids::{LifetimeId, TensorId};
use crate::workload::Workload;

/// Until when the bytes of a tensor are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// While ops that write or read it are outstanding.
    Uses,
    /// To the end of the run.
    Always,
    /// While an op that reads it runs.
    Readers,
    /// Tile by tile: from its transfer into the memory to its last use in the op.
    Tiles,
}

/// A tensor that holds bytes of its own.
#[derive(Debug)]
pub struct Held {
    /// Its tiles.
    pub grid: Grid,
    /// Storage object it belongs to.
    pub storage: TensorId,
    /// Until when it is needed.
    pub need: Need,
    /// Ops that have yet to write or read it.
    pub uses_left: u32,
    /// Running ops that read it.
    pub readers: u32,
    present: CellSet,
    needed: CellSet,
    dirty: CellSet,
    present_bits: u64,
    needed_bits: u64,
    total_bits: u64,
}

impl Held {
    /// Nothing of it is in the memory.
    pub fn new(grid: Grid, storage: TensorId, need: Need) -> Self {
        let set = || CellSet::new(grid.len(), false);
        let needed = if need == Need::Tiles { set() } else { CellSet::default() };
        let (present, dirty) = (set(), set());
        let total_bits = grid.bits();
        let (present_bits, needed_bits) = (0, 0);
        Self {
            grid,
            storage,
            need,
            uses_left: 0,
            readers: 0,
            present,
            needed,
            dirty,
            present_bits,
            needed_bits,
            total_bits,
        }
    }

    fn live(&self) -> bool {
        match self.need {
            Need::Uses => self.uses_left > 0,
            Need::Always => true,
            Need::Readers => self.readers > 0,
            Need::Tiles => false,
        }
    }

    fn is_needed(&self, cell: usize) -> bool {
        if self.need == Need::Tiles { self.needed.has(cell) } else { self.live() }
    }

    fn bytes(&self) -> (u64, u64) {
        (self.present_bits.div_ceil(8), self.needed_bits.div_ceil(8))
    }
}

/// A tile that must stay where it is while a transfer is under way.
#[derive(Debug, Clone, Copy)]
pub struct Pin {
    /// Transfer request that holds it.
    pub request: u32,
    /// The tensor.
    pub tensor: TensorId,
    /// Its cells.
    pub cells: Cells,
}

/// Cells that must be written back before they can go.
#[derive(Debug, Clone)]
pub struct Spill {
    /// The tensor.
    pub tensor: TensorId,
    /// Numbers of the cells.
    pub cells: Vec<u32>,
    /// Their size.
    pub bytes: u64,
}

/// The contents of one memory.
#[derive(Debug)]
pub struct Residency<'a, P: Probe> {
    pub(super) workload: &'a Workload,
    pub(super) held: Vec<Held>,
    pub(super) tracker: Tracker,
    pub(super) probe: &'a mut P,
    pub(super) capacity: Option<u64>,
    pub(super) pins: Vec<Pin>,
    pub(super) leaving: Vec<(TensorId, u32)>,
    pub(super) by_use: LruList,
    pub(super) obsolete: LruList,
    pub(super) evicted_needed: u64,
}

impl<'a, P: Probe> Residency<'a, P> {
    /// An empty memory. `capacity` is `None` where everything fits, which saves the bookkeeping of evictions.
    pub fn new(
        workload: &'a Workload,
        held: Vec<Held>,
        tracker: Tracker,
        probe: &'a mut P,
        capacity: Option<u64>,
    ) -> Self {
        let len = if capacity.is_some() { held.len() } else { 0 };
        let (by_use, obsolete) = (LruList::new(len), LruList::new(len));
        let (pins, leaving) = (Vec::new(), Vec::new());
        Self { workload, held, tracker, probe, capacity, pins, leaving, by_use, obsolete, evicted_needed: 0 }
    }

    /// Reports to the tracker what changed since `before`, and files the tensor under its new state.
    pub(super) fn account(&mut self, now: u64, tensor: TensorId, before: (u64, u64)) {
        let held = &self.held[tensor.index()];
        let after = held.bytes();
        let (present, needed) = (after.0 as i64 - before.0 as i64, after.1 as i64 - before.1 as i64);
        if self.capacity.is_some() {
            self.file(tensor, needed < 0);
        }
        if present != 0 || needed != 0 {
            let storage = self.held[tensor.index()].storage;
            self.tracker.change(now, self.workload, storage, present, needed, self.probe);
        }
    }

    fn file(&mut self, tensor: TensorId, released: bool) {
        let held = &self.held[tensor.index()];
        if held.present_bits == 0 {
            self.by_use.remove(tensor.0);
        }
        if held.present_bits == held.needed_bits {
            self.obsolete.remove(tensor.0);
        } else if released {
            self.obsolete.touch(tensor.0);
        }
    }

    /// The tensor is the most recently used.
    pub fn mark_used(&mut self, tensor: TensorId) {
        if self.capacity.is_none() {
            return;
        }
        let held = &self.held[tensor.index()];
        self.by_use.touch(tensor.0);
        if held.present_bits != held.needed_bits {
            self.obsolete.touch(tensor.0);
        }
    }

    /// A transfer of the tensor starts: it is the most recently used, and its residence has one transfer more.
    pub fn touch(&mut self, now: u64, tensor: TensorId) -> LifetimeId {
        self.mark_used(tensor);
        self.tracker.touch(now, self.workload, self.held[tensor.index()].storage)
    }

    /// A copy of some of the tensor leaves for DRAM: its residence has one transfer more, its order of use stays.
    pub fn copy_out(&mut self, now: u64, tensor: TensorId) -> LifetimeId {
        self.tracker.touch(now, self.workload, self.held[tensor.index()].storage)
    }

    /// Bits of `cells` that are not in the memory.
    pub fn missing_bits(&self, tensor: TensorId, cells: Cells) -> u64 {
        let held = &self.held[tensor.index()];
        if held.present_bits == held.total_bits {
            return 0;
        }
        let mut bits = 0;
        for row in cells.rows.0..cells.rows.1 {
            for col in cells.cols.0..cells.cols.1 {
                if !held.present.has(held.grid.number(row, col)) {
                    bits += held.grid.cell_bits(row, col);
                }
            }
        }
        bits
    }

    /// `cells` arrive: their bytes count from now. `dirty`: they differ from any copy off chip.
    pub fn add(&mut self, now: u64, tensor: TensorId, cells: Cells, dirty: bool) {
        let held = &mut self.held[tensor.index()];
        let before = held.bytes();
        for row in cells.rows.0..cells.rows.1 {
            for col in cells.cols.0..cells.cols.1 {
                let cell = held.grid.number(row, col);
                if dirty {
                    held.dirty.set(cell, true);
                }
                if !held.present.has(cell) {
                    held.present.set(cell, true);
                    held.present_bits += held.grid.cell_bits(row, col);
                }
            }
        }
        if held.need == Need::Tiles {
            self.need_tiles(tensor, cells);
        } else if held.live() {
            held.needed_bits = held.present_bits;
        }
        self.account(now, tensor, before);
    }

    /// Marks `cells`, all present, as needed. Returns whether some were not.
    fn need_tiles(&mut self, tensor: TensorId, cells: Cells) -> bool {
        let held = &mut self.held[tensor.index()];
        let before = held.needed_bits;
        for row in cells.rows.0..cells.rows.1 {
            for col in cells.cols.0..cells.cols.1 {
                let cell = held.grid.number(row, col);
                if !held.needed.has(cell) {
                    held.needed.set(cell, true);
                    held.needed_bits += held.grid.cell_bits(row, col);
                }
            }
        }
        held.needed_bits != before
    }

    /// A transfer reads `cells`, all present: where tiles are needed one by one, these are from now on.
    pub fn hit(&mut self, now: u64, tensor: TensorId, cells: Cells) {
        if self.held[tensor.index()].need != Need::Tiles {
            return;
        }
        let before = self.held[tensor.index()].bytes();
        if self.need_tiles(tensor, cells) {
            self.tracker.joined(self.held[tensor.index()].storage);
            self.account(now, tensor, before);
        }
    }

    /// The op that reads these tiles does so no more; they stay needed while another op reads the tensor.
    pub fn release_tiles(&mut self, now: u64, tensor: TensorId, cells: Cells) {
        let held = &mut self.held[tensor.index()];
        if held.need != Need::Tiles || held.readers > 1 {
            return;
        }
        let before = held.bytes();
        for row in cells.rows.0..cells.rows.1 {
            for col in cells.cols.0..cells.cols.1 {
                let cell = held.grid.number(row, col);
                if held.needed.has(cell) {
                    held.needed.set(cell, false);
                    held.needed_bits -= held.grid.cell_bits(row, col);
                }
            }
        }
        self.account(now, tensor, before);
    }

    /// An op that reads the tensor starts.
    pub fn op_starts(&mut self, now: u64, tensor: TensorId) {
        let held = &mut self.held[tensor.index()];
        held.readers += 1;
        if held.need == Need::Readers && held.present_bits > held.needed_bits {
            let before = held.bytes();
            held.needed_bits = held.present_bits;
            self.tracker.joined(held.storage);
            self.account(now, tensor, before);
        }
    }

    /// An op that read or wrote the tensor has ended.
    pub fn op_ends(&mut self, now: u64, tensor: TensorId, read: bool) {
        let held = &mut self.held[tensor.index()];
        let before = held.bytes();
        held.uses_left -= 1;
        if read {
            held.readers -= 1;
        }
        if held.need == Need::Tiles && held.readers == 0 && held.needed_bits > 0 {
            held.needed = CellSet::new(held.grid.len(), false);
        }
        if !held.live() && held.readers == 0 {
            held.needed_bits = 0;
        }
        self.account(now, tensor, before);
    }

    /// A result has reached DRAM.
    pub fn backed(&mut self, tensor: TensorId, cells: Cells) {
        let held = &mut self.held[tensor.index()];
        for row in cells.rows.0..cells.rows.1 {
            for col in cells.cols.0..cells.cols.1 {
                held.dirty.set(held.grid.number(row, col), false);
            }
        }
    }

    /// What had to be saved has reached DRAM.
    pub fn saved(&mut self, spill: &Spill) {
        let held = &mut self.held[spill.tensor.index()];
        spill.cells.iter().for_each(|&cell| held.dirty.set(cell as usize, false));
        self.leaving.retain(|(tensor, cell)| *tensor != spill.tensor || !spill.cells.contains(cell));
    }

    /// Whether `cell` is needed, and whether it differs from any copy off chip.
    pub(super) fn state(&self, tensor: TensorId, cell: usize) -> (bool, bool) {
        let held = &self.held[tensor.index()];
        (held.is_needed(cell), held.dirty.has(cell))
    }

    /// Cells of `tensor` that are there and that no transfer uses, last first.
    pub(super) fn removable(&self, tensor: TensorId) -> impl Iterator<Item = usize> + '_ {
        let held = &self.held[tensor.index()];
        let unused = !self.pins.iter().any(|p| p.tensor == tensor);
        let pinned = move |cell: usize| {
            let (row, col) = held.grid.place(cell);
            self.pins.iter().any(|p| p.tensor == tensor && p.cells.contains(row, col))
        };
        held.present.descending(held.grid.len()).filter(move |&cell| unused || !pinned(cell))
    }

    /// Bits of one cell.
    pub(super) fn cell_bits(&self, tensor: TensorId, cell: usize) -> u64 {
        let grid = &self.held[tensor.index()].grid;
        let (row, col) = grid.place(cell);
        grid.cell_bits(row, col)
    }

    /// Overwrites cells.
    pub(super) fn remove(&mut self, now: u64, tensor: TensorId, cells: &[usize]) {
        let held = &mut self.held[tensor.index()];
        let before = held.bytes();
        for &cell in cells {
            let (row, col) = held.grid.place(cell);
            let bits = held.grid.cell_bits(row, col);
            if held.is_needed(cell) {
                held.needed_bits -= bits;
                self.evicted_needed += bits / 8;
            }
            if held.need == Need::Tiles {
                held.needed.set(cell, false);
            }
            held.present.set(cell, false);
            held.dirty.set(cell, false);
            held.present_bits -= bits;
        }
        self.account(now, tensor, before);
    }
}
