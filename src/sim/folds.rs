//! How an array that holds a tile of B (weight-stationary) or of A (input-stationary) cuts a matrix product, and what each piece costs.
//!
//! Both are one scheme: a *fold* is at most R steps of K by C of the stationary operand's other dimension (N of B, M of A); while
//! it is held, the other operand's rows or columns *stream* past it, M or N of them, in *chunks* of the operand buffer's length. An
//! r×c fold takes r cycles to load, one for each vector of the stream, and r − 1 + c − 1 of skew: `edge`; with `full` r = R and
//! c = C. The first chunk is charged the load and the skew of the rows, the last one that of the columns.

use super::tiling::{Sight, Span};
use crate::accelerator::{Array, Dataflow, Fill};
use crate::workload::CausalMask;

/// A matrix product on one array with a stationary operand: pure geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folds {
    /// Rows of the result.
    pub m: u32,
    /// Length of the reduction.
    pub k: u32,
    /// Columns of the result.
    pub n: u32,
    /// Whether A is stationary, and not B.
    pub holds_a: bool,
    /// Rows of the array: steps of K in a fold.
    pub rows: u32,
    /// Columns of the array: rows of A or columns of B in a fold.
    pub columns: u32,
    /// Rows of A or columns of B that stream in one chunk.
    pub length: u32,
    /// Of the stream, the first so many have accumulators that keep their partial sums.
    pub accumulated: u32,
    /// What an edge fold costs.
    pub fill: Fill,
    /// What need not be computed.
    pub mask: CausalMask,
}

impl Folds {
    /// The folds of an m×k by k×n product on `array`, which is not output-stationary.
    pub fn new((m, k, n): (u32, u32, u32), mask: CausalMask, array: &Array) -> Self {
        let holds_a = array.dataflow == Dataflow::InputStationary;
        let (rows, columns, length) = (array.rows, array.columns, array.buffer_length);
        let accumulated = array.accumulator_rows.unwrap_or(u32::MAX);
        Self { m, k, n, holds_a, rows, columns, length, accumulated, fill: array.fill, mask }
    }

    /// Length of the stream: M, or N when A is stationary.
    pub fn stream(&self) -> u32 {
        if self.holds_a { self.n } else { self.m }
    }

    /// Size of what is cut into folds across the columns: N, or M when A is stationary.
    pub fn across(&self) -> u32 {
        if self.holds_a { self.m } else { self.n }
    }

    /// Which keys, along N, the rows of a score mask see.
    pub fn scores(&self) -> Option<Sight> {
        let masked = matches!(self.mask, CausalMask::Score | CausalMask::WindowedScore(_));
        masked.then(|| Sight { m: self.m, keys: self.n, window: self.mask.window() })
    }

    /// Which keys, along K, the rows of a context mask see.
    fn contexts(&self) -> Option<Sight> {
        let masked = matches!(self.mask, CausalMask::Context | CausalMask::WindowedContext(_));
        masked.then(|| Sight { m: self.m, keys: self.k, window: self.mask.window() })
    }

    /// Numbers of the folds across: without those that no row sees.
    pub fn columns_of_folds(&self) -> Span {
        match self.scores() {
            Some(sight) if !self.holds_a => sight.keys_of(Span { start: 0, end: self.m }).pieces(self.columns),
            _ => Span { start: 0, end: self.across() }.pieces(self.columns),
        }
    }

    /// Columns of B, or rows of A, in folds across number `x`.
    pub fn across_span(&self, x: u32) -> Span {
        Span::of(x, self.columns, self.across())
    }

    /// Steps of K that folds across number `x` need: with A stationary, a context mask leaves out what none of their rows sees.
    fn reduction_of(&self, x: u32) -> Span {
        let rows = if self.holds_a { self.across_span(x) } else { Span { start: 0, end: self.m } };
        self.contexts().map_or(Span { start: 0, end: self.k }, |sight| sight.keys_of(rows))
    }

    /// Numbers of the folds along K at folds across number `x`.
    pub fn folds_of(&self, x: u32) -> Span {
        self.reduction_of(x).pieces(self.rows)
    }

    /// Steps of K in fold `f` along K, which begins with a whole fold.
    pub fn reduction_span(&self, x: u32, f: u32) -> Span {
        Span::of(f, self.rows, self.reduction_of(x).end)
    }

    /// Rows of A, or columns of B, in chunk `c` of the stream.
    pub fn chunk_span(&self, c: u32) -> Span {
        Span::of(c, self.length, self.stream())
    }

    /// Chunks that stream past fold `f` along K at folds across number `x`; a mask leaves out those none of whose outputs needs it.
    pub fn chunks(&self, x: u32, f: u32) -> Span {
        let all = Span { start: 0, end: self.stream() };
        let needed = match (self.scores(), self.contexts()) {
            (Some(sight), _) if self.holds_a => sight.keys_of(self.across_span(x)),
            (Some(sight), _) => sight.rows_of(self.across_span(x)),
            (_, Some(sight)) if !self.holds_a => sight.rows_of(Span::of(f, self.rows, self.k)),
            _ => all,
        };
        needed.pieces(self.length)
    }

    /// Folds along K that chunk `c` takes part in.
    pub fn folds_of_chunk(&self, x: u32, c: u32) -> Span {
        match self.contexts() {
            Some(sight) if !self.holds_a => sight.keys_of(self.chunk_span(c)).pieces(self.rows),
            _ => self.folds_of(x),
        }
    }

