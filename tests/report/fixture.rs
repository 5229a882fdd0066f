//! Small artefacts for the page.

use trapti::accelerator::{
    Accelerator, Array, Dataflow, Dispatch, Dram, Fill, Memory, Overlap, Reclaim, Replacement, Serves, VectorUnit,
    Victims,
};
use trapti::cosim::{CosimReport, Lost};
use trapti::diagnostic::Source;
use trapti::explore::{Exploration, FrontPoint, Options, PlacementRule, Study, explore, pareto};
use trapti::ids::MemoryId;
use trapti::power::{Activity, DomainActivity, PortActivity, Transitions};
use trapti::sram::EmbeddedTable;
use trapti::trace::{
    AccessGraph, DramStatistics, MemoryStatistics, Occupancy, OccupancyChange, Outcome, Peak, Roofline, Run,
    Statistics, VectorStatistics,
};
use trapti::units::{Bytes, Cycles, Hertz};
use trapti::workload::Workload;

/// Pseudo-random numbers below a limit, the same every time.
pub fn numbers(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |limit| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % limit
    }
}

/// A curve with slow swings and short spikes.
pub fn occupancy(count: u64, seed: u64) -> Occupancy {
    let mut random = numbers(seed);
    let mut cycle = 0;
    let changes = (0..count).map(|i| {
        cycle += 1 + random(40);
        let swing = (i * 12 / count) % 3;
        let spike = if random(5000) == 0 { 9 << 20 } else { 0 };
        OccupancyChange {
            cycle: Cycles(cycle),
            needed: [
                Bytes(3 << 20 | random(1 << 19)),
                Bytes((1 + swing) << 20 | random(1 << 18)),
                Bytes((i * (6 << 20)) / count),
                Bytes(spike + swing * (1 << 21)),
            ],
            obsolete: Bytes(random(2 << 20)),
        }
    });
    let changes: Vec<OccupancyChange> = changes.collect();
    let changes = changes.into_iter().collect();
    Occupancy {
        memory: MemoryId(0),
        capacity: Some(Bytes(24 << 20)),
        changes,
        op_ends: vec![],
        end: Cycles(cycle + 100),
    }
}

fn accelerator() -> Accelerator {
    let array = Array {
        name: "sa0".into(),
        rows: 128,
        columns: 128,
        dataflow: Dataflow::OutputStationary,
        buffer_length: 64,
        accumulator_rows: None,
        overlap: Overlap::DoubleBuffered,
        fill: Fill::Edge,
    };
    let memory = Memory {
        name: "sram".into(),
        capacity: Some(Bytes(24 << 20)),
        ports: 4,
        port_bits: 512,
        latency: Cycles(10),
        replacement: Replacement::Lru,
        victims: Victims::ObsoleteFirst,
        reclaim: Reclaim::Lazy,
        above: None,
        serves: Serves::default(),
    };
    Accelerator {
        name: "edge".into(),
        clock: Hertz(1_000_000_000),
        arrays: vec![array],
        vector: VectorUnit { lanes: 128, buffer: Bytes(4096) },
        memories: vec![memory],
        dram: Dram {
            latency: Cycles(80),
            channel_bits: 64,
            transfers_per_second: 1_600_000_000,
            burst: 8,
            ports: 1,
            energy_per_bit: None,
        },
        dispatch: Dispatch::RoundRobin,
    }
}

