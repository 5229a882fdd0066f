//! Adds tensors and ops to a workload in program order, naming them by layer.

use crate::ids::{LayerId, OpId, TensorId};
use crate::workload::{
    CausalMask, Class, Home, Name, Op, OpKind, Phase, PhaseKind, Tensor, VectorKind, ViewMapping, Workload,
};
use rustc_hash::FxHashMap;

/// Size, element and attribution of a tensor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub rows: u32,
    pub cols: u32,
    pub bits: u32,
    pub class: Class,
}

/// A workload being built. Names get the part's as a prefix; an op has the name of what it makes.
pub(super) struct Builder {
    /// What is complete: all phases but the last.
    workload: Workload,
    /// Tensors of the phase.
    tensors: Vec<Tensor>,
    /// Ops of the phase.
    ops: Vec<Op>,
    /// Start of every name of the phase.
    prefix: String,
    part: String,
    layer: Option<LayerId>,
    weights: FxHashMap<Name, TensorId>,
    slices: FxHashMap<Name, TensorId>,
}

impl Builder {
    /// An empty workload.
    pub fn new(name: String) -> Self {
        let workload = Workload { name, ..Workload::default() };
        let (prefix, part) = (String::new(), String::new());
        let (weights, slices) = (FxHashMap::default(), FxHashMap::default());
        Self { workload, tensors: Vec::new(), ops: Vec::new(), prefix, part, layer: None, weights, slices }
    }

    /// The workload.
    pub fn finish(mut self) -> Workload {
        self.end_phase();
        self.workload
    }

    /// What follows belongs to a new phase, whose names start with `prefix`.
    pub fn enter_phase(&mut self, kind: PhaseKind, name: &str, prefix: &str) {
        self.end_phase();
        self.prefix = prefix.into();
        let start = OpId::from(self.workload.ops.len());
        self.workload.phases.push(Phase { kind, name: name.into(), ops: start..start });
    }

    /// Nothing more belongs to the phase. Returns whether it is one more repetition of the one before.
    pub fn end_phase(&mut self) -> bool {
        let tensors = self.workload.tensors.push_block(std::mem::take(&mut self.tensors));
        let ops = self.workload.ops.push_block(std::mem::take(&mut self.ops));
        let end = OpId::from(self.workload.ops.len());
        if let Some(phase) = self.workload.phases.last_mut() {
            phase.ops.end = end;
        }
        tensors && ops
    }

    /// Adds further repetitions of the last phase, which has ended and is one, with those names.
    pub fn repeat_phase(&mut self, names: impl Iterator<Item = String>) {
        let Some(Phase { kind, ops, .. }) = self.workload.phases.last().cloned() else { return };
        let len = ops.end.0 - ops.start.0;
        for (times, name) in (1..).zip(names) {
            let ops = OpId(ops.start.0 + times * len)..OpId(ops.end.0 + times * len);
            self.workload.phases.push(Phase { kind, name: name.into(), ops });
            self.workload.tensors.repeat_block(1);
            self.workload.ops.repeat_block(1);
        }
    }

    /// What follows belongs to the layer of that name.
    pub fn enter_layer(&mut self, name: &str) {
        self.enter_part(name);
        let known = self.workload.layers.iter().position(|layer| layer == name);
        self.layer = Some(LayerId::from(known.unwrap_or(self.workload.layers.len())));
        if known.is_none() {
            self.workload.layers.push(name.into());
        }
    }

    /// The layer that what follows belongs to.
    pub fn layer(&self) -> Option<LayerId> {
        self.layer
    }

    /// What follows belongs to a part of the model that is no layer: the embedding, the head.
    pub fn enter_part(&mut self, name: &str) {
        self.part = name.into();
        self.layer = None;
    }

    /// Size of a tensor.
    pub fn shape(&self, id: TensorId) -> Shape {
        let before = self.workload.tensors.len();
        let tensor = match id.index().checked_sub(before) {
            Some(place) => self.tensors[place],
            None => self.workload.tensor(id),
        };
        Shape { rows: tensor.rows, cols: tensor.cols, bits: tensor.bits, class: tensor.class }
    }

    /// A tensor that an op will make, or that DRAM holds.
    pub fn tensor(&mut self, name: &str, shape: Shape, home: Home) -> TensorId {
        let Shape { rows, cols, bits, class } = shape;
        let (name, layer) = (self.qualified(name), self.layer);
        self.tensors.push(Tensor { name, rows, cols, bits, class, home, write_back: false, layer });
        TensorId::from(self.workload.tensors.len() + self.tensors.len() - 1)
    }

    /// A weight, or a tensor that grows: all phases share the one of that name.
    pub fn shared(&mut self, name: &str, shape: Shape, home: Home) -> TensorId {
        let prefix = std::mem::take(&mut self.prefix);
        let key = self.qualified(name);
        let known = self.weights.get(&key).copied();
        let id = known.unwrap_or_else(|| self.tensor(name, shape, home));
        self.weights.insert(key, id);
        self.prefix = prefix;
        id
    }

    /// Puts rows into a tensor that grows, one part for each sequence, after the `row` rows that are there.
    pub fn append(&mut self, name: &str, input: TensorId, out: TensorId, row: u32, parts: u32) {
        self.op(name, OpKind::Append { input, out, row, parts });
    }

    /// The result, which the phase has made, goes to DRAM.
    pub fn write_back(&mut self, id: TensorId) {
        self.tensors[id.index() - self.workload.tensors.len()].write_back = true;
    }

