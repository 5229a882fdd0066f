//! Transfers: who is served when, over which ports, for how long.

use super::room::Room;
use super::tensors::Cell;
use super::{Element, Naive, Phase, Tile};
use std::collections::BTreeSet;
use trapti::accelerator::Memory;
use trapti::ids::{OpId, TensorId};
use trapti::workload::OpKind;

const ASKING: u64 = u64::MAX;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    /// Operand of a step.
    Fetch(usize, usize),
    Write(usize),
    /// A result goes one level up.
    Back(usize),
    /// Something leaves, or is wanted elsewhere.
    Leave,
}

/// A transfer that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub ready: u64,
    pub op: OpId,
    pub what: What,
    pub id: u64,
    pub unit: usize,
    pub memory: usize,
    /// Whether it waits for something that is copied up.
    pub spilling: bool,
    /// Bytes lacking when it was last tried, and in which memory.
    pub lacking: Option<(u64, usize)>,
}

/// What is copied up, for which request.
#[derive(Debug, Clone)]
pub(super) struct Leave {
    pub cells: Vec<(Cell, usize)>,
    pub stays: bool,
    pub by: u64,
    /// A tile that was written again is not saved by this copy.
    pub number: u64,
}

/// A transfer under way.
#[derive(Debug)]
pub(super) struct Move {
    pub end: u64,
    /// Place in the table of transfers under way.
    pub place: usize,
    request: Request,
    /// Whether the request goes on after it.
    fill: bool,
    /// Tiles that are on their way into a memory.
    into: Option<(usize, Vec<Cell>)>,
}

impl Request {
    /// Ready first, in the order of ops, writes before fetches, in the order of steps.
    fn key(&self) -> (u64, OpId, bool, usize, usize, bool, u64) {
        let (fetch, number, operand) = match self.what {
            What::Fetch(step, operand) => (true, step, operand),
            What::Write(result) | What::Back(result) => (false, result, 0),
            What::Leave => (false, 0, 0),
        };
        (self.ready, self.op, fetch, number, operand, self.what == What::Leave, self.id)
    }
}

fn requests(memory: &Memory, bytes: u64) -> u64 {
    (bytes * 8).div_ceil(u64::from(memory.port_bits))
}

