//! Qwen3: `Qwen3Config` of Hugging Face Transformers.

use crate::workload::family::config::Config;
use crate::workload::family::decoder::{Defaults, Sizes, pre_norm_layer};
use crate::workload::family::qwen2;
use crate::workload::{AttentionBiases, FeedForward, GroupedAttention, Model, Norm};

const DEFAULTS: Defaults = Defaults { head_size: Some(128), ..qwen2::DEFAULTS };

/// Heads of their own width, each query and key head normalised; windows as in Qwen2.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    let sizes = Sizes::read(config, &DEFAULTS);
    let activation = config.activation("hidden_act", "silu");
    let biases = AttentionBiases::all(config.flag("attention_bias", false));
    let windows = qwen2::late_windows(config, sizes.as_ref().map(|sizes| sizes.layers));
    let sizes = sizes?;
    let attention = GroupedAttention { biases, qk_norm: Some(Norm::RootMeanSquare), ..sizes.rotated() };
    let network = FeedForward::Dense(sizes.gated(activation?));
    let layer = |window| pre_norm_layer(GroupedAttention { window, ..attention }, network);
    let layers = windows?.into_iter().map(layer).collect();
    Some(sizes.model(config, layers))
}
