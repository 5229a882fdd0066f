//! One self-contained HTML page of everything that was computed: opened from disk, it makes no request.
//!
//! [`report`] takes whatever artefacts there are and shows the sections they allow. Numbers are computed here; the
//! script in the page only draws and formats them.

mod decimate;
mod energy;
mod exploration;
mod figure;
mod inputs;
mod occupancy;
mod page;
mod peaks;
mod ratios;
mod replay;

pub use decimate::{Column, decimate};
pub use figure::occupancy_svg;
pub use inputs::{Fact, Inputs};
pub use page::report;
pub use ratios::{latency_ratios, peak_ratios};
