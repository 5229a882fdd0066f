//! Whether the point of least energy stays the best when what is least certain is different: leakage, rail capacitance,
//! temperature. Thresholds and sleep times stay as they are; energies are estimates.

use super::exploration::Exploration;
use super::point::Point;
use crate::power::{BankedMemory, Class, organise};
use crate::sram::{SramModel, Technology};
use crate::units::{Bytes, Kelvin};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::collections::hash_map::Entry;
use std::fmt;

/// What may be different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// All macro leakage, as a factor.
    Leakage,
    /// κ: rail capacitance against the drain capacitance that the characterisation knows.
    Kappa,
    /// Temperature of the chip in kelvin.
    Temperature,
}

/// Where another point becomes the best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Crossing {
    /// Value of the quantity.
    pub at: f64,
    /// The point that is the best beyond it.
    pub point: u64,
}

/// Whether the point of least energy stays the best over a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sensitivity {
    /// What differs.
    pub quantity: Quantity,
    /// Lowest value.
    pub from: f64,
    /// Highest value.
    pub to: f64,
    /// Value of the study.
    pub nominal: f64,
    /// The point of least energy there.
    pub winner: u64,
    /// Whether it is the best from the lowest to the highest value.
    pub survives: bool,
    /// Nearest value below the study's where it is not.
    pub below: Option<Crossing>,
    /// Nearest value above it.
    pub above: Option<Crossing>,
}

/// Range of the factor on leakage: what estimators differ by.
pub(super) const LEAKAGE: (f64, f64) = (1.0 / 3.0, 3.0);
/// Range of κ.
pub(super) const KAPPA: (f64, f64) = (1.0, 4.0);
/// Range of the temperature, in kelvin, and the step in which it is searched.
const TEMPERATURE: (u32, u32, usize) = (300, 400, 10);

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Quantity::Leakage => "leakage",
            Quantity::Kappa => "kappa",
            Quantity::Temperature => "temperature",
        })
    }
}

impl fmt::Display for Sensitivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |at: f64| match self.quantity {
            Quantity::Leakage => format!("×{at:.3}"),
            Quantity::Kappa => format!("{at:.3}"),
            Quantity::Temperature => format!("{at:.0} K"),
        };
        let (from, to) = (value(self.from), value(self.to));
        let answer = if self.survives { "yes" } else { "no" };
        write!(f, "{} {from} to {to}: {answer}, point {}", self.quantity, self.winner)?;
        for (side, crossing) in [("below", self.below), ("above", self.above)] {
            if let Some(Crossing { at, point }) = crossing {
                write!(f, "; {side} {} point {point}", value(at))?;
            }
        }
        Ok(())
    }
}

/// Every sensitivity of the point of least energy among `points`; none without points.
pub(super) fn sensitivity(exploration: &Exploration, points: &[&Point], model: &dyn SramModel) -> Vec<Sensitivity> {
    let least = points.iter().min_by(|a, b| a.energy_pj.total_cmp(&b.energy_pj).then(a.point.cmp(&b.point)));
    let Some(winner) = least else { return Vec::new() };
    let kappa = exploration.summary.study.assumptions.kappa;
    let leakage = lines(points, |p| p.macro_leakage_pj(), 1.0);
    let mut found = vec![linear(Quantity::Leakage, LEAKAGE, 1.0, winner, &leakage)];
    if kappa > 0.0 {
        let wakes = lines(points, |p| p.transitions_pj, kappa);
        found.push(linear(Quantity::Kappa, KAPPA, kappa, winner, &wakes));
    }
    found.extend(temperature(exploration, points, winner, model));
    found
}

/// Energy of a point as a straight line: constant, slope.
type Line = (f64, f64, u64);

/// Energies over a quantity that is `nominal` now and that `part` of the energy is proportional to.
fn lines(points: &[&Point], part: impl Fn(&Point) -> f64, nominal: f64) -> Vec<Line> {
    points.iter().map(|p| (p.energy_pj - part(p), part(p) / nominal, p.point)).collect()
}

/// How the winner fares where every energy is a straight line.
fn linear(quantity: Quantity, (from, to): (f64, f64), nominal: f64, winner: &Point, lines: &[Line]) -> Sensitivity {
    let own = lines.iter().find(|line| line.2 == winner.point).expect("the winner is one of them");
    let crossing = |line: &&Line, upwards: bool| {
        let (gain, slope) = (line.0 - own.0, own.1 - line.1);
        let at = gain / slope;
        // Beyond it the other has the lower slope upwards, or the higher downwards.
        let beyond = if upwards { slope > 0.0 && at >= nominal } else { slope < 0.0 && at <= nominal };
        (beyond && (from..=to).contains(&at)).then_some(Crossing { at, point: line.2 })
    };
    let nearest = |upwards: bool| {
        let all = lines.iter().filter_map(|line| crossing(&line, upwards));
        all.min_by(|a, b| (a.at - nominal).abs().total_cmp(&(b.at - nominal).abs()).then(a.point.cmp(&b.point)))
    };
    let (below, above) = (nearest(false), nearest(true));
    let survives = below.is_none() && above.is_none();
    Sensitivity { quantity, from, to, nominal, winner: winner.point, survives, below, above }
}

