//! Bad input: each file of `tests/diagnostics` is wrong in one way and named by the code of the diagnostic that it must lead to
//! (`<code>.<what>.<extension>`); the whole message stands beside it.

use snapbox::cmd::{Command, cargo_bin};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Codes without a file here, each with the reason.
const ELSEWHERE: &[(&str, &str)] = &[
    ("accumulators", "of an attention and an array that has too few; tests/sim"),
    ("one-memory", "of `trapti study` on several memories; tests/study.rs"),
    ("step-too-large", "of a workload and an array whose step exceeds 32 bits; tests/sim"),
    ("unknown-technology", "of names given to the library; a study refuses them as wrong values; tests/sram.rs"),
    ("acknowledge", "of a `design.json`; tests/rtl.rs"),
    ("deadlock", "of an order of ops that the check of schedules refuses before"),
    ("latency", "of a `design.json`; tests/rtl.rs"),
    ("utilisation", "of a macro description; tests/rtl.rs"),
    ("which-memory", "of a study and a run of several memories; tests/explore"),
    ("wrong-placement", "of placements that are made in memory; tests/power"),
    ("zero-size", "of the sizes given to `trapti gemm` on the command line"),
    ("design-name", "of a `design.json`; tests/rtl.rs"),
    ("device", "of SRAM tables that are embedded; tests/sram.rs"),
    ("different-accelerators", "of two runs; tests/explore/study.rs"),
    ("duplicate-workload", "of a study and its runs; tests/explore/wrong.rs"),
    ("incomplete", "a reader that gives no reason, which would be a defect"),
    ("liberty-syntax", "of characterisations; tests/sram.rs"),
    ("macro-capacity", "of a `design.json`; tests/rtl.rs"),
    ("macro-width", "of a `design.json`; tests/rtl.rs"),
    ("missing-dram-energy", "of a run that spills; tests/explore/study.rs"),
    ("no-array", "of accelerators that are made in memory; a file without arrays lacks a key"),
    ("no-run", "of a study without runs; the command line requires one"),
    ("not-available", "of what this version does not have, which changes"),
    ("not-cacti", "of characterisations; tests/sram.rs"),
    ("not-characterised", "of characterisations; tests/sram.rs"),
    ("not-placeable", "of a run and a design; tests/cosim.rs"),
    ("not-placed", "of placements that are made in memory; tests/power"),
    ("no-schedule", "of the replay of a scheduled design; tests/cli.rs"),
    ("not-selectable", "of explorations; tests/explore"),
    ("nothing-selected", "of a replay of no op; tests/power"),
    ("occupancy-only", "of an imported run; tests/cli.rs"),
    ("operands", "of op graphs that no reader makes: its own count of operands is checked before"),
    ("organisation-out-of-range", "of designs; tests/power"),
    ("other-memory", "of placements that are made in memory; tests/power"),
    ("other-run", "of a run and a design; tests/cosim.rs"),
    ("outside-characterisation", "of characterisations; tests/sram.rs"),
    ("parameter-range", "of a `design.json`; tests/rtl.rs"),
    ("bus-width", "of a `design.json`; tests/rtl.rs"),
    ("ports", "of memories that are made in memory, and of characterisations"),
    ("power-of-two", "of a `design.json`; tests/rtl.rs"),
    ("read-before-write", "of runs that no simulation makes; tests/power"),
    ("replay-stuck", "of stimuli; tests/power"),
    ("stimulus-misfit", "of stimuli; tests/power"),
    ("stimulus-stuck", "of stimuli; tests/predict"),
    ("stimulus-unplayable", "of stimuli; tests/predict"),
    ("threshold", "of a `design.json`; tests/rtl.rs"),
    ("too-many-events", "of a limit that only the library sets"),
    ("unfinished-run", "of a run that thrashed; tests/explore"),
    ("unknown-lifetime", "of placements that are made in memory; tests/power"),
    ("unknown-placement", "of a `design.json`; tests/cosim.rs"),
    ("unknown-port", "of designs; tests/power"),
    ("unknown-workload", "of a study and its runs; tests/explore"),
    ("window-too-large", "of stimuli; tests/power"),
];

/// Codes whose problem lies between two files or between options, so that no line shows it.
const WITHOUT_PLACE: [&str; 2] = ["contradiction.too-many-positions", "schedule"];

const SMALL: &str = r#"{"model_type": "gpt2", "n_layer": 2, "n_embd": 128, "n_head": 2, "n_positions": 256, "vocab_size": 512, "activation_function": "gelu_new"}"#;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e != "stderr")).collect();
    files.sort();
    files
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap().to_string_lossy().into_owned()
}

/// The part of the name before the first dot.
fn code(file: &Path) -> String {
    stem(file).split('.').next().unwrap().to_string()
}

