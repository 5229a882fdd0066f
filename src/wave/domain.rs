//! Follows one power domain.

use super::check::Window;
use super::order::Order;
use super::property::{Ledger, Place, Property};
use super::protocol::Protocol;
use crate::power::State;
use crate::power::{Design, DomainActivity};
use crate::units::Cycles;

/// Sampled signals of one domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pins {
    pub(super) code: u8,
    pub(super) sw: bool,
    pub(super) ack: bool,
    pub(super) iso_n: bool,
    pub(super) ret: bool,
    pub(super) light: bool,
    pub(super) clk_en: bool,
    pub(super) live: bool,
    pub(super) force_off: bool,
}

impl Pins {
    /// Names and values for a message.
    pub(super) fn list(&self) -> Vec<(String, String)> {
        let state = State::from_code(self.code).map_or(format!("{}?", self.code), |state| state.name().to_owned());
        let bits = [
            ("sw_o", self.sw),
            ("sw_ack_i", self.ack),
            ("iso_no", self.iso_n),
            ("ret_o", self.ret),
            ("light_o", self.light),
            ("live_i", self.live),
        ];
        let named = bits.map(|(name, bit)| (name.to_owned(), u8::from(bit).to_string()));
        std::iter::once(("state_o".to_owned(), state)).chain(named).collect()
    }
}

/// What every step needs and never changes.
pub(super) struct Step<'a> {
    pub(super) design: &'a Design,
    /// Whether the dump has the clock enables.
    pub(super) clk_en: bool,
    /// Whether the dump has `force_off_i`.
    pub(super) force_off: bool,
}

/// Acknowledge pin at the last 64 edges, the latest in bit 0.
#[derive(Debug, Clone, Copy, Default)]
struct History {
    bits: u64,
    edge: u64,
    known_from: u64,
}

impl History {
    fn begin(edge: u64, level: bool) -> Self {
        Self { bits: if level { u64::MAX } else { 0 }, edge, known_from: edge }
    }

    /// Repeats the last level up to `edge`.
    fn hold(&mut self, edge: u64) {
        let count = edge.saturating_sub(self.edge);
        let level = if self.bits & 1 == 1 { u64::MAX } else { 0 };
        self.bits = if count >= 64 { level } else { self.bits << count | level & ((1 << count) - 1) };
        self.edge = edge;
    }

    fn push(&mut self, level: bool) {
        self.bits = self.bits << 1 | u64::from(level);
        self.edge += 1;
    }

    /// Output of the synchroniser in the latest cycle; `None` where the dump does not reach back far enough.
    fn synchronised(&self, stages: u32) -> Option<bool> {
        let stages = u64::from(stages.min(63));
        (self.edge >= self.known_from + stages).then(|| self.bits >> stages & 1 == 1)
    }

    fn is_steadily_high(&self, stages: u32) -> bool {
        let recent = super::values::mask(stages.min(63) + 1);
        self.bits & recent == recent
    }
}

/// What is known of a domain.
#[derive(Debug, Clone, Default)]
pub(super) struct Domain {
    state: Option<State>,
    /// Edge of the first cycle in the state, unless it lies before the dump.
    entered: Option<u64>,
    /// Where a wake comes from, where a way down leads to.
    retention: bool,
    /// Cycle up to which class time is counted.
    charged: u64,
    acknowledge: History,
    /// First cycle in ON after a wake.
    up: Option<u64>,
    /// First cycle down.
    down: Option<u64>,
    /// The way down began while the domain held live data.
    live_at_latch: bool,
    order: Order,
    pub(super) activity: DomainActivity,
}

/// One transition, or one more cycle in a state.
struct Passage<'p> {
    d: usize,
    before: Place,
    now: Place,
    was: Pins,
    is: Pins,
    from: State,
    to: State,
    /// Cycles spent in `from`, if its beginning is known.
    stay: Option<u64>,
    /// Synchronised acknowledge in the cycle that decided.
    acknowledged: Option<bool>,
    step: &'p Step<'p>,
}

impl Passage<'_> {
    fn book(&self, ledger: &mut Ledger, property: Property, holds: bool, message: impl FnOnce() -> String) {
        ledger.book(property, holds, self.now, Some(self.d), || (message(), self.is.list()));
    }
}

impl Domain {
    /// The state, SW_OFF where the code was none.
    pub(super) fn state(&self) -> State {
        self.state.unwrap_or(State::SwOff)
    }

    /// Whether nothing is in progress: the domain needs no look until a signal changes.
    pub(super) fn is_settled(&self, step: &Step<'_>) -> bool {
        let state = self.state();
        let powered = matches!(state, State::On | State::Light);
        state.rests() && (!powered || self.acknowledge.is_steadily_high(step.design.timing.sync_stages))
    }

    /// First edge: nothing is known of the past.
    pub(super) fn begin(&mut self, place: Place, pins: Pins) {
        let activity = std::mem::take(&mut self.activity);
        *self = Domain {
            state: State::from_code(pins.code),
            retention: pins.ret,
            charged: place.cycle,
            acknowledge: History::begin(place.edge, pins.ack),
            order: Order::begin(pins, place.edge),
            activity,
            ..Domain::default()
        };
    }

