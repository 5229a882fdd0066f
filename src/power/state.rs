//! States of a power domain and what the controller drives in each.

use super::Class;

/// State of a domain's controller. The code of a state in hardware is its position here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum State {
    /// Rail down, contents lost.
    Off,
    /// Rail down, array at retention voltage.
    Ret,
    /// Waits for a slot to wake.
    Arb,
    /// Switch closes; waits for the acknowledge.
    SwOn,
    /// Rail settles.
    Settle,
    /// Retention is left.
    Unret,
    /// Isolation is released.
    Uniso,
    /// Serves requests.
    On,
    /// Periphery gated.
    Light,
    /// LIGHT is left.
    LightExit,
    /// On the way down; waits for the last access.
    Drain,
    /// Isolated.
    Iso,
    /// Retention is entered.
    SetRet,
    /// Switch opens; waits for the acknowledge to fall.
    SwOff,
    /// Acknowledge missing or lost.
    Fault,
}

impl State {
    /// Every state, by its code.
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

    /// Code in the hardware's state vector, 4 bits.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The state with a code; `None` for the one code that is not used.
    pub fn from_code(code: u8) -> Option<State> {
        State::ALL.get(usize::from(code)).copied()
    }

    /// Name as in the state table and in the Verilog.
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
        NAMES[usize::from(self.code())]
    }

    /// Whether the power switch is closed.
    pub fn switch_closed(self) -> bool {
        !matches!(self, State::Off | State::Ret | State::Arb | State::SwOff | State::Fault)
    }

    /// Whether the outputs are not isolated.
    pub fn unisolated(self) -> bool {
        matches!(self, State::Uniso | State::On | State::Light | State::LightExit | State::Drain)
    }

    /// Whether a domain may stay here for as long as it likes.
    pub fn rests(self) -> bool {
        matches!(self, State::Off | State::Ret | State::On | State::Light | State::Fault)
    }

    /// Whether the domain holds one of the MAX_WAKING slots.
    pub fn holds_slot(self) -> bool {
        matches!(self, State::SwOn | State::Settle)
    }

    /// What a cycle in this state counts as; `retained` is the retention control, which tells where ARB came from.
    pub fn class(self, retained: bool) -> Class {
        match self {
            State::Off => Class::Off,
            State::Arb if !retained => Class::Off,
            State::Ret | State::Arb => Class::Retention,
            State::Light => Class::Light,
            State::Fault => Class::Fault,
            _ => Class::On,
        }
    }
}
