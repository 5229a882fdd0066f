//! What is computed: tensors and operators in program order, made from a model's `config.json`
//! and a scenario, or given by the user as an op graph.

mod check;
mod facts;
mod family;
mod graph;
mod json;
mod links;
mod list;
mod lower;
mod lowering;
mod model;
mod name;
mod scenario;
mod shape;
mod storage;
mod vector;

pub use facts::{DecodeMacs, Facts, Macs, PrefillMacs};
pub use family::Family;
pub use graph::{
    CausalMask, Class, Home, Op, OpKind, Phase, PhaseKind, Schedule, Tensor, VectorKind, ViewMapping, Window, Workload,
};
pub use list::{TensorList, Tensors};
pub use lower::lower;
pub use lowering::{AttentionOrder, FfnShape, KvRelease, Lowering, Projections, Scores, WeightRelease};
pub use model::{Biases, FeedForward, Model, Norm, Position};
pub use name::Name;
pub use scenario::{Bits, Scenario};
