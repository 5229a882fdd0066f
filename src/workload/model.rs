//! A transformer as data: stacks of layers, what enters them, what leaves them.

use crate::config::Document;
use crate::diagnostic::{Diagnostic, Source};
use crate::error::{Error, Result};
use crate::workload::attention::{Attention, GroupedAttention};
use crate::workload::embedding::Embedding;
use crate::workload::family::{self, Family};
use crate::workload::feed_forward::FeedForward;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A transformer, checked: every size is above zero and they agree with each other.
///
/// A decoder-only model has a decoder, BERT and the vision transformers an encoder, T5 and Whisper both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Name: `_name_or_path` of the config, or the file name without its extension.
    pub name: String,
    /// Family, the `model_type` of the config.
    pub family: Family,
    /// Layers that see all tokens, patches or frames of the source at once, without a causal mask.
    pub encoder: Option<Stack>,
    /// Layers that make tokens one after the other, with a causal mask and a key-value cache.
    pub decoder: Option<Stack>,
    /// What is computed from the result of the last layer.
    pub head: Head,
    /// Whether the family stores its weights output-major (rows are outputs), as `nn.Linear` does.
    pub output_major: bool,
    /// Keys that the config leaves out, and what the family takes instead.
    pub assumed: Vec<Assumed>,
}

/// A key that the config leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Assumed {
    /// The key.
    pub key: String,
    /// What the family takes instead.
    pub value: String,
}

/// Layers one after the other on one residual stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Width of the residual stream.
    pub hidden: u32,
    /// What makes the rows that enter the first layer.
    pub embedding: Embedding,
    /// Layers, first to last.
    pub layers: Vec<Layer>,
    /// Normalisation after the last layer.
    pub final_norm: Option<Norm>,
}

/// One layer: self-attention, in decoders of encoder-decoders cross attention, feed-forward network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// Attention of the rows with each other.
    pub attention: Attention,
    /// Attention whose keys and values are projected from the encoder's result.
    pub cross: Option<GroupedAttention>,
    /// Feed-forward network.
    pub feed_forward: FeedForward,
    /// Which normalisation.
    pub norm: Norm,
    /// Where the normalisations stand.
    pub arrangement: Arrangement,
}

/// Where the normalisations of a layer stand. A part is self-attention, cross attention or feed-forward network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrangement {
    /// One before each part; the residual goes around both.
    Pre,
    /// One after each part's residual addition.
    Post,
    /// One for attention and feed-forward network together, which read the same rows; both are added to the residual.
    Parallel,
    /// One before each part and one after it, before its residual addition.
    Sandwich,
}

/// Normalisation of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norm {
    /// Mean and variance; gain and bias.
    Layer,
    /// Mean and variance; no parameters.
    PlainLayer,
    /// Root mean square; gain.
    RootMeanSquare,
}

/// What is computed from the result of the last layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// Logits over the vocabulary, on the last prompt position and on each decoded token.
    LanguageModel(LanguageModelHead),
    /// A square matrix with bias and hyperbolic tangent on the first row of each sequence.
    Pooler,
    /// So many classifiers with bias, classifier i on row i of each sequence.
    Classifiers {
        /// Outputs of one.
        labels: u32,
        /// How many.
        count: u32,
    },
}

/// Logits over the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LanguageModelHead {
    /// Outputs.
    pub vocabulary: u32,
    /// Whether its matrix is the embedding's.
    pub tied: bool,
    /// Whether it has a bias.
    pub bias: bool,
    /// Whether the logits go through a hyperbolic tangent.
    pub softcap: bool,
}

impl Model {
    /// Reads a Hugging Face `config.json`.
    ///
    /// Keys that do not change shapes are ignored, as Hugging Face does; `docs/models.md` lists those that are read.
    ///
    /// # Errors
    /// An unknown `model_type`, and every missing, negative, absurd or contradictory field, each with its place.
    pub fn parse(source: &Arc<Source>) -> Result<Self> {
        let document = Document::parse_json(source)?;
        let model = family::read(document.root(), source);
        document.result(model).map_err(with_help)
    }

    /// The stack whose result the head reads: the decoder where there is one.
    pub fn last_stack(&self) -> Option<&Stack> {
        self.decoder.as_ref().or(self.encoder.as_ref())
    }

    /// Both stacks, the encoder first.
    pub fn stacks(&self) -> impl Iterator<Item = &Stack> {
        self.encoder.iter().chain(&self.decoder)
    }

    /// Layers of both stacks.
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.stacks().flat_map(|stack| &stack.layers)
    }
}

/// Problems of a config that offer no help of their own point to the page on its fields.
fn with_help(error: Error) -> Error {
    let help =
        "docs/models.md says which fields a family has, how they agree, and what stands for those that are absent";
    let helped = |problem: Diagnostic| if problem.help.is_empty() { problem.with_help(help) } else { problem };
    match error {
        Error::Input(problems) => Error::Input(problems.into_iter().map(helped).collect()),
        other => other,
    }
}

impl Layer {
    /// Parts that have a normalisation of their own where it stands before or after each.
    pub fn parts(&self) -> u32 {
        if self.cross.is_some() { 3 } else { 2 }
    }

    /// Normalisations over the width of the residual stream.
    pub fn norms(&self) -> u32 {
        match self.arrangement {
            Arrangement::Pre | Arrangement::Post => self.parts(),
            Arrangement::Parallel => 1,
            Arrangement::Sandwich => 2 * self.parts(),
        }
    }
}

impl Norm {
    /// Parameters of one element of a row.
    pub fn parameters(self) -> u32 {
        match self {
            Norm::Layer => 2,
            Norm::RootMeanSquare => 1,
            Norm::PlainLayer => 0,
        }
    }
}
