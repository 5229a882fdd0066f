//! Which earlier blocks a block reuses words of.

use crate::ids::BlockId;
use std::collections::BTreeMap;

/// The block that each word belonged to last, as pieces: first word to (word after the last, block).
#[derive(Debug, Default)]
pub(super) struct Owners {
    pieces: BTreeMap<u64, (u64, BlockId)>,
}

impl Owners {
    /// Gives words to a block; returns their previous owners, ascending.
    ///
    /// These are enough to wait for: whoever owned a word before them, they waited for themselves.
    pub(super) fn claim(&mut self, first: u64, words: u64, block: BlockId) -> Vec<BlockId> {
        let end = first + words;
        self.split(first);
        self.split(end);
        let starts: Vec<u64> = self.pieces.range(first..end).map(|(&start, _)| start).collect();
        let mut owners: Vec<BlockId> =
            starts.iter().filter_map(|start| self.pieces.remove(start)).map(|(_, owner)| owner).collect();
        owners.sort_unstable();
        owners.dedup();
        self.pieces.insert(first, (end, block));
        owners
    }

    /// Cuts the piece that `word` lies inside of.
    fn split(&mut self, word: u64) {
        let Some((&start, &(end, owner))) = self.pieces.range(..word).next_back() else { return };
        if end > word {
            self.pieces.insert(start, (word, owner));
            self.pieces.insert(word, (end, owner));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_owners_are_named() {
        let mut owners = Owners::default();
        let [a, b, c, d] = [0, 1, 2, 3].map(BlockId);
        assert_eq!(owners.claim(0, 10, a), []);
        assert_eq!(owners.claim(2, 4, b), [a]);
        assert_eq!(owners.claim(2, 4, c), [b]);
        assert_eq!(owners.claim(0, 10, d), [a, c]);
    }
}
