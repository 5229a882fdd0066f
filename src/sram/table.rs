//! The reduced table of macros: parsing and look-up.

use super::columns::{Line, Lines};
use super::evidence::Basis;
use super::interpolation::{Bracket, between, bracket};
use super::model::{MacroSpec, Ports};
use super::{Device, Technology};
use crate::diagnostic::{Diagnostic, Source};
use crate::error::{Error, Result};
use crate::units::Bytes;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Columns of a row that are interpolated, and the two that are not (`vdd_v`, `cycle_ns`).
const COLUMNS: [&str; 16] = [
    "vdd_v",
    "access_ns",
    "cycle_ns",
    "read_nj",
    "write_nj",
    "leak_cells_mw",
    "leak_row_mw",
    "leak_col_mw",
    "leak_gate_mw",
    "area_mm2",
    "gated_area_mm2",
    "wake_light_nj",
    "wake_retention_nj",
    "wake_off_nj",
    "off_leak_mw",
    "capacity_bytes",
];
const CYCLE: usize = 2;

/// Columns that must be above zero; the others may be zero.
const POSITIVE: [&str; 7] = ["vdd_v", "access_ns", "cycle_ns", "read_nj", "write_nj", "area_mm2", "capacity_bytes"];

/// Where an answer stands on the two axes of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// Among the capacities.
    pub capacity: Basis,
    /// Among the widths.
    pub width: Basis,
}

impl Position {
    /// At a point of the table.
    pub const EXACT: Self = Self { capacity: Basis::Exact, width: Basis::Exact };

    /// The weaker of both.
    pub fn basis(self) -> Basis {
        self.capacity.max(self.width)
    }
}

/// Values of one macro, in the order of [`COLUMNS`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row([f64; COLUMNS.len()]);

impl Row {
    /// Asks for the value of every column.
    pub fn of(value: impl FnMut(&'static str) -> f64) -> Self {
        Self(COLUMNS.map(value))
    }

    /// Value of a column.
    pub fn get(&self, column: &str) -> f64 {
        let index = COLUMNS.iter().position(|c| *c == column);
        self.0[index.expect("a column of the table")]
    }

    fn mix(&self, other: &Row, way: f64) -> Row {
        let mut out = [0.0; COLUMNS.len()];
        for (i, value) in out.iter_mut().enumerate() {
            *value = between(self.0[i], other.0[i], way);
        }
        out[CYCLE] = self.0[CYCLE].max(other.0[CYCLE]);
        Row(out)
    }

    /// As much larger than this as `to` is than `from`; the cycle time never smaller.
    fn scaled(&self, from: &Row, to: &Row) -> Row {
        let mut out = self.0;
        for (i, value) in out.iter_mut().enumerate().filter(|(i, _)| from.0[*i] > 0.0) {
            *value *= to.0[i] / from.0[i];
        }
        out[CYCLE] = out[CYCLE].max(self.0[CYCLE]);
        Row(out)
    }
}

/// Macros of one word width, ascending in capacity.
#[derive(Debug, Clone, Default)]
struct Curve {
    capacity: Vec<f64>,
    rows: Vec<Row>,
}

impl Curve {
    fn insert(&mut self, row: Row) -> bool {
        let capacity = row.get("capacity_bytes");
        let at = self.capacity.partition_point(|c| *c < capacity);
        if self.capacity.get(at) == Some(&capacity) {
            return false;
        }
        self.capacity.insert(at, capacity);
        self.rows.insert(at, row);
        true
    }

    fn at(&self, place: Bracket) -> Row {
        match place.low == place.high {
            true => self.rows[place.low],
            false => self.rows[place.low].mix(&self.rows[place.high], place.way),
        }
    }
}

/// Macros of one technology and port configuration: ascending widths, a curve each.
#[derive(Debug, Clone, Default)]
struct Family {
    width: Vec<f64>,
    curves: Vec<Curve>,
}

/// Every macro at 350 K.
#[derive(Debug, Clone, Default)]
pub(super) struct MacroTable {
    families: FxHashMap<(Technology, Ports), Family>,
}

impl MacroTable {
    /// Reads the reduced table.
    ///
    /// # Errors
    /// The first cell that is not what it should be, or a macro that is there twice, with its place.
    pub fn parse(source: &Arc<Source>) -> Result<Self> {
        let mut table = Self::default();
        for line in Lines::new(source)? {
            let (key, width, row) = read_row(&line)?;
            if !table.families.entry(key).or_default().insert(width, row) {
                return Err(line.refuse_line("duplicate", "has a macro twice", "an earlier line is the same macro"));
            }
        }
        Ok(table)
    }

