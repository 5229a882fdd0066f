//! Waveforms of a generated memory: the power protocol checked on a value change dump alone, from any simulator,
//! and save files that show it in GTKWave.
//!
//! [`check`] streams a VCD file in constant memory, samples it at rising clock edges and judges every [`Property`];
//! [`Verdict`] holds the result and the activity counted from the dump, to lay beside the counters of the RTL.

mod access;
mod check;
mod domain;
mod dump;
mod gtkw;
mod order;
mod property;
mod protocol;
mod signals;

mod tracker;
mod values;
mod verdict;

pub use check::{Problem, Window, check, check_reader};
pub use gtkw::{Marker, state_filter, write_save_file};
pub use property::Property;

pub use verdict::{Check, Counted, Verdict, Violation};
