//! Encoders: what makes their rows, their layers, and what is computed from their result.

use crate::ids::TensorId;
use crate::workload::lower::layer::norm_kind;
use crate::workload::lower::{Lowerer, Shape, Step};
use crate::workload::{Class, Head, Home, Input, PhaseKind, Stack, VectorKind};

impl Lowerer<'_> {
    /// All rows of the source at once; without a decoder also the head, with one the keys and values of its cross attentions.
    pub(super) fn encoder(&mut self, stack: &Stack, rows: u32) {
        self.graph.enter_phase(PhaseKind::Encode, "encode", "");
        self.step = Step { queries: rows, before: 0, causal: false, cached: false };
        let prefix = if self.model.decoder.is_some() { "encoder." } else { "" };
        self.graph.enter_part(&format!("{prefix}embedding"));
        let input = self.stem(stack, rows);
        let result = self.layers(stack, prefix, input);
        self.graph.enter_part(&format!("{prefix}head"));
        self.final_norm(stack, result);
        let Some(decoder) = &self.model.decoder else { return self.encoder_head(result, rows) };
        self.source = Some((result, rows));
        for (index, layer) in decoder.layers.iter().enumerate() {
            if let Some(cross) = layer.cross {
                self.graph.enter_layer(&format!("layer{index}"));
                self.project_source(cross);
            }
        }
    }

    /// The rows that enter the first layer.
    pub(super) fn stem(&mut self, stack: &Stack, rows: u32) -> TensorId {
        let stream = match stack.embedding.input {
            Input::Tokens { .. } => {
                let input = self.activation(rows * self.scenario.batch, stack.hidden);
                self.graph.tensor("input", input, Home::Dram)
            }
            Input::Patches { elements, special, .. } => self.patches(stack.hidden, (rows, elements, special)),
            Input::Frames { bins } => self.frames(stack.hidden, rows, bins),
        };
        match stack.embedding.norm {
            Some(norm) => self.graph.vector("norm", norm_kind(norm), &[stream]),
            None => stream,
        }
    }

    /// Projected patches of each image after its learned rows.
    fn patches(&mut self, hidden: u32, (rows, elements, special): (u32, u32, u32)) -> TensorId {
        let mut parts = Vec::new();
        for sequence in 0..self.scenario.batch {
            let prefix = self.sequence_prefix(sequence);
            let patches = self.activation(rows - special, elements);
            let patches = self.graph.tensor(&format!("{prefix}input"), patches, Home::Dram);
            let projected = self.linear_named("patches", &format!("{prefix}patches"), patches, hidden);
            parts.push((projected, (sequence * rows + special, 0)));
            if special > 0 {
                let learned = Shape { class: Class::Weight, ..self.activation(special, hidden) };
                let learned = self.graph.tensor(&format!("{prefix}learned"), learned, Home::Dram);
                parts.push((learned, (sequence * rows, 0)));
            }
        }
        self.graph.concat("rows", parts, rows * self.scenario.batch, hidden)
    }

    /// Two convolutions of three taps as products. Two frames stand in a row, as they do in memory: the first convolution makes even
    /// and odd frames, the second, of stride 2, reads both. Of the three frames that a row of the operand shows, two are those of the
    /// row; for the third, which is one of the next row or of the row before, it shows the row's first one again.
    fn frames(&mut self, hidden: u32, rows: u32, bins: u32) -> TensorId {
        let rows = rows * self.scenario.batch;
        let frames = self.activation(rows, 2 * bins);
        let frames = self.graph.tensor("input", frames, Home::Dram);
        let taps = self.graph.repeated("input.taps", frames, 3 * bins);
        let [even, odd] = ["even", "odd"]
            .map(|part| self.linear_named("convolution0", &format!("convolution0.{part}"), taps, hidden));
        let first = self.graph.concat("convolution0", vec![(even, (0, 0)), (odd, (0, hidden))], rows, 2 * hidden);
        self.graph.vector_in_place("convolution0.gelu", VectorKind::Gelu, &[first]);
        let taps = self.graph.repeated("convolution0.taps", first, 3 * hidden);
        let second = self.linear("convolution1", taps, hidden);
        self.graph.vector_in_place("convolution1.gelu", VectorKind::Gelu, &[second]);
        second
    }

    /// Pooler or classifiers on the first rows of each sequence.
    fn encoder_head(&mut self, result: TensorId, rows: u32) {
        if !self.scenario.lm_head {
            return self.graph.write_back(result);
        }
        match self.model.head {
            Head::LanguageModel(head) => self.lm_head(head, result),
            Head::Pooler => self.row_heads(result, rows, ("pooler", self.hidden, 1)),
            Head::Classifiers { labels, count } => self.row_heads(result, rows, ("classifier", labels, count)),
        }
    }

    /// Head i reads row i of each sequence.
    fn row_heads(&mut self, result: TensorId, rows: u32, (name, outputs, count): (&str, u32, u32)) {
        for sequence in 0..self.scenario.batch {
            for index in 0..count {
                let prefix = format!("{}{name}{index}", self.sequence_prefix(sequence));
                let origin = (sequence * rows + index, 0);
                let row = self.graph.slice(&format!("{prefix}.row"), result, origin, (1, self.hidden));
                let out = self.linear_named(&format!("{name}{index}"), &prefix, row, outputs);
                if name == "pooler" {
                    self.graph.vector_in_place(&format!("{prefix}.tanh"), VectorKind::Tanh, &[out]);
                }
                self.graph.write_back(out);
            }
        }
    }
}
