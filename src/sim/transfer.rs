//! Starts and ends of transfers.

use super::Probe;
use super::engine::{Engine, Event};
use super::eviction::Room;
use super::grid::Cells;
use super::layout::Rect;
use super::record::{Causes, Transfer};
use super::request::{Active, ActiveFill, Request, What, request};
use super::residency::Pin;
use super::step::Step;
use crate::ids::{LifetimeId, NodeId, TensorId};
use crate::trace::{NodeKind, Operand};
use crate::units::Bytes;
use std::cmp::Reverse;

impl<P: Probe> Engine<'_, P> {
    /// Requests the operands of a step that have to be fetched.
    pub(super) fn request_operands(&mut self, now: u64, unit: usize, number: u64) {
        let Some(running) = &self.units[unit].running else { return };
        let slot = running.slot(number);
        for operand in 0..slot.step.inputs {
            if slot.step.operands[usize::from(operand)].fetch {
                let place = 1 << 63 | number << 3 | u64::from(operand);
                let what = What::Fetch { step: number, operand };
                let key = (now, running.rank, place);
                self.transfers.insert(request(key, unit, running.op, what, Some(slot.trigger)));
            }
        }
    }

    /// Requests the write of a spatial tile.
    pub(super) fn request_write(&mut self, now: u64, unit: usize, step: &Step, computed: NodeId) {
        let (Some(running), Some(rect)) = (&self.units[unit].running, step.write) else { return };
        let what = What::Write { spatial: step.spatial, rect, bytes: step.write_bytes };
        let key = (now, running.rank, step.spatial << 1);
        self.transfers.insert(request(key, unit, running.op, what, Some((computed, 0))));
    }

    /// Starts every waiting transfer that can start now, in order.
    pub(super) fn serve(&mut self, now: u64) {
        let mut i = 0;
        while i < self.transfers.queue.len() {
            let Some(port) = self.sram.free(now) else { return };
            let waiting = self.transfers.queue.len();
            if self.attempt(now, i, port) {
                self.transfers.queue.remove(i);
            } else if self.transfers.queue.len() > waiting {
                i = 0; // A spill was requested; it may come first.
            } else {
                i += 1;
            }
        }
    }

    fn attempt(&mut self, now: u64, i: usize, port: usize) -> bool {
        let request = self.transfers.queue[i];
        match request.what {
            What::Fetch { step, operand } => self.attempt_fetch(now, i, port, step, usize::from(operand)),
            What::Write { rect, bytes, .. } => self.attempt_write(now, i, port, rect, bytes),
            What::WriteBack { bytes, .. } => {
                let Some(running) = &self.units[request.unit as usize].running else { return false };
                let tensor = running.operands.out.tensor;
                self.attempt_write_back(now, &request, port, (tensor, Operand::Out), u64::from(bytes))
            }
            What::Spill { .. } => {
                let Some(spill) = self.transfers.spills.get(&request.id) else { return false };
                let (tensor, bytes) = (spill.tensor, spill.bytes);
                self.attempt_write_back(now, &request, port, (tensor, Operand::None), bytes)
            }
        }
    }

    /// Looks up where an operand's tile is; returns the bits that are missing.
    fn locate(&mut self, unit: usize, operand: Option<usize>, rect: Rect) -> u64 {
        let Some(running) = &self.units[unit].running else { return 0 };
        let layout = operand.map_or(&running.operands.out, |o| &running.operands.inputs[o]);
        self.transfers.tiles.clear();
        let mut missing = 0;
        for (tensor, stored) in layout.stored(rect) {
            let cells = self.residency.held[tensor.index()].grid.cells(stored);
            missing += self.residency.missing_bits(tensor, cells);
            self.transfers.tiles.push((tensor, cells));
        }
        missing
    }

    /// An operand goes to the unit if it is in the memory, and to the memory if it is not.
    fn attempt_fetch(&mut self, now: u64, i: usize, port: usize, step: u64, operand: usize) -> bool {
        let request = self.transfers.queue[i];
        let unit = request.unit as usize;
        let Some(running) = &self.units[unit].running else { return false };
        let part = running.slot(step).step.operands[operand];
        let missing = self.locate(unit, Some(operand), part.rect);
        if !self.transfers.fills.is_empty()
            && let Some(fill) = self.transfers.blocking_fill()
        {
            self.transfers.queue[i].also = Some((fill, 0));
            return false;
        }
        if missing == 0 {
            self.start_read(now, &request, port, (step, operand), u64::from(part.bytes));
            return true;
        }
        let Some(dram_port) = self.dram.free(now) else { return false };
        let bytes = missing.div_ceil(8);
        if !self.find_room(now, i, bytes) {
            return false;
        }
        let request = self.transfers.queue[i];
        self.locate(unit, Some(operand), part.rect);
        self.start_fill(now, &request, (port, dram_port), operand, bytes);
        true
    }

    /// Whether `bytes` fit; if something has to be written back first, requests that.
    fn find_room(&mut self, now: u64, i: usize, bytes: u64) -> bool {
        let request = self.transfers.queue[i];
        if request.spilling {
            return false;
        }
        // The tiles of this request that are already there must not make room for the others.
        let tiles = self.transfers.tiles.clone();
        self.pin(request.id, &tiles);
        let room = self.residency.make_room(now, bytes, self.accelerator.memories[0].victims);
        self.unpin(request.id);
        match room {
            Room::Ready => return true,
            Room::Lacking(lacking) => self.transfers.queue[i].lacking = lacking,
            Room::After(spill) => {
                self.transfers.queue[i].spilling = true;
                let key = (now, request.rank, 0);
                let id = self.transfers.next_id;
                self.transfers.spills.insert(id, spill);
                let what = What::Spill { by: request.id };
                self.transfers.insert(super::transfer::request(
                    key,
                    request.unit as usize,
                    request.op,
                    what,
                    request.cause,
                ));
            }
        }
        false
    }

    fn pin(&mut self, request: u32, tiles: &[(TensorId, Cells)]) {
        if self.residency.capacity.is_some() {
            let pins = tiles.iter().map(|&(tensor, cells)| Pin { request, tensor, cells });
            self.residency.pins.extend(pins);
        }
    }

    fn unpin(&mut self, request: u32) {
        self.residency.pins.retain(|p| p.request != request);
    }

    /// What let a transfer start on these ports now: its own causes and, if it waited, whoever held the ports.
    fn causes(&self, now: u64, request: &Request, port: usize) -> Causes {
        let mut causes = Causes::default();
        causes.add(request.cause);
        causes.add(request.also);
        if request.ready < now {
            causes.add(self.sram.just_freed_by(port, now));
        }
        causes
    }

    /// Holds ports and records a transfer whose `requests` start at `start` and which ends at `end`.
    fn hold(&mut self, now: u64, end: u64, transfer: Transfer, causes: &Causes, dram_port: Option<usize>) -> NodeId {
        let node = self.recorder.transfer(transfer, causes);
        let lag = if transfer.kind == NodeKind::Fill { 0 } else { self.latency };
        self.sram.hold(transfer.port, now, end, node, lag);
        if let Some(port) = dram_port {
            self.dram.hold(port, now, end, node, lag);
        }
        self.counters.count(&transfer, &self.accelerator.memories[0], self.workload);
        node
    }

    fn begin(&mut self, end: u64, request: &Request, node: NodeId, fill: bool) -> u32 {
        let index = self.transfers.begin(Active { request: *request, node, fill });
        self.heap.push(Reverse((end, Event::Transfer(index))));
        index
    }

    fn start_read(&mut self, now: u64, request: &Request, port: usize, (step, operand): (u64, usize), bytes: u64) {
        let unit = request.unit as usize;
        let tiles = std::mem::take(&mut self.transfers.tiles);
        let mut causes = self.causes(now, request, port);
        for &(tensor, cells) in &tiles {
            self.residency.hit(now, tensor, cells);
        }
        self.pin(request.id, &tiles);
        let lifetime = self.touch_all(now, &tiles);
        let Some(running) = &mut self.units[unit].running else { return };
        if let Some((fill, by)) = self.transfers.last_fill[tiles[0].0.index()]
            && by != request.op
            && running.seen_fill[operand] != Some(fill)
        {
            running.seen_fill[operand] = Some(fill);
            causes.add(Some((fill, 0)));
        }
        let tensor = running.operands.inputs[operand].tensor;
        let end = now + self.accelerator.memories[0].transfer_cycles(Bytes(bytes)).0;
        let (kind, op) = (NodeKind::Read, request.op);
        let transfer = Transfer { kind, start: now, bytes, op, operand: side(operand), tensor, lifetime, port };
        let node = self.hold(now, end, transfer, &causes, None);
        if let Some(running) = &mut self.units[unit].running {
            running.slot_mut(step).reads[operand] = Some(node);
        }
        self.begin(end, request, node, false);
        self.transfers.tiles = tiles;
    }

    fn touch_all(&mut self, now: u64, tiles: &[(TensorId, Cells)]) -> LifetimeId {
        let first = self.residency.touch(now, tiles[0].0);
        for &(tensor, _) in &tiles[1..] {
            self.residency.mark_used(tensor);
        }
        first
    }

    fn start_fill(&mut self, now: u64, request: &Request, ports: (usize, usize), operand: usize, bytes: u64) {
        let (port, dram_port) = ports;
        let tiles = self.transfers.tiles.clone();
        for &(tensor, cells) in &tiles {
            self.residency.add(now, tensor, cells, false);
        }
        self.pin(request.id, &tiles);
        let lifetime = self.touch_all(now, &tiles);
        let Some(running) = &self.units[request.unit as usize].running else { return };
        let tensor = running.operands.inputs[operand].tensor;
        let memory = &self.accelerator.memories[0];
        let requests = memory.requests(Bytes(bytes));
        let cycles = self.accelerator.dram.cycles(Bytes(bytes), self.accelerator.clock).0.max(requests);
        let before = cycles - requests;
        let mut causes = self.causes(now, request, port);
        causes.add(self.dram.previous(dram_port));
        let causes = causes.later(before as u32);
        let (kind, op) = (NodeKind::Fill, request.op);
        let transfer =
            Transfer { kind, start: now + before, bytes, op, operand: side(operand), tensor, lifetime, port };
        let node = self.hold(now, now + cycles, transfer, &causes, Some(dram_port));
        let index = self.begin(now + cycles, request, node, true);
        self.transfers.fills.push(ActiveFill { index, node, tiles });
    }

    fn attempt_write(&mut self, now: u64, i: usize, port: usize, rect: Rect, bytes: u32) -> bool {
        let request = self.transfers.queue[i];
        let unit = request.unit as usize;
        let missing = self.locate(unit, None, rect);
        if missing > 0 && !self.find_room(now, i, missing.div_ceil(8)) {
            return false;
        }
        let request = self.transfers.queue[i];
        self.locate(unit, None, rect);
        let tiles = self.transfers.tiles.clone();
        for &(tensor, cells) in &tiles {
            self.residency.add(now, tensor, cells, true);
        }
        self.pin(request.id, &tiles);
        let lifetime = self.touch_all(now, &tiles);
        let Some(running) = &self.units[unit].running else { return false };
        let tensor = running.operands.out.tensor;
        let end = now + self.accelerator.memories[0].transfer_cycles(Bytes(u64::from(bytes))).0;
        let (kind, op, bytes) = (NodeKind::Write, request.op, u64::from(bytes));
        let transfer = Transfer { kind, start: now, bytes, op, operand: Operand::Out, tensor, lifetime, port };
        let node = self.hold(now, end, transfer, &self.causes(now, &request, port), None);
        self.begin(end, &request, node, false);
        true
    }

    /// Copies bytes to DRAM at the cost of reading them here.
    fn attempt_write_back(
        &mut self,
        now: u64,
        request: &Request,
        port: usize,
        (tensor, operand): (TensorId, Operand),
        bytes: u64,
    ) -> bool {
        let Some(dram_port) = self.dram.free(now) else { return false };
        let Some(running) = &self.units[request.unit as usize].running else { return false };
        let holder = match request.what {
            What::Spill { .. } => tensor,
            _ => running.operands.out.pieces[0].tensor,
        };
        let lifetime = self.residency.copy_out(now, holder);
        let mut causes = self.causes(now, request, port);
        causes.add(self.dram.previous(dram_port));
        let end = now + self.accelerator.memories[0].transfer_cycles(Bytes(bytes)).0;
        let (kind, op) = (NodeKind::WriteBack, request.op);
        let transfer = Transfer { kind, start: now, bytes, op, operand, tensor, lifetime, port };
        let node = self.hold(now, end, transfer, &causes, Some(dram_port));
        self.begin(end, request, node, false);
        true
    }

    /// A transfer has ended: its data is where it was wanted.
    pub(super) fn transfer_ends(&mut self, now: u64, index: u32) {
        let Active { request, node, fill } = self.transfers.active[index as usize];
        self.transfers.unused.push(index);
        let unit = request.unit as usize;
        if fill {
            self.transfers.end_fill(index, request.op);
            self.transfers.put(Request { ready: now, cause: Some((node, 0)), also: None, lacking: 0, ..request });
            return;
        }
        match request.what {
            What::Fetch { step, operand } => self.fetched(now, &request, step, usize::from(operand)),
            What::Write { spatial, rect, bytes } => {
                let Some(running) = &mut self.units[unit].running else { return };
                if self.workload.tensor(running.operands.out.tensor).write_back {
                    let what = What::WriteBack { spatial, rect, bytes };
                    let next = Request { ready: now, what, cause: Some((node, self.latency)), also: None, ..request };
                    self.transfers.put(next);
                    return;
                }
                running.wrote(spatial, (node, self.latency));
                self.unpin_if_limited(request.id);
                self.advance(now, unit);
            }
            What::WriteBack { spatial, rect, .. } => {
                self.locate(unit, None, rect);
                for (tensor, cells) in std::mem::take(&mut self.transfers.tiles) {
                    self.residency.backed(tensor, cells);
                }
                let Some(running) = &mut self.units[unit].running else { return };
                running.wrote(spatial, (node, self.latency));
                self.unpin_if_limited(request.id);
                self.advance(now, unit);
            }
            What::Spill { by } => self.spilled(request.id, by, node),
        }
    }

    fn unpin_if_limited(&mut self, request: u32) {
        if self.residency.capacity.is_some() {
            self.unpin(request);
        }
    }

    fn fetched(&mut self, now: u64, request: &Request, step: u64, operand: usize) {
        let unit = request.unit as usize;
        self.unpin_if_limited(request.id);
        let Some(running) = &mut self.units[unit].running else { return };
        let slot = running.slot_mut(step);
        slot.pending -= 1;
        let part = slot.step.operands[operand];
        if part.last_use {
            self.release_tile(now, unit, operand, part.rect);
        }
        self.advance(now, unit);
    }

    /// What had to leave has a copy off chip; the request that wants its room tries again.
    fn spilled(&mut self, id: u32, by: u32, node: NodeId) {
        if let Some(spill) = self.transfers.spills.remove(&id) {
            self.residency.saved(&spill);
        }
        let lag = self.latency;
        if let Some(waiting) = self.transfers.queue.iter_mut().find(|r| r.id == by) {
            (waiting.spilling, waiting.also) = (false, Some((node, lag)));
        }
    }
}

fn side(operand: usize) -> Operand {
    if operand == 0 { Operand::A } else { Operand::B }
}
