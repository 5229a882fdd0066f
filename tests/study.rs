//! Two models over prompt length, lowering and accelerator, and the page about GPT-2 XL and DeepSeek-R1-Distill-Qwen-1.5B.

mod lowerings;
pub mod page;
mod spilling;

use std::fs;
use std::path::{Path, PathBuf};
use trapti::sim::{Options, simulate};
use trapti::survey::{Metric, Point, Positions, Survey, ratios};
use trapti::trace::Run;
use trapti::workload::{Scenario, lower};

/// Four heads on a narrow model, and two key-value heads for four query heads on a wider one.
const FIRST: &str = r#"{"model_type": "gpt2", "n_layer": 2, "n_embd": 64, "n_head": 4, "n_positions": 48, "vocab_size": 256, "activation_function": "gelu_new"}"#;
const SECOND: &str = r#"{"model_type": "qwen2", "hidden_act": "silu", "hidden_size": 96, "intermediate_size": 160, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 256}"#;

const STUDY: &str = r#"
name = "small"
[[model]]
name = "first"
config = "first.json"
[[model]]
name = "second"
config = "second.json"
[scenario]
prefill = [16, 64]
positions = "extrapolated"
[published]
peak = 2.0
[[accelerator]]
name = "unlimited"
file = "ACCELERATOR"
capacity = "unlimited"
[[accelerator]]
name = "tiny"
file = "ACCELERATOR"
capacity = "24 KiB"
[[accelerator]]
name = "one lowering"
file = "ACCELERATOR"
lowerings = ["default"]
[[lowering]]
name = "together"
models.first = { attention = "breadth-first", weights = "whole" }
models.second = { scores = "aggregated", ffn = "mlp2", weights = "whole" }
[[lowering]]
name = "default"
lm_head = true
"#;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with the small study, `change`d.
fn folder(change: impl FnOnce(String) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let accelerator = root().join("models/accelerators/edge-2x128.toml").display().to_string();
    let study = change(STUDY.replace("ACCELERATOR", &accelerator));
    for (name, text) in [("first.json", FIRST), ("second.json", SECOND), ("study.toml", study.as_str())] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn survey(folder: &Path) -> Survey {
    Survey::read(&folder.join("study.toml")).unwrap().0
}

/// The run that a point of an unextrapolated prompt stands for.
fn run_of(survey: &Survey, point: &Point) -> Run {
    let variant = survey.lowerings.iter().find(|v| v.name == point.lowering).unwrap();
    let index = survey.models.iter().position(|m| m.name == point.model).unwrap();
    let platform = survey.accelerators.iter().find(|a| a.name == point.accelerator).unwrap();
    let scenario = Scenario { lm_head: variant.lm_head, ..Scenario::new(point.prefill) };
    let lowering = &variant.lowerings[index];
    let workload = lower(&survey.models[index].model, &scenario, lowering).unwrap();
    simulate(&workload, &platform.accelerator, &Options::of(lowering), &mut |_| {}).unwrap()
}

#[test]
fn every_point_is_a_run_of_the_whole_model() {
    let folder = folder(|text| text);
    let survey = survey(folder.path());
    let points = survey.run(&mut |_| {}).unwrap();
    assert_eq!(points.len(), (2 * 2 + 1) * 2 * 2);
    for point in points.iter().filter(|p| !p.extrapolated) {
        let run = run_of(&survey, point);
        let memory = &run.statistics.memories[0];
        assert_eq!(point.cycles, run.statistics.cycles.0);
        assert_eq!(Metric::All.of(point), memory.peak_needed.bytes.0);
        assert_eq!(Metric::AllAtOpEnds.of(point), memory.peak_needed_at_op_ends.0);
        // Without weights: the other three classes, at every change.
        let others = run.occupancy[0].changes.iter().map(|c| c.needed[1].0 + c.needed[2].0 + c.needed[3].0);
        assert_eq!(Metric::Activations.of(point), others.max().unwrap());
    }
    for p in &points {
        assert!(Metric::ActivationsAtOpEnds.of(p) <= Metric::Activations.of(p).min(Metric::AllAtOpEnds.of(p)), "{p:?}");
        assert!(Metric::Activations.of(p).max(Metric::AllAtOpEnds.of(p)) <= Metric::All.of(p), "{p:?}");
        assert_eq!(p.extrapolated, p.model == "first" && p.prefill == 64, "48 learned positions");
    }
}

#[test]
fn ratios_divide_the_first_model_by_the_second() {
    let folder = folder(|text| text);
    let survey = survey(folder.path());
    let points = survey.run(&mut |_| {}).unwrap();
    let ratios = ratios(&survey, &points);
    assert_eq!(ratios.len(), points.len() / 2);
    for (pair, ratio) in points.chunks(2).zip(&ratios) {
        assert_eq!((pair[0].model.as_str(), pair[1].model.as_str()), ("first", "second"));
        assert_eq!((&pair[0].lowering, pair[1].prefill), (&ratio.lowering, ratio.prefill));
        let finished = pair.iter().all(|p| p.finished);
        let latency = pair[0].cycles as f64 / pair[1].cycles as f64;
        assert_eq!(ratio.latency, finished.then_some(latency));
        let peak = pair[0].peak_activations_bytes as f64 / pair[1].peak_activations_bytes as f64;
        assert_eq!(ratio.peak(Metric::Activations), finished.then_some(peak));
    }
}

#[test]
fn any_number_of_threads_gives_the_same_points() {
    let folder = folder(|text| text);
    let survey = survey(folder.path());
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| survey.run(&mut |_| {}).unwrap())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn a_prompt_beyond_the_positions_is_refused_unless_the_study_says_so() {
    let folder = folder(|text| text.replace("positions = \"extrapolated\"\n", ""));
    let survey = survey(folder.path());
    assert_eq!(survey.positions, Positions::Limited);
    let refused = survey.run(&mut |_| {}).unwrap_err();
    assert!(matches!(refused, trapti::Error::Input(_)), "{refused}");
}

/// What a wrong study is told.
fn refusal(change: impl FnOnce(String) -> String) -> String {
    let folder = folder(change);
    let trapti::Error::Input(problems) = Survey::read(&folder.path().join("study.toml")).unwrap_err() else { panic!() };
    problems.iter().map(|p| p.render(false)).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn wrong_studies_are_refused_at_their_places() {
    let told = refusal(|text| text.replace("models.first", "models.frist"));
    assert!(told.contains("each model once") && told.contains("`first` and `second`"), "{told}");
    let told = refusal(|text| text.replace("prefill = [16, 64]", "prefil = [16]"));
    assert!(told.contains("`prefil`") && told.contains("did you mean `prefill`"), "{told}");
    let told = refusal(|text| text.replace("prefill = [16, 64]", "prefill = [0]"));
    assert!(told.contains("a whole number from 1"), "{told}");
    let told = refusal(|text| text.replace("[[model]]\nname = \"second\"\nconfig = \"second.json\"\n", ""));
    assert!(told.contains("two models"), "{told}");
    let told = refusal(|text| text.replace("[\"default\"]", "[\"defualt\"]"));
    assert!(told.contains("one of `together`, `default`"), "{told}");
    let told = refusal(|text| text.replace("\"24 KiB\"", "24"));
    assert!(told.contains("a size such as"), "{told}");
}

#[test]
fn the_command_writes_points_ratios_and_plots_and_checks_them() {
    let folder = folder(|text| text);
    let trapti = |arguments: &[&str]| {
        let command = snapbox::cmd::Command::new(snapbox::cmd::cargo_bin!("trapti")).current_dir(folder.path());
        let output = command.args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, told) = trapti(&["study", "study.toml", "-o", "out"]);
    assert_eq!(code, Some(0), "{told}");
    let out = folder.path().join("out");
    for file in ["points.parquet", "points.csv", "ratios.csv", "peak-ratio-tiny.svg", "latency-ratio.svg"] {
        assert!(out.join(file).is_file(), "{file} is missing");
    }
    let plot = fs::read_to_string(out.join("peak-ratio-unlimited.svg")).unwrap();
    assert!(plot.contains("published: 2") && plot.contains("without weights, at op ends"));
    assert!(trapti(&["study", "study.toml", "-o", "out"]).1.contains("up to date"));
    let (code, told) = trapti(&["study", "study.toml", "--check", "out/points.json", "--up-to", "16"]);
    assert_eq!((code, told.contains("10 of 10 points equal")), (Some(0), true), "{told}");
    let text = fs::read_to_string(out.join("points.json")).unwrap();
    let cycles = text.split("\"cycles\": ").nth(1).unwrap().split(',').next().unwrap();
    fs::write(folder.path().join("other.json"), text.replacen(cycles, "7", 1)).unwrap();
    let (code, told) = trapti(&["study", "study.toml", "--check", "other.json"]);
    assert_eq!((code, told.contains("differs: together, unlimited, 16 tokens, first")), (Some(1), true), "{told}");
}
