//! How many parameters a model has.

use crate::workload::embedding::{Embedding, Input};
use crate::workload::{
    Attention, AttentionBiases, DenseNetwork, FeedForward, GroupedAttention, Head, LatentAttention, Layer, Model, Norm,
    Position, Stack,
};

/// Parameters of a model. Counts are sums of products of sizes below 2^26 and cannot overflow 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters {
    /// All of them; a matrix with two uses counts once.
    pub total: u128,
    /// Those that one token meets: of the experts only the active ones.
    pub active: u128,
    /// Tables that are looked up, patch projection, learned rows.
    pub embedding: u128,
    /// All but the embedding and a language-model head's matrix of its own.
    pub non_embedding: u128,
}

impl Model {
    /// Counts of this model.
    pub(super) fn parameters(&self) -> Parameters {
        let embedding = self.stacks().map(|stack| stack.embedding.parameters(stack.hidden)).sum();
        let layers: u128 = self.layers_with_hidden().map(|(layer, hidden)| layer.parameters(hidden)).sum();
        let idle: u128 = self.layers_with_hidden().map(|(layer, hidden)| layer.feed_forward.idle(hidden)).sum();
        let others: u128 = self.stacks().map(Stack::other_parameters).sum();
        let head = self.head_matrix();
        let non_embedding = layers + others + self.head_parameters() - head;
        let total = embedding + non_embedding + head;
        Parameters { total, active: total - idle, embedding, non_embedding }
    }

    fn layers_with_hidden(&self) -> impl Iterator<Item = (&Layer, u128)> {
        self.stacks().flat_map(|stack| stack.layers.iter().map(|layer| (layer, wide(stack.hidden))))
    }

    /// The language-model head's matrix where it is one of its own.
    fn head_matrix(&self) -> u128 {
        match self.head {
            Head::LanguageModel(head) if !head.tied => wide(head.vocabulary) * self.head_width(),
            _ => 0,
        }
    }

    /// Parameters that the head adds.
    fn head_parameters(&self) -> u128 {
        let hidden = self.head_width();
        match self.head {
            Head::LanguageModel(head) => self.head_matrix() + present(head.bias, wide(head.vocabulary)),
            Head::Pooler => hidden * hidden + hidden,
            Head::Classifiers { labels, count } => wide(count) * wide(labels) * (hidden + 1),
        }
    }

    /// Width of what the head reads.
    pub(super) fn head_width(&self) -> u128 {
        self.last_stack().map_or(0, |stack| wide(stack.hidden))
    }
}

impl Stack {
    /// Final normalisation, convolutions, table of relative positions.
    fn other_parameters(&self) -> u128 {
        let hidden = wide(self.hidden);
        let norms = [self.final_norm, self.embedding.norm].into_iter().flatten();
        let norms: u128 = norms.map(|norm| norm_parameters(norm, hidden)).sum();
        let stem = match self.embedding.input {
            Input::Frames { bins } => 3 * hidden * (wide(bins) + hidden) + 2 * hidden,
            Input::Tokens { .. } | Input::Patches { .. } => 0,
        };
        let relative = match (self.embedding.position, self.layers.first()) {
            (Position::Relative { buckets }, Some(layer)) => wide(buckets) * wide(layer.attention.heads()),
            _ => 0,
        };
        norms + stem + relative
    }
}

impl Embedding {
    /// Tables, patch projection with its bias, learned rows.
    fn parameters(&self, hidden: u32) -> u128 {
        let rows = match self.input {
            Input::Tokens { vocabulary, shared } => present(!shared, wide(vocabulary)),
            Input::Patches { elements, special, .. } => wide(elements) + 1 + wide(special),
            Input::Frames { .. } => 0,
        };
        let positions = match self.position {
            Position::Learned { rows, .. } => wide(rows),
            Position::Relative { .. } | Position::None => 0,
        };
        (rows + positions + wide(self.token_types)) * wide(hidden)
    }
}