    /// One edge at which something changed or is in progress.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn step(
        &mut self,
        step: &Step<'_>,
        ledger: &mut Ledger,
        d: usize,
        (before, now): (Place, Place),
        (was, is): (Pins, Pins),
        window: &Window,
        counts: bool,
    ) {
        self.acknowledge.hold(before.edge);
        let acknowledged = self.acknowledge.synchronised(step.design.timing.sync_stages);
        let next = State::from_code(is.code);
        ledger.book(Property::LegalState, next.is_some(), now, Some(d), || {
            (format!("{} is no state", is.code), is.list())
        });
        if let (Some(from), Some(to)) = (self.state, next) {
            let stay = self.entered.map(|entered| now.edge - entered);
            let passage = Passage { d, before, now, was, is, from, to, stay, acknowledged, step };
            if from == to {
                self.stay(ledger, &passage)
            } else {
                self.pass(ledger, &passage, window, counts)
            }
            self.judge_outputs(ledger, &passage);
            self.order.step(ledger, step, (d, now), (was, is), to);
        } else {
            self.charge(now.cycle, window);
            self.entered = None;
            self.order = Order::begin(is, now.edge);
        }
        self.state = next;
        self.acknowledge.push(is.ack);
    }

    fn stay(&mut self, ledger: &mut Ledger, p: &Passage<'_>) {
        let timed = p.from.duration(&p.step.design.timing, self.retention);
        if let (Some(stay), Some(cycles)) = (p.stay, timed)
            && stay >= cycles
        {
            let message = || format!("{} lasts longer than {cycles} cycles", p.from.name());
            p.book(ledger, Property::Durations, false, message);
        }
        let late = match p.from {
            State::SwOn => p.acknowledged == Some(true),
            // The SW_OFF a dump begins with may be held by the reset synchroniser.
            State::SwOff => p.acknowledged == Some(false) && p.stay.is_some(),
            _ => false,
        };
        if late {
            p.book(ledger, Property::Acknowledge, false, || format!("{} goes on after the acknowledge", p.from.name()));
        }
        let waits = matches!(p.from, State::SwOn | State::SwOff);
        let limit = u64::from(p.step.design.timing.t_ack_max.max(1));
        if waits && p.stay.is_some_and(|stay| stay >= limit) {
            p.book(ledger, Property::Faults, false, || format!("{} outlasts T_ACK_MAX = {limit}", p.from.name()));
        }
        self.judge_loss(ledger, p);
    }

    fn pass(&mut self, ledger: &mut Ledger, p: &Passage<'_>, window: &Window, counts: bool) {
        self.judge_transition(ledger, p);
        self.judge_duration(ledger, p);
        self.judge_acknowledge(ledger, p);
        self.judge_fault(ledger, p);
        self.judge_loss(ledger, p);
        self.judge_minimum(ledger, p);
        self.judge_live(ledger, p);
        self.charge(p.now.cycle, window);
        if counts {
            self.count(p.from, p.to);
        }
        self.remember(p);
    }

    fn judge_transition(&self, ledger: &mut Ledger, p: &Passage<'_>) {
        let gives_up = p.from == State::Arb && self.retention && p.to == State::Off;
        let unforced = gives_up && p.step.force_off && !p.was.force_off;
        let allowed = p.from.may_become(p.to, self.retention, p.step.design.states) && !unforced;
        p.book(ledger, Property::Transitions, allowed, || {
            let origin = if self.retention { " (retention)" } else { "" };
            format!("{}{origin} is followed by {}", p.from.name(), p.to.name())
        });
    }

    fn judge_duration(&self, ledger: &mut Ledger, p: &Passage<'_>) {
        let timed = p.from.duration(&p.step.design.timing, self.retention);
        if let (Some(stay), Some(cycles), true) = (p.stay, timed, p.to != State::Fault) {
            p.book(ledger, Property::Durations, stay == cycles, || {
                format!("{} lasted {stay} cycles instead of {cycles}", p.from.name())
            });
        }
    }

    fn judge_acknowledge(&self, ledger: &mut Ledger, p: &Passage<'_>) {
        let expected = match (p.from, p.to) {
            (State::SwOn, State::Settle) => true,
            (State::SwOff, State::Off | State::Ret) => false,
            _ => return,
        };
        if let Some(seen) = p.acknowledged {
            p.book(ledger, Property::Acknowledge, seen == expected, || {
                format!("{} ended with the synchronised acknowledge at {}", p.from.name(), u8::from(seen))
            });
        }
    }

    /// FAULT out of a state that waits for the acknowledge comes after exactly T_ACK_MAX cycles.
    fn judge_fault(&self, ledger: &mut Ledger, p: &Passage<'_>) {
        if p.to != State::Fault || !matches!(p.from, State::SwOn | State::SwOff) {
            return;
        }
        let limit = u64::from(p.step.design.timing.t_ack_max.max(1));
        if let Some(stay) = p.stay {
            p.book(ledger, Property::Faults, stay == limit, || {
                format!("{} gave up after {stay} cycles, T_ACK_MAX is {limit}", p.from.name())
            });
        }
    }

    /// With the switch closed and acknowledged, FAULT follows a lost acknowledge at once, and nothing else.
    fn judge_loss(&self, ledger: &mut Ledger, p: &Passage<'_>) {
        let (true, Some(acknowledged)) = (p.from.needs_acknowledge(), p.acknowledged) else { return };
        let holds = acknowledged != (p.to == State::Fault);
        p.book(ledger, Property::Faults, holds, || match acknowledged {
            true => format!("FAULT after {} although the acknowledge was there", p.from.name()),
            false => format!("{} after {} although the acknowledge was lost", p.to.name(), p.from.name()),
        });
    }

    fn judge_minimum(&self, ledger: &mut Ledger, p: &Passage<'_>) {
        let timing = &p.step.design.timing;
        let (since, least, name) = match (p.from, p.to) {
            (State::On, State::Drain) | (State::Light, State::Iso) => (self.up, timing.t_min_on, "T_MIN_ON"),
            (State::Off | State::Ret, State::Arb) => (self.down, timing.t_min_off, "T_MIN_OFF"),
            _ => return,
        };
        let Some(since) = since else { return };
        let elapsed = p.before.cycle.saturating_sub(since);
        p.book(ledger, Property::MinimumTimes, elapsed >= u64::from(least), || {
            format!("{} left {elapsed} cycles after it was reached, {name} is {least}", p.from.name())
        });
    }

    fn judge_live(&self, ledger: &mut Ledger, p: &Passage<'_>) {
        let held = match (p.from, p.to) {
            (State::Iso, State::SwOff) => self.live_at_latch,
            (State::Ret, State::Off) => p.was.live && !p.was.force_off,
            (State::Arb, State::Off) if self.retention => p.was.live && !p.was.force_off,
            _ => return,
        };
        p.book(ledger, Property::LiveKept, !held, || {
            format!("live data is lost on the way from {} to OFF", p.from.name())
        });
    }

    fn judge_outputs(&self, ledger: &mut Ledger, p: &Passage<'_>) {
        let expected = p.to.outputs();
        let ret = expected.ret.unwrap_or(self.retention);
        let clk_en = !p.step.clk_en || p.is.clk_en == expected.clk;
        let seen = (p.is.sw, p.is.iso_n, p.is.ret, p.is.light);
        let holds = seen == (expected.sw, expected.iso_n, ret, expected.light) && clk_en;
        p.book(ledger, Property::Outputs, holds, || {
            let [sw, iso_n, ret, light] = [expected.sw, expected.iso_n, ret, expected.light].map(u8::from);
            format!("in {} expected sw {sw}, iso_n {iso_n}, ret {ret}, light {light}", p.to.name())
        });
    }

    /// What later judgements need to know about this transition.
    fn remember(&mut self, p: &Passage<'_>) {
        self.entered = Some(p.now.edge);
        match (p.from, p.to) {
            (from, State::Arb) => self.retention = from == State::Ret,
            (from, State::SwOff) => self.retention = from == State::SetRet,
            (State::Drain | State::Light, State::Iso) => self.live_at_latch = p.was.live && !p.was.force_off,
            (State::Uniso, State::On) => self.up = Some(p.now.cycle),
            // Out of reset the least time counts as passed.
            (State::SwOff, State::Off | State::Ret) => self.down = p.stay.map(|_| p.now.cycle),
            _ => {}
        }
    }

    fn count(&mut self, from: State, to: State) {
        let t = &mut self.activity.transitions;
        let counter = match (from, to) {
            (State::Arb, State::SwOn) if self.retention => &mut t.ret_on,
            (State::Arb, State::SwOn) => &mut t.off_on,
            (State::SwOff, State::Off) => &mut t.on_off,
            (State::SwOff, State::Ret) => &mut t.on_ret,
            (State::Ret, State::Off) => &mut t.ret_off,
            (State::Arb, State::Off) if self.retention => &mut t.ret_off,
            (State::On, State::Light) => &mut t.on_light,
            (State::Light, State::LightExit) => &mut t.light_on,
            (State::Drain, State::On) | (State::Iso, State::Uniso) | (State::SetRet, State::Unret) => &mut t.aborted,
            _ => return,
        };
        *counter += 1;
    }

    /// Counts the cycles up to `until` for the class of the state.
    pub(super) fn charge(&mut self, until: u64, window: &Window) {
        let class = self.state().class(self.retention);
        let cycles = window.clip(until).saturating_sub(window.clip(self.charged));
        self.activity.class_cycles[class as usize] += Cycles(cycles);
        self.charged = until;
    }

    pub(super) fn into_activity(self) -> DomainActivity {
        self.activity
    }
}
