//! Phi-1, Phi-1.5 and Phi-2: `PhiConfig` of Hugging Face Transformers.

use crate::workload::embedding::Embedding;
use crate::workload::family::config::Config;
use crate::workload::family::decoder::{Defaults, Sizes};
use crate::workload::{
    Arrangement, Attention, AttentionBiases, DenseNetwork, FeedForward, GroupedAttention, Head, LanguageModelHead,
    Layer, Model, Norm, Position, Stack,
};

const DEFAULTS: Defaults = Defaults {
    vocabulary: 51200,
    hidden: 2048,
    inner: 8192,
    layers: 24,
    heads: 32,
    kv_heads: None,
    head_size: None,
    tied: false,
};

/// Attention and feed-forward network side by side; everything has a bias, the head too; heads are rotated in part.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    let sizes = Sizes::read_square(config, &DEFAULTS);
    let activation = config.activation("hidden_act", "gelu_new");
    let rotary = config.rotary(sizes.as_ref().map(|sizes| sizes.head_size), 0.5);
    let qk_norm = config.flag("qk_layernorm", false).then_some(Norm::Layer);
    let sizes = sizes?;
    let biases = AttentionBiases::all(true);
    let network = DenseNetwork { inner: sizes.inner, activation: activation?, gated: false, biases: true };
    let layer = Layer {
        attention: Attention::Grouped(GroupedAttention { biases, qk_norm, rotary: rotary?, ..sizes.rotated() }),
        cross: None,
        feed_forward: FeedForward::Dense(network),
        norm: Norm::Layer,
        arrangement: Arrangement::Parallel,
    };
    let decoder = Stack {
        hidden: sizes.hidden,
        embedding: Embedding::tokens(sizes.vocabulary, Position::None),
        layers: vec![layer; sizes.layers as usize],
        final_norm: Some(Norm::Layer),
    };
    let head = LanguageModelHead { vocabulary: sizes.vocabulary, tied: sizes.tied, bias: true, softcap: false };
    Some(config.model(None, Some(decoder), Head::LanguageModel(head)))
}
