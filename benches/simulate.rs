//! Seconds and events of simulations whose speed is promised: two 128×128 arrays, 64 MiB, streamed weights.
//!
//! `plain` simulates every layer and plays every event; `replay` does neither where something repeats. `docs/performance.md` has measured values and the program
//! that measures peak memory, which cannot be measured in a process that simulates several times.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::path::Path;
use std::time::Duration;
use trapti::accelerator::Accelerator;
use trapti::diagnostic::Source;
use trapti::sim::{Options, simulate};
use trapti::workload::{Lowering, Model, Scenario, lower};

/// Model, prompt tokens, decoded tokens, and whether to simulate every layer for comparison.
const CASES: [(&str, u32, u32, bool); 3] =
    [("gpt2-xl", 1024, 0, true), ("gpt2-xl", 512, 128, false), ("mistral-7b-v0.1", 2048, 0, false)];

fn read(path: &str) -> std::sync::Arc<Source> {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("part of the repository");
    Source::new(path, text)
}

fn bench(criterion: &mut Criterion) {
    let accelerator = Accelerator::parse(&read("models/accelerators/edge-2x128.toml")).expect("a valid accelerator");
    let mut group = criterion.benchmark_group("simulate");
    group.sample_size(10).warm_up_time(Duration::from_millis(1));
    for (name, prefill, decode, plain) in CASES {
        let model = Model::parse(&read(&format!("models/huggingface/{name}.json"))).expect("a known model");
        let scenario = Scenario { decode, ..Scenario::new(prefill) };
        let lowering = Lowering::for_scenario(&scenario);
        let workload = lower(&model, &scenario, &lowering).expect("a scenario the model allows");
        let run = |replay: bool| {
            let options = Options { replay, trains: replay, ..Options::of(&lowering) };
            simulate(&workload, &accelerator, &options, &mut |_| {}).expect("a valid workload")
        };
        let title = format!("{name} prefill {prefill} decode {decode}");
        group.throughput(Throughput::Elements(run(true).statistics.events));
        group.bench_function(format!("{title} replay"), |b| b.iter(|| run(true)));
        if plain {
            group.bench_function(format!("{title} plain"), |b| b.iter(|| run(false)));
        }
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
