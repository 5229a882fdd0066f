//! Trains of tiles give the same bytes whether every transfer and computation is played or not.

use super::fixtures::{Block, accelerator, block, cases, small_accelerator};
use super::repetition::{assert_same, model, set_capacity};
use proptest::prelude::*;
use trapti::accelerator::{Accelerator, Dataflow, Fill, Overlap, Reclaim, Replacement, Victims};
use trapti::ids::LifetimeId;
use trapti::sim::{Options, Probe, simulate, simulate_observed};
use trapti::trace::Run;
use trapti::units::Bytes;
use trapti::workload::{AttentionOrder, KvRelease, Lowering, Projections, Scenario, WeightRelease, Workload, lower};

/// Events that were not played one by one, and every change of needed bytes.
#[derive(Debug, Default)]
struct Watch {
    rode: u64,
    changes: Vec<(u64, LifetimeId, u64)>,
}

impl Probe for Watch {
    fn rode(&mut self, events: u64) {
        self.rode += events;
    }

    fn lifetime_bytes(&mut self, cycle: u64, lifetime: LifetimeId, needed: u64) {
        self.changes.push((cycle, lifetime, needed));
    }
}

/// Counts events that were not played one by one and does not watch anything else.
#[derive(Debug, Default)]
struct Count(u64);

impl Probe for Count {
    fn observes(&self) -> bool {
        false
    }

    fn rode(&mut self, events: u64) {
        self.0 += events;
    }

    fn lifetime_bytes(&mut self, _: u64, _: LifetimeId, _: u64) {}
}

/// With and without trains; every layer simulated. Returns how many events were not played.
fn compare(workload: &Workload, accelerator: &Accelerator, options: &Options) -> u64 {
    let mut watches = [Watch::default(), Watch::default()];
    let [with, without] = &mut watches;
    let run = |trains: bool, watch: &mut Watch| -> Run {
        simulate_observed(workload, accelerator, &Options { trains, ..*options }, &mut |_| {}, watch).unwrap()
    };
    let runs = [run(true, with), run(false, without)];
    assert_same(&runs);
    assert_eq!(without.rode, 0);
    assert!(with.changes == without.changes, "the observer hears something else");
    with.rode
}

/// The share of events that were not played, in percent, and the same result.
fn share(workload: &Workload, accelerator: &Accelerator, options: &Options) -> u64 {
    let mut count = Count::default();
    let options = Options { replay: false, ..*options };
    let run = simulate_observed(workload, accelerator, &options, &mut |_| {}, &mut count).unwrap();
    assert_eq!(compare(workload, accelerator, &options), count.0);
    count.0 * 100 / run.statistics.events
}

fn decoder(scenario: &Scenario, heads: u32, change: impl Fn(&mut Lowering)) -> (Workload, Options) {
    let mut lowering = Lowering::for_scenario(scenario);
    change(&mut lowering);
    (lower(&model(2, heads, false), scenario, &lowering).unwrap(), Options::of(&lowering))
}

