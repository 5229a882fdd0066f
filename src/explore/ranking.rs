//! Fronts, winners and what they depend on.

use super::exploration::{Exploration, FrontPoint, Sensitivity, Winner};
use super::pareto::{front, least_energy, winner};
use super::point::Point;

/// Fronts, winners and sensitivity by the estimate.
pub(super) fn rank(exploration: &mut Exploration) {
    let objectives = exploration.summary.study.objectives.clone();
    let (bounds, placed): (Vec<&Point>, Vec<&Point>) = exploration.points.iter().partition(|p| p.is_bound());
    let rows = |points: &[&Point]| -> Vec<u64> {
        front(points.iter().copied(), &objectives).iter().map(|p| p.point).collect()
    };
    let (placed_front, bound_front) = (rows(&placed), rows(&bounds));
    let ranked = if placed.is_empty() { &bounds } else { &placed };
    let best = |objective| winner(ranked.iter().copied(), objective, &objectives);
    let winners: Vec<Winner> =
        objectives.iter().filter_map(|&o| best(o).map(|p| Winner { objective: o, point: p.point })).collect();
    let sensitivity = sensitivity(ranked);
    for row in placed_front.iter().chain(&bound_front) {
        exploration.points[*row as usize].on_front = 1;
    }
    let summary = &mut exploration.summary;
    summary.front = placed_front.into_iter().map(|point| FrontPoint { point, prediction: None }).collect();
    summary.bound_front = bound_front;
    summary.winners = winners;
    summary.sensitivity = sensitivity;
}

/// Winners among the front by what was predicted: the estimate only chose who is there.
pub(super) fn crown(exploration: &mut Exploration) {
    let objectives = exploration.summary.study.objectives.clone();
    let front = &exploration.summary.front;
    let predicted: Vec<Point> = front.iter().map(|f| exploration.points[f.point as usize].as_predicted()).collect();
    for place in &mut exploration.summary.winners {
        if let Some(best) = winner(&predicted, place.objective, &objectives) {
            place.point = best.point;
        }
    }
}

fn sensitivity(points: &[&Point]) -> Option<Sensitivity> {
    let least = |factor| least_energy(points.iter().copied(), factor).map(|p| p.point);
    let (third, nominal, triple) = (least(1.0 / 3.0)?, least(1.0)?, least(3.0)?);
    Some(Sensitivity { third, nominal, triple, survives: third == nominal && nominal == triple })
}
