//! Cases of TransInferSim, whose results are in `tests/data/transinfersim`. `docs/validation.md` explains what differs.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use trapti::accelerator::{
    Accelerator, Array, Dataflow, Dispatch, Dram, Fill, Memory, Overlap, Reclaim, Replacement, Serves, VectorUnit,
    Victims,
};
use trapti::diagnostic::Source;
use trapti::sim::{Options, simulate};
use trapti::trace::{Outcome, Run};
use trapti::units::{Bytes, Cycles, Hertz, grouped};
use trapti::workload::{KvRelease, WeightRelease, Workload};

fn directory(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/transinfersim").join(case)
}

fn json(case: &str, file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(directory(case).join(file)).unwrap()).unwrap()
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| panic!("{key} is not a whole number in {value}"))
}

fn array(value: &Value) -> Array {
    Array {
        name: value["name"].as_str().unwrap().into(),
        rows: number(value, "rows") as u32,
        columns: number(value, "columns") as u32,
        dataflow: Dataflow::OutputStationary,
        buffer_length: number(value, "buffer_length") as u32,
        accumulator_rows: None,
        overlap: Overlap::Serial,
        fill: Fill::Edge,
    }
}

fn memory(value: &Value) -> Memory {
    Memory {
        name: value["name"].as_str().unwrap().into(),
        capacity: Some(Bytes(number(value, "capacity_bytes"))),
        ports: number(value, "ports") as u32,
        port_bits: number(value, "port_bits") as u32,
        latency: Cycles(number(value, "latency_cycles")),
        replacement: Replacement::Lru,
        victims: Victims::Any,
        reclaim: Reclaim::Lazy,
        above: None,
        serves: Serves::default(),
    }
}

/// The case's accelerator; its vector unit is never used.
fn accelerator(case: &str) -> Accelerator {
    let file = json(case, "accelerator.json");
    let dram = &file["dram"];
    Accelerator {
        name: case.into(),
        clock: Hertz(number(&file, "clock_hz")),
        arrays: file["arrays"].as_array().unwrap().iter().map(array).collect(),
        vector: VectorUnit { lanes: 1, buffer: Bytes(64) },
        memories: file["memories"].as_array().unwrap().iter().map(memory).collect(),
        dram: Dram {
            latency: Cycles(number(dram, "latency_cycles")),
            channel_bits: number(dram, "channel_bits") as u32,
            transfers_per_second: number(dram, "transfers_per_s"),
            burst: number(dram, "burst_length") as u32,
            ports: number(dram, "ports") as u32,
            energy_per_bit: None,
        },
        dispatch: Dispatch::RoundRobin,
    }
}

fn run(case: &str) -> Run {
    let text = fs::read_to_string(directory(case).join("workload.json")).unwrap();
    let workload = Workload::from_json(&Source::new(format!("{case}/workload.json"), text)).unwrap();
    let options = Options { kv: KvRelease::Released, weights: WeightRelease::Whole, ..Options::default() };
    simulate(&workload, &accelerator(case), &options, &mut |_| {}).unwrap()
}

/// Compares what must be equal in every case without evictions; the rest of the comparison is the case's row in `docs/validation.md`.
fn compare(case: &str) -> Run {
    let (run, expected) = (run(case), json(case, "expected.json"));
    let statistics = &run.statistics;
    assert_eq!(statistics.outcome, Outcome::Finished);
    let memory = &expected["memories"]["sram_shared"];
    let ours = &statistics.memories[0];
    assert_eq!(ours.peak_needed.bytes.0, number(memory, "peak_needed_bytes_continuous"), "peak needed");
    assert_eq!(ours.peak_used.bytes.0, number(memory, "peak_used_bytes_continuous"), "peak used");
    assert_eq!(ours.peak_needed_at_op_ends.0, number(memory, "peak_needed_bytes_sampled"), "peak needed at op ends");
    assert_eq!(statistics.macs_issued, number(&expected, "macs"));
    assert_compute_cycles(case, &run);
    assert_documented(case, &run, &expected);
    run
}

/// The table of `docs/validation.md` must say what this version computes.
fn assert_documented(case: &str, run: &Run, expected: &Value) {
    let memory = &expected["memories"]["sram_shared"];
    let ours = &run.statistics.memories[0];
    let (cycles, reference) = (run.statistics.cycles.0, number(expected, "total_cycles"));
    let row = format!(
        "| `{case}`{} | {} / {} | {} / {} | {} / {} | {:+.2} % |",
        if run.accelerator.arrays.len() == 2 { " (two arrays)" } else { "" },
        grouped(ours.peak_needed.bytes.0),
        grouped(number(memory, "peak_needed_bytes_continuous")),
        grouped(ours.peak_used.bytes.0),
        grouped(number(memory, "peak_used_bytes_continuous")),
        grouped(cycles),
        grouped(reference),
        100.0 * (cycles as f64 - reference as f64) / reference as f64,
    );
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/validation.md");
    let text = fs::read_to_string(page).unwrap();
    assert!(text.lines().any(|line| line.starts_with(&row)), "docs/validation.md lacks the row\n{row}");
}

fn assert_cycles_equal(case: &str) {
    let (run, expected) = (compare(case), json(case, "expected.json"));
    assert_eq!(run.statistics.cycles.0, number(&expected, "total_cycles"), "{case}");
}

fn assert_compute_cycles(case: &str, run: &Run) {
    for line in fs::read_to_string(directory(case).join("ops.csv")).unwrap().lines().skip(1) {
        let fields: Vec<u64> = line.split(',').map(|f| f.parse().unwrap()).collect();
        let ours = run.statistics.ops.iter().find(|t| u64::from(t.op.0) == fields[0]).unwrap();
        assert_eq!(ours.compute.0, fields[4], "compute cycles of op {} of {case}", fields[0]);
    }
}

#[test]
fn one_array_small() {
    assert_cycles_equal("sa_s48_1x16");
}

#[test]
fn one_array_gpt2_xl_layer() {
    assert_cycles_equal("gpt2xl_1l_s128_1x128");
}

/// The reference leaves out part of two ops' operand reads here: peaks must agree, cycles are reported.
#[test]
fn one_array_deepseek_layer() {
    compare("dsr1_1l_s128_1x128");
}

/// As above.
#[test]
fn one_array_grouped_queries() {
    compare("gqa_s96_1x32");
}

#[test]
fn two_arrays() {
    assert_cycles_equal("enc_s96_static");
}

/// Which tile leaves decides what follows, so only bounds can be held: peak used within 2 %, cycles within 5 %.
#[test]
fn two_arrays_with_evictions() {
    let case = "mhsa_s80_2x16x32_evict";
    let (run, expected) = (run(case), json(case, "expected.json"));
    assert_eq!(run.statistics.outcome, Outcome::Finished);
    assert_compute_cycles(case, &run);
    assert_documented(case, &run, &expected);
    let near = |ours: u64, theirs: u64, percent: u64| ours.abs_diff(theirs) * 100 <= theirs * percent;
    let used = number(&expected["memories"]["sram_shared"], "peak_used_bytes_continuous");
    assert!(near(run.statistics.memories[0].peak_used.bytes.0, used, 2));
    assert!(near(run.statistics.cycles.0, number(&expected, "total_cycles"), 5));
}
