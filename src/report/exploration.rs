//! The study: every point, the front, the winner's energy against its bounds.

use super::energy::{Breakdown, breakdown, joules};
use super::peaks::duration;
use crate::explore::{Exploration, InfeasiblePoint, Objective, Point};
use crate::units::{Bytes, Hertz, grouped};
use serde::Serialize;
use std::collections::BTreeMap;

/// Cells along each axis in which dominated points are thinned out: the best of a cell stays.
const CELLS: f64 = 60.0;
/// Most rows of the table of the front.
const ROWS: usize = 40;

/// What the page shows of an exploration.
#[derive(Debug, Serialize)]
pub(super) struct ExplorationView {
    memory: String,
    points: String,
    infeasible: Vec<(String, usize)>,
    sensitivity: Vec<String>,
    winners: Vec<WinnerView>,
    front: Vec<FrontRow>,
    front_total: usize,
    pareto: Pareto,
    breakdown: Option<Breakdown>,
}

/// Coordinates of the chart, energies in picojoules.
#[derive(Debug, Serialize)]
pub(super) struct Pareto {
    front: Vec<Dot>,
    bounds: Vec<Dot>,
    others: Vec<Dot>,
    hidden: usize,
    chosen: Option<u64>,
}

#[derive(Debug, Clone, Serialize)]
struct Dot {
    point: u64,
    energy_pj: f64,
    area_mm2: f64,
    text: String,
}

#[derive(Debug, Serialize)]
struct WinnerView {
    objective: String,
    point: u64,
    text: String,
}

#[derive(Debug, Serialize)]
struct FrontRow {
    point: u64,
    organisation: String,
    policy: String,
    energy: String,
    saving: String,
    area: String,
    latency: String,
    predicted: String,
    error: String,
    chosen: bool,
}

/// `chosen` is the point of the selected design; without one, the point of least energy is explained.
pub(super) fn view(exploration: &Exploration, chosen: Option<u64>) -> ExplorationView {
    let summary = &exploration.summary;
    let least = summary.winners.iter().find(|w| w.objective == Objective::Energy).map(|w| w.point);
    let explained = chosen.or(least).filter(|point| exploration.point(*point).is_some());
    let front: Vec<&Point> = summary.front.iter().filter_map(|front| exploration.point(front.point)).collect();
    let rows = front.iter().zip(&summary.front).take(ROWS);
    ExplorationView {
        memory: summary.memory.clone(),
        points: grouped(summary.points),
        infeasible: reasons(&summary.infeasible),
        sensitivity: summary.sensitivity.iter().map(ToString::to_string).collect(),
        winners: summary.winners.iter().filter_map(|w| winner(exploration, w.objective, w.point)).collect(),
        front: rows.map(|(point, told)| row(point, told.prediction.as_ref(), explained, summary.port.clock)).collect(),
        front_total: front.len(),
        pareto: pareto(exploration, &front, explained),
        breakdown: explained.and_then(|point| exploration.point(point)).map(breakdown),
    }
}

fn reasons(infeasible: &[InfeasiblePoint]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    infeasible.iter().for_each(|point| *counts.entry(&point.reason).or_default() += 1);
    let mut listed: Vec<(String, usize)> = counts.into_iter().map(|(reason, n)| (reason.to_owned(), n)).collect();
    listed.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    listed
}

fn winner(exploration: &Exploration, objective: Objective, point: u64) -> Option<WinnerView> {
    let objective = objective.to_string();
    exploration.point(point).map(|p| WinnerView { objective, point, text: describe(p) })
}

/// One line that says what a point is.
fn describe(point: &Point) -> String {
    format!(
        "{}, {} of {}, {} placement, {}; {}, {:.3} mm²",
        organisation(point),
        grouped(point.macro_rows * point.macro_columns * point.interleave * point.domains),
        Bytes(point.macro_bytes).human(),
        point.placement,
        point.policy,
        joules(point.energy_pj),
        point.area_mm2
    )
}

fn organisation(point: &Point) -> String {
    let capacity = Bytes(point.capacity_bytes).human();
    format!("{} {capacity}, {} domains × {} banks", point.technology, point.domains, point.interleave)
}

fn row(
    point: &Point,
    prediction: Option<&crate::explore::PredictedPoint>,
    chosen: Option<u64>,
    clock: Hertz,
) -> FrontRow {
    let time = |cycles: u64| duration(clock.period().0 * cycles as f64);
    let percent = |share: f64| format!("{:+.2} %", 100.0 * share);
    FrontRow {
        point: point.point,
        organisation: organisation(point),
        policy: format!("{}, {}", point.policy, point.placement),
        energy: joules(point.energy_pj),
        saving: percent(point.energy_pj / point.never_pj - 1.0),
        area: format!("{:.3}", point.area_mm2),
        latency: format!("{} = {}", grouped(point.latency_cycles()), time(point.latency_cycles())),
        predicted: prediction.map_or("not played".into(), |p| joules(p.energy_pj)),
        error: prediction.map_or(String::new(), |p| percent(p.energy_error)),
        chosen: Some(point.point) == chosen,
    }
}

fn pareto(exploration: &Exploration, front: &[&Point], chosen: Option<u64>) -> Pareto {
    let on_front: Vec<u64> = front.iter().map(|point| point.point).collect();
    let mut dots: Vec<Dot> = front.iter().map(|point| dot(point)).collect();
    dots.sort_by(|a, b| a.area_mm2.total_cmp(&b.area_mm2).then(a.energy_pj.total_cmp(&b.energy_pj)));
    let rest = exploration.points.iter().filter(|point| !point.is_bound() && !on_front.contains(&point.point));
    let rest: Vec<&Point> = rest.collect();
    let others = thinned(&rest);
    let bounds = exploration.summary.bound_front.iter().filter_map(|point| exploration.point(*point));
    Pareto { front: dots, bounds: bounds.map(dot).collect(), hidden: rest.len() - others.len(), others, chosen }
}

fn dot(point: &Point) -> Dot {
    let text = format!("point {}: {}", point.point, describe(point));
    Dot { point: point.point, energy_pj: point.energy_pj, area_mm2: point.area_mm2, text }
}

/// The point of least energy of each cell of a logarithmic grid.
fn thinned(points: &[&Point]) -> Vec<Dot> {
    let cell = |value: f64, most: f64| ((value.max(most * 1e-6) / most).ln() * CELLS / 4.0).floor() as i64;
    let most = |of: fn(&Point) -> f64| points.iter().map(|p| of(p)).fold(f64::MIN_POSITIVE, f64::max);
    let (energy, area) = (most(|p| p.energy_pj), most(|p| p.area_mm2));
    let mut best: BTreeMap<(i64, i64), &Point> = BTreeMap::new();
    for point in points {
        let kept = best.entry((cell(point.energy_pj, energy), cell(point.area_mm2, area))).or_insert(point);
        if point.energy_pj < kept.energy_pj {
            *kept = point;
        }
    }
    best.into_values().map(dot).collect()
}
