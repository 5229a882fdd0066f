//! Which ops an op waits for, and which wait for it.

use crate::ids::OpId;
use crate::workload::Workload;

/// For each op, those it waits for and those that wait for it.
#[derive(Debug)]
pub struct Dependencies {
    before: Vec<Vec<OpId>>,
    after: Vec<Vec<OpId>>,
}

impl Dependencies {
    /// Those of a workload, both ways.
    pub fn new(workload: &Workload) -> Self {
        let before = workload.dependencies();
        let mut after = vec![Vec::new(); before.len()];
        for (op, list) in workload.op_ids().zip(&before) {
            list.iter().for_each(|earlier| after[earlier.index()].push(op));
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
