//! Segments one after the other, each checked before it is carried out.

use super::super::Probe;
use super::super::array::TileBuffer;
use super::super::engine::{Engine, Unit};
use super::super::eviction::Room;
use super::super::grid::Cells;
use super::super::layout::Rect;
use super::super::operands::OperandLayout;
use super::super::ports::Ports;
use super::super::record::Transfer;
use super::super::request::What;
use super::super::residency::Need;
use super::super::running::Running;
use super::super::step::{Step, Walk};
use super::super::store::Store;
use super::super::traffic::OffChip;
use super::super::transfer::Tiles;
use super::segment::{Act, Action, PortEnd, RESULT, Segment, Unnamed};
use super::shift::Origin;
use super::state::{Places, State};
use crate::ids::{LifetimeId, NodeId, TensorId};
use crate::trace::{Node, NodeKind, Operand};
use crate::units::{Bytes, Cycles};

/// A unit on its way through segments.
#[derive(Debug, Clone)]
struct Wagon {
    walk: Walk,
    buffers: [TileBuffer; 2],
    places: Places,
}

/// A unit's steps to come, and its operand buffers.
type Walked = (Walk, [TileBuffer; 2]);

/// Units on their way through segments.
struct Train {
    origin: Origin,
    wagons: Vec<Option<Wagon>>,
    /// For each unit, the operands whose tensors nothing else in progress uses, one bit each.
    own: Vec<u32>,
    /// Tensors in use.
    tensors: Vec<TensorId>,
    nodes: Vec<Node>,
    /// The tiles of each action of the segment at hand, and where those of each action end.
    tiles: Tiles,
    ends: Vec<usize>,
    /// For each unit, the operands of which something is needed tile by tile, one bit each.
    tiled: Vec<u32>,
    /// For each unit, the steps of the segment at hand.
    steps: Vec<Vec<Step>>,
}

/// Carries out segments from a state of class `class` on, as long as one fits; returns the class and the place where they end.
pub fn ride<P: Probe>(
    engine: &mut Engine<'_, P>,
    (classes, segments): (&[State], &[Segment]),
    mut class: usize,
    origin: Origin,
    events: &mut u64,
) -> (usize, Origin) {
    if !segments.iter().any(|segment| segment.from == class) {
        return (class, origin);
    }
    let mut train = Train::new(engine, origin);
    let mut rode = false;
    while let Some(segment) = segments.iter().filter(|s| s.from == class).find(|s| train.enter(engine, s)) {
        train.carry_out(engine, segment);
        (class, rode) = (segment.to, true);
        *events += segment.events;
    }
    if rode {
        train.leave(engine, &classes[class]);
    }
    (class, train.origin)
}

fn layout(running: &Running, operand: u8) -> &OperandLayout {
    if operand == RESULT { &running.operands.out } else { &running.operands.inputs[usize::from(operand)] }
}

impl Wagon {
    fn new<P: Probe>(engine: &Engine<'_, P>, unit: usize) -> Option<Self> {
        let running = engine.units[unit].running.as_ref()?;
        let mut places = Places::default();
        let under_way = engine.transfers.active.iter().map(|active| &active.request);
        let mut writes: Vec<(u64, Rect)> = Vec::new();
        for request in engine.transfers.queue.iter().chain(under_way).filter(|r| r.unit as usize == unit) {
            if let What::Write { spatial, rect, .. } | What::WriteBack { spatial, rect, .. } = request.what
                && request.op == running.op
            {
                writes.push((spatial, rect));
            }
        }
        let last = running.headway.issued;
        for number in last.saturating_sub(running.headway.slots.len() as u64)..last {
            places.push(running.slot(number).step);
        }
        writes.extend(places.writes.drain(..));
        writes.sort_unstable_by_key(|&(number, _)| number);
        writes.dedup();
        places.writes.extend(writes);
        Some(Self { walk: running.walk.clone(), buffers: engine.units[unit].buffers.clone(), places })
    }
}

