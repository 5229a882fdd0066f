//! The examples of the library compile, run, and find what the command line finds.

#[allow(dead_code, reason = "its main takes a directory")]
#[path = "../examples/explore.rs"]
mod explore;
#[path = "../examples/sram_source.rs"]
mod sram_source;

use explore::simulate;
use snapbox::cmd::{Command, cargo_bin};

#[test]
fn simulate_finds_the_peak_of_the_command_line() {
    simulate::main().unwrap();
    let arguments = ["simulate", "smollm2-135m", "--prefill", "64", "-a", "edge-2x128", "--format", "json"];
    let output = Command::new(cargo_bin!("trapti")).args(arguments).output().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let run = simulate::run().unwrap();
    assert_eq!(answer["memories"][0]["peak_needed_bytes"], run.statistics.memories[0].peak_needed.bytes.0);
    assert_eq!(answer["cycles"], run.statistics.cycles.0);
}

#[test]
fn explore_writes_a_memory() {
    let folder = tempfile::tempdir().unwrap();
    let files = explore::generate(&folder.path().join("rtl")).unwrap();
    assert!(files.iter().any(|file| file.ends_with("filelist.f")) && files.iter().all(|file| file.is_file()));
}

#[test]
fn a_source_of_ones_own_is_asked() {
    sram_source::main().unwrap();
    let [table, measured] = sram_source::leakages().unwrap();
    assert!((measured / table - 2.5).abs() < 1e-12);
}