    /// A product without mask.
    pub fn matmul(&mut self, name: &str, a: TensorId, b: TensorId, b_transposed: bool, out: Shape) -> TensorId {
        self.masked_matmul(name, (a, b, b_transposed), out, CausalMask::None)
    }

    /// A product; `operands` are A, B and whether B is stored transposed. The result has the shape `out`.
    pub fn masked_matmul(
        &mut self,
        name: &str,
        operands: (TensorId, TensorId, bool),
        out: Shape,
        mask: CausalMask,
    ) -> TensorId {
        let (a, b, b_transposed) = operands;
        let (m, k, n) = (out.rows, self.shape(a).cols, out.cols);
        let out = self.tensor(name, out, Home::None);
        self.op(name, OpKind::Matmul { a, b, b_transposed, out, m, k, n, mask });
        out
    }

    /// A vector op with a result of its own, of the first operand's shape.
    pub fn vector(&mut self, name: &str, op: VectorKind, inputs: &[TensorId]) -> TensorId {
        let shape = self.shape(inputs[0]);
        let out = self.tensor(name, shape, Home::None);
        self.vector_into(name, op, inputs, out);
        out
    }

    /// A vector op whose result overwrites its first operand.
    pub fn vector_in_place(&mut self, name: &str, op: VectorKind, inputs: &[TensorId]) {
        self.vector_into(name, op, inputs, inputs[0]);
    }

    fn vector_into(&mut self, name: &str, op: VectorKind, inputs: &[TensorId], out: TensorId) {
        let shape = self.shape(out);
        let elements = u64::from(shape.rows) * u64::from(shape.cols);
        self.op(name, OpKind::Vector { op, inputs: inputs.into(), out, elements });
    }

    /// A vector op that overwrites `part` of every `of` elements of its operand, and moves only those.
    pub fn partly_in_place(&mut self, name: &str, op: VectorKind, tensor: TensorId, (part, of): (u32, u32)) {
        let shape = self.shape(tensor);
        let elements = u64::from(shape.rows) * u64::from(shape.cols) / u64::from(of) * u64::from(part);
        self.op(name, OpKind::Vector { op, inputs: [tensor].into(), out: tensor, elements });
    }

    /// Attention of one head, whose scores stay in the array; queries and keys may be several tensors side by side.
    pub fn attention(
        &mut self,
        name: &str,
        (query, key, value): (&[TensorId], &[TensorId], TensorId),
        out: Shape,
        (mask, extra): (CausalMask, u32),
    ) -> TensorId {
        let k = query.iter().map(|&part| self.shape(part).cols).sum();
        let (m, n, e) = (out.rows, self.shape(value).rows, out.cols);
        let out = self.tensor(name, out, Home::None);
        let (query, key) = (query.into(), key.into());
        self.op(name, OpKind::Attention { query, key, value, out, m, k, n, e, mask, extra });
        out
    }

    /// As [`Builder::slice`], or the slice of that name if there is one.
    pub fn slice_once(&mut self, name: &str, input: TensorId, origin: (u32, u32), size: (u32, u32)) -> TensorId {
        let key = self.qualified(name);
        let known = self.slices.get(&key).copied();
        known.unwrap_or_else(|| {
            let slice = self.slice(name, input, origin, size);
            self.slices.insert(key, slice);
            slice
        })
    }

    /// A window of a tensor, or the tensor itself if the window is all of it.
    pub fn slice(&mut self, name: &str, input: TensorId, origin: (u32, u32), size: (u32, u32)) -> TensorId {
        let shape = self.shape(input);
        if size == (shape.rows, shape.cols) {
            return input;
        }
        let out = self.tensor(name, Shape { rows: size.0, cols: size.1, ..shape }, Home::None);
        self.op(name, OpKind::Slice { input, out, origin });
        out
    }

    /// A tensor whose columns repeat until they are `cols` wide, or the tensor itself if it is so already.
    pub fn repeated(&mut self, name: &str, input: TensorId, cols: u32) -> TensorId {
        let shape = self.shape(input);
        if shape.cols == cols {
            return input;
        }
        let out = self.tensor(name, Shape { cols, ..shape }, Home::None);
        self.op(name, OpKind::View { input, out, mapping: ViewMapping::Modulo });
        out
    }

    /// A tensor whose rows repeat until there are `rows`, or the tensor itself if it has so many already.
    pub fn repeated_rows(&mut self, name: &str, input: TensorId, rows: u32) -> TensorId {
        let shape = self.shape(input);
        if shape.rows == rows {
            return input;
        }
        let out = self.tensor(name, Shape { rows, ..shape }, Home::None);
        self.op(name, OpKind::View { input, out, mapping: ViewMapping::Modulo });
        out
    }

    /// The parts, each at its (row, column), as one tensor; a single part of that size is that tensor.
    pub fn concat(&mut self, name: &str, parts: Vec<(TensorId, (u32, u32))>, rows: u32, cols: u32) -> TensorId {
        let shape = self.shape(parts[0].0);
        if (shape.rows, shape.cols) == (rows, cols) {
            return parts[0].0;
        }
        let out = self.tensor(name, Shape { rows, cols, ..shape }, Home::None);
        let (inputs, offsets): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        self.op(name, OpKind::Concat { inputs: inputs.into(), offsets: offsets.into(), out });
        out
    }

    fn op(&mut self, name: &str, kind: OpKind) {
        let (name, layer) = (self.qualified(name), self.layer);
        self.ops.push(Op { name, layer, kind });
    }

    fn qualified(&self, name: &str) -> Name {
        let parts = [self.prefix.as_str(), &self.part, name];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".").into()
    }
}
