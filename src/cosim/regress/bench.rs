//! The bench of a regression: drives every input of a laboratory memory cycle by cycle, on hardware and reference model at once.

use super::goals::Goals;
use super::random::Random;
use crate::cosim::difference::Difference;
use crate::cosim::lockstep::Pair;
use crate::cosim::waveform::{Waveform, WaveformWindow};
use crate::cosim::{CompiledMemory, Dut, WaveformFile, counters, difference};
use crate::power::cycle::{Device, Inputs, Outputs, Request, Scheduling, bits};
use crate::power::reference::{Coverage, ReferenceModel, Switches};
use crate::power::{Controller, State};
use crate::{Error, Result};
use std::path::Path;

/// Who sees that something is wrong, beside the comparison with the reference model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// A domain does not come where the corner is.
    Corner,
    /// The corner was not reached.
    Goal,
    /// A request waits for too long.
    Watchdog,
    /// Live data was lost.
    LiveData,
    /// A skip was allowed or refused wrongly.
    Skip,
    /// The prediction differs from the reference model.
    Prediction,
    /// A bus front answers something else than it should.
    Bus,
    /// Another simulator shows something else.
    Icarus,
}

impl Check {
    /// Name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Check::Corner => "corner",
            Check::Goal => "goal",
            Check::Watchdog => "watchdog",
            Check::LiveData => "live data",
            Check::Skip => "skip",
            Check::Prediction => "prediction",
            Check::Bus => "bus",
            Check::Icarus => "icarus",
        }
    }
}

/// Why a case ends before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// Hardware and reference model differ.
    Different(Difference),
    /// The case did not get where it should, or found what must not be.
    Wrong { check: Check, cycle: u64, message: String },
    /// Something does not work.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

/// What a step of a case yields.
pub(super) type Step<T = ()> = std::result::Result<T, Stop>;

/// What reaches for a sleeping domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    /// A request.
    Request,
    /// `force_on_i`.
    Force,
}

/// A memory under test with everything around it.
pub(super) struct Bench {
    pub(super) pair: Pair,
    pub(super) inputs: Inputs,
    pub(super) thresholds: [u64; 3],
    /// Acknowledge pins that are held, low or high, whatever the switch does.
    pub(super) held_low: u64,
    pub(super) held_high: u64,
    pub(super) now: u64,
    pub(super) time_bits: u32,
    pub(super) goals: Goals,
    pub(super) random: Random,
    pub(super) evaluated: u64,
    pub(super) requests: u64,
    /// The last cycle in which nothing was under way.
    pub(super) quiet: u64,
    switches: Switches,
    coverage: Coverage,
    waiting: Vec<u64>,
    tag: u32,
}

impl Bench {
    /// A memory out of reset; `record` keeps what every pin shows.
    pub(super) fn new(
        memory: &CompiledMemory,
        controller: &Controller,
        seed: u64,
        waveform: Option<WaveformWindow>,
        record: bool,
    ) -> Result<Self> {
        let dut = if record { Dut::recorded(memory, controller)? } else { Dut::new(memory, controller)? };
        let mut pair = Pair::around(memory, controller, dut)?;
        if let Some(window) = waveform {
            pair.dut.record(Waveform::new(window, &memory.top));
        }
        let ports = controller.organisation.ports;
        Ok(Self {
            pair,
            inputs: Inputs::idle(ports),
            thresholds: memory.parameters.thresholds,
            held_low: 0,
            held_high: 0,
            now: 0,
            time_bits: memory.parameters.time_bits,
            goals: Goals::new(controller, memory.parameters.time_bits),
            random: Random::new(seed),
            evaluated: 0,
            requests: 0,
            quiet: 0,
            switches: Switches::new(controller.switch),
            coverage: Coverage::default(),
            waiting: vec![0; ports as usize],
            tag: 0,
        })
    }

    pub(super) fn controller(&self) -> Controller {
        self.pair.controller
    }

    /// Registered state of a domain in the coming cycle.
    pub(super) fn state(&self, domain: usize) -> State {
        self.pair.reference.state(domain)
    }

