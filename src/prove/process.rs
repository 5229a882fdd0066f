//! Running the script of a generated directory.

use super::Proof;
use crate::power::Design;
use crate::{Error, Result, rtl};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What is proved, and how long the model checker may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Only the sets whose name contains this.
    pub pattern: String,
    /// Seconds for one call of the model checker.
    pub seconds: u32,
    /// Programs are looked for here.
    pub search_path: std::ffi::OsString,
}

/// Programs that the script calls, and what installs them.
const TOOLS: [(&str, &str); 4] = [
    ("yosys", "apt-get install yosys"),
    ("yosys-abc", "apt-get install yosys"),
    ("bash", "apt-get install bash"),
    ("awk", "apt-get install mawk"),
];

/// Generates the RTL directory of `design` at `directory` and proves what its `formal/sets` lists; waveforms of
/// counterexamples go to `waveforms`. `progress` gets every line that the script prints.
///
/// # Errors
/// [`Error::MissingTool`] without Yosys, [`Error::Tool`] if the script cannot run, [`Error::Input`] for a pattern that no
/// set has; otherwise as [`rtl::generate`].
pub fn prove(
    design: &Design,
    directory: &Path,
    waveforms: &Path,
    options: &Options,
    progress: &mut dyn FnMut(&str),
) -> Result<Proof> {
    check_tools(&options.search_path)?;
    rtl::generate(design, directory)?;
    let mut child = start(directory, waveforms, options)?;
    let mut proof = Proof::new(&design.name);
    let output = child.stdout.take().expect("it is piped");
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|e| failed(&e.to_string()))?;
        proof.take(&line);
        progress(line.trim());
    }
    let status = child.wait().map_err(|e| failed(&e.to_string()))?;
    match status.code() {
        Some(0 | 1) => Ok(proof),
        Some(2) => Err(no_set(&options.pattern)),
        _ => Err(failed(&format!("it ended with {status}"))),
    }
}

fn start(directory: &Path, waveforms: &Path, options: &Options) -> Result<Child> {
    let mut command = Command::new("bash");
    command.arg(directory.join("formal/run")).arg("-v").arg("-o").arg(waveforms);
    command.arg("-t").arg(options.seconds.to_string()).arg(&options.pattern);
    command.env("PATH", &options.search_path).stdin(Stdio::null()).stdout(Stdio::piped());
    command.spawn().map_err(|e| failed(&e.to_string()))
}

fn check_tools(path: &OsStr) -> Result<()> {
    let present = |tool: &str| std::env::split_paths(path).any(|folder: PathBuf| folder.join(tool).is_file());
    match TOOLS.into_iter().find(|(tool, _)| !present(tool)) {
        None => Ok(()),
        Some((tool, install)) => Err(Error::MissingTool {
            tool: tool.into(),
            purpose: "prove the properties of the RTL".into(),
            install: install.into(),
        }),
    }
}

fn no_set(pattern: &str) -> Error {
    let message = format!("no set has `{pattern}` in its name");
    let help = "the sets are listed in `formal/sets` of the generated directory";
    Error::input(crate::diagnostic::Diagnostic::new("proof-set", message).with_help(help))
}

fn failed(message: &str) -> Error {
    Error::Tool { tool: "formal/run".into(), message: message.into() }
}
