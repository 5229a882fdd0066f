//! An [`Accelerator`] as canonical TOML, the copy a run directory keeps.

use crate::accelerator::parse::{DATAFLOW, DISPATCH, FILL, OVERLAP, RECLAIM, REPLACEMENT, VICTIMS};
use crate::accelerator::routing::{CLASSES, OPERANDS, VECTOR_UNIT};
use crate::accelerator::{Accelerator, Array, Dram, Memory};
use crate::units::Bytes;

impl Accelerator {
    /// Canonical `accelerator.toml`: every key written out, in a fixed order. Parsing it gives an equal value, except
    /// that a name holding a control character (which no file can give) is refused.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        line(&mut text, "name", quoted(&self.name));
        line(&mut text, "clock", scaled(self.clock.0, "Hz"));
        line(&mut text, "dispatch", keyword(&DISPATCH, self.dispatch));
        self.arrays.iter().for_each(|array| write_array(&mut text, array));
        text.push_str("\n[vector]\n");
        line(&mut text, "lanes", self.vector.lanes);
        line(&mut text, "buffer", size(self.vector.buffer));
        self.memories.iter().for_each(|memory| write_memory(&mut text, memory, self));
        write_dram(&mut text, &self.dram);
        text
    }
}

fn write_array(text: &mut String, array: &Array) {
    text.push_str("\n[[array]]\n");
    line(text, "name", quoted(&array.name));
    line(text, "rows", array.rows);
    line(text, "columns", array.columns);
    line(text, "dataflow", keyword(&DATAFLOW, array.dataflow));
    line(text, "buffer_length", array.buffer_length);
    line(text, "accumulator_rows", array.accumulator_rows.map_or_else(|| quoted("all"), |rows| rows.to_string()));
    line(text, "overlap", keyword(&OVERLAP, array.overlap));
    line(text, "fill", keyword(&FILL, array.fill));
}

fn write_memory(text: &mut String, memory: &Memory, accelerator: &Accelerator) {
    text.push_str("\n[[memory]]\n");
    line(text, "name", quoted(&memory.name));
    line(text, "capacity", memory.capacity.map_or_else(|| quoted("unlimited"), size));
    line(text, "ports", memory.ports);
    line(text, "port_bits", memory.port_bits);
    line(text, "latency", memory.latency.0);
    line(text, "replacement", keyword(&REPLACEMENT, memory.replacement));
    line(text, "victims", keyword(&VICTIMS, memory.victims));
    line(text, "reclaim", keyword(&RECLAIM, memory.reclaim));
    if let Some(above) = memory.above {
        line(text, "above", quoted(&accelerator.memories[above.index()].name));
    }
    line(text, "classes", chosen(&CLASSES, &memory.serves.classes));
    line(text, "operands", chosen(&OPERANDS, &memory.serves.operands));
    if !memory.serves.units.is_empty() {
        let unit = |&unit: &u32| accelerator.arrays.get(unit as usize).map_or(VECTOR_UNIT, |a| &a.name);
        line(text, "arrays", list(memory.serves.units.iter().map(unit)));
    }
}

/// The names that are chosen.
fn chosen(names: &[&str], chosen: &[bool]) -> String {
    list(names.iter().zip(chosen).filter(|(_, chosen)| **chosen).map(|(name, _)| *name))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", names.map(quoted).collect::<Vec<_>>().join(", "))
}

fn write_dram(text: &mut String, dram: &Dram) {
    text.push_str("\n[dram]\n");
    line(text, "latency", dram.latency.0);
    line(text, "channel_bits", dram.channel_bits);
    line(text, "transfers", scaled(dram.transfers_per_second, "T/s"));
    line(text, "burst", dram.burst);
    line(text, "ports", dram.ports);
    if let Some(energy) = dram.energy_per_bit {
        line(text, "energy", quoted(&format!("{} pJ/bit", energy.0)));
    }
}

fn line(text: &mut String, key: &str, value: impl std::fmt::Display) {
    text.push_str(&format!("{key} = {value}\n"));
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

/// Name of an enum's value, quoted.
fn keyword<T: PartialEq>(names: &[(&str, T)], value: T) -> String {
    let found = names.iter().find(|(_, named)| *named == value);
    quoted(found.map_or("", |(name, _)| name))
}

/// A whole number with the largest decimal prefix that keeps it whole.
fn scaled(value: u64, unit: &str) -> String {
    let prefixes = [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"), (1, "")];
    let (scale, prefix) = prefixes.into_iter().find(|(scale, _)| value.is_multiple_of(*scale)).unwrap_or((1, ""));
    quoted(&format!("{} {prefix}{unit}", value / scale))
}

/// A size with the largest binary prefix that keeps it whole.
fn size(bytes: Bytes) -> String {
    let prefixes = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B")];
    let (scale, unit) = prefixes.into_iter().find(|(scale, _)| bytes.0.is_multiple_of(*scale)).unwrap_or((1, "B"));
    quoted(&format!("{} {unit}", bytes.0 / scale))
}
