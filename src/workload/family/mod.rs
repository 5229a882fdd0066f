//! Families of models that can be read, one file each.

mod bert;
mod config;
mod decoder;
mod deepseek_v2;
mod encoder;
mod gemma;
mod gpt2;
mod granite;
mod llama;
mod mistral;
mod mixtral;
mod mobilellm;
mod olmo;
mod phi;
mod phi3;
mod qwen2;
mod qwen3;
mod t5;
mod vit;
mod whisper;
mod windows;

use crate::config::{Field, Table};
use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::workload::Model;
use config::Config;
use serde::{Deserialize, Serialize};

/// A family of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Learned positions, layer normalisation, multi-head attention, two-matrix feed-forward network.
    Gpt2,
    /// Rotary positions, root-mean-square normalisation, grouped-query attention, gated feed-forward network.
    Llama,
    /// Llama with a window.
    Mistral,
    /// Mistral with a mixture of experts.
    Mixtral,
    /// Llama with biases on queries, keys and values; late layers may have windows.
    Qwen2,
    /// Llama with normalised queries and keys.
    Qwen3,
    /// Llama with scaled values.
    Granite,
    /// Windows in every second layer, a normalisation before and after each part, bounded scores.
    Gemma2,
    /// The text part: windows in five of six layers, normalised queries and keys.
    Gemma3,
    /// Attention and feed-forward network side by side, heads rotated in part.
    Phi,
    /// Llama with fused projections.
    Phi3,
    /// Llama whose normalisations have no parameters.
    Olmo,
    /// Llama with shared embeddings.
    #[serde(rename = "mobilellm")]
    MobileLlm,
    /// Multi-head latent attention and a mixture of experts with shared experts.
    #[serde(rename = "deepseek_v2")]
    DeepSeekV2,
    /// Encoder with learned positions, token types and normalisation after each part.
    Bert,
    /// BERT whose positions start after that of the padding token.
    Roberta,
    /// Encoder of image patches.
    Vit,
    /// ViT with a second learned row, for distillation.
    Deit,
    /// Encoder and decoder with relative positions.
    T5,
    /// Encoder of speech behind two convolutions, and a decoder.
    Whisper,
}

/// Reads the fields of a family.
type Read = fn(&mut Config<'_>) -> Option<Model>;

/// Each `model_type`, its family and how its fields are read.
const MODEL_TYPES: [(&str, Family, Read); 21] = [
    ("bert", Family::Bert, bert::read_bert),
    ("deepseek_v2", Family::DeepSeekV2, deepseek_v2::read),
    ("deit", Family::Deit, vit::read_deit),
    ("gemma2", Family::Gemma2, gemma::read_gemma2),
    ("gemma3", Family::Gemma3, gemma::read_gemma3_text_part),
    ("gemma3_text", Family::Gemma3, gemma::read_gemma3),
    ("gpt2", Family::Gpt2, gpt2::read),
    ("granite", Family::Granite, granite::read),
    ("llama", Family::Llama, llama::read),
    ("mistral", Family::Mistral, mistral::read),
    ("mixtral", Family::Mixtral, mixtral::read),
    ("mobilellm", Family::MobileLlm, mobilellm::read),
    ("olmo", Family::Olmo, olmo::read),
    ("phi", Family::Phi, phi::read),
    ("phi3", Family::Phi3, phi3::read),
    ("qwen2", Family::Qwen2, qwen2::read),
    ("qwen3", Family::Qwen3, qwen3::read),
    ("roberta", Family::Roberta, bert::read_roberta),
    ("t5", Family::T5, t5::read),
    ("vit", Family::Vit, vit::read_vit),
    ("whisper", Family::Whisper, whisper::read),
];

impl Family {
    /// Every `model_type` that is read, in alphabetical order.
    pub fn model_types() -> impl Iterator<Item = &'static str> {
        MODEL_TYPES.iter().map(|&(name, ..)| name)
    }
}

/// Reads the model that `root`, the outermost object of a config, describes; problems go to its document.
pub(super) fn read(mut root: Table<'_>, source: &Source) -> Option<Model> {
    let name = name(&mut root, source);
    let (family, read) = known(&root.required("model_type"))?;
    read(&mut Config { root, name, family, aliases: &[], assumed: Vec::new() })
}

/// `_name_or_path`, or the file name without its extension.
fn name(root: &mut Table<'_>, source: &Source) -> String {
    let given = root.optional("_name_or_path").as_text().filter(|name| !name.is_empty());
    let stem = source.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    given.map(str::to_owned).or(stem).unwrap_or_else(|| "model".into())
}

/// The family that `model_type` names; an unknown one is refused with the list of known ones.
fn known(field: &Field<'_>) -> Option<(Family, Read)> {
    let name: String = field.value()?;
    let found = MODEL_TYPES.iter().find(|(known, ..)| *known == name).map(|&(_, family, read)| (family, read));
    if found.is_none() {
        let names: Vec<_> = Family::model_types().collect();
        let problem = Diagnostic::new("unknown-model-type", format!("model type `{name}` is not known")).at(
            field.document().source(),
            field.span(),
            format!("known: {}", names.join(", ")),
        );
        field.document().report(match nearest(&name, names) {
            Some(near) => problem.with_help(format!("did you mean `{near}`?")),
            None => problem.with_help("give any other model as an op graph in the trapti.workload/1 format"),
        });
    }
    found
}
