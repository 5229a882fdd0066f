//! The format as a JSON Schema: types that stand for what [`super::read`] reads.

#![expect(dead_code, reason = "the types are made into a schema only")]

use crate::workload::{Class, Home, PhaseKind, VectorKind, ViewMapping, Workload};
use schemars::JsonSchema;

/// The op graph of an inference.
#[derive(JsonSchema)]
#[schemars(rename = "Workload", deny_unknown_fields)]
struct File {
    /// `trapti.workload/1`.
    schema: String,
    /// Name of the model and scenario, or what the user wrote.
    name: String,
    /// Names of the layers; a `layer` is an index into it.
    layers: Option<Vec<String>>,
    /// What ops read and make.
    tensors: Vec<TensorEntry>,
    /// In program order.
    ops: Vec<OpEntry>,
    /// Parts of the inference, in program order and without overlap.
    phases: Option<Vec<PhaseEntry>>,
    /// Order and array of each op where the user fixes them.
    schedule: Option<Schedule>,
    /// Anything; not kept.
    metadata: Option<serde_json::Value>,
}

/// A whole number; in a block also a sum of whole numbers, indices and products of both, such as `20*layer + 7`.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Number {
    /// The same in every repetition.
    Whole(u64),
    /// One that changes.
    Sum(String),
}

/// A tensor, or several side by side.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum SideBySide {
    /// One.
    One(Number),
    /// Several.
    Several(Vec<Number>),
}

/// A tensor, or tensors that repeat.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum TensorEntry {
    /// One.
    Tensor(Box<Tensor>),
    /// Many.
    Block {
        /// Repetitions.
        repeat: u32,
        /// Name of the number of the repetition, from 0.
        index: String,
        /// One repetition.
        tensors: Vec<TensorEntry>,
        /// Anything; not kept.
        metadata: Option<serde_json::Value>,
    },
}

/// An op, or ops that repeat.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum OpEntry {
    /// One.
    Op(Box<Op>),
    /// Many.
    Block {
        /// Repetitions.
        repeat: u32,
        /// Name of the number of the repetition, from 0.
        index: String,
        /// One repetition.
        ops: Vec<OpEntry>,
        /// Anything; not kept.
        metadata: Option<serde_json::Value>,
    },
}

/// A phase, or phases that repeat.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum PhaseEntry {
    /// One.
    Phase(Phase),
    /// Many.
    Block {
        /// Repetitions.
        repeat: u32,
        /// Name of the number of the repetition, from 0.
        index: String,
        /// One repetition.
        phases: Vec<PhaseEntry>,
        /// Anything; not kept.
        metadata: Option<serde_json::Value>,
    },
}

/// A two-dimensional array of elements.
#[derive(JsonSchema)]
struct Tensor {
    /// A number that no other tensor has.
    id: Number,
    /// A name that no other tensor has; in a block with sums in braces, and braces doubled.
    name: String,
    /// At least 1.
    rows: Number,
    /// At least 1.
    cols: Number,
    /// Bits of an element.
    bits: Number,
    /// What the bytes are attributed to.
    class: Class,
    /// Whether a copy exists off chip from the start.
    home: Home,
    /// Whether the result goes to DRAM when it is produced; `false` where absent.
    write_back: Option<bool>,
    /// Index of the layer.
    layer: Option<Number>,
    /// Anything; not kept.
    view_of: Option<serde_json::Value>,
    /// Anything; not kept.
    physical_rows: Option<serde_json::Value>,
    /// Anything; not kept.
    physical_cols: Option<serde_json::Value>,
    /// Anything; not kept.
    metadata: Option<serde_json::Value>,
}

/// An operator.
#[derive(JsonSchema)]
struct Op {
    /// A number that no other op has.
    id: Number,
    /// A name that no other op has; in a block with sums in braces, and braces doubled.
    name: String,
    /// Index of the layer.
    layer: Option<Number>,
    /// What it does.
    #[schemars(flatten)]
    kind: Kind,
    /// Anything; not kept.
    metadata: Option<serde_json::Value>,
}

/// Which part of a product is not needed.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Mask {
    /// All of it is.
    None,
    /// Keys after the query, of scores.
    Score,
    /// Keys after the query, of contexts.
    Context,
}

/// What an op does.
#[derive(JsonSchema)]
#[schemars(tag = "kind", rename_all = "kebab-case")]
enum Kind {
    /// `out[m×n] = a[m×k] · b[k×n]`.
    Matmul {
        /// Left operand.
        a: Number,
        /// Right operand.
        b: Number,
        /// Whether `b` is stored n×k; `false` where absent.
        b_transposed: Option<bool>,
        /// Result.
        out: Number,
        /// Rows of the result.
        m: Number,
        /// Length of the reduction.
        k: Number,
        /// Columns of the result.
        n: Number,
        /// `none` where absent.
        mask: Option<Mask>,
        /// Keys that a query sees, beside a mask.
        window: Option<Number>,
    },
    /// Attention of one head with a running softmax.
    Attention {
        /// Queries, m×k.
        query: SideBySide,
        /// Keys, n×k.
        key: SideBySide,
        /// Values, n×e.
        value: Number,
        /// Contexts, m×e.
        out: Number,
        /// Queries.
        m: Number,
        /// Width of a query and a key.
        k: Number,
        /// Keys.
        n: Number,
        /// Width of a value.
        e: Number,
        /// `none` where absent.
        mask: Option<Mask>,
        /// Keys that a query sees, beside a mask.
        window: Option<Number>,
        /// Passes over the scores besides those of the softmax; 0 where absent.
        extra: Option<Number>,
    },
    /// Merges finished tensors into one.
    Concat {
        /// Parts.
        inputs: Vec<Number>,
        /// Row and column of each part's first element in the result.
        offsets: Vec<[Number; 2]>,
        /// Result.
        out: Number,
    },
    /// Renames a tensor.
    View {
        /// Source.
        inputs: [Number; 1],
        /// Result.
        out: Number,
        /// How elements of the result map to the source.
        mapping: ViewMapping,
    },
    /// Names a window of a tensor.
    Slice {
        /// Source.
        inputs: [Number; 1],
        /// Result.
        out: Number,
        /// First row and column of the window.
        origin: [Number; 2],
    },
    /// Writes rows into a tensor that grows.
    Append {
        /// The rows.
        inputs: [Number; 1],
        /// The tensor that grows.
        out: Number,
        /// Rows that have been appended before, in each sequence.
        row: Number,
        /// Sequences, each of which takes one part of the rows; 1 where absent.
        parts: Option<Number>,
    },
    /// An operator of the vector unit.
    Vector {
        /// Which.
        op: VectorKind,
        /// Operands.
        inputs: Vec<Number>,
        /// Result; may be one of `inputs`.
        out: Number,
        /// Elements of the result, or those that are changed.
        elements: Number,
    },
}

/// A part of the inference.
#[derive(JsonSchema)]
struct Phase {
    /// Which part.
    kind: PhaseKind,
    /// A name that no other phase has; in a block with sums in braces, and braces doubled.
    name: String,
    /// First op and first op after it, counted in program order.
    ops: [Number; 2],
}

/// Order and array of each op.
#[derive(JsonSchema)]
struct Schedule {
    /// Ids of the ops in the order in which they are handed out.
    order: Vec<u32>,
    /// Array of each.
    array: Vec<u32>,
}

impl Workload {
    /// The JSON Schema of `workload.json`; `docs/schemas/workload.json` holds it.
    pub fn json_schema() -> schemars::Schema {
        schemars::schema_for!(File)
    }
}