impl Naive<'_> {
    /// Cycles until `bytes` have left a memory, or DRAM.
    fn leaves_in(&self, from: Option<usize>, bytes: u64) -> u64 {
        if let Some(memory) = from {
            let memory = &self.accelerator.memories[memory];
            return memory.latency.0 + requests(memory, bytes);
        }
        let dram = &self.accelerator.dram;
        let bursts = (bytes * 8).div_ceil(u64::from(dram.burst * dram.channel_bits));
        let cycles = (bursts * u64::from(dram.burst) * self.accelerator.clock.0).div_ceil(dram.transfers_per_second);
        dram.latency.0 + cycles
    }

    fn above(&self, memory: usize) -> Option<usize> {
        self.accelerator.memories[memory].above.map(|m| m.index())
    }

    fn way_up(&self, memory: usize) -> Vec<usize> {
        std::iter::successors(Some(memory), |&m| self.above(m)).collect()
    }

    /// The lowest memory that serves an operand of a unit.
    fn nearest(&self, unit: usize, operand: usize, tensor: TensorId) -> usize {
        let class = self.workload.tensor(tensor).class as usize;
        let serves = |m: &usize| {
            let serves = &self.accelerator.memories[*m].serves;
            let of_unit = serves.units.is_empty() || serves.units.contains(&(unit as u32));
            of_unit && serves.operands[operand] && serves.classes[class]
        };
        let all: Vec<usize> = (0..self.stores.len()).filter(serves).collect();
        *all.iter().find(|&&m| !all.iter().any(|&other| other != m && self.way_up(other).contains(&m))).unwrap()
    }

    fn port(&self, memory: Option<usize>, now: u64) -> Option<(usize, usize)> {
        let place = memory.unwrap_or(self.ports.len() - 1);
        self.ports[place].iter().position(|&free| free <= now).map(|port| (place, port))
    }

    fn tile_of(&self, request: &Request) -> &Tile {
        let job = self.units[request.unit].job.as_ref().unwrap();
        match request.what {
            What::Fetch(step, operand) => &job.steps[step].operands[operand],
            What::Write(result) | What::Back(result) => &job.results[result],
            What::Leave => panic!(),
        }
    }

    /// The tensor that the op names for this operand.
    fn tensor(&self, request: &Request) -> TensorId {
        self.tile_of(request).tensor
    }

    /// Puts what has become ready in this cycle into the queue.
    fn collect(&mut self) {
        for unit in 0..self.units.len() {
            let Some(job) = &mut self.units[unit].job else { continue };
            let op = job.op;
            let mut ready = Vec::new();
            let (first, end) = (job.ended, job.issued);
            let issued = job.steps.iter_mut().enumerate().take(end).skip(first);
            let operands = issued.flat_map(|(s, step)| {
                step.operands.iter_mut().enumerate().map(move |(o, tile)| (What::Fetch(s, o), tile))
            });
            let results = job.results.iter_mut().enumerate().map(|(r, tile)| (What::Write(r), tile));
            for (what, tile) in results.chain(operands) {
                if let Phase::Waiting(since) = tile.phase {
                    tile.phase = Phase::Asked;
                    ready.push((since, what));
                }
            }
            for (ready, what) in ready {
                self.ask(Request { ready, op, what, id: 0, unit, memory: 0, spilling: false, lacking: None });
                let mut request = self.queue.pop().unwrap();
                let operand = match what {
                    What::Fetch(_, operand) if unit + 1 == self.units.len() => operand.min(1),
                    What::Fetch(..) => self.tile_of(&request).side,
                    _ => 2,
                };
                request.memory = self.nearest(unit, operand, self.tensor(&request));
                self.queue.push(request);
            }
        }
    }

    fn ask(&mut self, request: Request) -> u64 {
        self.asked += 1;
        self.queue.push(Request { id: self.asked, ..request });
        self.asked
    }

    fn request(&mut self, id: u64) -> &mut Request {
        self.queue.iter_mut().find(|r| r.id == id).unwrap()
    }

    pub(super) fn in_order(&self) -> Vec<Request> {
        let mut order = self.queue.clone();
        order.sort_by_key(Request::key);
        order
    }

    /// Starts waiting transfers in order.
    pub(super) fn serve(&mut self, now: u64) {
        self.collect();
        let memories = self.stores.len();
        let (mut order, mut i) = (self.in_order(), 0);
        while i < order.len() && self.ports[..memories].iter().flatten().any(|&free| free <= now) {
            let (waiting, removed, id) = (self.queue.len(), self.removed, order[i].id);
            let request = *self.request(id);
            if request.what == What::Leave && self.give_up(&request) {
                (order, i) = (self.in_order(), 0);
                continue;
            }
            let started = self.attempt(now, &request);
            if started {
                self.queue.retain(|r| r.id != id);
            }
            // Whatever has changed, the first in order comes first.
            if started || self.queue.len() > waiting || self.removed != removed {
                (order, i) = (self.in_order(), 0);
            } else {
                i += 1;
            }
        }
    }

    fn attempt(&mut self, now: u64, r: &Request) -> bool {
        if r.what == What::Leave {
            return self.save(now, r);
        }
        let tile = self.tile_of(r);
        let (bytes, cells) = (tile.bytes, self.cells(&tile.elements));
        let rest = self.written_in_part(r.op, &tile.elements, &cells);
        match r.what {
            What::Fetch(..) if self.arrives(r.memory, &cells) => false,
            What::Fetch(..) if self.missing(r.memory, &cells) == 0 => self.read(now, r, bytes, &cells),
            What::Fetch(..) => self.bring_nearer(now, r, &cells),
            What::Write(_) if self.arrives(r.memory, &rest) => false,
            What::Write(_) if self.missing(r.memory, &rest) > 0 => self.bring_nearer(now, r, &rest),
            What::Write(_) => self.write(now, r, bytes, &cells),
            _ => self.copy_up(now, r, bytes, &cells),
        }
    }

    /// Cells of which a vector op in place writes a part.
    fn written_in_part(&self, op: OpId, elements: &[Element], cells: &[Cell]) -> Vec<Cell> {
        let OpKind::Vector { inputs, out, .. } = &self.workload.op(op).kind else { return Vec::new() };
        if !inputs.contains(out) {
            return Vec::new();
        }
        let written: BTreeSet<&Element> = elements.iter().collect();
        let left = |cell: &Cell| {
            let mut all = self.tensors[cell.0].tiles[cell.1].iter().map(|&index| (cell.0 as u32, index as u32));
            all.any(|element| !written.contains(&element))
        };
        cells.iter().copied().filter(left).collect()
    }

    fn arrives(&self, memory: usize, cells: &[Cell]) -> bool {
        let into =
            |m: &Move| m.into.as_ref().is_some_and(|(to, on)| *to == memory && cells.iter().any(|c| on.contains(c)));
        self.moves.iter().any(into)
    }

    fn pin(&mut self, id: u64, memory: usize, cells: &[Cell]) {
        self.stores[memory].pins.extend(cells.iter().map(|&cell| (id, cell)));
    }

    fn unpin(&mut self, id: u64) {
        self.stores.iter_mut().for_each(|store| store.pins.retain(|(by, _)| *by != id));
    }

    /// Tiles that are used in a memory.
    fn touch(&mut self, r: &Request, memory: usize, cells: &[Cell]) {
        self.pin(r.id, memory, cells);
        self.mark(memory, cells);
    }

    /// Holds the ports until `end` and counts the bytes.
    fn go(
        &mut self,
        now: u64,
        from: Option<(usize, usize)>,
        to: Option<(usize, usize)>,
        class: usize,
        bytes: u64,
    ) -> u64 {
        let memories = self.stores.len();
        let on_chip = |port: Option<(usize, usize)>| port.map(|p| p.0).filter(|&m| m < memories);
        let leaves = from.map_or(0, |_| self.leaves_in(on_chip(from), bytes));
        let alone = |m: usize| self.leaves_in(Some(m), bytes);
        let arrives = on_chip(to)
            .map_or(0, |m| if from.is_some() { requests(&self.accelerator.memories[m], bytes) } else { alone(m) });
        let end = now + leaves.max(arrives);
        for (direction, port) in [(0, from), (1, to)] {
            let Some((place, port)) = port else { continue };
            self.ports[place][port] = end;
            if place == memories {
                self.dram[direction] += bytes;
                continue;
            }
            // What comes from elsewhere comes at the end.
            let start = if direction == 1 && from.is_some() { end - arrives } else { now };
            self.moved[place][direction][class] += bytes;
            self.recorded.push((start, place, port, direction == 0, class, bytes));
        }
        end
    }

    fn class(&self, tensor: TensorId) -> usize {
        self.workload.tensor(tensor).class as usize
    }

    fn begin(&mut self, end: u64, r: &Request, fill: bool, into: Option<(usize, Vec<Cell>)>) -> bool {
        let request = *self.request(r.id);
        let place = self.places_free.pop().unwrap_or(self.moves.len());
        self.moves.push(Move { end, place, request, fill, into });
        true
    }

    fn read(&mut self, now: u64, r: &Request, bytes: u64, cells: &[Cell]) -> bool {
        let Some(port) = self.port(Some(r.memory), now) else { return false };
        self.hit(r.memory, cells);
        self.touch(r, r.memory, cells);
        let end = self.go(now, Some(port), None, self.class(self.tensor(r)), bytes);
        self.begin(end, r, false, None)
    }

    fn write(&mut self, now: u64, r: &Request, bytes: u64, cells: &[Cell]) -> bool {
        let Some(port) = self.port(Some(r.memory), now) else { return false };
        if !self.find_room(now, r, r.memory, self.missing(r.memory, cells), cells) {
            return false;
        }
        self.add(r.memory, cells, true);
        (0..self.stores.len()).filter(|&m| m != r.memory).for_each(|m| self.discard(m, cells));
        self.touch(r, r.memory, cells);
        let end = self.go(now, None, Some(port), self.class(self.tensor(r)), bytes);
        self.begin(end, r, false, None)
    }

    fn not_whole(&self, memory: usize, cells: &[Cell]) -> Vec<Cell> {
        cells.iter().copied().filter(|&cell| !self.whole(memory, cell)).collect()
    }

    /// Moves what the nearest memory lacks one level, from the first level that has all of it.
    fn bring_nearer(&mut self, now: u64, r: &Request, cells: &[Cell]) -> bool {
        let (mut into, mut wanted) = (r.memory, cells.to_vec());
        while let Some(from) = self.above(into) {
            let lacking = self.not_whole(into, &wanted);
            if self.arrives(from, &lacking) {
                return false;
            }
            if self.missing(from, &lacking) == 0 {
                return self.fill(now, r, Some(from), into, &wanted);
            }
            (into, wanted) = (from, lacking);
        }
        let singly = into != r.memory || matches!(r.what, What::Write(_));
        !self.comes_from_elsewhere(r, &wanted, singly) && self.fill(now, r, None, into, &wanted)
    }

    /// Whether the only copy of something is in a memory beside the way; it is asked to come up: what belongs to one tensor, or
    /// tile by tile if more than the nearest memory lacks it or it is the rest of what is written in place.
    fn comes_from_elsewhere(&mut self, r: &Request, cells: &[Cell], singly: bool) -> bool {
        let way = self.way_up(r.memory);
        for memory in (0..self.stores.len()).filter(|m| !way.contains(m)) {
            let Some(&(tensor, _)) = cells.iter().find(|c| self.stores[memory].dirty.contains(c)) else { continue };
            let mine: BTreeSet<Cell> = cells.iter().copied().filter(|c| c.0 == tensor).collect();
            let dirty = mine.into_iter().filter(|c| self.stores[memory].dirty.contains(c));
            let most = if singly { 1 } else { usize::MAX };
            let cells: Vec<(Cell, usize)> = dirty.take(most).map(|c| (c, self.there(memory, c))).collect();
            if !r.spilling && !cells.iter().any(|(c, _)| self.stores[memory].leaving.contains_key(c)) {
                let number = self.stores[memory].leave(&cells);
                self.ask_to_leave(r.ready, r, memory, Leave { cells, stays: true, by: 0, number });
            }
            return true;
        }
        (0..self.stores.len()).any(|memory| !way.contains(&memory) && self.arrives(memory, cells))
    }

    fn ask_to_leave(&mut self, ready: u64, r: &Request, memory: usize, leave: Leave) {
        self.request(r.id).spilling = true;
        let asked = Request { ready, what: What::Leave, memory, spilling: false, lacking: None, ..*r };
        let id = self.ask(asked);
        self.leaves.insert(id, Leave { by: r.id, ..leave });
    }

    fn find_room(&mut self, now: u64, r: &Request, memory: usize, bytes: u64, cells: &[Cell]) -> bool {
        if bytes == 0 {
            return true;
        }
        if r.spilling {
            return false;
        }
        self.pin(ASKING, memory, cells);
        let room = self.make_room(memory, bytes);
        self.unpin(ASKING);
        match room {
            Room::Ready => return true,
            Room::Lacking(bytes) => self.request(r.id).lacking = Some((bytes, memory)),
            Room::After(leave) => self.ask_to_leave(now, r, memory, leave),
        }
        false
    }

    fn fill(&mut self, now: u64, r: &Request, from: Option<usize>, into: usize, cells: &[Cell]) -> bool {
        let (Some(to), Some(port)) = (self.port(Some(into), now), self.port(from, now)) else { return false };
        let bytes = self.missing(into, cells);
        if !self.find_room(now, r, into, bytes, cells) {
            return false;
        }
        let lacking = self.not_whole(into, cells);
        if let Some(from) = from {
            self.hit(from, &lacking);
            self.touch(r, from, &lacking);
        }
        self.add(into, cells, false);
        self.touch(r, into, cells);
        let end = self.go(now, Some(port), Some(to), self.class(self.tensor(r)), bytes);
        self.begin(end, r, true, Some((into, lacking)))
    }

    fn copy_up(&mut self, now: u64, r: &Request, bytes: u64, cells: &[Cell]) -> bool {
        let above = self.above(r.memory);
        let (Some(from), Some(to)) = (self.port(Some(r.memory), now), self.port(above, now)) else { return false };
        if let Some(above) = above {
            if !self.find_room(now, r, above, self.missing(above, cells), cells) {
                return false;
            }
            self.add(above, cells, true);
            self.touch(r, above, cells);
        }
        let end = self.go(now, Some(from), Some(to), self.class(self.tensor(r)), bytes);
        self.begin(end, r, false, above.map(|above| (above, cells.to_vec())))
    }

    /// Gives up what is no longer there, needed and without a copy further up; whether nothing is left to be saved.
    fn give_up(&mut self, r: &Request) -> bool {
        let mut leave = self.leaves.remove(&r.id).unwrap();
        for (cell, bytes) in &mut leave.cells {
            *bytes = (*bytes).min(self.there(r.memory, *cell));
            let needed = self.is_needed(r.memory, cell.0, self.tensors[cell.0].tiles[cell.1][0]);
            let store = &mut self.stores[r.memory];
            let mine = store.leaving.get(cell) == Some(&leave.number);
            if *bytes == 0 || !needed || !store.dirty.contains(cell) || !mine {
                *bytes = 0;
                store.leaving.retain(|other, number| other != cell || *number != leave.number);
            }
        }
        leave.cells.retain(|&(_, bytes)| bytes > 0);
        if leave.cells.is_empty() {
            self.queue.retain(|waiting| waiting.id != r.id);
            self.queue.iter_mut().filter(|w| w.id == leave.by).for_each(|w| w.spilling = false);
            return true;
        }
        self.leaves.insert(r.id, leave);
        false
    }

    /// Copies up what has to leave or is wanted elsewhere.
    fn save(&mut self, now: u64, r: &Request) -> bool {
        let above = self.above(r.memory);
        let (Some(from), Some(to)) = (self.port(Some(r.memory), now), self.port(above, now)) else { return false };
        let leave = self.leaves[&r.id].clone();
        let cells: Vec<Cell> = leave.cells.iter().map(|(cell, _)| *cell).collect();
        if self.arrives(r.memory, &cells) {
            return false;
        }
        let mut bytes: usize = leave.cells.iter().map(|(_, bytes)| bytes).sum();
        if let Some(above) = above {
            let there: Vec<usize> = cells.iter().map(|&c| self.there(r.memory, c)).collect();
            let growth = |(&c, n): (&Cell, &usize)| n.saturating_sub(self.there(above, c)) as u64;
            let growth = cells.iter().zip(&there).map(growth).sum();
            if !self.find_room(now, r, above, growth, &cells) {
                return false;
            }
            bytes = there.iter().sum();
            cells.iter().zip(there).for_each(|(&c, n)| self.add_part(above, c, n));
            self.touch(r, above, &cells);
        }
        let class = self.class(TensorId(cells[0].0 as u32));
        let end = self.go(now, Some(from), Some(to), class, bytes as u64);
        self.begin(end, r, false, above.map(|above| (above, cells)))
    }

    /// A transfer has ended; returns the unit that may go on.
    pub(super) fn end(&mut self, now: u64, moved: Move) -> Option<usize> {
        let Move { request: r, fill, .. } = moved;
        let again = Request { ready: now, lacking: None, ..r };
        if fill {
            self.queue.push(again);
            return None;
        }
        if r.what == What::Leave {
            let leave = self.leaves.remove(&r.id).unwrap();
            self.saved(r.memory, &leave);
            self.unpin(r.id);
            self.queue.iter_mut().filter(|w| w.id == leave.by).for_each(|w| w.spilling = false);
            return None;
        }
        let (elements, partial, last_use) =
            (self.tile_of(&r).elements.clone(), self.tile_of(&r).partial, self.tile_of(&r).last_use);
        match r.what {
            What::Write(result) if !partial && self.workload.tensor(self.tensor(&r)).write_back => {
                self.queue.push(Request { what: What::Back(result), ..again });
                return None;
            }
            What::Back(_) if self.arrived_above(&r, &elements) => {
                self.queue.push(Request { memory: self.above(r.memory).unwrap(), ..again });
                return None;
            }
            _ => {}
        }
        self.unpin(r.id);
        let job = self.units[r.unit].job.as_mut().unwrap();
        match r.what {
            What::Fetch(step, operand) => job.steps[step].operands[operand].phase = Phase::Done,
            What::Write(result) | What::Back(result) => job.results[result].phase = Phase::Done,
            What::Leave => {}
        }
        if matches!(r.what, What::Fetch(..)) && last_use {
            self.release(&elements);
        }
        Some(r.unit)
    }

    /// A result has been copied up; whether it goes on from there.
    fn arrived_above(&mut self, r: &Request, elements: &[Element]) -> bool {
        let goes_on = self.above(r.memory).is_some();
        for cell in self.cells(elements) {
            let clean = if goes_on { r.memory..r.memory + 1 } else { 0..self.stores.len() };
            clean.for_each(|m| _ = self.stores[m].dirty.remove(&cell));
        }
        goes_on
    }
}