impl Layer {
    fn parameters(&self, hidden: u128) -> u128 {
        let attention = match &self.attention {
            Attention::Grouped(grouped) => grouped.parameters(hidden),
            Attention::Latent(latent) => latent.parameters(hidden),
        };
        let cross = self.cross.map_or(0, |cross| cross.parameters(hidden));
        let norms = wide(self.norms()) * norm_parameters(self.norm, hidden);
        attention + cross + self.feed_forward.parameters(hidden) + norms
    }
}

impl GroupedAttention {
    /// Matrices of queries and output: what every row of a decoder meets.
    pub(super) fn query_matrices(&self, hidden: u128) -> u128 {
        2 * hidden * wide(self.query_width())
    }

    /// Matrices of keys and values.
    pub(super) fn kv_matrices(&self, hidden: u128) -> u128 {
        2 * hidden * wide(self.kv_width())
    }

    fn parameters(&self, hidden: u128) -> u128 {
        let AttentionBiases { query, key, value, output } = self.biases;
        let (query_width, kv_width) = (wide(self.query_width()), wide(self.kv_width()));
        let biases =
            present(query, query_width) + present(key, kv_width) + present(value, kv_width) + present(output, hidden);
        let norms = self.qk_norm.map_or(0, |norm| 2 * norm_parameters(norm, wide(self.head_size)));
        self.query_matrices(hidden) + self.kv_matrices(hidden) + biases + norms
    }
}

impl LatentAttention {
    /// All matrices: down to the latent vectors, up from them, output.
    pub(super) fn matrices(&self, hidden: u128) -> u128 {
        let heads = wide(self.heads);
        let (queries, values) = (heads * wide(self.head_size()), heads * wide(self.value_size));
        let query = self.q_rank.map_or(hidden * queries, |rank| wide(rank) * (hidden + queries));
        let down = hidden * wide(self.kv_rank + self.rope);
        let up = wide(self.kv_rank) * (heads * wide(self.nope) + values);
        query + down + up + values * hidden
    }

    fn parameters(&self, hidden: u128) -> u128 {
        let q_rank = self.q_rank.map_or(0, wide);
        let norms = norm_parameters(Norm::RootMeanSquare, q_rank + wide(self.kv_rank));
        let biases = present(self.biases, q_rank + wide(self.kv_rank + self.rope) + hidden);
        self.matrices(hidden) + norms + biases
    }
}

impl FeedForward {
    fn parameters(&self, hidden: u128) -> u128 {
        match self {
            FeedForward::Dense(network) => network.parameters(hidden),
            FeedForward::Experts(mixture) => {
                let shared = mixture.shared.map_or(0, |shared| shared.parameters(hidden));
                let experts = wide(mixture.experts);
                experts * (hidden + mixture.expert.parameters(hidden)) + shared
            }
        }
    }

    /// Parameters of the experts that a row does not take.
    fn idle(&self, hidden: u128) -> u128 {
        match self {
            FeedForward::Dense(_) => 0,
            FeedForward::Experts(mixture) => wide(mixture.experts - mixture.active) * mixture.expert.parameters(hidden),
        }
    }

    /// Multiplications of one row.
    pub(super) fn row_macs(&self, hidden: u128) -> u128 {
        match self {
            FeedForward::Dense(network) => network.matrices(hidden),
            FeedForward::Experts(mixture) => {
                let shared = mixture.shared.map_or(0, |shared| shared.matrices(hidden));
                wide(mixture.experts) * hidden + wide(mixture.active) * mixture.expert.matrices(hidden) + shared
            }
        }
    }
}

impl DenseNetwork {
    fn matrices(&self, hidden: u128) -> u128 {
        wide(self.ups() + 1) * wide(self.inner) * hidden
    }

    fn parameters(&self, hidden: u128) -> u128 {
        self.matrices(hidden) + present(self.biases, wide(self.ups()) * wide(self.inner) + hidden)
    }
}

fn norm_parameters(norm: Norm, width: u128) -> u128 {
    wide(norm.parameters()) * width
}

fn present(has: bool, count: u128) -> u128 {
    if has { count } else { 0 }
}

/// A size as a wide number.
pub(super) fn wide(size: u32) -> u128 {
    u128::from(size)
}
