//! Reads the entries of `workload.json`.

use super::blocks::List;
use super::slots::{Ids, Slots};
use super::write::Line;
use crate::config::{Document, Field, Table};
use crate::ids::{LayerId, OpId, TensorId};
use crate::schema;
use crate::workload::check::{Problem, Subject};
use crate::workload::{
    CausalMask, Class, Home, Name, Op, OpKind, Phase, PhaseKind, Schedule, Tensor, TensorList, VectorKind, ViewMapping,
    Workload,
};
use std::ops::Range;

const CLASSES: [(&str, Class); 4] =
    [("weight", Class::Weight), ("activation", Class::Activation), ("kv", Class::Kv), ("score", Class::Score)];
const HOMES: [(&str, Home); 2] = [("dram", Home::Dram), ("none", Home::None)];
const MASKS: [(&str, CausalMask); 3] =
    [("none", CausalMask::None), ("score", CausalMask::Score), ("context", CausalMask::Context)];
const MAPPINGS: [(&str, ViewMapping); 2] = [("identity", ViewMapping::Identity), ("modulo", ViewMapping::Modulo)];

/// Kinds of ops, to choose how the rest of an op is read.
#[derive(Clone, Copy)]
enum Kind {
    Matmul,
    Attention,
    Concat,
    View,
    Slice,
    Append,
    Vector,
}

const KINDS: [(&str, Kind); 7] = [
    ("matmul", Kind::Matmul),
    ("attention", Kind::Attention),
    ("concat", Kind::Concat),
    ("view", Kind::View),
    ("slice", Kind::Slice),
    ("append", Kind::Append),
    ("vector", Kind::Vector),
];

/// Keys of ops of every kind, for an op of which the kind is not known.
const KEYS: [&str; 23] = [
    "a",
    "b",
    "b_transposed",
    "out",
    "m",
    "k",
    "n",
    "e",
    "mask",
    "window",
    "query",
    "key",
    "value",
    "extra",
    "inputs",
    "offsets",
    "mapping",
    "origin",
    "row",
    "parts",
    "op",
    "elements",
    "metadata",
];

/// What can be read from an entry of a list.
pub(super) trait Readable: Line {
    /// Whether entries have the key `id`.
    const HAS_ID: bool;

    /// Everything but id, name and the values of numbers. Numbers are asked for in the order of [`Readable::map_sizes`].
    fn read<'d>(table: Table<'d>, slots: &mut Slots<'d, '_>) -> Option<Self>;

    /// Gives it that name.
    fn rename(&mut self, name: Name);

    /// Replaces every number but those of the name by what `change` makes of it.
    fn map_sizes(&mut self, change: &mut impl FnMut(u64) -> u64);
}

/// Reads the arrays of the file, and remembers where the name of each entry stands.
#[derive(Default)]
pub(super) struct Reader {
    tensors: List<Tensor>,
    ops: List<Op>,
    phases_span: Range<usize>,
    schedule_span: Range<usize>,
}

impl Reader {
    pub fn workload(&mut self, mut root: Table<'_>) -> Option<Workload> {
        root.required("schema").keyword(&[(schema::WORKLOAD, ())], &[]);
        let name = root.required("name").value();
        let layers: Option<Vec<String>> = root.optional("layers").list();
        self.tensors = List::read(&root.required("tensors"), &Ids::default());
        self.ops = List::read(&root.required("ops"), &self.tensors.ids);
        let phases = root.optional("phases");
        self.phases_span = phases.span();
        let phases = List::read(&phases, &Ids::default()).take().map(|phases| phases.to_vec());
        let schedule = root.optional("schedule");
        self.schedule_span = schedule.span();
        let schedule = schedule.table().map(|table| self.schedule(table));
        root.optional("metadata");
        root.finish();
        let (tensors, ops) = (self.tensors.take()?, self.ops.take()?);
        let layers = layers.unwrap_or_default();
        Some(Workload { name: name?, tensors, ops, layers, phases: phases?, schedule: schedule.flatten() })
    }

