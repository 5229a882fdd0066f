//! Small workloads and accelerators.

use proptest::prelude::*;
use trapti::accelerator::{
    Accelerator, Array, Dataflow, Dispatch, Dram, Fill, Memory, Overlap, Reclaim, Replacement, Serves, VectorUnit,
    Victims,
};
use trapti::ids::TensorId;
use trapti::trace::Occupancy;
use trapti::units::{Bytes, Cycles, Hertz};
use trapti::workload::{CausalMask, Class, Home, Op, OpKind, Tensor, VectorKind, ViewMapping, Workload};

/// Cases a property is tried with; `PROPTEST_CASES` asks for more.
pub fn cases(default: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(default), failure_persistence: None, ..ProptestConfig::default() }
}

/// Appends tensors and ops of 8-bit elements.
#[derive(Default)]
pub struct Builder {
    pub workload: Workload,
}

impl Builder {
    pub fn tensor(&mut self, rows: u32, cols: u32, class: Class, home: Home) -> TensorId {
        let id = TensorId::from(self.workload.tensors.len());
        let name = format!("tensor-{}", id.0);
        let tensor = Tensor { name: name.into(), rows, cols, bits: 8, class, home, write_back: false, layer: None };
        self.workload.tensors.push(tensor);
        id
    }

    pub fn op(&mut self, kind: OpKind) {
        let name = format!("op-{}", self.workload.ops.len());
        self.workload.ops.push(Op { name: name.into(), layer: None, kind });
    }

    pub fn matmul(&mut self, a: TensorId, b: TensorId, b_transposed: bool, class: Class, mask: CausalMask) -> TensorId {
        let (m, k) = (self.workload.tensor(a).rows, self.workload.tensor(a).cols);
        let b_shape = (self.workload.tensor(b).rows, self.workload.tensor(b).cols);
        let n = if b_transposed { b_shape.0 } else { b_shape.1 };
        let out = self.tensor(m, n, class, Home::None);
        self.op(OpKind::Matmul { a, b, b_transposed, out, m, k, n, mask });
        out
    }

    /// Product with a fresh weight.
    pub fn project(&mut self, a: TensorId, n: u32, transposed: bool, class: Class) -> TensorId {
        let k = self.workload.tensor(a).cols;
        let (rows, cols) = if transposed { (n, k) } else { (k, n) };
        let weight = self.tensor(rows, cols, Class::Weight, Home::Dram);
        self.matmul(a, weight, transposed, class, CausalMask::None)
    }

    pub fn concat(&mut self, inputs: Vec<TensorId>) -> TensorId {
        let rows = self.workload.tensor(inputs[0]).rows;
        let mut offsets = Vec::new();
        let mut cols = 0;
        for &input in &inputs {
            offsets.push((0, cols));
            cols += self.workload.tensor(input).cols;
        }
        let out = self.tensor(rows, cols, Class::Activation, Home::None);
        self.op(OpKind::Concat { inputs: inputs.into(), offsets: offsets.into(), out });
        out
    }

    pub fn slice(&mut self, input: TensorId, col: u32, cols: u32) -> TensorId {
        let parent = self.workload.tensor(input);
        let out = self.tensor(parent.rows, cols, parent.class, Home::None);
        self.op(OpKind::Slice { input, out, origin: (0, col) });
        out
    }

    pub fn repeat(&mut self, input: TensorId, times: u32) -> TensorId {
        let source = self.workload.tensor(input);
        let out = self.tensor(source.rows, source.cols * times, source.class, Home::None);
        self.op(OpKind::View { input, out, mapping: ViewMapping::Modulo });
        out
    }

    pub fn vector(&mut self, op: VectorKind, inputs: Vec<TensorId>, in_place: bool) -> TensorId {
        let first = self.workload.tensor(inputs[0]);
        let out = if in_place { inputs[0] } else { self.tensor(first.rows, first.cols, first.class, Home::None) };
        let elements = u64::from(first.rows) * u64::from(first.cols);
        self.op(OpKind::Vector { op, inputs: inputs.into(), out, elements });
        out
    }
}

/// Sizes and lowering of a little attention block.
#[derive(Debug, Clone)]
pub struct Block {
    pub tokens: u32,
    pub width: u32,
    pub head: u32,
    pub heads: u32,
    pub causal: bool,
    /// How many keys a row sees at most.
    pub window: Option<u32>,
    pub fused: bool,
    pub grouped: bool,
    pub vectors: bool,
    pub write_back: bool,
}

