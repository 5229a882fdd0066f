//! Explanations, limits of a selection, predictions that are asked for; and the commands that show them.

use super::models::{explored, runs};
use std::path::Path;
use std::process::{Command, Output};
use trapti::artefact::Input;
use trapti::explore::{LatencyLimit, Limits, Objective, Point, explain, predict_points};
use trapti::sram::EmbeddedTable;
use trapti::units::{Cycles, SquareMillimetres};

const STUDY: &str = r#"
[study]
capacity = ["256 KiB", "1 MiB"]
domains = [1, 2, 4, 8]
interleave = [1, 2]
placement = ["ideal", "first-fit"]
policies = ["never", "immediate", { timeout = { off = "break-even" } }]
technology = "22nm-hp"
"#;

#[test]
fn an_explanation_accounts_for_everything() {
    let exploration = explored(STUDY, runs(), false);
    let model = EmbeddedTable::new(false).unwrap();
    for placement in ["ideal", "first-fit"] {
        let here = |p: &&Point| p.placement == placement && p.domains == 4 && p.policy.starts_with("timeout");
        let point = exploration.points.iter().find(here).unwrap();
        let explanation = explain(&exploration, point.point, runs(), &model).unwrap();
        assert_eq!(explanation.point, *point);
        let kinds = explanation.gaps.iter().flat_map(|b| [b.live, b.dying, b.dead]);
        let idle: u64 = kinds.map(|k| k.domain_cycles).sum();
        // Every domain-cycle is idle or has an access; a placed domain is accessed by at least one request a cycle of it.
        assert!(idle > 0 && idle < point.domains * point.cycles);
        for bucket in &explanation.gaps {
            for kind in [bucket.live, bucket.dying, bucket.dead] {
                assert!(kind.domain_cycles >= kind.gaps * bucket.from_cycles);
                assert!(bucket.below_cycles.is_none_or(|below| kind.domain_cycles <= kind.gaps * (below - 1)));
            }
            for state in &bucket.pays {
                assert!(explanation.break_even_cycles[state.index()].unwrap() <= bucket.from_cycles);
            }
        }
        let live: u64 = explanation.domains.iter().map(|d| d.live_cycles).sum();
        assert_eq!(live, if placement == "ideal" { 0 } else { point.live_cycles });
        assert!(explanation.domains.iter().all(|d| d.tensor_cycles <= d.live_cycles && d.live_share <= 1.0));
        assert!(explanation.domains.iter().all(|d| d.live_cycles == 0 || !d.tensor.is_empty()));
        let change = |what: &str| explanation.alternatives.iter().find(|a| a.change.contains(what)).unwrap();
        // The finer split is a point of the same study.
        let finer = |p: &&Point| {
            p.domains == 8
                && (p.capacity_bytes, p.interleave) == (point.capacity_bytes, point.interleave)
                && (&p.placement, &p.policy) == (&point.placement, &point.policy)
        };
        let finer = exploration.points.iter().find(finer).unwrap();
        assert_eq!(change("half the size").energy_pj, Some(finer.energy_pj));
        assert!(change("one more domain").area_change.unwrap() > 0.2);
        for other in ["placed offline", "a pool for each class"].map(change) {
            assert!(other.energy_pj.is_some() != other.reason.is_some(), "{other:?}");
        }
    }
    assert!(explain(&exploration, 1 << 40, runs(), &model).unwrap_err().to_string().contains("there is no point"));
}

