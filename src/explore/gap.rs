//! One idle interval of one domain, and what a policy makes of it.
//!
//! The estimate assumes that nothing stalls: a domain is woken so that it is ON when its next access comes, and a transition takes
//! place inside the interval. An interval too short for its transitions is ON throughout and still pays for the wake. Idle time is
//! counted from the last access, also when live data of another domain's transfer has woken the domain since.

use crate::power::{Policy, Sleep, States, TransitionCycles};
use crate::units::Cycles;

/// Where a gap lies in the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// From the start to the first access: after reset the domain is OFF.
    Head,
    /// Between accesses.
    Inner,
    /// From the last access to the end: nothing wakes it.
    Tail,
    /// The domain is never accessed.
    Whole,
}

/// A maximal stretch without access to a domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gap {
    /// Its length in cycles.
    pub length: u64,
    /// Stretches `[from, to)`, counted from its start, in which no live byte is in the domain: ascending, disjoint, not empty.
    pub dead: Vec<(u64, u64)>,
    /// Where it lies.
    pub place: Place,
}

impl Gap {
    /// The gap with so many cycles more at its end, without live data.
    pub fn extended(&self, more: u64) -> Self {
        let mut dead = self.dead.clone();
        match dead.last_mut() {
            Some((_, end)) if *end == self.length => *end += more,
            _ => dead.push((self.length, self.length + more)),
        }
        Self { length: self.length + more, dead, place: self.place }
    }
}

/// Time asleep and wakes of one or more gaps; the rest of the time is ON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slept {
    /// Cycles in each state, in the order of [`Sleep::ALL`].
    pub cycles: [u64; 3],
    /// Wakes from each state.
    pub wakes: [u64; 3],
}

impl Slept {
    /// Adds `count` times another.
    pub fn add(&mut self, other: &Slept, count: u64) {
        for i in 0..3 {
            self.cycles[i] += other.cycles[i] * count;
            self.wakes[i] += other.wakes[i] * count;
        }
    }
}

/// A policy with its thresholds, in hardware with certain states: the target of an idle domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    thresholds: [Option<u64>; 3],
    mask: bool,
    states: States,
}

impl Gate {
    /// The target function of a policy.
    pub fn new(policy: &Policy, states: States) -> Self {
        let enabled = |t: Cycles| (t.0 > 0).then_some(t.0);
        Self { thresholds: policy.thresholds(states).map(enabled), mask: *policy == Policy::Mask, states }
    }

    /// Whether it ever sends a domain to sleep.
    pub fn sleeps(&self) -> bool {
        self.mask || self.thresholds.iter().any(Option::is_some)
    }

    /// Target after `idle` cycles without access: `None` is ON.
    pub fn target(&self, idle: u64, live: bool) -> Option<Sleep> {
        if self.mask {
            return (!live).then_some(Sleep::Off);
        }
        let reached = |s: &&Sleep| self.thresholds[s.index()].is_some_and(|t| t <= idle);
        let deepest = Sleep::ALL.iter().rev().find(reached).copied();
        match deepest {
            Some(Sleep::Off) if live => self.kept(),
            other => other,
        }
    }

    /// Deepest state present that keeps contents.
    fn kept(&self) -> Option<Sleep> {
        match self.states {
            States { retention: true, .. } => Some(Sleep::Retention),
            States { light: true, .. } => Some(Sleep::Light),
            _ => None,
        }
    }

    /// Idle times at which the target of a domain that stays live, or stays dead, changes: deeper each time.
    pub fn steps(&self, live: bool) -> Steps {
        let mut times = [if self.mask { 0 } else { u64::MAX }; 4];
        for (time, threshold) in times[1..].iter_mut().zip(self.thresholds) {
            *time = threshold.unwrap_or(u64::MAX);
        }
        times.sort_unstable();
        let mut steps = Steps::default();
        for time in times.into_iter().filter(|time| *time < u64::MAX) {
            match self.target(time, live) {
                Some(state) if steps.as_slice().last().is_none_or(|(_, s)| *s < state) => steps.push(time, state),
                _ => {}
            }
        }
        steps
    }
}

/// Idle times at which states are entered, each deeper than the one before.
#[derive(Debug, Clone, Copy)]
pub struct Steps {
    steps: [(u64, Sleep); Sleep::ALL.len()],
    count: usize,
}

impl Default for Steps {
    fn default() -> Self {
        Self { steps: [(0, Sleep::Light); Sleep::ALL.len()], count: 0 }
    }
}

impl Steps {
    fn push(&mut self, time: u64, state: Sleep) {
        self.steps[self.count] = (time, state);
        self.count += 1;
    }

    /// Time and state of each, in order.
    pub fn as_slice(&self) -> &[(u64, Sleep)] {
        &self.steps[..self.count]
    }
}

