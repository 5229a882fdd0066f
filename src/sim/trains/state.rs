//! Everything in progress at one moment, counted from that moment.

use super::super::Probe;
use super::super::agenda::Event;
use super::super::engine::Engine;
use super::super::layout::Rect;
use super::super::request::{Active, ActiveFill, Request, What};
use super::super::running::{Cause, Headway};
use super::super::step::Step;
use super::super::transfer::Tiles;
use super::shift::{Origin, Shift};
use crate::ids::{NodeId, OpId};
use std::collections::VecDeque;

/// What is in progress, without names and places: of which ops, which tensors, which tiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    agenda: Vec<(u64, Event)>,
    /// Transfers under way, at their places.
    active: Vec<Option<Active>>,
    unused: Vec<u32>,
    queue: Vec<Request>,
    fills: Vec<(u32, NodeId)>,
    /// Requests that keep tiles in the memory.
    pins: Vec<u32>,
    /// Ports of the memory and of DRAM that are not free.
    busy: Vec<Option<(u64, Option<Cause>)>>,
    /// The vector unit, if it is not free.
    vector: Option<(u64, Option<NodeId>)>,
    /// Units with an op, in its order, and whether its result goes up to DRAM.
    units: Vec<(u32, bool, Headway)>,
}

/// Where the operands and results of the steps in progress are.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The last steps of each unit, the newest last.
    pub steps: VecDeque<Step>,
    /// Numbers and places of the last writes.
    pub writes: VecDeque<(u64, Rect)>,
}

/// Steps and writes whose places are remembered; more than are in progress at a time.
const REMEMBERED: usize = 8;

impl Places {
    /// Adds a step that has been issued.
    pub fn push(&mut self, step: Step) {
        if step.last
            && let Some(rect) = step.write
        {
            self.writes.push_back((step.spatial, rect));
        }
        self.steps.push_back(step);
    }

    /// Takes the newest steps back.
    pub fn take_back(&mut self, steps: usize) {
        for step in self.steps.drain(self.steps.len() - steps..) {
            if step.last && step.write.is_some() {
                self.writes.pop_back();
            }
        }
    }

    /// Forgets what is no longer in progress.
    pub fn trim(&mut self) {
        self.steps.drain(..self.steps.len().saturating_sub(REMEMBERED));
        self.writes.drain(..self.writes.len().saturating_sub(REMEMBERED));
    }

    /// The place of a write.
    pub fn write(&self, number: u64) -> Option<Rect> {
        self.writes.iter().rev().find(|&&(n, _)| n == number).map(|&(_, rect)| rect)
    }
}

fn of_request(request: &Request, shift: Shift<'_>) -> Request {
    Request { op: OpId(0), rank: 0, ..shift.request(*request) }
}

impl State {
    /// The state after everything of the origin's cycle has happened.
    pub fn of<P: Probe>(engine: &Engine<'_, P>, origin: &Origin) -> Self {
        let (shift, transfers) = (origin.away(), &engine.transfers);
        let bare = |active: &Active| Active { request: of_request(&active.request, shift), ..shift.active(*active) };
        let unused = |index: usize| transfers.unused.contains(&(index as u32));
        let active = transfers.active.iter().enumerate().map(|(i, a)| (!unused(i)).then(|| bare(a)));
        let mut pins: Vec<u32> = engine.residency.stores[0].pins.iter().map(|pin| shift.id(pin.request)).collect();
        pins.sort_unstable();
        pins.dedup();
        let mut units: Vec<(u32, u32, bool, Headway)> = Vec::new();
        for (i, unit) in engine.units.iter().enumerate() {
            let Some(running) = &unit.running else { continue };
            let write_back = engine.workload.is_written_back(running.operands.out.tensor);
            units.push((running.rank, i as u32, write_back, shift.headway(i, &running.headway)));
        }
        units.sort_unstable_by_key(|&(rank, ..)| rank);
        let now = origin.cycle;
        let held = |(free_at, last): (u64, Option<Cause>)| {
            (free_at > now).then(|| (shift.cycle(free_at), last.map(|cause| shift.cause(cause))))
        };
        let ports = engine.ports[0].all().chain(engine.dram.all());
        let (free, last) = engine.vector.state();
        Self {
            agenda: engine.agenda.events.iter().map(|&(cycle, event)| (shift.cycle(cycle), event)).collect(),
            active: active.collect(),
            unused: transfers.unused.clone(),
            queue: transfers.queue.iter().map(|request| of_request(request, shift)).collect(),
            fills: transfers.fills.iter().map(|fill| (fill.index, shift.node(fill.node))).collect(),
            pins,
            busy: ports.map(held).collect(),
            vector: (free > now).then(|| (shift.cycle(free), last.map(|node| shift.node(node)))),
            units: units.into_iter().map(|(_, unit, write_back, headway)| (unit, write_back, headway)).collect(),
        }
    }

