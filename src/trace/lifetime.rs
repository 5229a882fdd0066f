//! Lifetimes: which bytes a memory must keep, from when to when.

use crate::ids::{LayerId, MemoryId, TensorId};
use crate::units::{Bytes, Cycles};
use crate::workload::Class;

/// One residence of one storage object in a memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Tensor that stands for the storage object.
    pub storage: TensorId,
    /// What its bytes are attributed to.
    pub class: Class,
    /// Memory it lives in.
    pub memory: MemoryId,
    /// Layer it belongs to.
    pub layer: Option<LayerId>,
    /// Most bytes needed at once: what a placement reserves.
    pub extent: Bytes,
    /// Cycle in which its first byte is reserved.
    pub reserved: Cycles,
    /// Cycle from which no byte is needed any more.
    pub released: Cycles,
    /// Transfers that touch it.
    pub transfers: u64,
}
