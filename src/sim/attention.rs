//! The steps of attention with a running softmax on an array: scores never leave it.
//!
//! For each tile of at most R queries, and each tile of at most C keys that some of them see: the products of queries and
//! keys; a pass of the vector unit over the scores; the products of scores and values, added to the contexts, which stay in the
//! accumulators until the last tile of keys. Milakov and Gimelshein, "Online normalizer calculation for softmax", arXiv
//! 1805.02867, algorithm 3; Dao et al., "FlashAttention", arXiv 2205.14135, algorithm 1, lines 9 to 13.
//!
//! Element operations of the vector unit, of r queries, c keys and contexts e wide:
//! - a score: maximum; exponential and sum: 2·r·c, and one more for each change of the scores before the softmax;
//! - a row: maximum so far, correction of what was summed so far, sum: 3·r;
//! - from the second tile of keys on, the contexts so far times the correction: r·e;
//! - after the last tile of keys, the contexts divided by the sum: r·e.
//!
//! The array's accumulators hold one tile of scores besides the contexts of a tile of queries, and feed it back as operand A.

use super::array::{TileBuffer, operand};
use super::layout::Rect;
use super::operands::OperandLayout;
use super::step::{Step, StepOperand};
use super::tiling::{Span, Tiling};
use crate::accelerator::{Array, VectorUnit};
use crate::workload::CausalMask;
use std::collections::VecDeque;

/// Sizes of an attention: m queries and n keys of width k, values of width e.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Queries.
    pub m: u32,
    /// Width of a query and of a key.
    pub k: u32,
    /// Keys.
    pub n: u32,
    /// Width of a value.
    pub e: u32,
    /// Passes over the scores besides those of the softmax.
    pub extra: u32,
}

/// What a step does, before it is known what the operand buffers hold.
#[derive(Debug, Clone, Copy)]
enum Planned {
    /// Part of the products of queries and keys.
    Score { query: Rect, key: Rect, cycles: u32 },
    /// A pass of the vector unit.
    Vector { cycles: u32 },
    /// Part of the products of scores and values.
    Context { value: Rect, cycles: u32 },
}

/// Walks the tiles of queries, and within one the tiles of keys.
#[derive(Debug)]
pub struct AttentionWalk {
    scores: Tiling,
    contexts: Tiling,
    sizes: Sizes,
    lanes: u64,
    row: u32,
    first: bool,
    planned: VecDeque<Planned>,
}

impl AttentionWalk {
    /// Before the first tile. `mask` is that of the scores.
    pub fn new(sizes: Sizes, mask: CausalMask, array: &Array, unit: &VectorUnit) -> Self {
        let scores = Tiling::new(sizes.m, sizes.k, sizes.n, mask, array);
        let contexts = Tiling::new(sizes.m, sizes.n, sizes.e, mask.of_context(), array);
        let (lanes, planned) = (u64::from(unit.lanes), VecDeque::new());
        Self { scores, contexts, sizes, lanes, row: 0, first: true, planned }
    }

    /// Steps of the whole walk.
    pub fn steps(&self) -> u64 {
        (0..self.scores.row_tiles()).map(|row| self.plan(row).len() as u64).sum()
    }

    /// Tiles of queries, each of which is written once.
    pub fn spatial_tiles(&self) -> u64 {
        u64::from(self.scores.row_tiles())
    }

    /// Multiplications and additions carried out.
    pub fn macs_issued(&self) -> u64 {
        self.scores.macs_issued() + self.contexts.macs_issued()
    }

    /// Keys of column tile `column` that row tile `row` multiplies with values.
    fn keys(&self, row: u32, column: u32) -> Span {
        let (tile, seen) = (self.scores.column_span(column), self.contexts.reduction(row));
        Span { start: tile.start.max(seen.start), end: tile.end.min(seen.end) }
    }

