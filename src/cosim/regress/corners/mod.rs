//! Directed corners: each brings a memory to places that random stimuli rarely find, and names the events that prove it.

mod acknowledge;
mod power;
mod requests;
mod schedule;
mod time;

use super::bench::{Bench, Step};
use crate::power::{Controller, Design, Policy, State};

/// A directed corner.
pub(super) struct Corner {
    /// Name in suites.
    pub(super) name: &'static str,
    /// Why a design does not have this corner; none if it has.
    pub(super) missing: fn(&Design) -> Option<&'static str>,
    /// Goes there.
    pub(super) play: fn(&mut Bench) -> Step,
    /// Events that it must come across.
    pub(super) goals: fn(&Design) -> Vec<String>,
}

/// Every corner.
pub(super) static CORNERS: [Corner; 17] = [
    Corner { name: "wake-in-every-state", missing: untimed, play: power::wake, goals: power::wake_goals },
    Corner { name: "sleep-in-every-state", missing: untimed, play: power::sleep, goals: power::sleep_goals },
    Corner {
        name: "force-off-in-every-state",
        missing: untimed,
        play: power::force_off,
        goals: power::force_off_goals,
    },
    Corner { name: "reset-in-every-state", missing: untimed, play: power::reset, goals: power::reset_goals },
    Corner { name: "live-falls", missing: no_retention, play: power::live_falls, goals: power::live_falls_goals },
    Corner { name: "prewake-withdrawn", missing: untimed, play: power::withdrawn, goals: power::withdrawn_goals },
    Corner { name: "acknowledge-late", missing: untimed, play: acknowledge::late, goals: acknowledge::late_goals },
    Corner { name: "acknowledge-lost", missing: untimed, play: acknowledge::lost, goals: acknowledge::lost_goals },
    Corner { name: "acknowledge-stuck", missing: untimed, play: acknowledge::stuck, goals: acknowledge::stuck_goals },
    Corner { name: "contention", missing: lonely, play: requests::contention, goals: requests::contention_goals },
    Corner { name: "stale-word", missing: untimed, play: requests::stale, goals: requests::stale_goals },
    Corner { name: "out-of-range", missing: no_gap, play: requests::outside, goals: requests::outside_goals },
    Corner { name: "schedule-restart", missing: unscheduled, play: schedule::restart, goals: schedule::restart_goals },
    Corner {
        name: "schedule-against-access",
        missing: unscheduled,
        play: schedule::access,
        goals: schedule::access_goals,
    },
    Corner { name: "time-wrap", missing: long_time, play: time::wrap, goals: time::wrap_goals },
    Corner { name: "threshold-change", missing: untimed, play: time::thresholds, goals: time::threshold_goals },
    Corner { name: "skip", missing: untimed, play: time::skip, goals: time::skip_goals },
];

/// States that a design's domains can be in.
fn states(controller: &Controller) -> Vec<State> {
    let lacks = |state: &State| match state {
        State::Light | State::LightExit => !controller.states.light || light_threshold(controller) == 0,
        State::Ret | State::SetRet | State::Unret => !retains(controller),
        _ => false,
    };
    State::ALL.into_iter().filter(|state| !lacks(state)).collect()
}

fn light_threshold(controller: &Controller) -> u64 {
    controller.policy.thresholds(controller.states)[0].0
}

/// Whether idle live domains go to retention.
fn retains(controller: &Controller) -> bool {
    let [_, retention, off] = controller.policy.thresholds(controller.states);
    controller.states.retention && (retention.0 > 0 || off.0 > 0)
}

/// Corners work with domains that go OFF by their timers.
fn untimed(design: &Design) -> Option<&'static str> {
    let timers = matches!(design.policy, Policy::Immediate | Policy::Timeout { .. } | Policy::Scheduled { .. });
    let off = design.policy.thresholds(design.states)[2].0;
    (!timers || off == 0 || off > LONGEST_IDLE).then_some("idle timers that lead to OFF within 4096 cycles")
}

/// Longest idle time that a corner waits for.
const LONGEST_IDLE: u64 = 4096;

fn no_retention(design: &Design) -> Option<&'static str> {
    untimed(design).or_else(|| (!retains(&design.controller())).then_some("retention"))
}

fn lonely(design: &Design) -> Option<&'static str> {
    untimed(design).or_else(|| (design.organisation.ports < 2).then_some("two ports"))
}

fn no_gap(design: &Design) -> Option<&'static str> {
    design
        .organisation
        .words()
        .is_power_of_two()
        .then_some("addresses beyond its last word: a number of domains that is no power of two")
}

fn unscheduled(design: &Design) -> Option<&'static str> {
    untimed(design).or_else(|| (design.policy.schedule_depth() < 4).then_some("a schedule of at least four entries"))
}

fn long_time(design: &Design) -> Option<&'static str> {
    untimed(design).or_else(|| (design.time_bits > 14).then_some("a time base of at most 14 bits"))
}
