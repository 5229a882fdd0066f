//! Totals of a run.

use super::Probe;
use super::engine::{Engine, Unit};
use super::occupancy::{Maximum, Record};
use super::record::Transfer;
use super::residency::Residency;
use super::tiling::Tiling;
use crate::accelerator::{Accelerator, Memory};
use crate::ids::{MemoryId, TensorId};
use crate::trace::{
    ArrayStatistics, DramStatistics, MemoryStatistics, Occupancy, OpTiming, Outcome, Peak, Run, Statistics,
};
use crate::units::{Bytes, Cycles};
use crate::workload::{CausalMask, Home, OpKind, Workload};
use std::collections::BTreeMap;

/// Tensors and ops named at the peak.
const NAMED: usize = 8;

/// Bytes and words moved so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counters {
    read: [Bytes; 4],
    written: [Bytes; 4],
    read_words: u64,
    written_words: u64,
}

/// Bytes moved from and to DRAM so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct OffChip {
    /// From it.
    pub read: Bytes,
    /// To it.
    pub written: Bytes,
}

impl Counters {
    /// Counts a transfer; its bytes are attributed to the class of its tensor.
    pub fn count(&mut self, transfer: &Transfer, memory: &Memory, workload: &Workload) {
        let (bytes, class) = (Bytes(transfer.bytes), workload.tensor(transfer.tensor).class as usize);
        let words = memory.requests(bytes);
        if transfer.kind.reads() {
            self.read[class] += bytes;
            self.read_words += words;
        } else {
            self.written[class] += bytes;
            self.written_words += words;
        }
    }
}

/// Closes the books of a run.
pub fn summarise<P: Probe>(engine: Engine<'_, P>, outcome: Outcome, events: u64) -> Run {
    let Engine { workload, accelerator, residency, recorder, ports, dram, units, counters, off_chip, timings, .. } =
        engine;
    let ops: Vec<OpTiming> = timings.into_iter().flatten().collect();
    let graph = recorder.into_graph();
    let end_of_ops = ops.iter().map(|t| t.end.0).max().unwrap_or(0);
    // A run that thrashes ends with the last thing that happened.
    let end = match outcome {
        Outcome::Finished => end_of_ops,
        Outcome::Thrashing { .. } => graph.nodes().iter().map(|n| n.start.0).max().unwrap_or(0).max(end_of_ops),
    };
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
    let (macs_useful, macs_issued) = macs(workload, accelerator);
    let statistics = Statistics {
        outcome,
        cycles: Cycles(end),
        macs_useful,
        macs_issued,
        memories,
        dram: of_dram(workload, off_chip, dram.held()),
        arrays: accelerator.arrays.iter().zip(&units).map(|(a, u)| array(&a.name, u, end)).collect(),
        vector_cycles: Cycles(units.last().map_or(0, |u| u.active)),
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
        port_cycles: Vec::new(),
        evicted_needed: Bytes::ZERO,
    }
}

fn array(name: &str, unit: &Unit, end: u64) -> ArrayStatistics {
    let (active, busy) = (Cycles(unit.active), Cycles(unit.busy));
    ArrayStatistics { name: name.into(), active, stalled: busy - active, idle: Cycles(end) - busy }
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

/// Useful and issued multiplications. What a mask leaves out depends on the array's rows and columns only where they differ
/// between arrays; then the first array's count.
fn macs(workload: &Workload, accelerator: &Accelerator) -> (u64, u64) {
    let of_op = |kind: &OpKind| match kind {
        OpKind::Matmul { m, k, n, mask: CausalMask::None, .. } => {
            let macs = u64::from(*m) * u64::from(*k) * u64::from(*n);
            (macs, macs)
        }
        OpKind::Matmul { m, k, n, mask, .. } => {
            let tiling = Tiling::new(*m, *k, *n, *mask, &accelerator.arrays[0]);
            (tiling.macs_useful(), tiling.macs_issued())
        }
        _ => (0, 0),
    };
    workload.ops.iter().map(|op| of_op(&op.kind)).fold((0, 0), |sum, op| (sum.0 + op.0, sum.1 + op.1))
}

fn of_dram(workload: &Workload, counted: OffChip, port_cycles: Vec<Cycles>) -> DramStatistics {
    let mut used = vec![false; workload.tensors.len()];
    let layouts = super::layout::Layouts::new(workload);
    let moving = workload.ops.iter().filter(|op| !op.kind.is_rename());
    for input in moving.flat_map(|op| op.kind.inputs()) {
        layouts.pieces(input).iter().for_each(|piece| used[piece.tensor.index()] = true);
    }
    let home = workload.tensors.iter().zip(&used).filter(|(t, used)| **used && t.home == Home::Dram);
    DramStatistics {
        read_bytes: counted.read,
        write_bytes: counted.written,
        unavoidable_read_bytes: home.map(|(t, _)| t.bytes()).sum(),
        unavoidable_write_bytes: workload.tensors.iter().filter(|t| t.write_back).map(|t| t.bytes()).sum(),
        port_cycles,
    }
}
