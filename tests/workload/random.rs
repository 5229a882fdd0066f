//! Properties of random op graphs and random models.

use super::graphs::assert_windows_are_sound;
use super::{SMALL_GPT2, SMALL_QWEN2, config, lowered};
use proptest::prelude::*;
use trapti::diagnostic::Source;
use trapti::ids::TensorId;
use trapti::workload::{
    AttentionOrder, CausalMask, Class, Home, Model, Op, OpKind, OpLists, Projections, Scenario, Scores, Tensor,
    VectorKind, ViewMapping, Workload,
};

/// Grows a valid workload, one op a step, from random numbers.
struct Grower {
    workload: Workload,
    /// Tensors that lie in no other tensor yet and that nobody renamed.
    whole: Vec<TensorId>,
}

impl Grower {
    fn new() -> Self {
        Self { workload: Workload { name: "random".into(), ..Workload::default() }, whole: Vec::new() }
    }

    fn tensor(&mut self, rows: u32, cols: u32, home: Home) -> TensorId {
        let name = format!("t{}", self.workload.tensors.len());
        let class = Class::ALL[self.workload.tensors.len() % 4];
        let tensor = Tensor { name: name.into(), rows, cols, bits: 8, class, home, write_back: rows == 3, layer: None };
        self.workload.tensors.push(tensor);
        TensorId::from(self.workload.tensors.len() - 1)
    }

    fn op(&mut self, kind: OpKind) {
        let name = format!("op{}", self.workload.ops.len());
        self.workload.ops.push(Op { name: name.into(), layer: None, kind });
    }

    fn size(&self, id: TensorId) -> (u32, u32) {
        (self.workload.tensor(id).rows, self.workload.tensor(id).cols)
    }

    /// A product of a new input with `b`, or of new inputs if there is no tensor yet.
    fn matmul(&mut self, m: u32, b: Option<TensorId>) -> TensorId {
        let b = b.unwrap_or_else(|| self.tensor(3, m + 2, Home::Dram));
        let (k, n) = self.size(b);
        let a = self.tensor(m, k, Home::Dram);
        let out = self.tensor(m, n, Home::None);
        self.op(OpKind::Matmul { a, b, b_transposed: false, out, m, k, n, mask: CausalMask::None });
        out
    }

    /// `count` bands of rows or columns made by products, merged.
    fn concat(&mut self, count: u32, width: u32, by_rows: bool) -> TensorId {
        let parts: Vec<_> = (0..count).map(|_| self.matmul(width, None)).collect();
        let (rows, cols) = self.size(parts[0]);
        let step = |i: u32| if by_rows { (i * rows, 0) } else { (0, i * cols) };
        let out = if by_rows {
            self.tensor(count * rows, cols, Home::None)
        } else {
            self.tensor(rows, count * cols, Home::None)
        };
        self.op(OpKind::Concat { inputs: parts.into(), offsets: (0..count).map(step).collect(), out });
        out
    }

    fn slice(&mut self, input: TensorId, pick: u32) -> TensorId {
        let (rows, cols) = self.size(input);
        let size = (1 + pick % rows, 1 + (pick / 7) % cols);
        let origin = ((pick / 3) % (rows - size.0 + 1), (pick / 11) % (cols - size.1 + 1));
        let out = self.tensor(size.0, size.1, Home::None);
        self.op(OpKind::Slice { input, out, origin });
        out
    }

    fn step(&mut self, choice: u32, pick: u32) {
        let last = self.whole.last().copied();
        let made = match (choice % 5, last) {
            (0, Some(input)) => self.slice(input, pick),
            (1, Some(input)) => {
                let (rows, cols) = self.size(input);
                let out = self.tensor(rows, cols * (1 + pick % 3), Home::None);
                self.op(OpKind::View { input, out, mapping: ViewMapping::Modulo });
                out
            }
            (2, Some(input)) if self.workload.tensor(input).home == Home::None => {
                let (rows, cols) = self.size(input);
                let out = self.tensor(rows, cols, Home::None);
                let elements = u64::from(rows) * u64::from(cols);
                self.op(OpKind::Vector { op: VectorKind::Add, inputs: [input, input].into(), out, elements });
                self.op(OpKind::Vector { op: VectorKind::Gelu, inputs: [out].into(), out, elements });
                out
            }
            (3, _) => self.concat(2 + pick % 3, 1 + pick % 4, pick.is_multiple_of(2)),
            _ => self.matmul(1 + pick % 5, last),
        };
        self.whole.push(made);
    }
}

