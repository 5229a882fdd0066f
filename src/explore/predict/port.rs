//! A port: its transfers in order, and the stretches of consecutive words that a transfer consists of.

use super::banks::Stream;
use crate::ids::BlockId;
use crate::power::{Organisation, Stimulus};

/// One port of the memory.
#[derive(Default)]
pub(super) struct Port {
    /// Its transfers in record order.
    pub(super) queue: Vec<u32>,
    /// The first that is not done.
    head: usize,
    /// Requests of the present transfer that are in none of its stretches yet.
    rest: u64,
    /// Window word of the next stretch.
    position: u64,
    /// Done of the transfer before.
    pub(super) free: u64,
    /// Block that has to be done before the next transfer may start.
    pub(super) awaited: Option<BlockId>,
}

impl Port {
    /// The node that is played or comes next.
    pub(super) fn current(&self) -> Option<u32> {
        self.queue.get(self.head).copied()
    }

    /// Starts the next transfer.
    pub(super) fn start(&mut self, stimulus: &Stimulus, node: u32) {
        let node = &stimulus.nodes[node as usize];
        self.rest = u64::from(node.amount);
        self.position = u64::from(node.cursor % node.window_words);
    }

    /// Whether the present transfer has another stretch.
    pub(super) fn continues(&self) -> bool {
        self.rest > 0
    }

    /// The transfer's last request was granted in the cycle before `done`.
    pub(super) fn finish(&mut self, done: u64) {
        self.head += 1;
        self.free = done;
    }

    /// The next stretch: it ends with the transfer, where the window wraps, or where the domain ends. Its domain.
    pub(super) fn stretch(&mut self, stimulus: &Stimulus, organisation: &Organisation, stream: &mut Stream) -> usize {
        let node = &stimulus.nodes[self.queue[self.head] as usize];
        let first = stimulus.blocks[node.block.index()].first_word + u64::from(node.window_first);
        let window = u64::from(node.window_words);
        stream.address = first + self.position;
        let in_domain = organisation.domain_words - stream.address % organisation.domain_words;
        stream.left = self.rest.min(window - self.position).min(in_domain);
        self.rest -= stream.left;
        self.position += stream.left;
        if self.position == window {
            self.position = 0;
        }
        organisation.domain_of(stream.address).index()
    }
}
