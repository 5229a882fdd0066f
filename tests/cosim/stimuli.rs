//! Random stimuli: blocks that are written, read a few times after pauses, and given up to later blocks.

use trapti::ids::{BlockId, LifetimeId, OpId, TensorId};
use trapti::power::{Block, Organisation, Stimulus, StimulusKind, StimulusNode};
use trapti::trace::{Predecessor, Predecessors};
use trapti::units::Cycles;

/// A generator of random numbers (xorshift, 64 bits).
pub struct Random(u64);

impl Random {
    /// Any seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit.max(1)
    }
}

/// A stimulus of `blocks` blocks; `pause` is the longest planned gap in cycles.
pub fn random(organisation: &Organisation, seed: u64, blocks: u32, pause: u64) -> Stimulus {
    let mut random = Random::new(seed);
    let mut stimulus = Stimulus { ports: organisation.ports, ..Stimulus::default() };
    let mut now = 0;
    for id in 0..blocks {
        let block = place(organisation, &mut random, &stimulus);
        stimulus.blocks.push(block);
        now += random.below(pause);
        let write = transfer(&mut stimulus, &mut random, organisation, id, StimulusKind::Write, now, &[]);
        for _ in 0..1 + random.below(3) {
            let start = now + random.below(2 * pause);
            transfer(&mut stimulus, &mut random, organisation, id, StimulusKind::Read, start, &[write]);
        }
    }
    stimulus
}

fn place(organisation: &Organisation, random: &mut Random, stimulus: &Stimulus) -> Block {
    let words = 1 + random.below(organisation.domain_words.min(24));
    let first_word = random.below(organisation.words() - words + 1);
    let overlaps = |other: &Block| other.first_word < first_word + words && first_word < other.first_word + other.words;
    let earlier = stimulus.blocks.iter().enumerate().filter(|(_, other)| overlaps(other));
    Block {
        lifetime: LifetimeId(stimulus.blocks.len() as u32),
        first_word,
        words,
        last_bytes: 1 + random.below(organisation.word_bytes()) as u32,
        transfers: 0,
        survives: false,
        after: earlier.map(|(index, _)| BlockId(index as u32)).collect(),
    }
}

/// Appends a transfer that covers the whole block, after `before`, and work after it; returns its index.
fn transfer(
    stimulus: &mut Stimulus,
    random: &mut Random,
    organisation: &Organisation,
    block: u32,
    kind: StimulusKind,
    start: u64,
    before: &[usize],
) -> usize {
    let index = stimulus.nodes.len();
    let mut list = Predecessors::NONE;
    for &node in before {
        list.push(Predecessor { back: (index - node) as u32, lag: organisation.read_latency });
    }
    stimulus.patterns.push(list);
    let words = stimulus.blocks[block as usize].words as u32;
    stimulus.blocks[block as usize].transfers += 1;
    stimulus.nodes.push(StimulusNode {
        start: Cycles(start),
        amount: words + if kind == StimulusKind::Read { random.below(4) as u32 } else { 0 },
        pattern: index as u32,
        block: BlockId(block),
        window_first: 0,
        window_words: words,
        cursor: 0,
        kind,
        port: random.below(u64::from(organisation.ports)) as u8,
        op: OpId(block),
        tensor: TensorId(block),
    });
    index
}
