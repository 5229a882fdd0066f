//! Op graphs in general: foreign ones, storage windows, links, checks and their messages.

use super::{SMALL_QWEN2, lowered, rendered};
use trapti::diagnostic::Source;
use trapti::ids::{OpId, TensorId};
use trapti::units::Bytes;
use trapti::workload::{OpKind, PhaseKind, Projections, Scenario, Workload};

/// Workloads another tool made.
const FOREIGN: [&str; 3] = [
    include_str!("../data/workloads/sa_s48_1x16.json"),
    include_str!("../data/workloads/gqa_s96_1x32.json"),
    include_str!("../data/workloads/mhsa_s80_2x16x32_evict.json"),
];

fn read(text: &str) -> Result<Workload, String> {
    Workload::from_json(&Source::new("graph.json", text)).map_err(rendered)
}

#[test]
fn foreign_workloads_are_read_and_written_back_equal() {
    for text in FOREIGN {
        let workload = read(text).unwrap();
        assert!(workload.schedule.is_some());
        assert_eq!(read(&workload.to_json()), Ok(workload));
    }
}

/// Every key of the format, with ids that are no indices.
const EVERYTHING: &str = r#"{
 "schema": "trapti.workload/1", "name": "all kinds", "layers": ["first"], "metadata": {"made": "by hand"},
 "tensors": [
  {"id": 10, "name": "x", "rows": 4, "cols": 6, "bits": 8, "class": "activation", "home": "dram", "layer": 0},
  {"id": 20, "name": "w", "rows": 8, "cols": 6, "bits": 8, "class": "weight", "home": "dram", "metadata": null},
  {"id": 30, "name": "y", "rows": 4, "cols": 8, "bits": 8, "class": "activation", "home": "none"},
  {"id": 40, "name": "left", "rows": 4, "cols": 2, "bits": 8, "class": "kv", "home": "none"},
  {"id": 50, "name": "wide", "rows": 4, "cols": 4, "bits": 8, "class": "kv", "home": "none", "view_of": 40, "physical_rows": 4, "physical_cols": 2},
  {"id": 60, "name": "s", "rows": 4, "cols": 4, "bits": 8, "class": "score", "home": "none"},
  {"id": 65, "name": "right", "rows": 4, "cols": 4, "bits": 8, "class": "activation", "home": "none"},
  {"id": 70, "name": "both", "rows": 4, "cols": 8, "bits": 8, "class": "activation", "home": "none", "write_back": true}
 ],
 "ops": [
  {"id": 9, "name": "product", "kind": "matmul", "a": 10, "b": 20, "b_transposed": true, "out": 30, "m": 4, "k": 6, "n": 8, "layer": 0},
  {"id": 8, "name": "window", "kind": "slice", "inputs": [30], "out": 40, "origin": [0, 6]},
  {"id": 7, "name": "repeat", "kind": "view", "inputs": [40], "out": 50, "mapping": "modulo"},
  {"id": 6, "name": "scores", "kind": "matmul", "a": 50, "b": 50, "out": 60, "m": 4, "k": 4, "n": 4, "mask": "score"},
  {"id": 5, "name": "softmax", "kind": "vector", "op": "softmax", "inputs": [60], "out": 60, "elements": 16},
  {"id": 3, "name": "context", "kind": "matmul", "a": 60, "b": 50, "out": 65, "m": 4, "k": 4, "n": 4, "mask": "context"},
  {"id": 4, "name": "join", "kind": "concat", "inputs": [60, 65], "offsets": [[0, 0], [0, 4]], "out": 70}
 ],
 "phases": [{"kind": "prefill", "name": "prefill", "ops": [0, 5]}, {"kind": "decode", "name": "token 1", "ops": [6, 7]}],
 "schedule": {"order": [9, 8, 7, 6, 5, 3, 4], "array": [0, 0, 0, 1, 0, 1, 0]}
}"#;

#[test]
fn every_key_of_the_format_is_read() {
    let workload = read(EVERYTHING).unwrap();
    assert_eq!(workload.layers, ["first"]);
    assert_eq!(workload.schedule.as_ref().unwrap().order, (0..7).map(OpId).collect::<Vec<_>>());
    assert!(workload.tensor(TensorId(7)).write_back);
    let phases: Vec<_> = workload.op_ids().map(|op| workload.phase_of(op)).collect();
    assert_eq!(phases, [Some(0), Some(0), Some(0), Some(0), Some(0), None, Some(1)]);
    assert_eq!(workload.phases[1].kind, PhaseKind::Decode);
    assert_eq!(read(&workload.to_json()), Ok(workload));
}

