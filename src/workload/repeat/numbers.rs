//! The numbers of an op, a tensor or a phase, apart from its form.

use crate::ids::{LayerId, OpId, TensorId};
use crate::workload::{CausalMask, Op, OpKind, Phase, Tensor};
use std::hash::Hash;

/// What is listed in a workload: a form, and numbers that may change from one repetition to the next.
pub trait Entry: Clone + Eq + Hash {
    /// Replaces every number by what `change` makes of it: those of the name first, then the layer, then the others in the order
    /// of the file's keys. How many there are depends on the form only.
    fn map_numbers(&mut self, change: &mut impl FnMut(u64) -> u64);

    /// Layer it belongs to.
    fn layer(&self) -> Option<LayerId>;

    /// The same with every number at zero.
    fn form(&self) -> Self {
        let mut form = self.clone();
        form.map_numbers(&mut |_| 0);
        form
    }

    /// The numbers.
    fn numbers(&self) -> Vec<u64> {
        let mut numbers = Vec::new();
        self.clone().map_numbers(&mut |number| {
            numbers.push(number);
            number
        });
        numbers
    }
}

/// Replaces one number of at most 32 bits.
fn map(number: &mut u32, change: &mut impl FnMut(u64) -> u64) {
    *number = change(u64::from(*number)) as u32;
}

fn map_all<'a>(numbers: impl IntoIterator<Item = &'a mut u32>, change: &mut impl FnMut(u64) -> u64) {
    numbers.into_iter().for_each(|number| map(number, change));
}

fn map_tensors<'a>(tensors: impl IntoIterator<Item = &'a mut TensorId>, change: &mut impl FnMut(u64) -> u64) {
    map_all(tensors.into_iter().map(|tensor| &mut tensor.0), change);
}

impl Entry for Tensor {
    fn map_numbers(&mut self, change: &mut impl FnMut(u64) -> u64) {
        self.name.map_numbers(change);
        self.map_sizes(change);
    }

    fn layer(&self) -> Option<LayerId> {
        self.layer
    }
}

impl Tensor {
    /// As [`Entry::map_numbers`], without those of the name.
    pub(in crate::workload) fn map_sizes(&mut self, change: &mut impl FnMut(u64) -> u64) {
        map_all(self.layer.as_mut().map(|layer| &mut layer.0), change);
        map_all([&mut self.rows, &mut self.cols, &mut self.bits], change);
    }
}

impl Entry for Op {
    fn map_numbers(&mut self, change: &mut impl FnMut(u64) -> u64) {
        self.name.map_numbers(change);
        self.map_sizes(change);
    }

    fn layer(&self) -> Option<LayerId> {
        self.layer
    }
}

impl Op {
    /// As [`Entry::map_numbers`], without those of the name.
    pub(in crate::workload) fn map_sizes(&mut self, change: &mut impl FnMut(u64) -> u64) {
        map_all(self.layer.as_mut().map(|layer| &mut layer.0), change);
        self.kind.map_sizes(change);
    }
}

impl OpKind {
    fn map_sizes(&mut self, change: &mut impl FnMut(u64) -> u64) {
        match self {
            OpKind::Matmul { a, b, b_transposed: _, out, m, k, n, mask } => {
                map_tensors([a, b, out], change);
                map_all([m, k, n], change);
                mask.map_window(change);
            }
            OpKind::Attention { query, key, value, out, m, k, n, e, mask, extra } => {
                map_tensors(query.iter_mut().chain(key.iter_mut()).chain([value, out]), change);
                map_all([m, k, n, e], change);
                mask.map_window(change);
                map(extra, change);
            }
            OpKind::Concat { inputs, offsets, out } => {
                map_tensors(inputs.iter_mut(), change);
                map_all(offsets.iter_mut().flat_map(|(row, column)| [row, column]), change);
                map_tensors([out], change);
            }
            OpKind::View { input, out, mapping: _ } => map_tensors([input, out], change),
            OpKind::Slice { input, out, origin: (row, column) } => {
                map_tensors([input, out], change);
                map_all([row, column], change);
            }
            OpKind::Append { input, out, row, parts } => {
                map_tensors([input, out], change);
                map_all([row, parts], change);
            }
            OpKind::Vector { op: _, inputs, out, elements } => {
                map_tensors(inputs.iter_mut().chain([out]), change);
                *elements = change(*elements);
            }
        }
    }
}

impl CausalMask {
    fn map_window(&mut self, change: &mut impl FnMut(u64) -> u64) {
        if let CausalMask::WindowedScore(window) | CausalMask::WindowedContext(window) = self {
            map(window, change);
        }
    }
}

impl Entry for Phase {
    fn map_numbers(&mut self, change: &mut impl FnMut(u64) -> u64) {
        self.name.map_numbers(change);
        self.map_sizes(change);
    }

    fn layer(&self) -> Option<LayerId> {
        None
    }
}

impl Phase {
    /// As [`Entry::map_numbers`], without those of the name.
    pub(in crate::workload) fn map_sizes(&mut self, change: &mut impl FnMut(u64) -> u64) {
        let OpId(start) = &mut self.ops.start;
        map(start, change);
        map(&mut self.ops.end.0, change);
    }
}
