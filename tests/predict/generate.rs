//! Random controllers and stimuli: numbers of any size are drawn and folded into what fits, so that they shrink well.

use crate::power::generators::{tables, with_tables};
use proptest::collection::vec;
use proptest::prelude::*;
use trapti::ids::{BlockId, LifetimeId, OpId, TensorId};
use trapti::power::{
    Block, Controller, ControllerTiming, Organisation, Policy, States, Stimulus, StimulusKind, StimulusNode,
    SwitchDelays,
};
use trapti::trace::{Predecessor, Predecessors};
use trapti::units::Cycles;

/// Sizes of the drawn transfers.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub nodes: usize,
    pub requests: u32,
    pub domain_words_log2: u32,
}

/// A short stimulus, mostly of few requests.
pub fn case() -> impl Strategy<Value = (Controller, Stimulus)> {
    sized(Sizes { nodes: 24, requests: 12, domain_words_log2: 4 })
}

/// Trains of hundreds of requests over domains of hundreds of words.
pub fn long_case() -> impl Strategy<Value = (Controller, Stimulus)> {
    sized(Sizes { nodes: 16, requests: 300, domain_words_log2: 8 })
}

fn sized(sizes: Sizes) -> impl Strategy<Value = (Controller, Stimulus)> {
    controller(sizes).prop_flat_map(move |controller| {
        (Just(controller), vec(raw_block(), 1..6), vec(raw_node(), 1..sizes.nodes), tables()).prop_map(
            move |(controller, blocks, nodes, tables)| {
                (controller, with_tables(stimulus(&controller, sizes, &blocks, &nodes), &controller, tables))
            },
        )
    })
}

/// Any controller of small times; a few have a T_ACK_MAX too short for the switch, and domains end in FAULT.
pub fn controller(sizes: Sizes) -> impl Strategy<Value = Controller> {
    let organisation = (1..=5u32, 0..=3u32, 0..=sizes.domain_words_log2, 1..=4u32, 1..=4u32, 1..=3u32);
    let short = (0..=5u32, 0..=5u32, 0..=5u32, 0..=5u32, 0..=5u32);
    let rest = (0..=30u32, 0..=30u32, 1..=3u32, 1..=3u32, prop_oneof![8 => Just(10u32), 1 => 1..9u32]);
    let switch = (0..=5u32, 0..=5u32, 0..=5u32);
    let states = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (organisation, short, rest, switch, states, policy()).prop_map(
        |(organisation, short, rest, switch, states, policy)| {
            let (domains, interleave, words, ports, read_latency, bank_cycles) = organisation;
            let (t_iso, t_settle_off, t_settle_ret, t_ret, t_light) = short;
            let (t_min_on, t_min_off, max_waking, sync_stages, t_ack_max) = rest;
            Controller {
                organisation: Organisation {
                    domains,
                    interleave: 1 << interleave.min(words),
                    domain_words: 1 << words,
                    word_bits: 64,
                    ports,
                    read_latency,
                    bank_cycles,
                },
                timing: ControllerTiming {
                    t_iso,
                    t_settle_off,
                    t_settle_ret,
                    t_ret,
                    t_light,
                    t_ack_max,
                    t_min_on,
                    t_min_off,
                    max_waking,
                    sync_stages,
                },
                switch: SwitchDelays { t_ack_off: switch.0, t_ack_ret: switch.1, t_ack_fall: switch.2 },
                states: States { light: states.0, retention: states.1 },
                policy,
                reset_on: states.2,
            }
        },
    )
}

fn policy() -> impl Strategy<Value = Policy> {
    let threshold = || prop::option::of((0..60u64).prop_map(Cycles));
    prop_oneof![
        1 => Just(Policy::Never),
        2 => Just(Policy::Immediate),
        2 => Just(Policy::Mask),
        6 => (threshold(), threshold(), threshold())
            .prop_map(|(light, retention, off)| Policy::Timeout { light, retention, off }),
        6 => deepening(),
        4 => (1..20u32, threshold(), threshold(), threshold())
            .prop_map(|(depth, light, retention, off)| Policy::Scheduled { depth, light, retention, off }),
    ]
}

/// Thresholds that send a domain to retention first and OFF later.
fn deepening() -> impl Strategy<Value = Policy> {
    let light = prop::option::of((1..20u64).prop_map(Cycles));
    (light, 1..20u64, 1..60u64).prop_map(|(light, retention, more)| Policy::Timeout {
        light,
        retention: Some(Cycles(retention)),
        off: Some(Cycles(retention + more)),
    })
}

