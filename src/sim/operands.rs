//! What an op reads and writes, down to the tensors that hold the bytes.

use super::layout::{Layouts, Piece, Rect};
use crate::ids::TensorId;
use crate::workload::{Op, OpKind, Workload};

/// Most inputs of an op that moves bytes.
pub const MOST_INPUTS: usize = 4;

/// A tensor as one op sees it.
#[derive(Debug, Clone)]
pub struct OperandLayout {
    /// The tensor the op names.
    pub tensor: TensorId,
    /// Bits of an element.
    pub bits: u32,
    /// Rows and columns.
    pub shape: (u32, u32),
    /// Where its elements are.
    pub pieces: Vec<Piece>,
}

impl OperandLayout {
    fn new(tensor: TensorId, workload: &Workload, layouts: &Layouts<'_>) -> Self {
        let t = workload.tensor(tensor);
        Self { tensor, bits: t.bits, shape: (t.rows, t.cols), pieces: layouts.pieces(tensor) }
    }

    /// Of tensors side by side, as wide as all of them; the first names it.
    fn side_by_side(tensors: &[TensorId], workload: &Workload, layouts: &Layouts<'_>) -> Self {
        let mut whole = Self::new(tensors[0], workload, layouts);
        for &tensor in &tensors[1..] {
            let next = Self::new(tensor, workload, layouts);
            let moved = |piece: Piece| Piece { at: Rect { col: piece.at.col + whole.shape.1, ..piece.at }, ..piece };
            whole.pieces.extend(next.pieces.into_iter().map(moved));
            whole.shape.1 += next.shape.1;
        }
        whole
    }

    /// Where the parts of `rect` are stored.
    pub fn stored(&self, rect: Rect) -> impl Iterator<Item = (TensorId, Rect)> + '_ {
        self.pieces.iter().filter_map(move |p| p.stored(rect).map(|stored| (p.tensor, stored)))
    }

    /// Names the bytes of `rect`, whatever view they are read through.
    pub fn key(&self, rect: Rect) -> TileKey {
        match self.stored(rect).next() {
            Some((tensor, stored)) if stored.elements() == rect.elements() => {
                TileKey { tensor, rect: stored, composed: false }
            }
            _ => TileKey { tensor: self.tensor, rect, composed: true },
        }
    }

    /// Bytes of `elements` elements.
    pub fn bytes(&self, elements: u64) -> u32 {
        (elements * u64::from(self.bits)).div_ceil(8) as u32
    }
}

/// Identity of a tile in an operand buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileKey {
    /// Tensor that holds it; the tensor the op names where several do.
    pub tensor: TensorId,
    /// Its place there.
    pub rect: Rect,
    /// Whether it consists of parts of several tensors.
    pub composed: bool,
}

/// All operands of an op that moves bytes.
#[derive(Debug, Clone)]
pub struct Operands {
    /// Inputs in the op's order: A and B of a matmul.
    pub inputs: Vec<OperandLayout>,
    /// Result.
    pub out: OperandLayout,
    /// Each tensor that holds bytes of an input or of the result, once, and whether it is read.
    pub tensors: Vec<(TensorId, bool)>,
}

impl Operands {
    /// Of a matmul or a vector op; `None` for an op that only renames.
    pub fn of(op: &Op, workload: &Workload, layouts: &Layouts<'_>) -> Option<Self> {
        if op.kind.is_rename() {
            return None;
        }
        let layout = |t: TensorId| OperandLayout::new(t, workload, layouts);
        let inputs: Vec<OperandLayout> = match &op.kind {
            OpKind::Attention { query, key, value, .. } => {
                let wide = |tensors: &[TensorId]| OperandLayout::side_by_side(tensors, workload, layouts);
                vec![wide(query), wide(key), layout(*value)]
            }
            kind => kind.inputs().into_iter().map(layout).collect(),
        };
        let out = layout(op.kind.out());
        let read = inputs.iter().flat_map(|i| &i.pieces).map(|p| (p.tensor, true));
        let written = out.pieces.iter().map(|p| (p.tensor, false));
        let mut tensors: Vec<(TensorId, bool)> = read.chain(written).collect();
        tensors.sort_by_key(|&(tensor, read)| (tensor, !read));
        tensors.dedup_by_key(|&mut (tensor, _)| tensor);
        Some(Self { inputs, out, tensors })
    }
}
