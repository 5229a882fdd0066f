//! Cases of TransInferSim, whose results are in `tests/data/transinfersim`. `docs/validation.md`, which `crate::validation`
//! writes from the same runs, shows every comparison and explains what differs.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use trapti::accelerator::{
    Accelerator, Array, Dataflow, Dispatch, Dram, Fill, Memory, Overlap, Reclaim, Replacement, Serves, VectorUnit,
    Victims,
};
use trapti::diagnostic::Source;
use trapti::ids::{MemoryId, OpId};
use trapti::sim::{Options, simulate};
use trapti::trace::{Outcome, Run};
use trapti::units::{Bytes, Cycles, Hertz};
use trapti::workload::{Class, KvRelease, OpKind, WeightRelease, Workload};

pub fn directory(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/transinfersim").join(case)
}

pub fn json(case: &str, file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(directory(case).join(file)).unwrap()).unwrap()
}

pub fn number(value: &Value, key: &str) -> u64 {
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

/// Operands are routed one by one in the reference: what is B of an array, and not its A, goes by way of the array's own memory.
fn serves(file: &Value, name: &str) -> Serves {
    let routes = file["operand_routing"].as_array().map_or(&[][..], Vec::as_slice);
    let own = routes.iter().filter(|route| route["b_operand"] == name && route["a_operand"] != name);
    let units: Vec<u32> = own.map(|route| number(route, "array") as u32).collect();
    let operands = if units.is_empty() { [true; 3] } else { [false, true, false] };
    Serves { units, operands, ..Serves::default() }
}

fn memory(file: &Value, value: &Value) -> Memory {
    let name = value["name"].as_str().unwrap();
    let position = |other: &Value| file["memories"].as_array().unwrap().iter().position(|m| m["name"] == *other);
    Memory {
        name: name.into(),
        capacity: Some(Bytes(number(value, "capacity_bytes"))),
        ports: number(value, "ports") as u32,
        port_bits: number(value, "port_bits") as u32,
        latency: Cycles(number(value, "latency_cycles")),
        replacement: Replacement::Lru,
        victims: Victims::Any,
        reclaim: Reclaim::Lazy,
        above: position(&value["upper"]).map(MemoryId::from),
        serves: serves(file, name),
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
        memories: file["memories"].as_array().unwrap().iter().map(|value| memory(&file, value)).collect(),
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

pub fn run(case: &str) -> Run {
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
    run
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

/// Which bytes leave decides what follows, so only bounds can be held: peaks within 2 %, cycles within 5 %.
fn assert_near(case: &str) {
    let (run, expected) = (run(case), json(case, "expected.json"));
    assert_eq!(run.statistics.outcome, Outcome::Finished);
    assert_compute_cycles(case, &run);
    let near = |ours: u64, theirs: u64, percent: u64| ours.abs_diff(theirs) * 100 <= theirs * percent;
    for memory in &run.statistics.memories {
        let used = number(&expected["memories"][&memory.name], "peak_used_bytes_continuous");
        assert!(near(memory.peak_used.bytes.0, used, 2), "{}", memory.name);
    }
    assert!(near(run.statistics.cycles.0, number(&expected, "total_cycles"), 5));
}

#[test]
fn two_arrays_with_evictions() {
    assert_near("mhsa_s80_2x16x32_evict");
}

#[test]
fn dedicated_memories() {
    assert_near("enc_s96_dedicated3");
}

/// Note 4 of `docs/validation.md`: what every op takes longer than in the reference.
#[test]
fn vit_tiny() {
    let case = "vit_tiny_example";
    let (run, expected) = (run(case), json(case, "expected.json"));
    assert_eq!(run.statistics.outcome, Outcome::Finished);
    assert_compute_cycles(case, &run);
    for memory in &run.statistics.memories {
        let theirs = &expected["memories"][&memory.name];
        assert_eq!(memory.peak_needed.bytes.0, number(theirs, "peak_needed_bytes_continuous"));
        assert_eq!(memory.peak_used.bytes.0, number(theirs, "peak_used_bytes_continuous"));
    }
    let (tile, array) = (Bytes(64 * 16), &run.accelerator.arrays[0]);
    assert_eq!((array.columns * array.buffer_length) as u64, tile.0);
    let dram = run.accelerator.dram.cycles(tile, run.accelerator.clock);
    let longer = run.accelerator.memories[0].requests(tile) - dram.0;
    for line in fs::read_to_string(directory(case).join("ops.csv")).unwrap().lines().skip(1) {
        let [op, _, start, finish, _, _, k, n] = line.split(',').map(|f| f.parse().unwrap()).collect::<Vec<u64>>()[..]
        else {
            panic!("{line}")
        };
        let ours = run.statistics.ops.iter().find(|t| u64::from(t.op.0) == op).unwrap();
        let difference = ours.end.0 - ours.start.0 - (finish - start);
        let OpKind::Matmul { b, .. } = run.workload.op(ours.op).kind else { continue };
        let b = run.workload.tensor(b);
        let weight_tiles = k * n / tile.0;
        let explained = match (b.class, start) {
            (Class::Weight, 0) => 3 * longer * weight_tiles,
            (Class::Weight, _) => longer * weight_tiles,
            _ if reads_scores(&run, ours.op) => 192,
            _ => 0,
        };
        assert_eq!(difference, explained, "op {op}: {}", run.workload.op(ours.op).name);
    }
}

/// Whether a product reads scores.
fn reads_scores(run: &Run, op: OpId) -> bool {
    let OpKind::Matmul { a, .. } = run.workload.op(op).kind else { return false };
    run.workload.tensor(a).class == Class::Score
}
