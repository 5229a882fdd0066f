//! The recorded access graph under the recurrence of `docs/contract.md`, on a memory that always grants.

use super::fixtures::{Block, accelerator, block, cases, small_accelerator};
use proptest::prelude::*;
use std::collections::BTreeMap;
use trapti::accelerator::Overlap;
use trapti::ids::LifetimeId;
use trapti::sim::{Options, Probe, simulate, simulate_observed};
use trapti::trace::{Node, NodeKind, Occupancy, Outcome, Run};
use trapti::units::Bytes;
use trapti::workload::WeightRelease;

/// Starts of all nodes, with and without the plan as a lower bound.
struct Replay {
    starts: Vec<u64>,
    unplanned: Vec<u64>,
}

fn replay(run: &Run) -> Replay {
    let memories = &run.accelerator.memories;
    let graph = &run.accesses;
    let mut replay = Replay { starts: Vec::new(), unplanned: Vec::new() };
    let mut done = Vec::<u64>::new();
    let mut port_done: Vec<Vec<u64>> = memories.iter().map(|memory| vec![0; memory.ports as usize]).collect();
    for (i, node) in graph.nodes().iter().enumerate() {
        let mut start = 0;
        for p in graph.predecessors(&node) {
            start = start.max(done[i - p.back as usize] + u64::from(p.lag));
        }
        if node.kind.is_transfer() {
            start = start.max(port_done[usize::from(node.memory)][usize::from(node.port)]);
        }
        replay.unplanned.push(start);
        let start = start.max(node.start.0);
        replay.starts.push(start);
        let requests = (u64::from(node.amount) * 8).div_ceil(u64::from(memories[usize::from(node.memory)].port_bits));
        done.push(start + if node.kind.is_transfer() { requests } else { u64::from(node.amount) });
        if node.kind.is_transfer() {
            port_done[usize::from(node.memory)][usize::from(node.port)] = done[i];
        }
    }
    replay
}

/// Kinds of the nodes whose start does not follow from predecessors and port order alone.
pub fn unexplained(run: &Run) -> Vec<NodeKind> {
    late(run).into_iter().map(|node| node.kind).collect()
}

/// Those nodes, but for the nodes of no cycles that gather more causes than one node has place for.
pub fn unexplained_but_gathering(run: &Run) -> Vec<Node> {
    late(run).into_iter().filter(|node| node.kind != NodeKind::Work || node.amount > 0).collect()
}

/// Those nodes.
pub fn late(run: &Run) -> Vec<Node> {
    let replay = replay(run);
    let mut late = Vec::new();
    for (i, node) in run.accesses.nodes().iter().enumerate() {
        assert_eq!(replay.starts[i], node.start.0, "node {i} {node:?} slips");
        assert!(replay.unplanned[i] <= node.start.0);
        if replay.unplanned[i] < node.start.0 {
            late.push(node);
        }
    }
    late
}

/// Needed bytes of each lifetime at each change.
#[derive(Debug, Default)]
pub struct Curves(Vec<BTreeMap<u64, u64>>);

impl Probe for Curves {
    fn lifetime_bytes(&mut self, cycle: u64, lifetime: LifetimeId, needed: u64) {
        self.0.resize_with(self.0.len().max(lifetime.index() + 1), BTreeMap::new);
        self.0[lifetime.index()].insert(cycle, needed);
    }
}

/// Occupancy is the sum of the lifetimes' needed bytes, each lifetime spans exactly its needed bytes, and all fits.
pub fn assert_occupancy(run: &Run, curves: &Curves) {
    run.occupancy.iter().for_each(|occupancy| assert_curve(run, occupancy, curves));
    for (lifetime, curve) in run.lifetimes.iter().zip(&curves.0) {
        let needed: Vec<(u64, u64)> = curve.iter().map(|(&c, &b)| (c, b)).collect();
        let most = needed.iter().map(|&(_, b)| b).max().unwrap_or(0);
        assert!(lifetime.extent.0 >= most, "{lifetime:?}");
        let last =
            needed.iter().rev().take_while(|&&(_, b)| b == 0).last().map_or(run.statistics.cycles.0, |&(c, _)| c);
        assert_eq!(lifetime.released.0, last, "{lifetime:?} {needed:?}");
        assert_eq!(lifetime.reserved.0, needed[0].0);
    }
    let touched = run.accesses.nodes().iter().filter(|n| n.kind.is_transfer()).count() as u64;
    assert_eq!(run.lifetimes.iter().map(|l| l.transfers).sum::<u64>(), touched);
}

