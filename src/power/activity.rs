//! What prediction, reference model and RTL count, and must count alike.

use crate::units::Cycles;
use serde::{Deserialize, Serialize};

/// Class of a cycle of a domain, by its registered state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Class {
    /// Powered down, contents lost.
    Off,
    /// Array at retention voltage.
    Retention,
    /// Periphery gated, contents kept.
    Light,
    /// Acknowledge missing or lost.
    Fault,
    /// Everything else: on, and on the way up or down.
    On,
}

impl Class {
    /// Every class, in the order of the RTL's counters.
    pub const ALL: [Class; 5] = [Class::Off, Class::Retention, Class::Light, Class::Fault, Class::On];

    /// Name as in tables.
    pub fn name(self) -> &'static str {
        match self {
            Class::Off => "OFF",
            Class::Retention => "RET",
            Class::Light => "LIGHT",
            Class::Fault => "FAULT",
            Class::On => "ON",
        }
    }
}

/// Transitions of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Transitions {
    /// Wakes from OFF, at the rise of the switch.
    pub off_on: u64,
    /// Wakes from retention, at the rise of the switch.
    pub ret_on: u64,
    /// Arrivals in OFF through the fall of the switch.
    pub on_off: u64,
    /// Arrivals in retention through the fall of the switch.
    pub on_ret: u64,
    /// Retention given up.
    pub ret_off: u64,
    /// Light sleeps begun.
    pub on_light: u64,
    /// Light sleeps ended towards ON.
    pub light_on: u64,
    /// Ways down that turned back.
    pub aborted: u64,
}

/// Counters of one domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DomainActivity {
    /// Cycles by [`Class`], in its order; they sum to the elapsed cycles.
    pub class_cycles: [Cycles; 5],
    /// Transitions.
    pub transitions: Transitions,
    /// Granted reads.
    pub reads: u64,
    /// Granted writes.
    pub writes: u64,
    /// Port-cycles stalled because the domain was not ON.
    pub stall_wake: u64,
    /// Port-cycles stalled by a bank conflict or a busy bank.
    pub stall_conflict: u64,
}

/// Counters of one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PortActivity {
    /// Cycles stalled because the domain was not ON.
    pub stall_wake: u64,
    /// Cycles stalled by a bank conflict or a busy bank.
    pub stall_conflict: u64,
}

/// Everything that is counted over one stimulus.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Activity {
    /// Length T: latency of the stimulus, stalls included.
    pub cycles: Cycles,
    /// Per power domain.
    pub domains: Vec<DomainActivity>,
    /// Per port.
    pub ports: Vec<PortActivity>,
}
