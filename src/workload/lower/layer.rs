//! One layer: attention, feed-forward network, and the normalisations and residuals around them.

use crate::ids::TensorId;
use crate::workload::lower::Lowerer;
use crate::workload::{Arrangement, Attention, Home, Layer, Norm, VectorKind};

/// A part of a layer that has a residual around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Attention,
    Cross,
    FeedForward,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Attention => "attention",
            Part::Cross => "cross",
            Part::FeedForward => "ffn",
        }
    }
}

impl Lowerer<'_> {
    /// The residual stream after the next layer. A residual is added onto the fresh result, which has no other consumer:
    /// the stream may still be the input, which DRAM holds and nothing overwrites.
    pub(super) fn layer(&mut self, layer: &Layer, stream: TensorId) -> TensorId {
        if layer.arrangement == Arrangement::Parallel {
            return self.parallel(layer, stream);
        }
        let parts = [Part::Attention, Part::Cross, Part::FeedForward].into_iter();
        let parts = parts.filter(|&part| part != Part::Cross || layer.cross.is_some());
        parts.fold(stream, |stream, part| self.part(layer, part, stream))
    }

    /// A part with its residual and its normalisations, before it, after it, or both.
    fn part(&mut self, layer: &Layer, part: Part, stream: TensorId) -> TensorId {
        let (name, norm) = (part.name(), norm_kind(layer.norm));
        let before = matches!(layer.arrangement, Arrangement::Pre | Arrangement::Sandwich);
        let input = if before { self.graph.vector(&format!("{name}.norm"), norm, &[stream]) } else { stream };
        let result = self.bare(layer, part, input);
        if layer.arrangement == Arrangement::Sandwich {
            self.graph.vector_in_place(&format!("{name}.post_norm"), norm, &[result]);
        }
        self.graph.vector_in_place(&format!("{name}.residual"), VectorKind::Add, &[result, stream]);
        if layer.arrangement == Arrangement::Post {
            self.graph.vector_in_place(&format!("{name}.norm"), norm, &[result]);
        }
        result
    }

    /// Attention and feed-forward network read the same normalised rows; both are added to the stream.
    fn parallel(&mut self, layer: &Layer, stream: TensorId) -> TensorId {
        let normed = self.graph.vector("norm", norm_kind(layer.norm), &[stream]);
        let attended = self.bare(layer, Part::Attention, normed);
        let result = self.bare(layer, Part::FeedForward, normed);
        self.graph.vector_in_place("parallel", VectorKind::Add, &[result, attended]);
        self.graph.vector_in_place("residual", VectorKind::Add, &[result, stream]);
        result
    }

    /// What a part makes of its input, without norm and residual: a fresh tensor.
    fn bare(&mut self, layer: &Layer, part: Part, input: TensorId) -> TensorId {
        match part {
            Part::Attention => {
                let context = match layer.attention {
                    Attention::Grouped(grouped) => self.grouped_attention(grouped, input, false),
                    Attention::Latent(latent) => self.latent_attention(latent, input),
                };
                self.linear("attention.output", context, self.hidden)
            }
            Part::Cross => {
                let context = layer.cross.map_or(input, |cross| self.grouped_attention(cross, input, true));
                self.linear("cross.output", context, self.hidden)
            }
            Part::FeedForward => self.feed_forward(&layer.feed_forward, input),
        }
    }

    /// A product with a weight of its own, stored as the family stores it.
    pub(super) fn linear(&mut self, name: &str, input: TensorId, outputs: u32) -> TensorId {
        let shape = self.graph.shape(input);
        let out = self.activation(shape.rows, outputs);
        self.linear_into(name, input, out)
    }

    /// As [`Lowerer::linear`], with a weight that several ops share under a name of its own.
    pub(super) fn linear_named(&mut self, weight: &str, name: &str, input: TensorId, outputs: u32) -> TensorId {
        let out = self.activation(self.graph.shape(input).rows, outputs);
        self.product(weight, name, input, out)
    }

    /// As [`Lowerer::linear`], with a result of that shape.
    pub(super) fn linear_into(&mut self, name: &str, input: TensorId, out: super::Shape) -> TensorId {
        self.product(name, name, input, out)
    }

    /// As [`Lowerer::linear_into`], with a weight that several ops share under a name of its own.
    pub(super) fn product(&mut self, weight: &str, name: &str, input: TensorId, out: super::Shape) -> TensorId {
        let stored = format!("{weight}.weight");
        let (inputs, outputs) = (self.graph.shape(input).cols, out.cols);
        let output_major = self.model.output_major;
        let weight = if output_major { self.weight(outputs, inputs) } else { self.weight(inputs, outputs) };
        let weight = self.graph.shared(&stored, weight, Home::Dram);
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
