//! What is known about every tensor before the first cycle.

use super::Options;
use super::attention::Cut;
use super::dispatch::Dispatcher;
use super::grid::{Cuts, Grid};
use super::layout::Layouts;
use super::operands::{MOST_INPUTS, OperandLayout, Operands};
use super::residency::{Held, Need};
use super::rows::NeededRows;
use super::vector;
use crate::accelerator::{Accelerator, Array, Dataflow};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::ids::TensorId;
use crate::workload::{Class, Home, KvRelease, Op, OpKind, WeightRelease, Window, Workload};
use rustc_hash::{FxHashMap, FxHashSet};

/// Boundaries of one tensor, and which regular series of them it has already.
#[derive(Debug, Clone, Default)]
struct Boundaries {
    rows: Vec<u32>,
    cols: Vec<u32>,
    known: FxHashSet<(bool, u32, u32, u32, u32)>,
}

impl Boundaries {
    /// Every multiple of `step` of the logical positions `at` … `at + len`, which are stored from `stored` on.
    fn add(&mut self, across: bool, step: u32, at: u32, len: u32, stored: u32) {
        let phase = (step - at % step) % step;
        let series = (across, step, phase, stored, len);
        if !self.known.insert(series) {
            return;
        }
        let list = if across { &mut self.cols } else { &mut self.rows };
        list.extend([stored, stored + len]);
        list.extend((phase..len).step_by(step as usize).map(|offset| stored + offset));
    }

    /// The logical position `cut`, if it lies inside `at` … `at + len`, which is stored from `stored` on.
    fn add_one(&mut self, across: bool, cut: u32, at: u32, len: u32, stored: u32) {
        let list = if across { &mut self.cols } else { &mut self.rows };
        if cut > at && cut - at < len && !list.contains(&(stored + cut - at)) {
            list.push(stored + cut - at);
        }
    }
}

/// One entry a tensor, with its tiles, its storage object and the ops that use it.
pub fn tensors(
    workload: &Workload,
    accelerator: &Accelerator,
    layouts: &Layouts<'_>,
    windows: &[Window],
    options: &Options,
) -> Vec<Held> {
    let mut boundaries = vec![Boundaries::default(); workload.tensors.len()];
    let mut uses = vec![0u32; workload.tensors.len()];
    for op in &workload.ops {
        let Some(operands) = Operands::of(&op, workload, layouts) else { continue };
        operands.tensors.iter().for_each(|&(tensor, _)| uses[tensor.index()] += 1);
        cut(&op.kind, &operands, workload, accelerator, &mut boundaries);
    }
    let growing = growing(workload);
    let held = |(i, boundaries): (usize, Boundaries)| {
        let tensor = workload.tensors.at(i);
        let grid =
            Grid::new(Cuts::new(boundaries.rows, tensor.rows), Cuts::new(boundaries.cols, tensor.cols), tensor.bits);
        let mut held = Held::new(grid, windows[i].storage, need(workload, TensorId::from(i), options));
        held.uses_left = uses[i];
        if let Some(&sequences) = growing.get(&TensorId::from(i)) {
            let kept = options.kv == KvRelease::Kept && tensor.class == Class::Kv;
            held.grows(NeededRows::new(tensor.rows / sequences, sequences, kept));
        }
        held
    };
    let mut held: Vec<Held> = boundaries.into_iter().enumerate().map(held).collect();
    if !growing.is_empty() {
        expect_rows(workload, layouts, &mut held);
    }
    held
}

/// Tensors that grow, with the number of sequences in them.
fn growing(workload: &Workload) -> FxHashMap<TensorId, u32> {
    let append = |op: Op| match op.kind {
        OpKind::Append { out, parts, .. } => Some((out, parts)),
        _ => None,
    };
    workload.ops.iter().filter_map(append).collect()
}

/// Tells every growing tensor which ops will touch it.
fn expect_rows(workload: &Workload, layouts: &Layouts<'_>, held: &mut [Held]) {
    for op in &workload.ops {
        let Some(operands) = Operands::of(&op, workload, layouts) else { continue };
        for &(tensor, _) in &operands.tensors {
            if let Some(rows) = &mut held[tensor.index()].rows {
                rows.expect(tensor, &operands);
            }
        }
    }
}

/// Where each tensor is used in the order of ops, the first use last.
pub fn next_uses(workload: &Workload, layouts: &Layouts<'_>, dispatcher: &Dispatcher, held: &mut [Held]) {
    for (op, id) in workload.ops.iter().zip(workload.op_ids()) {
        let Some(operands) = Operands::of(&op, workload, layouts) else { continue };
        for (tensor, _) in operands.tensors {
            held[tensor.index()].next_uses.push(dispatcher.rank(id));
        }
    }
    held.iter_mut().for_each(|h| h.next_uses.sort_unstable_by(|a, b| b.cmp(a)));
}

