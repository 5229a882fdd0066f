//! Gemma 2 and the text part of Gemma 3: `Gemma2Config` and `Gemma3TextConfig` of Hugging Face Transformers.

use crate::workload::family::config::Config;
use crate::workload::family::decoder::{Defaults, Sizes, pre_norm_layer};
use crate::workload::{
    Arrangement, AttentionBiases, FeedForward, GroupedAttention, Head, Layer, Model, Norm, ScoreChange,
};

const GEMMA2: Defaults = Defaults {
    vocabulary: 256_000,
    hidden: 2304,
    inner: 9216,
    layers: 26,
    heads: 8,
    kv_heads: Some(4),
    head_size: Some(256),
    tied: true,
};

const GEMMA3: Defaults = Defaults { vocabulary: 262_208, ..GEMMA2 };

/// Every second layer, from the first on, has a window.
pub(super) fn read_gemma2(config: &mut Config<'_>) -> Option<Model> {
    read(config, &GEMMA2, (Some(50.0), Some(30.0)), |_| Some(2), None)
}

/// All but every sixth layer have a window; queries and keys are normalised.
pub(super) fn read_gemma3(config: &mut Config<'_>) -> Option<Model> {
    config.aliases = &[("sliding_window_pattern", "_sliding_window_pattern")];
    let pattern = |config: &mut Config<'_>| Some(config.count("sliding_window_pattern", 1, 6)?.value);
    read(config, &GEMMA3, (None, None), pattern, Some(Norm::RootMeanSquare))
}

/// The text part of a Gemma 3 that also sees images: the object `text_config`.
pub(super) fn read_gemma3_text_part(config: &mut Config<'_>) -> Option<Model> {
    let field = config.root.required("text_config");
    config.root = field.table()?;
    read_gemma3(config)
}

/// A layer whose number, counted from 1, is a multiple of the pattern sees everything.
fn read(
    config: &mut Config<'_>,
    defaults: &Defaults,
    softcaps: (Option<f64>, Option<f64>),
    pattern: impl FnOnce(&mut Config<'_>) -> Option<u32>,
    qk_norm: Option<Norm>,
) -> Option<Model> {
    let sizes = Sizes::read(config, defaults);
    let activation = config.activation("hidden_activation", "gelu_pytorch_tanh");
    let biases = AttentionBiases::all(config.flag("attention_bias", false));
    let window = config.window("sliding_window", Some(4096));
    config.refuse_if_on("use_bidirectional_attention", "attention to later tokens");
    let softcap = |config: &mut Config<'_>, key, default| config.bound(key, default);
    let scores = softcap(config, "attn_logit_softcapping", softcaps.0);
    let logits = softcap(config, "final_logit_softcapping", softcaps.1);
    let pattern = pattern(config)?;
    let sizes = sizes?;
    let windows = config.windows(sizes.layers, window?, |layer| !(layer + 1).is_multiple_of(pattern));
    let scores = if scores { ScoreChange::Softcap } else { ScoreChange::None };
    let network = FeedForward::Dense(sizes.gated(activation?));
    let attention = GroupedAttention { biases, qk_norm, scores, ..sizes.rotated() };
    let layer = |window| Layer {
        arrangement: Arrangement::Sandwich,
        ..pre_norm_layer(GroupedAttention { window, ..attention }, network)
    };
    let layers = windows?.into_iter().map(layer).collect();
    let mut model = sizes.model(config, layers);
    if let Head::LanguageModel(head) = &mut model.head {
        head.softcap = logits;
    }
    Some(model)
}
