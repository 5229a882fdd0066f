//! When nodes are done, and which nodes wait for that.

use super::agenda::NEVER;
use crate::power::Stimulus;

/// Marks a slot of a node that is not done; its low half is the first waiter.
const OPEN: u64 = 1 << 63;
/// End of a list of waiters.
pub(super) const NOBODY: u32 = u32::MAX;

/// `done` of every node, twelve bytes a node.
///
/// A node that cannot start yet waits for one of its open predecessors at a time, in that one's list.
pub(super) struct Order {
    /// The cycle, or `OPEN` and the head of the list of waiters.
    slots: Vec<u64>,
    /// The next in the list that a node waits in.
    next: Vec<u32>,
}

impl Order {
    /// All nodes open, nobody waiting.
    pub(super) fn new(nodes: usize) -> Self {
        Self { slots: vec![OPEN | u64::from(NOBODY); nodes], next: vec![NOBODY; nodes] }
    }

    /// Latest `done + lag` over the predecessors of `node`; or makes it wait for an open one and says `NEVER`.
    pub(super) fn earliest(&mut self, stimulus: &Stimulus, node: u32) -> u64 {
        let mut latest = 0;
        for predecessor in stimulus.predecessors(&stimulus.nodes[node as usize]) {
            let before = node - predecessor.back;
            let slot = self.slots[before as usize];
            if slot & OPEN != 0 {
                self.next[node as usize] = slot as u32;
                self.slots[before as usize] = OPEN | u64::from(node);
                return NEVER;
            }
            latest = latest.max(slot + u64::from(predecessor.lag));
        }
        latest
    }

    /// Marks `node` done; its first waiter.
    pub(super) fn close(&mut self, node: u32, done: u64) -> u32 {
        std::mem::replace(&mut self.slots[node as usize], done) as u32
    }

    /// The waiter after `waiter`; to be asked before `waiter` is tried again.
    pub(super) fn after(&self, waiter: u32) -> u32 {
        self.next[waiter as usize]
    }
}
