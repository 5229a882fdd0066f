//! Simulated runs: placed, compiled, replayed.

use super::ideal::{Ideal, Observed};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use trapti::accelerator::{Accelerator, Memory};
use trapti::diagnostic::Source;
use trapti::explore::predict::predict;
use trapti::ids::MemoryId;
use trapti::power::replay::{reference_activity, replay};
use trapti::power::{
    Controller, ControllerTiming, Organisation, Placement, Policy, Portion, Selection, States, Stimulus, SwitchDelays,
    place,
};
use trapti::sim::{Options, simulate};
use trapti::trace::Run;
use trapti::units::{Bytes, Cycles};
use trapti::workload::{Lowering, Model, Scenario, lower};

const MEMORY: MemoryId = MemoryId(0);

fn source(path: &str) -> Arc<Source> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(path);
    Source::new(&path, std::fs::read_to_string(&path).unwrap())
}

fn simulated(capacity: Bytes) -> Run {
    let model = Model::parse(&source("huggingface/qwen2.5-0.5b.json")).unwrap();
    let scenario = Scenario::new(16);
    let workload = lower(&model, &scenario, &Lowering::for_scenario(&scenario)).unwrap();
    let mut accelerator = Accelerator::parse(&source("accelerators/edge-2x128.toml")).unwrap();
    accelerator.memories[0].capacity = Some(capacity);
    simulate(&workload, &accelerator, &Options::default(), &mut |_| {}).unwrap()
}

/// A model of 24 layers, 16 tokens, in a memory of 1 MiB.
pub fn run() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| simulated(Bytes(1 << 20)))
}

/// The memory of a run, split into 16 domains of 4 banks.
pub fn organisation(memory: &Memory) -> Organisation {
    let words = memory.capacity.unwrap().0 * 8 / u64::from(memory.port_bits);
    Organisation {
        domains: 16,
        interleave: 4,
        domain_words: words / 16,
        word_bits: memory.port_bits,
        ports: memory.ports,
        read_latency: 2,
        bank_cycles: 1,
    }
}

fn controller(organisation: Organisation) -> Controller {
    Controller {
        organisation,
        timing: ControllerTiming {
            t_iso: 2,
            t_settle_off: 20,
            t_settle_ret: 10,
            t_ret: 2,
            t_light: 2,
            t_ack_max: 64,
            t_min_on: 0,
            t_min_off: 0,
            max_waking: 2,
            sync_stages: 2,
        },
        switch: SwitchDelays { t_ack_off: 5, t_ack_ret: 5, t_ack_fall: 5 },
        states: States { light: true, retention: true },
        policy: Policy::Timeout { light: Some(Cycles(20)), retention: None, off: Some(Cycles(400)) },
        reset_on: false,
    }
}

fn placed(run: &Run) -> (Organisation, Placement) {
    let organisation = organisation(&run.accelerator.memories[0]);
    let placement = place::first_fit(&run.lifetimes, MEMORY, organisation.words(), organisation.word_bytes()).unwrap();
    placement.check(&run.lifetimes, MEMORY, organisation.words(), organisation.word_bytes()).unwrap();
    (organisation, placement)
}

fn compiled(run: &Run, selection: Selection) -> (Controller, Stimulus, Portion) {
    let (organisation, placement) = placed(run);
    let (stimulus, portion) = Stimulus::compile(run, MEMORY, &selection, &placement, &organisation).unwrap();
    (controller(organisation), stimulus, portion)
}

fn layers(count: u32) -> Selection {
    Selection { layers: Some(count), requests: None }
}

/// Replayed on a memory that always grants, every node starts exactly at its planned start: words reused by later blocks
/// included.
#[test]
fn an_ideal_memory_shows_the_simulated_times() {
    for selection in [layers(2), layers(4)] {
        let (controller, stimulus, portion) = compiled(run(), selection);
        let mut ideal = Observed::new(Ideal::new(stimulus.ports), &stimulus);
        let replayed = replay(&stimulus, &controller, &mut ideal, true, &mut |_| ()).unwrap();
        assert_eq!(ideal.first_off_plan(0), None);
        assert_eq!(replayed.requests, portion.requests);
    }
}

#[test]
fn no_live_data_of_a_run_is_lost_and_stalls_only_delay() {
    let (controller, stimulus, portion) = compiled(run(), layers(3));
    let (activity, replayed) = reference_activity(&stimulus, &controller, true).unwrap();
    assert_eq!((replayed.bad_answers, replayed.requests), (0, portion.requests));
    let mut ideal = Ideal::new(stimulus.ports);
    let planned = replay(&stimulus, &controller, &mut ideal, true, &mut |_| ()).unwrap();
    assert!(activity.cycles.0 >= planned.cycles);
    assert!(activity.domains.iter().any(|d| d.transitions.off_on > 0 && d.stall_wake > 0));
}

