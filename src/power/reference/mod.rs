//! The reference model: the memory and its power controller, one state update an evaluated cycle, integers only.
//!
//! `docs/contract.md` is normative; `domain` reads like its state table. A domain whose next state is its state and that
//! no input or time disturbs is left alone until something does; [`ReferenceModel::evaluate_every_domain`] turns that off.

mod banks;
mod counters;
mod domain;
mod memory;
mod player;
mod switch;
mod target;
mod wake;

pub use counters::Coverage;
pub use memory::{Found, MemoryModel};
pub use switch::Switches;

use super::cycle::{Device, Inputs, Outputs, Request, Response, bits};
use super::{Activity, Controller, Policy, SCHEDULE_DEPTH, State};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use banks::{Answer, Arbitration, Banks, Destination};
use counters::{Change, Counters};
use domain::{Domain, NEVER};
use player::SchedulePlayer;
use switch::Synchronisers;
use target::{Parameters, Signals};
use wake::WakeArbiter;

/// The memory under its power controller.
#[derive(Debug, Clone)]
pub struct ReferenceModel {
    parameters: Parameters,
    domains: Vec<Domain>,
    banks: Banks,
    memory: MemoryModel,
    switches: Switches,
    synchronisers: Synchronisers,
    wake: WakeArbiter,
    counters: Counters,
    player: SchedulePlayer,
    /// Masks of domains by their registered state.
    on: u64,
    in_arb: u64,
    holding_slot: u64,
    failed: u64,
    unisolated: u64,
    closed: u64,
    retained: u64,
    /// Sticky flags.
    faults: u64,
    lost_live: u64,
    /// Domains that moved or may move without a new input.
    restless: u64,
    /// Inputs of the cycle before: live, force on, force off, fault clear.
    held: [u64; 4],
    /// For each domain at rest the next cycle in which it moves by itself.
    due: [u64; 64],
    /// No domain at rest is due before this cycle.
    earliest: u64,
    all: u64,
    thorough: bool,
    to: Vec<Destination>,
    outputs: Outputs,
}

impl ReferenceModel {
    /// A memory in reset; the first evaluated cycle is cycle 0.
    ///
    /// # Errors
    /// [`Error::Input`] if the organisation cannot be built: see [`super::Organisation`] for the ranges; at most 64 ports,
    /// words of 1024 bits and 2³² words.
    pub fn new(controller: Controller) -> Result<Self> {
        check(&controller)?;
        let organisation = controller.organisation;
        let parameters = Parameters::new(controller);
        let mut outputs =
            Outputs { responses: vec![Response::default(); organisation.ports as usize], ..<_>::default() };
        for domain in 0..organisation.domains as usize {
            outputs.states[domain / 16] |= u64::from(State::SwOff.code()) << (4 * (domain % 16));
        }
        let all = u64::MAX >> (64 - organisation.domains);
        Ok(Self {
            parameters,
            domains: vec![Domain::new(&parameters); organisation.domains as usize],
            banks: Banks::new(organisation),
            memory: MemoryModel::new(&organisation),
            switches: Switches::new(controller.switch),
            synchronisers: Synchronisers::new(controller.timing.sync_stages),
            wake: WakeArbiter::new(controller.timing.max_waking, organisation.domains),
            counters: Counters::new(organisation.domains, organisation.ports),
            player: SchedulePlayer::new(controller.policy.schedule_depth()),
            on: 0,
            in_arb: 0,
            holding_slot: 0,
            failed: 0,
            unisolated: 0,
            closed: 0,
            retained: 0,
            faults: 0,
            lost_live: 0,
            restless: all,
            held: [0; 4],
            due: [NEVER; 64],
            earliest: NEVER,
            all,
            thorough: false,
            to: vec![Destination::default(); organisation.ports as usize],
            outputs,
        })
    }

    /// Evaluates every domain in every cycle: slower, with the same results.
    pub fn evaluate_every_domain(mut self) -> Self {
        self.thorough = true;
        self
    }

    /// Everything counted in cycles 0 … `end` − 1, `end` being the cycle after the last one evaluated or skipped.
    pub fn activity(&self, end: u64) -> Activity {
        self.counters.activity(end)
    }

    /// Outputs of the last cycle that was evaluated.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// States and transitions seen so far.
    pub fn coverage(&self) -> &Coverage {
        &self.counters.coverage
    }

    /// Registered state of a domain, that of the next cycle to be evaluated.
    pub fn state(&self, domain: usize) -> State {
        self.domains[domain].state
    }

    /// Switch and retention controls of the next cycle to be evaluated, as masks of domains: what [`Switches`] follow.
    pub fn rails(&self) -> (u64, u64) {
        (self.closed, self.retained)
    }

