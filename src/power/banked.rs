//! A banked memory with its costs: what an access, a cycle in a state and a wake cost, how large and how fast it is.

use super::{Logic, MacroShape, Organisation, StatePower, WakeEnergy};
use crate::sram::{Basis, Technology};
use crate::units::{Hertz, Kelvin, Millimetres, Milliwatts, Nanoseconds, Picojoules, SquareMillimetres};
use serde::{Deserialize, Serialize};

/// What is assumed besides the characterisation. Every value can be set; the defaults name their source.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Assumptions {
    /// Rail capacitance against the drain capacitance that the characterisation knows: metal, decoupling, gate drive. 1 to 4.
    pub kappa: f64,
    /// Share of the bits of a word or address that toggle in an access.
    pub activity: f64,
    /// Length of the interconnect; `None`: 0.75·√(area of all macros), half a perimeter walk from a port at the edge.
    pub wire_length: Option<Millimetres>,
    /// Energy of one bit through one level of 2:1 multiplexers; `None`: the gate of [`crate::sram::Wire`].
    pub mux_energy: Option<Picojoules>,
    /// Size of the controller; `None`: that of the RTL, as counted ([`Logic::of`]).
    #[serde(default)]
    pub controller: Option<ControllerGates>,
    /// Where the leakage of retention and OFF comes from.
    pub sleep_leakage: SleepLeakage,
    /// Factor on all macro leakage, for sensitivity: characterisations differ by several times.
    pub leakage_scale: f64,
    /// Power of the system without this memory: what a stall costs.
    #[serde(default)]
    pub system_power: Milliwatts,
}

/// Size of the power controller in two-input NANDs, instead of what was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ControllerGates {
    /// For each domain: state machine, timers, counters.
    pub per_domain: u64,
    /// Once: arbiters, address map, registers.
    pub shared: u64,
}

/// Leakage of retention and OFF against ON.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SleepLeakage {
    /// Shares of the leakage in ON.
    Shares {
        /// Retention; never above LIGHT, whose periphery it gates as well.
        retention: f64,
        /// OFF; `None`: 0.05 with lstp periphery, otherwise 0.01.
        off: Option<f64>,
    },
    /// The characterisation's own retention and OFF leakage.
    Characterisation,
}

impl Default for SleepLeakage {
    /// Retention 0.30, bracketed by silicon from 0.10 (ISQED 2004) to 0.65 (CACTI); OFF 0.01 and 0.05, bracketed by 0.004
    /// (IBM 65 nm, 260 times) and 0.08 (AMD Bobcat CC6, −92 %).
    fn default() -> Self {
        SleepLeakage::Shares { retention: 0.30, off: None }
    }
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            kappa: 2.0,
            activity: 0.5,
            wire_length: None,
            mux_energy: None,
            controller: None,
            sleep_leakage: SleepLeakage::default(),
            leakage_scale: 1.0,
            system_power: Milliwatts(0.0),
        }
    }
}

/// A banked memory and what it costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BankedMemory {
    /// Domains, banks, words, ports, latencies.
    pub organisation: Organisation,
    /// Macros of a bank.
    pub macro_shape: MacroShape,
    /// Clock.
    pub clock: Hertz,
    /// Node and device types.
    pub technology: Technology,
    /// Temperature of the chip.
    pub temperature: Kelvin,
    /// Energy of a read in its bank: the macros of one row and the multiplexer between rows.
    pub read_energy: Picojoules,
    /// Energy of a write in its bank.
    pub write_energy: Picojoules,
    /// Energy of an access between port and bank: wires and multiplexers.
    pub interconnect_energy: Picojoules,
    /// Leakage of one domain by state.
    pub power: StatePower,
    /// Rail energy of waking one domain, κ included.
    pub wake: WakeEnergy,
    /// Logic around the macros.
    pub logic: Logic,
    /// Leakage of the interconnect's repeaters and multiplexers, never gated.
    pub interconnect_leakage: Milliwatts,
    /// Leakage of the power controller, never gated.
    pub controller_leakage: Milliwatts,
    /// Power of the system without this memory, spent while it waits.
    pub system_power: Milliwatts,
    /// Area of all macros without sleep transistors.
    pub area: SquareMillimetres,
    /// Area of all macros with sleep transistors.
    pub gated_area: SquareMillimetres,
    /// Length of the interconnect.
    pub wire_length: Millimetres,
    /// Time from clock edge to data at the port: macro and wire.
    pub access_time: Nanoseconds,
    /// Least time between accesses of a bank.
    pub cycle_time: Nanoseconds,
    /// How the macro's characterisation was obtained.
    pub basis: Basis,
}

impl BankedMemory {
    /// Macros of the whole memory.
    pub fn macros(&self) -> u64 {
        let shape = &self.macro_shape;
        let banks = u64::from(self.organisation.domains) * u64::from(self.organisation.interleave);
        banks * u64::from(shape.rows) * u64::from(shape.columns)
    }

    /// Area of the logic around the macros, with the power controller if the memory is gated.
    pub fn logic_area(&self, gated: bool) -> SquareMillimetres {
        let nands = if gated { self.logic.total() } else { self.logic.multiplexers };
        Logic::area(nands, self.technology.node_nm)
    }

    /// Leakage with every domain ON.
    pub fn leakage(&self) -> Milliwatts {
        self.power.on * f64::from(self.organisation.domains) + self.interconnect_leakage + self.controller_leakage
    }
}
