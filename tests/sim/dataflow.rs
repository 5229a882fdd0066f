//! What arrays with a stationary operand move, against the array model, and cases small enough for paper.

use super::fixtures::{Block, Builder, accelerator, block, cases, expand};
use itertools::iproduct;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use trapti::accelerator::{Accelerator, Array, Dataflow, Fill, Overlap};
use trapti::ids::MemoryId;
use trapti::power::{Organisation, Selection, Stimulus, place};
use trapti::sim::gemm::{Product, cost};
use trapti::sim::{Options, simulate};
use trapti::trace::{NodeKind, Operand, Run};
use trapti::units::Cycles;
use trapti::workload::{CausalMask, Class, Home, VectorKind, Workload};

const STATIONARY: [Dataflow; 2] = [Dataflow::WeightStationary, Dataflow::InputStationary];

fn run(workload: &Workload, accelerator: &Accelerator) -> Run {
    simulate(workload, accelerator, &Options::default(), &mut |_| {}).unwrap()
}

/// One product of an input and a weight.
fn product(m: u32, k: u32, n: u32, transposed: bool) -> Workload {
    let mut b = Builder::default();
    let input = b.tensor(m, k, Class::Activation, Home::Dram);
    b.project(input, n, transposed, Class::Activation);
    b.workload
}

/// One array; a word is one element.
fn chip(dataflow: Dataflow, accumulator_rows: Option<u32>, overlap: Overlap) -> Accelerator {
    let mut chip = accelerator(1, overlap);
    (chip.arrays[0].dataflow, chip.arrays[0].accumulator_rows) = (dataflow, accumulator_rows);
    chip.memories[0].port_bits = 8;
    chip
}

/// Bytes moved between the memory and the array, by operand and direction.
fn moved(run: &Run) -> BTreeMap<(Operand, bool), u64> {
    let mut moved = BTreeMap::new();
    for node in run.accesses.nodes().iter().filter(|n| matches!(n.kind, NodeKind::Read | NodeKind::Write)) {
        *moved.entry((node.operand, node.kind == NodeKind::Write)).or_default() += node.bytes().0;
    }
    moved
}

/// A 5×6 by 6×3 product, weight-stationary, on 4×4, chunks of 4 rows, accumulators for 4 rows; ports of 4 bytes a cycle and
/// latency 3; everything is on chip after the first use. DRAM: latency 20, 4 bytes at 4/3 cycles.
///
/// Folds along K: 4 and 2. Chunks: 4 rows and 1 row. The fifth row of C has no accumulators: 3 words go out and come back.
#[test]
fn weight_stationary_by_hand() {
    let mut chip = chip(Dataflow::WeightStationary, Some(4), Overlap::Serial);
    chip.memories[0].port_bits = 32;
    let run = run(&product(5, 6, 3, false), &chip);
    let fill = |bytes: u64| 20 + (bytes.div_ceil(4) * 4).div_ceil(3);
    let port = |bytes: u64| 3 + bytes.div_ceil(4);
    // A 4×4, then B 4×3 over the one DRAM port; B is read; 4 to load, 4 rows, 3 of skew.
    let first = fill(16) + fill(12) + port(12) + 4 + 4 + 3;
    // A 1×4; one row, 2 of skew of the columns; partial sums of 3 words are written.
    let second = fill(4) + port(4) + 1 + 2 + port(3);
    // A 4×2, B 2×3; 2 to load, 4 rows, 1 of skew; four rows of results are written.
    let third = fill(8) + fill(6) + port(6) + 2 + 4 + 1 + port(12);
    // A 1×2, then partial sums of 3 words, which are on chip; the fifth row is written.
    let fourth = fill(2) + port(2) + port(3) + 1 + 2 + port(3);
    assert_eq!(run.statistics.cycles, Cycles(first + second + third + fourth));
    assert_eq!(run.statistics.ops[0].compute, Cycles((4 + 5 + 3 + 2) + (2 + 5 + 1 + 2)));
    let expected = BTreeMap::from([
        ((Operand::A, false), 30),
        ((Operand::B, false), 18),
        ((Operand::Out, false), 3),
        ((Operand::Out, true), 15 + 3),
    ]);
    assert_eq!(moved(&run), expected);
}

/// `size` cut into parts of `step`.
fn parts(size: u32, step: u32) -> Vec<Range<u32>> {
    (0..size).step_by(step as usize).map(|at| at..size.min(at + step)).collect()
}

