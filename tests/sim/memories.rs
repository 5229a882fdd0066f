//! Several memories, and what leaves one that is full.

use super::fixtures::{Block, Builder, accelerator, block, cases, small_accelerator};
use super::replay::{Curves, assert_occupancy, late, unexplained};
use proptest::prelude::*;
use std::path::Path;
use trapti::accelerator::{Accelerator, Memory, Overlap, Reclaim, Replacement, Serves, Victims};
use trapti::diagnostic::Source;
use trapti::ids::{MemoryId, TensorId};
use trapti::sim::gemm::{Product, cost};
use trapti::sim::{Options, simulate, simulate_observed};
use trapti::trace::{Node, NodeKind, OccupancyChange, Operand, Outcome, Run};
use trapti::units::{Bytes, Cycles};
use trapti::workload::{CausalMask, Class, Home, OpKind, WeightRelease, Workload};

pub fn run(workload: &Workload, accelerator: &Accelerator) -> Run {
    simulate(workload, accelerator, &Options::default(), &mut |_| {}).unwrap()
}

fn refetched(run: &Run) -> u64 {
    run.statistics.dram.read_bytes.0 - run.statistics.dram.unavoidable_read_bytes.0
}

/// Products of 4×4 inputs, one a letter of `pages`, with a fresh 4×1 weight each: 16 bytes that come back as often as the
/// letter does, 4 bytes of weight and 4 of result that are obsolete after their op.
pub fn sequence(pages: &[usize]) -> Workload {
    let mut b = Builder::default();
    let count = pages.iter().max().unwrap() + 1;
    let inputs: Vec<_> = (0..count).map(|_| b.tensor(4, 4, Class::Activation, Home::Dram)).collect();
    pages.iter().for_each(|&page| {
        b.project(inputs[page], 1, false, Class::Activation);
    });
    b.workload
}

/// One serial array and one memory.
pub fn serial(capacity: u64, replacement: Replacement, victims: Victims) -> Accelerator {
    let mut accelerator = accelerator(1, Overlap::Serial);
    let memory = &mut accelerator.memories[0];
    (memory.capacity, memory.replacement, memory.victims) = (Some(Bytes(capacity)), replacement, victims);
    accelerator
}

/// 36 bytes hold two inputs and one op's weight, whose place its result takes. When the third input comes, the first or the second has to go:
/// the second is the one used longer ago, the first came first, and whichever is used later is known.
#[test]
fn each_policy_has_its_victim() {
    let refetched = |pages: &[usize], policy| {
        let run = run(&sequence(pages), &serial(36, policy, Victims::ObsoleteFirst));
        assert_eq!(run.statistics.outcome, Outcome::Finished);
        refetched(&run)
    };
    let each =
        |pages: &[usize]| [Replacement::Lru, Replacement::Fifo, Replacement::Belady].map(|p| refetched(pages, p));
    assert_eq!(each(&[0, 1, 0, 2, 0, 2, 1]), [16, 32, 16]);
    assert_eq!(each(&[0, 1, 2, 0, 1, 2]), [32, 32, 16]);
}

/// Every byte of capacity saves one byte of the victim: only as many bytes leave as are needed, only those that left come back.
#[test]
fn eviction_is_exact_to_the_byte() {
    for capacity in 36..=56 {
        let run = run(&sequence(&[0, 1, 0, 2, 0, 2, 1]), &serial(capacity, Replacement::Lru, Victims::ObsoleteFirst));
        assert_eq!(refetched(&run), 52u64.saturating_sub(capacity), "{capacity}");
        let mut used = run.occupancy[0].changes.iter().map(|c| c.used().0).skip_while(|&used| used < capacity);
        assert!(used.all(|used| used == capacity), "what was full stays full");
    }
}

/// Two products with the same weight: eagerly reclaimed, it is gone after the first.
#[test]
fn eager_reclaim_keeps_nothing_obsolete() {
    let mut b = Builder::default();
    let weight = b.tensor(8, 8, Class::Weight, Home::Dram);
    for _ in 0..2 {
        let input = b.tensor(4, 8, Class::Activation, Home::Dram);
        b.matmul(input, weight, false, Class::Activation, CausalMask::None);
    }
    let mut eager = accelerator(1, Overlap::Serial);
    assert_eq!(refetched(&run(&b.workload, &eager)), 0);
    eager.memories[0].reclaim = Reclaim::Eager;
    for weights in [WeightRelease::Streamed, WeightRelease::Whole] {
        let options = Options { weights, ..Options::default() };
        let run = simulate(&b.workload, &eager, &options, &mut |_| {}).unwrap();
        assert!(run.occupancy[0].changes.iter().all(|c| c.obsolete == Bytes(0)));
        assert_eq!(refetched(&run), 64, "{weights:?}");
    }
}

