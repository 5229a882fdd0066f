//! The op graph.

use crate::ids::{LayerId, OpId, TensorId};
use crate::units::Bytes;
use crate::workload::{Name, Series, TensorList};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Tensors and operators in program order; the artefact `workload.json`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Workload {
    /// Name of the model and scenario, or what the user wrote.
    pub name: String,
    /// Arena of tensors; a [`TensorId`] is an index into it.
    pub tensors: Series<Tensor>,
    /// Operators in program order; an [`OpId`] is an index into it.
    pub ops: Series<Op>,
    /// Names of the layers; a [`LayerId`] is an index into it.
    pub layers: Vec<String>,
    /// Parts of the inference, in program order and without overlap; none where nobody said.
    pub phases: Vec<Phase>,
    /// Order and array of each op where the user fixed them.
    pub schedule: Option<Schedule>,
}

/// A part of the inference: what happens before the first token, or for one token.
///
/// A token is decoded when the phase before it has ended: what it starts with is the token before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phase {
    /// Which part.
    pub kind: PhaseKind,
    /// Unique name: `encode`, `prefill`, `token 1`, `token 2` …
    pub name: Name,
    /// Its ops: consecutive in program order, half-open.
    pub ops: Range<OpId>,
}

/// A part of the inference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseKind {
    /// The encoder of an encoder-decoder, or all of a model that only encodes.
    Encode,
    /// All tokens of the prompts at once.
    Prefill,
    /// One generated token of each sequence.
    Decode,
}

impl PhaseKind {
    /// Every kind.
    pub const ALL: [PhaseKind; 3] = [PhaseKind::Encode, PhaseKind::Prefill, PhaseKind::Decode];

    /// Lower-case name, as in files.
    pub fn name(self) -> &'static str {
        match self {
            PhaseKind::Encode => "encode",
            PhaseKind::Prefill => "prefill",
            PhaseKind::Decode => "decode",
        }
    }
}

/// A two-dimensional array of elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tensor {
    /// Unique name.
    pub name: Name,
    /// Rows, at least 1.
    pub rows: u32,
    /// Columns, at least 1.
    pub cols: u32,
    /// Bits of an element, at least 1.
    pub bits: u32,
    /// What the bytes are attributed to.
    pub class: Class,
    /// Whether a copy exists off chip from the start.
    pub home: Home,
    /// Whether the result goes to DRAM when it is produced.
    pub write_back: bool,
    /// Layer it belongs to.
    pub layer: Option<LayerId>,
}

/// What a tensor's bytes are attributed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Parameters of the model.
    Weight,
    /// Results of an operator that the next ones read.
    Activation,
    /// Keys and values.
    Kv,
    /// Attention scores.
    Score,
}

impl Class {
    /// Every class, in the order of tables and figures.
    pub const ALL: [Class; 4] = [Class::Weight, Class::Activation, Class::Kv, Class::Score];

    /// Lower-case name, as in files.
    pub fn name(self) -> &'static str {
        match self {
            Class::Weight => "weight",
            Class::Activation => "activation",
            Class::Kv => "kv",
            Class::Score => "score",
        }
    }
}

/// Whether a tensor's contents exist off chip before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Home {
    /// A copy exists in DRAM: weights and inputs.
    Dram,
    /// Made on chip.
    None,
}

/// One operator.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Op {
    /// Unique name.
    pub name: Name,
    /// Layer it belongs to.
    pub layer: Option<LayerId>,
    /// What it does.
    pub kind: OpKind,
}

