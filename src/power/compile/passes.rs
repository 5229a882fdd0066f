//! Passes: which words of its block each transfer of an op's operand goes to.

use crate::ids::{LifetimeId, TensorId};
use crate::trace::Node;
use crate::workload::Window;
use rustc_hash::FxHashMap;

/// Cursor of one pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass {
    lifetime: LifetimeId,
    /// First word of the window, from the start of the block.
    pub(super) first: u64,
    /// Words of the window.
    pub(super) words: u64,
    /// Words passed so far.
    pub(super) cursor: u64,
    /// Words at the start of the window that are known to be written.
    pub(super) written: u64,
    /// Words of the block that fills had brought when the read before the last one, and the last one, could start.
    settled: [u64; 2],
}

impl Pass {
    /// Words that a read may wrap at. A fill in progress counts for nobody: `filled` is what the block held after the fill that
    /// the read waits for. A read that waits for none relies on the last but one before it, whose compute its own fetch follows.
    pub(super) fn readable(&mut self, filled: Option<u64>) -> u64 {
        let limit = filled.unwrap_or(self.settled[0]);
        self.settled = [self.settled[1], self.settled[1].max(limit)];
        if limit == 0 { self.written } else { self.written.min(limit) }
    }
}

/// The passes of a run, each named by op, tensor, kind and operand.
pub(super) struct Passes {
    index: FxHashMap<(u32, u32, u8, u8), u32>,
    passes: Vec<Pass>,
    /// The passes used last: neighbouring transfers alternate between few.
    recent: [((u32, u32, u8, u8), u32); 4],
    next: usize,
}

impl Passes {
    pub(super) fn new() -> Self {
        let nobody = ((u32::MAX, u32::MAX, u8::MAX, u8::MAX), 0);
        Self { index: FxHashMap::default(), passes: Vec::new(), recent: [nobody; 4], next: 0 }
    }

    /// The pass of a transfer, whose block has `block_words` words; on another block it starts anew.
    pub(super) fn of(&mut self, node: &Node, window: &Window, block_words: u64, word_bytes: u64) -> &mut Pass {
        let key = (node.op.0, node.tensor.0, node.kind as u8, node.operand as u8);
        let at = match self.recent.iter().find(|(recent, _)| *recent == key) {
            Some(&(_, at)) => at,
            None => self.look_up(key),
        };
        let pass = &mut self.passes[at as usize];
        if pass.words == 0 || pass.lifetime != node.lifetime {
            let (first, words) = words_of(window, block_words, word_bytes);
            *pass = Pass { lifetime: node.lifetime, first, words, cursor: 0, written: 0, settled: [0; 2] };
        }
        pass
    }

    fn look_up(&mut self, key: (u32, u32, u8, u8)) -> u32 {
        let fresh = self.passes.len() as u32;
        let at = *self.index.entry(key).or_insert(fresh);
        if at == fresh {
            let lifetime = LifetimeId(u32::MAX);
            self.passes.push(Pass { lifetime, first: 0, words: 0, cursor: 0, written: 0, settled: [0; 2] });
        }
        self.recent[self.next] = (key, at);
        self.next = (self.next + 1) % self.recent.len();
        at
    }
}

/// First word and words of a tensor's window in a block: a window that would end beyond the block ends with it.
fn words_of(window: &Window, block_words: u64, word_bytes: u64) -> (u64, u64) {
    let words = (window.offset.0 % word_bytes + window.bytes.0).div_ceil(word_bytes).clamp(1, block_words);
    let first = window.offset.0 / word_bytes % block_words;
    (first.min(block_words - words), words)
}

/// Which block has written each word of the memory last, in record order.
pub(super) struct Written {
    by: Vec<u32>,
    /// Words that each block has written.
    words: Vec<u64>,
}

impl Written {
    pub(super) fn new(memory_words: u64, blocks: usize) -> Self {
        Self { by: vec![0; memory_words as usize], words: vec![0; blocks] }
    }

    /// `block`, which has `block_words` words from `first`, writes `count` words of its window.
    pub(super) fn write(&mut self, block: u32, first: u64, block_words: u64, pass: &Pass, count: u64) {
        if self.words[block as usize] == block_words {
            return;
        }
        for k in 0..count.min(pass.words) {
            let word = &mut self.by[(first + pass.first + (pass.cursor + k) % pass.words) as usize];
            if *word != block + 1 {
                *word = block + 1;
                self.words[block as usize] += 1;
            }
        }
    }

    /// A window that begins with a word that `block` has not written begins with its first word that is, or, where there is
    /// none, is the rest of the block from the first word that is.
    fn move_to_written(&self, block: u32, first: u64, block_words: u64, pass: &mut Pass) {
        let written = |from: u64, end: u64| {
            let word = (from..end).find(|&word| self.by[(first + word) as usize] == block + 1);
            word.map(|word| (word, end - word))
        };
        let place = written(pass.first, pass.first + pass.words).or_else(|| written(0, block_words));
        if let Some((word, words)) = place.filter(|&(word, _)| word != pass.first) {
            (pass.first, pass.words, pass.cursor) = (word, words, 0);
        }
    }

    /// Words that `block` has written so far.
    pub(super) fn count(&self, block: u32) -> u64 {
        self.words[block as usize]
    }

    /// Advances `pass.written` over the words of its window that `block` has written without a gap.
    pub(super) fn extend(&self, block: u32, first: u64, block_words: u64, pass: &mut Pass) {
        if self.words[block as usize] == block_words {
            pass.written = pass.words;
        } else if pass.written == 0 {
            self.move_to_written(block, first, block_words, pass);
        }
        while pass.written < pass.words && self.by[(first + pass.first + pass.written) as usize] == block + 1 {
            pass.written += 1;
        }
    }
}

/// Window of a tensor that has none: all of its storage object.
pub(super) fn window_of(windows: &[Window], tensor: TensorId, extent: u64) -> Window {
    let whole = Window { storage: tensor, offset: 0.into(), bytes: extent.into() };
    windows.get(tensor.index()).copied().unwrap_or(whole)
}
