//! Whether the dimensions of an op agree with its tensors.

use crate::ids::TensorId;
use crate::workload::check::{Problem, Subject};
use crate::workload::{CausalMask, Op, OpKind, Tensor, VectorKind, ViewMapping, Workload};
use std::collections::BTreeMap;

/// Adds every op whose dimensions do not agree.
pub(super) fn check(workload: &Workload, found: &mut Vec<Problem>) {
    for (i, op) in workload.ops.iter().enumerate() {
        let shapes = Shapes { workload, op: &op };
        if let Some((code, message, expected)) = shapes.problem() {
            found.push(Problem::new(Subject::Op(i), code, message, expected));
        }
    }
}

/// Code, message, what was expected.
type Mismatch = (&'static str, String, String);

/// An op beside the tensors it names.
struct Shapes<'w> {
    workload: &'w Workload,
    op: &'w Op,
}

impl Shapes<'_> {
    fn problem(&self) -> Option<Mismatch> {
        match &self.op.kind {
            OpKind::Matmul { a, b, b_transposed, out, m, k, n, mask } => {
                let stored = if *b_transposed { (*n, *k) } else { (*k, *n) };
                self.expect(*a, (*m, *k))
                    .or_else(|| self.expect(*b, stored))
                    .or_else(|| self.expect(*out, (*m, *n)))
                    .or_else(|| self.mask(*mask, *m, *k, *n))
            }
            OpKind::Attention { query, key, value, out, m, k, n, e, mask, .. } => self
                .expect_side_by_side(query, (*m, *k))
                .or_else(|| self.expect_side_by_side(key, (*n, *k)))
                .or_else(|| self.expect(*value, (*n, *e)))
                .or_else(|| self.expect(*out, (*m, *e)))
                .or_else(|| self.mask(*mask, *m, *k, *n))
                .or_else(|| self.score_mask(*mask)),
            OpKind::Concat { inputs, offsets, out } => self.concat(inputs, offsets, *out),
            OpKind::View { input, out, mapping } => self.view(*input, *out, *mapping),
            OpKind::Slice { input, out, origin } => self.slice(*input, *out, *origin),
            OpKind::Append { input, out, row, parts } => self.append(*input, *out, *row, *parts),
            OpKind::Vector { op, inputs, out, elements } => self.vector(*op, inputs, *out, *elements),
        }
    }

    fn tensor(&self, id: TensorId) -> Tensor {
        self.workload.tensor(id)
    }

    fn mismatch(&self, what: String, expected: String) -> Option<Mismatch> {
        Some(("dimensions", format!("op `{}`: {what}", self.op.name), expected))
    }

    /// Whether a tensor has that size.
    fn expect(&self, id: TensorId, (rows, cols): (u32, u32)) -> Option<Mismatch> {
        let tensor = self.tensor(id);
        if (tensor.rows, tensor.cols) == (rows, cols) {
            return None;
        }
        self.mismatch(format!("`{}` is {} × {}", tensor.name, tensor.rows, tensor.cols), format!("{rows} × {cols}"))
    }

    /// Whether tensors side by side have that size together, and elements of the same width.
    fn expect_side_by_side(&self, ids: &[TensorId], (rows, cols): (u32, u32)) -> Option<Mismatch> {
        if let [only] = ids {
            return self.expect(*only, (rows, cols));
        }
        let width: u64 = ids.iter().map(|&id| u64::from(self.tensor(id).cols)).sum();
        if width != u64::from(cols) {
            return self.mismatch(format!("{} tensors side by side are {width} wide", ids.len()), cols.to_string());
        }
        let part =
            |&id: &TensorId| self.same_bits(ids[0], id).or_else(|| self.expect(id, (rows, self.tensor(id).cols)));
        ids.iter().find_map(part)
    }

    /// Whether two names of the same bytes have elements of the same width.
    fn same_bits(&self, a: TensorId, b: TensorId) -> Option<Mismatch> {
        let (a, b) = (self.tensor(a), self.tensor(b));
        if a.bits == b.bits {
            return None;
        }
        let what = format!("`{}` has {} bits an element and `{}` has {}", a.name, a.bits, b.name, b.bits);
        self.mismatch(what, "the same, because the bytes are the same".into())
    }

    /// Whether a causal mask leaves every query a key.
    fn mask(&self, mask: CausalMask, m: u32, k: u32, n: u32) -> Option<Mismatch> {
        let keys = match mask {
            CausalMask::None => return None,
            CausalMask::Score | CausalMask::WindowedScore(_) => n,
            CausalMask::Context | CausalMask::WindowedContext(_) => k,
        };
        if mask.window() == Some(0) {
            return self.mismatch("a window of 0 keys".into(), "at least 1".into());
        }
        if keys >= m {
            return None;
        }
        self.mismatch(
            format!("a causal mask over {m} queries and {keys} keys"),
            "at least as many keys as queries".into(),
        )
    }

    /// Whether the mask is one of scores.
    fn score_mask(&self, mask: CausalMask) -> Option<Mismatch> {
        let wrong = matches!(mask, CausalMask::Context | CausalMask::WindowedContext(_));
        if wrong { self.mismatch("a mask of contexts on an attention".into(), "a mask of scores".into()) } else { None }
    }

    fn view(&self, input: TensorId, out: TensorId, mapping: ViewMapping) -> Option<Mismatch> {
        let source = self.tensor(input);
        let bits = self.same_bits(input, out);
        match mapping {
            ViewMapping::Identity => bits.or_else(|| self.expect(out, (source.rows, source.cols))),
            ViewMapping::Modulo => bits,
        }
    }

    fn slice(&self, input: TensorId, out: TensorId, origin: (u32, u32)) -> Option<Mismatch> {
        self.same_bits(input, out).or_else(|| self.inside(out, input, origin))
    }

    /// Whether rows fit into what is reserved for each sequence.
    fn append(&self, input: TensorId, out: TensorId, row: u32, parts: u32) -> Option<Mismatch> {
        let (rows, grown) = (self.tensor(input), self.tensor(out));
        if parts == 0 || !rows.rows.is_multiple_of(parts) || !grown.rows.is_multiple_of(parts) {
            let what = format!("{parts} parts of {} rows appended to {} rows", rows.rows, grown.rows);
            return self.mismatch(what, "a number of parts that divides both".into());
        }
        let (end, reserved) = (u64::from(row) + u64::from(rows.rows / parts), grown.rows / parts);
        if end > u64::from(reserved) {
            let what = format!("`{}` ends at row {end} of `{}`", rows.name, grown.name);
            return self.mismatch(what, format!("at most {reserved}"));
        }
        self.same_bits(input, out).or_else(|| self.expect(input, (rows.rows, grown.cols)))
    }

    /// Whether a part at that (row, column) ends inside the whole.
    fn inside(&self, part: TensorId, whole: TensorId, (row, column): (u32, u32)) -> Option<Mismatch> {
        let (part, whole) = (self.tensor(part), self.tensor(whole));
        let end = (u64::from(row) + u64::from(part.rows), u64::from(column) + u64::from(part.cols));
        if end.0 <= u64::from(whole.rows) && end.1 <= u64::from(whole.cols) {
            return None;
        }
        let what = format!("`{}` at ({row}, {column}) ends at ({}, {}) of `{}`", part.name, end.0, end.1, whole.name);
        self.mismatch(what, format!("inside {} × {}", whole.rows, whole.cols))
    }

    /// Whether the parts cover the result once.
    fn concat(&self, inputs: &[TensorId], offsets: &[(u32, u32)], out: TensorId) -> Option<Mismatch> {
        if inputs.len() != offsets.len() || inputs.is_empty() {
            let what = format!("{} parts and {} offsets", inputs.len(), offsets.len());
            return self.mismatch(what, "an offset for each part, and at least one".into());
        }
        let parts = || inputs.iter().zip(offsets);
        let misplaced =
            parts().find_map(|(&part, &at)| self.same_bits(part, out).or_else(|| self.inside(part, out, at)));
        misplaced.or_else(|| {
            let rectangles: Vec<_> = parts().map(|(&part, &at)| self.rectangle(part, at)).collect();
            let whole = self.tensor(out);
            let covered: u128 = rectangles.iter().map(Rectangle::elements).sum();
            let tiled = covered == u128::from(whole.rows) * u128::from(whole.cols) && !any_overlap(&rectangles);
            let expected = "parts that cover it once".to_string();
            if tiled { None } else { self.mismatch(format!("its parts do not tile `{}`", whole.name), expected) }
        })
    }

    fn rectangle(&self, part: TensorId, (row, column): (u32, u32)) -> Rectangle {
        let part = self.tensor(part);
        let (row, column) = (u64::from(row), u64::from(column));
        Rectangle { rows: (row, row + u64::from(part.rows)), columns: (column, column + u64::from(part.cols)) }
    }

    /// Whether operands and result have one shape, and the elements are those of the result.
    fn vector(&self, op: VectorKind, inputs: &[TensorId], out: TensorId, elements: u64) -> Option<Mismatch> {
        let result = self.tensor(out);
        if inputs.len() != op.operands() {
            return self.mismatch(format!("{} operands of {}", inputs.len(), op.name()), op.operands().to_string());
        }
        let all = u64::from(result.rows) * u64::from(result.cols);
        // A rotation or normalisation in place may leave some elements of each row as they are.
        let partly = matches!(op, VectorKind::Rotary | VectorKind::RmsNorm);
        let some = partly && inputs[..] == [out] && (1..all).contains(&elements);
        if all != elements && !some {
            let expected = format!("{} × {} of `{}`", result.rows, result.cols, result.name);
            return self.mismatch(format!("{elements} elements"), expected);
        }
        let (full, weights) = inputs.split_at(inputs.len() - usize::from(op.has_row_weights()));
        let weights = weights.iter().find_map(|&w| self.expect(w, (result.rows, self.tensor(w).cols)));
        full.iter().find_map(|&input| self.expect(input, (result.rows, result.cols))).or(weights)
    }
}

/// Half-open ranges of rows and columns.
struct Rectangle {
    rows: (u64, u64),
    columns: (u64, u64),
}

impl Rectangle {
    fn elements(&self) -> u128 {
        u128::from(self.rows.1 - self.rows.0) * u128::from(self.columns.1 - self.columns.0)
    }
}

/// Whether two of the rectangles share an element: a sweep over rows that keeps the open column ranges apart.
fn any_overlap(rectangles: &[Rectangle]) -> bool {
    let mut events: Vec<(u64, bool, &Rectangle)> = Vec::with_capacity(2 * rectangles.len());
    events.extend(rectangles.iter().flat_map(|r| [(r.rows.0, true, r), (r.rows.1, false, r)]));
    events.sort_by_key(|&(row, opens, _)| (row, opens));
    let mut open: BTreeMap<u64, u64> = BTreeMap::new();
    for (_, opens, rectangle) in events {
        let (start, end) = rectangle.columns;
        if !opens {
            open.remove(&start);
        } else if open.range(..end).next_back().is_some_and(|(_, &before)| before > start) {
            return true;
        } else {
            open.insert(start, end);
        }
    }
    false
}
