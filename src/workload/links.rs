//! Who makes a tensor, who reads it, and which ops an op waits for.

use crate::ids::{OpId, TensorId};
use crate::workload::{OpKind, PhaseKind, Workload};
use rustc_hash::FxHashMap;
use std::ops::Index;

impl OpKind {
    /// Whether the result overwrites one of the operands.
    pub fn is_in_place(&self) -> bool {
        matches!(self, OpKind::Vector { inputs, out, .. } if inputs.contains(out))
    }

    /// Whether it only renames bytes: `concat`, `view`, `slice` and `append` cost no cycle.
    pub fn is_rename(&self) -> bool {
        matches!(self, OpKind::Concat { .. } | OpKind::View { .. } | OpKind::Slice { .. } | OpKind::Append { .. })
    }
}

impl Workload {
    /// Ids of the ops, in program order.
    pub fn op_ids(&self) -> impl Iterator<Item = OpId> + use<> {
        (0..self.ops.len()).map(OpId::from)
    }

    /// Ids of the tensors.
    pub fn tensor_ids(&self) -> impl Iterator<Item = TensorId> + use<> {
        (0..self.tensors.len()).map(TensorId::from)
    }

    /// For each tensor the op that makes it; ops that change it in place later do not count. `None`: it comes from DRAM.
    pub fn producers(&self) -> Vec<Option<OpId>> {
        let mut producers = vec![None; self.tensors.len()];
        for (id, op) in self.op_ids().zip(&self.ops).filter(|(_, op)| !op.kind.is_in_place()) {
            producers[op.kind.out().index()].get_or_insert(id);
        }
        producers
    }

    /// For each tensor the ops that read it, in program order and each once; an op that works in place is among them.
    pub fn consumers(&self) -> OpLists {
        let mut pairs = Vec::new();
        for (id, op) in self.op_ids().zip(&self.ops) {
            let inputs = op.kind.inputs();
            let first = |(i, t): &(usize, &TensorId)| !inputs[..*i].contains(t);
            pairs.extend(inputs.iter().enumerate().filter(first).map(|(_, t)| (t.index(), id)));
        }
        OpLists::grouped(self.tensors.len(), &pairs)
    }

    /// For each op the earlier ops it waits for, in program order and each once: the last writer of every operand, for an op
    /// that works in place also every earlier reader of the bytes it overwrites, under whatever name, and for the ops that
    /// start a decoded token the ops that end the phase before.
    ///
    /// Expects a workload that passes [`Workload::check`].
    pub fn dependencies(&self) -> OpLists {
        let mut links = Links::new(self);
        let mut phases = self.phases.iter().enumerate().peekable();
        let mut all = OpLists::default();
        let mut waits = Vec::new();
        let mut start = OpId(0);
        for (id, op) in self.op_ids().zip(&self.ops) {
            while let Some((index, phase)) = phases.next_if(|(_, phase)| phase.ops.start == id) {
                start = phase.ops.start;
                links.enter(index.checked_sub(1).filter(|_| phase.kind == PhaseKind::Decode));
            }
            links.waits(id, &op.kind, start, &mut waits);
            all.push(&waits);
        }
        all
    }

    /// For each tensor the one that stands for its bytes as long as they are not appended to another one.
    pub(super) fn roots(&self) -> Vec<TensorId> {
        let mut roots: Vec<TensorId> = self.tensor_ids().collect();
        // Inner tensors of a concat come before it, so the order of ops is followed backwards.
        for op in self.ops.iter().rev() {
            match &op.kind {
                OpKind::Concat { inputs, out, .. } => inputs.iter().for_each(|t| roots[t.index()] = roots[out.index()]),
                OpKind::View { .. } | OpKind::Slice { .. } | OpKind::Append { .. } => {}
                OpKind::Matmul { .. } | OpKind::Attention { .. } | OpKind::Vector { .. } => {}
            }
        }
        for op in &self.ops {
            if let OpKind::View { input, out, .. } | OpKind::Slice { input, out, .. } = op.kind {
                roots[out.index()] = roots[input.index()];
            }
        }
        roots
    }
}

