//! `trapti sram` as a user meets it, and studies that name their source.

use snapbox::cmd::{Command, cargo_bin};
use trapti::diagnostic::Source;
use trapti::explore::Study;
use trapti::sram::Characterisation;

fn trapti(arguments: &[&str]) -> std::process::Output {
    Command::new(cargo_bin!("trapti"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg("sram")
        .args(arguments)
        .output()
        .unwrap()
}

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const MACRO: [&str; 6] = ["--capacity", "1MiB", "--word-bits", "256", "--node", "22nm"];

#[test]
fn one_macro_with_the_provenance_of_every_number() {
    let options = ["--device", "itrs-lstp", "--temperature", "350", "--ports", "1rw", "--format", "json"];
    let output = trapti(&[&MACRO[..], &options].concat());
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for (name, expected) in [
        ("read_pj", 63.3346),
        ("write_pj", 58.0596),
        ("access_ns", 2.502),
        ("cycle_ns", 2.21748),
        ("leakage_mw", 0.60114),
        ("area_mm2", 0.878057),
        ("wake_off_nj", 1.1968),
    ] {
        let found = answer[name].as_f64().unwrap();
        assert!((found - expected).abs() <= 2e-6 * expected, "{name} = {found}");
        let evidence = &answer["evidence"][name];
        assert_eq!((evidence["source"].as_str(), evidence["basis"].as_str()), (Some("embedded-table"), Some("exact")));
        assert_eq!(evidence["estimated_error"], 0.0);
    }
    assert_eq!(answer["basis"], "exact");
    // Times of waking are no source's: assumed, and said so.
    for (name, expected) in [("wake_light_ns", 2.0), ("wake_retention_ns", 10.0), ("wake_off_ns", 20.0)] {
        assert_eq!(answer[name].as_f64(), Some(expected));
        let evidence = &answer["evidence"][name];
        assert_eq!((evidence["source"].as_str(), evidence["basis"].as_str()), (Some("default-time"), Some("assumed")));
    }
    let human = trapti(&[&MACRO[..], &["--device", "itrs-lstp", "--temperature", "77 C"]].concat());
    let text = String::from_utf8(human.stdout).unwrap();
    for expected in ["350.15 K", "63.3346  pJ", "mm²", "interpolated", "±", "leakage band"] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
}

#[test]
fn bad_options_are_told_at_once_and_the_device_is_never_assumed() {
    let none = trapti(&MACRO);
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("--device"));
    let options = [
        "--capacity",
        "1048576",
        "--word-bits",
        "0",
        "--node",
        "22",
        "--device",
        "tsmc",
        "--ports",
        "3rw",
        "--temperature",
        "-4",
    ];
    let wrong = trapti(&options);
    assert_eq!(wrong.status.code(), Some(2));
    for name in ["`capacity` is", "`word-bits` is", "`node` is", "`device` is", "`ports` is", "`temperature` is"] {
        assert!(stderr(&wrong).contains(name), "{name} in\n{}", stderr(&wrong));
    }
    for (options, expected) in [
        (
            vec!["--capacity", "16MiB", "--word-bits", "256", "--node", "22nm", "--device", "hp"],
            "outside the characterisation",
        ),
        (vec!["--capacity", "1MiB", "--word-bits", "256", "--node", "7nm", "--device", "hp"], "not characterised"),
        (vec!["--capacity", "1MiB", "--word-bits", "256", "--node", "22nm", "--device", "lop"], "leaks more than hp"),
        (
            vec!["--capacity", "1MiB", "--word-bits", "512", "--node", "22nm", "--device", "lstp", "--periphery", "hp"],
            "outside",
        ),
        (
            vec!["--capacity", "1MiB", "--word-bits", "256", "--node", "22nm", "--device", "hp", "--ports", "2rw"],
            "outside",
        ),
        (
            vec!["--capacity", "1MiB", "--word-bits", "256", "--node", "22nm", "--device", "hp", "--csv", "none.csv"],
            "none.csv",
        ),
    ] {
        let output = trapti(&options);
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(stderr(&output).contains(expected), "{options:?}: {}", stderr(&output));
    }
    let larger = [
        "--capacity",
        "16MiB",
        "--word-bits",
        "256",
        "--node",
        "22nm",
        "--device",
        "hp",
        "--extrapolate",
        "--format",
        "json",
    ];
    let answer: serde_json::Value = serde_json::from_slice(&trapti(&larger).stdout).unwrap();
    assert_eq!(answer["basis"], "extrapolated");
}

#[test]
fn a_table_of_ones_own_answers_like_the_embedded_one() {
    let options = ["--device", "hp", "--format", "json"];
    let answer = |more: &[&str]| -> serde_json::Value {
        serde_json::from_slice(&trapti(&[&MACRO[..], &options, more].concat()).stdout).unwrap()
    };
    let (embedded, mine) = (answer(&[]), answer(&["--csv", "models/sram/macros.csv"]));
    assert_eq!(embedded["read_pj"], mine["read_pj"]);
    assert_eq!(mine["evidence"]["read_pj"]["source"], "csv");
}

fn study(line: &str) -> Result<Study, trapti::Error> {
    let text =
        format!("[study]\ncapacity = '1 MiB'\ndomains = 1\npolicies = 'never'\ntechnology = '22nm-lstp'\n{line}\n");
    Study::parse(&Source::new("studies/study.toml", text))
}

#[test]
fn a_study_names_its_source() {
    for (line, expected) in [
        ("", Characterisation::Embedded),
        ("characterisation = 'embedded'", Characterisation::Embedded),
        ("characterisation = 'cacti'", Characterisation::Cacti(None)),
        ("characterisation = { csv = 'a.csv' }", Characterisation::Csv("studies/a.csv".into())),
        ("characterisation = { cacti = '/opt/cacti' }", Characterisation::Cacti(Some("/opt/cacti".into()))),
        (
            "characterisation = { liberty = ['a.lib', 'b.lib'] }",
            Characterisation::Liberty(vec!["studies/a.lib".into(), "studies/b.lib".into()]),
        ),
    ] {
        assert_eq!(study(line).unwrap().characterisation, expected, "{line}");
    }
    for line in [
        "characterisation = 'catci'",
        "characterisation = {}",
        "characterisation = { csv = 'a', cacti = 'b' }",
        "characterisation = { csv = 3 }",
        "characterisation = { cvs = 'a' }",
    ] {
        assert!(matches!(study(line), Err(trapti::Error::Input(_))), "{line}");
    }
}
