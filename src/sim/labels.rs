//! What every transfer is counted under: the class of its tensor and the kind of its op, found once for all transfers.

use crate::ids::{OpId, TensorId};
use crate::workload::{Class, VectorKind, Workload};

/// The class of each tensor and the kind of each op.
#[derive(Debug)]
pub struct Labels {
    classes: Vec<Class>,
    kinds: Vec<u8>,
}

impl Labels {
    /// Kinds: matmul, and every vector operator.
    pub const KINDS: usize = 1 + VectorKind::ALL.len();

    /// Those of a workload.
    pub fn new(workload: &Workload) -> Self {
        let kind = |op| workload.vector_kind(op).map_or(0, |vector| 1 + vector as u8);
        Self {
            classes: workload.tensor_ids().map(|tensor| workload.class(tensor)).collect(),
            kinds: workload.op_ids().map(kind).collect(),
        }
    }

    /// Class of a tensor.
    pub fn class(&self, tensor: TensorId) -> usize {
        self.classes[tensor.index()] as usize
    }

    /// Kind of an op: 0 is a matmul, from 1 on a vector operator.
    pub fn kind(&self, op: OpId) -> usize {
        usize::from(self.kinds[op.index()])
    }
}
