//! Phi-3, Phi-3.5 and Phi-4 mini: `Phi3Config` of Hugging Face Transformers.

use crate::workload::family::config::Config;
use crate::workload::family::decoder::{Defaults, Sizes, pre_norm_layer};
use crate::workload::{FeedForward, GroupedAttention, Model};

const DEFAULTS: Defaults = Defaults {
    vocabulary: 32064,
    hidden: 3072,
    inner: 8192,
    layers: 32,
    heads: 32,
    kv_heads: None,
    head_size: None,
    tied: false,
};

/// The family stores Q, K and V, and gate and up, as one matrix each: the same parameters and the same products.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    let sizes = Sizes::read(config, &DEFAULTS);
    let activation = config.activation("hidden_act", "silu");
    let window = config.window("sliding_window", None);
    let rotary = config.rotary(sizes.as_ref().map(|sizes| sizes.head_size), 1.0);
    let sizes = sizes?;
    let attention = GroupedAttention { window: window?, rotary: rotary?, ..sizes.rotated() };
    let layer = pre_norm_layer(attention, FeedForward::Dense(sizes.gated(activation?)));
    Some(sizes.model(config, vec![layer; sizes.layers as usize]))
}
