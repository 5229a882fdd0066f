//! Folds of an array that holds a tile of A or of B, element by element.

use super::{Naive, Step, Tile, parts};
use std::ops::Range;
use trapti::accelerator::{Array, Dataflow, Fill};
use trapti::ids::OpId;
use trapti::workload::{CausalMask, OpKind};

/// A half-open range of rows, columns or reduction steps.
type Part = (u32, u32);

/// A product cut into folds. Positions in the stream are rows of A, or columns of B where A is held.
struct Cut {
    m: u32,
    k: u32,
    n: u32,
    holds_a: bool,
    mask: CausalMask,
    array: Array,
}

fn all(part: Part) -> Range<u32> {
    part.0..part.1
}

impl Cut {
    /// Rows of A or columns of B that are held at a time, without those that no chunk needs.
    fn across(&self) -> Vec<Part> {
        let all = parts(if self.holds_a { self.m } else { self.n }, self.array.columns);
        all.into_iter().filter(|across| !self.folds(*across).is_empty()).collect()
    }

    fn chunks(&self) -> Vec<Part> {
        parts(if self.holds_a { self.n } else { self.m }, self.array.buffer_length)
    }

    /// Rows of A and columns of B of a fold and a chunk.
    fn place(&self, across: Part, chunk: Part) -> (Part, Part) {
        if self.holds_a { (across, chunk) } else { (chunk, across) }
    }

    fn sees(&self, row: u32, key: u32, keys: u32) -> bool {
        super::sees(self.mask, (self.m, keys), row, key)
    }

    /// Folds along K that some chunk needs; where A is held, a context mask ends them with the last key that a row of the fold
    /// sees.
    fn folds(&self, across: Part) -> Vec<Part> {
        let cut = self.holds_a && matches!(self.mask, CausalMask::Context | CausalMask::WindowedContext(_));
        let seen = |key: &u32| all(across).any(|row| self.sees(row, *key, self.k));
        let depth = if cut { (0..self.k).filter(seen).max().unwrap() + 1 } else { self.k };
        let needed = |fold: &Part| self.chunks().into_iter().any(|chunk| self.takes_part(across, *fold, chunk));
        parts(depth, self.array.rows).into_iter().filter(needed).collect()
    }

    /// Whether any output of a chunk depends on a fold.
    fn takes_part(&self, across: Part, fold: Part, chunk: Part) -> bool {
        let (rows, cols) = self.place(across, chunk);
        match self.mask {
            CausalMask::None => true,
            CausalMask::Score | CausalMask::WindowedScore(_) => {
                all(rows).any(|r| all(cols).any(|c| self.sees(r, c, self.n)))
            }
            CausalMask::Context | CausalMask::WindowedContext(_) => {
                all(rows).any(|r| all(fold).any(|key| self.sees(r, key, self.k)))
            }
        }
    }

    /// The part of a chunk that has no accumulators.
    fn spilled(&self, chunk: Part) -> Part {
        let kept = self.array.accumulator_rows.unwrap_or(u32::MAX);
        (chunk.0.max(kept).min(chunk.1), chunk.1)
    }
}

