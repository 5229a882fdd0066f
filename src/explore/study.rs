//! What is to be tried: the checked study.

use crate::error::Result;
use crate::power::place::Rule;
use crate::power::{Assumptions, OrganisationSpec, Policy, SCHEDULE_DEPTH, States, WakeTimes};
use crate::sram::{Characterisation, Ports, SramModel, Technology};
use crate::units::{Bytes, Cycles, Hertz, Kelvin, Nanoseconds};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is to be tried. Every combination is one design point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Study {
    /// Capacities of the memory.
    pub capacities: Vec<Bytes>,
    /// Numbers of power domains; empty: every mappable number from 1 to 64.
    pub domains: Vec<u32>,
    /// Interleaved banks of a domain.
    pub interleave: Vec<u32>,
    /// Usable fills of a domain, for the ideal placement alone.
    pub alpha: Vec<f64>,
    /// How lifetimes are given addresses.
    pub placements: Vec<PlacementRule>,
    /// Gating policies.
    pub policies: Vec<PolicyRule>,
    /// Sleep states of the hardware besides OFF.
    pub states: States,
    /// Nodes and device types.
    pub technologies: Vec<Technology>,
    /// Workloads that share the memory, one inference each; empty: every run that is given.
    pub workloads: Vec<String>,
    /// Inferences of each workload in the mix that the mean energy is of, in the order of `workloads`; empty: one of each.
    #[serde(default)]
    pub weights: Vec<f64>,
    /// What the Pareto front is over, most important first.
    pub objectives: Vec<Objective>,
    /// One inference a period, the rest idle; `None`: back to back. Each has a front and winners of its own.
    pub periods: Vec<Option<Nanoseconds>>,
    /// Temperature of the chip.
    pub temperature: Kelvin,
    /// Smallest macro, unless a bank is smaller.
    pub macro_min: Bytes,
    /// Largest macro.
    pub macro_max: Bytes,
    /// Ports of a macro. Others than one that reads or writes are estimated alone: there is no RTL for them.
    #[serde(default)]
    pub macro_ports: Ports,
    /// On-chip memory of the accelerator; `None`: the only one.
    pub memory: Option<String>,
    /// Times from request to grant of a sleeping domain.
    pub wake: WakeTimes,
    /// What is assumed besides the characterisation.
    pub assumptions: Assumptions,
    /// Whether sizes outside the characterisation are extrapolated.
    pub extrapolate: bool,
    /// Where macros are characterised.
    #[serde(default)]
    pub characterisation: Characterisation,
}

/// How lifetimes are given addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlacementRule {
    /// A bound: occupancy fills domains from the first, at a usable fill α.
    Ideal,
    /// Real addresses.
    #[serde(untagged)]
    Placed(Rule),
}

/// A gating policy whose thresholds may depend on the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyRule {
    /// Always ON.
    Never,
    /// To the deepest allowed state in the first idle cycle.
    Immediate,
    /// Deeper step by step as idleness grows.
    Timeout {
        /// Idle time to LIGHT.
        light: Option<Threshold>,
        /// Idle time to retention.
        retention: Option<Threshold>,
        /// Idle time to OFF.
        off: Option<Threshold>,
    },
    /// Asleep in the gaps that save most, woken just in time, by a table for each start event.
    Scheduled,
    /// ON exactly while the domain holds live data.
    Mask,
}

/// An idle time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Threshold {
    /// So many cycles, at least 1.
    Cycles(u64),
    /// The break-even time of the state in the memory at hand.
    BreakEven,
}

/// What a front is over; all are minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// Energy of one inference of each workload.
    Energy,
    /// Energy of an inference, the mean over the mix.
    MeanEnergy,
    /// Energy of an inference of the workload that needs most.
    WorstEnergy,
    /// Area of the macros.
    Area,
    /// Cycles of one inference of each workload.
    Latency,
}

impl Study {
    /// Temperature unless the study says otherwise: 350 K, a warm chip, where leakage is 2 to 30 times that at room temperature.
    pub const TEMPERATURE: Kelvin = Kelvin(350.0);

    /// Whether there is RTL for its memories: that of macros with one port.
    pub fn has_rtl(&self) -> bool {
        self.macro_ports == Ports::SingleReadWrite
    }

    /// The source of characterisations that the study names.
    ///
    /// # Errors
    /// As [`Characterisation::open`].
    pub fn model(&self) -> Result<Box<dyn SramModel>> {
        self.characterisation.open(&self.technologies, self.extrapolate)
    }

    /// The builder's question for one geometry.
    pub fn organisation(
        &self,
        capacity: Bytes,
        split: (u32, u32),
        technology: Technology,
        port: PortShape,
    ) -> OrganisationSpec {
        OrganisationSpec {
            capacity,
            domains: split.0,
            interleave: split.1,
            ports: port.ports,
            word_bits: port.word_bits,
            clock: port.clock,
            states: self.states,
            technology,
            temperature: self.temperature,
            macro_min: self.macro_min,
            macro_max: self.macro_max,
            macro_ports: self.macro_ports,
            bank_cycles: None,
            assumptions: self.assumptions,
        }
    }

