//! Random small cases.

use super::super::fixtures::{Block, block, expand, small_accelerator};
use super::play::play;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Debug;
use trapti::accelerator::{Accelerator, Memory, Serves};
use trapti::ids::MemoryId;
use trapti::sim::{Options, simulate};
use trapti::units::Cycles;
use trapti::workload::{WeightRelease, Workload};

/// Cases a property is tried with; `PROPTEST_CASES` asks for more.
fn cases(default: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(default), failure_persistence: None, ..ProptestConfig::default() }
}

fn same<T: PartialEq + Debug>(what: &str, ours: &T, naive: &T) -> Result<(), String> {
    if ours == naive { Ok(()) } else { Err(format!("{what}: {ours:?}, not {naive:?}")) }
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

/// Compares a block on an accelerator without evictions.
pub fn compare(block: &Block, accelerator: &Accelerator, whole: bool) -> Result<u64, String> {
    compare_runs(&block.workload(), accelerator, &options(whole))
}

fn options(whole: bool) -> Options {
    let weights = if whole { WeightRelease::Whole } else { WeightRelease::Streamed };
    Options { weights, ..Options::default() }
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
    #![proptest_config(cases(25))]

    #[test]
    fn unlimited(block in block(), accelerator in small_accelerator(), whole in any::<bool>()) {
        let compared = compare(&block, &accelerator, whole);
        prop_assert!(compared.is_ok(), "{}", compared.unwrap_err());
    }

    #[test]
    fn several_unlimited(block in block(), chip in several(), whole in any::<bool>()) {
        let compared = compare(&block, &chip, whole);
        prop_assert!(compared.is_ok(), "{}", compared.unwrap_err());
    }
}
