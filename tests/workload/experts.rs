//! Mixtures of experts, and the arrangements of normalisations.

use super::{lowered, model, rendered};
use proptest::prelude::*;
use trapti::workload::{Lowering, Model, OpKind, Scenario, VectorKind, Workload, lower};

fn mixtral(experts: u32, active: u32) -> String {
    format!(
        r#"{{"model_type": "mixtral", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "vocab_size": 20,
        "num_attention_heads": 2, "num_key_value_heads": 1, "num_local_experts": {experts}, "num_experts_per_tok": {active}}}"#
    )
}

/// Rows that each expert works on.
fn rows_by_expert(workload: &Workload, experts: u32) -> Vec<u32> {
    let rows = |expert| {
        let name = format!("layer0.ffn.expert{expert}.down");
        let op = workload.ops.iter().find(|op| op.name == name.as_str());
        op.map_or(0, |op| match op.kind {
            OpKind::Matmul { m, .. } => m,
            _ => panic!("{name}"),
        })
    };
    (0..experts).map(rows).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_token_takes_the_experts_of_the_rule(experts in 1u32..9, active in 1u32..5, tokens in 1u32..20, batch in 1u32..3) {
        let active = active.min(experts);
        let text = mixtral(experts, active);
        let scenario = Scenario { batch, ..Scenario::new(tokens) };
        let workload = lowered(&text, &scenario, |_| ());
        let mut rows = vec![0; experts as usize];
        for token in 0..tokens * batch {
            for choice in 0..active {
                rows[((token * active + choice) % experts) as usize] += 1;
            }
        }
        prop_assert_eq!(rows_by_expert(&workload, experts), rows);
        let facts = model(&text).facts(&scenario).unwrap().macs;
        let macs: u64 = workload.ops.iter().map(|op| op.kind.macs()).sum();
        prop_assert_eq!(macs, facts.prefill.linear + facts.prefill.attention_full + u64::from(batch) * facts.lm_head_per_token);
    }
}

