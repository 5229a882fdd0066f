//! The directory of compiled models: entries are complete or absent, and two processes never build the same one.
//!
//! An entry carries the digests of its files. One that does not match them, after a disk error or a change by hand, is built again.

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
        if is_intact(&entry) {
            return Ok((entry, false));
        }
        fs::create_dir_all(&self.directory).map_err(Error::file("cannot create", &self.directory))?;
        let _lock = self.lock(key)?;
        if is_intact(&entry) {
            return Ok((entry, false));
        }
        remove(&entry)?;
        self.remove_leftovers(key)?;
        let aside = self.directory.join(format!("{key}.new-{}", std::process::id()));
        fs::create_dir_all(&aside).map_err(Error::file("cannot create", &aside))?;
        build(&aside).and_then(|()| seal(&aside)).inspect_err(|_| drop(remove(&aside)))?;
        fs::rename(&aside, &entry).map_err(Error::file("cannot write", &entry))?;
        Ok((entry, true))
    }

    /// Removes what builds of this entry left that were interrupted; the lock says that none is under way.
    fn remove_leftovers(&self, key: &str) -> Result<()> {
        let start = format!("{key}.new-");
        for entry in fs::read_dir(&self.directory).map_err(Error::file("cannot read", &self.directory))? {
            let entry = entry.map_err(Error::file("cannot read", &self.directory))?;
            if entry.file_name().to_string_lossy().starts_with(&start) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Waits until no other process or thread builds this entry; released when the file is closed, also by a crash.
    fn lock(&self, key: &str) -> Result<File> {
        let path = self.directory.join(format!("{key}.lock"));
        let file = File::create(&path).map_err(Error::file("cannot write", &path))?;
        file.lock().map_err(Error::file("cannot lock", &path))?;
        Ok(file)
    }
}

fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::File { action: "cannot remove", path: directory.into(), source: error })
        }
        _ => Ok(()),
    }
}

/// Name of the file with the digests of the others.
const DIGESTS: &str = "digests";

/// Every file of an entry with its digest, one a line.
fn digests(directory: &Path) -> Result<String> {
    let mut lines = Vec::new();
    for file in fs::read_dir(directory).map_err(Error::file("cannot read", directory))? {
        let path = file.map_err(Error::file("cannot read", directory))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name != DIGESTS {
            let contents = fs::read(&path).map_err(Error::file("cannot read", &path))?;
            lines.push(format!("{} {name}\n", blake3::hash(&contents).to_hex()));
        }
    }
    lines.sort();
    Ok(lines.concat())
}

fn seal(directory: &Path) -> Result<()> {
    let file = directory.join(DIGESTS);
    fs::write(&file, digests(directory)?).map_err(Error::file("cannot write", &file))
}

/// Whether an entry is there and as it was built.
fn is_intact(directory: &Path) -> bool {
    fs::read_to_string(directory.join(DIGESTS)).is_ok_and(|sealed| digests(directory).is_ok_and(|now| now == sealed))
}