impl Block {
    /// Projections, scores and contexts of each head, output projection, residual, normalisation.
    pub fn workload(&self) -> Workload {
        let mut b = Builder::default();
        b.workload.name = "block".into();
        let input = b.tensor(self.tokens, self.width, Class::Activation, Home::Dram);
        let fused = b.project(input, self.heads * self.head, true, Class::Activation);
        let mask = match (self.causal, self.window) {
            (false, _) => CausalMask::None,
            (true, None) => CausalMask::Score,
            (true, Some(window)) => CausalMask::WindowedScore(window),
        };
        let shared = self
            .grouped
            .then(|| (b.project(input, self.head, false, Class::Kv), b.project(input, self.head, true, Class::Kv)));
        let mut contexts = Vec::new();
        for h in 0..self.heads {
            let query = match self.fused {
                true => b.slice(fused, h * self.head, self.head),
                false => b.project(input, self.head, false, Class::Activation),
            };
            let (key, value) = match shared {
                Some(pair) => pair,
                None => (b.project(input, self.head, true, Class::Kv), b.project(input, self.head, false, Class::Kv)),
            };
            let score = b.matmul(query, key, true, Class::Score, mask);
            if self.vectors {
                b.vector(VectorKind::Softmax, vec![score], true);
            }
            contexts.push(b.matmul(score, value, false, Class::Activation, mask.of_context()));
        }
        let context = b.concat(contexts);
        let wide = if self.grouped { b.repeat(context, 2) } else { context };
        let mut out = b.project(wide, self.width, true, Class::Activation);
        if self.vectors {
            out = b.vector(VectorKind::Add, vec![out, input], true);
            out = b.vector(VectorKind::RmsNorm, vec![out], false);
            out = b.project(out, self.width, false, Class::Activation);
        }
        b.workload.tensors.change(|tensors| tensors[out.index()].write_back = self.write_back);
        b.workload
    }
}

pub fn block() -> impl Strategy<Value = Block> {
    let sizes = (1u32..14, 1u32..14, 1u32..7, 1u32..4, prop::option::of(1u32..10));
    (sizes, any::<[bool; 5]>()).prop_map(|((tokens, width, head, heads, window), flags)| Block {
        tokens,
        width,
        head,
        heads,
        causal: flags[0],
        window,
        fused: flags[1],
        grouped: flags[2],
        vectors: flags[3],
        write_back: flags[4],
    })
}

pub fn accelerator(arrays: usize, overlap: Overlap) -> Accelerator {
    let array = |i: usize| Array {
        name: format!("sa{i}"),
        rows: 4,
        columns: 4,
        dataflow: Dataflow::OutputStationary,
        buffer_length: 4,
        accumulator_rows: None,
        overlap,
        fill: Fill::Edge,
    };
    Accelerator {
        name: "small".into(),
        clock: Hertz(1_000_000_000),
        arrays: (0..arrays).map(array).collect(),
        vector: VectorUnit { lanes: 4, buffer: Bytes(16) },
        memories: vec![Memory {
            name: "sram".into(),
            capacity: None,
            ports: 2,
            port_bits: 32,
            latency: Cycles(3),
            replacement: Replacement::Lru,
            victims: Victims::ObsoleteFirst,
            reclaim: Reclaim::Lazy,
            above: None,
            serves: Serves::default(),
        }],
        dram: Dram {
            latency: Cycles(20),
            channel_bits: 8,
            transfers_per_second: 3_000_000_000,
            burst: 4,
            ports: 1,
            energy_per_bit: None,
        },
        dispatch: Dispatch::RoundRobin,
    }
}

const DATAFLOWS: [Dataflow; 3] = [Dataflow::OutputStationary, Dataflow::WeightStationary, Dataflow::InputStationary];

/// One or two arrays, of any dataflows; the second has the rows and columns of the first exchanged.
pub fn small_accelerator() -> impl Strategy<Value = Accelerator> {
    let array = (1u32..6, 1u32..6, 1u32..6, any::<bool>(), any::<bool>(), 1usize..3);
    let memory = (1u32..5, prop::sample::select(vec![8u32, 16, 32, 128]), 1u64..9);
    let rest = (0u64..30, 1u32..3, 1u32..9, 1u64..40, any::<bool>());
    let held =
        (prop::sample::select(DATAFLOWS.to_vec()), prop::sample::select(DATAFLOWS.to_vec()), prop::option::of(0u32..9));
    (array, memory, rest, held).prop_map(
        |((rows, columns, depth, double, full, arrays), (ports, bits, latency), rest, held)| {
            let overlap = if double { Overlap::DoubleBuffered } else { Overlap::Serial };
            let mut a = accelerator(arrays, overlap);
            for array in &mut a.arrays {
                (array.rows, array.columns, array.buffer_length) = (rows, columns, depth);
                array.fill = if full { Fill::Full } else { Fill::Edge };
                (array.dataflow, array.accumulator_rows) = (held.0, held.2);
            }
            if let Some(second) = a.arrays.get_mut(1) {
                (second.rows, second.columns, second.dataflow) = (columns, rows, held.1);
            }
            let memory = &mut a.memories[0];
            (memory.ports, memory.port_bits, memory.latency) = (ports, bits, Cycles(latency));
            (a.dram.latency, a.dram.ports, a.vector.lanes, a.vector.buffer) =
                (Cycles(rest.0), rest.1, rest.2, Bytes(rest.3));
            a.dispatch = if rest.4 { Dispatch::Greedy } else { Dispatch::RoundRobin };
            a
        },
    )
}

/// The recorded changes, cycle by cycle.
pub fn expand(occupancy: &Occupancy) -> Vec<([u64; 4], u64)> {
    let mut curve = Vec::new();
    let ends = occupancy.changes.iter().skip(1).map(|next| next.cycle).chain([occupancy.end]);
    for (change, end) in occupancy.changes.iter().zip(ends) {
        let state = (change.needed.map(|b| b.0), change.obsolete.0);
        curve.resize(end.0 as usize, state);
    }
    curve
}
