//! Granite: `GraniteConfig` of Hugging Face Transformers.

use crate::workload::Model;
use crate::workload::family::config::Config;
use crate::workload::family::llama;

/// Llama; the multipliers of embedding, attention, residual and logits scale values and change no count.
pub(super) fn read(config: &mut Config<'_>) -> Option<Model> {
    llama::read(config)
}
