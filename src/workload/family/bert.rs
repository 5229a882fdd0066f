//! BERT and RoBERTa: `BertConfig` and `RobertaConfig` of Hugging Face Transformers, the encoder with its pooler.

use crate::workload::embedding::{Embedding, Input};
use crate::workload::family::config::Config;
use crate::workload::family::encoder::Encoder;
use crate::workload::{Arrangement, Head, Model, Norm, Position, Stack};

/// BERT.
pub(super) fn read_bert(config: &mut Config<'_>) -> Option<Model> {
    read(config, 30522, None)
}

/// RoBERTa: positions start after the one of the padding token.
pub(super) fn read_roberta(config: &mut Config<'_>) -> Option<Model> {
    let padding = config.count("pad_token_id", 0, 1)?.value;
    read(config, 50265, Some(padding))
}

fn read(config: &mut Config<'_>, vocabulary: u32, padding: Option<u32>) -> Option<Model> {
    config.refuse_if_on("is_decoder", "a causal mask");
    config.refuse_if_on("add_cross_attention", "cross attention");
    config
        .root
        .optional("position_embedding_type")
        .keyword(&[("absolute", ())], &["relative_key", "relative_key_query"]);
    let vocabulary = config.vocabulary(vocabulary);
    let positions = config.context("max_position_embeddings", 512);
    let types = config.count("type_vocab_size", 0, 2);
    let encoder = Encoder::read(config, Arrangement::Post, true)?;
    let positions = positions?;
    let usable = positions.value.saturating_sub(padding.map_or(0, |padding| padding.saturating_add(1)));
    if usable == 0 {
        positions.refuse("more than the rows up to that of the padding token");
        return None;
    }
    let embedding = Embedding {
        input: Input::Tokens { vocabulary: vocabulary?.value, shared: false },
        position: Position::Learned { rows: positions.value, usable },
        token_types: types?.value,
        norm: Some(Norm::Layer),
    };
    let stack = Stack { hidden: encoder.hidden, embedding, layers: encoder.layers, final_norm: None };
    Some(config.model(Some(stack), None, Head::Pooler))
}
