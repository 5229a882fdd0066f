//! `trapti completions`, `trapti man`: for the shell and for `man`, from the definition of the command line.

use super::output::Output;
use super::{Answer, Cli};
use crate::artefact;
use crate::error::{Error, Result};
use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man as Page;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// Print the script that completes commands and options in a shell.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapti completions bash > ~/.local/share/bash-completion/completions/trapti
  trapti completions zsh > ~/.zfunc/_trapti
  trapti completions fish > ~/.config/fish/completions/trapti.fish")]
pub(super) struct Completions {
    /// Shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Write a manual page for every command.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  trapti man ~/.local/share/man/man1 && man trapti-simulate")]
pub(super) struct Man {
    /// Directory for the pages.
    directory: PathBuf,
}

/// A completion script, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Script {
    /// Shell.
    shell: String,
    /// The script.
    script: String,
}

/// Manual pages, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Pages {
    /// Files written.
    pages: Vec<PathBuf>,
}

pub(super) fn completions(arguments: &Completions, output: Output) -> Result<Answer> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "trapti", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let answer = Script { shell: arguments.shell.to_string(), script };
    output.result(&answer, || answer.script.clone());
    Ok(Answer::Yes)
}

pub(super) fn man(arguments: &Man, output: Output) -> Result<Answer> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    for command in with_subcommands(&root) {
        let page = Page::new(command);
        let path = arguments.directory.join(page.get_filename());
        let mut text = Vec::new();
        page.render(&mut text).map_err(Error::file("cannot write", &path))?;
        artefact::write(&path, &text)?;
        pages.push(path);
    }
    let answer = Pages { pages };
    output.result(&answer, || answer.pages.iter().map(|page| format!("{}\n", page.display())).collect());
    Ok(Answer::Yes)
}

/// A command and everything below it.
fn with_subcommands(command: &Command) -> Vec<Command> {
    let below = command.get_subcommands().filter(|sub| !sub.is_hide_set()).flat_map(with_subcommands);
    std::iter::once(command.clone()).chain(below).collect()
}
