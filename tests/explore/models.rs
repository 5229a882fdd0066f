//! Studies on simulated models: every placement, and memories that the runs were not simulated for.

use std::sync::OnceLock;
use trapti::accelerator::Accelerator;
use trapti::diagnostic::Source;
use trapti::explore::demand::Subject;
use trapti::explore::kept::Kept;
use trapti::explore::{Choice, Exploration, Options, Point, Study, explore, select};
use trapti::ids::MemoryId;
use trapti::power::place::{Rule, Space, place};
use trapti::sim::{self, simulate};
use trapti::sram::EmbeddedTable;
use trapti::trace::{Choices, Lifetime, Run};
use trapti::workload::{Class, Lowering, Model, Scenario, lower};

const GPT: &str = r#"{"model_type": "gpt2", "n_layer": 2, "n_embd": 128, "n_head": 2, "n_positions": 256, "vocab_size": 512,
    "activation_function": "gelu_new"}"#;
const QWEN: &str = r#"{"model_type": "qwen2", "hidden_act": "silu", "hidden_size": 96, "intermediate_size": 256,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 256}"#;

/// A small accelerator whose memory has this capacity and latency.
fn accelerator(capacity: &str, latency: u64) -> Accelerator {
    let text = include_str!("../../models/accelerators/edge-2x128.toml")
        .replace("rows = 128", "rows = 32")
        .replace("columns = 128", "columns = 32")
        .replace("port_bits = 512", "port_bits = 128")
        .replace("capacity = \"64 MiB\"", &format!("capacity = \"{capacity}\""))
        .replace("latency = 10 ", &format!("latency = {latency} "));
    Accelerator::parse(&Source::new("small.toml", text.as_str())).unwrap()
}

/// A model with a short prompt and two decoded tokens.
pub fn run(name: &str, config: &str, capacity: &str, latency: u64) -> Run {
    let scenario = Scenario::parse(&Source::new("scenario.toml", "prefill = 48\ndecode = 2\n")).unwrap();
    let model = Model::parse(&Source::new(format!("{name}.json"), config)).unwrap();
    let lowering = Lowering::for_scenario(&scenario);
    let mut workload = lower(&model, &scenario, &lowering).unwrap();
    workload.name = name.into();
    let options = sim::Options::of(&lowering);
    let run = simulate(&workload, &accelerator(capacity, latency), &options, &mut |_| {}).unwrap();
    Run { choices: Some(Choices { scenario: Some(scenario), lowering }), ..run }
}

pub fn runs() -> &'static [Run] {
    static RUNS: OnceLock<Vec<Run>> = OnceLock::new();
    RUNS.get_or_init(|| vec![run("gpt", GPT, "64 MiB", 10), run("qwen", QWEN, "64 MiB", 10)])
}

pub fn explored(study: &str, runs: &[Run], predict: bool) -> Exploration {
    let study = Study::parse(&Source::new("study.toml", study)).unwrap();
    explore(&study, runs, &EmbeddedTable::new(false).unwrap(), Options { predict }).unwrap()
}

const PLACEMENTS: &str = r#"
[study]
capacity = "1 MiB"
domains = [1, 4, 16]
placement = ["ideal", "first-fit", "two-ended", "by-class", "offline"]
policies = ["never", "mask", { timeout = { retention = "break-even", off = "break-even" } }]
technology = "22nm-hp"
"#;

fn at<'e>(exploration: &'e Exploration, placement: &str, domains: u64, policy: &str) -> &'e Point {
    let here = |p: &&Point| p.placement == placement && p.domains == domains && p.policy == policy;
    exploration.points.iter().find(here).unwrap_or_else(|| panic!("{placement}, {domains} domains, {policy}"))
}

