//! Whether a workload makes sense: every problem, each with the op or tensor it concerns.

use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::ids::{OpId, TensorId};
use crate::units::grouped;
use crate::workload::{Home, OpKind, Tensor, Workload, growth, shape};
use rustc_hash::{FxHashMap, FxHashSet};

/// Most bits of one tensor, so that sums over a workload stay far below 64 bits.
const MOST_BITS: u128 = 1 << 53;
/// Most bits of all tensors together.
const MOST_BITS_TOGETHER: u128 = 1 << 60;
/// Most multiplications of a whole workload.
const MOST_MACS: u128 = 1 << 62;
/// Most problems that are reported: one mistake in a generator repeats in every layer.
const MOST_PROBLEMS: usize = 8;
/// Widest element.
const WIDEST_ELEMENT: u32 = 1024;

/// What a problem concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// The whole workload.
    Whole,
    /// The tensor of that index.
    Tensor(usize),
    /// The op of that index.
    Op(usize),
    /// The list of phases.
    Phases,
    /// The schedule.
    Schedule,
}

/// A problem before it is known whether there is a file to point into.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    /// Where.
    pub subject: Subject,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What was expected instead.
    pub expected: String,
}

impl Problem {
    /// A problem of `subject`.
    pub fn new(subject: Subject, code: &'static str, message: String, expected: impl Into<String>) -> Self {
        Self { subject, code, message, expected: expected.into() }
    }
}

