//! Model families: how each writes its `config.json`. A new family is a file and an entry of [`Family`].

mod gpt2;
mod qwen2;

use crate::workload::Model;
use crate::workload::model::Config;
use serde::{Deserialize, Serialize};

/// A family of models: what `model_type` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// GPT-2: learned positions, layer normalisation, multi-head attention, GELU.
    Gpt2,
    /// Qwen2: rotary positions, root-mean-square normalisation, grouped-query attention, SwiGLU.
    Qwen2,
}

impl Family {
    /// Every family.
    pub const ALL: [Family; 2] = [Family::Gpt2, Family::Qwen2];

    /// The `model_type`.
    pub fn name(self) -> &'static str {
        match self {
            Family::Gpt2 => "gpt2",
            Family::Qwen2 => "qwen2",
        }
    }

    /// Reads the fields of that family.
    pub(super) fn read(self, config: &mut Config<'_>) -> Option<Model> {
        match self {
            Family::Gpt2 => gpt2::read(config),
            Family::Qwen2 => qwen2::read(config),
        }
    }
}
