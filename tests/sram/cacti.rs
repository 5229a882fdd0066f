//! The CACTI source, on what a real CACTI 7 printed.

use snapbox::cmd::{Command, cargo_bin};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sram/cacti").join(name)
}

/// A folder with a program `cacti` that prints what CACTI printed; it notes where it ran and with what.
fn stub(folder: &Path, free: &Path, gated: &Path) -> PathBuf {
    fs::create_dir_all(folder.join("tech_params")).unwrap();
    fs::write(folder.join("tech_params/22nm.dat"), "device data").unwrap();
    let [free, gated, usage] = [free, gated, &data("usage.txt")].map(|p| p.display().to_string());
    let script = format!(
        "#!/bin/sh\nif [ $# = 0 ]; then cat '{usage}'; exit 1; fi\npwd >> ran.txt\ncat \"$2\" >> asked.txt\n\
         if grep -q 'Force cache config - \"true\"' \"$2\"; then cat '{gated}'; else cat '{free}'; fi\n"
    );
    program(&folder.join("cacti"), &script)
}

fn program(path: &Path, script: &str) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_path_buf()
}

fn recorded(folder: &Path) -> PathBuf {
    stub(folder, &data("22nm_lstp_1MiB_256b.txt"), &data("22nm_lstp_1MiB_256b_gated.txt"))
}

const MACRO: [&str; 7] = ["sram", "--capacity", "1MiB", "--word-bits", "256", "--node", "22nm"];

/// The command line, with no CACTI anywhere unless one is given.
fn trapti(folder: &Path) -> Command {
    let command = Command::new(cargo_bin!("trapti")).current_dir(folder).env("TRAPTI_CACHE", folder.join("cache"));
    command.env_remove("CACTI").env("PATH", "/usr/bin:/bin").args(MACRO)
}

fn json(output: &std::process::Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_it_prints_is_the_embedded_row() {
    let folder = tempfile::tempdir().unwrap();
    let program = recorded(&folder.path().join("tool"));
    let device = ["--device", "itrs-lstp", "--format", "json"];
    let embedded = json(&trapti(folder.path()).args(device).output().unwrap());
    let cacti = json(&trapti(folder.path()).args(device).arg("--cacti").arg(&program).output().unwrap());
    for (name, value) in embedded.as_object().unwrap().iter().filter(|(_, v)| v.is_f64()) {
        let (a, b) = (value.as_f64().unwrap(), cacti[name].as_f64().unwrap());
        assert!((a - b).abs() <= 2e-6 * a, "{name}: {a} in the table, {b} from CACTI");
    }
    assert_eq!(cacti["basis"], "exact");
    assert_eq!(cacti["evidence"]["wake_off_nj"]["source"], "cacti");
    let tool = folder.path().join("tool");
    let ran = fs::read_to_string(tool.join("ran.txt")).unwrap();
    let home = tool.canonicalize().unwrap().display().to_string();
    assert_eq!(ran.lines().collect::<Vec<_>>(), [home.as_str(), &home], "twice, in its own folder");
    let asked = fs::read_to_string(tool.join("asked.txt")).unwrap();
    for line in
        ["-Ndwl 2", "-Ndbl 16", "-Nspd 8", "-Ndcm 16", "-Array Power Gating - \"true\"", "-block size (bytes) 32"]
    {
        assert!(asked.lines().any(|l| l == line), "{line} in {asked}");
    }
}

#[test]
fn results_are_kept_by_digest() {
    let folder = tempfile::tempdir().unwrap();
    let tool = folder.path().join("tool");
    let program = recorded(&tool);
    let ask = |kelvin: &str| {
        let options = ["--device", "lstp", "--temperature", kelvin, "--format", "json", "--cacti"];
        json(&trapti(folder.path()).args(options).arg(&program).output().unwrap())
    };
    let runs = || fs::read_to_string(tool.join("ran.txt")).unwrap().lines().count();
    let warm = ask("350");
    let wrong_entry = ask("360");
    assert_eq!(runs(), 2, "the second question needs no run");
    // CACTI's own device table would make it leak less at 360 K.
    assert!(wrong_entry["leakage_mw"].as_f64() > warm["leakage_mw"].as_f64());
    assert_eq!(wrong_entry["evidence"]["leakage_mw"]["basis"], "interpolated");
    fs::write(tool.join("tech_params/22nm.dat"), "other data").unwrap();
    ask("350");
    assert_eq!(runs(), 4, "other device data are another program");
}

#[test]
fn it_is_found_in_every_documented_place() {
    let folder = tempfile::tempdir().unwrap();
    let tool = folder.path().join("tool");
    recorded(&tool);
    let ask = |command: Command| json(&command.args(["--device", "lstp", "--format", "json"]).output().unwrap());
    let expected = ask(trapti(folder.path()).arg("--cacti").arg(&tool));
    let variable = ask(trapti(folder.path()).env("CACTI", tool.join("cacti")).arg("--cacti"));
    let path = ask(trapti(folder.path()).env("PATH", format!("{}:/usr/bin:/bin", tool.display())).arg("--cacti"));
    let package = folder.path().join("hwcomponents_cacti");
    recorded(&package.join("cacti"));
    let python = program(&folder.path().join("bin/python3"), &format!("#!/bin/sh\necho '{}'\n", package.display()));
    let path_with_python = format!("{}:/usr/bin:/bin", python.parent().unwrap().display());
    let installed = ask(trapti(folder.path()).env("PATH", path_with_python).arg("--cacti"));
    for found in [variable, path, installed] {
        assert_eq!(found["wake_off_nj"], expected["wake_off_nj"]);
    }
}

#[test]
fn other_programs_called_cacti_are_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let other = program(&folder.path().join("other/cacti"), "#!/bin/sh\necho 'cacti: the graphing solution'\n");
    let ask = |command: Command| command.args(["--device", "lstp"]).output().unwrap();
    let named = ask(trapti(folder.path()).arg("--cacti").arg(&other));
    assert_eq!(named.status.code(), Some(2));
    assert!(stderr(&named).contains("not-cacti") && stderr(&named).contains("tech_params"), "{}", stderr(&named));
    fs::create_dir(folder.path().join("other/tech_params")).unwrap();
    let named = ask(trapti(folder.path()).arg("--cacti").arg(&other));
    assert!(stderr(&named).contains("the graphing solution"), "{}", stderr(&named));
    // On the search path it is passed over, and the answer says so.
    program(&folder.path().join("other/python3"), "#!/bin/sh\necho\n");
    let path = format!("{}:/usr/bin:/bin", folder.path().join("other").display());
    let found = ask(trapti(folder.path()).env("PATH", path).arg("--cacti"));
    assert_eq!(found.status.code(), Some(3));
    assert!(stderr(&found).contains("is not one") && stderr(&found).contains("pip install hwcomponents-cacti"));
}

