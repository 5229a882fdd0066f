//! `docs/extending.md` names every file that a family, a source or a policy touches, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// Files below these folders whose text or name holds one of the words.
fn mentioning(folders: &[&str], words: &[&str]) -> BTreeSet<String> {
    let mut all = Vec::new();
    folders.iter().for_each(|folder| files(&root().join(folder), &mut all));
    let relative = |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
    let mentions = |path: &PathBuf| {
        let text = format!("{}\n{}", relative(path), String::from_utf8_lossy(&fs::read(path).unwrap()));
        words.iter().any(|word| text.contains(word))
    };
    all.iter().filter(|path| mentions(path)).map(|path| relative(path)).collect()
}

/// Files in the lists of a section.
fn listed(section: &str) -> BTreeSet<String> {
    let page = fs::read_to_string(root().join("docs/extending.md")).unwrap();
    let text = page.split("\n## ").find(|text| text.starts_with(section)).expect("a section of that title");
    let items = text.split("\n- ").skip(1).map(|item| item.split("\n\n").next().unwrap());
    let quoted = items.flat_map(|item| item.split(": ").next().unwrap().split('`').skip(1).step_by(2));
    quoted.filter(|path| path.contains('/')).map(str::to_owned).collect()
}

#[test]
fn the_worked_example_touches_exactly_the_files_it_names() {
    let touched = mentioning(&["src", "models", "docs", "tests", "rtl", "examples"], &["granite", "Granite"]);
    let named = listed("A model family");
    let but = ["docs/extending.md", "tests/extending.rs"].map(str::to_owned).into();
    assert_eq!(touched.difference(&but).cloned().collect::<BTreeSet<_>>(), named);
}

#[test]
fn a_source_touches_exactly_the_files_that_are_named() {
    let touched: BTreeSet<String> = mentioning(&["src"], &["Liberty", "sram/liberty/"])
        .into_iter()
        .filter(|file| !file.starts_with("src/diagnostic"))
        .collect();
    assert_eq!(touched, listed("An SRAM source"));
}

#[test]
fn a_policy_touches_exactly_the_files_that_are_named() {
    let touched = mentioning(&["src"], &["Policy::Mask", "Policy::Immediate", "PolicyRule::Immediate"]);
    assert_eq!(touched, listed("A gating policy"));
}
