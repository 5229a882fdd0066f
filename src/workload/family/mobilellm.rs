//! MobileLLM: `MobileLLMConfig` of the code published with the checkpoints, a Llama with shared embeddings.

use crate::workload::family::config::Config;
use crate::workload::family::llama;
use crate::workload::{Head, Model};

/// `share_embedding` makes embedding and head one matrix, whatever `tie_word_embeddings` says.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    config.refuse_if_on("layer_sharing", "running each layer twice");
    let shared = config.flag("share_embedding", false);
    let mut model = llama::read(config)?;
    if let Head::LanguageModel(head) = &mut model.head {
        head.tied |= shared;
    }
    Some(model)
}
