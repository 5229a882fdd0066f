//! The result of a check.

use super::{Marker, Property};
use crate::ids::DomainId;
use crate::power::Activity;
use serde::Serialize;

/// What a waveform shows.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Verdict {
    /// Scope of the memory in the dump, joined by dots.
    pub scope: String,
    /// Rising clock edges outside reset that were sampled.
    pub edges: u64,
    /// First and last sampled value of the time base inside the window.
    pub cycles: (u64, u64),
    /// Time of the first and the last edge, in the dump's unit.
    pub times: (u64, u64),
    /// Time of the first wake through the switch, and the domain.
    pub first_wake: Option<(u64, DomainId)>,
    /// Every property with its account.
    pub checks: Vec<Check>,
    /// Counted from the dump, over the window.
    pub activity: Activity,
    /// Which parts of `activity` the dump's signals allow.
    pub counted: Counted,
}

/// Which parts of the activity could be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Counted {
    /// Class times and transitions: always.
    pub states: bool,
    /// Stalls per port and domain: needs `req_i`, `gnt_o`, `addr_i`.
    pub stalls: bool,
    /// Reads and writes: needs also `we_i`.
    pub accesses: bool,
}

/// Account of one property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Check {
    /// The property.
    pub property: Property,
    /// Evaluations that held.
    pub passed: u64,
    /// Evaluations that did not.
    pub failed: u64,
    /// Why it could not be judged, if so.
    pub skipped: Option<String>,
    /// The first violations.
    pub violations: Vec<Violation>,
}

/// One failed evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Violation {
    /// Time in the dump's unit.
    pub time: u64,
    /// Cycle: `now_i`, or the edge where the dump has none.
    pub cycle: u64,
    /// The domain, where one is concerned.
    pub domain: Option<DomainId>,
    /// What is wrong and what was expected.
    pub message: String,
    /// Signals and their values at that edge.
    pub signals: Vec<(String, String)>,
}

impl Check {
    pub(super) fn new(property: Property) -> Self {
        Self { property, passed: 0, failed: 0, skipped: None, violations: Vec::new() }
    }
}

impl Verdict {
    /// Whether no property failed.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.failed == 0)
    }

    /// Account of one property.
    pub fn check(&self, property: Property) -> &Check {
        &self.checks[property as usize]
    }

    /// Earliest violation of all.
    pub fn first(&self) -> Option<(Property, &Violation)> {
        let all = self.checks.iter().filter_map(|check| check.violations.first().map(|v| (check.property, v)));
        all.min_by_key(|(_, violation)| violation.time)
    }

    /// What a waveform viewer should point at: the first wake and the first violation.
    pub fn markers(&self) -> Vec<Marker> {
        let wake = self.first_wake.map(|(time, domain)| Marker { time, name: format!("wake {domain}") });
        let first = self.first().map(|(property, v)| Marker { time: v.time, name: property.name().to_owned() });
        wake.into_iter().chain(first).collect()
    }

    /// Differences from counters of the same stretch, one line each; empty when they agree.
    ///
    /// Compares only what the dump allows to count.
    pub fn differences(&self, counters: &Activity) -> Vec<String> {
        let mut lines = Vec::new();
        compare(&mut lines, "cycles", self.activity.cycles, counters.cycles);
        compare(&mut lines, "domains", self.activity.domains.len(), counters.domains.len());
        for (d, (seen, told)) in self.activity.domains.iter().zip(&counters.domains).enumerate() {
            compare(&mut lines, &format!("d{d}: class cycles"), seen.class_cycles, told.class_cycles);
            compare(&mut lines, &format!("d{d}: transitions"), seen.transitions, told.transitions);
            if self.counted.stalls {
                let stalls = |x: &crate::power::DomainActivity| (x.stall_wake, x.stall_conflict);
                compare(&mut lines, &format!("d{d}: stalls (wake, conflict)"), stalls(seen), stalls(told));
            }
            if self.counted.accesses {
                let accesses = |x: &crate::power::DomainActivity| (x.reads, x.writes);
                compare(&mut lines, &format!("d{d}: accesses (reads, writes)"), accesses(seen), accesses(told));
            }
        }
        if self.counted.stalls {
            compare(&mut lines, "ports", &self.activity.ports, &counters.ports);
        }
        lines
    }
}

fn compare<T: PartialEq + std::fmt::Debug>(lines: &mut Vec<String>, what: &str, seen: T, told: T) {
    if seen != told {
        lines.push(format!("{what}: waveform {seen:?}, counters {told:?}"));
    }
}
