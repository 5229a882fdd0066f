//! A block of ops that was simulated: what it saw, and what it left.

use super::super::Probe;
use super::super::contents::Contents;
use super::super::engine::Engine;
use super::super::occupancy::{Course, Opening, Stored};
use super::super::operands::TileKey;
use super::super::ports::Ports;
use super::super::rows::NeededRows;
use super::super::statistics::Counters;
use super::matching::{Renaming, matching};
use super::victims::{Standing, Victims, standing};
use crate::ids::{NodeId, OpId, TensorId};
use crate::trace::{Lifetime, Stalls};
use crate::units;
use crate::workload::Class;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};
use std::ops::Range;

/// The cycle in which a template began, and the one in which a block begins.
pub type Cycles = (u64, u64);

/// What a block can see of one of its tensors, or leaves of it.
#[derive(Debug, Clone)]
pub struct State {
    pub(super) contents: Contents,
    pub(super) uses_left: u32,
    pub(super) rows: Option<Box<NeededRows>>,
    pub(super) listed: [bool; 2],
    pub(super) stored: Stored,
    /// The residence of its storage object, as far as it has come.
    pub(super) lifetime: Option<Lifetime>,
    pub(super) last_fill: Option<(NodeId, OpId)>,
}

impl State {
    fn of<P: Probe>(engine: &Engine<'_, P>, tensor: u32) -> Self {
        let rows = engine.residency.held[tensor as usize].rows.clone();
        Self { rows, ..Self::of_other(engine, tensor) }
    }

    /// Without the rows that are needed, which depend on ops of others.
    pub(super) fn of_other<P: Probe>(engine: &Engine<'_, P>, tensor: u32) -> Self {
        let (residency, index) = (&engine.residency, tensor as usize);
        let store = &residency.stores[0];
        let stored = store.tracker.stored[index];
        let resides = stored.lifetime != Stored::NOWHERE;
        Self {
            contents: store.contents[index].clone(),
            uses_left: residency.held[index].uses_left,
            rows: None,
            listed: listed(engine, tensor),
            stored,
            lifetime: resides.then(|| residency.ledger.lifetimes[stored.lifetime as usize]),
            last_fill: engine.transfers.last_fill[0][index],
        }
    }
}

impl State {
    /// What has become of its residence.
    fn residence<P: Probe>(&self, engine: &Engine<'_, P>) -> Option<Lifetime> {
        self.lifetime.map(|_| engine.residency.ledger.lifetimes[self.stored.lifetime as usize])
    }

    /// The record of the fill that brought some of it last.
    fn last_filled(&self) -> Option<(NodeId, u32)> {
        self.last_fill.map(|(node, _)| (node, 0))
    }

    /// Whether a tensor is in this state now, needed rows aside, of which a block consumes `used` uses.
    pub(super) fn is_of<P: Probe>(&self, engine: &Engine<'_, P>, tensor: u32, used: u32, cycles: Cycles) -> bool {
        let (residency, index) = (&engine.residency, tensor as usize);
        let (store, held) = (&residency.stores[0], &residency.held[index]);
        let stored = store.tracker.stored[index];
        let resides = stored.lifetime != Stored::NOWHERE;
        let lifetime = resides.then(|| residency.ledger.lifetimes[stored.lifetime as usize]);
        store.contents[index] == self.contents
            && held.readers == 0
            && held.uses_left >= used
            && (held.uses_left > used) == (self.uses_left > used)
            && listed(engine, tensor) == self.listed
            && (stored.present, stored.needed) == (self.stored.present, self.stored.needed)
            && same_lifetime(self.lifetime, lifetime, cycles)
    }
}

/// A residence may be extended by the block, and its release moves with the block if it lies in it.
fn same_lifetime(then: Option<Lifetime>, now: Option<Lifetime>, (start, cycle): Cycles) -> bool {
    match (then, now) {
        (None, None) => true,
        (Some(then), Some(now)) => then.extent == now.extent && (then.released.0 == start) == (now.released.0 == cycle),
        _ => false,
    }
}

