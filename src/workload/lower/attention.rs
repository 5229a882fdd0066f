//! Attention: projections, scores, softmax, contexts, in the order the user chose.

use crate::ids::{LayerId, TensorId};
use crate::workload::lower::{Lowerer, Shape};
use crate::workload::{AttentionOrder, CausalMask, Class, GroupedAttention, Home, Projections, Scores, VectorKind};
use rustc_hash::FxHashMap;

/// What a projection makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Query,
    Key,
    Value,
}

impl Part {
    const ALL: [Part; 3] = [Part::Query, Part::Key, Part::Value];

    fn name(self) -> &'static str {
        match self {
            Part::Query => "query",
            Part::Key => "key",
            Part::Value => "value",
        }
    }
}

/// A result of a projection that is kept: of which layer, what, and of all heads (head 0) or of one.
pub(super) type Projection = (Option<LayerId>, Part, u32);

/// What has been projected and sliced so far in one layer.
struct Heads {
    /// Normalised residual stream.
    input: TensorId,
    /// Results of projections: of all heads (head 0) or of one.
    projected: FxHashMap<(Part, u32), TensorId>,
    /// Windows of one sequence and one head.
    windows: FxHashMap<(Part, u32, u32), TensorId>,
}

impl Lowerer<'_> {
    /// The contexts of all heads side by side: tokens × query width.
    pub(super) fn attention(&mut self, input: TensorId) -> TensorId {
        let mut heads = Heads { input, projected: FxHashMap::default(), windows: FxHashMap::default() };
        if self.lowering.projections == Projections::Fused {
            for part in Part::ALL {
                self.project(&mut heads, part, 0);
            }
        }
        let contexts = match (self.lowering.scores, self.lowering.attention) {
            (Scores::Aggregated, _) => self.aggregated(&mut heads),
            (Scores::PerHead, AttentionOrder::DepthFirst) => self.depth_first(&mut heads),
            (Scores::PerHead, AttentionOrder::BreadthFirst) => self.breadth_first(&mut heads),
        };
        self.graph.concat("attention.context", contexts, self.tokens(), self.grouped.query_width())
    }

    /// Scores, softmax and context of a head before the next.
    fn depth_first(&mut self, heads: &mut Heads) -> Vec<(TensorId, (u32, u32))> {
        let all = self.grouped.each_head(self.scenario.batch);
        let each = |(sequence, head)| {
            let score = self.score(heads, sequence, head);
            self.context(heads, sequence, head, score)
        };
        all.map(each).collect()
    }

    /// All queries, keys and values, then all scores, then all contexts.
    fn breadth_first(&mut self, heads: &mut Heads) -> Vec<(TensorId, (u32, u32))> {
        let all: Vec<_> = self.grouped.each_head(self.scenario.batch).collect();
        for part in Part::ALL {
            for &(sequence, head) in &all {
                let head = if part == Part::Query { head } else { self.group(head) };
                self.window(heads, part, sequence, head);
            }
        }
        let scores: Vec<_> = all.iter().map(|&(sequence, head)| self.score(heads, sequence, head)).collect();
        let pairs = all.into_iter().zip(scores);
        pairs.map(|((sequence, head), score)| self.context(heads, sequence, head, score)).collect()
    }

    /// Softmax of the scores of one query head; its key head is shared by the whole group.
    fn score(&mut self, heads: &mut Heads, sequence: u32, head: u32) -> TensorId {
        let query = self.window(heads, Part::Query, sequence, head);
        let key = self.window(heads, Part::Key, sequence, self.group(head));
        self.softmaxed(&self.head_name(sequence, head), query, key)
    }

    /// Context of one query head, with its place among the contexts of all: rows of its sequence, columns of its head.
    fn context(&mut self, heads: &mut Heads, sequence: u32, head: u32, score: TensorId) -> (TensorId, (u32, u32)) {
        let value = self.window(heads, Part::Value, sequence, self.group(head));
        let name = format!("{}.context", self.head_name(sequence, head));
        let context = self.weighted_sum(&name, score, value);
        (context, (sequence * self.step.queries, head * self.grouped.head_size))
    }

    /// One score matrix a sequence for all heads together; keys and values repeat to the width of the queries.
    fn aggregated(&mut self, heads: &mut Heads) -> Vec<(TensorId, (u32, u32))> {
        let width = self.grouped.query_width();
        let sequences = 0..self.scenario.batch;
        let each = |sequence| {
            let prefix = format!("{}attention", self.sequence_prefix(sequence));
            let [query, key, value] = Part::ALL.map(|part| {
                let name = format!("{prefix}.all_{}", part.name());
                let (all, first, rows) = self.source(heads, part, sequence, 0);
                let cols = self.graph.shape(all).cols;
                let rows_of_it = self.graph.slice(&name, all, (first, 0), (rows, cols));
                self.graph.repeated(&format!("{name}.repeated"), rows_of_it, width)
            });
            let score = self.softmaxed(&prefix, query, key);
            (self.weighted_sum(&format!("{prefix}.sum"), score, value), (sequence * self.step.queries, 0))
        };
        sequences.map(each).collect()
    }

    /// Scores of the queries against the keys, queries × keys, with softmax in place.
    fn softmaxed(&mut self, name: &str, query: TensorId, key: TensorId) -> TensorId {
        let (queries, keys) = (self.graph.shape(query).rows, self.graph.shape(key).rows);
        let shape = Shape { class: Class::Score, ..self.activation(queries, keys) };
        let mask = if self.is_masked() { CausalMask::Score } else { CausalMask::None };
        let score = self.graph.masked_matmul(&format!("{name}.score"), (query, key, true), shape, mask);
        self.graph.vector_in_place(&format!("{name}.softmax"), VectorKind::Softmax, &[score]);
        score
    }

    /// Values weighted by the scores: queries × width of the values.
    fn weighted_sum(&mut self, name: &str, score: TensorId, value: TensorId) -> TensorId {
        let shape = self.activation(self.step.queries, self.graph.shape(value).cols);
        let mask = if self.is_masked() { CausalMask::Context } else { CausalMask::None };
        self.graph.masked_matmul(name, (score, value, false), shape, mask)
    }

    /// The rows of one sequence and the columns of one head of a projection, which is made when first asked for.
    fn window(&mut self, heads: &mut Heads, part: Part, sequence: u32, head: u32) -> TensorId {
        if let Some(&window) = heads.windows.get(&(part, sequence, head)) {
            return window;
        }
        let fused = self.lowering.projections == Projections::Fused;
        let size = self.grouped.head_size;
        let (projection, column) = if fused { (0, head * size) } else { (head, 0) };
        let (source, first, rows) = self.source(heads, part, sequence, projection);
        let name = format!("{}.{}", self.window_name(part, sequence, head), part.name());
        let window = self.graph.slice(&name, source, (first, column), (rows, size));
        heads.windows.insert((part, sequence, head), window);
        window
    }

    /// Where the rows of one sequence are: the tensor, the first row and how many. Keys and values of all tokens so far where
    /// they are cached.
    fn source(&mut self, heads: &mut Heads, part: Part, sequence: u32, projection: u32) -> (TensorId, u32, u32) {
        let projected = self.project(heads, part, projection);
        match self.caches.get(&(self.graph.layer(), part, projection)) {
            Some(&cache) => (cache, sequence * self.capacity(), self.step.before + self.step.queries),
            None => (projected, sequence * self.step.queries, self.step.queries),
        }
    }

    /// Tokens of a sequence when all have been decoded.
    fn capacity(&self) -> u32 {
        self.scenario.prefill + self.scenario.decode
    }

    /// Whether some query does not see some key. A decoded token sees all before it.
    fn is_masked(&self) -> bool {
        self.lowering.causal && self.step.before == 0
    }

    /// Adds keys or values to those of the tokens before.
    fn cache(&mut self, name: &str, part: Part, projection: u32, projected: TensorId) {
        let rows = Shape { rows: self.scenario.batch * self.capacity(), ..self.graph.shape(projected) };
        let cache = self.graph.shared(&format!("{name}.cache"), rows, Home::None);
        self.graph.append(&format!("{name}.append"), projected, cache, self.step.before, self.scenario.batch);
        self.caches.insert((self.graph.layer(), part, projection), cache);
    }

    /// The projection of all heads, or of that one; queries and keys are rotated in place where the model says so.
    fn project(&mut self, heads: &mut Heads, part: Part, head: u32) -> TensorId {
        if let Some(&projected) = heads.projected.get(&(part, head)) {
            return projected;
        }
        let fused = self.lowering.projections == Projections::Fused;
        let name = if fused { format!("attention.{}", part.name()) } else { format!("{}{head}", part.name()) };
        let projected = self.linear_into(&name, heads.input, self.projection(part, fused));
        if self.grouped.rotary > 0 && part != Part::Value {
            self.graph.vector_in_place(&format!("{name}.rotary"), VectorKind::Rotary, &[projected]);
        }
        if self.scenario.decode > 0 && part != Part::Query {
            self.cache(&name, part, head, projected);
        }
        heads.projected.insert((part, head), projected);
        projected
    }

    /// Size, element and class of what a projection makes.
    fn projection(&self, part: Part, fused: bool) -> Shape {
        let heads = match part {
            _ if !fused => 1,
            Part::Query => self.grouped.heads,
            Part::Key | Part::Value => self.grouped.kv_heads,
        };
        let activation = self.activation(self.tokens(), heads * self.grouped.head_size);
        match part {
            Part::Query => activation,
            Part::Key | Part::Value => Shape { bits: self.scenario.bits.kv, class: Class::Kv, ..activation },
        }
    }

    /// Key-value head of a query head.
    fn group(&self, head: u32) -> u32 {
        head / self.grouped.group()
    }

    /// `head3`, or `seq1.head3` where there is more than one sequence.
    fn head_name(&self, sequence: u32, head: u32) -> String {
        format!("{}head{head}", self.sequence_prefix(sequence))
    }

    /// A key or value window is named after its key-value head, a query after its own.
    fn window_name(&self, part: Part, sequence: u32, head: u32) -> String {
        match part {
            Part::Query => self.head_name(sequence, head),
            Part::Key | Part::Value => format!("{}kv_head{head}", self.sequence_prefix(sequence)),
        }
    }
}

impl GroupedAttention {
    /// Every sequence and query head, head after head of one sequence before the next.
    fn each_head(&self, batch: u32) -> impl Iterator<Item = (u32, u32)> + use<> {
        let heads = self.heads;
        (0..batch).flat_map(move |sequence| (0..heads).map(move |head| (sequence, head)))
    }
}
