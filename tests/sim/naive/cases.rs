//! Random small cases.

use super::super::fixtures::{Block, Builder, accelerator, block, cases, expand, small_accelerator};
use super::Recorded;
use super::play::play;
use itertools::Itertools;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Debug;
use trapti::accelerator::{Accelerator, Dataflow, Memory, Overlap, Reclaim, Replacement, Serves, Victims};
use trapti::ids::MemoryId;
use trapti::sim::{Options, simulate};
use trapti::trace::{Node, Run};
use trapti::units::{Bytes, Cycles};
use trapti::workload::{CausalMask, Class, Home, OpKind, VectorKind, WeightRelease, Workload};

fn same<T: PartialEq + Debug>(what: &str, ours: &T, naive: &T) -> Result<(), String> {
    if ours == naive { Ok(()) } else { Err(format!("{what}: {ours:?}, not {naive:?}")) }
}

/// Every transfer of a memory in the record, ascending.
fn recorded(run: &Run) -> Vec<Recorded> {
    let transfers = run.accesses.nodes().iter().filter(|node| node.kind.is_transfer());
    let class = |tensor| run.workload.tensor(tensor).class as usize;
    let one = |n: Node| (n.start.0, n.memory_id().index(), n.port.into(), n.kind.reads(), class(n.tensor), n.bytes().0);
    transfers.map(one).sorted_unstable().collect()
}

/// Simulates both ways; the cycles compared if everything is equal, else what differs.
fn compare_runs(workload: &Workload, accelerator: &Accelerator, options: &Options) -> Result<u64, String> {
    let fast = simulate(workload, accelerator, options, &mut |_| {}).unwrap();
    let slow = play(workload, accelerator, options);
    for (memory, curve) in slow.curves.iter().enumerate() {
        for (cycle, (ours, naive)) in expand(&fast.occupancy[memory]).iter().zip(curve).enumerate() {
            same(&format!("memory {memory} in cycle {cycle}"), ours, naive)?;
        }
    }
    let transfers = recorded(&fast);
    for (ours, naive) in transfers.iter().zip(&slow.recorded) {
        same("transfer", ours, naive)?;
    }
    same("transfers", &transfers.len(), &slow.recorded.len())?;
    let ours = &fast.statistics;
    let times: BTreeMap<_, _> = ours.ops.iter().map(|t| (t.op, (t.start.0, t.end.0))).collect();
    same("ops", &times, &slow.times)?;
    same("outcome", &ours.outcome, &slow.outcome)?;
    same("DRAM", &[ours.dram.read_bytes.0, ours.dram.write_bytes.0], &slow.dram)?;
    for (memory, statistics) in ours.memories.iter().enumerate() {
        same(&format!("cycles of memory {memory}"), &ours.cycles.0, &(slow.curves[memory].len() as u64))?;
        let moved = [statistics.read_bytes, statistics.write_bytes].map(|bytes| bytes.map(|b| b.0));
        same(&format!("bytes of memory {memory}"), &moved, &slow.moved[memory])?;
        same(&format!("evictions of memory {memory}"), &statistics.evicted_needed.0, &slow.evicted[memory])?;
    }
    Ok(ours.cycles.0)
}

pub(super) fn assert_equal(workload: &Workload, accelerator: &Accelerator, options: &Options) {
    let compared = compare_runs(workload, accelerator, options);
    assert!(compared.is_ok(), "{}", compared.unwrap_err());
}

/// Compares a block on an accelerator without evictions.
pub fn compare(block: &Block, accelerator: &Accelerator, whole: bool) -> Result<u64, String> {
    compare_runs(&block.workload(), accelerator, &options(whole))
}

fn options(whole: bool) -> Options {
    let weights = if whole { WeightRelease::Whole } else { WeightRelease::Streamed };
    Options { weights, ..Options::default() }
}

