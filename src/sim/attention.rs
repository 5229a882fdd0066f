//! The steps of attention with a running softmax on an array: scores never leave it.
//!
//! For each tile of queries, and each tile of keys that some of them see: the products of queries and keys; a pass of the vector
//! unit over the scores; the products of scores and values, added to the contexts, which stay in the accumulators until the last
//! tile of keys. Milakov and Gimelshein, "Online normalizer calculation for softmax", arXiv 1805.02867, algorithm 3; Dao et al.,
//! "FlashAttention", arXiv 2205.14135, algorithm 1, lines 9 to 13.
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
use super::tiling::{Sight, Span};
use crate::accelerator::{Array, Dataflow, Fill, VectorUnit};
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

/// How an array cuts an attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Queries of a tile.
    pub queries: u32,
    /// Keys of a tile.
    pub keys: u32,
    /// Of the width of queries and keys in a step.
    pub width: u32,
    /// Of a tile's keys in a step of scores and values.
    pub reduced: u32,
    /// Of the width of values in a step.
    pub across: u32,
}

impl Cut {
    /// The tiles of values `e` wide on an R×C array with buffers of L; `None` if its accumulators do not hold the scores and
    /// contexts of even one query (weight-stationary) or key (input-stationary).
    ///
    /// | | queries | keys |
    /// |---|---|---|
    /// | output-stationary | R | C |
    /// | weight-stationary | L that stream, or as many as there are accumulators for: 1 + ⌈e/C⌉ each | C |
    /// | input-stationary | C | L that stream, or as many as there are accumulators for besides e |
    pub fn new(array: &Array, e: u32) -> Option<Self> {
        let (r, c, l) = (array.rows, array.columns, array.buffer_length);
        let streamed = |accumulated: u32| Some(l.min(accumulated)).filter(|&count| count > 0);
        let all = array.accumulator_rows.unwrap_or(u32::MAX);
        Some(match array.dataflow {
            Dataflow::OutputStationary => Self { queries: r, keys: c, width: l, reduced: l, across: c },
            Dataflow::WeightStationary => {
                let queries = streamed(all / Self::fewest_accumulators(array, e))?;
                Self { queries, keys: c, width: r, reduced: r, across: c }
            }
            Dataflow::InputStationary => {
                let keys = streamed(all.saturating_sub(e))?;
                Self { queries: c, keys, width: r, reduced: r, across: l }
            }
        })
    }

    /// Accumulators a column that an attention with values `e` wide needs at least, on an array with a stationary operand.
    pub fn fewest_accumulators(array: &Array, e: u32) -> u32 {
        match array.dataflow {
            Dataflow::OutputStationary => 0,
            Dataflow::WeightStationary => 1 + e.div_ceil(array.columns),
            Dataflow::InputStationary => e.saturating_add(1),
        }
    }
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
#[derive(Debug, Clone)]
pub struct AttentionWalk {
    cut: Cut,
    sizes: Sizes,
    mask: CausalMask,
    array: Array,
    lanes: u64,
    row: u32,
    first: bool,
    planned: VecDeque<Planned>,
}

impl AttentionWalk {
    /// Before the first tile. `mask` is that of the scores.
    pub fn new(sizes: Sizes, mask: CausalMask, (array, cut): (&Array, Cut), unit: &VectorUnit) -> Self {
        let (lanes, planned, array) = (u64::from(unit.lanes), VecDeque::new(), array.clone());
        Self { cut, sizes, mask, array, lanes, row: 0, first: true, planned }
    }

    /// Steps of the whole walk.
    pub fn steps(&self) -> u64 {
        let scores = u64::from(self.sizes.k.div_ceil(self.cut.width));
        let across = u64::from(self.sizes.e.div_ceil(self.cut.across));
        let of_tile = |(_, keys): (Span, Span)| scores + 1 + u64::from(keys.len().div_ceil(self.cut.reduced)) * across;
        (0..self.rows()).map(|row| self.tiles(row).map(of_tile).sum::<u64>() + 1).sum()
    }

    /// Tiles of queries, each of which is written once.
    pub fn spatial_tiles(&self) -> u64 {
        u64::from(self.rows())
    }

    /// Multiplications and additions carried out.
    pub fn macs_issued(&self) -> u64 {
        let (k, e) = (u64::from(self.sizes.k), u64::from(self.sizes.e));
        let of_row = |row| -> u64 {
            let keys = self.tiles(row).map(|(tile, seen)| u64::from(tile.len()) * k + u64::from(seen.len()) * e);
            u64::from(self.row_span(row).len()) * keys.sum::<u64>()
        };
        (0..self.rows()).map(of_row).sum()
    }

    fn rows(&self) -> u32 {
        self.sizes.m.div_ceil(self.cut.queries)
    }

    fn row_span(&self, row: u32) -> Span {
        Span::of(row, self.cut.queries, self.sizes.m)
    }

