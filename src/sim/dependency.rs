//! Which ops an op waits for.

use crate::ids::OpId;
use crate::workload::Workload;

/// For each op, those it waits for and those that wait for it.
#[derive(Debug)]
pub struct Dependencies {
    before: Vec<Vec<OpId>>,
    after: Vec<Vec<OpId>>,
}

impl Dependencies {
    /// An op waits for the last op before it, in program order, that made each of its inputs; one that overwrites a tensor waits
    /// for its last readers too.
    pub fn new(workload: &Workload) -> Self {
        let tensors = workload.tensors.len();
        let (mut writer, mut readers) = (vec![None; tensors], vec![Vec::new(); tensors]);
        let mut before: Vec<Vec<OpId>> = Vec::with_capacity(workload.ops.len());
        let mut after = vec![Vec::new(); workload.ops.len()];
        for (i, op) in workload.ops.iter().enumerate() {
            let (id, out) = (OpId::from(i), op.kind.out().index());
            let mut list: Vec<OpId> = Vec::new();
            for input in op.kind.inputs() {
                list.extend(writer[input.index()]);
                readers[input.index()].push(id);
            }
            if writer[out].is_some() || !readers[out].is_empty() {
                list.extend(writer[out]);
                list.append(&mut readers[out]);
            }
            writer[out] = Some(id);
            list.retain(|&earlier| earlier != id);
            list.sort_unstable();
            list.dedup();
            list.iter().for_each(|earlier| after[earlier.index()].push(id));
            before.push(list);
        }
        Self { before, after }
    }

    /// Ops that `op` waits for.
    pub fn before(&self, op: OpId) -> &[OpId] {
        &self.before[op.index()]
    }

    /// Ops that wait for `op`.
    pub fn after(&self, op: OpId) -> &[OpId] {
        &self.after[op.index()]
    }
}
