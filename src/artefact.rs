//! Files and directories that appear whole or not at all, and the manifest that says where they come from.

use crate::error::{Error, Result};
use crate::schema;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Name of the manifest in an artefact directory.
pub const MANIFEST: &str = "manifest.json";

/// Where an artefact directory comes from and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Manifest {
    /// `trapti.manifest/1`.
    pub schema: String,
    /// Version of trapti that wrote it.
    pub version: String,
    /// What made it, such as `simulate`.
    pub command: String,
    /// Every input, by role.
    pub inputs: Vec<Input>,
    /// Every file in it besides the manifest, sorted by name.
    pub files: Vec<FileEntry>,
}

/// An input of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Input {
    /// Role, such as `accelerator`.
    pub name: String,
    /// BLAKE3 digest of its contents, in hexadecimal.
    pub digest: String,
}

/// A file of an artefact directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FileEntry {
    /// Path in the directory.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// BLAKE3 digest, in hexadecimal.
    pub digest: String,
}

impl Input {
    /// An input with the digest of `contents`.
    pub fn of(name: impl Into<String>, contents: &[u8]) -> Self {
        Self { name: name.into(), digest: digest(contents) }
    }
}

/// BLAKE3 digest in hexadecimal.
pub fn digest(contents: &[u8]) -> String {
    blake3::hash(contents).to_hex().to_string()
}

/// Reads a text file.
///
/// # Errors
/// [`Error::File`] when it cannot be read or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(Error::file("cannot read", path))
}

/// Writes a file aside and renames it into place.
///
/// # Errors
/// [`Error::File`]; the old contents, if any, are then untouched.
pub fn write(path: &Path, contents: &[u8]) -> Result<()> {
    write_with(path, |file| file.write_all(contents))
}

/// Writes a file aside, piece by piece, and renames it into place: behind a symbolic link, where that leads. A device or a pipe, such
/// as `/dev/stdout`, is written where it is.
///
/// # Errors
/// [`Error::File`] for what `fill` or the system refuses; the old contents, if any, are then untouched.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut BufWriter<fs::File>) -> io::Result<()>) -> Result<()> {
    let fill = |file: fs::File| {
        let mut file = BufWriter::new(file);
        fill(&mut file)?;
        file.flush()
    };
    if fs::metadata(path).is_ok_and(|known| !known.is_file() && !known.is_dir()) {
        return fs::File::options().write(true).open(path).and_then(fill).map_err(Error::file("cannot write", path));
    }
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(Error::file("cannot create", parent))?;
    }
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.into());
    let aside = aside(&place);
    let filled = fs::File::create(&aside).and_then(fill);
    filled.and_then(|()| fs::rename(&aside, &place)).map_err(|source| {
        let _ = fs::remove_file(&aside);
        Error::file("cannot write", path)(source)
    })
}

/// Writes a file unless it has these contents already; whether it had to.
///
/// # Errors
/// As [`write`].
pub fn write_changed(path: &Path, contents: &[u8]) -> Result<bool> {
    let changed = fs::read(path).map_or(true, |old| old != contents);
    if changed {
        write(path, contents)?;
    }
    Ok(changed)
}

/// Writes files to a directory of the user's own, which must not exist or be empty; it is there whole or not at all.
///
/// # Errors
/// [`Error::Artefact`] if something is in it, [`Error::File`] where the file system refuses.
pub fn write_new(target: &Path, files: &[(&str, String)]) -> Result<()> {
    let absent = match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !target.exists(),
    };
    if !absent {
        let message = "exists already; choose another name or remove it".into();
        return Err(Error::Artefact { path: target.into(), message });
    }
    let staging = Staging::new(target)?;
    files.iter().try_for_each(|(name, text)| staging.write(name, text.as_bytes()))?;
    // An empty directory is replaced by the rename.
    fs::rename(staging.path(), target).map_err(Error::file("cannot create", target))
}

