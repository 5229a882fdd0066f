//! Totals of a run.

use super::Probe;
use super::engine::{Engine, Unit};
use super::labels::Labels;
use super::occupancy::{Maximum, Record};
use super::phases::{Phases, busiest, latency, useful};
use super::record::Transfer;
use super::residency::Residency;
use super::traffic::{Traffic, Words};
use crate::accelerator::{Array, Memory};
use crate::ids::{MemoryId, TensorId};
use crate::trace::{
    ArrayStatistics, DramStatistics, MemoryStatistics, Occupancy, OpTiming, Outcome, Peak, Run, Statistics,
    VectorStatistics,
};
use crate::units::{Bytes, Cycles};
use crate::workload::{Home, Workload};
use std::collections::BTreeMap;

/// Tensors and ops named at the peak.
const NAMED: usize = 8;

/// Bytes and words that moved through a memory so far.
#[derive(Debug, Clone)]
pub struct Counters {
    read: [Bytes; 4],
    written: [Bytes; 4],
    read_words: u64,
    written_words: u64,
    words: Words,
}

impl Counters {
    /// Adds what was counted between two moments.
    pub fn advance(&mut self, before: &Self, after: &Self) {
        for class in 0..4 {
            self.read[class] += after.read[class] - before.read[class];
            self.written[class] += after.written[class] - before.written[class];
        }
        self.read_words += after.read_words - before.read_words;
        self.written_words += after.written_words - before.written_words;
        self.words.advance(&before.words, &after.words);
    }

    /// Nothing yet.
    pub fn new(memory: &Memory) -> Self {
        let none = [Bytes::ZERO; 4];
        Self { read: none, written: none, read_words: 0, written_words: 0, words: Words::new(memory.ports) }
    }

    /// Counts a transfer of so many words; its bytes are attributed to the class of its tensor.
    pub fn count(&mut self, transfer: &Transfer, words: u64, labels: &Labels) {
        let (bytes, class) = (Bytes(transfer.bytes), labels.class(transfer.tensor));
        self.words.count(transfer, words, labels);
        if transfer.kind.reads() {
            self.read[class] += bytes;
            self.read_words += words;
        } else {
            self.written[class] += bytes;
            self.written_words += words;
        }
    }
}

/// Closes the books of a run whose last event was at cycle `end`.
pub fn summarise<P: Probe>(engine: Engine<'_, P>, outcome: Outcome, events: u64, end: u64) -> Run {
    let Engine {
        vector,
        workload,
        accelerator,
        residency,
        recorder,
        ports,
        dram,
        units,
        counters,
        traffic,
        timings,
        ..
    } = engine;
    let ops: Vec<OpTiming> = timings.into_iter().flatten().collect();
    let graph = recorder.into_graph();
    let Residency { stores, ledger, .. } = residency;
    let mut lifetimes = ledger.lifetimes;
    let mut memories = Vec::new();
    let mut occupancy = Vec::new();
    for (i, store) in stores.into_iter().enumerate() {
        let memory = &accelerator.memories[i];
        let evicted_needed = Bytes(store.evicted_needed());
        let record = store.tracker.finish(end, &mut lifetimes);
        let own = MemoryStatistics { evicted_needed, ..on_chip(memory, &record, &counters[i], workload, &ops) };
        memories.push(MemoryStatistics {
            mean_needed_bytes: record.integral as f64 / end.max(1) as f64,
            port_cycles: ports[i].held(),
            ..own
        });
        let Record { changes, op_ends, .. } = record;
        let (memory, capacity, end) = (MemoryId::from(i), memory.capacity, Cycles(end));
        occupancy.push(Occupancy { memory, capacity, changes, op_ends, end });
    }
    let phases = Phases { workload, accelerator, ops: &ops, traffic: &traffic, occupancy: &occupancy }.statistics();
    let arrays = accelerator.arrays.iter().zip(&units).map(|(a, u)| of_array(a, u, end)).collect::<Vec<_>>();
    let statistics = Statistics {
        outcome,
        cycles: Cycles(end),
        macs_useful: workload.ops.iter().map(|op| useful(&op.kind)).sum(),
        macs_issued: arrays.iter().map(|a| a.macs).sum(),
        memories,
        dram: off_chip(workload, &traffic, dram.held()),
        arrays,
        vector: units
            .last()
            .map(|unit| of_vector_unit(unit, end).and_for_arrays(vector.for_arrays))
            .unwrap_or_default(),
        roofline: traffic.roofline(ops.iter().map(|t| t.op), busiest(&ops, accelerator), accelerator),
        latency: latency(&phases),
        phases,
        ops,
        events,
    };
    Run {
        workload: workload.clone(),
        accelerator: accelerator.clone(),
        accesses: graph,
        lifetimes,
        occupancy,
        statistics,
        choices: None,
    }
}