/// A domain on its way through a gap.
struct Walk<'t> {
    times: &'t TransitionCycles,
    state: Option<Sleep>,
    /// From when on the state counts as asleep, or, ON, may be left.
    since: u64,
    slept: Slept,
    /// By when it must be ON, if an access follows.
    deadline: Option<u64>,
}

impl<'t> Walk<'t> {
    fn new(gap: &Gap, times: &'t TransitionCycles, state: Option<Sleep>) -> Self {
        let deadline = matches!(gap.place, Place::Head | Place::Inner).then_some(gap.length);
        Self { times, state, since: 0, slept: Slept::default(), deadline }
    }

    fn leave(&mut self, now: u64) {
        if let Some(state) = self.state {
            self.slept.cycles[state.index()] += now.saturating_sub(self.since);
        }
        self.since = self.since.max(now);
    }

    /// `now`, or earlier if what follows takes so many cycles and the next access does not wait.
    fn in_time(&self, now: u64, cycles: u64) -> u64 {
        self.deadline.map_or(now, |end| now.min(end.saturating_sub(cycles)))
    }

    fn go(&mut self, now: u64, target: Option<Sleep>) {
        match (self.state, target) {
            (Some(Sleep::Retention), Some(Sleep::Off)) => {
                self.leave(self.in_time(now, self.times.out[Sleep::Off.index()]));
            }
            (None | Some(Sleep::Light), Some(state)) if self.state < target => {
                self.leave(now);
                self.since += self.times.into[state.index()];
            }
            (Some(state), None) => {
                let out = self.times.out[state.index()];
                self.leave(self.in_time(now, out));
                self.slept.wakes[state.index()] += 1;
                self.since += out;
            }
            _ => return,
        }
        self.state = target;
    }

    fn finish(mut self, gap: &Gap) -> Slept {
        let Some(state) = self.state else { return self.slept };
        let woken = self.deadline.is_some();
        let out = if woken { self.times.out[state.index()] } else { 0 };
        self.leave(gap.length.saturating_sub(out));
        self.slept.wakes[state.index()] += u64::from(woken);
        self.slept
    }
}

/// What a policy makes of a gap.
pub fn follow(gap: &Gap, gate: &Gate, times: &TransitionCycles) -> Slept {
    Follower::new(*gate, times).follow(gap)
}

/// A policy whose targets are worked out, to follow many gaps.
pub struct Follower<'t> {
    gate: Gate,
    times: &'t TransitionCycles,
    /// Thresholds, ascending; none is beyond all time.
    thresholds: [u64; 3],
    /// Target of a dead and of a live domain after so many thresholds.
    targets: [[Option<Sleep>; 4]; 2],
}

impl<'t> Follower<'t> {
    /// Works out the targets.
    pub fn new(gate: Gate, times: &'t TransitionCycles) -> Self {
        let mut thresholds = gate.thresholds.map(|threshold| threshold.unwrap_or(u64::MAX));
        thresholds.sort_unstable();
        let of = |live: bool| {
            let mut targets = [gate.target(0, live); 4];
            for (target, idle) in targets[1..].iter_mut().zip(thresholds) {
                *target = gate.target(idle, live);
            }
            targets
        };
        Self { gate, times, thresholds, targets: [of(false), of(true)] }
    }

    /// As [`follow`].
    pub fn follow(&self, gap: &Gap) -> Slept {
        let from_reset = matches!(gap.place, Place::Head | Place::Whole) && self.gate.sleeps();
        let mut walk = Walk::new(gap, self.times, from_reset.then_some(Sleep::Off));
        // After reset every threshold counts as reached.
        let (mut now, mut reached) = (0, if from_reset { self.thresholds.len() } else { 0 });
        let mut dead = gap.dead.iter();
        let mut stretch = dead.next();
        while now < gap.length {
            while stretch.is_some_and(|(_, end)| *end <= now) {
                stretch = dead.next();
            }
            let (dies, revives) = stretch.copied().unwrap_or((u64::MAX, u64::MAX));
            let live = now < dies;
            walk.go(now, self.targets[usize::from(live)][reached]);
            let threshold = self.thresholds.get(reached).copied().unwrap_or(u64::MAX);
            now = threshold.min(if live { dies } else { revives });
            while self.thresholds.get(reached).is_some_and(|threshold| *threshold <= now) {
                reached += 1;
            }
        }
        walk.finish(gap)
    }
}

/// A fixed path through a gap: each state entered at its time, the last left in time for the next access.
pub fn along(gap: &Gap, steps: &[(u64, Sleep)], times: &TransitionCycles) -> Slept {
    let mut walk = Walk::new(gap, times, None);
    for &(now, state) in steps {
        walk.go(now, Some(state));
    }
    walk.finish(gap)
}
