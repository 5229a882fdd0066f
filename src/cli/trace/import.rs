//! `trapti trace import`: the occupancy that another simulator found, as a run to explore.

use super::super::output::{Output, table};
use super::super::{Answer, inputs};
use crate::artefact::{self, Input};
use crate::config::FromValue;
use crate::error::Result;
use crate::trace::Run;
use crate::trace::import::{Given, transinfersim};
use crate::trace::summary::Summary;
use crate::units::{Bytes, Hertz, grouped};
use clap::Args;
use std::path::PathBuf;

/// Read TransInferSim's memory trace as a run that holds an occupancy and nothing else.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapti trace import mem_trace.csv --output out/imported
  trapti trace import mem_trace.csv --memory sram_shared --name roberta --output out/imported
  trapti explore out/imported --study ideal.toml --output out/exploration

Such a run can be explored with placement = [\"ideal\"] in the study: bounds and estimates without addresses. It has no
transfers, so nothing can be placed, predicted, or replayed on RTL. The trace is sampled at the ends of matmuls, after
operands are released: its peaks are lower bounds.")]
pub struct Arguments {
    /// Trace, comma-separated values.
    trace: PathBuf,
    /// Run directory to write.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Name of the workload; default: that of the file.
    #[arg(long)]
    name: Option<String>,
    /// Take only the memory of this name.
    #[arg(long, value_name = "NAME")]
    memory: Option<String>,
    /// Clock, such as "1 GHz", in place of the column mem_cycle_time.
    #[arg(long, value_name = "FREQUENCY", value_parser = frequency)]
    clock: Option<Hertz>,
    /// Ports, in place of the column mem_ports.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    ports: Option<u32>,
    /// Bits of a port, a multiple of 8, in place of the column mem_bus_bitwidth.
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u32).range(8..=1 << 20))]
    port_bits: Option<u32>,
    /// Cycles of an access besides its words, in place of the column mem_cycles_per_access.
    #[arg(long, value_name = "CYCLES", value_parser = clap::value_parser!(u64).range(..=1_000_000_000))]
    latency: Option<u64>,
}

/// A frequency as files write it.
fn frequency(text: &str) -> std::result::Result<Hertz, String> {
    Hertz::from_value(&toml::de::DeValue::String(text.into())).ok_or_else(|| format!("expected {}", Hertz::expected()))
}

/// Reads the trace and writes the run.
pub fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let source = inputs::source(&arguments.trace)?;
    let given = Given {
        name: arguments.name.clone(),
        memory: arguments.memory.clone(),
        clock: arguments.clock,
        ports: arguments.ports,
        port_bits: arguments.port_bits,
        latency: arguments.latency,
    };
    let run = transinfersim(&source, &given)?;
    let given = artefact::digest(format!("{given:?}").as_bytes());
    let inputs = vec![Input::of("trace", source.text.as_bytes()), Input { name: "options".into(), digest: given }];
    run.write(&arguments.output, inputs)?;
    output.note(&format!("{}: written; sampled at op ends, so peaks are lower bounds", arguments.output.display()));
    output.result(&Summary::of(&run), || human(&run));
    Ok(Answer::Yes)
}

fn human(run: &Run) -> String {
    let mut rows = vec![["memory", "capacity", "peak needed", "peak used", "changes"].map(String::from).to_vec()];
    for (memory, occupancy) in run.statistics.memories.iter().zip(&run.occupancy) {
        rows.push(vec![
            memory.name.clone(),
            occupancy.capacity.map_or(String::new(), Bytes::human),
            memory.peak_needed.bytes.human(),
            memory.peak_used.bytes.human(),
            grouped(occupancy.changes.len() as u64),
        ]);
    }
    format!("{}: {} cycles\n{}", run.workload.name, grouped(run.statistics.cycles.0), table(&rows))
}
