//! Parameters, cache sizes and multiplications of every model in `models/huggingface`.

use super::section::{Section, Summary, pair, table};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use trapti::diagnostic::Source;
use trapti::workload::{Facts, Model, Scenario};

/// A row of `facts.csv` by column; empty cells are left out.
type Row = BTreeMap<String, String>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/huggingface")
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(folder().join("facts.csv")).unwrap();
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        let cells = columns.iter().zip(line.split(',')).filter(|(_, cell)| !cell.is_empty());
        cells.map(|(column, cell)| (column.to_string(), cell.to_string())).collect()
    };
    lines.map(row).collect()
}

fn facts(model: &str, prefill: u32, decode: u32) -> Facts {
    let path = folder().join(format!("{model}.json"));
    let model = Model::parse(&Source::new(&path, fs::read_to_string(&path).unwrap())).unwrap();
    model.facts(&Scenario { decode, ..Scenario::new(prefill) }).unwrap()
}

/// What this version computes for a column of `facts.csv`.
fn ours(model: &str, column: &str) -> u64 {
    if let Some(rest) = column.strip_prefix("prefill") {
        let (tokens, what) = rest.split_once('_').unwrap();
        let prefill = facts(model, tokens.parse().unwrap(), 0).macs.prefill;
        return match what {
            "linear_macs" => prefill.linear,
            "attention_full_macs" => prefill.attention_full,
            "attention_causal_macs" => prefill.attention_causal,
            _ => panic!("what is {column}?"),
        };
    }
    let facts = facts(model, 1023, 1);
    match column {
        "published_parameters" => facts.parameters,
        "kv_bytes_per_token_8bit" => facts.kv_bytes_per_token,
        "linear_macs_per_token" => facts.macs.linear_per_token,
        "lm_head_macs_per_token" => facts.macs.lm_head_per_token,
        "attention_macs_per_token_context1024" => facts.macs.decode.attention,
        _ => panic!("what is {column}?"),
    }
}

/// Ours and the published number of every column of a row.
fn compared(row: &Row) -> BTreeMap<&str, (u64, u64)> {
    let columns = row.iter().filter(|(column, _)| *column != "model");
    columns.map(|(column, cell)| (column.as_str(), (ours(&row["model"], column), cell.parse().unwrap()))).collect()
}

const SHOWN: [(&str, &str); 4] = [
    ("published_parameters", "parameters"),
    ("kv_bytes_per_token_8bit", "KV cache, B a token"),
    ("linear_macs_per_token", "linear layers, MACs a token"),
    ("prefill1024_attention_causal_macs", "attention of 1,024 tokens, causal, MACs"),
];

pub fn section() -> Section {
    let rows = rows();
    let all: Vec<_> = rows.iter().map(|row| (&row["model"], compared(row))).collect();
    let numbers = || all.iter().flat_map(|(_, c)| c.values());
    let line = |(model, compared): &(&String, BTreeMap<&str, (u64, u64)>)| {
        let cell = |(column, _): &(&str, &str)| compared.get(column).map_or("–".into(), |&(a, b)| pair(a, b));
        let equal = compared.values().filter(|(a, b)| a == b).count();
        let cells: Vec<String> = SHOWN.iter().map(cell).collect();
        format!("{model} | {} | {equal} of {}", cells.join(" | "), compared.len())
    };
    let head = format!("model | {} | equal", SHOWN.map(|(_, title)| title).join(" | "));
    let text = format!(
        "`trapti import` against `models/huggingface/facts.csv`: the totals published with the checkpoints, and counts worked out \
         operator by operator from the published architectures. One number where both are equal, else ours / theirs. The table \
         shows some of the columns; the last column of the table counts all.\n\n{}",
        table(&head, all.iter().map(line)),
    );
    let summary = Summary {
        check: "parameters, KV bytes a token, MACs".into(),
        reference: format!("{} published models", all.len()),
        demand: "equal".into(),
        compared: numbers().count() as u64,
        met: numbers().filter(|(a, b)| a == b).count() as u64,
    };
    Section { title: "Models", summaries: vec![summary], text }
}