/// Three columns side by side twice, in tiles of four: the first tile names a column twice.
#[test]
fn a_repeated_column_is_fetched_once() {
    let mut b = Builder::default();
    let input = b.tensor(2, 3, Class::Activation, Home::Dram);
    let twice = b.repeat(input, 2);
    b.project(twice, 1, false, Class::Activation);
    assert_eq!(refetched(&run(&b.workload, &accelerator(1, Overlap::Serial))), 0);
}

fn near(name: &str, above: u32, serves: Serves) -> Memory {
    let port = accelerator(1, Overlap::Serial).memories[0].clone();
    Memory { name: name.into(), above: Some(MemoryId(above)), port_bits: 64, latency: Cycles(1), serves, ..port }
}

/// A product of a 3×7 input and a 7×2 weight. DRAM: latency 20, bursts of 4 bytes in 4/3 cycles; above: latency 3, 4 bytes a
/// cycle; near: latency 1, 8 bytes a cycle.
///
/// A's first tile, 12 bytes: from DRAM to 24, to the near memory in 3 + 3 to 30, to the array in 1 + 2 to 33. B's, 8 bytes: DRAM
/// after A to 47, 3 + 2 to 52, 1 + 1 to 54. Computed in 6 to 60. A's second, 9 bytes: 24 to 84, 3 + 3 to 90, 1 + 2 to 93; B's, 6 bytes:
/// 23 to 107, 3 + 2 to 112, 1 + 1 to 114. Computed in 4 to 118; the result's 6 bytes are in the near memory after 1 + 1: 120.
#[test]
fn two_levels_by_hand() {
    let mut b = Builder::default();
    let input = b.tensor(3, 7, Class::Activation, Home::Dram);
    b.project(input, 2, false, Class::Activation);
    let mut two = accelerator(1, Overlap::Serial);
    two.memories.push(near("near", 0, Serves::default()));
    let run = run(&b.workload, &two);
    assert_eq!(run.statistics.cycles, Cycles(120));
    let [above, near] = &run.statistics.memories[..] else { panic!() };
    assert_eq!((above.peak_used.bytes, near.peak_used.bytes), (Bytes(21 + 14), Bytes(21 + 14 + 6)));
    assert_eq!((above.read_bytes, above.write_bytes), (near.read_bytes, above.read_bytes));
    assert_eq!(near.write_bytes, [Bytes(14), Bytes(21 + 6), Bytes(0), Bytes(0)]);
    // A tile is needed in both from its start towards each until it is used for the last time.
    let weights: Vec<_> = run.lifetimes.iter().filter(|l| l.class == Class::Weight).collect();
    let spans: Vec<_> = weights.iter().map(|l| (l.memory.0, l.reserved.0, l.released.0)).collect();
    assert_eq!(spans, [(0, 24, 114), (1, 47, 114)]);
}

const HEADS: Block = Block {
    tokens: 12,
    width: 8,
    head: 4,
    heads: 2,
    causal: false,
    window: None,
    fused: false,
    grouped: false,
    vectors: true,
    write_back: false,
};

/// Needed results that do not fit go one level up, not off chip.
#[test]
fn evicted_results_go_to_the_level_above() {
    let mut two = accelerator(1, Overlap::Serial);
    two.memories.push(near("near", 0, Serves::default()));
    two.memories[1].capacity = Some(Bytes(200));
    let run = run(&HEADS.workload(), &two);
    assert_eq!(run.statistics.outcome, Outcome::Finished);
    assert!(run.statistics.memories[1].evicted_needed > Bytes(0));
    assert_eq!((run.statistics.dram.write_bytes, refetched(&run)), (Bytes(0), 0));
    let arrivals = run.accesses.nodes().iter().filter(|n| n.memory == 0 && n.kind == NodeKind::Write).count();
    let departures = run.accesses.nodes().iter().filter(|n| n.memory == 1 && n.kind == NodeKind::WriteBack).count();
    assert!(arrivals == departures && arrivals > 0);
}

