//! Every family from end to end: encoders, decoders, both; the multiplications of the op graph, and a run of it.

use super::facts::{facts_rows, folder_model};
use super::{lowered, model, rendered};
use proptest::prelude::*;
use trapti::ids::TensorId;
use trapti::workload::{
    AttentionOrder, Class, Home, LatentForm, Lowering, Model, OpKind, PhaseKind, Projections, Scenario, Scores,
    Workload, lower,
};

/// A config of each family that is small enough to lower and run in every test.
pub const SMALL: [(&str, &str); 20] = [
    ("gpt2", r#""n_embd": 12, "n_head": 3, "n_layer": 2, "n_positions": 64, "vocab_size": 20"#),
    (
        "llama",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2, "vocab_size": 20"#,
    ),
    (
        "mobilellm",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_key_value_heads": 1, "num_hidden_layers": 2, "vocab_size": 20, "share_embedding": true"#,
    ),
    (
        "mistral",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2, "vocab_size": 20, "sliding_window": 3"#,
    ),
    (
        "mixtral",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2, "vocab_size": 20, "num_local_experts": 5, "num_experts_per_tok": 3"#,
    ),
    (
        "qwen2",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2, "vocab_size": 20, "use_sliding_window": true, "sliding_window": 2, "max_window_layers": 1"#,
    ),
    (
        "qwen3",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2, "vocab_size": 20, "head_dim": 6"#,
    ),
    (
        "gemma2",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2, "vocab_size": 20, "head_dim": 6, "sliding_window": 3"#,
    ),
    (
        "gemma3_text",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_key_value_heads": 1, "num_hidden_layers": 3, "vocab_size": 20, "head_dim": 6, "sliding_window": 2, "sliding_window_pattern": 2"#,
    ),
    (
        "gemma3",
        r#""text_config": {"hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_key_value_heads": 1, "num_hidden_layers": 2, "vocab_size": 20, "head_dim": 6}"#,
    ),
    (
        "phi",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 2, "num_hidden_layers": 2, "vocab_size": 20, "qk_layernorm": true"#,
    ),
    (
        "phi3",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_hidden_layers": 2, "vocab_size": 20, "partial_rotary_factor": 0.5, "sliding_window": 3"#,
    ),
    (
        "olmo",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_hidden_layers": 2, "vocab_size": 20"#,
    ),
    (
        "deepseek_v2",
        r#""hidden_size": 16, "intermediate_size": 24, "moe_intermediate_size": 6, "num_hidden_layers": 2, "vocab_size": 20, "num_attention_heads": 2, "n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2, "first_k_dense_replace": 1, "q_lora_rank": 10, "kv_lora_rank": 8, "qk_nope_head_dim": 4, "qk_rope_head_dim": 2, "v_head_dim": 6"#,
    ),
    (
        "bert",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_hidden_layers": 2, "vocab_size": 20"#,
    ),
    (
        "roberta",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_hidden_layers": 2, "vocab_size": 20"#,
    ),
    (
        "vit",
        r#""hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_hidden_layers": 2, "image_size": 8, "patch_size": 4, "num_labels": 5"#,
    ),
    (
        "deit",
        r#""architectures": ["DeiTForImageClassificationWithTeacher"], "hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_hidden_layers": 2, "image_size": 8, "patch_size": 4, "num_labels": 5"#,
    ),
    (
        "t5",
        r#""d_model": 16, "d_ff": 20, "d_kv": 6, "num_heads": 2, "num_layers": 2, "num_decoder_layers": 3, "vocab_size": 20, "feed_forward_proj": "gated-gelu""#,
    ),
    (
        "whisper",
        r#""d_model": 16, "encoder_layers": 2, "encoder_attention_heads": 2, "encoder_ffn_dim": 20, "decoder_layers": 2, "decoder_attention_heads": 4, "decoder_ffn_dim": 24, "num_mel_bins": 5, "vocab_size": 20"#,
    ),
];

/// The config of the family of that index.
pub fn small(index: usize) -> String {
    let (model_type, fields) = SMALL[index];
    format!("{{\"model_type\": \"{model_type}\", {fields}}}")
}

/// A scenario that suits the model: a source where it reads one, tokens to decode where it has a decoder.
pub fn fitting(model: &Model, prefill: u32, decode: u32, source: u32, batch: u32) -> Scenario {
    let reads = model.encoder.as_ref().is_some_and(|encoder| encoder.embedding.fixed_rows().is_none());
    let decode = if model.decoder.is_some() { decode } else { 0 };
    Scenario { decode, source: reads.then_some(source), batch, ..Scenario::new(prefill) }
}

/// Multiplications that the facts say an op graph has in all: the full square of a prompt, the head wherever it runs.
fn expected(model: &Model, scenario: &Scenario) -> u64 {
    let macs = model.facts(scenario).unwrap_or_else(|error| panic!("{}", rendered(error))).macs;
    let encode = &macs.encode;
    let encode = encode.stem + encode.linear + encode.attention + encode.head + encode.cross_kv;
    let Some(_) = model.decoder else { return encode };
    let head = u64::from(scenario.batch) * macs.lm_head_per_token;
    let prefill = macs.prefill.linear + macs.prefill.attention_full + head;
    encode + prefill + macs.decode.linear + macs.decode.attention + macs.decode.lm_head
}

fn macs(workload: &Workload) -> u64 {
    workload.ops.iter().map(|op| op.kind.macs()).sum()
}

#[test]
fn multiplications_of_every_model_add_up_to_its_facts() {
    let rows = facts_rows();
    assert_eq!(rows.len(), 20);
    for row in rows {
        let model = folder_model(&row["model"]);
        // Latent keys and values are made again for each token, and the facts count them once.
        let decode = if row["model"].starts_with("deepseek-v2") { 0 } else { 2 };
        let scenario = fitting(&model, 16, decode, 24, 1);
        let lowering = Lowering { mla: LatentForm::Expanded, ..Lowering::for_scenario(&scenario) };
        let workload = lower(&model, &scenario, &lowering);
        let workload = workload.unwrap_or_else(|error| panic!("{}: {}", row["model"], rendered(error)));
        assert_eq!(macs(&workload), expected(&model, &scenario), "{}", row["model"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn every_family_lowers_to_a_sound_graph_with_the_products_of_its_facts(
        family in 0..SMALL.len(), prefill in 1..8u32, decode in 0..4u32, source in 1..8u32, batch in 1..3u32,
        choice in 0..5u32, lm_head: bool,
    ) {
        let text = small(family);
        let model = model(&text);
        let decode = if SMALL[family].0 == "deepseek_v2" { 0 } else { decode };
        let scenario = Scenario { lm_head, ..fitting(&model, prefill, decode, source, batch) };
        let latent = SMALL[family].0 == "deepseek_v2";
        let workload = lowered(&text, &scenario, |l| {
            l.mla = LatentForm::Expanded;
            match choice {
                1 => l.attention = AttentionOrder::BreadthFirst,
                2 => l.projections = Projections::PerHead,
                3 if !latent => l.scores = Scores::Aggregated,
                4 => l.attention = AttentionOrder::Tiled,
                _ => {}
            }
        });
        prop_assert!(workload.check().is_ok());
        if lm_head {
            prop_assert_eq!(macs(&workload), expected(&model, &scenario));
        }
        prop_assert!(workload.tensors.iter().any(|tensor| tensor.write_back));
        prop_assert!(workload.tensors.iter().filter(|t| t.class == Class::Weight).all(|t| t.home == Home::Dram));
    }
}

#[test]
fn phases_are_those_of_the_stacks() {
    let phases = |index: usize| {
        let text = small(index);
        let scenario = fitting(&model(&text), 3, 1, 4, 1);
        lowered(&text, &scenario, |_| ()).phases.iter().map(|phase| phase.kind).collect::<Vec<_>>()
    };
    use PhaseKind::{Decode, Encode, Prefill};
    let index = |name: &str| SMALL.iter().position(|(model_type, _)| *model_type == name).unwrap();
    assert_eq!(phases(index("gpt2")), [Prefill, Decode]);
    assert_eq!(phases(index("bert")), [Encode]);
    assert_eq!(phases(index("vit")), [Encode]);
    assert_eq!(phases(index("t5")), [Encode, Prefill, Decode]);
    assert_eq!(phases(index("whisper")), [Encode, Prefill, Decode]);
}

/// Even and odd frames stand in one row: all of them reach the second convolution.
#[test]
fn every_frame_of_a_convolution_is_read() {
    let text = small(SMALL.iter().position(|(model_type, _)| *model_type == "whisper").unwrap());
    let workload = lowered(&text, &Scenario { source: Some(6), ..Scenario::new(1) }, |_| ());
    let size = |id: TensorId| (workload.tensor(id).rows, workload.tensor(id).cols);
    let views = workload.ops.iter().filter_map(|op| match op.kind {
        OpKind::View { input, out, .. } if op.name.ends_with("taps") => Some((size(input), size(out))),
        _ => None,
    });
    let views: Vec<_> = views.collect();
    assert_eq!(views.len(), 2);
    for ((rows, stored), (shown_rows, shown)) in views {
        assert_eq!((rows, shown_rows, 2 * shown), (6, 6, 3 * stored));
    }
}

#[test]
fn too_long_a_source_is_refused() {
    let whisper = model(&small(19));
    let scenario = Scenario { source: Some(1501), ..Scenario::new(1) };
    let error = lower(&whisper, &scenario, &Lowering::for_scenario(&scenario)).unwrap_err();
    assert!(rendered(error).contains("1500"));
}
