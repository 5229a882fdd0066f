//! Llama and models of its shape (TinyLlama, SmolLM2): `LlamaConfig` of Hugging Face Transformers.

use crate::workload::family::config::Config;
use crate::workload::family::decoder::{Defaults, Sizes, pre_norm_layer};
use crate::workload::{AttentionBiases, DenseNetwork, FeedForward, GroupedAttention, Model};

pub(super) const DEFAULTS: Defaults = Defaults {
    vocabulary: 32000,
    hidden: 4096,
    inner: 11008,
    layers: 32,
    heads: 32,
    kv_heads: None,
    head_size: None,
    tied: false,
};

/// `attention_bias` gives a bias to all four projections, `mlp_bias` to the three matrices of the feed-forward network.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    let sizes = Sizes::read(config, &DEFAULTS);
    let activation = config.activation("hidden_act", "silu");
    let attention_biases = AttentionBiases::all(config.flag("attention_bias", false));
    let biases = config.flag("mlp_bias", false);
    let sizes = sizes?;
    let attention = GroupedAttention { biases: attention_biases, ..sizes.rotated() };
    let network = DenseNetwork { biases, ..sizes.gated(activation?) };
    let layer = pre_norm_layer(attention, FeedForward::Dense(network));
    Some(sizes.model(config, vec![layer; sizes.layers as usize]))
}