    /// All steps of a tile of queries.
    fn plan(&self, row: u32) -> VecDeque<Planned> {
        let mut planned = VecDeque::new();
        let rows = self.scores.row_span(row);
        let (r, e) = (u64::from(rows.len()), u64::from(self.sizes.e));
        let columns = self.scores.columns_of(row);
        for column in columns.clone() {
            self.plan_scores(row, column, column - columns.start, &mut planned);
            let scores = r * u64::from(self.scores.column_span(column).len());
            let corrected = if column > columns.start { r * e } else { 0 };
            let work = scores * (2 + u64::from(self.sizes.extra)) + 3 * r + corrected;
            planned.push_back(self.vector(work));
            self.plan_contexts(row, column, &mut planned);
        }
        planned.push_back(self.vector(r * e));
        planned
    }

    fn vector(&self, work: u64) -> Planned {
        Planned::Vector { cycles: work.div_ceil(self.lanes) as u32 }
    }

    /// Products of a tile of queries and a tile of keys; every other one runs backwards, so that the last tile of queries stays.
    fn plan_scores(&self, row: u32, column: u32, number: u32, planned: &mut VecDeque<Planned>) {
        let count = self.scores.temporal_tiles_of(row);
        for done in 0..count {
            let part = if number.is_multiple_of(2) { done } else { count - 1 - done };
            let depth = self.scores.reduction_span(row, part);
            let query = rect(self.scores.row_span(row), depth);
            let key = rect(self.scores.column_span(column), depth);
            let cycles = self.scores.temporal_cycles(row, column, depth.len(), done == 0, done + 1 == count);
            planned.push_back(Planned::Score { query, key, cycles });
        }
    }

    /// Products of a tile of scores and the values of its keys.
    fn plan_contexts(&self, row: u32, column: u32, planned: &mut VecDeque<Planned>) {
        let keys = self.keys(row, column);
        let count = keys.len().div_ceil(self.contexts.depth);
        for across in 0..self.contexts.column_tiles() {
            for done in 0..count {
                let part = Span::of(done, self.contexts.depth, keys.len());
                let depth = Span { start: keys.start + part.start, end: keys.start + part.end };
                let value = rect(depth, self.contexts.column_span(across));
                let cycles = self.contexts.temporal_cycles(row, across, depth.len(), done == 0, done + 1 == count);
                planned.push_back(Planned::Context { value, cycles });
            }
        }
    }

    /// The next step; must not be called after the last.
    pub fn next(&mut self, inputs: &[OperandLayout], out: &OperandLayout, buffers: &mut [TileBuffer; 2]) -> Step {
        if self.planned.is_empty() {
            self.planned = self.plan(self.row);
            (self.row, self.first) = (self.row + 1, true);
        }
        let mut step = Step { first: self.first, spatial: u64::from(self.row) - 1, inputs: 3, ..Step::default() };
        match self.planned.pop_front() {
            Some(Planned::Score { query, key, cycles }) => {
                step.operands[0] = fetched(&inputs[0], query, &mut buffers[0]);
                step.operands[1] = fetched(&inputs[1], key, &mut buffers[1]);
                step.cycles = cycles;
            }
            Some(Planned::Context { value, cycles }) => {
                step.operands[2] = fetched(&inputs[2], value, &mut buffers[1]);
                step.cycles = cycles;
            }
            Some(Planned::Vector { cycles }) => (step.cycles, step.vector) = (cycles, true),
            None => {}
        }
        self.first = false;
        step.last = self.planned.is_empty();
        if step.last {
            let rows = self.scores.row_span(self.row - 1);
            let written = rect(rows, Span { start: 0, end: self.sizes.e });
            (step.write, step.write_bytes) = (Some(written), out.bytes(written.elements()));
        }
        step
    }
}

fn fetched(layout: &OperandLayout, rect: Rect, buffer: &mut TileBuffer) -> StepOperand {
    operand(layout, rect, buffer, false)
}

fn rect(rows: Span, cols: Span) -> Rect {
    Rect { row: rows.start, col: cols.start, rows: rows.len(), cols: cols.len() }
}
