//! Array cycles and accesses against SCALE-Sim.

use super::section::{Section, Summary, pair, table};
use crate::scalesim::{Row, rows};
use trapti::accelerator::Dataflow;
use trapti::units::grouped;

const DATAFLOWS: [(Dataflow, &str); 3] = [
    (Dataflow::OutputStationary, "output-stationary"),
    (Dataflow::WeightStationary, "weight-stationary"),
    (Dataflow::InputStationary, "input-stationary"),
];

fn cycles_equal(row: &Row) -> bool {
    row.cost(None).cycles == row.cycles + 1
}

fn reads_equal(row: &Row) -> bool {
    let cost = row.cost(None);
    (cost.reads_a, cost.reads_b) == row.reads
}

/// Whether a known defect of the reference is what separates its writes from ours.
fn writes_explained(row: &Row) -> bool {
    let without = row.cost(Some(0));
    match row.array.dataflow {
        Dataflow::OutputStationary => {
            let (r, c) = (u64::from(row.array.rows), u64::from(row.array.columns));
            let folds = row.product.m.div_ceil(r) * row.product.n.div_ceil(c);
            row.cost(None).writes + folds * (r + c) == row.writes
        }
        // Each partial sum once: ours are counted when they leave and when they come back.
        _ => without.writes + without.partial_sums / 2 == row.writes,
    }
}

fn shown(row: &Row) -> String {
    let (product, cost) = (row.product, row.cost(None));
    format!(
        "{}×{}×{} | {} | {} | {} | {} | {} | {}",
        product.m,
        product.k,
        product.n,
        row.array.name,
        pair(cost.cycles, row.cycles + 1),
        pair(cost.reads_a, row.reads.0),
        pair(cost.reads_b, row.reads.1),
        pair(cost.writes, row.writes),
        if writes_explained(row) { "explained" } else { "**not explained**" },
    )
}

fn summaries(rows: &[Row], dataflow: &str) -> [Summary; 2] {
    let summary = |check: &str, holds: fn(&Row) -> bool| Summary {
        check: format!("{check}, {dataflow}"),
        reference: "SCALE-Sim 3.0.0".into(),
        demand: "equal".into(),
        compared: rows.len() as u64,
        met: rows.iter().filter(|row| holds(row)).count() as u64,
    };
    [summary("array cycles", cycles_equal), summary("operand reads", reads_equal)]
}

fn all_rows(rows: &[Row], dataflow: &str) -> String {
    let explained = rows.iter().filter(|row| writes_explained(row)).count();
    let head = "M×K×N | array | cycles | reads of A, words | reads of B, words | writes, words | its writes";
    format!(
        "<details><summary>{dataflow}: all {} rows; the defect explains the writes of {}</summary>\n\n{}\n</details>\n\n",
        grouped(rows.len() as u64),
        grouped(explained as u64),
        table(head, rows.iter().map(shown)),
    )
}

pub fn section() -> Section {
    let all = DATAFLOWS.map(|(dataflow, name)| (rows(dataflow), name));
    let tables: String = all.iter().map(|(rows, name)| all_rows(rows, name)).collect();
    let summaries = all.iter().flat_map(|(rows, name)| summaries(rows, name)).collect();
    Section { title: "Systolic arrays", summaries, text: format!("{TEXT}\n\n{tables}") }
}

const TEXT: &str = "\
Single products M×K×N without stalls (`tests/data/scalesim`), as `trapti gemm` counts them. SCALE-Sim numbers the last cycle from zero:
one is added to its cycles. One number where both are equal, else ours / SCALE-Sim's. Writes are not demanded, because it has two known
defects: output-stationary it counts R + C words more for each fold than the M·N results that there are; weight- and
input-stationary it writes every partial sum and never reads one back. We keep partial sums in accumulators and write M·N; without
accumulators (`accumulator_rows = 0`) each partial sum is written and read.";
