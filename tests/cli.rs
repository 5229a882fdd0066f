//! The command line as a user meets it: results on stdout, messages on stderr, exit codes.

use snapbox::cmd::{Command, cargo_bin};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn trapti(folder: &Path) -> Command {
    Command::new(cargo_bin!("trapti")).current_dir(folder).env("TRAPTI_CACHE", folder.join("cache"))
}

fn model(name: &str) -> String {
    root().join("models/huggingface").join(name).display().to_string()
}

fn accelerator() -> String {
    root().join("models/accelerators/edge-2x128.toml").display().to_string()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A two-layer GPT-2 that takes a fraction of a second.
const SMALL: &str = r#"{"model_type": "gpt2", "n_layer": 2, "n_embd": 128, "n_head": 2, "n_positions": 256, "vocab_size": 512, "activation_function": "gelu_new"}"#;

/// A study that a small model finishes at once.
const STUDY: &str = r#"
[study]
capacity = ["1 MiB", "2 MiB"]
domains = [1, 2, 4]
interleave = [1, 2]
alpha = [1.0]
placement = ["ideal", "first-fit"]
policies = ["never", { timeout = { off = "break-even" } }, "mask"]
technology = ["22nm-lstp"]
"#;

/// A project of two small models in a folder of its own.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, contents: &str| std::fs::write(folder.path().join(name), contents).unwrap();
    write("a.json", SMALL);
    write("b.json", &SMALL.replace("\"n_head\": 2", "\"n_head\": 4"));
    write("study.toml", STUDY);
    let entry = |name: &str| format!("[[workload]]\nname = \"{name}\"\nconfig = \"{name}.json\"\n");
    let head = format!("name = \"small\"\naccelerator = \"{}\"\nstudy = \"study.toml\"\n", accelerator());
    let tail = "[scenario]\nprefill = 64\n[cosim]\nlayers = 1\nrequests = 100000\nwave_cycles = 500\n";
    write("project.toml", &format!("{head}{}{}{tail}", entry("a"), entry("b")));
    folder
}

