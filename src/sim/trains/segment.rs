//! A stretch of a run from one state to another: what the units did, and when.

use super::super::Probe;
use super::super::engine::Engine;
use super::super::ports::Ports;
use super::super::running::Cause;
use super::super::step::Step;
use super::shift::Origin;
use crate::ids::NodeId;
use crate::trace::{Node, NodeKind, Stalls};
use crate::units::{Bytes, Cycles};

/// What happens to tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// An operand leaves the memory for a unit.
    Read,
    /// An operand begins to come from DRAM.
    Fill,
    /// It is there.
    Arrived,
    /// A result enters the memory.
    Write,
    /// A copy of a result begins to leave for DRAM.
    CopyUp,
    /// It is there.
    Saved,
    /// An operand is used for the last time.
    Release,
}

/// One thing that happens to the tiles of an operand, or of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// When.
    pub cycle: u64,
    /// What.
    pub act: Act,
    /// Whose.
    pub unit: u32,
    /// Operand of the step.
    pub operand: u8,
    /// Number of the step or, of a result, of the write.
    pub number: u64,
    /// Bits that a fill brings; bytes by which a write fills the memory up; of a read, 1 if the segment brings its operand before.
    pub size: u64,
    /// Its record.
    pub node: NodeId,
}

/// Stands for the result among the operands.
pub const RESULT: u8 = u8::MAX;

/// A node without names: of the op of a unit, and which of its operands.
#[derive(Debug, Clone, Copy)]
pub struct Unnamed {
    pub node: Node,
    pub unit: u32,
    pub operand: u8,
}

/// What moved of one operand over one port in one direction.
#[derive(Debug, Clone, Copy)]
pub struct Sum {
    pub like: Unnamed,
    pub bytes: u64,
    pub words: u64,
    /// Cycles of DRAM's ports.
    pub off_chip: u64,
}

/// What became of a port.
#[derive(Debug, Clone, Copy)]
pub struct PortEnd {
    pub free_at: u64,
    pub last: Option<Cause>,
    pub held: u64,
}

/// The books at the moment where a stretch begins.
#[derive(Debug)]
pub struct Opening {
    pub origin: Origin,
    pub class: usize,
    ports: [Ports; 2],
    vector: (u64, Option<NodeId>),
    for_arrays: u64,
    /// Computation and stalls of each unit so far.
    work: Vec<(u64, Stalls)>,
    events: u64,
}

/// A stretch. All numbers are relative to the moment where it begins.
#[derive(Debug)]
pub struct Segment {
    pub from: usize,
    pub to: usize,
    pub actions: Vec<Action>,
    pub nodes: Vec<Unnamed>,
    /// Steps that each unit issues, without their places.
    pub steps: Vec<Vec<Step>>,
    /// How far everything gets: cycles, nodes, requests, steps, writes.
    pub advance: Origin,
    pub events: u64,
    /// Ports of the memory and of DRAM that were used.
    pub ports: [Vec<Option<PortEnd>>; 2],
    /// The transfers before on the ports of DRAM, if those are used.
    pub dram_before: Option<Vec<Option<Cause>>>,
    pub vector: Option<(u64, Option<NodeId>)>,
    pub for_arrays: u64,
    pub work: Vec<(u64, Stalls)>,
    pub sums: Vec<Sum>,
}

fn work_of<P: Probe>(engine: &Engine<'_, P>) -> Vec<(u64, Stalls)> {
    let of = |running: &super::super::running::Running| (running.compute, running.stalls);
    engine.units.iter().map(|unit| unit.running.as_ref().map(of).unwrap_or_default()).collect()
}

impl Opening {
    /// At a state of that class.
    pub fn of<P: Probe>(engine: &Engine<'_, P>, origin: Origin, class: usize, events: u64) -> Self {
        Self {
            class,
            ports: [engine.ports[0].clone(), engine.dram.clone()],
            vector: engine.vector.state(),
            for_arrays: engine.vector.for_arrays,
            work: work_of(engine),
            events,
            origin,
        }
    }

