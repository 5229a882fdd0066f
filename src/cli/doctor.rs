//! `trapti doctor`: which external tools are there, and the command that installs what is not.

use super::Answer;
use super::output::{Output, table};
use crate::cosim::find_program;
use crate::error::{Error, Result};
use crate::sram::Cacti;
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// List the external tools, their versions, and the command that installs each that is missing.
#[derive(Debug, Args)]
#[command(
    after_help = "Without any of them, trapti imports, simulates, explores, selects, generates and reports. Exit code 3 says that one is
missing that `trapti cosim`, and with it the end of `trapti flow`, needs."
)]
pub(super) struct Arguments {}

/// A tool that something uses.
struct Tool {
    name: &'static str,
    /// Programs that will do, the first that is there.
    programs: &'static [&'static str],
    /// Option that prints the version.
    version: &'static str,
    purpose: &'static str,
    install: &'static str,
    needed: bool,
}

const TOOLS: [Tool; 5] = [
    Tool {
        name: "Verilator",
        programs: &["verilator"],
        version: "--version",
        purpose: "trapti cosim, flow",
        install: "apt-get install verilator",
        needed: true,
    },
    Tool {
        name: "C++ compiler",
        programs: &["c++", "g++", "clang++"],
        version: "--version",
        purpose: "trapti cosim, flow",
        install: "apt-get install g++",
        needed: true,
    },
    Tool {
        name: "GTKWave",
        programs: &["gtkwave"],
        version: "--version",
        purpose: "opening waveforms",
        install: "apt-get install gtkwave",
        needed: false,
    },
    Tool {
        name: "Icarus Verilog",
        programs: &["iverilog"],
        version: "-V",
        purpose: "bench of the RTL",
        install: "apt-get install iverilog",
        needed: false,
    },
    Tool {
        name: "Yosys",
        programs: &["yosys"],
        version: "-V",
        purpose: "synthesis of the RTL",
        install: "apt-get install yosys",
        needed: false,
    },
];

/// What was found of a tool.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Found {
    /// The tool.
    tool: &'static str,
    /// What uses it.
    purpose: &'static str,
    /// Whether a command of trapti cannot do without it.
    needed: bool,
    /// The program; none: it is missing.
    program: Option<PathBuf>,
    /// What it says of its version; none: it does not say.
    version: Option<String>,
    /// Command that installs it.
    install: &'static str,
}

pub(super) fn run(_: &Arguments, output: Output) -> Result<Answer> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let chosen = std::env::var_os("CXX").filter(|compiler| !compiler.is_empty());
    let mut found: Vec<Found> = TOOLS.iter().map(|tool| tool.find(&path, chosen.as_ref())).collect();
    found.push(cacti());
    output.result(&found, || human(&found));
    match found.iter().find(|tool| tool.needed && tool.program.is_none()) {
        Some(missing) => Err(Error::MissingTool {
            tool: missing.tool.into(),
            purpose: format!("run {}", missing.purpose),
            install: missing.install.into(),
        }),
        None => Ok(Answer::Yes),
    }
}

impl Tool {
    fn find(&self, path: &OsString, compiler: Option<&OsString>) -> Found {
        let chosen =
            compiler.filter(|_| self.programs.contains(&"c++")).map(|name| name.to_string_lossy().into_owned());
        let names =
            self.programs.iter().map(|name| name.to_string()).filter(|_| chosen.is_none()).chain(chosen.clone());
        let program = names.into_iter().find_map(|name| find_program(&name, path));
        let version = program.as_deref().and_then(|program| version(program, self.version));
        let Tool { name, purpose, install, needed, .. } = *self;
        Found { tool: name, purpose, needed, program, version, install }
    }
}

/// The first line of what a program says of its version.
fn version(program: &Path, option: &str) -> Option<String> {
    let output = Command::new(program).arg(option).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find(|line| !line.trim().is_empty()).map(|line| line.trim().to_string())
}

fn cacti() -> Found {
    Found {
        tool: "CACTI 7",
        purpose: "trapti sram --cacti",
        needed: false,
        program: Cacti::locate().ok(),
        version: None,
        install: Cacti::INSTALL,
    }
}

fn human(found: &[Found]) -> String {
    let head = ["tool", "for", "", "found"].map(String::from).to_vec();
    let row = |tool: &Found| {
        let place = tool.program.as_ref().map(|program| program.display().to_string());
        let seen = tool.version.clone().or(place).unwrap_or_else(|| "missing".into());
        vec![tool.tool.into(), tool.purpose.into(), if tool.needed { "needed" } else { "optional" }.into(), seen]
    };
    let mut text = table(&std::iter::once(head).chain(found.iter().map(row)).collect::<Vec<_>>());
    let missing: Vec<&Found> = found.iter().filter(|tool| tool.program.is_none()).collect();
    for (number, tool) in missing.iter().enumerate() {
        text.push_str(if number == 0 { "\nTo install what is missing:\n" } else { "" });
        text.push_str(&format!("  {}\n", tool.install));
    }
    text
}