/// What an operator does. `concat`, `view`, `slice` and `append` rename bytes: they cost no cycle and no byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OpKind {
    /// `out[m×n] = a[m×k] · b[k×n]` (`b` is stored n×k when `b_transposed`).
    Matmul {
        /// Left operand, m×k.
        a: TensorId,
        /// Right operand, k×n or n×k.
        b: TensorId,
        /// Whether `b` is stored n×k.
        b_transposed: bool,
        /// Result, m×n.
        out: TensorId,
        /// Rows of the result.
        m: u32,
        /// Length of the reduction.
        k: u32,
        /// Columns of the result.
        n: u32,
        /// Which part of the product a causal mask makes unnecessary.
        mask: CausalMask,
    },
    /// Attention of one head with a running softmax: scores of tiles of queries and keys stay in the array. `out[m×e]` is the
    /// softmax of `query[m×k] · key[n×k]ᵀ` times `value[n×e]`.
    Attention {
        /// Queries, m×k: a tensor, or several side by side.
        query: TensorList,
        /// Keys, n×k: a tensor, or several side by side.
        key: TensorList,
        /// Values, n×e.
        value: TensorId,
        /// Contexts, m×e.
        out: TensorId,
        /// Queries.
        m: u32,
        /// Width of a query and a key.
        k: u32,
        /// Keys.
        n: u32,
        /// Width of a value.
        e: u32,
        /// Which keys a query does not see; a score mask.
        mask: CausalMask,
        /// Passes over the scores besides those of the softmax: a bound, or a bias.
        extra: u32,
    },
    /// Merges finished tensors into one.
    Concat {
        /// Parts.
        inputs: TensorList,
        /// (row, column) of each part's first element in the result.
        offsets: Box<[(u32, u32)]>,
        /// Result.
        out: TensorId,
    },
    /// Renames a tensor, possibly with repetition (one K head read by several query heads).
    View {
        /// Source.
        input: TensorId,
        /// Result.
        out: TensorId,
        /// How elements of the result map to the source.
        mapping: ViewMapping,
    },
    /// Names a window of a tensor and keeps the parent's bytes alive.
    Slice {
        /// Source.
        input: TensorId,
        /// Result.
        out: TensorId,
        /// First row and first column of the window; its size is the result's.
        origin: (u32, u32),
    },
    /// Writes the rows of a finished tensor into a tensor that grows, without a copy: they are made where they belong. Readers
    /// see the rows so far through slices; a row has bytes once it is written.
    Append {
        /// The rows: the result of a matmul or vector op, in `parts` parts of equal height.
        input: TensorId,
        /// The tensor that grows. Its rows are reserved for `parts` sequences, one after the other.
        out: TensorId,
        /// First row of the first part, and in each sequence as many rows as have been appended before.
        row: u32,
        /// Sequences, each of which takes one part.
        parts: u32,
    },
    /// Softmax, normalisation, activation function, rotary embedding, residual addition.
    Vector {
        /// Which.
        op: VectorKind,
        /// Operands read element by element.
        inputs: TensorList,
        /// Result; may be one of `inputs` (in place).
        out: TensorId,
        /// Elements of the result.
        elements: u64,
    },
}

/// Which part of a product a causal mask makes unnecessary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CausalMask {
    /// Nothing.
    #[default]
    None,
    /// Scores (m queries × n keys): output tiles wholly above the diagonal are skipped. Query row r sees keys 0 … r + (n − m).
    Score,
    /// Context (m queries × k keys): the reduction of a row tile ends at its last row's last key.
    Context,
    /// As `Score`, and tiles wholly before the window are skipped too: a query sees so many keys, its own included.
    WindowedScore(u32),
    /// As `Context`, and the reduction of a row tile starts with its first row's first key.
    WindowedContext(u32),
}

impl CausalMask {
    /// The mask of the contexts, for that of the scores.
    pub fn of_context(self) -> Self {
        match self {
            CausalMask::Score => CausalMask::Context,
            CausalMask::WindowedScore(window) => CausalMask::WindowedContext(window),
            other => other,
        }
    }

    /// Keys a query sees, its own included, where that is limited.
    pub fn window(self) -> Option<u32> {
        match self {
            CausalMask::WindowedScore(window) | CausalMask::WindowedContext(window) => Some(window),
            CausalMask::None | CausalMask::Score | CausalMask::Context => None,
        }
    }
}

/// How a view's elements map to its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ViewMapping {
    /// Same shape.
    Identity,
    /// Row and column taken modulo the source's.
    Modulo,
}

/// Operators of the vector unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VectorKind {
    /// Row-wise softmax.
    Softmax,
    /// Layer normalisation with mean and variance.
    LayerNorm,
    /// Root-mean-square normalisation.
    RmsNorm,
    /// GELU.
    Gelu,
    /// Rectifier.
    Relu,
    /// SiLU.
    Silu,
    /// Hyperbolic tangent.
    Tanh,
    /// SiLU of the first input times the second (the gate of SwiGLU).
    #[serde(rename = "swiglu")]
    SwiGlu,
    /// GELU of the first input times the second.
    #[serde(rename = "geglu")]
    GeGlu,
    /// Rectifier of the first input times the second.
    #[serde(rename = "reglu")]
    ReGlu,
    /// Rotary position embedding.
    Rotary,
    /// Element-wise addition.
    Add,
    /// Addition of a bias that depends on the positions of query and key.
    Bias,
    /// Hyperbolic tangent of scores or logits, scaled before and after.
    Softcap,
    /// The largest element of each row that is not marked yet is marked: one of the experts of each row.
    Maximum,
    /// The first input, each row times a weight that stands in that row of the second.
    Weighted,
    /// The first input plus the second, each row of it times a weight that stands in that row of the third.
    WeightedAdd,
}

