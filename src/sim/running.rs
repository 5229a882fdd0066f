//! An op in progress on a unit: which steps have been fetched, computed and written.

use super::array::TileBuffer;
use super::operands::{MOST_INPUTS, Operands};
use super::record::Causes;
use super::step::{Step, Walk};
use super::wait::{Wait, attribute};
use crate::ids::{NodeId, OpId};
use crate::trace::{Operand, Stalls};
use crate::units::Cycles;

/// Steps that can be in progress at a time: with two halves of an operand buffer three, rounded up to a power of two.
pub const RING: usize = 4;

/// Which operand of a matmul on an array with a stationary tile partial sums are that come back.
pub const READ_BACK: u8 = 2;

/// A node and the cycles from it to what it causes.
pub type Cause = (NodeId, u32);

/// A step in progress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slot {
    /// The step.
    pub step: Step,
    /// Operands still on their way.
    pub pending: u8,
    /// What allowed its fetches.
    pub trigger: Cause,
    /// Reads that brought its operands.
    pub reads: [Option<Cause>; MOST_INPUTS],
    /// Operand of the read that ended last.
    pub latest: u8,
    /// The read that ended last.
    pub fetch: Wait,
}

/// How far an op in progress is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headway {
    /// Cycle since which it has been neither computing nor stalled by what is known.
    pub free: u64,
    /// The write that ended last.
    pub last_write: Wait,
    /// Steps whose operands have been requested.
    pub issued: u64,
    /// Steps whose computation has started.
    pub started: u64,
    /// Steps whose computation has ended.
    pub ended: u64,
    /// The last steps that were issued, each at its number modulo the length.
    pub slots: [Slot; RING],
    /// Records of the last computations, likewise.
    pub computed: [NodeId; RING],
    /// The last writes, likewise by their numbers.
    pub written: [Option<(u64, Cause)>; RING],
    /// Writes that have ended.
    pub written_count: u64,
    /// Writes of the steps that have been issued.
    pub writes: u64,
}

impl Headway {
    /// Nothing done at cycle `start`.
    fn at(start: u64) -> Self {
        Self {
            free: start,
            last_write: Wait::default(),
            issued: 0,
            started: 0,
            ended: 0,
            slots: [Slot::default(); RING],
            computed: [NodeId(0); RING],
            written: [None; RING],
            written_count: 0,
            writes: 0,
        }
    }
}

/// An op in progress.
#[derive(Debug)]
pub struct Running {
    /// The op.
    pub op: OpId,
    /// Its place in the order.
    pub rank: u32,
    /// What it reads and writes.
    pub operands: Operands,
    /// Memory nearest to the unit for each input.
    pub memories: [usize; MOST_INPUTS],
    /// Memory nearest to the unit for the result.
    pub result_memory: usize,
    /// Cycle it started.
    pub start: u64,
    /// Cycles of computation so far.
    pub compute: u64,
    /// Cycles between computations so far.
    pub stalls: Stalls,
    /// How far it is.
    pub headway: Headway,
    /// Multiplications and additions of the op.
    pub macs: u64,
    /// Newest fill by another op that each operand's reads already follow.
    pub seen_fill: [Option<NodeId>; MOST_INPUTS],
    /// Its steps to come.
    pub walk: Walk,
    double_buffered: bool,
    /// How many steps it has.
    pub steps: u64,
    spatial_tiles: u64,
    start_node: NodeId,
}

impl Running {
    /// An op that starts now; `start_node` is its start in the record.
    pub fn new(
        op: OpId,
        rank: u32,
        operands: Operands,
        (memories, result_memory): ([usize; MOST_INPUTS], usize),
        walk: Walk,
        double_buffered: bool,
        (start, start_node): (u64, NodeId),
    ) -> Self {
        let (steps, spatial_tiles) = (walk.steps(), walk.spatial_tiles());
        let macs = walk.macs_issued();
        Self {
            op,
            rank,
            operands,
            memories,
            result_memory,
            start,
            compute: 0,
            stalls: Stalls::default(),
            headway: Headway::at(start),
            macs,
            seen_fill: [None; MOST_INPUTS],
            walk,
            double_buffered,
            steps,
            spatial_tiles,
            start_node,
        }
    }

    /// The step's slot.
    pub fn slot(&self, step: u64) -> &Slot {
        &self.headway.slots[step as usize % RING]
    }

    /// The step's slot.
    pub fn slot_mut(&mut self, step: u64) -> &mut Slot {
        &mut self.headway.slots[step as usize % RING]
    }

    /// What allows the fetches of the next step, if they are allowed now.
    ///
    /// Double-buffered: the computation two steps before has ended. Serial: the one before has, and where it was the last of its
    /// spatial tile, the result is written.
    fn fetch_trigger(&self) -> Option<Cause> {
        let next = self.headway.issued;
        let behind = if self.double_buffered { 2 } else { 1 };
        if next >= self.steps {
            return None;
        }
        if next < behind {
            return Some((self.start_node, 0));
        }
        let before = next - behind;
        if self.headway.ended <= before {
            return None;
        }
        let slot = self.slot(before);
        if !self.double_buffered && slot.step.last {
            return self.write_of(slot.step.spatial);
        }
        Some((self.headway.computed[before as usize % RING], 0))
    }

    /// When the result of a spatial tile was written.
    fn write_of(&self, spatial: u64) -> Option<Cause> {
        self.headway.written[spatial as usize % RING].filter(|(s, _)| *s == spatial).map(|(_, cause)| cause)
    }

