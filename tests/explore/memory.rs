//! Memories and stimuli for the other modules.

use proptest::prelude::*;
use trapti::ids::{BlockId, LifetimeId, OpId, TensorId};
use trapti::power::{
    Assumptions, BankedMemory, Block, ControllerGates, OrganisationSpec, Policy, States, Stimulus, StimulusKind,
    StimulusNode, organise,
};
use trapti::sram::{EmbeddedTable, Ports};
use trapti::trace::Predecessors;
use trapti::units::{Bytes, Cycles, Hertz, Kelvin};

/// Words of a domain of [`memory`], and of the smallest geometry of the tests.
pub const DOMAIN_WORDS: u64 = 1024;

pub fn spec(technology: &str, capacity: Bytes, domains: u32, interleave: u32) -> OrganisationSpec {
    OrganisationSpec {
        capacity,
        domains,
        interleave,
        ports: 2,
        word_bits: 256,
        clock: Hertz(1_000_000_000),
        states: States { light: true, retention: true },
        technology: technology.parse().unwrap(),
        temperature: Kelvin(350.0),
        macro_min: OrganisationSpec::MACRO_MIN,
        macro_max: OrganisationSpec::MACRO_MAX,
        macro_ports: Ports::SingleReadWrite,
        bank_cycles: None,
        assumptions: Assumptions::default(),
    }
}

/// A small memory of `domains` domains of 1024 words of 256 bits.
pub fn memory(technology: &str, domains: u32) -> BankedMemory {
    let model = EmbeddedTable::new(false).unwrap();
    let capacity = Bytes(u64::from(domains) * DOMAIN_WORDS * 32);
    let mut spec = spec(technology, capacity, domains, 1);
    spec.assumptions.controller = Some(ControllerGates { per_domain: 100, shared: 0 });
    organise(&spec, &model).unwrap()
}

pub fn node(block: u32, start: u64, amount: u32, window: (u32, u32, u32), kind: StimulusKind) -> StimulusNode {
    StimulusNode {
        start: Cycles(start),
        amount,
        pattern: 0,
        block: BlockId(block),
        window_first: window.0,
        window_words: window.1,
        cursor: window.2,
        kind,
        port: (block % 2) as u8,
        op: OpId(0),
        tensor: TensorId(0),
    }
}

/// Transfers on blocks anywhere in `words` words, within `cycles` cycles; windows wrap, blocks span domains, some survive.
pub fn stimuli(words: u64, cycles: u64) -> impl Strategy<Value = Stimulus> {
    let transfer = (0..cycles, 1u32..40, any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>());
    let block = (0..words, 1u64..3000, any::<bool>(), prop::collection::vec(transfer, 1..4));
    prop::collection::vec(block, 1..6).prop_map(move |drawn| {
        let mut stimulus = Stimulus { ports: 2, patterns: vec![Predecessors::NONE], ..Stimulus::default() };
        for (i, (first, size, survives, transfers)) in drawn.into_iter().enumerate() {
            let size = size.min(words - first);
            for &(start, amount, a, b, c, read) in &transfers {
                let window_first = a % size as u32;
                let window_words = 1 + b % (size as u32 - window_first);
                let kind = if read { StimulusKind::Read } else { StimulusKind::Write };
                let window = (window_first, window_words, c % window_words);
                stimulus.nodes.push(node(i as u32, start, amount, window, kind));
            }
            stimulus.blocks.push(Block {
                lifetime: LifetimeId(i as u32),
                first_word: first,
                words: size,
                last_bytes: 32,
                transfers: transfers.len() as u32,
                survives,
                after: Vec::new(),
            });
        }
        stimulus
    })
}

pub fn states() -> impl Strategy<Value = States> {
    (any::<bool>(), any::<bool>()).prop_map(|(light, retention)| States { light, retention })
}

pub fn policies() -> impl Strategy<Value = Policy> {
    let threshold = || prop::option::of((1u64..300).prop_map(Cycles));
    prop_oneof![
        Just(Policy::Never),
        Just(Policy::Immediate),
        Just(Policy::Mask),
        (threshold(), threshold(), threshold()).prop_map(|(light, retention, off)| Policy::Timeout {
            light,
            retention,
            off
        }),
    ]
}
