//! Speed of an exploration: segments tabulated a second in one geometry, points evaluated a second from tables of idle intervals
//! and from class times that are known, and a study of a million points from the run to the ranked result.
//!
//! GPT-2 XL, 1024 tokens, on the edge accelerator of the repository. `docs/exploration.md` has measured values.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::path::Path;
use std::time::Duration;
use trapti::accelerator::Accelerator;
use trapti::diagnostic::Source;
use trapti::explore::demand::Subject;
use trapti::explore::estimate::{estimate, totals};
use trapti::explore::gap::{Gate, Slept};
use trapti::explore::{Options, Placed, Study, Unplaced, explore_into};
use trapti::ids::MemoryId;
use trapti::power::place::Rule;
use trapti::power::{Policy, TransitionCycles, energy, organise};
use trapti::sim::{self, simulate};
use trapti::sram::EmbeddedTable;
use trapti::trace::Run;
use trapti::units::{Bytes, Cycles};
use trapti::workload::{Lowering, Model, Scenario, lower};

fn read(path: &str) -> std::sync::Arc<Source> {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("part of the repository");
    Source::new(path, text)
}

fn run() -> Run {
    let accelerator = Accelerator::parse(&read("models/accelerators/edge-2x128.toml")).expect("a valid accelerator");
    let model = Model::parse(&read("models/huggingface/gpt2-xl.json")).expect("a known model");
    let scenario = Scenario::new(1024);
    let lowering = Lowering::for_scenario(&scenario);
    let workload = lower(&model, &scenario, &lowering).expect("a scenario the model allows");
    simulate(&workload, &accelerator, &sim::Options::of(&lowering), &mut |_| {}).expect("a valid workload")
}

const CAPACITY: Bytes = Bytes(64 << 20);

/// A study of `points` points: one timeout after the other on the same few memories.
fn study(points: usize) -> Study {
    let memories = 4 * 2 * 2 * 4; // splits, interleaves, technologies, placements with α
    let timeouts = (0..points / memories).map(|k| format!("{{ timeout = {{ off = {} }} }}", 10 + 7 * k));
    let text = format!(
        "[study]\ncapacity = \"64 MiB\"\ndomains = [4, 8, 16, 32]\ninterleave = [1, 2]\nalpha = [0.8, 0.9, 1.0]\n\
         placement = [\"ideal\", \"first-fit\"]\ntechnology = [\"22nm-hp\", \"22nm-lstp-hp\"]\npolicies = [{}]\n",
        timeouts.collect::<Vec<_>>().join(", ")
    );
    Study::parse(&Source::new("study.toml", text)).expect("a valid study")
}

fn bench(criterion: &mut Criterion) {
    let (run, model) = (run(), EmbeddedTable::new(false).expect("the embedded table reads"));
    let subject = Subject { run: &run, memory: MemoryId(0) };
    let unplaced = Unplaced::new(&subject).expect("a valid run");
    let placed = unplaced.place(&subject, Rule::FirstFit, CAPACITY, 16).expect("a valid placement");
    let Placed { plan, .. } = placed.expect("room for all");
    let domain_words = CAPACITY.0 * 8 / u64::from(subject.port().word_bits) / 16;
    let mut group = criterion.benchmark_group("explore");
    group.sample_size(10).warm_up_time(Duration::from_millis(1));
    group.throughput(Throughput::Elements(plan.segments() as u64));
    group.bench_function("tabulate one geometry of 16 domains", |b| {
        b.iter(|| plan.tabulate(16, domain_words, plan.cycles))
    });

    let small = study(64);
    let spec = small.organisation(CAPACITY, (16, 1), small.technologies[0], subject.port());
    let memory = organise(&spec, &model).expect("a memory");
    let (timing, delays) = small.wake.timing(memory.clock);
    let times = TransitionCycles::of(&timing, delays);
    let (table, demand) = (plan.table(16, domain_words, plan.cycles), subject.demand().expect("no spill"));
    group.throughput(Throughput::Elements(1000));
    let policies =
        |k: u64| Policy::Timeout { light: None, retention: Some(Cycles(20 + k)), off: Some(Cycles(900 + k)) };
    group.bench_function("points from tables", |b| {
        b.iter(|| {
            let point =
                |k| estimate(&table, &demand, &memory, &Gate::new(&policies(k), small.states), &times).1.total();
            (0..1000).map(point).sum::<trapti::units::Picojoules>()
        })
    });

    let gate = |k| Gate::new(&policies(k), small.states);
    let known: Vec<Slept> = (0..1000).map(|k| table.slept(&gate(k), &times)).collect();
    group.bench_function("points from class times", |b| {
        b.iter(|| {
            let point = |slept| energy(&memory, &totals(&table, &demand, slept), demand.dram_energy_per_bit).total();
            known.iter().map(point).sum::<trapti::units::Picojoules>()
        })
    });

    let million = study(1 << 20);
    group.throughput(Throughput::Elements(1 << 20));
    let runs = [run.clone()];
    group.bench_function("study of a million points, end to end", |b| {
        b.iter(|| {
            let folder = tempfile::tempdir().expect("room for a directory");
            let target = (folder.path().join("exploration"), Vec::new());
            let options = Options { predict: false };
            let explored = explore_into(&million, &runs, &model, options, (&target.0, target.1));
            explored.expect("a valid study").summary.points
        })
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
