//! The steps of a matrix product on an array that holds a tile of one operand: one chunk of the other's stream a step.

use super::array::TileBuffer;
use super::folds::Folds;
use super::layout::Rect;
use super::operands::OperandLayout;
use super::step::{Step, StepOperand};
use super::tiling::Span;

/// Walks the folds column by column, each column along K forwards or backwards, whichever finds its first operand tile still in
/// a buffer; past each fold streams chunk after chunk.
///
/// A result is written with the last fold along K that adds to it. Partial sums without accumulators are written into the
/// place of the result after every other fold, and read from there before the next one.
#[derive(Debug, Clone)]
pub struct StationaryWalk {
    folds: Folds,
    b_transposed: bool,
    column: u32,
    done: u32,
    chunk: u32,
    forward: bool,
    writes: u64,
    /// For each chunk of the column of folds, the number of the last write of its partial sums.
    written: Vec<u64>,
}

impl StationaryWalk {
    /// Before the first chunk.
    pub fn new(folds: Folds, b_transposed: bool) -> Self {
        let written = vec![0; folds.stream().div_ceil(folds.length) as usize];
        let column = folds.columns_of_folds().start;
        let chunk = folds.chunks(column, folds.folds_of(column).start).start;
        Self { folds, b_transposed, column, done: 0, chunk, forward: true, writes: 0, written }
    }

    /// The geometry.
    pub fn folds(&self) -> &Folds {
        &self.folds
    }

    /// A's part of fold `f` along K, at `other` along M.
    fn a_rect(&self, f: u32, other: Span) -> Rect {
        rect(other, self.folds.reduction_span(self.column, f))
    }

    /// B's part of fold `f` along K, at `other` along N.
    fn b_rect(&self, f: u32, other: Span) -> Rect {
        let k = self.folds.reduction_span(self.column, f);
        if self.b_transposed { rect(other, k) } else { rect(k, other) }
    }

    /// Places of A and B in chunk `c` of fold `f` along K.
    fn operands(&self, f: u32, c: u32) -> [Rect; 2] {
        let (across, chunk) = (self.folds.across_span(self.column), self.folds.chunk_span(c));
        let (m, n) = if self.folds.holds_a { (across, chunk) } else { (chunk, across) };
        [self.a_rect(f, m), self.b_rect(f, n)]
    }

    /// The part of the result that belongs to `part` of the stream.
    fn result(&self, part: Span) -> Rect {
        let across = self.folds.across_span(self.column);
        if self.folds.holds_a { rect(across, part) } else { rect(part, across) }
    }

    /// Forwards if A's or B's first tile is buffered, else backwards if one's last tile is, else forwards.
    fn choose_direction(&mut self, inputs: &[OperandLayout], buffers: &[TileBuffer; 2]) {
        let held = |f: u32| {
            let rects = self.operands(f, self.folds.chunks(self.column, f).start);
            (0..2).any(|side| buffers[side].holds(&inputs[side].key(rects[side])))
        };
        let Span { start, end } = self.folds.folds_of(self.column);
        self.forward = end - start == 1 || held(start) || !held(end - 1);
    }

    /// The fold along K in progress.
    fn fold(&self) -> u32 {
        let Span { start, end } = self.folds.folds_of(self.column);
        if self.forward { start + self.done } else { end - 1 - self.done }
    }

    /// The next chunk; must not be called after the last.
    pub fn next(&mut self, inputs: &[OperandLayout], out: &OperandLayout, buffers: &mut [TileBuffer; 2]) -> Step {
        if self.done == 0 && self.chunk == self.folds.chunks(self.column, self.fold()).start {
            self.choose_direction(inputs, buffers);
            self.chunk = self.folds.chunks(self.column, self.fold()).start;
        }
        let (f, c) = (self.fold(), self.chunk);
        let mut step = Step { inputs: 2, cycles: self.folds.cycles(self.column, f, c), ..Step::default() };
        self.fetch(&mut step, inputs, buffers);
        self.accumulate(&mut step, out);
        self.advance();
        step
    }

    /// The stationary tile is loaded with the first chunk; the stream is fetched chunk by chunk.
    fn fetch(&self, step: &mut Step, inputs: &[OperandLayout], buffers: &mut [TileBuffer; 2]) {
        let (f, c) = (self.fold(), self.chunk);
        let rects = self.operands(f, c);
        let held = usize::from(!self.folds.holds_a);
        let last_column = self.column + 1 == self.folds.columns_of_chunk(c).end;
        for side in 0..2 {
            let (layout, rect) = (&inputs[side], rects[side]);
            let operand = &mut step.operands[side];
            *operand = StepOperand { rect, bytes: layout.bytes(rect.elements()), fetch: false, last_use: false };
            if side != held || c == self.folds.chunks(self.column, f).start {
                operand.fetch = buffers[side].take(layout.key(rect));
                operand.last_use = side == held || last_column;
            }
        }
    }

    /// Partial sums that come back, and what is written: the result, or partial sums.
    fn accumulate(&mut self, step: &mut Step, out: &OperandLayout) {
        let (f, c) = (self.fold(), self.chunk);
        let Span { start, end } = self.folds.folds_of_chunk(self.column, c);
        let (first, last) = if self.forward { (start, end - 1) } else { (end - 1, start) };
        let spilled = self.folds.spilled(self.column, c);
        if f != first && !spilled.is_empty() {
            let rect = self.result(spilled);
            let bytes = out.bytes(rect.elements());
            step.operands[2] = StepOperand { rect, bytes, fetch: true, last_use: false };
            (step.inputs, step.reads_back) = (3, Some(self.written[c as usize]));
        }
        step.partial = f != last;
        let written = self.result(if step.partial { spilled } else { self.folds.chunk_span(c) });
        if written.elements() == 0 {
            return;
        }
        (step.first, step.last, step.spatial) = (true, true, self.writes);
        step.write_bytes = out.bytes(written.elements());
        step.write = Some(if step.partial { written } else { self.with_masked(written) });
        self.written[c as usize] = self.writes;
        self.writes += 1;
    }

    /// Results that a score mask leaves out are stored all the same, with those next to them that are computed.
    fn with_masked(&self, written: Rect) -> Rect {
        let Folds { m, n, holds_a, .. } = self.folds;
        if self.folds.scores().is_none() {
            return written;
        }
        let chunks = self.folds.chunks(self.column, self.fold());
        let (first, last) = (self.chunk == chunks.start, self.chunk + 1 == chunks.end);
        let left = if holds_a { first } else { self.column == self.folds.columns_of_folds().start };
        let grown = |start: u32, len: u32, to_start: bool, to_end: Option<u32>| Span {
            start: if to_start { 0 } else { start },
            end: to_end.unwrap_or(start + len),
        };
        rect(
            grown(written.row, written.rows, !holds_a && first, (!holds_a && last).then_some(m)),
            grown(written.col, written.cols, left, (holds_a && last).then_some(n)),
        )
    }

    fn advance(&mut self) {
        self.chunk += 1;
        if self.chunk < self.folds.chunks(self.column, self.fold()).end {
            return;
        }
        self.done += 1;
        if self.done == self.folds.folds_of(self.column).len() {
            (self.done, self.column, self.forward) = (0, self.column + 1, true);
        }
        if self.column < self.folds.columns_of_folds().end {
            self.chunk = self.folds.chunks(self.column, self.fold()).start;
        }
    }
}

fn rect(rows: Span, cols: Span) -> Rect {
    Rect { row: rows.start, col: cols.start, rows: rows.len(), cols: cols.len() }
}
