//! The op graph of a model: multiplications, order, sharing, options.

use super::{DEEPSEEK, GPT2_XL, QWEN, SMALL_GPT2, SMALL_QWEN2, lowered, model, rendered};
use std::collections::BTreeSet;
use trapti::config::Document;
use trapti::diagnostic::Source;
use trapti::ids::TensorId;
use trapti::workload::{
    AttentionOrder, CausalMask, Class, FfnShape, Home, KvRelease, LatentForm, Lowering, OpKind, Projections, Scenario,
    Scores, VectorKind, WeightRelease, Workload,
};

fn macs(workload: &Workload) -> u64 {
    workload.ops.iter().map(|op| op.kind.macs()).sum()
}

#[test]
fn multiplications_add_up_to_the_facts() {
    for text in [GPT2_XL, DEEPSEEK, QWEN] {
        let scenario = Scenario::new(1024);
        let facts = model(text).facts(&scenario).unwrap().macs;
        let expected = facts.prefill.linear + facts.prefill.attention_full + facts.lm_head_per_token;
        assert_eq!(macs(&lowered(text, &scenario, |_| ())), expected);
    }
}

#[test]
fn no_choice_of_order_or_granularity_changes_the_multiplications() {
    for (text, batch, prefill) in [(SMALL_GPT2, 1, 9), (SMALL_GPT2, 3, 1), (SMALL_QWEN2, 2, 5)] {
        let scenario = Scenario { batch, ..Scenario::new(prefill) };
        let facts = model(text).facts(&scenario).unwrap().macs;
        let head = u64::from(batch) * facts.lm_head_per_token;
        let expected = facts.prefill.linear + facts.prefill.attention_full + head;
        for attention in [AttentionOrder::DepthFirst, AttentionOrder::BreadthFirst] {
            for projections in [Projections::Fused, Projections::PerHead] {
                let choose = |l: &mut Lowering| (l.attention, l.projections) = (attention, projections);
                assert_eq!(macs(&lowered(text, &scenario, choose)), expected, "{attention:?} {projections:?}");
            }
        }
        assert_eq!(macs(&lowered(text, &scenario, |l| l.scores = Scores::Aggregated)), expected);
    }
}

