//! The external programs: Verilator and a C++ compiler.

use crate::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs that turn Verilog into a shared library, with their versions.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// Verilator.
    pub verilator: PathBuf,
    /// First line of `verilator --version`.
    pub verilator_version: String,
    /// Directory with the C++ sources and headers of Verilator's runtime.
    pub(super) runtime: PathBuf,
    /// C++ compiler and the arguments it is always called with.
    pub(super) compiler: Vec<OsString>,
    /// First line of the compiler's `--version`.
    pub compiler_version: String,
}

impl Toolchain {
    /// Finds the programs on `$PATH`; `$CXX` names another compiler.
    ///
    /// # Errors
    /// [`Error::MissingTool`] for the first that is not there.
    pub fn find() -> Result<Self> {
        Self::find_in(&std::env::var_os("PATH").unwrap_or_default(), std::env::var_os("CXX").as_deref())
    }

    /// As [`Self::find`], with the search path given.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn find_in(path: &OsStr, compiler: Option<&OsStr>) -> Result<Self> {
        let verilator = find_program("verilator", path)
            .ok_or_else(|| missing("verilator", "compile the RTL for co-simulation", "apt-get install verilator"))?;
        let verilator_version = first_line(&run(Command::new(&verilator).arg("--version"), "verilator")?);
        let runtime = runtime_directory(&verilator)?;
        let compiler = cpp_compiler(path, compiler)?;
        let compiler_version = first_line(&run(command(&compiler).arg("--version"), "the C++ compiler")?);
        Ok(Self { verilator, verilator_version, runtime, compiler, compiler_version })
    }

    /// A call of the C++ compiler.
    pub(super) fn compiler_command(&self) -> Command {
        command(&self.compiler)
    }
}

fn missing(tool: &str, purpose: &str, install: &str) -> Error {
    Error::MissingTool { tool: tool.into(), purpose: purpose.into(), install: install.into() }
}

/// First executable file of this name on a search path; a name with a directory in it is taken as it is.
pub fn find_program(program: &str, path: &OsStr) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|file| file.is_file());
    }
    std::env::split_paths(path).map(|directory| directory.join(program)).find(|file| file.is_file())
}

/// Runs a program and returns what it printed.
pub(super) fn run(command: &mut Command, tool: &str) -> Result<String> {
    let failed = |message: String| Error::Tool { tool: tool.into(), message };
    let output = command.output().map_err(|e| failed(e.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    Err(failed(end_of(&String::from_utf8_lossy(&text))))
}

/// The last 40 lines of a program's output.
fn end_of(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_string()
}

fn command(arguments: &[OsString]) -> Command {
    let mut command = Command::new(&arguments[0]);
    command.args(&arguments[1..]);
    command
}

fn runtime_directory(verilator: &Path) -> Result<PathBuf> {
    let root = run(Command::new(verilator).args(["--getenv", "VERILATOR_ROOT"]), "verilator")?;
    let include = Path::new(root.trim()).join("include");
    if include.join("verilated.cpp").is_file() {
        return Ok(include);
    }
    Err(Error::Artefact { path: include, message: "Verilator's runtime sources are not where it says".into() })
}

/// What `cc` would use, as an absolute path; the arguments are its own (position-independent code, target).
fn cpp_compiler(path: &OsStr, chosen: Option<&OsStr>) -> Result<Vec<OsString>> {
    let mut build = cc::Build::new();
    let target = target();
    build.cpp(true).cargo_metadata(false).cargo_warnings(false).warnings(false).pic(true).std("c++17");
    build.target(&target).host(&target).opt_level(0).out_dir(std::env::temp_dir());
    if let Some(compiler) = chosen {
        build.compiler(compiler);
    }
    let absent = |name: &str| missing(name, "compile the verilated RTL", "apt-get install g++");
    let tool = build.try_get_compiler().map_err(|_| absent("a C++ compiler"))?;
    let name = tool.path().to_string_lossy().into_owned();
    let located = ["g++", "clang++"].into_iter().fold(find_program(&name, path), |found, other| {
        found.or_else(|| if chosen.is_none() { find_program(other, path) } else { None })
    });
    let compiler = located.ok_or_else(|| absent(&name))?;
    Ok([compiler.into_os_string()].into_iter().chain(arguments(tool.args())).collect())
}

/// The compiler's arguments without optimisation, which every kind of file chooses itself.
fn arguments(args: &[OsString]) -> impl Iterator<Item = OsString> {
    args.iter().filter(|arg| !arg.to_string_lossy().starts_with("-O")).cloned()
}

/// Target triple of this machine, in the form `cc` expects.
fn target() -> String {
    let system = if cfg!(target_os = "macos") { "apple-darwin" } else { "unknown-linux-gnu" };
    format!("{}-{system}", std::env::consts::ARCH)
}
