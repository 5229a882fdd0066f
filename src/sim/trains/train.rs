//! Segments one after the other, each checked before it is carried out.

use super::super::Probe;
use super::super::array::TileBuffer;
use super::super::engine::{Engine, Unit};
use super::super::eviction;
use super::super::grid::Cells;
use super::super::layout::Rect;
use super::super::operands::OperandLayout;
use super::super::ports::Ports;
use super::super::record::Transfer;
use super::super::request::What;
use super::super::residency::Need;
use super::super::running::Running;
use super::super::step::{Step, Walk};
use super::super::traffic::OffChip;
use super::super::transfer::Tiles;
use super::room::Room;
use super::segment::{Act, Action, PortEnd, RESULT, Segment, Unnamed};
use super::shift::Origin;
use super::state::{Places, State};
use crate::ids::{LifetimeId, NodeId, TensorId};
use crate::trace::{Node, NodeKind, Operand};
use crate::units::{Bytes, Cycles};

/// A unit on its way through segments.
#[derive(Debug, Clone)]
struct Wagon {
    walked: Walked,
    /// The same after the segment at hand.
    ahead: Walked,
    places: Places,
}

/// A unit's steps to come, and its operand buffers.
type Walked = (Walk, [TileBuffer; 2]);

/// The nodes of a segment that are recorded in full.
struct Recorded {
    /// Of which segment.
    index: usize,
    /// Place of the first one.
    first: usize,
    /// When the segment began.
    cycle: u64,
    residences: Vec<(u32, LifetimeId)>,
}

/// Units on their way through segments.
struct Train {
    origin: Origin,
    wagons: Vec<Option<Wagon>>,
    /// For each unit, the operands whose tensors nothing else in progress uses, one bit each.
    own: Vec<u32>,
    /// Residences of the transfers of the segment at hand, by their nodes, which count from its first.
    residences: Vec<(u32, LifetimeId)>,
    /// The segments so far whose nodes are recorded in full.
    recorded: Vec<Recorded>,
    /// The tiles of each action of the segment at hand, and where those of each action end.
    tiles: Tiles,
    ends: Vec<usize>,
    /// For each unit, the operands of which something is needed tile by tile, one bit each.
    tiled: Vec<u32>,
    room: Room,
}

/// What has been learnt.
pub struct Known<'t> {
    /// States by their numbers.
    pub classes: &'t [State],
    /// Segments between them.
    pub segments: &'t [Segment],
    /// Whether every element is whole bytes.
    pub whole_bytes: bool,
}

/// Carries out segments from a state of class `class` on, as long as one fits; returns the class and the place where they end.
pub fn ride<P: Probe>(
    engine: &mut Engine<'_, P>,
    &Known { classes, segments, whole_bytes }: &Known<'_>,
    mut class: usize,
    origin: Origin,
    events: &mut u64,
) -> (usize, Origin) {
    if !segments.iter().any(|segment| segment.from == class) {
        return (class, origin);
    }
    let mut train = Train::new(engine, origin, whole_bytes);
    let mut rode = false;
    let from = |class| segments.iter().enumerate().filter(move |(_, segment)| segment.from == class);
    while let Some((index, segment)) = from(class).find(|(_, segment)| train.enter(engine, segment)) {
        train.carry_out(engine, index, segment);
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
        let walked = (running.walk.clone(), engine.units[unit].buffers.clone());
        Some(Self { ahead: walked.clone(), walked, places })
    }

    /// What is ahead begins where the unit is.
    fn look_ahead(&mut self) {
        self.ahead.0.clone_from(&self.walked.0);
        for (ahead, buffer) in self.ahead.1.iter_mut().zip(&self.walked.1) {
            ahead.tiles.clone_from(&buffer.tiles);
        }
    }

    /// The unit is where it looked ahead to.
    fn go_ahead(&mut self) {
        std::mem::swap(&mut self.walked, &mut self.ahead);
    }
}

