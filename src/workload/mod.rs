//! What is computed: tensors and operators in program order, made from a model's `config.json`
//! and a scenario, or given by the user as an op graph.

mod check;
mod graph;
mod json;
mod links;
mod shape;
mod storage;
mod vector;

pub use graph::{CausalMask, Class, Home, Op, OpKind, Schedule, Tensor, VectorKind, ViewMapping, Window, Workload};
