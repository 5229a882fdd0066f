//! `workload.json`: the op graph as a file, format `trapti.workload/1`.

use crate::config::{Document, Field, Table};
use crate::diagnostic::Source;
use crate::error::Result;
use crate::ids::{LayerId, OpId, TensorId};
use crate::schema;
use crate::workload::check::{Problem, Subject};
use crate::workload::{
    CausalMask, Class, Home, Name, Op, OpKind, Phase, PhaseKind, Schedule, Tensor, TensorList, VectorKind, ViewMapping,
    Workload,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

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

/// Indices by the ids of the file.
type Ids = HashMap<u32, usize>;

impl Workload {
    /// Reads `workload.json` and checks it as [`Workload::check`] does.
    ///
    /// Ids are any distinct numbers; ops stand in program order. The keys `metadata` (anywhere), and `view_of`,
    /// `physical_rows` and `physical_cols` of a tensor are accepted and not kept.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place.
    pub fn from_json(source: &Arc<Source>) -> Result<Self> {
        let document = Document::parse_json(source)?;
        let mut reader = Reader::default();
        let workload = reader.workload(document.root());
        if document.is_clean() {
            let problems = workload.as_ref().map(Workload::problems).unwrap_or_default();
            problems.into_iter().for_each(|problem| reader.report(&document, problem));
        }
        document.result(workload)
    }

    /// The text of `workload.json`, one tensor and one op a line; [`Workload::from_json`] gives an equal value.
    pub fn to_json(&self) -> String {
        let tensors = self.tensors.iter().enumerate().map(|(id, tensor)| tensor_line(id, tensor));
        let ops = self.ops.iter().enumerate().map(|(id, op)| op_line(id, op));
        let mut parts = vec![
            format!("\"schema\": \"{}\"", schema::WORKLOAD),
            format!("\"name\": {}", Value::from(self.name.as_str())),
            format!("\"layers\": {}", json!(self.layers)),
            format!("\"tensors\": [\n  {}\n ]", tensors.collect::<Vec<_>>().join(",\n  ")),
            format!("\"ops\": [\n  {}\n ]", ops.collect::<Vec<_>>().join(",\n  ")),
        ];
        if !self.phases.is_empty() {
            let phases = self.phases.iter().map(phase_line);
            parts.push(format!("\"phases\": [\n  {}\n ]", phases.collect::<Vec<_>>().join(",\n  ")));
        }
        if let Some(schedule) = &self.schedule {
            let line = [("order", json!(schedule.order)), ("array", json!(schedule.array))];
            parts.push(format!("\"schedule\": {}", object(&line)));
        }
        format!("{{\n {}\n}}\n", parts.join(",\n "))
    }
}

/// Reads the arrays of the file, and remembers where the name of each entry stands.
#[derive(Default)]
struct Reader {
    tensors: Ids,
    ops: Ids,
    tensor_spans: Vec<Range<usize>>,
    op_spans: Vec<Range<usize>>,
    phases_span: Range<usize>,
    schedule_span: Range<usize>,
}

impl Reader {
    fn workload(&mut self, mut root: Table<'_>) -> Option<Workload> {
        root.required("schema").keyword(&[(schema::WORKLOAD, ())], &[]);
        let name = root.required("name").value();
        let layers: Option<Vec<String>> = root.optional("layers").list();
        let tensors = root.required("tensors").tables();
        let tensors: Vec<_> = tensors.into_iter().enumerate().map(|(i, table)| self.tensor(i, table)).collect();
        let ops = root.required("ops").tables();
        let ops: Vec<_> = ops.into_iter().enumerate().map(|(i, table)| self.op(i, table)).collect();
        let phases = root.optional("phases");
        self.phases_span = phases.span();
        let phases: Vec<_> = phases.tables().into_iter().map(phase).collect();
        let schedule = root.optional("schedule");
        self.schedule_span = schedule.span();
        let schedule = schedule.table().map(|table| self.schedule(table));
        root.optional("metadata");
        root.finish();
        Some(Workload {
            name: name?,
            tensors: tensors.into_iter().collect::<Option<_>>()?,
            ops: ops.into_iter().collect::<Option<_>>()?,
            layers: layers.unwrap_or_default(),
            phases: phases.into_iter().collect::<Option<_>>()?,
            schedule: schedule.flatten(),
        })
    }

    fn tensor(&mut self, index: usize, mut table: Table<'_>) -> Option<Tensor> {
        register(&mut self.tensors, index, &table.required("id"));
        let name = table.required("name");
        self.tensor_spans.push(name.span());
        let name = name.as_text();
        let rows = table.required("rows").value();
        let cols = table.required("cols").value();
        let bits = table.required("bits").value();
        let class = table.required("class").keyword(&CLASSES, &[]);
        let home = table.required("home").keyword(&HOMES, &[]);
        let write_back = table.optional("write_back").value();
        let layer = layer(&table.optional("layer"));
        for ignored in ["view_of", "physical_rows", "physical_cols", "metadata"] {
            table.optional(ignored);
        }
        table.finish();
        Some(Tensor {
            name: Name::new(name?),
            rows: rows?,
            cols: cols?,
            bits: bits?,
            class: class?,
            home: home?,
            write_back: write_back.unwrap_or(false),
            layer,
        })
    }

    fn op(&mut self, index: usize, mut table: Table<'_>) -> Option<Op> {
        register(&mut self.ops, index, &table.required("id"));
        let name = table.required("name");
        self.op_spans.push(name.span());
        let name = name.as_text();
        let layer = layer(&table.optional("layer"));
        let kind = match table.required("kind").keyword(&KINDS, &[])? {
            Kind::Matmul => self.matmul(&mut table),
            Kind::Attention => self.attention(&mut table),
            Kind::Concat => self.concat(&mut table),
            Kind::View => self.view(&mut table),
            Kind::Slice => self.slice(&mut table),
            Kind::Append => self.append(&mut table),
            Kind::Vector => self.vector(&mut table),
        };
        table.optional("metadata");
        table.finish();
        Some(Op { name: Name::new(name?), layer, kind: kind? })
    }

    fn matmul(&self, table: &mut Table<'_>) -> Option<OpKind> {
        let a = self.tensor_id(&table.required("a"));
        let b = self.tensor_id(&table.required("b"));
        let b_transposed = table.optional("b_transposed").value();
        let out = self.tensor_id(&table.required("out"));
        let m = table.required("m").value();
        let k = table.required("k").value();
        let n = table.required("n").value();
        let mask = mask(table);
        Some(OpKind::Matmul {
            a: a?,
            b: b?,
            b_transposed: b_transposed.unwrap_or(false),
            out: out?,
            m: m?,
            k: k?,
            n: n?,
            mask: mask?,
        })
    }

    fn attention(&self, table: &mut Table<'_>) -> Option<OpKind> {
        let [query, key] = ["query", "key"].map(|operand| self.side_by_side(&table.required(operand)));
        let value = self.tensor_id(&table.required("value"));
        let out = self.tensor_id(&table.required("out"));
        let [m, k, n, e] = ["m", "k", "n", "e"].map(|size| table.required(size).value());
        let mask = mask(table);
        let extra = table.optional("extra").value().unwrap_or(0);
        let (query, key, value, out) = (query?, key?, value?, out?);
        Some(OpKind::Attention { query, key, value, out, m: m?, k: k?, n: n?, e: e?, mask: mask?, extra })
    }

    fn concat(&self, table: &mut Table<'_>) -> Option<OpKind> {
        let inputs = self.tensor_ids(&table.required("inputs"));
        let offsets = table.required("offsets").elements();
        let offsets: Vec<_> = offsets.iter().map(position).collect();
        let out = self.tensor_id(&table.required("out"));
        Some(OpKind::Concat { inputs: inputs?.into(), offsets: offsets.into_iter().collect::<Option<_>>()?, out: out? })
    }

    fn view(&self, table: &mut Table<'_>) -> Option<OpKind> {
        let input = self.single_input(table);
        let out = self.tensor_id(&table.required("out"));
        let mapping = table.required("mapping").keyword(&MAPPINGS, &[]);
        Some(OpKind::View { input: input?, out: out?, mapping: mapping? })
    }

    fn slice(&self, table: &mut Table<'_>) -> Option<OpKind> {
        let input = self.single_input(table);
        let out = self.tensor_id(&table.required("out"));
        let origin = position(&table.required("origin"));
        Some(OpKind::Slice { input: input?, out: out?, origin: origin? })
    }

    fn append(&self, table: &mut Table<'_>) -> Option<OpKind> {
        let input = self.single_input(table);
        let out = self.tensor_id(&table.required("out"));
        let row = table.required("row").value();
        let parts = table.optional("parts").value();
        Some(OpKind::Append { input: input?, out: out?, row: row?, parts: parts.unwrap_or(1) })
    }

    fn vector(&self, table: &mut Table<'_>) -> Option<OpKind> {
        let op = table.required("op").keyword(&VectorKind::ALL.map(|kind| (kind.name(), kind)), &[]);
        let inputs = self.tensor_ids(&table.required("inputs"));
        let out = self.tensor_id(&table.required("out"));
        let elements = table.required("elements").value();
        Some(OpKind::Vector { op: op?, inputs: inputs?.into(), out: out?, elements: elements? })
    }

    fn schedule(&self, mut table: Table<'_>) -> Option<Schedule> {
        let order = table.required("order").elements();
        let order: Vec<_> =
            order.iter().map(|field| Some(OpId::from(known(&self.ops, field, "unknown-id", "an op")?))).collect();
        let array = table.required("array").list();
        table.finish();
        Some(Schedule { order: order.into_iter().collect::<Option<_>>()?, array: array? })
    }

    fn single_input(&self, table: &mut Table<'_>) -> Option<TensorId> {
        let field = table.required("inputs");
        let inputs = self.tensor_ids(&field)?;
        if inputs.len() != 1 {
            field.refuse("wrong-value", "the id of one tensor in brackets");
        }
        inputs.first().copied()
    }

    fn tensor_ids(&self, field: &Field<'_>) -> Option<Vec<TensorId>> {
        let ids: Vec<_> = field.elements().iter().map(|element| self.tensor_id(element)).collect();
        ids.into_iter().collect()
    }

    /// The id of a tensor, or in brackets those of several.
    fn side_by_side(&self, field: &Field<'_>) -> Option<TensorList> {
        if !field.is_array() {
            return self.tensor_id(field).map(|id| TensorList::from([id]));
        }
        let ids = self.tensor_ids(field)?;
        if ids.is_empty() {
            field.refuse("wrong-value", "the id of at least one tensor");
        }
        Some(ids.into())
    }

    fn tensor_id(&self, field: &Field<'_>) -> Option<TensorId> {
        known(&self.tensors, field, "dangling-tensor", "a tensor").map(TensorId::from)
    }

    /// Records a problem at the name of its tensor or op.
    fn report(&self, document: &Document<'_>, problem: Problem) {
        let span = match problem.subject {
            Subject::Whole => 0..0,
            Subject::Tensor(i) => self.tensor_spans.get(i).cloned().unwrap_or_default(),
            Subject::Op(i) => self.op_spans.get(i).cloned().unwrap_or_default(),
            Subject::Phases => self.phases_span.clone(),
            Subject::Schedule => self.schedule_span.clone(),
        };
        document.report_at(problem.code, problem.message, span, format!("expected {}", problem.expected));
    }
}

/// Notes the id of an entry.
fn register(ids: &mut Ids, index: usize, field: &Field<'_>) {
    let Some(id) = field.value() else { return };
    if ids.insert(id, index).is_some() {
        field.refuse("duplicate-id", "an id that no other entry has");
    }
}

/// The index of the entry that the field names by its id.
fn known(ids: &Ids, field: &Field<'_>, code: &'static str, what: &str) -> Option<usize> {
    let id: u32 = field.value()?;
    let index = ids.get(&id).copied();
    if index.is_none() {
        field.refuse(code, format!("the id of {what} of this file"));
    }
    index
}

/// The keys `mask` and `window`.
fn mask(table: &mut Table<'_>) -> Option<CausalMask> {
    let mask = table.optional("mask").keyword(&MASKS, &[]).unwrap_or_default();
    let window = table.optional("window");
    match (mask, window.value()) {
        (mask, None) => Some(mask),
        (CausalMask::Score, Some(keys)) => Some(CausalMask::WindowedScore(keys)),
        (CausalMask::Context, Some(keys)) => Some(CausalMask::WindowedContext(keys)),
        _ => {
            window.refuse("wrong-value", "a window only beside a mask");
            None
        }
    }
}

fn mask_entries(mask: CausalMask) -> Vec<(&'static str, Value)> {
    let name = match mask {
        CausalMask::None => return Vec::new(),
        CausalMask::Score | CausalMask::WindowedScore(_) => "score",
        CausalMask::Context | CausalMask::WindowedContext(_) => "context",
    };
    let window = mask.window().map(|keys| ("window", json!(keys)));
    [("mask", json!(name))].into_iter().chain(window).collect()
}

fn layer(field: &Field<'_>) -> Option<LayerId> {
    field.value().map(LayerId)
}

/// A phase; its ops are given as `[first, first after it]`, counted in program order.
fn phase(mut table: Table<'_>) -> Option<Phase> {
    let kind = table.required("kind").keyword(&PhaseKind::ALL.map(|kind| (kind.name(), kind)), &[]);
    let name = table.required("name").value();
    let field = table.required("ops");
    let ops: Option<Vec<u32>> = field.list();
    table.finish();
    let ops = match ops?[..] {
        [start, end] if start <= end => OpId(start)..OpId(end),
        _ => {
            field.refuse("wrong-value", "a pair [first op, first op after the phase]");
            return None;
        }
    };
    Some(Phase { kind: kind?, name: name?, ops })
}

/// A pair `[row, column]`.
fn position(field: &Field<'_>) -> Option<(u32, u32)> {
    let pair: Vec<u32> = field.list()?;
    match pair[..] {
        [row, column] => Some((row, column)),
        _ => {
            field.refuse("wrong-value", "a pair [row, column]");
            None
        }
    }
}

/// One line of JSON with its keys in the given order.
fn object(entries: &[(&str, Value)]) -> String {
    let entries: Vec<_> = entries.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{{}}}", entries.join(", "))
}

