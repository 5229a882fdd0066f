//! The event loop: ends of transfers and computations, starts of ops.

use super::agenda::{Agenda, Event};
use super::array::{MatmulWalk, TileBuffer};
use super::attention::{AttentionWalk, Cut, Sizes};
use super::dependency::Dependencies;
use super::dispatch::Dispatcher;
use super::folds::Folds;
use super::labels::Labels;
use super::layout::{Layouts, Rect};
use super::occupancy::Ledger;
use super::operands::{MOST_INPUTS, OperandLayout, Operands};
use super::ports::Ports;
use super::record::{Causes, Recorder};
use super::replay::Replay;
use super::request::Transfers;
use super::residency::{Held, Need, Residency};
use super::running::Running;
use super::stationary::StationaryWalk;
use super::statistics::Counters;
use super::step::Walk;
use super::store::Store;
use super::tiling::Tiling;
use super::traffic::Traffic;
use super::trains::{Act, Trains};
use super::vector::VectorWalk;
use super::wait::Wait;
use super::{Options, Probe, Progress, setup, statistics};
use crate::accelerator::{Accelerator, Access, Dataflow, Memory, Overlap, Replacement};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::ids::{ArrayId, MemoryId, NodeId, OpId, TensorId};
use crate::trace::{OpTiming, Outcome, Roofline, Run, Stalls};
use crate::units::Cycles;
use crate::workload::{OpKind, Workload};

/// An array or the vector unit.
#[derive(Debug)]
pub struct Unit {
    /// What it works on.
    pub running: Option<Running>,
    /// Operand buffers.
    pub buffers: [TileBuffer; 2],
    /// Whether fetches overlap computation.
    double_buffered: bool,
    /// Cycle since which it has no op.
    pub free: u64,
    /// Cycles of computation.
    pub active: u64,
    /// Cycles of waiting.
    pub stalls: Stalls,
    /// Multiplications and additions.
    pub macs: u64,
    pub(super) last_end: Option<NodeId>,
}

impl Unit {
    fn new(double_buffered: bool) -> Self {
        let buffer = || TileBuffer::new(if double_buffered { 2 } else { 1 });
        let buffers = [buffer(), buffer()];
        let stalls = Stalls::default();
        Self { running: None, buffers, double_buffered, free: 0, active: 0, stalls, macs: 0, last_end: None }
    }
}

/// The vector unit, which works for itself and for attention on the arrays, first come first served.
#[derive(Debug, Default)]
pub struct VectorTime {
    /// Its place among the units.
    unit: usize,
    /// First cycle in which it is free.
    free: u64,
    /// Record of what it computed last.
    last: Option<NodeId>,
    /// Cycles in which it computed for arrays.
    pub for_arrays: u64,
}

impl VectorTime {
    /// First cycle in which it is free, and the record of what it computed last.
    pub fn state(&self) -> (u64, Option<NodeId>) {
        (self.free, self.last)
    }

    /// It is free from a cycle on, after what it computed last.
    pub fn resume(&mut self, free: u64, last: Option<NodeId>) {
        (self.free, self.last) = (free, last);
    }
}

/// The whole machine.
#[derive(Debug)]
pub struct Engine<'a, P: Probe> {
    pub(super) workload: &'a Workload,
    pub(super) accelerator: &'a Accelerator,
    pub(super) layouts: Layouts<'a>,
    pub(super) dependencies: Dependencies,
    pub(super) dispatcher: Dispatcher,
    pub(super) residency: Residency<'a, P>,
    pub(super) recorder: Recorder,
    pub(super) ports: Vec<Ports>,
    pub(super) dram: Ports,
    pub(super) agenda: Agenda,
    pub(super) transfers: Transfers,
    pub(super) units: Vec<Unit>,
    pub(super) vector: VectorTime,
    pub(super) counters: Vec<Counters>,
    pub(super) traffic: Traffic,
    pub(super) timings: Vec<Option<OpTiming>>,
    pub(super) end_nodes: Vec<Option<NodeId>>,
    pub(super) dispatch_due: bool,
    pub(super) trains: Option<Box<Trains>>,
}

