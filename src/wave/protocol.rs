//! What the state table says about each state of a domain: outputs, duration, successors.
//!
//! Written from the table alone and apart from the reference model, which a waveform may well come from.

use crate::power::{ControllerTiming, State, States};

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

/// The table, asked of a state.
pub(super) trait Protocol: Sized {
    /// Whether losing the acknowledge leads to FAULT: the switch is closed and was acknowledged.
    fn needs_acknowledge(self) -> bool;
    /// Control outputs.
    fn outputs(self) -> Outputs;
    /// Cycles a timed state lasts; `None` for a state that waits for something else.
    fn duration(self, timing: &ControllerTiming, from_retention: bool) -> Option<u64>;
    /// Whether the controller may go from here to `next` in one cycle.
    fn may_become(self, next: State, from_retention: bool, present: States) -> bool;
}

impl Protocol for State {
    fn needs_acknowledge(self) -> bool {
        self.outputs().sw && self != State::SwOn
    }

    fn outputs(self) -> Outputs {
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

    fn duration(self, timing: &ControllerTiming, from_retention: bool) -> Option<u64> {
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

    fn may_become(self, next: State, from_retention: bool, present: States) -> bool {
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
