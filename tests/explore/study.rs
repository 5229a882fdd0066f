//! Studies: reading them, exploring runs, the artefact, selecting.

use insta::assert_snapshot;
use std::path::Path;
use trapti::Error;
use trapti::accelerator::Accelerator;
use trapti::diagnostic::Source;
use trapti::explore::{Choice, Exploration, Objective, Options, Point, PolicyRule, Study, Threshold, explore, select};
use trapti::ids::{LifetimeId, MemoryId, OpId, TensorId};
use trapti::power::Policy;
use trapti::sram::EmbeddedTable;
use trapti::trace::{
    AccessGraph, DramStatistics, Lifetime, Node, NodeKind, Occupancy, OccupancyChange, Operand, Outcome, Roofline, Run,
    Statistics, VectorStatistics,
};
use trapti::units::{Bytes, Cycles, Kelvin};
use trapti::workload::{Class, Home, Op, OpKind, Tensor, VectorKind, Workload};

fn study(text: &str) -> Result<Study, String> {
    Study::parse(&Source::new("study.toml", text)).map_err(|error| match error {
        Error::Input(problems) => problems.iter().map(|p| p.render(false)).collect::<Vec<_>>().join("\n\n"),
        other => other.to_string(),
    })
}

const SMALL: &str = r#"
[study]
capacity = ["256 KiB", "1 MiB"]
domains = [1, 2, 3, 4, 8]
interleave = [1, 2]
alpha = [0.5, 1.0]
placement = ["ideal", "first-fit"]
policies = ["never", "immediate", { timeout = { off = "break-even" } }, { timeout = { light = 10, off = 400 } }, "mask"]
technology = ["22nm-hp", "22nm-lstp"]
objectives = ["energy", "area", "latency"]
"#;

/// Statistics of a run without spills, as far as an exploration reads them.
fn statistics(end: Cycles) -> Statistics {
    let dram = DramStatistics {
        read_bytes: Bytes(0),
        write_bytes: Bytes(0),
        unavoidable_read_bytes: Bytes(0),
        unavoidable_write_bytes: Bytes(0),
        port_cycles: vec![],
    };
    Statistics {
        outcome: Outcome::Finished,
        cycles: end,
        macs_useful: 0,
        macs_issued: 0,
        memories: vec![],
        dram,
        arrays: vec![],
        vector: VectorStatistics::default(),
        roofline: Roofline::default(),
        phases: vec![],
        latency: None,
        ops: vec![],
        events: 0,
    }
}

/// Tensors that follow one another: filled, read a few times, dead. Bytes and reads of each.
fn run(name: &str, tensors: &[(u32, u32)]) -> Run {
    let source = Source::new("edge.toml", include_str!("../../models/accelerators/edge-2x128.toml"));
    let accelerator = Accelerator::parse(&source).unwrap();
    let latency = accelerator.memories[0].latency.0 as u32;
    let mut workload = Workload { name: name.into(), ..Workload::default() };
    let (mut accesses, mut lifetimes) = (AccessGraph::default(), Vec::new());
    let mut changes = vec![OccupancyChange::default()];
    let mut now = 100u64;
    for (i, &(bytes, reads)) in tensors.iter().enumerate() {
        let (tensor, op, lifetime) = (TensorId(i as u32), OpId(i as u32), LifetimeId(i as u32));
        workload.tensors.push(Tensor {
            name: format!("t{i}").into(),
            rows: 1,
            cols: bytes,
            bits: 8,
            class: Class::Activation,
            home: Home::Dram,
            write_back: false,
            layer: None,
        });
        let kind =
            OpKind::Vector { op: VectorKind::Gelu, inputs: [tensor].into(), out: tensor, elements: u64::from(bytes) };
        workload.ops.push(Op { name: format!("op{i}").into(), layer: None, kind });
        let reserved = now;
        let requests = u64::from(bytes).div_ceil(64);
        let mut node = Node {
            start: Cycles(now),
            amount: bytes,
            op,
            tensor,
            lifetime,
            pattern: 0,
            kind: NodeKind::Fill,
            operand: Operand::A,
            memory: 0,
            port: 0,
        };
        let mut last = accesses.push(node, &[]);
        now += requests;
        for r in 0..reads {
            now += u64::from(latency) + 700 * u64::from(r);
            (node.kind, node.start, node.port) = (NodeKind::Read, Cycles(now), (1 + r % 3) as u8);
            last = accesses.push(node, &[(last, if r == 0 { 0 } else { latency })]);
            now += requests;
        }
        changes.push(OccupancyChange {
            cycle: Cycles(reserved),
            needed: [Bytes(0), Bytes(bytes.into()), Bytes(0), Bytes(0)],
            obsolete: Bytes(0),
        });
        lifetimes.push(Lifetime {
            storage: tensor,
            class: Class::Activation,
            memory: MemoryId(0),
            layer: None,
            extent: Bytes(bytes.into()),
            reserved: Cycles(reserved),
            released: Cycles(now),
            transfers: u64::from(1 + reads),
        });
        now += 50;
    }
    let end = Cycles(now);
    let statistics = statistics(end);
    let occupancy = vec![Occupancy {
        memory: MemoryId(0),
        capacity: None,
        changes: changes.into_iter().collect(),
        op_ends: vec![],
        end,
    }];
    Run { workload, accelerator, accesses, lifetimes, occupancy, statistics, choices: None }
}