impl Train {
    fn new<P: Probe>(engine: &Engine<'_, P>, origin: Origin) -> Self {
        let running = || engine.units.iter().filter_map(|unit| unit.running.as_ref());
        let layouts = || running().flat_map(|r| r.operands.inputs.iter().chain([&r.operands.out]));
        let uses = |tensor: TensorId| layouts().flat_map(|l| &l.pieces).filter(|p| p.tensor == tensor).count();
        let alone = |layout: &OperandLayout| layout.pieces.iter().all(|piece| uses(piece.tensor) == 1);
        let own = engine.units.iter().map(|unit| {
            let inputs = unit.running.iter().flat_map(|running| &running.operands.inputs);
            inputs.enumerate().filter(|(_, layout)| alone(layout)).map(|(operand, _)| 1 << operand).sum()
        });
        Self {
            origin,
            wagons: (0..engine.units.len()).map(|unit| Wagon::new(engine, unit)).collect(),
            own: own.collect(),
            tensors: running().flat_map(|r| &r.operands.tensors).map(|&(tensor, _)| tensor).collect(),
            nodes: Vec::new(),
            tiles: Tiles::new(),
            ends: Vec::new(),
            tiled: tiled(engine),
            steps: vec![Vec::new(); engine.units.len()],
        }
    }

    /// Whether a segment fits; if it does, its steps have been issued.
    fn enter<P: Probe>(&mut self, engine: &Engine<'_, P>, segment: &Segment) -> bool {
        let shift = self.origin.away();
        if let Some(before) = &segment.dram_before
            && !engine.dram.last.iter().zip(before).all(|(now, then)| now.map(|cause| shift.cause(cause)) == *then)
        {
            return false;
        }
        let mut moved = Vec::with_capacity(self.wagons.len());
        for unit in 0..self.wagons.len() {
            match self.issue(engine, segment, unit) {
                Some(walked) => moved.push(walked),
                None => return false,
            }
        }
        for (wagon, steps) in self.wagons.iter_mut().zip(&self.steps) {
            wagon.iter_mut().for_each(|wagon| steps.iter().for_each(|step| wagon.places.push(*step)));
        }
        let fits = self.fits(engine, segment);
        for ((wagon, walked), steps) in self.wagons.iter_mut().zip(moved).zip(&self.steps) {
            match (wagon, walked) {
                (Some(wagon), Some((walk, buffers))) if fits => (wagon.walk, wagon.buffers) = (walk, buffers),
                (Some(wagon), _) if !fits => wagon.places.take_back(steps.len()),
                _ => {}
            }
        }
        fits
    }

    /// A unit after the steps of a segment, if it has such steps; there must be others after them.
    fn issue<P: Probe>(&mut self, engine: &Engine<'_, P>, segment: &Segment, unit: usize) -> Option<Option<Walked>> {
        let steps = &mut self.steps[unit];
        steps.clear();
        let (Some(wagon), Some(running)) = (&self.wagons[unit], &engine.units[unit].running) else { return Some(None) };
        let expected = &segment.steps[unit];
        if self.origin.units[unit].0 + expected.len() as u64 >= running.steps {
            return None;
        }
        let (mut walk, mut buffers) = (wagon.walk.clone(), wagon.buffers.clone());
        let (shift, operands) = (self.origin.away(), &running.operands);
        for expected in expected {
            let step = walk.next(&operands.inputs, &operands.out, &mut buffers);
            if !shift.is_like(unit, &step, expected) {
                return None;
            }
            steps.push(step);
        }
        Some(Some((walk, buffers)))
    }

