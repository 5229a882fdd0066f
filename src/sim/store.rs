//! What one memory holds of each tensor.

use super::Probe;
use super::contents::Contents;
use super::grid::{CellSet, Cells};
use super::occupancy::{Ledger, Tracker};
use super::order::VictimOrder;
use super::residency::{Held, Need};
use crate::accelerator::{Memory, Reclaim, Replacement, Victims};
use crate::ids::{MemoryId, TensorId};

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

/// Cells that must be copied to the level above before they can go.
#[derive(Debug, Clone)]
pub struct Spill {
    /// The tensor.
    pub tensor: TensorId,
    /// Numbers of the cells, and how many bits go from the end of each.
    pub cells: Vec<(u32, u64)>,
    /// Size of what goes.
    pub bytes: u64,
    /// Whether the copy below stays all the same.
    pub stays: bool,
    /// Which copy upwards of this memory it is.
    pub number: u32,
}

/// The contents of one memory.
#[derive(Debug)]
pub struct Store {
    pub(super) contents: Vec<Contents>,
    /// Follows occupancy.
    pub tracker: Tracker,
    /// `None` where everything fits, which saves the bookkeeping of evictions.
    pub capacity: Option<u64>,
    pub(super) victims: Victims,
    pub(super) replacement: Replacement,
    eager: bool,
    /// Tiles in use.
    pub pins: Vec<Pin>,
    /// Cells to be copied up, and by which copy; one that is written before that copy has ended is not saved by it.
    pub(super) leaving: Vec<(TensorId, u32, u32)>,
    /// Number of the last copy upwards.
    pub(super) last_spill: u32,
    pub(super) all: VictimOrder,
    pub(super) obsolete: VictimOrder,
    arrivals: u64,
    arrived: Vec<u64>,
    pub(super) evicted_needed_bits: u64,
    /// Who was evicted since the last look, and how many bits of it; one entry for evictions in a row.
    pub(super) evicted: Vec<(TensorId, u64)>,
    /// When needed bits of whom were evicted, while somebody wants to know.
    pub(super) lost: Option<Vec<(u64, TensorId, u64)>>,
    /// Whether room was not there at once since the last look.
    pub(super) refused: bool,
    /// Whether bytes without a copy were asked to leave since the last look, because nothing else could.
    pub(super) exhausted: bool,
}

impl Store {
    /// An empty memory of that `capacity`, which may be larger than that of `memory`.
    pub fn new(id: MemoryId, memory: &Memory, held: &[Held], capacity: Option<u64>) -> Self {
        let len = if capacity.is_some() { held.len() } else { 0 };
        let order = || match memory.replacement {
            Replacement::Lru => VictimOrder::recency(len),
            Replacement::Fifo | Replacement::Belady => VictimOrder::keyed(len),
        };
        Self {
            contents: held.iter().map(Contents::new).collect(),
            tracker: Tracker::new(id, held.len()),
            capacity,
            victims: memory.victims,
            replacement: memory.replacement,
            eager: memory.reclaim == Reclaim::Eager,
            pins: Vec::new(),
            leaving: Vec::new(),
            last_spill: 0,
            all: order(),
            obsolete: order(),
            arrivals: 0,
            arrived: vec![0; len],
            evicted_needed_bits: 0,
            evicted: Vec::new(),
            lost: None,
            refused: false,
            exhausted: false,
        }
    }

    /// Nobody evicts these tiles until the request has ended.
    pub fn pin(&mut self, request: u32, tiles: &[(TensorId, Cells)]) {
        if self.capacity.is_some() {
            self.pins.extend(tiles.iter().map(|&(tensor, cells)| Pin { request, tensor, cells }));
        }
    }

    /// The request has ended.
    pub fn unpin(&mut self, request: u32) {
        if !self.pins.is_empty() {
            self.pins.retain(|pin| pin.request != request);
        }
    }

    /// These cells are about to be copied up; `false` if some of them are already.
    pub fn mark_leaving(&mut self, spill: &mut Spill) -> bool {
        let new = !spill.cells.iter().any(|&(cell, _)| self.is_leaving(spill.tensor, cell));
        if new {
            self.leave(spill);
        }
        new
    }

    /// Whether the cell is to be copied up.
    pub(super) fn is_leaving(&self, tensor: TensorId, cell: u32) -> bool {
        self.leaving.iter().any(|&(t, c, _)| (t, c) == (tensor, cell))
    }

