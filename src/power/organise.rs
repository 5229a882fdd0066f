//! From a capacity and its split to macros, wires and their costs.
//!
//! A bank is a tiling of identical macros, chosen among all power-of-two tilings within the size limits: the least
//! energy an access (macros of one row, row multiplexer, interconnect) among those fast enough for one sequential port not to
//! wait for itself (BANK_CYCLES ≤ interleave); if none is fast enough, the fastest. Ties go to the smaller area. Interconnect is
//! part of the choice because small macros cost area and area costs wire; without it the smallest macro would nearly always win.

use super::{
    Assumptions, BankedMemory, Infeasible, Logic, MacroShape, Organisation, Sleep, SleepLeakage, StatePower, States,
    WakeEnergy,
};
use crate::error::Error;
use crate::sram::{Device, MacroPoint, MacroSpec, Ports, SramModel, Technology, Wire, wire};
use crate::units::{Bytes, Hertz, Kelvin, Millimetres, Milliwatts, Nanoseconds, Picojoules, SquareMillimetres};

/// What is asked of the builder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrganisationSpec {
    /// Capacity of the whole memory.
    pub capacity: Bytes,
    /// Power domains, 1 to 64.
    pub domains: u32,
    /// Interleaved banks of a domain; a power of two.
    pub interleave: u32,
    /// Request ports.
    pub ports: u32,
    /// Bits of a word: a power of two from 32 to 512.
    pub word_bits: u32,
    /// Clock.
    pub clock: Hertz,
    /// Sleep states of the hardware besides OFF; they decide about the size of the controller.
    pub states: States,
    /// Node and device types.
    pub technology: Technology,
    /// Temperature of the chip.
    pub temperature: Kelvin,
    /// Smallest macro, unless the bank is smaller.
    pub macro_min: Bytes,
    /// Largest macro.
    pub macro_max: Bytes,
    /// Ports of a macro; there is RTL for one that reads or writes.
    pub macro_ports: Ports,
    /// Most cycles between accesses of a bank; `None`: the interleave, so that one sequential port never waits for itself.
    pub bank_cycles: Option<u32>,
    /// What is assumed besides the characterisation.
    pub assumptions: Assumptions,
}

impl OrganisationSpec {
    /// Default size of the smallest macro.
    pub const MACRO_MIN: Bytes = Bytes(16 << 10);
    /// Default size of the largest macro.
    pub const MACRO_MAX: Bytes = Bytes(1 << 20);

    /// Capacity of one bank.
    fn bank(&self) -> Bytes {
        Bytes(self.capacity.0 / u64::from(self.domains) / u64::from(self.interleave))
    }

    fn banks(&self) -> u64 {
        u64::from(self.domains) * u64::from(self.interleave)
    }

    /// Words of a domain.
    ///
    /// # Errors
    /// Why the split is not mappable.
    pub fn domain_words(&self) -> Result<u64, Infeasible> {
        let refuse =
            |reason: String| Err(Infeasible::NotMappable { capacity: self.capacity, domains: self.domains, reason });
        if !self.word_bits.is_power_of_two() || !(32..=512).contains(&self.word_bits) {
            return Err(Infeasible::WordWidth { word_bits: self.word_bits });
        }
        let word_bytes = u64::from(self.word_bits / 8);
        if !(1..=64).contains(&self.domains) {
            return refuse("there are 1 to 64 domains".into());
        }
        if !self.interleave.is_power_of_two() {
            return refuse(format!("an interleave of {} is not a power of two", self.interleave));
        }
        if !self.capacity.0.is_multiple_of(word_bytes * u64::from(self.domains)) {
            return refuse("a domain is no whole number of words".into());
        }
        let words = self.capacity.0 / word_bytes / u64::from(self.domains);
        match words.is_power_of_two() && words >= u64::from(self.interleave) {
            true => Ok(words),
            false if words.is_power_of_two() => {
                refuse(format!("{words} words cannot be split into {} banks", self.interleave))
            }
            false => refuse(format!("a domain of {words} words is not a power of two")),
        }
    }
}

/// A tiling with its costs.
struct Candidate {
    shape: MacroShape,
    point: MacroPoint,
    bank_cycles: u32,
    read_energy: Picojoules,
    write_energy: Picojoules,
    interconnect: Interconnect,
    area: SquareMillimetres,
}

/// Wires and multiplexers between the ports and the banks.
struct Interconnect {
    length: Millimetres,
    energy: Picojoules,
    leakage: Milliwatts,
    delay: Nanoseconds,
}