#[test]
fn import_prints_the_published_facts() {
    let output = trapti(&root())
        .args(["import", &model("gpt2-xl.json"), "--prefill", "1024", "--decode", "128", "--format", "json"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let facts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(facts["parameters"], 1_557_611_200u64);
    assert_eq!(facts["kv_bytes_per_token"], 153_600);
    assert_eq!(facts["macs"]["linear_per_token"], 1_474_560_000u64);
    assert_eq!(facts["macs"]["lm_head_per_token"], 80_411_200);
    assert_eq!(facts["macs"]["prefill"]["attention_causal"], 80_609_280_000u64);
    assert!(output.stderr.is_empty());
}

#[test]
fn bad_input_is_told_with_its_place_and_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("c.json"), "{\n  \"model_type\": \"gtp2\"\n}\n").unwrap();
    let output = trapti(folder.path()).args(["import", "c.json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = text(&output.stderr);
    assert!(message.contains("c.json:2:") && message.contains("gtp2") && message.contains("gpt2"), "{message}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_wrong_option_is_told_as_a_file_would_be() {
    let output = trapti(&root()).args(["import", &model("gpt2-xl.json"), "--prefill", "-3"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let output =
        trapti(&root()).args(["import", &model("gpt2-xl.json"), "--attention", "deep-first"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("did you mean `depth-first`"), "{}", text(&output.stderr));
}

#[test]
fn a_missing_file_is_named() {
    let output = trapti(&root()).args(["select", "no-such-directory", "-o", "design.json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no-such-directory"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let command = format!("{} --help | true", cargo_bin!("trapti").display());
    let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
}

/// An op graph of another version, or without one, is read as an op graph: not as the config of a model without a type.
#[test]
fn an_op_graph_of_another_version_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    for (schema, said) in [("\"schema\": \"trapti.workload/2\",", "unknown-name"), ("", "missing-key")] {
        let graph = format!("{{{schema} \"name\": \"g\", \"tensors\": [], \"ops\": []}}");
        std::fs::write(folder.path().join("graph.json"), graph).unwrap();
        let output = trapti(folder.path()).args(["simulate", "graph.json", "-a", &accelerator()]).output().unwrap();
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2));
        assert!(message.contains(&format!("error[{said}]")) && message.contains("schema"), "{message}");
    }
}

#[test]
fn a_result_that_could_not_be_written_is_an_error() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
    let mut command = std::process::Command::new(cargo_bin!("trapti"));
    let output = command.args(["gemm", "4", "5", "6", "--array", "8x8"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("cannot write the result to stdout"));
}

/// A device or a pipe is written where it is: a file aside must never take its place.
#[test]
#[cfg(unix)]
fn a_pipe_as_output_stays_a_pipe() {
    use std::os::unix::fs::FileTypeExt;
    let folder = tempfile::tempdir().unwrap();
    let (pipe, link, target) = (folder.path().join("pipe"), folder.path().join("link"), folder.path().join("target"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::write(&target, "old").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    trapti::artefact::write(&pipe, b"through").unwrap();
    assert_eq!(reader.join().unwrap(), "through");
    assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
    trapti::artefact::write(&link, b"new").unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
}

#[test]
fn a_small_project_flows_from_configs_to_a_proven_design() {
    let folder = project();
    let flow = || trapti(folder.path()).args(["flow", "project.toml", "--output", "out"]).output().unwrap();
    let first = flow();
    assert_eq!(first.status.code(), Some(0), "{}\n{}", text(&first.stdout), text(&first.stderr));
    assert!(text(&first.stdout).contains("EQUAL: prediction = reference model = RTL"));
    for file in ["report.html", "design.json", "rtl/filelist.f", "cosim/a/wave.gtkw", "cosim/b/cosim.json"] {
        assert!(folder.path().join("out").join(file).is_file(), "{file} is missing");
    }
    let second = flow();
    let notes = text(&second.stderr);
    assert_eq!(notes.matches("up to date").count(), 8, "two runs, two replays and everything else are kept: {notes}");
}

#[test]
fn every_stage_starts_from_disk() {
    let folder = project();
    let run = |arguments: &[&str]| {
        let output = trapti(folder.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let accelerator = accelerator();
    run(&["import", "a.json", "--prefill", "64", "-o", "graph.json"]);
    run(&["simulate", "graph.json", "-a", &accelerator, "-o", "run"]);
    run(&["explore", "run", "--study", "study.toml", "-o", "exploration", "--csv", "points.csv"]);
    let design = run(&["select", "exploration", "--min", "area", "-o", "design.json", "--format", "json"]);
    assert!(design.contains("trapti.design/1"));
    run(&["generate", "design.json", "-o", "rtl"]);
    let cosim = run(&["cosim", "design.json", "--run", "run", "--rtl", "rtl", "--layers", "1", "-o", "cosim"]);
    assert!(cosim.contains("EQUAL"), "{cosim}");
    let name = std::fs::read_dir(folder.path().join("cosim")).unwrap().next().unwrap().unwrap().path();
    let vcd = name.join("wave.vcd").display().to_string();
    assert!(run(&["wave", "check", &vcd, "--design", "design.json"]).contains("PASS"));
    run(&["report", "--run", "run", "--exploration", "exploration", "--design", "design.json", "-o", "report.html"]);
}

#[test]
fn without_verilator_the_other_stages_run_and_the_exit_code_is_3() {
    let folder = project();
    let output =
        trapti(folder.path()).env("PATH", "").args(["flow", "project.toml", "--output", "out"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let message = text(&output.stderr);
    assert!(message.contains("verilator") && message.contains("apt-get install"), "{message}");
    assert!(folder.path().join("out/report.html").is_file() && folder.path().join("out/rtl/filelist.f").is_file());
}

#[test]
fn somebody_elses_directory_is_not_replaced() {
    let folder = project();
    std::fs::create_dir(folder.path().join("mine")).unwrap();
    std::fs::write(folder.path().join("mine/precious.txt"), "x").unwrap();
    let accelerator = accelerator();
    let arguments = ["simulate", "a.json", "--prefill", "8", "-a", &accelerator, "-o", "mine"];
    let output = trapti(folder.path()).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(folder.path().join("mine/precious.txt").is_file());
}

/// The numbers of one product, by hand: two folds along K of 4×3, one row of accumulators for three rows of A.
#[test]
fn gemm_answers_for_the_array_alone() {
    let small =
        ["gemm", "3", "3", "8", "--array", "4x3", "--dataflow", "ws", "--fill", "full", "--accumulator-rows", "1"];
    let output = trapti(&root()).args(small).args(["--format", "json"]).output().unwrap();
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let cycles = 2 * (3 + 2 * 4 + 3 - 2);
    let utilisation = f64::from(3 * 3 * 8) / f64::from(4 * 3 * cycles);
    let expected = serde_json::json!({
        "cycles": cycles, "reads": {"a": 24, "b": 24}, "writes": 9, "partial_sums": 2 * 2 * 3, "utilisation": utilisation,
    });
    assert_eq!(value, expected);
    let human = text(&trapti(&root()).args(small).output().unwrap().stdout);
    assert!(human.contains("24  cycles") && human.contains("25.00  %"), "{human}");
}

#[test]
fn gemm_refuses_what_it_cannot_count() {
    let refused = |arguments: &[&str], expected: &str| {
        let output = trapti(&root()).arg("gemm").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
    };
    refused(&["0", "3", "8", "--array", "4x3"], "zero-size");
    refused(&["3", "3", "8", "--array", "4x0"], "such as `32x32`");
    refused(&["3", "3", "8", "--array", "4"], "such as `32x32`");
    refused(&["3", "3", "8"], "--array");
    refused(&["3", "3", "8", "--array", "4x3", "--dataflow", "rs"], "possible values");
    let most = u64::MAX.to_string();
    refused(&[&most, &most, &most, "--array", "1x1"], "too-large");
    refused(&["-3", "3", "8", "--array", "1x1"], "-3");
}

/// A script reads `.cycles`, `.macs`, `.memories[].…` and `.dram.…` as numbers.
#[test]
fn simulate_answers_a_script() {
    let folder = project();
    let accelerator = accelerator();
    let arguments = ["simulate", "a.json", "--prefill", "32", "--decode", "2", "-a", &accelerator, "--format", "json"];
    let output = trapti(folder.path()).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for key in ["cycles", "macs", "macs_issued", "cycles_to_first_token"] {
        assert!(answer[key].as_u64().is_some_and(|n| n > 0), "{key}: {}", answer[key]);
    }
    let memory = &answer["memories"][0];
    assert_eq!(memory["name"], "sram");
    let number = |key: &str| memory[key].as_u64().unwrap_or_else(|| panic!("{key} is {}", memory[key]));
    assert!(number("peak_needed_bytes_at_op_ends") <= number("peak_needed_bytes"));
    assert!(number("peak_needed_bytes") <= number("peak_used_bytes"));
    assert!(number("read_bytes") > 0 && number("write_bytes") > 0);
    assert!(answer["dram"]["read_bytes"].as_u64() >= answer["dram"]["unavoidable_read_bytes"].as_u64());
    assert!(answer["dram"]["write_bytes"].is_u64());
    assert_eq!(answer["choices"]["lowering"]["kv"], "kept", "tokens are decoded");
}

/// An option wins over the file, and what follows from it follows from the option.
#[test]
fn options_lie_over_the_scenario_file() {
    let folder = project();
    std::fs::write(folder.path().join("s.toml"), "[scenario]\nprefill = 48\nbits.kv = 16\n").unwrap();
    let run = |more: &[&str]| {
        let arguments = ["simulate", "a.json", "--scenario", "s.toml", "-a", &accelerator(), "--format", "json"];
        let output = trapti(folder.path()).args(arguments).args(more).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["choices"].clone()
    };
    let file = run(&[]);
    assert_eq!((&file["scenario"]["prefill"], &file["lowering"]["kv"]), (&48.into(), &"released".into()));
    let both = run(&["--decode", "1", "--bits-weights", "4", "--no-causal", "--batch", "2"]);
    assert_eq!(both["scenario"]["bits"], serde_json::json!({"weights": 4, "activations": 8, "kv": 16}));
    assert_eq!((&both["scenario"]["decode"], &both["scenario"]["batch"]), (&1.into(), &2.into()));
    assert_eq!((&both["lowering"]["kv"], &both["lowering"]["causal"]), (&"kept".into(), &false.into()));
}

#[test]
fn traces_are_shown_compared_exported_and_imported() {
    let folder = project();
    let exit = |arguments: &[&str]| {
        let output = trapti(folder.path()).args(arguments).output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let run = |arguments: &[&str]| {
        let (code, stdout, stderr) = exit(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
        stdout
    };
    let accelerator = accelerator();
    for model in ["a", "b"] {
        run(&["simulate", &format!("{model}.json"), "--prefill", "64", "-a", &accelerator, "-o", model]);
    }
    let shown = run(&["trace", "show", "a", "--svg", "a.svg"]);
    for part in ["at the peak", "50 % of the peak", "prefill", "█ score", "unavoidable", "lower bound"] {
        assert!(shown.contains(part), "{part} is missing:\n{shown}");
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "wider than a terminal:\n{shown}");
    assert!(std::fs::read_to_string(folder.path().join("a.svg")).unwrap().starts_with("<svg"));
    let compared = run(&["trace", "diff", "a", "b"]);
    assert!(compared.contains("ratio") && compared.lines().all(|line| line.chars().count() <= 80), "{compared}");
    let json: serde_json::Value = serde_json::from_str(&run(&["trace", "diff", "a", "a", "--format", "json"])).unwrap();
    assert_eq!((&json["rows"][0]["metric"], &json["rows"][0]["ratio"]), (&"cycles".into(), &1.0.into()));
    for form in ["csv", "vcd", "transinfersim"] {
        run(&["trace", "export", "a", "--form", form, "--output", form]);
    }
    run(&["trace", "import", "transinfersim", "--output", "imported"]);
    run(&["trace", "show", "imported"]);
    std::fs::write(folder.path().join("ideal.toml"), STUDY.replace("\"ideal\", \"first-fit\"", "\"ideal\"")).unwrap();
    let explored = run(&["explore", "imported", "--study", "ideal.toml", "-o", "bounds", "--format", "json"]);
    let explored: serde_json::Value = serde_json::from_str(&explored).unwrap();
    assert!(explored["points"].as_u64().unwrap() > 0 && explored["workloads"][0]["reads"].as_u64().unwrap() > 0);
    let both = run(&["explore", "imported", "--study", "study.toml", "-o", "both"]);
    assert!(both.contains("no lifetimes to place"), "{both}");
    run(&["explore", "a", "--study", "study.toml", "-o", "exploration"]);
    run(&["select", "exploration", "-o", "design.json"]);
    let (code, _, refused) = exit(&["cosim", "design.json", "--run", "imported", "-o", "cosim"]);
    assert!(code == Some(3) || (code == Some(2) && refused.contains("occupancy-only")), "{code:?}: {refused}");
}

#[test]
fn absurd_options_are_refused() {
    let folder = project();
    let cases: [&[&str]; 6] = [
        &["trace", "show"],
        &["trace", "show", "no-such-run"],
        &["trace", "export", "a", "--form", "fst", "--output", "x"],
        &["trace", "import", "a.json", "--clock", "0 GHz", "--output", "x"],
        &["trace", "import", "a.json", "--ports", "0", "--output", "x"],
        &["simulate", "a.json", "-a", &accelerator(), "--bits", "0"],
    ];
    for arguments in cases {
        let output = trapti(folder.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}