fn on_chip(
    memory: &Memory,
    record: &Record,
    counters: &Counters,
    workload: &Workload,
    ops: &[OpTiming],
) -> MemoryStatistics {
    MemoryStatistics {
        name: memory.name.clone(),
        peak_needed: peak(&record.peak_needed, ops, workload),
        peak_used: peak(&record.peak_used, ops, workload),
        peak_needed_at_op_ends: record.op_ends.iter().map(|e| e.state.needed_total()).max().unwrap_or_default(),
        mean_needed_bytes: 0.0,
        read_bytes: counters.read,
        write_bytes: counters.written,
        read_words: counters.read_words,
        write_words: counters.written_words,
        words: counters.words.rows(),
        port_cycles: Vec::new(),
        evicted_needed: Bytes::ZERO,
    }
}

/// Active, stalled and idle cycles of a unit. An op that did not end waits for bytes or room it never gets.
fn of_vector_unit(unit: &Unit, end: u64) -> VectorStatistics {
    let (mut active, mut stalls, mut free) = (unit.active, unit.stalls, unit.free);
    if let Some(running) = &unit.running {
        active += running.compute;
        stalls += running.stalls;
        stalls.dram += Cycles(end - running.headway.free);
        free = end;
    }
    VectorStatistics { active: Cycles(active), stalls, idle: Cycles(end - free) }
}

fn of_array(array: &Array, unit: &Unit, end: u64) -> ArrayStatistics {
    let VectorStatistics { active, stalls, idle } = of_vector_unit(unit, end);
    let elements = f64::from(array.rows) * f64::from(array.columns);
    let utilisation = unit.macs as f64 / (elements * end.max(1) as f64);
    ArrayStatistics { name: array.name.clone(), active, stalls, idle, macs: unit.macs, utilisation }
}

fn peak(maximum: &Maximum, ops: &[OpTiming], workload: &Workload) -> Peak {
    let cycle = maximum.at.cycle;
    let owners = maximum.owners.iter();
    let running = ops.iter().filter(|t| t.start <= cycle && cycle < t.end);
    Peak {
        bytes: Bytes(maximum.bytes),
        cycle,
        by_class: maximum.at.needed,
        ops: running.map(|t| workload.op(t.op).name.to_string()).collect(),
        tensors: owners.take(NAMED).map(|&(t, bytes)| (workload.tensor(t).name.to_string(), bytes)).collect(),
        by_layer: by_name(&maximum.owners, |t| layer_name(workload, t)),
        by_op: by_op(&maximum.owners, workload),
    }
}

fn layer_name(workload: &Workload, tensor: TensorId) -> String {
    workload.tensor(tensor).layer.map_or(String::new(), |l| workload.layers[l.index()].clone())
}

/// Bytes by the op that made the tensor or, of what came from DRAM, the first op that reads it.
fn by_op(owners: &[(TensorId, Bytes)], workload: &Workload) -> Vec<(String, Bytes)> {
    let (producers, consumers) = (workload.producers(), workload.consumers());
    let op = |t: TensorId| producers[t.index()].or(consumers[t.index()].first().copied());
    let mut ops = by_name(owners, |t| op(t).map_or(String::new(), |op| workload.op(op).name.to_string()));
    ops.truncate(NAMED);
    ops
}

/// Sums under each name, largest first.
fn by_name(owners: &[(TensorId, Bytes)], name: impl Fn(TensorId) -> String) -> Vec<(String, Bytes)> {
    let mut sums: BTreeMap<String, Bytes> = BTreeMap::new();
    owners.iter().for_each(|&(tensor, bytes)| *sums.entry(name(tensor)).or_default() += bytes);
    let mut sums: Vec<(String, Bytes)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    sums
}

fn off_chip(workload: &Workload, traffic: &Traffic, port_cycles: Vec<Cycles>) -> DramStatistics {
    let mut used = vec![false; workload.tensors.len()];
    let layouts = super::layout::Layouts::new(workload);
    let moving = workload.ops.iter().filter(|op| !op.kind.is_rename());
    for input in moving.flat_map(|op| op.kind.inputs()) {
        layouts.pieces(input).iter().for_each(|piece| used[piece.tensor.index()] = true);
    }
    let home = workload.tensors.iter().zip(&used).filter(|(t, used)| **used && t.home == Home::Dram);
    let moved = traffic.off_chip_of(workload.op_ids());
    DramStatistics {
        read_bytes: moved.read,
        write_bytes: moved.written,
        unavoidable_read_bytes: home.map(|(t, _)| t.bytes()).sum(),
        unavoidable_write_bytes: workload.tensors.iter().filter(|t| t.write_back).map(|t| t.bytes()).sum(),
        port_cycles,
    }
}
