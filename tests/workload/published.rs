//! Configs that are not in the folder of models: essential fields as published, and the published parameter totals.

use super::model;
use trapti::workload::{Arrangement, Attention, FeedForward, Model, Scenario};

/// A config with these fields besides its `model_type`.
fn config(model_type: &str, fields: &str) -> Model {
    model(&format!("{{\"model_type\": \"{model_type}\", {fields}}}"))
}

fn parameters(model: &Model) -> u64 {
    let source = model.encoder.as_ref().filter(|encoder| encoder.embedding.fixed_rows().is_none()).map(|_| 1);
    model.facts(&Scenario { source, ..Scenario::new(1) }).unwrap().parameters
}

/// Parameter totals of the checkpoints on the Hugging Face Hub.
const PUBLISHED: [(&str, &str, &str, u64); 34] = [
    (
        "gpt2",
        "gpt2",
        r#""n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024, "vocab_size": 50257"#,
        124_439_808,
    ),
    ("gpt2-medium", "gpt2", r#""n_embd": 1024, "n_head": 16, "n_layer": 24"#, 354_823_168),
    ("gpt2-large", "gpt2", r#""hidden_size": 1280, "num_attention_heads": 20, "num_hidden_layers": 36"#, 774_030_080),
    (
        "Llama-2-7b",
        "llama",
        r#""hidden_size": 4096, "intermediate_size": 11008, "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 32, "vocab_size": 32000"#,
        6_738_415_616,
    ),
    (
        "Meta-Llama-3-8B",
        "llama",
        r#""hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": false"#,
        8_030_261_248,
    ),
    (
        "SmolLM2-360M",
        "llama",
        r#""hidden_size": 960, "intermediate_size": 2560, "num_attention_heads": 15, "num_hidden_layers": 32, "num_key_value_heads": 5, "vocab_size": 49152, "tie_word_embeddings": true"#,
        361_821_120,
    ),
    (
        "SmolLM2-1.7B",
        "llama",
        r#""hidden_size": 2048, "intermediate_size": 8192, "num_attention_heads": 32, "num_hidden_layers": 24, "num_key_value_heads": 32, "vocab_size": 49152, "tie_word_embeddings": true"#,
        1_711_376_384,
    ),
    (
        "Mistral-7B-v0.3",
        "mistral",
        r#""hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8, "vocab_size": 32768, "sliding_window": null"#,
        7_248_023_552,
    ),
    (
        "Mixtral-8x22B-v0.1",
        "mixtral",
        r#""hidden_size": 6144, "intermediate_size": 16384, "num_attention_heads": 48, "num_hidden_layers": 56, "num_key_value_heads": 8, "num_local_experts": 8, "num_experts_per_tok": 2, "vocab_size": 32000, "sliding_window": null"#,
        140_620_634_112,
    ),
    (
        "Qwen2.5-7B",
        "qwen2",
        r#""hidden_size": 3584, "intermediate_size": 18944, "num_attention_heads": 28, "num_hidden_layers": 28, "num_key_value_heads": 4, "vocab_size": 152064, "use_sliding_window": false, "sliding_window": 131072, "max_window_layers": 28"#,
        7_615_616_512,
    ),
    (
        "Qwen2.5-1.5B",
        "qwen2",
        r#""hidden_size": 1536, "intermediate_size": 8960, "num_attention_heads": 12, "num_hidden_layers": 28, "num_key_value_heads": 2, "vocab_size": 151936, "tie_word_embeddings": true"#,
        1_543_714_304,
    ),
    (
        "Qwen3-8B",
        "qwen3",
        r#""hidden_size": 4096, "intermediate_size": 12288, "num_attention_heads": 32, "num_hidden_layers": 36, "num_key_value_heads": 8, "vocab_size": 151936, "head_dim": 128, "tie_word_embeddings": false"#,
        8_190_735_360,
    ),
    (
        "gemma-2-9b",
        "gemma2",
        r#""hidden_size": 3584, "intermediate_size": 14336, "num_attention_heads": 16, "num_hidden_layers": 42, "num_key_value_heads": 8, "head_dim": 256, "vocab_size": 256000"#,
        9_241_705_984,
    ),
    (
        "gemma-2-27b",
        "gemma2",
        r#""hidden_size": 4608, "intermediate_size": 36864, "num_attention_heads": 32, "num_hidden_layers": 46, "num_key_value_heads": 16, "head_dim": 128, "vocab_size": 256000"#,
        27_227_128_320,
    ),
    (
        "gemma-3-4b, text part",
        "gemma3",
        r#""vision_config": {"hidden_size": 1152}, "text_config": {"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34, "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024}"#,
        3_880_263_168,
    ),
    (
        "phi-1_5",
        "phi",
        r#""hidden_size": 2048, "intermediate_size": 8192, "num_attention_heads": 32, "num_hidden_layers": 24, "vocab_size": 51200, "num_key_value_heads": null, "partial_rotary_factor": 0.5"#,
        1_418_270_720,
    ),
    (
        "Phi-3-mini-4k-instruct",
        "phi3",
        r#""hidden_size": 3072, "intermediate_size": 8192, "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 32, "vocab_size": 32064, "sliding_window": 2047"#,
        3_821_079_552,
    ),
    (
        "Phi-4-mini-instruct",
        "phi3",
        r#""hidden_size": 3072, "intermediate_size": 8192, "num_attention_heads": 24, "num_hidden_layers": 32, "num_key_value_heads": 8, "vocab_size": 200064, "tie_word_embeddings": true, "partial_rotary_factor": 0.75, "sliding_window": 262144"#,
        3_836_021_760,
    ),
    (
        "OLMo-7B-hf",
        "olmo",
        r#""hidden_size": 4096, "intermediate_size": 11008, "num_attention_heads": 32, "num_hidden_layers": 32, "vocab_size": 50304, "tie_word_embeddings": false"#,
        6_888_095_744,
    ),
    (
        "DeepSeek-V2",
        "deepseek_v2",
        r#""hidden_size": 5120, "intermediate_size": 12288, "moe_intermediate_size": 1536, "num_hidden_layers": 60, "num_attention_heads": 128, "num_key_value_heads": 128, "n_routed_experts": 160, "n_shared_experts": 2, "num_experts_per_tok": 6, "first_k_dense_replace": 1, "moe_layer_freq": 1, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "vocab_size": 102400"#,
        235_741_434_880,
    ),
    (
        "bert-large-uncased",
        "bert",
        r#""hidden_size": 1024, "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24, "vocab_size": 30522, "type_vocab_size": 2, "max_position_embeddings": 512"#,
        335_141_888,
    ),
    (
        "roberta-large",
        "roberta",
        r#""hidden_size": 1024, "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24, "vocab_size": 50265, "type_vocab_size": 1, "max_position_embeddings": 514"#,
        355_359_744,
    ),
    (
        "vit-large-patch16-224",
        "vit",
        r#""hidden_size": 1024, "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24, "num_labels": 1000"#,
        304_326_632,
    ),
    ("vit-base-patch16-224-in21k", "vit", r#""architectures": ["ViTModel"]"#, 86_389_248),
    (
        "deit-base-distilled-patch16-224",
        "deit",
        r#""architectures": ["DeiTForImageClassificationWithTeacher"], "num_labels": 1000"#,
        87_338_192,
    ),
    (
        "t5-base",
        "t5",
        r#""d_model": 768, "d_ff": 3072, "d_kv": 64, "num_heads": 12, "num_layers": 12, "vocab_size": 32128"#,
        222_903_552,
    ),
    (
        "flan-t5-base",
        "t5",
        r#""d_model": 768, "d_ff": 2048, "d_kv": 64, "num_heads": 12, "num_layers": 12, "vocab_size": 32128, "feed_forward_proj": "gated-gelu", "is_gated_act": true, "dense_act_fn": "gelu_new", "tie_word_embeddings": false"#,
        247_577_856,
    ),
    (
        "flan-t5-small",
        "t5",
        r#""d_model": 512, "d_ff": 1024, "d_kv": 64, "num_heads": 6, "num_layers": 8, "num_decoder_layers": 8, "vocab_size": 32128, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": false"#,
        76_961_152,
    ),
    (
        "flan-t5-xl",
        "t5",
        r#""d_model": 2048, "d_ff": 5120, "d_kv": 64, "num_heads": 32, "num_layers": 24, "vocab_size": 32128, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": false"#,
        2_849_757_184,
    ),
    (
        "whisper-base",
        "whisper",
        r#""d_model": 512, "encoder_layers": 6, "num_hidden_layers": 6, "encoder_attention_heads": 8, "encoder_ffn_dim": 2048, "decoder_layers": 6, "decoder_attention_heads": 8, "decoder_ffn_dim": 2048"#,
        72_593_920,
    ),
    (
        "whisper-small",
        "whisper",
        r#""d_model": 768, "encoder_layers": 12, "encoder_attention_heads": 12, "encoder_ffn_dim": 3072, "decoder_layers": 12, "decoder_attention_heads": 12, "decoder_ffn_dim": 3072"#,
        241_734_912,
    ),
    (
        "whisper-large-v2",
        "whisper",
        r#""d_model": 1280, "encoder_layers": 32, "encoder_attention_heads": 20, "encoder_ffn_dim": 5120, "decoder_layers": 32, "decoder_attention_heads": 20, "decoder_ffn_dim": 5120, "num_mel_bins": 80, "vocab_size": 51865"#,
        1_543_304_960,
    ),
    (
        "whisper-large-v3",
        "whisper",
        r#""d_model": 1280, "encoder_layers": 32, "encoder_attention_heads": 20, "encoder_ffn_dim": 5120, "decoder_layers": 32, "decoder_attention_heads": 20, "decoder_ffn_dim": 5120, "num_mel_bins": 128, "vocab_size": 51866"#,
        1_543_490_560,
    ),
    (
        "whisper-large-v3-turbo",
        "whisper",
        r#""d_model": 1280, "encoder_layers": 32, "encoder_attention_heads": 20, "encoder_ffn_dim": 5120, "decoder_layers": 4, "decoder_attention_heads": 20, "decoder_ffn_dim": 5120, "num_mel_bins": 128, "vocab_size": 51866"#,
        808_878_080,
    ),
];

#[test]
fn published_parameter_totals_follow_from_the_fields_alone() {
    let wrong = PUBLISHED.iter().filter_map(|&(name, model_type, fields, published)| {
        let found = parameters(&config(model_type, fields));
        (found != published).then(|| format!("{name}: {found}, published {published}"))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), [""; 0]);
}

/// Windows of the layers of a decoder.
fn windows(model: &Model) -> Vec<Option<u32>> {
    model.decoder.iter().flat_map(|stack| &stack.layers).map(|layer| layer.attention.window()).collect()
}

#[test]
fn windows_follow_the_fields_of_each_family() {
    assert_eq!(windows(&config("mistral", r#""num_hidden_layers": 2"#)), [Some(4096); 2], "absent");
    assert_eq!(windows(&config("mistral", r#""num_hidden_layers": 2, "sliding_window": null"#)), [None; 2]);
    assert_eq!(windows(&config("mixtral", r#""num_hidden_layers": 1"#)), [None]);
    assert_eq!(windows(&config("gemma2", r#""num_hidden_layers": 3"#)), [Some(4096), None, Some(4096)]);
    let gemma3 = windows(&config("gemma3_text", r#""num_hidden_layers": 13, "sliding_window": 512"#));
    assert_eq!(gemma3.iter().enumerate().filter(|(_, w)| w.is_none()).map(|(i, _)| i).collect::<Vec<_>>(), [5, 11]);
    let late = r#""num_hidden_layers": 4, "use_sliding_window": true, "sliding_window": 100, "max_window_layers": 3"#;
    assert_eq!(windows(&config("qwen2", late)), [None, None, None, Some(100)]);
    let off = late.replace("true", "false");
    assert_eq!(windows(&config("qwen3", &off)), [None; 4]);
    let listed =
        r#""num_hidden_layers": 2, "sliding_window": 9, "layer_types": ["full_attention", "sliding_attention"]"#;
    assert_eq!(windows(&config("gemma3_text", listed)), [None, Some(9)]);
    assert_eq!(windows(&config("phi3", r#""num_hidden_layers": 1, "sliding_window": 2047"#)), [Some(2047)]);
}

#[test]
fn attention_has_the_details_of_its_family() {
    let grouped = |model: &Model| match model.decoder.as_ref().unwrap().layers[0].attention {
        Attention::Grouped(grouped) => grouped,
        Attention::Latent(_) => panic!(),
    };
    let phi = config("phi", r#""hidden_size": 2560, "partial_rotary_factor": 0.4"#);
    assert_eq!(grouped(&phi).rotary, 32);
    assert_eq!(phi.decoder.as_ref().unwrap().layers[0].arrangement, Arrangement::Parallel);
    let nested = config("phi3", r#""rope_parameters": {"partial_rotary_factor": 0.5}"#);
    assert_eq!(grouped(&nested).rotary, 48);
    assert!(grouped(&config("llama", r#""attention_bias": true"#)).biases.output);
    assert!(grouped(&config("qwen3", "\"num_hidden_layers\": 1")).qk_norm.is_some());
    assert_eq!(grouped(&config("mistral", "\"num_key_value_heads\": null")).kv_heads, 32);
    let dense = config("deepseek_v2", r#""n_routed_experts": null, "num_hidden_layers": 2"#);
    assert!(dense.layers().all(|layer| matches!(layer.feed_forward, FeedForward::Dense(_))));
}

#[test]
fn what_a_config_leaves_out_is_told() {
    let gpt2 = config("gpt2", r#""n_layer": 2"#);
    let assumed: Vec<_> = gpt2.assumed.iter().map(|a| format!("{} = {}", a.key, a.value)).collect();
    assert!(assumed.contains(&"activation_function = gelu_new".to_string()), "{assumed:?}");
    assert!(!assumed.iter().any(|line| line.starts_with("n_layer")), "{assumed:?}");
}

#[test]
fn image_sizes_and_labels_are_read_in_all_their_forms() {
    let rows = |fields: &str| config("vit", fields).encoder.unwrap().embedding.fixed_rows();
    assert_eq!(rows(r#""image_size": [224, 112], "patch_size": 16"#), Some(14 * 7 + 1));
    assert_eq!(rows(r#""image_size": 384"#), Some(24 * 24 + 1));
    let labelled = config("vit", r#""id2label": {"0": "cat", "1": "dog", "2": "eel"}"#);
    assert_eq!(parameters(&labelled) - parameters(&config("vit", r#""num_labels": 2"#)), 769);
}
