//! Which source of characterisations to use.

use super::{Cacti, EmbeddedTable, Liberty, SramModel, Technology};
use crate::artefact;
use crate::diagnostic::{Diagnostic, Source};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A source of characterisations, as a study or a command line names it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Characterisation {
    /// The table that is part of the program.
    #[default]
    Embedded,
    /// A table in the same columns.
    Csv(PathBuf),
    /// Liberty files of real macros.
    Liberty(Vec<PathBuf>),
    /// A CACTI 7 program; `None`: the one that is found.
    Cacti(Option<PathBuf>),
}

impl Characterisation {
    /// Opens the source, for macros of these technologies.
    ///
    /// # Errors
    /// A file that cannot be read or is not what it should be, Liberty for other than one technology, no CACTI 7.
    pub fn open(&self, technologies: &[Technology], extrapolate: bool) -> Result<Box<dyn SramModel>> {
        let read = |path: &PathBuf| Ok(Source::new(path, artefact::read_text(path)?));
        Ok(match self {
            Self::Embedded => Box::new(EmbeddedTable::new(extrapolate)?),
            Self::Csv(path) => Box::new(EmbeddedTable::from_source(&read(path)?, extrapolate)?),
            Self::Cacti(path) => Box::new(Cacti::find(path.as_deref(), artefact::user_cache(), extrapolate)?),
            Self::Liberty(paths) => {
                let files = paths.iter().map(read).collect::<Result<Vec<_>>>()?;
                Box::new(Liberty::new(&files, one(technologies)?, extrapolate)?)
            }
        })
    }
}

fn one(technologies: &[Technology]) -> Result<Technology> {
    match technologies {
        [technology] => Ok(*technology),
        _ => {
            let message = format!("Liberty files are of one technology, not of {}", technologies.len());
            let help = "name the node and device of the macros; Liberty does not state them";
            Err(Error::input(Diagnostic::new("not-characterised", message).with_help(help)))
        }
    }
}