type RawBlock = (u64, u64, bool);

fn raw_block() -> impl Strategy<Value = RawBlock> {
    (any::<u16>().prop_map(u64::from), any::<u16>().prop_map(u64::from), prop::bool::weighted(0.2))
}

#[derive(Debug, Clone)]
struct RawNode {
    kind: u8,
    port: u8,
    block: u8,
    amount: u32,
    window: (u32, u32, u32),
    gap: u64,
    predecessors: Vec<(u32, u32)>,
}

fn raw_node() -> impl Strategy<Value = RawNode> {
    let gap = prop_oneof![6 => 0..4u64, 2 => 0..40u64, 1 => 0..300u64];
    let window = (any::<u16>(), any::<u16>(), any::<u16>()).prop_map(|(a, b, c)| (a.into(), b.into(), c.into()));
    let predecessors = vec((0..8u32, prop_oneof![3 => 0..3u32, 1 => 0..30u32]), 0..3);
    (0..3u8, any::<u8>(), any::<u8>(), any::<u16>(), window, gap, predecessors).prop_map(
        |(kind, port, block, amount, window, gap, predecessors)| RawNode {
            kind,
            port,
            block,
            amount: amount.into(),
            window,
            gap,
            predecessors,
        },
    )
}

fn stimulus(controller: &Controller, sizes: Sizes, blocks: &[RawBlock], nodes: &[RawNode]) -> Stimulus {
    let words = controller.organisation.words();
    let mut stimulus = Stimulus { ports: controller.organisation.ports, ..Stimulus::default() };
    for (index, &(first, length, survives)) in blocks.iter().enumerate() {
        let first_word = first % words;
        stimulus.blocks.push(Block {
            lifetime: LifetimeId::from(index),
            first_word,
            words: 1 + length % (words - first_word),
            last_bytes: 8,
            transfers: 0,
            survives,
            after: vec![],
        });
    }
    let mut start = 0;
    for raw in nodes {
        start += raw.gap;
        push_node(&mut stimulus, sizes, raw, start);
    }
    reuse(&mut stimulus);
    stimulus
}

fn push_node(stimulus: &mut Stimulus, sizes: Sizes, raw: &RawNode, start: u64) {
    let index = stimulus.nodes.len() as u32;
    let mut list = Predecessors::NONE;
    for &(back, lag) in raw.predecessors.iter().filter(|(back, _)| *back < index) {
        list.push(Predecessor { back: back + 1, lag });
    }
    stimulus.patterns.push(list);
    let kind = [StimulusKind::Read, StimulusKind::Write, StimulusKind::Work][usize::from(raw.kind)];
    let block = usize::from(raw.block) % stimulus.blocks.len();
    let words = stimulus.blocks[block].words as u32;
    let window_first = raw.window.0 % words;
    stimulus.nodes.push(StimulusNode {
        start: Cycles(start),
        amount: if kind == StimulusKind::Work { raw.amount % 40 } else { 1 + raw.amount % sizes.requests },
        pattern: index,
        block: BlockId::from(block),
        window_first,
        window_words: (words - window_first).saturating_sub(raw.window.1 % 4 * (raw.window.1 % words)).max(1),
        cursor: raw.window.2,
        kind,
        port: (u32::from(raw.port) % stimulus.ports) as u8,
        op: OpId(0),
        tensor: TensorId(0),
    });
    if kind != StimulusKind::Work {
        stimulus.blocks[block].transfers += 1;
    }
}

/// A block waits for every earlier one on its words whose transfers all come before its own.
fn reuse(stimulus: &mut Stimulus) {
    let span = |stimulus: &Stimulus, block: usize| {
        let of_block = |n: &StimulusNode| n.kind != StimulusKind::Work && n.block.index() == block;
        let first = stimulus.nodes.iter().position(of_block)?;
        Some((first, stimulus.nodes.iter().rposition(of_block)?))
    };
    for later in 0..stimulus.blocks.len() {
        for earlier in 0..stimulus.blocks.len() {
            let (a, b) = (&stimulus.blocks[earlier], &stimulus.blocks[later]);
            let overlap = a.first_word < b.first_word + b.words && b.first_word < a.first_word + a.words;
            let in_order = span(stimulus, earlier).zip(span(stimulus, later)).is_some_and(|(a, b)| a.1 < b.0);
            if overlap && in_order {
                stimulus.blocks[later].after.push(BlockId::from(earlier));
            }
        }
    }
}
