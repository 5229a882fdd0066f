//! Layers that repeat give the same bytes whether they are simulated one by one or once.

use super::fixtures::{cases, small_accelerator};
use proptest::prelude::*;
use trapti::accelerator::{Accelerator, Reclaim, Replacement, Victims};
use trapti::diagnostic::Source;
use trapti::sim::{Options, simulate};
use trapti::trace::{Node, NodeKind, Run};
use trapti::units::Bytes;
use trapti::workload::{
    AttentionOrder, Class, Home, KvRelease, Lowering, Model, Projections, Scenario, WeightRelease, Workload, lower,
};

/// A little decoder, grouped or not.
pub fn model(layers: u32, heads: u32, grouped: bool) -> Model {
    let (hidden, groups) = (heads * 4, if grouped { 1 } else { heads });
    let config = format!(
        r#"{{"model_type": "qwen2", "hidden_act": "silu", "hidden_size": {hidden}, "intermediate_size": {},
        "num_hidden_layers": {layers}, "num_attention_heads": {heads}, "num_key_value_heads": {groups}, "vocab_size": 11}}"#,
        hidden + 3
    );
    Model::parse(&Source::new("small.json", config)).unwrap()
}

fn both(workload: &Workload, accelerator: &Accelerator, options: &Options) -> [Run; 2] {
    [true, false].map(|replay| simulate(workload, accelerator, &Options { replay, ..*options }, &mut |_| {}).unwrap())
}

/// Everything that a run directory holds.
pub fn assert_same([fast, plain]: &[Run; 2]) {
    assert_eq!(fast.statistics, plain.statistics);
    assert_eq!(fast.lifetimes, plain.lifetimes);
    assert_eq!(fast.occupancy, plain.occupancy);
    assert_eq!(fast.accesses.patterns(), plain.accesses.patterns());
    assert!(fast.accesses.nodes() == plain.accesses.nodes(), "the nodes differ");
    for index in (0..plain.accesses.nodes().len()).step_by(97) {
        assert_eq!(fast.accesses.nodes().get(index), plain.accesses.nodes().get(index));
    }
}

/// Between a few tiles and more than everything, as a share of all tensors in sixteenths.
pub fn set_capacity(accelerator: &mut Accelerator, workload: &Workload, share: u64) {
    let whole: u64 = workload.tensors.iter().map(|t| t.bytes().0).sum();
    accelerator.memories[0].capacity = (share < 17).then(|| Bytes((whole * share / 16).max(200)));
}

proptest! {
    #![proptest_config(cases(250))]

    #[test]
    fn repeated_layers_are_simulated_once(
        accelerator in small_accelerator(),
        (layers, heads, tokens, decode) in (3u32..8, 1u32..4, 1u32..10, 0u32..4),
        flags in any::<[bool; 7]>(),
        order in prop::sample::select(vec![AttentionOrder::DepthFirst, AttentionOrder::BreadthFirst, AttentionOrder::Tiled]),
        share in 1u64..18,
        bits in prop::sample::select(vec![4u32, 8, 16]),
    ) {
        let [grouped, kept, whole, per_head, any, batch, other] = flags;
        let mut scenario = Scenario { decode, batch: 1 + u32::from(batch), ..Scenario::new(tokens) };
        scenario.bits.weights = bits;
        let mut lowering = Lowering::for_scenario(&scenario);
        lowering.kv = if kept { KvRelease::Kept } else { KvRelease::Released };
        lowering.weights = if whole { WeightRelease::Whole } else { WeightRelease::Streamed };
        lowering.projections = if per_head { Projections::PerHead } else { Projections::Fused };
        lowering.attention = order;
        let workload = lower(&model(layers, heads, grouped), &scenario, &lowering).unwrap();
        let mut accelerator = accelerator;
        set_capacity(&mut accelerator, &workload, share);
        if order == AttentionOrder::Tiled {
            accelerator.arrays.iter_mut().for_each(|array| array.accumulator_rows = None);
        }
        let memory = &mut accelerator.memories[0];
        if any {
            memory.victims = Victims::Any;
        }
        if other {
            (memory.replacement, memory.reclaim) = (Replacement::Fifo, Reclaim::Eager);
        }
        assert_same(&both(&workload, &accelerator, &Options::of(&lowering)));
    }
}

/// A model, a scenario and a memory that holds part of the keys and values, in sixteenths, besides what a layer needs.
fn spilling(
    (layers, heads, grouped): (u32, u32, bool),
    (tokens, decode): (u32, u32),
    lowering: impl Fn(&mut Lowering),
    (share, extra): (u64, u64),
    accelerator: &mut Accelerator,
) -> (Workload, Options) {
    let scenario = Scenario { decode, ..Scenario::new(tokens) };
    let mut lowered = Lowering::for_scenario(&scenario);
    lowering(&mut lowered);
    let workload = lower(&model(layers, heads, grouped), &scenario, &lowered).unwrap();
    let bytes = |class| workload.tensors.iter().filter(|t| t.class == class).map(|t| t.bytes().0).sum::<u64>();
    accelerator.memories[0].capacity = Some(Bytes(bytes(Class::Kv) * share / 16 + extra));
    (workload, Options::of(&lowered))
}

