//! A transformer as its `config.json` describes it.

use crate::config::{Document, Field, Table};
use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::error::Result;
use crate::workload::family::Family;
use std::sync::Arc;

/// Most layers, widest vector, largest feed-forward network, vocabulary and context that are read.
const MOST_LAYERS: u64 = 1 << 12;
const WIDEST: u64 = 1 << 20;
const LARGEST_INNER: u64 = 1 << 22;
const LARGEST_VOCABULARY: u64 = 1 << 24;
const LONGEST_CONTEXT: u64 = 1 << 26;

/// A decoder-only transformer, checked: every size is above zero and they agree with each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Name: `_name_or_path` of the config, or the file name without its extension.
    pub name: String,
    /// Family, the `model_type` of the config.
    pub family: Family,
    /// Layers (blocks of attention and feed-forward network).
    pub layers: u32,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads; divides `heads`.
    pub kv_heads: u32,
    /// Width of a head.
    pub head_size: u32,
    /// Feed-forward network.
    pub feed_forward: FeedForward,
    /// Normalisation before attention, before the feed-forward network, and after the last layer.
    pub norm: Norm,
    /// Which linear layers have a bias.
    pub biases: Biases,
    /// How a token's position enters.
    pub position: Position,
    /// Rows of the embedding and of the language-model head.
    pub vocabulary: u32,
    /// Whether embedding and language-model head are one matrix.
    pub tied: bool,
    /// Whether the family stores its weights output-major (rows are outputs), as `nn.Linear` does.
    pub output_major: bool,
}

/// Feed-forward network of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedForward {
    /// Width between the matrices.
    pub inner: u32,
    /// Whether a gate matrix stands beside the first one (SwiGLU: three matrices); otherwise GELU and two.
    pub gated: bool,
}

/// Normalisation of the rows of the residual stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norm {
    /// Mean and variance; gain and bias.
    Layer,
    /// Root mean square; gain.
    RootMeanSquare,
}

/// Which linear layers have a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Biases {
    /// Query, key and value projections.
    pub qkv: bool,
    /// Output projection of the attention.
    pub output: bool,
    /// Feed-forward matrices.
    pub feed_forward: bool,
}

/// How a token's position enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// A learned vector is added to the embedding of each of so many positions.
    Learned(u32),
    /// Queries and keys are rotated.
    Rotary,
}

impl Model {
    /// Reads a Hugging Face `config.json`.
    ///
    /// Keys that do not change shapes are ignored, as Hugging Face does.
    ///
    /// # Errors
    /// An unknown `model_type`, and every missing, negative, absurd or contradictory field, each with its place.
    pub fn parse(source: &Arc<Source>) -> Result<Self> {
        let document = Document::parse_json(source)?;
        let mut root = document.root();
        let name = name(&mut root, source);
        let family = family(&root.required("model_type"));
        document.result(family.and_then(|family| family.read(&mut Config { root, name })))
    }

    /// Width of all query heads together.
    pub fn query_width(&self) -> u32 {
        self.heads * self.head_size
    }

    /// Width of all key heads together, which is that of all value heads.
    pub fn kv_width(&self) -> u32 {
        self.kv_heads * self.head_size
    }
}

fn name(root: &mut Table<'_>, source: &Source) -> String {
    let given = root.optional("_name_or_path").as_text().filter(|name| !name.is_empty());
    let stem = source.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    given.map(str::to_owned).or(stem).unwrap_or_else(|| "model".into())
}

/// The family that `model_type` names; an unknown one is refused with the list of known ones.
fn family(field: &Field<'_>) -> Option<Family> {
    let name: String = field.value()?;
    let found = Family::ALL.into_iter().find(|family| family.name() == name);
    if found.is_none() {
        let names = Family::ALL.map(Family::name);
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

/// A `config.json` being read by its family.
pub(super) struct Config<'d> {
    /// The outermost object.
    pub root: Table<'d>,
    /// Name of the model.
    pub name: String,
}

/// A size and the field it comes from, so that a contradiction can point at it.
pub(super) struct Size<'d> {
    field: Field<'d>,
    /// The value.
    pub value: u32,
}

impl<'d> Config<'d> {
    /// Number of layers.
    pub fn layers(&mut self, key: &'static str) -> Option<Size<'d>> {
        self.size(key, MOST_LAYERS)
    }

    /// A vector's width, or a number of heads.
    pub fn width(&mut self, key: &'static str) -> Option<Size<'d>> {
        self.size(key, WIDEST)
    }

    /// Width between the feed-forward matrices.
    pub fn inner(&mut self, key: &'static str) -> Option<Size<'d>> {
        self.size(key, LARGEST_INNER)
    }

    /// Rows of the embedding.
    pub fn vocabulary(&mut self, key: &'static str) -> Option<Size<'d>> {
        self.size(key, LARGEST_VOCABULARY)
    }

    /// Positions a model was made for.
    pub fn context(&mut self, key: &'static str) -> Option<Size<'d>> {
        self.size(key, LONGEST_CONTEXT)
    }

    /// A truth value that may be absent.
    pub fn flag(&mut self, key: &'static str, default: bool) -> bool {
        self.root.optional(key).value().unwrap_or(default)
    }

    /// Refuses a feature that changes the computation when the config turns it on.
    pub fn refuse_if_on(&mut self, key: &'static str, what: &str) {
        let field = self.root.optional(key);
        if field.value() == Some(true) {
            let message = format!("{what} is not available in this version");
            field.document().report_at("not-available", message, field.span(), "available: false");
        }
    }

    /// The activation function, one of `names`, which all cost the same.
    pub fn activation(&mut self, key: &'static str, names: &[&'static str]) {
        let names: Vec<_> = names.iter().map(|&name| (name, ())).collect();
        self.root.required(key).keyword(&names, &[]);
    }

    fn size(&mut self, key: &'static str, most: u64) -> Option<Size<'d>> {
        let field = self.root.required(key);
        field.integer(1..=most).map(|value| Size { field, value })
    }
}

impl Size<'_> {
    /// The value divided by `parts`, which must divide it.
    pub fn over(&self, parts: &Size<'_>) -> Option<u32> {
        let divides = self.value.is_multiple_of(parts.value);
        if !divides {
            let expected = format!("a divisor of `{}`, which is {}", self.field.path(), self.value);
            parts.field.refuse("contradiction", expected);
        }
        divides.then(|| self.value / parts.value)
    }

    /// Records that the value contradicts the rest.
    pub fn refuse(&self, expected: impl AsRef<str>) {
        self.field.refuse("contradiction", expected);
    }

    /// Whether so many heads of a size together are no wider than anything is allowed to be.
    pub fn fits_heads(&self, head_size: u32) -> bool {
        let fits = u64::from(self.value) * u64::from(head_size) <= WIDEST;
        if !fits {
            self.refuse(format!("heads that together are at most {WIDEST} wide; one is {head_size}"));
        }
        fits
    }
}
