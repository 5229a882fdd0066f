//! From a model and a scenario to an op graph.
//!
//! What is in the graph: everything that moves whole rows or matrices. What is not: the embedding
//! lookup (its result, the input tensor, comes from DRAM), biases and norm gains (they ride along
//! with the op they belong to), rotary tables. A matrix is named after what it holds; an op after
//! what it makes.

mod attention;
mod builder;
mod encoder;
mod feed_forward;
mod latent;
mod layer;
mod tokens;

use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::ids::TensorId;
use crate::workload::{
    Attention, AttentionOrder, Class, Head, Home, LanguageModelHead, Lowering, Model, PhaseKind, Projections, Scenario,
    Scores, Stack, VectorKind, Workload,
};
use builder::{Builder, Shape};
use layer::norm_kind;
use rustc_hash::FxHashMap;

/// Most attention heads over all layers and sequences: each becomes a handful of ops.
const MOST_HEADS: u64 = 1 << 20;

/// The op graph of `model` under `scenario`, as `lowering` decides.
///
/// The graph passes [`Workload::check`]. Multiplications of its matrix products add up to the linear layers and the full
/// attention of [`Model::facts`] and, with `lm_head`, one run of the head for each sequence and token it makes.
///
/// # Errors
/// No token or no sequence; more positions than the model has; aggregated
/// scores of per-head projections; more than 2^20 heads over all layers and sequences; sizes beyond what can be counted.
pub fn lower(model: &Model, scenario: &Scenario, lowering: &Lowering) -> Result<Workload> {
    lower_tokens(model, scenario, lowering, false)
}

/// As [`lower`]; with `each_token`, tokens are lowered one by one, also where they repeat.
fn lower_tokens(model: &Model, scenario: &Scenario, lowering: &Lowering, each_token: bool) -> Result<Workload> {
    let rows = model.source_rows(scenario)?;
    let problems = refusals(model, scenario, lowering);
    if !problems.is_empty() {
        return Err(Error::Input(problems));
    }
    let graph = Builder::new(title(model, scenario, lowering));
    let hidden = model.last_stack().map_or(0, |stack| stack.hidden);
    let step = Step { queries: 0, before: 0, causal: false, cached: false };
    let (source, kept) = (None, FxHashMap::default());
    let mut lowerer = Lowerer { model, scenario, lowering, each_token, hidden, graph, step, source, kept };
    if let (Some(encoder), Some(rows)) = (&model.encoder, rows) {
        lowerer.encoder(encoder, rows);
    }
    if let Some(decoder) = &model.decoder {
        lowerer.decoder(decoder);
    }
    let workload = lowerer.graph.finish();
    workload.check_countable()?;
    debug_assert!(workload.check().is_ok(), "a lowered graph is sound");
    Ok(workload)
}

/// Name of the workload: model, scenario and the decisions that shape it.
fn title(model: &Model, scenario: &Scenario, lowering: &Lowering) -> String {
    let batch = if scenario.batch > 1 { format!(" × {}", scenario.batch) } else { String::new() };
    let decode = if scenario.decode > 0 { format!(" + {}", scenario.decode) } else { String::new() };
    format!("{}, prefill {}{decode}{batch}: {lowering}", model.name, scenario.prefill)
}

