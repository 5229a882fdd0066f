//! The steps of a matrix product on an output-stationary array.

use super::layout::Rect;
use super::operands::{OperandLayout, TileKey};
use super::step::{Step, StepOperand};
use super::tiling::{Span, Tiling};
use crate::ids::TensorId;

/// The tiles an operand buffer still holds, most recently used first: one when serial, two when double-buffered.
#[derive(Debug, Clone, Default)]
pub struct TileBuffer {
    pub(super) tiles: Vec<TileKey>,
    capacity: usize,
}

impl TileBuffer {
    /// An empty buffer of `capacity` tiles.
    pub fn new(capacity: usize) -> Self {
        Self { tiles: Vec::with_capacity(capacity + 1), capacity }
    }

    /// Whether it holds the tile.
    pub fn holds(&self, tile: &TileKey) -> bool {
        self.tiles.contains(tile)
    }

    /// Uses a tile; returns whether it has to be fetched.
    pub fn take(&mut self, tile: TileKey) -> bool {
        let known = self.tiles.iter().position(|t| *t == tile);
        if let Some(index) = known {
            self.tiles.remove(index);
        }
        self.tiles.insert(0, tile);
        self.tiles.truncate(self.capacity);
        known.is_none()
    }

    /// Forgets tiles of a tensor that is about to be overwritten.
    pub fn forget(&mut self, tensor: TensorId) {
        self.tiles.retain(|t| t.composed || t.tensor != tensor);
    }

    /// Forgets tiles made of parts of several tensors: another op does not recognise them.
    pub fn forget_composed(&mut self) {
        self.tiles.retain(|t| !t.composed);
    }
}

/// Walks the spatial tiles row by row and each one's temporal tiles forwards or backwards, whichever finds its first operand
/// tile still in a buffer.
#[derive(Debug, Clone)]
pub struct MatmulWalk {
    tiling: Tiling,
    b_transposed: bool,
    row: u32,
    column: u32,
    done: u32,
    forward: bool,
    spatial: u64,
}

impl MatmulWalk {
    /// Before the first tile.
    pub fn new(tiling: Tiling, b_transposed: bool) -> Self {
        Self { tiling, b_transposed, row: 0, column: 0, done: 0, forward: true, spatial: 0 }
    }

    /// Steps of the whole walk.
    pub fn steps(&self) -> u64 {
        self.tiling.steps()
    }

    /// Spatial tiles of the whole walk.
    pub fn spatial_tiles(&self) -> u64 {
        (0..self.tiling.row_tiles()).map(|i| u64::from(self.tiling.column_tiles_of(i))).sum()
    }

    /// Multiplications and additions carried out.
    pub fn macs_issued(&self) -> u64 {
        self.tiling.macs_issued()
    }

    /// Column tile of the result.
    fn column(&self) -> u32 {
        self.tiling.columns_of(self.row).start + self.column
    }

    fn a_rect(&self, t: u32) -> Rect {
        rect(self.tiling.row_span(self.row), self.tiling.reduction_span(self.row, t))
    }

    fn b_rect(&self, t: u32) -> Rect {
        let (k, n) = (self.tiling.reduction_span(self.row, t), self.tiling.column_span(self.column()));
        if self.b_transposed { rect(n, k) } else { rect(k, n) }
    }

    /// Forwards if A's or B's first tile is buffered, else backwards if one's last tile is, else forwards.
    fn choose_direction(&mut self, inputs: &[OperandLayout], buffers: &[TileBuffer; 2]) {
        let held = |t: u32| {
            buffers[0].holds(&inputs[0].key(self.a_rect(t))) || buffers[1].holds(&inputs[1].key(self.b_rect(t)))
        };
        let last = self.tiling.temporal_tiles_of(self.row) - 1;
        self.forward = last == 0 || held(0) || !held(last);
    }

    /// The next temporal tile; must not be called after the last.
    pub fn next(&mut self, inputs: &[OperandLayout], out: &OperandLayout, buffers: &mut [TileBuffer; 2]) -> Step {
        let count = self.tiling.temporal_tiles_of(self.row);
        if self.done == 0 {
            self.choose_direction(inputs, buffers);
        }
        let t = if self.forward { self.done } else { count - 1 - self.done };
        let (first, last) = (self.done == 0, self.done + 1 == count);
        let columns = self.tiling.column_tiles_of(self.row);
        let last_column = self.column + 1 == columns;
        let mut step = Step { first, last, spatial: self.spatial, inputs: 2, ..Step::default() };
        step.operands[0] = operand(&inputs[0], self.a_rect(t), &mut buffers[0], last_column);
        let last_row = self.row + 1 == self.tiling.row_tiles();
        step.operands[1] = operand(&inputs[1], self.b_rect(t), &mut buffers[1], last_row);
        let depth = self.tiling.reduction_span(self.row, t).len();
        step.cycles = self.tiling.temporal_cycles(self.row, self.column(), depth, first, last);
        let written = rect(self.tiling.row_span(self.row), self.tiling.column_span(self.column()));
        step.write_bytes = out.bytes(written.elements());
        // Tiles that a score mask leaves out are stored all the same.
        let start = if self.column == 0 { 0 } else { written.col };
        let end = if last_column { self.tiling.n } else { written.col + written.cols };
        step.write = Some(Rect { col: start, cols: end - start, ..written });
        self.advance(count, columns);
        step
    }

    fn advance(&mut self, temporal: u32, columns: u32) {
        self.done += 1;
        if self.done < temporal {
            return;
        }
        (self.done, self.spatial, self.column) = (0, self.spatial + 1, self.column + 1);
        if self.column == columns {
            (self.column, self.row) = (0, self.row + 1);
        }
    }
}

fn rect(rows: Span, cols: Span) -> Rect {
    Rect { row: rows.start, col: cols.start, rows: rows.len(), cols: cols.len() }
}

/// An operand of a step; `last_use`: the op uses it for the last time.
pub fn operand(layout: &OperandLayout, rect: Rect, buffer: &mut TileBuffer, last_use: bool) -> StepOperand {
    let fetch = buffer.take(layout.key(rect));
    StepOperand { rect, bytes: layout.bytes(rect.elements()), fetch, last_use }
}
