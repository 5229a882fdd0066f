//! The same semantics, cycle by cycle and element by element, for small workloads: `docs/accelerator.md` and the tiles of
//! `docs/lowering.md` as a program.
//!
//! Compared in every case: the needed bytes of each class and the obsolete bytes in every cycle, every transfer of every memory (start,
//! port, direction, class, bytes), start and end of every op, bytes from and to DRAM, needed bytes that were evicted, and how the run ends.
//!
//! Covered: the three dataflows, edge and full, serial and double-buffered, accumulators that do not suffice; one or two arrays that
//! differ, round robin and greedy; masks and windows; attention in tiles; the vector unit, in place or not, for itself and for arrays; keys
//! and values that grow, whole or in windows, of several sequences; one memory, or up to five, shared, dedicated and chained, without
//! limit or full, under every policy, both orders of victims, lazy and eager; streamed and whole weights; copies upwards.
//!
//! Not covered: schedules given by the workload, elements of other than 8 bits, causes of stalls, the access graph's predecessors
//! (`tests/sim/replay.rs` has them), repetition and trains (compared with plain simulation in `repetition.rs` and `trains.rs`).

mod attention;
mod cases;
mod decode;
mod play;
mod room;
mod stationary;
mod store;
mod tensors;
mod transfers;

pub use cases::compare;
use std::collections::{BTreeMap, BTreeSet};
use store::Store;
use tensors::Stored;
use transfers::{Leave, Move, Request};
use trapti::accelerator::{Accelerator, Array, Dataflow, Dispatch, Fill};
use trapti::ids::{OpId, TensorId};
use trapti::workload::{CausalMask, OpKind, Tensor, ViewMapping, Workload};

/// An element of a tensor that holds bytes.
type Element = (u32, u32);
/// Half-open.
type Span = (u32, u32);
/// First request, memory, port, whether it is a read, class and bytes of a transfer.
type Recorded = (u64, usize, usize, bool, usize, u64);
type Key = (Option<OpId>, Vec<Element>, (u32, u32));

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Idle,
    /// Partial sums are not written yet.
    Blocked,
    Waiting(u64),
    /// In the queue, or moving.
    Asked,
    Done,
}

#[derive(Debug)]
struct Tile {
    elements: Vec<Element>,
    bytes: u64,
    phase: Phase,
    fetch: bool,
    last_use: bool,
    /// The operand buffer, if it has one: 0 for A, 1 for B; 2 for results and partial sums.
    side: usize,
    /// The tensor that the op names.
    tensor: TensorId,
    /// The write that must be done first.
    after: Option<usize>,
    /// Whether it is partial sums that are written.
    partial: bool,
}

#[derive(Debug)]
struct Step {
    operands: Vec<Tile>,
    cycles: u64,
    /// Whether the vector unit computes, for an array.
    vector: bool,
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
    dependencies: Vec<Vec<OpId>>,
    units: Vec<Unit>,
    started: BTreeSet<OpId>,
    finished: BTreeSet<OpId>,
    times: Vec<(u64, u64)>,
    /// Of each tensor, where its elements are.
    places: Vec<Vec<Element>>,
    tensors: Vec<Stored>,
    stores: Vec<Store>,
    /// For each memory, and DRAM last, when each port is free.
    ports: Vec<Vec<u64>>,
    /// Transfers that wait.
    queue: Vec<Request>,
    /// Transfers under way, in the order in which they started.
    moves: Vec<Move>,
    /// Places in the table of transfers under way that are free, the one freed last at the end.
    places_free: Vec<usize>,
    /// What the requests with these numbers copy up.
    leaves: BTreeMap<u64, Leave>,
    asked: u64,
    /// For each memory, bytes read and written by class.
    moved: Vec<[[u64; 4]; 2]>,
    /// Transfers of memories.
    recorded: Vec<Recorded>,
    /// Bytes read from DRAM and written to it.
    dram: [u64; 2],
    /// Bytes that had to leave so far.
    removed: usize,
    /// When the vector unit is free.
    vector_free: u64,
    /// Array of each matmul that products are dealt out to in turn.
    dealt: BTreeMap<OpId, usize>,
    /// Whether anything that is there may have changed.
    changed: bool,
}

