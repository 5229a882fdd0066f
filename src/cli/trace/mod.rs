//! `trapti trace`: what recorded runs say.

mod chart;
mod diff;
mod export;
mod import;
mod show;

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

/// A name that fits a column: the middle of a longer one is left out.
fn shortened(name: &str, width: usize) -> String {
    let length = name.chars().count();
    if length <= width {
        return name.into();
    }
    let (head, tail) = ((width - 1) / 2, width - 1 - (width - 1) / 2);
    let start: String = name.chars().take(head).collect();
    let end: String = name.chars().skip(length - tail).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(shortened("layer 3", 7), "layer 3");
        assert_eq!(shortened("l0.attention.h13.score", 12), "l0.at….score");
    }
}
