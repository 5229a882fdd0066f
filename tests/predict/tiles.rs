//! What runs look like: arrays that fetch two operands a tile, double buffered, compute, and write results.

use trapti::ids::{BlockId, LifetimeId, OpId, TensorId};
use trapti::power::{
    Block, Controller, ControllerTiming, Organisation, Policy, States, Stimulus, StimulusKind, StimulusNode,
    SwitchDelays,
};
use trapti::trace::{Predecessor, Predecessors};
use trapti::units::Cycles;

/// Requests of an operand fetch.
pub const TRAIN: u32 = 128;

/// A memory of `domains` domains of 64 Ki words with four ports and a timeout policy.
pub fn memory(domains: u32, interleave: u32, bank_cycles: u32) -> Controller {
    Controller {
        organisation: Organisation {
            domains,
            interleave,
            domain_words: 1 << 16,
            word_bits: 512,
            ports: 4,
            read_latency: 2,
            bank_cycles,
        },
        timing: ControllerTiming {
            t_iso: 2,
            t_settle_off: 8,
            t_settle_ret: 4,
            t_ret: 2,
            t_light: 2,
            t_ack_max: 64,
            t_min_on: 20,
            t_min_off: 20,
            max_waking: 2,
            sync_stages: 2,
        },
        switch: SwitchDelays { t_ack_off: 6, t_ack_ret: 3, t_ack_fall: 4 },
        states: States { light: true, retention: true },
        policy: Policy::Timeout { light: Some(Cycles(16)), retention: Some(Cycles(200)), off: Some(Cycles(2000)) },
        reset_on: false,
    }
}

/// `tiles` tiles on each of two arrays. With `shared` operands all four streams read the same blocks; otherwise each
/// its own, in domains apart.
pub fn tiles(controller: &Controller, tiles: u32, shared: bool) -> Stimulus {
    let organisation = &controller.organisation;
    let mut stimulus = Stimulus { ports: organisation.ports, ..Stimulus::default() };
    let part = organisation.words() / 8;
    for index in 0..8 {
        stimulus.blocks.push(Block {
            lifetime: LifetimeId(index),
            first_word: u64::from(index) * part,
            words: part,
            last_bytes: 64,
            transfers: 0,
            survives: index % 2 == 0,
            after: vec![],
        });
    }
    stimulus.patterns.push(Predecessors::NONE);
    for tile in 0..tiles {
        for array in 0..2 {
            push_tile(&mut stimulus, tile, array, shared);
        }
    }
    stimulus
}

/// Nodes of one tile of one array: two fetches, the computation, and every fourth time the result.
fn push_tile(stimulus: &mut Stimulus, tile: u32, array: u32, shared: bool) {
    let start = u64::from(tile) * u64::from(TRAIN);
    // In record order a tile of both arrays is seven nodes, or nine with the results.
    let before = |tile: u32, node: u32| (tile * 6 + tile.div_ceil(4) * 2 + node_of(tile, array, node)) as usize;
    let compute_before = |back: u32| tile.checked_sub(back).map(|tile| before(tile, 2));
    for fetch in 0..2 {
        let block = if shared { tile / 64 % 8 } else { array * 4 + fetch * 2 };
        let window = (tile % 8 * 1000 + fetch * 3, 6000);
        let waits: Vec<_> = compute_before(2).into_iter().map(|compute| (compute, 0)).collect();
        push(stimulus, StimulusKind::Read, start, TRAIN, (array * 2 + fetch, block, window), &waits);
    }
    let fetches = [(before(tile, 0), 4), (before(tile, 1), 4)];
    let waits: Vec<_> = fetches.into_iter().chain(compute_before(1).map(|compute| (compute, 0))).collect();
    push(stimulus, StimulusKind::Work, start + u64::from(TRAIN) + 4, TRAIN - 8, (0, 0, (0, 1)), &waits);
    if tile.is_multiple_of(4) {
        let waits = [(before(tile, 2), 0)];
        let place = (array * 2, array * 4 + 1, (tile * 16 % 1000, 6000));
        push(stimulus, StimulusKind::Write, start + 2 * u64::from(TRAIN), 16, place, &waits);
    }
}

fn node_of(tile: u32, array: u32, node: u32) -> u32 {
    array * (3 + u32::from(tile.is_multiple_of(4))) + node
}

type Place = (u32, u32, (u32, u32));

fn push(stimulus: &mut Stimulus, kind: StimulusKind, start: u64, amount: u32, place: Place, waits: &[(usize, u32)]) {
    let (port, block, (cursor, window)) = place;
    let mut list = Predecessors::NONE;
    let here = stimulus.nodes.len();
    for &(node, lag) in waits {
        list.push(Predecessor { back: (here - node) as u32, lag });
    }
    let pattern = stimulus.patterns.iter().rposition(|known| *known == list).unwrap_or_else(|| {
        stimulus.patterns.push(list);
        stimulus.patterns.len() - 1
    });
    let words = stimulus.blocks[block as usize].words as u32;
    stimulus.nodes.push(StimulusNode {
        start: Cycles(start),
        amount,
        pattern: pattern as u32,
        block: BlockId(block),
        window_first: 0,
        window_words: window.min(words),
        cursor,
        kind,
        port: port as u8,
        op: OpId(0),
        tensor: TensorId(0),
    });
    if kind != StimulusKind::Work {
        stimulus.blocks[block as usize].transfers += 1;
    }
}
