//! Transfers between the levels: fills that bring tiles nearer to a unit, copies that bring them further up.

use super::Probe;
use super::engine::Engine;
use super::eviction::Room;
use super::layout::Rect;
use super::record::{Causes, Transfer};
use super::request::{ActiveFill, Request, What, request};
use super::running::Cause;
use super::store::Spill;
use super::trains::{Act, RESULT};
use super::transfer::{Port, Tiles};
use crate::ids::{LifetimeId, MemoryId, TensorId};
use crate::trace::{NodeKind, Operand};
use crate::units::Bytes;

/// Stands for a request that only asks for room.
const ASKING: u32 = u32::MAX;

/// A transfer between two levels.
struct Move {
    /// From which level, over which port.
    from: Port,
    /// To which level, over which port.
    to: Port,
    /// Bytes that move.
    bytes: u64,
    /// Operand of the op that needs it.
    operand: Operand,
    /// Tensor whose bytes move.
    tensor: TensorId,
    /// Residences below and above, of the source and of the target; DRAM has none.
    lifetimes: [LifetimeId; 2],
}

impl<P: Probe> Engine<'_, P> {
    fn above(&self, memory: usize) -> Option<usize> {
        self.accelerator.above(MemoryId::from(memory)).map(MemoryId::index)
    }

    /// The cells of the tiles that the memory does not hold whole, one by one.
    fn not_whole(&self, memory: usize, tiles: &Tiles) -> Tiles {
        let mut wanted = Vec::new();
        for &(tensor, cells) in tiles {
            let grid = &self.residency.held[tensor.index()].grid;
            let store = &self.residency.stores[memory];
            let lacking = grid.numbers(cells).filter(|&cell| !store.has(tensor, cell));
            wanted.extend(lacking.map(|cell| (tensor, grid.single(cell))));
        }
        wanted
    }

    /// Moves tiles that the nearest memory lacks one level nearer: from the first level that has all of them to the one below.
    pub(super) fn bring_nearer(&mut self, now: u64, i: usize, operand: usize, tiles: &Tiles) -> bool {
        let mut into = self.transfers.queue[i].memory as usize;
        let mut wanted = tiles.clone();
        while let Some(from) = self.above(into) {
            let lacking = self.not_whole(into, &wanted);
            if self.is_arriving(now, i, from, &lacking) {
                return false;
            }
            if self.missing(from, &lacking) == 0 {
                return self.fill(now, i, operand, (Some(from), into), &wanted);
            }
            (into, wanted) = (from, lacking);
        }
        !self.comes_from_elsewhere(now, i, &wanted) && self.fill(now, i, operand, (None, into), &wanted)
    }

    /// Whether the only copy of some of the tiles is in a memory beside the way, or on its way to one; it is then asked to come
    /// up.
    fn comes_from_elsewhere(&mut self, now: u64, i: usize, tiles: &Tiles) -> bool {
        if self.ports.len() == 1 {
            return false;
        }
        self.transfers.queue[i].wait.above(now);
        let request = self.transfers.queue[i];
        let chain: Vec<usize> = self.accelerator.chain(MemoryId(request.memory)).map(MemoryId::index).collect();
        let Some((memory, mut spill)) = self.residency.elsewhere(&chain, tiles) else {
            return (0..self.ports.len())
                .any(|memory| !chain.contains(&memory) && self.is_arriving(now, i, memory, tiles));
        };
        if !request.spilling && self.residency.stores[memory].mark_leaving(&mut spill) {
            self.follow_copy(now, i, spill.tensor);
            self.request_spill(request.ready, i, memory, spill);
        }
        true
    }

    /// A copy upwards that starts now for another request may be what the one at place `i` waited for: it then follows what that copy
    /// follows.
    fn follow_copy(&mut self, now: u64, i: usize, tensor: TensorId) {
        let request = &mut self.transfers.queue[i];
        if let (started, mut causes) = self.transfers.copy_started
            && started == now
            && request.ready < now
        {
            causes.add(request.also);
            request.also = Some((self.recorder.work(now, 0, request.op, tensor, causes.as_slice()), 0));
        }
    }

    /// Asks for a copy upwards that the request at place `i` waits for. It comes before what is ready at the same time.
    fn request_spill(&mut self, ready: u64, i: usize, memory: usize, spill: Spill) {
        let waiting = &mut self.transfers.queue[i];
        waiting.spilling = true;
        let (key, what) = ((ready, waiting.rank, 0), What::Spill { by: waiting.id });
        let mut asked = request(key, (waiting.unit as usize, memory), waiting.op, what, waiting.cause);
        asked.also = waiting.also;
        self.transfers.spills.insert(self.transfers.next_id, spill);
        self.transfers.insert(asked);
    }

    /// Whether `bytes` fit into the memory; if something has to be saved first, requests that. The tiles of this request that
    /// are already there do not make room for the others.
    pub(super) fn find_room_for(&mut self, now: u64, i: usize, memory: usize, bytes: u64, tiles: &Tiles) -> bool {
        self.transfers.queue[i].wait.above(now);
        if self.transfers.queue[i].spilling {
            return false;
        }
        self.pin(ASKING, memory, tiles);
        let store = &self.residency.stores[memory];
        let (used, lost) = (store.tracker.used(), store.evicted_needed_bits);
        let room = self.residency.make_room(now, memory, bytes);
        let store = &mut self.residency.stores[memory];
        store.unpin(ASKING);
        self.transfers.retry |= store.tracker.used() < used;
        // What had to leave though it is needed comes again, unless there is room.
        if store.evicted_needed_bits > lost || !matches!(room, Room::Ready) {
            self.interrupt_trains();
        }
        match room {
            Room::Ready => return true,
            Room::Lacking(lacking) => self.transfers.queue[i].lacking = (lacking, memory as u32),
            Room::After(spill) => self.request_spill(now, i, memory, spill),
        }
        false
    }

    /// Brings tiles from DRAM or a memory into the one below.
    fn fill(
        &mut self,
        now: u64,
        i: usize,
        operand: usize,
        (from, into): (Option<usize>, usize),
        tiles: &Tiles,
    ) -> bool {
        let Some(to) = self.free_port(now, Some(into)) else { return false };
        self.transfers.queue[i].wait.above(now);
        let Some(from) = self.free_port(now, from) else { return false };
        if !self.find_room(now, i, into, tiles) {
            return false;
        }
        let request = self.transfers.queue[i];
        let bits = self.missing(into, tiles);
        let bytes = bits.div_ceil(8);
        let mut causes = self.causes(now, &request, &[to, from]);
        let source = match from.memory {
            Some(memory) => self.leave(now, &request, memory, &self.not_whole(into, tiles), &mut causes),
            None => LifetimeId(0),
        };
        // What is there already may be read; only the rest is on its way.
        let arriving = self.not_whole(into, tiles);
        for &(tensor, cells) in tiles {
            self.residency.add(now, into, tensor, cells, false);
        }
        self.pin(request.id, into, tiles);
        let lifetimes = [source, self.touch_all(now, into, tiles)];
        let Some(running) = &self.units[request.unit as usize].running else { return false };
        let tensor = running.operands.inputs[operand].tensor;
        let moved = Move { from, to, bytes, operand: running.side(operand), tensor, lifetimes };
        let (until, end) = self.record_move(now, &request, moved, &causes);
        if let What::Fetch { step, operand } = request.what {
            self.note(now, Act::Fill, request.unit as usize, (operand, step), (bits, end.0));
        }
        let index = self.begin(until, &request, end, true);
        self.transfers.fills.push(ActiveFill { memory: into, index, node: end.0, tiles: arriving });
        true
    }

    /// Tiles that are whole in the memory leave it for the one below.
    fn leave(&mut self, now: u64, request: &Request, memory: usize, tiles: &Tiles, causes: &mut Causes) -> LifetimeId {
        for &(tensor, cells) in tiles {
            self.residency.hit(now, memory, tensor, cells);
        }
        self.pin(request.id, memory, tiles);
        causes.add(self.transfers.last_fill[memory][tiles[0].0.index()].map(|(node, _)| (node, 0)));
        self.touch_all(now, memory, tiles)
    }

    /// Records a transfer between levels at both ends and holds both ports. It takes as long as its source needs, but never less
    /// than its target's requests, which are the last cycles of it. Returns its end, and what follows it.
    fn record_move(&mut self, now: u64, request: &Request, moved: Move, causes: &Causes) -> (u64, Cause) {
        let Move { from, to, bytes, operand, tensor, lifetimes } = moved;
        let size = Bytes(bytes);
        let source = match from.memory {
            Some(memory) => self.accelerator.memories[memory].transfer_cycles(size).0,
            None => self.accelerator.dram.cycles(size, self.accelerator.clock).0,
        };
        let requests = to.memory.map_or(0, |memory| self.accelerator.memories[memory].requests(size));
        let until = now + source.max(requests);
        let upwards = from.memory.is_some_and(|memory| self.above(memory) == to.memory);
        let (out, arrival) =
            if upwards { (NodeKind::WriteBack, NodeKind::Write) } else { (NodeKind::Read, NodeKind::Fill) };
        let op = request.op;
        let mut ends: [Option<Cause>; 2] = [None; 2];
        if let Some(memory) = from.memory {
            let (kind, lifetime, port) = (out, lifetimes[0], from.port);
            let transfer = Transfer { kind, start: now, bytes, op, operand, tensor, lifetime, memory, port };
            ends[0] = Some(self.hold(now, until, transfer, causes));
        }
        if let Some(memory) = to.memory {
            let (kind, lifetime, port, start) = (arrival, lifetimes[1], to.port, until - requests);
            let transfer = Transfer { kind, start, bytes, op, operand, tensor, lifetime, memory, port };
            let causes = causes.later((start - now) as u32);
            ends[1] = Some(self.hold(now, until, transfer, &causes));
        }
        let end = match ends {
            [Some(left), Some(arrived)] => (self.recorder.work(until, 0, op, tensor, &[left, arrived]), 0),
            [one, other] => one.or(other).expect("one end is on chip"),
        };
        self.hold_dram(now, until, (from, to), end);
        match (from.memory, to.memory) {
            (None, _) => self.traffic.fetched(op, size, self.accelerator),
            (Some(memory), None) => self.traffic.saved(op, size, &self.accelerator.memories[memory]),
            _ => {}
        }
        (until, end)
    }

    /// Holds DRAM's port, if the transfer has one.
    fn hold_dram(&mut self, now: u64, until: u64, (from, to): (Port, Port), (node, lag): Cause) {
        if from.memory.is_none() {
            self.dram.hold(from.port, now, until, node, lag);
        }
        if to.memory.is_none() {
            self.dram.hold(to.port, now, until, node, lag);
        }
    }

    /// Copies a tile of a result one level up.
    pub(super) fn attempt_write_back(&mut self, now: u64, i: usize, rect: Rect, bytes: u64) -> bool {
        let request = self.transfers.queue[i];
        let tiles = self.locate(request.unit as usize, None, rect);
        let started = self.write_back(now, i, bytes, &tiles);
        self.transfers.tiles = tiles;
        started
    }

    fn write_back(&mut self, now: u64, i: usize, bytes: u64, tiles: &Tiles) -> bool {
        let request = self.transfers.queue[i];
        let memory = request.memory as usize;
        let above = self.above(memory);
        let (Some(from), Some(to)) = (self.free_port(now, Some(memory)), self.free_port(now, above)) else {
            return false;
        };
        if above.is_some_and(|above| !self.find_room(now, i, above, tiles)) {
            return false;
        }
        let request = self.transfers.queue[i];
        let mut lifetimes = [self.residency.copy_out(now, memory, tiles[0].0), LifetimeId(0)];
        if let Some(above) = above {
            tiles.iter().for_each(|&(tensor, cells)| self.residency.add(now, above, tensor, cells, true));
            self.pin(request.id, above, tiles);
            lifetimes[1] = self.touch_all(now, above, tiles);
        }
        let Some(running) = &self.units[request.unit as usize].running else { return false };
        let tensor = running.operands.out.tensor;
        let moved = Move { from, to, bytes, operand: Operand::Out, tensor, lifetimes };
        let end = self.send_up(now, &request, moved, tiles);
        if self.transfers.last_fill[memory][tiles[0].0.index()].is_some() {
            self.interrupt_trains();
        }
        if let What::WriteBack { spatial, .. } = request.what {
            self.note(now, Act::CopyUp, request.unit as usize, (RESULT, spatial), (0, end.0));
        }
        true
    }

    /// A copy upwards starts, once what came from below has arrived; what it brings to a memory nobody reads there before it has
    /// arrived.
    fn send_up(&mut self, now: u64, request: &Request, moved: Move, tiles: &Tiles) -> Cause {
        let to = moved.to.memory;
        let mut causes = self.causes(now, request, &[moved.from, moved.to]);
        if let Some(memory) = moved.from.memory {
            causes.add(self.transfers.last_fill[memory][tiles[0].0.index()].map(|(node, _)| (node, 0)));
        }
        self.transfers.copy_started = (now, causes);
        self.transfers.retry = true;
        let (until, end) = self.record_move(now, request, moved, &causes);
        let index = self.begin(until, request, end, false);
        if let Some(memory) = to {
            self.transfers.fills.push(ActiveFill { memory, index, node: end.0, tiles: tiles.clone() });
        }
        end
    }

    /// A tile of a result has arrived one level up; it goes on until it is in DRAM.
    pub(super) fn wrote_back(&mut self, now: u64, request: &Request, spatial: u64, rect: Rect, end: Cause) {
        let memory = request.memory as usize;
        self.note(now, Act::Saved, request.unit as usize, (RESULT, spatial), (0, end.0));
        let tiles = self.locate(request.unit as usize, None, rect);
        let above = self.above(memory);
        for &(tensor, cells) in &tiles {
            match above {
                Some(_) => self.residency.copied_up(memory, tensor, cells),
                None => self.residency.backed(tensor, cells),
            }
        }
        self.transfers.tiles = tiles;
        match above {
            None => self.wrote(now, request, spatial, end),
            Some(above) => {
                let memory = above as u32;
                self.transfers.put(Request { ready: now, memory, cause: Some(end), also: None, ..*request });
            }
        }
    }

    /// Copies what has to leave, or what is wanted elsewhere, one level up.
    pub(super) fn attempt_spill(&mut self, now: u64, i: usize) -> bool {
        let request = self.transfers.queue[i];
        let memory = request.memory as usize;
        let above = self.above(memory);
        let Some(spill) = self.transfers.spills.get_mut(&request.id) else { return false };
        if !self.residency.still_to_be_saved(memory, spill) {
            self.give_up_spill(&request);
            return true;
        }
        let (tensor, mut bytes) = (spill.tensor, spill.bytes);
        let cells: Vec<u32> = spill.cells.iter().map(|&(cell, _)| cell).collect();
        let grid = &self.residency.held[tensor.index()].grid;
        let tiles: Tiles = cells.iter().map(|&cell| (tensor, grid.single(cell as usize))).collect();
        if self.is_arriving(now, i, memory, &tiles) {
            return false;
        }
        let (Some(from), Some(to)) = (self.free_port(now, Some(memory)), self.free_port(now, above)) else {
            return false;
        };
        let mut lifetimes = [LifetimeId(0); 2];
        if let Some(above) = above {
            // To a memory goes all there is of each cell.
            let parts = self.residency.parts(memory, tensor, &cells);
            let growth = self.residency.growth_by_parts(above, tensor, &parts);
            if growth > 0 && !self.find_room_for(now, i, above, growth, &tiles) {
                return false;
            }
            bytes = parts.iter().map(|&(_, bits)| bits).sum::<u64>().div_ceil(8);
            parts.iter().for_each(|&part| self.residency.add_part(now, above, tensor, part));
            self.pin(request.id, above, &tiles);
            lifetimes[1] = self.residency.touch(now, above, tensor);
        }
        let request = self.transfers.queue[i];
        lifetimes[0] = self.residency.copy_out(now, memory, tensor);
        let moved = Move { from, to, bytes, operand: Operand::None, tensor, lifetimes };
        self.send_up(now, &request, moved, &tiles);
        true
    }

    /// Nobody needs any more what was to be saved: whoever waited for that tries again.
    fn give_up_spill(&mut self, request: &Request) {
        self.transfers.spills.remove(&request.id);
        self.transfers.retry = true;
        let What::Spill { by } = request.what else { return };
        if let Some(waiting) = self.transfers.queue.iter_mut().find(|r| r.id == by) {
            waiting.spilling = false;
        }
    }

    /// What had to leave, or was wanted elsewhere, has a copy above; the request that waits for that tries again.
    pub(super) fn spilled(&mut self, now: u64, request: &Request, by: u32, end: Cause) {
        if let Some(spill) = self.transfers.spills.remove(&request.id) {
            self.residency.saved(now, request.memory as usize, &spill);
        }
        self.unpin(request.id);
        if let Some(waiting) = self.transfers.queue.iter_mut().find(|r| r.id == by) {
            (waiting.spilling, waiting.also) = (false, Some(end));
        }
    }
}
