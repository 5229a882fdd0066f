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

mod accuracy;
mod cacti;
mod columns;
mod embedded;
mod evidence;
mod interpolation;
mod liberty;
mod model;
mod source;
mod table;
mod technology;
mod temperature;
mod wires;

pub use cacti::Cacti;
pub(crate) use columns::{Line, Lines};
pub use embedded::EmbeddedTable;
pub use evidence::{Basis, Evidence, EvidenceSet, Metric, Origin};
pub use liberty::Liberty;
pub use model::{Leakage, MacroPoint, MacroSpec, Ports, Provenance, SramModel, WakeEnergies, WakeTimes};
pub use source::Characterisation;
pub use technology::{Device, Technology};
pub use wires::{Gate, Wire, wire};
