//! Statistics against what the record, the model and the clock say.

use super::fixtures::{Block, Builder, accelerator, block, cases, small_accelerator};
use proptest::prelude::*;
use std::collections::BTreeMap;
use trapti::accelerator::{Accelerator, Memory, Overlap};
use trapti::ids::{MemoryId, OpId};
use trapti::sim::{Options, simulate};
use trapti::trace::{Node, NodeKind, Outcome, Resource, Run, Stalls, Statistics};
use trapti::units::{Bytes, Cycles};
use trapti::workload::{Class, Home, OpKind, Phase, PhaseKind, Workload};

fn run(workload: &Workload, accelerator: &Accelerator) -> Run {
    simulate(workload, accelerator, &Options::default(), &mut |_| {}).unwrap()
}

/// Active, stalled and idle cycles of every unit.
fn units(statistics: &Statistics) -> Vec<(Cycles, Stalls, Cycles)> {
    let arrays = statistics.arrays.iter().map(|a| (a.active, a.stalls, a.idle));
    arrays.chain([(statistics.vector.active, statistics.vector.stalls, statistics.vector.idle)]).collect()
}

/// Words of the record, by op and memory.
fn words_of_ops(run: &Run) -> BTreeMap<(OpId, u8), u64> {
    let mut words = BTreeMap::new();
    for node in run.accesses.nodes().iter().filter(|node| node.kind.is_transfer()) {
        let memory = &run.accelerator.memories[usize::from(node.memory)];
        *words.entry((node.op, node.memory)).or_default() += memory.requests(node.bytes());
    }
    words
}

fn assert_words(run: &Run, place: usize) {
    let memory = &run.accelerator.memories[place];
    let mut counted: BTreeMap<(u32, Class, String, bool), u64> = BTreeMap::new();
    let own = |node: &Node| node.kind.is_transfer() && usize::from(node.memory) == place;
    for node in run.accesses.nodes().iter().filter(own) {
        let op = match &run.workload.op(node.op).kind {
            OpKind::Vector { op, .. } => op.name(),
            _ => "matmul",
        };
        let class = run.workload.tensor(node.tensor).class;
        let key = (u32::from(node.port), class, op.to_string(), node.kind.writes());
        *counted.entry(key).or_default() += memory.requests(node.bytes());
    }
    let mut listed = BTreeMap::new();
    for row in &run.statistics.memories[place].words {
        listed.insert((row.port, row.class, row.op.clone(), false), row.read);
        listed.insert((row.port, row.class, row.op.clone(), true), row.written);
    }
    listed.retain(|_, words| *words > 0);
    assert_eq!(listed, counted);
}

/// Every unit's cycles add up, and no time is below its bounds.
fn assert_accounts(run: &Run) {
    let statistics = &run.statistics;
    for (active, stalls, idle) in units(statistics) {
        assert_eq!(active + stalls.total() + idle, statistics.cycles);
    }
    let compute: u64 = statistics.ops.iter().map(|o| o.compute.0).sum();
    if statistics.outcome == Outcome::Finished {
        assert_eq!(compute, units(statistics).iter().map(|u| u.0.0).sum::<u64>());
        assert!(statistics.roofline.bound() <= statistics.cycles, "{:?}", statistics.roofline);
    }
    let words = words_of_ops(run);
    for op in &statistics.ops {
        assert!(op.roofline.bound() <= op.end - op.start, "{op:?}");
        let at = |(m, memory): (usize, &Memory)| {
            words.get(&(op.op, m as u8)).copied().unwrap_or(0).div_ceil(u64::from(memory.ports))
        };
        assert_eq!(op.roofline.port.0, run.accelerator.memories.iter().enumerate().map(at).max().unwrap());
        assert_eq!(op.roofline.array, op.compute);
    }
    (0..run.accelerator.memories.len()).for_each(|place| assert_words(run, place));
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn cycles_add_up_and_stay_above_their_bounds(block in block(), accelerator in small_accelerator()) {
        let run = run(&block.workload(), &accelerator);
        assert_accounts(&run);
        let macs: u64 = run.statistics.arrays.iter().map(|a| a.macs).sum();
        prop_assert_eq!(macs, run.statistics.macs_issued);
        prop_assert!(run.statistics.macs_useful <= macs);
    }

    #[test]
    fn with_evictions_too(block in block(), accelerator in small_accelerator(), percent in 20u64..100) {
        let (workload, mut accelerator) = (block.workload(), accelerator);
        let whole: u64 = workload.tensors.iter().map(|t| t.bytes().0).sum();
        accelerator.memories[0].capacity = Some(Bytes((whole * percent / 100).max(1)));
        assert_accounts(&run(&workload, &accelerator));
    }

    /// A small memory below a large one, which holds everything.
    #[test]
    fn with_a_chain_of_memories_too(block in block(), accelerator in small_accelerator(), percent in 20u64..100) {
        let (workload, mut accelerator) = (block.workload(), accelerator);
        let whole: u64 = workload.tensors.iter().map(|t| t.bytes().0).sum();
        let above = Memory { name: "above".into(), ..accelerator.memories[0].clone() };
        let below = &mut accelerator.memories[0];
        (below.capacity, below.above) = (Some(Bytes((whole * percent / 100).max(1))), Some(MemoryId(1)));
        accelerator.memories.push(above);
        assert_accounts(&run(&workload, &accelerator));
    }

    /// A stall is only attributed to what can cause it.
    #[test]
    fn causes_that_cannot_be_are_absent(block in block(), accelerator in small_accelerator()) {
        let mut chip = accelerator;
        chip.arrays.truncate(1);
        chip.memories[0].ports = 64;
        let ample = run(&Block { vectors: false, ..block }.workload(), &chip);
        prop_assert_eq!(ample.statistics.arrays[0].stalls.port_conflict, Cycles(0), "64 ports for one array");
        prop_assert_eq!(ample.statistics.arrays[0].stalls.dependency, Cycles(0), "one array follows its own results");
        let fills = ample.accesses.nodes().iter().filter(|n| n.kind == NodeKind::Fill).count();
        prop_assert!(fills > 0 && ample.statistics.arrays[0].stalls.dram > Cycles(0));
    }
}