impl Workload {
    /// Whether names are unique, references and dimensions agree, ops come after the ops whose results they read, sizes are
    /// above zero and countable, concat parts tile their result, no tensor lies in two storage objects, no op in place
    /// changes bytes that another name still shows, phases follow one another, and the schedule is an order of the ops that can be run.
    ///
    /// # Errors
    /// The first problems, each naming its op or tensor, and how many more there are.
    pub fn check(&self) -> Result<()> {
        let problems = self.problems();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Error::Input(problems.into_iter().map(without_place).collect())),
        }
    }

    /// As [`Workload::check`], of sizes only: for a graph that is otherwise sound by construction.
    pub(super) fn check_countable(&self) -> Result<()> {
        let mut found = Vec::new();
        self.check_sizes(&mut found);
        match found.is_empty() {
            true => Ok(()),
            false => Err(Error::Input(self.first(found).into_iter().map(without_place).collect())),
        }
    }

    /// What [`Workload::check`] finds, the first few and how many more there are.
    pub(super) fn problems(&self) -> Vec<Problem> {
        self.first(self.all_problems())
    }

    fn first(&self, mut found: Vec<Problem>) -> Vec<Problem> {
        let more = found.len().saturating_sub(MOST_PROBLEMS);
        if more > 0 {
            found.truncate(MOST_PROBLEMS);
            let message = format!("workload `{}` has {more} more problems", self.name);
            found.push(Problem::new(Subject::Whole, "more-problems", message, "these to be corrected first"));
        }
        found
    }

    fn all_problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        self.check_references(&mut found);
        if !found.is_empty() {
            return found;
        }
        self.check_names(&mut found);
        self.check_sizes(&mut found);
        shape::check(self, &mut found);
        self.check_order(&mut found);
        if found.is_empty() {
            growth::check(self, &mut found);
        }
        self.check_storage(&mut found);
        self.check_phases(&mut found);
        if found.is_empty() {
            self.check_in_place(&mut found);
            self.check_schedule(&mut found);
        }
        found
    }

    /// Everything else indexes the arenas, so these come first.
    fn check_references(&self, found: &mut Vec<Problem>) {
        for (i, op) in self.ops.iter().enumerate() {
            let named = op.kind.inputs().into_iter().chain([op.kind.out()]);
            for tensor in named.filter(|t| t.index() >= self.tensors.len()) {
                let message = format!("op `{}` names {tensor}, which does not exist", op.name);
                found.push(Problem::new(Subject::Op(i), "dangling-tensor", message, "the id of a tensor"));
            }
            if op.layer.is_some_and(|l| l.index() >= self.layers.len()) {
                let message = format!("op `{}` is of a layer that does not exist", op.name);
                found.push(Problem::new(Subject::Op(i), "dangling-layer", message, "the index of a layer"));
            }
        }
        for (i, tensor) in self.tensors.iter().enumerate() {
            if tensor.layer.is_some_and(|l| l.index() >= self.layers.len()) {
                let message = format!("tensor `{}` is of a layer that does not exist", tensor.name);
                found.push(Problem::new(Subject::Tensor(i), "dangling-layer", message, "the index of a layer"));
            }
        }
    }

    fn check_names(&self, found: &mut Vec<Problem>) {
        let mut seen = FxHashSet::default();
        for (i, tensor) in self.tensors.iter().enumerate().filter(|(_, t)| !seen.insert(t.name)) {
            let message = format!("two tensors are named `{}`", tensor.name);
            found.push(Problem::new(Subject::Tensor(i), "duplicate-name", message, "a name of its own"));
        }
        let mut seen = FxHashSet::default();
        for (i, op) in self.ops.iter().enumerate().filter(|(_, op)| !seen.insert(op.name)) {
            let message = format!("two ops are named `{}`", op.name);
            found.push(Problem::new(Subject::Op(i), "duplicate-name", message, "a name of its own"));
        }
    }

    fn check_sizes(&self, found: &mut Vec<Problem>) {
        if self.ops.is_empty() {
            let message = format!("workload `{}` has no op", self.name);
            found.push(Problem::new(Subject::Whole, "no-ops", message, "at least one op"));
        }
        for (i, tensor) in self.tensors.iter().enumerate() {
            if let Some(expected) = size_problem(&tensor) {
                let message = format!("tensor `{}` has {}", tensor.name, dimensions(&tensor));
                found.push(Problem::new(Subject::Tensor(i), "out-of-range", message, expected));
            }
        }
        let bits = self.tensors.iter().map(|tensor| exact_bits(&tensor)).fold(0u128, u128::saturating_add);
        if bits > MOST_BITS_TOGETHER {
            let message = format!("the tensors of workload `{}` together are too large", self.name);
            found.push(Problem::new(Subject::Whole, "too-large", message, "at most 128 PiB"));
        }
        let macs = self.ops.iter().map(|op| op.kind.exact_macs()).fold(0u128, u128::saturating_add);
        if macs > MOST_MACS {
            let message = format!("workload `{}` has more multiplications than can be counted", self.name);
            found.push(Problem::new(Subject::Whole, "too-large", message, format!("at most {MOST_MACS}")));
        }
    }

    /// Whether each tensor is made once, and before it is read.
    fn check_order(&self, found: &mut Vec<Problem>) {
        let producers = self.producers();
        let mut made: Vec<bool> = self.tensors.iter().map(|t| t.home == Home::Dram).collect();
        let mut named = vec![false; self.tensors.len()];
        for (i, op) in self.ops.iter().enumerate() {
            for input in op.kind.inputs() {
                named[input.index()] = true;
                if !made[input.index()] {
                    found.push(self.unmade(i, input, producers[input.index()]));
                }
            }
            let out = op.kind.out();
            found.extend(self.overwrites(i, out, made[out.index()]));
            (made[out.index()], named[out.index()]) = (true, true);
        }
        for (i, tensor) in self.tensors.iter().enumerate().filter(|(i, _)| !named[*i]) {
            let message = format!("no op reads or makes tensor `{}`", tensor.name);
            found.push(Problem::new(Subject::Tensor(i), "unused-tensor", message, "a tensor that some op names"));
        }
    }

    /// The problem of an op that reads a tensor which is not there yet.
    fn unmade(&self, op: usize, input: TensorId, producer: Option<OpId>) -> Problem {
        let (reader, name) = (self.ops.at(op).name, self.tensor(input).name);
        let expected = "a tensor that DRAM holds or an earlier op makes";
        let (code, message) = match producer {
            Some(later) if later.index() == op => {
                ("reads-itself", format!("op `{reader}` reads `{name}`, which it makes itself"))
            }
            Some(later) if self.waits_for(later, op) => {
                let later = self.op(later).name;
                ("cyclic-graph", format!("op `{reader}` reads `{name}` of op `{later}`, which waits for `{reader}`"))
            }
            Some(later) => {
                let later = self.op(later).name;
                ("read-before-made", format!("op `{reader}` reads `{name}` before op `{later}` makes it"))
            }
            None => ("never-made", format!("op `{reader}` reads `{name}`, which no op makes")),
        };
        Problem::new(Subject::Op(op), code, message, expected)
    }

    /// Whether op `waiting` reads, directly or through others, what the op of index `target` makes.
    fn waits_for(&self, waiting: OpId, target: usize) -> bool {
        let producers = self.producers();
        let (mut seen, mut pending) = (vec![false; self.ops.len()], vec![waiting]);
        while let Some(op) = pending.pop() {
            if op.index() == target {
                return true;
            }
            if !std::mem::replace(&mut seen[op.index()], true) {
                pending.extend(self.op(op).kind.inputs().iter().filter_map(|input| producers[input.index()]));
            }
        }
        false
    }

    /// The problem, if any, of an op whose result is there already, or has a copy in DRAM that would become stale.
    fn overwrites(&self, op: usize, out: TensorId, made: bool) -> Option<Problem> {
        let (writer, name) = (self.ops.at(op).name, self.tensor(out).name);
        let (code, message) = match self.ops.form(op).kind.is_in_place() {
            false if made && !matches!(self.ops.form(op).kind, OpKind::Append { .. }) => {
                ("made-twice", format!("op `{writer}` makes `{name}`, which is there already"))
            }
            true if self.tensor(out).home == Home::Dram => {
                ("overwrites-input", format!("op `{writer}` overwrites `{name}`, which DRAM holds"))
            }
            _ => return None,
        };
        Some(Problem::new(Subject::Op(op), code, message, "a result of its own"))
    }

    fn check_phases(&self, found: &mut Vec<Problem>) {
        let mut end = OpId(0);
        let mut seen = FxHashSet::default();
        for phase in &self.phases {
            let (first, last) = (phase.ops.start, phase.ops.end);
            if first < end || last < first || last.index() > self.ops.len() {
                let message = format!("phase `{}` has the ops {} to {}", phase.name, first.0, last.0);
                let expected = format!("a range after op {} of {} ops", end.0, self.ops.len());
                found.push(Problem::new(Subject::Phases, "wrong-phase", message, expected));
            }
            if !seen.insert(phase.name) {
                let message = format!("two phases are named `{}`", phase.name);
                found.push(Problem::new(Subject::Phases, "duplicate-name", message, "a name of its own"));
            }
            end = end.max(last);
        }
    }

    fn check_storage(&self, found: &mut Vec<Problem>) {
        let containers = self.containers();
        for chunk in containers.more.chunk_by(|a, b| a.0 == b.0) {
            let tensor = chunk[0].0;
            let all = containers.of(tensor).into_iter().chain(chunk.iter().map(|(_, container)| *container));
            let outer: Vec<_> = all.map(|c| format!("`{}`", self.tensor(c.outer).name)).collect();
            let message = format!("tensor `{}` would lie in {} at once", self.tensor(tensor).name, outer.join(" and "));
            let subject = Subject::Tensor(tensor.index());
            found.push(Problem::new(subject, "two-storages", message, "renamed into one tensor only"));
        }
    }

    /// Whether an op in place changes bytes that a later op reads under an older name, or that it shows twice itself.
    fn check_in_place(&self, found: &mut Vec<Problem>) {
        let (windows, roots) = (self.windows(), self.roots());
        let mut last_read = vec![None; self.tensors.len()];
        let mut appended = FxHashMap::default();
        for (i, op) in self.ops.iter().enumerate() {
            op.kind.inputs().iter().for_each(|t| last_read[t.index()] = Some(i));
            if let OpKind::Append { input, out, .. } = op.kind {
                appended.extend([(roots[input.index()], i), (out, i)]);
            }
        }
        let producers = self.producers();
        let in_place = || self.ops.iter().enumerate().filter(|(_, op)| op.kind.is_in_place());
        let mut sharing: FxHashMap<TensorId, Vec<TensorId>> =
            in_place().map(|(_, op)| (roots[op.kind.out().index()], Vec::new())).collect();
        for tensor in self.tensor_ids() {
            if let Some(list) = sharing.get_mut(&roots[tensor.index()]) {
                list.push(tensor);
            }
        }
        for (i, op) in in_place() {
            let out = op.kind.out();
            let root = roots[out.index()];
            let older = |t: &&TensorId| producers[t.index()].is_none_or(|p| p.index() < i);
            let read_later = |t: &&TensorId| last_read[t.index()].is_some_and(|last| last > i);
            let mut others = sharing[&root].iter().filter(|&&t| t != out).filter(older);
            let name = &self.tensor(out).name;
            let reason = match others.find(read_later) {
                _ if windows[out.index()].bytes < self.tensor(out).bytes() => {
                    "which shows its bytes more than once".into()
                }
                _ if appended.get(&root).is_some_and(|&append| append < i) => "which has been appended".into(),
                Some(&other) => format!("but `{}` shows the same bytes", self.tensor(other).name),
                None => continue,
            };
            let message = format!("op `{}` changes `{name}` in place, {reason}", op.name);
            found.push(Problem::new(Subject::Op(i), "shared-in-place", message, "an output of its own"));
        }
    }

    fn check_schedule(&self, found: &mut Vec<Problem>) {
        let Some(schedule) = &self.schedule else { return };
        let mut refuse = |message| {
            let expected = "every op once, after the ops it waits for, with its array";
            found.push(Problem::new(Subject::Schedule, "wrong-schedule", message, expected));
        };
        let mut position = vec![None; self.ops.len()];
        for (i, op) in schedule.order.iter().enumerate() {
            match position.get_mut(op.index()) {
                None => return refuse(format!("the schedule names {op}, which does not exist")),
                Some(Some(_)) => return refuse(format!("the schedule names op `{}` twice", self.op(*op).name)),
                Some(free) => *free = Some(i),
            }
        }
        if let Some(missing) = position.iter().position(Option::is_none) {
            return refuse(format!("the schedule leaves out op `{}`", self.ops.at(missing).name));
        }
        if schedule.array.len() != schedule.order.len() {
            let counts = (schedule.array.len(), schedule.order.len());
            return refuse(format!("the schedule gives {} arrays for {} ops", counts.0, counts.1));
        }
        for (op, waits) in self.op_ids().zip(self.dependencies().iter()) {
            if let Some(late) = waits.iter().find(|w| position[w.index()] > position[op.index()]) {
                let (op, late) = (&self.op(op).name, &self.op(*late).name);
                return refuse(format!("the schedule puts op `{op}` before op `{late}`, whose result it needs"));
            }
        }
    }
}

