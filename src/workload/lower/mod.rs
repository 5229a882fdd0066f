//! From a model and a scenario to an op graph.
//!
//! What is in the graph: everything that moves whole rows or matrices. What is not: the embedding
//! lookup (its result, the input tensor, comes from DRAM), biases and norm gains (they ride along
//! with the op they belong to), rotary tables. A matrix is named after what it holds; an op after
//! what it makes.

mod attention;
mod builder;
mod layer;

use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::ids::TensorId;
use crate::workload::{
    Class, Home, Lowering, Model, Norm, PhaseKind, Position, Projections, Scenario, Scores, VectorKind, Workload,
};
use builder::{Builder, Shape};

/// Most attention heads over all layers and sequences: each becomes a handful of ops.
const MOST_HEADS: u64 = 1 << 20;

/// The op graph of the prefill of `model` under `scenario`, as `lowering` decides.
///
/// The graph passes [`Workload::check`]. Multiplications of its matrix products add up to the linear layers and the full
/// attention of [`Model::facts`] and, with `lm_head`, one run of the head for each sequence.
///
/// # Errors
/// Decoded tokens, which this version does not lower; no token or no sequence; more positions than the model has; aggregated
/// scores of per-head projections; more than 2^20 heads over all layers and sequences; sizes beyond what can be counted.
pub fn lower(model: &Model, scenario: &Scenario, lowering: &Lowering) -> Result<Workload> {
    let problems = refusals(model, scenario, lowering);
    if !problems.is_empty() {
        return Err(Error::Input(problems));
    }
    let mut lowerer = Lowerer { model, scenario, lowering, graph: Builder::new(title(model, scenario, lowering)) };
    lowerer.model();
    let workload = lowerer.graph.finish();
    workload.check().map(|()| workload)
}

/// Name of the workload: model, scenario and the decisions that shape it.
fn title(model: &Model, scenario: &Scenario, lowering: &Lowering) -> String {
    let batch = if scenario.batch > 1 { format!(" × {}", scenario.batch) } else { String::new() };
    format!("{}, prefill {}{batch}: {lowering}", model.name, scenario.prefill)
}

/// Why this cannot be lowered; empty if it can.
fn refusals(model: &Model, scenario: &Scenario, lowering: &Lowering) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    if scenario.decode > 0 {
        let message = format!("decoding {} tokens one by one cannot be simulated in this version", scenario.decode);
        let problem = Diagnostic::new("not-available", message);
        problems
            .push(problem.with_help("set `decode = 0` to simulate the prefill; `trapti import` counts decoding too"));
    }
    if let Position::Learned(positions) = model.position
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
    if u64::from(scenario.prefill) * u64::from(scenario.batch) > u64::from(u32::MAX) {
        problems.push(Diagnostic::new("too-large", "all sequences together have more than 2^32 prompt tokens"));
    }
    let heads = [model.layers, model.heads, scenario.batch].into_iter().map(u128::from).product::<u128>();
    if heads > u128::from(MOST_HEADS) {
        let message = format!("{heads} attention heads over all layers and sequences are more than {MOST_HEADS}");
        problems.push(Diagnostic::new("too-large", message).with_help("lower `batch`, or take a smaller model"));
    }
    problems
}

/// What is being lowered, and the graph so far.
struct Lowerer<'a> {
    model: &'a Model,
    scenario: &'a Scenario,
    lowering: &'a Lowering,
    graph: Builder,
}

impl Lowerer<'_> {
    /// Embedding result, layers, final norm, head.
    fn model(&mut self) {
        self.graph.enter_phase(PhaseKind::Prefill, "prefill");
        self.graph.enter_part("embedding");
        let input = self.activation(self.tokens(), self.model.hidden);
        let mut stream = self.graph.tensor("input", input, Home::Dram);
        for layer in 0..self.model.layers {
            self.graph.enter_layer(&format!("layer{layer}"));
            stream = self.layer(stream);
        }
        self.graph.enter_part("head");
        self.graph.vector_in_place("norm", self.norm(), &[stream]);
        if self.scenario.lm_head {
            self.lm_head(stream);
        } else {
            self.graph.write_back(stream);
        }
    }

    /// Logits of the last position of each sequence; the head's weight is stored with one row a word, as the embedding is.
    fn lm_head(&mut self, stream: TensorId) {
        let (vocabulary, hidden) = (self.model.vocabulary, self.model.hidden);
        let weight = self.weight(vocabulary, hidden);
        let weight = self.graph.tensor("lm_head.weight", weight, Home::Dram);
        for sequence in 0..self.scenario.batch {
            let prefix = self.sequence_prefix(sequence);
            let last = (self.scenario.prefill * (sequence + 1) - 1, 0);
            let row = self.graph.slice(&format!("{prefix}last"), stream, last, (1, hidden));
            let logits = self.activation(1, vocabulary);
            let logits = self.graph.matmul(&format!("{prefix}logits"), row, weight, true, logits);
            self.graph.write_back(logits);
        }
    }

    /// Prompt tokens of all sequences: the rows of every activation but those of one sequence.
    fn tokens(&self) -> u32 {
        self.scenario.prefill * self.scenario.batch
    }

    /// `seq3.` where there is more than one sequence.
    fn sequence_prefix(&self, sequence: u32) -> String {
        if self.scenario.batch > 1 { format!("seq{sequence}.") } else { String::new() }
    }

    fn norm(&self) -> VectorKind {
        match self.model.norm {
            Norm::Layer => VectorKind::LayerNorm,
            Norm::RootMeanSquare => VectorKind::RmsNorm,
        }
    }

    fn activation(&self, rows: u32, cols: u32) -> Shape {
        Shape { rows, cols, bits: self.scenario.bits.activations, class: Class::Activation }
    }

    fn weight(&self, rows: u32, cols: u32) -> Shape {
        Shape { rows, cols, bits: self.scenario.bits.weights, class: Class::Weight }
    }
}
