//! One layer: norm, attention, residual, norm, feed-forward network, residual.

use crate::ids::TensorId;
use crate::workload::lower::Lowerer;
use crate::workload::{DenseNetwork, FfnShape, Home, Layer, Norm, VectorKind};

impl Lowerer<'_> {
    /// The residual stream after the next layer. A residual is added onto the fresh result, which has no other consumer:
    /// the stream may still be the input, which DRAM holds and nothing overwrites.
    pub(super) fn layer(&mut self, layer: &Layer, stream: TensorId) -> TensorId {
        let hidden = self.hidden;
        let normed = self.graph.vector("attention.norm", norm_kind(layer.norm), &[stream]);
        let context = self.attention(normed);
        let attended = self.linear("attention.output", context, hidden);
        self.graph.vector_in_place("attention.residual", VectorKind::Add, &[attended, stream]);
        let normed = self.graph.vector("ffn.norm", norm_kind(layer.norm), &[attended]);
        let result = self.feed_forward(&layer.feed_forward.network(), normed);
        self.graph.vector_in_place("ffn.residual", VectorKind::Add, &[result, attended]);
        result
    }

    /// Two matrices with a function between them, or three with a gate; the function works in place.
    fn feed_forward(&mut self, network: &DenseNetwork, input: TensorId) -> TensorId {
        let (inner, hidden) = (network.inner, self.hidden);
        if network.gated && self.lowering.ffn == FfnShape::Model {
            let gate = self.linear("ffn.gate", input, inner);
            let up = self.linear("ffn.up", input, inner);
            self.graph.vector_in_place("ffn.swiglu", VectorKind::SwiGlu, &[gate, up]);
            return self.linear("ffn.down", gate, hidden);
        }
        let up = self.linear("ffn.up", input, inner);
        self.graph.vector_in_place("ffn.gelu", VectorKind::Gelu, &[up]);
        self.linear("ffn.down", up, hidden)
    }

    /// A product with a weight of its own, stored as the family stores it.
    pub(super) fn linear(&mut self, name: &str, input: TensorId, outputs: u32) -> TensorId {
        let shape = self.graph.shape(input);
        let out = self.activation(shape.rows, outputs);
        self.linear_into(name, input, out)
    }

    /// As [`Lowerer::linear`], with a result of that shape.
    pub(super) fn linear_into(&mut self, name: &str, input: TensorId, out: super::Shape) -> TensorId {
        let (inputs, outputs) = (self.graph.shape(input).cols, out.cols);
        let output_major = self.model.output_major;
        let weight = if output_major { self.weight(outputs, inputs) } else { self.weight(inputs, outputs) };
        let weight = self.graph.tensor(&format!("{name}.weight"), weight, Home::Dram);
        self.graph.matmul(name, input, weight, output_major, out)
    }
}

/// The vector op of a normalisation.
pub(super) fn norm_kind(norm: Norm) -> VectorKind {
    match norm {
        Norm::Layer | Norm::PlainLayer => VectorKind::LayerNorm,
        Norm::RootMeanSquare => VectorKind::RmsNorm,
    }
}
