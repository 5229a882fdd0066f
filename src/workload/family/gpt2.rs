//! GPT-2: `GPT2Config` of Hugging Face Transformers.

use crate::workload::family::Family;
use crate::workload::model::Config;
use crate::workload::{Biases, FeedForward, Model, Norm, Position};

/// Activation functions that are one function of one element.
const ACTIVATIONS: [&str; 4] = ["gelu_new", "gelu", "gelu_fast", "gelu_pytorch_tanh"];

/// `n_inner` is 4 · `n_embd` where absent; embedding and head are one matrix unless the config says otherwise.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    let hidden = config.width("n_embd");
    let heads = config.width("n_head");
    let layers = config.layers("n_layer");
    let positions = config.context("n_positions");
    let vocabulary = config.vocabulary("vocab_size");
    let inner = match config.root.optional("n_inner").is_present() {
        true => config.inner("n_inner").map(|inner| inner.value),
        false => hidden.as_ref().map(|hidden| 4 * hidden.value),
    };
    config.activation("activation_function", &ACTIVATIONS);
    config.refuse_if_on("add_cross_attention", "cross attention");
    let tied = config.flag("tie_word_embeddings", true);
    let (hidden, heads) = (hidden?, heads?);
    Some(Model {
        name: config.name.clone(),
        family: Family::Gpt2,
        layers: layers?.value,
        hidden: hidden.value,
        heads: heads.value,
        kv_heads: heads.value,
        head_size: hidden.over(&heads)?,
        feed_forward: FeedForward { inner: inner?, gated: false },
        norm: Norm::Layer,
        biases: Biases { qkv: true, output: true, feed_forward: true },
        position: Position::Learned(positions?.value),
        vocabulary: vocabulary?.value,
        tied,
        output_major: false,
    })
}
