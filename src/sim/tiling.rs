//! How an output-stationary array cuts a matrix product into tiles, and what each tile costs.
//!
//! A *spatial tile* is at most R rows by C columns of the result; it is split along K into *temporal tiles* of the
//! operand buffers' length. An m×n spatial tile takes K + m − 1 + n − 1 cycles (`edge`) or K + R + C − 2 (`full`):
//! the operands enter skewed, one row and one column a cycle. SCALE-Sim prints one cycle less, because it numbers the
//! last cycle from zero.

use crate::accelerator::{Array, Fill};
use crate::workload::CausalMask;
use std::ops::Range;

/// A matrix product on one array: pure geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiling {
    /// Rows of the result.
    pub m: u32,
    /// Length of the reduction.
    pub k: u32,
    /// Columns of the result.
    pub n: u32,
    /// Rows of the array.
    pub rows: u32,
    /// Columns of the array.
    pub columns: u32,
    /// Depth of a temporal tile.
    pub depth: u32,
    /// What an edge tile costs.
    pub fill: Fill,
    /// What need not be computed.
    pub mask: CausalMask,
}

/// A half-open range of rows, columns or reduction steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First.
    pub start: u32,
    /// First after it.
    pub end: u32,
}

impl Span {
    /// Piece `index` of `total` cut into pieces of `step`.
    pub fn of(index: u32, step: u32, total: u32) -> Self {
        let start = index * step;
        Self { start, end: total.min(start.saturating_add(step)) }
    }

    /// Numbers of the pieces of `step` that it touches.
    pub fn pieces(self, step: u32) -> Self {
        Self { start: self.start / step, end: self.end.div_ceil(step) }
    }

    /// Each of them.
    pub fn numbers(self) -> Range<u32> {
        self.start..self.end
    }

    /// How many.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether it has none.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

impl Tiling {
    /// The tiling of an m×k by k×n product on `array`.
    pub fn new(m: u32, k: u32, n: u32, mask: CausalMask, array: &Array) -> Self {
        let (rows, columns, depth) = (array.rows, array.columns, array.buffer_length);
        Self { m, k, n, rows, columns, depth, fill: array.fill, mask }
    }

    /// Spatial tiles along the rows of the result.
    pub fn row_tiles(&self) -> u32 {
        self.m.div_ceil(self.rows)
    }

    /// Spatial tiles along the columns of the result.
    pub fn column_tiles(&self) -> u32 {
        self.n.div_ceil(self.columns)
    }

    /// Rows of row tile `i`.
    pub fn row_span(&self, i: u32) -> Span {
        Span::of(i, self.rows, self.m)
    }

    /// Columns of column tile `j`.
    pub fn column_span(&self, j: u32) -> Span {
        Span::of(j, self.columns, self.n)
    }

    /// Keys, of `keys`, that row tile `i` sees.
    fn seen(&self, i: u32, keys: u32) -> Span {
        Sight { m: self.m, keys, window: self.mask.window() }.keys_of(self.row_span(i))
    }

    /// Column tiles computed in row tile `i`: a score mask leaves out those wholly above the diagonal, and those wholly before
    /// the window.
    pub fn columns_of(&self, i: u32) -> Range<u32> {
        match self.mask {
            CausalMask::Score | CausalMask::WindowedScore(_) => {
                let tiles = self.seen(i, self.n).pieces(self.columns);
                tiles.start..tiles.end
            }
            _ => 0..self.column_tiles(),
        }
    }

    /// How many column tiles are computed in row tile `i`.
    pub fn column_tiles_of(&self, i: u32) -> u32 {
        self.columns_of(i).len() as u32
    }

    /// Reduction steps of row tile `i`: a context mask ends them at the last row's last key, and starts them with the temporal
    /// tile that holds the first row's first key.
    pub fn reduction(&self, i: u32) -> Span {
        match self.mask {
            CausalMask::Context | CausalMask::WindowedContext(_) => {
                let Span { start, end } = self.seen(i, self.k);
                Span { start: start / self.depth * self.depth, end }
            }
            _ => Span { start: 0, end: self.k },
        }
    }

    /// Reduction length of row tile `i`.
    pub fn reduction_of(&self, i: u32) -> u32 {
        self.reduction(i).len()
    }

    /// Temporal tiles of a spatial tile in row tile `i`.
    pub fn temporal_tiles_of(&self, i: u32) -> u32 {
        self.reduction_of(i).div_ceil(self.depth)
    }

    /// Reduction steps of temporal tile `t` in row tile `i`.
    pub fn reduction_span(&self, i: u32, t: u32) -> Span {
        let (all, part) = (self.reduction(i), Span::of(t, self.depth, self.reduction_of(i)));
        Span { start: all.start + part.start, end: all.start + part.end }
    }

    /// Cycles of one temporal tile: its depth, the skew of the rows with the first one computed, that of the columns with the last.
    pub fn temporal_cycles(&self, i: u32, j: u32, depth: u32, first: bool, last: bool) -> u32 {
        let (rows, columns) = match self.fill {
            Fill::Edge => (self.row_span(i).len(), self.column_span(j).len()),
            Fill::Full => (self.rows, self.columns),
        };
        depth + if first { rows - 1 } else { 0 } + if last { columns - 1 } else { 0 }
    }

    /// Temporal tiles of the whole product.
    pub fn steps(&self) -> u64 {
        let of_row = |i| u64::from(self.column_tiles_of(i)) * u64::from(self.temporal_tiles_of(i));
        (0..self.row_tiles()).map(of_row).sum()
    }

