//! The same semantics, cycle by cycle and element by element, for small workloads without evictions.

mod stationary;
mod tile;
mod vector;

use super::fixtures::{Block, block, expand, small_accelerator};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use trapti::accelerator::{Accelerator, Array, Dataflow, Dispatch, Fill, Overlap};
use trapti::ids::{OpId, TensorId};
use trapti::sim::{Options, simulate};
use trapti::workload::{CausalMask, Class, OpKind, ViewMapping, WeightRelease, Workload};

/// An element of a tensor that holds bytes.
type Element = (u32, u32);
type Key = (Option<OpId>, Vec<Element>, (u32, u32));

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Idle,
    /// Partial sums are not written yet.
    Blocked,
    Waiting(u64),
    Filling(u64),
    Moving(u64),
    WaitingBack(u64),
    MovingBack(u64),
    Done,
}

#[derive(Debug)]
struct Tile {
    elements: Vec<Element>,
    bytes: u64,
    phase: Phase,
    fetch: bool,
    last_use: bool,
    side: usize,
    /// The write that must be done first.
    after: Option<usize>,
    /// Whether it is partial sums that are written.
    partial: bool,
}

#[derive(Debug)]
struct Step {
    operands: Vec<Tile>,
    cycles: u64,
    /// The result it needs room for.
    room: Option<usize>,
    /// The result written after it.
    write: Option<usize>,
    started: Option<u64>,
}

#[derive(Debug)]
struct Job {
    op: OpId,
    steps: Vec<Step>,
    results: Vec<Tile>,
    write_back: bool,
    issued: usize,
    ended: usize,
}

struct Unit {
    job: Option<Job>,
    buffers: [Vec<Key>; 2],
    double: bool,
}

struct Naive<'a> {
    workload: &'a Workload,
    accelerator: &'a Accelerator,
    whole: bool,
    dependencies: Vec<Vec<OpId>>,
    units: Vec<Unit>,
    started: BTreeSet<OpId>,
    finished: BTreeSet<OpId>,
    present: BTreeSet<Element>,
    arriving: BTreeMap<Element, u64>,
    needed: BTreeSet<Element>,
    sram: Vec<u64>,
    dram: Vec<u64>,
}

fn locate(workload: &Workload, tensor: TensorId, row: u32, col: u32) -> Element {
    let maker = workload.ops.iter().find(|op| op.kind.out() == tensor).map(|op| &op.kind);
    match maker {
        Some(OpKind::Concat { inputs, offsets, .. }) => {
            let part = inputs.iter().zip(offsets).find(|(part, (r, c))| {
                let shape = workload.tensor(**part);
                (*r..r + shape.rows).contains(&row) && (*c..c + shape.cols).contains(&col)
            });
            let (part, (r, c)) = part.unwrap();
            locate(workload, *part, row - r, col - c)
        }
        Some(OpKind::View { input, mapping: ViewMapping::Identity, .. }) => locate(workload, *input, row, col),
        Some(OpKind::View { input, .. }) => {
            let shape = workload.tensor(*input);
            locate(workload, *input, row % shape.rows, col % shape.cols)
        }
        Some(OpKind::Slice { input, origin, .. }) => locate(workload, *input, row + origin.0, col + origin.1),
        _ => (tensor.0, row * workload.tensor(tensor).cols + col),
    }
}

fn area(w: &Workload, tensor: TensorId, rows: (u32, u32), cols: (u32, u32)) -> Vec<Element> {
    (rows.0..rows.1).flat_map(|r| (cols.0..cols.1).map(move |c| (r, c))).map(|(r, c)| locate(w, tensor, r, c)).collect()
}

