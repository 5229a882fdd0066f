//! T5, T5 1.1 and Flan-T5: `T5Config` of Hugging Face Transformers.

use crate::workload::embedding::{Embedding, Input};
use crate::workload::family::config::Config;
use crate::workload::family::encoder::unrotated;
use crate::workload::{
    Activation, Arrangement, Attention, AttentionBiases, DenseNetwork, FeedForward, GroupedAttention, Head,
    LanguageModelHead, Layer, Model, Norm, Position, ScoreChange, Stack,
};

/// The family's own names of keys that have a common one.
const ALIASES: [(&str, &str); 4] = [
    ("d_model", "hidden_size"),
    ("num_heads", "num_attention_heads"),
    ("num_layers", "num_hidden_layers"),
    ("d_kv", "head_dim"),
];

/// `feed_forward_proj`: the function, and whether a gate stands beside it; `gated-gelu` is the tanh form.
const NETWORKS: [(&str, (Activation, bool)); 6] = [
    ("relu", (Activation::Relu, false)),
    ("gelu", (Activation::Gelu, false)),
    ("silu", (Activation::Silu, false)),
    ("gated-relu", (Activation::Relu, true)),
    ("gated-gelu", (Activation::Gelu, true)),
    ("gated-silu", (Activation::Silu, true)),
];

/// One embedding for both stacks; a table of relative positions for each stack, read by all its layers; no biases.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    config.aliases = &ALIASES;
    let hidden = config.width("d_model", 512);
    let layers = config.layers("num_layers", 6);
    let decoder_layers = layers.as_ref().map(|layers| config.layers("num_decoder_layers", layers.value));
    let vocabulary = config.vocabulary(32128);
    let buckets = config.count("relative_attention_num_buckets", 1, 32);
    let attention = attention(config);
    let network = network(config);
    let tied = config.tied(true);
    let (hidden, vocabulary, attention, buckets) = (hidden?.value, vocabulary?.value, attention?, buckets?.value);
    let feed_forward = FeedForward::Dense(network?);
    let stack = |layers: u32, decodes: bool| Stack {
        hidden,
        embedding: Embedding {
            input: Input::Tokens { vocabulary, shared: decodes },
            ..Embedding::tokens(vocabulary, Position::Relative { buckets })
        },
        layers: vec![layer(attention, decodes, feed_forward); layers as usize],
        final_norm: Some(Norm::RootMeanSquare),
    };
    let (encoder, decoder) = (stack(layers?.value, false), stack(decoder_layers??.value, true));
    let head = LanguageModelHead { vocabulary, tied, bias: false, softcap: false };
    Some(config.model(Some(encoder), Some(decoder), Head::LanguageModel(head)))
}

fn layer(attention: GroupedAttention, decodes: bool, feed_forward: FeedForward) -> Layer {
    let cross = decodes.then_some(GroupedAttention { scores: ScoreChange::None, ..attention });
    let norm = Norm::RootMeanSquare;
    Layer { attention: Attention::Grouped(attention), cross, feed_forward, norm, arrangement: Arrangement::Pre }
}

/// Heads have a width of their own, `d_kv`.
fn attention(config: &mut Config<'_>) -> Option<GroupedAttention> {
    let heads = config.width("num_heads", 8);
    let head_size = config.width("d_kv", 64);
    let (heads, head_size) = (heads?, head_size?.value);
    let attention = unrotated(heads.value, head_size, AttentionBiases::NONE);
    let fits = heads.fits_heads(head_size);
    fits.then_some(GroupedAttention { scores: ScoreChange::RelativeBias, ..attention })
}

fn network(config: &mut Config<'_>) -> Option<DenseNetwork> {
    let inner = config.inner("d_ff", 2048);
    let field = config.root.optional("feed_forward_proj");
    let chosen = if field.is_present() { field.keyword(&NETWORKS, &[]) } else { Some((Activation::Relu, false)) };
    if !field.is_present() {
        config.assume("feed_forward_proj", "relu");
    }
    let (activation, gated) = chosen?;
    Some(DenseNetwork { inner: inner?.value, activation, gated, biases: false })
}
