//! A power domain in event time: in which cycle it leaves its state next, and for which.

use super::banks::{Banks, Stream};
use super::target::{Level, Targets};
use crate::power::{Controller, ControllerTiming, DomainActivity, SwitchDelays};

/// State of a domain. Where a way up started (`origin`) and where a way down leads are kept beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Off,
    Retention,
    Arb,
    SwOn,
    Settle,
    Unret,
    Uniso,
    On,
    Light,
    LightExit,
    Drain,
    Iso,
    SetRet,
    SwOff,
    Fault,
}

/// Parameters that all domains share.
#[derive(Clone, Copy)]
pub(super) struct Parameters {
    pub(super) timing: ControllerTiming,
    pub(super) switch: SwitchDelays,
    pub(super) targets: Targets,
    /// Cycles from a grant to the first in which the domain is not busy with it.
    pub(super) busy: u64,
}

impl Parameters {
    /// From the parameters of the controller.
    pub(super) fn new(controller: &Controller) -> Self {
        let organisation = &controller.organisation;
        Self {
            timing: controller.timing,
            switch: controller.switch,
            targets: Targets::new(controller),
            busy: u64::from(organisation.bank_cycles.max(organisation.read_latency)),
        }
    }

    /// Cycles until the synchronised acknowledge shows what the switch did, `delay` cycles from switch to pin.
    pub(super) fn synchronised(&self, delay: u32) -> u64 {
        u64::from(delay) + u64::from(self.timing.sync_stages)
    }
}

/// One power domain: its state and since when, its banks, and what was counted.
pub(super) struct Domain {
    pub(super) state: State,
    /// First cycle in `state`.
    pub(super) since: u64,
    /// Where the last way up started, or where the last way down leads: OFF or retention.
    pub(super) low: Level,
    /// First cycle in which the acknowledge is low, in SW_OFF.
    pub(super) fallen: u64,
    /// First cycle in which T_MIN_OFF has passed.
    pub(super) may_wake: u64,
    /// First cycle in which T_MIN_ON has passed.
    pub(super) may_sleep: u64,
    /// Entry to ON from UNISO, or `None` since reset.
    pub(super) entered_on: Option<u64>,
    /// Last cycle in a state that looks at its idle time (ON, LIGHT, retention), while in another.
    pub(super) evaluated: u64,
    /// RESET_ON still acts.
    pub(super) forced_on: bool,
    /// What the schedule player told it last, and in which cycle; not in force after a grant in a later cycle.
    pub(super) told: Option<(Level, u64)>,
    /// Live blocks with a word in the domain.
    pub(super) live: u32,
    pub(super) banks: Banks,
    /// Cycles before this one are counted for all streams.
    synced: u64,
    pub(super) counts: DomainActivity,
}

impl Domain {
    /// A domain in its reset state.
    pub(super) fn new(controller: &Controller) -> Self {
        Self {
            state: State::SwOff,
            since: 0,
            low: Level::Off,
            fallen: 0,
            may_wake: 0,
            may_sleep: 0,
            entered_on: None,
            evaluated: 0,
            forced_on: controller.reset_on,
            told: (controller.policy.schedule_depth() > 0).then_some((Level::Off, 0)),
            live: 0,
            banks: Banks::new(&controller.organisation),
            synced: 0,
            counts: DomainActivity::default(),
        }
    }

    /// Whether it grants or rejects requests, and has some.
    pub(super) fn serves(&self) -> bool {
        matches!(self.state, State::On | State::Fault) && !self.banks.members.is_empty()
    }

    /// The stream of `port` has its next request here in cycle `now`.
    pub(super) fn join(&mut self, port: u32, now: u64, streams: &mut [Stream]) {
        self.sync(now, streams);
        self.banks.join(port);
        if self.state != State::Fault {
            let stream = &streams[port as usize];
            *self.accesses(stream.write) += stream.left;
        }
    }

    /// Rejected requests are no accesses.
    pub(super) fn discount_pending(&mut self, streams: &[Stream]) {
        for member in 0..self.banks.members.len() {
            let stream = &streams[self.banks.members[member] as usize];
            *self.accesses(stream.write) -= stream.left;
        }
    }

    fn accesses(&mut self, write: bool) -> &mut u64 {
        if write { &mut self.counts.writes } else { &mut self.counts.reads }
    }

    /// Counts all cycles before `until` for the streams, which end at the earliest with the last of them.
    pub(super) fn sync(&mut self, until: u64, streams: &mut [Stream]) {
        let cycles = until - self.synced;
        self.synced = until;
        match self.state {
            State::On => return self.banks.serve(until - cycles, cycles, streams),
            State::Fault => return self.banks.reject(cycles, streams),
            _ => {}
        }
        for &port in &self.banks.members {
            streams[port as usize].stalls.stall_wake += cycles;
            self.counts.stall_wake += cycles;
        }
    }

    /// First cycle from `now` on that needs a look: a stream may end, or the state changes.
    pub(super) fn due(&self, now: u64, streams: &[Stream], parameters: &Parameters) -> u64 {
        if self.serves() {
            return self.synced + self.banks.undisturbed(streams) - 1;
        }
        self.next(now, parameters).0
    }

    /// Target in cycle `now`.
    pub(super) fn target(&self, now: u64, parameters: &Parameters) -> Level {
        if !self.banks.members.is_empty() || self.forced_on {
            return Level::On;
        }
        if let Some(told) = self.told() {
            return parameters.targets.raised(told, self.live > 0);
        }
        let looks = matches!(self.state, State::On | State::Light | State::Retention);
        let evaluated = if looks { now } else { self.evaluated };
        let idle = self.entered_on.map(|entered| evaluated - self.last_use(entered));
        parameters.targets.asleep(idle, self.live > 0)
    }

    /// What the schedule player told it, while that is in force.
    pub(super) fn told(&self) -> Option<Level> {
        self.told.filter(|(_, cycle)| self.banks.after_grant <= cycle + 1).map(|(level, _)| level)
    }

    /// Cycle from which idleness counts.
    pub(super) fn last_use(&self, entered: u64) -> u64 {
        entered.max(self.banks.after_grant.saturating_sub(1))
    }

    /// Whether it waits for a slot and would take it in cycle `now`.
    pub(super) fn asks_for_slot(&self, now: u64, parameters: &Parameters) -> bool {
        self.state == State::Arb && !self.gives_up(self.target(now, parameters))
    }

    /// Whether such a target ends the wait for a slot.
    pub(super) fn gives_up(&self, target: Level) -> bool {
        if self.low == Level::Off { target != Level::On } else { target < Level::Light }
    }

    /// Whether it holds a slot.
    pub(super) fn wakes(&self) -> bool {
        matches!(self.state, State::SwOn | State::Settle)
    }

    /// What was counted, with the present state lasting to the end.
    pub(super) fn activity(&mut self, end: u64) -> DomainActivity {
        self.count_time(end);
        self.counts.stall_conflict = self.banks.conflicts;
        self.counts
    }
}
