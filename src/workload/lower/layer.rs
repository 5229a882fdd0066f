//! One layer: norm, attention, residual, norm, feed-forward network, residual.

use crate::ids::TensorId;
use crate::workload::lower::Lowerer;
use crate::workload::{FfnShape, Home, VectorKind};

impl Lowerer<'_> {
    /// The residual stream after the next layer. A residual is added onto the fresh result, which has no other consumer:
    /// the stream may still be the input, which DRAM holds and nothing overwrites.
    pub(super) fn layer(&mut self, stream: TensorId) -> TensorId {
        let hidden = self.model.hidden;
        let normed = self.graph.vector("attention.norm", self.norm(), &[stream]);
        let context = self.attention(normed);
        let attended = self.linear("attention.output", context, hidden);
        self.graph.vector_in_place("attention.residual", VectorKind::Add, &[attended, stream]);
        let normed = self.graph.vector("ffn.norm", self.norm(), &[attended]);
        let result = self.feed_forward(normed);
        self.graph.vector_in_place("ffn.residual", VectorKind::Add, &[result, attended]);
        result
    }

    /// Two matrices with GELU between them, or three with SwiGLU; the activation works in place.
    fn feed_forward(&mut self, input: TensorId) -> TensorId {
        let inner = self.model.feed_forward.inner;
        if self.model.feed_forward.gated && self.lowering.ffn == FfnShape::Model {
            let gate = self.linear("ffn.gate", input, inner);
            let up = self.linear("ffn.up", input, inner);
            self.graph.vector_in_place("ffn.swiglu", VectorKind::SwiGlu, &[gate, up]);
            return self.linear("ffn.down", gate, self.model.hidden);
        }
        let up = self.linear("ffn.up", input, inner);
        self.graph.vector_in_place("ffn.gelu", VectorKind::Gelu, &[up]);
        self.linear("ffn.down", up, self.model.hidden)
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
