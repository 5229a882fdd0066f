//! Moves what is in progress from one moment to another one.

use super::super::layout::Rect;
use super::super::request::{Active, Request, What};
use super::super::running::{Cause, Headway, RING, Slot};
use super::super::step::Step;
use crate::ids::NodeId;

/// Where counting begins: cycles, nodes, requests, and the steps and writes of each unit.
///
/// Cycles are counted from long before the moment, so that none of them is 0, which means "not yet".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    pub cycle: u64,
    pub node: u32,
    pub request: u32,
    /// Steps issued and writes among them, of each unit.
    pub units: Vec<(u64, u64)>,
}

/// How long before the moment cycles are counted from.
const BEFORE: u64 = 1 << 40;

/// From counting from one origin to counting from zero, or back.
#[derive(Debug, Clone, Copy)]
pub struct Shift<'o> {
    origin: &'o Origin,
    back: bool,
}

impl Origin {
    /// Makes numbers relative.
    pub fn away(&self) -> Shift<'_> {
        Shift { origin: self, back: false }
    }

    /// Makes relative numbers absolute.
    pub fn back(&self) -> Shift<'_> {
        Shift { origin: self, back: true }
    }
}

impl Shift<'_> {
    fn number(self, number: u64, by: u64) -> u64 {
        if self.back { number.wrapping_add(by) } else { number.wrapping_sub(by) }
    }

    fn small(self, number: u32, by: u32) -> u32 {
        if self.back { number.wrapping_add(by) } else { number.wrapping_sub(by) }
    }

    pub fn cycle(self, cycle: u64) -> u64 {
        self.number(cycle, self.origin.cycle.wrapping_sub(BEFORE))
    }

    pub fn node(self, node: NodeId) -> NodeId {
        NodeId(self.small(node.0, self.origin.node))
    }

    pub fn cause(self, (node, lag): Cause) -> Cause {
        (self.node(node), lag)
    }

    pub fn id(self, request: u32) -> u32 {
        self.small(request, self.origin.request)
    }

    pub fn step_number(self, unit: usize, step: u64) -> u64 {
        self.number(step, self.origin.units[unit].0)
    }

    pub fn write_number(self, unit: usize, write: u64) -> u64 {
        self.number(write, self.origin.units[unit].1)
    }

    fn wait(self, wait: super::super::wait::Wait) -> super::super::wait::Wait {
        wait.later(self.number(0, self.origin.cycle.wrapping_sub(BEFORE)))
    }

    /// A request, without the place of what it moves. Its place in the order follows from what it is.
    pub fn request(self, request: Request) -> Request {
        let (unit, old) = (request.unit as usize, request.place);
        let writes = |write: u64| old.wrapping_sub(write << 1).wrapping_add(self.write_number(unit, write) << 1);
        let (what, place) = match request.what {
            What::Fetch { step, operand } => {
                let moved = self.step_number(unit, step);
                let place = old.wrapping_sub(step << 3).wrapping_add(moved << 3);
                (What::Fetch { step: moved, operand }, place)
            }
            What::Write { spatial, bytes, partial, .. } => {
                let (moved, rect) = (self.write_number(unit, spatial), Rect::default());
                (What::Write { spatial: moved, rect, bytes, partial }, writes(spatial))
            }
            What::WriteBack { spatial, bytes, .. } => {
                let (moved, rect) = (self.write_number(unit, spatial), Rect::default());
                (What::WriteBack { spatial: moved, rect, bytes }, writes(spatial))
            }
            What::Spill { by } => (What::Spill { by: self.id(by) }, old),
        };
        Request {
            ready: self.cycle(request.ready),
            place,
            what,
            id: self.id(request.id),
            cause: request.cause.map(|cause| self.cause(cause)),
            also: request.also.map(|cause| self.cause(cause)),
            wait: self.wait(request.wait),
            ..request
        }
    }

    pub fn active(self, active: Active) -> Active {
        Active { request: self.request(active.request), end: self.cause(active.end), fill: active.fill }
    }

    /// A step without the places of its operands and of its result.
    pub fn step(self, unit: usize, mut step: Step) -> Step {
        step.operands.iter_mut().for_each(|operand| operand.rect = Rect::default());
        step.write = step.write.map(|_| Rect::default());
        step.spatial = if step.first || step.last { self.write_number(unit, step.spatial) } else { 0 };
        step.reads_back = step.reads_back.map(|write| self.write_number(unit, write));
        step
    }

    /// Whether a step is the same as one that is relative, but for its places.
    pub fn is_like(self, unit: usize, step: &Step, relative: &Step) -> bool {
        let form =
            |s: &Step| (s.inputs, s.cycles, s.vector, s.first, s.last, s.partial, s.write_bytes, s.write.is_some());
        let spatial = if step.first || step.last { self.write_number(unit, step.spatial) } else { 0 };
        let operands = step.operands.iter().zip(&relative.operands);
        form(step) == form(relative)
            && spatial == relative.spatial
            && step.reads_back.map(|write| self.write_number(unit, write)) == relative.reads_back
            && operands.into_iter().all(|(a, b)| (a.bytes, a.fetch, a.last_use) == (b.bytes, b.fetch, b.last_use))
    }

    fn slot(self, unit: usize, slot: &Slot) -> Slot {
        Slot {
            step: self.step(unit, slot.step),
            trigger: self.cause(slot.trigger),
            reads: slot.reads.map(|read| read.map(|cause| self.cause(cause))),
            fetch: self.wait(slot.fetch),
            ..*slot
        }
    }

    /// How far a unit is. Where numbers are absolute, what has number n is at place n modulo the length of its ring.
    pub fn headway(self, unit: usize, headway: &Headway) -> Headway {
        let mut moved = Headway {
            free: self.cycle(headway.free),
            last_write: self.wait(headway.last_write),
            issued: self.step_number(unit, headway.issued),
            started: self.step_number(unit, headway.started),
            ended: self.step_number(unit, headway.ended),
            written_count: self.write_number(unit, headway.written_count),
            writes: self.write_number(unit, headway.writes),
            ..*headway
        };
        let (steps, writes) = self.origin.units[unit];
        for i in 0..RING {
            let turn = |by: u64| (i + by as usize % RING) % RING;
            let (here, step) = if self.back { (turn(steps), i) } else { (i, turn(steps)) };
            moved.slots[here] = self.slot(unit, &headway.slots[step]);
            moved.computed[here] = self.node(headway.computed[step]);
            let (here, write) = if self.back { (turn(writes), i) } else { (i, turn(writes)) };
            let written = headway.written[write];
            moved.written[here] = written.map(|(n, cause)| (self.write_number(unit, n), self.cause(cause)));
        }
        moved
    }
}