/// Whether a tensor is among the candidates for eviction: all, obsolete.
pub fn listed<P: Probe>(engine: &Engine<'_, P>, tensor: u32) -> [bool; 2] {
    let store = &engine.residency.stores[0];
    if store.capacity.is_none() { [false; 2] } else { [store.all.has(tensor), store.obsolete.has(tensor)] }
}

/// Counts and marks of a unit.
#[derive(Debug, Clone)]
pub struct Books {
    pub(super) free: u64,
    pub(super) active: u64,
    pub(super) macs: u64,
    pub(super) stalls: Stalls,
    pub(super) last_end: Option<NodeId>,
    pub(super) buffers: [Vec<TileKey>; 2],
}

/// Counts and marks of everything that is not a tensor.
#[derive(Debug, Clone)]
pub struct Machine {
    pub(super) units: Vec<Books>,
    pub(super) ports: Ports,
    pub(super) dram: Ports,
    pub(super) counters: Counters,
    pub(super) next_id: u32,
    /// Cycles in which the vector unit computed for arrays.
    pub(super) for_arrays: u64,
}

impl Machine {
    fn of<P: Probe>(engine: &Engine<'_, P>) -> Self {
        let units = engine.units.iter().map(|unit| Books {
            free: unit.free,
            active: unit.active,
            macs: unit.macs,
            stalls: unit.stalls,
            last_end: unit.last_end,
            buffers: [0, 1].map(|b| unit.buffers[b].tiles.clone()),
        });
        Self {
            units: units.collect(),
            ports: engine.ports[0].clone(),
            dram: engine.dram.clone(),
            counters: engine.counters[0].clone(),
            next_id: engine.transfers.next_id,
            for_arrays: engine.vector.for_arrays,
        }
    }
}

/// A place in the record, as the nodes of a block follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// So many nodes after the first one of the block.
    Inside(u32),
    /// One recorded before the block.
    Before(NodeId),
}

/// A node by its place in the block, and what it follows, each with its lag.
pub type Outward = (u32, Vec<(Place, u32)>);

/// A block that is being simulated.
#[derive(Debug)]
pub struct Capture {
    ops: Range<usize>,
    start: u64,
    events: u64,
    nodes: usize,
    lifetimes: usize,
    cast: Vec<u32>,
    states: Vec<State>,
    machine: Machine,
    visible: Vec<Option<(NodeId, u32)>>,
    recent: [Vec<u32>; 2],
    queued: Vec<Vec<usize>>,
    candidates: Vec<Candidate>,
    standing: Vec<Standing>,
    evicted_needed_bits: u64,
    glimpse: u64,
    opening: Opening,
    unfinished: usize,
}

/// A block that was simulated.
#[derive(Debug)]
pub struct Template {
    pub(super) ops: Range<usize>,
    /// Cycle in which it began.
    pub start: u64,
    /// Cycle in which it ended.
    pub end: u64,
    /// Its events.
    pub events: u64,
    /// What was there of the tensors that its ops name, in one number.
    pub glimpse: u64,
    pub(super) nodes: Range<usize>,
    pub(super) first_lifetime: u32,
    pub(super) lifetimes: Vec<Lifetime>,
    /// Its tensors, ascending.
    pub(super) cast: Vec<u32>,
    /// Who lost needed bytes, where that matters one by one; their states follow those of its own tensors.
    pub(super) victims: Option<Victims>,
    /// Needed bits that left.
    pub(super) evicted_needed_bits: u64,
    pub(super) before: Vec<State>,
    pub(super) after: Vec<State>,
    /// What became of the residences that its tensors were in before.
    pub(super) ended: Vec<Option<Lifetime>>,
    pub(super) machine: [Machine; 2],
    /// Nodes recorded before that its own can follow, in a fixed order, each with what else is known of it.
    pub(super) visible: Vec<Option<(NodeId, u32)>>,
    /// Own tensors at the end of the lists of candidates for eviction, last first, before and after.
    pub(super) recent: [[Vec<u32>; 2]; 2],
    /// Ops in the lists of the units, counted from its first.
    pub(super) queued: Vec<Vec<usize>>,
    pub(super) opening: Opening,
    pub(super) course: Course,
    /// The obsolete bits that could be evicted before.
    pub(super) candidates: Vec<Candidate>,
    /// Obsolete bits of others that were evicted.
    pub(super) evicted: u64,
    /// Needed bits of others that were evicted and had a copy: when, and how many up to then.
    pub(super) lost: Vec<(u64, u64)>,
    /// Whether own tensors were evicted as well.
    pub(super) evicted_own: bool,
    /// Nodes that follow nodes recorded before, by their place in the block.
    pub(super) outward: Vec<Outward>,
    /// Ops that ended last, counted from its first.
    pub(super) last: Vec<usize>,
}