/// Why this cannot be lowered; empty if it can.
fn refusals(model: &Model, scenario: &Scenario, lowering: &Lowering) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let latent = model.layers().any(|layer| matches!(layer.attention, Attention::Latent(_)));
    if latent && lowering.scores == Scores::Aggregated {
        let message =
            format!("{} has latent attention, whose scores are sums of two products for each head", model.name);
        problems.push(Diagnostic::new("contradiction", message).with_help("choose `scores = \"per-head\"`"));
    }
    if lowering.scores == Scores::Aggregated && lowering.attention == AttentionOrder::Tiled {
        let message =
            "aggregated scores are one matrix in the memory, as in published figures; tiles would not make it";
        let help = "set `scores = \"per-head\"`, or another `attention` to reproduce those figures";
        problems.push(Diagnostic::new("contradiction", message).with_help(help));
    }
    let source = model.source_rows(scenario).ok().flatten().unwrap_or(0);
    if let Some(positions) = model.encoder.as_ref().and_then(|stack| stack.embedding.position.most_rows())
        && source > positions
    {
        let message = format!("a source of {source} rows is more than the {positions} positions of {}", model.name);
        problems.push(Diagnostic::new("contradiction", message).with_help("lower `source`, or `prefill` without it"));
    }
    if let Some(positions) = model.decoder.as_ref().and_then(|stack| stack.embedding.position.most_rows())
        && u64::from(positions) < u64::from(scenario.prefill) + u64::from(scenario.decode)
    {
        let tokens = u64::from(scenario.prefill) + u64::from(scenario.decode);
        let message = format!("{tokens} tokens are more than the {positions} positions of {}", model.name);
        problems.push(Diagnostic::new("contradiction", message).with_help("lower `prefill` or `decode`"));
    }
    if lowering.scores == Scores::Aggregated && lowering.projections == Projections::PerHead {
        let problem = Diagnostic::new("contradiction", "aggregated scores have no heads to project one by one");
        problems.push(problem.with_help("set `projections = \"fused\"`"));
    }
    if scenario.prefill == 0 || scenario.batch == 0 {
        problems.push(Diagnostic::new("out-of-range", "a prefill needs at least one token of one sequence"));
    }
    let tokens = (u64::from(scenario.prefill) + u64::from(scenario.decode)).max(2 * u64::from(source));
    let taken = model.layers().map(|layer| layer.feed_forward.taken()).max().unwrap_or(1);
    if u128::from(tokens) * u128::from(scenario.batch) * u128::from(taken) > u128::from(u32::MAX) {
        problems.push(Diagnostic::new("too-large", "all sequences together have more than 2^32 tokens"));
    }
    let heads = model.layers().map(|layer| u128::from(layer.attention.heads())).sum::<u128>();
    let heads = heads * u128::from(scenario.batch) * (u128::from(scenario.decode) + 1);
    if heads > u128::from(MOST_HEADS) {
        let message =
            format!("{heads} attention heads over all layers, sequences and steps are more than {MOST_HEADS}");
        problems.push(
            Diagnostic::new("too-large", message).with_help("lower `batch` or `decode`, or take a smaller model"),
        );
    }
    problems
}

/// What is being lowered, and the graph so far.
struct Lowerer<'a> {
    model: &'a Model,
    scenario: &'a Scenario,
    lowering: &'a Lowering,
    /// Whether tokens are lowered one by one, also where they repeat.
    each_token: bool,
    /// Width of the residual stream.
    hidden: u32,
    graph: Builder,
    step: Step,
    /// Result of the encoder, and how many rows a sequence has in it.
    source: Option<(TensorId, u32)>,
    /// Keys and values that later steps read.
    kept: FxHashMap<attention::Projection, TensorId>,
}

/// The tokens of each sequence that are worked on at a time.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// How many.
    queries: u32,
    /// How many came before them.
    before: u32,
    /// Whether a token sees none after it.
    causal: bool,
    /// Whether later steps read keys and values.
    cached: bool,
}