#[test]
fn the_whole_run_holds_all_requests_of_its_statistics() {
    let run = run();
    let (_, stimulus, portion) = compiled(run, Selection::default());
    let memory = &run.statistics.memories[0];
    assert_eq!(stimulus.requests(), memory.read_words + memory.write_words);
    assert_eq!(portion.requests, stimulus.requests());
    assert!(portion.to_string().starts_with("the whole run, "), "{portion}");
    assert_eq!(stimulus.nodes.len(), run.accesses.nodes().len());
    assert!(stimulus.blocks.iter().all(|block| !block.survives));
}

#[test]
fn the_smaller_limit_decides() {
    let (_, stimulus, portion) = compiled(run(), layers(2));
    assert_eq!((portion.layers, portion.requests), (Some(2), stimulus.requests()));
    let text = portion.to_string();
    assert!(text.starts_with("layers 0–1 of ") && text.ends_with(" requests"), "{text}");
    let limit = portion.requests / 2;
    let (_, _, less) = compiled(run(), Selection { layers: Some(2), requests: Some(limit) });
    assert!(less.requests <= limit && less.ops < portion.ops && less.ops > 0);
    let (_, _, same) = compiled(run(), Selection { layers: Some(2), requests: Some(portion.requests) });
    assert_eq!(same, portion);
}

#[test]
fn a_design_for_another_memory_is_refused() {
    let (organisation, placement) = placed(run());
    let wrong = Organisation { ports: 3, read_latency: 11, word_bits: 256, ..organisation };
    let error = Stimulus::compile(run(), MEMORY, &layers(1), &placement, &wrong).unwrap_err();
    let trapti::Error::Input(problems) = error else { panic!("{error}") };
    insta::assert_snapshot!(problems.iter().map(|p| p.render(false)).collect::<Vec<_>>().join("\n"));
    let few = Selection { layers: None, requests: Some(3) };
    let error = Stimulus::compile(run(), MEMORY, &few, &placement, &organisation).unwrap_err();
    assert!(error.to_string().contains("of at most 3 requests make no request"), "{error}");
}

#[test]
fn a_read_of_what_nobody_wrote_is_an_error_of_the_simulation() {
    let mut run = run().clone();
    let nodes: Vec<_> = run.accesses.nodes().iter().filter(|node| !node.kind.writes()).collect();
    let none = vec![trapti::trace::Predecessors::NONE];
    let free = nodes.into_iter().map(|node| trapti::trace::Node { pattern: 0, ..node }).collect();
    run.accesses = trapti::trace::AccessGraph::from_parts(free, none);
    let (organisation, placement) = placed(&run);
    let error = Stimulus::compile(&run, MEMORY, &Selection::default(), &placement, &organisation).unwrap_err();
    assert!(error.to_string().contains("before anything of it was written"), "{error}");
}

/// Each memory of a hierarchy can be taken alone: transfers of the others are work of the same length.
#[test]
fn every_memory_of_a_run_can_be_replayed() {
    let model = Model::parse(&source("huggingface/qwen2.5-0.5b.json")).unwrap();
    let scenario = Scenario::new(16);
    let workload = lower(&model, &scenario, &Lowering::for_scenario(&scenario)).unwrap();
    let accelerator = Accelerator::parse(&source("accelerators/dual-scratchpad-l2.toml")).unwrap();
    let run = simulate(&workload, &accelerator, &Options::default(), &mut |_| {}).unwrap();
    for (i, memory) in run.accelerator.memories.iter().enumerate() {
        let id = MemoryId::from(i);
        // First fit needs some room beside what is live.
        let larger = Memory { capacity: memory.capacity.map(|c| Bytes(c.0 * 2)), ..memory.clone() };
        let organisation = organisation(&larger);
        let placement = place::first_fit(&run.lifetimes, id, organisation.words(), organisation.word_bytes()).unwrap();
        let (stimulus, portion) = Stimulus::compile(&run, id, &layers(1), &placement, &organisation).unwrap();
        let controller = controller(organisation);
        let mut ideal = Observed::new(Ideal::new(stimulus.ports), &stimulus);
        let replayed = replay(&stimulus, &controller, &mut ideal, true, &mut |_| ()).unwrap();
        assert_eq!(ideal.first_off_plan(0), None, "{}", memory.name);
        assert_eq!(replayed.requests, portion.requests);
        assert!(portion.requests > 0, "{}", memory.name);
        let (activity, _) = reference_activity(&stimulus, &controller, true).unwrap();
        assert_eq!(predict(&stimulus, &controller, &mut |_| ()).unwrap(), activity, "{}", memory.name);
    }
}
