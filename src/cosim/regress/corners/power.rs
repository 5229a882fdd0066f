//! Wakes, sleeps, resets and forced OFF in every state.

use super::{retains, states};
use crate::cosim::regress::bench::{Bench, Step, Trigger};
use crate::cosim::regress::goals;
use crate::power::cycle::Scheduling;
use crate::power::{Design, Entry, Operation, State};

/// The domain that is brought everywhere.
const DOMAIN: usize = 0;
const MASK: u64 = 1 << DOMAIN;

fn in_each(what: &str, design: &Design) -> Vec<String> {
    states(&design.controller()).into_iter().map(|state| goals::in_state(what, state)).collect()
}

/// A request arrives in every state.
pub(super) fn wake(bench: &mut Bench) -> Step {
    for state in states(&bench.controller()) {
        bench.reach(DOMAIN, state, Trigger::Force, 0)?;
        if state == State::On {
            bench.run(1)?;
        }
        (bench.inputs.force_on, bench.inputs.force_off) = (0, 0);
        bench.want(DOMAIN);
        bench.settle()?;
    }
    bench.home(DOMAIN)
}

pub(super) fn wake_goals(design: &Design) -> Vec<String> {
    in_each(goals::WAKE, design)
}

/// What holds the domain up goes away in every state, or it is forced OFF where nothing holds it.
pub(super) fn sleep(bench: &mut Bench) -> Step {
    for state in states(&bench.controller()) {
        bench.reach(DOMAIN, state, Trigger::Force, 0)?;
        if bench.inputs.force_on & MASK != 0 {
            bench.inputs.force_on = 0;
        } else if bench.inputs.force_off & MASK == 0 {
            bench.inputs.force_off |= MASK;
        }
        bench.cycle()?;
        bench.inputs.force_off = 0;
        bench.run(24)?;
    }
    forced_in_drain(bench)?;
    bench.home(DOMAIN)
}

/// A second force while the first one's way down is in DRAIN.
fn forced_in_drain(bench: &mut Bench) -> Step {
    bench.home(DOMAIN)?;
    bench.serve(DOMAIN)?;
    bench.run(u64::from(bench.controller().timing.t_min_on))?;
    bench.serve(DOMAIN)?;
    bench.inputs.force_off |= MASK;
    bench.cycle()?;
    bench.inputs.force_off = 0;
    bench.inputs.force_on |= MASK;
    bench.until("up again or on the way down", |bench| bench.state(DOMAIN).rests())
}

pub(super) fn sleep_goals(design: &Design) -> Vec<String> {
    let drains_by_force = states(&design.controller()).contains(&State::Light);
    let all = states(&design.controller()).into_iter().filter(|&state| state != State::Drain || !drains_by_force);
    all.map(|state| goals::in_state(goals::SLEEP, state)).collect()
}

/// OFF is forced in every state while a request waits.
pub(super) fn force_off(bench: &mut Bench) -> Step {
    for state in states(&bench.controller()) {
        bench.reach(DOMAIN, state, Trigger::Request, 0)?;
        if bench.inputs.force_off & MASK != 0 {
            bench.inputs.force_off = 0;
            bench.run(1)?;
            continue;
        }
        bench.want(DOMAIN);
        bench.inputs.force_off |= MASK;
        bench.cycle()?;
        bench.run(12)?;
        bench.inputs.force_off = 0;
        bench.run(4)?;
    }
    bench.home(DOMAIN)
}

pub(super) fn force_off_goals(design: &Design) -> Vec<String> {
    let drains_by_force = states(&design.controller()).contains(&State::Light);
    let all = states(&design.controller()).into_iter().filter(|&state| state != State::Drain || !drains_by_force);
    all.map(|state| goals::in_state(goals::FORCED_OFF, state)).collect()
}

