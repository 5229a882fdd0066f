//! Blocks: from when to when they are live, and when the words they share are free for later ones.

use super::agenda::NEVER;
use crate::ids::BlockId;
use crate::power::{Organisation, Stimulus};
use std::collections::VecDeque;
use std::ops::Range;

#[derive(Clone)]
struct Progress {
    /// Transfers that are not done.
    remaining: u32,
    /// `done` of the last transfer so far.
    done: u64,
    /// A request has been asserted.
    started: bool,
    /// All earlier blocks on the same words were done by this cycle, once that is known.
    vacant: Option<u64>,
}

/// Progress of all blocks, and the ends of live blocks to come.
pub(super) struct Blocks {
    progress: Vec<Progress>,
    /// First cycles that are not live any more; they arise in order of time.
    ends: VecDeque<(u64, BlockId)>,
    read_latency: u64,
}

impl Blocks {
    /// All blocks before their first request.
    pub(super) fn new(stimulus: &Stimulus, organisation: &Organisation) -> Self {
        let fresh = |transfers| Progress { remaining: transfers, done: 0, started: false, vacant: None };
        Self {
            progress: stimulus.blocks.iter().map(|block| fresh(block.transfers)).collect(),
            ends: VecDeque::new(),
            read_latency: u64::from(organisation.read_latency),
        }
    }

    /// Cycle from which the words of `block` are its own, or the earlier block that has to be done first.
    pub(super) fn vacant(&mut self, stimulus: &Stimulus, block: BlockId) -> Result<u64, BlockId> {
        if let Some(cycle) = self.progress[block.index()].vacant {
            return Ok(cycle);
        }
        let mut latest = 0;
        for &earlier in &stimulus.blocks[block.index()].after {
            let progress = &self.progress[earlier.index()];
            if progress.remaining > 0 {
                return Err(earlier);
            }
            latest = latest.max(progress.done);
        }
        self.progress[block.index()].vacant = Some(latest);
        Ok(latest)
    }

    /// A transfer of `block` asserts its first request; whether it is the block's first.
    pub(super) fn start(&mut self, block: BlockId) -> bool {
        !std::mem::replace(&mut self.progress[block.index()].started, true)
    }

    /// A transfer of `block` is done; whether it was the block's last.
    pub(super) fn finish_transfer(&mut self, stimulus: &Stimulus, block: BlockId, done: u64) -> bool {
        let progress = &mut self.progress[block.index()];
        progress.done = done;
        progress.remaining = progress.remaining.saturating_sub(1);
        let last = progress.remaining == 0;
        if last && !stimulus.blocks[block.index()].survives {
            self.ends.push_back((done + self.read_latency, block));
        }
        last
    }

    /// First cycle in which a block is not live any more.
    pub(super) fn next_end(&self) -> u64 {
        self.ends.front().map_or(NEVER, |(cycle, _)| *cycle)
    }

    /// Takes one block that ends in `cycle`.
    pub(super) fn take_end(&mut self, cycle: u64) -> Option<BlockId> {
        if self.next_end() == cycle { self.ends.pop_front().map(|(_, block)| block) } else { None }
    }
}

/// Domains with a word of `block`.
pub(super) fn domains_of(stimulus: &Stimulus, organisation: &Organisation, block: BlockId) -> Range<usize> {
    let block = &stimulus.blocks[block.index()];
    let first = block.first_word / organisation.domain_words;
    let last = (block.first_word + block.words - 1) / organisation.domain_words;
    first as usize..last as usize + 1
}
