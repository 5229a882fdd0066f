//! Typed indices into arenas. Each is a plain `u32` in memory and prints with its prefix.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// Position in the arena.
            pub fn index(self) -> usize { self.0 as usize }
        }
        impl From<usize> for $name {
            /// # Panics
            /// If `i` exceeds `u32::MAX`; arenas are limited to that size when they are built.
            fn from(i: usize) -> Self { Self(u32::try_from(i).expect("arena larger than 2^32")) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, concat!($prefix, "{}"), self.0) }
        }
    };
}

id!(
    /// An operator of a workload.
    OpId, "op"
);
id!(
    /// A tensor of a workload.
    TensorId, "t"
);
id!(
    /// A transformer layer (block) of a model; embedding and head belong to none.
    LayerId, "layer"
);
id!(
    /// An array of the accelerator.
    ArrayId, "array"
);
id!(
    /// An on-chip memory of the accelerator.
    MemoryId, "mem"
);
id!(
    /// A node of the access graph, in record order.
    NodeId, "n"
);
id!(
    /// One residence of a storage object in a memory.
    LifetimeId, "life"
);
id!(
    /// A placed lifetime of a stimulus.
    BlockId, "block"
);
id!(
    /// A power domain of a banked memory.
    DomainId, "d"
);
