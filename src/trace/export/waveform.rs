//! Occupancy as a VCD waveform, to be looked at beside those of the hardware.

use super::memory_name;
use crate::trace::{OccupancyChange, Run};
use crate::units::{Bytes, Hertz};
use crate::workload::Class;
use std::io::{self, Write};
use vcd::{IdCode, TimescaleUnit, Value, VarType, Writer};

/// Femtoseconds of a second.
const FEMTOSECONDS: u128 = 1_000_000_000_000_000;
/// Bits of a variable.
const WIDTH: u32 = 64;

/// Units of a time scale, coarsest first, each with its femtoseconds.
const UNITS: [(TimescaleUnit, u128); 6] = [
    (TimescaleUnit::S, FEMTOSECONDS),
    (TimescaleUnit::MS, FEMTOSECONDS / 1_000),
    (TimescaleUnit::US, FEMTOSECONDS / 1_000_000),
    (TimescaleUnit::NS, 1_000_000),
    (TimescaleUnit::PS, 1_000),
    (TimescaleUnit::FS, 1),
];

/// Writes a module a memory: `needed`, `needed_<class>`, `obsolete` and, of a limited memory, `free`, all in bytes.
pub(super) fn write(run: &Run, to: &mut impl Write) -> io::Result<()> {
    let mut writer = Writer::new(to);
    let clock = Clock::new(run.accelerator.clock);
    writer.version(concat!("trapti ", env!("CARGO_PKG_VERSION")))?;
    writer.comment(&format!("bytes in the memories; one cycle is {}", clock.described()))?;
    writer.timescale(clock.magnitude, clock.unit)?;
    writer.add_module("trapti")?;
    let mut memories = Vec::new();
    for occupancy in &run.occupancy {
        let name = memory_name(run, occupancy.memory.index());
        memories.push(Variables::new(&mut writer, name, occupancy.capacity)?);
    }
    writer.upscope()?;
    writer.enddefinitions()?;
    play(run, &clock, &mut memories, &mut writer)?;
    writer.timestamp(clock.time(run.statistics.cycles.0))?;
    writer.flush()
}

/// All memories' changes in the order of time.
fn play<W: Write>(run: &Run, clock: &Clock, memories: &mut [Variables], writer: &mut Writer<W>) -> io::Result<()> {
    let mut changes: Vec<_> = run.occupancy.iter().map(|o| o.changes.iter().peekable()).collect();
    loop {
        let next = changes.iter_mut().filter_map(|c| c.peek().map(|state| state.cycle)).min();
        let Some(now) = next else { return Ok(()) };
        writer.timestamp(clock.time(now.0))?;
        for (changes, memory) in changes.iter_mut().zip(&mut *memories) {
            while let Some(state) = changes.next_if(|state| state.cycle == now) {
                memory.show(&state, writer)?;
            }
        }
    }
}

/// The variables of one memory and their last values.
struct Variables {
    ids: Vec<IdCode>,
    shown: Vec<Option<u64>>,
    capacity: Option<Bytes>,
}

impl Variables {
    fn new<W: Write>(writer: &mut Writer<W>, memory: &str, capacity: Option<Bytes>) -> io::Result<Self> {
        writer.add_module(&identifier(memory))?;
        let classes = Class::ALL.iter().map(|c| format!("needed_{}", c.name()));
        let names = ["needed".into()].into_iter().chain(classes).chain(["obsolete".into()]);
        let names: Vec<String> = names.chain(capacity.map(|_| "free".into())).collect();
        let ids: io::Result<Vec<IdCode>> =
            names.iter().map(|name| writer.add_var(VarType::Integer, WIDTH, name, None)).collect();
        writer.upscope()?;
        let ids = ids?;
        Ok(Self { shown: vec![None; ids.len()], ids, capacity })
    }

    fn show<W: Write>(&mut self, state: &OccupancyChange, writer: &mut Writer<W>) -> io::Result<()> {
        let free = self.capacity.map(|c| c.saturating_sub(state.used()));
        let values = [state.needed_total()].into_iter().chain(state.needed).chain([state.obsolete]).chain(free);
        for ((id, shown), value) in self.ids.iter().zip(&mut self.shown).zip(values) {
            if shown.replace(value.0) != Some(value.0) {
                writer.change_vector(*id, bits(value.0))?;
            }
        }
        Ok(())
    }
}

/// Binary digits without leading zeros.
fn bits(value: u64) -> impl Iterator<Item = Value> {
    let digits = (u64::BITS - value.leading_zeros()).max(1);
    (0..digits).rev().map(move |digit| if value >> digit & 1 == 1 { Value::V1 } else { Value::V0 })
}

/// A name without what separates words of the format.
fn identifier(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_graphic() && !"$.[]".contains(c) { c } else { '_' }).collect()
}

/// From cycles to the time of the waveform.
struct Clock {
    hertz: u128,
    magnitude: u32,
    unit: TimescaleUnit,
    /// Femtoseconds of one tick of the time scale.
    tick: u128,
}

impl Clock {
    /// The coarsest time scale that divides a cycle; a cycle of no whole number of femtoseconds is rounded down to them.
    fn new(clock: Hertz) -> Self {
        let hertz = u128::from(clock.0);
        let exact = FEMTOSECONDS.is_multiple_of(hertz);
        let scales = UNITS.iter().flat_map(|&(unit, tick)| [100, 10, 1].map(|m| (m, unit, tick * u128::from(m))));
        let fitting = scales.into_iter().find(|(.., tick)| exact && (FEMTOSECONDS / hertz).is_multiple_of(*tick));
        let (magnitude, unit, tick) = fitting.unwrap_or((1, TimescaleUnit::FS, 1));
        Self { hertz, magnitude, unit, tick }
    }

    /// Ticks of the time scale from the start to `cycle`.
    fn time(&self, cycle: u64) -> u64 {
        u64::try_from(u128::from(cycle) * FEMTOSECONDS / (self.hertz * self.tick)).unwrap_or(u64::MAX)
    }

    fn described(&self) -> String {
        let ticks = FEMTOSECONDS as f64 / (self.hertz * self.tick) as f64;
        format!("{} {}", ticks * f64::from(self.magnitude), self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_scale_divides_a_cycle() {
        let scale = |hertz| {
            let clock = Clock::new(Hertz(hertz));
            (format!("{} {}", clock.magnitude, clock.unit), clock.time(1), clock.time(3_000_000))
        };
        assert_eq!(scale(1_000_000_000), ("1 ns".into(), 1, 3_000_000));
        assert_eq!(scale(800_000_000), ("10 ps".into(), 125, 375_000_000));
        assert_eq!(scale(100_000_000), ("10 ns".into(), 1, 3_000_000));
        assert_eq!(scale(3_000_000_000), ("1 fs".into(), 333_333, 1_000_000_000_000));
        assert_eq!(scale(1), ("1 s".into(), 1, 3_000_000));
    }

    #[test]
    fn names_do_not_break_the_format() {
        assert_eq!(identifier("my sram[0].x"), "my_sram_0__x");
    }
}