/// Names of the ops of a layer with what they do, as a reader would check them.
fn listing(workload: &Workload, layer: &str) -> String {
    let ops = workload.ops.iter().filter(|op| op.name.starts_with(layer));
    let name = |id: TensorId| workload.tensor(id).name.to_string().trim_start_matches(layer).to_string();
    let line = |op: trapti::workload::Op| {
        let inputs = op.kind.inputs().into_iter().map(name).collect::<Vec<_>>().join(", ");
        let mask = match op.kind {
            OpKind::Matmul { mask: CausalMask::WindowedScore(_) | CausalMask::WindowedContext(_), .. } => {
                "matmul (window)"
            }
            OpKind::Matmul { mask: CausalMask::None, .. } => "matmul",
            OpKind::Matmul { mask: CausalMask::Score, .. } => "matmul (score mask)",
            OpKind::Matmul { mask: CausalMask::Context, .. } => "matmul (context mask)",
            OpKind::Concat { .. } => "concat",
            OpKind::View { .. } => "view",
            OpKind::Slice { .. } => "slice",
            OpKind::Append { .. } => "append",
            OpKind::Attention { .. } => "attention",
            OpKind::Vector { op, .. } => op.name(),
        };
        let out = workload.tensor(op.kind.out());
        format!("{} = {mask}({inputs})  {}x{} {}", name(op.kind.out()), out.rows, out.cols, out.class.name())
    };
    ops.map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_depth_first_layer_of_grouped_queries() {
    let workload = lowered(SMALL_QWEN2, &Scenario::new(8), |_| ());
    assert_eq!(workload.layers, ["layer0", "layer1"]);
    insta::assert_snapshot!(listing(&workload, "layer1."));
}

#[test]
fn a_breadth_first_layer_projected_head_by_head() {
    let choose = |l: &mut Lowering| (l.attention, l.projections) = (AttentionOrder::BreadthFirst, Projections::PerHead);
    insta::assert_snapshot!(listing(&lowered(SMALL_GPT2, &Scenario::new(8), choose), "layer0."));
}

#[test]
fn an_aggregated_layer_of_a_batch() {
    let scenario = Scenario { batch: 2, ..Scenario::new(8) };
    let choose = |l: &mut Lowering| {
        (l.scores, l.causal, l.ffn) = (Scores::Aggregated, false, FfnShape::Mlp2);
    };
    let workload = lowered(SMALL_QWEN2, &scenario, choose);
    insta::assert_snapshot!(listing(&workload, "layer0."));
    assert_eq!(
        workload.name,
        "small, prefill 8 × 2: depth-first, fused projections, full square, aggregated scores, two-matrix FFN"
    );
}

#[test]
fn the_head_runs_on_the_last_position_of_each_sequence() {
    let scenario = Scenario { batch: 2, ..Scenario::new(8) };
    insta::assert_snapshot!(listing(&lowered(SMALL_GPT2, &scenario, |_| ()), "head."), @r"
layer1.ffn.down = layer-norm(layer1.ffn.down)  16x24 activation
seq0.last = slice(layer1.ffn.down)  1x24 activation
seq0.logits = matmul(seq0.last, lm_head.weight)  1x50 activation
seq1.last = slice(layer1.ffn.down)  1x24 activation
seq1.logits = matmul(seq1.last, lm_head.weight)  1x50 activation
");
    let slices = |w: &Workload| {
        let origin = |op: trapti::workload::Op| match op.kind {
            OpKind::Slice { origin, .. } if op.name.ends_with("last") => Some(origin),
            _ => None,
        };
        w.ops.iter().filter_map(origin).collect::<Vec<_>>()
    };
    assert_eq!(slices(&lowered(SMALL_GPT2, &scenario, |_| ())), [(7, 0), (15, 0)]);
    let headless = Scenario { lm_head: false, ..scenario };
    let workload = lowered(SMALL_GPT2, &headless, |_| ());
    assert!(workload.tensor(workload.ops.last().unwrap().kind.out()).write_back);
}

#[test]
fn only_results_leave_the_chip_and_only_weights_and_the_input_come_from_it() {
    let workload = lowered(SMALL_QWEN2, &Scenario::new(8), |_| ());
    let named = |keep: &dyn Fn(&trapti::workload::Tensor) -> bool| {
        workload.tensors.iter().filter(|t| keep(t)).map(|t| t.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(named(&|t| t.write_back), ["head.logits"]);
    assert_eq!(named(&|t| t.home == Home::Dram && t.class != Class::Weight), ["embedding.input"]);
    assert!(workload.tensors.iter().filter(|t| t.class == Class::Weight).all(|t| t.home == Home::Dram));
}

#[test]
fn work_is_in_place_exactly_where_the_operand_has_no_later_consumer() {
    for text in [SMALL_GPT2, SMALL_QWEN2] {
        let workload = lowered(text, &Scenario::new(8), |_| ());
        let consumers = workload.consumers();
        for (id, op) in workload.op_ids().zip(&workload.ops) {
            let OpKind::Vector { inputs, out, .. } = &op.kind else { continue };
            let free = |t: &TensorId| {
                workload.tensor(*t).home == Home::None && consumers[t.index()].iter().all(|&reader| reader <= id)
            };
            let in_place = inputs.contains(out);
            assert_eq!(in_place, inputs.iter().any(free) || in_place && !free(out), "{}", op.name);
        }
    }
}

#[test]
fn bits_follow_the_class() {
    let mut scenario = Scenario::new(8);
    (scenario.bits.weights, scenario.bits.activations, scenario.bits.kv) = (4, 16, 2);
    let workload = lowered(SMALL_QWEN2, &scenario, |_| ());
    let of = |class: Class| -> BTreeSet<u32> {
        workload.tensors.iter().filter(|t| t.class == class).map(|t| t.bits).collect()
    };
    assert_eq!(
        [Class::Weight, Class::Activation, Class::Kv, Class::Score].map(|c| of(c).pop_last().unwrap()),
        [4, 16, 2, 16]
    );
    assert!(Class::ALL.iter().all(|&class| of(class).len() == 1));
}

#[test]
fn weights_add_up_to_the_parameters_that_are_matrices() {
    let model = model(DEEPSEEK);
    let workload = lowered(DEEPSEEK, &Scenario::new(4), |_| ());
    let weights: u64 = workload.tensors.iter().filter(|t| t.class == Class::Weight).map(|t| t.bytes().0).sum();
    let vectors = 28 * (1536 + 2 * 256 + 2 * 1536) + 1536;
    let embedding = model.facts(&Scenario::new(1)).unwrap().macs.lm_head_per_token;
    assert_eq!(weights, model.facts(&Scenario::new(4)).unwrap().parameters - vectors - embedding);
}

#[test]
fn what_cannot_be_lowered_is_refused() {
    let decode = Scenario { decode: 3, ..Scenario::new(63) };
    let mut lowering = Lowering::for_scenario(&decode);
    (lowering.scores, lowering.projections) = (Scores::Aggregated, Projections::PerHead);
    let error = trapti::workload::lower(&model(SMALL_GPT2), &decode, &lowering).unwrap_err();
    insta::assert_snapshot!(rendered(error));
}

#[test]
fn a_scenario_of_nothing_or_of_far_too_much_is_refused() {
    let refusal = |scenario: Scenario| {
        let lowering = Lowering::for_scenario(&scenario);
        rendered(trapti::workload::lower(&model(SMALL_QWEN2), &scenario, &lowering).unwrap_err())
    };
    let new = Scenario::new;
    let scenarios = [new(0), Scenario { batch: 0, ..new(1) }, Scenario { batch: 1 << 31, ..new(2) }, new(1 << 30)];
    insta::assert_snapshot!(scenarios.map(refusal).join("\n\n"));
}

fn read(text: &str) -> Result<(Scenario, Lowering), String> {
    let source = Source::new("project.toml", text);
    let document = Document::parse(&source).map_err(rendered)?;
    let mut root = document.root();
    let scenario = root.required("scenario").table().and_then(Scenario::read);
    let table = root.optional("lowering").table();
    let lowering = scenario.as_ref().map(|s| table.map_or_else(|| Lowering::for_scenario(s), |t| Lowering::read(t, s)));
    root.finish();
    document.result(scenario.zip(lowering)).map_err(rendered)
}

#[test]
fn tables_give_the_documented_defaults() {
    let (scenario, lowering) = read("[scenario]\nprefill = 16\n").unwrap();
    assert_eq!(scenario, Scenario::new(16));
    assert_eq!(lowering, Lowering::for_scenario(&scenario));
    assert_eq!((lowering.kv, lowering.weights), (KvRelease::Released, WeightRelease::Streamed));
    let (scenario, lowering) = read("scenario = { prefill = 16, decode = 2, bits.kv = 4, lm_head = false }").unwrap();
    assert_eq!((scenario.decode, scenario.bits.kv, scenario.lm_head), (2, 4, false));
    assert_eq!(lowering.kv, KvRelease::Kept);
}

#[test]
fn tables_take_every_documented_value() {
    let text = "[scenario]\nprefill = 16\nbatch = 2\n[lowering]\nattention = 'breadth-first'\nprojections = 'fused'\n\
                causal = false\nffn = 'mlp2'\nscores = 'aggregated'\nkv = 'kept'\nweights = 'whole'\nmla = 'expanded'\n";
    let (_, lowering) = read(text).unwrap();
    let expected = Lowering {
        attention: AttentionOrder::BreadthFirst,
        projections: Projections::Fused,
        causal: false,
        ffn: FfnShape::Mlp2,
        scores: Scores::Aggregated,
        kv: KvRelease::Kept,
        weights: WeightRelease::Whole,
        mla: LatentForm::Expanded,
    };
    assert_eq!(lowering, expected);
}

#[test]
fn wrong_tables_are_refused_at_their_places() {
    let text = "[scenario]\nprefill = 0\nbatch = 5000\nbits.kv = 65\nsource = 1500\ndecod = 1\n";
    let absurd = "[scenario]\nprefill = 16777216\nbatch = 2\n";
    let lowering = "[scenario]\nprefill = 16\n[lowering]\nattention = 'tile'\nscores = 'aggregated'\nprojections = 'per-head'\nkv = 3\n";
    insta::assert_snapshot!([text, absurd, lowering].map(|t| read(t).unwrap_err()).join("\n\n"));
}

#[test]
fn passes_are_at_least_one_and_softmax_has_the_three_of_its_source() {
    assert!(VectorKind::ALL.iter().all(|kind| kind.passes() >= 1 && kind.operands() >= 1));
    assert_eq!(VectorKind::Softmax.passes(), 3);
}
