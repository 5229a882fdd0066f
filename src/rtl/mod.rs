//! Stage III: from a [`crate::power::Design`] to a directory of Verilog and collateral that builds without trapti.
//!
//! The hand-written, parameterised modules of `rtl/` are copied as they are; what is written is a thin top with the
//! design's parameters ([`Parameters`]), its file list, its manifest and a self-checking bench for Icarus Verilog.
//! The same design gives the same bytes: no dates, no paths.

mod bundle;
mod description;
mod documents;
mod front;
mod modules;
mod parameters;
mod ports;
mod registers;
mod top;

pub use bundle::{RtlBundle, generate};
pub use description::{AddressField, AddressMap, MemoryDescription, PortEntry, Span};
pub use modules::{SHIM_HEADER, SHIM_SOURCE};
pub use parameters::{Parameters, PolicyKind};
pub(crate) use ports::ports;
pub use ports::{Direction, Port};