    /// Multiplications and additions carried out.
    pub fn macs_issued(&self) -> u64 {
        let width = |range: Range<u32>| self.n.min(range.end * self.columns) - range.start * self.columns;
        let columns = |i| u64::from(width(self.columns_of(i)));
        let of_row = |i| u64::from(self.row_span(i).len()) * columns(i) * u64::from(self.reduction_of(i));
        (0..self.row_tiles()).map(of_row).sum()
    }
}

/// Which keys the rows of a masked product see: row r of `m` those up to r + (keys − m), at least the first one, and of these
/// only the last `window`.
#[derive(Debug, Clone, Copy)]
pub struct Sight {
    /// Rows of queries.
    pub m: u32,
    /// Keys.
    pub keys: u32,
    /// How many keys a row sees at most, where that is limited.
    pub window: Option<u32>,
}

impl Sight {
    /// First key after those that row `row` sees.
    fn end_of(&self, row: u32) -> u32 {
        let seen = i64::from(row) + 1 + i64::from(self.keys) - i64::from(self.m);
        seen.clamp(1, i64::from(self.keys)) as u32
    }

    /// Keys that some of `rows` see: they have no gap. There must be a row.
    pub fn keys_of(&self, rows: Span) -> Span {
        let window = self.window.unwrap_or(u32::MAX);
        Span { start: self.end_of(rows.start).saturating_sub(window), end: self.end_of(rows.end - 1) }
    }

    /// Rows that see some of `keys`; from the first one on none, if a window hides them from all.
    pub fn rows_of(&self, keys: Span) -> Span {
        let row =
            |key: u64| (key + u64::from(self.m)).saturating_sub(u64::from(self.keys)).min(u64::from(self.m)) as u32;
        let start = if keys.start == 0 { 0 } else { row(u64::from(keys.start)) };
        let end = match self.window {
            Some(window) => row(u64::from(keys.end) + u64::from(window) - 1),
            None => self.m,
        };
        Span { start, end: end.max(start) }
    }
}

/// Multiplications and additions that the result of an m×k by k×n product depends on.
pub fn macs_useful((m, k, n): (u32, u32, u32), mask: CausalMask) -> u64 {
    // Row r sees max(0, r + 1 + keys − m) keys: a triangle, and below it a rectangle if there are more keys than rows.
    let triangle = |keys: u32| {
        let (rows, keys) = (u64::from(m), u64::from(keys));
        let short = rows.min(keys);
        short * (short + 1) / 2 + rows * (keys - short)
    };
    match mask {
        CausalMask::None => u64::from(m) * u64::from(k) * u64::from(n),
        CausalMask::Score => triangle(n) * u64::from(k),
        CausalMask::Context => triangle(k) * u64::from(n),
        // What lies before the window is a triangle too.
        CausalMask::WindowedScore(w) => (triangle(n) - triangle(n.saturating_sub(w))) * u64::from(k),
        CausalMask::WindowedContext(w) => (triangle(k) - triangle(k.saturating_sub(w))) * u64::from(n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiling(m: u32, k: u32, n: u32, mask: CausalMask) -> Tiling {
        Tiling { m, k, n, rows: 16, columns: 32, depth: 16, fill: Fill::Edge, mask }
    }

    #[test]
    fn edge_tile_by_hand() {
        let tiling = tiling(80, 128, 32, CausalMask::None);
        let depths = (0..8).map(|t| tiling.temporal_cycles(0, 0, 16, t == 0, t == 7));
        assert_eq!((tiling.row_tiles(), tiling.column_tiles(), depths.sum::<u32>()), (5, 1, 128 + 15 + 31));
    }

    #[test]
    fn masks_keep_what_the_last_row_sees() {
        let score = tiling(64, 8, 64, CausalMask::Score);
        assert_eq!((0..4).map(|i| score.column_tiles_of(i)).collect::<Vec<_>>(), [1, 1, 2, 2]);
        let context = tiling(20, 64, 8, CausalMask::Context);
        assert_eq!((context.reduction_of(0), context.reduction_of(1)), (60, 64));
        assert_eq!(score.macs_issued(), 8 * (32 * 32 + 32 * 64));
    }

    #[test]
    fn windows_leave_out_tiles_on_both_sides() {
        let score = tiling(128, 8, 128, CausalMask::WindowedScore(20));
        assert_eq!(
            (0..8).map(|i| score.columns_of(i)).collect::<Vec<_>>(),
            [0..1, 0..1, 0..2, 0..2, 1..3, 1..3, 2..4, 2..4]
        );
        let context = tiling(128, 128, 8, CausalMask::WindowedContext(20));
        let spans: Vec<_> = (0..8).map(|i| (context.reduction(i).start, context.reduction(i).end)).collect();
        assert_eq!(spans[..4], [(0, 16), (0, 32), (0, 48), (16, 64)]);
        assert_eq!(context.reduction_span(3, 1), Span { start: 32, end: 48 });
    }

    #[test]
    fn useful_multiplications_are_the_sum_over_rows() {
        for (m, keys) in [(64, 64), (3, 9), (9, 3)] {
            let seen = |r: u32| (i64::from(r) + 1 + i64::from(keys) - i64::from(m)).max(0) as u64;
            let sum: u64 = (0..m).map(seen).sum();
            assert_eq!(macs_useful((m, 7, keys), CausalMask::Score), 7 * sum);
            assert_eq!(macs_useful((m, keys, 5), CausalMask::Context), 5 * sum);
            for window in [1, 2, 5, 70] {
                let sum: u64 = (0..m).map(|r| seen(r).min(u64::from(window))).sum();
                assert_eq!(macs_useful((m, 7, keys), CausalMask::WindowedScore(window)), 7 * sum);
                assert_eq!(macs_useful((m, keys, 5), CausalMask::WindowedContext(window)), 5 * sum);
            }
        }
        assert_eq!(macs_useful((2, 3, 5), CausalMask::None), 30);
    }
}
