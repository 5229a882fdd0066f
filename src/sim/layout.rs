//! Where the elements of a logical tensor are: in the tensor itself, or, for results of `concat`, `view` and `slice`,
//! in rectangles of the tensors that were really written.

use crate::ids::{OpId, TensorId};
use crate::workload::{OpKind, ViewMapping, Workload};

/// A rectangle of rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rect {
    /// First row.
    pub row: u32,
    /// First column.
    pub col: u32,
    /// Rows.
    pub rows: u32,
    /// Columns.
    pub cols: u32,
}

impl Rect {
    /// The part both have.
    pub fn intersection(self, other: Rect) -> Option<Rect> {
        let (row, col) = (self.row.max(other.row), self.col.max(other.col));
        let bottom = (self.row + self.rows).min(other.row + other.rows);
        let right = (self.col + self.cols).min(other.col + other.cols);
        (row < bottom && col < right).then(|| Rect { row, col, rows: bottom - row, cols: right - col })
    }

    /// Elements.
    pub fn elements(self) -> u64 {
        u64::from(self.rows) * u64::from(self.cols)
    }
}

/// A rectangle of a logical tensor and where it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Place in the logical tensor.
    pub at: Rect,
    /// Tensor that holds the elements.
    pub tensor: TensorId,
    /// Row of the first element there.
    pub row: u32,
    /// Column of the first element there.
    pub col: u32,
}

impl Piece {
    /// The stored rectangle of the part of `rect` that this piece holds.
    pub fn stored(&self, rect: Rect) -> Option<Rect> {
        let part = self.at.intersection(rect)?;
        Some(Rect { row: part.row - self.at.row + self.row, col: part.col - self.at.col + self.col, ..part })
    }
}

/// The op that renames bytes into each tensor, if one does.
#[derive(Debug)]
pub struct Layouts<'a> {
    workload: &'a Workload,
    renaming: Vec<Option<OpId>>,
}

impl<'a> Layouts<'a> {
    /// Finds, for each tensor, the first op that makes it, if that op only renames.
    pub fn new(workload: &'a Workload) -> Self {
        let mut made = vec![false; workload.tensors.len()];
        let mut renaming = vec![None; workload.tensors.len()];
        for (id, op) in workload.op_ids().zip(&workload.ops) {
            let out = op.kind.out().index();
            if let OpKind::Append { input, .. } = op.kind {
                renaming[input.index()] = Some(id);
                continue;
            }
            let renames = matches!(op.kind, OpKind::Concat { .. } | OpKind::View { .. } | OpKind::Slice { .. });
            if renames && !made[out] {
                renaming[out] = Some(id);
            }
            made[out] = true;
        }
        Self { workload, renaming }
    }

    /// The op that renames bytes into the tensor.
    pub fn renamed_by(&self, tensor: TensorId) -> Option<OpId> {
        self.renaming[tensor.index()]
    }

    /// Pieces of a logical tensor. They cover it unless a concat leaves holes.
    pub fn pieces(&self, tensor: TensorId) -> Vec<Piece> {
        let shape = self.workload.tensor(tensor);
        let whole = Rect { row: 0, col: 0, rows: shape.rows, cols: shape.cols };
        let mut out = Vec::new();
        self.collect(tensor, whole, 0, 0, &mut out);
        out
    }

    /// Appends the pieces of `window` of `tensor`, placed with the window's first element at (`row`, `col`).
    fn collect(&self, tensor: TensorId, window: Rect, row: u32, col: u32, out: &mut Vec<Piece>) {
        match self.renaming[tensor.index()].map(|op| self.workload.op(op).kind) {
            None => out.push(Piece { at: Rect { row, col, ..window }, tensor, row: window.row, col: window.col }),
            Some(OpKind::Concat { inputs, offsets, .. }) => {
                for (&part, &(first_row, first_col)) in inputs.iter().zip(&offsets) {
                    self.collect_part(part, (first_row, first_col), window, (row, col), out);
                }
            }
            Some(OpKind::Slice { input, origin, .. }) => {
                let moved = Rect { row: window.row + origin.0, col: window.col + origin.1, ..window };
                self.collect(input, moved, row, col, out);
            }
            Some(OpKind::View { input, mapping: ViewMapping::Identity, .. }) => {
                self.collect(input, window, row, col, out);
            }
            Some(OpKind::View { input, .. }) => self.collect_repeated(input, window, (row, col), out),
            Some(OpKind::Append { input, out: grown, row: first, parts }) => {
                let height = self.workload.tensor(input).rows / parts;
                let reserved = self.workload.tensor(grown).rows / parts;
                for part in 0..parts {
                    let place = Rect {
                        row: part * height,
                        rows: height,
                        ..Rect { row: 0, col: 0, rows: 0, cols: window.col + window.cols }
                    };
                    let Some(common) = place.intersection(window) else { continue };
                    let inner = Rect { row: common.row - place.row + part * reserved + first, ..common };
                    self.collect(grown, inner, row + common.row - window.row, col, out);
                }
            }
            Some(OpKind::Matmul { .. } | OpKind::Attention { .. } | OpKind::Vector { .. }) => {
                unreachable!("these write bytes")
            }
        }
    }

    /// The part of `window` that lies in `part`, whose first element is at `first`.
    fn collect_part(&self, part: TensorId, first: (u32, u32), window: Rect, to: (u32, u32), out: &mut Vec<Piece>) {
        let shape = self.workload.tensor(part);
        let place = Rect { row: first.0, col: first.1, rows: shape.rows, cols: shape.cols };
        if let Some(common) = place.intersection(window) {
            let inner = Rect { row: common.row - first.0, col: common.col - first.1, ..common };
            self.collect(part, inner, to.0 + common.row - window.row, to.1 + common.col - window.col, out);
        }
    }

    /// Copies of `source` side by side and one below the other, as far as `window` reaches.
    fn collect_repeated(&self, source: TensorId, window: Rect, to: (u32, u32), out: &mut Vec<Piece>) {
        let shape = self.workload.tensor(source);
        let down = window.row / shape.rows..(window.row + window.rows).div_ceil(shape.rows);
        for i in down {
            for j in window.col / shape.cols..(window.col + window.cols).div_ceil(shape.cols) {
                self.collect_part(source, (i * shape.rows, j * shape.cols), window, to, out);
            }
        }
    }
}
