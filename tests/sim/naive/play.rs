//! Plays a workload cycle by cycle.

use super::store::Store;
use super::{Naive, Recorded, Unit, tensors};
use std::collections::{BTreeMap, BTreeSet};
use trapti::accelerator::{Accelerator, Overlap};
use trapti::ids::OpId;
use trapti::sim::Options;
use trapti::trace::Outcome;
use trapti::units::Bytes;
use trapti::workload::Workload;

/// Needed bytes by class, and obsolete bytes.
pub(super) type State = ([u64; 4], u64);

/// What a run is compared by.
#[derive(Debug)]
pub(super) struct Played {
    pub outcome: Outcome,
    /// For each memory, its state in every cycle.
    pub curves: Vec<Vec<State>>,
    /// For each op that ended, its start and its end.
    pub times: BTreeMap<OpId, (u64, u64)>,
    /// For each memory, bytes read and written by class.
    pub moved: Vec<[[u64; 4]; 2]>,
    /// Every transfer of a memory, ascending.
    pub recorded: Vec<Recorded>,
    /// Bytes read from DRAM and written to it.
    pub dram: [u64; 2],
    /// For each memory, needed bytes that had to leave.
    pub evicted: Vec<u64>,
}

fn new<'a>(workload: &'a Workload, accelerator: &'a Accelerator, options: &Options) -> Naive<'a> {
    let unit = |double| Unit { job: None, buffers: [Vec::new(), Vec::new()], double };
    let arrays = accelerator.arrays.iter().map(|a| unit(a.overlap == Overlap::DoubleBuffered));
    let sizes: Vec<usize> = workload.tensors.iter().map(|t| (t.rows * t.cols) as usize).collect();
    let memories = accelerator.memories.len();
    let ports = accelerator.memories.iter().map(|m| m.ports).chain([accelerator.dram.ports]);
    let places = tensors::places(workload);
    Naive {
        workload,
        accelerator,
        dependencies: workload.dependencies().iter().map(<[OpId]>::to_vec).collect(),
        units: arrays.chain([unit(true)]).collect(),
        started: BTreeSet::new(),
        finished: BTreeSet::new(),
        times: vec![(0, 0); workload.ops.len()],
        tensors: tensors::stored(workload, accelerator, options, &places),
        places,
        stores: (0..memories).map(|_| Store::new(&sizes)).collect(),
        ports: ports.map(|ports| vec![0; ports as usize]).collect(),
        queue: Vec::new(),
        moves: Vec::new(),
        leaves: BTreeMap::new(),
        asked: 0,
        moved: vec![[[0; 4]; 2]; memories],
        recorded: Vec::new(),
        dram: [0; 2],
        places_free: Vec::new(),
        removed: 0,
        vector_free: 0,
        dealt: BTreeMap::new(),
        changed: true,
    }
}

impl Naive<'_> {
    fn go_on(&mut self, unit: usize, now: u64, computed: bool) {
        if self.advance(unit, now, computed) {
            let op = self.units[unit].job.take().unwrap().op;
            self.finished.insert(op);
            self.times[op.index()].1 = now;
            self.op_ends(op);
            self.finish_renames(now);
        }
    }

    /// Everything in a cycle up to the transfers that start.
    fn settle(&mut self, now: u64) {
        let (mut over, on): (Vec<_>, Vec<_>) = std::mem::take(&mut self.moves).into_iter().partition(|m| m.end == now);
        self.moves = on;
        over.sort_by_key(|m| m.place);
        for moved in over {
            self.places_free.push(moved.place);
            if let Some(unit) = self.end(now, moved) {
                self.go_on(unit, now, false);
            }
        }
        (0..self.units.len()).for_each(|unit| self.go_on(unit, now, true));
        if self.moves.is_empty() && self.queue.is_empty() && self.units.iter().all(|u| u.job.is_none()) {
            self.places_free.clear();
        }
        for unit in 0..self.units.len() {
            if let (true, Some(op)) = (self.units[unit].job.is_none(), self.next_op(unit)) {
                self.times[op.index()].0 = now;
                self.start(unit, op);
                self.op_starts(op);
                self.go_on(unit, now, false);
            }
        }
    }

    fn is_stuck(&self) -> bool {
        let computes =
            |u: &Unit| u.job.as_ref().is_some_and(|j| j.steps.get(j.ended).is_some_and(|s| s.started.is_some()));
        self.moves.is_empty() && !self.units.iter().any(computes)
    }

    fn outcome(&self) -> Outcome {
        if self.finished.len() == self.workload.ops.len() {
            return Outcome::Finished;
        }
        let (op, (bytes, memory)) = self.in_order().iter().find_map(|r| Some((r.op, r.lacking?))).unwrap();
        let memory = self.accelerator.memories[memory].name.clone();
        Outcome::Thrashing { op: self.workload.op(op).name.to_string(), memory, lacking: Bytes(bytes) }
    }

    fn state(&self, memory: usize) -> State {
        let (mut needed, mut obsolete) = ([0; 4], 0);
        for (tensor, present) in self.stores[memory].present.iter().enumerate() {
            if !present.contains(&true) {
                continue;
            }
            let here = present.iter().zip(self.need(memory, tensor)).filter(|(present, _)| **present);
            for (_, is_needed) in here {
                match is_needed {
                    true => needed[self.tensors[tensor].class as usize] += 1,
                    false => obsolete += 1,
                }
            }
        }
        (needed, obsolete)
    }
}

pub(super) fn play(workload: &Workload, accelerator: &Accelerator, options: &Options) -> Played {
    let mut naive = new(workload, accelerator, options);
    naive.deal();
    let mut curves = vec![Vec::new(); naive.stores.len()];
    naive.finish_renames(0);
    for now in 0.. {
        naive.settle(now);
        if naive.finished.len() == workload.ops.len() && naive.moves.is_empty() {
            break;
        }
        naive.serve(now);
        if naive.is_stuck() {
            break;
        }
        let changed = std::mem::take(&mut naive.changed);
        for (m, curve) in curves.iter_mut().enumerate() {
            curve.push(if changed { naive.state(m) } else { curve[curve.len() - 1] });
        }
    }
    let (outcome, evicted) = (naive.outcome(), naive.stores.iter().map(|s| s.evicted).collect());
    let times = naive.finished.iter().map(|&op| (op, naive.times[op.index()])).collect();
    naive.recorded.sort_unstable();
    Played { outcome, curves, times, moved: naive.moved, recorded: naive.recorded, dram: naive.dram, evicted }
}