fn assert_curve(run: &Run, occupancy: &Occupancy, curves: &Curves) {
    for (previous, next) in occupancy.changes.iter().zip(occupancy.changes.iter().skip(1)) {
        assert!(previous.cycle < next.cycle);
    }
    let here = || run.lifetimes.iter().zip(&curves.0).filter(|(lifetime, _)| lifetime.memory == occupancy.memory);
    for change in occupancy.changes.iter() {
        let mut by_class = [0; 4];
        for (lifetime, curve) in here() {
            by_class[lifetime.class as usize] += curve.range(..=change.cycle.0).next_back().map_or(0, |(_, &b)| b);
        }
        assert_eq!(by_class.map(Bytes), change.needed, "cycle {}", change.cycle);
        assert!(occupancy.capacity.is_none_or(|capacity| change.used() <= capacity));
    }
}

proptest! {
    #![proptest_config(cases(200))]

    /// Without evictions every start follows from the graph alone: nothing is hidden behind the plan.
    #[test]
    fn starts_follow_from_predecessors(block in block(), accelerator in small_accelerator(), whole in any::<bool>()) {
        let weights = if whole { WeightRelease::Whole } else { WeightRelease::Streamed };
        let options = Options { weights, ..Options::default() };
        let mut curves = Curves::default();
        let run = simulate_observed(&block.workload(), &accelerator, &options, &mut |_| {}, &mut curves).unwrap();
        prop_assert_eq!(unexplained(&run), vec![]);
        assert_occupancy(&run, &curves);
    }

    /// With evictions a transfer may also wait for room, which is not a predecessor; the plan still replays exactly.
    #[test]
    fn evictions_replay(block in block(), accelerator in small_accelerator(), percent in 20u64..100, any_victim in any::<bool>()) {
        let mut accelerator = accelerator;
        let workload = block.workload();
        let whole: u64 = workload.tensors.iter().map(|t| t.bytes().0).sum();
        accelerator.memories[0].capacity = Some(Bytes((whole * percent / 100).max(1)));
        if any_victim {
            accelerator.memories[0].victims = trapti::accelerator::Victims::Any;
        }
        let mut curves = Curves::default();
        let run = simulate_observed(&workload, &accelerator, &Options::default(), &mut |_| {}, &mut curves).unwrap();
        let hidden = unexplained(&run);
        assert_occupancy(&run, &curves);
        if run.statistics.outcome == Outcome::Finished {
            let makes_room = |k: &NodeKind| k.writes() || *k == NodeKind::WriteBack;
            prop_assert!(hidden.iter().all(makes_room), "only what needs room, or makes it, waits: {:?}", hidden);
            prop_assert_eq!(run.statistics.ops.len(), workload.ops.len());
        }
    }
}

#[test]
fn same_input_same_run() {
    let block = Block {
        tokens: 11,
        width: 9,
        head: 4,
        heads: 3,
        causal: true,
        window: None,
        fused: true,
        grouped: false,
        vectors: true,
        write_back: true,
    };
    let run = || {
        simulate(&block.workload(), &accelerator(2, Overlap::DoubleBuffered), &Options::default(), &mut |_| {}).unwrap()
    };
    let (first, second) = (run(), run());
    assert_eq!(first.accesses.nodes(), second.accesses.nodes());
    assert_eq!(first.lifetimes, second.lifetimes);
    assert_eq!(first.occupancy, second.occupancy);
    assert_eq!(first.statistics, second.statistics);
}
