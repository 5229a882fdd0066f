//! How a model becomes operators: decisions of the user, because they decide the answer.

use crate::config::Table;
use crate::workload::Scenario;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a model becomes operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Lowering {
    /// Order of the attention heads.
    pub attention: AttentionOrder,
    /// Granularity of the projections.
    pub projections: Projections,
    /// Whether work above the diagonal is skipped.
    pub causal: bool,
    /// Shape of the feed-forward network.
    pub ffn: FfnShape,
    /// Granularity of the scores.
    pub scores: Scores,
    /// How long keys and values are needed.
    pub kv: KvRelease,
    /// How long weights are needed.
    pub weights: WeightRelease,
    /// What multi-head latent attention computes with.
    pub mla: LatentForm,
}

/// Order of the attention heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AttentionOrder {
    /// Head after head: scores, softmax and context of one before the next.
    DepthFirst,
    /// All heads' scores, then all contexts; all score matrices live at once.
    BreadthFirst,
    /// Head after head, each one op with a running softmax: scores never reach the memory, keys and values are read again for
    /// each tile of queries.
    Tiled,
}

/// Granularity of the query, key and value projections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Projections {
    /// One matrix product each for Q, K and V over all heads.
    Fused,
    /// One for each head.
    PerHead,
}

/// Shape of the feed-forward network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FfnShape {
    /// What the model says.
    Model,
    /// Two matrices with GELU between them, whatever the model says.
    Mlp2,
}

/// Granularity of the scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scores {
    /// A score matrix for each query head, one K and one V for each key-value head.
    PerHead,
    /// One score matrix for all heads together: only to reproduce published figures.
    Aggregated,
}

/// How long keys and values are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KvRelease {
    /// Until the sequence ends.
    Kept,
    /// Until the last consumer finishes.
    Released,
}

/// How long weights are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WeightRelease {
    /// A tile until its last use in the op.
    Streamed,
    /// The tensor until the op ends.
    Whole,
}

/// What multi-head latent attention computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LatentForm {
    /// The latent vectors themselves: queries are lifted to their space, contexts come back from it.
    Absorbed,
    /// Keys and values rebuilt from the latent vectors of all tokens in every step.
    Expanded,
}

impl Lowering {
    /// The defaults: `depth-first`, `fused`, causal, the model's own feed-forward network, scores `per-head`, keys and values
    /// `kept` if tokens are decoded and `released` otherwise, weights `streamed`, latent attention `absorbed`.
    pub fn for_scenario(scenario: &Scenario) -> Self {
        Self {
            attention: AttentionOrder::DepthFirst,
            projections: Projections::Fused,
            causal: true,
            ffn: FfnShape::Model,
            scores: Scores::PerHead,
            kv: if scenario.decode > 0 { KvRelease::Kept } else { KvRelease::Released },
            weights: WeightRelease::Streamed,
            mla: LatentForm::Absorbed,
        }
    }

    /// Reads a `[lowering]` table, each absent key as in [`Lowering::for_scenario`]; problems go to the document.
    pub fn read(mut table: Table<'_>, scenario: &Scenario) -> Self {
        let default = Self::for_scenario(scenario);
        let attention = [
            ("depth-first", AttentionOrder::DepthFirst),
            ("breadth-first", AttentionOrder::BreadthFirst),
            ("tiled", AttentionOrder::Tiled),
        ];
        let mla = [("absorbed", LatentForm::Absorbed), ("expanded", LatentForm::Expanded)];
        let projections = [("fused", Projections::Fused), ("per-head", Projections::PerHead)];
        let ffn = [("model", FfnShape::Model), ("mlp2", FfnShape::Mlp2)];
        let scores = [("per-head", Scores::PerHead), ("aggregated", Scores::Aggregated)];
        let kv = [("kept", KvRelease::Kept), ("released", KvRelease::Released)];
        let weights = [("streamed", WeightRelease::Streamed), ("whole", WeightRelease::Whole)];
        let projections_field = table.optional("projections");
        let read = Self {
            attention: table.optional("attention").keyword(&attention, &[]).unwrap_or(default.attention),
            projections: projections_field.keyword(&projections, &[]).unwrap_or(default.projections),
            causal: table.optional("causal").value().unwrap_or(default.causal),
            ffn: table.optional("ffn").keyword(&ffn, &[]).unwrap_or(default.ffn),
            scores: table.optional("scores").keyword(&scores, &[]).unwrap_or(default.scores),
            kv: table.optional("kv").keyword(&kv, &[]).unwrap_or(default.kv),
            weights: table.optional("weights").keyword(&weights, &[]).unwrap_or(default.weights),
            mla: table.optional("mla").keyword(&mla, &[]).unwrap_or(default.mla),
        };
        if read.scores == Scores::Aggregated && read.projections == Projections::PerHead {
            projections_field.refuse("contradiction", "`fused`, because aggregated scores have no heads");
        }
        table.finish();
        read
    }
}

impl fmt::Display for Lowering {
    /// The decisions that shape the op graph, such as `depth-first, fused, causal`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attention = match self.attention {
            AttentionOrder::DepthFirst => "depth-first",
            AttentionOrder::BreadthFirst => "breadth-first",
            AttentionOrder::Tiled => "tiled",
        };
        let projections = match self.projections {
            Projections::Fused => "fused",
            Projections::PerHead => "per-head",
        };
        let causal = if self.causal { "causal" } else { "full square" };
        write!(f, "{attention}, {projections} projections, {causal}")?;
        f.write_str(if self.scores == Scores::Aggregated { ", aggregated scores" } else { "" })?;
        f.write_str(if self.ffn == FfnShape::Mlp2 { ", two-matrix FFN" } else { "" })
    }
}
