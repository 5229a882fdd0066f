//! The tiles of a stored tensor: every boundary of every transfer that touches it, so that a tile is moved whole.

use super::layout::Rect;

/// Boundaries along one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cuts {
    /// Every so many positions, up to the size.
    Even { step: u32, size: u32 },
    /// Where pieces start, and the size.
    Listed(Box<[u32]>),
}

impl Cuts {
    /// From the boundaries inside 0 … `size`, in any order.
    pub fn new(mut boundaries: Vec<u32>, size: u32) -> Self {
        boundaries.retain(|&b| b > 0 && b < size);
        boundaries.push(0);
        boundaries.sort_unstable();
        boundaries.dedup();
        let step = boundaries.get(1).copied().unwrap_or(size);
        let even =
            boundaries.windows(2).all(|w| w[1] - w[0] == step) && size - boundaries[boundaries.len() - 1] <= step;
        boundaries.push(size);
        if even { Self::Even { step, size } } else { Self::Listed(boundaries.into()) }
    }

    /// How many pieces.
    pub fn count(&self) -> u32 {
        match self {
            Self::Even { step, size } => size.div_ceil(*step),
            Self::Listed(starts) => starts.len() as u32 - 1,
        }
    }

    fn size(&self) -> u32 {
        self.start(self.count())
    }

    /// Where a piece starts; the size for the number after the last one.
    fn start(&self, index: u32) -> u32 {
        match self {
            Self::Even { step, size } => index.saturating_mul(*step).min(*size),
            Self::Listed(starts) => starts[index as usize],
        }
    }

    fn index(&self, position: u32) -> u32 {
        match self {
            Self::Even { step, .. } => position / step,
            Self::Listed(starts) => starts.partition_point(|&s| s <= position) as u32 - 1,
        }
    }

    fn len(&self, index: u32) -> u32 {
        self.start(index + 1) - self.start(index)
    }

    /// The pieces that lie in `start` … `end` whole: the first one, and the first one after them.
    fn within(&self, start: u32, end: u32) -> (u32, u32) {
        match self {
            Self::Even { step, size } => (start.div_ceil(*step), if end == *size { self.count() } else { end / step }),
            Self::Listed(starts) => {
                let first = starts.partition_point(|&at| at < start) as u32;
                (first, starts.partition_point(|&at| at <= end) as u32 - 1)
            }
        }
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
        let end = (rect.row + rect.rows, rect.col + rect.cols);
        Cells { rows: self.rows.within(rect.row, end.0), cols: self.cols.within(rect.col, end.1) }
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
        self.rows.start(self.place(number).0)
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

/// A set of cells, one bit each; of at most 64 cells without an allocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellSet {
    first: u64,
    rest: Box<[u64]>,
}

impl CellSet {
    /// Nothing of `len` cells, or everything.
    pub fn new(len: usize, full: bool) -> Self {
        let word = if full { u64::MAX } else { 0 };
        Self { first: word, rest: vec![word; len.div_ceil(64).saturating_sub(1)].into() }
    }

    fn word(&self, index: usize) -> u64 {
        if index == 0 { self.first } else { self.rest[index - 1] }
    }

    /// Whether it has the cell.
    pub fn has(&self, cell: usize) -> bool {
        self.word(cell / 64) >> (cell % 64) & 1 == 1
    }

    /// Adds or removes the cell.
    pub fn set(&mut self, cell: usize, value: bool) {
        let (bit, index) = (1 << (cell % 64), cell / 64);
        let word = if index == 0 { &mut self.first } else { &mut self.rest[index - 1] };
        if value { *word |= bit } else { *word &= !bit }
    }

    /// The cells below `below` from the last to the first.
    pub fn descending(&self, below: usize) -> impl Iterator<Item = usize> + '_ {
        let mut word = below.div_ceil(64);
        let mut bits = 0u64;
        std::iter::from_fn(move || {
            while bits == 0 {
                word = word.checked_sub(1)?;
                bits = self.word(word);
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
    fn even_cuts_are_what_a_list_of_them_is() {
        for (step, size) in [(16, 40), (8, 40), (40, 40), (50, 50), (1, 5), (7, 50)] {
            let starts: Vec<u32> = (0..size).step_by(step).collect();
            let even = Cuts::new(starts.clone(), size);
            let listed = Cuts::Listed(starts.into_iter().chain([size]).collect());
            assert!(matches!(even, Cuts::Even { .. }));
            assert_eq!((even.count(), even.size()), (listed.count(), listed.size()));
            for at in 0..size {
                assert_eq!(
                    (even.index(at), even.len(even.index(at))),
                    (listed.index(at), listed.len(listed.index(at)))
                );
                for end in at + 1..=size {
                    assert_eq!(even.within(at, end), listed.within(at, end), "{at} … {end} of {size} by {step}");
                }
            }
        }
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