/// What one array's memory holds reaches the other by way of the memory above both, or else by way of DRAM.
#[test]
fn results_of_a_neighbour_come_by_the_level_above_both() {
    let own = |unit| Serves { units: vec![unit], ..Serves::default() };
    let mut two = accelerator(2, Overlap::Serial);
    two.memories.extend([near("near0", 0, own(0)), near("near1", 0, own(1))]);
    let joined = run(&HEADS.workload(), &two);
    assert_eq!(joined.statistics.outcome, Outcome::Finished);
    assert_eq!((joined.statistics.dram.write_bytes, refetched(&joined)), (Bytes(0), 0));
    assert!(joined.accesses.nodes().iter().any(|n| n.memory > 0 && n.kind == NodeKind::WriteBack));
    two.memories[2].above = None;
    two.memories[0].serves.units = vec![0, 2];
    let apart = run(&HEADS.workload(), &two);
    assert_eq!(apart.statistics.outcome, Outcome::Finished);
    assert!(apart.statistics.dram.write_bytes > Bytes(0), "DRAM is what both have above them");
}

#[test]
fn thrashing_names_the_memory_that_is_too_small() {
    let mut two = accelerator(1, Overlap::Serial);
    two.memories.push(near("near", 0, Serves { operands: [false, true, false], ..Serves::default() }));
    two.memories[1].capacity = Some(Bytes(15));
    let run = run(&sequence(&[0]), &two);
    assert_eq!(run.statistics.outcome, Outcome::Finished, "a weight of 4 bytes fits");
    let mut b = Builder::default();
    let input = b.tensor(4, 4, Class::Activation, Home::Dram);
    b.project(input, 4, false, Class::Activation);
    let thrashing = Outcome::Thrashing { op: "op-0".into(), memory: "near".into(), lacking: Bytes(1) };
    assert_eq!(super::memories::run(&b.workload, &two).statistics.outcome, thrashing);
}

/// Arrays of different sizes tile the same tensors differently.
#[test]
fn arrays_of_different_sizes_work_together() {
    let mut uneven = accelerator(2, Overlap::DoubleBuffered);
    (uneven.arrays[1].rows, uneven.arrays[1].columns, uneven.arrays[1].buffer_length) = (3, 7, 5);
    for dispatch in [trapti::accelerator::Dispatch::RoundRobin, trapti::accelerator::Dispatch::Greedy] {
        uneven.dispatch = dispatch;
        let run = run(&HEADS.workload(), &uneven);
        assert_eq!(run.statistics.outcome, Outcome::Finished);
        assert_eq!(refetched(&run), 0);
        assert!(run.statistics.arrays.iter().all(|a| a.active > Cycles(0)));
        for timing in run.statistics.ops.iter().filter(|t| t.compute > Cycles(0)) {
            let trapti::workload::OpKind::Matmul { m, k, n, .. } = run.workload.op(timing.op).kind else { continue };
            let array = &uneven.arrays[timing.array.unwrap().index()];
            let product = Product { m: m.into(), k: k.into(), n: n.into() };
            assert_eq!(timing.compute.0, cost(product, array).unwrap().cycles);
        }
    }
}

fn model(name: &str) -> Accelerator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/accelerators").join(name);
    Accelerator::parse(&Source::new(&path, std::fs::read_to_string(&path).unwrap())).unwrap()
}

/// Heads of 64 × 64 elements over 96 tokens.
fn larger() -> Workload {
    Block { tokens: 96, width: 256, head: 64, heads: 4, write_back: true, ..HEADS }.workload()
}

/// Weights pass the unified buffer by: it never holds any, and the weight memory holds nothing else and nothing obsolete.
#[test]
fn the_model_with_a_weight_memory_keeps_weights_apart() {
    let run = run(&larger(), &model("tpu-v1-memories.toml"));
    assert_eq!(run.statistics.outcome, Outcome::Finished);
    for (occupancy, weights) in run.occupancy.iter().zip([false, true]) {
        let only = |change: OccupancyChange| (change.needed_of(Class::Weight) == change.needed_total()) == weights;
        assert!(occupancy.changes.iter().filter(|c| c.needed_total() > Bytes(0)).all(only));
    }
    assert!(run.occupancy[1].changes.iter().all(|c| c.obsolete == Bytes(0)));
}

/// Everything from DRAM passes the level 2 memory once; results of one array reach the other without leaving the chip.
#[test]
fn the_model_of_two_levels_stays_on_chip() {
    let run = run(&larger(), &model("dual-scratchpad-l2.toml"));
    let (statistics, dram) = (&run.statistics, &run.statistics.dram);
    assert_eq!(statistics.outcome, Outcome::Finished);
    assert_eq!((dram.read_bytes, dram.write_bytes), (dram.unavoidable_read_bytes, dram.unavoidable_write_bytes));
    let from_dram = run.accesses.nodes().iter().filter(|n| n.memory == 0 && n.kind == NodeKind::Fill);
    assert_eq!(from_dram.map(|n| n.bytes()).sum::<Bytes>(), dram.read_bytes);
    assert!(statistics.memories[1..].iter().all(|m| m.peak_used.bytes > Bytes(0)));
}

