//! The matrix products of lowered models are those of the published lists.

use super::facts::{facts_rows, folder_model, rows};
use super::rendered;
use std::collections::BTreeMap;
use trapti::workload::{LatentForm, Lowering, Model, OpKind, PhaseKind, Scenario, Workload, lower};

/// Multiplications by width of the result and length of the reduction.
type Products = BTreeMap<(u64, u64), u64>;

/// Latent keys and values are rebuilt, as the lists count them.
fn lowered(model: &Model, scenario: &Scenario) -> Workload {
    let lowering = Lowering { mla: LatentForm::Expanded, ..Lowering::for_scenario(scenario) };
    lower(model, scenario, &lowering).unwrap_or_else(|error| panic!("{}: {}", model.name, rendered(error)))
}

/// The products of the last phase of a workload.
fn products(workload: &Workload) -> Products {
    let mut products = Products::new();
    let ops = workload.phases.last().unwrap().ops.clone();
    for op in workload.ops.iter().take(ops.end.index()).skip(ops.start.index()) {
        if let OpKind::Matmul { k, n, .. } = op.kind {
            *products.entry((u64::from(n), u64::from(k))).or_default() += op.kind.macs();
        }
    }
    products
}

/// What the list says of a model and phase. Fused queries, keys and values are three products of a third of the width.
fn listed(model: &str, phase: &str) -> Products {
    let mut products = Products::new();
    let table = rows(include_str!("../../models/huggingface/ops.csv"));
    for row in table.iter().filter(|row| row["model"] == model && row["phase"] == phase) {
        let number = |column: &str| row[column].parse::<u64>().unwrap();
        let parts = if row["op"].starts_with("qkv_proj") { 3 } else { 1 };
        let (k, macs) = (number("K"), number("macs_total"));
        // Scores of latent attention are a product over what is not rotated and one over what is.
        let lengths = if row["op"] == "qk^T" && k == 192 { vec![128, 64] } else { vec![k] };
        for length in lengths {
            *products.entry((number("N") / parts, length)).or_default() += macs / k * length;
        }
        assert_eq!(number("M") * number("N") * number("K") * number("count_per_pass"), number("macs_total"));
    }
    products
}

/// Decoders whose products are listed.
fn decoders() -> Vec<String> {
    facts_rows().iter().filter(|row| row["kind"] == "decoder").map(|row| row["model"].clone()).collect()
}

#[test]
fn products_of_a_prompt_of_1024_tokens_are_those_of_the_list() {
    let names = decoders();
    assert_eq!(names.len(), 15);
    for name in names {
        let workload = lowered(&folder_model(&name), &Scenario::new(1024));
        assert_eq!(products(&workload), listed(&name, "prefill1024"), "{name}");
    }
}

#[test]
fn products_of_a_token_that_sees_1024_are_those_of_the_list() {
    for name in decoders().iter().filter(|name| !name.starts_with("deepseek-v2")) {
        let workload = lowered(&folder_model(name), &Scenario { decode: 1, ..Scenario::new(1023) });
        assert_eq!(workload.phases.last().unwrap().kind, PhaseKind::Decode);
        assert_eq!(products(&workload), listed(name, "decode_ctx1024"), "{name}");
    }
}