/// Who wrote and who read what, while ops are walked in program order.
struct Links<'w> {
    workload: &'w Workload,
    roots: Vec<TensorId>,
    /// Last writer of each tensor.
    writer: Vec<Option<OpId>>,
    /// Readers since the last change in place, of bytes that are changed in place at all.
    readers: FxHashMap<TensorId, Vec<OpId>>,
    /// Whether a later op waits for the op.
    waited_for: Vec<bool>,
    /// Ops that end the phase before.
    ends: Vec<OpId>,
}

impl<'w> Links<'w> {
    fn new(workload: &'w Workload) -> Self {
        let roots = workload.roots();
        let in_place = workload.ops.iter().filter(|op| op.kind.is_in_place());
        let readers = in_place.map(|op| (roots[op.kind.out().index()], Vec::new())).collect();
        let (writer, waited_for) = (vec![None; workload.tensors.len()], vec![false; workload.ops.len()]);
        Self { workload, roots, writer, readers, waited_for, ends: Vec::new() }
    }

    /// A phase starts, which follows the phase of index `after`, if any.
    fn enter(&mut self, after: Option<usize>) {
        self.ends = match after.map(|index| &self.workload.phases[index].ops) {
            Some(ops) => (ops.start.0..ops.end.0).map(OpId).filter(|op| !self.waited_for[op.index()]).collect(),
            None => Vec::new(),
        };
    }

    /// What the next op waits for; `start` is the first op of its phase.
    fn waits(&mut self, id: OpId, kind: &OpKind, start: OpId, waits: &mut Vec<OpId>) {
        waits.clear();
        let (inputs, out) = (kind.inputs(), kind.out());
        waits.extend(inputs.iter().filter_map(|t| self.writer[t.index()]));
        if let OpKind::Append { .. } = kind {
            waits.extend(self.writer[out.index()]);
        }
        if kind.is_in_place()
            && let Some(readers) = self.readers.get_mut(&self.roots[out.index()])
        {
            waits.append(readers);
        }
        if !self.ends.is_empty() && waits.iter().all(|&earlier| earlier < start) {
            waits.extend(&self.ends);
        }
        for input in &inputs {
            if let Some(readers) = self.readers.get_mut(&self.roots[input.index()]) {
                readers.push(id);
            }
        }
        self.writer[out.index()] = Some(id);
        waits.sort_unstable();
        waits.dedup();
        waits.retain(|&earlier| earlier != id);
        waits.iter().for_each(|earlier| self.waited_for[earlier.index()] = true);
    }
}

/// A list of ops for each of many things, all in one piece of memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpLists {
    /// End of each list in `ops`.
    ends: Vec<u32>,
    ops: Vec<OpId>,
}

impl OpLists {
    /// `count` lists: each pair adds its op to the list of its number; the order of the pairs is kept.
    pub fn grouped(count: usize, pairs: &[(usize, OpId)]) -> Self {
        let mut ends = vec![0u32; count + 1];
        pairs.iter().for_each(|(list, _)| ends[list + 1] += 1);
        (0..count).for_each(|list| ends[list + 1] += ends[list]);
        let mut ops = vec![OpId(0); pairs.len()];
        for &(list, op) in pairs {
            ops[ends[list] as usize] = op;
            ends[list] += 1;
        }
        ends.truncate(count);
        Self { ends, ops }
    }

    /// Adds a list.
    pub fn push(&mut self, list: &[OpId]) {
        self.ops.extend(list);
        self.ends.push(self.ops.len() as u32);
    }

    /// How many lists.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no list.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Every list.
    pub fn iter(&self) -> impl Iterator<Item = &[OpId]> {
        (0..self.len()).map(|list| &self[list])
    }
}

impl Index<usize> for OpLists {
    type Output = [OpId];

    fn index(&self, list: usize) -> &[OpId] {
        let start = list.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.ops[start as usize..self.ends[list] as usize]
    }
}
