//! `docs/validation.md`: every comparison with somebody else's numbers, computed. `scripts/validate` writes the page.

mod brute_force;
mod facts;
mod headline;
mod section;
mod systolic;
mod transinfersim;

use section::{Section, Summary};
use std::fs;
use std::path::{Path, PathBuf};

const INTRODUCTION: &str = "# Validation of the simulator

`scripts/validate` writes this page; a test fails when it says something else than this version computes. Nothing is left out: a
demand that is not met stands here as **missed**.
";

fn page() -> String {
    let sections: Vec<Section> = vec![
        facts::section(),
        systolic::section(),
        transinfersim::section(),
        brute_force::section(),
        headline::section(),
    ];
    let rows: Vec<&Summary> = sections.iter().flat_map(|s| &s.summaries).collect();
    let texts: Vec<String> = sections.iter().map(|s| format!("## {}\n\n{}", s.title, s.text.trim())).collect();
    format!("{INTRODUCTION}\n{}\n{}\n", Summary::table(&rows), texts.join("\n\n"))
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/validation.md")
}

/// With `TRAPTI_WRITE_PAGES` in the environment the page is written, otherwise compared.
#[test]
fn the_page_says_what_this_version_computes() {
    let page = page();
    if std::env::var_os("TRAPTI_WRITE_PAGES").is_some() {
        fs::write(path(), &page).unwrap();
    }
    let committed = fs::read_to_string(path()).unwrap();
    let differ = page.lines().zip(committed.lines()).find(|(now, then)| now != then);
    assert!(page == committed, "docs/validation.md is stale, run scripts/validate; first difference: {differ:#?}");
}
