//! Waveforms of a generated memory: the power protocol checked on a value change dump alone, from any simulator,
//! and save files that show it in GTKWave.
//!
//! [`check`] streams a VCD or FST file in constant memory, samples it at rising clock edges and judges every [`Property`];
//! [`Verdict`] holds the result and the activity counted from the dump, to lay beside the counters of the RTL.
//! [`diff`] finds where two waveforms differ first, and [`write_model`] writes that of the reference model.

mod access;
mod check;
mod difference;
mod domain;
mod dump;
mod file;
mod gtkw;
mod header;
mod model;
mod order;
mod property;
mod protocol;
mod signals;
mod tracker;
mod values;
mod verdict;

pub use check::{Window, check, check_reader};
pub use difference::{DiffOptions, SignalDifference, WaveDiff, diff};
pub use file::Problem;
pub use gtkw::{Marker, state_filter, write_save_file};
pub use model::{ModelWaveform, write_model};
pub use property::Property;
pub use verdict::{Check, Counted, Verdict, Violation};
