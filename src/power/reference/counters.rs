//! What the reference model counts.

use super::banks::{Arbitration, Destination};
use crate::power::cycle::{Request, bits};
use crate::power::{Activity, Class, DomainActivity, PortActivity, State, Transitions};
use crate::units::Cycles;

/// Which states and transitions of the state machine were seen, over all domains.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Entries into each state, by its code; reset enters SW_OFF.
    pub states: [u64; 15],
    /// Transitions, by the codes of the state left and the state entered.
    pub transitions: [[u64; 15]; 15],
}

impl Coverage {
    /// Adds what another run saw.
    pub fn add(&mut self, other: &Coverage) {
        for (mine, theirs) in self.states.iter_mut().zip(other.states) {
            *mine += theirs;
        }
        for (mine, theirs) in self.transitions.iter_mut().flatten().zip(other.transitions.iter().flatten()) {
            *mine += theirs;
        }
    }
}

/// A change of state at a clock edge; it counts in the first cycle of the new state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    pub(super) domain: usize,
    pub(super) from: State,
    pub(super) to: State,
    /// Retention control before and after.
    pub(super) retained: [bool; 2],
}

#[derive(Debug, Clone)]
struct Counting {
    class: Class,
    since: u64,
    activity: DomainActivity,
}

/// All counters.
#[derive(Debug, Clone)]
pub(super) struct Counters {
    domains: Vec<Counting>,
    ports: Vec<PortActivity>,
    pub(super) changes: Vec<Change>,
    pub(super) coverage: Coverage,
}

impl Counters {
    pub(super) fn new(domains: u32, ports: u32) -> Self {
        let counting = Counting { class: Class::On, since: 0, activity: DomainActivity::default() };
        let mut coverage = Coverage::default();
        coverage.states[State::SwOff as usize] = u64::from(domains);
        Self {
            domains: vec![counting; domains as usize],
            ports: vec![PortActivity::default(); ports as usize],
            changes: Vec::new(),
            coverage,
        }
    }

    /// Counts the changes of the last clock edge; `now` is the cycle after it.
    pub(super) fn count_changes(&mut self, now: u64) {
        for change in self.changes.drain(..) {
            let domain = &mut self.domains[change.domain];
            domain.activity.class_cycles[domain.class as usize] += Cycles(now - domain.since);
            domain.since = now;
            domain.class = change.to.class(change.retained[1]);
            count(&change, &mut domain.activity.transitions);
            self.coverage.states[change.to as usize] += 1;
            self.coverage.transitions[change.from as usize][change.to as usize] += 1;
        }
    }

    /// Counts grants and stalls of a cycle.
    pub(super) fn count_requests(&mut self, outcome: &Arbitration, requests: &[Request], to: &[Destination]) {
        for port in bits(outcome.served) {
            let activity = self.domain_of(to[port]);
            *(if requests[port].write { &mut activity.writes } else { &mut activity.reads }) += 1;
        }
        for port in bits(outcome.stalled_wake) {
            self.ports[port].stall_wake += 1;
            self.domain_of(to[port]).stall_wake += 1;
        }
        for port in bits(outcome.stalled_conflict) {
            self.ports[port].stall_conflict += 1;
            self.domain_of(to[port]).stall_conflict += 1;
        }
    }

    fn domain_of(&mut self, to: Destination) -> &mut DomainActivity {
        &mut self.domains[to.domain.expect("only requests inside the memory are served or stall")].activity
    }

    /// Everything counted in cycles 0 … `end` − 1.
    pub(super) fn activity(&self, end: u64) -> Activity {
        let close = |counting: &Counting| {
            let mut activity = counting.activity;
            activity.class_cycles[counting.class as usize] += Cycles(end - counting.since);
            activity
        };
        Activity { cycles: Cycles(end), domains: self.domains.iter().map(close).collect(), ports: self.ports.clone() }
    }
}

fn count(change: &Change, transitions: &mut Transitions) {
    let counter = match (change.from, change.to) {
        (State::Arb, State::SwOn) if change.retained[0] => &mut transitions.ret_on,
        (State::Arb, State::SwOn) => &mut transitions.off_on,
        (State::SwOff, State::Off) => &mut transitions.on_off,
        (State::SwOff, State::Ret) => &mut transitions.on_ret,
        (State::Ret, State::Off) => &mut transitions.ret_off,
        (State::Arb, State::Off) if change.retained[0] => &mut transitions.ret_off,
        (State::On, State::Light) => &mut transitions.on_light,
        (State::Light, State::LightExit) => &mut transitions.light_on,
        (State::Drain, State::On) | (State::Iso, State::Uniso) | (State::SetRet, State::Unret) => {
            &mut transitions.aborted
        }
        _ => return,
    };
    *counter += 1;
}