    /// The step of an action, whose number is relative to the origin, or the place of its write.
    fn place(&self, segment: &Segment, action: &Action) -> Option<Rect> {
        let unit = action.unit as usize;
        let (back, places) = (self.origin.back(), &self.wagons[unit].as_ref()?.places);
        match action.act {
            Act::Write | Act::CopyUp | Act::Saved => places.write(back.write_number(unit, action.number)),
            _ => {
                let issued = self.origin.units[unit].0 + segment.advance.units[unit].0;
                let later = issued.wrapping_sub(back.step_number(unit, action.number)) as usize;
                let step: &Step = places.steps.get(places.steps.len().checked_sub(later)?)?;
                Some(step.operands[usize::from(action.operand)].rect)
            }
        }
    }

    /// Appends the tiles of an action.
    fn locate<P: Probe>(&mut self, engine: &Engine<'_, P>, segment: &Segment, action: &Action) -> bool {
        let Some(running) = &engine.units[action.unit as usize].running else { return false };
        let layout = layout(running, action.operand);
        let (held, tiled) = (&engine.residency.held, self.is(action, &self.tiled));
        if action.act == Act::Release && !tiled {
            return true;
        }
        if let (Act::Read, false, [piece]) = (action.act, tiled, layout.pieces.as_slice())
            && engine.residency.stores[0].contents[piece.tensor.index()].present_bits == held[piece.tensor.index()].bits
        {
            // All of it is there and needed: which tile it is does not matter.
            self.tiles.push((piece.tensor, Cells { rows: (0, 0), cols: (0, 0) }));
            return true;
        }
        let Some(rect) = self.place(segment, action) else { return false };
        let before = self.tiles.len();
        let stored = layout.stored(rect);
        self.tiles.extend(stored.map(|(tensor, at)| (tensor, held[tensor.index()].grid.cells(at))));
        self.tiles.len() > before
    }

    /// Whether the tiles are as the segment wants them, and whether there is room.
    fn fits<P: Probe>(&mut self, engine: &Engine<'_, P>, segment: &Segment) -> bool {
        self.tiles.clear();
        self.ends.clear();
        let mut bytes = 0;
        for action in &segment.actions {
            let first = self.tiles.len();
            if !self.locate(engine, segment, action) {
                return false;
            }
            self.ends.push(self.tiles.len());
            let tiles = &self.tiles[first..];
            let as_wanted = match action.act {
                // Of what is overwritten in place nothing may have left since it was read.
                Act::Write => engine.growth(0, tiles) == action.size && (action.size == 0 || !in_place(engine, action)),
                // What is copied up follows what came from DRAM before.
                Act::CopyUp => engine.transfers.last_fill[0][tiles[0].0.index()].is_none(),
                Act::Fill => {
                    self.is(action, &self.own)
                        && engine.missing(0, tiles) == action.size
                        && whole(engine, tiles) == action.size
                }
                Act::Read => {
                    follows_nothing_new(engine, action, tiles) && (action.size == 1 || engine.missing(0, tiles) == 0)
                }
                Act::Arrived | Act::Saved | Act::Release => true,
            };
            if !as_wanted {
                return false;
            }
            bytes += match action.act {
                Act::Write | Act::Fill => engine.growth(0, tiles),
                _ => 0,
            };
        }
        room(&engine.residency.stores[0], bytes, &self.tensors)
    }

    /// Whether the operand of an action is among those of its unit.
    fn is(&self, action: &Action, operands: &[u32]) -> bool {
        action.operand != RESULT && operands[action.unit as usize] >> action.operand & 1 == 1
    }

    fn carry_out<P: Probe>(&mut self, engine: &mut Engine<'_, P>, segment: &Segment) {
        self.nodes.clear();
        for unnamed in &segment.nodes {
            let node = self.named(engine, unnamed);
            self.nodes.push(node);
        }
        let (cycles, nodes) = (self.origin.clone(), self.origin.node);
        let mut first = 0;
        for (action, &end) in segment.actions.iter().zip(&self.ends) {
            let tiles = &self.tiles[first..end];
            first = end;
            let node = cycles.back().node(action.node);
            if let Some(lifetime) = act(engine, cycles.back().cycle(action.cycle), action, node, tiles) {
                self.nodes[(node.0 - nodes) as usize].lifetime = lifetime;
            }
        }
        engine.recorder.graph.append(&self.nodes);
        self.count(engine, segment);
        self.origin.advance(&segment.advance);
        self.wagons.iter_mut().flatten().for_each(|wagon| wagon.places.trim());
    }

