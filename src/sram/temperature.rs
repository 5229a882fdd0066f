//! Leakage against temperature: sub-threshold leakage follows the device's off current, exactly.

use super::interpolation::{between, bracket};
use super::model::Basis;
use super::table::{Lines, malformed};
use super::{Device, Technology};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::units::Kelvin;
use rustc_hash::FxHashMap;

/// Ratios of one node and device, ascending in temperature.
#[derive(Debug, Clone, Default)]
struct Course {
    kelvin: Vec<f64>,
    off_current: Vec<f64>,
    gate: Vec<f64>,
}

/// Factors on the leakage at 350 K.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Factors {
    /// On sub-threshold leakage.
    pub sub_threshold: f64,
    /// On gate leakage.
    pub gate: f64,
    /// Whether the temperature is one of the table's.
    pub basis: Basis,
}

/// Off current and gate leakage of every node and device over temperature.
#[derive(Debug, Clone, Default)]
pub(super) struct TemperatureTable {
    courses: FxHashMap<(u32, Device), Course>,
}

impl TemperatureTable {
    /// Reads `tech_nm, device, temp_k, ioff_ratio, gate_ratio`.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let mut table = Self::default();
        for line in Lines::new(name, text)? {
            let device = Device::named(line.text("device")?).ok_or_else(|| malformed(name, "an unknown device"))?;
            let course = table.courses.entry((line.whole("tech_nm")? as u32, device)).or_default();
            course.kelvin.push(line.number("temp_k")?);
            course.off_current.push(line.number("ioff_ratio")?);
            course.gate.push(line.number("gate_ratio")?);
        }
        Ok(table)
    }

    /// Factors at a temperature.
    ///
    /// # Errors
    /// A node and device that is not in the table, or a temperature outside it unless `extrapolate`.
    pub fn factors(&self, node_nm: u32, device: Device, at: Kelvin, extrapolate: bool) -> Result<Factors> {
        let course = self.courses.get(&(node_nm, device)).ok_or_else(|| unknown(node_nm, device))?;
        let place = bracket(&course.kelvin, at.0).filter(|b| !b.outside || extrapolate);
        let place = place.ok_or_else(|| outside(at, &course.kelvin))?;
        let (a, b) = (course.kelvin[place.low], course.kelvin[place.high]);
        // straight in temperature, not in its logarithm
        let way = if place.low == place.high { 0.0 } else { (at.0 - a) / (b - a) };
        let basis = match (way == 0.0, place.outside) {
            (true, _) => Basis::Exact,
            (_, true) => Basis::Extrapolated,
            _ => Basis::Interpolated,
        };
        let pick = |values: &[f64]| between(values[place.low], values[place.high], way);
        Ok(Factors { sub_threshold: pick(&course.off_current), gate: pick(&course.gate), basis })
    }
}

fn unknown(node_nm: u32, device: Device) -> Error {
    let technology = Technology::uniform(node_nm, device);
    Error::input(Diagnostic::new("not-characterised", format!("{technology} has no leakage over temperature")))
}

fn outside(at: Kelvin, axis: &[f64]) -> Error {
    let (low, high) = (axis.first().unwrap_or(&0.0), axis.last().unwrap_or(&0.0));
    let message = format!("{} K is outside the characterisation, {low} to {high} K", at.0);
    Error::input(Diagnostic::new("outside-characterisation", message))
}