pub(super) fn policies() -> impl Strategy<Value = (Replacement, Victims, Reclaim)> {
    let replacement = prop::sample::select(vec![Replacement::Lru, Replacement::Fifo, Replacement::Belady]);
    let victims = prop::sample::select(vec![Victims::ObsoleteFirst, Victims::Any]);
    (replacement, victims, prop::sample::select(vec![Reclaim::Lazy, Reclaim::Eager]))
}

/// A part of all bytes as capacity.
pub(super) fn limit(
    accelerator: &mut Accelerator,
    workload: &Workload,
    percents: &[u64],
    policies: (Replacement, Victims, Reclaim),
) {
    let whole: u64 = workload.tensors.iter().map(|t| t.bytes().0).sum();
    for (memory, percent) in accelerator.memories.iter_mut().zip(percents) {
        memory.capacity = Some(Bytes((whole * percent / 100).max(1)));
        (memory.replacement, memory.victims, memory.reclaim) = policies;
    }
}

/// The second array, if there is one, differs in these too.
fn uneven() -> impl Strategy<Value = Accelerator> {
    (small_accelerator(), 1u32..6, any::<bool>()).prop_map(|(mut chip, depth, double)| {
        if let Some(second) = chip.arrays.get_mut(1) {
            second.buffer_length = depth;
            second.overlap = if double { Overlap::DoubleBuffered } else { Overlap::Serial };
        }
        chip
    })
}

/// Products and vector ops of square matrices, many of them independent of each other, with the same inputs and weights.
fn squares() -> impl Strategy<Value = Workload> {
    let op = (0u32..5, any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>());
    (1u32..7, 1usize..4, 1usize..4, prop::collection::vec(op, 1..9)).prop_map(|(side, inputs, weights, ops)| {
        let mut b = Builder::default();
        let mut known: Vec<_> = (0..inputs).map(|_| b.tensor(side, side, Class::Activation, Home::Dram)).collect();
        let weights: Vec<_> = (0..weights).map(|_| b.tensor(side, side, Class::Weight, Home::Dram)).collect();
        for (kind, one, other, flag) in ops {
            let (a, weight) = (known[one.index(known.len())], weights[other.index(weights.len())]);
            let out = match kind {
                0 => b.matmul(a, known[other.index(known.len())], flag, Class::Score, CausalMask::None),
                1 => b.vector(VectorKind::Add, vec![a, known[other.index(known.len())]], false),
                2 => b.matmul(a, weight, flag, Class::Kv, CausalMask::None),
                _ => b.matmul(a, weight, flag, Class::Activation, CausalMask::None),
            };
            if kind == 3 && flag {
                b.vector(VectorKind::Softmax, vec![out], true);
            }
            b.workload.tensors.change(|tensors| tensors[out.index()].write_back = kind == 4 && flag);
            known.push(out);
        }
        // Every tensor has to be used.
        let unused = |b: &Builder, t| !b.workload.ops.iter().any(|op| op.kind.inputs().contains(&t));
        for &weight in &weights {
            if unused(&b, weight) {
                b.matmul(known[0], weight, false, Class::Activation, CausalMask::None);
            }
        }
        for &input in &known[..inputs] {
            if unused(&b, input) {
                b.matmul(input, weights[0], true, Class::Activation, CausalMask::None);
            }
        }
        b.workload
    })
}

