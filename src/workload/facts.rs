//! What can be counted from a model's sizes alone, for comparison with published figures.

use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::workload::embedding::Input;
use crate::workload::parameters::wide;
use crate::workload::{Assumed, Attention, Family, Head, Layer, Model, Scenario, Stack};
use serde::{Deserialize, Serialize};

/// Counts of a model under a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Facts {
    /// Name of the model.
    pub model: String,
    /// Family of the model.
    pub family: Family,
    /// Keys that the config leaves out, and what the family takes instead.
    pub assumed: Vec<Assumed>,
    /// Parameters, all of them: embeddings, biases and norms included, a tied head counted once.
    pub parameters: u64,
    /// Parameters that one token meets: of a mixture's experts only those it takes.
    pub parameters_active: u64,
    /// Parameters of the embeddings: tokens, learned positions, token types, patch projection, learned rows.
    pub parameters_embedding: u64,
    /// Parameters besides the embeddings and a language-model head's matrix of its own.
    pub parameters_non_embedding: u64,
    /// Bytes of keys and values (or of their latent vector) that one token leaves in all layers of the decoder together.
    pub kv_bytes_per_token: u64,
    /// Bytes of keys and values that one token or frame of the source leaves in the cross attentions of all layers together.
    pub cross_kv_bytes_per_source_token: u64,
    /// Multiply-accumulate operations.
    pub macs: Macs,
}

/// Multiply-accumulate operations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Macs {
    /// Linear layers of all blocks, one token: of the decoder where there is one, otherwise of the encoder. Keys and values
    /// of cross attention are not among them: they are made once for each row of the source.
    pub linear_per_token: u64,
    /// Language-model head, one token; or the classifiers of one image.
    pub lm_head_per_token: u64,
    /// The sources of the batch; all zero without an encoder.
    pub encode: EncodeMacs,
    /// The prompts of the batch, without the head; all zero without a decoder.
    pub prefill: PrefillMacs,
    /// The decoded tokens of the batch.
    pub decode: DecodeMacs,
}

/// Multiply-accumulate operations of the encoder on the sources of the batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EncodeMacs {
    /// Rows of one source: tokens, frames, or patches with the learned rows.
    pub rows: u64,
    /// Patch projection, or convolutions.
    pub stem: u64,
    /// Linear layers.
    pub linear: u64,
    /// Scores and contexts: every row with every row.
    pub attention: u64,
    /// Pooler or classifiers of the batch.
    pub head: u64,
    /// Keys and values of the decoder's cross attentions, made once.
    pub cross_kv: u64,
}

/// Multiply-accumulate operations of the prompts of the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PrefillMacs {
    /// Linear layers.
    pub linear: u64,
    /// Scores and contexts over the full square, whatever the window, and of each token with the whole source.
    pub attention_full: u64,
    /// Scores and contexts of what a token sees: up to the diagonal, which is included, within the window; the whole source.
    pub attention_causal: u64,
}

