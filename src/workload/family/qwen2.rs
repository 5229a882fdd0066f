//! Qwen2 and models distilled into it: `Qwen2Config` of Hugging Face Transformers.

use crate::workload::family::Family;
use crate::workload::model::{Config, Size};
use crate::workload::{Biases, FeedForward, Model, Norm, Position};

/// `head_dim` is `hidden_size` / `num_attention_heads` where absent; the head is a matrix of its own unless the config says otherwise.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    let hidden = config.width("hidden_size");
    let heads = config.width("num_attention_heads");
    let kv_heads = config.width("num_key_value_heads");
    let layers = config.layers("num_hidden_layers");
    let inner = config.inner("intermediate_size");
    let vocabulary = config.vocabulary("vocab_size");
    let head_dim = config.root.optional("head_dim").is_present().then(|| config.width("head_dim"));
    config.activation("hidden_act", &["silu"]);
    config.refuse_if_on("use_sliding_window", "sliding-window attention");
    let tied = config.flag("tie_word_embeddings", false);
    let (hidden, heads, kv_heads) = (hidden?, heads?, kv_heads?);
    let head_size = match head_dim {
        Some(given) => Some(given?.value),
        None => hidden.over(&heads),
    };
    let grouped = heads.over(&kv_heads);
    let head_size = rotatable(head_size?, &heads)?;
    grouped?;
    Some(Model {
        name: config.name.clone(),
        family: Family::Qwen2,
        layers: layers?.value,
        hidden: hidden.value,
        heads: heads.value,
        kv_heads: kv_heads.value,
        head_size,
        feed_forward: FeedForward { inner: inner?.value, gated: true },
        norm: Norm::RootMeanSquare,
        biases: Biases { qkv: true, output: false, feed_forward: false },
        position: Position::Rotary,
        vocabulary: vocabulary?.value,
        tied,
        output_major: true,
    })
}

/// A head size that a rotation can pair up and that all heads together can have.
fn rotatable(head_size: u32, heads: &Size<'_>) -> Option<u32> {
    let even = head_size.is_multiple_of(2);
    if !even {
        heads.refuse(format!("heads of an even size, which a rotation pairs up; one is {head_size}"));
    }
    (heads.fits_heads(head_size) && even).then_some(head_size)
}
