//! DeepSeek-V2: `DeepseekV2Config` of Hugging Face Transformers.

use crate::workload::embedding::Embedding;
use crate::workload::family::config::{Config, Size};
use crate::workload::family::mixtral::routed;
use crate::workload::{
    Arrangement, Attention, DenseNetwork, FeedForward, Head, LanguageModelHead, LatentAttention, Layer,
    MixtureOfExperts, Model, Norm, Position, Stack,
};

/// Latent attention; a mixture of experts from layer `first_k_dense_replace` on, in each `moe_layer_freq`-th layer.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    let hidden = config.width("hidden_size", 4096);
    let layers = config.layers("num_hidden_layers", 32);
    let vocabulary = config.vocabulary(32000);
    let inner = config.inner("intermediate_size", 11008);
    let activation = config.activation("hidden_act", "silu");
    let dense_layers = config.count("first_k_dense_replace", 0, 0);
    let every = config.count("moe_layer_freq", 1, 1);
    let attention = latent_attention(config);
    let (tied, biases) = (config.tied(false), config.flag("mlp_bias", false));
    let activation = activation?;
    let dense = DenseNetwork { inner: inner?.value, activation, gated: true, biases };
    let mixture = mixture(config, &dense);
    let (dense_layers, every, mixture) = (dense_layers?.value, every?.value, mixture?);
    let attention = Attention::Latent(attention?);
    let layer = |index: u32| {
        let mixed = mixture.filter(|_| index >= dense_layers && index.is_multiple_of(every));
        let feed_forward = mixed.map_or(FeedForward::Dense(dense), FeedForward::Experts);
        let norm = Norm::RootMeanSquare;
        Layer { attention, cross: None, feed_forward, norm, arrangement: Arrangement::Pre }
    };
    let vocabulary = vocabulary?.value;
    let decoder = Stack {
        hidden: hidden?.value,
        embedding: Embedding::tokens(vocabulary, Position::None),
        layers: (0..layers?.value).map(layer).collect(),
        final_norm: Some(Norm::RootMeanSquare),
    };
    let head = LanguageModelHead { vocabulary, tied, bias: false, softcap: false };
    Some(config.model(None, Some(decoder), Head::LanguageModel(head)))
}

/// Queries are projected directly where `q_lora_rank` is `null`.
fn latent_attention(config: &mut Config<'_>) -> Option<LatentAttention> {
    let heads = config.width("num_attention_heads", 32);
    let q_rank = config.optional_width("q_lora_rank", Some(1536));
    let kv_rank = config.width("kv_lora_rank", 512);
    let nope = config.width("qk_nope_head_dim", 128);
    let rope = config.width("qk_rope_head_dim", 64);
    let value_size = config.width("v_head_dim", 128);
    let biases = config.flag("attention_bias", false);
    let (heads, nope, rope, value_size) = (heads?, nope?.value, rope?, value_size?.value);
    if !rope.value.is_multiple_of(2) {
        rope.refuse("an even number, which a rotation pairs up");
        return None;
    }
    let fits = heads.fits_heads(nope.saturating_add(rope.value).max(nope.saturating_add(value_size)));
    let (q_rank, kv_rank) = (q_rank?.map(|size| size.value), kv_rank?.value);
    let attention = LatentAttention { heads: heads.value, q_rank, kv_rank, nope, rope: rope.value, value_size, biases };
    fits.then_some(attention)
}

/// The experts, networks as `dense` but for their width; `None` inside if the config says there are none.
fn mixture(config: &mut Config<'_>, dense: &DenseNetwork) -> Option<Option<MixtureOfExperts>> {
    if config.root.is_null("n_routed_experts") {
        return Some(None);
    }
    config.aliases = &[("n_routed_experts", "num_local_experts")];
    let experts = config.experts("n_routed_experts", 64);
    let active = config.required_experts("num_experts_per_tok");
    let shared = if config.root.is_null("n_shared_experts") { 0 } else { shared_experts(config)? };
    let inner = config.inner("moe_intermediate_size", 1407);
    let (experts, active) = routed(&experts?, &active?)?;
    let expert = DenseNetwork { inner: inner?.value, ..*dense };
    let shared = (shared > 0).then(|| DenseNetwork { inner: shared * expert.inner, ..expert });
    Some(Some(MixtureOfExperts { experts, active, expert, shared }))
}

fn shared_experts(config: &mut Config<'_>) -> Option<u32> {
    let shared: Size<'_> = config.count("n_shared_experts", 0, 2)?;
    let few = shared.value <= 256;
    if !few {
        shared.refuse("at most 256 experts that every row takes");
    }
    few.then_some(shared.value)
}