    /// A node of this train; the residence of a transfer is not known yet.
    fn named<P: Probe>(&self, engine: &Engine<'_, P>, unnamed: &Unnamed) -> Node {
        let node = unnamed.node;
        let Some(running) = &engine.units[unnamed.unit as usize].running else { return node };
        let (op, tensor) = (running.op, layout(running, unnamed.operand).tensor);
        Node { start: node.start + Cycles(self.origin.cycle), op, tensor, ..node }
    }

    /// What a segment adds to the books.
    fn count<P: Probe>(&self, engine: &mut Engine<'_, P>, segment: &Segment) {
        let back = self.origin.back();
        let ports = |ports: &mut Ports, ends: &[Option<PortEnd>]| {
            for (i, end) in ends.iter().enumerate() {
                let Some(end) = end else { continue };
                ports.free_at[i] = back.cycle(end.free_at);
                ports.last[i] = end.last.map(|cause| back.cause(cause));
                ports.held[i] += end.held;
            }
        };
        ports(&mut engine.ports[0], &segment.ports[0]);
        ports(&mut engine.dram, &segment.ports[1]);
        if let Some((free, last)) = segment.vector {
            engine.vector.resume(back.cycle(free), last.map(|node| back.node(node)));
        }
        engine.vector.for_arrays += segment.for_arrays;
        for (unit, (compute, stalls)) in engine.units.iter_mut().zip(&segment.work) {
            if let Some(running) = &mut unit.running {
                running.compute += compute;
                running.stalls += *stalls;
            }
        }
        for sum in &segment.sums {
            let Node { op, tensor, kind, port, .. } = self.named(engine, &sum.like);
            let (bytes, words, memory, port) = (sum.bytes, sum.words, 0, usize::from(port));
            let (lifetime, operand, start) = (LifetimeId(0), Operand::None, 0);
            let transfer = Transfer { kind, start, bytes, op, operand, tensor, lifetime, memory, port };
            engine.counters[0].count(&transfer, words, engine.workload);
            engine.traffic.on_chip(op, 0, words);
            let moved = OffChip { cycles: sum.off_chip, ..OffChip::default() };
            match kind {
                NodeKind::Fill => engine.traffic.add_off_chip(op, OffChip { read: Bytes(bytes), ..moved }),
                NodeKind::WriteBack => engine.traffic.add_off_chip(op, OffChip { written: Bytes(bytes), ..moved }),
                _ => {}
            }
        }
    }

    /// The engine goes on from here.
    fn leave<P: Probe>(&mut self, engine: &mut Engine<'_, P>, state: &State) {
        let mut places = vec![Places::default(); self.wagons.len()];
        for (unit, wagon) in self.wagons.iter_mut().enumerate() {
            let (Some(wagon), Some(running)) = (wagon.take(), &mut engine.units[unit].running) else { continue };
            running.walk = wagon.walk;
            engine.units[unit].buffers = wagon.buffers;
            places[unit] = wagon.places;
        }
        state.restore(engine, &self.origin, &places);
    }
}