fn runs() -> Vec<Run> {
    vec![run("one", &[(50_000, 3), (120_000, 2), (9_000, 6)]), run("two", &[(200_000, 1), (64, 4), (30_000, 3)])]
}

/// The same without what was done: nothing to place, nothing to simulate again.
fn imported() -> Vec<Run> {
    let mut runs = runs();
    runs.iter_mut().for_each(|run| run.workload.ops.change(Vec::clear));
    runs
}

fn explored(text: &str, runs: &[Run], predict: bool) -> Exploration {
    let model = EmbeddedTable::new(false).unwrap();
    explore(&study(text).unwrap(), runs, &model, Options { predict }).unwrap()
}

#[test]
fn a_study_says_what_it_means() {
    let study = study(SMALL).unwrap();
    assert_eq!(study.capacities, [Bytes(256 << 10), Bytes(1 << 20)]);
    assert_eq!(study.temperature, Kelvin(350.0));
    assert_eq!(study.periods, [None]);
    assert!(study.states.light && study.states.retention);
    let timeout = PolicyRule::Timeout { light: None, retention: None, off: Some(Threshold::BreakEven) };
    assert_eq!(study.policies[2], timeout);
    assert_eq!(study.policies[3].to_string(), "timeout(light=10,off=400)");
    let auto = SMALL.replace("[1, 2, 3, 4, 8]", "\"auto\"");
    let auto = super::study::study(&auto).unwrap();
    assert_eq!(auto.domains_at(Bytes(48 << 20), 512), [3, 6, 12, 24, 48]);
    assert_eq!(auto.domains_at(Bytes(64 << 20), 512), [1, 2, 4, 8, 16, 32, 64]);
}

#[test]
fn every_problem_of_a_study_is_reported() {
    let text = "[study]\ncapacity = ['48 Mib']\ndomains = [0]\ninterleave = 3\nplacement = ['offlin']\n\
                policies = ['nevr', { timeout = { of = 3 } }]\ntechnology = '22nm-tsmc'\nperid = '1 s'\n";
    assert_snapshot!(study(text).unwrap_err());
}

#[test]
fn the_committed_study_reads() {
    let text = include_str!("../../models/studies/edge-llm.toml");
    let study = study(text).unwrap();
    assert_eq!(study.workloads, ["gpt2-xl", "deepseek-r1-distill-qwen-1.5b"]);
    assert!(
        study.capacities.iter().all(|c| study.domains.iter().any(|d| (c.0 / 64 / u64::from(*d)).is_power_of_two()))
    );
}

#[test]
fn points_are_complete_and_consistent() {
    let exploration = explored(SMALL, &runs(), true);
    let (points, summary) = (&exploration.points, &exploration.summary);
    // Mappable domains 1, 2, 4, 8; two interleaves, two technologies, three placements, five policies; what is infeasible is named.
    assert!(points.len() > 200, "{}", points.len());
    assert!(summary.infeasible.iter().any(|i| i.domains == Some(3) && i.reason.contains("not mappable")));
    for (i, p) in points.iter().enumerate() {
        assert_eq!(p.point, i as u64);
        let terms = p.macro_leakage_pj()
            + p.transitions_pj
            + p.reads_pj
            + p.writes_pj
            + p.interconnect_pj
            + p.interconnect_leakage_pj
            + p.controller_leakage_pj
            + p.dram_pj
            + p.stall_pj;
        assert!((terms / p.energy_pj - 1.0).abs() < 1e-12);
        assert!(p.oracle_pj <= p.energy_pj * (1.0 + 1e-12) && p.oracle_pj <= p.never_pj * (1.0 + 1e-12), "{p:?}");
        assert!(p.limit_pj <= p.energy_pj * (1.0 + 1e-9), "{p:?}");
        assert_eq!(p.on_cycles + p.light_cycles + p.retention_cycles + p.off_cycles, p.domains * p.cycles);
        assert!(p.policy != "never" || p.energy_pj == p.never_pj);
        let parts: Vec<_> = exploration.workloads.iter().filter(|w| w.point == p.point).collect();
        assert_eq!(parts.len(), 2);
        assert!((parts.iter().map(|w| w.energy_pj).sum::<f64>() / p.energy_pj - 1.0).abs() < 1e-12);
        assert!(parts.iter().any(|w| w.energy_pj == p.worst_energy_pj));
    }
    for winner in &summary.winners {
        let value = |p: &Point| trapti::explore::pareto::value(&p.as_predicted(), winner.objective);
        let best = value(&points[winner.point as usize]);
        assert!(summary.front.iter().all(|f| value(&points[f.point as usize]) >= best));
    }
}