proptest! {
    #![proptest_config(cases(400))]

    /// Memories that hold a part of the keys and values: each token brings some in again, and rows that were just appended leave.
    #[test]
    fn layers_that_spill_are_simulated_once(
        accelerator in small_accelerator(),
        form in (3u32..10, 1u32..4, any::<bool>()),
        steps in (1u32..20, 0u32..6),
        [whole, breadth_first, per_head, eager, written] in any::<[bool; 5]>(),
        room in (1u64..18, 0u64..600),
    ) {
        let mut accelerator = accelerator;
        let (mut workload, options) = spilling(form, steps, |lowering| {
            lowering.weights = if whole { WeightRelease::Whole } else { WeightRelease::Streamed };
            lowering.attention = if breadth_first { AttentionOrder::BreadthFirst } else { AttentionOrder::DepthFirst };
            lowering.projections = if per_head { Projections::PerHead } else { Projections::Fused };
        }, room, &mut accelerator);
        accelerator.memories[0].reclaim = if eager { Reclaim::Eager } else { Reclaim::Lazy };
        workload.tensors.change(|tensors| {
            let results = tensors.iter_mut().filter(|t| t.class == Class::Activation && t.home == Home::None);
            results.step_by(3).for_each(|t| t.write_back = written);
        });
        assert_same(&both(&workload, &accelerator, &options));
    }
}

/// How many of the nodes are stored, in hundredths, where every tile is played; the runs are the same.
fn stored_share(workload: &Workload, accelerator: &Accelerator, options: &Options) -> (usize, Run) {
    let runs = both(workload, accelerator, &Options { trains: false, ..*options });
    assert_same(&runs);
    let [fast, plain] = runs;
    (fast.accesses.stored_nodes() * 100 / plain.accesses.stored_nodes(), plain)
}

/// Twelve layers whose keys and values do not fit: they leave dirty in the prompt, and row by row while tokens are decoded.
#[test]
fn layers_that_spill_keys_and_values_are_repeated() {
    let mut accelerator = super::fixtures::accelerator(2, trapti::accelerator::Overlap::DoubleBuffered);
    let (workload, options) = spilling((12, 2, false), (40, 8), |_| {}, (10, 1500), &mut accelerator);
    let (share, run) = stored_share(&workload, &accelerator, &options);
    let saved = run.accesses.nodes().iter().filter(|n| n.kind == NodeKind::WriteBack);
    let (prompt, decoded): (Vec<Node>, Vec<Node>) = saved.partition(|node| run.workload.phase_of(node.op) == Some(0));
    assert!(!prompt.is_empty() && decoded.len() > 20, "{} and {} write-backs", prompt.len(), decoded.len());
    assert!(share < 60, "{share} % of the nodes are stored");
}

/// Layers that do not fit write their own results back and read them again.
#[test]
fn layers_that_spill_their_own_results_are_repeated() {
    let mut accelerator = super::fixtures::accelerator(2, trapti::accelerator::Overlap::DoubleBuffered);
    let (workload, options) = spilling((12, 2, false), (30, 0), |_| {}, (0, 900), &mut accelerator);
    let (share, run) = stored_share(&workload, &accelerator, &options);
    let saved = run.accesses.nodes().iter().filter(|n| n.kind == NodeKind::WriteBack).count();
    assert!(saved > 100, "{saved} write-backs");
    assert!(share < 40, "{share} % of the nodes are stored");
}

/// Of twelve layers most are repeated, with room for everything and without; what is repeated is not stored again.
#[test]
fn most_layers_of_a_model_are_repeated() {
    let scenario = Scenario::new(9);
    for (attention, share) in
        [(AttentionOrder::DepthFirst, None), (AttentionOrder::DepthFirst, Some(5)), (AttentionOrder::Tiled, None)]
    {
        let lowering = Lowering { attention, ..Lowering::for_scenario(&scenario) };
        let workload = lower(&model(12, 2, false), &scenario, &lowering).unwrap();
        let whole: u64 = workload.tensors.iter().map(|t| t.bytes().0).sum();
        let capacity = share.map(|share| Bytes(whole / share));
        let mut accelerator = super::fixtures::accelerator(2, trapti::accelerator::Overlap::DoubleBuffered);
        accelerator.memories[0].capacity = capacity;
        let runs = both(&workload, &accelerator, &Options { trains: false, ..Options::of(&lowering) });
        assert_same(&runs);
        let [fast, plain] = runs.map(|run| run.accesses.stored_nodes());
        assert!(fast * 2 < plain, "{fast} of {plain} nodes are stored");
    }
}
