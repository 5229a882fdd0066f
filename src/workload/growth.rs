//! Whether tensors that grow are appended to row after row, and read only as far as they have grown.

use crate::ids::TensorId;
use crate::workload::check::{Problem, Subject};
use crate::workload::{Home, OpKind, Workload};
use rustc_hash::FxHashMap;

/// How far a tensor has grown.
#[derive(Debug, Clone, Copy)]
struct Grown {
    /// Rows of each sequence.
    rows: u32,
    /// Sequences.
    parts: u32,
    /// Rows reserved for each sequence.
    reserved: u32,
}

/// Code, message, what was expected.
type Mistake = (&'static str, String, &'static str);

/// Adds every op that appends out of order, or reads or makes what an append makes. Expects dimensions that agree.
pub(super) fn check(workload: &Workload, found: &mut Vec<Problem>) {
    let growing = workload.ops.iter().filter(|op| matches!(op.kind, OpKind::Append { .. })).map(|op| op.kind.out());
    let grown: FxHashMap<TensorId, Option<Grown>> = growing.map(|out| (out, None)).collect();
    if grown.is_empty() {
        return;
    }
    let renamed = workload.ops.iter().filter(|op| op.kind.is_rename() && !matches!(op.kind, OpKind::Append { .. }));
    let renamed = renamed.map(|op| op.kind.out()).collect();
    let mut growth = Growth { workload, grown, renamed };
    for (i, op) in workload.ops.iter().enumerate() {
        if let Some((code, message, expected)) = growth.mistake(&op.kind) {
            let message = format!("op `{}` {message}", op.name);
            found.push(Problem::new(Subject::Op(i), code, message, expected));
        }
    }
}

/// The tensors that grow, while ops are walked in program order.
struct Growth<'w> {
    workload: &'w Workload,
    grown: FxHashMap<TensorId, Option<Grown>>,
    renamed: rustc_hash::FxHashSet<TensorId>,
}

impl Growth<'_> {
    fn name(&self, id: TensorId) -> String {
        format!("`{}`", self.workload.tensor(id).name)
    }

    fn mistake(&mut self, kind: &OpKind) -> Option<Mistake> {
        match *kind {
            OpKind::Append { input, out, row, parts } => self.append(input, out, row, parts),
            OpKind::Slice { input, out, origin } if self.grown.contains_key(&input) => {
                self.beyond(input, origin.0, self.workload.tensor(out).rows)
            }
            _ => {
                let inputs = kind.inputs();
                let early = |&t: &TensorId| self.beyond(t, 0, self.workload.tensor(t).rows);
                inputs.iter().find_map(early).or_else(|| self.made_otherwise(kind.out()))
            }
        }
    }

    /// A growing tensor that DRAM holds or another kind of op makes.
    fn made_otherwise(&self, out: TensorId) -> Option<Mistake> {
        let message = || format!("makes {}, which grows by appends", self.name(out));
        self.grown.contains_key(&out).then(|| ("made-twice", message(), "a result of its own"))
    }

    fn append(&mut self, input: TensorId, out: TensorId, row: u32, parts: u32) -> Option<Mistake> {
        let tensor = self.workload.tensor(out);
        if tensor.home == Home::Dram {
            let message = format!("appends to {}, which DRAM holds", self.name(out));
            return Some(("overwrites-input", message, "a tensor of its own"));
        }
        if self.renamed.contains(&input) || self.grown.contains_key(&input) {
            let message = format!("appends {}, which lies in another tensor", self.name(input));
            return Some(("two-storages", message, "the result of a matmul or vector op"));
        }
        let height = self.workload.tensor(input).rows / parts.max(1);
        let before = self.grown.get(&out).copied().flatten().map_or((0, parts), |g| (g.rows, g.parts));
        if (row, parts) != before {
            let message = format!("appends {parts} parts at row {row} to {}", self.name(out));
            let message = format!("{message}, which has {} rows in each of {} parts", before.0, before.1);
            return Some(("append-gap", message, "rows that follow those already there"));
        }
        let reserved = tensor.rows / parts.max(1);
        self.grown.insert(out, Some(Grown { rows: row.saturating_add(height), parts, reserved }));
        None
    }

    /// A read of rows that are not there yet, or of more than one sequence while rows are lacking between them.
    fn beyond(&self, tensor: TensorId, first: u32, rows: u32) -> Option<Mistake> {
        let grown = (*self.grown.get(&tensor)?)?;
        let (part, row) = (first / grown.reserved, first % grown.reserved);
        let complete = grown.rows == grown.reserved;
        let inside = part < grown.parts && u64::from(row) + u64::from(rows) <= u64::from(grown.rows);
        let message = || {
            let there = format!("{} rows of each sequence are there", grown.rows);
            format!("reads {rows} rows of {} from row {first} on, where {there}", self.name(tensor))
        };
        (!complete && !inside).then(|| ("read-before-made", message(), "rows that have been appended"))
    }
}
