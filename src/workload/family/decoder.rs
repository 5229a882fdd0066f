//! What most decoder-only families have in common.

use crate::workload::embedding::Embedding;
use crate::workload::family::config::{Config, Size};
use crate::workload::{
    Activation, Arrangement, Attention, AttentionBiases, DenseNetwork, FeedForward, GroupedAttention, Head,
    LanguageModelHead, Layer, Model, Norm, Position, ScoreChange, Stack,
};

/// What a family takes where a key is absent.
pub(super) struct Defaults {
    pub vocabulary: u32,
    pub hidden: u32,
    pub inner: u32,
    pub layers: u32,
    pub heads: u32,
    /// As many as `heads` where absent.
    pub kv_heads: Option<u32>,
    /// The width of the residual stream over the heads where absent.
    pub head_size: Option<u32>,
    pub tied: bool,
}

/// Sizes that agree with each other.
pub(super) struct Sizes {
    pub vocabulary: u32,
    pub hidden: u32,
    pub inner: u32,
    pub layers: u32,
    pub heads: u32,
    pub kv_heads: u32,
    pub head_size: u32,
    pub tied: bool,
}

impl Sizes {
    /// Reads the keys that most families name alike; `head_dim` gives heads a width of their own.
    pub fn read(config: &mut Config<'_>, defaults: &Defaults) -> Option<Self> {
        Self::with_heads(config, defaults, |config, hidden, heads| {
            let head_size = config.optional_width("head_dim", defaults.head_size)?;
            match head_size {
                Some(size) => Some(size.value),
                None => hidden.over(heads),
            }
        })
    }

    /// As [`Sizes::read`], for families whose heads together are as wide as the residual stream.
    pub fn read_square(config: &mut Config<'_>, defaults: &Defaults) -> Option<Self> {
        Self::with_heads(config, defaults, |config, hidden, heads| square_head_size(config, hidden, heads))
    }

    fn with_heads<'d>(
        config: &mut Config<'d>,
        defaults: &Defaults,
        head_size: impl FnOnce(&mut Config<'d>, &Size<'d>, &Size<'d>) -> Option<u32>,
    ) -> Option<Self> {
        let hidden = config.width("hidden_size", defaults.hidden);
        let heads = config.width("num_attention_heads", defaults.heads);
        let kv_heads = config.optional_width("num_key_value_heads", defaults.kv_heads);
        let layers = config.layers("num_hidden_layers", defaults.layers);
        let inner = config.inner("intermediate_size", defaults.inner);
        let vocabulary = config.vocabulary(defaults.vocabulary);
        let tied = config.tied(defaults.tied);
        let (hidden, heads) = (hidden?, heads?);
        let head_size = head_size(config, &hidden, &heads);
        let kv_heads = kv_heads?.unwrap_or_else(|| heads.clone());
        let grouped = heads.over(&kv_heads);
        let head_size = rotatable(head_size?, &heads)?;
        grouped?;
        Some(Self {
            vocabulary: vocabulary?.value,
            hidden: hidden.value,
            inner: inner?.value,
            layers: layers?.value,
            heads: heads.value,
            kv_heads: kv_heads.value,
            head_size,
            tied,
        })
    }

    /// Attention whose queries and keys are wholly rotated, without biases.
    pub fn rotated(&self) -> GroupedAttention {
        GroupedAttention {
            heads: self.heads,
            kv_heads: self.kv_heads,
            head_size: self.head_size,
            window: None,
            rotary: self.head_size,
            qk_norm: None,
            biases: AttentionBiases::NONE,
            scores: ScoreChange::None,
        }
    }

    /// A gated network without biases.
    pub fn gated(&self, activation: Activation) -> DenseNetwork {
        DenseNetwork { inner: self.inner, activation, gated: true, biases: false }
    }

    /// A model of these layers, with a root-mean-square normalisation after the last and a head without bias.
    pub fn model(&self, config: &mut Config<'_>, layers: Vec<Layer>) -> Model {
        let embedding = Embedding::tokens(self.vocabulary, Position::None);
        let decoder = Stack { hidden: self.hidden, embedding, layers, final_norm: Some(Norm::RootMeanSquare) };
        let head = LanguageModelHead { vocabulary: self.vocabulary, tied: self.tied, bias: false, softcap: false };
        config.model(None, Some(decoder), Head::LanguageModel(head))
    }
}

impl Config<'_> {
    /// The model of these parts, its weights stored output-major.
    pub fn model(&mut self, encoder: Option<Stack>, decoder: Option<Stack>, head: Head) -> Model {
        Model {
            name: self.name.clone(),
            family: self.family,
            encoder,
            decoder,
            head,
            output_major: true,
            assumed: std::mem::take(&mut self.assumed),
        }
    }
}

/// A layer of self-attention and feed-forward network with root-mean-square normalisation before each.
pub(super) fn pre_norm_layer(attention: GroupedAttention, feed_forward: FeedForward) -> Layer {
    Layer {
        attention: Attention::Grouped(attention),
        cross: None,
        feed_forward,
        norm: Norm::RootMeanSquare,
        arrangement: Arrangement::Pre,
    }
}

/// The head size of a family whose heads together are as wide as the residual stream.
pub(super) fn square_head_size(config: &mut Config<'_>, hidden: &Size<'_>, heads: &Size<'_>) -> Option<u32> {
    let given = config.optional_width("head_dim", None)?;
    let head_size = hidden.over(heads)?;
    match given {
        Some(size) if size.value != head_size => {
            let expected = format!("`{}` / `{}`, which is {head_size}", hidden.path(), heads.path());
            size.refuse(expected);
            None
        }
        _ => Some(head_size),
    }
}

/// A head size that a rotation can pair up and that all heads together can have.
fn rotatable(head_size: u32, heads: &Size<'_>) -> Option<u32> {
    let even = head_size.is_multiple_of(2);
    if !even {
        heads.refuse(format!("heads of an even size, which a rotation pairs up; one is {head_size}"));
    }
    (heads.fits_heads(head_size) && even).then_some(head_size)
}
