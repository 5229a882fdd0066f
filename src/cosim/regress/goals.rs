//! What a case came across: events that the reference model and its inputs show, by name.
//!
//! A directed corner names the events that it is for; a case that did not come across all of them fails, whatever else it found.

use crate::power::cycle::{Inputs, Outputs, Scheduling, bits};
use crate::power::reference::ReferenceModel;
use crate::power::{Controller, Operation, State};
use std::collections::BTreeMap;

/// Name of an event in a state.
pub(super) fn in_state(what: &str, state: State) -> String {
    format!("{what} in {}", state.name())
}

/// Name of a transition.
pub(super) fn transition(from: State, to: State) -> String {
    format!("{} -> {}", from.name(), to.name())
}

/// Events in which a request arrives, a reason to be up goes away, live data ends, OFF is forced under a request, or reset comes.
pub(super) const WAKE: &str = "wake";
pub(super) const SLEEP: &str = "sleep";
pub(super) const LIVE_FALLS: &str = "live falls";
pub(super) const FORCED_OFF: &str = "force_off with a request";
pub(super) const RESET: &str = "reset";
pub(super) const TIME_WRAPS: &str = "time wraps";
/// Events without a state.
pub(super) const RESET_ACKNOWLEDGED: &str = "reset with the acknowledge high";
pub(super) const PREWAKE_WITHDRAWN: &str = "prewake withdrawn in ARB";
pub(super) const WISH_WITHDRAWN: &str = "force_on withdrawn in ARB";
pub(super) const RESTARTED: &str = "schedule restarted before its table ended";
pub(super) const ENTRY_AT_GRANT: &str = "table entry in the cycle of a grant";
pub(super) const ENTRY_AGAINST_REQUEST: &str = "table entry against a waiting request";
pub(super) const PORTS_WAKE: &str = "two ports wait for one sleeping domain";
pub(super) const PORTS_CLASH: &str = "all ports ask one bank";
pub(super) const ALL_DOMAINS: &str = "all domains are asked while asleep";
pub(super) const STALE_WRITE: &str = "partial write to a stale word";
pub(super) const STALE_READ: &str = "a word with stale bytes is read";
pub(super) const OUTSIDE: &str = "a word beyond the memory is asked for";
pub(super) const MISSED: &str = "a start finds no table";
pub(super) const OVERFLOW: &str = "an entry finds no room";
pub(super) const WRAPS_IDLE: &str = "time wraps before an idle threshold is reached";
pub(super) const BELOW_IDLE: &str = "a threshold falls below the idle time";
pub(super) const REACHED_AT_GRANT: &str = "a threshold is reached in the cycle of a grant";
pub(super) const SKIP_BEFORE: &str = "a skip lands before the next event";
pub(super) const SKIP_ON: &str = "a skip lands on the next event";
pub(super) const SKIP_REFUSED: &str = "a skip beyond the next event is refused";

/// How late an acknowledge pin follows its switch.
pub(super) fn late(rises: bool, cycles: u64) -> String {
    format!("acknowledge {} after {cycles}", if rises { "rises" } else { "falls" })
}

/// Counts of events, and what is needed to see them.
#[derive(Debug, Clone)]
pub(super) struct Goals {
    seen: BTreeMap<String, u64>,
    controller: Controller,
    time_bits: u32,
    /// Of the cycle before.
    held: Held,
    thresholds: [u64; 3],
    states: Vec<State>,
    told: Vec<Option<Operation>>,
    /// Cycles of the last fall and the last rise of each switch.
    switched: [Vec<u64>; 2],
    closed: u64,
    pins: u64,
    /// Entry that is applied in the present cycle, domains idle for a threshold in it.
    applied: Option<u32>,
    reached: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Held {
    now: u64,
    want: u64,
    live: u64,
    force_on: u64,
    force_off: u64,
}

impl Goals {
    pub(super) fn new(controller: &Controller, time_bits: u32) -> Self {
        let domains = controller.organisation.domains as usize;
        Self {
            seen: BTreeMap::new(),
            controller: *controller,
            time_bits,
            held: Held::default(),
            thresholds: controller.policy.thresholds(controller.states).map(|t| t.0),
            states: vec![State::SwOff; domains],
            told: vec![None; domains],
            switched: [vec![0; domains], vec![0; domains]],
            closed: 0,
            pins: 0,
            applied: None,
            reached: 0,
        }
    }

    /// Events and how often they were seen.
    pub(super) fn seen(&self) -> &BTreeMap<String, u64> {
        &self.seen
    }