impl Naive<'_> {
    pub(super) fn stationary(&mut self, unit: usize, op: OpId) -> (Vec<Step>, Vec<Tile>) {
        let array = self.accelerator.arrays[unit].clone();
        let OpKind::Matmul { m, k, n, mask, .. } = self.workload.op(op).kind else { panic!() };
        let cut = Cut { m, k, n, holds_a: array.dataflow == Dataflow::InputStationary, mask, array };
        let (mut steps, mut results) = (Vec::new(), Vec::new());
        for across in cut.across() {
            let folds = self.order(&cut, unit, op, across);
            // Of each chunk, the write that saved its partial sums.
            let mut saved: Vec<Option<usize>> = vec![None; cut.chunks().len()];
            for (index, &fold) in folds.iter().enumerate() {
                let chunks: Vec<(usize, Part)> = cut.chunks().into_iter().enumerate().collect();
                let chunks: Vec<_> = chunks.into_iter().filter(|c| cut.takes_part(across, fold, c.1)).collect();
                for &(c, chunk) in &chunks {
                    let first = chunk == chunks[0].1;
                    let last = chunk == chunks[chunks.len() - 1].1;
                    let mut operands = self.operands(&cut, unit, op, (across, fold, chunk), first);
                    let before = folds[..index].iter().any(|f| cut.takes_part(across, *f, chunk));
                    let after = folds[index + 1..].iter().any(|f| cut.takes_part(across, *f, chunk));
                    let spilled = cut.spilled(chunk);
                    if before && spilled.0 < spilled.1 {
                        operands.push(Tile { after: saved[c], side: 2, ..self.result(&cut, op, across, spilled) });
                    }
                    let written = if after { spilled } else { chunk };
                    let mut write = None;
                    if written.0 < written.1 {
                        let mut tile = self.result(&cut, op, across, written);
                        tile.fetch = false;
                        tile.partial = after;
                        if !after {
                            tile.elements = self.stored(&cut, op, across, chunk, (first, last));
                        }
                        (write, saved[c]) = (Some(results.len()), Some(results.len()));
                        results.push(tile);
                    }
                    let cycles = cycles(&cut.array, fold, across, chunk, (first, last));
                    steps.push(Step { operands, cycles, vector: false, room: write, write, started: None });
                }
            }
        }
        self.mark_last_uses(&mut steps);
        (steps, results)
    }

    /// Folds along K in the order in which they are walked.
    fn order(&self, cut: &Cut, unit: usize, op: OpId, across: Part) -> Vec<Part> {
        let mut folds = cut.folds(across);
        let OpKind::Matmul { a, b, b_transposed, .. } = self.workload.op(op).kind else { panic!() };
        let held = |fold: Part| {
            let chunk = cut.chunks().into_iter().find(|c| cut.takes_part(across, fold, *c)).unwrap();
            let (rows, cols) = cut.place(across, chunk);
            let (down, right) = if b_transposed { (cols, fold) } else { (fold, cols) };
            self.holds(unit, 0, op, a, rows, fold) || self.holds(unit, 1, op, b, down, right)
        };
        if !held(folds[0]) && held(*folds.last().unwrap()) {
            folds.reverse();
        }
        folds
    }

    /// A and B: the held one with the first chunk only.
    fn operands(&mut self, cut: &Cut, unit: usize, op: OpId, at: (Part, Part, Part), first: bool) -> Vec<Tile> {
        let (across, fold, chunk) = at;
        let OpKind::Matmul { a, b, b_transposed, .. } = self.workload.op(op).kind else { panic!() };
        let (rows, cols) = cut.place(across, chunk);
        let (down, right) = if b_transposed { (cols, fold) } else { (fold, cols) };
        let mut operands = Vec::new();
        if first || !cut.holds_a {
            operands.push(self.tile(unit, 0, op, &[a], rows, fold));
        }
        if first || cut.holds_a {
            operands.push(self.tile(unit, 1, op, &[b], down, right));
        }
        operands
    }

    /// A part of the result.
    fn result(&self, cut: &Cut, op: OpId, across: Part, part: Part) -> Tile {
        let (rows, cols) = cut.place(across, part);
        let out = self.workload.op(op).kind.out();
        Tile { fetch: true, ..self.written(out, self.area(out, rows, cols), cols.1 - cols.0) }
    }

    /// Where a result is stored: with what a score mask leaves out before the first chunk and after the last, and before the
    /// first columns that are computed.
    fn stored(
        &self,
        cut: &Cut,
        op: OpId,
        across: Part,
        chunk: Part,
        (first, last): (bool, bool),
    ) -> Vec<super::Element> {
        let (mut rows, mut cols) = cut.place(across, chunk);
        match (cut.mask, cut.holds_a) {
            (CausalMask::Score | CausalMask::WindowedScore(_), false) => {
                rows = (if first { 0 } else { rows.0 }, if last { cut.m } else { rows.1 });
                cols.0 = if across == cut.across()[0] { 0 } else { cols.0 };
            }
            (CausalMask::Score | CausalMask::WindowedScore(_), true) => {
                cols = (if first { 0 } else { cols.0 }, if last { cut.n } else { cols.1 });
            }
            _ => {}
        }
        let out = self.workload.op(op).kind.out();
        self.written(out, self.area(out, rows, cols), cols.1 - cols.0).elements
    }
}

/// The first chunk waits for the tile to be loaded and for the skew of its rows, the last one for that of its columns.
pub(super) fn cycles(array: &Array, fold: Part, across: Part, chunk: Part, (first, last): (bool, bool)) -> u64 {
    let (rows, columns) = match array.fill {
        Fill::Edge => (fold.1 - fold.0, across.1 - across.0),
        Fill::Full => (array.rows, array.columns),
    };
    let before = if first { rows + rows - 1 } else { 0 };
    let behind = if last { columns - 1 } else { 0 };
    u64::from(before + chunk.1 - chunk.0 + behind)
}
