//! `trapti report`: one HTML page from any subset of the artefacts.

use super::output::Output;
use super::{Answer, inputs, select};
use crate::artefact;
use crate::cosim::CosimReport;
use crate::error::Result;
use crate::explore::Exploration;
use crate::report::{Fact, Inputs, report};
use crate::trace::Run;
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// Write one self-contained HTML page from any of: runs, an exploration, a design, co-simulations.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  trapti report --run out/gpt2-xl --exploration out/exploration --design out/design.json -o out/report.html"
)]
pub(super) struct Arguments {
    /// Run directories.
    #[arg(short, long = "run", value_name = "DIR")]
    runs: Vec<PathBuf>,
    /// Exploration directory.
    #[arg(short, long, value_name = "DIR")]
    exploration: Option<PathBuf>,
    /// `design.json`.
    #[arg(short, long, value_name = "FILE")]
    design: Option<PathBuf>,
    /// `cosim.json` files.
    #[arg(short, long, value_name = "FILE")]
    cosim: Vec<PathBuf>,
    /// Heading of the page.
    #[arg(long, default_value = "trapti report")]
    title: String,
    /// Page to write.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Written {
    report: PathBuf,
    bytes: usize,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let runs = arguments.runs.iter().map(|path| Run::read(path)).collect::<Result<Vec<_>>>()?;
    let exploration = arguments.exploration.as_deref().map(Exploration::read).transpose()?;
    let design = arguments.design.as_deref().map(select::design).transpose()?;
    let cosims = arguments.cosim.iter().map(|path| CosimReport::read(path)).collect::<Result<Vec<_>>>()?;
    let mut provenance = vec![];
    for path in &arguments.runs {
        provenance.push(Fact::new(format!("run {}", path.display()), inputs::digest_of("run", path)?.digest));
    }
    let page = report(&Inputs {
        title: arguments.title.clone(),
        runs: runs.iter().collect(),
        exploration: exploration.as_ref(),
        design: design.as_ref(),
        cosims: cosims.iter().collect(),
        waveforms: vec![],
        provenance,
    })?;
    artefact::write(&arguments.output, page.as_bytes())?;
    let written = Written { report: arguments.output.clone(), bytes: page.len() };
    output.result(&written, || format!("{} ({} bytes)\n", written.report.display(), written.bytes));
    Ok(Answer::Yes)
}
