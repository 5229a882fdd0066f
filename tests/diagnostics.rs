//! Bad input: each file of `tests/diagnostics` is wrong in one way and named by the code of the diagnostic that it must lead to
//! (`<code>.<what>.<extension>`); the whole message stands beside it. A file `.arguments` is what is typed, a command a line, the last of which
//! fails. Codes that only callers of the library meet have the message alone; `made.rs` makes them.

mod made;

use crate::rtl::designs::small;
use snapbox::cmd::{Command, cargo_bin};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use trapti::diagnostic::explanations;

/// Codes whose problem lies between two files or between options, so that no line shows it.
const WITHOUT_PLACE: [&str; 2] = ["contradiction.too-many-positions", "schedule"];

const SMALL: &str = r#"{"model_type": "gpt2", "n_layer": 2, "n_embd": 128, "n_head": 2, "n_positions": 256, "vocab_size": 512, "activation_function": "gelu_new"}"#;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap().map(|e| e.unwrap().path());
    let input = |p: &PathBuf| p.extension().is_some_and(|e| e != "stderr" && e != "rs") && p.is_file();
    let mut files: Vec<PathBuf> = entries.filter(input).collect();
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

/// What a user would type on such a file, a command each.
fn commands(file: &Path) -> Vec<String> {
    let (name, text) = (file.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(file).unwrap());
    let command = match () {
        () if name.ends_with(".arguments") => return text.lines().map(str::to_owned).collect(),
        () if text.contains("trapti.workload/1") => format!("simulate {name} -a edge-2x128 -o $OUT/target"),
        () if name.ends_with(".json") => format!("import {name} -o $OUT/target"),
        () if name.ends_with(".csv") => format!("trace import {name} -o $OUT/target"),
        () if text.contains("[[workload]]") => format!("flow {name} -o $OUT/target"),
        () if text.contains("[study]") => format!("explore $OUT/target --study {name} -o $OUT/target"),
        () if text.contains("[scenario]") => format!("import $OUT/small.json --scenario {name} -o $OUT/target"),
        () => format!("simulate $OUT/small.json --prefill 16 -a {name} -o $OUT/target"),
    };
    vec![command]
}

/// Lays a change over a value, as a JSON merge patch (RFC 7386) does.
fn lay_over(value: &mut serde_json::Value, change: serde_json::Value) {
    match (value, change) {
        (serde_json::Value::Object(old), serde_json::Value::Object(new)) => {
            for (key, change) in new {
                match change.is_null() {
                    true => drop(old.remove(&key)),
                    false => lay_over(old.entry(key).or_insert(serde_json::Value::Null), change),
                }
            }
        }
        (value, change) => *value = change,
    }
}

/// Writes a small design with a change to a file.
fn write_design(change: &str, path: &Path) {
    let mut design = serde_json::to_value(small()).unwrap();
    lay_over(&mut design, serde_json::from_str(change).unwrap());
    fs::write(path, design.to_string()).unwrap();
}

/// Exit code, result and message of a command.
fn typed(command: &str, outside: &Path) -> (Option<i32>, String) {
    let place = outside.display().to_string();
    if let Some(change) = command.strip_prefix("design ") {
        write_design(change, &outside.join("design.json"));
        return (Some(0), String::new());
    }
    let words = command.split_whitespace().map(|word| word.replace("$OUT", &place));
    let command = Command::new(cargo_bin!("trapti")).current_dir(folder()).args(words);
    let output = command.env("TRAPTI_CACHE", outside.join("cache")).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap().replace(&place, "…");
    (output.status.code(), message.replace(&folder().display().to_string(), "…"))
}

