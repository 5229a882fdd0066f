//! Attention with query heads in groups: projections, scores, softmax, contexts, in the order the user chose.

use crate::ids::{LayerId, TensorId};
use crate::workload::lower::layer::norm_kind;
use crate::workload::lower::{Lowerer, Shape};
use crate::workload::{
    AttentionOrder, CausalMask, Class, GroupedAttention, Home, Projections, ScoreChange, Scores, VectorKind,
};
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

/// A result of a projection that is kept: of which layer and attention (self or cross), what, and of all heads (head 0) or of one.
pub(super) type Projection = (Option<LayerId>, bool, Part, u32);

/// Where the contexts of a head stand among those of all: its first row and column.
type Placed = (TensorId, (u32, u32));

/// What has been projected and sliced so far in one attention.
struct Heads {
    grouped: GroupedAttention,
    /// Rows that the queries are projected from; keys and values too, unless they come from the source.
    input: TensorId,
    /// Whether the keys and values are those of the source.
    cross: bool,
    /// Results of projections: of all heads (head 0) or of one.
    projected: FxHashMap<(Part, u32), TensorId>,
    /// Windows of one sequence and one head.
    windows: FxHashMap<(Part, u32, u32), TensorId>,
}

impl Heads {
    fn new(grouped: GroupedAttention, input: TensorId, cross: bool) -> Self {
        let (projected, windows) = (FxHashMap::default(), FxHashMap::default());
        Self { grouped, input, cross, projected, windows }
    }

    /// Start of the names of what is projected for all heads.
    fn name(&self) -> &'static str {
        if self.cross { "cross" } else { "attention" }
    }

    /// Start of the names of what belongs to a head.
    fn prefix(&self) -> &'static str {
        if self.cross { "cross." } else { "" }
    }

    /// Every sequence and query head, head after head of one sequence before the next.
    fn each(&self, batch: u32) -> impl Iterator<Item = (u32, u32)> + use<> {
        let heads = self.grouped.heads;
        (0..batch).flat_map(move |sequence| (0..heads).map(move |head| (sequence, head)))
    }
}