impl Capture {
    /// Begins with the block `ops` at the cycle of `opening`, in which nothing is under way.
    pub fn begin<P: Probe>(
        engine: &mut Engine<'_, P>,
        ops: Range<usize>,
        opening: Opening,
        events: u64,
    ) -> Option<Self> {
        let renaming = matching(engine, &ops, &ops)?;
        let cast: Vec<u32> = renaming.pairs().iter().map(|&(tensor, _)| tensor).collect();
        let store = &mut engine.residency.stores[0];
        store.evicted.clear();
        (store.refused, store.exhausted, store.lost) = (false, false, Some(Vec::new()));
        let evicted_needed_bits = store.evicted_needed_bits;
        Some(Self {
            start: opening.state.cycle.0,
            events,
            nodes: engine.recorder.graph.nodes().len(),
            lifetimes: engine.residency.ledger.lifetimes.len(),
            states: cast.iter().map(|&tensor| State::of(engine, tensor)).collect(),
            machine: Machine::of(engine),
            visible: visible(engine, &ops, renaming.pairs().iter().map(|&(tensor, _)| tensor)),
            recent: recent(engine, |tensor| renaming.reaches(TensorId(tensor))),
            queued: queued(engine, &ops),
            candidates: candidates(engine, |tensor| renaming.of(tensor)),
            standing: standing(engine, &renaming),
            evicted_needed_bits,
            glimpse: glimpse(engine, &ops),
            cast,
            ops,
            opening,
            unfinished: engine.dispatcher.unfinished(),
        })
    }

    /// The ops of the block.
    pub fn ops(&self) -> &Range<usize> {
        &self.ops
    }