/// Heads whose scores stay in the array, with what makes queries, keys and values, and what reads the contexts.
fn attentions() -> impl Strategy<Value = Workload> {
    let sizes = (1u32..12, 1u32..7, 1u32..14, 1u32..7, 1u32..4);
    let mask = (any::<bool>(), prop::option::of(1u32..8));
    (sizes, mask, (0u32..5, 0u32..3), any::<[bool; 5]>()).prop_map(
        |((m, k, keys, e, heads), mask, (left, extra), flags)| {
            let [projected, shared, vectors, latent, write_back] = flags;
            let mask = match mask {
                (false, _) => CausalMask::None,
                (true, None) => CausalMask::Score,
                (true, Some(window)) => CausalMask::WindowedScore(window),
            };
            let mut b = Builder::default();
            let n = m.max(keys);
            let make = |b: &mut Builder, rows: u32, cols: u32, class| {
                if !projected {
                    return b.tensor(rows, cols, class, Home::Dram);
                }
                let input = b.tensor(rows, 3, Class::Activation, Home::Dram);
                b.project(input, cols, true, class)
            };
            let left = left.min(k - 1);
            let (mut contexts, mut pair) = (Vec::new(), None);
            for _ in 0..heads {
                let widths = [left, k - left].into_iter().filter(|&width| width > 0);
                let query: Vec<_> = widths.clone().map(|w| make(&mut b, m, w, Class::Activation)).collect();
                if pair.is_none() || !shared {
                    let key: Vec<_> = widths.map(|w| make(&mut b, n, w, Class::Kv)).collect();
                    // Latent attention multiplies with a part of the keys.
                    let value = if latent { key[0] } else { make(&mut b, n, e, Class::Kv) };
                    pair = Some((key, value));
                }
                let (key, value) = pair.clone().unwrap();
                let e = b.workload.tensor(value).cols;
                let out = b.tensor(m, e, Class::Activation, Home::None);
                let (query, key) = (query.into(), key.into());
                b.op(OpKind::Attention { query, key, value, out, m, k, n, e, mask, extra });
                contexts.push(if vectors { b.vector(VectorKind::Gelu, vec![out], heads == 1) } else { out });
            }
            let context = b.concat(contexts);
            let out = b.project(context, 4, false, Class::Activation);
            b.workload.tensors.change(|tensors| tensors[out.index()].write_back = write_back);
            b.workload
        },
    )
}

/// Room for the scores and the contexts of a query, or a key.
fn accumulate(chip: &mut Accelerator) {
    for array in &mut chip.arrays {
        array.accumulator_rows = array.accumulator_rows.map(|rows| rows + 8);
    }
}

/// What a random memory serves, and below which it lies.
type Extra = (usize, [bool; 3], [bool; 3], [bool; 4], (u32, u32, u64));

fn extra() -> impl Strategy<Value = Extra> {
    let shape = (1u32..4, prop::sample::select(vec![8u32, 32, 64]), 1u64..6);
    (0usize..3, any::<[bool; 3]>(), any::<[bool; 3]>(), any::<[bool; 4]>(), shape)
}

/// Adds a memory below another one, if every access has one nearest memory then.
fn add(chip: &mut Accelerator, (above, units, operands, classes, (ports, port_bits, latency)): Extra) {
    let units = (0..=chip.arrays.len() as u32).filter(|&u| units[u as usize]).collect();
    let above = Some(MemoryId((above % chip.memories.len()) as u32));
    let (name, latency) = (format!("own{}", chip.memories.len()), Cycles(latency));
    let (serves, like) = (Serves { units, operands, classes }, chip.memories[0].clone());
    let mut more = chip.clone();
    more.memories.push(Memory { name, above, serves, ports, port_bits, latency, ..like });
    if more.accesses().all(|access| more.nearest(access).is_some()) {
        *chip = more;
    }
}

/// Up to five memories: a tree below one, or below two that share out the classes.
fn several() -> impl Strategy<Value = Accelerator> {
    let split = prop::option::of(any::<[bool; 4]>());
    (small_accelerator(), split, prop::collection::vec(extra(), 1..4)).prop_map(|(mut chip, split, extras)| {
        if let Some(classes) = split {
            let other = Serves { classes: classes.map(|held| !held), ..Serves::default() };
            let other = Memory { name: "other".into(), serves: other, ..chip.memories[0].clone() };
            chip.memories[0].serves.classes = classes;
            chip.memories.push(other);
        }
        extras.into_iter().for_each(|extra| add(&mut chip, extra));
        chip
    })
}

