//! The interface to a characterisation: what is asked, what is answered.

use super::Technology;
use super::evidence::{Basis, EvidenceSet, Metric};
use crate::error::Result;
use crate::units::{Bytes, Kelvin, Milliwatts, Nanoseconds, Picojoules, SquareMillimetres};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Ports of a macro.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Ports {
    /// One port that reads or writes (1RW).
    #[serde(rename = "1rw")]
    SingleReadWrite,
    /// One port that reads and one that writes (1R1W).
    #[serde(rename = "1r1w")]
    ReadAndWrite,
    /// Two ports that each read or write (2RW).
    #[serde(rename = "2rw")]
    DualReadWrite,
}

impl Ports {
    /// Every port configuration with its name in tables and options.
    pub const NAMES: [(&str, Ports); 3] =
        [("1rw", Ports::SingleReadWrite), ("1r1w", Ports::ReadAndWrite), ("2rw", Ports::DualReadWrite)];
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::NAMES.iter().find(|(_, ports)| ports == self).map_or("", |n| n.0))
    }
}

/// What is asked: one macro.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MacroSpec {
    /// Capacity.
    pub capacity: Bytes,
    /// Bits of a word.
    pub word_bits: u32,
    /// Ports.
    pub ports: Ports,
    /// Node and device types.
    pub technology: Technology,
    /// Temperature of the chip.
    pub temperature: Kelvin,
}

/// Leakage of a macro that is ON, by the part that leaks.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Leakage {
    /// Sub-threshold leakage of the cells.
    pub cells: Milliwatts,
    /// Of the row periphery: decoders, word line drivers.
    pub row: Milliwatts,
    /// Of the column periphery: precharge, sense amplifiers, write drivers, multiplexers.
    pub column: Milliwatts,
    /// Gate leakage of everything.
    pub gate: Milliwatts,
}

impl Leakage {
    /// The whole macro.
    pub fn total(&self) -> Milliwatts {
        self.cells + self.row + self.column + self.gate
    }

    /// What is left when the row and column periphery is gated: the state LIGHT.
    pub fn without_periphery(&self) -> Milliwatts {
        self.cells + self.gate
    }
}

/// Energy of charging the rails of a whole macro (C·Vdd·ΔV, drain capacitance alone: κ = 1).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct WakeEnergies {
    /// Periphery rail from ground: from LIGHT.
    pub light: Picojoules,
    /// Array and periphery from their retention voltages.
    pub retention: Picojoules,
    /// Array and periphery from ground: from OFF.
    pub off: Picojoules,
}

/// What is answered: one macro.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MacroPoint {
    /// Energy of reading a word.
    pub read_energy: Picojoules,
    /// Energy of writing a word.
    pub write_energy: Picojoules,
    /// Time from clock edge to data.
    pub access_time: Nanoseconds,
    /// Least time between accesses; never interpolated, the worse neighbour is taken.
    pub cycle_time: Nanoseconds,
    /// Leakage when ON.
    pub leakage: Leakage,
    /// Leakage in retention as the characterisation has it.
    pub retention_leakage: Milliwatts,
    /// Leakage through the sleep transistors when OFF, as the characterisation has it.
    pub off_leakage: Milliwatts,
    /// Energies of waking.
    pub wake: WakeEnergies,
    /// Area without sleep transistors.
    pub area: SquareMillimetres,
    /// Area with sleep transistors.
    pub gated_area: SquareMillimetres,
    /// How the weakest of its numbers was obtained.
    pub basis: Basis,
    /// Where each number comes from.
    pub evidence: EvidenceSet,
}

impl MacroPoint {
    /// One number, in the unit that [`Metric`] states.
    pub fn value(&self, metric: Metric) -> f64 {
        match metric {
            Metric::ReadEnergy => self.read_energy.0,
            Metric::WriteEnergy => self.write_energy.0,
            Metric::AccessTime => self.access_time.0,
            Metric::CycleTime => self.cycle_time.0,
            Metric::Leakage => self.leakage.total().0,
            Metric::LightLeakage => self.leakage.without_periphery().0,
            Metric::RetentionLeakage => self.retention_leakage.0,
            Metric::OffLeakage => self.off_leakage.0,
            Metric::Area => self.area.0,
            Metric::GatedArea => self.gated_area.0,
            Metric::WakeLight => self.wake.light.0,
            Metric::WakeRetention => self.wake.retention.0,
            Metric::WakeOff => self.wake.off.0,
        }
    }
}

/// Where a characterisation comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Provenance {
    /// Short name, shown with results.
    pub name: String,
    /// Tool and settings that made it.
    pub source: String,
    /// BLAKE3 digest of its data, in hexadecimal.
    pub digest: String,
    /// What was corrected, refused or assumed.
    pub notes: Vec<String>,
}

/// A source of characterisations.
pub trait SramModel: Sync {
    /// Characterises one macro.
    ///
    /// # Errors
    /// A technology, size or temperature that the source does not cover; the message says what it covers.
    fn characterise(&self, spec: &MacroSpec) -> Result<MacroPoint>;

    /// Whether the source has anything on a technology at a temperature, so that a wrong name is one error and not one a size.
    ///
    /// # Errors
    /// As [`Self::characterise`], for a macro that every table has: 64 KiB in words of 128 bits.
    fn check(&self, technology: Technology, temperature: Kelvin) -> Result<()> {
        let (capacity, ports) = (Bytes(64 << 10), Ports::SingleReadWrite);
        self.characterise(&MacroSpec { capacity, word_bits: 128, ports, technology, temperature }).map(|_| ())
    }

    /// Where the answers come from.
    fn provenance(&self) -> Provenance;
}
