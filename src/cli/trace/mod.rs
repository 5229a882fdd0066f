//! `trapti trace`: what recorded runs say.

mod chart;
mod diff;
mod export;
mod import;
mod show;

pub(super) use export::Written as Exported;

use super::Answer;
use super::output::Output;
use crate::error::Result;
use clap::Subcommand;

/// Look at recorded runs, compare them, take their traces elsewhere.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Show(show::Arguments),
    Diff(diff::Arguments),
    Export(export::Arguments),
    Import(import::Arguments),
}

pub(super) fn run(command: &Command, output: Output) -> Result<Answer> {
    match command {
        Command::Show(arguments) => show::run(arguments, output),
        Command::Diff(arguments) => diff::run(arguments, output),
        Command::Export(arguments) => export::run(arguments, output),
        Command::Import(arguments) => import::run(arguments, output),
    }
}