proptest! {
    #![proptest_config(cases(6))]

    #[test]
    fn unlimited(block in block(), accelerator in small_accelerator(), whole in any::<bool>()) {
        let compared = compare(&block, &accelerator, whole);
        prop_assert!(compared.is_ok(), "{}", compared.unwrap_err());
    }

    #[test]
    fn limited(
        block in block(), accelerator in small_accelerator(), whole in any::<bool>(), percent in 15u64..100, policies in policies(),
    ) {
        let (mut accelerator, workload) = (accelerator, block.workload());
        limit(&mut accelerator, &workload, &[percent], policies);
        assert_equal(&workload, &accelerator, &options(whole));
    }

    #[test]
    fn several_unlimited(block in block(), chip in several(), whole in any::<bool>()) {
        assert_equal(&block.workload(), &chip, &options(whole));
    }

    #[test]
    fn several_limited(
        block in block(), chip in several(), whole in any::<bool>(), percents in prop::array::uniform5(15u64..100), policies in policies(),
    ) {
        let (mut chip, workload) = (chip, block.workload());
        limit(&mut chip, &workload, &percents, policies);
        assert_equal(&workload, &chip, &options(whole));
    }

}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn products_limited(
        workload in squares(), chip in uneven(), whole in any::<bool>(), percent in 15u64..100, policies in policies(),
    ) {
        let mut chip = chip;
        limit(&mut chip, &workload, &[percent], policies);
        assert_equal(&workload, &chip, &options(whole));
    }

    #[test]
    fn products_in_several_limited(
        workload in squares(), chip in several(), whole in any::<bool>(), percents in prop::array::uniform5(15u64..100), policies in policies(),
    ) {
        let mut chip = chip;
        limit(&mut chip, &workload, &percents, policies);
        assert_equal(&workload, &chip, &options(whole));
    }
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn attentions_unlimited(workload in attentions(), chip in uneven(), whole in any::<bool>()) {
        let mut chip = chip;
        accumulate(&mut chip);
        assert_equal(&workload, &chip, &options(whole));
    }

    #[test]
    fn attentions_in_several_limited(
        workload in attentions(), chip in several(), whole in any::<bool>(), percents in prop::array::uniform5(15u64..100), policies in policies(),
    ) {
        let mut chip = chip;
        accumulate(&mut chip);
        limit(&mut chip, &workload, &percents, policies);
        assert_equal(&workload, &chip, &options(whole));
    }
}

/// Products of 4x4 matrices that Fifo evicts from each other: a write takes bytes that were to be saved, so that the request
/// which waits for them goes on in the same cycle, not in the next one in which something ends.
#[test]
fn a_request_goes_on_in_the_cycle_in_which_it_can() {
    let mut b = Builder::default();
    let input = b.tensor(4, 4, Class::Activation, Home::Dram);
    let weights = [0; 2].map(|_| b.tensor(4, 4, Class::Weight, Home::Dram));
    b.matmul(input, weights[0], false, Class::Kv, CausalMask::None);
    let second = b.matmul(input, weights[1], false, Class::Kv, CausalMask::None);
    b.matmul(second, input, false, Class::Score, CausalMask::None);
    b.matmul(input, second, false, Class::Score, CausalMask::None);
    let mut chip = accelerator(2, Overlap::DoubleBuffered);
    for (array, (rows, columns)) in chip.arrays.iter_mut().zip([(1, 4), (4, 1)]) {
        (array.rows, array.columns, array.buffer_length, array.accumulator_rows) = (rows, columns, 3, Some(0));
    }
    chip.arrays[0].dataflow = Dataflow::InputStationary;
    (chip.dram.latency, chip.dram.ports) = (Cycles(15), 2);
    let memory = &mut chip.memories[0];
    (memory.ports, memory.port_bits, memory.latency) = (4, 128, Cycles(4));
    (memory.capacity, memory.replacement, memory.victims) = (Some(Bytes(34)), Replacement::Fifo, Victims::Any);
    assert_equal(&b.workload, &chip, &options(false));
}
