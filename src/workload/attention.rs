//! Attention of a layer as data.

use crate::workload::Norm;

/// Attention of the rows of a sequence with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attention {
    /// Query heads that share key-value heads in groups: multi-head (as many of each), grouped-query, multi-query (one).
    Grouped(GroupedAttention),
    /// Keys and values rebuilt from a common latent vector (multi-head latent attention).
    Latent(LatentAttention),
}

/// Query heads that share key-value heads in groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupedAttention {
    /// Query heads.
    pub heads: u32,
    /// Key and value heads; divides `heads`.
    pub kv_heads: u32,
    /// Width of a head.
    pub head_size: u32,
    /// A query sees so many positions, its own included; all up to its own where absent.
    pub window: Option<u32>,
    /// Elements of each query and key head that are rotated by the position; even, 0 where positions enter otherwise.
    pub rotary: u32,
    /// Normalisation of each query head and each key head before the rotation; its width is `head_size`.
    pub qk_norm: Option<Norm>,
    /// Which projections have a bias.
    pub biases: AttentionBiases,
    /// What happens to the scores before the softmax.
    pub scores: ScoreChange,
}

/// Which projections of an attention have a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttentionBiases {
    /// Queries.
    pub query: bool,
    /// Keys.
    pub key: bool,
    /// Values.
    pub value: bool,
    /// Output.
    pub output: bool,
}

/// What happens to the scores before the softmax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreChange {
    /// Nothing but scaling, which rides along with the product.
    None,
    /// A hyperbolic tangent keeps them within bounds (Gemma 2).
    Softcap,
    /// A bias that depends on the distance of query and key is added (T5).
    RelativeBias,
}

/// Keys and values rebuilt from a latent vector of `kv_rank` elements; the `rope` rotated key elements are one head for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatentAttention {
    /// Query heads, each with keys and values of its own.
    pub heads: u32,
    /// Width of the latent vector of the queries, which has a normalisation; queries are projected directly where absent.
    pub q_rank: Option<u32>,
    /// Width of the latent vector of keys and values, which has a normalisation.
    pub kv_rank: u32,
    /// Elements of a query or key head that are not rotated.
    pub nope: u32,
    /// Elements of a query or key head that are rotated; even.
    pub rope: u32,
    /// Width of a value head.
    pub value_size: u32,
    /// Whether the projections from and to the residual stream have biases (latent queries, latent keys and values, output).
    pub biases: bool,
}

impl AttentionBiases {
    /// On none.
    pub const NONE: Self = Self::all(false);

    /// On all four projections or on none.
    pub const fn all(present: bool) -> Self {
        Self::qkv_and_output(present, present)
    }

    /// On queries, keys and values together, and on the output.
    pub const fn qkv_and_output(qkv: bool, output: bool) -> Self {
        Self { query: qkv, key: qkv, value: qkv, output }
    }
}

impl Attention {
    /// Query heads.
    pub fn heads(&self) -> u32 {
        match self {
            Attention::Grouped(grouped) => grouped.heads,
            Attention::Latent(latent) => latent.heads,
        }
    }

    /// Positions a query sees, its own included; `None`: all up to its own.
    pub fn window(&self) -> Option<u32> {
        match self {
            Attention::Grouped(grouped) => grouped.window,
            Attention::Latent(_) => None,
        }
    }

    /// Width of the contexts of all heads together: what the output projection reads.
    pub fn context_width(&self) -> u32 {
        match self {
            Attention::Grouped(grouped) => grouped.query_width(),
            Attention::Latent(latent) => latent.heads * latent.value_size,
        }
    }

    /// Elements that one token leaves in the key-value cache.
    pub fn cache_width(&self) -> u32 {
        match self {
            Attention::Grouped(grouped) => 2 * grouped.kv_width(),
            Attention::Latent(latent) => latent.kv_rank + latent.rope,
        }
    }

    /// Multiplications of one query row with one key row and its value row, all heads.
    pub fn pair_macs(&self) -> u32 {
        match self {
            Attention::Grouped(grouped) => 2 * grouped.query_width(),
            Attention::Latent(latent) => latent.heads * (latent.nope + latent.rope + latent.value_size),
        }
    }

    /// Grouped heads; `None` if latent.
    pub fn grouped(&self) -> Option<&GroupedAttention> {
        match self {
            Attention::Grouped(grouped) => Some(grouped),
            Attention::Latent(_) => None,
        }
    }
}

impl GroupedAttention {
    /// Width of all query heads together.
    pub fn query_width(&self) -> u32 {
        self.heads * self.head_size
    }

    /// Width of all key heads together, which is that of all value heads.
    pub fn kv_width(&self) -> u32 {
        self.kv_heads * self.head_size
    }

    /// Query heads that share a key-value head.
    pub fn group(&self) -> u32 {
        self.heads / self.kv_heads
    }
}

impl LatentAttention {
    /// Width of a query head, and of a key head: what is not rotated, then what is.
    pub fn head_size(&self) -> u32 {
        self.nope + self.rope
    }
}
