//! Which op a unit takes next.

use super::dependency::Dependencies;
use crate::accelerator::{Accelerator, Dispatch};
use crate::ids::OpId;
use crate::workload::Workload;
use std::collections::{BTreeSet, VecDeque};

/// Hands ops to units. Units 0 … are the arrays; the last one is the vector unit.
///
/// Round robin: matmuls go to the arrays in turn (or where the schedule says), but one that waits for the matmul just before it
/// follows it to its array: the scores of a head and its context make a chain, so that depth-first attention has as many
/// heads in progress as there are arrays. An array runs its list in order, waiting for the op at its head. Greedy: an idle array takes the first op in order that is ready. Vector ops run in
/// order. Ops that only rename are finished as soon as their inputs are.
#[derive(Debug)]
pub struct Dispatcher {
    pub(super) rank: Vec<u32>,
    pub(super) order: Vec<OpId>,
    pub(super) lists: Vec<VecDeque<OpId>>,
    pub(super) ready: BTreeSet<u32>,
    pub(super) waiting_for: Vec<u32>,
    pub(super) greedy: bool,
    pub(super) unfinished: usize,
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
        let turns = turns(workload, dependencies);
        for (i, &op) in order.iter().enumerate() {
            if workload.is_on_array(op) {
                let array = fixed.map_or(turns[op.index()] as usize % arrays, |array| array[i] as usize);
                lists[array].push_back(op);
            } else if workload.vector_kind(op).is_some() {
                lists[arrays].push_back(op);
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
        if self.greedy && workload.is_on_array(op) {
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

    /// Ops before place `op` of the program order, which were skipped, are handed out no more.
    pub fn forget_before(&mut self, op: usize) {
        for list in &mut self.lists {
            while list.front().is_some_and(|first| first.index() < op) {
                list.pop_front();
            }
        }
        self.ready.retain(|&rank| rank as usize >= op);
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

/// Turn of each matmul in program order: one more than that of the matmul before it, or the same if it waits for that one,
/// directly or through ops that are none.
fn turns(workload: &Workload, dependencies: &Dependencies) -> Vec<u32> {
    let mut turns = vec![0; workload.ops.len()];
    // The latest matmul that each op is or waits for.
    let mut latest: Vec<Option<OpId>> = vec![None; workload.ops.len()];
    let mut previous: Option<OpId> = None;
    for op in workload.op_ids() {
        let waits_for = dependencies.before(op).iter().filter_map(|earlier| latest[earlier.index()]).max();
        latest[op.index()] = waits_for;
        if workload.is_on_array(op) {
            let step = u32::from(waits_for != previous);
            turns[op.index()] = previous.map_or(0, |p| turns[p.index()] + step);
            latest[op.index()] = Some(op);
            previous = Some(op);
        }
    }
    turns
}
