//! A generated directory as a value, and writing it.

use super::description::MemoryDescription;
use super::documents;
use super::modules::{MODULES, WAIVERS};
use super::{Parameters, front, registers, top};
use crate::Result;
use crate::artefact::{self, Input, Staging};
use crate::power::Design;
use std::path::{Path, PathBuf};

/// The files of a generated directory besides its manifest, in the order of their paths.
#[derive(Debug, Clone)]
pub struct RtlBundle {
    /// Name of the top module.
    pub top: String,
    /// Path inside the directory, and contents.
    pub files: Vec<(String, String)>,
    inputs: Vec<Input>,
}

/// Writes the RTL directory of a design and returns the paths of the files.
///
/// The directory is complete or absent; an earlier generated directory is replaced.
///
/// # Errors
/// [`crate::Error::Input`] for a design that has no RTL, [`crate::Error::Artefact`] if `out_dir` holds something else,
/// [`crate::Error::File`] where the file system refuses.
pub fn generate(design: &Design, out_dir: &Path) -> Result<Vec<PathBuf>> {
    RtlBundle::of(design)?.write(out_dir)
}

impl RtlBundle {
    /// Everything that [`generate`] writes.
    ///
    /// # Errors
    /// [`crate::Error::Input`] for a design that has no RTL.
    pub fn of(design: &Design) -> Result<Self> {
        let parameters = Parameters::of(design)?;
        let top = format!("pgsram_{}", design.name);
        let design_text = artefact::json(design);
        let inputs = vec![Input::of("design", design_text.as_bytes())];
        let memory = MemoryDescription::new(design, &top, &design_text, &parameters);
        let mut files = verilog(&top, &parameters);
        files.extend(documents::texts(design, &memory)?);
        files.extend(registers::texts().map(|(path, text)| (path.to_string(), text)));
        files.push(("rtl/pgsram.vlt".into(), WAIVERS.into()));
        files.push(("memory.json".into(), artefact::json(&memory)));
        files.push(("design.json".into(), design_text));
        files.sort();
        Ok(Self { top, files, inputs })
    }

    /// Whether a directory holds what [`Self::write`] would write.
    pub fn is_in(&self, directory: &Path) -> bool {
        artefact::up_to_date(directory, "generate", &self.inputs)
    }

    /// Writes the files to a directory; see [`generate`].
    ///
    /// # Errors
    /// As [`generate`].
    pub fn write(&self, out_dir: &Path) -> Result<Vec<PathBuf>> {
        let staging = Staging::new(out_dir)?;
        for (path, text) in &self.files {
            staging.write(path, text.as_bytes())?;
        }
        staging.commit("generate", self.inputs.clone())?;
        let paths = self.files.iter().map(|(path, _)| path.as_str()).chain([artefact::MANIFEST]);
        Ok(paths.map(|path| out_dir.join(path)).collect())
    }
}

fn verilog(top: &str, parameters: &Parameters) -> Vec<(String, String)> {
    let licensed = |text: &str| match text.contains("SPDX-License-Identifier") {
        true => text.to_string(),
        false => format!("{}{text}", top::LICENCE),
    };
    let modules = MODULES.iter().map(|module| (format!("rtl/{}", module.file), licensed(module.text)));
    let front = front::source(top, parameters).map(|(name, text)| (format!("rtl/{name}.v"), text));
    modules.chain([(format!("rtl/{top}.v"), top::source(top, parameters))]).chain(front).collect()
}
