//! The library in its shortest form: a model, an accelerator, a run, and what the memory must hold.
//!
//! `cargo run --example simulate`

use std::path::Path;
use trapti::accelerator::Accelerator;
use trapti::builtin::{self, Kind};
use trapti::sim::{Options, simulate};
use trapti::trace::Run;
use trapti::workload::{Lowering, Model, Scenario, lower};

/// Runs a prompt of 64 tokens. Names stand for what is built in; paths of files would do as well.
pub fn run() -> trapti::Result<Run> {
    let model = Model::parse(&builtin::read(Kind::Model, Path::new("smollm2-135m"))?)?;
    let accelerator = Accelerator::parse(&builtin::read(Kind::Accelerator, Path::new("edge-2x128"))?)?;
    let scenario = Scenario::new(64);
    let lowering = Lowering::for_scenario(&scenario);
    let workload = lower(&model, &scenario, &lowering)?;
    simulate(&workload, &accelerator, &Options::of(&lowering), &mut |_| {})
}

/// Prints the peak of every memory and who is at it.
#[expect(clippy::print_stdout, reason = "the result of the example")]
pub fn main() -> trapti::Result<()> {
    let run = run()?;
    println!("{}: {} cycles", run.workload.name, run.statistics.cycles);
    for memory in &run.statistics.memories {
        let peak = &memory.peak_needed;
        println!("{}: {} needed in cycle {}", memory.name, peak.bytes.human(), peak.cycle);
        for (tensor, bytes) in peak.tensors.iter().take(3) {
            println!("  {} {tensor}", bytes.human());
        }
    }
    Ok(())
}
