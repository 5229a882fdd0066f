//! Fronts and winners, each period on its own.

use super::exploration::{Exploration, FrontPoint, Winner};
use super::pareto::{front, winner};
use super::point::Point;
use super::sensitivity::sensitivity;
use crate::sram::SramModel;

/// Fronts, winners and sensitivity by the estimate.
pub(super) fn rank(exploration: &mut Exploration, model: &dyn SramModel) {
    let objectives = exploration.summary.study.objectives.clone();
    let (mut placed_front, mut bound_front, mut winners) = (Vec::new(), Vec::new(), Vec::new());
    for period in exploration.periods() {
        let here = exploration.points.iter().filter(|p| p.period_cycles == period);
        let (bounds, placed): (Vec<&Point>, Vec<&Point>) = here.partition(|p| p.is_bound());
        let rows = |points: &[&Point]| -> Vec<u64> {
            front(points.iter().copied(), &objectives).iter().map(|p| p.point).collect()
        };
        placed_front.extend(rows(&placed));
        bound_front.extend(rows(&bounds));
        let ranked = if placed.is_empty() { &bounds } else { &placed };
        let best = |objective| winner(ranked.iter().copied(), objective, &objectives);
        let won = |objective| best(objective).map(|p| Winner { objective, period_cycles: period, point: p.point });
        winners.extend(objectives.iter().filter_map(|&objective| won(objective)));
    }
    let sensitivity = sensitivity(exploration, &exploration.contestants(), model);
    for row in placed_front.iter().chain(&bound_front) {
        exploration.point_mut(*row).into_iter().for_each(|point| point.on_front = 1);
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
    let predicted: Vec<Point> = front.iter().filter_map(|f| Some(exploration.point(f.point)?.as_predicted())).collect();
    for place in &mut exploration.summary.winners {
        let here = predicted.iter().filter(|p| p.period_cycles == place.period_cycles);
        if let Some(best) = winner(here, place.objective, &objectives) {
            place.point = best.point;
        }
    }
}

impl Exploration {
    /// Periods in cycles, in the order of the study; 0 is back to back.
    pub fn periods(&self) -> Vec<u64> {
        self.summary.study.period_cycles(self.summary.port.clock)
    }

    /// Points of the study's first period: those with addresses, or the bounds if nothing has any.
    pub(super) fn contestants(&self) -> Vec<&Point> {
        let first = self.periods().first().copied().unwrap_or(0);
        let here = self.points.iter().filter(|p| p.period_cycles == first);
        let (bounds, placed): (Vec<&Point>, Vec<&Point>) = here.partition(|p| p.is_bound());
        if placed.is_empty() { bounds } else { placed }
    }
}
