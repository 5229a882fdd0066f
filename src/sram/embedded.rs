//! The embedded table: 3186 CACTI 7 runs, reduced, with CACTI's known defects corrected or refused.

use super::model::{Basis, Leakage, MacroPoint, MacroSpec, Provenance, SramModel, WakeEnergies};
use super::table::{MacroTable, Row};
use super::temperature::{Factors, TemperatureTable};
use super::{Device, Technology};
use crate::artefact;
use crate::error::Result;
use crate::units::{Milliwatts, Nanoseconds, Picojoules, SquareMillimetres};
use std::borrow::Cow;
use std::sync::OnceLock;

const MACROS: &str = include_str!("../../models/sram/macros.csv");
const TEMPERATURES: &str = include_str!("../../models/sram/temperature.csv");

/// Voltages of CACTI's retention state against Vdd: the array's, and the row periphery's. Its leakage falls in proportion.
const RETENTION_ARRAY: f64 = 0.65;
const RETENTION_ROWS: f64 = 0.35;

/// A characterisation from a table of macros.
///
/// Exact at its points; between them a straight line in the logarithms of capacity and width. Median errors against held-out
/// CACTI runs: 1.7 % energy and access time, 0.5 % leakage, 2.1 % area. Cycle time jumps with the internal organisation, so
/// the worse neighbour is taken. Outside the points it refuses unless `extrapolate`. CACTI's own uncertainty is larger:
/// other estimators differ by a factor of six in leakage.
#[derive(Debug, Clone)]
pub struct EmbeddedTable {
    macros: Cow<'static, MacroTable>,
    temperatures: &'static TemperatureTable,
    digest: String,
    extrapolate: bool,
}

/// The embedded macros, parsed once.
pub(super) fn macros() -> Result<&'static MacroTable> {
    static TABLE: OnceLock<MacroTable> = OnceLock::new();
    if TABLE.get().is_none() {
        let _ = TABLE.set(MacroTable::parse("models/sram/macros.csv", MACROS)?);
    }
    Ok(TABLE.get().expect("set above"))
}

/// The embedded temperature laws, parsed once.
pub(super) fn temperatures() -> Result<&'static TemperatureTable> {
    static TABLE: OnceLock<TemperatureTable> = OnceLock::new();
    if TABLE.get().is_none() {
        let _ = TABLE.set(TemperatureTable::parse("models/sram/temperature.csv", TEMPERATURES)?);
    }
    Ok(TABLE.get().expect("set above"))
}

impl EmbeddedTable {
    /// The embedded table.
    ///
    /// # Errors
    /// None in a program whose tests passed: the table is part of it.
    pub fn new(extrapolate: bool) -> Result<Self> {
        let digest = artefact::digest([MACROS, TEMPERATURES].concat().as_bytes());
        Ok(Self { macros: Cow::Borrowed(macros()?), temperatures: temperatures()?, digest, extrapolate })
    }

    /// A table of macros in the columns of `models/sram/macros.csv`, called `name` in messages; temperature laws stay the embedded ones.
    ///
    /// # Errors
    /// [`crate::Error::Artefact`] for a missing column or a cell that is no number.
    pub fn from_csv(name: &str, text: &str, extrapolate: bool) -> Result<Self> {
        let digest = artefact::digest([text, TEMPERATURES].concat().as_bytes());
        let macros = Cow::Owned(MacroTable::parse(name, text)?);
        Ok(Self { macros, temperatures: temperatures()?, digest, extrapolate })
    }

    /// Technologies that it characterises.
    pub fn technologies(&self) -> Vec<Technology> {
        self.macros.technologies()
    }

    fn heat(&self, spec: &MacroSpec, device: Device) -> Result<Factors> {
        self.temperatures.factors(spec.technology.node_nm, device, spec.temperature, self.extrapolate)
    }
}

impl SramModel for EmbeddedTable {
    fn characterise(&self, spec: &MacroSpec) -> Result<MacroPoint> {
        let (row, basis) = self.macros.look_up(spec, self.extrapolate)?;
        let cell = self.heat(spec, spec.technology.cell)?;
        let periphery = self.heat(spec, spec.technology.periphery)?;
        let sleep_transistor = self.heat(spec, Device::Lstp)?;
        let leakage = leakage(&row, cell, periphery);
        Ok(point(&row, leakage, sleep_transistor, basis.max(cell.basis)))
    }

    fn provenance(&self) -> Provenance {
        Provenance {
            name: "embedded table (CACTI 7)".into(),
            source: "CACTI 7, ITRS devices, conservative projection, 22 to 90 nm, 4 KiB to 8 MiB, 64 to 512 bits".into(),
            digest: self.digest.clone(),
            notes: vec![
                "22 nm lstp leakage at 360 K and 90 nm lop leakage at 350 to 370 K: wrong entries of CACTI's device tables replaced by the trend of their neighbours".into(),
                "22 nm lop: refused, it leaks more than hp".into(),
                "leakage is uncertain: other estimators differ from CACTI by up to a factor of six".into(),
            ],
        }
    }
}

fn leakage(row: &Row, cell: Factors, periphery: Factors) -> Leakage {
    Leakage {
        cells: Milliwatts(row.get("leak_cells_mw") * cell.sub_threshold),
        row: Milliwatts(row.get("leak_row_mw") * periphery.sub_threshold),
        column: Milliwatts(row.get("leak_col_mw") * periphery.sub_threshold),
        gate: Milliwatts(row.get("leak_gate_mw") * periphery.gate),
    }
}

fn point(row: &Row, leakage: Leakage, sleep_transistor: Factors, basis: Basis) -> MacroPoint {
    let picojoules = |column| Picojoules(row.get(column) * 1e3);
    let retained = leakage.cells * RETENTION_ARRAY + leakage.row * RETENTION_ROWS + leakage.column + leakage.gate;
    MacroPoint {
        read_energy: picojoules("read_nj"),
        write_energy: picojoules("write_nj"),
        access_time: Nanoseconds(row.get("access_ns")),
        cycle_time: Nanoseconds(row.get("cycle_ns")),
        leakage,
        retention_leakage: retained,
        off_leakage: Milliwatts(row.get("off_leak_mw") * sleep_transistor.sub_threshold),
        wake: WakeEnergies {
            light: picojoules("wake_light_nj"),
            retention: picojoules("wake_retention_nj"),
            off: picojoules("wake_off_nj"),
        },
        area: SquareMillimetres(row.get("area_mm2")),
        gated_area: SquareMillimetres(row.get("gated_area_mm2")),
        basis,
    }
}
