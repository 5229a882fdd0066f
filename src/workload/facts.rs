//! What can be counted from a model's sizes alone, for comparison with published figures.

use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::workload::{Model, Norm, Position, Scenario};
use serde::{Deserialize, Serialize};

/// Counts of a model under a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Facts {
    /// Name of the model.
    pub model: String,
    /// Parameters, all of them: embeddings, biases and norms included, a tied head counted once.
    pub parameters: u64,
    /// Bytes of keys and values that one token leaves in all layers together.
    pub kv_bytes_per_token: u64,
    /// Multiply-accumulate operations.
    pub macs: Macs,
}

/// Multiply-accumulate operations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Macs {
    /// Linear layers of all blocks, one token.
    pub linear_per_token: u64,
    /// Language-model head, one token.
    pub lm_head_per_token: u64,
    /// The prompts of the batch, without the head.
    pub prefill: PrefillMacs,
    /// The decoded tokens of the batch.
    pub decode: DecodeMacs,
}

/// Multiply-accumulate operations of the prompts of the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PrefillMacs {
    /// Linear layers.
    pub linear: u64,
    /// Scores and contexts over the full square.
    pub attention_full: u64,
    /// Scores and contexts up to the diagonal, which is included.
    pub attention_causal: u64,
}

/// Multiply-accumulate operations of the decoded tokens of the batch. Token i (from 1) sees the prompt and i tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DecodeMacs {
    /// Linear layers.
    pub linear: u64,
    /// Scores and contexts.
    pub attention: u64,
    /// Language-model head.
    pub lm_head: u64,
}

impl Model {
    /// Counts of this model under `scenario`.
    ///
    /// # Errors
    /// A count that 64 bits do not hold.
    pub fn facts(&self, scenario: &Scenario) -> Result<Facts> {
        let (prefill, decode) = (u128::from(scenario.prefill), u128::from(scenario.decode));
        let batch = u128::from(scenario.batch);
        let (linear, head) = (self.linear_macs(), self.head_macs());
        let pair = self.pair_macs();
        let contexts = decode * prefill + triangle(decode);
        let macs = Macs {
            linear_per_token: counted(linear)?,
            lm_head_per_token: counted(head)?,
            prefill: PrefillMacs {
                linear: counted(batch * prefill * linear)?,
                attention_full: counted(batch * prefill * prefill * pair)?,
                attention_causal: counted(batch * triangle(prefill) * pair)?,
            },
            decode: DecodeMacs {
                linear: counted(batch * decode * linear)?,
                attention: counted(batch * contexts * pair)?,
                lm_head: counted(batch * decode * head)?,
            },
        };
        let kv_bits = 2 * u128::from(self.layers) * u128::from(self.kv_width()) * u128::from(scenario.bits.kv);
        Ok(Facts {
            model: self.name.clone(),
            parameters: counted(self.parameters())?,
            kv_bytes_per_token: counted(kv_bits.div_ceil(8))?,
            macs,
        })
    }

    /// Weights of the linear layers of all blocks: one multiplication each for every token.
    fn linear_macs(&self) -> u128 {
        let (hidden, inner) = (u128::from(self.hidden), u128::from(self.feed_forward.inner));
        let (query, kv) = (u128::from(self.query_width()), u128::from(self.kv_width()));
        let matrices = if self.feed_forward.gated { 3 } else { 2 };
        u128::from(self.layers) * hidden * (2 * query + 2 * kv + matrices * inner)
    }

    /// Weights of the language-model head: one multiplication each for every position it runs on.
    fn head_macs(&self) -> u128 {
        u128::from(self.vocabulary) * u128::from(self.hidden)
    }

    /// Score and context of one query with one key, all heads and layers.
    fn pair_macs(&self) -> u128 {
        2 * u128::from(self.layers) * u128::from(self.query_width())
    }

    /// Embeddings, a head of its own if it is not tied, linear layers, biases, and norms: two a layer and the final one.
    fn parameters(&self) -> u128 {
        let hidden = u128::from(self.hidden);
        let positions = match self.position {
            Position::Learned(positions) => u128::from(positions),
            Position::Rotary => 0,
        };
        let matrices = if self.tied { 1 } else { 2 };
        let norms = hidden * (2 * u128::from(self.layers) + 1) * if self.norm == Norm::Layer { 2 } else { 1 };
        matrices * self.head_macs() + positions * hidden + self.linear_macs() + self.bias_parameters() + norms
    }

    /// Biases: one an output of each linear layer that has them.
    fn bias_parameters(&self) -> u128 {
        let (hidden, inner) = (u128::from(self.hidden), u128::from(self.feed_forward.inner));
        let qkv = u128::from(self.query_width()) + 2 * u128::from(self.kv_width());
        let ups = if self.feed_forward.gated { 2 } else { 1 };
        let present = |has: bool, count: u128| if has { count } else { 0 };
        let layer = present(self.biases.qkv, qkv)
            + present(self.biases.output, hidden)
            + present(self.biases.feed_forward, ups * inner + hidden);
        u128::from(self.layers) * layer
    }
}

/// 1 + 2 + … + n.
fn triangle(n: u128) -> u128 {
    n * (n + 1) / 2
}

/// The count as 64 bits.
fn counted(value: u128) -> Result<u64> {
    u64::try_from(value).map_err(|_| {
        let problem = Diagnostic::new("too-large", format!("a count of {value} does not fit in 64 bits"));
        Error::input(problem.with_help("ask for fewer tokens, or a smaller model"))
    })
}
