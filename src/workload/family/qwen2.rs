//! Qwen2, Qwen2.5 and models distilled into them: `Qwen2Config` of Hugging Face Transformers.

use crate::workload::family::config::Config;
use crate::workload::family::decoder::{Defaults, Sizes, pre_norm_layer};
use crate::workload::{AttentionBiases, FeedForward, GroupedAttention, Model};

pub(super) const DEFAULTS: Defaults = Defaults {
    vocabulary: 151_936,
    hidden: 4096,
    inner: 22016,
    layers: 32,
    heads: 32,
    kv_heads: Some(32),
    head_size: None,
    tied: false,
};

/// Queries, keys and values have biases. With `use_sliding_window`, layers from `max_window_layers` on have a window.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    let sizes = Sizes::read(config, &DEFAULTS);
    let activation = config.activation("hidden_act", "silu");
    let windows = late_windows(config, sizes.as_ref().map(|sizes| sizes.layers));
    let sizes = sizes?;
    let biases = AttentionBiases::qkv_and_output(true, false);
    let network = FeedForward::Dense(sizes.gated(activation?));
    let layer = |window| pre_norm_layer(GroupedAttention { window, biases, ..sizes.rotated() }, network);
    let layers = windows?.into_iter().map(layer).collect();
    Some(sizes.model(config, layers))
}

/// The window of each layer: those from `max_window_layers` on have one if `use_sliding_window` is on.
pub(super) fn late_windows(config: &mut Config<'_>, layers: Option<u32>) -> Option<Vec<Option<u32>>> {
    let on = config.flag("use_sliding_window", false);
    let window = if on { config.window("sliding_window", Some(4096))? } else { None };
    let first = if on { config.count("max_window_layers", 0, 28)?.value } else { 0 };
    config.windows(layers?, window, |layer| layer >= first)
}
