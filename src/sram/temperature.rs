//! Leakage against temperature: sub-threshold leakage follows the device's off current, exactly.

use super::columns::Lines;
use super::evidence::Basis;
use super::interpolation::{between, bracket};
use super::{Device, Technology};
use crate::diagnostic::{Diagnostic, Source};
use crate::error::{Error, Result};
use crate::units::Kelvin;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Temperature at which tables of macros state leakage.
pub(super) const REFERENCE: Kelvin = Kelvin(350.0);

/// Ratios of one node and device, ascending in temperature.
#[derive(Debug, Clone, Default)]
struct Course {
    kelvin: Vec<f64>,
    off_current: Vec<f64>,
    gate: Vec<f64>,
    /// Entries that stand for wrong ones of CACTI.
    corrected: Vec<bool>,
}

/// Factors on the leakage at 350 K.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Factors {
    /// On sub-threshold leakage.
    pub sub_threshold: f64,
    /// On gate leakage.
    pub gate: f64,
    /// Exact at a temperature of the table; interpolated also where an entry of CACTI was wrong and its neighbours' trend stands for it.
    pub basis: Basis,
}

/// Off current and gate leakage of every node and device over temperature.
#[derive(Debug, Clone, Default)]
pub(super) struct TemperatureTable {
    courses: FxHashMap<(u32, Device), Course>,
}

impl TemperatureTable {
    /// Reads `tech_nm, device, temp_k, ioff_ratio, gate_ratio, basis`, ascending in temperature.
    ///
    /// # Errors
    /// The first cell that is not what it should be, with its place.
    pub fn parse(source: &Arc<Source>) -> Result<Self> {
        let mut table = Self::default();
        for line in Lines::new(source)? {
            let device = Device::named(line.text("device")?).ok_or_else(|| line.refuse("device", "hp, lstp or lop"))?;
            let course = table.courses.entry((line.whole("tech_nm")?, device)).or_default();
            course.kelvin.push(line.number("temp_k")?);
            course.off_current.push(line.number("ioff_ratio")?);
            course.gate.push(line.number("gate_ratio")?);
            course.corrected.push(line.text("basis")? == "corrected");
        }
        Ok(table)
    }

    /// Factors at a temperature.
    ///
    /// # Errors
    /// A node and device that is not in the table, except at [`REFERENCE`]; a temperature outside it unless `extrapolate`.
    pub fn factors(&self, node_nm: u32, device: Device, at: Kelvin, extrapolate: bool) -> Result<Factors> {
        let Some(course) = self.courses.get(&(node_nm, device)) else {
            let reference = Factors { sub_threshold: 1.0, gate: 1.0, basis: Basis::Exact };
            return if at == REFERENCE { Ok(reference) } else { Err(unknown(node_nm, device)) };
        };
        let place = bracket(&course.kelvin, at.0).filter(|b| !b.outside || extrapolate);
        let place = place.ok_or_else(|| outside(at, &course.kelvin))?;
        let (a, b) = (course.kelvin[place.low], course.kelvin[place.high]);
        // straight in temperature, not in its logarithm
        let way = if place.low == place.high { 0.0 } else { (at.0 - a) / (b - a) };
        let basis = match (way == 0.0, place.outside) {
            (true, _) if course.corrected[place.low] => Basis::Interpolated,
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
    let message = format!("{technology} has no leakage over temperature, only at {} K", REFERENCE.0);
    Error::input(Diagnostic::new("not-characterised", message))
}

fn outside(at: Kelvin, axis: &[f64]) -> Error {
    let (low, high) = (axis.first().unwrap_or(&0.0), axis.last().unwrap_or(&0.0));
    let message = format!("{} K is outside the characterisation, {low} to {high} K", at.0);
    Error::input(Diagnostic::new("outside-characterisation", message))
}
