//! What is computed: tensors and operators in program order, made from a model's `config.json`
//! and a scenario, or given by the user as an op graph.

mod attention;
mod check;
mod embedding;
mod facts;
mod family;
mod feed_forward;
mod graph;
mod growth;
mod json;
mod links;
mod list;
mod lower;
mod lowering;
mod model;
mod name;
mod parameters;
mod repeat;
mod scenario;
mod shape;
mod source;
mod storage;
mod vector;

pub use attention::{Attention, AttentionBiases, GroupedAttention, LatentAttention, ScoreChange};
pub use embedding::{Embedding, Input, Position};
pub use facts::{DecodeMacs, EncodeMacs, Facts, Macs, PrefillMacs};
pub use family::Family;
pub use feed_forward::{Activation, DenseNetwork, FeedForward, MixtureOfExperts};
pub use graph::{
    CausalMask, Class, Home, Op, OpKind, Phase, PhaseKind, Schedule, Tensor, VectorKind, ViewMapping, Window, Workload,
};
pub use links::OpLists;
pub use list::{TensorList, Tensors};
pub use lower::lower;
pub use lowering::{AttentionOrder, FfnShape, KvRelease, LatentForm, Lowering, Projections, Scores, WeightRelease};
pub use model::{Arrangement, Assumed, Head, LanguageModelHead, Layer, Model, Norm, Stack};
pub use name::Name;
pub use repeat::{Iter, Series};
pub use scenario::{Bits, Scenario};
