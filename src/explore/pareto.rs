//! Which points nothing else beats.

use super::point::Point;
use super::study::Objective;

/// Value of an objective; less is better.
pub fn value(point: &Point, objective: Objective) -> f64 {
    match objective {
        Objective::Energy => point.energy_pj,
        Objective::MeanEnergy => point.mean_energy_pj,
        Objective::WorstEnergy => point.worst_energy_pj,
        Objective::Area => point.area_mm2,
        Objective::Latency => (point.cycles + point.stall_bound_cycles) as f64,
    }
}

fn values(point: &Point, objectives: &[Objective]) -> Vec<f64> {
    objectives.iter().map(|o| value(point, *o)).collect()
}

fn as_good(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(x, y)| x <= y)
}

/// Points on the Pareto front, ascending in the objectives: no other point is as good in all. Of equal ones the first stands for all.
pub fn front<'p>(points: impl IntoIterator<Item = &'p Point>, objectives: &[Objective]) -> Vec<&'p Point> {
    let mut sorted: Vec<(Vec<f64>, &Point)> = points.into_iter().map(|p| (values(p, objectives), p)).collect();
    sorted.sort_by(|a, b| order(&a.0, &b.0).then(a.1.point.cmp(&b.1.point)));
    let mut front: Vec<(Vec<f64>, &Point)> = Vec::new();
    for (candidate, point) in sorted {
        // Whoever is as good comes before in this order.
        if !front.iter().any(|(f, _)| as_good(f, &candidate)) {
            front.push((candidate, point));
        }
    }
    front.into_iter().map(|(_, p)| p).collect()
}

/// The best point for one objective; the others decide a tie in their order, then the row.
pub fn winner<'p>(
    points: impl IntoIterator<Item = &'p Point>,
    objective: Objective,
    objectives: &[Objective],
) -> Option<&'p Point> {
    let ranking: Vec<Objective> =
        std::iter::once(objective).chain(objectives.iter().copied().filter(|o| *o != objective)).collect();
    let key = |p: &Point| values(p, &ranking);
    points.into_iter().min_by(|a, b| order(&key(a), &key(b)).then(a.point.cmp(&b.point)))
}

fn order(a: &[f64], b: &[f64]) -> std::cmp::Ordering {
    a.iter().zip(b).map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Objective::{Area, Energy, Latency};

    fn point(point: u64, energy_pj: f64, area_mm2: f64, cycles: u64) -> Point {
        Point { point, energy_pj, area_mm2, cycles, ..Point::default() }
    }

    #[test]
    fn the_front_is_what_nothing_beats() {
        let all = [
            point(0, 3.0, 1.0, 5),
            point(1, 1.0, 3.0, 5),
            point(2, 3.0, 3.0, 5),
            point(3, 2.0, 2.0, 9),
            point(4, 1.0, 3.0, 5),
        ];
        let rows = |objectives: &[Objective]| front(&all, objectives).iter().map(|p| p.point).collect::<Vec<_>>();
        assert_eq!(rows(&[Energy, Area]), [1, 3, 0]);
        assert_eq!(rows(&[Energy, Area, Latency]), [1, 3, 0]);
        assert_eq!(rows(&[Latency]), [0]);
        assert_eq!(winner(&all, Latency, &[Energy, Area, Latency]).unwrap().point, 1);
    }
}
