//! `trapti trace export`: a run's trace for other tools.

use super::super::Answer;
use super::super::output::Output;
use crate::artefact;
use crate::error::Result;
use crate::trace::Run;
use crate::trace::export::{self, Form};
use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// Write a run's occupancy in the form of another tool.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapti trace export out/run --form vcd --output occupancy.vcd && gtkwave occupancy.vcd
  trapti trace export out/run --form csv --output changes.csv
  trapti trace export out/run --form transinfersim --output mem_trace.csv

csv and vcd hold every change. transinfersim holds a row a memory at the end of each matmul only, after it released
its operands: it misses the peak inside an op.")]
pub struct Arguments {
    /// Run directory.
    run: PathBuf,
    /// Form of the trace.
    #[arg(short, long, value_enum)]
    form: Choice,
    /// File to write.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// A form on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// Every change of every memory.
    Csv,
    /// TransInferSim's memory trace, sampled its way.
    #[value(name = "transinfersim")]
    TransInferSim,
    /// A waveform.
    Vcd,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Written {
    file: PathBuf,
    bytes: u64,
}

/// Reads the run and writes the file.
pub fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let run = Run::read(&arguments.run)?;
    let form = match arguments.form {
        Choice::Csv => Form::Csv,
        Choice::TransInferSim => Form::TransInferSim,
        Choice::Vcd => Form::Vcd,
    };
    artefact::write_with(&arguments.output, |file| export::export(&run, form, file))?;
    let bytes = std::fs::metadata(&arguments.output).map_or(0, |m| m.len());
    let written = Written { file: arguments.output.clone(), bytes };
    output.result(&written, || format!("{} ({} bytes)\n", written.file.display(), crate::units::grouped(bytes)));
    Ok(Answer::Yes)
}
