//! Starts and ends of transfers.

use super::Probe;
use super::agenda::Event;
use super::engine::Engine;
use super::grid::Cells;
use super::layout::Rect;
use super::record::{Causes, Transfer};
use super::request::{Active, Request, What, request};
use super::running::{Cause, READ_BACK, Running};
use super::trains::{Act, RESULT};
use crate::ids::{LifetimeId, NodeId, TensorId};
use crate::trace::{NodeKind, Operand};
use crate::units::Bytes;

/// Tiles of a transfer.
pub(super) type Tiles = Vec<(TensorId, Cells)>;

/// A port of a memory, or of DRAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Port {
    /// The memory; `None` is DRAM.
    pub memory: Option<usize>,
    /// The port.
    pub port: usize,
}

impl<P: Probe> Engine<'_, P> {
    /// Requests the operands of a step that have to be fetched.
    pub(super) fn request_operands(&mut self, now: u64, unit: usize, number: u64) {
        let Some(running) = &self.units[unit].running else { return };
        let slot = running.slot(number);
        for operand in 0..slot.step.inputs {
            if slot.step.operands[usize::from(operand)].fetch && running.may_fetch(slot, operand) {
                let asked = fetch(now, unit, running, (number, operand), slot.trigger);
                self.transfers.insert(asked);
            }
        }
    }

    /// Requests partial sums that were not yet written when their step was issued, and now are.
    fn request_read_back(&mut self, now: u64, unit: usize, spatial: u64, written: Cause) {
        let Some(running) = &self.units[unit].running else { return };
        if let Some(step) = running.reads_back(spatial) {
            let asked = fetch(now, unit, running, (step, READ_BACK), written);
            self.transfers.insert(asked);
        }
    }

    /// Requests the write of the spatial tile that a step completes.
    pub(super) fn request_write(&mut self, now: u64, unit: usize, number: u64, computed: NodeId) {
        let Some(running) = &self.units[unit].running else { return };
        let step = &running.slot(number).step;
        let Some(rect) = step.write else { return };
        let what = What::Write { spatial: step.spatial, rect, bytes: step.write_bytes, partial: step.partial };
        let key = (now, running.rank, step.spatial << 1);
        let memory = running.result_memory;
        self.transfers.insert(request(key, (unit, memory), running.op, what, Some((computed, 0))));
    }

    /// Starts every waiting transfer that can start now, in order.
    pub(super) fn serve(&mut self, now: u64) {
        let mut i = 0;
        while i < self.transfers.queue.len() {
            if self.ports.iter().all(|ports| ports.free(now).is_none()) {
                return;
            }
            let waiting = self.transfers.queue.len();
            let started = self.attempt(now, i);
            if started {
                self.transfers.queue.remove(i);
            }
            // A copy upwards that was requested may come first.
            if std::mem::take(&mut self.transfers.retry) || self.transfers.queue.len() > waiting {
                i = 0;
            } else if !started {
                i += 1;
            }
        }
    }

    /// Starts the request at place `i` of the queue if it can start now.
    fn attempt(&mut self, now: u64, i: usize) -> bool {
        let request = self.transfers.queue[i];
        match request.what {
            What::Fetch { step, operand } => self.attempt_fetch(now, i, step, usize::from(operand)),
            What::Write { rect, bytes, .. } => self.attempt_write(now, i, rect, bytes),
            What::WriteBack { rect, bytes, .. } => self.attempt_write_back(now, i, rect, u64::from(bytes)),
            What::Spill { .. } => self.attempt_spill(now, i),
        }
    }

    /// The tiles that hold a part of an operand, or of the result.
    pub(super) fn locate(&mut self, unit: usize, operand: Option<usize>, rect: Rect) -> Tiles {
        let mut tiles = std::mem::take(&mut self.transfers.tiles);
        tiles.clear();
        if let Some(running) = &self.units[unit].running {
            let layout = operand.map_or(&running.operands.out, |o| &running.operands.inputs[o]);
            let held = &self.residency.held;
            tiles.extend(layout.stored(rect).map(|(tensor, at)| (tensor, held[tensor.index()].grid.cells(at))));
        }
        tiles
    }

    /// Bits of the tile at place `i` that are not in the memory. A repeated view names cells more than once: the first one counts.
    fn missing_of(&self, memory: usize, tiles: &[(TensorId, Cells)], i: usize) -> u64 {
        let (tensor, cells) = tiles[i];
        let again = |other: &Cells| tiles[..i].iter().any(|(t, before)| *t == tensor && before.overlaps(other));
        if !again(&cells) {
            return self.residency.missing_bits(memory, tensor, cells);
        }
        let grid = &self.residency.held[tensor.index()].grid;
        let single = grid.numbers(cells).map(|cell| grid.single(cell)).filter(|cell| !again(cell));
        single.map(|cell| self.residency.missing_bits(memory, tensor, cell)).sum()
    }

    /// Bits of the tiles that are not in the memory.
    pub(super) fn missing(&self, memory: usize, tiles: &[(TensorId, Cells)]) -> u64 {
        (0..tiles.len()).map(|i| self.missing_of(memory, tiles, i)).sum()
    }

    /// Bytes by which the memory fills up when the tiles have arrived.
    pub(super) fn growth(&self, memory: usize, tiles: &[(TensorId, Cells)]) -> u64 {
        (0..tiles.len()).map(|i| self.missing_of(memory, tiles, i).div_ceil(8)).sum()
    }

    /// A free port of a memory, or of DRAM.
    pub(super) fn free_port(&self, now: u64, memory: Option<usize>) -> Option<Port> {
        let ports = memory.map_or(&self.dram, |memory| &self.ports[memory]);
        ports.free(now).map(|port| Port { memory, port })
    }

    /// What let a transfer start on these ports now: its own causes and, if it waited, whoever held the ports.
    pub(super) fn causes(&self, now: u64, request: &Request, ports: &[Port]) -> Causes {
        let mut causes = Causes::default();
        causes.add(request.cause);
        causes.add(request.also);
        for port in ports {
            match port.memory {
                Some(memory) if request.ready < now => causes.add(self.ports[memory].just_freed_by(port.port, now)),
                Some(_) => {}
                None => causes.add(self.dram.previous(port.port)),
            }
        }
        causes
    }

    /// Records a transfer and holds its port from `now` to `end`; returns its record and the cycles from its `done` to `end`.
    pub(super) fn hold(&mut self, now: u64, end: u64, transfer: Transfer, causes: &Causes) -> Cause {
        let node = self.recorder.transfer(transfer, causes);
        let words = self.accelerator.memories[transfer.memory].requests(Bytes(transfer.bytes));
        let lag = (end - transfer.start - words) as u32;
        self.ports[transfer.memory].hold(transfer.port, now, end, node, lag);
        self.counters[transfer.memory].count(&transfer, words, &self.residency.ledger.labels);
        self.traffic.on_chip(transfer.op, transfer.memory, words);
        (node, lag)
    }

    /// Puts a transfer under way that ends at cycle `until`.
    pub(super) fn begin(&mut self, until: u64, request: &Request, end: Cause, fill: bool) -> u32 {
        let index = self.transfers.begin(Active { request: *request, end, fill });
        self.agenda.push(until, Event::Transfer(index));
        index
    }

    /// Something happens to tiles that a train can repeat: an operand and its step, or a result and its write; its size, its record.
    pub(super) fn note(&mut self, now: u64, act: Act, unit: usize, part: (u8, u64), what: (u64, NodeId)) {
        if let Some(trains) = &mut self.trains {
            trains.act(now, act, unit, part, what);
        }
    }

    /// Something happens that a train cannot repeat.
    pub(super) fn interrupt_trains(&mut self) {
        if let Some(trains) = &mut self.trains {
            trains.interrupt();
        }
    }

    /// Nobody evicts these tiles until the request has ended.
    pub(super) fn pin(&mut self, request: u32, memory: usize, tiles: &Tiles) {
        self.residency.stores[memory].pin(request, tiles);
    }

    pub(super) fn unpin(&mut self, request: u32) {
        self.residency.stores.iter_mut().for_each(|store| store.unpin(request));
    }

    /// The first tile's tensor is what the transfer touches; all are the most recently used.
    pub(super) fn touch_all(&mut self, now: u64, memory: usize, tiles: &[(TensorId, Cells)]) -> LifetimeId {
        let first = self.residency.touch(now, memory, tiles[0].0);
        for &(tensor, _) in &tiles[1..] {
            self.residency.mark_used(memory, tensor);
        }
        first
    }

    /// An operand goes to the unit if it is in the nearest memory; if it is not, it comes one level nearer.
    fn attempt_fetch(&mut self, now: u64, i: usize, step: u64, operand: usize) -> bool {
        let request = self.transfers.queue[i];
        let (unit, nearest) = (request.unit as usize, request.memory as usize);
        let Some(running) = &self.units[unit].running else { return false };
        let part = running.slot(step).step.operands[operand];
        let tiles = self.locate(unit, Some(operand), part.rect);
        let started = if self.is_arriving(now, i, nearest, &tiles) {
            false
        } else if self.missing(nearest, &tiles) == 0 {
            self.start_read(now, &request, (step, operand), u64::from(part.bytes), &tiles)
        } else {
            self.bring_nearer(now, i, operand, &tiles)
        };
        self.transfers.tiles = tiles;
        started
    }

    /// Whether any of the tiles is on its way into the memory; the request then follows it.
    pub(super) fn is_arriving(&mut self, now: u64, i: usize, memory: usize, tiles: &Tiles) -> bool {
        if self.transfers.fills.is_empty() {
            return false;
        }
        let fill = self.transfers.blocking_fill(memory, tiles);
        if let Some(node) = fill {
            self.interrupt_trains();
            self.transfers.queue[i].also = Some((node, 0));
            self.transfers.queue[i].wait.above(now);
        }
        fill.is_some()
    }

    fn start_read(
        &mut self,
        now: u64,
        request: &Request,
        (step, operand): (u64, usize),
        bytes: u64,
        tiles: &Tiles,
    ) -> bool {
        let (unit, memory) = (request.unit as usize, request.memory as usize);
        let Some(port) = self.free_port(now, Some(memory)) else { return false };
        let mut causes = self.causes(now, request, &[port]);
        for &(tensor, cells) in tiles {
            self.residency.hit(now, memory, tensor, cells);
        }
        self.pin(request.id, memory, tiles);
        let lifetime = self.touch_all(now, memory, tiles);
        let Some(running) = &mut self.units[unit].running else { return false };
        if let Some((fill, by)) = self.transfers.last_fill[memory][tiles[0].0.index()]
            && by != request.op
            && running.seen_fill[operand] != Some(fill)
        {
            running.seen_fill[operand] = Some(fill);
            if let Some(trains) = &mut self.trains {
                trains.interrupt();
            }
            causes.add(Some((fill, 0)));
        }
        if operand == usize::from(READ_BACK) {
            causes.add(running.saved_by(step));
        }
        let tensor = running.operands.inputs[operand].tensor;
        let end = now + self.accelerator.memories[memory].transfer_cycles(Bytes(bytes)).0;
        let (kind, op, operand_side, port) = (NodeKind::Read, request.op, running.side(operand), port.port);
        let transfer = Transfer { kind, start: now, bytes, op, operand: operand_side, tensor, lifetime, memory, port };
        let cause = self.hold(now, end, transfer, &causes);
        self.note(now, Act::Read, unit, (operand as u8, step), (0, cause.0));
        if let Some(running) = &mut self.units[unit].running {
            running.slot_mut(step).reads[operand] = Some(cause);
        }
        let request = Request { wait: request.wait.started(now), ..*request };
        self.begin(end, &request, cause, false);
        true
    }

    fn attempt_write(&mut self, now: u64, i: usize, rect: Rect, bytes: u32) -> bool {
        let request = self.transfers.queue[i];
        let (unit, memory) = (request.unit as usize, request.memory as usize);
        if let Some(started) = self.bring_rest(now, i, rect) {
            return started;
        }
        let tiles = self.locate(unit, None, rect);
        let started = match self.free_port(now, Some(memory)) {
            Some(port) if self.find_room(now, i, memory, &tiles) => {
                let request = self.transfers.queue[i];
                self.start_write(now, &request, port, u64::from(bytes), &tiles);
                true
            }
            _ => false,
        };
        self.transfers.tiles = tiles;
        started
    }

    /// Whether the memory has room for the tiles; if something has to be saved first, requests that.
    pub(super) fn find_room(&mut self, now: u64, i: usize, memory: usize, tiles: &Tiles) -> bool {
        let bytes = self.growth(memory, tiles);
        bytes == 0 || self.find_room_for(now, i, memory, bytes, tiles)
    }

    fn start_write(&mut self, now: u64, request: &Request, port: Port, bytes: u64, tiles: &Tiles) {
        let (unit, memory) = (request.unit as usize, request.memory as usize);
        let growth = if self.trains.is_some() { self.growth(memory, tiles) } else { 0 };
        for &(tensor, cells) in tiles {
            self.residency.add(now, memory, tensor, cells, true);
            self.residency.invalidate_elsewhere(now, memory, tensor, cells);
        }
        // What was to be saved may be written anew: who waits for its room tries again.
        self.transfers.retry |= self.residency.stores.iter().any(|store| store.capacity.is_some());
        self.pin(request.id, memory, tiles);
        let lifetime = self.touch_all(now, memory, tiles);
        let Some(running) = &self.units[unit].running else { return };
        let tensor = running.operands.out.tensor;
        let end = now + self.accelerator.memories[memory].transfer_cycles(Bytes(bytes)).0;
        let (kind, op, operand) = (NodeKind::Write, request.op, Operand::Out);
        let transfer = Transfer { kind, start: now, bytes, op, operand, tensor, lifetime, memory, port: port.port };
        let causes = self.causes(now, request, &[port]);
        let cause = self.hold(now, end, transfer, &causes);
        if let What::Write { spatial, .. } = request.what {
            self.note(now, Act::Write, unit, (RESULT, spatial), (growth, cause.0));
        }
        let request = Request { wait: request.wait.started(now), ..*request };
        self.begin(end, &request, cause, false);
    }

    /// A transfer has ended: its data is where it was wanted.
    pub(super) fn transfer_ends(&mut self, now: u64, index: u32) {
        let Active { request, end, fill } = self.transfers.active[index as usize];
        self.transfers.unused.push(index);
        self.transfers.end_fill(index, request.op);
        if fill {
            if let What::Fetch { step, operand } = request.what {
                self.note(now, Act::Arrived, request.unit as usize, (operand, step), (0, end.0));
            }
            let wait = request.wait.there(now);
            self.transfers.put(Request { ready: now, cause: Some(end), also: None, lacking: (0, 0), wait, ..request });
            return;
        }
        let request = Request { wait: request.wait.ended(now), ..request };
        match request.what {
            What::Fetch { step, operand } => self.fetched(now, &request, (step, usize::from(operand)), end),
            What::Write { spatial, rect, bytes, partial } => {
                let Some(running) = &self.units[request.unit as usize].running else { return };
                if !partial && self.workload.is_written_back(running.operands.out.tensor) {
                    let what = What::WriteBack { spatial, rect, bytes };
                    self.transfers.put(Request { ready: now, what, cause: Some(end), also: None, ..request });
                    return;
                }
                self.wrote(now, &request, spatial, end);
            }
            What::WriteBack { spatial, rect, .. } => self.wrote_back(now, &request, spatial, rect, end),
            What::Spill { by } => self.spilled(now, &request, by, end),
        }
    }

    /// The result of a spatial tile is where it has to be.
    pub(super) fn wrote(&mut self, now: u64, request: &Request, spatial: u64, end: Cause) {
        let unit = request.unit as usize;
        if let Some(running) = &mut self.units[unit].running {
            running.wrote(spatial, end, request.wait);
            self.request_read_back(now, unit, spatial, end);
        }
        self.unpin(request.id);
        self.advance(now, unit);
    }

    fn fetched(&mut self, now: u64, request: &Request, (step, operand): (u64, usize), end: Cause) {
        let unit = request.unit as usize;
        self.unpin(request.id);
        let Some(running) = &mut self.units[unit].running else { return };
        let slot = running.slot(step);
        let part = slot.step.operands[operand];
        if running.fetched(now, step, operand as u8, request.wait) {
            let asked = Request {
                also: running.slot(step).reads[1 - operand],
                ..fetch(now, unit, running, (step, READ_BACK), end)
            };
            self.transfers.insert(asked);
        }
        if part.last_use {
            self.release_tile(now, unit, (operand, step), part.rect);
        }
        self.advance(now, unit);
    }
}

/// A request for an operand of a step.
fn fetch(now: u64, unit: usize, running: &Running, (step, operand): (u64, u8), cause: Cause) -> Request {
    let key = (now, running.rank, 1 << 63 | step << 3 | u64::from(operand));
    let memory = running.memories[usize::from(operand)];
    request(key, (unit, memory), running.op, What::Fetch { step, operand }, Some(cause))
}