    /// The cells are to be copied up by the next copy.
    pub(super) fn leave(&mut self, spill: &mut Spill) {
        self.last_spill = self.last_spill.wrapping_add(1);
        spill.number = self.last_spill;
        self.leaving.extend(spill.cells.iter().map(|&(cell, _)| (spill.tensor, cell, spill.number)));
    }

    /// Leaves in `spill` what is still there and needed, and has not been written again; whether that is anything.
    pub fn still_to_be_saved(&mut self, held: &Held, spill: &mut Spill) -> bool {
        let (tensor, contents) = (spill.tensor, &self.contents[spill.tensor.index()]);
        let asked = std::mem::take(&mut spill.cells);
        for (cell, bits) in asked {
            let (needed, dirty) = contents.state(held, cell as usize);
            let bits = bits.min(contents.there(held, cell as usize));
            let entry = (tensor, cell, spill.number);
            if bits > 0 && needed && dirty && self.leaving.contains(&entry) {
                spill.cells.push((cell, bits));
            } else {
                self.leaving.retain(|other| *other != entry);
            }
        }
        spill.bytes = spill.cells.iter().map(|&(_, bits)| bits).sum::<u64>().div_ceil(8);
        spill.bytes > 0
    }

    /// Needed bytes that had to leave.
    pub fn evicted_needed(&self) -> u64 {
        self.evicted_needed_bits / 8
    }

    /// Reports to the tracker what changed since `before`, and files the tensor under its new state.
    fn account<P: Probe>(
        &mut self,
        now: u64,
        held: &Held,
        tensor: TensorId,
        before: (u64, u64),
        ledger: &mut Ledger<'_, P>,
    ) {
        if self.eager {
            self.drop_obsolete(held, tensor);
        }
        let after = self.contents[tensor.index()].bytes();
        let change = (after.0 as i64 - before.0 as i64, after.1 as i64 - before.1 as i64);
        if self.capacity.is_some() {
            self.file(held, tensor, change.1 < 0);
        }
        if change != (0, 0) {
            self.tracker.change(now, ledger, held.storage, change);
        }
    }

    /// Obsolete cells become free.
    fn drop_obsolete(&mut self, held: &Held, tensor: TensorId) {
        let contents = &mut self.contents[tensor.index()];
        if contents.present_bits == contents.needed_bits {
            return;
        }
        let cells: Vec<usize> = contents.descending(held).filter(|&cell| !contents.is_needed(held, cell)).collect();
        for cell in cells {
            contents.set_there(held, cell, 0);
        }
    }

    fn file(&mut self, held: &Held, tensor: TensorId, released: bool) {
        let contents = &self.contents[tensor.index()];
        let (present, needed) = (contents.present_bits, contents.needed_bits);
        if present == 0 {
            self.all.remove(tensor.0);
        }
        if present == needed {
            self.obsolete.remove(tensor.0);
        } else if released {
            self.obsolete.put(tensor.0, self.key(held, tensor));
        }
    }

    /// Where the tensor stands in an order by key.
    fn key(&self, held: &Held, tensor: TensorId) -> u64 {
        match self.replacement {
            Replacement::Lru => 0,
            Replacement::Fifo => self.arrived[tensor.index()],
            Replacement::Belady => held.next_use().map_or(0, |rank| u64::from(u32::MAX - rank)),
        }
    }

    /// The tensor is the most recently used.
    pub fn mark_used(&mut self, held: &Held, tensor: TensorId) {
        if self.capacity.is_none() {
            return;
        }
        if !self.all.has(tensor.0) {
            self.arrivals += 1;
            self.arrived[tensor.index()] = self.arrivals;
        }
        let key = self.key(held, tensor);
        self.all.put(tensor.0, key);
        let contents = &self.contents[tensor.index()];
        if contents.present_bits != contents.needed_bits {
            self.obsolete.put(tensor.0, key);
        }
    }

    /// Bits of `cells` that are not here.
    pub fn missing_bits(&self, held: &Held, tensor: TensorId, cells: Cells) -> u64 {
        let contents = &self.contents[tensor.index()];
        if contents.present_bits == held.bits {
            return 0;
        }
        let missing = |cell: usize| match contents.whole.has(cell) {
            true => 0,
            false => held.grid.bits_of(cell) - contents.part(cell),
        };
        held.grid.numbers(cells).map(missing).sum()
    }