    /// Puts the engine into this state at another moment, in which its units work at these places.
    pub fn restore<P: Probe>(&self, engine: &mut Engine<'_, P>, origin: &Origin, places: &[Places]) {
        let shift = origin.back();
        engine.agenda.events = self.agenda.iter().map(|&(cycle, event)| (shift.cycle(cycle), event)).collect();
        for &(unit, _, ref headway) in &self.units {
            let unit = unit as usize;
            let Some(running) = &mut engine.units[unit].running else { continue };
            running.headway = shift.headway(unit, headway);
            for (back, step) in places[unit].steps.iter().rev().take(running.headway.slots.len()).enumerate() {
                let number = running.headway.issued - 1 - back as u64;
                running.slot_mut(number).step = *step;
            }
        }
        engine.transfers.queue = self.queue.iter().map(|r| request(engine, r, shift, places)).collect();
        engine.transfers.unused.clone_from(&self.unused);
        engine.transfers.next_id = origin.request;
        for (index, active) in self.active.iter().enumerate() {
            let Some(active) = active else { continue };
            let moved = Active { request: request(engine, &active.request, shift, places), ..shift.active(*active) };
            if index >= engine.transfers.active.len() {
                engine.transfers.active.resize(index + 1, moved);
            }
            engine.transfers.active[index] = moved;
        }
        let length = self.active.len().max(engine.transfers.active.len());
        if let Some(&any) = engine.transfers.active.first() {
            engine.transfers.active.resize(length, any);
        }
        self.restore_tiles(engine, shift);
    }

    /// The tiles of fills under way, and those that stay where they are.
    fn restore_tiles<P: Probe>(&self, engine: &mut Engine<'_, P>, shift: Shift<'_>) {
        engine.transfers.fills.clear();
        for &(index, node) in &self.fills {
            let tiles = tiles_of(engine, &engine.transfers.active[index as usize].request.clone());
            let held = &engine.residency.held;
            let single = tiles.iter().flat_map(|&(tensor, cells)| {
                let grid = &held[tensor.index()].grid;
                grid.numbers(cells).map(move |cell| (tensor, grid.single(cell)))
            });
            let tiles = single.collect();
            engine.transfers.fills.push(ActiveFill { memory: 0, index, node: shift.node(node), tiles });
        }
        engine.residency.stores[0].pins.clear();
        for &id in &self.pins {
            let id = shift.id(id);
            let under_way = engine.transfers.active.iter().map(|active| &active.request);
            let Some(request) = engine.transfers.queue.iter().chain(under_way).find(|r| r.id == id).copied() else {
                continue;
            };
            let tiles = tiles_of(engine, &request);
            engine.pin(id, 0, &tiles);
        }
    }
}

/// The tiles that a request moves.
fn tiles_of<P: Probe>(engine: &Engine<'_, P>, request: &Request) -> Tiles {
    let unit = request.unit as usize;
    let Some(running) = &engine.units[unit].running else { return Tiles::new() };
    let (layout, rect) = match request.what {
        What::Fetch { step, operand } => {
            let operand = usize::from(operand);
            (&running.operands.inputs[operand], running.slot(step).step.operands[operand].rect)
        }
        What::Write { rect, .. } | What::WriteBack { rect, .. } => (&running.operands.out, rect),
        What::Spill { .. } => return Tiles::new(),
    };
    let held = &engine.residency.held;
    layout.stored(rect).map(|(tensor, at)| (tensor, held[tensor.index()].grid.cells(at))).collect()
}

/// A request of a state, of the op that its unit works on, at its place.
fn request<P: Probe>(engine: &Engine<'_, P>, request: &Request, shift: Shift<'_>, places: &[Places]) -> Request {
    let unit = request.unit as usize;
    let mut moved = shift.request(*request);
    if let Some(running) = &engine.units[unit].running {
        (moved.op, moved.rank) = (running.op, running.rank);
    }
    if let What::Write { spatial, rect, .. } | What::WriteBack { spatial, rect, .. } = &mut moved.what {
        *rect = places[unit].write(*spatial).unwrap_or_default();
    }
    moved
}
