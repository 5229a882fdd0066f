//! The reduced table of macros: parsing and look-up.

use super::interpolation::{Bracket, between, bracket};
use super::model::{Basis, MacroSpec, Ports};
use super::{Device, Technology};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use rustc_hash::FxHashMap;
use std::path::PathBuf;

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

/// Values of one macro, in the order of [`COLUMNS`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row([f64; COLUMNS.len()]);

impl Row {
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
}

/// Macros of one word width, ascending in capacity.
#[derive(Debug, Clone, Default)]
struct Curve {
    capacity: Vec<f64>,
    rows: Vec<Row>,
}

impl Curve {
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
    /// Reads the reduced table; rows of one technology, port configuration and width ascend in capacity.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let mut table = Self::default();
        for line in Lines::new(name, text)? {
            let (key, width, row) = read_row(name, &line)?;
            table.families.entry(key).or_default().push(width, row);
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

    /// Values of a macro at 350 K and how they were obtained.
    ///
    /// # Errors
    /// A technology that is not in the table, or a size outside it unless `extrapolate`.
    pub fn look_up(&self, spec: &MacroSpec, extrapolate: bool) -> Result<(Row, Basis)> {
        let family = self.families.get(&(spec.technology, spec.ports)).ok_or_else(|| self.not_there(spec))?;
        family.look_up(spec, extrapolate)
    }

    /// Supply voltage of a technology.
    pub fn supply(&self, technology: Technology) -> Option<f64> {
        let family = self.families.get(&(technology, Ports::SingleReadWrite))?;
        family.curves.first()?.rows.first().map(|r| r.get("vdd_v"))
    }

    fn not_there(&self, spec: &MacroSpec) -> Error {
        let message = format!("{} is not characterised with {:?} ports", spec.technology, spec.ports);
        let known = self.technologies().iter().map(|t| t.to_string()).collect::<Vec<_>>().join(", ");
        let mut problem = Diagnostic::new("not-characterised", message).with_help(format!("characterised: {known}"));
        if spec.technology == Technology::uniform(22, Device::Lop) {
            problem = problem.with_help("CACTI's 22 nm lop leaks more than hp above 330 K; it is refused");
        }
        Error::input(problem)
    }
}

impl Family {
    fn push(&mut self, width: f64, row: Row) {
        let at = self.width.partition_point(|w| *w < width);
        if self.width.get(at) != Some(&width) {
            self.width.insert(at, width);
            self.curves.insert(at, Curve::default());
        }
        let curve = &mut self.curves[at];
        curve.capacity.push(row.get("capacity_bytes"));
        curve.rows.push(row);
    }

    fn look_up(&self, spec: &MacroSpec, extrapolate: bool) -> Result<(Row, Basis)> {
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
        let exact = width.low == width.high && place.low == place.high;
        Ok((row, basis(exact, width.outside || place.outside || other.outside)))
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

fn basis(exact: bool, outside: bool) -> Basis {
    match (exact, outside) {
        (true, _) => Basis::Exact,
        (false, true) => Basis::Extrapolated,
        (false, false) => Basis::Interpolated,
    }
}

fn read_row(name: &str, line: &Line<'_>) -> Result<((Technology, Ports), f64, Row)> {
    let device = |column| Device::named(line.text(column)?).ok_or_else(|| malformed(name, "an unknown device"));
    let ports = match line.text("ports")? {
        "1rw" => Ports::SingleReadWrite,
        "1r1w" => Ports::ReadAndWrite,
        "2rw" => Ports::DualReadWrite,
        _ => return Err(malformed(name, "unknown ports")),
    };
    let technology =
        Technology { node_nm: line.whole("tech_nm")? as u32, cell: device("cell")?, periphery: device("periphery")? };
    let mut values = [0.0; COLUMNS.len()];
    for (value, column) in values.iter_mut().zip(COLUMNS) {
        *value = line.number(column)?;
    }
    Ok(((technology, ports), line.number("word_bits")?, Row(values)))
}

/// Lines of comma-separated values with a header; `#` begins a comment line.
pub(super) struct Lines<'t> {
    name: &'t str,
    header: Vec<&'t str>,
    rest: Box<dyn Iterator<Item = &'t str> + 't>,
}

/// One line of a table.
pub(super) struct Line<'t> {
    name: &'t str,
    header: Vec<&'t str>,
    cells: Vec<&'t str>,
}

impl<'t> Lines<'t> {
    /// Reads the header.
    ///
    /// # Errors
    /// A text without a header.
    pub fn new(name: &'t str, text: &'t str) -> Result<Self> {
        let mut rest = text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
        let header = rest.next().ok_or_else(|| malformed(name, "no header"))?;
        Ok(Self { name, header: header.split(',').collect(), rest: Box::new(rest) })
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        let cells = self.rest.next()?.split(',').collect();
        Some(Line { name: self.name, header: self.header.clone(), cells })
    }
}

impl<'t> Line<'t> {
    /// A cell as text.
    pub fn text(&self, column: &str) -> Result<&'t str> {
        let cell = self.header.iter().position(|h| *h == column).and_then(|i| self.cells.get(i));
        cell.copied().ok_or_else(|| malformed(self.name, &format!("a line without `{column}`")))
    }

    /// A cell as a number.
    pub fn number(&self, column: &str) -> Result<f64> {
        let text = self.text(column)?;
        let value = text.parse::<f64>().ok().filter(|v| v.is_finite());
        value.ok_or_else(|| malformed(self.name, &format!("`{column}` = `{text}`, not a number")))
    }

    /// A cell as a whole number.
    pub fn whole(&self, column: &str) -> Result<u64> {
        let text = self.text(column)?;
        text.parse().map_err(|_| malformed(self.name, &format!("`{column}` = `{text}`, not a whole number")))
    }
}

/// The table is not what it should be.
pub(super) fn malformed(name: &str, what: &str) -> Error {
    Error::Artefact { path: PathBuf::from(name), message: format!("the table has {what}") }
}
