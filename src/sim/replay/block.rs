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

/// A block for each phase and layer, two where its later part does not depend on the length of the context.
pub fn blocks<P: Probe>(engine: &Engine<'_, P>) -> Vec<Block> {
    let layers = layers(engine).into_iter();
    let parts = layers.flat_map(|layer| match cut(engine, &layer) {
        Some(at) => vec![layer.start..at, at..layer.end],
        None => vec![layer],
    });
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

/// The first op after those that read keys and values, if it waits for all ops of the layer before it and all after it wait for
/// it: nothing is under way then.
fn cut<P: Probe>(engine: &Engine<'_, P>, layer: &Range<usize>) -> Option<usize> {
    let workload = engine.workload;
    let works = |op: &usize| !workload.is_rename(OpId::from(*op));
    let keeps = |op: usize| workload.ops.at(op).kind.inputs().iter().any(|&tensor| workload.class(tensor) == Class::Kv);
    let last = layer.clone().rev().find(|op| works(op) && keeps(*op))?;
    let at = (last + 1..layer.end).find(works)?;
    let dependencies = &engine.dependencies;
    let followed = |op: usize| dependencies.after(OpId::from(op)).iter().any(|later| later.index() <= at);
    let follows = |op: usize| dependencies.before(OpId::from(op)).iter().any(|earlier| earlier.index() >= at);
    ((layer.start..at).all(followed) && (at + 1..layer.end).all(follows)).then_some(at)
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