/// A directory that is filled aside and appears at its final path when it is committed; dropped before, nothing remains.
#[derive(Debug)]
pub struct Staging {
    target: PathBuf,
    aside: PathBuf,
}

impl Staging {
    /// Starts a directory that will appear at `target`.
    ///
    /// # Errors
    /// [`Error::Artefact`] when `target` exists and is not an artefact directory (it has no manifest): somebody else's
    /// files are never replaced. [`Error::File`] when nothing can be created beside it.
    pub fn new(target: &Path) -> Result<Self> {
        if occupied(target) {
            let message = "exists and was not written by trapti; choose another path or remove it".into();
            return Err(Error::Artefact { path: target.into(), message });
        }
        let aside = aside(target);
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(Error::file("cannot remove", &aside))?;
        }
        fs::create_dir_all(&aside).map_err(Error::file("cannot create", &aside))?;
        Ok(Self { target: target.into(), aside })
    }

    /// Directory to write into.
    pub fn path(&self) -> &Path {
        &self.aside
    }

    /// Writes one file, creating folders as needed.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<()> {
        write(&self.aside.join(name), contents)
    }

    /// Writes the manifest over all files and moves the directory into place.
    ///
    /// # Errors
    /// [`Error::File`]; the directory that stood at the target is then still there.
    pub fn commit(self, command: &str, inputs: Vec<Input>) -> Result<Manifest> {
        let manifest = Manifest {
            schema: schema::MANIFEST.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            command: command.into(),
            inputs,
            files: entries(&self.aside)?,
        };
        self.write(MANIFEST, json(&manifest).as_bytes())?;
        let replaced = self.target.exists().then(|| self.aside.with_extension("replaced"));
        if let Some(old) = &replaced {
            fs::rename(&self.target, old).map_err(Error::file("cannot replace", &self.target))?;
        }
        fs::rename(&self.aside, &self.target).map_err(Error::file("cannot create", &self.target))?;
        if let Some(old) = &replaced {
            fs::remove_dir_all(old).map_err(Error::file("cannot remove", old))?;
        }
        Ok(manifest)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.aside);
    }
}

/// Reads the manifest of an artefact directory.
///
/// # Errors
/// [`Error::Artefact`] when there is none or it has another form.
pub fn manifest(directory: &Path) -> Result<Manifest> {
    read_manifest(directory, MANIFEST)
}

fn read_manifest(directory: &Path, name: &str) -> Result<Manifest> {
    let path = directory.join(name);
    let text = fs::read_to_string(&path)
        .map_err(|_| Error::Artefact { path: directory.into(), message: format!("has no {name}") })?;
    serde_json::from_str(&text).map_err(|e| Error::Artefact { path, message: e.to_string() })
}

/// Writes the manifest `name` over `files` that stand in `directory` already.
///
/// # Errors
/// [`Error::File`].
pub fn record(directory: &Path, name: &str, command: &str, inputs: Vec<Input>, files: &[&str]) -> Result<()> {
    let manifest = Manifest {
        schema: schema::MANIFEST.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        command: command.into(),
        inputs,
        files: files.iter().map(|file| entry(directory, &directory.join(file))).collect::<Result<_>>()?,
    };
    write(&directory.join(name), json(&manifest).as_bytes())
}

/// Whether `directory` was made by the same command and version from the same inputs and still holds the files that were written.
pub fn up_to_date(directory: &Path, command: &str, inputs: &[Input]) -> bool {
    recorded(directory, MANIFEST, command, inputs)
}

/// As [`up_to_date`], by the manifest `name` that [`record`] wrote.
pub fn recorded(directory: &Path, name: &str, command: &str, inputs: &[Input]) -> bool {
    read_manifest(directory, name).is_ok_and(|m| {
        m.command == command
            && m.version == env!("CARGO_PKG_VERSION")
            && m.inputs == inputs
            && m.files.iter().all(|f| fs::metadata(directory.join(&f.name)).is_ok_and(|d| d.len() == f.bytes))
    })
}