/// Chooses macros and computes what the memory costs.
///
/// # Errors
/// Why no such memory exists.
pub fn organise(spec: &OrganisationSpec, model: &dyn SramModel) -> Result<BankedMemory, Infeasible> {
    let domain_words = spec.domain_words()?;
    let wire = wire(spec.technology, spec.temperature).map_err(|e| no_macro(spec, explain(e)))?;
    let mut reason = format!("none between {} and {}", spec.macro_min.human(), spec.macro_max.human());
    let mut candidates = Vec::new();
    for shape in shapes(spec) {
        match characterise(spec, model, shape) {
            Ok(point) => candidates.push(candidate(spec, &wire, shape, point)),
            Err(error) => reason = explain(error),
        }
    }
    let chosen =
        choose(candidates, spec.bank_cycles.unwrap_or(spec.interleave)).ok_or_else(|| no_macro(spec, reason))?;
    let organisation = organisation(spec, domain_words, &chosen);
    let logic = logic(spec, &organisation).map_err(|e| no_macro(spec, explain(e)))?;
    Ok(banked(spec, organisation, logic, &wire, chosen))
}

fn no_macro(spec: &OrganisationSpec, reason: String) -> Infeasible {
    Infeasible::NoMacro { bank: spec.bank(), reason }
}