/// A run whose statistics follow from its curve.
pub fn run(name: &str, seed: u64) -> Run {
    let occupancy = occupancy(100_000, seed);
    let top = occupancy.changes.iter().max_by_key(|change| change.needed_total()).unwrap();
    let full = occupancy.changes.iter().max_by_key(|change| change.used()).unwrap();
    let peak = |change: &OccupancyChange, bytes| Peak {
        bytes,
        cycle: change.cycle,
        by_class: change.needed,
        ops: vec!["l3.head7.softmax".into(), "l3.head8.score".into()],
        tensors: vec![("l3.head7.scores".into(), Bytes(9 << 20)), ("l3.k".into(), change.needed[2])],
        by_layer: vec![("layer 3".into(), bytes)],
        by_op: vec![("l3.head7.score".into(), Bytes(9 << 20))],
    };
    let memory = MemoryStatistics {
        name: "sram".into(),
        peak_needed: peak(&top, top.needed_total()),
        peak_used: peak(&full, full.used()),
        peak_needed_at_op_ends: Bytes(9 << 20),
        mean_needed_bytes: 7.5e6,
        read_bytes: [Bytes(1); 4],
        write_bytes: [Bytes(1); 4],
        read_words: 1,
        write_words: 1,
        words: vec![],
        port_cycles: vec![Cycles(1); 4],
        evicted_needed: Bytes(0),
    };
    let statistics = Statistics {
        outcome: Outcome::Thrashing { op: "l0.ffn1".into(), memory: "sram".into(), lacking: Bytes(4096) },
        cycles: occupancy.end,
        macs_useful: 1,
        macs_issued: 1,
        memories: vec![memory],
        dram: DramStatistics {
            read_bytes: Bytes(0),
            write_bytes: Bytes(0),
            unavoidable_read_bytes: Bytes(0),
            unavoidable_write_bytes: Bytes(0),
            port_cycles: vec![],
        },
        arrays: vec![],
        vector: VectorStatistics::default(),
        roofline: Roofline::default(),
        phases: vec![],
        latency: None,
        ops: vec![],
        events: 0,
    };
    Run {
        workload: Workload { name: name.into(), ..Workload::default() },
        accelerator: accelerator(),
        accesses: AccessGraph::default(),
        lifetimes: vec![],
        occupancy: vec![occupancy],
        statistics,
        choices: None,
    }
}

/// The committed study, on a run.
pub fn exploration(run: &Run) -> Exploration {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/models/studies/edge-llm.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let mut study = Study::parse(&Source::new(path, text)).unwrap();
    (study.workloads, study.memory, study.placements) = (vec![], None, vec![PlacementRule::Ideal]);
    let model = EmbeddedTable::new(false).unwrap();
    let mut run = run.clone();
    run.statistics.outcome = Outcome::Finished;
    let mut exploration = explore(&study, &[run], &model, Options { predict: false }).unwrap();
    // The run has no lifetimes to place: points that fill domains wholly stand for placed ones.
    for point in exploration.points.iter_mut().filter(|point| point.alpha == 1.0) {
        point.placement = "first-fit".into();
    }
    let placed = exploration.points.iter().filter(|point| !point.is_bound());
    let front = pareto::front(placed, &study.objectives);
    exploration.summary.front = front.iter().map(|p| FrontPoint { point: p.point, prediction: None }).collect();
    exploration
}

/// A co-simulation of two domains and one port whose hardware counts one wake too many in domain 1, unless `equal`.
pub fn cosim(equal: bool) -> CosimReport {
    let domain = DomainActivity {
        class_cycles: [1000, 200, 30, 0, 4567].map(Cycles),
        transitions: Transitions { off_on: 3, on_off: 4, ..Transitions::default() },
        reads: 1234,
        writes: 567,
        stall_wake: 39,
        stall_conflict: 5,
    };
    let ports = vec![PortActivity { stall_wake: 78, stall_conflict: 10 }];
    let reference = Activity { cycles: Cycles(5797), domains: vec![domain; 2], ports };
    let mut rtl = reference.clone();
    if !equal {
        rtl.domains[1].transitions.off_on += 1;
    }
    CosimReport {
        schema: trapti::schema::COSIM.into(),
        design: "edge".into(),
        part: "layers 0 and 1 of gpt2-xl".into(),
        rtl_digest: "0123456789abcdef".into(),
        word_bits: 512,
        storage_bits: 32,
        requests: 3602,
        cycles: 5797,
        evaluated: 5000,
        skipped: 797,
        seconds: 0.1,
        equal,
        first_difference: None,
        prediction_difference: None,
        lost: Lost::default(),
        prediction: Some(reference.clone()),
        reference,
        rtl,
        waveform: None,
    }
}
