//! From the groups of a library to the macros in it.

use super::super::model::Ports;
use super::condition::{Role, Setting, holds, mentions};
use super::syntax::{Attribute, Group, Value, problem};
use crate::diagnostic::{Diagnostic, Source};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// One memory of a library, in the units of the characterisation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LibertyMacro {
    pub name: String,
    pub source: Arc<Source>,
    /// Name of the cell in the file.
    pub place: Range<usize>,
    pub capacity_bits: u64,
    pub word_bits: u32,
    pub ports: Ports,
    pub kelvin: f64,
    pub area_mm2: f64,
    /// Powered.
    pub leak_mw: f64,
    pub light_mw: Option<f64>,
    pub retention_mw: Option<f64>,
    pub off_mw: Option<f64>,
    pub read_pj: f64,
    pub write_pj: f64,
    /// Energy of a clock cycle without an access, where the file tells it apart.
    pub idle_pj: Option<f64>,
    pub access_ns: f64,
    pub cycle_ns: f64,
}

/// What the numbers of a library are multiples of.
#[derive(Debug, Clone, Copy)]
struct Units {
    leakage_mw: f64,
    energy_pj: f64,
    time_ns: f64,
    kelvin: f64,
}

/// Reads the memories of a library: cells with a `memory` group.
///
/// # Errors
/// Everything that is missing or wrong, with its place.
pub(super) fn read(source: &Arc<Source>, library: &Group) -> Result<Vec<LibertyMacro>, Vec<Diagnostic>> {
    let units = units(source, library)?;
    let cells: Vec<&Group> = library.all("cell").filter(|c| c.all("memory").next().is_some()).collect();
    if cells.is_empty() {
        let label = "expected a `cell` with a `memory` group, which states address and word width";
        return Err(vec![problem("no-memory", source, "has no memory".into(), library.span.clone(), label)]);
    }
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for group in cells {
        let mut cell = Cell { source, group, units, problems: Vec::new() };
        let read = cell.read();
        problems.append(&mut cell.problems);
        found.extend(read);
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn units(source: &Arc<Source>, library: &Group) -> Result<Units, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut unit = |name: &'static str, scales: &[(&str, f64)], example: &str| {
        let attribute = library.attribute(name);
        let scale = attribute.and_then(|a| scale(a, scales));
        if scale.is_none() {
            let span = attribute.map_or(library.span.clone(), |a| a.span.clone());
            let label = format!("expected `{name}` such as `{example}`");
            problems.push(problem("missing-unit", source, format!("`{name}` is missing or unknown"), span, &label));
        }
        scale.unwrap_or(1.0)
    };
    let time_ns = unit("time_unit", &[("ns", 1.0), ("ps", 1e-3)], "\"1ns\"");
    let volt = unit("voltage_unit", &[("v", 1.0), ("mv", 1e-3)], "\"1V\"");
    let picofarad = unit("capacitive_load_unit", &[("pf", 1.0), ("ff", 1e-3)], "(1, pf)");
    let powers = [("mw", 1.0), ("uw", 1e-3), ("nw", 1e-6), ("pw", 1e-9)];
    let leakage_mw = unit("leakage_power_unit", &powers, "\"1nW\"");
    let celsius = number(library, "nom_temperature").or_else(|| {
        let named = library.all("operating_conditions").next()?;
        number(named, "temperature")
    });
    let Some(celsius) = celsius else {
        let label = "expected `nom_temperature` in °C";
        let message = "`nom_temperature` is missing".into();
        problems.push(problem("missing-value", source, message, library.span.clone(), label));
        return Err(problems);
    };
    let units = Units { leakage_mw, energy_pj: picofarad * volt * volt, time_ns, kelvin: celsius + 273.15 };
    if problems.is_empty() { Ok(units) } else { Err(problems) }
}

/// `"10ns"`, or `(1, pf)`.
fn scale(attribute: &Attribute, scales: &[(&str, f64)]) -> Option<f64> {
    let text: String = attribute.values.iter().map(|v| v.text.to_ascii_lowercase()).collect();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let factor: f64 = text[..end].parse().ok().filter(|f| *f > 0.0)?;
    scales.iter().find(|(name, _)| *name == text[end..].trim()).map(|(_, size)| size * factor)
}

fn number(group: &Group, name: &str) -> Option<f64> {
    group.text(name)?.parse().ok().filter(|v: &f64| v.is_finite())
}

/// Numbers of a table; the quoted rows hold several each.
fn numbers(values: &[Value]) -> Vec<f64> {
    let cells = values.iter().flat_map(|v| v.text.split([',', ' ', '\t', '\n']));
    cells.filter_map(|cell| cell.trim().parse().ok()).filter(|v: &f64| v.is_finite()).collect()
}

fn largest(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    values.into_iter().max_by(f64::total_cmp)
}

