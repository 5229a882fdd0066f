//! Parameters, cache sizes and multiplications of every model in `models/huggingface`.

use super::section::{Section, Summary, pair, table};
use crate::workload::facts::{Row, column, facts_rows, folder_model, number};
use std::collections::BTreeMap;

/// Ours and the published number of every column of a row that holds a number.
fn compared(row: &Row) -> BTreeMap<&str, (u64, u64)> {
    let model = folder_model(&row["model"]);
    let numbers = |name| number(row, name).and_then(|published| Some((column(&model, name, row)?, published)));
    row.keys().filter_map(|name| Some((name.as_str(), numbers(name)?))).collect()
}

const SHOWN: [(&str, &str); 4] = [
    ("published_params", "parameters"),
    ("kv_bytes_per_token_int8", "KV cache, B a token"),
    ("linear_macs_per_token", "linear layers, MACs a token"),
    ("prefill1024_attn_causal", "attention of 1,024 tokens, causal, MACs"),
];

fn line(model: &str, compared: &BTreeMap<&str, (u64, u64)>) -> String {
    let cell = |(column, _): &(&str, &str)| compared.get(column).map_or("–".into(), |&(a, b)| pair(a, b));
    let cells: Vec<String> = SHOWN.iter().map(cell).collect();
    let equal = compared.values().filter(|(a, b)| a == b).count();
    format!("{model} | {} | {equal} of {}", cells.join(" | "), compared.len())
}

pub fn section() -> Section {
    let rows = facts_rows();
    let all: Vec<_> = rows.iter().map(|row| (&row["model"], compared(row))).collect();
    let numbers = || all.iter().flat_map(|(_, compared)| compared.values());
    let head = format!("model | {} | columns equal", SHOWN.map(|(_, title)| title).join(" | "));
    let lines = all.iter().map(|(model, compared)| line(model, compared));
    let summary = Summary {
        check: "parameters, KV bytes a token, MACs".into(),
        reference: format!("{} published models", all.len()),
        demand: "equal".into(),
        compared: numbers().count() as u64,
        met: numbers().filter(|(a, b)| a == b).count() as u64,
    };
    Section { title: "Models", summaries: vec![summary], text: format!("{TEXT}\n\n{}", table(&head, lines)) }
}

const TEXT: &str = "\
`trapti import` against `models/huggingface/facts.csv`: the totals published with the checkpoints, and counts worked out operator by
operator from the published architectures. One number where both are equal, else ours / theirs; – where there is none. Some of the
columns are shown, all are compared.";
