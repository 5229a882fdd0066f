//! Several workloads, several periods; and whether the winner survives.

use super::memory::{DOMAIN_WORDS, stimuli};
use super::models::{explored, runs};
use proptest::prelude::*;
use trapti::diagnostic::Source;
use trapti::explore::tabulate::Plan;
use trapti::explore::{Exploration, Objective, Point, Quantity, Sensitivity, Study};

const STUDY: &str = r#"
[study]
capacity = ["256 KiB", "1 MiB"]
domains = [1, 4, 8]
placement = ["ideal", "first-fit"]
policies = ["never", { timeout = { retention = 100, off = 500 } }, "mask"]
technology = ["22nm-hp", "22nm-lstp", "45nm-lstp-hp"]
"#;

proptest! {
    #[test]
    fn a_longer_period_is_idle_time_at_the_end(stimulus in stimuli(8 * DOMAIN_WORDS, 600), more in 0u64..5000) {
        let plan = Plan::new(&stimulus);
        let table = plan.table(8, DOMAIN_WORDS, plan.cycles);
        prop_assert_eq!(table.extended(plan.cycles + more), plan.table(8, DOMAIN_WORDS, plan.cycles + more));
    }
}

#[test]
fn each_period_is_a_study_of_its_own() {
    let all = explored(&format!("{STUDY}period = [\"back to back\", \"1 ms\", \"20 ms\"]\n"), runs(), true);
    assert_eq!(all.periods(), [0, 1_000_000, 20_000_000]);
    for (period, cycles) in [("back to back", 0), ("1 ms", 1_000_000), ("20 ms", 20_000_000)] {
        let alone = explored(&format!("{STUDY}period = \"{period}\"\n"), runs(), true);
        let own = |p: &Point| Point { point: 0, ..p.clone() };
        let here = all.points.iter().filter(|p| p.period_cycles == cycles).map(own);
        assert_eq!(here.collect::<Vec<_>>(), alone.points.iter().map(own).collect::<Vec<_>>());
        let won = |e: &Exploration| -> Vec<(Objective, Point)> {
            let here = e.summary.winners.iter().filter(|w| w.period_cycles == cycles);
            here.map(|w| (w.objective, own(&e.points[w.point as usize]))).collect()
        };
        assert_eq!(won(&all), won(&alone));
    }
    // A rarer inference costs more each, but less power.
    let energy = |cycles| {
        let here = all.summary.winners.iter().find(|w| w.objective == Objective::Energy && w.period_cycles == cycles);
        let point = &all.points[here.unwrap().point as usize];
        (point.energy_pj, point.average_power_mw)
    };
    let [often, seldom] = [1_000_000, 20_000_000].map(energy);
    assert!(seldom.0 > often.0 && seldom.1 < often.1);
}

#[test]
fn the_mix_weighs_its_workloads() {
    let weighted = format!(
        "{STUDY}workloads = [\"gpt\", \"qwen\"]\nweights = [3, 1]\nobjectives = [\"mean-energy\", \"worst-energy\"]\n"
    );
    let exploration = explored(&weighted, runs(), false);
    for point in &exploration.points {
        let parts: Vec<_> = exploration.workloads.iter().filter(|w| w.point == point.point).collect();
        let [gpt, qwen] = [parts[0], parts[1]];
        assert_eq!((gpt.workload.as_str(), qwen.workload.as_str()), ("gpt", "qwen"));
        let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-12;
        assert!(close(point.mean_energy_pj, (3.0 * gpt.energy_pj + qwen.energy_pj) / 4.0));
        assert!(close(point.worst_energy_pj, gpt.energy_pj.max(qwen.energy_pj)));
        // pJ over ns at 1 GHz are mW.
        let time = (3 * gpt.charged_cycles + qwen.charged_cycles) as f64;
        assert!(close(point.average_power_mw, (3.0 * gpt.energy_pj + qwen.energy_pj) / time));
        assert!(close(gpt.energy_per_token_pj * 50.0, gpt.energy_pj), "48 tokens of prompt, 2 generated");
    }
    let best = |objective, value: fn(&Point) -> f64| {
        let won = exploration.summary.winners.iter().find(|w| w.objective == objective).unwrap().point;
        let placed = exploration.points.iter().filter(|p| !p.is_bound());
        assert!(placed.clone().all(|p| value(&exploration.points[won as usize]) <= value(p)));
    };
    best(Objective::MeanEnergy, |p| p.mean_energy_pj);
    best(Objective::WorstEnergy, |p| p.worst_energy_pj);
    let summary = &exploration.summary.workloads[0];
    assert_eq!(summary.tokens, 50);
    assert!(summary.first_token_cycles.unwrap() < summary.cycles && summary.cycles_per_token.unwrap() > 0.0);
}

