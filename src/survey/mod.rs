//! Two models side by side: how much memory each wants and how long each takes, over prompt length, lowering and accelerator.
//!
//! A [`Survey`] is what a study file asks for; [`Survey::run`] simulates every [`Point`] of it; [`ratios`] divides the
//! first model's peaks and latency by the second's. Nothing is scaled or left out: every point is a run of the whole model.

mod file;
mod metric;
mod point;
mod ratio;
mod run;

pub use file::{Platform, Positions, Published, Subject, Survey, Variant};
pub use metric::Metric;
pub use point::Point;
pub use ratio::{Ratio, ratios};
pub use run::Progress;
