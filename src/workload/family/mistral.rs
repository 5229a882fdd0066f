//! Mistral: `MistralConfig` of Hugging Face Transformers.

use crate::workload::family::config::Config;
use crate::workload::family::decoder::{Defaults, Sizes, pre_norm_layer};
use crate::workload::{FeedForward, GroupedAttention, Model};

pub(super) const DEFAULTS: Defaults = Defaults {
    vocabulary: 32000,
    hidden: 4096,
    inner: 14336,
    layers: 32,
    heads: 32,
    kv_heads: Some(8),
    head_size: None,
    tied: false,
};

/// Every layer has the window `sliding_window`: 4096 where the key is absent, none where it is `null`.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    let sizes = Sizes::read(config, &DEFAULTS);
    let activation = config.activation("hidden_act", "silu");
    let window = config.window("sliding_window", Some(4096))?;
    let sizes = sizes?;
    let attention = GroupedAttention { window, ..sizes.rotated() };
    let layer = pre_norm_layer(attention, FeedForward::Dense(sizes.gated(activation?)));
    Some(sizes.model(config, vec![layer; sizes.layers as usize]))
}