#[test]
fn links_of_every_kind_of_op() {
    let workload = read(EVERYTHING).unwrap();
    let ops = |ids: &[u32]| ids.iter().copied().map(OpId).collect::<Vec<_>>();
    let producers: Vec<_> = workload.producers().into_iter().map(|p| p.map(|op| op.0)).collect();
    assert_eq!(producers, [None, None, Some(0), Some(1), Some(2), Some(3), Some(5), Some(6)]);
    let consumers: Vec<Vec<OpId>> = [&[0][..], &[0], &[1], &[2], &[3, 5], &[4, 5, 6], &[6], &[]].map(ops).into();
    assert_eq!(workload.consumers().iter().map(<[OpId]>::to_vec).collect::<Vec<_>>(), consumers);
    let dependencies: Vec<Vec<OpId>> = [&[][..], &[0], &[1], &[2], &[3], &[2, 4], &[4, 5]].map(ops).into();
    assert_eq!(workload.dependencies().iter().map(<[OpId]>::to_vec).collect::<Vec<_>>(), dependencies);
}

#[test]
fn windows_of_every_kind_of_op() {
    let windows = read(EVERYTHING).unwrap().windows();
    let window = |i: usize| (windows[i].storage.0, windows[i].offset.0, windows[i].bytes.0);
    assert_eq!(window(2), (2, 0, 32), "a tensor of its own");
    assert_eq!(window(3), (2, 24, 8), "columns 6 and 7 of four rows");
    assert_eq!(window(4), (2, 24, 8), "a view is its source");
    assert_eq!((window(5), window(6)), ((7, 0, 16), (7, 16, 16)), "halves of the concat");
    assert_eq!(window(7), (7, 0, 32));
}

/// Checks that every window ends inside its storage object and that the parts of every concat tile its result.
pub fn assert_windows_are_sound(workload: &Workload) {
    let windows = workload.windows();
    for (tensor, window) in workload.tensor_ids().zip(&windows) {
        assert_eq!(windows[window.storage.index()].storage, window.storage, "storage stands for itself");
        assert_eq!(windows[window.storage.index()].offset, Bytes(0));
        let size = workload.tensor(window.storage).bytes();
        assert!(window.offset + window.bytes <= size, "{}", workload.tensor(tensor).name);
    }
    for op in &workload.ops {
        let OpKind::Concat { inputs, out, .. } = &op.kind else { continue };
        let whole = windows[out.index()];
        let mut parts: Vec<_> = inputs.iter().map(|t| windows[t.index()]).collect();
        parts.sort_by_key(|w| w.offset);
        let end = parts.iter().fold(whole.offset, |at, part| {
            assert_eq!((part.storage, part.offset), (whole.storage, at), "{}: no gap, no overlap", op.name);
            at + part.bytes
        });
        assert_eq!(end, whole.offset + whole.bytes, "{}", op.name);
    }
}

#[test]
fn windows_of_lowered_models_are_sound() {
    for (batch, prefill, projections) in
        [(1, 8, Projections::Fused), (3, 5, Projections::PerHead), (2, 1, Projections::Fused)]
    {
        let scenario = Scenario { batch, ..Scenario::new(prefill) };
        let workload = lowered(SMALL_QWEN2, &scenario, |l| l.projections = projections);
        assert_windows_are_sound(&workload);
        slices_tile_their_source(&workload, "layer0.attention.query");
        assert_eq!(read(&workload.to_json()), Ok(workload));
    }
    FOREIGN.iter().for_each(|text| assert_windows_are_sound(&read(text).unwrap()));
}

/// Checks that the slices of a tensor, where there are any, cover it once.
fn slices_tile_their_source(workload: &Workload, source: &str) {
    let Some(source) = workload.tensor_ids().find(|&t| workload.tensor(t).name == source) else { return };
    let windows = workload.windows();
    let of_source = |op: trapti::workload::Op| match op.kind {
        OpKind::Slice { input, out, .. } if input == source => Some(windows[out.index()]),
        _ => None,
    };
    let mut slices: Vec<_> = workload.ops.iter().filter_map(of_source).collect();
    slices.sort_by_key(|w| w.offset);
    let end = slices.iter().fold(Bytes(0), |at, slice| {
        assert_eq!(slice.offset, at);
        at + slice.bytes
    });
    assert_eq!(end, workload.tensor(source).bytes());
}

