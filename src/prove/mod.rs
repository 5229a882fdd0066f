//! Formal proof of a design's hardware: the generated `formal/` is run with Yosys and its model checker, and its verdicts read.

mod process;
mod proof;

pub use process::{Options, prove};
pub use proof::{Proof, PropertyResult, SetResult, Verdict};