/// Simulates a checked workload on a checked accelerator.
pub fn run<P: Probe>(
    workload: &Workload,
    accelerator: &Accelerator,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
    probe: &mut P,
) -> Result<Run> {
    let mut engine = Engine::new(workload, accelerator, options, probe);
    engine.trains = options.trains.then(|| Trains::new(&engine)).flatten();
    engine.finish_renaming_ops();
    let mut events = 0;
    let mut replay = options.replay.then(|| Replay::new(&engine)).flatten();
    let start = engine.rest(0, replay.as_mut(), &mut events);
    engine.settle(start, progress);
    let mut last = start;
    while let Some(now) = engine.agenda.next() {
        while let Some(event) = engine.agenda.take(now) {
            events += 1;
            match event {
                Event::Transfer(index) => engine.transfer_ends(now, index),
                Event::Computation(unit) => engine.computation_ends(now, unit as usize),
            }
        }
        let now = if engine.agenda.is_empty() { engine.rest(now, replay.as_mut(), &mut events) } else { now };
        last = now;
        engine.settle(now, progress);
        engine.ride(now, &mut events);
        if options.most_events > 0 && events > options.most_events {
            return Err(too_long(options.most_events));
        }
    }
    let outcome = engine.outcome()?;
    Ok(statistics::summarise(engine, outcome, events, last))
}

/// Empty memories. One that holds every tensor at once never evicts, which saves the bookkeeping.
fn stores(workload: &Workload, accelerator: &Accelerator, held: &[Held]) -> Vec<Store> {
    let everything: u64 = workload.tensors.iter().map(|t| t.bytes().0).sum();
    let store = |(i, memory): (usize, &Memory)| {
        let capacity = memory.capacity.map(|c| c.0).filter(|&c| c < everything);
        Store::new(MemoryId::from(i), memory, held, capacity)
    };
    accelerator.memories.iter().enumerate().map(store).collect()
}

fn too_long(limit: u64) -> Error {
    Error::input(
        Diagnostic::new("too-many-events", format!("the run needs more than {limit} events"))
            .with_help("raise `most-events`, or simulate fewer layers or tokens"),
    )
}

impl<'a, P: Probe> Engine<'a, P> {
    fn new(workload: &'a Workload, accelerator: &'a Accelerator, options: &Options, probe: &'a mut P) -> Self {
        let layouts = Layouts::new(workload);
        let mut held = setup::tensors(workload, accelerator, &layouts, &workload.windows(), options);
        let dependencies = Dependencies::new(workload);
        let dispatcher = Dispatcher::new(workload, accelerator, &dependencies);
        if accelerator.memories.iter().any(|memory| memory.replacement == Replacement::Belady) {
            setup::next_uses(workload, &layouts, &dispatcher, &mut held);
        }
        let stores = stores(workload, accelerator, &held);
        let ledger = Ledger { workload, labels: Labels::new(workload), lifetimes: Vec::new(), probe };
        let arrays = accelerator.arrays.iter().map(|a| Unit::new(a.overlap == Overlap::DoubleBuffered));
        Self {
            workload,
            accelerator,
            layouts,
            dependencies,
            dispatcher,
            residency: Residency { held, stores, ledger },
            recorder: Recorder::default(),
            ports: accelerator.memories.iter().map(|memory| Ports::new(memory.ports)).collect(),
            dram: Ports::new(accelerator.dram.ports),
            agenda: Agenda::default(),
            transfers: Transfers::new(accelerator.memories.len(), workload.tensors.len()),
            vector: VectorTime { unit: accelerator.arrays.len(), ..VectorTime::default() },
            units: arrays.chain([Unit::new(true)]).collect(),
            counters: accelerator.memories.iter().map(Counters::new).collect(),
            traffic: Traffic::new(workload.ops.len(), accelerator.memories.len()),
            timings: vec![None; workload.ops.len()],
            end_nodes: vec![None; workload.ops.len()],
            dispatch_due: true,
            trains: None,
        }
    }

