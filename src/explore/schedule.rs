//! The policy `scheduled`: the run is known, so each domain is put to sleep in the gaps that save most and woken just in time.
//!
//! The table of a start event holds at most [`crate::power::SCHEDULE_DEPTH`] entries. Of all gaps whose cheapest path saves energy
//! against the idle timers, those that save most are taken as long as the tables of the events they need have room; in the others
//! the timers are in charge.

use super::gap::{Gap, Gate, Place, Slept, follow};
use super::oracle::{cheapest_path, saving};
use crate::ids::OpId;
use crate::power::{
    BankedMemory, ControllerTiming, Entry, Operation, Policy, Schedule, Sleep, StartEvent, States, Stimulus,
    StimulusKind, SwitchDelays, TransitionCycles,
};
use crate::schema;
use crate::trace::Run;
use crate::workload::Op;
use std::collections::BTreeMap;

/// Idle intervals of every domain, each with its first cycle, and the cycles of the start events.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// Per domain, ascending.
    pub gaps: Vec<Vec<(u64, Gap)>>,
    /// What starts the tables, ascending in cycles; the first is the begin of the run.
    pub events: Vec<Event>,
    /// Length of the run.
    pub cycles: u64,
}

/// What decides about a schedule besides the run.
#[derive(Clone, Copy)]
pub struct Player<'a> {
    /// The memory.
    pub memory: &'a BankedMemory,
    /// Sleep states present.
    pub states: States,
    /// Controller times.
    pub timing: ControllerTiming,
    /// Delays of the switch.
    pub delays: SwitchDelays,
    /// The timers that are in charge where nothing is told.
    pub gate: Gate,
}

/// What a schedule makes of all gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Planned {
    /// Time asleep and wakes.
    pub slept: Slept,
    /// Wakes that come with the access, because the table had no room for them or it does not pay.
    pub on_demand: [u64; 3],
}

/// A gap that is used, or wants to be.
struct Use {
    /// Energy saved against the timers.
    saved: f64,
    slept: Slept,
    /// What the timers make of the gap.
    unplanned: Slept,
    /// Cycle and operation of each entry.
    entries: Vec<(u64, Operation)>,
    domain: u32,
}

impl Timeline {
    /// The same run with idle time after it, up to `cycles`.
    pub fn extended(&self, cycles: u64) -> Self {
        let more = cycles.saturating_sub(self.cycles);
        let mut timeline = self.clone();
        for gaps in timeline.gaps.iter_mut().filter(|_| more > 0) {
            match gaps.last_mut() {
                Some((_, gap)) if matches!(gap.place, Place::Tail | Place::Whole) => *gap = gap.extended(more),
                _ => gaps.push((self.cycles, Gap { length: more, dead: vec![(0, more)], place: Place::Tail })),
            }
        }
        timeline.cycles += more;
        timeline
    }

    fn event_of(&self, cycle: u64) -> usize {
        self.events.partition_point(|event| event.cycle <= cycle).saturating_sub(1)
    }

    /// Gaps that would save energy, those first that save most, each with whether its tables have room for it.
    fn choose(&self, player: &Player<'_>, depth: usize) -> Vec<(Use, bool)> {
        let mut wanted = Vec::new();
        for (domain, gaps) in self.gaps.iter().enumerate() {
            wanted.extend(
                gaps.iter().filter_map(|(start, gap)| Some((*start, player.plan(domain as u32, *start, gap)?))),
            );
        }
        wanted.sort_by(|(a, x), (b, y)| y.saved.total_cmp(&x.saved).then((x.domain, a).cmp(&(y.domain, b))));
        let mut used = vec![0usize; self.events.len().max(1)];
        let mut room = |gap: &Use| {
            let events: Vec<usize> = gap.entries.iter().map(|(cycle, _)| self.event_of(*cycle)).collect();
            events.iter().for_each(|event| used[*event] += 1);
            let fits = events.iter().all(|event| used[*event] <= depth);
            events.iter().filter(|_| !fits).for_each(|event| used[*event] -= 1);
            fits
        };
        let fitted = |(_, gap): (u64, Use)| {
            let fits = room(&gap);
            (gap, fits)
        };
        wanted.into_iter().map(fitted).collect()
    }

