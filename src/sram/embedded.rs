//! Characterisation from a table of macros: the embedded one, 3186 CACTI 7 runs, reduced, with CACTI's known defects corrected or
//! refused; or one that the user gives in the same columns.

use super::accuracy::estimated_error;
use super::evidence::{Basis, Evidence, EvidenceSet, Metric, Origin};
use super::model::{Leakage, MacroPoint, MacroSpec, Ports, Provenance, SramModel, WakeEnergies, WakeTimes};
use super::table::{MacroTable, Position, Row};
use super::temperature::{Factors, TemperatureTable};
use super::{Device, Technology};
use crate::artefact;
use crate::diagnostic::Source;
use crate::error::Result;
use crate::units::{Bytes, Kelvin, Milliwatts, Nanoseconds, Picojoules, SquareMillimetres};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

const MACROS: &str = include_str!("../../models/sram/macros.csv");
const TEMPERATURES: &str = include_str!("../../models/sram/temperature.csv");

/// Voltages of CACTI's retention state against Vdd: the array's, and the row periphery's. Its leakage falls in proportion.
const RETENTION_ARRAY: f64 = 0.65;
const RETENTION_ROWS: f64 = 0.35;

/// A characterisation from a table of macros.
///
/// Exact at its points; between them a straight line in the logarithms of capacity and width, with the errors of
/// `docs/characterisation.md`. Cycle time jumps with the internal organisation, so the worse neighbour is taken. Outside the
/// points it refuses unless `extrapolate`: then the slope of the last two points goes on, and two-port macros, which have one
/// width, change as single-port ones do. CACTI's own uncertainty is larger: other estimators differ by a factor of six in leakage.
#[derive(Debug, Clone)]
pub struct EmbeddedTable {
    macros: Cow<'static, MacroTable>,
    temperatures: &'static TemperatureTable,
    origin: Origin,
    provenance: Provenance,
    extrapolate: bool,
}

/// The embedded macros, parsed once.
pub(super) fn macros() -> Result<&'static MacroTable> {
    static TABLE: OnceLock<MacroTable> = OnceLock::new();
    if TABLE.get().is_none() {
        let _ = TABLE.set(MacroTable::parse(&Source::new("models/sram/macros.csv", MACROS))?);
    }
    Ok(TABLE.get().expect("set above"))
}

/// The embedded temperature laws, parsed once.
pub(super) fn temperatures() -> Result<&'static TemperatureTable> {
    static TABLE: OnceLock<TemperatureTable> = OnceLock::new();
    if TABLE.get().is_none() {
        let _ = TABLE.set(TemperatureTable::parse(&Source::new("models/sram/temperature.csv", TEMPERATURES))?);
    }
    Ok(TABLE.get().expect("set above"))
}

/// What was corrected in CACTI's results, for its provenance.
pub(super) fn corrections() -> Vec<String> {
    vec![
        "22 nm lstp leakage at 360 K and 90 nm lop leakage at 350 to 370 K: wrong entries of CACTI's device tables replaced by the trend of their neighbours".into(),
        "22 nm lop: refused, it leaks more than hp".into(),
        "leakage is uncertain: other estimators differ from CACTI by up to a factor of six".into(),
    ]
}

impl EmbeddedTable {
    /// The embedded table.
    ///
    /// # Errors
    /// None in a program whose tests passed: the table is part of it.
    pub fn new(extrapolate: bool) -> Result<Self> {
        let provenance = Provenance {
            name: "embedded table (CACTI 7)".into(),
            source: "CACTI 7, ITRS devices, conservative projection, 22 to 90 nm, 4 KiB to 8 MiB, 64 to 512 bits"
                .into(),
            digest: artefact::digest([MACROS, TEMPERATURES].concat().as_bytes()),
            notes: corrections(),
        };
        let (macros, temperatures) = (Cow::Borrowed(macros()?), temperatures()?);
        Ok(Self { macros, temperatures, origin: Origin::EmbeddedTable, provenance, extrapolate })
    }

    /// A table of macros in the columns of `models/sram/macros.csv` (units in their names, leakage at 350 K); temperature laws stay
    /// the embedded ones.
    ///
    /// # Errors
    /// The first cell that is missing or not what it should be, or a macro that is there twice, with its place.
    pub fn from_source(source: &Arc<Source>, extrapolate: bool) -> Result<Self> {
        let path = source.path.display();
        let provenance = Provenance {
            name: format!("table {path}"),
            source: format!("{path}, columns of the embedded table"),
            digest: artefact::digest([source.text.as_str(), TEMPERATURES].concat().as_bytes()),
            notes: vec![
                "leakage over temperature follows the embedded I_off ratios of the node and device".into(),
                "estimated errors are those measured on the embedded table".into(),
            ],
        };
        let (macros, temperatures) = (Cow::Owned(MacroTable::parse(source)?), temperatures()?);
        Ok(Self { macros, temperatures, origin: Origin::Csv, provenance, extrapolate })
    }