/// A block of attention that is large against the arrays.
fn large(tokens: u32, width: u32) -> Block {
    Block {
        tokens,
        width,
        head: 8,
        heads: 2,
        causal: true,
        window: None,
        fused: true,
        grouped: false,
        vectors: true,
        write_back: false,
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn blocks_are_the_same_with_trains(
        (block, scale) in (block(), 1u32..7),
        accelerator in small_accelerator(),
        whole in any::<bool>(),
        (share, policy) in (1u64..18, 0usize..4),
    ) {
        let block = Block { tokens: block.tokens * scale, width: block.width * scale, ..block };
        let workload = block.workload();
        let mut accelerator = accelerator;
        set_capacity(&mut accelerator, &workload, share);
        set_policy(&mut accelerator, policy);
        let weights = if whole { WeightRelease::Whole } else { WeightRelease::Streamed };
        compare(&workload, &accelerator, &Options { weights, ..Options::default() });
    }

    #[test]
    fn decoders_are_the_same_with_trains(
        accelerator in small_accelerator(),
        (heads, tokens, decode) in (1u32..9, 1u32..30, 0u32..4),
        [kept, whole, per_head, batch] in any::<[bool; 4]>(),
        order in prop::sample::select(vec![AttentionOrder::DepthFirst, AttentionOrder::BreadthFirst, AttentionOrder::Tiled]),
        (share, policy) in (1u64..18, 0usize..4),
        bits in prop::sample::select(vec![4u32, 8, 16]),
    ) {
        let mut scenario = Scenario { decode, batch: 1 + u32::from(batch), ..Scenario::new(tokens) };
        scenario.bits.weights = bits;
        let (workload, options) = decoder(&scenario, heads, |lowering| {
            lowering.kv = if kept { KvRelease::Kept } else { KvRelease::Released };
            lowering.weights = if whole { WeightRelease::Whole } else { WeightRelease::Streamed };
            lowering.projections = if per_head { Projections::PerHead } else { Projections::Fused };
            lowering.attention = order;
        });
        let mut accelerator = accelerator;
        set_capacity(&mut accelerator, &workload, share);
        set_policy(&mut accelerator, policy);
        if order == AttentionOrder::Tiled {
            accelerator.arrays.iter_mut().for_each(|array| array.dataflow = Dataflow::OutputStationary);
        }
        compare(&workload, &accelerator, &options);
    }
}

fn set_policy(accelerator: &mut Accelerator, policy: usize) {
    let memory = &mut accelerator.memories[0];
    match policy {
        1 => (memory.replacement, memory.reclaim) = (Replacement::Fifo, Reclaim::Eager),
        2 => memory.replacement = Replacement::Belady,
        3 => memory.victims = Victims::Any,
        _ => {}
    }
}

/// Large products on one array of any dataflow, serial and double-buffered, edge and full, consist of trains mostly.
#[test]
fn large_products_are_trains() {
    let workload = large(72, 64).workload();
    for dataflow in [Dataflow::OutputStationary, Dataflow::WeightStationary, Dataflow::InputStationary] {
        for (overlap, fill) in [(Overlap::Serial, Fill::Full), (Overlap::DoubleBuffered, Fill::Edge)] {
            let mut accelerator = accelerator(1, overlap);
            (accelerator.arrays[0].dataflow, accelerator.arrays[0].fill) = (dataflow, fill);
            let share = share(&workload, &accelerator, &Options::default());
            assert!(share > 40, "{dataflow:?} {overlap:?}: {share} %");
        }
    }
}

/// Weights that pass through a memory they do not fit into, token by token.
#[test]
fn streamed_weights_of_decoded_tokens_are_trains() {
    let scenario = Scenario { decode: 3, ..Scenario::new(4) };
    let (workload, options) = decoder(&scenario, 24, |_| {});
    let whole: u64 = workload.tensors.iter().map(|t| t.bytes().0).sum();
    let mut accelerator = accelerator(1, Overlap::DoubleBuffered);
    accelerator.memories[0].capacity = Some(Bytes(whole / 3));
    let share = share(&workload, &accelerator, &options);
    assert!(share > 40, "{share} %");
}

/// Weights that pass through a memory in which all the rest is needed: each tile takes the place of one that the same product has used.
#[test]
fn weights_that_take_their_own_places_are_trains() {
    let scenario = Scenario { decode: 3, ..Scenario::new(4) };
    let (workload, options) = decoder(&scenario, 24, |_| {});
    let mut accelerator = accelerator(1, Overlap::DoubleBuffered);
    let unlimited = simulate(&workload, &accelerator, &options, &mut |_| {}).unwrap();
    let needed = unlimited.statistics.memories[0].peak_needed.bytes;
    for extra in [0, 1, 50, 333] {
        accelerator.memories[0].capacity = Some(needed + Bytes(extra));
        let share = share(&workload, &accelerator, &options);
        assert!(share > 40, "{share} % with {extra} bytes more than are needed");
    }
}