/// The serial product of `properties.rs`, by hand. A is brought to 24 and B, which waits for the DRAM port, to 47; B is read to 52,
/// computed to 58; A and B are brought to 105 and read to 110, computed to 114; the result is written to 119.
#[test]
fn stalls_by_hand() {
    let mut b = Builder::default();
    let input = b.tensor(3, 7, Class::Activation, Home::Dram);
    b.project(input, 2, false, Class::Activation);
    let run = run(&b.workload, &accelerator(1, Overlap::Serial));
    let array = &run.statistics.arrays[0];
    let expected = Stalls {
        dram: Cycles(47 + 47),
        operand_fetch: Cycles(5 + 5),
        result_write: Cycles(5),
        port_conflict: Cycles(0),
        dependency: Cycles(0),
    };
    assert_eq!((array.active, array.stalls, array.idle), (Cycles(6 + 4), expected, Cycles(0)));
    assert_eq!(array.macs, 3 * 7 * 2);
    // 35 bytes from DRAM, in bursts of 4 at 4/3 cycles each: 3, 2, 3 (9 bytes) and 2 bursts, each transfer rounded up.
    let roofline = run.statistics.roofline;
    assert_eq!((roofline.array, roofline.dram), (Cycles(10), Cycles(4 + 3 + 4 + 3)));
    assert_eq!(roofline.binds(), if roofline.port > Cycles(14) { Resource::Port } else { Resource::Dram });
}

#[test]
fn tokens_come_at_the_ends_of_their_phases() {
    let block = Block {
        tokens: 6,
        width: 8,
        head: 4,
        heads: 2,
        causal: true,
        window: None,
        fused: false,
        grouped: false,
        vectors: true,
        write_back: true,
    };
    let mut workload = block.workload();
    let ops = workload.ops.len();
    let kinds = [PhaseKind::Prefill, PhaseKind::Decode, PhaseKind::Decode];
    let cuts = [0, ops / 2, ops - 2, ops];
    let phase = |i: usize| Phase {
        kind: kinds[i],
        name: format!("part {i}").into(),
        ops: OpId::from(cuts[i])..OpId::from(cuts[i + 1]),
    };
    workload.phases = (0..3).map(phase).collect();
    let run = run(&workload, &accelerator(1, Overlap::DoubleBuffered));
    let statistics = &run.statistics;
    let end = |range: std::ops::Range<usize>| statistics.ops[range].iter().map(|o| o.end).max().unwrap();
    let latency = statistics.latency.unwrap();
    assert_eq!((latency.first_token, latency.decoded_tokens), (end(0..ops / 2), 2));
    let decode = end(ops / 2..ops) - latency.first_token;
    assert_eq!(latency.cycles_per_token, Some(decode.0 as f64 / 2.0));
    let sum = |f: fn(&trapti::trace::PhaseStatistics) -> u64| statistics.phases.iter().map(f).sum::<u64>();
    assert_eq!(sum(|p| p.macs_issued), statistics.macs_issued);
    assert_eq!(sum(|p| p.macs_useful), statistics.macs_useful);
    assert_eq!(sum(|p| p.dram_read_bytes.0), statistics.dram.read_bytes.0);
    assert_eq!(sum(|p| p.dram_write_bytes.0), statistics.dram.write_bytes.0);
    let peak = statistics.phases.iter().map(|p| p.peak_needed[0]).max().unwrap();
    assert_eq!(peak, statistics.memories[0].peak_needed.bytes);
    for phase in &statistics.phases {
        assert!(phase.roofline.bound() <= phase.cycles(), "{phase:?}");
    }
}