    /// As [`Self::from_source`], from a text called `name`.
    ///
    /// # Errors
    /// As [`Self::from_source`].
    pub fn from_csv(name: &str, text: &str, extrapolate: bool) -> Result<Self> {
        Self::from_source(&Source::new(name, text), extrapolate)
    }

    /// Technologies that it characterises.
    pub fn technologies(&self) -> Vec<Technology> {
        self.macros.technologies()
    }
}

impl SramModel for EmbeddedTable {
    fn characterise(&self, spec: &MacroSpec) -> Result<MacroPoint> {
        let (row, position) = self.macros.look_up(spec, self.extrapolate)?;
        let heat = Heat::of(self.temperatures, spec, self.extrapolate)?;
        Ok(point(&row, heat, |metric| tabulated(self.origin, metric, position, heat)))
    }

    fn check(&self, technology: Technology, temperature: Kelvin) -> Result<()> {
        let ports = Ports::SingleReadWrite;
        let spec = MacroSpec { capacity: Bytes(0), word_bits: 0, ports, technology, temperature };
        self.characterise(&self.macros.any(&spec)?).map(|_| ())
    }

    fn provenance(&self) -> Provenance {
        self.provenance.clone()
    }
}

/// Factors of the three kinds of transistors that leak in a macro.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heat {
    cell: Factors,
    periphery: Factors,
    sleep_transistor: Factors,
}

impl Heat {
    /// Factors on leakage at 350 K.
    ///
    /// # Errors
    /// A temperature that the table does not have, unless `extrapolate`.
    pub fn of(table: &TemperatureTable, spec: &MacroSpec, extrapolate: bool) -> Result<Self> {
        let of = |device| table.factors(spec.technology.node_nm, device, spec.temperature, extrapolate);
        let (cell, periphery) = (of(spec.technology.cell)?, of(spec.technology.periphery)?);
        Ok(Self { cell, periphery, sleep_transistor: of(Device::Lstp)? })
    }

    /// Factor on the sub-threshold leakage of the cells.
    pub fn cells(&self) -> f64 {
        self.cell.sub_threshold
    }

    /// How the factors on a metric were obtained.
    pub fn basis(&self, metric: Metric) -> Basis {
        match metric {
            Metric::Leakage | Metric::RetentionLeakage => self.cell.basis.max(self.periphery.basis),
            Metric::LightLeakage => self.cell.basis,
            Metric::OffLeakage => self.sleep_transistor.basis,
            _ => Basis::Exact,
        }
    }
}

/// Evidence of a number between points of a table.
fn tabulated(source: Origin, metric: Metric, position: Position, heat: Heat) -> Evidence {
    let heat = heat.basis(metric);
    Evidence { source, basis: position.basis().max(heat), estimated_error: estimated_error(metric, position, heat) }
}

/// A macro from its values at 350 K.
pub(super) fn point(row: &Row, heat: Heat, evidence: impl FnMut(Metric) -> Evidence) -> MacroPoint {
    let picojoules = |column| Picojoules(row.get(column) * 1e3);
    let leakage = Leakage {
        cells: Milliwatts(row.get("leak_cells_mw") * heat.cell.sub_threshold),
        row: Milliwatts(row.get("leak_row_mw") * heat.periphery.sub_threshold),
        column: Milliwatts(row.get("leak_col_mw") * heat.periphery.sub_threshold),
        gate: Milliwatts(row.get("leak_gate_mw") * heat.periphery.gate),
    };
    let evidence = EvidenceSet::of(evidence);
    MacroPoint {
        read_energy: picojoules("read_nj"),
        write_energy: picojoules("write_nj"),
        access_time: Nanoseconds(row.get("access_ns")),
        cycle_time: Nanoseconds(row.get("cycle_ns")),
        leakage,
        retention_leakage: leakage.cells * RETENTION_ARRAY
            + leakage.row * RETENTION_ROWS
            + leakage.column
            + leakage.gate,
        off_leakage: Milliwatts(row.get("off_leak_mw") * heat.sleep_transistor.sub_threshold),
        wake: WakeEnergies {
            light: picojoules("wake_light_nj"),
            retention: picojoules("wake_retention_nj"),
            off: picojoules("wake_off_nj"),
        },
        wake_times: WakeTimes::default(),
        area: SquareMillimetres(row.get("area_mm2")),
        gated_area: SquareMillimetres(row.get("gated_area_mm2")),
        basis: evidence.weakest(),
        evidence,
    }
}
