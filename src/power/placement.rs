//! Where lifetimes live in a memory.

use crate::ids::LifetimeId;

/// A lifetime with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedBlock {
    /// The lifetime.
    pub lifetime: LifetimeId,
    /// First word of its block.
    pub first_word: u64,
    /// Words of its block, at least 1.
    pub words: u64,
}

/// Addresses of all lifetimes of one memory, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// The blocks, one for each lifetime of the memory.
    pub blocks: Vec<PlacedBlock>,
}
