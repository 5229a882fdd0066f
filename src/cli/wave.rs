//! `trapti wave`: waveforms judged on their own.

use super::output::{Output, table};
use super::{Answer, select};
use crate::error::Result;
use crate::units::grouped;
use crate::wave::{self, Verdict, Window};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Judge waveforms, from any simulator.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Check(Arguments),
}

/// Check a waveform against the power protocol: order, durations, inrush, no access while not ON, no live domain OFF.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  trapti wave check out/cosim/gpt2-xl/wave.vcd --design out/design.json")]
pub(super) struct Arguments {
    /// VCD file.
    file: PathBuf,
    /// `design.json` of the memory in it.
    #[arg(short, long, value_name = "FILE")]
    design: PathBuf,
}

pub(super) fn run(command: &Command, output: Output) -> Result<Answer> {
    let Command::Check(arguments) = command;
    let verdict = wave::check(&arguments.file, &select::design(&arguments.design)?, Window::default())?;
    output.result(&verdict, || human(&verdict));
    Ok(if verdict.passed() { Answer::Yes } else { Answer::No })
}

/// The account of every property and the first violations.
pub(super) fn human(verdict: &Verdict) -> String {
    let mut rows = vec![["property", "held", "violated", ""].map(String::from).to_vec()];
    for check in &verdict.checks {
        let remark = check.skipped.clone().unwrap_or_default();
        rows.push(vec![check.property.name().into(), grouped(check.passed), grouped(check.failed), remark]);
    }
    let mut text = table(&rows);
    for (property, violation) in verdict.checks.iter().flat_map(|c| c.violations.iter().map(move |v| (c.property, v))) {
        text.push_str(&format!(
            "{}: cycle {}, time {}: {}\n",
            property.name(),
            violation.cycle,
            violation.time,
            violation.message
        ));
        for (signal, value) in &violation.signals {
            text.push_str(&format!("    {signal} = {value}\n"));
        }
    }
    text.push_str(&format!(
        "{}: {} clock edges\n",
        if verdict.passed() { "PASS" } else { "FAIL" },
        grouped(verdict.edges)
    ));
    text
}
