//! Times of the power controller, in cycles.

use serde::{Deserialize, Serialize};

/// Parameters of the controller; the names are those of the Verilog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ControllerTiming {
    /// Isolation on or off.
    pub t_iso: u32,
    /// Rail settles after OFF.
    pub t_settle_off: u32,
    /// Rail settles after retention.
    pub t_settle_ret: u32,
    /// Retention entered or left.
    pub t_ret: u32,
    /// LIGHT left.
    pub t_light: u32,
    /// Longest wait for an acknowledge before FAULT.
    pub t_ack_max: u32,
    /// Least time ON.
    pub t_min_on: u32,
    /// Least time OFF or in retention.
    pub t_min_off: u32,
    /// Domains between SW_ON and the end of SETTLE at a time.
    pub max_waking: u32,
    /// Flip-flops of the acknowledge synchroniser.
    pub sync_stages: u32,
}

/// Delays of the power switch in replays, cycles from `sw` to the acknowledge pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SwitchDelays {
    /// Rise after OFF.
    pub t_ack_off: u32,
    /// Rise after retention.
    pub t_ack_ret: u32,
    /// Fall.
    pub t_ack_fall: u32,
}

impl ControllerTiming {
    /// Stall of an access to an uncontended domain in OFF: `3 + T_ACK_OFF + SYNC_STAGES + T_SETTLE_OFF + T_ISO`.
    pub fn wake_from_off(&self, delays: SwitchDelays) -> u64 {
        3 + sum([delays.t_ack_off, self.sync_stages, self.t_settle_off.max(1), self.t_iso.max(1)])
    }

    /// Stall of an access to an uncontended domain in retention: as from OFF, plus T_RET.
    pub fn wake_from_ret(&self, delays: SwitchDelays) -> u64 {
        3 + sum([delays.t_ack_ret, self.sync_stages, self.t_settle_ret.max(1), self.t_ret.max(1), self.t_iso.max(1)])
    }

    /// Stall of an access to a domain in LIGHT: `1 + T_LIGHT`.
    pub fn wake_from_light(&self) -> u64 {
        1 + u64::from(self.t_light.max(1))
    }
}

fn sum<const N: usize>(cycles: [u32; N]) -> u64 {
    cycles.into_iter().map(u64::from).sum()
}
