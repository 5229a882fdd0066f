//! Vector ops in place: products cut the cells of a tensor coarser than the chunks in which the vector unit writes it.

use super::Probe;
use super::engine::Engine;
use super::layout::Rect;
use super::running::Running;
use super::transfer::Tiles;

impl<P: Probe> Engine<'_, P> {
    /// A chunk is about to be written in place of the one that was read. Of cells that it covers in part only, the rest must be
    /// in the memory, as if they were read: what was evicted since the chunk was read comes back first.
    ///
    /// `None` if it is there; else whether the transfer that brings it starts now.
    pub(super) fn bring_rest(&mut self, now: u64, i: usize, rect: Rect) -> Option<bool> {
        if self.ports.len() == 1 && self.residency.stores[0].capacity.is_none() {
            return None; // What was read is still there.
        }
        let request = self.transfers.queue[i];
        let (unit, memory) = (request.unit as usize, request.memory as usize);
        let running = self.units[unit].running.as_ref()?;
        let operand = running.in_place()?;
        let cells = self.covered_in_part(running, rect);
        if self.is_arriving(now, i, memory, &cells) {
            return Some(false);
        }
        if self.missing(memory, &cells) == 0 {
            return None;
        }
        self.interrupt_trains();
        Some(self.bring_nearer(now, i, operand, &cells))
    }

    /// Cells of the result of which only a part lies in `rect`.
    fn covered_in_part(&self, running: &Running, rect: Rect) -> Tiles {
        let mut cells = Tiles::new();
        for (tensor, stored) in running.operands.out.stored(rect) {
            let grid = &self.residency.held[tensor.index()].grid;
            let whole = grid.within(stored);
            let in_part = grid.numbers(grid.cells(stored)).filter(|&cell| !whole.contains(grid.place(cell)));
            cells.extend(in_part.map(|cell| (tensor, grid.single(cell))));
        }
        cells
    }
}
