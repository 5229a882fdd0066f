//! The controller of one domain: registers, the state table, and what changes at a clock edge.

use super::target::{Level, Parameters, Signals};
use crate::power::State;

/// A cycle that never comes.
pub(super) const NEVER: u64 = u64::MAX;

/// Registers of one domain.
#[derive(Debug, Clone)]
pub(super) struct Domain {
    pub(super) state: State,
    /// Cycles that the state still lasts after this one, where it has a time.
    remaining: u32,
    /// Retention control: the origin from ARB to SETTLE, the destination in SW_OFF.
    pub(super) retained: bool,
    /// Destination of a way down is retention; latched on entering ISO.
    to_retention: bool,
    /// Still in the SW_OFF that reset entered.
    after_reset: bool,
    /// RESET_ON has not brought it ON yet.
    reset_on: bool,
    /// Thresholds that count as reached: LIGHT, RET, OFF from bit 0.
    reached: u8,
    /// Cycle of the last grant or of the first ON cycle, whichever is later.
    last_use: u64,
    /// T_MIN_ON has passed from this cycle on.
    may_sleep: u64,
    /// T_MIN_OFF has passed from this cycle on.
    may_wake: u64,
    /// First cycle in which no access keeps it busy.
    pub(super) idle_from: u64,
}

impl Domain {
    /// As reset leaves it.
    pub(super) fn new(parameters: &Parameters) -> Self {
        Self {
            state: State::SwOff,
            remaining: last(parameters.controller.timing.t_ack_max),
            retained: false,
            to_retention: false,
            after_reset: true,
            reset_on: parameters.controller.reset_on,
            reached: parameters.enabled(),
            last_use: 0,
            may_sleep: 0,
            may_wake: 0,
            idle_from: 0,
        }
    }

    /// Thresholds that count as reached in cycle `now`: a domain looks at its idle time where it rests, except in OFF.
    fn reached(&self, now: u64, parameters: &Parameters) -> u8 {
        match self.state {
            State::On | State::Light | State::Ret => {
                self.reached | parameters.reached(now.saturating_sub(self.last_use))
            }
            _ => self.reached,
        }
    }

    /// Where the domain should go.
    pub(super) fn target(&self, now: u64, signals: &Signals, parameters: &Parameters) -> Level {
        let reset_on = self.reset_on && self.state != State::On;
        parameters.target(signals, reset_on, self.reached(now, parameters))
    }

    /// Whether a domain in ARB still wants up.
    pub(super) fn asks_for_slot(&self, now: u64, signals: &Signals, parameters: &Parameters) -> bool {
        let target = self.target(now, signals, parameters);
        let up = if self.retained { target >= Level::Light } else { target == Level::On };
        self.state == State::Arb && up && !signals.force_off
    }

    /// The state table: state after cycle `now`.
    pub(super) fn next(&self, now: u64, signals: &Signals, parameters: &Parameters) -> State {
        if self.state.switch_closed() && self.state != State::SwOn && !signals.acknowledge {
            return State::Fault;
        }
        let target = self.target(now, signals, parameters);
        let over = self.remaining == 0;
        match self.state {
            State::Off if target == Level::On && now >= self.may_wake => State::Arb,
            State::Off => State::Off,
            State::Ret if target == Level::Off => State::Off,
            State::Ret if target >= Level::Light && now >= self.may_wake => State::Arb,
            State::Ret => State::Ret,
            State::Arb if signals.force_off => State::Off,
            State::Arb if !self.asks_for_slot(now, signals, parameters) => self.rail_down(),
            State::Arb if signals.slot => State::SwOn,
            State::Arb => State::Arb,
            State::SwOn if signals.acknowledge => State::Settle,
            State::SwOn if over => State::Fault,
            State::Settle if over && self.retained => State::Unret,
            State::Settle if over => State::Uniso,
            State::Unret if over => State::Uniso,
            State::Uniso if over => State::On,
            State::On if target == Level::Light && now >= self.idle_from => State::Light,
            State::On if target < Level::Light && now >= self.may_sleep => State::Drain,
            State::On => State::On,
            State::Light if target == Level::On => State::LightExit,
            State::Light if target < Level::Light && now >= self.may_sleep => State::Iso,
            State::Light => State::Light,
            State::LightExit if over => State::On,
            State::Drain if target >= Level::Light => State::On,
            State::Drain if now >= self.idle_from => State::Iso,
            State::Drain => State::Drain,
            State::Iso if over && target == Level::On => State::Uniso,
            State::Iso if over && self.to_retention => State::SetRet,
            State::Iso if over => State::SwOff,
            State::SetRet if over && target == Level::On => State::Unret,
            State::SetRet if over => State::SwOff,
            State::SwOff if !signals.acknowledge => self.rail_down(),
            State::SwOff if over => State::Fault,
            State::Fault if signals.fault_clear => State::SwOff,
            State::SwOn | State::Settle | State::Unret | State::Uniso | State::LightExit => self.state,
            State::Iso | State::SetRet | State::SwOff | State::Fault => self.state,
        }
    }

