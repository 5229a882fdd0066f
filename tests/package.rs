//! The crate as it would be published: everything that is embedded is in the package. `scripts/test-package` builds and installs it.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|e| e == "rs") => found.push(path),
            false => {}
        }
    }
}

/// Without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// Paths in `include_str!("…")`, and the folders in `include_str!(concat!("…", …))`.
fn embedded(file: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(file).unwrap();
    let first = |rest: &str| rest.split('"').nth(1).map(|path| plain(&file.parent().unwrap().join(path)));
    text.split("include_str!(").skip(1).filter_map(first).collect()
}

#[test]
fn what_is_embedded_is_in_the_package() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let list = Command::new(cargo).args(["package", "--list", "--allow-dirty", "--offline"]).current_dir(root).output();
    let list = list.unwrap();
    assert!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
    let list: Vec<PathBuf> = String::from_utf8(list.stdout).unwrap().lines().map(|line| root.join(line)).collect();
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let embedded: Vec<PathBuf> = files.iter().flat_map(|file| embedded(file)).collect();
    assert!(embedded.len() > 20, "found only {embedded:?}");
    for path in embedded {
        let within = |file: &PathBuf| if path.is_dir() { file.starts_with(&path) } else { *file == path };
        assert!(list.iter().any(within), "{} is embedded, but not packed", path.display());
        if path.is_dir() && path.ends_with("tests/diagnostics") {
            let messages = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
            let messages = messages.filter(|file| file.extension().is_some_and(|e| e == "stderr"));
            assert!(messages.into_iter().all(|message| list.contains(&message)));
        }
    }
    let bytes: u64 = list.iter().filter_map(|file| fs::metadata(file).ok()).map(|data| data.len()).sum();
    assert!(bytes < 8 << 20, "{bytes} bytes are packed");
    assert!(
        !list.iter().any(|file| file.starts_with(root.join("tests/data")) || file.starts_with(root.join("benches")))
    );
}
