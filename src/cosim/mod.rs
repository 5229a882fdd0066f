//! Stage IV: builds the RTL with Verilator, replays a run on it and compares with the reference model.

#[allow(missing_docs, non_camel_case_types, dead_code)]
mod bindings;
mod bits;
mod build;
mod cache;
mod counters;
mod difference;
mod dut;
mod ffi;
mod harness;
mod lockstep;
mod report;
mod shadow;
mod sources;
mod toolchain;
mod waveform;

pub use build::{BuildOptions, CompiledMemory, build};
pub use cache::Cache;
pub use difference::Difference;
pub use dut::Dut;
pub use lockstep::{ReplayOptions, Subject, replay};
pub use report::{CosimReport, Lost, LostRead, Row};
pub use shadow::DataError;
pub use sources::RtlSources;
pub use toolchain::{Toolchain, find_program};
pub use waveform::{WaveformFile, WaveformWindow};
