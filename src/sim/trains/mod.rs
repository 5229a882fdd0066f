//! Trains of tiles: what the units did from one state to another, they do again, later and with other tiles.
//!
//! While an op runs, what is in progress (transfers under way and waiting, computations, ports, how far each unit is) is soon the same as
//! some tiles before, but for the time and the places of the tiles. From then on nothing has to be found out by playing events: the
//! *segment* between two such states is carried out as a whole, at once, as often as it fits. It fits if the steps to come have the same
//! sizes and need the same transfers, if what was there is there and what was not is not, and if there is room. Carrying it out moves,
//! adds and releases the tiles in the order of the segment; events, queues, ports and causes need no second look.
//!
//! States are told apart by their contents alone. A state that was seen before leads to the segments that began there, also those of
//! another row of tiles or of another op. See `docs/performance.md` for what is not covered.

mod room;
mod segment;
mod shift;
mod state;
mod train;

use super::Probe;
use super::engine::Engine;
use super::running::RING;
use super::step::Step;
use crate::accelerator::Victims;
use crate::ids::NodeId;
pub use segment::{Act, RESULT};
use segment::{Action, Opening, Segment};
use shift::Origin;
use state::State;
use train::Known;

/// Fewest steps of a segment.
const FEWEST: u32 = 16;
/// Most states that are told apart at a time, and most segments between them.
const MOST: usize = 96;
/// Segments in a row that were of no use before they become longer.
const PATIENCE: u32 = 12;

/// Follows the states of a run and carries segments out.
#[derive(Debug, Default)]
pub struct Trains {
    classes: Vec<State>,
    segments: Vec<Segment>,
    open: Option<Opening>,
    actions: Vec<Action>,
    issued: Vec<(u32, Step)>,
    /// The unit whose steps are counted.
    lead: u32,
    since: u32,
    misses: u32,
    due: bool,
    /// Whether every element is whole bytes.
    whole_bytes: bool,
}

impl Trains {
    /// For a run that has not begun; `None` if it cannot be covered.
    pub fn new<P: Probe>(engine: &Engine<'_, P>) -> Option<Box<Self>> {
        let [store] = engine.residency.stores.as_slice() else { return None };
        let covered = store.capacity.is_none() || store.victims == Victims::ObsoleteFirst;
        let whole_bytes = engine.workload.tensors.iter().all(|tensor| tensor.bits % 8 == 0);
        covered.then(|| Box::new(Self { whole_bytes, ..Self::default() }))
    }

    /// An op starts or ends; `lead` is the first unit that has one then.
    pub fn restart(&mut self, lead: Option<usize>) {
        self.interrupt();
        (self.lead, self.since, self.due) = (lead.unwrap_or(0) as u32, 0, false);
    }

    /// Something happens that a segment cannot contain.
    pub fn interrupt(&mut self) {
        self.open = None;
    }

    /// A unit prepares a step.
    pub fn issue(&mut self, unit: usize, step: &Step) {
        if self.open.is_some() {
            self.issued.push((unit as u32, *step));
        }
        if unit as u32 == self.lead {
            let spacing = FEWEST << (self.misses / PATIENCE).min(6);
            self.due |= step.first && self.since >= spacing;
            self.since += 1;
        }
    }

    /// Something happens to tiles.
    pub fn act(
        &mut self,
        cycle: u64,
        act: Act,
        unit: usize,
        (operand, number): (u8, u64),
        (size, node): (u64, NodeId),
    ) {
        let unit = unit as u32;
        if self.open.is_some() {
            self.actions.push(Action { cycle, act, unit, operand, number, size, node });
        }
    }

    /// The number of a state.
    fn class_of(&mut self, state: State) -> usize {
        if let Some(class) = self.classes.iter().position(|known| *known == state) {
            return class;
        }
        if self.classes.len() >= MOST || self.segments.len() >= MOST {
            self.classes.clear();
            self.segments.clear();
            self.open = None;
        }
        self.classes.push(state);
        self.classes.len() - 1
    }

    /// The segment that was open ends here.
    fn close<P: Probe>(&mut self, engine: &Engine<'_, P>, origin: &Origin, class: usize, events: u64) {
        let Some(open) = self.open.take() else { return };
        let Some(segment) = open.close(engine, (origin, class), &self.actions, &self.issued, events) else { return };
        let same = |known: &Segment| known.from == segment.from && known.steps == segment.steps;
        if !self.segments.iter().any(same) {
            self.segments.push(segment);
        }
    }

    fn anchor<P: Probe>(&mut self, engine: &mut Engine<'_, P>, now: u64, events: &mut u64) {
        let origin = Origin::of(engine, now);
        let class = self.class_of(State::of(engine, &origin));
        self.close(engine, &origin, class, *events);
        let before = *events;
        let known = Known { classes: &self.classes, segments: &self.segments, whole_bytes: self.whole_bytes };
        let (class, origin) = train::ride(engine, &known, class, origin, events);
        if *events > before {
            engine.residency.ledger.probe.rode(*events - before);
        }
        self.misses = if *events > before { 0 } else { self.misses + 1 };
        self.actions.clear();
        self.issued.clear();
        self.open = Some(Opening::of(engine, origin, class, *events));
        self.since = 0;
    }
}

impl Origin {
    fn of<P: Probe>(engine: &Engine<'_, P>, cycle: u64) -> Self {
        let count = |unit: &super::engine::Unit| {
            unit.running.as_ref().map_or((0, 0), |running| (running.headway.issued, running.headway.writes))
        };
        Self {
            cycle,
            node: engine.recorder.graph.nodes().len() as u32,
            request: engine.transfers.next_id,
            units: engine.units.iter().map(count).collect(),
        }
    }

    /// How far it is from an earlier one.
    fn since(&self, earlier: &Self) -> Self {
        let units = self.units.iter().zip(&earlier.units).map(|(now, then)| (now.0 - then.0, now.1 - then.1));
        Self {
            cycle: self.cycle - earlier.cycle,
            node: self.node - earlier.node,
            request: self.request.wrapping_sub(earlier.request),
            units: units.collect(),
        }
    }

    /// So much further.
    fn advance(&mut self, by: &Self) {
        self.cycle += by.cycle;
        self.node += by.node;
        self.request = self.request.wrapping_add(by.request);
        for (unit, by) in self.units.iter_mut().zip(&by.units) {
            (unit.0, unit.1) = (unit.0 + by.0, unit.1 + by.1);
        }
    }
}

impl<P: Probe> Engine<'_, P> {
    /// Everything of cycle `now` has happened: if it is time to look for segments, does so.
    pub(super) fn ride(&mut self, now: u64, events: &mut u64) {
        let Some(mut trains) = self.trains.take_if(|trains| trains.due) else { return };
        if self.agenda.next().is_some_and(|next| next > now) {
            trains.due = false;
            let steady = |unit: &super::engine::Unit| {
                let begun = |running: &super::running::Running| {
                    let issued = running.headway.issued;
                    issued >= RING as u64 && issued < running.steps
                };
                unit.running.as_ref().is_none_or(begun)
            };
            let calm = self.transfers.spills.is_empty() && self.residency.stores[0].leaving.is_empty();
            if calm && self.units.iter().all(steady) {
                trains.anchor(self, now, events);
            } else {
                trains.interrupt();
            }
        }
        self.trains = Some(trains);
    }
}