fn need(workload: &Workload, tensor: TensorId, options: &Options) -> Need {
    let tensor = workload.tensor(tensor);
    match (tensor.class, tensor.home) {
        (Class::Weight, Home::Dram) if options.weights == WeightRelease::Streamed => Need::Tiles,
        (Class::Weight, Home::Dram) => Need::Readers,
        (Class::Kv, _) if options.kv == KvRelease::Kept => Need::Always,
        _ => Need::Uses,
    }
}

/// Adds the boundaries of the tiles in which an op moves its operands.
fn cut(kind: &OpKind, operands: &Operands, workload: &Workload, accelerator: &Accelerator, all: &mut [Boundaries]) {
    match kind {
        OpKind::Matmul { b_transposed, .. } => {
            for array in &accelerator.arrays {
                let (m, k, n) = steps(array);
                cut_operand(&operands.inputs[0], (m, k), all);
                cut_operand(&operands.inputs[1], if *b_transposed { (n, k) } else { (k, n) }, all);
                cut_operand(&operands.out, (m, n), all);
                cut_accumulated(array, &operands.out, all);
            }
        }
        OpKind::Attention { e, .. } => {
            for cut in accelerator.arrays.iter().filter_map(|array| Cut::new(array, *e)) {
                cut_operand(&operands.inputs[0], (cut.queries, cut.width), all);
                cut_operand(&operands.inputs[1], (cut.keys, cut.width), all);
                cut_values(&operands.inputs[2], cut, all);
                cut_operand(&operands.out, (cut.queries, *e), all);
            }
        }
        OpKind::Vector { inputs, out, .. } => {
            let (rows, cols) = operands.out.shape;
            let bits = operands.inputs.iter().map(|i| u64::from(i.bits)).sum();
            let chunk = vector::chunk(rows, cols, bits, &accelerator.vector);
            if !inputs.contains(out) {
                cut_operand(&operands.out, chunk, all);
            }
            for input in &operands.inputs {
                if workload.tensor(input.pieces[0].tensor).home == Home::Dram {
                    cut_operand(input, chunk, all);
                }
            }
        }
        _ => {}
    }
}

/// Rows, reduction steps and columns of the result that an array works on at a time.
fn steps(array: &Array) -> (u32, u32, u32) {
    let (r, c, l) = (array.rows, array.columns, array.buffer_length);
    match array.dataflow {
        Dataflow::OutputStationary => (r, l, c),
        Dataflow::WeightStationary => (l, r, c),
        Dataflow::InputStationary => (c, r, l),
    }
}

/// Adds the boundary between results whose partial sums have accumulators and those that come and go.
fn cut_accumulated(array: &Array, out: &OperandLayout, all: &mut [Boundaries]) {
    let Some(rows) = array.accumulator_rows else { return };
    for piece in &out.pieces {
        let boundaries = &mut all[piece.tensor.index()];
        match array.dataflow {
            Dataflow::OutputStationary => {}
            Dataflow::WeightStationary => boundaries.add_one(false, rows, piece.at.row, piece.at.rows, piece.row),
            Dataflow::InputStationary => boundaries.add_one(true, rows, piece.at.col, piece.at.cols, piece.col),
        }
    }
}

fn cut_operand(layout: &OperandLayout, (rows, cols): (u32, u32), all: &mut [Boundaries]) {
    for piece in &layout.pieces {
        let boundaries = &mut all[piece.tensor.index()];
        boundaries.add(false, rows, piece.at.row, piece.at.rows, piece.row);
        boundaries.add(true, cols, piece.at.col, piece.at.cols, piece.col);
    }
}

/// Values are reduced within a tile of keys, in steps that begin with it.
fn cut_values(layout: &OperandLayout, Cut { keys, reduced, across, .. }: Cut, all: &mut [Boundaries]) {
    if keys.is_multiple_of(reduced) {
        return cut_operand(layout, (reduced, across), all);
    }
    cut_operand(layout, (keys, across), all);
    let whole = layout.shape.0;
    for start in (0..whole).step_by(keys as usize) {
        for cut in (start..whole.min(start.saturating_add(keys))).step_by(reduced as usize).skip(1) {
            for piece in &layout.pieces {
                all[piece.tensor.index()].add_one(false, cut, piece.at.row, piece.at.rows, piece.row);
            }
        }
    }
}

