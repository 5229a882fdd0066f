//! Wires between macros, and the gates that drive and select them.

use super::columns::Lines;
use super::temperature::TemperatureTable;
use super::{Device, Technology};
use crate::diagnostic::{Diagnostic, Source};
use crate::error::{Error, Result};
use crate::units::{Kelvin, Milliwatts, Nanoseconds, Picojoules};
use std::sync::{Arc, LazyLock};

/// Capacitance that switches for each micrometre of leaking transistor width, in fF/µm.
///
/// From the two repeater choices of `wires.csv` at 22 nm hp: the delay-optimal wire spends 0.1243 pJ/bit/mm and 8.288 µW/mm
/// more than the lean one. At I_off = 0.215 µA/µm (CACTI's 22 nm hp at 350 K) and 0.8 V the latter are 48.2 µm of leaking
/// width a millimetre, so 0.1243 pJ / (48.2 µm · 0.64 V²) = 4.03 fF/µm.
const CAPACITANCE_FF_PER_UM: f64 = 4.03;

/// Leaking width of a two-input gate or of one bit of a 2:1 multiplexer, in feature sizes.
///
/// An assumption: minimum-strength standard cells have 8 to 14 F a transistor, and about half of the width leaks at a time.
const GATE_WIDTH_F: f64 = 16.0;

/// A global wire with repeaters 30 % slower than the fastest: the best energy that CACTI trusts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wire {
    /// Energy of switching one bit over one millimetre.
    pub energy_per_bit_mm: Picojoules,
    /// Delay of one millimetre.
    pub delay_per_mm: Nanoseconds,
    /// Leakage of the repeaters of one wire of one millimetre, at the temperature.
    pub leakage_per_mm: Milliwatts,
    /// The gates at its ends.
    pub gate: Gate,
}

/// A two-input gate, or one bit of a 2:1 multiplexer, of minimum strength.
///
/// Switching energy is C·Vdd² of its width; leakage follows from the energy by the ratio of the two repeater choices
/// (what a wire gains in energy with smaller repeaters against what it gains in leakage), which is a property of the transistors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// Energy of one transition.
    pub switching_energy: Picojoules,
    /// Leakage at the temperature.
    pub leakage: Milliwatts,
}

/// One row of the table: delay, energy, leakage a millimetre at 350 K.
#[derive(Debug, Clone, Copy)]
struct Row {
    delay_ns: f64,
    energy_pj: f64,
    leak_uw: f64,
}

static WIRES: LazyLock<Arc<Source>> =
    LazyLock::new(|| Source::new("models/sram/wires.csv", include_str!("../../models/sram/wires.csv")));

fn row(node_nm: u32, device: Device, repeaters: &str) -> Result<Option<Row>> {
    for line in Lines::new(&WIRES)? {
        let named = Device::named(line.text("device")?).ok_or_else(|| line.refuse("device", "hp, lstp or lop"))?;
        if line.whole("tech_nm")? == node_nm && named == device && line.text("repeaters")? == repeaters {
            let delay_ns = line.number("delay_ns_per_mm")?;
            let (energy_pj, leak_uw) = (line.number("energy_pj_per_bit_mm")?, line.number("leak_uw_per_mm_wire")?);
            return Ok(Some(Row { delay_ns, energy_pj, leak_uw }));
        }
    }
    Ok(None)
}

/// Wires and gates in the periphery's device type.
///
/// # Errors
/// A technology that is not in the table, or a temperature outside 300 to 400 K.
pub fn wire(technology: Technology, temperature: Kelvin) -> Result<Wire> {
    let (node, device) = (technology.node_nm, technology.periphery);
    let missing = || Error::input(Diagnostic::new("not-characterised", format!("there are no wires for {technology}")));
    let lean = row(node, device, "lean")?.ok_or_else(missing)?;
    let fast = row(node, device, "fast")?.ok_or_else(missing)?;
    let macros = super::embedded::macros()?;
    let supply = macros.supply(Technology::uniform(node, device)).ok_or_else(missing)?;
    let heat = temperatures()?.factors(node, device, temperature, false)?.sub_threshold;
    let milliwatts = |uw: f64| Milliwatts(uw * 1e-3 * heat);
    let width_um = GATE_WIDTH_F * f64::from(node) * 1e-3;
    let switching = CAPACITANCE_FF_PER_UM * width_um * supply * supply * 1e-3;
    let leak_per_pj = (fast.leak_uw - lean.leak_uw) / (fast.energy_pj - lean.energy_pj);
    Ok(Wire {
        energy_per_bit_mm: Picojoules(lean.energy_pj),
        delay_per_mm: Nanoseconds(lean.delay_ns),
        leakage_per_mm: milliwatts(lean.leak_uw),
        gate: Gate { switching_energy: Picojoules(switching), leakage: milliwatts(switching * leak_per_pj) },
    })
}

fn temperatures() -> Result<&'static TemperatureTable> {
    super::embedded::temperatures()
}