#[test]
fn without_cacti_the_exit_code_is_3() {
    let folder = tempfile::tempdir().unwrap();
    program(&folder.path().join("bin/python3"), "#!/bin/sh\necho\n");
    let path = format!("{}:/usr/bin:/bin", folder.path().join("bin").display());
    let output = trapti(folder.path()).env("PATH", path).args(["--device", "lstp", "--cacti"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("pip install hwcomponents-cacti"), "{}", stderr(&output));
    let absent = trapti(folder.path()).args(["--device", "lstp", "--cacti", "no/such/cacti"]).output().unwrap();
    assert_eq!(absent.status.code(), Some(3));
}

#[test]
fn errors_are_read_from_the_output_as_cacti_exits_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let refused = stub(&folder.path().join("a"), &data("impossible.txt"), &data("impossible.txt"));
    let ask =
        |program: &Path| trapti(folder.path()).args(["--device", "lstp", "--cacti"]).arg(program).output().unwrap();
    let output = ask(&refused);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no valid data array organizations found"), "{}", stderr(&output));
    let printed = fs::read_to_string(data("22nm_lstp_1MiB_256b.txt")).unwrap();
    for (name, text, expected) in [
        ("old", printed.replace("version 7.0", "version 6.5"), "version 7 is needed"),
        ("cut", printed[..printed.find("Total leakage").unwrap()].to_string(), "Best Ndwl"),
        ("odd", printed.replace("Access time (ns): 2.502", "Access time (ns): -nan"), "Access time"),
        ("mute", String::new(), "nothing was printed"),
    ] {
        let text_file = folder.path().join(format!("{name}.txt"));
        fs::write(&text_file, text).unwrap();
        let output = ask(&stub(&folder.path().join(name), &text_file, &text_file));
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(stderr(&output).contains(expected), "{name}: {}", stderr(&output));
    }
    assert!(!folder.path().join("cache").exists(), "nothing wrong is kept");
}

#[test]
fn a_crash_is_told() {
    let folder = tempfile::tempdir().unwrap();
    recorded(&folder.path().join("tool"));
    let usage = data("usage.txt");
    let script = format!(
        "#!/bin/sh\nif [ $# = 0 ]; then cat '{}'; exit 1; fi\necho 'Assertion failed'\nkill -ABRT $$\n",
        usage.display()
    );
    let program = program(&folder.path().join("tool/cacti"), &script);
    let output = trapti(folder.path()).args(["--device", "lstp", "--cacti"]).arg(&program).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("crashed: Assertion failed"), "{}", stderr(&output));
}

#[test]
fn what_cacti_is_wrong_about_is_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let program = recorded(&folder.path().join("tool"));
    let ask = |options: [&str; 6]| {
        let mut command = Command::new(cargo_bin!("trapti")).env("TRAPTI_CACHE", folder.path().join("cache"));
        command =
            command.args(["sram", "--cacti"]).arg(&program).args(["--capacity", options[1], "--word-bits", options[3]]);
        command.args(["--node", options[5], "--device", options[0]]).output().unwrap()
    };
    for options in [
        ["lop", "1MiB", "", "256", "", "22nm"],
        ["lstp", "1MiB", "", "256", "", "28nm"],
        ["lstp", "1MiB", "", "4", "", "22nm"],
        ["lstp", "100 B", "", "256", "", "22nm"],
    ] {
        let output = ask(options);
        assert_eq!(output.status.code(), Some(2), "{options:?}");
    }
    assert!(!folder.path().join("tool/ran.txt").exists());
}