    /// Periods in cycles of a clock, each once; 0 is back to back.
    pub fn period_cycles(&self, clock: Hertz) -> Vec<u64> {
        let cycles = |period: &Option<Nanoseconds>| period.map_or(0, |time| clock.cycles_covering(time, 1).0);
        let mut found = Vec::new();
        for cycles in self.periods.iter().map(cycles) {
            if !found.contains(&cycles) {
                found.push(cycles);
            }
        }
        found
    }

    /// Inferences of the workload with this place in the mix.
    pub fn weight(&self, workload: usize) -> f64 {
        self.weights.get(workload).copied().unwrap_or(1.0)
    }

    /// Numbers of domains to try at a capacity.
    pub fn domains_at(&self, capacity: Bytes, word_bits: u32) -> Vec<u32> {
        let word_bytes = u64::from(word_bits / 8);
        let mappable = |d: &u32| {
            let domain = capacity.0 / u64::from(*d);
            capacity.0.is_multiple_of(u64::from(*d) * word_bytes) && (domain / word_bytes).is_power_of_two()
        };
        match self.domains.is_empty() {
            true => (1..=64).filter(mappable).collect(),
            false => self.domains.clone(),
        }
    }
}

/// What the accelerator prescribes to the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PortShape {
    /// Request ports.
    pub ports: u32,
    /// Bits of a port, and of a word.
    pub word_bits: u32,
    /// Clock.
    pub clock: Hertz,
}

impl PolicyRule {
    /// The policy, if it is the same in every memory and every run.
    pub fn fixed(&self) -> Option<Policy> {
        let asks = |threshold: &Option<Threshold>| *threshold == Some(Threshold::BreakEven);
        match self {
            PolicyRule::Scheduled => None,
            PolicyRule::Timeout { light, retention, off } if [light, retention, off].into_iter().any(asks) => None,
            _ => Some(self.resolve([None; 3])),
        }
    }

    /// The policy with thresholds in cycles; a schedule has timers that are in charge where it
    /// tells nothing, of break-even times. `break_even` gives the break-even time of LIGHT, retention, OFF (`None`: never pays).
    pub fn resolve(&self, break_even: [Option<Cycles>; 3]) -> Policy {
        let cycles = |threshold: Option<Threshold>, state: usize| match threshold? {
            Threshold::Cycles(cycles) => Some(Cycles(cycles)),
            Threshold::BreakEven => break_even[state],
        };
        match *self {
            PolicyRule::Scheduled => {
                let [light, retention, off] = break_even;
                Policy::Scheduled { depth: SCHEDULE_DEPTH as u32, light, retention, off }
            }
            PolicyRule::Never => Policy::Never,
            PolicyRule::Immediate => Policy::Immediate,
            PolicyRule::Mask => Policy::Mask,
            PolicyRule::Timeout { light, retention, off } => {
                Policy::Timeout { light: cycles(light, 0), retention: cycles(retention, 1), off: cycles(off, 2) }
            }
        }
    }
}

impl PlacementRule {
    /// Every rule with its name.
    pub const NAMES: [(&str, PlacementRule); 5] = [
        ("ideal", PlacementRule::Ideal),
        ("first-fit", PlacementRule::Placed(Rule::FirstFit)),
        ("two-ended", PlacementRule::Placed(Rule::TwoEnded)),
        ("by-class", PlacementRule::Placed(Rule::ByClass)),
        ("offline", PlacementRule::Placed(Rule::Offline)),
    ];

    /// The rule that gives addresses; none for a bound.
    pub fn placed(self) -> Option<Rule> {
        match self {
            PlacementRule::Ideal => None,
            PlacementRule::Placed(rule) => Some(rule),
        }
    }
}

impl fmt::Display for PlacementRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlacementRule::Ideal => f.pad("ideal"),
            PlacementRule::Placed(rule) => rule.fmt(f),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Threshold::Cycles(cycles) => write!(f, "{cycles}"),
            Threshold::BreakEven => f.write_str("break-even"),
        }
    }
}

impl fmt::Display for PolicyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyRule::Never => f.pad("never"),
            PolicyRule::Immediate => f.pad("immediate"),
            PolicyRule::Mask => f.pad("mask"),
            PolicyRule::Scheduled => f.pad("scheduled"),
            PolicyRule::Timeout { light, retention, off } => {
                let named = [("light", light), ("retention", retention), ("off", off)];
                let given = named.iter().filter_map(|(n, t)| t.map(|t| format!("{n}={t}")));
                f.pad(&format!("timeout({})", given.collect::<Vec<_>>().join(",")))
            }
        }
    }
}

impl Objective {
    /// Every objective with its name.
    pub const NAMES: [(&str, Objective); 5] = [
        ("energy", Objective::Energy),
        ("mean-energy", Objective::MeanEnergy),
        ("worst-energy", Objective::WorstEnergy),
        ("area", Objective::Area),
        ("latency", Objective::Latency),
    ];
    /// Those of a study that names none.
    pub const DEFAULT: [Objective; 3] = [Objective::Energy, Objective::Area, Objective::Latency];
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, o)| o == self).map_or("", |n| n.0);
        f.pad(name)
    }
}