    pub(super) fn note(&mut self, name: impl Into<String>) {
        *self.seen.entry(name.into()).or_default() += 1;
    }

    fn note_each(&mut self, what: &str, domains: u64) {
        for domain in bits(domains) {
            self.note(in_state(what, self.states[domain]));
        }
    }

    /// Looks at a cycle before it is evaluated.
    pub(super) fn before(&mut self, reference: &ReferenceModel, inputs: &Inputs, thresholds: [u64; 3]) {
        let states = (0..self.states.len()).map(|domain| reference.state(domain)).collect();
        let before = std::mem::replace(&mut self.states, states);
        for (from, to) in before.into_iter().zip(self.states.clone()).filter(|(from, to)| from != to) {
            self.note(transition(from, to));
        }
        let now = Held {
            now: inputs.now,
            want: self.want(inputs),
            live: inputs.live,
            force_on: inputs.force_on,
            force_off: inputs.force_off,
        };
        self.wishes(now);
        self.acknowledges(reference, inputs);
        self.requests(reference, inputs, now.want);
        self.schedule(reference, inputs, now.want);
        self.time(reference, now.now, thresholds);
        self.held = now;
        self.thresholds = thresholds;
    }

    fn want(&self, inputs: &Inputs) -> u64 {
        let organisation = &self.controller.organisation;
        let inside = inputs.requests.iter().filter(|r| r.valid && r.word < organisation.words());
        inside.fold(0, |mask, request| mask | 1 << organisation.domain_of(request.word).0)
    }

    fn wishes(&mut self, now: Held) {
        let held = self.held;
        let all = u64::MAX >> (64 - self.states.len());
        let falls = held.force_on & !now.force_on & !now.want;
        let forced = now.force_off & !held.force_off;
        self.note_each(WAKE, now.want & !held.want);
        self.note_each(SLEEP, (falls | forced & !now.want) & all);
        self.note_each(LIVE_FALLS, held.live & !now.live & all);
        self.note_each(FORCED_OFF, forced & now.want);
        for _ in bits(falls & all).filter(|&d| self.states[d] == State::Arb).collect::<Vec<_>>() {
            self.note(WISH_WITHDRAWN);
        }
    }

    fn acknowledges(&mut self, reference: &ReferenceModel, inputs: &Inputs) {
        let closed = reference.rails().0;
        let pins = inputs.acknowledge.unwrap_or(closed);
        for domain in bits(closed ^ self.closed) {
            self.switched[usize::from(closed >> domain & 1 == 1)][domain] = inputs.now;
        }
        for domain in bits(pins ^ self.pins) {
            let rises = pins >> domain & 1 == 1;
            self.note(late(rises, inputs.now - self.switched[usize::from(rises)][domain]));
        }
        (self.closed, self.pins) = (closed, pins);
    }

    fn requests(&mut self, reference: &ReferenceModel, inputs: &Inputs, want: u64) {
        let organisation = self.controller.organisation;
        let asked = |domain: usize| {
            let there =
                |r: &&crate::power::cycle::Request| r.valid && organisation.domain_of(r.word).0 as usize == domain;
            inputs.requests.iter().filter(there).count()
        };
        let asleep = |state: State| matches!(state, State::Off | State::Ret | State::Light);
        if bits(want).any(|domain| asked(domain) > 1 && asleep(self.states[domain])) {
            self.note(PORTS_WAKE);
        }
        let bank = |word: u64| (organisation.domain_of(word), organisation.bank_of(word));
        let first = inputs.requests[0].word;
        let clash = inputs.requests.iter().all(|r| r.valid && bank(r.word) == bank(first)) && inputs.requests.len() > 1;
        if clash && want != 0 && self.states[organisation.domain_of(first).0 as usize] == State::On {
            self.note(PORTS_CLASH);
        }
        if want.count_ones() as usize == self.states.len() && self.states.iter().all(|&state| asleep(state)) {
            self.note(ALL_DOMAINS);
        }
        if inputs.requests.iter().any(|r| r.valid && r.word >= organisation.words()) {
            self.note(OUTSIDE);
        }
        self.stale(reference, inputs);
    }

    fn stale(&mut self, reference: &ReferenceModel, inputs: &Inputs) {
        let organisation = self.controller.organisation;
        let whole = u128::MAX >> (128 - organisation.word_bytes());
        let served = |word: u64| {
            word < organisation.words() && self.states[organisation.domain_of(word).0 as usize] == State::On
        };
        let stale = |r: &&crate::power::cycle::Request| r.valid && served(r.word) && reference.stale(r.word);
        let writes = |r: &crate::power::cycle::Request| r.write && r.enables & whole != whole && r.enables != 0;
        if inputs.requests.iter().filter(stale).any(writes) {
            self.note(STALE_WRITE);
        }
    }

