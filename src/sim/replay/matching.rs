//! Whether two blocks of ops are the same up to the names of their tensors.

use super::super::Probe;
use super::super::engine::Engine;
use super::super::layout::Piece;
use crate::ids::{OpId, TensorId};
use crate::workload::OpKind;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// What the tensors of one block are called in another one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renaming {
    /// First those that the ops name, ascending on both sides, so that whatever follows the order of numbers follows it in both;
    /// then those that had to leave.
    pairs: Vec<(u32, u32)>,
    /// The same by what they are called in the first block.
    from: Vec<(u32, u32)>,
    /// The same the other way round, by what they are called in the second block.
    to: Vec<(u32, u32)>,
}

impl Renaming {
    fn new(pairs: Vec<(u32, u32)>) -> Self {
        let (mut from, mut to) = (pairs.clone(), pairs.iter().map(|&(a, b)| (b, a)).collect::<Vec<_>>());
        from.sort_unstable();
        to.sort_unstable();
        Self { pairs, from, to }
    }

    /// The same with more tensors.
    pub fn with(&self, more: &[(u32, u32)]) -> Self {
        if more.is_empty() { self.clone() } else { Self::new([&self.pairs, more].concat()) }
    }

    /// The pairs in the order of the template's tensors.
    pub fn pairs(&self) -> &[(u32, u32)] {
        &self.pairs
    }

    /// The pairs by what the tensors are called in the first block.
    pub fn ascending(&self) -> &[(u32, u32)] {
        &self.from
    }

    /// What a tensor of the first block is called in the second.
    pub fn of(&self, tensor: TensorId) -> Option<TensorId> {
        find(&self.from, tensor)
    }

    /// What a tensor of the second block is called in the first.
    pub fn was(&self, tensor: TensorId) -> Option<TensorId> {
        find(&self.to, tensor)
    }

    /// Whether a tensor belongs to the second block.
    pub fn reaches(&self, tensor: TensorId) -> bool {
        self.was(tensor).is_some()
    }
}

fn find(pairs: &[(u32, u32)], tensor: TensorId) -> Option<TensorId> {
    let at = pairs.binary_search_by_key(&tensor.0, |&(from, _)| from).ok()?;
    Some(TensorId(pairs[at].1))
}

/// Collects pairs of tensors.
struct Matcher<'e, 'a, P: Probe> {
    engine: &'e Engine<'a, P>,
    pairs: FxHashMap<u32, u32>,
}

/// The renaming that makes the ops `from` the ops `to`, if there is one.
pub fn matching<P: Probe>(engine: &Engine<'_, P>, from: &Range<usize>, to: &Range<usize>) -> Option<Renaming> {
    if from.len() != to.len() {
        return None;
    }
    let mut matcher = Matcher { engine, pairs: FxHashMap::default() };
    for (a, b) in from.clone().zip(to.clone()) {
        let (a, b) = (OpId::from(a), OpId::from(b));
        let same = matcher.kinds(&engine.workload.op(a).kind, &engine.workload.op(b).kind);
        if !same || !matcher.dependencies((a, from.start), (b, to.start)) {
            return None;
        }
    }
    matcher.containers(from, to)?;
    let pairs = matcher.sorted();
    pairs.windows(2).all(|w| w[0].1 < w[1].1).then(|| Renaming::new(pairs))
}

impl<P: Probe> Matcher<'_, '_, P> {
    /// Records that `b` takes the place of `a`, unless something else does or they differ.
    fn pair(&mut self, a: TensorId, b: TensorId) -> bool {
        if let Some(&known) = self.pairs.get(&a.0) {
            return known == b.0;
        }
        let (x, y) = (self.engine.workload.tensor(a), self.engine.workload.tensor(b));
        let form = (x.rows, x.cols, x.bits, x.class, x.home, x.write_back);
        self.pairs.insert(a.0, b.0);
        form == (y.rows, y.cols, y.bits, y.class, y.home, y.write_back)
    }

    fn all(&mut self, a: &[TensorId], b: &[TensorId]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| self.pair(a, b))
    }

    fn kinds(&mut self, one: &OpKind, other: &OpKind) -> bool {
        use OpKind::{Append, Attention, Concat, Matmul, Slice, Vector, View};
        let operands = match (one, other) {
            (
                Matmul { b_transposed, m, k, n, mask, .. },
                Matmul { b_transposed: b_transposed_, m: m_, k: k_, n: n_, mask: mask_, .. },
            ) => (b_transposed, m, k, n, mask) == (b_transposed_, m_, k_, n_, mask_),
            (
                Attention { m, k, n, e, mask, extra, .. },
                Attention { m: m_, k: k_, n: n_, e: e_, mask: mask_, extra: extra_, .. },
            ) => (m, k, n, e, mask, extra) == (m_, k_, n_, e_, mask_, extra_),
            (Concat { offsets, .. }, Concat { offsets: offsets_, .. }) => offsets == offsets_,
            (View { mapping, .. }, View { mapping: mapping_, .. }) => mapping == mapping_,
            (Append { row, parts, .. }, Append { row: row_, parts: parts_, .. }) => (row, parts) == (row_, parts_),
            (Slice { origin, .. }, Slice { origin: origin_, .. }) => origin == origin_,
            (Vector { op, elements, .. }, Vector { op: op_, elements: elements_, .. }) => {
                (op, elements) == (op_, elements_)
            }
            _ => false,
        };
        operands && self.all(&one.inputs(), &other.inputs()) && self.pair(one.out(), other.out())
    }

    /// Ops of the block wait for the same ops of it, and for as many before it.
    fn dependencies(&self, (a, a_start): (OpId, usize), (b, b_start): (OpId, usize)) -> bool {
        let (x, y) = (self.engine.dependencies.before(a), self.engine.dependencies.before(b));
        let place = |op: &OpId, start: usize| op.index().checked_sub(start);
        x.len() == y.len() && x.iter().zip(y).all(|(p, q)| place(p, a_start) == place(q, b_start))
    }

    /// Tensors that hold the bytes of others: parts of tensors that were put together or taken apart before the block, and
    /// storage objects.
    fn containers(&mut self, from: &Range<usize>, to: &Range<usize>) -> Option<()> {
        let engine = self.engine;
        // Whether the op that renames bytes into the tensor is one of the block; `None` if there is no such op.
        let inside =
            |tensor: TensorId, ops: &Range<usize>| Some(ops.contains(&engine.layouts.renamed_by(tensor)?.index()));
        for (a, b) in self.sorted() {
            let (a, b) = (TensorId(a), TensorId(b));
            if inside(a, from) != inside(b, to) {
                return None;
            }
            if inside(a, from) == Some(false) {
                self.pieces(&engine.layouts.pieces(a), &engine.layouts.pieces(b)).then_some(())?;
            }
        }
        let held = &engine.residency.held;
        self.sorted()
            .into_iter()
            .all(|(a, b)| self.pair(held[a as usize].storage, held[b as usize].storage))
            .then_some(())
    }

    fn sorted(&self) -> Vec<(u32, u32)> {
        let mut pairs: Vec<(u32, u32)> = self.pairs.iter().map(|(&a, &b)| (a, b)).collect();
        pairs.sort_unstable();
        pairs
    }

    fn pieces(&mut self, a: &[Piece], b: &[Piece]) -> bool {
        let place = |piece: &Piece| (piece.at, piece.row, piece.col);
        a.len() == b.len() && a.iter().zip(b).all(|(p, q)| place(p) == place(q) && self.pair(p.tensor, q.tensor))
    }
}
