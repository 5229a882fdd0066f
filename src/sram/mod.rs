//! SRAM characterisation: energy, time, leakage and area of one macro, and of the wires between macros.
//!
//! [`SramModel`] is the interface; [`EmbeddedTable`] answers from CACTI 7 results that are part of the
//! program. A device type is never assumed: hp leaks 220 to 5600 times more than lstp.
//!
//! ```
//! use trapti::sram::{Basis, EmbeddedTable, MacroSpec, Ports, SramModel};
//! use trapti::units::{Bytes, Kelvin};
//!
//! let table = EmbeddedTable::new(false)?;
//! let spec = MacroSpec {
//!     capacity: Bytes(1 << 20),
//!     word_bits: 256,
//!     ports: Ports::SingleReadWrite,
//!     technology: "22nm-lstp".parse()?,
//!     temperature: Kelvin(300.0),
//! };
//! let point = table.characterise(&spec)?;
//! assert_eq!(point.basis, Basis::Exact);
//! assert!((point.read_energy.0 - 63.3346).abs() < 1e-9);
//! # Ok::<(), trapti::Error>(())
//! ```

mod embedded;
mod interpolation;
mod model;
mod table;
mod technology;
mod temperature;
mod wires;

pub use embedded::EmbeddedTable;
pub use model::{Basis, Leakage, MacroPoint, MacroSpec, Ports, Provenance, SramModel, WakeEnergies};
pub use technology::{Device, Technology};
pub use wires::{Gate, Wire, wire};
