//! What is generated beside the Verilog, each file with a tool that reads it.

use super::designs::{assorted, small};
use super::{generated, tool};
use std::path::{Path, PathBuf};
use std::process::Command;
use trapti::power::{BusFront, Design};
use trapti::rtl::RtlBundle;

/// A file of `testbenches/`.
fn bench(name: &str) -> String {
    format!("{}/testbenches/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn top(design: &Design) -> String {
    format!("pgsram_{}", design.name)
}

fn text_of(design: &Design, path: &str) -> String {
    let bundle = RtlBundle::of(design).unwrap();
    bundle.files.into_iter().find(|(name, _)| name == path).unwrap_or_else(|| panic!("no {path}")).1
}

/// Yosys's description of the design: ports and instances, no logic but that of the clamps.
fn describe(directory: &Path, top: &str) -> PathBuf {
    let script = format!(
        "read_verilog -DPGSRAM_BLACKBOX rtl/*.v; hierarchy -check -top {top}; proc; opt_clean; write_json design.json_yosys"
    );
    tool(directory, "yosys", &["-q", "-p", &script]);
    directory.join("design.json_yosys")
}

/// What the checker of power intent prints, and whether it is content.
fn check_upf(upf: &Path, json: &Path) -> (bool, String) {
    let output = Command::new("tclsh").arg(bench("collateral/check_upf.tcl")).args([upf, json]).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// AND gates in the module of the clamps, as Yosys read them.
fn clamps_in_rtl(json: &Path) -> bool {
    let text = std::fs::read_to_string(json).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let modules = value["modules"].as_object().unwrap();
    let isolation: Vec<_> = modules.iter().filter(|(name, _)| name.contains("pgsram_iso")).collect();
    let of =
        |module: &serde_json::Value| module["cells"].as_object().unwrap().values().any(|cell| cell["type"] == "$and");
    let used = |name: &str| {
        let instance = |cell: &serde_json::Value| cell["type"] == name;
        modules.values().any(|module| module["cells"].as_object().unwrap().values().any(instance))
    };
    let found: Vec<bool> = isolation.iter().filter(|(name, _)| used(name)).map(|(_, module)| of(module)).collect();
    assert!(!found.is_empty() && found.iter().all(|clamp| *clamp == found[0]), "{found:?}");
    found[0]
}

#[test]
fn the_power_intent_names_what_exists_and_exactly_one_side_isolates() {
    for design in assorted() {
        let root = generated(&design);
        let directory = root.path().join("rtl");
        let json = describe(&directory, &top(&design));
        let (fine, said) = check_upf(&directory.join(format!("{}.upf", top(&design))), &json);
        let domains = design.organisation.domains;
        let macros = domains * design.organisation.interleave * design.macro_shape.rows * design.macro_shape.columns;
        let here = if design.iso_in_rtl { 0 } else { domains };
        assert_eq!(
            said,
            format!("{domains} switched domains, {macros} macros, {here} isolated here\n"),
            "{}",
            design.name
        );
        assert!(fine, "{}", design.name);
        assert_eq!(clamps_in_rtl(&json), design.iso_in_rtl, "{}", design.name);
    }
}

#[test]
fn a_mistake_in_the_power_intent_is_seen() {
    let root = generated(&small());
    let directory = root.path().join("rtl");
    let json = describe(&directory, "pgsram_small");
    let text = text_of(&small(), "pgsram_small.upf");
    let mistakes = [
        ("-control_port {on sw_o[1]}", "-control_port {on sw_o[2]}"),
        ("-ack_port {ack sw_ack_i[0] {on}}", "-ack_port {ack sw_ack[0] {on}}"),
        (" -ack_port {ack sw_ack_i[0] {on}}", ""),
        ("u_top/g_domain[1].g_bank[1].u_bank/g_row[0].g_column[0].u_macro\n", "\n"),
        ("u_top/g_domain[1].g_bank[1].u_bank", "u_top/g_domain[1].g_bank[2].u_bank"),
        ("u_top/g_domain[1].g_bank[1].u_bank", "u_top/g_domain[0].g_bank[1].u_bank"),
        ("-simstate CORRUPT}", "-simstate CORRUPTED}"),
        ("associate_supply_set SS_1 -handle PD_1.primary", ""),
        ("-function {power VDD_1}", "-function {power VDD_2}"),
        ("SS_1 == RET", "SS_1 == SLEEP"),
        ("create_supply_net VDD_1", "create_supply_net VDD_1 -colour red"),
        ("create_power_switch SW_1", "make_power_switch SW_1"),
    ];
    for (from, to) in mistakes {
        assert!(text.contains(from), "{from} is not in the file");
        let path = directory.join("wrong.upf");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let (fine, said) = check_upf(&path, &json);
        assert!(!fine && said.contains("FAILED"), "{from} -> {to}: {said}");
    }
}

/// Maps a design to the small library and lets OpenSTA read its constraints; returns what it printed about them, and the rest.
fn constrained(design: &Design, sdc: &str) -> (String, String) {
    let root = generated(design);
    let directory = root.path().join("rtl");
    let outer = top(design) + &design.bus.suffix().map_or(String::new(), |suffix| format!("_{suffix}"));
    let (library, map) = (bench("collateral/cells.lib"), bench("collateral/cells_map.v"));
    let script = format!(
        "read_verilog -DPGSRAM_BLACKBOX rtl/*.v; synth -flatten -noabc -top {outer}; techmap -map {map}; dfflibmap -liberty {library}; \
         abc -liberty {library}; setparam -unset ADDR_BITS -unset BITS -unset LATENCY -unset WORDS t:pgsram_macro t:pgsram_table; \
         splitnets; opt_clean -purge; write_verilog -noattr netlist.v"
    );
    tool(&directory, "yosys", &["-q", "-p", &script]);
    std::fs::write(directory.join("checked.sdc"), sdc).unwrap();
    let mut sta = Command::new("sta");
    sta.args(["-exit", &bench("collateral/timing.tcl")]).current_dir(&directory);
    sta.envs([("LIBERTY", library.as_str()), ("NETLIST", "netlist.v"), ("TOP", &outer), ("SDC", "checked.sdc")]);
    let output =
        sta.output().unwrap_or_else(|error| panic!("cannot run sta: {error}; install with: apt-get install opensta"));
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let (_, rest) = text.split_once("CONSTRAINTS\n").unwrap_or_else(|| panic!("{text}"));
    let (about, after) = rest.split_once("CHECKED\n").unwrap_or_else(|| panic!("{text}"));
    (about.to_string(), after.to_string())
}

#[test]
fn the_constraints_name_only_what_the_netlist_has() {
    let mut fronted = small();
    fronted.bus = BusFront::Axi4;
    fronted.registers = true;
    let one = assorted().swap_remove(2);
    for mut design in [small(), one.clone(), fronted] {
        design.counters = 0;
        let sdc = text_of(&design, &format!("{}.sdc", top(&design)));
        let (about, after) = constrained(&design, &sdc);
        assert_eq!(about, "", "{}", design.name);
        assert!(after.contains("slack"), "{after}");
    }
    let sdc = text_of(&one, "pgsram_one.sdc").replace("sw_ack_i", "sw_akc_i");
    let (about, _) = constrained(&one, &sdc);
    assert!(about.contains("sw_akc_i"), "{about}");
}

/// Lines of the first block of commands of the README.
fn snippets(readme: &str) -> Vec<String> {
    let block = readme.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    block.lines().map(str::to_string).collect()
}

#[test]
fn a_copy_elsewhere_builds_with_the_commands_of_its_readme() {
    for design in [small(), assorted().swap_remove(2)] {
        let root = generated(&design);
        let elsewhere = tempfile::tempdir().unwrap();
        let copy = elsewhere.path().join("a memory");
        tool(root.path(), "cp", &["-r", "rtl", copy.to_str().unwrap()]);
        drop(root);
        let commands = snippets(&std::fs::read_to_string(copy.join("README.md")).unwrap());
        assert_eq!(commands.len(), 3, "{commands:?}");
        let said: Vec<String> = commands.iter().map(|command| tool(&copy, "bash", &["-e", "-c", command])).collect();
        assert!(!said[0].contains("Warning"), "{said:?}");
        assert!(said[1].lines().any(|line| line == "PASS"), "{said:?}");
        assert!(said[2].contains("End of script"), "{said:?}");
    }
}

#[test]
fn every_name_in_the_save_file_is_in_the_waveform_of_the_bench() {
    for design in assorted() {
        let root = generated(&design);
        let directory = root.path().join("rtl");
        let compile = ["-g2005", "-s", "pgsram_tb", "-o", "tb.vvp", "-f", "filelist.f", "tb/pgsram_tb.v"];
        tool(&directory, "iverilog", &compile);
        tool(&directory, "vvp", &["-n", "tb.vvp", "+vcd"]);
        let dump = std::fs::read_to_string(directory.join("wave/pgsram_tb.vcd")).unwrap();
        let known = crate::wave::gtkwave::names(&dump);
        let saved = text_of(&design, "wave/pgsram_tb.gtkw");
        let shown = crate::wave::gtkwave::traces(&saved);
        assert!(shown.len() > 15, "{saved}");
        for name in shown {
            assert!(known.contains(&name), "{}: {name} is not among {known:?}", design.name);
        }
        assert!(directory.join("wave/pgsram_state.filter").is_file());
    }
}

/// Icarus on the bench of a macro: files, definitions and parameters; must pass.
fn macro_bench(options: &[&str], files: &[&str]) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    let paths: Vec<String> =
        files.iter().chain(&["testbenches/pgsram_macro_tb.v"]).map(|f| format!("{root}/{f}")).collect();
    let mut arguments = vec!["-g2005", "-Wall", "-Wno-timescale", "-s", "pgsram_macro_tb", "-o", "m.vvp"];
    arguments.extend(options);
    arguments.extend(paths.iter().map(String::as_str));
    assert_eq!(tool(directory.path(), "iverilog", &arguments), "", "{options:?}");
    tool(directory.path(), "vvp", &["-n", "m.vvp"]).lines().any(|line| line == "PASS")
}

const GENERIC: [&str; 2] = ["rtl/technology/pgsram_macro_generic.v", "testbenches/technology/sram_macro.v"];
const TC_SRAM: [&str; 2] = ["rtl/technology/pgsram_macro_tc_sram.v", "testbenches/technology/tc_sram.v"];

#[test]
fn the_macro_and_its_adapters_pass_their_bench() {
    let model = ["rtl/pgsram_macro.v"];
    for options in [
        &[][..],
        &["-DPGSRAM_X"],
        &["-Ppgsram_macro_tb.LATENCY=3"],
        &["-Ppgsram_macro_tb.WORDS=1", "-Ppgsram_macro_tb.BITS=8"],
    ] {
        assert!(macro_bench(options, &model), "{options:?}");
    }
    for latency in ["-Ppgsram_macro_tb.LATENCY=1", "-Ppgsram_macro_tb.LATENCY=2"] {
        assert!(macro_bench(&["-Ppgsram_macro_tb.MARKS=0", "-Ppgsram_macro_tb.LOSES=0", latency], &TC_SRAM));
    }
    assert!(macro_bench(&["-Ppgsram_macro_tb.MARKS=0"], &GENERIC));
}

#[test]
fn a_wrong_polarity_of_an_adapter_is_seen() {
    for name in ["ENABLE", "WRITE", "MASK", "SHUTDOWN", "RETENTION", "LIGHT"] {
        let wrong = format!("-Ppgsram_macro_tb.{name}_WRONG=1");
        assert!(!macro_bench(&["-DPOLARITIES", "-Ppgsram_macro_tb.MARKS=0", &wrong], &GENERIC), "{name}");
    }
    assert!(macro_bench(&["-DPOLARITIES", "-Ppgsram_macro_tb.MARKS=0"], &GENERIC));
}

/// The bench reads what a power cycle destroyed: a pattern and a flag, or x with PGSRAM_X.
#[test]
fn what_a_power_cycle_destroyed_is_seen_in_icarus() {
    let compile = ["-g2005", "-s", "pgsram_tb", "-o", "tb.vvp", "-f", "filelist.f", "tb/pgsram_tb.v"];
    let passes = |directory: &Path, defines: &[&str]| {
        tool(directory, "iverilog", &[defines, &compile].concat());
        tool(directory, "vvp", &["-n", "tb.vvp"]).lines().any(|line| line == "PASS")
    };
    let root = generated(&small());
    let directory = root.path().join("rtl");
    assert!(passes(&directory, &[]) && passes(&directory, &["-DPGSRAM_X"]));
    // A macro that keeps its contents without supply, and one whose retention does not.
    let model = directory.join("rtl/pgsram_macro.v");
    let text = std::fs::read_to_string(&model).unwrap();
    for planted in ["wire powered_or_retained = 1'b1;", "wire powered_or_retained = sw_i;"] {
        std::fs::write(&model, text.replace("wire powered_or_retained = sw_i | ret_i;", planted)).unwrap();
        assert!(!passes(&directory, &[]) && !passes(&directory, &["-DPGSRAM_X"]), "{planted}");
    }
}

/// Designs that `scripts/check-collateral` generates: those here, kept as files. TRAPTI_WRITE_DESIGNS=1 writes them anew.
#[test]
fn the_designs_kept_for_the_scripts_are_those_of_the_tests() {
    let mut designs = assorted();
    designs.retain(|design| ["small", "ready", "told"].contains(&design.name.as_str()));
    let mut bus = small();
    bus.name = "bus".into();
    bus.bus = BusFront::Axi4;
    bus.registers = true;
    let mut four = small();
    four.name = "four".into();
    four.organisation.domains = 4;
    four.capacity = four.organisation.capacity();
    four.counters = 0;
    four.clock = trapti::units::Hertz(100_000_000);
    designs.extend([bus, four]);
    for design in designs {
        let path = format!("{}/tests/data/designs/{}.json", env!("CARGO_MANIFEST_DIR"), design.name);
        let text = trapti::artefact::json(&design);
        if std::env::var_os("TRAPTI_WRITE_DESIGNS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        assert!(std::fs::read_to_string(&path).unwrap() == text, "{path} is not the design of the tests");
    }
}