    /// The stretch that ends at another origin; `None` if it cannot be an example.
    pub fn close<P: Probe>(
        &self,
        engine: &Engine<'_, P>,
        (end, to): (&Origin, usize),
        actions: &[Action],
        issued: &[(u32, Step)],
        events: u64,
    ) -> Option<Segment> {
        let shift = self.origin.away();
        let mut steps = vec![Vec::new(); engine.units.len()];
        for &(unit, step) in issued {
            if (step.last && step.partial) || step.reads_back.is_some() {
                return None;
            }
            steps[unit as usize].push(shift.step(unit as usize, step));
        }
        let nodes = self.nodes(engine, end, actions)?;
        let dram = [&self.ports[1], &engine.dram];
        let uses_dram = dram[0].held != dram[1].held;
        let (vector, now) = (engine.vector.state(), [&engine.ports[0], &engine.dram]);
        let ports = [0, 1].map(|side| self.port_ends(&self.ports[side], now[side]));
        let before = dram[0].last.iter().map(|last| last.map(|cause| shift.cause(cause))).collect();
        let mut relative = actions.to_vec();
        for i in 0..relative.len() {
            if relative[i].act == Act::Read && is_filled(&relative, i) {
                relative[i].size = 1;
            }
        }
        for action in &mut relative {
            let unit = action.unit as usize;
            action.cycle = shift.cycle(action.cycle);
            action.node = shift.node(action.node);
            action.number = match action.act {
                Act::Read | Act::Fill | Act::Arrived | Act::Release => shift.step_number(unit, action.number),
                Act::Write | Act::CopyUp | Act::Saved => shift.write_number(unit, action.number),
            };
        }
        let work = work_of(engine).iter().zip(&self.work).map(|(after, before)| difference(*after, *before)).collect();
        Some(Segment {
            from: self.class,
            to,
            actions: relative,
            sums: sums(engine, &nodes),
            nodes,
            steps,
            advance: end.since(&self.origin),
            events: events - self.events,
            ports,
            dram_before: uses_dram.then_some(before),
            vector: (vector != self.vector).then(|| (shift.cycle(vector.0), vector.1.map(|node| shift.node(node)))),
            for_arrays: engine.vector.for_arrays - self.for_arrays,
            work,
        })
    }

    fn port_ends(&self, before: &Ports, after: &Ports) -> Vec<Option<PortEnd>> {
        let shift = self.origin.away();
        let end = |port: usize| {
            let held = after.held[port] - before.held[port];
            let last = after.last[port].map(|cause| shift.cause(cause));
            (held > 0).then(|| PortEnd { free_at: shift.cycle(after.free_at[port]), last, held })
        };
        (0..after.held.len()).map(end).collect()
    }

    /// The nodes recorded since.
    fn nodes<P: Probe>(&self, engine: &Engine<'_, P>, end: &Origin, actions: &[Action]) -> Option<Vec<Unnamed>> {
        let (first, last) = (self.origin.node as usize, end.node as usize);
        let unit_of = |node: &Node| {
            let runs = |unit: &super::super::engine::Unit| unit.running.as_ref().is_some_and(|r| r.op == node.op);
            engine.units.iter().position(runs)
        };
        let mut nodes = Vec::with_capacity(last - first);
        for mut node in engine.recorder.graph.nodes().range(first..last) {
            let unit = unit_of(&node)? as u32;
            node.start = Cycles(node.start.0 - self.origin.cycle);
            nodes.push(Unnamed { node, unit, operand: RESULT });
        }
        for action in actions {
            if matches!(action.act, Act::Read | Act::Fill) {
                nodes[action.node.index() - first].operand = action.operand;
            }
        }
        Some(nodes)
    }
}

/// Whether a fill of the same operand of the same step comes before a read.
fn is_filled(actions: &[Action], i: usize) -> bool {
    let read = actions[i];
    let of = |action: &Action| (action.unit, action.operand, action.number);
    actions[..i].iter().rev().any(|action| action.act == Act::Fill && of(action) == of(&read))
}

fn difference(after: (u64, Stalls), before: (u64, Stalls)) -> (u64, Stalls) {
    let (a, b) = (after.1, before.1);
    let stalls = Stalls {
        operand_fetch: a.operand_fetch - b.operand_fetch,
        result_write: a.result_write - b.result_write,
        port_conflict: a.port_conflict - b.port_conflict,
        dram: a.dram - b.dram,
        dependency: a.dependency - b.dependency,
    };
    (after.0 - before.0, stalls)
}

/// What the nodes move, by operand, port and kind.
fn sums<P: Probe>(engine: &Engine<'_, P>, nodes: &[Unnamed]) -> Vec<Sum> {
    let (memory, dram) = (&engine.accelerator.memories[0], &engine.accelerator.dram);
    let mut sums: Vec<Sum> = Vec::new();
    for &like in nodes.iter().filter(|n| n.node.kind.is_transfer()) {
        let size = like.node.bytes();
        let words = memory.requests(size);
        let off_chip = match like.node.kind {
            NodeKind::Fill => (dram.cycles(size, engine.accelerator.clock) - dram.latency).0,
            NodeKind::WriteBack => words,
            _ => 0,
        };
        let place = |n: &Unnamed| (n.unit, n.operand, n.node.kind, n.node.port);
        let Bytes(bytes) = size;
        match sums.iter_mut().find(|sum| place(&sum.like) == place(&like)) {
            Some(sum) => {
                (sum.bytes, sum.words, sum.off_chip) = (sum.bytes + bytes, sum.words + words, sum.off_chip + off_chip);
            }
            None => sums.push(Sum { like, bytes, words, off_chip }),
        }
    }
    sums
}
