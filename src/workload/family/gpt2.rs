//! GPT-2: `GPT2Config` of Hugging Face Transformers.

use crate::workload::embedding::Embedding;
use crate::workload::family::config::Config;
use crate::workload::family::decoder::square_head_size;
use crate::workload::family::encoder::unrotated;
use crate::workload::{
    Arrangement, Attention, AttentionBiases, DenseNetwork, FeedForward, Head, LanguageModelHead, Layer, Model, Norm,
    Position, Stack,
};

/// The family's own names of keys that have a common one.
const ALIASES: [(&str, &str); 4] = [
    ("n_embd", "hidden_size"),
    ("n_head", "num_attention_heads"),
    ("n_layer", "num_hidden_layers"),
    ("n_positions", "max_position_embeddings"),
];

/// `n_inner` is 4 · `n_embd` where absent; weights are stored input-major (`Conv1D`).
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    config.aliases = &ALIASES;
    let hidden = config.width("n_embd", 768);
    let heads = config.width("n_head", 12);
    let layers = config.layers("n_layer", 12);
    let positions = config.context("n_positions", 1024);
    let vocabulary = config.vocabulary(50257);
    let inner = config.optional_inner("n_inner");
    let activation = config.activation("activation_function", "gelu_new");
    config.refuse_if_on("add_cross_attention", "cross attention");
    let tied = config.tied(true);
    let (hidden, heads, vocabulary) = (hidden?, heads?, vocabulary?.value);
    let head_size = square_head_size(config, &hidden, &heads)?;
    let inner = inner?.map_or(4 * hidden.value, |inner| inner.value);
    let network = DenseNetwork { inner, activation: activation?, gated: false, biases: true };
    let layer = Layer {
        attention: Attention::Grouped(unrotated(heads.value, head_size, AttentionBiases::all(true))),
        cross: None,
        feed_forward: FeedForward::Dense(network),
        norm: Norm::Layer,
        arrangement: Arrangement::Pre,
    };
    let decoder = Stack {
        hidden: hidden.value,
        embedding: Embedding::tokens(vocabulary, Position::learned(positions?.value)),
        layers: vec![layer; layers?.value as usize],
        final_norm: Some(Norm::Layer),
    };
    let head = LanguageModelHead { vocabulary, tied, bias: false, softcap: false };
    let model = config.model(None, Some(decoder), Head::LanguageModel(head));
    Some(Model { output_major: false, ..model })
}
