//! Feed-forward networks: dense ones, and mixtures of experts.

use crate::ids::TensorId;
use crate::workload::lower::{Lowerer, Shape};
use crate::workload::{Activation, DenseNetwork, FeedForward, FfnShape, MixtureOfExperts, VectorKind};

impl Lowerer<'_> {
    /// The network's result for the rows of `input`, a fresh tensor.
    pub(super) fn feed_forward(&mut self, feed_forward: &FeedForward, input: TensorId) -> TensorId {
        match (feed_forward, self.lowering.ffn) {
            (FeedForward::Dense(network), FfnShape::Model) => self.network("ffn", network, input),
            (FeedForward::Experts(mixture), FfnShape::Model) => self.mixture(mixture, input),
            (_, FfnShape::Mlp2) => {
                let network = DenseNetwork { gated: false, activation: Activation::Gelu, ..feed_forward.network() };
                self.network("ffn", &network, input)
            }
        }
    }

    /// Two matrices with a function between them, or three with a gate; the function works in place.
    fn network(&mut self, part: &str, network: &DenseNetwork, input: TensorId) -> TensorId {
        let (inner, hidden) = (network.inner, self.hidden);
        if network.gated {
            let gate = self.linear(&format!("{part}.gate"), input, inner);
            let up = self.linear(&format!("{part}.up"), input, inner);
            let kind = gate_kind(network.activation);
            self.graph.vector_in_place(&format!("{part}.{}", kind.name()), kind, &[gate, up]);
            return self.linear(&format!("{part}.down"), gate, hidden);
        }
        let up = self.linear(&format!("{part}.up"), input, inner);
        let kind = function_kind(network.activation);
        self.graph.vector_in_place(&format!("{part}.{}", kind.name()), kind, &[up]);
        self.linear(&format!("{part}.down"), up, hidden)
    }

    /// Router, the experts one after the other on all their rows, the weighted sum of each row's experts, shared experts.
    fn mixture(&mut self, mixture: &MixtureOfExperts, input: TensorId) -> TensorId {
        let weights = self.route(mixture, input);
        let rows = self.graph.shape(input).rows;
        let taken = self.graph.repeated_rows("ffn.taken", input, rows * mixture.active);
        let results = self.experts(mixture, taken);
        let mut sum = None;
        for choice in 0..mixture.active {
            let name = format!("ffn.choice{choice}");
            let part = self.graph.slice(&name, results, (choice * rows, 0), (rows, self.hidden));
            match sum {
                None => sum = Some(self.graph.vector("ffn.sum", VectorKind::Weighted, &[part, weights])),
                Some(sum) => {
                    let operands = [sum, part, weights];
                    self.graph.vector_in_place(&format!("{name}.add"), VectorKind::WeightedAdd, &operands);
                }
            }
        }
        let sum = sum.unwrap_or(results);
        if let Some(shared) = &mixture.shared {
            let shared = self.network("ffn.shared", shared, input);
            self.graph.vector_in_place("ffn.shared.add", VectorKind::Add, &[sum, shared]);
        }
        sum
    }

    /// The router's weights: a softmax over the experts, then a maximum for each expert that a row takes.
    fn route(&mut self, mixture: &MixtureOfExperts, input: TensorId) -> TensorId {
        let weights = self.linear("ffn.router", input, mixture.experts);
        self.graph.vector_in_place("ffn.router.softmax", VectorKind::Softmax, &[weights]);
        for choice in 0..mixture.active {
            self.graph.vector_in_place(&format!("ffn.router.choice{choice}"), VectorKind::Maximum, &[weights]);
        }
        weights
    }

    /// The results of all experts, one below the other. `taken` holds each row as often as it takes an expert.
    fn experts(&mut self, mixture: &MixtureOfExperts, taken: TensorId) -> TensorId {
        let Shape { rows, cols, .. } = self.graph.shape(taken);
        let mut first = 0;
        let mut parts = Vec::new();
        for expert in 0..mixture.experts {
            let count = rows_of_expert(rows, mixture.experts, expert);
            if count > 0 {
                let part = format!("ffn.expert{expert}");
                let input = self.graph.slice(&format!("{part}.rows"), taken, (first, 0), (count, cols));
                parts.push((self.network(&part, &mixture.expert, input), (first, 0)));
                first += count;
            }
        }
        self.graph.concat("ffn.experts", parts, rows, self.hidden)
    }
}

/// Rows of one expert where row t takes the experts (t·k + j) mod E, j < k: every E-th of the t·k + j below `taken`.
fn rows_of_expert(taken: u32, experts: u32, expert: u32) -> u32 {
    taken.saturating_sub(expert).div_ceil(experts)
}

/// The vector op of a function.
pub(super) fn function_kind(activation: Activation) -> VectorKind {
    match activation {
        Activation::Gelu => VectorKind::Gelu,
        Activation::Relu => VectorKind::Relu,
        Activation::Silu => VectorKind::Silu,
    }
}

/// The vector op of a gate with that function.
fn gate_kind(activation: Activation) -> VectorKind {
    match activation {
        Activation::Gelu => VectorKind::GeGlu,
        Activation::Relu => VectorKind::ReGlu,
        Activation::Silu => VectorKind::SwiGlu,
    }
}

#[cfg(test)]
mod tests {
    use super::rows_of_expert;

    #[test]
    fn rows_of_an_expert_are_those_of_the_rule() {
        for (rows, active, experts) in [(1u32, 2u32, 8u32), (5, 6, 64), (100, 6, 64), (7, 3, 3), (9, 1, 4)] {
            let taken = |expert| {
                (0..rows)
                    .flat_map(|t| (0..active).map(move |j| (t * active + j) % experts))
                    .filter(|&e| e == expert)
                    .count()
            };
            for expert in 0..experts {
                assert_eq!(rows_of_expert(rows * active, experts, expert) as usize, taken(expert));
            }
        }
    }
}
