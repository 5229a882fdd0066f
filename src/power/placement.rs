//! Where lifetimes live in a memory.

use crate::artefact;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::ids::{LifetimeId, MemoryId};
use crate::trace::Lifetime;
use std::collections::BTreeMap;

/// A lifetime with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedBlock {
    /// The lifetime.
    pub lifetime: LifetimeId,
    /// First word of its block.
    pub first_word: u64,
    /// Words of its block, at least 1.
    pub words: u64,
}

/// Addresses of all lifetimes of one memory, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// The blocks, one for each lifetime of the memory.
    pub blocks: Vec<PlacedBlock>,
}

impl Placement {
    /// BLAKE3 digest of lifetimes and addresses, in hexadecimal.
    pub fn digest(&self) -> String {
        let numbers = self.blocks.iter().flat_map(|b| [u64::from(b.lifetime.0), b.first_word, b.words]);
        artefact::digest(&numbers.flat_map(u64::to_le_bytes).collect::<Vec<u8>>())
    }

    /// First word above all blocks: the smallest capacity that this placement fits, in words.
    pub fn end(&self) -> u64 {
        self.blocks.iter().map(|block| block.first_word + block.words).max().unwrap_or(0)
    }

    /// Domain-cycles in which a domain of `domain_words` words holds a live byte: for each domain the union of the `spans` (first
    /// cycle, first cycle after) of the blocks with a word in it. One span a block, in the order of the blocks.
    pub fn domain_on_cycles(&self, spans: impl IntoIterator<Item = (u64, u64)>, domain_words: u64) -> u64 {
        let mut blocks: Vec<((u64, u64), &PlacedBlock)> = spans.into_iter().zip(&self.blocks).collect();
        blocks.sort_unstable_by_key(|(span, _)| *span);
        let mut covered = vec![0; self.end().div_ceil(domain_words) as usize];
        let mut total = 0;
        for ((from, to), block) in blocks {
            for domain in block.first_word / domain_words..=(block.first_word + block.words - 1) / domain_words {
                let until: &mut u64 = &mut covered[domain as usize];
                total += to.saturating_sub(from.max(*until));
                *until = to.max(*until);
            }
        }
        total
    }

    /// The block of a lifetime.
    pub fn block(&self, lifetime: LifetimeId) -> Option<&PlacedBlock> {
        self.blocks.binary_search_by_key(&lifetime, |block| block.lifetime).ok().map(|at| &self.blocks[at])
    }

    /// Checks a placement, whoever made it, for a memory of `words` words of `word_bytes` bytes: every lifetime of the
    /// memory has one block that holds its extent, every block lies inside the capacity, and no two lifetimes that are
    /// live at the same time share a word. A lifetime is live in the cycles `reserved` … `released` − 1.
    ///
    /// # Errors
    /// [`Error::Input`] naming every lifetime that is wrong.
    pub fn check(&self, lifetimes: &[Lifetime], memory: MemoryId, words: u64, word_bytes: u64) -> Result<()> {
        let mut problems = Vec::new();
        let mut wrong = |message: String| problems.push(Diagnostic::new("wrong-placement", message));
        let expected = lifetimes.iter().enumerate().filter(|(_, lifetime)| lifetime.memory == memory);
        let ids: Vec<LifetimeId> = expected.map(|(index, _)| LifetimeId::from(index)).collect();
        if !self.blocks.iter().map(|block| block.lifetime).eq(ids.iter().copied()) {
            wrong("the blocks are not those of the memory's lifetimes, each once, in the order of their ids".into());
            return Err(Error::Input(problems));
        }
        for block in &self.blocks {
            let extent = lifetimes[block.lifetime.index()].extent.0;
            if block.words == 0 || block.words.saturating_mul(word_bytes) < extent {
                wrong(format!("{} has {} words for {extent} bytes", block.lifetime, block.words));
            }
            if block.first_word.checked_add(block.words).is_none_or(|end| end > words) {
                wrong(format!("{} ends beyond the {words} words of the memory", block.lifetime));
            }
        }
        for (one, other) in self.clashes(lifetimes) {
            wrong(format!("{one} and {other} are live at the same time and share words"));
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
    }

    /// Pairs of lifetimes that are live at the same time and share words: a sweep over time, the live blocks ordered by
    /// address, where a newcomer can only clash with its neighbours.
    fn clashes(&self, lifetimes: &[Lifetime]) -> Vec<(LifetimeId, LifetimeId)> {
        let mut events = Vec::with_capacity(2 * self.blocks.len());
        for (index, block) in self.blocks.iter().enumerate() {
            let Lifetime { reserved, released, .. } = lifetimes[block.lifetime.index()];
            if reserved < released {
                events.push((reserved, true, index));
                events.push((released, false, index));
            }
        }
        events.sort_unstable();
        let mut live: BTreeMap<u64, usize> = BTreeMap::new();
        let mut clashes = Vec::new();
        for (_, begins, index) in events {
            let block = &self.blocks[index];
            if !begins {
                if live.get(&block.first_word) == Some(&index) {
                    live.remove(&block.first_word);
                }
                continue;
            }
            let below = live.range(..block.first_word).next_back().map(|(_, &at)| at);
            let overlapped = below.filter(|&at| self.blocks[at].first_word + self.blocks[at].words > block.first_word);
            let above = live.range(block.first_word..block.first_word + block.words).next().map(|(_, &at)| at);
            clashes.extend(overlapped.or(above).map(|at| (self.blocks[at].lifetime, block.lifetime)));
            live.insert(block.first_word, index);
        }
        clashes
    }
}
