//! The contents of the memory, as far as they can be checked: which write each word holds, and whether it is lost.

use crate::power::Organisation;

/// Per word the epoch and the bytes of what was written, and a tag that stands for the data of the last write.
///
/// A domain that loses its supply and its retention enters a new epoch: all its words are stale. Never-written words are
/// stale, too. Untouched words cost no memory.
#[derive(Debug, Clone)]
pub struct MemoryModel {
    shift: u32,
    epochs: Vec<u32>,
    valid: Vec<u128>,
    tags: Vec<u32>,
    current: Vec<u32>,
}

/// What a read finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Tag of the last write; 0 if the word is stale.
    pub tag: u32,
    /// An enabled byte is not valid.
    pub poison: bool,
}

impl MemoryModel {
    /// A memory that was never written.
    pub fn new(organisation: &Organisation) -> Self {
        let words = organisation.words() as usize;
        Self {
            shift: organisation.domain_words.trailing_zeros(),
            epochs: vec![0; words],
            valid: vec![0; words],
            tags: vec![0; words],
            current: vec![1; organisation.domains as usize],
        }
    }

    /// Whether a word holds nothing: never written, or lost with its domain.
    pub fn stale(&self, word: u64) -> bool {
        self.epochs[word as usize] != self.current[(word >> self.shift) as usize]
    }

    /// Writes the enabled bytes of a word.
    pub fn write(&mut self, word: u64, enables: u128, tag: u32) {
        let kept = if self.stale(word) { 0 } else { self.valid[word as usize] };
        self.valid[word as usize] = kept | enables;
        self.epochs[word as usize] = self.current[(word >> self.shift) as usize];
        self.tags[word as usize] = tag;
    }

    /// Reads a word and asks whether its enabled bytes are valid.
    pub fn read(&self, word: u64, enables: u128) -> Found {
        if self.stale(word) {
            return Found { tag: 0, poison: enables != 0 };
        }
        Found { tag: self.tags[word as usize], poison: enables & !self.valid[word as usize] != 0 }
    }

    /// A domain loses its contents.
    pub fn lose(&mut self, domain: usize) {
        self.current[domain] = self.current[domain].wrapping_add(1);
    }
}
