//! `trapti new`: a project to start from.

use super::Answer;
use super::output::Output;
use crate::artefact;
use crate::error::Result;
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Write a commented project that runs as it is: an accelerator, a study, a project file.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  trapti new my-memory && trapti flow my-memory/project.toml")]
pub(super) struct Arguments {
    /// Directory to create; it must not exist, or be empty.
    directory: PathBuf,
}

/// The texts; `{name}` is the project's.
const FILES: [(&str, &str); 4] = [
    ("accelerator.toml", include_str!("templates/accelerator.toml")),
    ("study.toml", include_str!("templates/study.toml")),
    ("project.toml", include_str!("templates/project.toml")),
    ("README.md", include_str!("templates/README.md")),
];

/// Name of a project whose directory's cannot be one.
const NAME: &str = "my-memory";

/// Files written, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Written {
    /// Name of the project.
    name: String,
    /// Its files.
    files: Vec<PathBuf>,
    /// What to type next.
    next: String,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let (directory, name) = (&arguments.directory, name(&arguments.directory));
    let files = FILES.map(|(file, text)| (file, text.replace("{name}", &name)));
    artefact::write_new(directory, &files)?;
    let written = Written {
        files: FILES.map(|(file, _)| directory.join(file)).to_vec(),
        next: format!("trapti flow {}", directory.join("project.toml").display()),
        name,
    };
    output.result(&written, || human(&written));
    Ok(Answer::Yes)
}

/// The directory's name, if a project may have it.
fn name(directory: &Path) -> String {
    let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if super::project::is_name(&name) { name } else { NAME.into() }
}

fn human(written: &Written) -> String {
    let files: String = written.files.iter().map(|file| format!("{}\n", file.display())).collect();
    format!("{files}\nNext: {}\n", written.next)
}