/// `size` cut into parts of `step`.
fn parts(size: u32, step: u32) -> Vec<Span> {
    (0..size).step_by(step as usize).map(|at| (at, size.min(at + step))).collect()
}

/// Whether a row of `m` sees a key, of which there are so many.
fn sees(mask: CausalMask, (m, keys): (u32, u32), row: u32, key: u32) -> bool {
    let own = (i64::from(row) + i64::from(keys) - i64::from(m)).max(0);
    let first = mask.window().map_or(0, |window| own + 1 - i64::from(window));
    (first..=own).contains(&i64::from(key))
}

fn locate(workload: &Workload, tensor: TensorId, row: u32, col: u32) -> Element {
    let appended = workload.ops.iter().find(|op| matches!(op.kind, OpKind::Append { input, .. } if input == tensor));
    let maker = workload.ops.iter().find(|op| op.kind.out() == tensor);
    match appended.or(maker).as_ref().map(|op| &op.kind) {
        Some(&OpKind::Append { input, out, row: first, parts }) if input == tensor => {
            let height = workload.tensor(input).rows / parts;
            let reserved = workload.tensor(out).rows / parts;
            locate(workload, out, row / height * reserved + first + row % height, col)
        }
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

impl Naive<'_> {
    /// The elements of a part of a tensor, row by row.
    fn area(&self, tensor: TensorId, rows: Span, cols: Span) -> Vec<Element> {
        let (width, places) = (self.workload.tensor(tensor).cols, &self.places[tensor.index()]);
        (rows.0..rows.1).flat_map(|r| (cols.0..cols.1).map(move |c| places[(r * width + c) as usize])).collect()
    }

    /// The same of tensors side by side.
    fn wide(&self, tensors: &[TensorId], rows: Span, cols: Span) -> Vec<Element> {
        let width = |t: &TensorId| self.workload.tensor(*t).cols;
        let at = |row: u32, mut col: u32| {
            let tensor = tensors
                .iter()
                .find(|t| {
                    width(t) > col || {
                        col -= width(t);
                        false
                    }
                })
                .unwrap();
            self.places[tensor.index()][(row * width(tensor) + col) as usize]
        };
        (rows.0..rows.1).flat_map(|r| (cols.0..cols.1).map(move |c| (r, c))).map(|(r, c)| at(r, c)).collect()
    }

    /// A tile, which needs no fetch if the buffer still holds it.
    fn tile(&mut self, unit: usize, side: usize, op: OpId, tensors: &[TensorId], rows: Span, cols: Span) -> Tile {
        let elements = self.wide(tensors, rows, cols);
        let (tensor, key) = (tensors[0], self.key(op, &elements, tensors[0], rows, cols));
        let unit = &mut self.units[unit];
        let buffer = &mut unit.buffers[side];
        let fetch = !buffer.contains(&key);
        buffer.retain(|k| *k != key);
        buffer.insert(0, key);
        buffer.truncate(if unit.double { 2 } else { 1 });
        Tile { fetch, side, ..self.written(tensor, elements, cols.1 - cols.0) }
    }

    /// A tile is known by its elements if they are one rectangle of one tensor, else by its place in the op's operand.
    fn key(&self, op: OpId, elements: &[Element], tensor: TensorId, rows: Span, cols: Span) -> Key {
        let stride = self.workload.tensors.at(elements[0].0 as usize).cols;
        let width = cols.1 - cols.0;
        let (holder, first) = elements[0];
        let regular = elements
            .iter()
            .enumerate()
            .all(|(i, e)| *e == (holder, first + i as u32 / width * stride + i as u32 % width));
        match regular {
            true => (None, elements.to_vec(), (rows.1 - rows.0, width)),
            false => (Some(op), vec![(tensor.0, 0), rows, cols], (rows.1 - rows.0, width)),
        }
    }

    fn holds(&self, unit: usize, side: usize, op: OpId, t: TensorId, rows: Span, cols: Span) -> bool {
        let key = self.key(op, &self.area(t, rows, cols), t, rows, cols);
        self.units[unit].buffers[side].contains(&key)
    }

    fn matmul(&mut self, unit: usize, op: OpId) -> (Vec<Step>, Vec<Tile>) {
        let array: Array = self.accelerator.arrays[unit].clone();
        let OpKind::Matmul { a, b, b_transposed, out, m, k, n, mask } = self.workload.op(op).kind else { panic!() };
        let (mut steps, mut results) = (Vec::new(), Vec::new());
        for i in (0..m).step_by(array.rows as usize) {
            let rows = (i, m.min(i + array.rows));
            let needed = |part: (u32, u32), keys: u32| {
                (rows.0..rows.1).any(|r| (part.0..part.1).any(|key| sees(mask, (m, keys), r, key)))
            };
            let scores = matches!(mask, CausalMask::Score | CausalMask::WindowedScore(_));
            let contexts = matches!(mask, CausalMask::Context | CausalMask::WindowedContext(_));
            let columns: Vec<(u32, u32)> = parts(n, array.columns);
            let columns: Vec<_> = columns.into_iter().filter(|c| !scores || needed(*c, n)).collect();
            let depth = if contexts { (0..k).filter(|&key| needed((key, key + 1), k)).max().unwrap() + 1 } else { k };
            for &cols in &columns {
                let mut order: Vec<(u32, u32)> = parts(depth, array.buffer_length);
                order.retain(|part| !contexts || needed(*part, k));
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
                    let left = self.tile(unit, 0, op, &[a], rows, span);
                    let right = self.tile(unit, 1, op, &[b], b_at(span).0, b_at(span).1);
                    let (operands, cycles, spatial) = (vec![left, right], u64::from(cycles), Some(results.len()));
                    let (room, write) = (spatial.filter(|_| first), spatial.filter(|_| last));
                    steps.push(Step { operands, cycles, vector: false, room, write, started: None });
                }
                // What a score mask skips in this row of tiles is stored with the first and the last tile computed.
                let start = if cols == columns[0] { 0 } else { cols.0 };
                let stored = (start, if cols == columns[columns.len() - 1] { n } else { cols.1 });
                let bytes = u64::from((rows.1 - rows.0) * (cols.1 - cols.0));
                let elements = self.area(out, rows, stored);
                results.push(Tile { bytes, ..self.written(out, elements, stored.1 - stored.0) });
            }
        }
        self.mark_last_uses(&mut steps);
        (steps, results)
    }

    /// A tile of a result, `width` wide. What is stored together comes together.
    fn written(&self, tensor: TensorId, elements: Vec<Element>, width: u32) -> Tile {
        let place = |(i, &(holder, index)): (usize, &Element)| {
            let stride = self.workload.tensors.at(holder as usize).cols;
            let (row, col) = (i as u32 / width, i as u32 % width);
            (holder, (index / stride).wrapping_sub(row), (index % stride).wrapping_sub(col))
        };
        let pieces: Vec<_> = elements.iter().enumerate().map(place).collect();
        let mut order: Vec<usize> = (0..elements.len()).collect();
        order.sort_by_key(|&i| pieces.iter().position(|piece| *piece == pieces[i]));
        let elements: Vec<Element> = order.into_iter().map(|i| elements[i]).collect();
        let (bytes, phase, side) = (elements.len() as u64, Phase::Idle, 2);
        Tile { elements, bytes, phase, fetch: false, last_use: false, side, tensor, after: None, partial: false }
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

    fn vector(&self, op: OpId) -> (Vec<Step>, Vec<Tile>) {
        let OpKind::Vector { op: kind, inputs, out, elements } = &self.workload.op(op).kind else { panic!() };
        let (lanes, shape) = (u64::from(self.accelerator.vector.lanes), self.workload.tensor(*out));
        let (down, across) = tensors::chunk(self.workload, self.accelerator, op);
        let (mut steps, mut results, mut covered) = (Vec::new(), Vec::new(), 0u64);
        let share = |covered: u64| elements * covered / (u64::from(shape.rows) * u64::from(shape.cols));
        let time = |covered: u64| (share(covered) * kind.passes()).div_ceil(lanes);
        for r in (0..shape.rows).step_by(down as usize) {
            for c in (0..shape.cols).step_by(across as usize) {
                let (rows, cols) = ((r, shape.rows.min(r + down)), (c, shape.cols.min(c + across)));
                let after = covered + u64::from((rows.1 - rows.0) * (cols.1 - cols.0));
                let bytes = (share(after) - share(covered)).max(1);
                let operands = inputs.iter().map(|&t| self.chunk_of(t, &shape, (rows, cols), bytes)).collect();
                let result = Some(results.len());
                let cycles = time(after) - time(covered);
                steps.push(Step { operands, cycles, vector: true, room: result, write: result, started: None });
                results.push(Tile { fetch: false, ..self.chunk_of(*out, &shape, (rows, cols), bytes) });
                covered = after;
            }
        }
        (steps, results)
    }

    /// The part of an operand that goes with a chunk of the result; one with fewer rows or columns is used again for each.
    fn chunk_of(&self, t: TensorId, result: &Tensor, (rows, cols): (Span, Span), bytes: u64) -> Tile {
        let shape = self.workload.tensor(t);
        let within = |span: Span, size: u32| {
            let first = span.0.min(size - 1);
            (first, size.min(first + span.1 - span.0))
        };
        let (rows, cols) = (within(rows, shape.rows), within(cols, shape.cols));
        let tile = self.written(t, self.area(t, rows, cols), cols.1 - cols.0);
        let same = (shape.rows, shape.cols) == (result.rows, result.cols);
        let bytes = if same { bytes } else { tile.bytes };
        Tile { bytes, fetch: true, side: 0, ..tile }
    }

    fn on_array(&self, op: OpId) -> bool {
        matches!(self.workload.op(op).kind, OpKind::Matmul { .. } | OpKind::Attention { .. })
    }

    fn is_free(&self, op: OpId) -> bool {
        self.dependencies[op.index()].iter().all(|d| self.finished.contains(d))
    }

    /// Ops that only rename finish with what they wait for.
    fn finish_renames(&mut self, now: u64) {
        loop {
            let next = self
                .workload
                .op_ids()
                .find(|&op| self.workload.op(op).kind.is_rename() && !self.finished.contains(&op) && self.is_free(op));
            let Some(op) = next else { return };
            self.finished.insert(op);
            self.times[op.index()] = (now, now);
        }
    }

    /// The op an idle unit takes.
    fn next_op(&self, unit: usize) -> Option<OpId> {
        let arrays = self.accelerator.arrays.len();
        let is_vector = |op: &OpId| matches!(self.workload.op(*op).kind, OpKind::Vector { .. });
        let is_matmul = |op: &OpId| self.on_array(*op);
        let waiting = |op: &OpId| !self.started.contains(op);
        if unit == arrays {
            return self.workload.op_ids().filter(is_vector).find(waiting).filter(|&op| self.is_free(op));
        }
        if self.accelerator.dispatch == Dispatch::Greedy {
            return self.workload.op_ids().filter(is_matmul).filter(waiting).find(|&op| self.is_free(op));
        }
        let mut mine = self.dealt.iter().filter(|(_, array)| **array == unit).map(|(op, _)| *op);
        mine.find(waiting).filter(|&op| self.is_free(op))
    }

    /// Deals out the products to the arrays in turn; one that waits for the one just before it goes to the same array.
    fn deal(&mut self) {
        let all: Vec<OpId> = self.workload.op_ids().filter(|&op| self.on_array(op)).collect();
        let mut array = 0;
        for (i, &op) in all.iter().enumerate() {
            if i > 0 && !self.waits_for(op, all[i - 1]) {
                array += 1;
            }
            self.dealt.insert(op, array % self.accelerator.arrays.len());
        }
    }

    /// Whether `op` waits for the earlier matmul `other`, directly or through ops that are no matmuls.
    fn waits_for(&self, op: OpId, other: OpId) -> bool {
        self.dependencies[op.index()].iter().any(|&b| b == other || (!self.on_array(b) && self.waits_for(b, other)))
    }

    fn start(&mut self, unit: usize, op: OpId) {
        self.started.insert(op);
        let kind = &self.workload.op(op).kind;
        let is_vector = matches!(kind, OpKind::Vector { .. });
        if is_vector {
            let shape = self.workload.tensor(kind.out());
            let over: BTreeSet<u32> =
                self.area(kind.out(), (0, shape.rows), (0, shape.cols)).iter().map(|e| e.0).collect();
            let kept = |k: &Key| k.0.is_some() || !over.contains(&k.1[0].0);
            self.units.iter_mut().flat_map(|u| &mut u.buffers).for_each(|b| b.retain(kept));
        }
        self.units[unit].buffers.iter_mut().for_each(|b| b.retain(|k| k.0.is_none()));
        let held = !is_vector && self.accelerator.arrays[unit].dataflow != Dataflow::OutputStationary;
        let (steps, results) = match (&kind, held) {
            (OpKind::Vector { .. }, _) => self.vector(op),
            (OpKind::Attention { .. }, _) => self.attention(unit, op),
            (_, true) => self.stationary(unit, op),
            _ => self.matmul(unit, op),
        };
        self.units[unit].job = Some(Job { op, steps, results, issued: 0, ended: 0 });
    }

    /// Moves one unit on as far as it can get in cycle `now`; whether its op has ended. Computations end after transfers.
    fn advance(&mut self, unit: usize, now: u64, computed: bool) -> bool {
        let Some(mut job) = self.units[unit].job.take() else { return false };
        let double = self.units[unit].double;
        while job.issue(now, double) | self.compute(&mut job, now, double) | (computed && job.end_step(now)) {}
        let done = job.ended == job.steps.len() && job.results.iter().all(|r| r.phase == Phase::Done);
        self.units[unit].job = Some(job);
        done
    }

    /// Starts the next computation, if it can.
    fn compute(&mut self, job: &mut Job, now: u64, double: bool) -> bool {
        let i = job.ended;
        if i == job.issued || job.steps[i].started.is_some() {
            return false;
        }
        let here = job.steps[i].operands.iter().all(|t| t.phase == Phase::Done);
        let before = job.steps[i].room.and_then(|result| result.checked_sub(2));
        let room = !double || before.is_none_or(|result| job.results[result].phase == Phase::Done);
        if here && room {
            let on_vector_unit = job.steps[i].vector;
            let start = if on_vector_unit { now.max(self.vector_free) } else { now };
            self.vector_free = if on_vector_unit { start + job.steps[i].cycles } else { self.vector_free };
            job.steps[i].started = Some(start);
            job.steps[i].operands.iter().filter(|t| !t.fetch && t.last_use).for_each(|t| self.release(&t.elements));
        }
        here && room
    }
}

impl Job {
    /// Asks for the operands of the next step, and for partial sums that are written now.
    fn issue(&mut self, now: u64, double: bool) -> bool {
        let i = self.issued;
        let lag = if double { 2 } else { 1 };
        let written = |p: &Step| p.write.is_none_or(|w| self.results[w].phase == Phase::Done);
        let ready = i < self.steps.len()
            && (i < lag || self.ended > i - lag)
            && (double || i == 0 || written(&self.steps[i - 1]));
        if ready {
            for tile in &mut self.steps[i].operands {
                tile.phase = if tile.fetch { Phase::Blocked } else { Phase::Done };
            }
            self.issued += 1;
        }
        for step in &mut self.steps[self.ended..self.issued] {
            let both = step.operands.iter().all(|t| t.side == 2 || t.phase == Phase::Done);
            let free = |t: &Tile| t.after.is_none_or(|w| (double || both) && self.results[w].phase == Phase::Done);
            for tile in step.operands.iter_mut().filter(|t| t.phase == Phase::Blocked && free(t)) {
                tile.phase = Phase::Waiting(now);
            }
        }
        ready
    }

    /// Ends the computation in progress, if it is over.
    fn end_step(&mut self, now: u64) -> bool {
        let Some(step) = self.steps.get(self.ended) else { return false };
        let over = step.started.is_some_and(|s| s + step.cycles <= now);
        if over {
            self.ended += 1;
            if let Some(result) = step.write {
                self.results[result].phase = Phase::Waiting(now);
            }
        }
        over
    }
}