#[test]
fn offline_is_at_least_as_good_as_first_fit() {
    let exploration = explored(PLACEMENTS, runs(), false);
    for domains in [1, 4, 16] {
        let [ideal, first_fit, offline] =
            ["ideal", "first-fit", "offline"].map(|placement| at(&exploration, placement, domains, "mask"));
        assert!(offline.live_cycles <= first_fit.live_cycles);
        assert_eq!(ideal.live_cycles, ideal.ideal_live_cycles);
        for point in [first_fit, offline] {
            assert!(point.ideal_live_cycles <= point.live_cycles, "nothing beats the bound");
            assert_eq!(point.ideal_live_cycles, ideal.live_cycles);
        }
    }
    let [first_fit, offline] = ["first-fit", "offline"].map(|p| at(&exploration, p, 16, "mask"));
    assert!(offline.live_cycles < first_fit.live_cycles, "with fine domains the search finds something");
    assert!(offline.energy_pj < first_fit.energy_pj);
}

#[test]
fn every_placement_is_predicted() {
    let study = PLACEMENTS.replace("[1, 4, 16]", "[8]").replace("\"ideal\", ", "");
    for rule in ["first-fit", "two-ended", "by-class", "offline"] {
        let only = study.replace("\"first-fit\", \"two-ended\", \"by-class\", \"offline\"", &format!("\"{rule}\""));
        let exploration = explored(&only, runs(), true);
        assert!(exploration.summary.front.iter().all(|front| front.prediction.is_some()));
        assert_eq!(exploration.summary.placements.len(), 2);
        let errors = exploration.summary.front.iter().filter_map(|f| f.prediction.as_ref()).map(|p| p.energy_error);
        errors.for_each(|error| assert!(error.abs() < 0.3, "{rule}: {error}"));
    }
}

/// First-fit alone, at capacities around the peak and with macros of several speeds.
const TIGHT: &str = r#"
[study]
capacity = ["32 KiB", "64 KiB", "1 MiB"]
domains = [1, 4]
placement = ["ideal", "offline"]
policies = ["never", "mask"]
technology = ["22nm-hp", "90nm-lstp"]
"#;

#[test]
fn a_capacity_below_the_peak_is_simulated_again() {
    let exploration = explored(TIGHT, runs(), true);
    let peaks: Vec<u64> = exploration.summary.workloads.iter().map(|w| w.peak_bytes).collect();
    assert!(peaks.iter().any(|p| *p > 64 << 10) && peaks.iter().all(|p| *p < 1 << 20), "{peaks:?}");
    let never = |mib: u64, technology: &str| {
        let here = |p: &&Point| p.capacity_bytes == mib && p.technology == technology && p.policy == "never";
        exploration.points.iter().find(here)
    };
    let (tight, roomy) = (never(64 << 10, "22nm-hp").unwrap(), never(1 << 20, "22nm-hp").unwrap());
    assert!(tight.dram_pj > 0.0 && roomy.dram_pj == 0.0, "what spills costs DRAM energy");
    assert!(tight.cycles > roomy.cycles, "and time");
    // The same as a run that was simulated with this capacity from the start.
    let fresh = [run("gpt", GPT, "64 KiB", 10), run("qwen", QWEN, "64 KiB", 10)];
    let expected = explored(&TIGHT.replace("\"32 KiB\", \"64 KiB\", \"1 MiB\"", "\"64 KiB\""), &fresh, true);
    let same = |e: &Exploration| -> Vec<Point> {
        let here = e.points.iter().filter(|p| p.capacity_bytes == 64 << 10);
        here.map(|p| Point { point: 0, on_front: 0, predicted_cycles: 0, predicted_energy_pj: 0.0, ..p.clone() })
            .collect()
    };
    assert_eq!(same(&exploration), same(&expected));
}

