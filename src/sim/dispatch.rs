//! Which op a unit takes next.

use super::dependency::Dependencies;
use crate::accelerator::{Accelerator, Dispatch};
use crate::ids::OpId;
use crate::workload::{OpKind, Workload};
use std::collections::{BTreeSet, VecDeque};

/// Hands ops to units. Units 0 … are the arrays; the last one is the vector unit.
///
/// Round robin: the j-th matmul belongs to array j mod arrays (or to the one the schedule names), and an array runs its list in
/// order, waiting for the op at its head. Greedy: an idle array takes the first op in order that is ready. Vector ops run in
/// order. Ops that only rename are finished as soon as their inputs are.
#[derive(Debug)]
pub struct Dispatcher {
    rank: Vec<u32>,
    order: Vec<OpId>,
    lists: Vec<VecDeque<OpId>>,
    ready: BTreeSet<u32>,
    waiting_for: Vec<u32>,
    greedy: bool,
    unfinished: usize,
}

impl Dispatcher {
    /// Plans all ops.
    pub fn new(workload: &Workload, accelerator: &Accelerator, dependencies: &Dependencies) -> Self {
        let arrays = accelerator.arrays.len();
        let ops = workload.ops.len();
        let order: Vec<OpId> = match &workload.schedule {
            Some(schedule) => schedule.order.clone(),
            None => (0..ops).map(OpId::from).collect(),
        };
        let mut rank = vec![0; ops];
        order.iter().enumerate().for_each(|(i, op)| rank[op.index()] = i as u32);
        let fixed = workload.schedule.as_ref().map(|s| s.array.as_slice());
        let greedy = accelerator.dispatch == Dispatch::Greedy && fixed.is_none();
        let mut lists = vec![VecDeque::new(); arrays + 1];
        let mut matmuls = 0;
        for (i, &op) in order.iter().enumerate() {
            match workload.op(op).kind {
                OpKind::Matmul { .. } => {
                    let array = fixed.map_or(matmuls % arrays, |array| array[i] as usize);
                    matmuls += 1;
                    lists[array].push_back(op);
                }
                OpKind::Vector { .. } => lists[arrays].push_back(op),
                _ => {}
            }
        }
        let waiting_for: Vec<u32> = (0..ops).map(|i| dependencies.before(OpId::from(i)).len() as u32).collect();
        let mut dispatcher = Self { rank, order, lists, ready: BTreeSet::new(), waiting_for, greedy, unfinished: ops };
        if greedy {
            dispatcher.lists[..arrays].iter_mut().for_each(VecDeque::clear);
            let first =
                (0..ops).map(OpId::from).filter(|&op| dispatcher.waiting_for[op.index()] == 0).collect::<Vec<_>>();
            first.into_iter().for_each(|op| dispatcher.becomes_ready(op, workload));
        }
        dispatcher
    }

    fn becomes_ready(&mut self, op: OpId, workload: &Workload) {
        if self.greedy && matches!(workload.op(op).kind, OpKind::Matmul { .. }) {
            self.ready.insert(self.rank[op.index()]);
        }
    }

    /// Place of an op in the order.
    pub fn rank(&self, op: OpId) -> u32 {
        self.rank[op.index()]
    }

    /// Ops not finished yet.
    pub fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// Whether everything `op` waits for is finished.
    pub fn is_ready(&self, op: OpId) -> bool {
        self.waiting_for[op.index()] == 0
    }

    /// Takes the op that `unit`, which is idle, runs next, if there is one that can start.
    pub fn take(&mut self, unit: usize) -> Option<OpId> {
        if self.greedy && unit + 1 < self.lists.len() {
            return self.ready.pop_first().map(|rank| self.order[rank as usize]);
        }
        let head = *self.lists[unit].front()?;
        self.is_ready(head).then(|| self.lists[unit].pop_front()).flatten()
    }

    /// `op` has finished; returns those that wait for nothing any more.
    pub fn finish(&mut self, op: OpId, dependencies: &Dependencies, workload: &Workload) -> Vec<OpId> {
        self.unfinished -= 1;
        let mut released = Vec::new();
        for &next in dependencies.after(op) {
            self.waiting_for[next.index()] -= 1;
            if self.is_ready(next) {
                self.becomes_ready(next, workload);
                released.push(next);
            }
        }
        released
    }
}