/// Reset in every state, then with a rail that is slow to fall, then with one that never does.
pub(super) fn reset(bench: &mut Bench) -> Step {
    for state in states(&bench.controller()) {
        bench.reach(DOMAIN, state, Trigger::Force, 0)?;
        (bench.held_low, bench.held_high) = (0, 0);
        bench.reset(0)?;
        bench.run(2)?;
        bench.serve(DOMAIN)?;
    }
    let longest = u64::from(bench.controller().timing.t_ack_max);
    for cycles in [1, longest / 2, 2 * longest] {
        bench.reach(DOMAIN, State::On, Trigger::Request, 0)?;
        bench.reset(MASK)?;
        bench.held_high |= MASK;
        bench.run(cycles)?;
        bench.home(DOMAIN)?;
        bench.serve(DOMAIN)?;
    }
    Ok(())
}

pub(super) fn reset_goals(design: &Design) -> Vec<String> {
    let stuck = goals::transition(State::SwOff, State::Fault);
    in_each(goals::RESET, design).into_iter().chain([goals::RESET_ACKNOWLEDGED.into(), stuck]).collect()
}

/// Live data ends on the way to retention and in it.
pub(super) fn live_falls(bench: &mut Bench) -> Step {
    for state in LIVE {
        bench.reach(DOMAIN, state, Trigger::Request, 0)?;
        if bench.inputs.live & MASK == 0 {
            // On the way to retention as well.
            bench.home(DOMAIN)?;
            bench.serve(DOMAIN)?;
            bench.inputs.live |= MASK;
            if state == State::Drain && bench.rests_in_light() {
                bench.run(u64::from(bench.controller().timing.t_min_on))?;
                bench.serve(DOMAIN)?;
                bench.inputs.force_off |= MASK;
            }
            bench.until_state(DOMAIN, state, 0)?;
        }
        bench.inputs.live = 0;
        bench.cycle()?;
        bench.inputs.force_off = 0;
        bench.until("rest", |bench| bench.state(DOMAIN).rests())?;
        bench.run(8)?;
    }
    bench.home(DOMAIN)
}

const LIVE: [State; 5] = [State::Ret, State::Drain, State::SetRet, State::Iso, State::SwOff];

pub(super) fn live_falls_goals(_: &Design) -> Vec<String> {
    LIVE.map(|state| goals::in_state(goals::LIVE_FALLS, state)).to_vec()
}

/// Whatever woke a domain goes away before it has its slot.
pub(super) fn withdrawn(bench: &mut Bench) -> Step {
    let origins = if retains(&bench.controller()) { vec![State::Off, State::Ret] } else { vec![State::Off] };
    for origin in origins {
        bench.home(DOMAIN)?;
        bench.rise_from(DOMAIN, origin, Trigger::Force)?;
        bench.until_state(DOMAIN, State::Arb, 0)?;
        bench.inputs.force_on = 0;
        bench.until_state(DOMAIN, origin, 0)?;
        bench.run(8)?;
        if bench.controller().policy.schedule_depth() > 0 {
            prewake_withdrawn(bench, origin)?;
        }
    }
    bench.home(DOMAIN)
}

/// Two entries in a row: the second takes the first one back while the domain is in ARB.
fn prewake_withdrawn(bench: &mut Bench, origin: State) -> Step {
    let back = if origin == State::Ret { Operation::Retain } else { Operation::Off };
    let live = bench.inputs.live;
    bench.run(u64::from(bench.controller().timing.t_min_off))?;
    let entry = |delta, operation| Scheduling::Write(Entry { delta, domain: DOMAIN as u32, operation });
    for given in [entry(1, Operation::Prewake), entry(2, back), Scheduling::Filled, Scheduling::Start] {
        bench.inputs.schedule = given;
        bench.inputs.live = live;
        bench.cycle()?;
    }
    bench.run(12)?;
    bench.until_state(DOMAIN, origin, 0)
}

pub(super) fn withdrawn_goals(design: &Design) -> Vec<String> {
    let mut goals = vec![goals::WISH_WITHDRAWN.to_string(), goals::transition(State::Arb, State::Off)];
    goals.extend(retains(&design.controller()).then(|| goals::transition(State::Arb, State::Ret)));
    goals.extend((design.policy.schedule_depth() > 0).then(|| goals::PREWAKE_WITHDRAWN.to_string()));
    goals
}