impl OpKind {
    /// Multiplications of a full product, without overflow.
    fn exact_macs(&self) -> u128 {
        match self {
            OpKind::Matmul { m, k, n, .. } => u128::from(*m) * u128::from(*k) * u128::from(*n),
            OpKind::Attention { m, k, n, e, .. } => u128::from(*m) * u128::from(*n) * (u128::from(*k) + u128::from(*e)),
            _ => 0,
        }
    }
}

/// Size in bits, without overflow.
fn exact_bits(tensor: &Tensor) -> u128 {
    u128::from(tensor.rows) * u128::from(tensor.cols) * u128::from(tensor.bits)
}

/// Rows, columns and bits, as a message shows them.
fn dimensions(tensor: &Tensor) -> String {
    let grouped = |n: u32| grouped(u64::from(n));
    format!("{} rows, {} columns, {} bits", grouped(tensor.rows), grouped(tensor.cols), grouped(tensor.bits))
}

/// What is expected of a tensor's size, if it is not so.
fn size_problem(tensor: &Tensor) -> Option<String> {
    let bits = exact_bits(tensor);
    match () {
        () if bits == 0 => Some("each above zero".into()),
        () if tensor.bits > WIDEST_ELEMENT => Some(format!("at most {WIDEST_ELEMENT} bits an element")),
        () if bits > MOST_BITS => Some("at most 1024 TiB a tensor".into()),
        () => None,
    }
}

fn without_place(problem: Problem) -> Diagnostic {
    Diagnostic::new(problem.code, problem.message).with_help(format!("expected {}", problem.expected))
}
