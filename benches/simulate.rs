//! GPT-2 XL on two 128×128 arrays: the orientation of the simulator's speed.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::path::Path;
use trapti::accelerator::Accelerator;
use trapti::diagnostic::Source;
use trapti::sim::{Options, simulate};
use trapti::workload::{Lowering, Model, Scenario, Workload, lower};

fn read(path: &str) -> std::sync::Arc<Source> {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("part of the repository");
    Source::new(path, text)
}

fn gpt2_xl(prefill: u32) -> Workload {
    let model = Model::parse(&read("models/huggingface/gpt2-xl.json")).expect("a known model");
    let scenario = Scenario::new(prefill);
    lower(&model, &scenario, &Lowering::for_scenario(&scenario)).expect("a small scenario")
}

fn bench(criterion: &mut Criterion) {
    let accelerator = Accelerator::parse(&read("models/accelerators/edge-2x128.toml")).expect("a valid accelerator");
    let workload = gpt2_xl(1024);
    let run = || simulate(&workload, &accelerator, &Options::default(), &mut |_| {}).expect("a valid workload");
    let mut group = criterion.benchmark_group("simulate");
    group.throughput(Throughput::Elements(run().statistics.events)).sample_size(10);
    group.bench_function("gpt2-xl prefill 1024", |b| b.iter(run));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