    /// The block has ended at cycle `now`; `None` if it cannot serve as an example.
    pub fn end<P: Probe>(self, engine: &mut Engine<'_, P>, now: u64, events: u64) -> Option<Template> {
        let own = self.cast.clone();
        let own = |tensor: TensorId| own.binary_search(&tensor.0).is_ok();
        let lost = engine.residency.stores[0].lost.take().unwrap_or_default();
        let store = &engine.residency.stores[0];
        // A part of an own storage object that the block does not know must not leave.
        let part = |tensor: TensorId| !own(tensor) && own(engine.residency.held[tensor.index()].storage);
        let others = self.unfinished - engine.dispatcher.unfinished() != self.ops.len();
        if others || store.evicted.iter().any(|&(tensor, _)| part(tensor)) {
            return None;
        }
        let strange = |t: TensorId| own(t) || engine.workload.class(t) != Class::Kv;
        let one_by_one = store.refused || lost.iter().any(|&(_, tensor, _)| strange(tensor));
        let evicted = sums(store.evicted.iter().copied());
        let lost_by = sums(lost.iter().map(|&(_, tensor, bits)| (tensor, bits)));
        let of_others = |sums: &FxHashMap<TensorId, u64>| sums.iter().filter(|s| !own(*s.0)).map(|s| s.1).sum::<u64>();
        let evicted_own = evicted.keys().any(|&tensor| own(tensor));
        let obsolete = of_others(&evicted) - of_others(&lost_by);
        let victims = match one_by_one {
            true => Some(Victims::new(engine, self.standing, &lost_by, &evicted)?),
            false => None,
        };
        let lost = lost.into_iter().scan(0, |sum, (cycle, _, bits)| {
            *sum += bits;
            Some((cycle, *sum))
        });
        let lost = if one_by_one { Vec::new() } else { lost.collect() };
        let others = victims.as_ref().map(|v| v.tensors().collect::<Vec<_>>()).unwrap_or_default();
        let before = self.states.into_iter().chain(victims.iter().flat_map(Victims::others).cloned());
        let before: Vec<State> = before.collect();
        let course = engine.residency.stores[0].tracker.course(now, self.opening)?;
        let nodes = self.nodes..engine.recorder.graph.nodes().len();
        let mut visible = self.visible;
        visible.extend(before[self.cast.len()..].iter().map(State::last_filled));
        let end = units::Cycles(now);
        let last = self.ops.clone().filter(|&op| engine.timings[op].is_some_and(|t| t.end == end));
        Some(Template {
            end: now,
            events: events - self.events,
            lifetimes: engine.residency.ledger.lifetimes[self.lifetimes..].to_vec(),
            first_lifetime: self.lifetimes as u32,
            ended: before.iter().map(|state| state.residence(engine)).collect(),
            after: self.cast.iter().chain(&others).map(|&tensor| State::of(engine, tensor)).collect(),
            recent: [self.recent, recent(engine, |tensor| own(TensorId(tensor)))],
            machine: [self.machine, Machine::of(engine)],
            outward: outward(engine, &nodes, &visible)?,
            last: last.map(|op| op - self.ops.start).collect(),
            nodes: (!nodes.is_empty()).then_some(nodes)?,
            evicted_needed_bits: engine.residency.stores[0].evicted_needed_bits - self.evicted_needed_bits,
            glimpse: self.glimpse,
            ops: self.ops,
            start: self.start,
            cast: self.cast,
            before,
            visible,
            queued: self.queued,
            opening: self.opening,
            course,
            candidates: self.candidates,
            evicted: obsolete,
            lost,
            evicted_own,
            victims,
        })
    }
}

/// What is there, and needed, of each tensor that the ops name, in one number: if two blocks see the same, theirs are equal.
pub fn glimpse<P: Probe>(engine: &Engine<'_, P>, ops: &Range<usize>) -> u64 {
    let contents = &engine.residency.stores[0].contents;
    let mut hasher = FxHasher::default();
    for op in ops.clone().map(|op| engine.workload.ops.at(op)) {
        let named = op.kind.inputs().into_iter().chain([op.kind.out()]);
        named.map(|tensor| &contents[tensor.index()]).for_each(|c| (c.present_bits, c.needed_bits).hash(&mut hasher));
    }
    hasher.finish()
}

/// Bits of each tensor.
fn sums(entries: impl Iterator<Item = (TensorId, u64)>) -> FxHashMap<TensorId, u64> {
    let mut sums = FxHashMap::default();
    entries.for_each(|(tensor, bits)| *sums.entry(tensor).or_default() += bits);
    sums
}

/// Nodes recorded before a block that its own can follow, in an order that depends on the block's form alone.
pub fn visible<P: Probe>(
    engine: &Engine<'_, P>,
    ops: &Range<usize>,
    cast: impl Iterator<Item = u32>,
) -> Vec<Option<(NodeId, u32)>> {
    let mut all: Vec<Option<(NodeId, u32)>> = Vec::new();
    all.extend(engine.units.iter().map(|unit| unit.last_end.map(|node| (node, 0))));
    all.extend(engine.dram.last.iter().copied());
    for op in ops.clone() {
        let before = engine.dependencies.before(OpId::from(op)).iter();
        let outside = before.filter(|earlier| earlier.index() < ops.start);
        all.extend(outside.map(|earlier| engine.end_nodes[earlier.index()].map(|node| (node, 0))));
    }
    all.extend(cast.map(|tensor| engine.transfers.last_fill[0][tensor as usize].map(|(node, _)| (node, 0))));
    all
}

