//! What must hold for any simulation, and cases small enough for paper.

use super::fixtures::{Block, Builder, accelerator, block, cases, small_accelerator};
use proptest::prelude::*;
use trapti::accelerator::{Accelerator, Overlap};
use trapti::sim::gemm::{Product, cost};
use trapti::sim::{Options, simulate};
use trapti::trace::{NodeKind, Outcome, Run};
use trapti::units::{Bytes, Cycles};
use trapti::workload::{Class, Home, KvRelease, Workload};

fn run(workload: &Workload, accelerator: &Accelerator) -> Run {
    simulate(workload, accelerator, &Options::default(), &mut |_| {}).unwrap()
}

/// One product of a 3×7 input and a 7×2 weight on a 4×4 array of depth 4, ports of 32 bits.
fn product() -> Workload {
    let mut b = Builder::default();
    let input = b.tensor(3, 7, Class::Activation, Home::Dram);
    b.project(input, 2, false, Class::Activation);
    b.workload
}

/// DRAM: latency 20, bursts of 4 bytes, 4/3 cycles a burst. SRAM: latency 3, 4 bytes a cycle.
///
/// First temporal tile: A is 3×4 = 12 bytes, 20 + 4 = 24 cycles; B is 4×2 = 8 bytes, 20 + ⌈8/3⌉ = 23, after A on the one DRAM
/// port: 47; read in 3 + 2 = 5: 52; computed in 4 + (3 − 1) = 6: 58. Second: A is 9 bytes, 20 + 4 = 24; B is 6 bytes, 20 + 3:
/// there at 58 + 47 = 105, read in 5: 110; computed in 3 + (2 − 1) = 4: 114. The result's 6 bytes are written in 5: 119.
#[test]
fn one_spatial_tile_by_hand() {
    let run = run(&product(), &accelerator(1, Overlap::Serial));
    assert_eq!(run.statistics.cycles, Cycles(119));
    assert_eq!(run.statistics.ops[0].compute, Cycles(10));
    assert_eq!(run.statistics.memories[0].read_bytes, [Bytes(14), Bytes(21), Bytes(0), Bytes(0)]);
    assert_eq!(run.statistics.memories[0].peak_used.bytes, Bytes(21 + 14 + 6));
    // The weight is read once, tile by tile: at most its first tile is needed at once.
    let weight = run.lifetimes.iter().find(|l| l.class == Class::Weight).unwrap();
    assert_eq!((weight.extent, weight.reserved, weight.released), (Bytes(8), Cycles(24), Cycles(110)));
}

/// Double-buffered, the second tile's fetches follow the first's: DRAM is busy to 24, 47, 71 and 94, read to 99; the first is
/// computed by 58; the second by 103; the result is written by 108.
#[test]
fn one_spatial_tile_overlapped_by_hand() {
    assert_eq!(run(&product(), &accelerator(1, Overlap::DoubleBuffered)).statistics.cycles, Cycles(108));
}

#[test]
fn keys_and_values_are_kept_on_demand() {
    let block = Block {
        tokens: 6,
        width: 8,
        head: 4,
        heads: 2,
        causal: false,
        window: None,
        fused: false,
        grouped: false,
        vectors: false,
        write_back: true,
    };
    let options = Options { kv: KvRelease::Kept, ..Options::default() };
    let kept = simulate(&block.workload(), &accelerator(1, Overlap::Serial), &options, &mut |_| {}).unwrap();
    let last = |run: &Run| run.occupancy[0].changes.last().unwrap().needed_of(Class::Kv);
    assert_eq!(last(&kept), Bytes(2 * 2 * 6 * 4));
    assert_eq!(last(&run(&block.workload(), &accelerator(1, Overlap::Serial))), Bytes(0));
}

#[test]
fn a_memory_too_small_for_one_tile_thrashes() {
    let mut small = accelerator(1, Overlap::Serial);
    small.memories[0].capacity = Some(Bytes(11));
    let run = run(&product(), &small);
    let lacking = Bytes(12 - 11);
    assert_eq!(run.statistics.outcome, Outcome::Thrashing { op: "op-0".into(), memory: "sram".into(), lacking });
}

/// Cycles that the arrays, the ports of the SRAM and the channel need at least.
fn lower_bound(run: &Run) -> u64 {
    let (statistics, memory) = (&run.statistics, &run.accelerator.memories[0]);
    let compute = run.statistics.arrays.iter().map(|a| a.active.0).max().unwrap_or(0);
    let words = statistics.memories[0].read_words + statistics.memories[0].write_words;
    let dram = &run.accelerator.dram;
    let channel = statistics.dram.read_bytes.0 * 8 * run.accelerator.clock.0
        / (u64::from(dram.channel_bits * dram.ports) * dram.transfers_per_second);
    compute.max(words / u64::from(memory.ports)).max(channel)
}

/// Changes that can only help.
fn improved(accelerator: &Accelerator, what: usize) -> Accelerator {
    let mut better = accelerator.clone();
    let (memory, dram) = (&mut better.memories[0], &mut better.dram);
    match what {
        0 => memory.ports += 1,
        1 => memory.port_bits *= 2,
        2 => memory.latency = Cycles(memory.latency.0.saturating_sub(1).max(1)),
        3 => dram.transfers_per_second *= 2,
        4 => dram.ports += 1,
        5 => dram.channel_bits *= 2,
        6 => dram.latency = Cycles(dram.latency.0.saturating_sub(1)),
        _ => memory.capacity = None,
    }
    better
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn never_below_the_bounds(block in block(), accelerator in small_accelerator()) {
        let run = run(&block.workload(), &accelerator);
        prop_assert!(run.statistics.cycles.0 >= lower_bound(&run));
    }

    #[test]
    fn more_never_costs_cycles_on_one_serial_array(block in block(), accelerator in small_accelerator(), what in 0usize..8) {
        let mut plain = accelerator;
        plain.arrays.truncate(1);
        plain.arrays[0].overlap = Overlap::Serial;
        let workload = Block { vectors: false, ..block }.workload();
        let whole: Bytes = workload.tensors.iter().map(|t| t.bytes()).sum();
        plain.memories[0].capacity = Some(whole);
        let (before, after) = (run(&workload, &plain), run(&workload, &improved(&plain, what)));
        prop_assert!(after.statistics.cycles <= before.statistics.cycles);
    }

    #[test]
    fn compute_is_the_closed_form(m in 1u32..30, k in 1u32..30, n in 1u32..30, accelerator in small_accelerator()) {
        let mut b = Builder::default();
        let input = b.tensor(m, k, Class::Activation, Home::Dram);
        b.project(input, n, true, Class::Activation);
        let run = run(&b.workload, &accelerator);
        let product = Product { m: m.into(), n: n.into(), k: k.into() };
        prop_assert_eq!(run.statistics.ops[0].compute.0, cost(product, &accelerator.arrays[0]).unwrap().cycles);
        // Without evictions everything comes from DRAM once and is written once.
        let fills: u64 = run.accesses.nodes().iter().filter(|a| a.kind == NodeKind::Fill).map(|a| a.bytes().0).sum();
        prop_assert_eq!(fills, u64::from(m * k + n * k));
        prop_assert_eq!(run.statistics.dram.read_bytes, run.statistics.dram.unavoidable_read_bytes);
    }
}