    pub(super) fn outputs(&self) -> &Outputs {
        self.pair.reference.outputs()
    }

    /// Everything the reference model went through, resets included.
    pub(super) fn coverage(&self) -> Coverage {
        let mut coverage = self.coverage.clone();
        coverage.add(self.pair.reference.coverage());
        coverage
    }

    pub(super) fn wrong(&self, check: Check, message: impl Into<String>) -> Stop {
        Stop::Wrong { check, cycle: self.now, message: message.into() }
    }

    /// Asserts a request until it is granted; a port that still waits keeps what it has.
    pub(super) fn ask(&mut self, port: usize, word: u64, write: bool, enables: u128) {
        let waits = self.inputs.requests[port].valid;
        if !waits {
            self.tag = self.tag.wrapping_add(1);
            let tag = if write { self.tag ^ (word as u32).rotate_left(16) } else { 0 };
            self.waiting[port] = self.now;
            self.inputs.requests[port] = Request { valid: true, write, word, enables, tag };
        }
    }

    /// All bytes of a word enabled.
    pub(super) fn whole(&self) -> u128 {
        u128::MAX >> (128 - self.pair.controller.organisation.word_bytes())
    }

    /// First word of a domain.
    pub(super) fn word_of(&self, domain: usize) -> u64 {
        self.pair.controller.organisation.domain_words * domain as u64
    }

    /// Asserts a write of the first word of a domain at port 0.
    pub(super) fn want(&mut self, domain: usize) {
        self.ask(0, self.word_of(domain), true, self.whole());
    }

    fn pins(&mut self) -> u64 {
        let (closed, retained) = self.pair.reference.rails();
        let pins = self.switches.pins(self.now, closed, retained);
        pins & !self.held_low | self.held_high
    }

    /// Thresholds from the coming cycle on.
    pub(super) fn set_thresholds(&mut self, thresholds: [u64; 3]) {
        self.thresholds = thresholds;
        self.pair.reference.set_thresholds(thresholds);
        self.pair.dut.set_thresholds(thresholds);
    }

    /// One cycle.
    pub(super) fn cycle(&mut self) -> Step {
        self.begin();
        self.goals.before(&self.pair.reference, &self.inputs, self.thresholds);
        if let Some(difference) = self.pair.evaluate(&self.inputs)? {
            return Err(Stop::Different(difference));
        }
        self.goals.after(&self.inputs, self.pair.reference.outputs());
        self.end()
    }

    /// One cycle of a memory behind bus fronts, whose inputs the caller drives; `asked` reads what the fronts ask.
    pub(super) fn cycle_behind_bus(&mut self, asked: impl FnOnce(&Dut, &mut Inputs)) -> Step {
        self.begin();
        if let Some(difference) = self.pair.evaluate_behind_bus(&self.inputs, asked)? {
            return Err(Stop::Different(difference));
        }
        self.end()
    }

    fn begin(&mut self) {
        self.inputs.now = self.now;
        self.inputs.acknowledge = Some(self.pins());
    }

    fn end(&mut self) -> Step {
        self.evaluated += 1;
        let outputs = self.pair.reference.outputs();
        if outputs.quiescent {
            self.quiet = self.now;
        }
        for port in bits(outputs.grants) {
            self.inputs.requests[port].valid = false;
            self.requests += 1;
        }
        self.inputs.schedule = Scheduling::Nothing;
        self.inputs.schedule_clear = false;
        self.inputs.fault_clear = 0;
        self.now += 1;
        self.watch()
    }

    /// Requests come from a driver, which watches how long they wait.
    pub(super) fn watched_by_driver(&mut self) {
        self.waiting.fill(self.inputs.now.max(self.now));
    }

    /// No request may wait longer than everything that can be in its way takes.
    fn watch(&self) -> Step {
        let patience = self.patience();
        let late = |port: &usize| self.inputs.requests[*port].valid && self.now - self.waiting[*port] > patience;
        match (0..self.waiting.len()).find(late) {
            Some(port) => {
                Err(self
                    .wrong(Check::Watchdog, format!("port {port} waits for a grant for more than {patience} cycles")))
            }
            None => Ok(()),
        }
    }

