//! The files around the Verilog: file list, description, bench.

use super::description::MemoryDescription;
use super::modules::{MODULES, REGISTERS};
use super::registers;
use crate::power::{BusFront, Design, Policy};
use crate::{Error, Result};
use minijinja::{Environment, UndefinedBehavior, Value, context};
use std::path::PathBuf;

const README: &str = include_str!("templates/README.md.txt");
const BENCH: &str = include_str!("templates/pgsram_tb.v.txt");

/// File list, description and bench of a design, as paths and contents.
pub(super) fn texts(design: &Design, memory: &MemoryDescription) -> Result<Vec<(String, String)>> {
    Ok(vec![
        ("filelist.f".into(), file_list(&memory.top, design.bus)),
        ("README.md".into(), render(README, design, memory)?),
        ("tb/pgsram_tb.v".into(), render(BENCH, design, memory)?),
    ])
}

fn file_list(top: &str, bus: BusFront) -> String {
    let front = bus.suffix().map(|suffix| format!("{top}_{suffix}.v"));
    let modules = MODULES
        .iter()
        .map(|module| module.file.to_string())
        .chain([format!("{REGISTERS}.v"), format!("{top}.v")])
        .chain(front);
    modules.map(|file| format!("rtl/{file}\n")).collect()
}

fn render(template: &str, design: &Design, memory: &MemoryDescription) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let failed = |e: minijinja::Error| Error::Artefact { path: PathBuf::from("template"), message: format!("{e:#}") };
    Ok(environment.render_str(template, values(design, memory)).map_err(failed)? + "\n")
}

/// What the templates refer to.
fn values(design: &Design, memory: &MemoryDescription) -> Value {
    let (organisation, switch, map) = (&design.organisation, design.switch, &memory.address_map);
    let address_bits = (map.domain.lsb + map.domain.bits).max(1);
    let wakes = memory.wake_latency.iter();
    context! {
        top => memory.top.as_str(),
        front => design.bus.suffix().map(|suffix| format!("{}_{suffix}", memory.top)),
        capacity => design.capacity.human(),
        clock_mhz => design.clock.0 as f64 / 1e6,
        domains => organisation.domains,
        interleave => organisation.interleave,
        ports => organisation.ports,
        word_bits => organisation.word_bits,
        domain_words => organisation.domain_words,
        read_latency => organisation.read_latency,
        time_bits => design.time_bits,
        registers => design.registers,
        scheduled => design.policy.schedule_depth() > 0,
        offsets => registers::offsets(),
        threshold_off => design.policy.thresholds(design.states)[2].0 & 0xffff_ffff,
        address_bits,
        t_ack_off => switch.t_ack_off,
        t_ack_ret => switch.t_ack_ret,
        t_ack_fall => switch.t_ack_fall,
        stall_from_off => design.timing.wake_from_off(switch),
        wakes => wakes.map(|(state, span)| context! { state, cycles => span.cycles, ns => span.nanoseconds }).collect::<Vec<_>>(),
        sleeps_off => u32::from(sleeps_off(design)),
        starts_off => u32::from(starts_off(design)),
        spare_addresses => u32::from(map.words < 1 << address_bits),
    }
}

/// Whether domains that nobody has used rest in OFF: after reset every enabled threshold counts as reached, and a schedule
/// player has told them so.
fn starts_off(design: &Design) -> bool {
    !design.reset_on && (sleeps_off(design) || design.policy.schedule_depth() > 0)
}

/// Whether an idle domain without live data ends up OFF, at once or by way of LIGHT and retention.
fn sleeps_off(design: &Design) -> bool {
    let [_, _, off] = design.policy.thresholds(design.states);
    matches!(design.policy, Policy::Mask) || off.0 > 0
}