    fn rail_down(&self) -> State {
        if self.retained { State::Ret } else { State::Off }
    }

    /// The clock edge at the end of cycle `now`: every register but the state's own consequences first, then the move.
    pub(super) fn clock(&mut self, now: u64, next: State, signals: &Signals, parameters: &Parameters) {
        let target = self.target(now, signals, parameters);
        self.reached = self.reached(now, parameters);
        self.reset_on &= self.state != State::On;
        self.remaining = self.remaining.saturating_sub(1);
        if signals.grant {
            self.reached = 0;
            self.last_use = now;
            self.idle_from = now + parameters.busy;
        }
        if next != self.state {
            self.enter(now + 1, next, target, parameters);
        }
    }

    /// What entering `next` in cycle `first` sets.
    fn enter(&mut self, first: u64, next: State, target: Level, parameters: &Parameters) {
        let timing = &parameters.controller.timing;
        match (self.state, next) {
            (State::Uniso, State::On) => {
                self.reached = 0;
                self.last_use = first;
                self.may_sleep = first + u64::from(timing.t_min_on);
            }
            (State::SwOff, State::Off | State::Ret) if !self.after_reset => {
                self.may_wake = first + u64::from(timing.t_min_off);
            }
            (State::Drain | State::Light, State::Iso) => self.to_retention = target == Level::Ret,
            (State::Fault, State::SwOff) => self.to_retention = false,
            _ => {}
        }
        self.after_reset = false;
        self.remaining = self.time(next, parameters);
        self.retained = match next {
            State::Arb | State::SwOn | State::Settle => self.retained,
            State::Ret | State::SetRet => true,
            State::SwOff => self.to_retention,
            _ => false,
        };
        self.state = next;
    }

    /// Cycles that `next` lasts after its first.
    fn time(&self, next: State, parameters: &Parameters) -> u32 {
        let timing = &parameters.controller.timing;
        last(match next {
            State::SwOn | State::SwOff => timing.t_ack_max,
            State::Settle if self.retained => timing.t_settle_ret,
            State::Settle => timing.t_settle_off,
            State::Unret | State::SetRet => timing.t_ret,
            State::Uniso | State::Iso => timing.t_iso,
            State::LightExit => timing.t_light,
            State::Off | State::Ret | State::Arb | State::On | State::Light | State::Drain | State::Fault => 0,
        })
    }

    /// First cycle after `now` in which the domain leaves its state, inputs held: time changes the next state only at
    /// these candidates.
    pub(super) fn next_event(&self, now: u64, held: &Signals, parameters: &Parameters) -> u64 {
        let thresholds = parameters.thresholds.map(|threshold| self.last_use.saturating_add(threshold));
        let times = thresholds.into_iter().chain([self.may_sleep, self.may_wake]);
        let moves = |&cycle: &u64| cycle > now && self.next(cycle, held, parameters) != self.state;
        times.filter(moves).min().unwrap_or(NEVER)
    }
}

/// What a down counter starts from for a state of `cycles`, at least one.
fn last(cycles: u32) -> u32 {
    cycles.max(1) - 1
}