/// What a random memory serves, and below which it lies.
type Extra = (usize, [bool; 3], [bool; 3], [bool; 4], (u32, u32, u64));

fn extra() -> impl Strategy<Value = Extra> {
    let shape = (1u32..4, prop::sample::select(vec![8u32, 32, 64]), 1u64..6);
    (0usize..4, any::<[bool; 3]>(), any::<[bool; 3]>(), any::<[bool; 4]>(), shape)
}

/// Up to five memories, where every access has exactly one nearest: trees below one memory, or two that share out the classes.
fn several() -> impl Strategy<Value = Accelerator> {
    let split = prop::option::of(any::<[bool; 4]>());
    (small_accelerator(), split, prop::collection::vec(extra(), 1..4)).prop_map(|(mut base, split, extras)| {
        if let Some(classes) = split {
            let other = Serves { classes: classes.map(|held| !held), ..Serves::default() };
            let other = Memory { name: "other".into(), serves: other, ..base.memories[0].clone() };
            base.memories[0].serves.classes = classes;
            base.memories.push(other);
        }
        extras.into_iter().for_each(|extra| add(&mut base, extra));
        base
    })
}

fn add(base: &mut Accelerator, (above, units, operands, classes, (ports, port_bits, latency)): Extra) {
    let units = (0..=base.arrays.len() as u32).filter(|&u| units[u as usize % 3]).collect();
    let above = (above % base.memories.len()) as u32;
    let serves = Serves { units, operands, classes };
    let own = near(&format!("own{}", base.memories.len()), above, serves);
    let mut more = base.clone();
    more.memories.push(Memory { ports, port_bits, latency: Cycles(latency), ..own });
    if more.accesses().all(|access| more.nearest(access).is_some()) {
        *base = more;
    }
}

fn policies() -> impl Strategy<Value = (Replacement, Victims, Reclaim)> {
    let replacement = prop::sample::select(vec![Replacement::Lru, Replacement::Fifo, Replacement::Belady]);
    let victims = prop::sample::select(vec![Victims::ObsoleteFirst, Victims::Any]);
    (replacement, victims, prop::sample::select(vec![Reclaim::Lazy, Reclaim::Eager]))
}

/// Bytes that cross DRAM's ports in the record: transfers of memories that lie below it, fills in and write-backs out.
fn off_chip(run: &Run) -> (u64, u64) {
    let below = |memory: u8| run.accelerator.memories[usize::from(memory)].above.is_none();
    let sum = |kind| {
        let nodes = run.accesses.nodes().iter().filter(|n| n.kind == kind && below(n.memory));
        nodes.map(|n| n.bytes().0).sum::<u64>()
    };
    (sum(NodeKind::Fill), sum(NodeKind::WriteBack))
}

/// Softmax in place reads scores above and writes them two levels below: a cell that is written again while it is copied up is not
/// saved by that copy, and never asked of DRAM, which has no copy.
#[test]
fn what_is_written_again_on_its_way_up_is_not_fetched_off_chip() {
    let mut three = accelerator(1, Overlap::Serial);
    (three.arrays[0].rows, three.arrays[0].columns, three.vector.buffer) = (4, 1, Bytes(9));
    let base = Memory { ports: 2, port_bits: 8, latency: Cycles(1), ..three.memories[0].clone() };
    let passes = Serves { units: Vec::new(), operands: [false; 3], classes: [false; 4] };
    let scores = Serves { operands: [false, false, true], classes: [false, false, false, true], ..passes.clone() };
    let below = |name: &str, above, ports, serves| Memory { ports, ..near(name, above, serves) };
    three.memories = vec![base, below("passed", 0, 1, passes), below("scores", 1, 2, scores)];
    three.memories[1..].iter_mut().for_each(|memory| memory.port_bits = 8);
    let block = Block { tokens: 9, width: 1, head: 1, heads: 1, vectors: true, write_back: false, ..HEADS };
    let run = run(&Block { causal: false, fused: false, grouped: false, ..block }.workload(), &three);
    let dram = &run.statistics.dram;
    assert_eq!((dram.read_bytes, dram.write_bytes), (dram.unavoidable_read_bytes, dram.unavoidable_write_bytes));
}