    /// Time asleep and wakes under a schedule with tables of `depth` entries.
    pub fn planned(&self, player: &Player<'_>, depth: usize) -> Planned {
        let times = player.times();
        let mut total = Planned::default();
        for (_, gap) in self.gaps.iter().flatten() {
            let slept = player.unplanned(gap, &times);
            total.slept.add(&slept, 1);
            total.on_demand = std::array::from_fn(|state| total.on_demand[state] + slept.wakes[state]);
        }
        for (gap, _) in self.choose(player, depth).into_iter().filter(|(_, fits)| *fits) {
            let Slept { cycles, wakes } = &mut total.slept;
            for state in 0..3 {
                cycles[state] = cycles[state] + gap.slept.cycles[state] - gap.unplanned.cycles[state];
                wakes[state] = wakes[state] + gap.slept.wakes[state] - gap.unplanned.wakes[state];
                total.on_demand[state] -= gap.unplanned.wakes[state];
            }
        }
        total
    }

    /// The tables.
    pub fn schedule(&self, player: &Player<'_>, depth: usize, workload: &str) -> Schedule {
        let mut told: Vec<Vec<Told>> = vec![Vec::new(); self.events.len()];
        let mut dropped = 0;
        for (gap, fits) in self.choose(player, depth) {
            dropped += u64::from(!fits);
            for &(cycle, operation) in gap.entries.iter().filter(|_| fits) {
                // A wake comes after what it wakes from.
                let asleep = gap.entries.iter().filter(|e| e.0 < cycle || e.1 != operation).map(|e| e.0 + 1).max();
                let earliest = asleep.unwrap_or(0);
                told[self.event_of(cycle)].push(Told { cycle, domain: gap.domain, operation, earliest });
            }
        }
        let mut events: Vec<StartEvent> = Vec::new();
        for (event, told) in self.events.iter().zip(told) {
            // The host writes a table while the one before it is played, and starts it when it is complete.
            let written = events.last().map_or(1, |before| before.cycle + 2) + told.len() as u64;
            let cycle = event.cycle.max(written);
            let entries = player.in_turn(told, cycle);
            events.push(StartEvent { name: event.name.clone(), op: event.op, cycle, entries });
        }
        Schedule { schema: schema::SCHEDULE.into(), workload: workload.into(), depth, dropped, events }
    }
}

/// A domain that is to be told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    cycle: u64,
    domain: u32,
    operation: Operation,
    /// First cycle in which it may be told.
    earliest: u64,
}

/// First cycle from `cycle` on without an entry.
fn free_from(taken: &BTreeMap<u64, Told>, cycle: u64) -> u64 {
    (cycle..).find(|cycle| !taken.contains_key(cycle)).expect("fewer entries than cycles")
}

