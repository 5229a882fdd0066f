//! What the policy wants of a domain, and from which cycle on.

use super::agenda::NEVER;
use crate::power::{Controller, Policy, States};

/// Depth of sleep, deepest first; also origin and destination of the ways up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Powered down.
    Off,
    /// Array at retention voltage.
    Retention,
    /// Periphery gated.
    Light,
    /// Ready for requests.
    On,
}

/// The policy of all domains.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    /// Always ON.
    Never,
    /// ON exactly while live.
    Mask,
    /// Idle thresholds of light, retention and off; `NEVER` where disabled.
    Idle([u64; 3]),
}

const LEVELS: [Level; 3] = [Level::Light, Level::Retention, Level::Off];

/// Policy and states, as the target of a domain needs them.
#[derive(Clone, Copy)]
pub(super) struct Targets {
    rule: Rule,
    states: States,
}

impl Targets {
    /// From the parameters of the controller.
    pub(super) fn new(controller: &Controller) -> Self {
        let thresholds = controller.policy.thresholds(controller.states);
        let rule = match controller.policy {
            Policy::Never => Rule::Never,
            Policy::Mask => Rule::Mask,
            Policy::Immediate | Policy::Timeout { .. } | Policy::Scheduled { .. } => {
                Rule::Idle(thresholds.map(|cycles| if cycles.0 == 0 { NEVER } else { cycles.0 }))
            }
        };
        Self { rule, states: controller.states }
    }

    /// Target of a domain without request after `idle` cycles; `idle` of `None` is after reset: all enabled
    /// thresholds count as reached.
    pub(super) fn asleep(&self, idle: Option<u64>, live: bool) -> Level {
        match self.rule {
            Rule::Never => Level::On,
            Rule::Mask if live => Level::On,
            Rule::Mask => Level::Off,
            Rule::Idle(thresholds) => {
                let reached = |threshold: u64| threshold != NEVER && idle.is_none_or(|idle| idle >= threshold);
                let deepest = LEVELS.iter().zip(thresholds).rfind(|(_, threshold)| reached(*threshold));
                deepest.map_or(Level::On, |(level, _)| self.raised(*level, live))
            }
        }
    }

    /// Idle cycles after which the target is `level` or deeper, `NEVER` if that does not come.
    pub(super) fn idle_until(&self, level: Level, live: bool) -> u64 {
        match self.rule {
            Rule::Mask if !live => 0,
            Rule::Never | Rule::Mask => NEVER,
            Rule::Idle(thresholds) => {
                let deep_enough = |(asked, _): &(&Level, u64)| self.raised(**asked, live) <= level;
                LEVELS.iter().zip(thresholds).filter(deep_enough).map(|(_, cycles)| cycles).min().unwrap_or(NEVER)
            }
        }
    }

    /// Live contents are kept, and a state that is not present gives way to the one above.
    pub(super) fn raised(&self, asked: Level, live: bool) -> Level {
        let mut level = asked;
        if level == Level::Off && live {
            level = Level::Retention;
        }
        if level == Level::Retention && !self.states.retention {
            level = Level::Light;
        }
        if level == Level::Light && !self.states.light {
            level = Level::On;
        }
        level
    }
}
