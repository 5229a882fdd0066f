//! Blocks that repeat: files with them mean what the unrolled ones mean, and are small.

use super::stacks::{SMALL, fitting, small};
use super::{GPT2_XL, lowered, model, rendered};
use proptest::prelude::*;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use trapti::accelerator::Accelerator;
use trapti::diagnostic::Source;
use trapti::sim::{Options, simulate};
use trapti::workload::{AttentionOrder, LatentForm, Lowering, Projections, Scenario, Workload};

fn read(text: &str) -> Workload {
    Workload::from_json(&Source::new("w.json", text)).unwrap_or_else(|error| panic!("{}", rendered(error)))
}

fn from_repository(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The example of `docs/workload.md`.
fn example() -> String {
    let page = from_repository("docs/workload.md");
    let (_, rest) = page.split_once("```json\n").unwrap();
    rest.split_once("```").unwrap().0.into()
}

/// What the example stands for, entry by entry.
fn unrolled() -> String {
    let (mut tensors, mut ops, mut phases) = (Vec::new(), Vec::new(), Vec::new());
    let mut tensor = |id: u32, name: String, size: (u32, u32), class: &str, home: &str, layer: Option<u32>| {
        let layer = layer.map_or(String::new(), |layer| format!(r#", "layer": {layer}"#));
        let (rows, cols) = size;
        tensors.push(format!(
            r#"{{"id": {id}, "name": "{name}", "rows": {rows}, "cols": {cols}, "bits": 8, "class": "{class}", "home": "{home}"{layer}}}"#
        ));
    };
    for layer in 0..2 {
        tensor(layer, format!("layer{layer}.weight"), (64, 64), "weight", "dram", Some(layer));
        tensor(10 + layer, format!("layer{layer}.cache"), (8, 64), "kv", "none", Some(layer));
    }
    for token in 0..8 {
        let first = 1000 * token;
        tensor(first + 100, format!("token{token}.input"), (1, 64), "activation", "dram", None);
        for layer in 0..2 {
            let (name, of) = (format!("token{token}.layer{layer}"), Some(layer));
            let [input, key, keys, score, context] = [100, 200, 300, 400, 101].map(|id| first + layer + id);
            let (cache, seen) = (10 + layer, token + 1);
            tensor(key, format!("{name}.key"), (1, 64), "kv", "none", of);
            tensor(keys, format!("{name}.keys"), (seen, 64), "kv", "none", of);
            tensor(score, format!("{name}.score"), (1, seen), "score", "none", of);
            tensor(context, format!("{name}.context"), (1, 64), "activation", "none", of);
            let kinds = [
                format!(
                    r#"key", "kind": "matmul", "a": {input}, "b": {layer}, "out": {key}, "m": 1, "k": 64, "n": 64"#
                ),
                format!(r#"append", "kind": "append", "inputs": [{key}], "out": {cache}, "row": {token}"#),
                format!(r#"keys", "kind": "slice", "inputs": [{cache}], "out": {keys}, "origin": [0, 0]"#),
                format!(
                    r#"score", "kind": "matmul", "a": {input}, "b": {keys}, "b_transposed": true, "out": {score}, "m": 1, "k": 64, "n": {seen}"#
                ),
                format!(
                    r#"softmax", "kind": "vector", "op": "softmax", "inputs": [{score}], "out": {score}, "elements": {seen}"#
                ),
                format!(
                    r#"context", "kind": "matmul", "a": {score}, "b": {keys}, "out": {context}, "m": 1, "k": {seen}, "n": 64"#
                ),
            ];
            for kind in kinds {
                ops.push(format!(r#"{{"id": {}, "layer": {layer}, "name": "{name}.{kind}}}"#, ops.len()));
            }
        }
        phases.push(format!(
            r#"{{"kind": "decode", "name": "token {}", "ops": [{}, {}]}}"#,
            token + 1,
            12 * token,
            ops.len()
        ));
    }
    let mut text = String::from(
        r#"{"schema": "trapti.workload/1", "name": "eight tokens through two layers", "layers": ["layer0", "layer1"]"#,
    );
    for (key, list) in [("tensors", tensors), ("ops", ops), ("phases", phases)] {
        write!(text, ",\n\"{key}\": [\n{}\n]", list.join(",\n")).unwrap();
    }
    text + "}"
}

/// Every file of a directory but the manifest, which names the others' digests.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let file = |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
    let mut files: Vec<_> = entries.map(file).collect();
    files.sort();
    files
}

#[test]
fn a_file_with_blocks_is_the_unrolled_one() {
    assert_eq!(read(&example()), read(&unrolled()));
}

#[test]
fn runs_of_both_files_are_the_same_to_the_byte() {
    let text = from_repository("models/accelerators/edge-2x128.toml");
    let accelerator = Accelerator::parse(&Source::new("a.toml", text)).unwrap();
    let options = Options::of(&Lowering::for_scenario(&Scenario { decode: 1, ..Scenario::new(1) }));
    let runs = [example(), unrolled()].map(|text| {
        let run = simulate(&read(&text), &accelerator, &options, &mut |_| {}).unwrap();
        let outside = tempfile::tempdir().unwrap();
        run.write(&outside.path().join("run"), Vec::new()).unwrap();
        files(&outside.path().join("run"))
    });
    assert!(runs[0].len() > 5);
    assert!(runs[0] == runs[1], "the runs differ");
}

#[test]
fn what_is_written_has_blocks_in_blocks() {
    let text = read(&example()).to_json();
    assert_eq!(read(&text), read(&unrolled()));
    let blocks: Vec<_> = text.lines().filter(|line| line.contains("repeat")).map(str::trim).collect();
    let block = |list: &str| format!(r#"{{"repeat": 8, "index": "token", "{list}": ["#);
    assert_eq!(blocks, ["tensors", "ops", "phases"].map(block));
}

#[test]
fn tokens_hold_layers_and_layers_hold_heads() {
    let text = small(0).replace("\"n_layer\": 2", "\"n_layer\": 9");
    let workload = lowered(&text, &Scenario { decode: 4, ..Scenario::new(3) }, |_| ());
    let text = workload.to_json();
    assert!(read(&text) == workload);
    let ops = text.split_once("\"ops\": [").unwrap().1;
    let blocks: Vec<_> = ops.lines().filter(|line| line.contains("repeat")).collect();
    let block = |indent: usize, count: u32, index: &str, list: &str| {
        format!(r#"{:indent$}{{"repeat": {count}, "index": "{index}", "{list}": ["#, "")
    };
    let layers = |indent: usize| [block(indent, 9, "layer", "ops"), block(indent + 1, 3, "head", "ops")];
    let expected: Vec<_> = layers(2).into_iter().chain([block(2, 4, "token", "ops")]).chain(layers(3)).collect();
    assert_eq!(blocks, [&expected[..], &[block(2, 4, "token", "phases")]].concat());
}

#[test]
fn the_file_of_a_thousand_layers_is_as_large_as_that_of_ten() {
    let of = |layers: &str| {
        let text = small(0).replace("\"n_layer\": 2", &format!("\"n_layer\": {layers}"));
        let scenario = Scenario { decode: 5, ..Scenario::new(4) };
        let text = lowered(&text, &scenario, |_| ()).to_json();
        text.lines().filter(|line| !line.contains("\"layers\"")).map(str::len).sum::<usize>()
    };
    let (few, many) = (of("10"), of("300"));
    assert!(many < few + few / 10, "{few} {many}");
}

#[test]
fn gpt2_xl_with_many_tokens_is_a_small_file() {
    let scenario = Scenario { decode: 16, ..Scenario::new(512) };
    let workload = lowered(GPT2_XL, &scenario, |_| ());
    let text = workload.to_json();
    assert!(text.len() < 1_000_000, "{} bytes", text.len());
    assert!(read(&text) == workload);
    let longer = lowered(GPT2_XL, &Scenario { decode: 128, ..scenario }, |_| ());
    assert!(longer.ops.len() > 1_000_000, "{} ops", longer.ops.len());
    let longer = longer.to_json().len();
    assert!(longer < text.len() + text.len() / 10, "{longer} bytes");
}

/// `TRAPTI_REGENERATE=1` writes it anew.
#[test]
fn the_schema_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas/workload.json");
    let fresh = trapti::artefact::json(&Workload::json_schema());
    if std::env::var_os("TRAPTI_REGENERATE").is_some() {
        trapti::artefact::write(&path, fresh.as_bytes()).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), fresh);
}

/// Every key that a written file has is in the schema.
#[test]
fn the_schema_has_the_keys_of_the_files() {
    let schema = trapti::artefact::json(&Workload::json_schema());
    for (family, _) in SMALL.iter().enumerate() {
        let text = small(family);
        let scenario = fitting(&model(&text), 4, 4, 4, 2);
        let tiled = SMALL[family].0 != "deepseek_v2" && family % 2 == 0;
        let workload = lowered(&text, &scenario, |l| {
            if tiled {
                l.attention = AttentionOrder::Tiled;
            }
        });
        let file: serde_json::Value = serde_json::from_str(&workload.to_json()).unwrap();
        for key in keys(&file) {
            assert!(schema.contains(&format!("\"{key}\": {{")), "{key}");
        }
    }
}

fn keys(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Object(map) => {
            map.iter().flat_map(|(k, v)| std::iter::once(k.clone()).chain(keys(v))).collect()
        }
        serde_json::Value::Array(list) => list.iter().flat_map(keys).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn names_keep_their_braces_and_their_zeros() {
    let tensor = |id: u32, name: &str| {
        format!(
            r#"{{"id": {id}, "name": "{name}", "rows": 4, "cols": 4, "bits": 8, "class": "weight", "home": "dram"}}"#
        )
    };
    let op = |id: u32, name: &str| {
        format!(
            r#"{{"id": {id}, "name": "{name}", "kind": "matmul", "a": {id}, "b": {id}, "out": {}, "m": 4, "k": 4, "n": 4}}"#,
            id + 6
        )
    };
    let mut tensors: Vec<_> = (0..6).map(|i| tensor(i, &format!("{{{i}}}}}07.{}", 2 * i))).collect();
    tensors.extend((6..12).map(|i| tensor(i, &format!("out{i}")).replace("dram", "none")));
    let ops: Vec<_> = (0..6).map(|i| op(i, &format!("0{i}{{"))).collect();
    let text = format!(
        r#"{{"schema": "trapti.workload/1", "name": "braces", "tensors": [{}], "ops": [{}]}}"#,
        tensors.join(","),
        ops.join(",")
    );
    let workload = read(&text);
    let again = workload.to_json();
    assert!(again.contains(r#"{"repeat": 6"#), "{again}");
    assert_eq!(read(&again), workload);
}

/// Long lists are not searched whole, and yet written again as they were.
#[test]
fn a_long_file_is_written_again_as_it_was() {
    let text = small(1).replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 40");
    let workload = lowered(&text, &Scenario { decode: 60, ..Scenario::new(9) }, |_| ());
    assert!(workload.ops.len() > 1 << 16);
    let file = workload.to_json();
    assert!(file.len() < 100_000, "{} bytes", file.len());
    let again = read(&file);
    assert!(again == workload);
    assert_eq!(again.to_json(), file);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn every_lowered_model_survives_the_file(
        family in 0..SMALL.len(), layers in 1..7u32, prefill in 1..8u32, decode in 0..9u32, source in 1..8u32, batch in 1..3u32,
        choice in 0..6u32, lm_head: bool,
    ) {
        let layers = format!("layers\": {layers}");
        let text = small(family).replace("layers\": 2", &layers).replace("layer\": 2", &layers.replace("layers", "layer"));
        let scenario = Scenario { lm_head, ..fitting(&model(&text), prefill, decode, source, batch) };
        let latent = SMALL[family].0 == "deepseek_v2";
        let workload = lowered(&text, &scenario, |l| match choice {
            1 => l.attention = AttentionOrder::BreadthFirst,
            2 => l.projections = Projections::PerHead,
            3 => l.mla = LatentForm::Expanded,
            4 if !latent => l.attention = AttentionOrder::Tiled,
            _ => {}
        });
        let again = read(&workload.to_json());
        prop_assert_eq!(again.tensors.len(), workload.tensors.len());
        for (again, before) in again.tensors.iter().zip(&workload.tensors) {
            prop_assert_eq!(again, before);
        }
        for (again, before) in again.ops.iter().zip(&workload.ops) {
            prop_assert_eq!(again, before);
        }
        prop_assert!(again == workload);
        prop_assert_eq!(again.to_json(), workload.to_json());
    }
}
