//! Generated RTL: deterministic, accepted by every tool, and the bench passes.

#[path = "rtl/designs.rs"]
pub mod designs;

use designs::{assorted, small};
use std::path::Path;
use std::process::Command;
use trapti::Error;
use trapti::artefact;
use trapti::power::{BusFront, Design, Policy};
use trapti::rtl::{RtlBundle, generate};
use trapti::units::Cycles;

/// Runs a tool in a directory and returns what it printed; fails the test if the tool did.
fn tool(directory: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(directory).output();
    let output = output.unwrap_or_else(|e| panic!("{program}: {e}"));
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}\n{text}");
    text
}

fn generated(design: &Design) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    generate(design, &root.path().join("rtl")).unwrap();
    root
}

fn codes(design: &Design) -> Vec<&'static str> {
    match RtlBundle::of(design) {
        Err(Error::Input(problems)) => problems.iter().map(|problem| problem.code).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => Vec::new(),
    }
}

#[test]
fn the_same_design_gives_the_same_bytes() {
    let (one, two) = (generated(&small()), generated(&small()));
    let [a, b] = [&one, &two].map(|root| artefact::manifest(&root.path().join("rtl")).unwrap());
    assert_eq!(a, b);
    assert!(a.files.iter().any(|file| file.name == "rtl/pgsram_small.v"));
    let other = artefact::manifest(&generated(&assorted()[1]).path().join("rtl")).unwrap();
    assert_ne!(a.files, other.files);
}

#[test]
fn the_files_name_neither_dates_nor_places() {
    let root = generated(&small());
    for (path, text) in &RtlBundle::of(&small()).unwrap().files {
        assert!(!text.contains(root.path().to_str().unwrap()), "{path}");
        assert!(!text.contains(env!("CARGO_MANIFEST_DIR")), "{path}");
        assert!(!path.ends_with(".v") || text.contains("SPDX-License-Identifier"), "{path} has no licence");
    }
}

#[test]
fn verilator_finds_nothing_to_warn_about() {
    for design in assorted() {
        let root = generated(&design);
        let top = format!("pgsram_{}", design.name);
        let arguments = ["--lint-only", "-Wall", "-Irtl", "--top-module", &top, "rtl/pgsram.vlt", "-f", "filelist.f"];
        let text = tool(&root.path().join("rtl"), "verilator", &arguments);
        assert!(!text.contains("Warning"), "{}: {text}", design.name);
    }
}

#[test]
fn the_bench_passes_in_icarus() {
    for design in assorted() {
        let root = generated(&design);
        let directory = root.path().join("rtl");
        let text = tool(
            &directory,
            "iverilog",
            &[
                "-g2005",
                "-Wall",
                "-Wno-timescale",
                "-s",
                "pgsram_tb",
                "-o",
                "tb.vvp",
                "-f",
                "filelist.f",
                "tb/pgsram_tb.v",
            ],
        );
        assert_eq!(text, "", "{}", design.name);
        let text = tool(&directory, "vvp", &["-n", "tb.vvp"]);
        assert!(text.lines().any(|line| line == "PASS") && !text.contains("FAIL"), "{}: {text}", design.name);
    }
}

/// Every design with both bus fronts: Verilator, Icarus and, for the small one, Yosys accept the module around the top.
#[test]
fn a_bus_front_stands_around_the_top_when_the_design_asks_for_it() {
    for (bus, suffix) in [(BusFront::Obi, "obi"), (BusFront::Axi4, "axi4")] {
        for mut design in assorted() {
            design.bus = bus;
            let root = generated(&design);
            let directory = root.path().join("rtl");
            let top = format!("pgsram_{}_{suffix}", design.name);
            let lint = ["--lint-only", "-Wall", "-Irtl", "--top-module", &top, "rtl/pgsram.vlt", "-f", "filelist.f"];
            let text = tool(&directory, "verilator", &lint);
            assert!(!text.contains("Warning"), "{top}: {text}");
            let arguments = ["-g2005", "-Wall", "-s", &top, "-o", "front.vvp", "-f", "filelist.f"];
            assert_eq!(tool(&directory, "iverilog", &arguments), "", "{top}");
            if design.name == "small" {
                let script =
                    format!("read_verilog -DPGSRAM_BLACKBOX rtl/*.v; hierarchy -check -top {top}; proc; check -assert");
                tool(&directory, "yosys", &["-q", "-p", &script]);
            }
        }
    }
    assert!(!RtlBundle::of(&small()).unwrap().files.iter().any(|(path, _)| path.contains("small_")));
}

#[test]
fn axi4_has_words_of_1024_bits_at_most() {
    let mut design = small();
    design.organisation.word_bits = 2048;
    design.macro_shape.word_bits = 2048;
    design.macro_shape.capacity.0 *= 64;
    assert!(!codes(&design).contains(&"bus-width"));
    design.bus = BusFront::Axi4;
    assert_eq!(codes(&design), ["bus-width"]);
}

/// What the C header says is what the registers do: the bench takes its offsets and reset values from the header.
#[test]
fn registers_read_back_what_the_c_header_says() {
    let root = generated(&small());
    let directory = root.path().join("rtl");
    let header = std::fs::read_to_string(directory.join("registers/pgsram_registers.h")).unwrap();
    let defines = header.lines().filter_map(|line| line.strip_prefix("#define ")?.strip_suffix('u')?.split_once(" 0x"));
    let verilog: String = defines.map(|(name, value)| format!("`define {name} 64'h{value}\n")).collect();
    std::fs::write(directory.join("pgsram_registers.vh"), verilog).unwrap();
    let bench = concat!(env!("CARGO_MANIFEST_DIR"), "/testbenches/pgsram_csr_tb.v");
    let arguments = ["-g2005", "-Wall", "-I.", "-s", "pgsram_csr_tb", "-o", "csr.vvp", "-f", "filelist.f", bench];
    tool(&directory, "iverilog", &arguments);
    let text = tool(&directory, "vvp", &["-n", "csr.vvp"]);
    assert!(text.lines().any(|line| line.starts_with("PASS")), "{text}");
}

#[test]
fn yosys_synthesises_it_without_problems() {
    let root = generated(&small());
    let script = "read_verilog -DPGSRAM_BLACKBOX rtl/*.v; synth -top pgsram_small; check -assert";
    tool(&root.path().join("rtl"), "yosys", &["-q", "-p", script]);
}

#[test]
fn every_wrong_parameter_is_reported() {
    let mut design = small();
    design.name = "Bad Name".into();
    design.organisation.domains = 65;
    design.organisation.interleave = 3;
    design.policy = Policy::Timeout { light: None, retention: None, off: Some(Cycles(1 << 31)) };
    design.timing.t_ack_max = 2;
    let found = codes(&design);
    for code in ["design-name", "parameter-range", "power-of-two", "threshold", "acknowledge"] {
        assert!(found.contains(&code), "{code} not in {found:?}");
    }
}

#[test]
fn macros_must_make_up_the_bank() {
    let mut design = small();
    design.macro_shape.columns *= 2;
    assert!(codes(&design).contains(&"macro-width"));
    let mut design = small();
    design.macro_shape.capacity.0 += 1;
    assert_eq!(codes(&design), ["macro-capacity"]);
}

#[test]
fn somebody_elses_directory_is_not_replaced() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("precious.txt"), "mine").unwrap();
    assert!(matches!(generate(&small(), root.path()), Err(Error::Artefact { .. })));
    assert!(root.path().join("precious.txt").is_file());
}
