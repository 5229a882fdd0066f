//! Whisper: `WhisperConfig` of Hugging Face Transformers.

use crate::workload::embedding::{Embedding, Input};
use crate::workload::family::config::{Config, Size};
use crate::workload::family::decoder::square_head_size;
use crate::workload::family::encoder::unrotated;
use crate::workload::{
    Activation, Arrangement, Attention, AttentionBiases, DenseNetwork, FeedForward, Head, LanguageModelHead, Layer,
    Model, Norm, Position, Stack,
};

/// Keys have no bias; both stacks add a table of positions, the encoder's being fixed but stored.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    config.aliases = &[("d_model", "hidden_size"), ("encoder_layers", "num_hidden_layers")];
    let hidden = config.width("d_model", 384);
    let vocabulary = config.vocabulary(51865);
    let bins = config.count("num_mel_bins", 1, 80);
    let frames = config.context("max_source_positions", 1500);
    let tokens = config.context("max_target_positions", 448);
    let activation = config.activation("activation_function", "gelu");
    let tied = config.tied(true);
    let (hidden, activation, vocabulary) = (hidden?, activation?, vocabulary?.value);
    let names = ["encoder_layers", "encoder_attention_heads", "encoder_ffn_dim"];
    let encoder_layers = layers(config, names, &hidden, activation, false);
    let names = ["decoder_layers", "decoder_attention_heads", "decoder_ffn_dim"];
    let decoder_layers = layers(config, names, &hidden, activation, true);
    let hidden = hidden.value;
    let input = Input::Frames { bins: bins?.value };
    let embedding = Embedding { input, position: Position::learned(frames?.value), token_types: 0, norm: None };
    let encoder = Stack { hidden, embedding, layers: encoder_layers?, final_norm: Some(Norm::Layer) };
    let embedding = Embedding::tokens(vocabulary, Position::learned(tokens?.value));
    let decoder = Stack { hidden, embedding, layers: decoder_layers?, final_norm: Some(Norm::Layer) };
    let head = LanguageModelHead { vocabulary, tied, bias: false, softcap: false };
    Some(config.model(Some(encoder), Some(decoder), Head::LanguageModel(head)))
}

/// The layers of one stack, from the names of their number, their heads and their inner width.
fn layers(
    config: &mut Config<'_>,
    [layers, heads, inner]: [&'static str; 3],
    hidden: &Size<'_>,
    activation: Activation,
    decodes: bool,
) -> Option<Vec<Layer>> {
    let layers = config.layers(layers, 4);
    let heads = config.width(heads, 6);
    let inner = config.inner(inner, 1536);
    let heads = heads?;
    let head_size = square_head_size(config, hidden, &heads)?;
    let attention = unrotated(heads.value, head_size, AttentionBiases { key: false, ..AttentionBiases::all(true) });
    let network = DenseNetwork { inner: inner?.value, activation, gated: false, biases: true };
    let layer = Layer {
        attention: Attention::Grouped(attention),
        cross: decodes.then_some(attention),
        feed_forward: FeedForward::Dense(network),
        norm: Norm::Layer,
        arrangement: Arrangement::Pre,
    };
    Some(vec![layer; layers?.value as usize])
}
