//! Where a run is cut into blocks.

use super::super::Probe;
use super::super::engine::Engine;
use crate::ids::OpId;
use crate::workload::{Class, OpKind};
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};
use std::ops::Range;

/// A run of consecutive ops.
#[derive(Debug, Clone)]
pub struct Block {
    /// Its ops in program order.
    pub ops: Range<usize>,
    /// The same for blocks that do the same under other names, and hardly for others.
    pub form: u64,
}

/// A block for each phase and layer, several where its later part does not depend on the length of the context.
pub fn blocks<P: Probe>(engine: &Engine<'_, P>) -> Vec<Block> {
    let parts = layers(engine).into_iter().flat_map(|layer| parts(engine, layer));
    parts.map(|ops| Block { form: form(engine, &ops), ops }).collect()
}

/// Runs of consecutive ops of the same phase and layer.
fn layers<P: Probe>(engine: &Engine<'_, P>) -> Vec<Range<usize>> {
    let workload = engine.workload;
    let place = |op: usize| (workload.phase_of(op.into()), workload.ops.at(op).layer);
    let mut layers: Vec<Range<usize>> = Vec::new();
    for op in 0..workload.ops.len() {
        match layers.last_mut() {
            Some(layer) if place(layer.start) == place(op) => layer.end = op + 1,
            _ => layers.push(op..op + 1),
        }
    }
    layers
}

/// A layer up to the last op that reads keys and values, and what follows, cut at every op that waits for all ops before it and
/// that all after it wait for: nothing is under way when it starts.
fn parts<P: Probe>(engine: &Engine<'_, P>, layer: Range<usize>) -> Vec<Range<usize>> {
    let (workload, dependencies) = (engine.workload, &engine.dependencies);
    let works = |op: &usize| !workload.is_rename(OpId::from(*op));
    let keeps = |op: usize| workload.ops.at(op).kind.inputs().iter().any(|&tensor| workload.class(tensor) == Class::Kv);
    let last = layer.clone().rev().find(|op| works(op) && keeps(*op)).unwrap_or(layer.end);
    let (mut parts, mut start) = (Vec::new(), layer.start);
    for at in (last + 1..layer.end).filter(works) {
        let followed = |op: usize| dependencies.after(OpId::from(op)).iter().any(|later| later.index() <= at);
        let follows = |op: usize| dependencies.before(OpId::from(op)).iter().any(|earlier| earlier.index() >= at);
        if (start..at).all(followed) && (at + 1..layer.end).all(follows) {
            parts.push(start..at);
            start = at;
        }
    }
    parts.push(start..layer.end);
    parts
}

/// What the ops of a block do, but for the names of tensors.
fn form<P: Probe>(engine: &Engine<'_, P>, ops: &Range<usize>) -> u64 {
    let mut hasher = FxHasher::default();
    for op in ops.clone().map(|op| engine.workload.ops.at(op)) {
        std::mem::discriminant(&op.kind).hash(&mut hasher);
        match &op.kind {
            OpKind::Matmul { m, k, n, .. } => (m, k, n).hash(&mut hasher),
            OpKind::Attention { m, k, n, .. } => (m, k, n).hash(&mut hasher),
            OpKind::Vector { op, elements, .. } => (op, elements).hash(&mut hasher),
            OpKind::Append { row, .. } => row.hash(&mut hasher),
            OpKind::Slice { origin, .. } => origin.hash(&mut hasher),
            OpKind::Concat { offsets, .. } => offsets.hash(&mut hasher),
            OpKind::View { .. } => {}
        }
    }
    hasher.finish()
}
