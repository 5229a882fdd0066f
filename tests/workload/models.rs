//! `config.json`: facts equal to published ones, and what is refused.

use super::{DEEPSEEK, GPT2_XL, SMALL_GPT2, SMALL_QWEN2, config, model, rendered};
use trapti::workload::{Attention, Family, GroupedAttention, Head, Model, Position, Scenario};

#[test]
fn facts_count_every_sequence_and_every_decoded_token() {
    let model = model(SMALL_QWEN2);
    let one = |prefill, decode| model.facts(&Scenario { decode, ..Scenario::new(prefill) }).unwrap().macs;
    let step_by_step: u64 = (0..5).map(|i| one(7 + i, 1).decode.attention).sum();
    assert_eq!(one(7, 5).decode.attention, step_by_step);
    assert_eq!(one(1, 12).decode.attention + one(1, 0).prefill.attention_full, one(13, 0).prefill.attention_causal);
    let batch = model.facts(&Scenario { batch: 3, ..Scenario::new(7) }).unwrap();
    assert_eq!(batch.macs.prefill.attention_causal, 3 * one(7, 0).prefill.attention_causal);
    assert_eq!(batch.kv_bytes_per_token, 2 * 2 * 8, "two layers, K and V, two heads of four");
}

#[test]
fn keys_and_values_of_four_bits_take_half_the_bytes() {
    let mut scenario = Scenario::new(1);
    scenario.bits.kv = 4;
    assert_eq!(model(GPT2_XL).facts(&scenario).unwrap().kv_bytes_per_token, 153_600 / 2);
}

#[test]
fn facts_have_the_json_shape_that_import_prints() {
    let facts = model(SMALL_GPT2).facts(&Scenario::new(8)).unwrap();
    let json = serde_json::to_value(&facts).unwrap();
    assert_eq!(json["parameters"], facts.parameters);
    assert_eq!(json["macs"]["prefill"]["attention_causal"], facts.macs.prefill.attention_causal);
    assert_eq!(json["macs"]["linear_per_token"], facts.macs.linear_per_token);
}

fn attention(model: &Model) -> GroupedAttention {
    let Attention::Grouped(attention) = model.decoder.as_ref().unwrap().layers[0].attention else { panic!() };
    attention
}

fn is_tied(model: &Model) -> bool {
    matches!(model.head, Head::LanguageModel(head) if head.tied)
}

#[test]
fn families_read_their_own_keys() {
    let gpt2 = model(GPT2_XL);
    let stack = gpt2.decoder.as_ref().unwrap();
    assert_eq!((gpt2.family, stack.embedding.position), (Family::Gpt2, Position::learned(1024)));
    let grouped = attention(&gpt2);
    assert_eq!((grouped.head_size, grouped.kv_heads, grouped.rotary, is_tied(&gpt2)), (64, 25, 0, true));
    assert_eq!(stack.layers[0].feed_forward.network().inner, 6400);
    let deepseek = model(DEEPSEEK);
    let grouped = attention(&deepseek);
    assert_eq!((deepseek.family, grouped.rotary), (Family::Qwen2, grouped.head_size));
    assert_eq!((grouped.query_width(), grouped.kv_width(), is_tied(&deepseek)), (1536, 256, false));
    let wide = SMALL_QWEN2.replace("\"vocab_size\"", "\"head_dim\": 16, \"vocab_size\"");
    assert_eq!(attention(&model(&wide)).query_width(), 96, "wider than the residual stream");
}

fn refusal(text: impl Into<String>) -> String {
    rendered(Model::parse(&config(text)).unwrap_err())
}

#[test]
fn an_unknown_family_is_refused_by_name() {
    let unknown = SMALL_GPT2.replace("\"gpt2\"", "\"mamba\"");
    let near = SMALL_GPT2.replace("\"gpt2\"", "\"gpt3\"");
    insta::assert_snapshot!([unknown, near, "{}".into(), r#"{"model_type": 2}"#.into()].map(refusal).join("\n\n"));
}

#[test]
fn every_wrong_field_is_named_with_its_place() {
    let text = SMALL_GPT2
        .replace("\"n_embd\": 24", "\"n_embd\": -24")
        .replace("\"n_layer\": 2", "\"n_layer\": 99999999999")
        .replace("\"n_positions\": 64", "\"n_positions\": \"many\"")
        .replace("gelu_new", "gelu_nwe")
        .replace("\"n_inner\": null", "\"n_inner\": 0.5");
    insta::assert_snapshot!(refusal(text));
}

#[test]
fn contradictions_name_both_fields() {
    let gpt2 = SMALL_GPT2.replace("\"n_head\": 3", "\"n_head\": 5");
    let qwen2 = SMALL_QWEN2.replace("\"num_key_value_heads\": 2", "\"num_key_value_heads\": 4");
    let odd = SMALL_QWEN2.replace("\"hidden_size\": 24", "\"hidden_size\": 18");
    let wide = SMALL_QWEN2.replace("\"vocab_size\"", "\"head_dim\": 1048576, \"vocab_size\"");
    insta::assert_snapshot!([gpt2, qwen2, odd, wide].map(refusal).join("\n\n"));
}

#[test]
fn what_this_version_does_not_compute_is_refused() {
    let cross = SMALL_GPT2.replace("\"vocab_size\"", "\"add_cross_attention\": true, \"vocab_size\"");
    insta::assert_snapshot!(refusal(cross));
}

#[test]
fn counts_beyond_64_bits_are_refused() {
    let huge = SMALL_GPT2
        .replace("\"n_embd\": 24", "\"n_embd\": 1048576")
        .replace("\"n_head\": 3", "\"n_head\": 1024")
        .replace("\"n_layer\": 2", "\"n_layer\": 4096");
    let scenario = Scenario { batch: 4096, ..Scenario::new(4096) };
    insta::assert_snapshot!(rendered(model(&huge).facts(&scenario).unwrap_err()), @r"
error[too-large]: a count of 906694364710971881029632 does not fit in 64 bits
 |
 = help: ask for fewer tokens, or a smaller model
");
}