    /// No transfer or computation is under way. If no op is either, layers that repeat are done with at once; returns the cycle then.
    fn rest(&mut self, now: u64, replay: Option<&mut Replay>, events: &mut u64) -> u64 {
        let waiting = !self.transfers.queue.is_empty() || self.units.iter().any(|unit| unit.running.is_some());
        if waiting {
            return now;
        }
        self.transfers.rest();
        replay.map_or(now, |replay| replay.between(self, now, events))
    }

    /// Everything that follows from the ends of this cycle: ops start, then transfers.
    fn settle(&mut self, now: u64, progress: &mut dyn FnMut(Progress)) {
        if self.dispatch_due {
            self.dispatch_due = false;
            for unit in 0..self.units.len() {
                if self.units[unit].running.is_none()
                    && let Some(op) = self.dispatcher.take(unit)
                {
                    self.start_op(now, unit, op);
                }
            }
            let ops = self.workload.ops.len();
            progress(Progress { cycles: now, ops_ended: ops - self.dispatcher.unfinished(), ops });
        }
        self.serve(now);
    }

    fn walk(&self, unit: usize, op: OpId, operands: &Operands) -> Walk {
        match &self.workload.op(op).kind {
            OpKind::Matmul { m, k, n, mask, b_transposed, .. } => {
                let array = &self.accelerator.arrays[unit];
                if array.dataflow == Dataflow::OutputStationary {
                    return Walk::Matmul(MatmulWalk::new(Tiling::new(*m, *k, *n, *mask, array), *b_transposed));
                }
                Walk::Stationary(StationaryWalk::new(Folds::new((*m, *k, *n), *mask, array), *b_transposed))
            }
            OpKind::Attention { m, k, n, e, mask, extra, .. } => {
                let sizes = Sizes { m: *m, k: *k, n: *n, e: *e, extra: *extra };
                let array = &self.accelerator.arrays[unit];
                let Some(cut) = Cut::new(array, *e) else { unreachable!("the accumulators were checked") };
                Walk::Attention(AttentionWalk::new(sizes, *mask, (array, cut), &self.accelerator.vector))
            }
            OpKind::Vector { op, elements, .. } => Walk::Vector(VectorWalk::new(
                &operands.out,
                &operands.inputs,
                *elements,
                op.passes(),
                &self.accelerator.vector,
            )),
            _ => unreachable!("ops that rename are never handed to a unit"),
        }
    }

    fn start_op(&mut self, now: u64, unit: usize, op: OpId) {
        let Some(mut operands) = Operands::of(&self.workload.op(op), self.workload, &self.layouts) else { return };
        let before = self.dependencies.before(op).iter().filter_map(|b| self.end_nodes[b.index()]);
        let causes: Vec<(NodeId, u32)> = distinct(before.chain(self.units[unit].last_end));
        let node = self.recorder.work(now, 0, op, operands.out.tensor, &causes);
        for &(tensor, read) in &operands.tensors {
            if read {
                self.residency.op_starts(now, tensor);
            }
        }
        if unit + 1 == self.units.len() {
            self.forget_overwritten(&operands);
        }
        self.units[unit].buffers.iter_mut().for_each(TileBuffer::forget_composed);
        let walk = self.walk(unit, op, &operands);
        let rank = self.dispatcher.rank(op);
        let double_buffered = self.units[unit].double_buffered;
        let waited = Cycles(now - self.units[unit].free);
        self.units[unit].stalls.dependency += waited;
        let mut memories = self.nearest(unit, &operands);
        if matches!(walk, Walk::Stationary(_)) {
            // Partial sums that come back are a third operand.
            memories.0[operands.inputs.len()] = memories.1;
            operands.inputs.push(operands.out.clone());
        }
        self.units[unit].running = Some(Running::new(op, rank, operands, memories, walk, double_buffered, (now, node)));
        self.restart_trains();
        self.advance(now, unit);
    }