    /// Every domain wakes in turn with an acknowledge as late as it may be, after going down; twice.
    fn patience(&self) -> u64 {
        let Controller { timing, organisation, .. } = &self.pair.controller;
        let way =
            [timing.t_iso, timing.t_settle_off, timing.t_settle_ret, timing.t_ret, timing.t_light, timing.t_min_off];
        let way = 2 * way.into_iter().map(u64::from).sum::<u64>() + 2 * u64::from(timing.t_ack_max) + 16;
        let busy = u64::from(organisation.read_latency.max(organisation.bank_cycles) * (organisation.ports + 1));
        2 * (u64::from(organisation.domains) * way + busy)
    }

    pub(super) fn run(&mut self, cycles: u64) -> Step {
        (0..cycles).try_for_each(|_| self.cycle())
    }

    /// More cycles than any way to any state takes.
    pub(super) fn limit(&self) -> u64 {
        let timing = &self.pair.controller.timing;
        let longest = self.thresholds.into_iter().max().unwrap_or(0).max(timing.t_min_on.into());
        self.patience() + 2 * longest + 64
    }

    /// Cycles until something holds of the coming cycle.
    pub(super) fn until(&mut self, what: &str, holds: impl Fn(&Bench) -> bool) -> Step {
        for _ in 0..self.limit() {
            if holds(self) {
                return Ok(());
            }
            self.cycle()?;
        }
        Err(self.wrong(Check::Corner, format!("never came to: {what}")))
    }

    /// Cycles until a domain's state in the coming cycle, or `ahead` cycles later with inputs held, is `state`.
    pub(super) fn until_state(&mut self, domain: usize, state: State, ahead: u32) -> Step {
        let what = format!("domain {domain} in {}", state.name());
        self.until(&what, |bench| bench.state_ahead(domain, ahead) == state)
    }

    /// State of a domain some cycles after the coming one, if only the switches move.
    fn state_ahead(&self, domain: usize, ahead: u32) -> State {
        let mut reference = self.pair.reference.clone();
        let (mut inputs, mut switches) = (self.inputs.clone(), self.switches.clone());
        for cycle in self.now..self.now + u64::from(ahead) {
            let (closed, retained) = reference.rails();
            inputs.now = cycle;
            inputs.acknowledge = Some(switches.pins(cycle, closed, retained) & !self.held_low | self.held_high);
            for port in bits(reference.cycle(&inputs).grants) {
                inputs.requests[port].valid = false;
            }
        }
        reference.state(domain)
    }

    /// Until every request is granted.
    pub(super) fn settle(&mut self) -> Step {
        self.until("all requests granted", |bench| !bench.inputs.requests.iter().any(|request| request.valid))
    }

    /// Writes a word of a domain; the coming cycle is the first after the grant.
    pub(super) fn serve(&mut self, domain: usize) -> Step {
        self.want(domain);
        self.settle()
    }

    /// Lets go of everything, clears faults and serves what waits.
    pub(super) fn home(&mut self, domain: usize) -> Step {
        (self.held_low, self.held_high) = (0, 0);
        (self.inputs.force_on, self.inputs.force_off, self.inputs.live) = (0, 0, 0);
        for _ in 0..self.limit() {
            let faulty = bits(u64::MAX >> (64 - self.pair.controller.organisation.domains));
            let faulty = faulty.filter(|&d| self.state(d) == State::Fault).fold(0, |mask, d| mask | 1 << d);
            let waits = self.inputs.requests.iter().any(|request| request.valid);
            if faulty == 0 && !waits && self.state(domain).rests() {
                return Ok(());
            }
            self.inputs.fault_clear = faulty;
            self.cycle()?;
        }
        Err(self.wrong(Check::Corner, format!("domain {domain} never came to rest")))
    }

