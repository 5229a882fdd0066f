//! Tiles in operand buffers, known by their elements.

use super::{Element, Key, Naive, Phase, Tile, area};
use trapti::ids::{OpId, TensorId};

impl Naive<'_> {
    /// A tile, which needs no fetch if the buffer still holds it.
    pub(super) fn tile(
        &mut self,
        unit: usize,
        side: usize,
        op: OpId,
        tensor: TensorId,
        rows: (u32, u32),
        cols: (u32, u32),
    ) -> Tile {
        let elements = area(self.workload, tensor, rows, cols);
        let key = self.key(op, &elements, tensor, rows, cols);
        let unit = &mut self.units[unit];
        let buffer = &mut unit.buffers[side];
        let fetch = !buffer.contains(&key);
        buffer.retain(|k| *k != key);
        buffer.insert(0, key);
        buffer.truncate(if unit.double { 2 } else { 1 });
        let bytes = elements.len() as u64;
        Tile { bytes, elements, phase: Phase::Idle, fetch, last_use: false, side, after: None, partial: false }
    }

    /// A tile is known by its elements if they are one rectangle of one tensor, else by its place in the op's operand.
    fn key(&self, op: OpId, elements: &[Element], tensor: TensorId, rows: (u32, u32), cols: (u32, u32)) -> Key {
        let stride = self.workload.tensors[elements[0].0 as usize].cols;
        let width = cols.1 - cols.0;
        let (holder, first) = elements[0];
        let regular = elements
            .iter()
            .enumerate()
            .all(|(i, e)| *e == (holder, first + i as u32 / width * stride + i as u32 % width));
        match regular {
            true => (None, elements.to_vec(), (rows.1 - rows.0, width)),
            false => (Some(op), vec![(tensor.0, 0)], (rows.0, cols.0)),
        }
    }

    pub(super) fn holds(
        &self,
        unit: usize,
        side: usize,
        op: OpId,
        t: TensorId,
        rows: (u32, u32),
        cols: (u32, u32),
    ) -> bool {
        let key = self.key(op, &area(self.workload, t, rows, cols), t, rows, cols);
        self.units[unit].buffers[side].contains(&key)
    }
}