/// Order and array of each op.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Schedule {
    /// Ops in the order in which they are handed out.
    pub order: Vec<OpId>,
    /// Array of each entry of `order`.
    pub array: Vec<u32>,
}

/// The bytes of a tensor inside its storage object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Tensor that stands for the storage object: the outermost concat result or slice parent.
    pub storage: TensorId,
    /// First byte in the storage object.
    pub offset: Bytes,
    /// Bytes from there on.
    pub bytes: Bytes,
}

impl Tensor {
    /// Size, rounded up to whole bytes.
    pub fn bytes(&self) -> Bytes {
        Bytes((u64::from(self.rows) * u64::from(self.cols) * u64::from(self.bits)).div_ceil(8))
    }
}

impl OpKind {
    /// Tensors it reads.
    pub fn inputs(&self) -> TensorList {
        match self {
            OpKind::Matmul { a, b, .. } => TensorList::from([*a, *b].as_slice()),
            OpKind::Attention { query, key, value, .. } => {
                query.iter().chain(key.iter()).chain([value]).copied().collect()
            }
            OpKind::Concat { inputs, .. } | OpKind::Vector { inputs, .. } => inputs.clone(),
            OpKind::View { input, .. } | OpKind::Slice { input, .. } | OpKind::Append { input, .. } => {
                TensorList::from([*input].as_slice())
            }
        }
    }

    /// Tensor it makes.
    pub fn out(&self) -> TensorId {
        match self {
            OpKind::Matmul { out, .. }
            | OpKind::Attention { out, .. }
            | OpKind::Concat { out, .. }
            | OpKind::View { out, .. }
            | OpKind::Slice { out, .. }
            | OpKind::Append { out, .. }
            | OpKind::Vector { out, .. } => *out,
        }
    }

    /// Multiplications and additions of a full product; zero for all but a matmul or an attention.
    pub fn macs(&self) -> u64 {
        match self {
            OpKind::Matmul { m, k, n, .. } => u64::from(*m) * u64::from(*k) * u64::from(*n),
            OpKind::Attention { m, k, n, e, .. } => u64::from(*m) * u64::from(*n) * (u64::from(*k) + u64::from(*e)),
            _ => 0,
        }
    }
}

impl Workload {
    /// The tensor.
    pub fn tensor(&self, id: TensorId) -> Tensor {
        self.tensors.at(id.index())
    }

    /// The operator.
    pub fn op(&self, id: OpId) -> Op {
        self.ops.at(id.index())
    }

    /// What the tensor's bytes are attributed to.
    pub fn class(&self, id: TensorId) -> Class {
        self.tensors.form(id.index()).class
    }

    /// Whether the tensor goes to DRAM when it is made.
    pub fn is_written_back(&self, id: TensorId) -> bool {
        self.tensors.form(id.index()).write_back
    }

    /// Whether the op only renames bytes, as [`OpKind::is_rename`].
    pub fn is_rename(&self, id: OpId) -> bool {
        self.ops.form(id.index()).kind.is_rename()
    }

    /// Whether an array runs the op: a product or an attention.
    pub fn is_on_array(&self, id: OpId) -> bool {
        matches!(self.ops.form(id.index()).kind, OpKind::Matmul { .. } | OpKind::Attention { .. })
    }

    /// What the vector unit does for the op, if that is what runs it.
    pub fn vector_kind(&self, id: OpId) -> Option<VectorKind> {
        match self.ops.form(id.index()).kind {
            OpKind::Vector { op, .. } => Some(op),
            _ => None,
        }
    }

    /// Index of the phase that the op belongs to, if phases are given and one has it.
    pub fn phase_of(&self, op: OpId) -> Option<usize> {
        let after = self.phases.partition_point(|phase| phase.ops.start <= op);
        after.checked_sub(1).filter(|&phase| op < self.phases[phase].ops.end)
    }
}