    /// Brings a domain into a state from rest, so that it is the state of the coming cycle, or of the one `ahead` of it.
    pub(super) fn reach(&mut self, domain: usize, state: State, trigger: Trigger, ahead: u32) -> Step {
        self.home(domain)?;
        match state {
            State::On => return self.serve(domain),
            State::Arb | State::SwOn | State::Settle | State::Uniso => self.rise_from(domain, State::Off, trigger)?,
            State::Unret => self.rise_from(domain, State::Ret, trigger)?,
            State::LightExit => self.rise_from(domain, State::Light, trigger)?,
            State::Fault => {
                self.serve(domain)?;
                self.held_low |= 1 << domain;
            }
            _ => self.fall_towards(domain, state)?,
        }
        self.until_state(domain, state, ahead)
    }

    /// Lets a domain rest in a state and reaches for it.
    pub(super) fn rise_from(&mut self, domain: usize, origin: State, trigger: Trigger) -> Step {
        self.fall_towards(domain, origin)?;
        self.until_state(domain, origin, 0)?;
        self.reach_for(domain, trigger);
        Ok(())
    }

    pub(super) fn reach_for(&mut self, domain: usize, trigger: Trigger) {
        match trigger {
            Trigger::Request => self.want(domain),
            Trigger::Force => self.inputs.force_on |= 1 << domain,
        }
    }

    /// Leaves a domain that was just used to its timers; those that go through LIGHT come to DRAIN only by force.
    fn fall_towards(&mut self, domain: usize, state: State) -> Step {
        self.serve(domain)?;
        let mask = 1 << domain;
        let live = matches!(state, State::Ret | State::SetRet);
        self.inputs.live = if live { self.inputs.live | mask } else { self.inputs.live & !mask };
        if state == State::Drain && self.rests_in_light() {
            self.run(u64::from(self.pair.controller.timing.t_min_on))?;
            self.serve(domain)?;
            self.inputs.force_off |= mask;
        }
        Ok(())
    }

    /// Whether an idle domain goes to LIGHT first.
    pub(super) fn rests_in_light(&self) -> bool {
        self.pair.controller.states.light && self.thresholds[0] > 0
    }

    /// Jumps to a later cycle if both models allow it.
    pub(super) fn jump(&mut self, to: u64) -> bool {
        let outputs = self.pair.reference.outputs();
        let allowed = outputs.quiescent && outputs.next_event.is_none_or(|event| to <= event);
        let event = outputs.next_event.filter(|_| outputs.quiescent);
        self.goals.jump(to, event, allowed);
        if allowed {
            self.now = to.max(self.now);
        }
        allowed
    }

    /// Resets the memory with the acknowledge pins as given; the coming cycle is the first after it.
    pub(super) fn reset(&mut self, pins: u64) -> Step {
        let organisation = &self.pair.controller.organisation;
        let states: Vec<State> = (0..organisation.domains as usize).map(|domain| self.state(domain)).collect();
        self.goals.reset(&states, pins);
        self.coverage.add(self.pair.reference.coverage());
        self.inputs = Inputs::idle(organisation.ports);
        self.switches = Switches::new(self.pair.controller.switch);
        self.pair.reset(self.now, pins)?;
        self.pair.reference.set_thresholds(self.thresholds);
        Ok(())
    }

    /// Compares the counters of hardware and reference model; time bases that wrap make counters that do.
    pub(super) fn finish(&mut self) -> Step {
        let end = self.now;
        let organisation = self.pair.controller.organisation;
        let expected = self.pair.reference.activity(end);
        let seen = counters::read(&mut self.pair.dut, &organisation, end)?;
        match difference::compare_wrapping_activity(&expected, &seen, u64::MAX >> (64 - self.time_bits)) {
            Some(difference) => Err(Stop::Different(difference)),
            None => Ok(()),
        }
    }

    /// Completes the waveform, if one was recorded.
    pub(super) fn finish_waveform(&mut self) -> Result<Option<WaveformFile>> {
        self.pair.dut.finish_waveform()
    }

    pub(super) fn write_coverage(&mut self, file: &Path) -> Result<()> {
        self.pair.dut.write_coverage(file)
    }

    /// A copy of the reference model, to see what would have been.
    pub(super) fn twin(&self) -> ReferenceModel {
        self.pair.reference.clone()
    }
}