/// `EVERYTHING` with one text replaced by another, which must occur.
fn changed(from: &str, to: &str) -> String {
    assert!(EVERYTHING.contains(from), "{from}");
    EVERYTHING.replace(from, to)
}

#[test]
fn the_form_of_the_file_is_checked() {
    let changes = [
        (r#""trapti.workload/1""#, r#""trapti.workload/2""#),
        (r#""id": 20"#, r#""id": 10"#),
        (r#""a": 10"#, r#""a": 99"#),
        (r#""origin": [0, 6]"#, r#""origin": [0]"#),
        (r#""inputs": [40], "out": 50"#, r#""inputs": [40, 30], "out": 50"#),
        (r#""op": "softmax""#, r#""op": "soft-max""#),
        (r#""mask": "score""#, r#""masks": "score""#),
        (r#""order": [9,"#, r#""order": [2,"#),
    ];
    insta::assert_snapshot!(changes.map(|(from, to)| read(&changed(from, to)).unwrap_err()).join("\n\n"));
}

#[test]
fn the_graph_is_checked() {
    let changes = [
        (r#""name": "w""#, r#""name": "x""#),
        (r#""name": "repeat""#, r#""name": "window""#),
        (r#""rows": 8, "cols": 6"#, r#""rows": 0, "cols": 6"#),
        (r#""rows": 8, "cols": 6"#, r#""rows": 4294967295, "cols": 4294967295"#),
        (r#""m": 4, "k": 6"#, r#""m": 4, "k": 7"#),
        (r#""elements": 16"#, r#""elements": 15"#),
        (r#""origin": [0, 6]"#, r#""origin": [1, 6]"#),
        (r#"[[0, 0], [0, 4]]"#, r#"[[0, 0], [0, 3]]"#),
        (r#"[[0, 0], [0, 4]]"#, r#"[[0, 0]]"#),
        (r#""inputs": [60, 65], "offsets": [[0, 0], [0, 4]]"#, r#""inputs": [60], "offsets": [[0, 0]]"#),
        (r#""out": 65"#, r#""out": 60"#),
        (r#""a": 10, "b": 20"#, r#""a": 65, "b": 20"#),
        (r#""layer": 0}"#, r#""layer": 1}"#),
        (r#""home": "dram", "metadata": null"#, r#""home": "none""#),
        (r#""op": "softmax", "inputs": [60]"#, r#""op": "add", "inputs": [60]"#),
    ];
    insta::assert_snapshot!(changes.map(|(from, to)| read(&changed(from, to)).unwrap_err()).join("\n\n"));
}

#[test]
fn storage_and_schedule_are_checked() {
    let changes = [
        (r#""inputs": [60, 65]"#, r#""inputs": [50, 65]"#),
        (r#""inputs": [60], "out": 60"#, r#""inputs": [50], "out": 50"#),
        (r#""inputs": [60], "out": 60, "elements": 16"#, r#""inputs": [40], "out": 40, "elements": 8"#),
        (r#""order": [9, 8"#, r#""order": [8, 9"#),
        (r#""order": [9, 8"#, r#""order": [9, 9"#),
        (r#""order": [9, 8,"#, r#""order": [9,"#),
        (r#""array": [0, 0,"#, r#""array": [0,"#),
        (r#""ops": [0, 5]"#, r#""ops": [0, 7]"#),
        (r#""ops": [6, 7]"#, r#""ops": [6, 8]"#),
        (r#""ops": [6, 7]"#, r#""ops": [7, 6]"#),
        (r#""token 1""#, r#""prefill""#),
    ];
    insta::assert_snapshot!(changes.map(|(from, to)| read(&changed(from, to)).unwrap_err()).join("\n\n"));
}

#[test]
fn a_cycle_is_a_read_before_anything_is_made() {
    let cycle = changed(
        r#""a": 10, "b": 20, "b_transposed": true, "out": 30, "m": 4, "k": 6, "n": 8"#,
        r#""a": 60, "b": 70, "out": 30, "m": 4, "k": 4, "n": 8"#,
    );
    insta::assert_snapshot!(read(&cycle).unwrap_err());
}

#[test]
fn a_workload_without_a_file_is_checked_as_well() {
    let mut workload = read(EVERYTHING).unwrap();
    assert!(workload.check().is_ok());
    workload.tensors.change(|tensors| tensors.truncate(tensors.len() - 1));
    insta::assert_snapshot!(rendered(workload.check().unwrap_err()));
    insta::assert_snapshot!(rendered(Workload::default().check().unwrap_err()));
}
