//! Occupancy of one memory over time.

use super::Changes;
use crate::ids::{MemoryId, OpId};
use crate::units::{Bytes, Cycles};
use crate::workload::Class;

/// The state of a memory from a cycle on, until the next change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OccupancyChange {
    /// First cycle of this state.
    pub cycle: Cycles,
    /// Needed bytes by class, in the order of [`Class::ALL`].
    pub needed: [Bytes; 4],
    /// Bytes nobody needs that are still there.
    pub obsolete: Bytes,
}

impl OccupancyChange {
    /// Needed bytes of all classes.
    pub fn needed_total(&self) -> Bytes {
        self.needed.iter().copied().sum()
    }

    /// Needed bytes that are no weights: activations, keys and values, scores.
    pub fn needed_activations(&self) -> Bytes {
        self.needed_total() - self.needed_of(Class::Weight)
    }

    /// Needed and obsolete bytes.
    pub fn used(&self) -> Bytes {
        self.needed_total() + self.obsolete
    }

    /// Needed bytes of one class.
    pub fn needed_of(&self, class: Class) -> Bytes {
        self.needed[class as usize]
    }
}

/// The state of a memory right after an op released its operands, before anything of that cycle starts: what a trace sampled
/// at op ends shows. The value of the same cycle in [`Occupancy::changes`] is taken later, after all that starts in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpEnd {
    /// The op.
    pub op: OpId,
    /// The cycle in which it ended, and the state.
    pub state: OccupancyChange,
}

/// Every change of one memory's occupancy, exact, in ascending cycles, at most one a cycle.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Occupancy {
    /// The memory.
    pub memory: MemoryId,
    /// Capacity, if it is limited.
    pub capacity: Option<Bytes>,
    /// The changes.
    pub changes: Changes,
    /// The state right after each op released its operands, in the order in which ops ended.
    pub op_ends: Vec<OpEnd>,
    /// First cycle after the run.
    pub end: Cycles,
}

impl Occupancy {
    /// Every state with the first cycle after it, in time; states that last no cycle are left out.
    pub fn spans(&self) -> impl Iterator<Item = (OccupancyChange, Cycles)> + '_ {
        let ends = self.changes.iter().skip(1).map(|c| c.cycle).chain([self.end]);
        self.changes.iter().zip(ends).filter(|(state, end)| state.cycle < *end)
    }
}
