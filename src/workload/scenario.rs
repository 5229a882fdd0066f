//! What is asked of a model: how many tokens, how many sequences, how many bits.

use crate::config::{Document, Table};
use crate::diagnostic::Source;
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Most tokens of a prompt, and most tokens generated.
const MOST_TOKENS: u64 = 1 << 24;
/// Most sequences at a time.
const LARGEST_BATCH: u64 = 1 << 12;
/// Widest element.
const WIDEST_ELEMENT: u64 = 64;

/// One inference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Scenario {
    /// Prompt tokens of a sequence.
    pub prefill: u32,
    /// Tokens generated one by one after the prompt.
    pub decode: u32,
    /// Tokens or frames that an encoder reads, a sequence. An encoder alone reads `prefill` tokens where it is absent.
    pub source: Option<u32>,
    /// Sequences at a time.
    pub batch: u32,
    /// Bits of an element.
    pub bits: Bits,
    /// Whether the language-model head runs, on the last prompt position and on each decoded token.
    pub lm_head: bool,
}

/// Bits of an element by what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Bits {
    /// Parameters.
    pub weights: u32,
    /// Activations and attention scores.
    pub activations: u32,
    /// Keys and values.
    pub kv: u32,
}

impl Default for Bits {
    fn default() -> Self {
        Self { weights: 8, activations: 8, kv: 8 }
    }
}

impl Scenario {
    /// One sequence of so many prompt tokens, 8 bits everywhere, nothing decoded, with the head.
    pub fn new(prefill: u32) -> Self {
        Self { prefill, decode: 0, source: None, batch: 1, bits: Bits::default(), lm_head: true }
    }

    /// Reads a file whose top level holds the keys of a `[scenario]` table.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place.
    pub fn parse(source: &Arc<Source>) -> Result<Self> {
        let document = Document::parse(source)?;
        let scenario = Self::read(document.root());
        document.result(scenario)
    }

    /// Reads a `[scenario]` table; `None` and problems in the document if it is wrong.
    ///
    /// `prefill` is required, unless there is a `source`: then it is 1, the token a decoder starts with; `decode` is 0, `batch` 1, `lm_head` true and each of `bits` 8 where absent.
    pub fn read(mut table: Table<'_>) -> Option<Self> {
        let source_field = table.optional("source");
        let source = source_field.integer::<u32>(1..=MOST_TOKENS);
        let prefill = if source_field.is_present() { table.optional("prefill") } else { table.required("prefill") };
        let prefill = if prefill.is_present() { prefill.integer::<u32>(1..=MOST_TOKENS) } else { source.map(|_| 1) };
        let decode = table.optional("decode").integer(0..=MOST_TOKENS);
        let batch_field = table.optional("batch");
        let batch = batch_field.integer(1..=LARGEST_BATCH).unwrap_or(1);
        let bits = table.optional("bits").table().map_or_else(Bits::default, Bits::read);
        let lm_head = table.optional("lm_head").value();
        table.finish();
        let prefill = prefill?;
        if u64::from(prefill.max(source.unwrap_or(0))) * u64::from(batch) > MOST_TOKENS {
            batch_field.refuse(
                "out-of-range",
                format!("at most {MOST_TOKENS} tokens of prompts, or of sources, in all sequences together"),
            );
        }
        Some(Self { prefill, decode: decode.unwrap_or(0), source, batch, bits, lm_head: lm_head.unwrap_or(true) })
    }
}

impl Bits {
    /// Reads a `bits` table; 8 where absent, problems go to the document.
    pub fn read(mut table: Table<'_>) -> Self {
        let mut bits = |key| table.optional(key).integer(1..=WIDEST_ELEMENT).unwrap_or(8);
        let read = Self { weights: bits("weights"), activations: bits("activations"), kv: bits("kv") };
        table.finish();
        read
    }
}
