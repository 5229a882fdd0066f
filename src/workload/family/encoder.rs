//! What BERT, RoBERTa and the vision transformers have in common.

use crate::workload::family::config::Config;
use crate::workload::family::decoder::square_head_size;
use crate::workload::{
    Arrangement, Attention, AttentionBiases, DenseNetwork, FeedForward, GroupedAttention, Layer, Norm, ScoreChange,
};

/// Hidden width and layers of a twelve-layer encoder unless the config says otherwise.
pub(super) struct Encoder {
    pub hidden: u32,
    pub layers: Vec<Layer>,
}

impl Encoder {
    /// Layers with biases everywhere, on queries, keys and values only if `qkv_bias`.
    pub fn read(config: &mut Config<'_>, arrangement: Arrangement, qkv_bias: bool) -> Option<Self> {
        let hidden = config.width("hidden_size", 768);
        let heads = config.width("num_attention_heads", 12);
        let layers = config.layers("num_hidden_layers", 12);
        let inner = config.inner("intermediate_size", 3072);
        let activation = config.activation("hidden_act", "gelu");
        let (hidden, heads) = (hidden?, heads?);
        let head_size = square_head_size(config, &hidden, &heads)?;
        let biases = AttentionBiases::qkv_and_output(qkv_bias, true);
        let network = DenseNetwork { inner: inner?.value, activation: activation?, gated: false, biases: true };
        let layer = Layer {
            attention: Attention::Grouped(unrotated(heads.value, head_size, biases)),
            cross: None,
            feed_forward: FeedForward::Dense(network),
            norm: Norm::Layer,
            arrangement,
        };
        Some(Self { hidden: hidden.value, layers: vec![layer; layers?.value as usize] })
    }
}

/// Multi-head attention without rotation.
pub(super) fn unrotated(heads: u32, head_size: u32, biases: AttentionBiases) -> GroupedAttention {
    GroupedAttention {
        heads,
        kv_heads: heads,
        head_size,
        window: None,
        rotary: 0,
        qk_norm: None,
        biases,
        scores: ScoreChange::None,
    }
}
