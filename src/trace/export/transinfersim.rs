//! TransInferSim's memory trace (ehw-fit/TransInferSim v0.2, `mem_trace_example.py`), sampled its way.
//!
//! `docs/traces.md` says what each column holds and which stay empty.

use super::quoted;
use crate::accelerator::Memory;
use crate::ids::OpId;
use crate::trace::{NodeKind, Occupancy, OccupancyChange, OpTiming, Run};
use crate::workload::OpKind;
use std::io::{self, Write};

/// Columns of the op.
const OP: [&str; 8] =
    ["hw_arch", "matmul", "op_index", "macs", "op_compute_time", "op_start_time", "op_end_time", "op_name"];
/// Columns of the sample.
const SAMPLE: [&str; 7] =
    ["memory_name", "used_pct", "needed_pct", "obsolete_pct", "free_pct", "used_words", "capacity_words"];
/// Columns of the memory, after `mem_`.
const MEMORY: [&str; 32] = [
    "name",
    "width",
    "depth",
    "size",
    "words_capacity",
    "word_size",
    "ports",
    "bus_bitwidth",
    "bandwidth_per_port",
    "total_bandwidth",
    "cycle_time",
    "action_latency",
    "cycles_per_access",
    "active_cycles",
    "latency",
    "current_usage",
    "data_read_count",
    "word_read_count",
    "mem_read_count",
    "data_write_count",
    "word_write_count",
    "mem_write_count",
    "cache_miss_count",
    "cache_miss_rate",
    "cache_hit_rate",
    "fragmented_bits",
    "replacement_strategy",
    "static_energy",
    "dynamic_energy",
    "energy",
    "edp_latency",
    "edp_cycles",
];

/// Writes a row a memory for each matmul that ended, in the order of the ends.
pub(super) fn write(run: &Run, to: &mut impl Write) -> io::Result<()> {
    let memory = MEMORY.map(|column| format!("mem_{column}")).join(",");
    writeln!(to, "{},{},{memory},mem_area", OP.join(","), SAMPLE.join(","))?;
    let positions = positions(run);
    let mut timings: Vec<Option<&OpTiming>> = vec![None; run.workload.ops.len()];
    run.statistics.ops.iter().for_each(|t| timings[t.op.index()] = Some(t));
    let traffic: Vec<Vec<Traffic>> = (0..run.occupancy.len()).map(|m| traffic(run, m)).collect();
    let capacities: Vec<u64> = run.occupancy.iter().map(capacity).collect();
    let period = run.accelerator.clock.period().0 / 1e9;
    let ends: Vec<OpId> = run.occupancy.first().map_or(vec![], |o| o.op_ends.iter().map(|e| e.op).collect());
    for (sample, &op) in ends.iter().enumerate() {
        let (OpKind::Matmul { .. }, Some(timing)) = (&run.workload.op(op).kind, timings[op.index()]) else { continue };
        let described = describe(run, timing, positions[op.index()]);
        for ((occupancy, traffic), &capacity) in run.occupancy.iter().zip(&traffic).zip(&capacities) {
            let memory = &run.accelerator.memories[occupancy.memory.index()];
            let state = &occupancy.op_ends[sample].state;
            let columns = [
                state_columns(memory, capacity, state),
                static_columns(memory, capacity, period),
                counted(memory, state, &traffic[sample]),
            ];
            writeln!(to, "{described},{}", columns.join(","))?;
        }
    }
    Ok(())
}

/// The place of each op in the order in which ops are handed out.
fn positions(run: &Run) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..run.workload.ops.len()).collect();
    if let Some(schedule) = &run.workload.schedule {
        schedule.order.iter().enumerate().for_each(|(place, op)| positions[op.index()] = place);
    }
    positions
}

fn describe(run: &Run, timing: &OpTiming, position: usize) -> String {
    let op = run.workload.op(timing.op);
    let array = timing.array.and_then(|a| run.accelerator.arrays.get(a.index())).map_or("", |a| a.name.as_str());
    let numbers = [position as u64 + 1, op.kind.macs(), timing.compute.0, timing.start.0, timing.end.0];
    let numbers = numbers.map(|n| n.to_string()).join(",");
    format!("{},{},{numbers},{}", quoted(&run.accelerator.name), quoted(array), quoted(&op.name.to_string()))
}