/// Own tensors at the end of the lists of candidates for eviction, last first.
pub fn recent<P: Probe>(engine: &Engine<'_, P>, own: impl Fn(u32) -> bool) -> [Vec<u32>; 2] {
    let store = &engine.residency.stores[0];
    [store.all.last_used(&own), store.obsolete.last_used(&own)]
}

/// Obsolete bits in the order in which they are evicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidate {
    /// Of tensors that the block does not know.
    Other(u64),
    /// All of one of its own.
    Own(TensorId),
}

/// What can be evicted; `own` says what the template calls a tensor of the block.
pub fn candidates<P: Probe>(engine: &Engine<'_, P>, own: impl Fn(TensorId) -> Option<TensorId>) -> Vec<Candidate> {
    let store = &engine.residency.stores[0];
    let mut all = Vec::new();
    let mut next = store.capacity.and_then(|_| store.obsolete.next(None));
    while let Some(tensor) = next {
        let contents = &store.contents[tensor as usize];
        let bits = contents.present_bits - contents.needed_bits;
        match (own(TensorId(tensor)), all.last_mut()) {
            (Some(tensor), _) => all.push(Candidate::Own(tensor)),
            (None, Some(Candidate::Other(sum))) => *sum += bits,
            (None, _) => all.push(Candidate::Other(bits)),
        }
        next = store.obsolete.next(Some(tensor));
    }
    all
}

/// The ops of a block in the lists of the units, counted from its first.
pub fn queued<P: Probe>(engine: &Engine<'_, P>, ops: &Range<usize>) -> Vec<Vec<usize>> {
    let inside = |list: &std::collections::VecDeque<OpId>| {
        list.iter().take_while(|op| op.index() < ops.end).map(|op| op.index() - ops.start).collect()
    };
    engine.dispatcher.lists.iter().map(inside).collect()
}

/// Nodes of a block that follow nodes recorded before it; `None` if one of those is not among the visible ones.
fn outward<P: Probe>(
    engine: &Engine<'_, P>,
    nodes: &Range<usize>,
    visible: &[Option<(NodeId, u32)>],
) -> Option<Vec<Outward>> {
    let graph = &engine.recorder.graph;
    let mut found = Vec::new();
    for (offset, node) in graph.nodes().range(nodes.clone()).enumerate() {
        let predecessors = graph.predecessors(&node);
        if predecessors.iter().all(|p| p.back as usize <= offset) {
            continue;
        }
        let place = |back: usize| match offset.checked_sub(back) {
            Some(inside) => Place::Inside(inside as u32),
            None => Place::Before(NodeId::from(nodes.start + offset - back)),
        };
        let list: Vec<(Place, u32)> = predecessors.iter().map(|p| (place(p.back as usize), p.lag)).collect();
        let known = |place: &Place| match place {
            Place::Inside(_) => true,
            Place::Before(node) => visible.iter().flatten().any(|(seen, _)| seen == node),
        };
        list.iter().all(|(place, _)| known(place)).then_some(())?;
        found.push((offset as u32, list));
    }
    Some(found)
}

impl Template {
    /// What its tensors are called in the block `ops`, if that has the same form.
    pub fn renaming<P: Probe>(&self, engine: &Engine<'_, P>, ops: &Range<usize>) -> Option<Renaming> {
        matching(engine, &self.ops, ops).filter(|r| r.pairs().iter().map(|p| p.0).eq(self.cast.iter().copied()))
    }
}