    /// Whether all of a cell is here.
    pub fn has(&self, tensor: TensorId, cell: usize) -> bool {
        self.contents[tensor.index()].whole.has(cell)
    }

    /// `cells` arrive whole.
    pub fn add<P: Probe>(
        &mut self,
        now: u64,
        held: &Held,
        tensor: TensorId,
        cells: Cells,
        dirty: bool,
        ledger: &mut Ledger<'_, P>,
    ) {
        let contents = &mut self.contents[tensor.index()];
        let before = contents.bytes();
        for cell in held.grid.numbers(cells) {
            if dirty {
                contents.mark(held, cell, true);
            }
            if !contents.whole.has(cell) {
                contents.set_there(held, cell, held.grid.bits_of(cell));
            }
        }
        if held.need == Need::Tiles {
            contents.need_tiles(held, cells);
        }
        if dirty && !self.leaving.is_empty() {
            let grid = &held.grid;
            self.leaving.retain(|&(t, cell, _)| t != tensor || !cells.contains(grid.place(cell as usize)));
        }
        self.account(now, held, tensor, before, ledger);
    }

    /// The first `bits` bits of a cell arrive from below, the only copy outside.
    pub fn add_part<P: Probe>(
        &mut self,
        now: u64,
        held: &Held,
        tensor: TensorId,
        (cell, bits): (u32, u64),
        ledger: &mut Ledger<'_, P>,
    ) {
        let contents = &mut self.contents[tensor.index()];
        let before = contents.bytes();
        contents.mark(held, cell as usize, true);
        if contents.there(held, cell as usize) < bits {
            contents.set_there(held, cell as usize, bits);
        }
        self.account(now, held, tensor, before, ledger);
    }

    /// A transfer reads `cells`, all whole.
    pub fn hit<P: Probe>(&mut self, now: u64, held: &Held, tensor: TensorId, cells: Cells, ledger: &mut Ledger<'_, P>) {
        if held.need != Need::Tiles {
            return;
        }
        let before = self.contents[tensor.index()].bytes();
        if self.contents[tensor.index()].need_tiles(held, cells) {
            self.tracker.joined(ledger, held.storage);
            self.account(now, held, tensor, before, ledger);
        }
    }

    /// `cells` are needed no more.
    pub fn release_tiles<P: Probe>(
        &mut self,
        now: u64,
        held: &Held,
        tensor: TensorId,
        cells: Cells,
        ledger: &mut Ledger<'_, P>,
    ) {
        let contents = &mut self.contents[tensor.index()];
        let before = contents.bytes();
        for cell in held.grid.numbers(cells) {
            if contents.needed.has(cell) {
                contents.needed.set(cell, false);
                contents.needed_bits -= contents.there(held, cell);
            }
        }
        self.account(now, held, tensor, before, ledger);
    }

    /// Everything that is here of the tensor is needed again.
    pub fn need_all<P: Probe>(&mut self, now: u64, held: &Held, tensor: TensorId, ledger: &mut Ledger<'_, P>) {
        let contents = &mut self.contents[tensor.index()];
        if contents.present_bits > contents.needed_bits {
            let before = contents.bytes();
            contents.needed_bits = contents.present_bits;
            self.tracker.joined(ledger, held.storage);
            self.account(now, held, tensor, before, ledger);
        }
    }

    /// An op that used the tensor has ended; `held` is the state after that. The rows of `passed` are needed no more.
    pub fn op_ends<P: Probe>(
        &mut self,
        now: u64,
        held: &Held,
        tensor: TensorId,
        passed: &[Cells],
        ledger: &mut Ledger<'_, P>,
    ) {
        let contents = &mut self.contents[tensor.index()];
        let before = contents.bytes();
        if held.need == Need::Tiles && held.readers == 0 && contents.needed_bits > 0 {
            contents.needed = CellSet::new(held.grid.len(), false);
        }
        for cell in passed.iter().flat_map(|&cells| held.grid.numbers(cells)) {
            contents.needed_bits -= contents.there(held, cell);
        }
        if !held.live() && held.readers == 0 {
            contents.needed_bits = 0;
        }
        self.account(now, held, tensor, before, ledger);
        if self.replacement == Replacement::Belady && self.capacity.is_some() {
            self.place_again(held, tensor);
        }
    }

