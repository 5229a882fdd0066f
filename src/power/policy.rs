//! Gating policies: an enum, because each one exists three times (estimate and prediction, reference model, Verilog).

use super::StartTable;
use crate::units::Cycles;
use serde::{Deserialize, Serialize};

/// When a domain is put to sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Always ON.
    Never,
    /// To the deepest allowed state in the first idle cycle: `timeout` with threshold 1 in every state present.
    Immediate,
    /// Deeper step by step as idleness grows; `None` leaves a state out.
    Timeout {
        /// Idle cycles to LIGHT.
        light: Option<Cycles>,
        /// Idle cycles to retention.
        retention: Option<Cycles>,
        /// Idle cycles to OFF.
        off: Option<Cycles>,
    },
    /// ON exactly while the domain holds live data.
    Mask,
    /// Told by the tables of a schedule; where nothing is told, deeper step by step as idleness grows.
    Scheduled {
        /// Entries of a table at most, 1 to [`super::SCHEDULE_DEPTH`].
        depth: u32,
        /// Idle cycles to LIGHT.
        light: Option<Cycles>,
        /// Idle cycles to retention.
        retention: Option<Cycles>,
        /// Idle cycles to OFF.
        off: Option<Cycles>,
    },
}

/// Sleep states that the hardware has besides ON and OFF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct States {
    /// Periphery gated.
    pub light: bool,
    /// Array at retention voltage.
    pub retention: bool,
}

impl Policy {
    /// Entries that a table of the schedule player holds; 0: there is no player.
    pub fn schedule_depth(&self) -> u32 {
        match *self {
            Policy::Scheduled { depth, .. } => depth,
            _ => 0,
        }
    }

    /// Those of some tables that are played: none without a schedule player.
    pub fn played<'t>(&self, tables: &'t [StartTable]) -> &'t [StartTable] {
        if self.schedule_depth() > 0 { tables } else { &[] }
    }

    /// Idle thresholds `[light, retention, off]` that the controller gets, 0 = disabled.
    pub fn thresholds(&self, states: States) -> [Cycles; 3] {
        let value =
            |present: bool, cycles: Option<Cycles>| if present { cycles.unwrap_or(Cycles::ZERO) } else { Cycles::ZERO };
        match *self {
            Policy::Never | Policy::Mask => [Cycles::ZERO; 3],
            Policy::Immediate => {
                [value(states.light, Some(Cycles(1))), value(states.retention, Some(Cycles(1))), Cycles(1)]
            }
            Policy::Timeout { light, retention, off } | Policy::Scheduled { light, retention, off, .. } => {
                [value(states.light, light), value(states.retention, retention), value(true, off)]
            }
        }
    }
}