/// Multiply-accumulate operations of the decoded tokens of the batch. Token i (from 1) sees the prompt and i tokens, within the
/// window, and the whole source.
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
    /// A `source` that the model does not take or that is missing; a count that 64 bits do not hold.
    pub fn facts(&self, scenario: &Scenario) -> Result<Facts> {
        let rows = wide(self.source_rows(scenario)?.unwrap_or(0));
        let parameters = self.parameters();
        let bits = wide(scenario.bits.kv);
        let decoder = |count: fn(&Layer) -> u128| self.decoder.iter().flat_map(|s| &s.layers).map(count).sum::<u128>();
        let cache: u128 = decoder(|layer| wide(layer.attention.cache_width()));
        let cross_cache: u128 = decoder(|layer| layer.cross.map_or(0, |cross| 2 * wide(cross.kv_width())));
        Ok(Facts {
            model: self.name.clone(),
            family: self.family,
            assumed: self.assumed.clone(),
            parameters: counted(parameters.total)?,
            parameters_active: counted(parameters.active)?,
            parameters_embedding: counted(parameters.embedding)?,
            parameters_non_embedding: counted(parameters.non_embedding)?,
            kv_bytes_per_token: counted((cache * bits).div_ceil(8))?,
            cross_kv_bytes_per_source_token: counted((cross_cache * bits).div_ceil(8))?,
            macs: self.macs(scenario, rows)?,
        })
    }

    fn macs(&self, scenario: &Scenario, rows: u128) -> Result<Macs> {
        let linear = self.last_stack().map_or(0, Stack::row_macs);
        Ok(Macs {
            linear_per_token: counted(linear)?,
            lm_head_per_token: counted(if self.head == Head::Pooler { 0 } else { self.head_macs() })?,
            encode: self.encode_macs(scenario, rows)?,
            prefill: self.prefill_macs(scenario, rows)?,
            decode: self.decode_macs(scenario, rows)?,
        })
    }

    fn encode_macs(&self, scenario: &Scenario, rows: u128) -> Result<EncodeMacs> {
        let Some(encoder) = &self.encoder else { return Ok(EncodeMacs::default()) };
        let (batch, hidden) = (wide(scenario.batch), wide(encoder.hidden));
        let pairs: u128 = encoder.layers.iter().map(|layer| wide(layer.attention.pair_macs())).sum();
        let cross = self.decoder.iter().flat_map(|stack| &stack.layers).filter_map(|layer| layer.cross);
        let cross: u128 = cross.map(|cross| cross.kv_matrices(hidden)).sum();
        let head = if self.decoder.is_none() { self.head_macs() } else { 0 };
        Ok(EncodeMacs {
            rows: counted(rows)?,
            stem: counted(batch * encoder.stem_macs(rows))?,
            linear: counted(batch * rows * encoder.row_macs())?,
            attention: counted(batch * rows * rows * pairs)?,
            head: counted(batch * head)?,
            cross_kv: counted(batch * rows * cross)?,
        })
    }

    fn prefill_macs(&self, scenario: &Scenario, rows: u128) -> Result<PrefillMacs> {
        let (batch, prefill) = (wide(scenario.batch), wide(scenario.prefill));
        let full = self.attended(|_| prefill * prefill, prefill * rows);
        let causal = self.attended(|window| seen(prefill, window), prefill * rows);
        let linear = self.decoder.as_ref().map_or(0, Stack::row_macs);
        Ok(PrefillMacs {
            linear: counted(batch * prefill * linear)?,
            attention_full: counted(batch * full)?,
            attention_causal: counted(batch * causal)?,
        })
    }

    fn decode_macs(&self, scenario: &Scenario, rows: u128) -> Result<DecodeMacs> {
        let batch = wide(scenario.batch);
        let (prefill, decode) = (wide(scenario.prefill), wide(scenario.decode));
        let later = |window| seen(prefill + decode, window) - seen(prefill, window);
        let linear = self.decoder.as_ref().map_or(0, Stack::row_macs);
        let head = if self.decoder.is_some() { self.head_macs() } else { 0 };
        Ok(DecodeMacs {
            linear: counted(batch * decode * linear)?,
            attention: counted(batch * self.attended(later, decode * rows))?,
            lm_head: counted(batch * decode * head)?,
        })
    }

    /// Scores and contexts of the decoder: so many pairs of rows in self-attention by window, so many in cross attention.
    fn attended(&self, pairs: impl Fn(Option<u32>) -> u128, cross_pairs: u128) -> u128 {
        let layer = |layer: &Layer| {
            let own = pairs(layer.attention.window()) * wide(layer.attention.pair_macs());
            own + layer.cross.map_or(0, |cross| cross_pairs * 2 * wide(cross.query_width()))
        };
        self.decoder.iter().flat_map(|stack| &stack.layers).map(layer).sum()
    }

    /// Multiplications of the head for one token, or for one sequence of an encoder.
    fn head_macs(&self) -> u128 {
        let hidden = self.head_width();
        match self.head {
            Head::LanguageModel(head) => wide(head.vocabulary) * hidden,
            Head::Pooler => hidden * hidden,
            Head::Classifiers { labels, count } => wide(labels) * wide(count) * hidden,
        }
    }
}

impl Stack {
    /// Multiplications of the linear layers for one row.
    fn row_macs(&self) -> u128 {
        let hidden = wide(self.hidden);
        let layer = |layer: &Layer| {
            let attention = match &layer.attention {
                Attention::Grouped(grouped) => grouped.query_matrices(hidden) + grouped.kv_matrices(hidden),
                Attention::Latent(latent) => latent.matrices(hidden),
            };
            let cross = layer.cross.map_or(0, |cross| cross.query_matrices(hidden));
            attention + cross + layer.feed_forward.row_macs(hidden)
        };
        self.layers.iter().map(layer).sum()
    }

    /// Multiplications of what makes the rows that enter the first layer.
    fn stem_macs(&self, rows: u128) -> u128 {
        let hidden = wide(self.hidden);
        match self.embedding.input {
            Input::Tokens { .. } => 0,
            Input::Patches { patches, elements, .. } => wide(patches) * wide(elements) * hidden,
            Input::Frames { bins } => 3 * rows * hidden * (2 * wide(bins) + hidden),
        }
    }
}

/// Positions that `queries` queries at positions 1, 2, … see: all up to their own, at most a window.
fn seen(queries: u128, window: Option<u32>) -> u128 {
    let growing = window.map_or(queries, |window| queries.min(wide(window)));
    growing * (growing + 1) / 2 + (queries - growing) * growing
}

/// The count as 64 bits.
fn counted(value: u128) -> Result<u64> {
    u64::try_from(value).map_err(|_| {
        let problem = Diagnostic::new("too-large", format!("a count of {value} does not fit in 64 bits"));
        Error::input(problem.with_help("ask for fewer tokens, or a smaller model"))
    })
}