    /// The next use of the tensor is another one.
    fn place_again(&mut self, held: &Held, tensor: TensorId) {
        let key = self.key(held, tensor);
        for order in [&mut self.all, &mut self.obsolete] {
            if order.has(tensor.0) {
                order.put(tensor.0, key);
            }
        }
    }

    /// There is a copy of `cells` further up.
    pub fn clean(&mut self, held: &Held, tensor: TensorId, cells: Cells) {
        held.grid.numbers(cells).for_each(|cell| self.contents[tensor.index()].mark(held, cell, false));
    }

    /// Cells that are of no use any more go.
    pub fn discard<P: Probe>(
        &mut self,
        now: u64,
        held: &Held,
        tensor: TensorId,
        cells: Cells,
        ledger: &mut Ledger<'_, P>,
    ) {
        let contents = &mut self.contents[tensor.index()];
        if contents.present_bits == 0 {
            return;
        }
        let before = contents.bytes();
        for cell in held.grid.numbers(cells) {
            contents.set_there(held, cell, 0);
        }
        self.account(now, held, tensor, before, ledger);
    }

    /// Cells with something here that has no copy further up, with its bits.
    pub fn dirty_cells(&self, held: &Held, tensor: TensorId, cells: Cells) -> Vec<(u32, u64)> {
        let contents = &self.contents[tensor.index()];
        let dirty = held.grid.numbers(cells).filter(|&cell| contents.dirty.has(cell));
        dirty.map(|cell| (cell as u32, contents.there(held, cell))).filter(|&(_, bits)| bits > 0).collect()
    }

    /// Cells of `tensor` of which something is here and that no transfer uses, last first.
    pub(super) fn removable<'s>(&'s self, held: &'s Held, tensor: TensorId) -> impl Iterator<Item = usize> + 's {
        let unused = !self.pins.iter().any(|p| p.tensor == tensor);
        let cells = self.contents[tensor.index()].descending(held);
        cells.filter(move |&cell| unused || !self.pinned(held, tensor, cell))
    }

    fn pinned(&self, held: &Held, tensor: TensorId, cell: usize) -> bool {
        let place = held.grid.place(cell);
        self.pins.iter().any(|p| p.tensor == tensor && p.cells.contains(place))
    }

    /// Bits go from the ends of cells.
    pub(super) fn remove<P: Probe>(
        &mut self,
        now: u64,
        held: &Held,
        tensor: TensorId,
        cells: &[(u32, u64)],
        ledger: &mut Ledger<'_, P>,
    ) {
        let gone = cells.iter().map(|&(_, bits)| bits).sum::<u64>();
        match self.evicted.last_mut() {
            Some((last, bits)) if *last == tensor => *bits += gone,
            _ => self.evicted.push((tensor, gone)),
        }
        let contents = &mut self.contents[tensor.index()];
        let before = contents.bytes();
        for &(cell, bits) in cells {
            let cell = cell as usize;
            let left = contents.there(held, cell) - bits;
            if contents.is_needed(held, cell) {
                self.evicted_needed_bits += bits;
                if let Some(lost) = &mut self.lost {
                    lost.push((now, tensor, bits));
                }
            }
            contents.set_there(held, cell, left);
        }
        self.account(now, held, tensor, before, ledger);
    }

    /// What had to be saved has a copy above.
    pub fn saved<P: Probe>(&mut self, now: u64, held: &Held, spill: &Spill, ledger: &mut Ledger<'_, P>) {
        let tensor = spill.tensor;
        // A cell that was written again meanwhile has no copy above.
        let still = |cell: u32| self.leaving.contains(&(tensor, cell, spill.number));
        let cells: Vec<(u32, u64)> = spill.cells.iter().copied().filter(|&(cell, _)| still(cell)).collect();
        self.leaving.retain(|&(_, _, number)| number != spill.number);
        let (mut stay, mut go) = (Vec::new(), Vec::new());
        for (cell, bits) in cells {
            let used = spill.stays || self.pinned(held, tensor, cell as usize);
            let bits = bits.min(self.contents[tensor.index()].there(held, cell as usize));
            if used { stay.push((cell, bits)) } else { go.push((cell, bits)) }
        }
        for (cell, bits) in stay {
            if bits == self.contents[tensor.index()].there(held, cell as usize) {
                self.contents[tensor.index()].mark(held, cell as usize, false);
            }
        }
        self.remove(now, held, tensor, &go, ledger);
    }
}