    /// Tiles of keys that row tile `row` sees some of, and of each the keys that are multiplied with values: up to the last one that is
    /// seen, from the step on that holds the first.
    fn tiles(&self, row: u32) -> impl Iterator<Item = (Span, Span)> + use<> {
        let Sizes { m, n, .. } = self.sizes;
        let Cut { keys: width, reduced, .. } = self.cut;
        let all = Span { start: 0, end: n };
        let sight = Sight { m, keys: n, window: self.mask.window() };
        let seen = if self.mask == CausalMask::None { all } else { sight.keys_of(self.row_span(row)) };
        seen.pieces(width).numbers().map(move |column| {
            let tile = Span::of(column, width, n);
            let skipped = seen.start.saturating_sub(tile.start) / reduced * reduced;
            (tile, Span { start: tile.start + skipped, end: tile.end.min(seen.end) })
        })
    }

    /// All steps of a tile of queries.
    fn plan(&self, row: u32) -> VecDeque<Planned> {
        let mut planned = VecDeque::new();
        let rows = self.row_span(row);
        let (r, e) = (u64::from(rows.len()), u64::from(self.sizes.e));
        for (number, (tile, keys)) in self.tiles(row).enumerate() {
            self.plan_scores(rows, tile, number, &mut planned);
            let scores = r * u64::from(tile.len());
            let corrected = if number > 0 { r * e } else { 0 };
            let work = scores * (2 + u64::from(self.sizes.extra)) + 3 * r + corrected;
            planned.push_back(self.vector(work));
            self.plan_contexts(rows, keys, &mut planned);
        }
        planned.push_back(self.vector(r * e));
        planned
    }

    fn vector(&self, work: u64) -> Planned {
        Planned::Vector { cycles: work.div_ceil(self.lanes) as u32 }
    }

    /// Products of a tile of queries and a tile of keys; every other one runs backwards, so that the last tile of queries stays.
    fn plan_scores(&self, rows: Span, keys: Span, number: usize, planned: &mut VecDeque<Planned>) {
        let count = self.sizes.k.div_ceil(self.cut.width);
        for done in 0..count {
            let part = if number.is_multiple_of(2) { done } else { count - 1 - done };
            let depth = Span::of(part, self.cut.width, self.sizes.k);
            let ends = match self.array.dataflow {
                Dataflow::OutputStationary => (done == 0, done + 1 == count),
                _ => (true, true),
            };
            let cycles = self.cycles((rows, depth, keys), ends);
            planned.push_back(Planned::Score { query: rect(rows, depth), key: rect(keys, depth), cycles });
        }
    }

    /// Products of a tile of scores and the values of its keys: with the scores held, the values' columns stream past each part.
    fn plan_contexts(&self, rows: Span, keys: Span, planned: &mut VecDeque<Planned>) {
        let across: Vec<Span> = pieces(Span { start: 0, end: self.sizes.e }, self.cut.across);
        let along: Vec<Span> = pieces(keys, self.cut.reduced);
        let mut push = |depth: Span, columns: Span, ends| {
            let cycles = self.cycles((rows, depth, columns), ends);
            planned.push_back(Planned::Context { value: rect(depth, columns), cycles });
        };
        if self.array.dataflow == Dataflow::InputStationary {
            for &depth in &along {
                let last = across.len() - 1;
                across.iter().enumerate().for_each(|(i, &columns)| push(depth, columns, (i == 0, i == last)));
            }
            return;
        }
        let (held, last) = (self.array.dataflow == Dataflow::WeightStationary, along.len() - 1);
        for &columns in &across {
            along.iter().enumerate().for_each(|(i, &depth)| push(depth, columns, (held || i == 0, held || i == last)));
        }
    }

    /// Cycles of a product of m rows, k of the reduction and n columns. `first` and `last`: whether it is charged what its spatial
    /// tile, or its fold, takes at the beginning and at the end.
    fn cycles(&self, (m, k, n): (Span, Span, Span), (first, last): (bool, bool)) -> u32 {
        let (m, k, n) = (m.len(), k.len(), n.len());
        let full = self.array.fill == Fill::Full;
        let (stream, rows, columns) = match self.array.dataflow {
            Dataflow::OutputStationary => (k, m, n),
            Dataflow::WeightStationary => (m, 2 * k, n),
            Dataflow::InputStationary => (n, 2 * k, m),
        };
        let loaded = if self.array.dataflow == Dataflow::OutputStationary { 1 } else { 2 };
        let (rows, columns) = if full { (loaded * self.array.rows, self.array.columns) } else { (rows, columns) };
        stream + if first { rows - 1 } else { 0 } + if last { columns - 1 } else { 0 }
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
            let rows = self.row_span(self.row - 1);
            let written = rect(rows, Span { start: 0, end: self.sizes.e });
            (step.write, step.write_bytes) = (Some(written), out.bytes(written.elements()));
        }
        step
    }
}

fn fetched(layout: &OperandLayout, rect: Rect, buffer: &mut TileBuffer) -> StepOperand {
    operand(layout, rect, buffer, false)
}

/// `whole` cut into pieces of `step`, the first of which begins where it does.
fn pieces(whole: Span, step: u32) -> Vec<Span> {
    let count = whole.len().div_ceil(step);
    let piece = |i| Span::of(i, step, whole.len());
    (0..count).map(piece).map(|part| Span { start: whole.start + part.start, end: whole.start + part.end }).collect()
}

fn rect(rows: Span, cols: Span) -> Rect {
    Rect { row: rows.start, col: cols.start, rows: rows.len(), cols: cols.len() }
}
