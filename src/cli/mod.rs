//! The command line: parse, read, call one function, write. One file a command.

mod breakdown;
mod catalogue;
mod cosim;
mod doctor;
mod explain;
mod explore;
mod flow;
mod gemm;
mod generate;
mod import;
mod inputs;
mod new;
mod output;
mod progress;
mod project;
mod report;
mod schema;
mod scripts;
mod select;
mod simulate;
mod sram;
mod study;
mod text;
mod trace;
mod wave;

use crate::error::Error;
use clap::{CommandFactory, Parser, Subcommand};
use output::{Format, Output};
use progress::Watch;
use std::io::ErrorKind;
use std::process::ExitCode;

/// How much on-chip SRAM an embedded transformer accelerator needs, in how many banks, gated by which policy; and the RTL that proves it.
#[derive(Debug, Parser)]
#[command(name = "trapti", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    /// Form of the result on stdout.
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
    /// Threads; every number of them gives the same bytes.
    #[arg(long, global = true, value_name = "N")]
    threads: Option<usize>,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  trapti new my-memory && trapti flow my-memory/project.toml
  trapti flow edge-llm --output out/edge-llm
  trapti import gpt2-xl --prefill 1024
  trapti simulate gpt2-xl --prefill 1024 --accelerator edge-2x128 -o out/run
  trapti gemm 1024 1600 1600 --array 128x128 --dataflow ws
  trapti trace show out/run
  trapti sram --capacity 1MiB --word-bits 256 --node 22nm --device itrs-lstp
  trapti explore out/run --study study.toml -o out/exploration
  trapti select out/exploration -o out/design.json
  trapti generate out/design.json -o out/rtl
  trapti cosim out/design.json --run out/run -o out/cosim
  trapti wave check out/cosim/wave.vcd --design out/design.json
  trapti explain unknown-key

Exit codes: 0 done; 1 the answer is \"no\"; 2 bad usage or input; 3 a tool is missing.";

#[derive(Debug, Subcommand)]
enum Command {
    Import(import::Arguments),
    Simulate(simulate::Arguments),
    Gemm(gemm::Arguments),
    Sram(sram::Arguments),
    Study(study::Arguments),
    Explore(explore::Arguments),
    Select(select::Arguments),
    Generate(generate::Arguments),
    Cosim(cosim::Arguments),
    #[command(subcommand)]
    Trace(trace::Command),
    #[command(subcommand)]
    Wave(wave::Command),
    Report(report::Arguments),
    Flow(flow::Arguments),
    New(new::Arguments),
    Models(catalogue::Models),
    Devices(catalogue::Devices),
    Doctor(doctor::Arguments),
    Explain(explain::Arguments),
    Schema(schema::Arguments),
    Completions(scripts::Completions),
    Man(scripts::Man),
}

/// How a command that did not fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Done, or the answer is "yes".
    Yes,
    /// The answer is "no": a check failed, nothing is feasible.
    No,
}

/// Runs the command line and returns its exit code.
pub fn run() -> ExitCode {
    env_logger::Builder::from_default_env().format_timestamp(None).init();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return told(&usage),
    };
    let watch = Watch::over(name_of(std::env::args_os().map(|word| word.to_string_lossy().into_owned())));
    let answer = configure_threads(cli.threads).and_then(|()| dispatch(cli.command, Output::new(cli.format)));
    drop(watch);
    let written = |answer| match output::unwritten() {
        Some(error) => Err(Error::file("cannot write the result to", "stdout")(error)),
        None => Ok(answer),
    };
    match answer.and_then(written) {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(error) => fail(&error),
    }
}

/// Help, version or what is wrong with the arguments. A reader that went away is no error, a full disk is.
fn told(usage: &clap::Error) -> ExitCode {
    match usage.print() {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            fail(&Error::file("cannot write the result to", "stdout")(error))
        }
        _ => ExitCode::from(usage.exit_code() as u8),
    }
}

/// The command in what was typed, such as `trapti simulate`.
fn name_of(arguments: impl Iterator<Item = String>) -> String {
    let known = Cli::command();
    let command = arguments.skip(1).find(|word| known.find_subcommand(word).is_some());
    command.map_or_else(|| "trapti".into(), |word| format!("trapti {word}"))
}

fn configure_threads(threads: Option<usize>) -> crate::Result<()> {
    let Some(threads) = threads else { return Ok(()) };
    // Built once, before anything else uses the pool; zero threads means one for each core.
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|e| Error::Tool { tool: "thread pool".into(), message: e.to_string() })
}

fn dispatch(command: Command, output: Output) -> crate::Result<Answer> {
    match command {
        Command::Import(arguments) => import::run(&arguments, output),
        Command::Simulate(arguments) => simulate::run(&arguments, output),
        Command::Gemm(arguments) => gemm::run(&arguments, output),
        Command::Sram(arguments) => sram::run(&arguments, output),
        Command::Study(arguments) => study::run(&arguments, output),
        Command::Explore(arguments) => explore::run(&arguments, output),
        Command::Select(arguments) => select::run(&arguments, output),
        Command::Generate(arguments) => generate::run(&arguments, output),
        Command::Cosim(arguments) => cosim::run(&arguments, output),
        Command::Trace(command) => trace::run(&command, output),
        Command::Wave(command) => wave::run(&command, output),
        Command::Report(arguments) => report::run(&arguments, output),
        Command::Flow(arguments) => flow::run(&arguments, output),
        Command::New(arguments) => new::run(&arguments, output),
        Command::Models(_) => catalogue::models(output),
        Command::Devices(_) => catalogue::devices(output),
        Command::Doctor(arguments) => doctor::run(&arguments, output),
        Command::Explain(arguments) => explain::run(&arguments, output),
        Command::Schema(arguments) => schema::run(&arguments, output),
        Command::Completions(arguments) => scripts::completions(&arguments, output),
        Command::Man(arguments) => scripts::man(&arguments, output),
    }
}

fn fail(error: &Error) -> ExitCode {
    match error {
        Error::Input(diagnostics) => diagnostics.iter().for_each(|d| output::message(&d.render(output::coloured()))),
        other => output::message(&format!("error: {other}")),
    }
    ExitCode::from(error.exit_code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
