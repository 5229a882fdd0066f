//! How an output-stationary array cuts a matrix product into tiles, and what each tile costs.
//!
//! A *spatial tile* is at most R rows by C columns of the result; it is split along K into *temporal tiles* of the
//! operand buffers' length. An m×n spatial tile takes K + m − 1 + n − 1 cycles (`edge`) or K + R + C − 2 (`full`):
//! the operands enter skewed, one row and one column a cycle. SCALE-Sim prints one cycle less, because it numbers the
//! last cycle from zero.

use crate::accelerator::{Array, Fill};
use crate::workload::CausalMask;

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

    /// Keys that the last row of row tile `i` sees among `keys`: query row r sees 0 … r + (keys − m). At least one.
    fn visible(&self, i: u32, keys: u32) -> u32 {
        let seen = i64::from(self.row_span(i).end) + i64::from(keys) - i64::from(self.m);
        seen.clamp(1, i64::from(keys)) as u32
    }

    /// Column tiles computed in row tile `i`; a score mask leaves out those wholly above the diagonal.
    pub fn column_tiles_of(&self, i: u32) -> u32 {
        match self.mask {
            CausalMask::Score => self.visible(i, self.n).div_ceil(self.columns),
            _ => self.column_tiles(),
        }
    }

    /// Reduction length of row tile `i`; a context mask ends it at the last row's last key.
    pub fn reduction_of(&self, i: u32) -> u32 {
        match self.mask {
            CausalMask::Context => self.visible(i, self.k),
            _ => self.k,
        }
    }

    /// Temporal tiles of a spatial tile in row tile `i`.
    pub fn temporal_tiles_of(&self, i: u32) -> u32 {
        self.reduction_of(i).div_ceil(self.depth)
    }

    /// Reduction steps of temporal tile `t` in row tile `i`.
    pub fn reduction_span(&self, i: u32, t: u32) -> Span {
        Span::of(t, self.depth, self.reduction_of(i))
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

    /// Cycles of computation, without any wait.
    pub fn cycles(&self) -> u64 {
        let tile = |i, j| u64::from(self.temporal_cycles(i, j, 0, true, true)) + u64::from(self.reduction_of(i));
        (0..self.row_tiles()).flat_map(|i| (0..self.column_tiles_of(i)).map(move |j| tile(i, j))).sum()
    }

    /// Multiplications and additions carried out.
    pub fn macs_issued(&self) -> u64 {
        let columns = |i| u64::from(self.n.min(self.column_tiles_of(i) * self.columns));
        let of_row = |i| u64::from(self.row_span(i).len()) * columns(i) * u64::from(self.reduction_of(i));
        (0..self.row_tiles()).map(of_row).sum()
    }

    /// Multiplications and additions that the result depends on.
    pub fn macs_useful(&self) -> u64 {
        let triangle = |keys: u32| -> u64 {
            let seen = |r: u32| (i64::from(r) + 1 + i64::from(keys) - i64::from(self.m)).clamp(0, i64::from(keys));
            (0..self.m).map(|r| seen(r) as u64).sum()
        };
        match self.mask {
            CausalMask::None => u64::from(self.m) * u64::from(self.k) * u64::from(self.n),
            CausalMask::Score => triangle(self.n) * u64::from(self.k),
            CausalMask::Context => triangle(self.k) * u64::from(self.n),
        }
    }

    /// Elements of A and of B that enter the array when nothing is reused between spatial tiles: M·K·⌈N/C⌉ and K·N·⌈M/R⌉.
    pub fn edge_reads(&self) -> (u64, u64) {
        let of_row = |i: u32| {
            let (m, k) = (u64::from(self.row_span(i).len()), u64::from(self.reduction_of(i)));
            let tiles = self.column_tiles_of(i);
            (m * k * u64::from(tiles), k * u64::from(self.n.min(tiles * self.columns)))
        };
        (0..self.row_tiles()).map(of_row).fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1))
    }
}

/// Cycles of computation of an m×k by k×n product on `array`, without any wait.
pub fn array_cycles(m: u32, k: u32, n: u32, array: &Array) -> u64 {
    Tiling::new(m, k, n, CausalMask::None, array).cycles()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiling(m: u32, k: u32, n: u32, mask: CausalMask) -> Tiling {
        Tiling { m, k, n, rows: 16, columns: 32, depth: 16, fill: Fill::Edge, mask }
    }

    #[test]
    fn edge_tile_by_hand() {
        assert_eq!(tiling(80, 128, 32, CausalMask::None).cycles(), 5 * (128 + 15 + 31));
    }

    #[test]
    fn masks_keep_what_the_last_row_sees() {
        let score = tiling(64, 8, 64, CausalMask::Score);
        assert_eq!((0..4).map(|i| score.column_tiles_of(i)).collect::<Vec<_>>(), [1, 1, 2, 2]);
        let context = tiling(20, 64, 8, CausalMask::Context);
        assert_eq!((context.reduction_of(0), context.reduction_of(1)), (60, 64));
        assert!(score.macs_useful() < score.macs_issued());
        assert_eq!(score.macs_useful(), 8 * 64 * 65 / 2);
    }
}
