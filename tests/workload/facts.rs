//! Facts of every model whose facts are known.

use super::{config, rendered};
use std::collections::BTreeMap;
use trapti::workload::{Facts, Head, Model, Scenario};

/// A row of a table by column name; cells with commas are in quotes.
pub type Row = BTreeMap<String, String>;

/// The rows of a table of the folder of models.
pub fn rows(table: &str) -> Vec<Row> {
    let mut lines = table.lines().map(cells);
    let names = lines.next().unwrap();
    lines.map(|cells| names.iter().cloned().zip(cells).collect()).collect()
}

fn cells(line: &str) -> Vec<String> {
    let outside = |(i, part): (usize, &str)| if i % 2 == 0 { part.replace(',', "\n") } else { part.to_string() };
    line.split('"').enumerate().map(outside).collect::<String>().split('\n').map(str::to_string).collect()
}

/// The config of a model of the folder.
pub fn folder_model(name: &str) -> Model {
    let path = format!("{}/models/huggingface/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    Model::parse(&config(text)).unwrap_or_else(|error| panic!("{name}: {}", rendered(error)))
}

pub fn facts_rows() -> Vec<Row> {
    rows(include_str!("../../models/huggingface/facts.csv"))
}

fn facts(model: &Model, scenario: &Scenario) -> Facts {
    model.facts(scenario).unwrap_or_else(|error| panic!("{}", rendered(error)))
}

/// A prompt of so many tokens, or a source of as many where there is an encoder for tokens.
fn scenario(model: &Model, tokens: u32) -> Scenario {
    let fixed = model.encoder.as_ref().is_some_and(|encoder| encoder.embedding.fixed_rows().is_some());
    let source = (model.encoder.is_some() && !fixed).then_some(tokens);
    Scenario { source, ..Scenario::new(tokens) }
}

/// What the table says in each column, worked out from the facts of a model.
pub fn column(model: &Model, name: &str, row: &Row) -> Option<u64> {
    let one = facts(model, &scenario(model, 1));
    let prefill = |tokens| facts(model, &scenario(model, tokens)).macs;
    let encodes = model.encoder.is_some();
    Some(match name {
        "params_total" | "published_params" => one.parameters,
        "params_active" => one.parameters_active,
        "params_embedding" => one.parameters_embedding,
        "params_non_embedding" => one.parameters_non_embedding,
        "kv_bytes_per_token_int8" => one.kv_bytes_per_token,
        "linear_macs_per_token" => one.macs.linear_per_token,
        "lm_head_macs_per_token" => one.macs.lm_head_per_token,
        "attn_macs_decode_ctx1024" => last_token(model).attention,
        "decode_macs_per_token_ctx1024_incl_head" => {
            let decode = last_token(model);
            decode.linear + decode.attention + decode.lm_head
        }
        "prefill1024_total_full_plus_1head" | "prefill1024_total_causal_plus_1head" if !encodes => {
            let part = prefill(1024).prefill;
            let attention = if name.contains("full") { part.attention_full } else { part.attention_causal };
            part.linear + attention + one.macs.lm_head_per_token
        }
        "prefill1024_total_full_plus_1head" => prefill(1024).encode.linear + prefill(1024).encode.attention,
        "native_seq" => facts(model, &scenario(model, number(row, name)? as u32)).macs.encode.rows,
        "native_macs" => {
            let encode = prefill(number(row, "native_seq")? as u32).encode;
            let head = if model.head == Head::Pooler { 0 } else { encode.head };
            encode.stem + encode.linear + encode.attention + head
        }
        "model" | "kind" | "delta_pct" | "note" => return None,
        _ => {
            let (tokens, what) = name.strip_prefix("prefill").and_then(|rest| rest.split_once('_')).unwrap();
            let macs = prefill(tokens.parse().unwrap());
            match (what, encodes) {
                ("linear", false) => macs.prefill.linear,
                ("linear", true) => macs.encode.linear,
                ("attn_full", false) => macs.prefill.attention_full,
                ("attn_full", true) => macs.encode.attention,
                ("attn_causal", _) => macs.prefill.attention_causal,
                _ => panic!("column {name}"),
            }
        }
    })
}

/// The token that sees 1024 positions, or as many as the decoder has, and the source that the notes name.
fn last_token(model: &Model) -> trapti::workload::DecodeMacs {
    let most = model.decoder.as_ref().and_then(|stack| stack.embedding.position.most_rows()).unwrap_or(1024);
    let source = model.encoder.as_ref().map(|encoder| encoder.embedding.position.most_rows().unwrap_or(512));
    let seen = most.min(1024);
    facts(model, &Scenario { decode: 1, source, ..Scenario::new(seen - 1) }).macs.decode
}

pub fn number(row: &Row, column: &str) -> Option<u64> {
    row[column].parse().ok()
}

#[test]
fn every_fact_of_every_model_equals_the_published_one() {
    let rows = facts_rows();
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/models/huggingface")).unwrap();
    let configs = folder.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|e| e == "json"));
    assert_eq!(rows.len(), configs.count());
    let mut compared = 0;
    let mut wrong = Vec::new();
    for row in &rows {
        let model = folder_model(&row["model"]);
        for name in row.keys() {
            let Some(expected) = number(row, name).filter(|_| !["model", "note"].contains(&name.as_str())) else {
                continue;
            };
            let Some(found) = column(&model, name, row) else { continue };
            compared += 1;
            if found != expected {
                wrong.push(format!("{} {name}: {found}, published {expected}", row["model"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 300, "{compared}");
}

#[test]
fn what_the_notes_say_of_encoder_decoders() {
    let whisper = folder_model("whisper-tiny");
    let source = Scenario { source: Some(1500), ..Scenario::new(1) };
    let counts = facts(&whisper, &source);
    assert_eq!(counts.macs.encode.cross_kv, 1_769_472_000);
    assert_eq!(1500 * counts.cross_kv_bytes_per_source_token, 4_608_000);
    let t5 = folder_model("t5-small");
    let counts = facts(&t5, &Scenario { source: Some(1), ..Scenario::new(1) });
    assert_eq!((counts.macs.encode.cross_kv, counts.cross_kv_bytes_per_source_token), (3_145_728, 6144));
}