    fn schedule(&self, mut table: Table<'_>) -> Option<Schedule> {
        let order = table.required("order").elements();
        let op = |field: &Field<'_>| {
            let id = field.value()?;
            let index = self.ops.ids.index(id);
            if index.is_none() {
                field.refuse("unknown-id", "the id of an op of this file");
            }
            index.map(OpId::from)
        };
        let order: Vec<_> = order.iter().map(op).collect();
        let array = table.required("array").list();
        table.finish();
        Some(Schedule { order: order.into_iter().collect::<Option<_>>()?, array: array? })
    }

    /// Records a problem at the name of its tensor or op.
    pub fn report(&self, document: &Document<'_>, problem: Problem) {
        let span = match problem.subject {
            Subject::Whole => 0..0,
            Subject::Tensor(i) => self.tensors.span(i),
            Subject::Op(i) => self.ops.span(i),
            Subject::Phases => self.phases_span.clone(),
            Subject::Schedule => self.schedule_span.clone(),
        };
        document.report_at(problem.code, problem.message, span, format!("expected {}", problem.expected));
    }
}

impl Readable for Tensor {
    const HAS_ID: bool = true;

    fn read<'d>(mut table: Table<'d>, slots: &mut Slots<'d, '_>) -> Option<Self> {
        let layer = layer(&mut table, slots);
        let [rows, cols, bits] = ["rows", "cols", "bits"].map(|size| slots.number(table.required(size)));
        let class = table.required("class").keyword(&CLASSES, &[]);
        let home = table.required("home").keyword(&HOMES, &[]);
        let write_back = table.optional("write_back").value().unwrap_or(false);
        for ignored in ["view_of", "physical_rows", "physical_cols", "metadata"] {
            table.optional(ignored);
        }
        table.finish();
        let (name, class, home) = (Name::new(""), class?, home?);
        Some(Tensor { name, rows: rows?, cols: cols?, bits: bits?, class, home, write_back, layer })
    }

    fn rename(&mut self, name: Name) {
        self.name = name;
    }

    fn map_sizes(&mut self, change: &mut impl FnMut(u64) -> u64) {
        Tensor::map_sizes(self, change);
    }
}

impl Readable for Op {
    const HAS_ID: bool = true;

    fn read<'d>(mut table: Table<'d>, slots: &mut Slots<'d, '_>) -> Option<Self> {
        let layer = layer(&mut table, slots);
        let Some(kind) = table.required("kind").keyword(&KINDS, &[]) else {
            KEYS.into_iter().for_each(|key| _ = table.optional(key));
            table.finish();
            return None;
        };
        let kind = match kind {
            Kind::Matmul => matmul(&mut table, slots),
            Kind::Attention => attention(&mut table, slots),
            Kind::Concat => concat(&mut table, slots),
            Kind::View => view(&mut table, slots),
            Kind::Slice => slice(&mut table, slots),
            Kind::Append => append(&mut table, slots),
            Kind::Vector => vector(&mut table, slots),
        };
        table.optional("metadata");
        table.finish();
        Some(Op { name: Name::new(""), layer, kind: kind? })
    }

    fn rename(&mut self, name: Name) {
        self.name = name;
    }

    fn map_sizes(&mut self, change: &mut impl FnMut(u64) -> u64) {
        Op::map_sizes(self, change);
    }
}

impl Readable for Phase {
    const HAS_ID: bool = false;

    /// Its ops are given as `[first, first after it]`, counted in program order.
    fn read<'d>(mut table: Table<'d>, slots: &mut Slots<'d, '_>) -> Option<Self> {
        let kind = table.required("kind").keyword(&PhaseKind::ALL.map(|kind| (kind.name(), kind)), &[]);
        let ops = slots.pair(&table.required("ops"), "a pair [first op, first op after the phase]");
        table.finish();
        let (start, end) = ops?;
        Some(Phase { kind: kind?, name: Name::new(""), ops: OpId(start)..OpId(end) })
    }

    fn rename(&mut self, name: Name) {
        self.name = name;
    }

    fn map_sizes(&mut self, change: &mut impl FnMut(u64) -> u64) {
        Phase::map_sizes(self, change);
    }
}

fn matmul<'d>(table: &mut Table<'d>, slots: &mut Slots<'d, '_>) -> Option<OpKind> {
    let [a, b] = ["a", "b"].map(|operand| slots.tensor(table.required(operand)));
    let b_transposed = table.optional("b_transposed").value().unwrap_or(false);
    let out = slots.tensor(table.required("out"));
    let [m, k, n] = ["m", "k", "n"].map(|size| slots.number(table.required(size)));
    let mask = mask(table, slots);
    Some(OpKind::Matmul { a: a?, b: b?, b_transposed, out: out?, m: m?, k: k?, n: n?, mask: mask? })
}