    fn schedule(&mut self, reference: &ReferenceModel, inputs: &Inputs, want: u64) {
        if self.controller.policy.schedule_depth() == 0 {
            return;
        }
        let (waiting, applied) = reference.schedule_progress();
        if inputs.schedule == Scheduling::Start && reference.schedule_filled() && waiting && applied > 0 {
            self.note(RESTARTED);
        }
        self.applied = reference.schedule_entry(inputs).map(|entry| entry.domain);
        let sleeping = reference.schedule_entry(inputs).filter(|entry| entry.operation != Operation::Prewake);
        let waits = |domain: u32| want.checked_shr(domain).unwrap_or(0) & 1 == 1;
        if sleeping
            .is_some_and(|entry| waits(entry.domain) && self.states.get(entry.domain as usize) != Some(&State::On))
        {
            self.note(ENTRY_AGAINST_REQUEST);
        }
        for domain in 0..self.states.len() {
            let told = reference.told(domain);
            let before = std::mem::replace(&mut self.told[domain], told);
            let withdrawn = before == Some(Operation::Prewake) && told != before && want >> domain & 1 == 0;
            if withdrawn && self.states[domain] == State::Arb {
                self.note(PREWAKE_WITHDRAWN);
            }
        }
    }

    fn time(&mut self, reference: &ReferenceModel, now: u64, thresholds: [u64; 3]) {
        let wraps = self.time_bits < 64 && now >> self.time_bits != self.held.now >> self.time_bits;
        self.reached = 0;
        for domain in 0..self.states.len() {
            let Some(idle) = reference.idle(domain, now) else { continue };
            let state = self.states[domain];
            if wraps {
                self.note(in_state(TIME_WRAPS, state));
            }
            if wraps && idle > 0 && thresholds.iter().any(|&threshold| threshold > idle) {
                self.note(WRAPS_IDLE);
            }
            let fell = |(new, old): (u64, u64)| new != 0 && new < idle && (old == 0 || old > idle);
            if thresholds.into_iter().zip(self.thresholds).any(fell) {
                self.note(BELOW_IDLE);
            }
            let met = state == State::On && thresholds.contains(&idle) && idle > 0;
            self.reached |= u64::from(met) << domain;
        }
    }

    /// Looks at what a cycle showed.
    pub(super) fn after(&mut self, inputs: &Inputs, outputs: &Outputs) {
        let organisation = self.controller.organisation;
        let served =
            bits(outputs.grants).map(|port| inputs.requests[port].word).filter(|&word| word < organisation.words());
        let served: Vec<usize> = served.map(|word| organisation.domain_of(word).0 as usize).collect();
        let served: Vec<usize> = served.into_iter().filter(|&domain| self.states[domain] == State::On).collect();
        if served.iter().any(|&domain| self.reached >> domain & 1 == 1) {
            self.note(REACHED_AT_GRANT);
        }
        if self.applied.is_some_and(|domain| served.contains(&(domain as usize))) {
            self.note(ENTRY_AT_GRANT);
        }
        if outputs.schedule_missed {
            self.note(MISSED);
        }
        if outputs.schedule_overflow {
            self.note(OVERFLOW);
        }
        if outputs.responses.iter().any(|response| response.poison && response.tag != 0) {
            self.note(STALE_READ);
        }
    }

    /// A jump was asked for.
    pub(super) fn jump(&mut self, to: u64, event: Option<u64>, allowed: bool) {
        match event {
            Some(event) if allowed && to == event => self.note(SKIP_ON),
            Some(event) if allowed && to < event => self.note(SKIP_BEFORE),
            Some(_) if !allowed => self.note(SKIP_REFUSED),
            _ => {}
        }
    }

    /// A reset comes, with the domains in these states.
    pub(super) fn reset(&mut self, states: &[State], pins: u64) {
        for &state in states {
            self.note(in_state(RESET, state));
        }
        if pins != 0 {
            self.note(RESET_ACKNOWLEDGED);
        }
        self.states.fill(State::SwOff);
        self.told.fill(None);
        (self.held.want, self.held.live, self.held.force_on, self.held.force_off) = (0, 0, 0, 0);
        (self.closed, self.pins) = (0, pins);
    }
}
