//! Regressions: the committed suite, what they do with a failure, and bugs that they must catch.

use super::{CACHE, TOOLS};
use snapbox::cmd::{Command, cargo_bin};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use trapti::Error;
use trapti::cosim::regress::{Options, Planted, Suite, regress, table};
use trapti::diagnostic::Source;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn quick() -> Suite {
    Suite::read(&root().join("models/regressions/quick.toml")).unwrap()
}

#[test]
fn the_committed_suite_passes_and_comes_to_every_state_and_transition() {
    let suite = quick();
    let cases = suite.cases(2);
    let finished =
        regress(&suite, &cases, Options { seeds: 2, lines: true, icarus: false }, &TOOLS, &CACHE, &|_| ()).unwrap();
    let regression = &finished.regression;
    let failed: Vec<_> = regression.failures().map(|(case, failure)| (&case.case, failure)).collect();
    assert!(regression.passed(), "{failed:#?}");
    assert_eq!(regression.covered.missed(), Vec::<&str>::new());
    let (ran, lines) = regression.covered.lines;
    assert!(lines > 300 && ran * 10 > lines * 9, "{ran} of {lines} lines");

    let folder = tempfile::tempdir().unwrap();
    finished.write(folder.path(), |case| format!("again {}", case.case)).unwrap();
    let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let xml = text("junit.xml");
    assert_eq!(xml.matches("<testcase ").count(), cases.len());
    assert!(xml.contains(&format!("tests=\"{}\" failures=\"0\"", cases.len())));
    let lcov = text("coverage.info");
    let hit = lcov.lines().filter(|line| line.starts_with("DA:") && !line.ends_with(",0")).count();
    assert_eq!(hit as u64, ran);
    assert!(lcov.contains("SF:rtl/pgsram_domain_ctrl.v") && lcov.contains("SF:rtl/pgsram_axi4.v"));
}

#[test]
fn every_kind_of_stimulus_and_every_corner_is_in_the_committed_suite() {
    let names: BTreeSet<String> = quick().cases(1).into_iter().map(|case| case.stimulus).collect();
    let all = [
        "wake-in-every-state",
        "sleep-in-every-state",
        "force-off-in-every-state",
        "reset-in-every-state",
        "live-falls",
        "prewake-withdrawn",
        "acknowledge-late",
        "acknowledge-lost",
        "acknowledge-stuck",
        "contention",
        "stale-word",
        "out-of-range",
        "schedule-restart",
        "schedule-against-access",
        "time-wrap",
        "threshold-change",
        "skip",
        "dense",
        "sparse",
        "noise",
        "bursts",
    ];
    assert_eq!(names, all.map(String::from).into());
}

/// A memory that sleeps at once is never ON when time wraps: the corner is not reached.
const UNREACHED: &str = r#"
name = "unreached"
[[design]]
name = "eager"
domains = 1
domain_words = 8
word_bits = 8
time_bits = 8
policy = "immediate"
[[stimulus]]
kind = "corners"
corners = ["time-wrap", "stale-word"]
designs = ["eager"]
"#;

fn trapti(folder: &Path, arguments: &str) -> (Option<i32>, String) {
    let command = Command::new(cargo_bin!("trapti")).current_dir(folder).env("TRAPTI_CACHE", CACHE.directory());
    let output = command.args(arguments.split_whitespace().skip(1)).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_corner_that_is_not_reached_fails_and_is_played_again_by_the_command_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("suite.toml"), UNREACHED).unwrap();
    let (code, text) = trapti(folder.path(), "trapti cosim --regress suite.toml -j 2 -o out");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("FAILED eager/time-wrap: goal: did not come across: time wraps in ON"), "{text}");
    assert!(text.contains("1 of 2 cases passed"), "{text}");
    let xml = std::fs::read_to_string(folder.path().join("out/junit.xml")).unwrap();
    assert!(xml.contains("failures=\"1\"") && xml.contains("<failure type=\"goal\""), "{xml}");

    let again = text.lines().map(str::trim).find(|line| line.starts_with("trapti cosim --regress")).unwrap();
    let (code, text) = trapti(folder.path(), again);
    assert_eq!(code, Some(1), "{text}");
    let written = folder.path().join("out/eager-time-wrap");
    assert!(written.join("wave.vcd").is_file() && written.join("wave.gtkw").is_file(), "{text}");

    let (code, text) = trapti(folder.path(), "trapti cosim --regress suite.toml --case eager/time-wrp -o out");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("error[unknown-case]") && text.contains("did you mean `eager/time-wrap`?"), "{text}");
}