impl Player<'_> {
    fn times(&self) -> TransitionCycles {
        TransitionCycles::of(&self.timing, self.delays)
    }

    /// What becomes of a gap in which nothing is told: the domain is OFF until its first access, then its timers are in charge.
    fn unplanned(&self, gap: &Gap, times: &TransitionCycles) -> Slept {
        match gap.place {
            // It is told OFF, and wakes for data only where the hardware has no state that keeps it.
            Place::Head | Place::Whole => follow(gap, &Gate::new(&Policy::Immediate, self.states), times),
            Place::Inner | Place::Tail => follow(gap, &self.gate, times),
        }
    }

    /// The cheapest path through a gap, if it saves energy against the timers, or time at no loss; told by entries. A domain that is never
    /// used needs none.
    fn plan(&self, domain: u32, start: u64, gap: &Gap) -> Option<Use> {
        let times = self.times();
        let unplanned = self.unplanned(gap, &times);
        let (steps, slept) = match gap.place {
            Place::Head | Place::Whole => (Vec::new(), unplanned),
            Place::Inner | Place::Tail => cheapest_path(gap, self.memory, self.states, &times),
        };
        let saved = saving(&slept, self.memory) - saving(&unplanned, self.memory);
        if saved < 0.0 || slept == Slept::default() || gap.place == Place::Whole {
            return None;
        }
        let mut entries: Vec<(u64, Operation)> =
            self.merged(&steps).iter().map(|(at, state)| (start + at, Operation::from(*state))).collect();
        if matches!(gap.place, Place::Head | Place::Inner) {
            let last = steps.last().copied().unwrap_or((0, Sleep::Off));
            let wake = start + gap.length.saturating_sub(self.lead(last.1)).max(last.0);
            entries.push((wake, Operation::Prewake));
        }
        (!entries.is_empty()).then_some(Use { saved, slept, unplanned, entries, domain })
    }

    /// Steps as they are told: OFF while data is live is the deepest state that keeps it, and becomes OFF when it dies.
    fn merged(&self, steps: &[(u64, Sleep)]) -> Vec<(u64, Sleep)> {
        let kept = if self.states.retention { Sleep::Retention } else { Sleep::Light };
        match *steps {
            [(at, state), (_, Sleep::Off)] if state == kept => vec![(at, Sleep::Off)],
            _ => steps.to_vec(),
        }
    }

    /// Cycles before an access in which the entry that wakes its domain has to be applied: the wake, and a cycle for the entry.
    fn lead(&self, state: Sleep) -> u64 {
        1 + match state {
            Sleep::Light => self.timing.wake_from_light(),
            Sleep::Retention => self.timing.wake_from_ret(self.delays),
            Sleep::Off => self.timing.wake_from_off(self.delays),
        }
    }

    /// Entries of a table that starts in `start`, one a cycle: wakes earlier where others wake or an entry is in their cycle, sleeps
    /// later. Those before the start are late.
    fn in_turn(&self, told: Vec<Told>, start: u64) -> Vec<Entry> {
        let (mut wakes, mut sleeps): (Vec<Told>, Vec<Told>) =
            told.into_iter().partition(|told| told.operation == Operation::Prewake);
        wakes.sort_unstable_by(|a, b| b.cmp(a));
        sleeps.sort_unstable();
        let mut taken = BTreeMap::new();
        let waking = self.timing.max_waking as usize;
        let mut starts: Vec<u64> = Vec::new();
        for wake in wakes {
            let later = starts.len().checked_sub(waking).map(|index| starts[index]);
            let slot = later.map_or(u64::MAX, |later| later.saturating_sub(self.holds_slot()));
            let latest = wake.cycle.min(slot).max(wake.earliest);
            let cycle = (wake.earliest..=latest).rev().find(|cycle| !taken.contains_key(cycle));
            let cycle = cycle.unwrap_or_else(|| free_from(&taken, latest));
            starts.push(cycle);
            taken.insert(cycle, wake);
        }
        for sleep in sleeps {
            taken.insert(free_from(&taken, sleep.cycle), sleep);
        }
        let entry = |(cycle, told): (u64, Told)| Entry {
            delta: cycle.saturating_sub(start),
            domain: told.domain,
            operation: told.operation,
        };
        taken.into_iter().map(entry).collect()
    }

    /// Cycles from one slot for a wake to the next that it allows.
    fn holds_slot(&self) -> u64 {
        let slower = self.timing.wake_from_off(self.delays).max(self.timing.wake_from_ret(self.delays));
        slower.saturating_sub(u64::from(self.timing.t_iso.max(1)))
    }
}

/// What begins a table: the first transfer of a layer or step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Name of the layer, or of the op if it belongs to none.
    pub name: String,
    /// Planned start of the transfer; 0 for the begin of the run.
    pub cycle: u64,
    /// Op of the transfer; none for the begin of the run.
    pub op: Option<OpId>,
}

/// Start events of a run: its begin, and the first transfer in record order of each stretch of ops of one layer, in program order,
/// that begins later than those before.
pub fn start_events(run: &Run, stimulus: &Stimulus) -> Vec<Event> {
    let stretches = stretches(run);
    let mut seen = vec![false; stretches.iter().map(|s| s + 1).max().unwrap_or(0)];
    let mut events = vec![Event { name: "start".into(), cycle: 0, op: None }];
    for node in stimulus.nodes.iter().filter(|node| node.kind != StimulusKind::Work) {
        let Some(&stretch) = stretches.get(node.op.index()) else { continue };
        let later = events.last().is_none_or(|event| event.cycle < node.start.0);
        if std::mem::replace(&mut seen[stretch], true) || !later {
            continue;
        }
        let op = run.workload.op(node.op);
        let layer = op.layer.and_then(|layer| run.workload.layers.get(layer.index()).cloned());
        let name = layer.unwrap_or_else(|| op.name.to_string());
        events.push(Event { name, cycle: node.start.0, op: Some(node.op) });
    }
    events
}

/// For each op the number of the stretch of one layer that it belongs to.
fn stretches(run: &Run) -> Vec<usize> {
    let mut number = 0;
    let mut before = run.workload.ops.iter().next().and_then(|op| op.layer);
    let count = |op: Op| {
        number += usize::from(std::mem::replace(&mut before, op.layer) != op.layer);
        number
    };
    run.workload.ops.iter().map(count).collect()
}