/// Multiplications of every block of A, B and the result that an array works on at a time, if one of its rows sees one of its
/// keys: counted one by one.
fn issued((m, k, n): (u32, u32, u32), mask: CausalMask, array: &Array) -> u64 {
    let contexts = matches!(mask, CausalMask::Context | CausalMask::WindowedContext(_));
    let keys = if contexts { k } else { n };
    let sees = |row: u32, key: u32| {
        let own = row + keys - m;
        key <= own && mask.window().is_none_or(|window| key + window > own)
    };
    let (r, c, l) = (array.rows, array.columns, array.buffer_length);
    let (down, along, across) = match array.dataflow {
        Dataflow::OutputStationary => (r, l, c),
        Dataflow::WeightStationary => (l, r, c),
        Dataflow::InputStationary => (c, r, l),
    };
    let mut sum = 0;
    for (rows, deep, cols) in iproduct!(parts(m, down), parts(k, along), parts(n, across)) {
        let range = if contexts { deep.clone() } else { cols.clone() };
        let seen: Vec<u32> = range.filter(|&key| rows.clone().any(|row| sees(row, key))).collect();
        let Some(&last) = seen.last() else { continue };
        // With weights in the array, rows stream past a whole fold; else the reduction ends with the last key.
        let ends = contexts && array.dataflow != Dataflow::WeightStationary;
        let deep = if ends { deep.start..last + 1 } else { deep };
        sum += rows.len() as u64 * deep.len() as u64 * cols.len() as u64;
    }
    sum
}

/// A tile of 65536 by 65536 results is 2^32 bytes: more than a transfer can say.
#[test]
fn a_step_of_more_than_32_bits_is_refused() {
    let mut chip = chip(Dataflow::OutputStationary, None, Overlap::Serial);
    (chip.arrays[0].rows, chip.arrays[0].columns) = (65_536, 65_536);
    let refused =
        |chip: &Accelerator| match simulate(&product(65_536, 1, 65_536, false), chip, &Options::default(), &mut |_| {})
        {
            Err(trapti::Error::Input(problems)) => problems[0].code,
            other => panic!("{:?}", other.map(|run| run.statistics.cycles)),
        };
    assert_eq!(refused(&chip), "step-too-large");
    (chip.arrays[0].dataflow, chip.arrays[0].buffer_length) = (Dataflow::WeightStationary, 1 << 24);
    assert_eq!(refused(&chip), "step-too-large");
}

