//! The sleep states, and what each costs a domain.

use super::{Class, ControllerTiming, SwitchDelays};
use crate::sram::WakeTimes;
use crate::units::{Cycles, Hertz, Milliwatts, Picojoules};
use serde::{Deserialize, Serialize};

/// A state below ON, ascending in depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sleep {
    /// Periphery gated, contents kept.
    Light,
    /// Array at retention voltage, contents kept.
    Retention,
    /// Powered down, contents lost.
    Off,
}

impl Sleep {
    /// Every sleep state, ascending in depth.
    pub const ALL: [Sleep; 3] = [Sleep::Light, Sleep::Retention, Sleep::Off];

    /// Class its cycles are counted in.
    pub fn class(self) -> Class {
        match self {
            Sleep::Light => Class::Light,
            Sleep::Retention => Class::Retention,
            Sleep::Off => Class::Off,
        }
    }

    /// Position in [`Self::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

/// A value for each sleep state, in the order of [`Sleep::ALL`].
pub type PerSleep<T> = [T; 3];

/// Leakage of one domain in each state.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StatePower {
    /// ON, and on the way up or down.
    pub on: Milliwatts,
    /// Asleep, in the order of [`Sleep::ALL`].
    pub asleep: PerSleep<Milliwatts>,
}

impl StatePower {
    /// Leakage in a class; a domain in FAULT is charged as ON.
    pub fn of(&self, class: Class) -> Milliwatts {
        match class {
            Class::On | Class::Fault => self.on,
            Class::Light => self.asleep[0],
            Class::Retention => self.asleep[1],
            Class::Off => self.asleep[2],
        }
    }
}

/// Rail energy of waking one domain from each state, κ included, in the order of [`Sleep::ALL`].
pub type WakeEnergy = PerSleep<Picojoules>;

/// Cycles spent ON on the way into and out of each state, in the order of [`Sleep::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransitionCycles {
    /// From ON to the state.
    pub into: PerSleep<u64>,
    /// From the rise of the switch (or LIGHT_EXIT) to ON.
    pub out: PerSleep<u64>,
}

impl TransitionCycles {
    /// Uncontended times of the controller's states, from its table: DRAIN and the deciding cycle, ISO, SET_RET, SW_OFF on the
    /// way down; SW_ON, SETTLE, UNRET, UNISO on the way up. The cycle of the request and ARB still count as asleep.
    pub fn of(timing: &ControllerTiming, delays: SwitchDelays) -> Self {
        let at_least = |t: u32| u64::from(t.max(1));
        let down = 2 + at_least(timing.t_iso) + u64::from(delays.t_ack_fall) + u64::from(timing.sync_stages);
        Self {
            into: [0, down + at_least(timing.t_ret), down],
            out: [at_least(timing.t_light), timing.wake_from_ret(delays) - 2, timing.wake_from_off(delays) - 2],
        }
    }

    /// Both ways.
    pub fn both(&self, state: Sleep) -> Cycles {
        Cycles(self.into[state.index()] + self.out[state.index()])
    }
}

/// Part of the time between switch and settled rail that passes before the acknowledge.
const ACKNOWLEDGE_SHARE: (u64, u64) = (2, 3);

impl WakeTimes {
    /// Controller times whose uncontended stalls are these times, rounded up: what is not fixed overhead of the controller is
    /// split into T_ACK (two thirds) and T_SETTLE. SYNC_STAGES 2, MAX_WAKING 1, T_ISO 1, T_RET 1, T_ACK_FALL 2, no minimum times.
    pub fn timing(&self, clock: Hertz) -> (ControllerTiming, SwitchDelays) {
        let cycles = |time| clock.cycles_covering(time, 1).0;
        let split = |total: u64, overhead: u64| {
            let rail = total.saturating_sub(overhead).max(2);
            let acknowledge = (rail * ACKNOWLEDGE_SHARE.0 / ACKNOWLEDGE_SHARE.1).max(1);
            (acknowledge as u32, (rail - acknowledge).max(1) as u32)
        };
        let (sync_stages, t_iso, t_ret) = (2, 1, 1);
        let (t_ack_off, t_settle_off) = split(cycles(self.off), 3 + sync_stages + t_iso);
        let (t_ack_ret, t_settle_ret) = split(cycles(self.retention), 3 + sync_stages + t_iso + t_ret);
        let timing = ControllerTiming {
            t_iso: t_iso as u32,
            t_settle_off,
            t_settle_ret,
            t_ret: t_ret as u32,
            t_light: cycles(self.light).saturating_sub(1).max(1) as u32,
            t_ack_max: 4 * (t_ack_off.max(t_ack_ret) + sync_stages as u32),
            t_min_on: 0,
            t_min_off: 0,
            max_waking: 1,
            sync_stages: sync_stages as u32,
        };
        (timing, SwitchDelays { t_ack_off, t_ack_ret, t_ack_fall: 2 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Nanoseconds;

    #[test]
    fn the_stalls_are_the_wake_times() {
        let (timing, delays) = WakeTimes::default().timing(Hertz(1_000_000_000));
        assert_eq!(timing.wake_from_off(delays), 20);
        assert_eq!(timing.wake_from_ret(delays), 10);
        assert_eq!(timing.wake_from_light(), 2);
        let slow = WakeTimes { light: Nanoseconds(5.0), retention: Nanoseconds(50.0), off: Nanoseconds(1000.0) };
        let (timing, delays) = slow.timing(Hertz(500_000_000));
        assert_eq!(timing.wake_from_off(delays), 500);
        assert_eq!(timing.wake_from_ret(delays), 25);
        assert_eq!(timing.wake_from_light(), 3);
    }
}
