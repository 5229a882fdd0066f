//! The RTL that is co-simulated: a generated directory, or the bundle it would be.

use crate::power::Design;
use crate::rtl::{Parameters, RtlBundle};
use crate::{Error, Result};
use std::fs;
use std::path::Path;

/// Verilog files and the name of their top module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtlSources {
    /// Top module.
    pub top: String,
    /// Parameters that the top was generated with.
    pub parameters: Parameters,
    /// File name and text, in compile order.
    pub files: Vec<(String, String)>,
}

impl RtlSources {
    /// What `rtl::generate` writes for the design.
    ///
    /// # Errors
    /// [`Error::Input`] for a design that has no RTL.
    pub fn of(design: &Design) -> Result<Self> {
        let bundle = RtlBundle::of(design)?;
        let parameters = Parameters::of(design)?;
        let verilog =
            bundle.files.iter().filter_map(|(path, text)| Some((path.strip_prefix("rtl/")?.into(), text.clone())));
        Ok(Self { top: bundle.top.clone(), parameters, files: verilog.filter(is_verilog).collect() })
    }

    /// The files of a generated directory as they are now, so that a change made there is what is simulated.
    ///
    /// # Errors
    /// [`Error::File`] for what cannot be read, [`Error::Artefact`] if the top module of the design is not there.
    pub fn read(directory: &Path, design: &Design) -> Result<Self> {
        let mut sources = Self::of(design)?;
        sources.files = verilog_files(&directory.join("rtl"))?;
        let top = format!("{}.v", sources.top);
        if sources.files.iter().any(|(name, _)| *name == top) {
            return Ok(sources);
        }
        let message = format!("has no rtl/{top}; generate it from this design");
        Err(Error::Artefact { path: directory.into(), message })
    }

    /// The same sources with `from` replaced by `to` in one file, or nothing if `from` does not occur exactly once.
    pub fn patched(&self, file: &str, from: &str, to: &str) -> Option<Self> {
        let mut copy = self.clone();
        let text = copy.files.iter_mut().find(|(name, _)| name == file).map(|(_, text)| text)?;
        if text.matches(from).count() != 1 {
            return None;
        }
        *text = text.replace(from, to);
        Some(copy)
    }
}

fn is_verilog(file: &(String, String)) -> bool {
    file.0.ends_with(".v")
}

fn verilog_files(directory: &Path) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(Error::file("cannot read", directory))? {
        let path = entry.map_err(Error::file("cannot read", directory))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".v") {
            files.push((name, fs::read_to_string(&path).map_err(Error::file("cannot read", &path))?));
        }
    }
    files.sort();
    Ok(files)
}