impl Train {
    fn new<P: Probe>(engine: &Engine<'_, P>, origin: Origin, whole_bytes: bool) -> Self {
        let running = || engine.units.iter().filter_map(|unit| unit.running.as_ref());
        let layouts = || running().flat_map(|r| r.operands.inputs.iter().chain([&r.operands.out]));
        let uses = |tensor: TensorId| layouts().flat_map(|l| &l.pieces).filter(|p| p.tensor == tensor).count();
        let alone = |layout: &OperandLayout| layout.pieces.iter().all(|piece| uses(piece.tensor) == 1);
        let own = engine.units.iter().map(|unit| {
            let inputs = unit.running.iter().flat_map(|running| &running.operands.inputs);
            inputs.enumerate().filter(|(_, layout)| alone(layout)).map(|(operand, _)| 1 << operand).sum()
        });
        let (own, tiled): (Vec<u32>, Vec<u32>) = (own.collect(), tiled(engine));
        let used = running().flat_map(|r| &r.operands.tensors).map(|&(tensor, _)| tensor).collect();
        Self {
            origin,
            wagons: (0..engine.units.len()).map(|unit| Wagon::new(engine, unit)).collect(),
            room: Room::new(used, streamed(engine, &own, &tiled), whole_bytes),
            own,
            tiled,
            residences: Vec::new(),
            recorded: Vec::new(),
            tiles: Tiles::new(),
            ends: Vec::new(),
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
        for unit in 0..self.wagons.len() {
            if !self.issue(engine, segment, unit) {
                self.take_back(segment, unit);
                return false;
            }
        }
        let fits = self.fits(engine, segment);
        match fits {
            true => self.wagons.iter_mut().flatten().for_each(Wagon::go_ahead),
            false => self.take_back(segment, self.wagons.len()),
        }
        fits
    }

    /// Issues a unit's steps of a segment, if it has such steps; there must be others after them.
    fn issue<P: Probe>(&mut self, engine: &Engine<'_, P>, segment: &Segment, unit: usize) -> bool {
        let (Some(wagon), Some(running)) = (&mut self.wagons[unit], &engine.units[unit].running) else { return true };
        let expected = &segment.steps[unit];
        if self.origin.units[unit].0 + expected.len() as u64 >= running.steps {
            return false;
        }
        wagon.look_ahead();
        let (shift, operands) = (self.origin.away(), &running.operands);
        for (issued, expected) in expected.iter().enumerate() {
            let (walk, buffers) = &mut wagon.ahead;
            let step = walk.next(&operands.inputs, &operands.out, buffers);
            if !shift.is_like(unit, &step, expected) {
                wagon.places.take_back(issued);
                return false;
            }
            wagon.places.push(step);
        }
        true
    }

    /// The steps of a segment that the first so many units issued are not issued after all.
    fn take_back(&mut self, segment: &Segment, units: usize) {
        for (wagon, steps) in self.wagons[..units].iter_mut().zip(&segment.steps) {
            wagon.iter_mut().for_each(|wagon| wagon.places.take_back(steps.len()));
        }
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
        self.room.begin();
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
            self.room.follow(engine, action, tiles);
        }
        self.room.suffices(engine)
    }

    /// Whether the operand of an action is among those of its unit.
    fn is(&self, action: &Action, operands: &[u32]) -> bool {
        action.operand != RESULT && operands[action.unit as usize] >> action.operand & 1 == 1
    }

    fn carry_out<P: Probe>(&mut self, engine: &mut Engine<'_, P>, index: usize, segment: &Segment) {
        // What was in use when the train set out may be free to go by now; what is in use is needed.
        engine.residency.stores[0].pins.clear();
        let back = self.origin.back();
        let mut first = 0;
        self.residences.clear();
        for (action, &end) in segment.actions.iter().zip(&self.ends) {
            let tiles = &self.tiles[first..end];
            first = end;
            let node = back.node(action.node);
            let lifetime = act(engine, back.cycle(action.cycle), action, node, tiles);
            self.residences.extend(lifetime.map(|lifetime| (node.0 - self.origin.node, lifetime)));
        }
        self.record(engine, index, segment);
        self.count(engine, segment);
        self.origin.advance(&segment.advance);
        self.wagons.iter_mut().flatten().for_each(|wagon| wagon.places.trim());
    }

    /// The nodes of a segment: in full for the first time, as a repetition from then on.
    fn record<P: Probe>(&mut self, engine: &mut Engine<'_, P>, index: usize, segment: &Segment) {
        let (first, cycle, graph) = (self.origin.node as usize, self.origin.cycle, &mut engine.recorder.graph);
        let known = self.recorded.iter().find(|known| known.index == index && known.residences == self.residences);
        if let Some(Recorded { first, cycle: then, .. }) = known {
            return graph.again(*first..first + segment.nodes.len(), Cycles(cycle - then));
        }
        let mut nodes: Vec<Node> = segment.nodes.iter().map(|unnamed| self.named(engine, unnamed)).collect();
        self.residences.iter().for_each(|&(node, lifetime)| nodes[node as usize].lifetime = lifetime);
        engine.recorder.graph.append(&nodes);
        self.recorded.push(Recorded { index, first, cycle, residences: self.residences.clone() });
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
            engine.counters[0].count(&transfer, words, &engine.residency.ledger.labels);
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
            (running.walk, engine.units[unit].buffers) = wagon.walked;
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
                debug_assert!(matches!(room, eviction::Room::Ready), "room was there");
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

/// Tensors of which tiles are needed one by one, for nothing but one operand of one unit.
fn streamed<P: Probe>(engine: &Engine<'_, P>, own: &[u32], tiled: &[u32]) -> Vec<TensorId> {
    let of_unit = |(unit, operands): (&Unit, u32)| {
        let inputs = unit.running.iter().flat_map(|running| running.operands.inputs.iter().enumerate());
        let chosen = inputs.filter(move |(operand, _)| operands >> operand & 1 == 1);
        chosen.flat_map(|(_, layout)| layout.pieces.iter().map(|piece| piece.tensor)).collect::<Vec<_>>()
    };
    let both = own.iter().zip(tiled).map(|(own, tiled)| own & tiled);
    let tensors = engine.units.iter().zip(both).flat_map(of_unit);
    tensors.filter(|tensor| engine.residency.held[tensor.index()].need == Need::Tiles).collect()
}