fn phase_line(phase: &Phase) -> String {
    let (kind, name, ops) = (json!(phase.kind), json!(phase.name), json!([phase.ops.start, phase.ops.end]));
    object(&[("kind", kind), ("name", name), ("ops", ops)])
}

fn tensor_line(id: usize, tensor: &Tensor) -> String {
    let mut entries = vec![
        ("id", json!(id)),
        ("name", json!(tensor.name)),
        ("rows", json!(tensor.rows)),
        ("cols", json!(tensor.cols)),
        ("bits", json!(tensor.bits)),
        ("class", json!(tensor.class)),
        ("home", json!(tensor.home)),
    ];
    if tensor.write_back {
        entries.push(("write_back", json!(true)));
    }
    entries.extend(tensor.layer.map(|layer| ("layer", json!(layer))));
    object(&entries)
}

fn op_line(id: usize, op: &Op) -> String {
    let mut entries = vec![("id", json!(id)), ("name", json!(op.name))];
    entries.extend(match &op.kind {
        OpKind::Matmul { a, b, b_transposed, out, m, k, n, mask } => {
            let mut entries = vec![("kind", json!("matmul")), ("a", json!(a)), ("b", json!(b))];
            entries.extend([("b_transposed", json!(b_transposed)), ("out", json!(out))]);
            entries.extend([("m", json!(m)), ("k", json!(k)), ("n", json!(n))]);
            entries.extend(mask_entries(*mask));
            entries
        }
        OpKind::Attention { query, key, value, out, m, k, n, e, mask, extra } => {
            let side_by_side = |list: &TensorList| if let [only] = list[..] { json!(only) } else { json!(list) };
            let (query, key) = (side_by_side(query), side_by_side(key));
            let mut entries = vec![("kind", json!("attention")), ("query", query), ("key", key)];
            entries.extend([("value", json!(value)), ("out", json!(out)), ("m", json!(m)), ("k", json!(k))]);
            entries.extend([("n", json!(n)), ("e", json!(e))]);
            entries.extend(mask_entries(*mask));
            entries.extend((*extra > 0).then(|| ("extra", json!(extra))));
            entries
        }
        OpKind::Concat { inputs, offsets, out } => {
            vec![("kind", json!("concat")), ("inputs", json!(inputs)), ("offsets", json!(offsets)), ("out", json!(out))]
        }
        OpKind::View { input, out, mapping } => {
            vec![("kind", json!("view")), ("inputs", json!([input])), ("out", json!(out)), ("mapping", json!(mapping))]
        }
        OpKind::Slice { input, out, origin } => {
            vec![("kind", json!("slice")), ("inputs", json!([input])), ("out", json!(out)), ("origin", json!(origin))]
        }
        OpKind::Append { input, out, row, parts } => {
            let mut entries = vec![("kind", json!("append")), ("inputs", json!([input])), ("out", json!(out))];
            entries.push(("row", json!(row)));
            entries.extend((*parts != 1).then(|| ("parts", json!(parts))));
            entries
        }
        OpKind::Vector { op, inputs, out, elements } => {
            let operands = [("inputs", json!(inputs)), ("out", json!(out)), ("elements", json!(elements))];
            [vec![("kind", json!("vector")), ("op", json!(op.name()))], operands.to_vec()].concat()
        }
    });
    entries.extend(op.layer.map(|layer| ("layer", json!(layer))));
    object(&entries)
}
