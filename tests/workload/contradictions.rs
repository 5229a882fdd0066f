//! Configs that contradict themselves, and scenarios that do not fit a model: each refused at its place.

use super::{config, model, rendered};
use trapti::workload::{Model, Scenario};

/// What is said about a config of a line a field.
fn refusal(model_type: &str, fields: &[&str]) -> String {
    let text = format!("{{\n  \"model_type\": \"{model_type}\",\n  {}\n}}", fields.join(",\n  "));
    match Model::parse(&config(text)) {
        Ok(_) => panic!("{model_type} {fields:?} is accepted"),
        Err(error) => rendered(error),
    }
}

/// Code, line and column of a refusal.
fn place(text: &str) -> (String, String) {
    let code = text.split_once('[').unwrap().1.split_once(']').unwrap().0.to_string();
    let place = text.split_once("small.json:").unwrap().1.split_once('\n').unwrap().0.to_string();
    (code, place)
}

#[test]
fn every_contradiction_has_a_code_and_a_place() {
    let cases: [(&str, &[&str], &str, &str); 26] = [
        (
            "bert",
            &[r#""hidden_size": 768"#, r#""num_attention_heads": 12"#, r#""head_dim": 32"#],
            "contradiction",
            "5:15",
        ),
        ("bert", &[r#""num_attention_heads": 7"#], "contradiction", "3:26"),
        ("bert", &[r#""position_embedding_type": "relative_key""#], "not-available", "3:30"),
        ("roberta", &[r#""max_position_embeddings": 2"#], "contradiction", "3:30"),
        ("phi", &[r#""head_dim": 65"#], "contradiction", "3:15"),
        ("phi", &[r#""partial_rotary_factor": 1.5"#], "out-of-range", "3:28"),
        ("phi", &[r#""partial_rotary_factor": 0.05"#], "contradiction", "3:28"),
        ("llama", &[r#""num_key_value_heads": 5"#], "contradiction", "3:26"),
        ("llama", &[r#""head_dim": 63"#], "contradiction", "1:1"),
        ("llama", &[r#""num_attention_heads": 0"#], "out-of-range", "3:26"),
        ("mistral", &[r#""sliding_window": 0"#], "out-of-range", "3:21"),
        ("mixtral", &[r#""num_local_experts": 4"#, r#""num_experts_per_tok": 5"#], "contradiction", "4:26"),
        ("mixtral", &[r#""num_local_experts": 4"#, r#""num_experts": 5"#], "contradiction", "4:18"),
        ("gpt2", &[r#""n_embd": 768"#, r#""hidden_size": 1024"#], "contradiction", "4:18"),
        (
            "gemma3_text",
            &[r#""num_hidden_layers": 2"#, r#""layer_types": ["full_attention"]"#],
            "contradiction",
            "4:18",
        ),
        ("gemma3_text", &[r#""num_hidden_layers": 1"#, r#""layer_types": ["local"]"#], "unknown-name", "4:19"),
        ("gemma3_text", &[r#""sliding_window_pattern": 0"#], "out-of-range", "3:29"),
        // A field of Gemma3TextConfig that EmbeddingGemma sets.
        ("gemma3_text", &[r#""use_bidirectional_attention": true"#], "not-available", "3:34"),
        ("gemma3", &[r#""hidden_size": 768"#], "missing-key", "1:1"),
        ("qwen3", &[r#""num_hidden_layers": 1"#, r#""layer_types": ["sliding_attention"]"#], "contradiction", "4:18"),
        ("deepseek_v2", &[r#""qk_rope_head_dim": 63"#, r#""num_experts_per_tok": 6"#], "contradiction", "3:23"),
        ("deepseek_v2", &[r#""n_routed_experts": 64"#], "missing-key", "1:1"),
        ("deepseek_v2", &[r#""moe_layer_freq": 0"#, r#""num_experts_per_tok": 6"#], "out-of-range", "3:21"),
        ("vit", &[r#""image_size": 8"#, r#""patch_size": 16"#], "contradiction", "4:17"),
        ("vit", &[r#""num_labels": 2"#, r#""id2label": {"0": "cat"}"#], "contradiction", "3:17"),
        ("t5", &[r#""feed_forward_proj": "gated-glu""#], "unknown-name", "3:24"),
    ];
    for (model_type, fields, code, at) in cases {
        let text = refusal(model_type, fields);
        assert_eq!(place(&text), (code.to_string(), at.to_string()), "{text}");
        assert!(text.contains("expected") || text.contains("available"), "{text}");
    }
}

#[test]
fn a_contradiction_reads_well() {
    let texts = [
        refusal("mixtral", &[r#""num_local_experts": 4"#, r#""num_experts_per_tok": 5"#]),
        refusal("gpt2", &[r#""n_embd": 768"#, r#""hidden_size": 1024"#]),
        refusal("gemma3_text", &[r#""num_hidden_layers": 2"#, r#""layer_types": ["full_attention"]"#]),
        refusal("llama", &[r#""head_dim": 63"#]),
    ];
    insta::assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn a_source_is_required_by_encoder_decoders_and_refused_where_nothing_reads_it() {
    let small = |model_type: &str| model(&format!("{{\"model_type\": \"{model_type}\"}}"));
    let said = |model_type: &str, scenario: &Scenario| rendered(small(model_type).facts(scenario).unwrap_err());
    let with_source = Scenario { source: Some(64), ..Scenario::new(1) };
    let decoding = Scenario { decode: 1, ..Scenario::new(8) };
    let texts = [
        said("t5", &Scenario::new(8)),
        said("whisper", &Scenario::new(8)),
        said("llama", &with_source),
        said("vit", &with_source),
        said("bert", &decoding),
    ];
    insta::assert_snapshot!(texts.join("\n\n"));
    let rows = |model_type: &str, scenario: &Scenario| small(model_type).source_rows(scenario).unwrap();
    assert_eq!(rows("bert", &with_source), Some(64));
    assert_eq!(rows("bert", &Scenario::new(32)), Some(32), "an encoder alone reads the prompt");
    assert_eq!(rows("vit", &Scenario::new(1)), Some(197));
    assert_eq!(rows("llama", &Scenario::new(1)), None);
}

#[test]
fn a_scenario_with_a_source_needs_no_prompt() {
    let read = |text: &str| Scenario::parse(&trapti::diagnostic::Source::new("scenario.toml", text));
    assert_eq!(read("source = 1500\ndecode = 4").unwrap().prefill, 1);
    assert_eq!(read("source = 1500\nprefill = 4").unwrap().prefill, 4);
    assert!(rendered(read("decode = 4").unwrap_err()).contains("prefill"));
}