    fn requests(&mut self, inputs: &Inputs) -> (Arbitration, u64, u64) {
        let mut want = 0;
        for (to, request) in self.to.iter_mut().zip(&inputs.requests).filter(|(_, request)| request.valid) {
            *to = self.banks.destination(request.word);
            want |= to.domain.map_or(0, |domain| 1 << domain);
        }
        let refusing = !self.on & (self.failed | inputs.force_off);
        let outcome = self.banks.arbitrate(inputs.now, &inputs.requests, &self.to, self.on, refusing);
        let granted = bits(outcome.served).filter_map(|port| self.to[port].domain).fold(0, |mask, d| mask | 1 << d);
        self.counters.count_requests(&outcome, &inputs.requests, &self.to);
        (outcome, want, granted)
    }

    /// Carries out the granted accesses; their answers are on the way.
    fn access(&mut self, now: u64, outcome: &Arbitration, requests: &[Request]) {
        let due = now + u64::from(self.parameters.controller.organisation.read_latency);
        for port in bits(outcome.served | outcome.refused) {
            let Request { write, word, enables, tag, .. } = requests[port];
            let served = outcome.served >> port & 1 == 1;
            let mut found = Found::default();
            match (served, write) {
                (true, true) => self.memory.write(word, enables, tag),
                (true, false) => found = self.memory.read(word, enables),
                (false, _) => {}
            }
            let domain = self.to[port].domain.filter(|_| served);
            let Found { tag, poison } = found;
            self.banks.answers.push_back(Answer { due, port, domain, read: served && !write, tag, poison });
        }
    }

    /// Shows the answers that are due; the supply must still be there.
    fn answer(&mut self, now: u64) {
        self.outputs.responses.fill(Response::default());
        while let Some(answer) = self.banks.answers.front().copied().filter(|answer| answer.due == now) {
            self.banks.answers.pop_front();
            let sound = answer.domain.is_some_and(|domain| self.unisolated >> domain & 1 == 1);
            self.outputs.responses[answer.port] = Response {
                valid: true,
                read: sound && answer.read,
                error: !sound,
                poison: sound && answer.poison,
                tag: if sound { answer.tag } else { 0 },
            };
        }
    }

    /// Domains that have to be evaluated in this cycle.
    fn disturbed(&mut self, inputs: &Inputs, want: u64, unsettled: u64) -> u64 {
        let given = [inputs.live, inputs.force_on, inputs.force_off, inputs.fault_clear];
        let changed = given.iter().zip(self.held).fold(0, |mask, (now, before)| mask | (now ^ before));
        self.held = given;
        let mut active = self.restless | changed | want | unsettled;
        if inputs.now >= self.earliest {
            active |= bits(self.all).filter(|&d| self.due[d] <= inputs.now).fold(0, |mask, d| mask | 1 << d);
            self.earliest = NEVER;
            for domain in bits(self.all & !active) {
                self.earliest = self.earliest.min(self.due[domain]);
            }
        }
        if self.thorough { self.all } else { active & self.all }
    }

    fn signals(&self, domain: usize, inputs: &Inputs, want: u64, granted: u64, acknowledge: u64) -> Signals {
        let bit = |mask: u64| mask >> domain & 1 == 1;
        Signals {
            want: bit(want),
            grant: bit(granted),
            live: bit(inputs.live),
            force_on: bit(inputs.force_on),
            force_off: bit(inputs.force_off),
            fault_clear: bit(inputs.fault_clear),
            acknowledge: bit(acknowledge),
            slot: false,
            told: self.player.told[domain],
        }
    }

    /// Moves one domain over the clock edge.
    fn clock_domain(&mut self, domain: usize, now: u64, signals: &Signals) {
        let controller = &mut self.domains[domain];
        let (from, retained) = (controller.state, controller.retained);
        let next = controller.next(now, signals, &self.parameters);
        let still = next == from && from.rests();
        controller.clock(now, next, signals, &self.parameters);
        self.due[domain] = NEVER;
        let mask = 1 << domain;
        if still && now >= controller.idle_from && !signals.want {
            self.due[domain] = controller.next_event(now, signals, &self.parameters);
            self.earliest = self.earliest.min(self.due[domain]);
            self.restless &= !mask;
        } else {
            self.restless |= mask;
        }
        if next != from {
            let retained = [retained, controller.retained];
            self.moved(Change { domain, from, to: next, retained });
        }
    }

    /// Keeps the masks and the contents in step with a new state.
    fn moved(&mut self, change: Change) {
        let Change { domain, from, to, retained } = change;
        let put = |mask: &mut u64, value: bool| *mask = *mask & !(1 << domain) | u64::from(value) << domain;
        put(&mut self.on, to == State::On);
        put(&mut self.in_arb, to == State::Arb);
        put(&mut self.holding_slot, to.holds_slot());
        put(&mut self.failed, to == State::Fault);
        put(&mut self.unisolated, to.unisolated());
        put(&mut self.closed, to.switch_closed());
        put(&mut self.retained, retained[1]);
        if (from.switch_closed() || retained[0]) && !(to.switch_closed() || retained[1]) {
            self.memory.lose(domain);
        }
        self.counters.changes.push(change);
    }

