//! Which blocks are live, and when a block may be touched that reuses words of earlier ones.

use crate::ids::BlockId;
use crate::power::{Organisation, Stimulus};
use std::collections::VecDeque;

#[derive(Debug, Clone)]
struct Progress {
    /// Transfers that are not done.
    left: u32,
    /// Latest `done` of its transfers.
    done: u64,
    asserted: bool,
    /// Domains it has words in.
    domains: std::ops::Range<u32>,
    words: u64,
}

/// Progress of every block.
#[derive(Debug, Clone)]
pub(super) struct Blocks {
    progress: Vec<Progress>,
    read_latency: u64,
    /// Live blocks of each domain.
    counts: Vec<u32>,
    /// The domains with any.
    live: u64,
    /// Words of all live blocks.
    pub(super) live_words: u64,
    /// First cycles in which a block is not live any more, ascending.
    ends: VecDeque<(u64, u32)>,
}

impl Blocks {
    pub(super) fn new(stimulus: &Stimulus, organisation: &Organisation) -> Self {
        let progress = stimulus.blocks.iter().map(|block| Progress {
            left: block.transfers,
            done: 0,
            asserted: false,
            domains: organisation.domain_of(block.first_word).0
                ..organisation.domain_of(block.first_word + block.words - 1).0 + 1,
            words: block.words,
        });
        Self {
            progress: progress.collect(),
            read_latency: u64::from(organisation.read_latency),
            counts: vec![0; organisation.domains as usize],
            live: 0,
            live_words: 0,
            ends: VecDeque::new(),
        }
    }

    /// Cycle from which the words of a block are its own; `None` while an earlier block is not done.
    pub(super) fn vacant(&self, stimulus: &Stimulus, block: BlockId) -> Option<u64> {
        stimulus.blocks[block.index()].after.iter().try_fold(0, |latest, earlier| {
            let progress = &self.progress[earlier.index()];
            (progress.left == 0).then(|| progress.done.max(latest))
        })
    }

    /// A request of the block is asserted.
    pub(super) fn assert(&mut self, block: BlockId) {
        let progress = &mut self.progress[block.index()];
        if !std::mem::replace(&mut progress.asserted, true) {
            self.live_words += progress.words;
            for domain in progress.domains.clone() {
                self.counts[domain as usize] += 1;
                self.live |= 1 << domain;
            }
        }
    }

    /// A transfer of the block is done; `survives` if the block stays live to the end.
    pub(super) fn close(&mut self, block: BlockId, done: u64, survives: bool) {
        let progress = &mut self.progress[block.index()];
        progress.left -= 1;
        progress.done = progress.done.max(done);
        if progress.left == 0 && !survives {
            self.ends.push_back((done + self.read_latency, block.0));
        }
    }

    /// Live domains in cycle `now`.
    pub(super) fn live(&mut self, now: u64) -> u64 {
        while let Some(&(end, block)) = self.ends.front().filter(|(end, _)| *end <= now) {
            debug_assert!(end <= now);
            self.ends.pop_front();
            self.live_words -= self.progress[block as usize].words;
            for domain in self.progress[block as usize].domains.clone() {
                self.counts[domain as usize] -= 1;
                if self.counts[domain as usize] == 0 {
                    self.live &= !(1 << domain);
                }
            }
        }
        self.live
    }

    /// Next cycle in which a block stops being live.
    pub(super) fn next_end(&self) -> u64 {
        self.ends.front().map_or(u64::MAX, |(end, _)| *end)
    }
}