/// Bytes of the largest tile that an op moves at a time, or cycles of its longest step on the vector unit.
fn largest_step(kind: &OpKind, workload: &Workload, accelerator: &Accelerator) -> u64 {
    let bytes = |t: TensorId, rows: u32, cols: u32| {
        (u64::from(rows) * u64::from(cols)).saturating_mul(u64::from(workload.tensor(t).bits)) / 8
    };
    match kind {
        OpKind::Matmul { a, b, out, m, k, n, .. } => {
            let largest = |array: &Array| {
                let step = steps(array);
                let (m, k, n) = (step.0.min(*m), step.1.min(*k), step.2.min(*n));
                bytes(*a, m, k).max(bytes(*b, k, n)).max(bytes(*out, m, n))
            };
            accelerator.arrays.iter().map(largest).max().unwrap_or(0)
        }
        OpKind::Attention { query, key, value, out, m, k, n, e, .. } => {
            let largest = |cut: Cut| {
                let (queries, keys, width) = (cut.queries.min(*m), cut.keys.min(*n), cut.width.min(*k));
                let products = bytes(query[0], queries, width).max(bytes(key[0], keys, width));
                let values = bytes(*value, cut.reduced.min(*n), cut.across.min(*e));
                products.max(values).max(bytes(*out, queries, *e))
            };
            accelerator.arrays.iter().filter_map(|array| Cut::new(array, *e)).map(largest).max().unwrap_or(0)
        }
        OpKind::Vector { op, out, elements, .. } => {
            let unit = &accelerator.vector;
            let cycles = elements.saturating_mul(op.passes()) / u64::from(unit.lanes);
            let bytes = workload.tensor(*out).bytes().0;
            // A chunk is at most the buffer; what fits 2^32 bytes and cycles as a whole needs no closer look.
            let within = unit.buffer.0.saturating_mul(8).saturating_mul(op.passes()) / u64::from(unit.lanes);
            bytes.min(unit.buffer.0).max(cycles.min(within))
        }
        _ => 0,
    }
}

/// What to say of an attention whose scores and contexts some array has no room for.
fn too_few_accumulators(op: &Op, accelerator: &Accelerator) -> Option<String> {
    let OpKind::Attention { e, .. } = op.kind else { return None };
    let array = accelerator.arrays.iter().find(|array| Cut::new(array, e).is_none())?;
    let (name, fewest) = (&array.name, Cut::fewest_accumulators(array, e));
    let has = array.accumulator_rows.unwrap_or(u32::MAX);
    Some(format!(
        "op `{}` keeps scores and contexts in {fewest} accumulators a column; array `{name}` has {has}",
        op.name
    ))
}

/// Refuses what the engine cannot simulate.
pub fn check(workload: &Workload, accelerator: &Accelerator) -> Result<()> {
    workload.check()?;
    let mut problems = Vec::new();
    let mut require = |holds: bool, code, message: String, help: &str| {
        if !holds {
            problems.push(Diagnostic::new(code, message).with_help(help));
        }
    };
    require(!accelerator.arrays.is_empty(), "no-array", "the accelerator has no array".into(), "add an [[array]]");
    for fault in accelerator.memory_faults() {
        let (code, message) = accelerator.explain(&fault);
        require(false, code, message, "every access needs exactly one nearest memory, and a way from it to DRAM");
    }
    let ports = accelerator.memories.iter().all(|m| (1..=255).contains(&m.ports)) && accelerator.dram.ports > 0;
    require(ports, "ports", "a memory has no port, or more than 255".into(), "give it 1 to 255 ports");
    let many = |op: &Op| matches!(op.kind, OpKind::Vector { .. }) && op.kind.inputs().len() > MOST_INPUTS;
    for op in workload.ops.iter().filter(many) {
        let message = format!("op `{}` has more than {MOST_INPUTS} operands", op.name);
        require(false, "operands", message, "split it");
    }
    if let Some(message) = workload.ops.iter().find_map(|op| too_few_accumulators(&op, accelerator)) {
        require(false, "accumulators", message, "raise `accumulator_rows`, or choose `attention = \"depth-first\"`");
    }
    for op in &workload.ops {
        let step = largest_step(&op.kind, workload, accelerator);
        let message = format!("op `{}` has a step of more than 2^32 bytes or cycles", op.name);
        require(step <= u64::from(u32::MAX), "step-too-large", message, "make the array, or the buffers, smaller");
    }
    if let Some(schedule) = &workload.schedule {
        let known = schedule.array.iter().all(|&a| (a as usize) < accelerator.arrays.len());
        let help = format!("the accelerator has arrays 0 to {}", accelerator.arrays.len().saturating_sub(1));
        require(known, "schedule", "the schedule names an array that does not exist".into(), &help);
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
}
