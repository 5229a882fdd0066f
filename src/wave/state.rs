//! States of a power domain, as `state_o` codes them, and what each may do.

use crate::power::{Class, ControllerTiming, States};
use serde::Serialize;

/// State of a domain's controller; the discriminant is its code in `state_o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[repr(u8)]
pub enum State {
    /// Powered down.
    Off,
    /// Array at retention voltage.
    Ret,
    /// Waiting for a wake slot.
    Arb,
    /// Switch closed, waiting for the acknowledge.
    SwOn,
    /// Rail settles.
    Settle,
    /// Retention ends.
    Unret,
    /// Isolation is released.
    Uniso,
    /// Serves requests.
    On,
    /// Periphery gated.
    Light,
    /// Periphery wakes.
    LightExit,
    /// Accesses finish.
    Drain,
    /// Isolation is closed.
    Iso,
    /// Retention begins.
    SetRet,
    /// Switch open, waiting for the acknowledge to fall.
    SwOff,
    /// Acknowledge missing or lost.
    Fault,
}

/// Control outputs of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outputs {
    pub(super) sw: bool,
    pub(super) iso_n: bool,
    /// `None`: decided by where the domain came from (ARB, SW_ON, SETTLE) or goes to (SW_OFF).
    pub(super) ret: Option<bool>,
    pub(super) light: bool,
    pub(super) clk: bool,
}

impl State {
    /// Every state, in the order of their codes.
    pub const ALL: [State; 15] = [
        State::Off,
        State::Ret,
        State::Arb,
        State::SwOn,
        State::Settle,
        State::Unret,
        State::Uniso,
        State::On,
        State::Light,
        State::LightExit,
        State::Drain,
        State::Iso,
        State::SetRet,
        State::SwOff,
        State::Fault,
    ];

    /// State of a code, `None` for the one code that no state has.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Name as in the RTL and in waveforms.
    pub fn name(self) -> &'static str {
        const NAMES: [&str; 15] = [
            "OFF",
            "RET",
            "ARB",
            "SW_ON",
            "SETTLE",
            "UNRET",
            "UNISO",
            "ON",
            "LIGHT",
            "LIGHT_EXIT",
            "DRAIN",
            "ISO",
            "SET_RET",
            "SW_OFF",
            "FAULT",
        ];
        NAMES[self as usize]
    }

    /// Class a cycle in this state counts for; ARB counts for where it came from.
    pub fn class(self, from_retention: bool) -> Class {
        match self {
            State::Off => Class::Off,
            State::Ret => Class::Retention,
            State::Arb if from_retention => Class::Retention,
            State::Arb => Class::Off,
            State::Light => Class::Light,
            State::Fault => Class::Fault,
            _ => Class::On,
        }
    }

    /// Whether a domain may stay here for ever with nothing in progress.
    pub(super) fn rests(self) -> bool {
        matches!(self, State::Off | State::Ret | State::On | State::Light | State::Fault)
    }

    /// Whether the domain holds a wake slot.
    pub(super) fn wakes(self) -> bool {
        matches!(self, State::SwOn | State::Settle)
    }

    /// Whether losing the acknowledge leads to FAULT: the switch is closed and was acknowledged.
    pub(super) fn needs_acknowledge(self) -> bool {
        self.outputs().sw && self != State::SwOn
    }

    /// Control outputs.
    pub(super) fn outputs(self) -> Outputs {
        use State::*;
        let (sw, iso_n, ret, light, clk) = match self {
            Off | Fault => (false, false, Some(false), false, false),
            Ret => (false, false, Some(true), false, false),
            Arb | SwOff => (false, false, None, false, false),
            SwOn | Settle => (true, false, None, false, false),
            Unret | Iso => (true, false, Some(false), false, false),
            Uniso | LightExit => (true, true, Some(false), false, false),
            On | Drain => (true, true, Some(false), false, true),
            Light => (true, true, Some(false), true, false),
            SetRet => (true, false, Some(true), false, false),
        };
        Outputs { sw, iso_n, ret, light, clk }
    }

    /// Cycles a timed state lasts; `None` for a state that waits for something else.
    pub(super) fn duration(self, timing: &ControllerTiming, from_retention: bool) -> Option<u64> {
        let cycles = match self {
            State::Settle if from_retention => timing.t_settle_ret,
            State::Settle => timing.t_settle_off,
            State::Unret | State::SetRet => timing.t_ret,
            State::Uniso | State::Iso => timing.t_iso,
            State::LightExit => timing.t_light,
            _ => return None,
        };
        Some(u64::from(cycles.max(1)))
    }

    /// Whether the controller may go from here to `next` in one cycle.
    pub(super) fn may_become(self, next: State, from_retention: bool, present: States) -> bool {
        use State::*;
        let exists = match next {
            Light | LightExit => present.light,
            Ret | SetRet | Unret => present.retention,
            _ => true,
        };
        let listed = match self {
            Off => next == Arb,
            Ret => matches!(next, Off | Arb),
            Arb => matches!(next, Off | SwOn) || next == Ret && from_retention,
            SwOn => matches!(next, Settle | Fault),
            Settle => next == Fault || next == if from_retention { Unret } else { Uniso },
            Unret => matches!(next, Uniso | Fault),
            Uniso | LightExit => matches!(next, On | Fault),
            On => matches!(next, Light | Drain | Fault),
            Light => matches!(next, LightExit | Iso | Fault),
            Drain => matches!(next, On | Iso | Fault),
            Iso => matches!(next, Uniso | SetRet | SwOff | Fault),
            SetRet => matches!(next, Unret | SwOff | Fault),
            SwOff => next == Fault || next == if from_retention { Ret } else { Off },
            Fault => next == SwOff,
        };
        exists && listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_filter_file() {
        assert_eq!(State::from_code(7), Some(State::On));
        assert_eq!(State::from_code(13), Some(State::SwOff));
        assert_eq!(State::from_code(15), None);
        assert!(State::ALL.iter().enumerate().all(|(code, state)| *state as usize == code));
    }
}
