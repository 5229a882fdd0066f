//! Occupancy of one memory over time.

use crate::ids::MemoryId;
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

    /// Needed and obsolete bytes.
    pub fn used(&self) -> Bytes {
        self.needed_total() + self.obsolete
    }

    /// Needed bytes of one class.
    pub fn needed_of(&self, class: Class) -> Bytes {
        self.needed[class as usize]
    }
}

/// Every change of one memory's occupancy, exact, in ascending cycles, at most one a cycle.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Occupancy {
    /// The memory.
    pub memory: MemoryId,
    /// Capacity, if it is limited.
    pub capacity: Option<Bytes>,
    /// The changes.
    pub changes: Vec<OccupancyChange>,
    /// First cycle after the run.
    pub end: Cycles,
}