/// Exit code and message of the last command of that file.
fn outcome(file: &Path) -> (Option<i32>, String) {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("small.json"), SMALL).unwrap();
    let commands = commands(file);
    let (last, before) = commands.split_last().unwrap();
    for command in before {
        let (exit, message) = typed(command, outside.path());
        assert!(exit.is_some_and(|exit| exit < 2), "{}: {command}: {message}", file.display());
    }
    let names = || fs::read_dir(outside.path()).unwrap().map(|e| e.unwrap().file_name()).collect::<BTreeSet<_>>();
    let there = names();
    let (exit, message) = typed(last, outside.path());
    if exit == Some(2) {
        assert_eq!(there, names(), "{} left something behind", file.display());
    }
    (exit, message)
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
        let anywhere = name.ends_with(".arguments") || WITHOUT_PLACE.contains(&shown.as_str());
        let place = message.contains(&format!("--> {name}:")) || anywhere;
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
    const MAKERS: [&str; 7] = [
        "Diagnostic::new(",
        "report_at(",
        "field.refuse(",
        "Problem::new(",
        "let code = ",
        "require(",
        "contradiction(",
    ];
    let mut all = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    sources(&root, &mut all);
    let mut codes = BTreeSet::new();
    for (file, text) in all {
        for maker in MAKERS {
            let after = text.match_indices(maker).map(|(at, _)| &text[at + maker.len()..]);
            codes.extend(after.filter_map(|rest| first_text(rest, 90)).map(str::to_owned));
        }
        // Tables that are printed have such tuples too.
        for (at, _) in text.match_indices("(\"").filter(|_| !file.starts_with(root.join("cli"))) {
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

/// `trapti explain` knows every code, and every code that it knows is in the sources; the debug build also refuses others when one is made.
#[test]
fn every_code_is_explained() {
    let codes = codes();
    for known in ["unknown-key", "cyclic-graph", "dangling-tensor", "out-of-range", "dimensions", "csv-syntax"] {
        assert!(codes.contains(known), "the search for codes misses `{known}`: {codes:?}");
    }
    let explained: BTreeSet<String> = explanations().map(|e| e.code.to_string()).collect();
    assert_eq!(explained.len(), explanations().count(), "a code is explained twice");
    let unexplained: Vec<_> = codes.difference(&explained).collect();
    assert!(unexplained.is_empty(), "not explained in src/diagnostic/codes: {unexplained:?}");
    let mut all = BTreeMap::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    let used = |code: &str| {
        let quoted = format!("\"{code}\"");
        all.iter().any(|(file, text)| !file.components().any(|c| c.as_os_str() == "codes") && text.contains(&quoted))
    };
    let gone: Vec<_> = explained.iter().filter(|code| !used(code)).collect();
    assert!(gone.is_empty(), "explained, but in no source: {gone:?}");
}

/// One file a code, or more; and an example that is the message of one of them.
#[test]
fn every_code_has_a_test_file() {
    let made: BTreeSet<&str> = made::CASES.iter().map(|(code, _)| *code).collect();
    let tested: BTreeSet<String> = files().iter().map(|f| code(f)).collect();
    for explanation in explanations() {
        let code = explanation.code;
        assert!(
            tested.contains(code) || made.contains(code),
            "no file in tests/diagnostics and no case in made.rs: {code}"
        );
        assert!(explanation.example.contains(&format!("[{code}]")), "the example of {code} is another message");
        assert!(!explanation.means.is_empty() && explanation.means.ends_with('.') && explanation.remedy.ends_with('.'));
    }
}

#[test]
fn what_only_callers_of_the_library_meet_is_told_as_well() {
    let mut wrong = String::new();
    for (code, make) in made::CASES {
        let Ok(trapti::Error::Input(problems)) = std::panic::catch_unwind(make) else {
            wrong.push_str(&format!("{code}: not refused as input\n"));
            continue;
        };
        let message: String = problems.iter().map(|problem| format!("{}\n", problem.render(false))).collect();
        let expected = folder().join(format!("{code}.stderr"));
        if std::env::var_os("TRAPTI_REGENERATE").is_some() {
            fs::write(&expected, &message).unwrap();
        }
        let known = fs::read_to_string(&expected).unwrap_or_default();
        if known != message || problems.iter().all(|problem| problem.code != *code) {
            wrong.push_str(&format!("{code}: not the message of {code}.stderr (TRAPTI_REGENERATE=1)\n{message}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// `docs/diagnostics.md` is what `trapti explain --page` prints; `TRAPTI_REGENERATE=1` writes it.
#[test]
fn the_page_of_diagnostics_is_fresh() {
    let output = Command::new(cargo_bin!("trapti")).args(["explain", "--page"]).output().unwrap();
    let fresh = String::from_utf8(output.stdout).unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnostics.md");
    if std::env::var_os("TRAPTI_REGENERATE").is_some() {
        fs::write(&page, &fresh).unwrap();
    }
    assert_eq!(fs::read_to_string(&page).unwrap_or_default(), fresh);
    assert!(explanations().all(|e| fresh.contains(&format!("\n### {}\n", e.code))));
}

#[test]
fn an_explanation_has_meaning_example_and_remedy() {
    let output = Command::new(cargo_bin!("trapti")).args(["explain", "unknown-key"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let explanation = trapti::diagnostic::explanation("unknown-key").unwrap();
    let first = |text: &str| text.split_whitespace().take(5).collect::<Vec<_>>().join(" ");
    for part in [first(explanation.means), first(explanation.remedy), "error[unknown-key]".into()] {
        assert!(text.contains(&part), "{part} is not in\n{text}");
    }
}
