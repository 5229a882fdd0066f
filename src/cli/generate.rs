//! `trapti generate`: the RTL directory of a design.

use super::output::Output;
use super::{Answer, select};
use crate::error::Result;
use crate::rtl;
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// Write parameterised Verilog for a design, with what a team needs to use it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  trapti generate out/design.json -o out/rtl")]
pub(super) struct Arguments {
    /// `design.json`.
    design: PathBuf,
    /// RTL directory to write.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// Files written, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Generated {
    files: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let files = rtl::generate(&select::design(&arguments.design)?, &arguments.output)?;
    let generated = Generated { files: files.iter().map(|f| f.display().to_string()).collect() };
    output.result(&generated, || generated.files.iter().map(|f| format!("{f}\n")).collect());
    Ok(Answer::Yes)
}
