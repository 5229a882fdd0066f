//! Which tiles of which tensor are in which memory, and whether anybody still needs them.

use super::Probe;
use super::eviction::Room;
use super::grid::{Cells, Grid};
use super::layout::Rect;
use super::occupancy::Ledger;
use super::operands::Operands;
use super::rows::{NeededRows, Passed};
use super::store::{Spill, Store};
use crate::ids::{LifetimeId, OpId, TensorId};

/// Until when the bytes of a tensor are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// While ops that write or read it are outstanding.
    Uses,
    /// To the end of the run.
    Always,
    /// While an op that reads it runs.
    Readers,
    /// Row by row: until no op is outstanding that touches the row or one before it. For tensors that grow.
    Rows,
    /// Tile by tile: from its transfer into the memory to its last use in the op.
    Tiles,
}

/// A tensor that holds bytes of its own; the same for all memories.
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
    /// Rows that are needed, where they are needed row by row.
    pub rows: Option<Box<NeededRows>>,
    /// Places in the order of ops that have yet to end and use it, the next one last; only where a memory's policy asks for them.
    pub next_uses: Vec<u32>,
    /// Bits of the whole tensor.
    pub bits: u64,
}

impl Held {
    /// A tensor that no op uses.
    pub fn new(grid: Grid, storage: TensorId, need: Need) -> Self {
        let bits = grid.bits();
        Self { grid, storage, need, uses_left: 0, readers: 0, rows: None, next_uses: Vec::new(), bits }
    }

    /// Whether all its bytes are needed; where they are needed tile by tile, this says nothing.
    pub fn live(&self) -> bool {
        match self.need {
            Need::Uses => self.uses_left > 0,
            Need::Always | Need::Rows => true,
            Need::Readers => self.readers > 0,
            Need::Tiles => false,
        }
    }

    /// Whether a cell is needed, where that does not depend on the memory.
    pub fn is_needed(&self, cell: usize) -> bool {
        self.rows.as_ref().map_or_else(|| self.live(), |rows| rows.has(self.grid.first_row(cell)))
    }

    /// The tensor grows; its rows are needed one by one.
    pub fn grows(&mut self, rows: NeededRows) {
        (self.need, self.rows) = (Need::Rows, Some(Box::new(rows)));
    }

    /// Cells of rows that nobody needs any more, now that an op that touched some has ended.
    fn passed(&mut self, tensor: TensorId, operands: &Operands) -> Vec<Cells> {
        let passed = self.rows.as_mut().map(|rows| rows.end(tensor, operands)).unwrap_or_default();
        let whole = |(first, end): Passed| Rect { row: first, col: 0, rows: end - first, cols: self.grid.columns() };
        passed.into_iter().map(|rows| self.grid.cells(whole(rows))).collect()
    }

    /// Place in the order of the next op that uses it.
    pub fn next_use(&self) -> Option<u32> {
        self.next_uses.last().copied()
    }
}

/// The contents of all memories.
#[derive(Debug)]
pub struct Residency<'a, P: Probe> {
    /// Every tensor.
    pub held: Vec<Held>,
    /// Every memory.
    pub stores: Vec<Store>,
    /// Residences.
    pub ledger: Ledger<'a, P>,
}

