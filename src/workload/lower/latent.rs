//! Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): only a latent vector and the rotated key are cached.
//!
//! Expanded, the keys and values of all rows that are seen are rebuilt from the latent vectors in every step. Absorbed, each
//! query is multiplied with the matrix that would rebuild the keys, and the latent vectors are keys and values themselves.

use crate::ids::TensorId;
use crate::workload::lower::{Builder, Lowerer, Shape};
use crate::workload::{AttentionOrder, CausalMask, Class, LatentAttention, LatentForm, Projections, VectorKind};

/// Scores after the softmax, and what they weight.
#[derive(Debug, Clone, Copy)]
struct Weighted {
    score: TensorId,
    value: TensorId,
}

/// What a head computes with: queries and keys in two parts, what is not rotated and what is.
#[derive(Debug, Clone, Copy)]
struct Sides {
    query: [TensorId; 2],
    key: [TensorId; 2],
    value: TensorId,
}

/// What the heads of one sequence read.
struct Latent {
    attention: LatentAttention,
    /// Latent vectors and rotated keys of the rows that are seen.
    rows: TensorId,
    /// Name of the sequence.
    sequence: String,
}

impl Lowerer<'_> {
    /// The contexts of all heads side by side: tokens × heads · value size.
    pub(super) fn latent_attention(&mut self, attention: LatentAttention, input: TensorId) -> TensorId {
        let queries = self.latent_queries(attention, input);
        let all = self.latent_rows(attention, input);
        let (cached, width) = (self.step.cached, attention.kv_rank + attention.rope);
        let (count, stride) = match cached {
            true => (self.seen(None).1, self.capacity()),
            false => (self.step.queries, self.step.queries),
        };
        let mut contexts = Vec::new();
        for number in 0..self.scenario.batch {
            let sequence = self.sequence_prefix(number);
            let rows = self.graph.slice(&format!("{sequence}latent"), all, (number * stride, 0), (count, width));
            let latent = Latent { attention, rows, sequence };
            contexts.extend(self.latent_heads(&latent, &queries, number));
        }
        self.graph.concat("attention.context", contexts, self.tokens(), attention.heads * attention.value_size)
    }

    /// Queries: of all heads, or of one head each.
    fn latent_queries(&mut self, attention: LatentAttention, input: TensorId) -> Vec<TensorId> {
        let from = match attention.q_rank {
            Some(rank) => {
                let latent = self.linear("attention.query_latent", input, rank);
                self.graph.vector_in_place("attention.query_latent.norm", VectorKind::RmsNorm, &[latent]);
                latent
            }
            None => input,
        };
        let size = attention.head_size();
        let names: Vec<_> = match self.lowering.projections {
            Projections::Fused => vec![("attention.query".into(), attention.heads * size)],
            Projections::PerHead => (0..attention.heads).map(|head| (format!("query{head}"), size)).collect(),
        };
        let each = |(name, width): (String, u32)| {
            let query = self.linear(&name, from, width);
            let part = (attention.rope, size);
            self.graph.partly_in_place(&format!("{name}.rotary"), VectorKind::Rotary, query, part);
            query
        };
        names.into_iter().map(each).collect()
    }

    /// Latent vectors, normalised, and rotated keys: of this step, or of all tokens so far where they are cached.
    fn latent_rows(&mut self, attention: LatentAttention, input: TensorId) -> TensorId {
        let LatentAttention { kv_rank, rope, .. } = attention;
        let shape = self.activation(self.tokens(), kv_rank + rope);
        let shape = Shape { bits: self.scenario.bits.kv, class: Class::Kv, ..shape };
        let rows = self.linear_into("attention.latent", input, shape);
        for (what, kind, part) in [("norm", VectorKind::RmsNorm, kv_rank), ("rotary", VectorKind::Rotary, rope)] {
            self.graph.partly_in_place(&format!("attention.latent.{what}"), kind, rows, (part, kv_rank + rope));
        }
        if self.step.cached { self.append("attention.latent", rows) } else { rows }
    }

    /// Contexts of the heads of one sequence, each with its place among those of all.
    fn latent_heads(&mut self, latent: &Latent, queries: &[TensorId], number: u32) -> Vec<(TensorId, (u32, u32))> {
        let LatentAttention { heads, value_size, .. } = latent.attention;
        let rebuilt = self.rebuilt(latent);
        let (mut scores, mut contexts) = (Vec::new(), Vec::new());
        for head in 0..heads {
            let sides = self.latent_sides(latent, queries, number, head, rebuilt);
            match self.lowering.attention {
                AttentionOrder::Tiled => contexts.push(self.latent_tiled(latent, head, sides)),
                AttentionOrder::DepthFirst => {
                    let weighted = self.latent_score(latent, head, sides);
                    contexts.push(self.latent_context(latent, head, weighted));
                }
                AttentionOrder::BreadthFirst => scores.push(self.latent_score(latent, head, sides)),
            }
        }
        for (head, weighted) in scores.into_iter().enumerate() {
            contexts.push(self.latent_context(latent, head as u32, weighted));
        }
        let place = |head: usize| (number * self.step.queries, head as u32 * value_size);
        contexts.into_iter().enumerate().map(|(head, context)| (context, place(head))).collect()
    }

    /// Keys and values of all heads, in the expanded form with fused projections.
    fn rebuilt(&mut self, latent: &Latent) -> Option<TensorId> {
        let LatentAttention { heads, nope, value_size, .. } = latent.attention;
        let fused = self.lowering.mla == LatentForm::Expanded && self.lowering.projections == Projections::Fused;
        let name = format!("{}attention.key_value", latent.sequence);
        fused.then(|| {
            let vectors = self.vectors(latent);
            self.rebuild("attention.key_value", &name, vectors, heads * (nope + value_size))
        })
    }

    /// Keys or values of the latent vectors, with the bits of such.
    fn rebuild(&mut self, weight: &str, name: &str, vectors: TensorId, width: u32) -> TensorId {
        let shape = self.activation(self.graph.shape(vectors).rows, width);
        self.product(weight, name, vectors, Shape { bits: self.scenario.bits.kv, ..shape })
    }

    /// The latent vectors without the rotated keys.
    fn vectors(&mut self, latent: &Latent) -> TensorId {
        let rows = self.graph.shape(latent.rows).rows;
        let size = (rows, latent.attention.kv_rank);
        self.graph.slice_once(&format!("{}latent.vectors", latent.sequence), latent.rows, (0, 0), size)
    }

    /// Queries of a head, and the keys and values of all rows that are seen, in the form that the user chose.
    fn latent_sides(
        &mut self,
        latent: &Latent,
        queries: &[TensorId],
        number: u32,
        head: u32,
        rebuilt: Option<TensorId>,
    ) -> Sides {
        let LatentAttention { kv_rank, rope, nope, value_size, .. } = latent.attention;
        let name = format!("{}head{head}", latent.sequence);
        let keys = self.graph.shape(latent.rows).rows;
        let (query, column) = match queries {
            [all] if latent.attention.heads > 1 => (*all, head * (nope + rope)),
            each => (each[head as usize], 0),
        };
        let (first, count) = (number * self.step.queries, self.step.queries);
        let plain = self.graph.slice(&format!("{name}.query"), query, (first, column), (count, nope));
        let rotated = self.graph.slice(&format!("{name}.query_rotary"), query, (first, column + nope), (count, rope));
        let rotary_size = (keys, rope);
        let key = format!("{}latent.rotary", latent.sequence);
        let rotary = self.graph.slice_once(&key, latent.rows, (0, kv_rank), rotary_size);
        let (left, key, value) = match (self.lowering.mla, rebuilt) {
            (LatentForm::Absorbed, _) => {
                let left = self.linear_named(&format!("head{head}.lift"), &format!("{name}.lift"), plain, kv_rank);
                let vectors = self.vectors(latent);
                (left, vectors, vectors)
            }
            (LatentForm::Expanded, Some(all)) => {
                let column = head * (nope + value_size);
                let key = self.graph.slice(&format!("{name}.key"), all, (0, column), (keys, nope));
                let value = self.graph.slice(&format!("{name}.value"), all, (0, column + nope), (keys, value_size));
                (plain, key, value)
            }
            (LatentForm::Expanded, None) => {
                let vectors = self.vectors(latent);
                let key = self.rebuild(&format!("key{head}"), &format!("{name}.key"), vectors, nope);
                let value = self.rebuild(&format!("value{head}"), &format!("{name}.value"), vectors, value_size);
                (plain, key, value)
            }
        };
        Sides { query: [left, rotated], key: [key, rotary], value }
    }

    /// Softmax of the sum of two products, of what is not rotated and of what is, and what it will weight.
    fn latent_score(&mut self, latent: &Latent, head: u32, sides: Sides) -> Weighted {
        let name = format!("{}head{head}", latent.sequence);
        let score = self.latent_product(&format!("{name}.score"), sides.query[0], sides.key[0]);
        let rotated = self.latent_product(&format!("{name}.score_rotary"), sides.query[1], sides.key[1]);
        self.graph.vector_in_place(&format!("{name}.score.sum"), VectorKind::Add, &[score, rotated]);
        self.graph.vector_in_place(&format!("{name}.softmax"), VectorKind::Softmax, &[score]);
        Weighted { score, value: sides.value }
    }

    /// Context of a head in tiles: both products add up in the accumulators.
    fn latent_tiled(&mut self, latent: &Latent, head: u32, Sides { query, key, value }: Sides) -> TensorId {
        let name = format!("{}head{head}.context", latent.sequence);
        let shape = self.activation(self.step.queries, self.graph.shape(value).cols);
        let mask = self.latent_mask();
        let attend = |graph: &mut Builder, name: &str| graph.attention(name, (&query, &key, value), shape, (mask, 0));
        self.unlifted(latent, head, &name, attend)
    }

    fn latent_product(&mut self, name: &str, query: TensorId, key: TensorId) -> TensorId {
        let shape = self.activation(self.step.queries, self.graph.shape(key).rows);
        let shape = Shape { class: Class::Score, ..shape };
        self.graph.masked_matmul(name, (query, key, true), shape, self.latent_mask())
    }

    /// Context of a head from its scores.
    fn latent_context(&mut self, latent: &Latent, head: u32, Weighted { score, value }: Weighted) -> TensorId {
        let name = format!("{}head{head}.context", latent.sequence);
        let shape = self.activation(self.step.queries, self.graph.shape(value).cols);
        let mask = self.latent_mask().of_context();
        let weigh = |graph: &mut Builder, name: &str| graph.masked_matmul(name, (score, value, false), shape, mask);
        self.unlifted(latent, head, &name, weigh)
    }

    /// What `make` makes; in the absorbed form it comes back from the latent space.
    fn unlifted(
        &mut self,
        latent: &Latent,
        head: u32,
        name: &str,
        make: impl Fn(&mut Builder, &str) -> TensorId,
    ) -> TensorId {
        if self.lowering.mla == LatentForm::Expanded {
            return make(&mut self.graph, name);
        }
        let context = make(&mut self.graph, &format!("{name}.latent"));
        self.linear_named(&format!("head{head}.unlift"), name, context, latent.attention.value_size)
    }

    fn latent_mask(&self) -> CausalMask {
        if self.step.causal && self.step.before == 0 { CausalMask::Score } else { CausalMask::None }
    }
}