proptest! {
    #![proptest_config(cases(200))]

    /// Results and partial sums are those of the array model; operands are at most those at the array's edge, because buffers
    /// hold tiles.
    #[test]
    fn the_engine_moves_what_the_array_model_counts(
        sides in (1u32..20, 1u32..20, 1u32..20), held in prop::sample::select(STATIONARY.to_vec()),
        rows in prop::option::of(0u32..20), double: bool, full: bool, transposed: bool, length in 1u32..9,
    ) {
        let overlap = if double { Overlap::DoubleBuffered } else { Overlap::Serial };
        let mut chip = chip(held, rows, overlap);
        (chip.arrays[0].buffer_length, chip.arrays[0].rows) = (length, 3);
        chip.arrays[0].fill = if full { Fill::Full } else { Fill::Edge };
        let (m, k, n) = sides;
        let run = run(&product(m, k, n, transposed), &chip);
        let ours = cost(Product { m: m.into(), k: k.into(), n: n.into() }, &chip.arrays[0]).unwrap();
        prop_assert_eq!(run.statistics.ops[0].compute.0, ours.cycles);
        prop_assert_eq!(run.statistics.macs_issued, ours.macs);
        let moved = moved(&run);
        let of = |operand, written| moved.get(&(operand, written)).copied().unwrap_or(0);
        prop_assert_eq!(of(Operand::Out, true), ours.writes + ours.partial_sums / 2);
        prop_assert_eq!(of(Operand::Out, false), ours.partial_sums / 2);
        let (a, b) = (of(Operand::A, false), of(Operand::B, false));
        prop_assert!(a <= ours.reads_a && b <= ours.reads_b);
        match held {
            Dataflow::WeightStationary => prop_assert_eq!(b, ours.reads_b),
            _ => prop_assert_eq!(a, ours.reads_a),
        }
    }

    /// Blocks above the diagonal, and before a window, are not computed; all results are there all the same.
    #[test]
    fn masked_products_compute_the_blocks_that_some_row_sees(
        sizes in (1u32..30, 1u32..12, 1u32..20), window in prop::option::of(1u32..30), context: bool, transposed: bool,
        shape in (1u32..6, 1u32..6, 1u32..9), which in 0usize..3, rows in prop::option::of(0u32..20),
    ) {
        let (m, width, before) = sizes;
        let keys = m + before - 1;
        let score = window.map_or(CausalMask::Score, CausalMask::WindowedScore);
        let (k, n, mask) = if context { (keys, width, score.of_context()) } else { (width, keys, score) };
        let dataflow = [Dataflow::OutputStationary, Dataflow::WeightStationary, Dataflow::InputStationary][which];
        let mut chip = chip(dataflow, rows, Overlap::DoubleBuffered);
        (chip.arrays[0].rows, chip.arrays[0].columns, chip.arrays[0].buffer_length) = shape;
        let mut b = Builder::default();
        let left = b.tensor(m, k, Class::Activation, Home::Dram);
        let right = if transposed { b.tensor(n, k, Class::Kv, Home::Dram) } else { b.tensor(k, n, Class::Kv, Home::Dram) };
        let product = b.matmul(left, right, transposed, Class::Score, mask);
        b.vector(VectorKind::Softmax, vec![product], true);
        let run = run(&b.workload, &chip);
        prop_assert_eq!(run.statistics.macs_issued, issued((m, k, n), mask, &chip.arrays[0]));
        prop_assert!(run.statistics.macs_useful <= run.statistics.macs_issued);
        // The softmax found the whole square in the memory.
        prop_assert!(run.statistics.dram.read_bytes.0 <= u64::from(m * k + k * n));
        let scores = expand(&run.occupancy[0]).into_iter().map(|(needed, _)| needed[Class::Score as usize]).max();
        prop_assert_eq!(scores, Some(u64::from(m * n)));
    }

    /// On a memory that answers at once over wide ports, the run takes the cycles of the array model and one for each transfer that
    /// nothing hides.
    #[test]
    fn with_ideal_memory_the_run_is_the_closed_form(
        sides in (1u32..20, 1u32..20, 1u32..20), shape in (1u32..6, 1u32..6, 1u32..9),
        held in prop::sample::select(STATIONARY.to_vec()), full: bool,
    ) {
        let mut chip = chip(held, None, Overlap::Serial);
        (chip.arrays[0].rows, chip.arrays[0].columns, chip.arrays[0].buffer_length) = shape;
        chip.arrays[0].fill = if full { Fill::Full } else { Fill::Edge };
        (chip.memories[0].latency, chip.memories[0].port_bits) = (Cycles(0), 1 << 20);
        (chip.dram.latency, chip.dram.transfers_per_second) = (Cycles(0), 1 << 60);
        let (m, k, n) = sides;
        let run = run(&product(m, k, n, true), &chip);
        let ours = cost(Product { m: m.into(), k: k.into(), n: n.into() }, &chip.arrays[0]).unwrap();
        // Every transfer is one word: one cycle.
        let stalls = run.statistics.arrays[0].stalls;
        prop_assert_eq!(run.statistics.cycles.0, ours.cycles + stalls.total().0);
        prop_assert_eq!(run.statistics.arrays[0].active.0, ours.cycles);
        prop_assert_eq!(stalls.result_write.0, run.accesses.nodes().iter().filter(|n| n.kind == NodeKind::Write).count() as u64);
    }

    /// Stage II finds written words for every partial sum that comes back.
    #[test]
    fn a_stimulus_reads_what_was_written(block in block(), held in prop::sample::select(STATIONARY.to_vec()), rows in 0u32..4) {
        let mut chip = accelerator(2, Overlap::DoubleBuffered);
        (chip.arrays[0].dataflow, chip.arrays[0].accumulator_rows) = (held, Some(rows));
        let run = run(&Block { tokens: block.tokens + 4, ..block }.workload(), &chip);
        let memory = &chip.memories[0];
        let words = 1 << 20;
        let organisation = Organisation {
            domains: 1,
            interleave: 1,
            domain_words: words,
            word_bits: memory.port_bits,
            ports: memory.ports,
            read_latency: 2,
            bank_cycles: 1,
        };
        let placement = place::first_fit(&run.lifetimes, MemoryId(0), words, 4).unwrap();
        let all = Selection::default();
        let (stimulus, _) = Stimulus::compile(&run, MemoryId(0), &all, &placement, &organisation).unwrap();
        prop_assert_eq!(stimulus.nodes.len(), run.accesses.nodes().len());
    }
}
