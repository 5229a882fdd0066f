//! The tiles of a stored tensor: every boundary of every transfer that touches it, so that a tile is moved whole.

use super::layout::Rect;

/// Boundaries along one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cuts {
    starts: Vec<u32>,
    step: u32,
}

impl Cuts {
    /// From the boundaries inside 0 … `size`, in any order.
    pub fn new(mut boundaries: Vec<u32>, size: u32) -> Self {
        boundaries.retain(|&b| b > 0 && b < size);
        boundaries.push(0);
        boundaries.sort_unstable();
        boundaries.dedup();
        let step = boundaries.get(1).copied().unwrap_or(size);
        let uniform =
            boundaries.windows(2).all(|w| w[1] - w[0] == step) && size - boundaries[boundaries.len() - 1] <= step;
        boundaries.push(size);
        Self { starts: boundaries, step: if uniform { step } else { 0 } }
    }

    /// How many pieces.
    pub fn count(&self) -> u32 {
        self.starts.len() as u32 - 1
    }

    fn size(&self) -> u32 {
        self.starts[self.starts.len() - 1]
    }

    fn index(&self, position: u32) -> u32 {
        match self.step {
            0 => self.starts.partition_point(|&s| s <= position) as u32 - 1,
            step => position / step,
        }
    }

    fn len(&self, index: u32) -> u32 {
        self.starts[index as usize + 1] - self.starts[index as usize]
    }
}

/// Cells of a tensor, numbered row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    rows: Cuts,
    cols: Cuts,
    bits: u32,
}

/// A rectangle of cells, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cells {
    /// First and last-but-one cell row.
    pub rows: (u32, u32),
    /// First and last-but-one cell column.
    pub cols: (u32, u32),
}

impl Cells {
    /// Whether a cell lies in it.
    pub fn contains(&self, (row, col): (u32, u32)) -> bool {
        (self.rows.0..self.rows.1).contains(&row) && (self.cols.0..self.cols.1).contains(&col)
    }

    /// Whether both have a cell in common.
    pub fn overlaps(&self, other: &Cells) -> bool {
        let common = |a: (u32, u32), b: (u32, u32)| a.0 < b.1 && b.0 < a.1;
        common(self.rows, other.rows) && common(self.cols, other.cols)
    }
}

impl Grid {
    /// Cells between the cuts, of elements of `bits` bits.
    pub fn new(rows: Cuts, cols: Cuts, bits: u32) -> Self {
        Self { rows, cols, bits }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.rows.count() as usize * self.cols.count() as usize
    }

    /// Cells that `rect` touches.
    pub fn cells(&self, rect: Rect) -> Cells {
        let range = |cuts: &Cuts, start: u32, len: u32| (cuts.index(start), cuts.index(start + len - 1) + 1);
        Cells { rows: range(&self.rows, rect.row, rect.rows), cols: range(&self.cols, rect.col, rect.cols) }
    }

    /// Cells that lie in `rect` whole.
    pub fn within(&self, rect: Rect) -> Cells {
        let range = |cuts: &Cuts, start: u32, len: u32| {
            let first = cuts.starts.partition_point(|&at| at < start) as u32;
            (first, cuts.starts.partition_point(|&at| at <= start + len) as u32 - 1)
        };
        Cells { rows: range(&self.rows, rect.row, rect.rows), cols: range(&self.cols, rect.col, rect.cols) }
    }

    /// Numbers of the cells of a rectangle, row by row.
    pub fn numbers(&self, cells: Cells) -> impl Iterator<Item = usize> + use<> {
        let columns = self.cols.count() as usize;
        let (first, last) = (cells.cols.0 as usize, cells.cols.1 as usize);
        (cells.rows.0 as usize..cells.rows.1 as usize).flat_map(move |row| row * columns + first..row * columns + last)
    }

    /// The rectangle of one cell.
    pub fn single(&self, number: usize) -> Cells {
        let (row, col) = self.place(number);
        Cells { rows: (row, row + 1), cols: (col, col + 1) }
    }

    /// Bits of cell `number`.
    pub fn bits_of(&self, number: usize) -> u64 {
        let (row, col) = self.place(number);
        self.cell_bits(row, col)
    }

    /// Row and column of cell `number`.
    pub fn place(&self, number: usize) -> (u32, u32) {
        let columns = self.cols.count() as usize;
        ((number / columns) as u32, (number % columns) as u32)
    }

    /// First row of cell `number`.
    pub fn first_row(&self, number: usize) -> u32 {
        self.rows.starts[self.place(number).0 as usize]
    }

    /// Columns of the tensor.
    pub fn columns(&self) -> u32 {
        self.cols.size()
    }

    /// Bits of a cell.
    pub fn cell_bits(&self, row: u32, col: u32) -> u64 {
        u64::from(self.rows.len(row)) * u64::from(self.cols.len(col)) * u64::from(self.bits)
    }

    /// Bits of all cells.
    pub fn bits(&self) -> u64 {
        u64::from(self.rows.size()) * u64::from(self.cols.size()) * u64::from(self.bits)
    }
}

/// A set of cells, one bit each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellSet {
    words: Vec<u64>,
}

impl CellSet {
    /// Nothing of `len` cells, or everything.
    pub fn new(len: usize, full: bool) -> Self {
        Self { words: vec![if full { u64::MAX } else { 0 }; len.div_ceil(64)] }
    }

    /// Whether it has the cell.
    pub fn has(&self, cell: usize) -> bool {
        self.words[cell / 64] >> (cell % 64) & 1 == 1
    }

    /// Adds or removes the cell.
    pub fn set(&mut self, cell: usize, value: bool) {
        let bit = 1 << (cell % 64);
        if value { self.words[cell / 64] |= bit } else { self.words[cell / 64] &= !bit }
    }

    /// The cells below `below` from the last to the first.
    pub fn descending(&self, below: usize) -> impl Iterator<Item = usize> + '_ {
        let mut word = below.div_ceil(64);
        let mut bits = 0u64;
        std::iter::from_fn(move || {
            while bits == 0 {
                word = word.checked_sub(1)?;
                bits = self.words[word];
            }
            let top = 63 - bits.leading_zeros() as usize;
            bits &= !(1 << top);
            Some(word * 64 + top)
        })
        .skip_while(move |&cell| cell >= below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uneven_cuts_find_their_cells() {
        let grid = Grid::new(Cuts::new(vec![64, 128, 100], 150), Cuts::new(vec![16, 32], 40), 8);
        assert_eq!(grid.len(), 4 * 3);
        let cells = grid.cells(Rect { row: 64, col: 20, rows: 64, cols: 20 });
        assert_eq!((cells.rows, cells.cols), ((1, 3), (1, 3)));
        assert_eq!(grid.cell_bits(2, 2), 28 * 8 * 8);
        let within = grid.within(Rect { row: 63, col: 20, rows: 65, cols: 20 });
        assert_eq!((within.rows, within.cols), ((1, 3), (2, 3)));
    }

    #[test]
    fn descending_skips_empty_words() {
        let mut set = CellSet::new(300, false);
        for cell in [3, 64, 299] {
            set.set(cell, true);
        }
        assert_eq!(set.descending(300).collect::<Vec<_>>(), [299, 64, 3]);
    }
}
