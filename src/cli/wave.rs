//! `trapti wave`: waveforms judged on their own.

use super::cosim::{self, Sources};
use super::output::{Output, table};
use super::{Answer, select};
use crate::error::{Error, Result};
use crate::power::Selection;
use crate::trace::Run;
use crate::units::grouped;
use crate::wave::{self, DiffOptions, SignalDifference, Verdict, WaveDiff, Window};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Judge waveforms, from any simulator.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Check(Arguments),
    Model(ModelArguments),
    Diff(DiffArguments),
}

/// Check a waveform against the power protocol: order, durations, inrush, no access while not ON, no live domain OFF.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  trapti wave check out/cosim/gpt2-xl/wave.vcd --design out/design.json")]
pub(super) struct Arguments {
    /// VCD or FST file.
    file: PathBuf,
    /// `design.json` of the memory in it.
    #[arg(short, long, value_name = "FILE")]
    design: PathBuf,
}

/// Write the waveform that the reference model has of a run, with the scopes and names of the RTL's.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  trapti wave model out/gpt2-xl --design out/design.json --layers 2 -o out/model.vcd"
)]
pub(super) struct ModelArguments {
    /// Run directory.
    run: PathBuf,
    /// `design.json`.
    #[arg(short, long, value_name = "FILE")]
    design: PathBuf,
    /// Directory with the schedules of a `scheduled` design.
    #[arg(long, value_name = "DIR")]
    schedule: Option<PathBuf>,
    /// Play only the first layers.
    #[arg(long, value_name = "N")]
    layers: Option<u32>,
    /// Play only the first ops that fit so many requests.
    #[arg(long, value_name = "N")]
    requests: Option<u64>,
    /// Cycles to write.
    #[arg(long, value_name = "FROM..TO", default_value = "0..4000", value_parser = window)]
    window: Window,
    /// VCD file to write.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Compare two waveforms: the first difference of each signal that both have. Unknown signals are named, not compared.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  trapti wave diff out/model.vcd out/cosim/gpt2-xl/wave.vcd --clock clk_i --ignore-unknown \\\n    \
                         --scope TOP.pgsram_harness.pgsram_a --scope TOP.pgsram_harness.pgsram_a"
)]
pub(super) struct DiffArguments {
    /// VCD or FST file.
    first: PathBuf,
    /// VCD or FST file.
    second: PathBuf,
    /// Scope in the first file, then that in the second: signals are those in and below them. Default: everything.
    #[arg(long = "scope", value_name = "SCOPE", num_args = 1)]
    scopes: Vec<String>,
    /// Compare only what is there just before rising edges of this clock in the first file.
    #[arg(long, value_name = "NAME")]
    clock: Option<String>,
    /// Unknown bits match anything.
    #[arg(long)]
    ignore_unknown: bool,
}

/// `FROM..TO`, either may be left out.
pub(super) fn window(text: &str) -> std::result::Result<Window, String> {
    let wrong = || "expected FROM..TO, such as 1000..5000".to_string();
    let number = |text: &str, default: u64| match text.replace('_', "").as_str() {
        "" => Ok(default),
        digits => digits.parse().map_err(|_| wrong()),
    };
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let window = Window { from: number(from, 0)?, to: number(to, u64::MAX)? };
    if window.from < window.to { Ok(window) } else { Err("the window is empty: FROM must be less than TO".into()) }
}

pub(super) fn run(command: &Command, output: Output) -> Result<Answer> {
    match command {
        Command::Check(arguments) => check(arguments, output),
        Command::Model(arguments) => model(arguments, output),
        Command::Diff(arguments) => diff(arguments, output),
    }
}

fn model(arguments: &ModelArguments, output: Output) -> Result<Answer> {
    let (design, run) = (select::design(&arguments.design)?, Run::read(&arguments.run)?);
    let selection = Selection { layers: arguments.layers, requests: arguments.requests };
    let from = Sources { rtl: None, schedule: arguments.schedule.as_deref() };
    let (stimulus, _) = cosim::stimulus(&design, &run, from, &selection)?;
    let memory = run.accelerator.memory_named(Some(&design.provenance.memory)).map_err(Error::input)?;
    let needed = run.occupancy[memory.index()].changes.iter().map(|c| (c.cycle.0, c.needed_total().0));
    let needed: Vec<(u64, u64)> = needed.collect();
    let written = wave::write_model(&arguments.output, &design, &stimulus, &needed, arguments.window)?;
    output.result(&written, || {
        format!("cycles {}–{} of the reference model, {} bytes\n", written.from, written.to, grouped(written.bytes))
    });
    Ok(Answer::Yes)
}

fn diff(arguments: &DiffArguments, output: Output) -> Result<Answer> {
    let scope = |index: usize| arguments.scopes.get(index).or(arguments.scopes.first()).cloned().unwrap_or_default();
    let options = DiffOptions {
        scopes: [scope(0), scope(1)],
        clock: arguments.clock.clone(),
        ignore_unknown: arguments.ignore_unknown,
    };
    let found = wave::diff([&arguments.first, &arguments.second], &options)?;
    output.result(&found, || differences(&found));
    Ok(if found.equal() { Answer::Yes } else { Answer::No })
}

/// The first difference of each signal, and what was compared.
fn differences(found: &WaveDiff) -> String {
    let mut text = String::new();
    for SignalDifference { signal, time, values: [first, second] } in &found.differences {
        text.push_str(&format!("time {time}: {signal}\n    first  {first}\n    second {second}\n"));
    }
    for (which, names) in ["first", "second"].into_iter().zip(&found.only) {
        if !names.is_empty() {
            let known: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
            let more = if names.len() > known.len() { " …" } else { "" };
            text.push_str(&format!("{} signals only in the {which} file: {}{more}\n", names.len(), known.join(", ")));
        }
    }
    let verdict = if found.equal() { "EQUAL" } else { "DIFFERENT" };
    let (from, to) = found.times;
    let different = found.differences.len();
    text + &format!("{verdict}: {different} of {} signals differ, times {from} to {to}\n", found.compared)
}

fn check(arguments: &Arguments, output: Output) -> Result<Answer> {
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