#[test]
fn the_front_is_predicted_and_its_error_stated() {
    let exploration = explored(SMALL, &runs(), true);
    assert!(!exploration.summary.front.is_empty());
    for front in &exploration.summary.front {
        let point = &exploration.points[front.point as usize];
        let prediction = front.prediction.as_ref().unwrap();
        assert!(!point.is_bound() && point.on_front == 1);
        assert_eq!(prediction.cycles, point.predicted_cycles);
        assert!((point.energy_pj / (1.0 + prediction.energy_error) / prediction.energy_pj - 1.0).abs() < 1e-12);
        // Both memories wake a few times in ten thousands of cycles: the estimate is near.
        assert!(prediction.energy_error.abs() < 0.1 && prediction.cycles_error.abs() < 0.1, "{point:?} {prediction:?}");
        assert!(prediction.cycles >= point.cycles || prediction.cycles + 100 >= point.cycles);
    }
    let rows = exploration.front_rows();
    assert!(rows.rows.iter().all(|r| r.len() == rows.header.len()));
    assert!(exploration.infeasible_rows().rows.iter().any(|r| r[2].contains("not mappable")));
}

#[test]
fn points_do_not_depend_on_threads_or_on_the_order_of_the_study() {
    let runs = runs();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| explored(SMALL, &runs, false))
    };
    assert_eq!(with(1), with(4));
    let turned =
        SMALL.replace("\"256 KiB\", \"1 MiB\"", "\"1 MiB\", \"256 KiB\"").replace("[1, 2, 3, 4, 8]", "[8, 4, 3, 2, 1]");
    let key = |p: &Point| format!("{:?}", Point { point: 0, ..p.clone() });
    let sorted = |e: Exploration| {
        let mut all: Vec<String> = e.points.iter().map(key).collect();
        all.sort();
        all
    };
    assert_eq!(sorted(explored(SMALL, &runs, false)), sorted(explored(&turned, &runs, false)));
}

#[test]
fn a_period_adds_idle_time_at_the_end() {
    let runs = runs();
    let (busy, rested) = (explored(SMALL, &runs, false), explored(&format!("{SMALL}period = '1 ms'\n"), &runs, false));
    for (a, b) in busy.points.iter().zip(&rested.points) {
        let idle = b.on_cycles + b.light_cycles + b.retention_cycles + b.off_cycles;
        assert_eq!(idle, 2 * 1_000_000 * b.domains, "two workloads of one period each");
        assert!(b.energy_pj > a.energy_pj && b.average_power_mw < a.average_power_mw);
    }
}

#[test]
fn an_exploration_survives_its_directory() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let exploration = explored(SMALL, &runs(), false);
    exploration.write(&one, vec![]).unwrap();
    exploration.write(&two, vec![]).unwrap();
    assert_eq!(Exploration::read(&one).unwrap(), exploration);
    for file in ["points.parquet", "workloads.parquet", "exploration.json"] {
        assert_eq!(std::fs::read(one.join(file)).unwrap(), std::fs::read(two.join(file)).unwrap(), "{file}");
    }
    assert!(
        std::fs::read_to_string(one.join("exploration.json"))
            .unwrap()
            .starts_with("{\n  \"schema\": \"trapti.exploration/1\"")
    );
    std::fs::write(one.join("exploration.json"), "{}").unwrap();
    let message = Exploration::read(&one).unwrap_err().to_string();
    assert!(message.contains("exploration.json"), "{message}");
    assert!(Exploration::read(Path::new("/nowhere")).is_err());
}