impl<P: Probe> Residency<'_, P> {
    /// A transfer of the tensor starts: it is the most recently used, and its residence has one transfer more.
    pub fn touch(&mut self, now: u64, memory: usize, tensor: TensorId) -> LifetimeId {
        self.mark_used(memory, tensor);
        self.copy_out(now, memory, tensor)
    }

    /// The tensor is the most recently used.
    pub fn mark_used(&mut self, memory: usize, tensor: TensorId) {
        self.stores[memory].mark_used(&self.held[tensor.index()], tensor);
    }

    /// A copy of some of the tensor leaves for the level above: its residence has one transfer more, its order of use stays.
    pub fn copy_out(&mut self, now: u64, memory: usize, tensor: TensorId) -> LifetimeId {
        self.stores[memory].tracker.touch(now, &mut self.ledger, self.held[tensor.index()].storage)
    }

    /// Bits of `cells` that are not in the memory.
    pub fn missing_bits(&self, memory: usize, tensor: TensorId, cells: Cells) -> u64 {
        self.stores[memory].missing_bits(&self.held[tensor.index()], tensor, cells)
    }

    /// `cells` arrive whole: their bytes count from now. `dirty`: there is no copy further up.
    pub fn add(&mut self, now: u64, memory: usize, tensor: TensorId, cells: Cells, dirty: bool) {
        self.stores[memory].add(now, &self.held[tensor.index()], tensor, cells, dirty, &mut self.ledger);
    }

    /// The first `bits` bits of a cell arrive from below.
    pub fn add_part(&mut self, now: u64, memory: usize, tensor: TensorId, (cell, bits): (u32, u64)) {
        self.stores[memory].add_part(now, &self.held[tensor.index()], tensor, (cell, bits), &mut self.ledger);
    }

    /// A transfer reads `cells`, all present: where tiles are needed one by one, these are from now on.
    pub fn hit(&mut self, now: u64, memory: usize, tensor: TensorId, cells: Cells) {
        self.stores[memory].hit(now, &self.held[tensor.index()], tensor, cells, &mut self.ledger);
    }

    /// `cells` are overwritten in `memory`: copies elsewhere are of no use any more.
    pub fn invalidate_elsewhere(&mut self, now: u64, memory: usize, tensor: TensorId, cells: Cells) {
        for (i, store) in self.stores.iter_mut().enumerate() {
            if i != memory {
                store.discard(now, &self.held[tensor.index()], tensor, cells, &mut self.ledger);
            }
        }
    }

    /// The op that reads these tiles does so no more; they stay needed while another op reads the tensor.
    pub fn release_tiles(&mut self, now: u64, tensor: TensorId, cells: Cells) {
        let held = &self.held[tensor.index()];
        if held.need == Need::Tiles && held.readers <= 1 {
            self.stores.iter_mut().for_each(|s| s.release_tiles(now, held, tensor, cells, &mut self.ledger));
        }
    }

    /// An op that reads the tensor starts.
    pub fn op_starts(&mut self, now: u64, tensor: TensorId) {
        let held = &mut self.held[tensor.index()];
        held.readers += 1;
        if held.need == Need::Readers {
            self.stores.iter_mut().for_each(|s| s.need_all(now, held, tensor, &mut self.ledger));
        }
    }

    /// The op at place `rank` of the order, which read or wrote the tensor, has ended.
    pub fn op_ends(&mut self, now: u64, tensor: TensorId, read: bool, (rank, operands): (u32, &Operands)) {
        let held = &mut self.held[tensor.index()];
        held.uses_left -= 1;
        held.readers -= u32::from(read);
        if let Ok(at) = held.next_uses.binary_search_by(|use_rank| rank.cmp(use_rank)) {
            held.next_uses.remove(at);
        }
        let passed = held.passed(tensor, operands);
        for store in &mut self.stores {
            store.op_ends(now, held, tensor, &passed, &mut self.ledger);
        }
    }

    /// An op has just released its operands.
    pub fn op_ended(&mut self, now: u64, op: OpId) {
        self.stores.iter_mut().for_each(|store| store.tracker.op_ended(now, op));
    }

    /// A result has reached DRAM: it is clean wherever it is.
    pub fn backed(&mut self, tensor: TensorId, cells: Cells) {
        let held = &self.held[tensor.index()];
        self.stores.iter_mut().for_each(|store| store.clean(held, tensor, cells));
    }

    /// A result has been copied to the memory above.
    pub fn copied_up(&mut self, memory: usize, tensor: TensorId, cells: Cells) {
        self.stores[memory].clean(&self.held[tensor.index()], tensor, cells);
    }

    /// What had to be saved has a copy above; it leaves, unless it only had to be copied or is in use again.
    pub fn saved(&mut self, now: u64, memory: usize, spill: &Spill) {
        self.stores[memory].saved(now, &self.held[spill.tensor.index()], spill, &mut self.ledger);
    }

    /// Leaves in `spill` what is still there and has to be saved; whether that is anything.
    pub fn still_to_be_saved(&mut self, memory: usize, spill: &mut Spill) -> bool {
        self.stores[memory].still_to_be_saved(&self.held[spill.tensor.index()], spill)
    }

    /// Whether `bytes` fit into the memory, now that whoever could leave has left.
    pub fn make_room(&mut self, now: u64, memory: usize, bytes: u64) -> Room {
        self.stores[memory].make_room(now, bytes, &self.held, &mut self.ledger)
    }

    /// Bits of each cell that are in the memory.
    pub fn parts(&self, memory: usize, tensor: TensorId, cells: &[u32]) -> Vec<(u32, u64)> {
        let (held, contents) = (&self.held[tensor.index()], &self.stores[memory].contents[tensor.index()]);
        cells.iter().map(|&cell| (cell, contents.there(held, cell as usize))).collect()
    }

    /// Bytes by which the memory fills up when so many bits of each cell have arrived.
    pub fn growth_by_parts(&self, memory: usize, tensor: TensorId, parts: &[(u32, u64)]) -> u64 {
        let (held, contents) = (&self.held[tensor.index()], &self.stores[memory].contents[tensor.index()]);
        let growth = |&(cell, bits): &(u32, u64)| bits.saturating_sub(contents.there(held, cell as usize));
        parts.iter().map(growth).sum::<u64>().div_ceil(8)
    }

    /// Cells whose only copy is in a memory that is not on `chain`, and that memory.
    pub fn elsewhere(&self, chain: &[usize], tiles: &[(TensorId, Cells)]) -> Option<(usize, Spill)> {
        let others = (0..self.stores.len()).filter(|memory| !chain.contains(memory));
        for memory in others {
            for &(tensor, cells) in tiles {
                let cells = self.stores[memory].dirty_cells(&self.held[tensor.index()], tensor, cells);
                if !cells.is_empty() {
                    let bytes = cells.iter().map(|&(_, bits)| bits).sum::<u64>().div_ceil(8);
                    return Some((memory, Spill { tensor, cells, bytes, stays: true, number: 0 }));
                }
            }
        }
        None
    }
}