/// Row of the point of least energy of a study in which one thing is different. Thresholds are in cycles, so nothing else is.
fn winner(change: &str) -> u64 {
    let exploration = explored(&format!("{STUDY}{change}\n"), runs(), false);
    let placed = exploration.points.iter().filter(|p| !p.is_bound());
    placed.min_by(|a, b| a.energy_pj.total_cmp(&b.energy_pj)).unwrap().point
}

#[test]
fn a_sensitivity_is_what_other_studies_find() {
    let exploration = explored(STUDY, runs(), false);
    let find = |quantity| exploration.summary.sensitivity.iter().find(|s| s.quantity == quantity).unwrap();
    let check = |s: &Sensitivity, change: &dyn Fn(f64) -> String| {
        assert_eq!(winner(&change(s.nominal)), s.winner);
        assert_eq!(s.survives, s.below.is_none() && s.above.is_none());
        for (crossing, end) in [(s.below, s.from), (s.above, s.to)] {
            let Some(crossing) = crossing else {
                assert_eq!(winner(&change(end)), s.winner, "{s}");
                continue;
            };
            let step = if s.quantity == Quantity::Temperature { 1.01 / crossing.at } else { 1e-6 };
            let towards = if crossing.at > s.nominal { 1.0 - step } else { 1.0 + step };
            assert_eq!(winner(&change(crossing.at * towards)), s.winner, "before it: {s}");
            assert_eq!(winner(&change(crossing.at / towards)), crossing.point, "beyond it: {s}");
        }
    };
    check(find(Quantity::Leakage), &|factor| format!("leakage_scale = {factor:?}"));
    check(find(Quantity::Kappa), &|kappa| format!("kappa = {kappa:?}"));
    check(find(Quantity::Temperature), &|kelvin| format!("temperature = \"{kelvin} K\""));
}

/// One technology that leaks much and is cheap to access against one that leaks little: leakage decides.
#[test]
fn a_winner_that_falls_says_where() {
    let study = STUDY.replace("[\"never\", { timeout = { retention = 100, off = 500 } }, \"mask\"]", "\"never\"");
    let exploration = explored(&study, runs(), false);
    let leakage = &exploration.summary.sensitivity[0];
    let text = leakage.to_string();
    assert!(text.contains(if leakage.survives { ": yes" } else { ": no" }), "{text}");
    let least = |factor: f64| {
        let energy = |p: &Point| p.energy_pj + (factor - 1.0) * p.macro_leakage_pj();
        let placed = exploration.points.iter().filter(|p| !p.is_bound());
        placed.min_by(|a, b| energy(a).total_cmp(&energy(b))).unwrap().point
    };
    assert_eq!(leakage.survives, least(1.0 / 3.0) == leakage.winner && least(3.0) == leakage.winner);
}

#[test]
fn weights_must_match_the_workloads() {
    let refused = |more: &str| Study::parse(&Source::new("study.toml", format!("{STUDY}{more}\n"))).unwrap_err();
    for more in
        ["weights = [1, 2]", "workloads = [\"a\"]\nweights = [0]", "workloads = [\"a\"]\nweights = [-1]", "period = []"]
    {
        assert!(matches!(refused(more), trapti::Error::Input(problems) if problems.len() == 1), "{more}");
    }
}