/// Bytes of an unlimited memory are shown against the most it ever held.
fn capacity(occupancy: &Occupancy) -> u64 {
    let most = || occupancy.changes.iter().map(|c| c.used().0).max().unwrap_or(0);
    occupancy.capacity.map_or_else(most, |c| c.0)
}

fn state_columns(memory: &Memory, capacity: u64, state: &OccupancyChange) -> String {
    let part = |bytes: u64| (bytes as f64 / capacity.max(1) as f64).to_string();
    let (used, needed) = (state.used().0, state.needed_total().0);
    let parts = [used, needed, state.obsolete.0, capacity.saturating_sub(used)].map(part).join(",");
    format!("{},{parts},{used},{capacity}", quoted(&memory.name))
}

/// What does not change during the run: `name` to `latency`. A word is a byte; times are in seconds, rates in bits a second.
fn static_columns(memory: &Memory, capacity: u64, period: f64) -> String {
    let (ports, latency) = (f64::from(memory.ports), memory.latency.0);
    let rate = f64::from(memory.port_bits) / (latency as f64 * period);
    let rate = |ports: f64| if latency > 0 { (rate * ports).to_string() } else { String::new() };
    let name = quoted(&memory.name);
    let (bits, port_bits) = (u128::from(capacity) * 8, memory.port_bits);
    let access = latency as f64 * period;
    format!(
        "{name},,,{bits},{capacity},8,{ports},{port_bits},{},{},{period:e},{access:e},{latency},0,",
        rate(1.0),
        rate(ports)
    )
}

/// What is counted up to the sample: `current_usage` to `area`.
fn counted(memory: &Memory, state: &OccupancyChange, traffic: &Traffic) -> String {
    let Traffic { read, read_words, written, written_words, filled } = *traffic;
    let rate = |part: u64| if read > 0 { (part as f64 / read as f64).to_string() } else { String::new() };
    let (misses, hits) = (rate(filled), rate(read.saturating_sub(filled)));
    let policy = crate::artefact::json(&memory.replacement);
    let policy = policy.trim().trim_matches('"');
    let used = state.used().0;
    format!(
        "{used},{read},{read},{read_words},{written},{written},{written_words},{filled},{misses},{hits},,{policy},,,,,,"
    )
}

/// Bytes and port-wide words moved before a sample.
#[derive(Debug, Clone, Copy, Default)]
struct Traffic {
    read: u64,
    read_words: u64,
    written: u64,
    written_words: u64,
    filled: u64,
}

/// Of one memory, what was moved before each op end.
fn traffic(run: &Run, memory: usize) -> Vec<Traffic> {
    let ends: Vec<u64> = run.occupancy[memory].op_ends.iter().map(|e| e.state.cycle.0).collect();
    let shape = &run.accelerator.memories[memory];
    let mut samples = vec![Traffic::default(); ends.len() + 1];
    for node in run.accesses.nodes().iter().filter(|n| n.kind.is_transfer() && usize::from(n.memory) == memory) {
        let sample = &mut samples[ends.partition_point(|end| *end <= node.start.0)];
        let (bytes, words) = (node.bytes().0, shape.requests(node.bytes()));
        if node.kind.reads() {
            (sample.read, sample.read_words) = (sample.read + bytes, sample.read_words + words);
        } else {
            (sample.written, sample.written_words) = (sample.written + bytes, sample.written_words + words);
        }
        sample.filled += if node.kind == NodeKind::Fill { bytes } else { 0 };
    }
    let mut total = Traffic::default();
    samples.iter_mut().for_each(|sample| *sample = total.add(sample));
    samples
}

impl Traffic {
    /// Adds `more`; returns the sum.
    fn add(&mut self, more: &Traffic) -> Traffic {
        self.read += more.read;
        self.read_words += more.read_words;
        self.written += more.written;
        self.written_words += more.written_words;
        self.filled += more.filled;
        *self
    }
}
