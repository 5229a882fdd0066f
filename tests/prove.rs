//! Formal proof from the command line, and in a generated directory alone.

use crate::rtl::designs::small;
use snapbox::cmd::{Command, cargo_bin};
use std::path::Path;
use std::process::Output;

fn prove(folder: &Path, arguments: &[&str]) -> Output {
    small().write(&folder.join("design.json")).unwrap();
    let command = Command::new(cargo_bin!("trapti")).current_dir(folder).args(["prove", "design.json", "-o", "out"]);
    command.args(arguments).output().unwrap()
}

#[test]
fn a_design_is_proved_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let output = prove(folder.path(), &["--set", "design.a", "--format", "json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let proof: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let written = std::fs::read_to_string(folder.path().join("out/proof.json")).unwrap();
    assert_eq!(proof, serde_json::from_str::<serde_json::Value>(&written).unwrap());
    assert_eq!(proof["sets"][0]["set"], "design.arbiter");
    let properties = proof["sets"][0]["properties"].as_array().unwrap();
    assert!(properties.len() > 3 && properties.iter().all(|p| p["verdict"] == "proved"), "{properties:?}");
}

#[test]
fn a_pattern_of_no_set_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = prove(folder.path(), &["--set", "nothing-like-it"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no set has `nothing-like-it` in its name"));
}

#[test]
fn without_yosys_nothing_is_proved() {
    let folder = tempfile::tempdir().unwrap();
    small().write(&folder.path().join("design.json")).unwrap();
    let command = Command::new(cargo_bin!("trapti")).current_dir(folder.path()).env("PATH", folder.path());
    let output = command.args(["prove", "design.json", "-o", "out"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
}

/// In the directory alone: its own script refutes a bug and leaves a waveform that shows it.
#[test]
fn a_generated_directory_refutes_a_bug_and_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("rtl");
    trapti::rtl::generate(&small(), &directory).unwrap();
    let module = directory.join("rtl/pgsram_wake_arb.v");
    let sound = std::fs::read_to_string(&module).unwrap();
    let wrong = sound.replace("waking} < MAX_WAKING", "waking} <= MAX_WAKING");
    assert_ne!(sound, wrong);
    std::fs::write(&module, wrong).unwrap();
    let mut script = std::process::Command::new(directory.join("formal/run"));
    let output = script.args(["-o", "results", "design.arbiter"]).current_dir(folder.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("refuted    design.arbiter: 8_inrush"), "{text}");
    let waveform = std::fs::read_to_string(folder.path().join("results/design.arbiter.8_inrush.vcd")).unwrap();
    assert!(waveform.contains("$enddefinitions") && !text.contains("does not replay"), "{text}");
}
