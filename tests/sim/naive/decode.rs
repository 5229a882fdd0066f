//! Layers of a decoder token by token: keys and values grow, of several sequences, whole or within a window.

use super::super::fixtures::{cases, small_accelerator};
use super::cases::{assert_equal, limit, policies};
use proptest::prelude::*;
use trapti::diagnostic::Source;
use trapti::sim::Options;
use trapti::workload::{
    AttentionOrder, KvRelease, Lowering, Model, Projections, Scenario, WeightRelease, Workload, lower,
};

/// Heads that share a key, pairs of numbers in a head, and the window, if there is one.
fn model((shared, pairs, window): (u32, u32, Option<u32>)) -> Model {
    let window = window.map_or("null".into(), |window| window.to_string());
    let (heads, hidden) = (2 * shared, 4 * shared * pairs);
    let text = format!(
        r#"{{"model_type": "mistral", "hidden_act": "silu", "hidden_size": {hidden}, "intermediate_size": 3,
        "num_hidden_layers": 1, "num_attention_heads": {heads}, "num_key_value_heads": 2, "vocab_size": 3,
        "sliding_window": {window}}}"#
    );
    Model::parse(&Source::new("small.json", &text)).unwrap()
}

fn decoded() -> impl Strategy<Value = (Workload, Options)> {
    let sizes = (1u32..3, 1u32..3, prop::option::of(1u32..5));
    (sizes, (1u32..4, 0u32..4, 1u32..3), any::<[bool; 5]>()).prop_map(|(sizes, (prefill, decode, batch), flags)| {
        let scenario = Scenario { decode, batch, ..Scenario::new(prefill) };
        let mut lowering = Lowering::for_scenario(&scenario);
        lowering.attention = if flags[0] { AttentionOrder::DepthFirst } else { AttentionOrder::BreadthFirst };
        lowering.projections = if flags[1] { Projections::Fused } else { Projections::PerHead };
        lowering.kv = if flags[2] { KvRelease::Kept } else { KvRelease::Released };
        lowering.weights = if flags[3] { WeightRelease::Streamed } else { WeightRelease::Whole };
        lowering.causal = flags[4];
        (lower(&model(sizes), &scenario, &lowering).unwrap(), Options::of(&lowering))
    })
}

proptest! {
    #![proptest_config(cases(3))]

    #[test]
    fn tokens_unlimited((workload, options) in decoded(), chip in small_accelerator()) {
        assert_equal(&workload, &chip, &options);
    }

    #[test]
    fn tokens_limited(
        (workload, options) in decoded(), chip in small_accelerator(), percent in 30u64..100, policies in policies(),
    ) {
        let mut chip = chip;
        limit(&mut chip, &workload, &[percent], policies);
        assert_equal(&workload, &chip, &options);
    }
}
