//! Which ops an op waits for, and which wait for it.

use crate::ids::OpId;
use crate::workload::{OpLists, Workload};

/// For each op, those it waits for and those that wait for it.
#[derive(Debug)]
pub struct Dependencies {
    before: OpLists,
    after: OpLists,
}

impl Dependencies {
    /// Those of a workload, both ways.
    pub fn new(workload: &Workload) -> Self {
        let before = workload.dependencies();
        let waiting = workload.op_ids().zip(before.iter());
        let pairs: Vec<_> = waiting.flat_map(|(op, list)| list.iter().map(move |b| (b.index(), op))).collect();
        let after = OpLists::grouped(before.len(), &pairs);
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