    /// Technologies in the table, sorted.
    pub fn technologies(&self) -> Vec<Technology> {
        let mut all: Vec<_> = self.families.keys().map(|(t, _)| *t).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Values of a macro at 350 K and where it stands among the table's.
    ///
    /// # Errors
    /// A technology that is not in the table, or a size outside it unless `extrapolate`.
    pub fn look_up(&self, spec: &MacroSpec, extrapolate: bool) -> Result<(Row, Position)> {
        let family = self.families.get(&(spec.technology, spec.ports)).ok_or_else(|| self.not_there(spec))?;
        let single = self.families.get(&(spec.technology, Ports::SingleReadWrite));
        match single.filter(|_| extrapolate && family.width.len() == 1 && spec.ports != Ports::SingleReadWrite) {
            Some(single) => family.look_up_like(single, spec),
            None => family.look_up(spec, extrapolate),
        }
    }

    /// The question for the smallest macro of the same technology and ports.
    ///
    /// # Errors
    /// A technology that is not in the table.
    pub fn any(&self, spec: &MacroSpec) -> Result<MacroSpec> {
        let family = self.families.get(&(spec.technology, spec.ports)).ok_or_else(|| self.not_there(spec))?;
        let capacity = Bytes(family.curves[0].capacity[0] as u64);
        Ok(MacroSpec { capacity, word_bits: family.width[0] as u32, ..*spec })
    }

    /// Supply voltage of a technology.
    pub fn supply(&self, technology: Technology) -> Option<f64> {
        let family = self.families.get(&(technology, Ports::SingleReadWrite))?;
        family.curves.first()?.rows.first().map(|r| r.get("vdd_v"))
    }

    fn not_there(&self, spec: &MacroSpec) -> Error {
        let message = format!("{} is not characterised with {} ports", spec.technology, spec.ports);
        let known = self.technologies().iter().map(|t| t.to_string()).collect::<Vec<_>>().join(", ");
        let mut problem = Diagnostic::new("not-characterised", message).with_help(format!("characterised: {known}"));
        if spec.technology == Technology::uniform(22, Device::Lop) {
            problem = problem.with_help("CACTI's 22 nm lop leaks more than hp above 330 K; it is refused");
        }
        Error::input(problem)
    }
}

impl Family {
    /// Adds a macro; `false` if it is there already.
    fn insert(&mut self, width: f64, row: Row) -> bool {
        let at = self.width.partition_point(|w| *w < width);
        if self.width.get(at) != Some(&width) {
            self.width.insert(at, width);
            self.curves.insert(at, Curve::default());
        }
        self.curves[at].insert(row)
    }

    fn look_up(&self, spec: &MacroSpec, extrapolate: bool) -> Result<(Row, Position)> {
        let allowed = |b: &Bracket| !b.outside || extrapolate;
        let refuse = || self.outside(spec);
        let width = bracket(&self.width, f64::from(spec.word_bits)).filter(allowed).ok_or_else(refuse)?;
        let at = |curve: &Curve| bracket(&curve.capacity, spec.capacity.0 as f64).filter(allowed).ok_or_else(refuse);
        let (low, high) = (&self.curves[width.low], &self.curves[width.high]);
        let (place, other) = (at(low)?, at(high)?);
        let row = match width.low == width.high {
            true => low.at(place),
            false => low.at(place).mix(&high.at(other), width.way),
        };
        Ok((row, Position { capacity: basis(place).max(basis(other)), width: basis(width) }))
    }

    /// A family of one width, beyond its points: as macros of one port change from the nearest point to what is asked.
    fn look_up_like(&self, single: &Family, spec: &MacroSpec) -> Result<(Row, Position)> {
        let capacities = &self.curves[0].capacity;
        let (least, most) = (capacities[0], capacities[capacities.len() - 1]);
        let nearest = Bytes((spec.capacity.0 as f64).clamp(least, most) as u64);
        let near = MacroSpec { capacity: nearest, word_bits: self.width[0] as u32, ..*spec };
        let (row, position) = self.look_up(&near, false)?;
        if near == *spec {
            return Ok((row, position));
        }
        let (from, to) = (single.look_up(&near, true)?.0, single.look_up(spec, true)?.0);
        Ok((row.scaled(&from, &to), Position { capacity: Basis::Extrapolated, width: Basis::Extrapolated }))
    }

    fn outside(&self, spec: &MacroSpec) -> Error {
        let ends = |axis: &[f64]| (axis.first().copied().unwrap_or(0.0), axis.last().copied().unwrap_or(0.0));
        let (narrow, wide) = ends(&self.width);
        let (small, large) = self.curves.first().map_or((0.0, 0.0), |c| ends(&c.capacity));
        let message = format!(
            "a macro of {} with {} bit words is outside the characterisation of {}",
            spec.capacity.human(),
            spec.word_bits,
            spec.technology
        );
        let covered = format!("covered: {} to {} KiB, {narrow} to {wide} bits", small / 1024.0, large / 1024.0);
        let help = "allow extrapolation to get an answer without a guarantee";
        Error::input(Diagnostic::new("outside-characterisation", message).with_help(covered).with_help(help))
    }
}

fn basis(place: Bracket) -> Basis {
    match (place.low == place.high, place.outside) {
        (true, _) => Basis::Exact,
        (false, true) => Basis::Extrapolated,
        (false, false) => Basis::Interpolated,
    }
}

fn read_row(line: &Line<'_>) -> Result<((Technology, Ports), f64, Row)> {
    let device = |column| Device::named(line.text(column)?).ok_or_else(|| line.refuse(column, "hp, lstp or lop"));
    let name = line.text("ports")?;
    let ports = Ports::NAMES.iter().find(|(n, _)| *n == name).map(|n| n.1);
    let ports = ports.ok_or_else(|| line.refuse("ports", "1rw, 1r1w or 2rw"))?;
    let technology =
        Technology { node_nm: line.whole("tech_nm")?, cell: device("cell")?, periphery: device("periphery")? };
    let mut values = [0.0; COLUMNS.len()];
    for (value, column) in values.iter_mut().zip(COLUMNS) {
        *value = line.number(column)?;
        match POSITIVE.contains(&column) {
            true if *value <= 0.0 => return Err(line.refuse(column, "a number above 0")),
            false if *value < 0.0 => return Err(line.refuse(column, "a number, 0 or more")),
            _ => {}
        }
    }
    let width = line.whole("word_bits")?;
    match width {
        0 => Err(line.refuse("word_bits", "a number above 0")),
        _ => Ok(((technology, ports), f64::from(width), Row(values))),
    }
}
