//! When nodes are done, and which nodes wait for that.

use crate::power::{Stimulus, StimulusKind};

/// No node.
const NOBODY: u32 = u32::MAX;
/// Not done yet.
const OPEN: u64 = u64::MAX;

/// `done` of every node. A node with open predecessors waits in the list of one of them at a time.
#[derive(Debug, Clone)]
pub(super) struct Order {
    done: Vec<u64>,
    first_waiter: Vec<u32>,
    next_waiter: Vec<u32>,
    resolved: Vec<(u32, u64)>,
    /// Latest `done` so far of work.
    pub(super) last_work: u64,
}

impl Order {
    /// Closes every work node that depends on no transfer.
    pub(super) fn new(stimulus: &Stimulus) -> Self {
        let nodes = stimulus.nodes.len();
        let (done, waiters) = (vec![OPEN; nodes], vec![NOBODY; nodes]);
        let mut order =
            Self { done, first_waiter: waiters.clone(), next_waiter: waiters, resolved: Vec::new(), last_work: 0 };
        for node in 0..nodes as u32 {
            if stimulus.nodes[node as usize].kind == StimulusKind::Work {
                order.try_work(stimulus, node);
                order.close_resolved(stimulus);
            }
        }
        order
    }

    /// Earliest start of a node by its plan and predecessors; `Err` names a predecessor that is not done.
    pub(super) fn start(&self, stimulus: &Stimulus, node: u32) -> Result<u64, u32> {
        let this = &stimulus.nodes[node as usize];
        let mut start = this.start.0;
        for predecessor in stimulus.predecessors(this) {
            let earlier = node - predecessor.back;
            match self.done[earlier as usize] {
                OPEN => return Err(earlier),
                done => start = start.max(done + u64::from(predecessor.lag)),
            }
        }
        Ok(start)
    }

    fn try_work(&mut self, stimulus: &Stimulus, node: u32) {
        match self.start(stimulus, node) {
            Ok(start) => {
                let done = start + u64::from(stimulus.nodes[node as usize].amount);
                self.last_work = self.last_work.max(done);
                self.resolved.push((node, done));
            }
            Err(open) => {
                self.next_waiter[node as usize] = self.first_waiter[open as usize];
                self.first_waiter[open as usize] = node;
            }
        }
    }

    /// A transfer is done; so is all work that waited for nothing else.
    pub(super) fn close(&mut self, stimulus: &Stimulus, transfer: u32, done: u64) {
        self.resolved.push((transfer, done));
        self.close_resolved(stimulus);
    }

    fn close_resolved(&mut self, stimulus: &Stimulus) {
        while let Some((node, done)) = self.resolved.pop() {
            self.done[node as usize] = done;
            let mut waiter = std::mem::replace(&mut self.first_waiter[node as usize], NOBODY);
            while waiter != NOBODY {
                let next = self.next_waiter[waiter as usize];
                self.try_work(stimulus, waiter);
                waiter = next;
            }
        }
    }
}
