//! trapti: how much on-chip SRAM an embedded transformer accelerator needs, in how many banks, gated by which
//! policy; and RTL whose measured bank activity equals what the answer predicted.
//!
//! Artefacts are plain values and versioned files; functions lead from one to the next:
//! [`workload`] and [`accelerator`] → [`sim`] → [`trace::Run`] → [`explore`] → [`power::Design`] → [`rtl`] → [`cosim`] → [`report`].

pub mod accelerator;
pub mod artefact;
pub mod builtin;
pub mod cli;
pub mod config;
pub mod cosim;
pub mod diagnostic;
pub mod error;
pub mod explore;
pub mod ids;
pub mod power;
pub mod report;
pub mod rtl;
pub mod schema;
pub mod sim;
pub mod sram;
pub mod survey;
pub mod table;
pub mod trace;
pub mod units;
pub mod wave;
pub mod workload;

pub use error::{Error, Result};