impl Naive<'_> {
    fn matmul(&mut self, unit: usize, op: OpId) -> (Vec<Step>, Vec<Tile>) {
        let array: Array = self.accelerator.arrays[unit].clone();
        let OpKind::Matmul { a, b, b_transposed, out, m, k, n, mask } = self.workload.op(op).kind else { panic!() };
        let (mut steps, mut results) = (Vec::new(), Vec::new());
        for i in (0..m).step_by(array.rows as usize) {
            let rows = (i, m.min(i + array.rows));
            let seen =
                |keys: u32| (i64::from(rows.1) + i64::from(keys) - i64::from(m)).clamp(1, i64::from(keys)) as u32;
            let visible = if mask == CausalMask::Score { seen(n) } else { n };
            let depth = if mask == CausalMask::Context { seen(k) } else { k };
            for j in (0..visible).step_by(array.columns as usize) {
                let cols = (j, n.min(j + array.columns));
                let mut order: Vec<(u32, u32)> = (0..depth)
                    .step_by(array.buffer_length as usize)
                    .map(|t| (t, depth.min(t + array.buffer_length)))
                    .collect();
                let b_at = |k: (u32, u32)| if b_transposed { (cols, k) } else { (k, cols) };
                let held = |s: &Self, k: (u32, u32)| {
                    s.holds(unit, 0, op, a, rows, k) || s.holds(unit, 1, op, b, b_at(k).0, b_at(k).1)
                };
                if !held(self, order[0]) && held(self, *order.last().unwrap()) {
                    order.reverse();
                }
                let skew = match array.fill {
                    Fill::Edge => (rows.1 - rows.0 - 1, cols.1 - cols.0 - 1),
                    Fill::Full => (array.rows - 1, array.columns - 1),
                };
                for (index, &span) in order.iter().enumerate() {
                    let (first, last) = (index == 0, index + 1 == order.len());
                    let cycles = span.1 - span.0 + if first { skew.0 } else { 0 } + if last { skew.1 } else { 0 };
                    let left = self.tile(unit, 0, op, a, rows, span);
                    let right = self.tile(unit, 1, op, b, b_at(span).0, b_at(span).1);
                    let (operands, cycles, spatial) = (vec![left, right], u64::from(cycles), Some(results.len()));
                    let (room, write) = (spatial.filter(|_| first), spatial.filter(|_| last));
                    steps.push(Step { operands, cycles, room, write, started: None });
                }
                // What a score mask skips in this row of tiles is stored with the last tile computed.
                let stored = if cols.1 >= visible { (cols.0, n) } else { cols };
                let bytes = u64::from((rows.1 - rows.0) * (cols.1 - cols.0));
                let elements = area(self.workload, out, rows, stored);
                let (phase, after) = (Phase::Idle, None);
                let (fetch, last_use, side, partial) = (false, false, 2, false);
                results.push(Tile { elements, bytes, phase, fetch, last_use, side, after, partial });
            }
        }
        self.mark_last_uses(&mut steps);
        (steps, results)
    }

    fn mark_last_uses(&self, steps: &mut [Step]) {
        let mut later: BTreeSet<(usize, Element)> = BTreeSet::new();
        for step in steps.iter_mut().rev() {
            for tile in &mut step.operands {
                tile.last_use = !tile.elements.iter().any(|e| later.contains(&(tile.side, *e)));
                later.extend(tile.elements.iter().map(|e| (tile.side, *e)));
            }
        }
    }

    fn is_free(&self, op: OpId) -> bool {
        self.dependencies[op.index()].iter().all(|d| self.finished.contains(d))
    }

    /// Ops that only rename finish with what they wait for.
    fn finish_renames(&mut self) {
        loop {
            let next = self
                .workload
                .op_ids()
                .find(|&op| self.workload.op(op).kind.is_rename() && !self.finished.contains(&op) && self.is_free(op));
            let Some(op) = next else { return };
            self.finished.insert(op);
        }
    }

    /// The op an idle unit takes.
    fn next_op(&self, unit: usize) -> Option<OpId> {
        let arrays = self.accelerator.arrays.len();
        let is_vector = |op: &OpId| matches!(self.workload.op(*op).kind, OpKind::Vector { .. });
        let is_matmul = |op: &OpId| matches!(self.workload.op(*op).kind, OpKind::Matmul { .. });
        let waiting = |op: &OpId| !self.started.contains(op);
        if unit == arrays {
            return self.workload.op_ids().filter(is_vector).find(waiting).filter(|&op| self.is_free(op));
        }
        if self.accelerator.dispatch == Dispatch::Greedy {
            return self.workload.op_ids().filter(is_matmul).filter(waiting).find(|&op| self.is_free(op));
        }
        let all: Vec<OpId> = self.workload.op_ids().filter(is_matmul).collect();
        let breaks = |i: usize| (1..=i).filter(|&j| !self.waits_for(all[j], all[j - 1])).count();
        let mut mine = (0..all.len()).filter(|&i| breaks(i) % arrays == unit).map(|i| all[i]);
        mine.find(waiting).filter(|&op| self.is_free(op))
    }

    /// Whether `op` waits for the earlier matmul `other`, directly or through ops that are no matmuls.
    fn waits_for(&self, op: OpId, other: OpId) -> bool {
        let is_matmul = |op: OpId| matches!(self.workload.op(op).kind, OpKind::Matmul { .. });
        let before = self.workload.dependencies()[op.index()].to_vec();
        before.iter().any(|&b| b == other || (!is_matmul(b) && self.waits_for(b, other)))
    }

    fn start(&mut self, unit: usize, op: OpId) {
        self.started.insert(op);
        let kind = &self.workload.op(op).kind;
        let is_vector = matches!(kind, OpKind::Vector { .. });
        if is_vector {
            let shape = self.workload.tensor(kind.out());
            let over: BTreeSet<u32> =
                area(self.workload, kind.out(), (0, shape.rows), (0, shape.cols)).iter().map(|e| e.0).collect();
            let kept = |k: &Key| k.0.is_some() || !over.contains(&k.1[0].0);
            self.units.iter_mut().flat_map(|u| &mut u.buffers).for_each(|b| b.retain(kept));
        }
        let held = !is_vector && self.accelerator.arrays[unit].dataflow != Dataflow::OutputStationary;
        let (steps, results) = match (is_vector, held) {
            (true, _) => self.vector(op),
            (_, true) => self.stationary(unit, op),
            _ => self.matmul(unit, op),
        };
        let write_back = self.workload.tensor(kind.out()).write_back;
        self.units[unit].job = Some(Job { op, steps, results, write_back, issued: 0, ended: 0 });
    }

    /// Moves one unit on as far as it can get in cycle `now`; whether its op has ended.
    fn advance(&mut self, unit: usize, now: u64) -> bool {
        let Unit { job: Some(job), double, .. } = &mut self.units[unit] else { return false };
        let double = *double;
        loop {
            let before = (job.issued, job.ended, job.steps.iter().filter(|s| s.started.is_some()).count());
            let lag = if double { 2 } else { 1 };
            let i = job.issued;
            if i < job.steps.len() && (i < lag || job.ended > i - lag) {
                let previous = i.checked_sub(1).map(|p| &job.steps[p]);
                let written = previous.and_then(|p| p.write).is_none_or(|w| job.results[w].phase == Phase::Done);
                if double || written {
                    for tile in &mut job.steps[i].operands {
                        tile.phase = if tile.fetch { Phase::Blocked } else { Phase::Done };
                    }
                    job.issued += 1;
                }
            }
            for step in &mut job.steps[job.ended..job.issued] {
                let both = step.operands.iter().all(|t| t.side == 2 || t.phase == Phase::Done);
                let free = |t: &Tile| t.after.is_none_or(|w| (double || both) && job.results[w].phase == Phase::Done);
                for tile in step.operands.iter_mut().filter(|t| t.phase == Phase::Blocked && free(t)) {
                    tile.phase = Phase::Waiting(now);
                }
            }
            let i = job.ended;
            if i < job.issued && job.steps[i].started.is_none() {
                let here = job.steps[i].operands.iter().all(|t| t.phase == Phase::Done);
                let before = job.steps[i].room.and_then(|result| result.checked_sub(2));
                let room = !double || before.is_none_or(|result| job.results[result].phase == Phase::Done);
                if here && room {
                    job.steps[i].started = Some(now);
                    for tile in job.steps[i].operands.iter().filter(|t| !t.fetch && t.last_use) {
                        self.needed.retain(|e| !tile.elements.contains(e));
                    }
                }
            }
            if i < job.issued && job.steps[i].started.is_some_and(|s| s + job.steps[i].cycles <= now) {
                job.ended += 1;
                if let Some(result) = job.steps[i].write {
                    job.results[result].phase = Phase::Waiting(now);
                }
            }
            if before == (job.issued, job.ended, job.steps.iter().filter(|s| s.started.is_some()).count()) {
                return job.ended == job.steps.len() && job.results.iter().all(|r| r.phase == Phase::Done);
            }
        }
    }

    fn end_transfers(&mut self, now: u64) {
        self.arriving.retain(|_, end| *end > now);
        for job in self.units.iter_mut().filter_map(|u| u.job.as_mut()) {
            for tile in job.steps.iter_mut().flat_map(|s| &mut s.operands) {
                match tile.phase {
                    Phase::Filling(end) if end == now => tile.phase = Phase::Waiting(now),
                    Phase::Moving(end) if end == now => {
                        tile.phase = Phase::Done;
                        if tile.last_use {
                            self.needed.retain(|e| !tile.elements.contains(e));
                        }
                    }
                    _ => {}
                }
            }
            for tile in &mut job.results {
                match tile.phase {
                    Phase::Moving(end) if end == now && job.write_back && !tile.partial => {
                        tile.phase = Phase::WaitingBack(now)
                    }
                    Phase::Moving(end) | Phase::MovingBack(end) if end == now => tile.phase = Phase::Done,
                    _ => {}
                }
            }
        }
    }

    /// Starts waiting transfers in order.
    fn serve(&mut self, now: u64) {
        let memory = self.accelerator.memories[0].clone();
        let requests = |bytes: u64| (bytes * 8).div_ceil(u64::from(memory.port_bits));
        let mut waiting = Vec::new();
        for (u, unit) in self.units.iter().enumerate() {
            let Some(job) = &unit.job else { continue };
            for (s, tile) in job.results.iter().enumerate() {
                if let Phase::Waiting(ready) | Phase::WaitingBack(ready) = tile.phase {
                    waiting.push((ready, job.op, false, s, 0, u));
                }
            }
            for (s, step) in job.steps.iter().enumerate() {
                for (o, tile) in step.operands.iter().enumerate() {
                    if let Phase::Waiting(ready) = tile.phase {
                        waiting.push((ready, job.op, true, s, o, u));
                    }
                }
            }
        }
        waiting.sort();
        for (_, _, fetch, s, o, u) in waiting {
            let Some(port) = self.sram.iter().position(|&free| free <= now) else { return };
            let dram_port = self.dram.iter().position(|&free| free <= now);
            let job = self.units[u].job.as_mut().unwrap();
            let tile = if fetch { &mut job.steps[s].operands[o] } else { &mut job.results[s] };
            let moving = now + memory.latency.0 + requests(tile.bytes);
            if !fetch {
                if let Phase::WaitingBack(_) = tile.phase {
                    let Some(dram_port) = dram_port else { continue };
                    tile.phase = Phase::MovingBack(moving);
                    self.dram[dram_port] = moving;
                } else {
                    tile.phase = Phase::Moving(moving);
                    self.present.extend(&tile.elements);
                }
                self.sram[port] = moving;
                continue;
            }
            if tile.elements.iter().any(|e| self.arriving.contains_key(e)) {
                continue;
            }
            let missing: BTreeSet<Element> =
                tile.elements.iter().filter(|e| !self.present.contains(e)).copied().collect();
            if missing.is_empty() {
                tile.phase = Phase::Moving(moving);
                self.sram[port] = moving;
            } else {
                let Some(dram_port) = dram_port else { continue };
                let end = now + dram_cycles(self.accelerator, missing.len() as u64).max(requests(missing.len() as u64));
                tile.phase = Phase::Filling(end);
                (self.sram[port], self.dram[dram_port]) = (end, end);
                self.arriving.extend(missing.iter().map(|&e| (e, end)));
                self.present.extend(missing);
            }
            self.needed.extend(&tile.elements);
        }
    }

    /// Needed bytes by class and obsolete bytes.
    fn occupancy(&self, users: &[Vec<OpId>], classes: &[Class]) -> ([u64; 4], u64) {
        let (mut needed, mut obsolete) = ([0; 4], 0);
        for element in &self.present {
            let tensor = element.0 as usize;
            let running = |op: &OpId| self.started.contains(op) && !self.finished.contains(op);
            let is_needed = match (self.workload.tensors[tensor].class, self.whole) {
                (Class::Weight, true) => users[tensor].iter().any(running),
                (Class::Weight, false) => self.needed.contains(element),
                _ => users[tensor].iter().any(|op| !self.finished.contains(op)),
            };
            if is_needed { needed[classes[tensor] as usize] += 1 } else { obsolete += 1 }
        }
        (needed, obsolete)
    }
}