#[test]
fn a_selection_keeps_its_limits() {
    let exploration = explored(STUDY, runs(), false);
    let placed: Vec<&Point> = exploration.points.iter().filter(|p| !p.is_bound()).collect();
    let areas: Vec<f64> = placed.iter().map(|p| p.area_mm2).collect();
    let (least, most) =
        (areas.iter().copied().fold(f64::INFINITY, f64::min), areas.iter().copied().fold(0.0, f64::max));
    for share in [0.0, 0.1, 0.5, 1.0] {
        let area = SquareMillimetres(least + share * (most - least));
        for latency in [None, Some(LatencyLimit::AboveNever(0.0)), Some(LatencyLimit::AboveNever(0.01))] {
            let limits = Limits { area: Some(area), latency };
            let keeps = |p: &&&Point| {
                let above = match latency {
                    Some(LatencyLimit::AboveNever(most)) => exploration.above_never(p) <= most,
                    _ => true,
                };
                p.area_mm2 <= area.0 && above
            };
            let expected = placed.iter().filter(keeps).map(|p| p.energy_pj).min_by(f64::total_cmp);
            let found = exploration.within(Objective::Energy, limits);
            assert_eq!(found.ok().map(|row| exploration.points[row as usize].energy_pj), expected);
        }
    }
    let latency = Some(LatencyLimit::Cycles(Cycles(1)));
    let reason = exploration.within(Objective::Energy, Limits { area: None, latency }).unwrap_err();
    assert!(reason.to_string().contains("the fastest takes"), "{reason}");
    let area = Some(SquareMillimetres(least / 2.0));
    let reason = exploration.within(Objective::Area, Limits { area, latency: None }).unwrap_err();
    assert!(reason.to_string().contains("none is within the area"), "{reason}");
    // The reference of the latency is an ungated memory of the same capacity.
    let never = placed.iter().filter(|p| p.policy == "never");
    assert!(never.clone().any(|p| exploration.above_never(p) == 0.0));
    assert!(never.into_iter().all(|p| exploration.above_never(p) >= 0.0));
}

#[test]
fn a_prediction_can_be_asked_for() {
    let model = EmbeddedTable::new(false).unwrap();
    let mut exploration = explored(STUDY, runs(), true);
    let front = exploration.summary.front[0].clone();
    let outside = exploration.points.iter().find(|p| !p.is_bound() && p.on_front == 0).unwrap().point;
    predict_points(&mut exploration, &[outside, front.point, outside], runs(), &model).unwrap();
    assert_eq!(exploration.summary.asked.len(), 1, "the front has its predictions");
    let asked = exploration.summary.asked[0].prediction.clone().unwrap();
    assert_eq!(exploration.points[outside as usize].predicted_cycles, asked.cycles);
    // A point is predicted alike whether it is on the front or asked for.
    let mut estimated = explored(STUDY, runs(), false);
    predict_points(&mut estimated, &[front.point], runs(), &model).unwrap();
    assert_eq!(estimated.summary.asked[0], front);
    let bound = estimated.points.iter().find(|p| p.is_bound()).unwrap().point;
    let refused = |e: &mut trapti::explore::Exploration, row| predict_points(e, &[row], runs(), &model).unwrap_err();
    assert!(refused(&mut estimated, bound).to_string().contains("is a bound"));
    assert!(refused(&mut estimated, 1 << 40).to_string().contains("there is no point"));
}

fn trapti(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trapti")).args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn the_commands_explain_predict_and_select() {
    let folder = tempfile::tempdir().unwrap();
    for run in runs() {
        run.write(&folder.path().join(&run.workload.name), vec![Input::of("test", run.workload.name.as_bytes())])
            .unwrap();
    }
    std::fs::write(folder.path().join("study.toml"), STUDY).unwrap();
    let explore = |more: &[&str]| {
        let all = [&["explore", "gpt", "qwen", "--study", "study.toml", "-o", "out"], more].concat();
        let output = trapti(&all, folder.path());
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text, errors) = explore(&["--no-prediction"]);
    assert!(code == Some(0) && text.contains("Pareto front"), "{errors}");
    let (code, text, errors) = explore(&["--explain", "40"]);
    assert!(
        code == Some(0) && text.contains("Idle intervals of all domains") && text.contains("half the size"),
        "{text}{errors}"
    );
    let (code, text, _) = explore(&["--explain", "40", "--format", "json"]);
    let explanation: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(code == Some(0) && explanation["gaps"].as_array().is_some_and(|gaps| !gaps.is_empty()));
    let (code, _, errors) = explore(&["--explain", "100000"]);
    assert!(code == Some(2) && errors.contains("there is no point 100000"), "{errors}");
    let select = |more: &[&str]| {
        let output = trapti(&[&["select", "out", "-o", "design.json"], more].concat(), folder.path());
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(select(&["--max-area", "100mm2", "--max-latency", "+50%"]).0, Some(0));
    let (code, errors) = select(&["--max-area", "0.001mm2"]);
    assert!(code == Some(1) && errors.contains("the smallest has"), "{errors}");
    let (code, errors) = select(&["--max-area", "12", "--max-latency", "1%"]);
    assert!(code == Some(2) && errors.contains("12 mm2") && errors.contains("+1%"), "{errors}");
}
