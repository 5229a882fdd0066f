//! OLMo: `OlmoConfig` of Hugging Face Transformers.

use crate::workload::family::config::Config;
use crate::workload::family::decoder::{Defaults, Sizes, pre_norm_layer};
use crate::workload::family::llama;
use crate::workload::{AttentionBiases, FeedForward, GroupedAttention, Layer, Model, Norm};

const DEFAULTS: Defaults = Defaults { vocabulary: 50304, ..llama::DEFAULTS };

/// Normalisations have no parameters. `clip_qkv` clamps within the projections and changes no count.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    let sizes = Sizes::read_square(config, &DEFAULTS);
    let activation = config.activation("hidden_act", "silu");
    let biases = AttentionBiases::all(config.flag("attention_bias", false));
    let sizes = sizes?;
    let attention = GroupedAttention { biases, ..sizes.rotated() };
    let layer = pre_norm_layer(attention, FeedForward::Dense(sizes.gated(activation?)));
    let layer = Layer { norm: Norm::PlainLayer, ..layer };
    let mut model = sizes.model(config, vec![layer; sizes.layers as usize]);
    model.decoder.iter_mut().for_each(|stack| stack.final_norm = Some(Norm::PlainLayer));
    Some(model)
}
