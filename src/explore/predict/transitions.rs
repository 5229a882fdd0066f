//! The state machine of a domain: when it leaves a state, where to, and what that counts.

use super::agenda::NEVER;
use super::domain::{Domain, Parameters, State};
use super::target::Level;
use crate::power::Class;
use crate::units::Cycles;

impl Domain {
    /// The last cycle in the present state, if inputs stay as they are from `now` on, and the state after it.
    ///
    /// Where a state looks at its target in its last cycle, the state after it is right once `now` is that cycle.
    pub(super) fn next(&self, now: u64, parameters: &Parameters) -> (u64, State) {
        let timing = &parameters.timing;
        let after_settle = if self.low == Level::Off { State::Uniso } else { State::Unret };
        let settle = if self.low == Level::Off { timing.t_settle_off } else { timing.t_settle_ret };
        match self.state {
            State::Off => self.out_of_off(now, parameters),
            State::Retention => self.out_of_retention(now, parameters),
            State::Arb if self.gives_up(self.target(now, parameters)) => (now, self.low_state()),
            State::Arb | State::Fault => (NEVER, self.state),
            State::SwOn => self.switched_on(parameters),
            State::Settle => (self.last_of(settle), after_settle),
            State::Unret => (self.last_of(timing.t_ret), State::Uniso),
            State::Uniso => (self.last_of(timing.t_iso), State::On),
            State::On => self.out_of_on(now, parameters),
            State::Light => self.out_of_light(now, parameters),
            State::LightExit => (self.last_of(timing.t_light), State::On),
            State::Drain => self.out_of_drain(now, parameters),
            State::Iso => (self.last_of(timing.t_iso), self.after_iso(now, parameters)),
            State::SetRet => (self.last_of(timing.t_ret), self.after_set_ret(now, parameters)),
            State::SwOff => self.switched_off(parameters),
        }
    }

    /// Last cycle of a state that lasts `cycles`, at least one.
    fn last_of(&self, cycles: u32) -> u64 {
        self.since + u64::from(cycles.max(1)) - 1
    }

    fn low_state(&self) -> State {
        if self.low == Level::Off { State::Off } else { State::Retention }
    }

    fn out_of_off(&self, now: u64, parameters: &Parameters) -> (u64, State) {
        let wanted = self.target(now, parameters) == Level::On;
        (if wanted { now.max(self.may_wake) } else { NEVER }, State::Arb)
    }

    fn out_of_retention(&self, now: u64, parameters: &Parameters) -> (u64, State) {
        if self.target(now, parameters) >= Level::Light {
            return (now.max(self.may_wake), State::Arb);
        }
        (now.max(self.idle_for(Level::Off, parameters)), State::Off)
    }

    fn switched_on(&self, parameters: &Parameters) -> (u64, State) {
        let delays = &parameters.switch;
        let rise = if self.low == Level::Off { delays.t_ack_off } else { delays.t_ack_ret };
        let acknowledged = self.since + parameters.synchronised(rise);
        self.or_fault(acknowledged, State::Settle, parameters)
    }

    fn switched_off(&self, parameters: &Parameters) -> (u64, State) {
        self.or_fault(self.fallen, self.low_state(), parameters)
    }

    /// Leaves when the acknowledge has come, unless T_ACK_MAX cycles have passed before.
    fn or_fault(&self, acknowledged: u64, state: State, parameters: &Parameters) -> (u64, State) {
        let last = self.last_of(parameters.timing.t_ack_max);
        if acknowledged <= last { (acknowledged, state) } else { (last, State::Fault) }
    }

    /// LIGHT as soon as it is wanted and the banks are quiet; DRAIN as soon as more is wanted and T_MIN_ON has passed.
    fn out_of_on(&self, now: u64, parameters: &Parameters) -> (u64, State) {
        let (light, deeper) = self.descents(parameters);
        if light == NEVER {
            return (NEVER, State::On);
        }
        let quiet = now.max(light).max(self.quiet(parameters));
        if quiet < deeper { (quiet, State::Light) } else { (now.max(deeper).max(self.may_sleep), State::Drain) }
    }

    fn out_of_light(&self, now: u64, parameters: &Parameters) -> (u64, State) {
        if self.target(now, parameters) == Level::On {
            return (now, State::LightExit);
        }
        let (_, deeper) = self.descents(parameters);
        (now.max(deeper).max(self.may_sleep), State::Iso)
    }

