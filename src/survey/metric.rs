//! What "peak" means: which bytes count, and when they are looked at.

use super::Point;

/// A peak of needed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// All data, at every cycle.
    All,
    /// All data, at the instants right after an op ended.
    AllAtOpEnds,
    /// All but weights, at every cycle.
    Activations,
    /// All but weights, at the instants right after an op ended.
    ActivationsAtOpEnds,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Metric; 4] = [Metric::All, Metric::AllAtOpEnds, Metric::Activations, Metric::ActivationsAtOpEnds];

    /// Name in tables and plots.
    pub fn name(self) -> &'static str {
        match self {
            Metric::All => "all data, every cycle",
            Metric::AllAtOpEnds => "all data, at op ends",
            Metric::Activations => "without weights, every cycle",
            Metric::ActivationsAtOpEnds => "without weights, at op ends",
        }
    }

    /// Its bytes in a point.
    pub fn of(self, point: &Point) -> u64 {
        match self {
            Metric::All => point.peak_needed_bytes,
            Metric::AllAtOpEnds => point.peak_needed_at_op_ends_bytes,
            Metric::Activations => point.peak_activations_bytes,
            Metric::ActivationsAtOpEnds => point.peak_activations_at_op_ends_bytes,
        }
    }
}