/// Does to the tiles what an action does; returns the residence that a transfer belongs to.
fn act<P: Probe>(
    engine: &mut Engine<'_, P>,
    now: u64,
    action: &Action,
    node: NodeId,
    tiles: &[(TensorId, Cells)],
) -> Option<LifetimeId> {
    match action.act {
        Act::Read => {
            tiles.iter().for_each(|&(tensor, cells)| engine.residency.hit(now, 0, tensor, cells));
            return Some(engine.touch_all(now, 0, tiles));
        }
        Act::Fill | Act::Write => {
            let bytes = engine.growth(0, tiles);
            if bytes > 0 {
                let room = engine.residency.make_room(now, 0, bytes);
                debug_assert!(matches!(room, Room::Ready), "room was there");
            }
            let dirty = action.act == Act::Write;
            tiles.iter().for_each(|&(tensor, cells)| engine.residency.add(now, 0, tensor, cells, dirty));
            return Some(engine.touch_all(now, 0, tiles));
        }
        Act::CopyUp => return Some(engine.residency.copy_out(now, 0, tiles[0].0)),
        Act::Saved => tiles.iter().for_each(|&(tensor, cells)| engine.residency.backed(tensor, cells)),
        Act::Release => {
            for &(tensor, cells) in tiles {
                if engine.residency.held[tensor.index()].need == Need::Tiles {
                    engine.residency.release_tiles(now, tensor, cells);
                }
            }
        }
        Act::Arrived => {
            let op = engine.units[action.unit as usize].running.as_ref()?.op;
            let last = &mut engine.transfers.last_fill[0];
            tiles.iter().for_each(|&(tensor, _)| last[tensor.index()] = Some((node, op)));
        }
    }
    None
}

/// Bits of the tiles.
fn whole<P: Probe>(engine: &Engine<'_, P>, tiles: &[(TensorId, Cells)]) -> u64 {
    let bits = |&(tensor, cells): &(TensorId, Cells)| {
        let grid = &engine.residency.held[tensor.index()].grid;
        grid.numbers(cells).map(|cell| grid.bits_of(cell)).sum::<u64>()
    };
    tiles.iter().map(bits).sum()
}

/// Whether the op of an action overwrites one of its operands.
fn in_place<P: Probe>(engine: &Engine<'_, P>, action: &Action) -> bool {
    engine.units[action.unit as usize].running.as_ref().is_some_and(|running| running.in_place().is_some())
}

/// Whether a read has no fill by another op to follow that no read before it has followed.
fn follows_nothing_new<P: Probe>(engine: &Engine<'_, P>, action: &Action, tiles: &[(TensorId, Cells)]) -> bool {
    let Some(running) = &engine.units[action.unit as usize].running else { return false };
    let fill = engine.transfers.last_fill[0][tiles[0].0.index()];
    fill.is_none_or(|(node, by)| by == running.op || running.seen_fill[usize::from(action.operand)] == Some(node))
}

/// For each unit, the operands of which something is needed tile by tile, one bit each.
fn tiled<P: Probe>(engine: &Engine<'_, P>) -> Vec<u32> {
    let by_tile = |layout: &OperandLayout| {
        layout.pieces.iter().any(|piece| engine.residency.held[piece.tensor.index()].need == Need::Tiles)
    };
    let of_unit = |unit: &Unit| {
        let inputs = unit.running.iter().flat_map(|running| &running.operands.inputs);
        inputs.enumerate().filter(|(_, layout)| by_tile(layout)).map(|(operand, _)| 1 << operand).sum()
    };
    engine.units.iter().map(of_unit).collect()
}

/// Whether so many bytes fit into the memory, or obsolete bytes of tensors that are not in use make room for them.
fn room(store: &Store, bytes: u64, used: &[TensorId]) -> bool {
    let Some(capacity) = store.capacity else { return true };
    let mut free = capacity.saturating_sub(store.tracker.used());
    let mut candidate = store.obsolete.next(None);
    while free < bytes {
        let Some(tensor) = candidate.filter(|&tensor| !used.contains(&TensorId(tensor))) else { return false };
        let contents = &store.contents[tensor as usize];
        free += (contents.present_bits.div_ceil(8) - contents.needed_bits.div_ceil(8)).saturating_sub(1);
        candidate = store.obsolete.next(Some(tensor));
    }
    true
}
