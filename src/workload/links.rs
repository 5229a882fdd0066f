//! Who makes a tensor, who reads it, and which ops an op waits for.

use crate::ids::{OpId, TensorId};
use crate::workload::{OpKind, Workload};

impl OpKind {
    /// Whether the result overwrites one of the operands.
    pub fn is_in_place(&self) -> bool {
        matches!(self, OpKind::Vector { inputs, out, .. } if inputs.contains(out))
    }

    /// Whether it only renames bytes: `concat`, `view` and `slice` cost no cycle.
    pub fn is_rename(&self) -> bool {
        matches!(self, OpKind::Concat { .. } | OpKind::View { .. } | OpKind::Slice { .. })
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
    pub fn consumers(&self) -> Vec<Vec<OpId>> {
        let mut consumers = vec![Vec::new(); self.tensors.len()];
        for (id, op) in self.op_ids().zip(&self.ops) {
            for input in op.kind.inputs() {
                let readers: &mut Vec<OpId> = &mut consumers[input.index()];
                if readers.last() != Some(&id) {
                    readers.push(id);
                }
            }
        }
        consumers
    }

    /// For each op the earlier ops it waits for, in program order and each once: the last writer of every operand, and
    /// for an op that works in place also every earlier reader of the bytes it overwrites, under whatever name.
    ///
    /// Expects a workload that passes [`Workload::check`].
    pub fn dependencies(&self) -> Vec<Vec<OpId>> {
        let storage: Vec<usize> = self.windows().iter().map(|w| w.storage.index()).collect();
        let mut writer: Vec<Option<OpId>> = vec![None; self.tensors.len()];
        let mut readers: Vec<Vec<OpId>> = vec![Vec::new(); self.tensors.len()];
        let mut all = Vec::with_capacity(self.ops.len());
        for (id, op) in self.op_ids().zip(&self.ops) {
            let inputs = op.kind.inputs();
            let mut waits: Vec<OpId> = inputs.iter().filter_map(|t| writer[t.index()]).collect();
            if op.kind.is_in_place() {
                waits.append(&mut readers[storage[op.kind.out().index()]]);
            }
            inputs.iter().for_each(|t| readers[storage[t.index()]].push(id));
            writer[op.kind.out().index()] = Some(id);
            waits.sort_unstable();
            waits.dedup();
            waits.retain(|&w| w != id);
            all.push(waits);
        }
        all
    }
}
