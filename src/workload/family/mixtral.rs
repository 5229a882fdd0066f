//! Mixtral: `MixtralConfig` of Hugging Face Transformers, a Mistral whose feed-forward network is a mixture of experts.

use crate::workload::family::config::{Config, Size};
use crate::workload::family::decoder::{Sizes, pre_norm_layer};
use crate::workload::family::mistral;
use crate::workload::{FeedForward, GroupedAttention, MixtureOfExperts, Model};

/// Every layer has experts; no window unless `sliding_window` gives one.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    config.aliases = &[("num_local_experts", "num_experts")];
    let sizes = Sizes::read(config, &mistral::DEFAULTS);
    let activation = config.activation("hidden_act", "silu");
    let window = config.window("sliding_window", None);
    let experts = config.experts("num_local_experts", 8);
    let active = config.experts("num_experts_per_tok", 2);
    let (experts, active) = routed(&experts?, &active?)?;
    let sizes = sizes?;
    let attention = GroupedAttention { window: window?, ..sizes.rotated() };
    let mixture = MixtureOfExperts { experts, active, expert: sizes.gated(activation?), shared: None };
    let layer = pre_norm_layer(attention, FeedForward::Experts(mixture));
    Some(sizes.model(config, vec![layer; sizes.layers as usize]))
}

/// Experts and how many of them a row takes, which is no more than there are.
pub(super) fn routed(experts: &Size<'_>, active: &Size<'_>) -> Option<(u32, u32)> {
    let enough = active.value <= experts.value;
    if !enough {
        active.refuse(format!("at most `{}`, which is {}", experts.path(), experts.value));
    }
    enough.then_some((experts.value, active.value))
}