fn explain(error: Error) -> String {
    match error {
        Error::Input(problems) => problems.iter().map(|p| p.message.as_str()).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

/// Every power-of-two tiling of a bank within the limits.
fn shapes(spec: &OrganisationSpec) -> Vec<MacroShape> {
    let bank = spec.bank().0;
    let least = spec.macro_min.0.min(bank);
    let mut found = Vec::new();
    for columns in (0..).map(|k| 1u32 << k).take_while(|c| spec.word_bits / c >= 32) {
        for rows in (0..32).map(|k| 1u32 << k) {
            let capacity = bank / u64::from(rows) / u64::from(columns);
            if (least..=spec.macro_max.0).contains(&capacity) {
                found.push(MacroShape {
                    rows,
                    columns,
                    capacity: Bytes(capacity),
                    word_bits: spec.word_bits / columns,
                });
            }
        }
    }
    found
}

fn characterise(spec: &OrganisationSpec, model: &dyn SramModel, shape: MacroShape) -> crate::Result<MacroPoint> {
    model.characterise(&MacroSpec {
        capacity: shape.capacity,
        word_bits: shape.word_bits,
        ports: spec.macro_ports,
        technology: spec.technology,
        temperature: spec.temperature,
    })
}

fn candidate(spec: &OrganisationSpec, wire: &Wire, shape: MacroShape, point: MacroPoint) -> Candidate {
    let macros = spec.banks() as f64 * f64::from(shape.rows) * f64::from(shape.columns);
    let area = point.area * macros;
    let columns = f64::from(shape.columns);
    let row_mux = mux_energy(spec, wire)
        * (f64::from(spec.word_bits) * spec.assumptions.activity * levels(u64::from(shape.rows)));
    Candidate {
        bank_cycles: spec.clock.cycles_covering(point.cycle_time, 1).0 as u32,
        read_energy: point.read_energy * columns + row_mux,
        write_energy: point.write_energy * columns + row_mux,
        interconnect: interconnect(spec, wire, area),
        area,
        shape,
        point,
    }
}

fn mux_energy(spec: &OrganisationSpec, wire: &Wire) -> Picojoules {
    spec.assumptions.mux_energy.unwrap_or(wire.gate.switching_energy)
}

/// ⌈log2 n⌉ levels of 2:1 multiplexers.
fn levels(n: u64) -> f64 {
    f64::from(n.next_power_of_two().trailing_zeros())
}

/// Each port has its own wires to all banks: data in, data out and address leak; one word and the address toggle in an access.
fn interconnect(spec: &OrganisationSpec, wire: &Wire, area: SquareMillimetres) -> Interconnect {
    let length = spec.assumptions.wire_length.unwrap_or(Millimetres(0.75 * area.0.sqrt()));
    let words = spec.capacity.0 * 8 / u64::from(spec.word_bits);
    let (data, address) = (f64::from(spec.word_bits), levels(words));
    let per_bit = wire.energy_per_bit_mm * length.0 + mux_energy(spec, wire) * levels(spec.banks());
    let wires = f64::from(spec.ports) * (2.0 * data + address);
    Interconnect {
        length,
        energy: per_bit * ((data + address) * spec.assumptions.activity),
        leakage: wire.leakage_per_mm * (wires * length.0),
        delay: Nanoseconds(wire.delay_per_mm.0 * length.0),
    }
}

/// Least energy among those fast enough, or among the fastest if none is; the smaller area decides a tie.
fn choose(candidates: Vec<Candidate>, bank_cycles: u32) -> Option<Candidate> {
    let fastest = candidates.iter().map(|c| c.bank_cycles).min()?;
    let limit = bank_cycles.max(fastest);
    let key = |c: &Candidate| (c.read_energy.0 + c.write_energy.0 + 2.0 * c.interconnect.energy.0, c.area.0);
    let better = |a: &Candidate, b: &Candidate| {
        let (a, b) = (key(a), key(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    };
    candidates.into_iter().filter(|c| c.bank_cycles <= limit).min_by(better)
}

fn organisation(spec: &OrganisationSpec, domain_words: u64, chosen: &Candidate) -> Organisation {
    let access_time = chosen.point.access_time + chosen.interconnect.delay;
    Organisation {
        domains: spec.domains,
        interleave: spec.interleave,
        domain_words,
        word_bits: spec.word_bits,
        ports: spec.ports,
        read_latency: spec.clock.cycles_covering(access_time, 1).0 as u32,
        bank_cycles: chosen.bank_cycles,
    }
}

/// What was counted, with the controller that the study states, if it does.
fn logic(spec: &OrganisationSpec, organisation: &Organisation) -> crate::Result<Logic> {
    let counted = Logic::of(organisation, spec.states)?;
    Ok(match spec.assumptions.controller {
        None => counted,
        Some(gates) => {
            let control = gates.per_domain * u64::from(spec.domains) + gates.shared;
            Logic { control: control as f64, ..counted }
        }
    })
}

fn banked(
    spec: &OrganisationSpec,
    organisation: Organisation,
    logic: Logic,
    wire: &Wire,
    chosen: Candidate,
) -> BankedMemory {
    let Candidate { shape, point, interconnect, .. } = chosen;
    let access_time = point.access_time + interconnect.delay;
    let per_domain = f64::from(spec.interleave) * f64::from(shape.rows) * f64::from(shape.columns);
    BankedMemory {
        organisation,
        logic,
        macro_shape: shape,
        clock: spec.clock,
        technology: spec.technology,
        temperature: spec.temperature,
        read_energy: chosen.read_energy,
        write_energy: chosen.write_energy,
        interconnect_energy: interconnect.energy,
        power: state_power(spec, &point, per_domain),
        wake: wake_energy(spec, &point, per_domain),
        interconnect_leakage: interconnect.leakage + wire.gate.leakage * logic.multiplexers,
        controller_leakage: wire.gate.leakage * logic.control,
        system_power: spec.assumptions.system_power,
        area: chosen.area,
        gated_area: point.gated_area * (per_domain * f64::from(spec.domains)),
        wire_length: interconnect.length,
        access_time,
        cycle_time: point.cycle_time,
        basis: point.basis,
    }
}

/// Leakage of a domain by state. Retention gates the periphery too, so it never leaks more than LIGHT, nor OFF more than retention.
fn state_power(spec: &OrganisationSpec, point: &MacroPoint, macros: f64) -> StatePower {
    let on = point.leakage.total();
    let light = point.leakage.without_periphery();
    let (retention, off) = match spec.assumptions.sleep_leakage {
        SleepLeakage::Characterisation => (point.retention_leakage, point.off_leakage),
        SleepLeakage::Shares { retention, off } => (on * retention, on * off.unwrap_or(off_share(spec.technology))),
    };
    let least = |a: Milliwatts, b: Milliwatts| if a.0 < b.0 { a } else { b };
    let retention = least(retention, light);
    let scale = macros * spec.assumptions.leakage_scale;
    StatePower { on: on * scale, asleep: [light, retention, least(off, retention)].map(|p| p * scale) }
}

fn off_share(technology: Technology) -> f64 {
    if technology.periphery == Device::Lstp { 0.05 } else { 0.01 }
}

fn wake_energy(spec: &OrganisationSpec, point: &MacroPoint, macros: f64) -> WakeEnergy {
    Sleep::ALL.map(|state| {
        let rail = match state {
            Sleep::Light => point.wake.light,
            Sleep::Retention => point.wake.retention,
            Sleep::Off => point.wake.off,
        };
        rail * (macros * spec.assumptions.kappa)
    })
}
