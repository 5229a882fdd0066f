//! Whether a segment finds room for what it brings.
//!
//! Two rules, each enough by itself. Either obsolete bytes of tensors that nobody uses at the moment are enough for the whole segment: then
//! evictions touch nothing that it knows. Or, at every moment, all that is needed fits: evictions then also take tiles that the
//! segment itself, or one before it, has used for the last time. Nobody misses those if every tile it reads is needed from
//! the beginning of the segment on, or comes from DRAM in it.

use super::super::Probe;
use super::super::engine::Engine;
use super::super::grid::Cells;
use super::super::residency::{Held, Need};
use super::super::store::Store;
use super::segment::{Act, Action};
use crate::ids::TensorId;

/// The bytes that a segment brings and lets go.
#[derive(Debug)]
pub struct Room {
    /// Tensors in use.
    used: Vec<TensorId>,
    /// Those among them of which tiles are needed one by one, for one operand of one unit alone.
    streamed: Vec<TensorId>,
    /// Whether every element is whole bytes, so that evictions take no more than they have to.
    whole_bytes: bool,
    /// Bytes that come.
    brought: u64,
    /// Bytes that come less those that are let go, so far and at most.
    needed: (i64, i64),
    /// Whether a tile that is read might be gone by then.
    uncertain: bool,
}

impl Room {
    /// For units that use certain tensors, some of which are streamed.
    pub fn new(used: Vec<TensorId>, streamed: Vec<TensorId>, whole_bytes: bool) -> Self {
        Self { used, streamed, whole_bytes, brought: 0, needed: (0, 0), uncertain: false }
    }

    /// A segment begins.
    pub fn begin(&mut self) {
        (self.brought, self.needed, self.uncertain) = (0, (0, 0), false);
    }

    /// An action of the segment is to happen to these tiles.
    pub fn follow<P: Probe>(&mut self, engine: &Engine<'_, P>, action: &Action, tiles: &[(TensorId, Cells)]) {
        match action.act {
            Act::Write | Act::Fill => {
                let bytes = engine.growth(0, tiles);
                self.brought += bytes;
                self.needed.0 += bytes as i64;
                self.needed.1 = self.needed.1.max(self.needed.0);
            }
            Act::Read if action.size == 0 => self.uncertain |= !tiles.iter().all(|tile| self.stays(engine, *tile)),
            Act::Release => self.needed.0 -= tiles.iter().map(|tile| self.let_go(engine, *tile)).sum::<u64>() as i64,
            _ => {}
        }
    }

    /// Whether a tile that is there stays, because it is needed.
    fn stays<P: Probe>(&self, engine: &Engine<'_, P>, (tensor, cells): (TensorId, Cells)) -> bool {
        let (held, contents) = (&engine.residency.held, &engine.residency.stores[0].contents);
        let (held, contents) = (&held[tensor.index()], &contents[tensor.index()]);
        contents.present_bits == contents.needed_bits
            || (held.need == Need::Tiles && held.grid.numbers(cells).all(|cell| contents.needed.has(cell)))
    }

    /// Bytes of a tile that become obsolete when its operand is used for the last time.
    fn let_go<P: Probe>(&self, engine: &Engine<'_, P>, (tensor, cells): (TensorId, Cells)) -> u64 {
        let Held { grid, .. } = &engine.residency.held[tensor.index()];
        let streamed = self.streamed.contains(&tensor);
        if streamed { grid.numbers(cells).map(|cell| grid.bits_of(cell) / 8).sum() } else { 0 }
    }

    /// Whether there is room for everything.
    pub fn suffices<P: Probe>(&self, engine: &Engine<'_, P>) -> bool {
        let store = &engine.residency.stores[0];
        let Some(capacity) = store.capacity else { return true };
        let free = capacity.saturating_sub(store.tracker.used());
        self.brought <= free || self.others_suffice(store, self.brought - free) || self.all_fits(store, capacity)
    }

    /// Whether obsolete bytes of tensors that are not in use make room for so many.
    fn others_suffice(&self, store: &Store, bytes: u64) -> bool {
        let (mut available, mut candidate) = (0, store.obsolete.next(None));
        while available < bytes {
            let Some(tensor) = candidate.filter(|&tensor| !self.used.contains(&TensorId(tensor))) else { return false };
            let contents = &store.contents[tensor as usize];
            available += (contents.present_bits.div_ceil(8) - contents.needed_bits.div_ceil(8)).saturating_sub(1);
            candidate = store.obsolete.next(Some(tensor));
        }
        true
    }

    /// Whether what is needed fits at every moment, and evictions take nothing that is read again.
    fn all_fits(&self, store: &Store, capacity: u64) -> bool {
        let partly = |tensor: &TensorId| {
            let contents = &store.contents[tensor.index()];
            contents.present_bits != contents.needed_bits && !self.streamed.contains(tensor)
        };
        !self.uncertain
            && self.whole_bytes
            && store.tracker.needed() as i64 + self.needed.1 <= capacity as i64
            && !self.used.iter().any(partly)
    }
}