fn dram_cycles(accelerator: &Accelerator, bytes: u64) -> u64 {
    let dram = &accelerator.dram;
    let bursts = (bytes * 8).div_ceil(u64::from(dram.burst * dram.channel_bits));
    dram.latency.0 + (bursts * u64::from(dram.burst) * accelerator.clock.0).div_ceil(dram.transfers_per_second)
}

/// Occupancy in every cycle of the run.
fn run(workload: &Workload, accelerator: &Accelerator, whole: bool) -> Vec<([u64; 4], u64)> {
    let unit = |double| Unit { job: None, buffers: [Vec::new(), Vec::new()], double };
    let arrays = accelerator.arrays.iter().map(|a| unit(a.overlap == Overlap::DoubleBuffered));
    let mut naive = Naive {
        workload,
        accelerator,
        whole,
        dependencies: workload.dependencies().iter().map(<[OpId]>::to_vec).collect(),
        units: arrays.chain([unit(true)]).collect(),
        started: BTreeSet::new(),
        finished: BTreeSet::new(),
        present: BTreeSet::new(),
        arriving: BTreeMap::new(),
        needed: BTreeSet::new(),
        sram: vec![0; accelerator.memories[0].ports as usize],
        dram: vec![0; accelerator.dram.ports as usize],
    };
    let mut users = vec![BTreeSet::new(); workload.tensors.len()];
    for op in workload.op_ids().filter(|&op| !workload.op(op).kind.is_rename()) {
        let kind = &workload.op(op).kind;
        for tensor in kind.inputs().into_iter().chain([kind.out()]) {
            let shape = workload.tensor(tensor);
            for element in area(workload, tensor, (0, shape.rows), (0, shape.cols)) {
                users[element.0 as usize].insert(op);
            }
        }
    }
    let users: Vec<Vec<OpId>> = users.into_iter().map(|u| u.into_iter().collect()).collect();
    let classes: Vec<Class> = workload.windows().iter().map(|w| workload.tensor(w.storage).class).collect();
    let mut curve = Vec::new();
    naive.finish_renames();
    for now in 0.. {
        naive.end_transfers(now);
        for unit in 0..naive.units.len() {
            if naive.advance(unit, now) {
                let job = naive.units[unit].job.take().unwrap();
                naive.finished.insert(job.op);
            }
        }
        naive.finish_renames();
        if naive.finished.len() == workload.ops.len() {
            return curve;
        }
        for unit in 0..naive.units.len() {
            if let (true, Some(op)) = (naive.units[unit].job.is_none(), naive.next_op(unit)) {
                naive.start(unit, op);
                naive.advance(unit, now);
            }
        }
        naive.serve(now);
        curve.push(naive.occupancy(&users, &classes));
    }
    curve
}

/// Simulates both ways; the cycles compared if every one is equal, else where they differ.
pub fn compare(block: &Block, accelerator: &Accelerator, whole: bool) -> Result<u64, String> {
    let workload = block.workload();
    let weights = if whole { WeightRelease::Whole } else { WeightRelease::Streamed };
    let options = Options { weights, ..Options::default() };
    let fast = simulate(&workload, accelerator, &options, &mut |_| {}).unwrap();
    let slow = run(&workload, accelerator, whole);
    let (ours, naive) = (fast.statistics.cycles.0, slow.len() as u64);
    if ours != naive {
        return Err(format!("{ours} cycles, not {naive}"));
    }
    let curve = expand(&fast.occupancy[0]);
    match curve.iter().zip(&slow).position(|(ours, naive)| ours != naive) {
        Some(cycle) => Err(format!("cycle {cycle}: {:?}, not {:?}", curve[cycle], slow[cycle])),
        None => Ok(ours),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equal_in_every_cycle(block in block(), accelerator in small_accelerator(), whole in any::<bool>()) {
        let compared = compare(&block, &accelerator, whole);
        prop_assert!(compared.is_ok(), "{}", compared.unwrap_err());
    }
}
