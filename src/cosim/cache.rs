//! The directory of compiled models: entries are complete or absent, and two processes never build the same one.

use crate::{Error, Result};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A cache directory.
#[derive(Debug, Clone)]
pub struct Cache {
    directory: PathBuf,
}

impl Cache {
    /// A cache in this directory, which need not exist yet.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// [`crate::artefact::user_cache`].
    pub fn of_user() -> Self {
        Self::at(crate::artefact::user_cache())
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The entry `key`, built by `build` in an empty directory if it is not there; the flag says whether it was built.
    ///
    /// # Errors
    /// Those of `build`, and [`Error::File`].
    pub(super) fn entry(&self, key: &str, build: impl FnOnce(&Path) -> Result<()>) -> Result<(PathBuf, bool)> {
        let entry = self.directory.join(key);
        if entry.is_dir() {
            return Ok((entry, false));
        }
        fs::create_dir_all(&self.directory).map_err(Error::file("cannot create", &self.directory))?;
        let _lock = self.lock(key)?;
        if entry.is_dir() {
            return Ok((entry, false));
        }
        let aside = self.directory.join(format!("{key}.new"));
        make_empty(&aside)?;
        build(&aside)?;
        fs::rename(&aside, &entry).map_err(Error::file("cannot write", &entry))?;
        Ok((entry, true))
    }

    /// Waits until no other process or thread builds this entry; released when the file is closed, also by a crash.
    fn lock(&self, key: &str) -> Result<File> {
        let path = self.directory.join(format!("{key}.lock"));
        let file = File::create(&path).map_err(Error::file("cannot write", &path))?;
        file.lock().map_err(Error::file("cannot lock", &path))?;
        Ok(file)
    }
}

fn make_empty(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::File { action: "cannot remove", path: directory.into(), source: error });
        }
        _ => {}
    }
    fs::create_dir_all(directory).map_err(Error::file("cannot create", directory))
}