/// What a user would run on such a file.
fn arguments(file: &Path, outside: &Path) -> Vec<String> {
    let (name, text) = (file.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(file).unwrap());
    let model = outside.join("small.json").display().to_string();
    let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/accelerators/edge-2x128.toml").display().to_string();
    let target = outside.join("target").display().to_string();
    let words: Vec<&str> = match () {
        () if text.contains("trapti.workload/1") => vec!["simulate", &name, "-a", &good, "-o", &target],
        () if name.ends_with(".json") => vec!["import", &name, "-o", &target],
        () if name.ends_with(".csv") => vec!["trace", "import", &name, "-o", &target],
        () if text.contains("[[workload]]") => vec!["flow", &name, "-o", &target],
        () if text.contains("[study]") => vec!["explore", &target, "--study", &name, "-o", &target],
        () if text.contains("[scenario]") => vec!["import", &model, "--scenario", &name, "-o", &target],
        () => vec!["simulate", &model, "--prefill", "16", "-a", &name, "-o", &target],
    };
    words.into_iter().map(str::to_owned).collect()
}

/// Exit code and message of the command on that file.
fn outcome(file: &Path) -> (Option<i32>, String) {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("small.json"), SMALL).unwrap();
    let command = Command::new(cargo_bin!("trapti")).current_dir(folder()).args(arguments(file, outside.path()));
    let output = command.output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    if output.status.code() == Some(2) {
        let left: Vec<_> = fs::read_dir(outside.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["small.json"], "{} left something behind", file.display());
        assert!(output.stdout.is_empty(), "{} wrote a result", file.display());
    }
    (output.status.code(), message.replace(&outside.path().display().to_string(), "…"))
}

#[test]
fn each_bad_file_leads_to_its_diagnostic() {
    let files = files();
    assert!(files.len() > 50, "found only {} files", files.len());
    let mut wrong = String::new();
    for file in files {
        let (exit, message) = outcome(&file);
        let expected = file.with_file_name(format!("{}.stderr", file.file_name().unwrap().to_string_lossy()));
        if std::env::var_os("TRAPTI_REGENERATE").is_some() {
            fs::write(&expected, &message).unwrap();
        }
        let shown = stem(&file);
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let place = message.contains(&format!("--> {name}:")) || WITHOUT_PLACE.contains(&shown.as_str());
        // A working set that does not fit is an answer.
        let expected_exit = if shown == "thrashing" { 1 } else { 2 };
        let named = message.contains(&format!("error[{}]", code(&file)));
        if exit != Some(expected_exit) || !place || !named {
            wrong.push_str(&format!("{name}: exit code {exit:?}\n{message}\n"));
        }
        if fs::read_to_string(&expected).unwrap_or_default() != message {
            wrong.push_str(&format!("{name}: the message is not the one beside it (TRAPTI_REGENERATE=1)\n{message}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Sources without comments and without their tests.
fn sources(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let lines: Vec<&str> = code.lines().filter(|l| !l.trim_start().starts_with("//")).collect();
            found.insert(path, lines.join("\n"));
        }
    }
}

/// Text in quotes that has the form of a code.
fn is_code(text: &str) -> bool {
    let letters = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    text.split('-').all(letters)
}

/// The first text in quotes that begins within so many bytes.
fn first_text(code: &str, within: usize) -> Option<&str> {
    let start = code.find('"').filter(|start| *start < within)? + 1;
    code[start..].split('"').next().filter(|text| is_code(text))
}

/// Every code in the sources: the first text given to what makes a diagnostic, and the first of a tuple with a message.
fn codes() -> BTreeSet<String> {
    const MAKERS: [&str; 7] =
        ["Diagnostic::new(", "report_at(", "refuse(", "Problem::new(", "let code = ", "require(", "contradiction("];
    let mut all = BTreeMap::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    let mut codes = BTreeSet::new();
    for text in all.values() {
        for maker in MAKERS {
            let after = text.match_indices(maker).map(|(at, _)| &text[at + maker.len()..]);
            codes.extend(after.filter_map(|rest| first_text(rest, 90)).map(str::to_owned));
        }
        for (at, _) in text.match_indices("(\"") {
            let rest = &text[at..];
            let is_tuple = rest
                .split('"')
                .nth(2)
                .is_some_and(|after| after.trim_start_matches(',').trim_start().starts_with("format!"));
            codes.extend(first_text(rest, 60).filter(|_| is_tuple).map(str::to_owned));
        }
    }
    codes
}

#[test]
fn each_code_has_a_bad_file_or_a_reason() {
    let codes = codes();
    for known in ["unknown-key", "cyclic-graph", "dangling-tensor", "out-of-range", "dimensions", "csv-syntax"] {
        assert!(codes.contains(known), "the search for codes misses `{known}`: {codes:?}");
    }
    let tested: BTreeSet<String> = files().iter().map(|f| code(f)).collect();
    let excused: BTreeSet<&str> = ELSEWHERE.iter().map(|(code, _)| *code).collect();
    let untested: Vec<_> = codes.iter().filter(|c| !tested.contains(*c) && !excused.contains(c.as_str())).collect();
    assert!(untested.is_empty(), "no file in tests/diagnostics and no reason for {untested:?}");
    let stale: Vec<_> = excused.iter().filter(|c| !codes.contains(**c) || tested.contains(**c)).collect();
    assert!(stale.is_empty(), "reasons for codes that are tested or gone: {stale:?}");
}