/// Tensors that a vector op rewrites in place, reading them from one memory and writing them to another: rows of one cell are then in
/// both, and move to and fro as whole cells.
fn rewritten_elsewhere(run: &Run) -> Vec<TensorId> {
    let nodes = || run.accesses.nodes().iter().filter(|n| n.kind.is_transfer());
    let in_place = |n: &Node| match &run.workload.op(n.op).kind {
        OpKind::Vector { inputs, out, .. } => n.operand == Operand::Out && inputs.contains(out),
        _ => false,
    };
    let written = nodes().filter(in_place);
    let elsewhere = |w: &Node| nodes().any(|r| r.op == w.op && r.tensor == w.tensor && r.memory != w.memory);
    written.filter(elsewhere).map(|n| n.tensor).collect()
}

proptest! {
    #![proptest_config(cases(150))]

    /// Without evictions: every start follows from the graph, every memory's curve is the sum of its lifetimes, nothing is read twice
    /// that has only one way to go.
    #[test]
    fn several_memories_without_evictions(block in block(), several in several(), whole in any::<bool>()) {
        let weights = if whole { WeightRelease::Whole } else { WeightRelease::Streamed };
        let mut curves = Curves::default();
        let options = Options { weights, ..Options::default() };
        let run = simulate_observed(&block.workload(), &several, &options, &mut |_| {}, &mut curves).unwrap();
        prop_assert_eq!(&run.statistics.outcome, &Outcome::Finished);
        let torn = rewritten_elsewhere(&run);
        let late = late(&run).into_iter().filter(|node| !torn.contains(&node.tensor)).collect::<Vec<_>>();
        prop_assert_eq!(late, vec![]);
        assert_occupancy(&run, &curves);
        let dram = &run.statistics.dram;
        prop_assert_eq!(off_chip(&run), (dram.read_bytes.0, dram.write_bytes.0));
        if torn.is_empty() && several.memories.iter().filter(|m| m.above.is_none()).count() == 1 {
            prop_assert_eq!(dram.read_bytes, dram.unavoidable_read_bytes);
            prop_assert_eq!(dram.write_bytes, dram.unavoidable_write_bytes);
        }
    }

    /// With evictions under every policy: the plan replays, no memory ever holds more than it can, and the run ends, finished or naming
    /// what does not fit.
    #[test]
    fn several_memories_with_evictions(
        block in block(), several in several(), percents in prop::array::uniform6(15u64..100), policies in policies(),
    ) {
        let mut several = several;
        let workload = block.workload();
        let whole: u64 = workload.tensors.iter().map(|t| t.bytes().0).sum();
        for (memory, percent) in several.memories.iter_mut().zip(percents) {
            memory.capacity = Some(Bytes((whole * percent / 100).max(1)));
            (memory.replacement, memory.victims, memory.reclaim) = policies;
        }
        let mut curves = Curves::default();
        let options = Options { most_events: 1_000_000, ..Options::default() };
        let run = simulate_observed(&workload, &several, &options, &mut |_| {}, &mut curves).unwrap();
        unexplained(&run);
        assert_occupancy(&run, &curves);
        let dram = &run.statistics.dram;
        prop_assert_eq!(off_chip(&run), (dram.read_bytes.0, dram.write_bytes.0));
        match &run.statistics.outcome {
            Outcome::Finished => prop_assert!(dram.read_bytes >= dram.unavoidable_read_bytes),
            Outcome::Thrashing { memory, lacking, .. } => {
                prop_assert!(*lacking > Bytes(0) && several.memories.iter().any(|m| m.name == *memory));
            }
        }
    }

    /// The same for one memory, where evictions are the rule.
    #[test]
    fn one_memory_with_evictions(block in block(), accelerator in small_accelerator(), percent in 15u64..100, policies in policies()) {
        let mut accelerator = accelerator;
        let workload = block.workload();
        let whole: u64 = workload.tensors.iter().map(|t| t.bytes().0).sum();
        let memory = &mut accelerator.memories[0];
        memory.capacity = Some(Bytes((whole * percent / 100).max(1)));
        (memory.replacement, memory.victims, memory.reclaim) = policies;
        let mut curves = Curves::default();
        let options = Options { most_events: 1_000_000, ..Options::default() };
        let run = simulate_observed(&workload, &accelerator, &options, &mut |_| {}, &mut curves).unwrap();
        unexplained(&run);
        assert_occupancy(&run, &curves);
    }
}