/// Where results that can be computed again are kept: `$TRAPTI_CACHE`, else `trapti` in the user's cache directory
/// (`$XDG_CACHE_HOME`, `~/.cache`), else in the temporary directory.
pub fn user_cache() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let of_user = || from("XDG_CACHE_HOME").or_else(|| from("HOME").map(|home| home.join(".cache")));
    let directory = from("TRAPTI_CACHE").or_else(|| of_user().map(|cache| cache.join("trapti")));
    directory.unwrap_or_else(|| std::env::temp_dir().join("trapti"))
}

/// JSON with two-space indentation and a final line break.
pub fn json<T: Serialize>(value: &T) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("artefacts have string keys");
    text.push('\n');
    text
}

fn occupied(target: &Path) -> bool {
    let empty = || fs::read_dir(target).is_ok_and(|mut d| d.next().is_none());
    target.exists() && !empty() && !target.join(MANIFEST).is_file()
}

fn aside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.partial", std::process::id()))
}

fn entries(directory: &Path) -> Result<Vec<FileEntry>> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_path_buf()];
    while let Some(folder) = pending.pop() {
        for item in fs::read_dir(&folder).map_err(Error::file("cannot list", &folder))? {
            let path = item.map_err(Error::file("cannot list", &folder))?.path();
            match path.is_dir() {
                true => pending.push(path),
                false => found.push(entry(directory, &path)?),
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn entry(directory: &Path, path: &Path) -> Result<FileEntry> {
    let file = fs::File::open(path).map_err(Error::file("cannot read", path))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(Error::file("cannot read", path))?;
    let name = path.strip_prefix(directory).expect("listed below it").to_string_lossy().into_owned();
    Ok(FileEntry { name, bytes: hasher.count(), digest: hasher.finalize().to_hex().to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_appears_whole_and_replaces_only_its_own_kind() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("run");
        let staging = Staging::new(&target).unwrap();
        staging.write("a/b.txt", b"one").unwrap();
        assert!(!target.exists());
        let inputs = vec![Input::of("x", b"1")];
        let manifest = staging.commit("simulate", inputs.clone()).unwrap();
        assert_eq!(manifest.files[0].name, "a/b.txt");
        assert!(up_to_date(&target, "simulate", &inputs));
        assert!(!up_to_date(&target, "simulate", &[Input::of("x", b"2")]));
        Staging::new(&target).unwrap().commit("simulate", vec![]).unwrap();
        assert!(!target.join("a").exists());
        fs::remove_file(target.join(MANIFEST)).unwrap();
        fs::write(target.join("mine.txt"), "precious").unwrap();
        assert!(matches!(Staging::new(&target), Err(Error::Artefact { .. })));
    }

    #[test]
    fn a_directory_of_the_user_is_never_replaced() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("mine");
        fs::create_dir(&target).unwrap();
        write_new(&target, &[("a.txt", "one".into())]).unwrap();
        assert!(matches!(write_new(&target, &[("a.txt", "two".into())]), Err(Error::Artefact { .. })));
        assert_eq!(fs::read_to_string(target.join("a.txt")).unwrap(), "one");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_recorded_holds_until_an_input_or_a_file_changes() {
        let root = tempfile::tempdir().unwrap();
        let inputs = vec![Input::of("run", b"1")];
        assert!(write_changed(&root.path().join("page.html"), b"page").unwrap());
        assert!(!write_changed(&root.path().join("page.html"), b"page").unwrap());
        record(root.path(), "page.json", "report", inputs.clone(), &["page.html"]).unwrap();
        let holds = |inputs: &[Input]| recorded(root.path(), "page.json", "report", inputs);
        assert!(holds(&inputs) && !holds(&[Input::of("run", b"2")]));
        fs::write(root.path().join("page.html"), "longer").unwrap();
        assert!(!holds(&inputs));
    }

    #[test]
    fn nothing_remains_of_a_dropped_directory() {
        let root = tempfile::tempdir().unwrap();
        drop(Staging::new(&root.path().join("run")).unwrap());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