#[test]
fn the_router_chooses_as_many_experts_as_a_token_takes() {
    let workload = lowered(&mixtral(4, 2), &Scenario::new(6), |_| ());
    let count =
        |kind| workload.ops.iter().filter(|op| matches!(op.kind, OpKind::Vector { op, .. } if op == kind)).count();
    assert_eq!(count(VectorKind::Maximum), 2);
    assert_eq!((count(VectorKind::Weighted), count(VectorKind::WeightedAdd)), (1, 1));
    let read = |name: &str| {
        let op = workload.ops.iter().find(|op| op.name == name).unwrap();
        op.kind.inputs().iter().map(|&t| workload.tensor(t).name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(read("layer0.ffn.sum"), ["layer0.ffn.choice0", "layer0.ffn.router"]);
    assert_eq!(read("layer0.ffn.choice1.add"), ["layer0.ffn.sum", "layer0.ffn.choice1", "layer0.ffn.router"]);
}

#[test]
fn shared_experts_see_every_token_and_dense_layers_come_first() {
    let text = r#"{"model_type": "deepseek_v2", "hidden_size": 16, "intermediate_size": 24, "moe_intermediate_size": 6,
        "num_hidden_layers": 3, "vocab_size": 20, "num_attention_heads": 2, "n_routed_experts": 4, "n_shared_experts": 2,
        "num_experts_per_tok": 2, "first_k_dense_replace": 1, "q_lora_rank": null, "kv_lora_rank": 8,
        "qk_nope_head_dim": 4, "qk_rope_head_dim": 2, "v_head_dim": 4}"#;
    let model = model(text);
    let scenario = Scenario::new(5);
    let Ok(workload) = lower(&model, &scenario, &Lowering::for_scenario(&scenario)) else { panic!("not lowered") };
    let shape = |name: &str| {
        let tensor = workload.tensors.iter().find(|tensor| tensor.name == name);
        tensor.map(|tensor| (tensor.rows, tensor.cols))
    };
    assert_eq!(shape("layer0.ffn.gate"), Some((5, 24)), "dense");
    assert_eq!(shape("layer0.ffn.router"), None);
    assert_eq!(shape("layer1.ffn.router"), Some((5, 4)));
    assert_eq!(shape("layer2.ffn.shared.gate"), Some((5, 12)), "two experts of six");
}

/// Names of the ops of the first layer that stand around its parts.
fn around(text: &str) -> Vec<String> {
    let workload = lowered(text, &Scenario::new(4), |_| ());
    let keep = |name: &str| name.contains("norm") || name.contains("residual") || name.ends_with("parallel");
    let names =
        workload.ops.iter().map(|op| op.name.to_string()).filter(|name| name.starts_with("layer0.") && keep(name));
    names.map(|name| name.trim_start_matches("layer0.").to_string()).collect()
}

fn tiny(model_type: &str) -> String {
    format!(
        r#"{{"model_type": "{model_type}", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 8, "vocab_size": 20, "partial_rotary_factor": 1.0}}"#
    )
}

#[test]
fn normalisations_stand_where_the_family_has_them() {
    assert_eq!(around(&tiny("llama")), ["attention.norm", "attention.residual", "ffn.norm", "ffn.residual"]);
    assert_eq!(around(&tiny("phi")), ["norm", "parallel", "residual"]);
    let sandwich =
        ["attention.norm", "attention.post_norm", "attention.residual", "ffn.norm", "ffn.post_norm", "ffn.residual"];
    assert_eq!(around(&tiny("gemma2")), sandwich);
    assert_eq!(around(&tiny("bert")), ["attention.residual", "attention.norm", "ffn.residual", "ffn.norm"]);
}

#[test]
fn gates_and_functions_are_those_of_the_config() {
    let functions = |text: &str| {
        let workload = lowered(text, &Scenario::new(4), |_| ());
        let kind = |op: trapti::workload::Op| match op.kind {
            OpKind::Vector { op: kind, .. } if op.name.to_string().contains(".ffn.") => Some(kind),
            _ => None,
        };
        let kinds = workload.ops.iter().filter_map(kind);
        kinds
            .filter(|kind| !matches!(kind, VectorKind::Add | VectorKind::RmsNorm | VectorKind::LayerNorm))
            .collect::<Vec<_>>()
    };
    let with = |model_type: &str, key: &str, value: &str| {
        tiny(model_type).replace("\"vocab", &format!("\"{key}\": \"{value}\", \"vocab"))
    };
    assert_eq!(functions(&tiny("llama")), [VectorKind::SwiGlu]);
    assert_eq!(functions(&with("llama", "hidden_act", "gelu")), [VectorKind::GeGlu]);
    assert_eq!(functions(&with("llama", "hidden_act", "relu")), [VectorKind::ReGlu]);
    assert_eq!(functions(&with("phi", "hidden_act", "relu")), [VectorKind::Relu]);
    assert_eq!(functions(&with("phi", "hidden_act", "silu")), [VectorKind::Silu]);
    assert_eq!(functions(&with("phi", "hidden_act", "gelu_new")), [VectorKind::Gelu]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_queries_see_is_counted_one_by_one(window in 1u32..40, prefill in 1u32..50, decode in 0u32..30, layers in 1u32..7) {
        let text = format!(
            r#"{{"model_type": "gemma3_text", "hidden_size": 16, "num_hidden_layers": {layers}, "num_attention_heads": 2,
            "num_key_value_heads": 1, "head_dim": 4, "sliding_window": {window}, "sliding_window_pattern": 3}}"#
        );
        let model: Model = Model::parse(&super::config(text)).map_err(|e| TestCaseError::fail(rendered(e)))?;
        let facts = model.facts(&Scenario { decode, ..Scenario::new(prefill) }).unwrap().macs;
        let pair = 2 * 2 * 4u64;
        let seen = |layer: u32, position: u32| u64::from(if (layer + 1).is_multiple_of(3) { position } else { position.min(window) });
        let count = |from: u32, to: u32| (0..layers).flat_map(|l| (from..=to).map(move |p| (l, p))).map(|(l, p)| seen(l, p) * pair).sum::<u64>();
        prop_assert_eq!(facts.prefill.attention_causal, count(1, prefill));
        prop_assert_eq!(facts.decode.attention, count(prefill + 1, prefill + decode));
        prop_assert_eq!(facts.prefill.attention_full, u64::from(layers) * u64::from(prefill) * u64::from(prefill) * pair);
    }
}
