//! Where a CACTI 7 is, and whether a program called `cacti` is one.

use super::{INSTALL, process};
use crate::artefact;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folder beside the program with its device data.
const DEVICE_DATA: &str = "tech_params";

/// Prints the folder of the Python package, if it is installed; the package itself is not imported.
const PYTHON: &str = "import importlib.util as u; s = u.find_spec('hwcomponents_cacti'); \
                      print(s.submodule_search_locations[0] if s else '')";

/// The program that was named, or the first CACTI 7 among the usual places.
///
/// # Errors
/// [`Error::MissingTool`] if there is none; [`Error::Input`] if the one that is named is something else.
pub(super) fn locate(named: Option<&Path>) -> Result<PathBuf> {
    let variable = std::env::var_os("CACTI").filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(path) = named.map(Path::to_path_buf).or(variable) {
        let program = if path.is_dir() { path.join("cacti") } else { path };
        let program = program.canonicalize().map_err(|_| missing(&format!("{} does not exist", program.display())))?;
        return match recognise(&program) {
            Ok(()) => Ok(program),
            Err(reason) => Err(foreign(&program, &reason)),
        };
    }
    let mut others = Vec::new();
    for program in on_search_path().into_iter().chain(in_python_package()) {
        match recognise(&program) {
            Ok(()) => return Ok(program),
            Err(reason) => others.push(format!("{} is not one: {reason}", program.display())),
        }
    }
    Err(missing(&others.join("; ")))
}

/// Digest of the program and its device data.
///
/// # Errors
/// [`Error::File`].
pub(super) fn digest(program: &Path) -> Result<String> {
    let mut parts = vec![program.to_path_buf()];
    let data = program.with_file_name(DEVICE_DATA);
    let entries = std::fs::read_dir(&data).map_err(Error::file("cannot list", &data))?;
    parts.extend(entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|path| path.is_file()));
    parts[1..].sort();
    let mut contents = Vec::new();
    for path in parts {
        let bytes = std::fs::read(&path).map_err(Error::file("cannot read", &path))?;
        contents.extend_from_slice(artefact::digest(&bytes).as_bytes());
    }
    Ok(artefact::digest(&contents))
}

/// Debian's `cacti` draws network graphs, PyPI's is yet another program: CACTI has device data beside it and says how it is used.
fn recognise(program: &Path) -> std::result::Result<(), String> {
    if !program.with_file_name(DEVICE_DATA).is_dir() {
        return Err(format!("there is no folder {DEVICE_DATA} beside it"));
    }
    let text = process::usage(program).map_err(|e| e.to_string())?;
    match text.contains("cacti -infile") {
        true => Ok(()),
        false => Err(format!("it says: {}", text.lines().find(|l| !l.trim().is_empty()).unwrap_or("nothing").trim())),
    }
}

fn on_search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let candidates = std::env::split_paths(&path).map(|folder| folder.join("cacti")).filter(|file| file.is_file());
    candidates.filter_map(|file| file.canonicalize().ok()).collect()
}

fn in_python_package() -> Option<PathBuf> {
    let output = Command::new("python3").args(["-c", PYTHON]).output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    let program = Path::new(folder.trim()).join("cacti/cacti");
    if folder.trim().is_empty() { None } else { program.canonicalize().ok() }
}

fn missing(found: &str) -> Error {
    let purpose = match found.is_empty() {
        true => "characterise macros".into(),
        false => format!("characterise macros ({found})"),
    };
    Error::MissingTool { tool: "CACTI 7".into(), purpose, install: INSTALL.into() }
}

fn foreign(program: &Path, reason: &str) -> Error {
    let message = format!("{} is not CACTI 7: {reason}", program.display());
    let help = format!("other programs are called cacti too; CACTI 7 comes with: {INSTALL}");
    Error::input(Diagnostic::new("not-cacti", message).with_help(help))
}