fn attention<'d>(table: &mut Table<'d>, slots: &mut Slots<'d, '_>) -> Option<OpKind> {
    let [query, key] = ["query", "key"].map(|operand| side_by_side(table.required(operand), slots));
    let [value, out] = ["value", "out"].map(|operand| slots.tensor(table.required(operand)));
    let [m, k, n, e] = ["m", "k", "n", "e"].map(|size| slots.number(table.required(size)));
    let mask = mask(table, slots);
    let extra = slots.number_or(table.optional("extra"), 0);
    let (query, key, value, out) = (query?, key?, value?, out?);
    Some(OpKind::Attention { query, key, value, out, m: m?, k: k?, n: n?, e: e?, mask: mask?, extra: extra? })
}

/// The id of a tensor, or in brackets those of several.
fn side_by_side<'d>(field: Field<'d>, slots: &mut Slots<'d, '_>) -> Option<TensorList> {
    if !field.is_array() {
        return slots.tensor(field).map(|id| TensorList::from([id]));
    }
    let ids = slots.tensors(&field)?;
    if ids.is_empty() {
        field.refuse("wrong-value", "the id of at least one tensor");
    }
    Some(ids.into())
}

fn concat<'d>(table: &mut Table<'d>, slots: &mut Slots<'d, '_>) -> Option<OpKind> {
    let inputs = slots.tensors(&table.required("inputs"));
    let offsets = table.required("offsets").elements();
    let offsets: Vec<_> = offsets.iter().map(|offset| slots.pair(offset, "a pair [row, column]")).collect();
    let out = slots.tensor(table.required("out"));
    Some(OpKind::Concat { inputs: inputs?.into(), offsets: offsets.into_iter().collect::<Option<_>>()?, out: out? })
}

fn view<'d>(table: &mut Table<'d>, slots: &mut Slots<'d, '_>) -> Option<OpKind> {
    let input = single_input(table, slots);
    let out = slots.tensor(table.required("out"));
    let mapping = table.required("mapping").keyword(&MAPPINGS, &[]);
    Some(OpKind::View { input: input?, out: out?, mapping: mapping? })
}

fn slice<'d>(table: &mut Table<'d>, slots: &mut Slots<'d, '_>) -> Option<OpKind> {
    let input = single_input(table, slots);
    let out = slots.tensor(table.required("out"));
    let origin = slots.pair(&table.required("origin"), "a pair [row, column]");
    Some(OpKind::Slice { input: input?, out: out?, origin: origin? })
}

fn append<'d>(table: &mut Table<'d>, slots: &mut Slots<'d, '_>) -> Option<OpKind> {
    let input = single_input(table, slots);
    let out = slots.tensor(table.required("out"));
    let row = slots.number(table.required("row"));
    let parts = slots.number_or(table.optional("parts"), 1);
    Some(OpKind::Append { input: input?, out: out?, row: row?, parts: parts? })
}

fn vector<'d>(table: &mut Table<'d>, slots: &mut Slots<'d, '_>) -> Option<OpKind> {
    let op = table.required("op").keyword(&VectorKind::ALL.map(|kind| (kind.name(), kind)), &[]);
    let inputs = slots.tensors(&table.required("inputs"));
    let out = slots.tensor(table.required("out"));
    let elements = slots.number(table.required("elements"));
    Some(OpKind::Vector { op: op?, inputs: inputs?.into(), out: out?, elements: elements? })
}

fn single_input<'d>(table: &mut Table<'d>, slots: &mut Slots<'d, '_>) -> Option<TensorId> {
    let field = table.required("inputs");
    let inputs = slots.tensors(&field)?;
    if inputs.len() != 1 {
        field.refuse("wrong-value", "the id of one tensor in brackets");
    }
    inputs.first().copied()
}

/// The keys `mask` and `window`.
fn mask<'d>(table: &mut Table<'d>, slots: &mut Slots<'d, '_>) -> Option<CausalMask> {
    let mask = table.optional("mask").keyword(&MASKS, &[]).unwrap_or_default();
    let window = table.optional("window");
    if !window.is_present() {
        return Some(mask);
    }
    match mask {
        CausalMask::Score => slots.number(window).map(CausalMask::WindowedScore),
        CausalMask::Context => slots.number(window).map(CausalMask::WindowedContext),
        _ => {
            window.refuse("wrong-value", "a window only beside a mask");
            None
        }
    }
}

/// The key `layer`.
fn layer<'d>(table: &mut Table<'d>, slots: &mut Slots<'d, '_>) -> Option<LayerId> {
    let layer = table.optional("layer");
    layer.is_present().then(|| slots.number(layer).map(LayerId)).flatten()
}