impl Lowerer<'_> {
    /// The contexts of all heads side by side: tokens × query width. With `cross` of the rows with those of the source.
    pub(super) fn grouped_attention(&mut self, grouped: GroupedAttention, input: TensorId, cross: bool) -> TensorId {
        let mut heads = Heads::new(grouped, input, cross);
        if self.lowering.projections == Projections::Fused {
            for part in Part::ALL {
                self.project(&mut heads, part, 0);
            }
        }
        let contexts = match (self.lowering.scores, self.lowering.attention) {
            (Scores::Aggregated, _) => self.aggregated(&mut heads),
            (Scores::PerHead, AttentionOrder::DepthFirst | AttentionOrder::Tiled) => self.depth_first(&mut heads),
            (Scores::PerHead, AttentionOrder::BreadthFirst) => self.breadth_first(&mut heads),
        };
        let name = format!("{}.context", heads.name());
        self.graph.concat(&name, contexts, self.tokens(), grouped.query_width())
    }

    /// Keys and values of the source for a cross attention, which every step reads.
    pub(super) fn project_source(&mut self, grouped: GroupedAttention) {
        let Some((source, _)) = self.source else { return };
        let mut heads = Heads::new(grouped, source, true);
        let all = if self.lowering.projections == Projections::Fused { 1 } else { grouped.kv_heads };
        for head in 0..all {
            self.project(&mut heads, Part::Key, head);
            self.project(&mut heads, Part::Value, head);
        }
    }

    /// A head before the next.
    fn depth_first(&mut self, heads: &mut Heads) -> Vec<Placed> {
        let all = heads.each(self.scenario.batch);
        let each = |(sequence, head)| {
            let group = head / heads.grouped.group();
            let query = self.window(heads, Part::Query, sequence, head);
            let key = self.window(heads, Part::Key, sequence, group);
            let value = self.window(heads, Part::Value, sequence, group);
            let name = self.head_name(heads, sequence, head);
            let context = self.attended(heads, &name, [query, key, value]);
            (context, (sequence * self.step.queries, head * heads.grouped.head_size))
        };
        all.map(each).collect()
    }

    /// Context of one head. Tiled, it is one op whose scores stay in the array.
    fn attended(&mut self, heads: &Heads, name: &str, [query, key, value]: [TensorId; 3]) -> TensorId {
        let changes = heads.grouped.scores;
        if self.lowering.attention == AttentionOrder::Tiled {
            let mask = self.score_mask(heads);
            let extra = if changes == ScoreChange::None { 0 } else { 1 };
            let shape = self.activation(self.step.queries, self.graph.shape(value).cols);
            let operands = (&[query][..], &[key][..], value);
            return self.graph.attention(&format!("{name}.context"), operands, shape, (mask, extra));
        }
        let score = self.softmaxed(heads, name, query, key);
        self.weighted_sum(heads, &format!("{name}.context"), score, value)
    }

    /// All queries, keys and values, then all scores, then all contexts.
    fn breadth_first(&mut self, heads: &mut Heads) -> Vec<Placed> {
        let all: Vec<_> = heads.each(self.scenario.batch).collect();
        let group = heads.grouped.group();
        for part in Part::ALL {
            for &(sequence, head) in &all {
                let head = if part == Part::Query { head } else { head / group };
                self.window(heads, part, sequence, head);
            }
        }
        let mut scores = Vec::new();
        for &(sequence, head) in &all {
            let query = self.window(heads, Part::Query, sequence, head);
            let key = self.window(heads, Part::Key, sequence, head / group);
            let name = self.head_name(heads, sequence, head);
            scores.push(self.softmaxed(heads, &name, query, key));
        }
        let mut contexts = Vec::new();
        for ((sequence, head), score) in all.into_iter().zip(scores) {
            let value = self.window(heads, Part::Value, sequence, head / group);
            let name = format!("{}.context", self.head_name(heads, sequence, head));
            let context = self.weighted_sum(heads, &name, score, value);
            contexts.push((context, (sequence * self.step.queries, head * heads.grouped.head_size)));
        }
        contexts
    }

    /// One score matrix a sequence for all heads together; keys and values repeat to the width of the queries.
    fn aggregated(&mut self, heads: &mut Heads) -> Vec<Placed> {
        let width = heads.grouped.query_width();
        let sequences = 0..self.scenario.batch;
        let each = |sequence| {
            let prefix = format!("{}{}", self.sequence_prefix(sequence), heads.name());
            let [query, key, value] = Part::ALL.map(|part| {
                let name = format!("{prefix}.all_{}", part.name());
                let (all, first, rows) = self.rows_of(heads, part, sequence, 0);
                let cols = self.graph.shape(all).cols;
                let rows_of_it = self.graph.slice(&name, all, (first, 0), (rows, cols));
                self.graph.repeated(&format!("{name}.repeated"), rows_of_it, width)
            });
            let score = self.softmaxed(heads, &prefix, query, key);
            let sum = self.weighted_sum(heads, &format!("{prefix}.sum"), score, value);
            (sum, (sequence * self.step.queries, 0))
        };
        sequences.map(each).collect()
    }

    /// Scores of the queries against the keys, queries × keys, with softmax in place.
    fn softmaxed(&mut self, heads: &Heads, name: &str, query: TensorId, key: TensorId) -> TensorId {
        let (queries, keys) = (self.graph.shape(query).rows, self.graph.shape(key).rows);
        let shape = Shape { class: Class::Score, ..self.activation(queries, keys) };
        let mask = self.score_mask(heads);
        let score = self.graph.masked_matmul(&format!("{name}.score"), (query, key, true), shape, mask);
        match heads.grouped.scores {
            ScoreChange::None => {}
            ScoreChange::Softcap => {
                self.graph.vector_in_place(&format!("{name}.softcap"), VectorKind::Softcap, &[score]);
            }
            ScoreChange::RelativeBias => {
                self.graph.vector_in_place(&format!("{name}.bias"), VectorKind::Bias, &[score]);
            }
        }
        self.graph.vector_in_place(&format!("{name}.softmax"), VectorKind::Softmax, &[score]);
        score
    }

    /// Values weighted by the scores: queries × width of the values.
    fn weighted_sum(&mut self, heads: &Heads, name: &str, score: TensorId, value: TensorId) -> TensorId {
        let shape = self.activation(self.step.queries, self.graph.shape(value).cols);
        let mask = self.score_mask(heads).of_context();
        self.graph.masked_matmul(name, (score, value, false), shape, mask)
    }

    /// Which keys some query does not see: in the prompt those after it and those that have left its window. A decoded token
    /// reads only what it sees, and the source is seen by all.
    fn score_mask(&self, heads: &Heads) -> CausalMask {
        match heads.grouped.window {
            _ if heads.cross || !self.step.causal || self.step.before > 0 => CausalMask::None,
            Some(window) if window < self.step.queries => CausalMask::WindowedScore(window),
            _ => CausalMask::Score,
        }
    }

    /// The rows of one sequence and the columns of one head of a projection, which is made when first asked for.
    fn window(&mut self, heads: &mut Heads, part: Part, sequence: u32, head: u32) -> TensorId {
        if let Some(&window) = heads.windows.get(&(part, sequence, head)) {
            return window;
        }
        let fused = self.lowering.projections == Projections::Fused;
        let size = heads.grouped.head_size;
        let (projection, column) = if fused { (0, head * size) } else { (head, 0) };
        let (source, first, rows) = self.rows_of(heads, part, sequence, projection);
        let name = format!("{}.{}", self.window_name(heads, part, sequence, head), part.name());
        let window = self.graph.slice(&name, source, (first, column), (rows, size));
        heads.windows.insert((part, sequence, head), window);
        window
    }

    /// Where the rows of one sequence are: the tensor, the first row and how many. Keys and values of all tokens that are seen
    /// where they are cached, of the whole source in a cross attention.
    fn rows_of(&mut self, heads: &mut Heads, part: Part, sequence: u32, projection: u32) -> (TensorId, u32, u32) {
        let projected = self.project(heads, part, projection);
        let rows = match self.source {
            Some((_, rows)) if heads.cross && part != Part::Query => rows,
            _ => self.step.queries,
        };
        if heads.cross {
            return (projected, sequence * rows, rows);
        }
        match self.kept.get(&(self.graph.layer(), false, part, projection)) {
            Some(&cache) => {
                let (first, rows) = self.seen(heads.grouped.window);
                (cache, sequence * self.capacity() + first, rows)
            }
            None => (projected, sequence * rows, rows),
        }
    }

    /// First row and number of rows of the cache that the queries of this step see.
    pub(super) fn seen(&self, window: Option<u32>) -> (u32, u32) {
        let end = self.step.before + self.step.queries;
        let first = match window {
            Some(window) if self.step.before > 0 => (self.step.before + 1).saturating_sub(window),
            _ => 0,
        };
        (first, end - first)
    }

    /// Tokens of a sequence when all have been decoded.
    pub(super) fn capacity(&self) -> u32 {
        self.scenario.prefill + self.scenario.decode
    }

    /// Adds rows to those of the tokens before; returns the tensor of all.
    pub(super) fn append(&mut self, name: &str, rows: TensorId) -> TensorId {
        let shape = Shape { rows: self.scenario.batch * self.capacity(), ..self.graph.shape(rows) };
        let cache = self.graph.shared(&format!("{name}.cache"), shape, Home::None);
        self.graph.append(&format!("{name}.append"), rows, cache, self.step.before, self.scenario.batch);
        cache
    }

    /// The projection of all heads, or of that one, with the norm of each head and the rotation where the model has them.
    fn project(&mut self, heads: &mut Heads, part: Part, head: u32) -> TensorId {
        let key = (self.graph.layer(), heads.cross, part, head);
        let known = heads.projected.get(&(part, head)).or_else(|| self.kept.get(&key).filter(|_| heads.cross));
        if let Some(&projected) = known {
            return projected;
        }
        let fused = self.lowering.projections == Projections::Fused;
        let all = format!("{}.{}", heads.name(), part.name());
        let name = if fused { all } else { format!("{}{}{head}", heads.prefix(), part.name()) };
        let projected = self.linear_into(&name, heads.input, self.projection(heads, part, fused));
        if part != Part::Value && !heads.cross {
            self.position(heads, &name, projected);
        }
        if part != Part::Query && heads.cross {
            self.kept.insert(key, projected);
        } else if part != Part::Query && self.step.cached {
            let cache = self.append(&name, projected);
            self.kept.insert(key, cache);
        }
        heads.projected.insert((part, head), projected);
        projected
    }

    /// Norm of each head, and rotation of its first elements.
    fn position(&mut self, heads: &Heads, name: &str, projected: TensorId) {
        let grouped = heads.grouped;
        if let Some(norm) = grouped.qk_norm {
            self.graph.vector_in_place(&format!("{name}.norm"), norm_kind(norm), &[projected]);
        }
        if grouped.rotary > 0 {
            let part = (grouped.rotary, grouped.head_size);
            self.graph.partly_in_place(&format!("{name}.rotary"), VectorKind::Rotary, projected, part);
        }
    }

    /// Size, element and class of what a projection makes.
    fn projection(&self, heads: &Heads, part: Part, fused: bool) -> Shape {
        let count = match part {
            _ if !fused => 1,
            Part::Query => heads.grouped.heads,
            Part::Key | Part::Value => heads.grouped.kv_heads,
        };
        let rows = self.graph.shape(heads.input).rows;
        let activation = self.activation(rows, count * heads.grouped.head_size);
        match part {
            Part::Query => activation,
            Part::Key | Part::Value => Shape { bits: self.scenario.bits.kv, class: Class::Kv, ..activation },
        }
    }

    /// `head3`, or `seq1.head3` where there is more than one sequence.
    fn head_name(&self, heads: &Heads, sequence: u32, head: u32) -> String {
        format!("{}{}head{head}", heads.prefix(), self.sequence_prefix(sequence))
    }

    /// A key or value window is named after its key-value head, a query after its own.
    fn window_name(&self, heads: &Heads, part: Part, sequence: u32, head: u32) -> String {
        match part {
            Part::Query => self.head_name(heads, sequence, head),
            Part::Key | Part::Value => format!("{}{}kv_head{head}", heads.prefix(), self.sequence_prefix(sequence)),
        }
    }
}
