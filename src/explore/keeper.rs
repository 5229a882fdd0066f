//! Which points can matter for what follows from a study; the others are written and forgotten.

use super::exploration::Exploration;
use super::pareto::value;
use super::point::{Detailed, Point};
use super::sensitivity::{KAPPA, LEAKAGE};
use super::study::{Objective, Study};
use crate::units::Hertz;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Values that a point is compared by; less is better, unused ones are equal.
type Values = [f64; Objective::NAMES.len()];

/// Points of which none is as good as another in everything; of equals the first.
#[derive(Default)]
struct Front(Vec<(Values, Arc<Detailed>)>);

/// What a front is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Aspect {
    /// The objectives of the study.
    Objectives,
    /// Energy with least and most leakage: whatever lies between, the best is among these.
    Leakage,
    /// Energy with least and greatest κ.
    Kappa,
    /// Leakage and all other energy in one technology, by its number: temperature changes all leakage of a technology by one factor, so
    /// whatever it is, the best is among these.
    Temperature(usize),
}

/// Points that may be on a front, win, or take over under other leakage, κ or temperature.
///
/// Memory grows with what distinguishes points, at most with the distinct idle intervals of the geometries, and not with their number.
pub(super) struct Keeper {
    objectives: Vec<Objective>,
    first_period: u64,
    kappa: f64,
    technologies: Vec<String>,
    /// By kind (bounds apart), period and aspect.
    fronts: BTreeMap<(bool, u64, Aspect), Front>,
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

    /// Keeps a point if it can matter; points come in their order.
    pub fn offer(&mut self, detailed: &Detailed) {
        let point = &detailed.0;
        let mut kept = None;
        for (aspect, values) in self.aspects(point).into_iter().flatten() {
            let front = self.fronts.entry((point.is_bound(), point.period_cycles, aspect)).or_default();
            if !front.refuses(&values) {
                front.add(values, kept.get_or_insert_with(|| Arc::new(detailed.clone())).clone());
            }
        }
    }

    fn aspects(&self, point: &Point) -> [Option<(Aspect, Values)>; 4] {
        let mut objectives = Values::default();
        for (place, objective) in objectives.iter_mut().zip(&self.objectives) {
            *place = value(point, *objective);
        }
        let objectives = Some((Aspect::Objectives, objectives));
        if point.period_cycles != self.first_period {
            return [objectives, None, None, None];
        }
        let two = |a: f64, b: f64| [a, b, 0.0, 0.0, 0.0];
        let line = |part: f64, nominal: f64, (from, to): (f64, f64)| {
            let (rest, slope) = (point.energy_pj - part, part / nominal);
            two(rest + slope * from, rest + slope * to)
        };
        let leakage = (Aspect::Leakage, line(point.macro_leakage_pj(), 1.0, LEAKAGE));
        let kappa = (Aspect::Kappa, line(point.transitions_pj, self.kappa, KAPPA));
        let leaked = point.macro_leakage_pj() + point.interconnect_leakage_pj + point.controller_leakage_pj;
        let technology = self.technologies.iter().position(|name| *name == point.technology);
        let temperature = technology.map(|t| (Aspect::Temperature(t), two(point.energy_pj - leaked, leaked)));
        [objectives, Some(leakage), (self.kappa > 0.0).then_some(kappa), temperature]
    }

    /// Hands over what was kept, in order of the points.
    pub fn keep(self, exploration: &mut Exploration) {
        let mut kept: BTreeMap<u64, Arc<Detailed>> = BTreeMap::new();
        for (_, point) in self.fronts.into_values().flat_map(|front| front.0) {
            kept.insert(point.0.point, point);
        }
        for detailed in kept.into_values() {
            let (point, parts) = Arc::unwrap_or_clone(detailed);
            exploration.points.push(point);
            exploration.workloads.extend(parts);
        }
    }
}