#[test]
fn a_macro_slower_than_the_run_waited_for_is_simulated_again() {
    let hasty = [run("gpt", GPT, "64 MiB", 1), run("qwen", QWEN, "64 MiB", 1)];
    let study = TIGHT.replace("\"32 KiB\", \"64 KiB\", \"1 MiB\"", "\"1 MiB\"");
    let exploration = explored(&study, &hasty, true);
    let slow: Vec<&Point> = exploration.points.iter().filter(|p| p.technology == "90nm-lstp").collect();
    assert!(!slow.is_empty() && slow.iter().all(|p| p.read_latency_cycles > 1));
    let planned: u64 = exploration.summary.workloads.iter().map(|w| w.cycles).sum();
    for point in slow {
        let latency = point.read_latency_cycles;
        let cycles = |name, config| run(name, config, "64 MiB", latency).statistics.cycles.0;
        assert_eq!(point.cycles, cycles("gpt", GPT) + cycles("qwen", QWEN));
        assert!(point.cycles > planned);
    }
    assert!(exploration.summary.front.iter().all(|front| front.prediction.is_some()));
}

#[test]
fn a_design_is_placed_again_as_it_was_explored() {
    let model = EmbeddedTable::new(false).unwrap();
    let exploration = explored(PLACEMENTS, runs(), false);
    for (name, rule) in Rule::NAMES {
        let point = at(&exploration, name, 16, "mask").point;
        let design = select(&exploration, Choice::Point(point), &model).unwrap();
        let organisation = &design.organisation;
        let (words, domain_words) = (organisation.words(), organisation.domain_words);
        let space = Space { words, domain_words, word_bytes: organisation.word_bytes() };
        assert_eq!(Rule::named(&design.placement), Some(rule));
        for run in runs() {
            let placement = place(rule, &run.lifetimes, MemoryId(0), space).unwrap();
            let expected = design.provenance.placements.iter().find(|(workload, _)| *workload == run.workload.name);
            assert_eq!(Some(placement.digest()), expected.map(|(_, digest)| digest.clone()), "{name}");
        }
    }
}

/// Weights are used again for every token; in a large memory they stay, and a bound has to keep them too.
#[test]
fn weights_that_stay_between_tokens_are_kept() {
    for run in runs() {
        let subject = Subject { run, memory: MemoryId(0) };
        let (kept, occupancy) = (Kept::of(&subject), subject.occupancy());
        let held: Vec<(u64, u64)> = kept.held(occupancy).collect();
        let at = |cycle: u64| held[held.partition_point(|(from, _)| *from <= cycle) - 1].1;
        let live = |cycle: u64| -> u64 {
            let now = run.lifetimes.iter().filter(|l| (l.reserved.0..l.released.0).contains(&cycle));
            now.map(|l| l.extent.0).sum()
        };
        let mut waiting = 0;
        for change in occupancy.changes.iter() {
            let (needed, held) = (change.needed_total().0, at(change.cycle.0));
            // In the last cycle nothing lives any more that is still needed.
            let most = (needed + change.obsolete.0).min(live(change.cycle.0)).max(needed);
            assert!(needed <= held && held <= most, "{change:?}");
            waiting = waiting.max(held - needed);
        }
        // One layer is used after the other, so nearly all weights that stay wait at some time.
        let stay = |l: &&Lifetime| l.class == Class::Weight && l.transfers > 1 && l.released.0 > occupancy.end.0 / 2;
        let most: u64 = run.lifetimes.iter().filter(stay).map(|l| l.extent.0).sum();
        assert!(waiting > most / 2, "{waiting} of {most}");
    }
}

#[test]
fn a_capacity_that_cannot_keep_the_weights_is_simulated_again() {
    let study = PLACEMENTS.replace("1 MiB", "256 KiB").replace("[1, 4, 16]", "[4]");
    let run = &runs()[..1];
    let subject = Subject { run: &run[0], memory: MemoryId(0) };
    let (needed, occupancy) = (subject.peak(), subject.occupancy());
    let held = Kept::of(&subject).held(occupancy).map(|(_, bytes)| bytes).max().unwrap();
    assert!(needed.0 < 256 << 10 && held > 256 << 10, "{needed} needed, {held} held");
    let exploration = explored(&study, run, false);
    assert!(exploration.points.iter().any(|p| !p.is_bound()), "{:?}", exploration.summary.infeasible);
    assert!(exploration.points.iter().all(|p| p.dram_pj > 0.0), "weights are fetched again");
}
