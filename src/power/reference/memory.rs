//! The contents of the memory, as far as they can be checked: which write each word holds, and whether it is lost.

use crate::power::Organisation;

/// Per word the epoch and the bytes of what was written, and a tag that stands for the data of the last write.
///
/// A domain that loses its supply and its retention enters a new epoch: all its words are stale. Never-written words are
/// stale, too. Untouched words cost no memory.
#[derive(Debug, Clone)]
pub struct MemoryModel {
    shift: u32,
    words: Vec<Word>,
    current: Vec<u32>,
}

/// Valid bytes, low half first; then the epoch above the tag: side by side, because words are touched one at a time and far apart.
type Word = [u64; 3];

fn valid(word: &Word) -> u128 {
    u128::from(word[0]) | u128::from(word[1]) << 64
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
        Self {
            shift: organisation.domain_words.trailing_zeros(),
            words: vec![[0; 3]; organisation.words() as usize],
            current: vec![1; organisation.domains as usize],
        }
    }

    fn epoch(&self, word: u64) -> u32 {
        self.current[(word >> self.shift) as usize]
    }

    /// Writes the enabled bytes of a word.
    pub fn write(&mut self, word: u64, enables: u128, tag: u32) {
        let epoch = self.epoch(word);
        let entry = &mut self.words[word as usize];
        let kept = if (entry[2] >> 32) as u32 == epoch { valid(entry) } else { 0 };
        let valid = kept | enables;
        *entry = [valid as u64, (valid >> 64) as u64, u64::from(epoch) << 32 | u64::from(tag)];
    }

    /// Reads a word and asks whether its enabled bytes are valid.
    pub fn read(&self, word: u64, enables: u128) -> Found {
        let entry = &self.words[word as usize];
        if (entry[2] >> 32) as u32 != self.epoch(word) {
            return Found { tag: 0, poison: enables != 0 };
        }
        Found { tag: entry[2] as u32, poison: enables & !valid(entry) != 0 }
    }

    /// A domain loses its contents.
    pub fn lose(&mut self, domain: usize) {
        self.current[domain] = self.current[domain].wrapping_add(1);
    }
}
