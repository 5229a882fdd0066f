//! Time that wraps, thresholds that change, and skips.

use super::retains;
use crate::cosim::regress::bench::{Bench, Check, Step, Trigger};
use crate::cosim::regress::goals;
use crate::power::cycle::{Device, Inputs};
use crate::power::{Design, State};

const DOMAIN: usize = 0;

/// The time base wraps in ON while a threshold has not been reached yet, and in RET.
pub(super) fn wrap(bench: &mut Bench) -> Step {
    let period = 1u64 << bench.time_bits;
    let left = |bench: &Bench| period - bench.now % period;
    bench.home(DOMAIN)?;
    bench.run((left(bench) + period / 2) % period)?;
    while left(bench) > 3 {
        bench.serve(DOMAIN)?;
    }
    bench.until_state(DOMAIN, State::Off, 0)?;
    if retains(&bench.controller()) {
        bench.reach(DOMAIN, State::Ret, Trigger::Request, 0)?;
        bench.run(left(bench) + 2)?;
        bench.serve(DOMAIN)?;
    }
    bench.home(DOMAIN)
}

pub(super) fn wrap_goals(design: &Design) -> Vec<String> {
    let controller = design.controller();
    let mut names = vec![goals::in_state(goals::TIME_WRAPS, State::On), goals::WRAPS_IDLE.into()];
    names.extend(retains(&controller).then(|| goals::in_state(goals::TIME_WRAPS, State::Ret)));
    names
}

/// Thresholds fall below the idle time, rise above it, go away, and are reached in the cycle of a grant.
pub(super) fn thresholds(bench: &mut Bench) -> Step {
    let own = bench.thresholds;
    let late = own.map(|threshold| if threshold == 0 { 0 } else { threshold.max(20) + 20 });
    for changed in [[3, 4, 5], [0, 0, 6], [0, 5, 0], [2, 0, 0], [0, 0, 0]] {
        bench.home(DOMAIN)?;
        bench.set_thresholds(late);
        bench.serve(DOMAIN)?;
        bench.run(10)?;
        bench.set_thresholds(changed);
        bench.run(30)?;
        bench.set_thresholds(late);
        bench.run(8)?;
        bench.set_thresholds(own);
    }
    for early in 0..2 {
        bench.home(DOMAIN)?;
        bench.set_thresholds([0, 0, 12]);
        bench.serve(DOMAIN)?;
        bench
            .until("a threshold in reach", |bench| bench.pair.reference.idle(DOMAIN, bench.now) == Some(11 + early))?;
        bench.want(DOMAIN);
        bench.settle()?;
        bench.run(30)?;
        bench.set_thresholds(own);
    }
    bench.home(DOMAIN)
}

pub(super) fn threshold_goals(_: &Design) -> Vec<String> {
    [goals::BELOW_IDLE, goals::REACHED_AT_GRANT].map(String::from).to_vec()
}

/// Skips before, on and beyond the next event, each against a model that evaluates every cycle.
pub(super) fn skip(bench: &mut Bench) -> Step {
    for live in [0, 1 << DOMAIN] {
        bench.home(DOMAIN)?;
        bench.inputs.live = live;
        bench.serve(DOMAIN)?;
        for back in [0, 1, 0, 0, 1, 0] {
            bench.until("a quiet cycle", |bench| bench.outputs().quiescent && bench.now > 0)?;
            let Some(event) = bench.outputs().next_event else { break };
            if bench.jump(event + 1) {
                return Err(
                    bench.wrong(Check::Skip, format!("a skip to {} was allowed, the next event is {event}", event + 1))
                );
            }
            let to = (event - back).max(bench.now);
            compared_jump(bench, to)?;
        }
    }
    bench.home(DOMAIN)
}

/// Jumps, and holds that a model without the jump comes to the same.
fn compared_jump(bench: &mut Bench, to: u64) -> Step {
    let (mut twin, from) = (bench.twin(), bench.now);
    if !bench.jump(to) {
        return Err(bench.wrong(Check::Skip, format!("a skip from {from} to {to} was refused")));
    }
    for now in from..to {
        let held = bench.outputs().acknowledge;
        let outputs = twin.cycle(&Inputs { now, acknowledge: Some(held), ..bench.inputs.clone() });
        if !outputs.quiescent {
            return Err(bench.wrong(Check::Skip, format!("cycle {now} was skipped and is not quiet")));
        }
    }
    let domains = bench.controller().organisation.domains as usize;
    match (0..domains).find(|&domain| twin.state(domain) != bench.state(domain)) {
        Some(domain) => {
            Err(bench.wrong(Check::Skip, format!("domain {domain} moved in skipped cycles {from} to {to}")))
        }
        None => bench.cycle(),
    }
}

pub(super) fn skip_goals(_: &Design) -> Vec<String> {
    [goals::SKIP_BEFORE, goals::SKIP_ON, goals::SKIP_REFUSED].map(String::from).to_vec()
}
