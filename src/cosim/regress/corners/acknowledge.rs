//! Acknowledges of the power switches that are late, lost or stuck.

use super::{light_threshold, retains, states};
use crate::cosim::regress::bench::{Bench, Step, Trigger};
use crate::cosim::regress::goals;
use crate::power::{Design, State};

const DOMAIN: usize = 0;
const MASK: u64 = 1 << DOMAIN;

/// Rises and falls after 0 to T_ACK_MAX + 1 cycles; those that are too late lead to FAULT, from which the domain comes back.
pub(super) fn late(bench: &mut Bench) -> Step {
    let longest = u64::from(bench.controller().timing.t_ack_max) + 1;
    for cycles in 0..=longest {
        rise(bench, State::Off, cycles)?;
        if retains(&bench.controller()) {
            rise(bench, State::Ret, cycles)?;
        }
        fall(bench, cycles)?;
    }
    bench.home(DOMAIN)
}

fn rise(bench: &mut Bench, origin: State, cycles: u64) -> Step {
    bench.home(DOMAIN)?;
    bench.rise_from(DOMAIN, origin, Trigger::Request)?;
    bench.until_state(DOMAIN, State::SwOn, 0)?;
    bench.held_low |= MASK;
    bench.run(cycles)?;
    bench.held_low = 0;
    bench.held_high |= MASK;
    bench.run(1 + u64::from(bench.controller().switch.t_ack_off.max(bench.controller().switch.t_ack_ret)))?;
    bench.held_high = 0;
    bench.home(DOMAIN)
}

fn fall(bench: &mut Bench, cycles: u64) -> Step {
    bench.reach(DOMAIN, State::SwOff, Trigger::Request, 0)?;
    bench.held_high |= MASK;
    bench.run(cycles)?;
    bench.held_high = 0;
    bench.held_low |= MASK;
    bench.run(1 + u64::from(bench.controller().switch.t_ack_fall))?;
    bench.held_low = 0;
    bench.home(DOMAIN)
}

pub(super) fn late_goals(design: &Design) -> Vec<String> {
    let delays = 0..=u64::from(design.timing.t_ack_max) + 1;
    let mut names: Vec<String> =
        delays.flat_map(|cycles| [true, false].map(|rises| goals::late(rises, cycles))).collect();
    names.extend([State::SwOn, State::SwOff].map(|state| goals::transition(state, State::Fault)));
    names
}

/// The acknowledge goes away under a domain that uses its supply.
pub(super) fn lost(bench: &mut Bench) -> Step {
    let ahead = bench.controller().timing.sync_stages;
    for state in supplied(&bench.controller()) {
        bench.reach(DOMAIN, state, Trigger::Force, ahead)?;
        bench.held_low |= MASK;
        bench.until_state(DOMAIN, State::Fault, 0)?;
        bench.want(DOMAIN);
        bench.run(4)?;
    }
    bench.home(DOMAIN)
}

/// States in which a lost acknowledge is a fault. DRAIN is left out where only force leads there.
fn supplied(controller: &crate::power::Controller) -> Vec<State> {
    let other = |state: &State| {
        state.switch_closed() && *state != State::SwOn && (*state != State::Drain || light_threshold(controller) == 0)
    };
    states(controller).into_iter().filter(other).collect()
}

pub(super) fn lost_goals(design: &Design) -> Vec<String> {
    supplied(&design.controller()).into_iter().map(|state| goals::transition(state, State::Fault)).collect()
}

/// The acknowledge never rises, and never falls; the domain is cleared and serves again.
pub(super) fn stuck(bench: &mut Bench) -> Step {
    bench.home(DOMAIN)?;
    bench.rise_from(DOMAIN, State::Off, Trigger::Request)?;
    bench.held_low |= MASK;
    bench.until_state(DOMAIN, State::Fault, 0)?;
    bench.settle()?;
    bench.run(1)?;
    bench.want(DOMAIN);
    bench.settle()?;
    bench.inputs.fault_clear |= MASK;
    bench.run(8)?;
    bench.home(DOMAIN)?;
    bench.serve(DOMAIN)?;
    bench.reach(DOMAIN, State::SwOff, Trigger::Request, 0)?;
    bench.held_high |= MASK;
    bench.until_state(DOMAIN, State::Fault, 0)?;
    bench.inputs.fault_clear |= MASK;
    bench.cycle()?;
    bench.until_state(DOMAIN, State::Fault, 0)?;
    bench.home(DOMAIN)?;
    bench.serve(DOMAIN)
}

pub(super) fn stuck_goals(_: &Design) -> Vec<String> {
    let faults = [State::SwOn, State::SwOff].map(|state| goals::transition(state, State::Fault));
    faults
        .into_iter()
        .chain([goals::in_state(goals::WAKE, State::Fault), goals::transition(State::Fault, State::SwOff)])
        .collect()
}
