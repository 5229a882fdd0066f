//! Which points can matter for what follows from a study; the others are written and forgotten.

use super::block::Block;
use super::exploration::Exploration;
use super::point::{Detailed, PointColumns};
use super::sensitivity::{KAPPA, LEAKAGE};
use super::study::{Objective, PlacementRule, Study};
use crate::units::Hertz;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Values that a point is compared by; less is better, unused ones are equal.
type Values = [f64; Objective::NAMES.len()];

/// Points of which none is as good as another in everything; of equals the first.
#[derive(Default)]
struct Front(Vec<(Values, Arc<Detailed>)>);

/// Fronts of the points of one kind (bounds or not) and one period: whoever may be the best, whatever changes.
#[derive(Default)]
struct Fronts {
    /// Over the objectives of the study.
    objectives: Front,
    /// Energy with least and most leakage: whatever lies between, the best is among these.
    leakage: Front,
    /// Energy with least and greatest κ.
    kappa: Front,
    /// For each technology: leakage that follows the whole macro, leakage that follows its cells, all other energy. Temperature
    /// changes each by a factor of the technology; whatever these are, the best is among these.
    temperature: Vec<Front>,
}

/// Points that may be on a front, win, or take over under other leakage, κ or temperature.
///
/// Memory grows with what distinguishes points, at most with the distinct idle intervals of the geometries, and not with their number.
pub(super) struct Keeper {
    objectives: Vec<Objective>,
    first_period: u64,
    kappa: f64,
    technologies: Vec<String>,
    /// By kind (bounds apart) and period.
    fronts: BTreeMap<(bool, u64), Fronts>,
}

impl Front {
    fn refuses(&mut self, values: &Values) -> bool {
        let better = |(other, _): &(Values, Arc<Detailed>)| other.iter().zip(values).all(|(o, v)| o <= v);
        let Some(at) = self.0.iter().position(better) else { return false };
        // Who refuses one refuses the next, most likely.
        self.0.swap(at, at / 2);
        true
    }

    fn add(&mut self, values: Values, point: Arc<Detailed>) {
        self.0.retain(|(other, _)| !values.iter().zip(other).all(|(v, o)| v <= o));
        self.0.push((values, point));
    }
}

impl Fronts {
    fn into_points(self) -> impl Iterator<Item = (Values, Arc<Detailed>)> {
        let single = [self.objectives, self.leakage, self.kappa];
        single.into_iter().chain(self.temperature).flat_map(|front| front.0)
    }
}

fn objectives(points: &PointColumns, row: usize, objectives: &[Objective]) -> Values {
    let mut values = Values::default();
    for (place, objective) in values.iter_mut().zip(objectives) {
        *place = points.value(row, *objective);
    }
    values
}

/// Energy at both ends of a range of a quantity that is `nominal` now and that `part` of the energy is proportional to.
fn line(energy: f64, part: f64, nominal: f64, (from, to): (f64, f64)) -> Values {
    let (rest, slope) = (energy - part, part / nominal);
    [rest + slope * from, rest + slope * to, 0.0, 0.0, 0.0]
}

/// Leakage by what it follows over temperature, and what does not change: LIGHT and retention leak what the cells leak, the others what the
/// whole macro or logic does.
fn heated(points: &PointColumns, row: usize) -> Values {
    let cells = points.leakage_light_pj[row] + points.leakage_retention_pj[row];
    let whole = points.leakage_on_pj[row]
        + points.leakage_off_pj[row]
        + points.interconnect_leakage_pj[row]
        + points.controller_leakage_pj[row];
    [points.energy_pj[row] - cells - whole, cells, whole, 0.0, 0.0]
}

impl Keeper {
    /// Nothing kept yet.
    pub fn new(study: &Study, clock: Hertz) -> Self {
        Self {
            objectives: study.objectives.clone(),
            first_period: study.period_cycles(clock).first().copied().unwrap_or(0),
            kappa: study.assumptions.kappa,
            technologies: study.technologies.iter().map(ToString::to_string).collect(),
            fronts: BTreeMap::new(),
        }
    }

    /// Keeps the points that can matter; they come in their order, those of a block are of one kind and period.
    pub fn offer(&mut self, block: &Block) {
        let points = &block.points;
        let (Some(placement), Some(&period)) = (points.placement.iter().next(), points.period_cycles.first()) else {
            return;
        };
        let fronts = self.fronts.entry((placement == PlacementRule::Ideal.to_string(), period)).or_default();
        fronts.temperature.resize_with(self.technologies.len(), Front::default);
        for row in 0..points.rows() {
            let mut kept = None;
            let mut offer = |front: &mut Front, values: Values| {
                if !front.refuses(&values) {
                    front.add(values, kept.get_or_insert_with(|| Arc::new(block.detailed(row))).clone());
                }
            };
            offer(&mut fronts.objectives, objectives(points, row, &self.objectives));
            if period != self.first_period {
                continue;
            }
            let (energy, leaked) = (points.energy_pj[row], points.macro_leakage_pj(row));
            offer(&mut fronts.leakage, line(energy, leaked, 1.0, LEAKAGE));
            if self.kappa > 0.0 {
                offer(&mut fronts.kappa, line(energy, points.transitions_pj[row], self.kappa, KAPPA));
            }
            let technology = points.technology.get(row);
            if let Some(technology) = self.technologies.iter().position(|name| name == technology) {
                offer(&mut fronts.temperature[technology], heated(points, row));
            }
        }
    }

    /// Hands over what was kept, in order of the points.
    pub fn keep(self, exploration: &mut Exploration) {
        let mut kept: BTreeMap<u64, Arc<Detailed>> = BTreeMap::new();
        for (_, point) in self.fronts.into_values().flat_map(Fronts::into_points) {
            kept.insert(point.0.point, point);
        }
        for detailed in kept.into_values() {
            let (point, parts) = Arc::unwrap_or_clone(detailed);
            exploration.points.push(point);
            exploration.workloads.extend(parts);
        }
    }
}
