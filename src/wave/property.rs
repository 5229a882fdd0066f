//! What is checked, and the account of passes and failures.

use super::verdict::{Check, Violation};
use crate::ids::DomainId;
use serde::Serialize;

macro_rules! properties {
    ($($variant:ident, $name:literal, $rule:literal;)*) => {
        /// A rule of the power protocol that a waveform is checked against.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum Property {
            $(#[doc = $rule] $variant,)*
        }

        impl Property {
            /// Every property, in the order of reports.
            pub const ALL: &'static [Property] = &[$(Property::$variant,)*];

            /// Stable name.
            pub fn name(self) -> &'static str {
                match self { $(Property::$variant => $name,)* }
            }

            /// The rule in one sentence.
            pub fn rule(self) -> &'static str {
                match self { $(Property::$variant => $rule,)* }
            }
        }
    };
}

properties! {
    Reset, "reset", "In reset every domain is in SW_OFF with the outputs of SW_OFF.";
    Known, "known", "After reset no sampled control signal is unknown.";
    LegalState, "legal-state", "The state code is one of the table.";
    Outputs, "outputs", "Switch, isolation, retention, light and clock enable are those of the state.";
    Transitions, "transitions", "A state is followed by itself or by one that the table allows.";
    Durations, "durations", "A timed state lasts exactly its number of cycles.";
    Acknowledge, "acknowledge", "SW_ON ends with the synchronised acknowledge, SW_OFF with its fall, each in the next cycle.";
    Faults, "faults", "FAULT is entered when the acknowledge is late or lost, at once, and only then.";
    IsolateBeforeSwitch, "isolate-before-switch", "The switch moves only while the domain is isolated, and opens no sooner than T_ISO after that.";
    SettleBeforeRelease, "settle-before-release", "Isolation ends only on an acknowledged rail that has settled, T_RET after retention ended.";
    RetentionIsolated, "retention-isolated", "Retention begins and ends only while the domain is isolated.";
    MaxWaking, "max-waking", "At most MAX_WAKING domains are between SW_ON and the end of SETTLE.";
    OneSlot, "one-slot", "At most one domain a cycle gets a wake slot.";
    Grants, "grants", "A request is granted only while its domain is ON; a domain in FAULT or forced off answers with an error.";
    RequestsHeld, "requests-held", "A request stays, with its address, until it is granted.";
    BankRate, "bank-rate", "A bank grants at most once in BANK_CYCLES cycles.";
    LiveKept, "live-kept", "A domain that holds live data is not put into OFF, unless it is forced.";
    MinimumTimes, "minimum-times", "A domain stays up for T_MIN_ON and down for T_MIN_OFF.";
    Time, "time", "Time increases at every edge, and jumps only when the memory is quiescent, not beyond its next event.";
}

/// Most violations of one property that are kept; the rest is only counted.
const KEPT: usize = 16;

/// Where and when something is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Time in the dump's unit.
    pub(super) time: u64,
    /// Rising edges since the dump or the last reset began.
    pub(super) edge: u64,
    /// `now_i`, or the edge where the dump has no time base.
    pub(super) cycle: u64,
}

/// Passes and failures of every property.
pub(super) struct Ledger {
    checks: Vec<Check>,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self { checks: Property::ALL.iter().map(|property| Check::new(*property)).collect() }
    }

    /// Says that a property cannot be judged, and why.
    pub(super) fn skip(&mut self, property: Property, reason: &str) {
        self.checks[property as usize].skipped = Some(reason.to_owned());
    }

    /// Books one evaluation; `describe` gives message and signal values, and is called only when it is kept.
    pub(super) fn book(
        &mut self,
        property: Property,
        holds: bool,
        place: Place,
        domain: Option<usize>,
        describe: impl FnOnce() -> (String, Vec<(String, String)>),
    ) {
        let check = &mut self.checks[property as usize];
        if check.skipped.is_some() {
            return;
        }
        if holds {
            check.passed += 1;
            return;
        }
        check.failed += 1;
        if check.violations.len() < KEPT {
            let (message, signals) = describe();
            let domain = domain.map(DomainId::from);
            check.violations.push(Violation { time: place.time, cycle: place.cycle, domain, message, signals });
        }
    }

    pub(super) fn into_checks(self) -> Vec<Check> {
        self.checks
    }
}
