//! Layers that repeat give the same bytes whether they are simulated one by one or once.

use super::fixtures::small_accelerator;
use proptest::prelude::*;
use trapti::accelerator::{Accelerator, Reclaim, Replacement, Victims};
use trapti::diagnostic::Source;
use trapti::sim::{Options, simulate};
use trapti::trace::Run;
use trapti::units::Bytes;
use trapti::workload::{
    AttentionOrder, KvRelease, Lowering, Model, Projections, Scenario, WeightRelease, Workload, lower,
};

/// A little decoder, grouped or not.
fn model(layers: u32, heads: u32, grouped: bool) -> Model {
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
fn assert_same([fast, plain]: &[Run; 2]) {
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
fn set_capacity(accelerator: &mut Accelerator, workload: &Workload, share: u64) {
    let whole: u64 = workload.tensors.iter().map(|t| t.bytes().0).sum();
    accelerator.memories[0].capacity = (share < 17).then(|| Bytes((whole * share / 16).max(200)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

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
        let runs = both(&workload, &accelerator, &Options::of(&lowering));
        assert_same(&runs);
        let [fast, plain] = runs.map(|run| run.accesses.stored_nodes());
        assert!(fast * 2 < plain, "{fast} of {plain} nodes are stored");
    }
}