fn workload() -> impl Strategy<Value = Workload> {
    prop::collection::vec((any::<u32>(), 0..10_000u32), 1..30).prop_map(|steps| {
        let mut grower = Grower::new();
        steps.into_iter().for_each(|(choice, pick)| grower.step(choice, pick));
        grower.workload
    })
}

proptest! {
    #[test]
    fn grown_workloads_pass_the_check_and_survive_the_file(workload in workload()) {
        prop_assert!(workload.check().is_ok(), "{:?}", workload.check());
        let again = Workload::from_json(&Source::new("w.json", workload.to_json())).unwrap();
        prop_assert_eq!(again, workload);
    }

    #[test]
    fn windows_stay_inside_and_concats_are_tiled(workload in workload()) {
        assert_windows_are_sound(&workload);
    }

    #[test]
    fn dependencies_point_back_and_every_operand_is_waited_for(workload in workload()) {
        let producers = workload.producers();
        for ((id, op), waits) in workload.op_ids().zip(&workload.ops).zip(workload.dependencies().iter()) {
            prop_assert!(waits.iter().all(|&w| w < id));
            prop_assert!(waits.windows(2).all(|pair| pair[0] < pair[1]));
            let made: Vec<_> = op.kind.inputs().iter().filter_map(|t| producers[t.index()]).collect();
            prop_assert!(made.iter().all(|&p| p == id || reaches(&workload.dependencies(), id.index(), p.index())));
        }
    }

    #[test]
    fn dropping_any_op_whose_result_is_read_is_noticed(workload in workload(), pick: prop::sample::Index) {
        let index = pick.index(workload.ops.len());
        let out = workload.ops.at(index).kind.out();
        let in_place = workload.ops.at(index).kind.is_in_place();
        let read = workload.consumers()[out.index()].iter().any(|reader| reader.index() > index);
        let mut damaged = workload;
        damaged.ops.change(|ops| drop(ops.remove(index)));
        prop_assert_eq!(damaged.check().is_err(), !in_place && (read || !named(&damaged, out)) || orphaned(&damaged));
    }

    #[test]
    fn any_model_and_any_choice_lowers_to_a_sound_graph(
        gpt2: bool, batch in 1..4u32, prefill in 1..9u32, breadth: bool, per_head: bool, aggregated: bool, lm_head: bool,
    ) {
        let text = if gpt2 { SMALL_GPT2 } else { SMALL_QWEN2 };
        let scenario = Scenario { batch, lm_head, ..Scenario::new(prefill) };
        let workload = lowered(text, &scenario, |l| {
            l.attention = if breadth { AttentionOrder::BreadthFirst } else { AttentionOrder::DepthFirst };
            l.projections = if per_head && !aggregated { Projections::PerHead } else { Projections::Fused };
            l.scores = if aggregated { Scores::Aggregated } else { Scores::PerHead };
        });
        prop_assert!(workload.check().is_ok());
        assert_windows_are_sound(&workload);
    }

    #[test]
    fn no_damage_to_a_config_panics(at in 0..SMALL_QWEN2.len(), len in 0..9usize, with in "[-0-9a-z\\[\\]{}\",: é]{0,4}") {
        let end = (at + len).min(SMALL_QWEN2.len());
        let _ = Model::parse(&config(format!("{}{with}{}", &SMALL_QWEN2[..at], &SMALL_QWEN2[end..])));
    }
}

/// Whether `from` waits for `to`, directly or through other ops.
fn reaches(dependencies: &OpLists, from: usize, to: usize) -> bool {
    dependencies[from].iter().any(|d| d.index() == to || reaches(dependencies, d.index(), to))
}

fn named(workload: &Workload, tensor: TensorId) -> bool {
    workload.ops.iter().any(|op| op.kind.out() == tensor || op.kind.inputs().contains(&tensor))
}

/// Whether some tensor is named by no op.
fn orphaned(workload: &Workload) -> bool {
    workload.tensor_ids().any(|t| !named(workload, t))
}