    /// The cycles from which on idleness asks for LIGHT or deeper, and for deeper than LIGHT.
    fn descents(&self, parameters: &Parameters) -> (u64, u64) {
        (self.idle_for(Level::Light, parameters), self.idle_for(Level::Retention, parameters))
    }

    /// The cycle from which on the schedule or idleness asks for `level` or deeper.
    fn idle_for(&self, level: Level, parameters: &Parameters) -> u64 {
        if let Some(told) = self.told() {
            return if parameters.targets.raised(told, self.live > 0) <= level { 0 } else { NEVER };
        }
        let last_use = self.last_use(self.entered_on.unwrap_or(0));
        parameters.targets.idle_until(level, self.live > 0).saturating_add(last_use)
    }

    fn out_of_drain(&self, now: u64, parameters: &Parameters) -> (u64, State) {
        let turns = self.target(now, parameters) >= Level::Light;
        if turns { (now, State::On) } else { (now.max(self.quiet(parameters)), State::Iso) }
    }

    /// First cycle that is not busy with the last grant.
    fn quiet(&self, parameters: &Parameters) -> u64 {
        if self.banks.after_grant == 0 { 0 } else { self.banks.after_grant - 1 + parameters.busy }
    }

    fn after_iso(&self, now: u64, parameters: &Parameters) -> State {
        match self.target(now, parameters) {
            Level::On => State::Uniso,
            _ if self.low == Level::Retention => State::SetRet,
            _ => State::SwOff,
        }
    }

    fn after_set_ret(&self, now: u64, parameters: &Parameters) -> State {
        if self.target(now, parameters) == Level::On { State::Unret } else { State::SwOff }
    }

    /// Changes to `state` after cycle `now`.
    pub(super) fn enter(&mut self, state: State, now: u64, parameters: &Parameters) {
        let start = now + 1;
        self.count_transition(state);
        self.count_time(start);
        match (self.state, state) {
            (State::Off, State::Arb) => self.low = Level::Off,
            (State::Retention, State::Arb) => {
                self.low = Level::Retention;
                self.evaluated = now;
            }
            (State::On, State::Drain) | (State::Light, State::LightExit) | (State::Retention, State::Off) => {
                self.evaluated = now;
            }
            (State::Light | State::Drain, State::Iso) => {
                self.evaluated = if self.state == State::Light { now } else { self.evaluated };
                self.low = self.target(now, parameters);
            }
            (_, State::SwOff) => self.fallen = start + parameters.synchronised(parameters.switch.t_ack_fall),
            (State::SwOff, State::Off | State::Retention) if self.entered_on.is_some() => {
                self.may_wake = start + u64::from(parameters.timing.t_min_off);
            }
            (State::Uniso, State::On) => self.enter_on(start, parameters),
            _ => {}
        }
        self.state = state;
        self.since = start;
    }

    fn enter_on(&mut self, start: u64, parameters: &Parameters) {
        self.forced_on = false;
        self.entered_on = Some(start);
        self.may_sleep = start + u64::from(parameters.timing.t_min_on);
    }

    /// Adds the cycles since the last change to the class of the present state.
    pub(super) fn count_time(&mut self, until: u64) {
        self.counts.class_cycles[self.class() as usize] += Cycles(until - self.since);
    }

    fn class(&self) -> Class {
        match self.state {
            State::Off => Class::Off,
            State::Retention => Class::Retention,
            State::Arb if self.low == Level::Off => Class::Off,
            State::Arb => Class::Retention,
            State::Light => Class::Light,
            State::Fault => Class::Fault,
            _ => Class::On,
        }
    }

    fn count_transition(&mut self, state: State) {
        let from_off = self.low == Level::Off;
        let transitions = &mut self.counts.transitions;
        let counter = match (self.state, state) {
            (_, State::SwOn) if from_off => &mut transitions.off_on,
            (_, State::SwOn) => &mut transitions.ret_on,
            (State::SwOff, State::Off) => &mut transitions.on_off,
            (State::SwOff, State::Retention) => &mut transitions.on_ret,
            (State::Retention, State::Off) => &mut transitions.ret_off,
            (State::On, State::Light) => &mut transitions.on_light,
            (State::Light, State::LightExit) => &mut transitions.light_on,
            (State::Drain, State::On) | (State::Iso, State::Uniso) | (State::SetRet, State::Unret) => {
                &mut transitions.aborted
            }
            _ => return,
        };
        *counter += 1;
    }
}