#[test]
fn a_selected_point_is_a_design() {
    let model = EmbeddedTable::new(false).unwrap();
    let exploration = explored(SMALL, &runs(), false);
    let design = select(&exploration, Choice::Best(Objective::Energy), &model).unwrap();
    let point = &exploration.points[design.provenance.point as usize];
    assert_eq!(exploration.summary.winners[0].point, point.point);
    assert_eq!(u64::from(design.organisation.domains), point.domains);
    assert_eq!(design.organisation.capacity(), design.capacity);
    assert_eq!(u64::from(design.macro_shape.rows), point.macro_rows);
    assert_eq!(design.policy.thresholds(design.states)[2].0, point.threshold_off_cycles);
    assert_eq!(design.timing.wake_from_off(design.switch), 20);
    assert_eq!(design.provenance.placements.len(), 2);
    assert!(
        design.provenance.characterisation.contains("CACTI 7, exact")
            || design.provenance.characterisation.contains("exact")
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("design.json");
    design.write(&path).unwrap();
    assert_eq!(trapti::power::Design::read(&path).unwrap(), design);
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("{\n  \"schema\": \"trapti.design/1\""));
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap().replace("design/1", "design/9")).unwrap();
    assert!(trapti::power::Design::read(&path).unwrap_err().to_string().contains("design/9"));
}

#[test]
fn what_cannot_be_built_is_not_selected() {
    let model = EmbeddedTable::new(false).unwrap();
    let exploration = explored(SMALL, &runs(), false);
    let bound = exploration.points.iter().find(|p| p.is_bound()).unwrap().point;
    let refused = |e: &Exploration, choice| select(e, choice, &model).unwrap_err().to_string();
    assert!(refused(&exploration, Choice::Point(bound)).contains("is a bound"));
    assert!(refused(&exploration, Choice::Point(1 << 40)).contains("there is no point"));
    let other =
        EmbeddedTable::from_csv("other.csv", include_str!("../../models/sram/macros.csv").trim_end(), false).unwrap();
    let error = select(&exploration, Choice::Best(Objective::Area), &other).unwrap_err();
    assert!(error.to_string().contains("another characterisation"));
}

#[test]
fn infeasible_points_have_reasons() {
    let small = SMALL.replace("\"256 KiB\", \"1 MiB\"", "\"128 KiB\"");
    let exploration = explored(&small, &imported(), true);
    assert!(exploration.points.is_empty() && exploration.summary.winners.is_empty());
    let reason = "two is an imported occupancy that cannot be simulated again; it needs 195.31 KiB at once";
    assert!(exploration.summary.infeasible.iter().any(|i| i.reason.contains(reason)));
    let half = explored(SMALL, &runs(), false);
    let filled = |i: &&trapti::explore::InfeasiblePoint| i.placement.as_deref() == Some("ideal, alpha 0.5");
    assert!(half.summary.infeasible.iter().filter(filled).any(|i| i.reason.contains("would need 2 domains")));
}

#[test]
fn a_study_and_its_runs_must_match() {
    let model = EmbeddedTable::new(false).unwrap();
    let refuse = |text: &str, runs: &[Run]| {
        explore(&study(text).unwrap(), runs, &model, Options::default()).unwrap_err().to_string()
    };
    assert!(refuse(&format!("{SMALL}workloads = ['three']\n"), &runs()).contains("`three`"));
    assert!(refuse(&format!("{SMALL}memory = 'dram'\n"), &runs()).contains("has no memory `dram`"));
    assert!(refuse(SMALL, &[]).contains("no run"));
    assert!(refuse(&SMALL.replace("22nm-lstp", "22nm-lop"), &runs()).contains("22nm-lop"));
    let mut other = runs();
    other[1].accelerator.memories[0].ports = 3;
    assert!(refuse(SMALL, &other).contains("other ports"));
    let mut spilling = runs();
    spilling[0].statistics.dram.read_bytes = Bytes(100);
    spilling[0].accelerator.dram.energy_per_bit = None;
    assert!(refuse(SMALL, &spilling).contains("spills"));
    let mut impatient = imported();
    impatient.iter_mut().for_each(|r| r.accelerator.memories[0].latency = Cycles(0));
    let exploration = explored(SMALL, &impatient, false);
    assert!(exploration.points.is_empty() && exploration.summary.infeasible[0].reason.contains("waits 0 cycles"));
}

#[test]
fn a_state_policy_resolves_against_break_even() {
    let rule =
        PolicyRule::Timeout { light: Some(Threshold::BreakEven), retention: None, off: Some(Threshold::Cycles(9)) };
    let policy = rule.resolve([None, Some(Cycles(5)), Some(Cycles(7))]);
    assert_eq!(policy, Policy::Timeout { light: None, retention: None, off: Some(Cycles(9)) });
    let scheduled = PolicyRule::Scheduled.resolve([None, Some(Cycles(5)), Some(Cycles(7))]);
    let timers = Policy::Scheduled { depth: 1024, light: None, retention: Some(Cycles(5)), off: Some(Cycles(7)) };
    assert_eq!(scheduled, timers);
}