/// How the winner fares at other temperatures: leakage of every memory is characterised again there.
fn temperature(
    exploration: &Exploration,
    points: &[&Point],
    winner: &Point,
    model: &dyn SramModel,
) -> Option<Sensitivity> {
    let nominal = exploration.summary.study.temperature.0;
    let now = Leakages::at(exploration, points, Kelvin(nominal), model)?;
    let best = |kelvin: f64| {
        let then = Leakages::at(exploration, points, Kelvin(kelvin), model)?;
        let energy = |p: &Point| then.energy(p, &now);
        let least =
            points.iter().map(|p| (energy(p), p.point)).min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))?;
        Some((least.1, least.0 < energy(winner)))
    };
    let steps: Vec<f64> = (TEMPERATURE.0..=TEMPERATURE.1).step_by(TEMPERATURE.2).map(f64::from).collect();
    let search = |order: &mut dyn Iterator<Item = f64>, end: u32| {
        let (mut last, mut reached) = (nominal, nominal);
        for kelvin in order {
            let Some((_, beaten)) = best(kelvin) else { break };
            if beaten {
                return (Some(bisect(last, kelvin, &best)), f64::from(end));
            }
            (last, reached) = (kelvin, kelvin);
        }
        (None, reached)
    };
    let (below, from) = search(&mut steps.iter().rev().copied().filter(|t| *t < nominal), TEMPERATURE.0);
    let (above, to) = search(&mut steps.iter().copied().filter(|t| *t > nominal), TEMPERATURE.1);
    let survives = below.is_none() && above.is_none();
    let quantity = Quantity::Temperature;
    Some(Sensitivity { quantity, from, to, nominal, winner: winner.point, survives, below, above })
}

/// The temperature to 1 K from which the winner, the best at `held`, is beaten, as it is at `beaten`.
fn bisect(mut held: f64, mut beaten: f64, best: &dyn Fn(f64) -> Option<(u64, bool)>) -> Crossing {
    while (beaten - held).abs() > 1.0 {
        let middle = (held + beaten) / 2.0;
        match best(middle) {
            Some((_, false)) => held = middle,
            _ => beaten = middle,
        }
    }
    Crossing { at: beaten, point: best(beaten).map_or(0, |b| b.0) }
}

/// What identifies a memory of a study.
type Key = (u64, u64, u64, Technology);

/// Memories of a study at one temperature.
struct Leakages(FxHashMap<Key, BankedMemory>);

fn key(point: &Point) -> Option<Key> {
    Some((point.capacity_bytes, point.domains, point.interleave, point.technology.parse().ok()?))
}

impl Leakages {
    /// `None` where one of the memories is not characterised.
    fn at(exploration: &Exploration, points: &[&Point], kelvin: Kelvin, model: &dyn SramModel) -> Option<Self> {
        let summary = &exploration.summary;
        let study = super::study::Study { temperature: kelvin, ..summary.study.clone() };
        let mut memories = FxHashMap::default();
        for point in points {
            let key = key(point)?;
            if let Entry::Vacant(place) = memories.entry(key) {
                let split = (point.domains as u32, point.interleave as u32);
                let spec = study.organisation(Bytes(point.capacity_bytes), split, key.3, summary.port);
                place.insert(organise(&spec, model).ok()?);
            }
        }
        Some(Self(memories))
    }

    /// Energy of a point with these leakages instead of those of the study.
    fn energy(&self, point: &Point, now: &Leakages) -> f64 {
        let Some((then, now)) = key(point).and_then(|key| Some((self.0.get(&key)?, now.0.get(&key)?))) else {
            return f64::INFINITY;
        };
        let ratio = |then: f64, now: f64| if now > 0.0 { then / now } else { 1.0 };
        let state = |class: Class, pj: f64| pj * (ratio(then.power.of(class).0, now.power.of(class).0) - 1.0);
        point.energy_pj
            + state(Class::On, point.leakage_on_pj)
            + state(Class::Light, point.leakage_light_pj)
            + state(Class::Retention, point.leakage_retention_pj)
            + state(Class::Off, point.leakage_off_pj)
            + point.interconnect_leakage_pj * (ratio(then.interconnect_leakage.0, now.interconnect_leakage.0) - 1.0)
            + point.controller_leakage_pj * (ratio(then.controller_leakage.0, now.controller_leakage.0) - 1.0)
    }
}