impl Lowerer<'_> {
    /// The prompt, then each token.
    fn decoder(&mut self, stack: &Stack) {
        let (causal, cached) = (self.lowering.causal, self.scenario.decode > 0);
        self.graph.enter_phase(PhaseKind::Prefill, "prefill", "");
        self.step = Step { queries: self.scenario.prefill, before: 0, causal, cached };
        self.tokens_of_step(stack);
        self.graph.end_phase();
        self.decoded(stack);
    }

    /// Everything for the tokens of a step: embedding result, layers, final norm, head.
    fn tokens_of_step(&mut self, stack: &Stack) {
        self.graph.enter_part("embedding");
        let input = self.stem(stack, self.step.queries);
        let stream = self.layers(stack, "", input);
        self.graph.enter_part("head");
        self.final_norm(stack, stream);
        match self.model.head {
            Head::LanguageModel(head) if self.scenario.lm_head => self.lm_head(head, stream),
            _ => self.graph.write_back(stream),
        }
    }

    /// All layers of a stack, whose names start with `prefix`.
    fn layers(&mut self, stack: &Stack, prefix: &str, input: TensorId) -> TensorId {
        let mut stream = input;
        for (index, layer) in stack.layers.iter().enumerate() {
            self.graph.enter_layer(&format!("{prefix}layer{index}"));
            stream = self.layer(layer, stream);
        }
        stream
    }

    fn final_norm(&mut self, stack: &Stack, stream: TensorId) {
        if let Some(norm) = stack.final_norm {
            self.graph.vector_in_place("norm", norm_kind(norm), &[stream]);
        }
    }

    /// Logits of the last position of each sequence; the head's weight is stored with one row a word, as the embedding is.
    fn lm_head(&mut self, head: LanguageModelHead, stream: TensorId) {
        let (vocabulary, hidden) = (head.vocabulary, self.hidden);
        let weight = self.weight(vocabulary, hidden);
        let weight = self.graph.shared("lm_head.weight", weight, Home::Dram);
        if self.step.queries == 1 {
            let logits = self.activation(self.tokens(), vocabulary);
            let logits = self.graph.matmul("logits", stream, weight, true, logits);
            if head.softcap {
                self.graph.vector_in_place("softcap", VectorKind::Softcap, &[logits]);
            }
            return self.graph.write_back(logits);
        }
        for sequence in 0..self.scenario.batch {
            let prefix = self.sequence_prefix(sequence);
            let last = (self.step.queries * (sequence + 1) - 1, 0);
            let row = self.graph.slice(&format!("{prefix}last"), stream, last, (1, hidden));
            let logits = self.activation(1, vocabulary);
            let logits = self.graph.matmul(&format!("{prefix}logits"), row, weight, true, logits);
            if head.softcap {
                self.graph.vector_in_place(&format!("{prefix}softcap"), VectorKind::Softcap, &[logits]);
            }
            self.graph.write_back(logits);
        }
    }

    /// Tokens of all sequences: the rows of every activation but those of one sequence.
    fn tokens(&self) -> u32 {
        self.step.queries * self.scenario.batch
    }

    /// `seq3.` where there is more than one sequence.
    fn sequence_prefix(&self, sequence: u32) -> String {
        if self.scenario.batch > 1 { format!("seq{sequence}.") } else { String::new() }
    }

    fn activation(&self, rows: u32, cols: u32) -> Shape {
        Shape { rows, cols, bits: self.scenario.bits.activations, class: Class::Activation }
    }

    fn weight(&self, rows: u32, cols: u32) -> Shape {
        Shape { rows, cols, bits: self.scenario.bits.weights, class: Class::Weight }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::workload::LatentForm;
    use proptest::prelude::*;

    const MODELS: [&str; 6] = [
        r#"{"model_type": "gpt2", "n_embd": 12, "n_head": 1, "n_layer": 2, "n_positions": 64, "vocab_size": 20}"#,
        r#"{"model_type": "mistral", "hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2, "vocab_size": 20, "sliding_window": 7}"#,
        r#"{"model_type": "gemma3_text", "hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_key_value_heads": 1, "num_hidden_layers": 3, "vocab_size": 20, "head_dim": 6, "sliding_window": 5, "sliding_window_pattern": 2}"#,
        r#"{"model_type": "mixtral", "hidden_size": 16, "intermediate_size": 20, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2, "vocab_size": 20, "num_local_experts": 5, "num_experts_per_tok": 3}"#,
        r#"{"model_type": "deepseek_v2", "hidden_size": 16, "intermediate_size": 24, "moe_intermediate_size": 6, "num_hidden_layers": 2, "vocab_size": 20, "num_attention_heads": 2, "n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2, "first_k_dense_replace": 1, "q_lora_rank": 10, "kv_lora_rank": 8, "qk_nope_head_dim": 4, "qk_rope_head_dim": 2, "v_head_dim": 6}"#,
        r#"{"model_type": "t5", "d_model": 16, "d_ff": 20, "d_kv": 6, "num_heads": 2, "num_layers": 2, "num_decoder_layers": 3, "vocab_size": 20, "feed_forward_proj": "gated-gelu"}"#,
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn repeated_tokens_are_those_lowered_one_by_one(
            model in 0..MODELS.len(), prefill in 1..9u32, decode in 0..15u32, batch in 1..3u32, choice in 0..6u32,
        ) {
            let model = Model::parse(&Source::new("small.json", MODELS[model])).unwrap();
            let source = model.encoder.is_some().then_some(3);
            let scenario = Scenario { decode, batch, source, ..Scenario::new(prefill) };
            let mut lowering = Lowering::for_scenario(&scenario);
            match choice {
                1 => lowering.attention = AttentionOrder::BreadthFirst,
                2 => lowering.projections = Projections::PerHead,
                3 => lowering.mla = LatentForm::Expanded,
                4 => lowering.attention = AttentionOrder::Tiled,
                5 => lowering.causal = false,
                _ => {}
            }
            let [short, long] = [false, true].map(|each| lower_tokens(&model, &scenario, &lowering, each).unwrap());
            prop_assert!(short.check().is_ok());
            prop_assert!(short == long);
        }
    }
}