    /// Other units are at work than before.
    fn restart_trains(&mut self) {
        if let Some(trains) = &mut self.trains {
            trains.restart(self.units.iter().position(|unit| unit.running.is_some()));
        }
    }

    /// The memories nearest to a unit for the inputs and the result of an op.
    fn nearest(&self, unit: usize, operands: &Operands) -> ([usize; MOST_INPUTS], usize) {
        let memory = |operand: usize, layout: &OperandLayout| {
            let class = self.workload.class(layout.tensor) as usize;
            self.accelerator.nearest(Access { unit, operand, class }).map_or(0, MemoryId::index)
        };
        let mut inputs = [0; MOST_INPUTS];
        for (i, layout) in operands.inputs.iter().enumerate() {
            inputs[i] = memory(i.min(1), layout);
        }
        (inputs, memory(2, &operands.out))
    }

    /// Operand buffers must not keep tiles of a tensor that is overwritten in place.
    fn forget_overwritten(&mut self, operands: &Operands) {
        let overwritten: Vec<TensorId> = operands.out.pieces.iter().map(|p| p.tensor).collect();
        for buffer in self.units.iter_mut().flat_map(|u| &mut u.buffers) {
            overwritten.iter().for_each(|&tensor| buffer.forget(tensor));
        }
    }

    /// Fetches and computes as far as a unit can at cycle `now`; ends its op if everything is done.
    pub(super) fn advance(&mut self, now: u64, unit: usize) {
        loop {
            let Unit { running: Some(running), buffers, .. } = &mut self.units[unit] else { return };
            if let Some(step) = running.issue(buffers) {
                if let Some(trains) = &mut self.trains {
                    trains.issue(unit, &running.slot(step).step);
                }
                self.request_operands(now, unit, step);
                continue;
            }
            if let Some((step, causes)) = running.startable() {
                self.start_computation(now, unit, step, &causes);
                continue;
            }
            if let Some(causes) = running.end_causes() {
                self.end_op(now, unit, &causes);
            }
            return;
        }
    }

    fn start_computation(&mut self, now: u64, unit: usize, number: u64, causes: &Causes) {
        let Some(running) = &mut self.units[unit].running else { return };
        let step = &running.slot(number).step;
        let (mut start, mut causes, cycles, for_array) = (now, *causes, step.cycles, step.vector);
        let (operands, inputs) = (step.operands, usize::from(step.inputs));
        let on_vector_unit = for_array || unit == self.vector.unit;
        if on_vector_unit && self.vector.free > now {
            start = self.vector.free;
            causes.add(self.vector.last.map(|node| (node, 0)));
        }
        let node = self.recorder.work(start, cycles, running.op, running.operands.out.tensor, causes.as_slice());
        running.start(start, number, node);
        let end = start + u64::from(cycles);
        if on_vector_unit {
            (self.vector.free, self.vector.last) = (end, Some(node));
        }
        self.vector.for_arrays += if for_array { u64::from(cycles) } else { 0 };
        self.agenda.push(end, Event::Computation(unit as u32));
        for (operand, used) in operands[..inputs].iter().enumerate() {
            if used.last_use && !used.fetch {
                self.release_tile(now, unit, (operand, number), used.rect);
            }
        }
    }

    /// The op on `unit` no longer needs a tile of an operand that is needed tile by tile.
    pub(super) fn release_tile(&mut self, now: u64, unit: usize, (operand, step): (usize, u64), rect: Rect) {
        if let Some(trains) = &mut self.trains {
            trains.act(now, Act::Release, unit, (operand as u8, step), (0, NodeId(0)));
        }
        let Some(running) = &self.units[unit].running else { return };
        for (tensor, stored) in running.operands.inputs[operand].stored(rect) {
            let held = &self.residency.held[tensor.index()];
            if held.need == Need::Tiles {
                let cells = held.grid.cells(stored);
                self.residency.release_tiles(now, tensor, cells);
            }
        }
    }