/// A cell being read.
struct Cell<'l> {
    source: &'l Arc<Source>,
    group: &'l Group,
    units: Units,
    problems: Vec<Diagnostic>,
}

impl Cell<'_> {
    fn read(&mut self) -> Option<LibertyMacro> {
        let memory = self.group.all("memory").next()?;
        let address = self.needed("address_width", memory, number(memory, "address_width"), "a number of bits");
        let width = self.needed("word_width", memory, number(memory, "word_width"), "a number of bits");
        let ports = self.ports();
        let area = self.needed("area", self.group, number(self.group, "area").filter(|a| *a > 0.0), "an area in µm²");
        let leak = self.leakage(&Setting::ON, None).or_else(|| self.cell_leakage());
        let leak =
            self.needed("leakage_power", self.group, leak, "leakage of the powered macro, or `cell_leakage_power`");
        let (read, write) = (self.energy(&Setting::READ), self.energy(&Setting::WRITE));
        let read = self.needed("internal_power", self.group, read, "internal power at the clock pin for a read");
        let write = self.needed("internal_power", self.group, write, "internal power at the clock pin for a write");
        let access = self.needed("timing", self.group, self.access_ns(), "`cell_rise` of an output from the clock");
        let cycle = self.needed("minimum_period", self.group, self.cycle_ns(), "the least period of the clock");
        let address = self.whole("address_width", memory, address?, 40)?;
        let word_bits = self.whole("word_width", memory, width?, 1 << 16)?;
        Some(LibertyMacro {
            name: self.group.arguments.first().map_or("?".into(), |v| v.text.clone()),
            source: self.source.clone(),
            place: self.place(),
            capacity_bits: (1u64 << address).checked_mul(u64::from(word_bits))?,
            word_bits,
            ports: ports?,
            kelvin: self.units.kelvin,
            area_mm2: area? * 1e-6,
            leak_mw: leak?,
            light_mw: self.leakage(&Setting::LIGHT, Some(Role::Light)),
            retention_mw: self.leakage(&Setting::RETENTION, Some(Role::Retention)),
            off_mw: self.leakage(&Setting::OFF, Some(Role::Off)),
            read_pj: read?,
            write_pj: write?,
            idle_pj: self.idle(),
            access_ns: access?,
            cycle_ns: cycle?,
        })
    }

    fn place(&self) -> Range<usize> {
        self.group.arguments.first().map_or(self.group.span.clone(), |v| v.span.clone())
    }

    /// Records a problem if there is no value.
    fn needed(&mut self, name: &str, at: &Group, value: Option<f64>, expected: &str) -> Option<f64> {
        if value.is_none() {
            let span = at.attribute(name).map_or(at.span.clone(), |a| a.span.clone());
            let message = format!("`{name}` is missing or no number");
            let label = format!("expected {expected}");
            self.problems.push(problem("missing-value", self.source, message, span, &label));
        }
        value
    }

    fn whole(&mut self, name: &str, at: &Group, value: f64, most: u32) -> Option<u32> {
        let inside = value.fract() == 0.0 && (1.0..=f64::from(most)).contains(&value);
        let checked = inside.then_some(value);
        self.needed(name, at, checked, &format!("a whole number from 1 to {most}")).map(|v| v as u32)
    }

    /// Ports by the addresses under which outputs are read and inputs are written.
    fn ports(&mut self) -> Option<Ports> {
        let addresses = |name: &str| -> BTreeSet<String> {
            let groups = self.group.anywhere(name);
            groups.iter().filter_map(|g| g.text("address")).map(str::to_owned).collect()
        };
        let (read, written) = (addresses("memory_read"), addresses("memory_write"));
        let both = read.intersection(&written).count();
        match (read.len(), written.len(), both) {
            (0, 0, _) | (1, 1, 1) => Some(Ports::SingleReadWrite),
            (1, 1, 0) => Some(Ports::ReadAndWrite),
            (2, 2, 2) => Some(Ports::DualReadWrite),
            _ => {
                let label = "expected 1RW, 1R1W or 2RW by the addresses of memory_read and memory_write";
                let message = format!("{} read and {} write addresses", read.len(), written.len());
                self.problems.push(problem("unknown-ports", self.source, message, self.place(), label));
                None
            }
        }
    }

    fn cell_leakage(&self) -> Option<f64> {
        number(self.group, "cell_leakage_power").filter(|v| *v >= 0.0).map(|v| v * self.units.leakage_mw)
    }

    /// Leakage in a state: of each supply the most under any condition that may hold then, all supplies together. Groups must name
    /// a pin of `role`, if one is given.
    fn leakage(&self, setting: &Setting, role: Option<Role>) -> Option<f64> {
        let when = |g: &Group| g.text("when").unwrap_or("1").to_owned();
        let fits =
            |g: &&Group| holds(&when(g), setting) != Some(false) && role.is_none_or(|role| mentions(&when(g), role));
        let groups: Vec<&Group> = self.group.all("leakage_power").filter(fits).collect();
        let total = per_supply(&groups, |g| number(g, "value").filter(|v| *v >= 0.0));
        total.map(|v| v * self.units.leakage_mw)
    }

    fn clocks(&self) -> Vec<&Group> {
        let pins = self.group.anywhere("pin");
        pins.into_iter().filter(|p| p.text("clock").is_some_and(|v| v.eq_ignore_ascii_case("true"))).collect()
    }

    /// Energy of a clock cycle in a state: rise and fall, of each supply the most under any condition that surely holds, or else
    /// may hold; of the dearest clock pin.
    fn energy(&self, setting: &Setting) -> Option<f64> {
        let when = |g: &Group| holds(g.text("when").unwrap_or("1"), setting);
        let of_pin = |pin: &Group| {
            let groups: Vec<&Group> = pin.all("internal_power").collect();
            let sure: Vec<&Group> = groups.iter().copied().filter(|g| when(g) == Some(true)).collect();
            let maybe: Vec<&Group> = groups.iter().copied().filter(|g| when(g) != Some(false)).collect();
            per_supply(if sure.is_empty() { &maybe } else { &sure }, |g| self.transition_energy(g))
        };
        largest(self.clocks().into_iter().filter_map(of_pin)).map(|v| v * self.units.energy_pj)
    }

    /// Energy of an unselected cycle, if any condition tells it from an access.
    fn idle(&self) -> Option<f64> {
        let clocks = self.clocks();
        let groups = clocks.iter().flat_map(|pin| pin.all("internal_power"));
        let told = groups.filter_map(|g| g.text("when")).any(|w| mentions(w, Role::Select));
        if told { self.energy(&Setting::IDLE) } else { None }
    }

    /// Rise and fall, each the mean over the table's input slews.
    fn transition_energy(&self, group: &Group) -> Option<f64> {
        let edges = ["rise_power", "fall_power", "power"].into_iter().flat_map(|edge| group.all(edge));
        let means = edges.filter_map(|table| {
            let values = numbers(&table.attribute("values")?.values);
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        });
        let means: Vec<f64> = means.collect();
        (!means.is_empty()).then(|| means.iter().sum())
    }

    /// Slowest edge of an output after the clock.
    fn access_ns(&self) -> Option<f64> {
        let clocks = self.clocks();
        let names: Vec<&str> = clocks.iter().filter_map(|p| p.arguments.first()).map(|v| v.text.as_str()).collect();
        let from_clock = |t: &&Group| t.text("related_pin").is_some_and(|p| p.split(' ').any(|p| names.contains(&p)));
        let timings = self.group.anywhere("timing").into_iter().filter(from_clock);
        let edges = timings.flat_map(|t| t.all("cell_rise").chain(t.all("cell_fall")));
        let values = edges.filter_map(|e| e.attribute("values")).flat_map(|a| numbers(&a.values));
        largest(values).filter(|v| *v > 0.0).map(|v| v * self.units.time_ns)
    }

    /// Least period of the slowest clock, in any of the three ways that Liberty has for it.
    fn cycle_ns(&self) -> Option<f64> {
        let clocks = self.clocks();
        let attributes = clocks.iter().filter_map(|p| number(p, "min_period"));
        let groups = clocks.iter().flat_map(|p| p.all("minimum_period")).filter_map(|g| number(g, "constraint"));
        let timings = clocks.iter().flat_map(|p| p.all("timing"));
        let periods = timings.filter(|t| t.text("timing_type") == Some("minimum_period"));
        let edges = periods.flat_map(|t| t.all("rise_constraint").chain(t.all("fall_constraint")));
        let tables = edges.filter_map(|e| e.attribute("values")).flat_map(|a| numbers(&a.values));
        largest(attributes.chain(groups).chain(tables)).filter(|v| *v > 0.0).map(|v| v * self.units.time_ns)
    }
}

/// Of each supply (`related_pg_pin`) the most of any group; the sum over supplies. Groups without a supply count if none has one.
fn per_supply(groups: &[&Group], value: impl Fn(&Group) -> Option<f64>) -> Option<f64> {
    let supply = |g: &Group| g.text("related_pg_pin").unwrap_or_default().to_owned();
    let mut supplies: BTreeSet<String> = groups.iter().map(|g| supply(g)).collect();
    if supplies.len() > 1 {
        supplies.remove("");
    }
    let most = |name: &String| largest(groups.iter().filter(|g| supply(g) == *name).filter_map(|g| value(g)));
    let each: Vec<f64> = supplies.iter().filter_map(most).collect();
    (!each.is_empty()).then(|| each.iter().sum())
}