fn planted() -> Vec<Planted> {
    Planted::read(&root().join("testbenches/planted/bugs.toml")).unwrap()
}

/// Bugs that are planted in every run of the tests; `scripts/planted` plants all.
const SAMPLE: [&str; 4] = ["lost-acknowledge", "destination-not-latched", "stale-bytes-valid", "schedule-late"];

#[test]
fn planted_bugs_are_caught_as_the_page_says() {
    let page = std::fs::read_to_string(root().join("docs/planted-bugs.md")).unwrap();
    let bugs = planted();
    assert!(bugs.len() >= 25);
    for bug in &bugs {
        assert!(page.contains(&format!("| {} |", bug.what)), "{} is not on the page: run scripts/planted", bug.name);
    }
    assert!(!page.contains("**nothing**"));
    for bug in bugs.iter().filter(|bug| SAMPLE.contains(&bug.name.as_str())) {
        let caught = bug.hunt(&quick(), 1, &TOOLS, &CACHE).unwrap();
        let row = table(std::slice::from_ref(&caught)).lines().last().unwrap().to_string();
        assert!(page.contains(&row), "the page is old, run scripts/planted: {row}");
    }
}

#[test]
fn a_bug_that_does_not_fit_the_rtl_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bugs.toml");
    let bug = "[[bug]]\nname = \"a\"\nwhat = \"b\"\nfile = \"pgsram_iso.v\"\nfrom = \"no such text\"\nto = \"\"\ndesign = \"small\"\n";
    std::fs::write(&file, bug).unwrap();
    match Planted::read(&file).unwrap()[0].hunt(&quick(), 1, &TOOLS, &CACHE) {
        Err(Error::Input(problems)) => assert_eq!(problems[0].code, "planted-misfit"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_is_replayed_and_equals_its_prediction() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"model_type": "gpt2", "n_layer": 1, "n_embd": 128, "n_head": 2, "n_positions": 256, "vocab_size": 512, "activation_function": "gelu_new"}"#;
    std::fs::write(folder.path().join("tiny.json"), config).unwrap();
    let text = format!(
        "name = \"run\"\n[[design]]\nname = \"tile\"\ndomains = 4\ndomain_words = 16384\nword_bits = 512\nports = 4\npolicy = \"timeout\"\nretention = 200\noff = 2000\nstates = [\"retention\"]\n\
         [[stimulus]]\nname = \"tiny\"\nkind = \"run\"\nconfig = \"tiny.json\"\naccelerator = \"{}\"\nprefill = 16\n",
        root().join("models/accelerators/edge-2x128.toml").display()
    );
    let suite = Suite::parse(&Source::new("run.toml", text), folder.path()).unwrap();
    let finished =
        regress(&suite, &suite.cases(1), Options { seeds: 1, lines: false, icarus: false }, &TOOLS, &CACHE, &|_| ())
            .unwrap();
    let case = &finished.regression.cases[0];
    assert_eq!(case.failure, None);
    assert!(case.requests > 1000 && case.evaluated < case.cycles, "{case:?}");
}

#[test]
fn the_smoke_suite_is_the_same_in_icarus_with_its_four_states() {
    let suite = Suite::read(&root().join("models/regressions/smoke.toml")).unwrap();
    let options = Options { seeds: 1, lines: true, icarus: true };
    let finished = regress(&suite, &suite.cases(1), options, &TOOLS, &CACHE, &|_| ()).unwrap();
    let failed: Vec<_> = finished.regression.failures().map(|(case, failure)| (&case.case, failure)).collect();
    assert!(finished.regression.passed(), "{failed:#?}");
}