    /// Clocks the domains of `active`; returns whether all domains are still.
    fn clock_domains(&mut self, inputs: &Inputs, active: u64, want: u64, granted: u64, acknowledge: u64) -> bool {
        let now = inputs.now;
        let asks = |d: &usize| {
            let signals = self.signals(*d, inputs, want, granted, acknowledge);
            self.domains[*d].asks_for_slot(now, &signals, &self.parameters)
        };
        let asking = bits(self.in_arb).filter(asks).fold(0, |mask, d| mask | 1 << d);
        let slot = self.wake.slot(asking, self.holding_slot);
        let mut still = true;
        for domain in bits(active) {
            let mut signals = self.signals(domain, inputs, want, granted, acknowledge);
            signals.slot = slot >> domain & 1 == 1;
            let before = self.domains[domain].state;
            self.clock_domain(domain, now, &signals);
            still &= before.rests() && self.domains[domain].state == before;
        }
        still
    }

    /// The clock edge of the sticky flags.
    fn clock_flags(&mut self, inputs: &Inputs) {
        let failing = self.counters.changes.iter().filter(|change| change.to == State::Fault);
        self.faults = self.faults & !inputs.fault_clear | failing.fold(0, |mask, change| mask | 1 << change.domain);
        self.lost_live = self.lost_live & !inputs.fault_clear | inputs.force_off & inputs.live & self.all;
    }

    /// Copies the registered states into the outputs.
    fn show_states(&mut self) {
        for change in &self.counters.changes {
            let (word, shift) = (change.domain / 16, 4 * (change.domain % 16));
            let states = &mut self.outputs.states[word];
            *states = *states & !(15 << shift) | u64::from(change.to.code()) << shift;
        }
    }

    fn next_event(&self) -> Option<u64> {
        let domains = bits(self.all).map(|domain| self.due[domain]);
        domains.chain([self.player.next_event()]).min().filter(|&cycle| cycle != NEVER)
    }
}

impl Device for ReferenceModel {
    fn cycle(&mut self, inputs: &Inputs) -> &Outputs {
        let now = inputs.now;
        self.show_states();
        self.counters.count_changes(now);
        let idle = self.banks.idle(now) && !inputs.requests.iter().any(|request| request.valid);
        self.answer(now);
        let (outcome, want, granted) = self.requests(inputs);
        self.access(now, &outcome, &inputs.requests);
        let pins = inputs.acknowledge.unwrap_or_else(|| self.switches.pins(now, self.closed, self.retained));
        let acknowledge = self.synchronisers.output(pins);
        let unsettled = self.synchronisers.unsettled(pins, self.closed) & self.all;
        let active = self.disturbed(inputs, want, unsettled);
        self.outputs.switches = self.closed;
        (self.outputs.faults, self.outputs.lost_live) = (self.faults, self.lost_live);
        self.outputs.acknowledge = pins;
        self.outputs.grants = outcome.served | outcome.refused;
        let still = self.clock_domains(inputs, active, want, granted, acknowledge);
        self.synchronisers.clock(pins);
        self.clock_flags(inputs);
        (self.outputs.schedule_missed, self.outputs.schedule_overflow) = (self.player.missed, self.player.overflow);
        let played = self.player.clock(inputs, granted);
        self.restless |= played.domains & self.all;
        self.outputs.quiescent = idle && still && unsettled == 0 && !played.busy;
        self.outputs.next_event = if self.outputs.quiescent { self.next_event() } else { None };
        &self.outputs
    }
}

/// Checks the ranges that the model relies on.
fn check(controller: &Controller) -> Result<()> {
    let organisation = &controller.organisation;
    let mut found = Vec::new();
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            found.push(Diagnostic::new("organisation-out-of-range", what.to_string()));
        }
    };
    demand((1..=64).contains(&organisation.domains), "a memory has 1 to 64 domains");
    demand((1..=64).contains(&organisation.ports), "a memory has 1 to 64 ports");
    demand(organisation.interleave.is_power_of_two(), "the banks of a domain are a power of two");
    demand(organisation.domain_words.is_power_of_two(), "the words of a domain are a power of two");
    let banks = u64::from(organisation.interleave);
    demand(banks <= organisation.domain_words, "a domain has at least one word for each of its banks");
    let words = organisation.domain_words.checked_mul(u64::from(organisation.domains));
    demand(words.is_some_and(|words| words <= 1 << 32), "a memory has at most 2^32 words");
    demand((8..=1024).contains(&organisation.word_bits), "a word has 8 to 1024 bits");
    demand(organisation.read_latency > 0, "the read latency is at least 1 cycle");
    demand(organisation.bank_cycles > 0, "a bank is busy for at least 1 cycle");
    demand(controller.timing.max_waking > 0, "at least one domain may wake at a time");
    let depth = controller.policy.schedule_depth() as usize;
    let scheduled = matches!(controller.policy, Policy::Scheduled { .. });
    demand(!scheduled || (1..=SCHEDULE_DEPTH).contains(&depth), "a table of the schedule holds 1 to 1024 entries");
    if found.is_empty() { Ok(()) } else { Err(Error::Input(found)) }
}
