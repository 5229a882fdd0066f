//! Simulates one of the models and prints seconds, events and the process's peak memory, as `docs/performance.md` shows them.
//!
//! `cargo run --release --example measure -- gpt2-xl 1024 0` simulates 1024 prompt tokens and decodes none; further
//! arguments turn off what makes it faster: `no-replay` simulates every layer, also those that repeat another, `no-trains` every tile,
//! `plain` both. `workload` only lowers, and writes and reads the file.

use std::path::Path;
use std::time::Instant;
use trapti::accelerator::Accelerator;
use trapti::diagnostic::Source;
use trapti::sim::{Options, simulate};
use trapti::workload::{Lowering, Model, Scenario, Workload, lower};

fn read(path: &str) -> std::sync::Arc<Source> {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("part of the repository");
    Source::new(path, text)
}

/// Peak resident memory of this process in MiB, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

/// Seconds that it took, and what it gave.
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_secs_f64(), result)
}

#[expect(clippy::print_stdout, reason = "prints what it measured")]
fn measure_file(workload: &Workload) {
    println!("peak memory {:.0} MiB", peak_memory().unwrap_or(0.0));
    println!("checked in {:.3} s", timed(|| workload.check().expect("a sound workload")).0);
    println!("dependencies in {:.3} s", timed(|| workload.dependencies()).0);
    let (written, text) = timed(|| workload.to_json());
    println!("file of {} bytes written in {written:.3} s", text.len());
    let source = Source::new("workload.json", text);
    let (read, again) = timed(|| Workload::from_json(&source).expect("what was written"));
    println!("read and checked in {read:.3} s, equal: {}", again == *workload);
    println!("peak memory {:.0} MiB", peak_memory().unwrap_or(0.0));
}

#[expect(clippy::print_stdout, reason = "prints what it measured")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let model = arguments.first().map_or("gpt2-xl", String::as_str);
    let number = |i: usize, default: u32| arguments.get(i).map_or(default, |a| a.parse().expect("a number of tokens"));
    let model = Model::parse(&read(&format!("models/huggingface/{model}.json"))).expect("a known model");
    let accelerator = Accelerator::parse(&read("models/accelerators/edge-2x128.toml")).expect("a valid accelerator");
    let scenario = Scenario { decode: number(2, 0), ..Scenario::new(number(1, 1024)) };
    let lowering = Lowering::for_scenario(&scenario);
    let (lowered, workload) = timed(|| lower(&model, &scenario, &lowering).expect("a scenario the model allows"));
    println!("ops {} lowered in {lowered:.3} s", workload.ops.len());
    if arguments.get(3).is_some_and(|a| a == "workload") {
        return measure_file(&workload);
    }
    let on = |off: &str| !arguments.iter().any(|a| a == off || a == "plain");
    let options = Options { replay: on("no-replay"), trains: on("no-trains"), ..Options::of(&lowering) };
    let (seconds, run) = timed(|| simulate(&workload, &accelerator, &options, &mut |_| {}).expect("a valid workload"));
    let events = run.statistics.events;
    println!("events {events} in {seconds:.3} s: {:.2} million a second", events as f64 / seconds / 1e6);
    println!("cycles {} nodes {}", run.statistics.cycles.0, run.accesses.nodes().len());
    println!("peak memory {:.0} MiB", peak_memory().unwrap_or(0.0));
}