    /// Folds across that chunk `c` takes part in.
    pub fn columns_of_chunk(&self, c: u32) -> Span {
        match self.scores() {
            Some(sight) if self.holds_a => sight.rows_of(self.chunk_span(c)).pieces(self.columns),
            Some(sight) => sight.keys_of(self.chunk_span(c)).pieces(self.columns),
            None => self.columns_of_folds(),
        }
    }

    /// The part of chunk `c` whose partial sums have no accumulators; empty if there is no other fold to add to.
    pub fn spilled(&self, x: u32, c: u32) -> Span {
        let Span { start, end } = self.chunk_span(c);
        let single = self.folds_of_chunk(x, c).len() == 1;
        Span { start: if single { end } else { start.max(self.accumulated).min(end) }, end }
    }

    /// Cycles of chunk `c` at fold `f` along K and `x` across.
    pub fn cycles(&self, x: u32, f: u32, c: u32) -> u32 {
        let (rows, columns) = match self.fill {
            Fill::Edge => (self.reduction_span(x, f).len(), self.across_span(x).len()),
            Fill::Full => (self.rows, self.columns),
        };
        let chunks = self.chunks(x, f);
        let (first, last) = (c == chunks.start, c + 1 == chunks.end);
        self.chunk_span(c).len() + if first { 2 * rows - 1 } else { 0 } + if last { columns - 1 } else { 0 }
    }

    /// Number, across and along K, of every fold.
    fn all(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.columns_of_folds().numbers().flat_map(|x| self.folds_of(x).numbers().map(move |f| (x, f)))
    }

    /// Chunks of all folds.
    pub fn steps(&self) -> u64 {
        self.all().map(|(x, f)| u64::from(self.chunks(x, f).len())).sum()
    }

    /// Writes of results and of partial sums.
    pub fn writes(&self) -> u64 {
        let of_chunk =
            |x, c| if self.spilled(x, c).is_empty() { 1 } else { u64::from(self.folds_of_chunk(x, c).len()) };
        // Without a context mask every fold of a column has the same chunks; with one, every chunk is in some fold.
        let chunks = |x| match self.contexts() {
            Some(_) => Span { start: 0, end: self.stream() }.pieces(self.length),
            None => self.chunks(x, self.folds_of(x).start),
        };
        let of_column = |x| chunks(x).numbers().map(|c| of_chunk(x, c)).sum::<u64>();
        self.columns_of_folds().numbers().map(of_column).sum()
    }

    /// Multiplications and additions carried out.
    pub fn macs_issued(&self) -> u64 {
        let streamed = |x, f| {
            let Span { start, end } = self.chunks(x, f);
            u64::from(self.stream().min(end * self.length) - start * self.length)
        };
        let of_fold =
            |(x, f)| streamed(x, f) * u64::from(self.across_span(x).len()) * u64::from(self.reduction_span(x, f).len());
        self.all().map(of_fold).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folds(holds_a: bool, mask: CausalMask) -> Folds {
        let score = matches!(mask, CausalMask::Score | CausalMask::WindowedScore(_));
        let (m, k, n) = if score { (16, 6, 16) } else { (16, 16, 6) };
        Folds { m, k, n, holds_a, rows: 4, columns: 4, length: 4, accumulated: 6, fill: Fill::Edge, mask }
    }

    #[test]
    fn masks_leave_out_what_no_row_sees() {
        let score = folds(false, CausalMask::Score);
        assert_eq!((0..4).map(|x| score.chunks(x, 0).start).collect::<Vec<_>>(), [0, 1, 2, 3]);
        let score = folds(true, CausalMask::Score);
        assert_eq!((0..4).map(|x| score.chunks(x, 0).end).collect::<Vec<_>>(), [1, 2, 3, 4]);
        let context = folds(false, CausalMask::Context);
        assert_eq!((0..4).map(|f| context.chunks(0, f).start).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!((0..4).map(|c| context.folds_of_chunk(0, c).end).collect::<Vec<_>>(), [1, 2, 3, 4]);
        let context = folds(true, CausalMask::Context);
        assert_eq!((0..4).map(|x| context.folds_of(x).end).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    #[test]
    fn windows_leave_out_what_no_row_sees_any_more() {
        let score = folds(false, CausalMask::WindowedScore(3));
        assert_eq!(
            (0..4).map(|x| score.chunks(x, 0)).map(|c| (c.start, c.end)).collect::<Vec<_>>(),
            [(0, 2), (1, 3), (2, 4), (3, 4)]
        );
        let context = folds(true, CausalMask::WindowedContext(3));
        assert_eq!(
            (0..4).map(|x| context.folds_of(x)).map(|f| (f.start, f.end)).collect::<Vec<_>>(),
            [(0, 1), (0, 2), (1, 3), (2, 4)]
        );
    }

    #[test]
    fn rows_without_accumulators_are_written_once_a_fold() {
        let folds = folds(false, CausalMask::None);
        // Four folds along K, two across; of four chunks the first is held, the second from its third row on not.
        let spilled: Vec<u32> = (0..4).map(|c| folds.spilled(0, c).len()).collect();
        assert_eq!(spilled, [0, 2, 4, 4]);
        assert_eq!(folds.writes(), 2 * (1 + 4 + 4 + 4));
        assert_eq!(folds.steps(), 2 * 4 * 4);
    }
}
