//! The policy `scheduled`: the run is known, so each domain is put to sleep in the gaps that save most and woken just in time.
//!
//! The table of a start event holds at most [`crate::power::SCHEDULE_DEPTH`] entries. Of all gaps whose cheapest path saves energy, those that save most
//! are taken as long as the tables of the events they need have room; in the others the domain stays ON.

use super::gap::{Gap, Place, Slept};
use super::oracle::{cheapest_path, saving};
use crate::ids::OpId;
use crate::power::{
    BankedMemory, ControllerTiming, Entry, Operation, Schedule, Sleep, StartEvent, States, Stimulus, StimulusKind,
    SwitchDelays, TransitionCycles,
};
use crate::schema;
use crate::trace::Run;
use crate::workload::Op;

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
}

/// A gap that is used, or wants to be.
struct Use {
    saved: f64,
    slept: Slept,
    /// Cycle and operation of each entry.
    entries: Vec<(u64, Operation)>,
    domain: u32,
    start: u64,
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

    /// Gaps that are used and, for the others, how many would have saved energy.
    fn choose(&self, player: &Player<'_>, depth: usize) -> (Vec<Use>, u64) {
        let mut wanted = Vec::new();
        for (domain, gaps) in self.gaps.iter().enumerate() {
            wanted.extend(gaps.iter().filter_map(|(start, gap)| player.plan(domain as u32, *start, gap)));
        }
        wanted.sort_by(|a, b| b.saved.total_cmp(&a.saved).then((a.domain, a.start).cmp(&(b.domain, b.start))));
        let mut used = vec![0usize; self.events.len().max(1)];
        let (mut chosen, mut dropped) = (Vec::new(), 0);
        for gap in wanted {
            let events: Vec<usize> = gap.entries.iter().map(|(cycle, _)| self.event_of(*cycle)).collect();
            events.iter().for_each(|event| used[*event] += 1);
            if events.iter().any(|event| used[*event] > depth) {
                events.iter().for_each(|event| used[*event] -= 1);
                dropped += 1;
                // OFF since reset costs nothing to stay in; only its wake comes late.
                if gap.start > 0 || gap.slept.cycles[Sleep::Off.index()] == 0 {
                    continue;
                }
                chosen.push(Use { entries: Vec::new(), ..gap });
                continue;
            }
            chosen.push(gap);
        }
        (chosen, dropped)
    }

    /// Time asleep and wakes under a schedule with tables of `depth` entries.
    pub fn slept(&self, player: &Player<'_>, depth: usize) -> Slept {
        let mut total = Slept::default();
        self.choose(player, depth).0.iter().for_each(|gap| total.add(&gap.slept, 1));
        total
    }

    /// The tables.
    pub fn schedule(&self, player: &Player<'_>, depth: usize, workload: &str) -> Schedule {
        let (chosen, dropped) = self.choose(player, depth);
        let event = |event: &Event| StartEvent {
            name: event.name.clone(),
            op: event.op,
            cycle: event.cycle,
            entries: Vec::new(),
        };
        let mut events: Vec<StartEvent> = self.events.iter().map(event).collect();
        for gap in chosen {
            for (cycle, operation) in gap.entries {
                let event = &mut events[self.event_of(cycle)];
                event.entries.push(Entry { delta: cycle - event.cycle, domain: gap.domain, operation });
            }
        }
        events.iter_mut().for_each(|event| event.entries.sort_unstable());
        Schedule { schema: schema::SCHEDULE.into(), workload: workload.into(), depth, dropped, events }
    }
}

impl Player<'_> {
    /// The cheapest path through a gap, if it saves energy and is told by entries; a domain that is never used needs none.
    fn plan(&self, domain: u32, start: u64, gap: &Gap) -> Option<Use> {
        let times = TransitionCycles::of(&self.timing, self.delays);
        let (steps, slept) = cheapest_path(gap, self.memory, self.states, &times);
        let saved = saving(&slept, self.memory);
        if saved <= 0.0 {
            return None;
        }
        let mut entries: Vec<(u64, Operation)> =
            steps.iter().map(|(at, state)| (start + at, Operation::from(*state))).collect();
        if matches!(gap.place, Place::Head | Place::Inner) {
            let last = steps.last().copied().unwrap_or((0, Sleep::Off));
            let wake = start + gap.length.saturating_sub(self.wake(last.1)).max(last.0);
            entries.push((wake, Operation::Prewake));
        }
        Some(Use { saved, slept, entries, domain, start })
    }

    /// Cycles from a request to its grant.
    fn wake(&self, state: Sleep) -> u64 {
        match state {
            Sleep::Light => self.timing.wake_from_light(),
            Sleep::Retention => self.timing.wake_from_ret(self.delays),
            Sleep::Off => self.timing.wake_from_off(self.delays),
        }
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