    /// Whether an operand may be fetched. Partial sums that come back may once they have been written and, when serial, A and B
    /// are there: three transfers on two ports would finish later on some faster memories.
    pub fn may_fetch(&self, slot: &Slot, operand: u8) -> bool {
        let saved = slot.step.reads_back.filter(|_| operand == READ_BACK);
        let written =
            |write: u64| self.headway.written[write as usize % RING].is_some_and(|(latest, _)| latest >= write);
        saved.is_none_or(|write| written(write) && (self.double_buffered || slot.pending == 1))
    }

    /// An operand of a step has arrived. Returns whether the partial sums of a serial step may be fetched now.
    pub fn fetched(&mut self, now: u64, step: u64, operand: u8, wait: Wait) -> bool {
        let slot = self.slot_mut(step);
        slot.pending -= 1;
        (slot.fetch, slot.latest) = (wait, operand);
        let (pending, reads_back) = (slot.pending, slot.step.reads_back.is_some());
        let next = !self.double_buffered && pending == 1 && reads_back;
        if next {
            self.stall(now, wait);
        }
        next
    }

    /// The issued step whose partial sums that write saved.
    pub fn reads_back(&self, spatial: u64) -> Option<u64> {
        (self.headway.started..self.headway.issued).find(|&step| self.slot(step).step.reads_back == Some(spatial))
    }

    /// The write of the partial sums that come back in a step, if it is recent.
    pub fn saved_by(&self, step: u64) -> Option<Cause> {
        self.slot(step).step.reads_back.and_then(|write| self.write_of(write))
    }

    /// Which operand a vector op overwrites, if it does.
    pub fn in_place(&self) -> Option<usize> {
        let Operands { inputs, out, .. } = &self.operands;
        inputs.iter().position(|input| input.tensor == out.tensor && matches!(self.walk, Walk::Vector(_)))
    }

    /// How a transfer of an operand is recorded.
    pub fn side(&self, operand: usize) -> Operand {
        match (operand, &self.walk) {
            (0, _) => Operand::A,
            (2, Walk::Stationary(_)) => Operand::Out,
            _ => Operand::B,
        }
    }

    /// Prepares the next step, if its fetches may start; returns its number.
    pub fn issue(&mut self, buffers: &mut [TileBuffer; 2]) -> Option<u64> {
        let trigger = self.fetch_trigger()?;
        let step = self.walk.next(&self.operands.inputs, &self.operands.out, buffers);
        let number = self.headway.issued;
        let pending = step.operands[..usize::from(step.inputs)].iter().filter(|o| o.fetch).count() as u8;
        *self.slot_mut(number) = Slot { step, pending, trigger, ..Slot::default() };
        self.headway.issued += 1;
        self.headway.writes += u64::from(self.slot(number).step.last);
        Some(number)
    }

    /// The step whose computation may start now, and why: its operands are there, the step before has ended, and the result
    /// two spatial tiles before has left the accumulators.
    pub fn startable(&self) -> Option<(u64, Causes)> {
        let number = self.headway.started;
        if number >= self.headway.issued || self.headway.ended < number {
            return None;
        }
        let slot = self.slot(number);
        if slot.pending > 0 {
            return None;
        }
        // What ended last comes among the first: a record of many causes joins the first of them.
        let mut causes = Causes::default();
        causes.add(slot.reads[usize::from(slot.latest)]);
        if slot.reads == [None; MOST_INPUTS] {
            causes.add(Some(slot.trigger));
        }
        if number > 0 {
            causes.add(Some((self.headway.computed[(number - 1) as usize % RING], 0)));
        }
        if self.double_buffered && slot.step.first && slot.step.spatial >= 2 {
            causes.add(Some(self.write_of(slot.step.spatial - 2)?));
        }
        slot.reads.iter().for_each(|&read| causes.add(read));
        Some((number, causes))
    }

    /// The computation of step `number` starts; `node` is its record.
    pub fn start(&mut self, now: u64, number: u64, node: NodeId) {
        self.headway.computed[number as usize % RING] = node;
        let slot = self.slot(number);
        let (fetch, cycles, vector) = (slot.fetch, u64::from(slot.step.cycles), slot.step.vector);
        self.stall(now, fetch);
        // The array waits while the vector unit works on its scores.
        match vector {
            true => self.stalls.dependency += Cycles(cycles),
            false => self.compute += cycles,
        }
        self.headway.free = now + cycles;
        self.headway.started += 1;
    }

    /// The unit goes on at cycle `now`, after the operands of `fetch` have arrived.
    pub fn stall(&mut self, now: u64, fetch: Wait) {
        if now > self.headway.free {
            self.stalls += attribute(fetch, self.headway.last_write, self.headway.free, now);
            self.headway.free = now;
        }
    }

    /// The computation in progress ends; returns its step and its record.
    pub fn end_computation(&mut self) -> (u64, NodeId) {
        let number = self.headway.ended;
        self.headway.ended += 1;
        (number, self.headway.computed[number as usize % RING])
    }

    /// The result of a spatial tile is where it has to be.
    pub fn wrote(&mut self, spatial: u64, cause: Cause, wait: Wait) {
        self.headway.last_write = wait;
        self.headway.written[spatial as usize % RING] = Some((spatial, cause));
        self.headway.written_count += 1;
    }

    /// What the end of the op waited for, if it has ended.
    pub fn end_causes(&self) -> Option<Causes> {
        let ended = self.headway.ended == self.steps && self.headway.written_count == self.spatial_tiles;
        let last = self.spatial_tiles - 1;
        ended.then(|| (last.saturating_sub(1)..=last).filter_map(|s| self.write_of(s)).collect())
    }
}