    fn computation_ends(&mut self, now: u64, unit: usize) {
        let Some(running) = &mut self.units[unit].running else { return };
        let (number, node) = running.end_computation();
        if running.slot(number).step.last {
            self.request_write(now, unit, number, node);
        }
        self.advance(now, unit);
    }

    fn end_op(&mut self, now: u64, unit: usize, causes: &Causes) {
        let Some(mut running) = self.units[unit].running.take() else { return };
        running.stall(now, Wait::default());
        let node = self.recorder.work(now, 0, running.op, running.operands.out.tensor, causes.as_slice());
        for &(tensor, read) in &running.operands.tensors {
            self.residency.op_ends(now, tensor, read, (running.rank, &running.operands));
        }
        self.residency.op_ended(now, running.op);
        let array = (unit + 1 < self.units.len()).then(|| ArrayId::from(unit));
        let unit = &mut self.units[unit];
        unit.last_end = Some(node);
        unit.free = now;
        unit.active += running.compute;
        unit.stalls += running.stalls;
        unit.macs += running.macs;
        let (start, end, compute) = (Cycles(running.start), Cycles(now), Cycles(running.compute));
        let roofline = self.traffic.roofline_of(running.op, compute, self.accelerator);
        let timing = OpTiming { op: running.op, start, end, compute, macs: running.macs, roofline, array };
        self.timings[running.op.index()] = Some(timing);
        self.end_nodes[running.op.index()] = Some(node);
        self.finish(now, running.op);
        self.dispatch_due = true;
        self.restart_trains();
    }

    /// Ops that only rename and wait for nothing are finished before the first cycle.
    fn finish_renaming_ops(&mut self) {
        let ready: Vec<OpId> = (0..self.workload.ops.len())
            .map(OpId::from)
            .filter(|&op| self.dispatcher.is_ready(op) && self.renames(op))
            .collect();
        ready.into_iter().for_each(|op| self.finish_renaming(0, op));
    }

    fn renames(&self, op: OpId) -> bool {
        self.workload.is_rename(op)
    }

    /// `op` has ended; so do the ops that only rename its result.
    fn finish(&mut self, now: u64, op: OpId) {
        for next in self.dispatcher.finish(op, &self.dependencies, self.workload) {
            if self.renames(next) {
                self.finish_renaming(now, next);
            }
        }
    }

    fn finish_renaming(&mut self, now: u64, op: OpId) {
        let causes = distinct(self.dependencies.before(op).iter().filter_map(|b| self.end_nodes[b.index()]));
        self.end_nodes[op.index()] = match causes.as_slice() {
            [] => None,
            [(only, _)] => Some(*only),
            several => Some(self.recorder.work(now, 0, op, self.workload.op(op).kind.out(), several)),
        };
        let (start, end, compute) = (Cycles(now), Cycles(now), Cycles::ZERO);
        let timing = OpTiming { op, start, end, compute, macs: 0, roofline: Roofline::default(), array: None };
        self.timings[op.index()] = Some(timing);
        self.finish(now, op);
    }

    /// How the run ended.
    fn outcome(&self) -> Result<Outcome> {
        if self.dispatcher.unfinished() == 0 {
            return Ok(Outcome::Finished);
        }
        if let Some((op, memory, lacking)) = self.transfers.lacking() {
            let (op, memory) = (self.workload.op(op).name.to_string(), self.accelerator.memories[memory].name.clone());
            return Ok(Outcome::Thrashing { op, memory, lacking });
        }
        let stuck = self.workload.ops.iter().zip(&self.timings).find(|(_, timing)| timing.is_none());
        let name = stuck.map_or(String::new(), |(op, _)| op.name.to_string());
        Err(Error::input(
            Diagnostic::new("deadlock", format!("op `{name}` waits for an op that comes after it on its array"))
                .with_help("reorder the schedule so that every op follows those it depends on"),
        ))
    }
}

fn distinct(nodes: impl Iterator<Item = NodeId>) -> Vec<(NodeId, u32)> {
    let mut list: Vec<(NodeId, u32)> = nodes.map(|node| (node, 0)).collect();
    list.sort_unstable();
    list.dedup();
    list
}
