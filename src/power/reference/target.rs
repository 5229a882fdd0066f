//! The target of a domain: which state it should be in.

use crate::power::{Controller, Operation, Policy};

/// Depth of sleep, deepest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Off,
    Ret,
    Light,
    On,
}

/// Inputs of one domain in one cycle.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Signals {
    pub(super) want: bool,
    pub(super) grant: bool,
    pub(super) live: bool,
    pub(super) force_on: bool,
    pub(super) force_off: bool,
    pub(super) fault_clear: bool,
    /// Synchronised acknowledge.
    pub(super) acknowledge: bool,
    /// Slot of the wake arbiter.
    pub(super) slot: bool,
    /// What the schedule player told it, while that is in force.
    pub(super) told: Option<Operation>,
}

/// Parameters of the controller, prepared for use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters {
    pub(super) controller: Controller,
    /// Idle thresholds of LIGHT, RET and OFF, 0 = disabled.
    pub(super) thresholds: [u64; 3],
    /// Cycles for which an access keeps its domain busy.
    pub(super) busy: u64,
}

impl Parameters {
    pub(super) fn new(controller: Controller) -> Self {
        let organisation = &controller.organisation;
        Self {
            controller,
            thresholds: controller.policy.thresholds(controller.states).map(|t| t.0),
            busy: u64::from(organisation.bank_cycles.max(organisation.read_latency)),
        }
    }

    /// Every enabled threshold, as a mask in the order of the thresholds.
    pub(super) fn enabled(&self) -> u8 {
        self.mask(|threshold| threshold != 0)
    }

    /// Thresholds that `idle` cycles reach.
    pub(super) fn reached(&self, idle: u64) -> u8 {
        self.mask(|threshold| threshold != 0 && idle >= threshold)
    }

    fn mask(&self, which: impl Fn(u64) -> bool) -> u8 {
        let [light, retention, off] = self.thresholds.map(|threshold| u8::from(which(threshold)));
        light | retention << 1 | off << 2
    }

    /// What the schedule asks for, or else the policy.
    fn asked(&self, signals: &Signals, reached: u8) -> Level {
        match signals.told {
            Some(Operation::Prewake) => Level::On,
            Some(Operation::Light) => Level::Light,
            Some(Operation::Retain) => Level::Ret,
            Some(Operation::Off) => Level::Off,
            None => self.policy(reached, signals.live),
        }
    }

    /// What the policy wants, `reached` being the thresholds that count as reached.
    fn policy(&self, reached: u8, live: bool) -> Level {
        match self.controller.policy {
            Policy::Never => Level::On,
            Policy::Mask if live => Level::On,
            Policy::Mask => Level::Off,
            Policy::Immediate | Policy::Timeout { .. } | Policy::Scheduled { .. } => match reached {
                r if r & 4 != 0 => Level::Off,
                r if r & 2 != 0 => Level::Ret,
                r if r & 1 != 0 => Level::Light,
                _ => Level::On,
            },
        }
    }

    /// Keeps live data, and replaces states that the design lacks by the next one up.
    fn limited(&self, level: Level, live: bool) -> Level {
        let states = self.controller.states;
        let mut level = level;
        if level == Level::Off && live {
            level = Level::Ret;
        }
        if level == Level::Ret && !states.retention {
            level = Level::Light;
        }
        if level == Level::Light && !states.light {
            level = Level::On;
        }
        level
    }

    /// The target, first match.
    pub(super) fn target(&self, signals: &Signals, reset_on: bool, reached: u8) -> Level {
        if signals.force_off {
            Level::Off
        } else if signals.want || signals.force_on || reset_on {
            Level::On
        } else {
            self.limited(self.asked(signals, reached), signals.live)
        }
    }
}
