//! How far off a table's answers are between and beyond its points.
//!
//! Measured on CACTI 7 runs at points that the table does not have (`tests/data/sram/held_out.csv`); a test measures again, and
//! `docs/characterisation.md` has the whole distribution.

use super::evidence::{Basis, Metric};
use super::table::Position;

/// Between temperatures that are 10 K apart; measured with every second one left out.
const TEMPERATURE: f64 = 0.029;

/// Relative error that nine of ten held-out points stay below, between the table's points and beyond them.
const MEASURED: [(Metric, f64, f64); 10] = [
    (Metric::ReadEnergy, 0.18, 0.17),
    (Metric::WriteEnergy, 0.14, 0.19),
    (Metric::AccessTime, 0.09, 0.07),
    (Metric::CycleTime, 0.51, 0.52),
    (Metric::Leakage, 0.062, 0.06),
    (Metric::RetentionLeakage, 0.062, 0.06),
    (Metric::Area, 0.095, 0.23),
    (Metric::GatedArea, 0.095, 0.23),
    (Metric::WakeRetention, 0.044, 0.056),
    (Metric::WakeOff, 0.027, 0.025),
];

/// Relative error that nine of ten held-out points stay below; `None` where nothing was measured.
pub(super) fn estimated_error(metric: Metric, position: Position, heat: Basis) -> Option<f64> {
    let measured = MEASURED.iter().find(|m| m.0 == metric);
    let size = match position.basis() {
        Basis::Exact => Some(0.0),
        Basis::Interpolated => measured.map(|m| m.1),
        _ => measured.map(|m| m.2),
    };
    let temperature = match heat {
        Basis::Exact => Some(0.0),
        Basis::Interpolated => Some(TEMPERATURE),
        _ => None,
    };
    Some(size? + temperature?)
}
