//! The prediction of a point: its runs played event by event, and what the estimate was off by.

use super::evaluate::{policy, timing};
use super::exploration::{Exploration, PredictedPoint};
use super::gap::Gate;
use super::point::Point;
use super::predict::predict;
use super::search::Prepared;
use super::select::{memory_of, rule_of};
use super::study::Study;
use crate::error::Result;
use crate::power::{Activity, BankedMemory, Class, Controller, Policy, Totals, TransitionCycles, energy};
use crate::sram::SramModel;
use rayon::prelude::*;

/// Plays every run against every point on the front.
pub(super) fn predict_front(exploration: &mut Exploration, runs: &[Prepared<'_>], model: &dyn SramModel) -> Result<()> {
    let rows: Vec<u64> = exploration.summary.front.iter().map(|f| f.point).collect();
    let predict = |row: &u64| predict_point(exploration, &exploration.points[*row as usize], runs, model);
    let predictions: Vec<Option<PredictedPoint>> = rows.par_iter().map(predict).collect::<Result<_>>()?;
    for (front, prediction) in exploration.summary.front.iter_mut().zip(predictions) {
        let point = &mut exploration.points[front.point as usize];
        if let Some(prediction) = &prediction {
            point.predicted_energy_pj = prediction.energy_pj;
            point.predicted_cycles = prediction.cycles;
        }
        front.prediction = prediction;
    }
    Ok(())
}

/// What decides about cycles in a memory of a study.
pub fn controller(study: &Study, memory: &BankedMemory, policy: Policy) -> Controller {
    let (timing, switch) = timing(study, memory);
    let (organisation, states) = (memory.organisation, study.states);
    Controller { organisation, timing, switch, states, policy, reset_on: false }
}

fn predict_point(
    exploration: &Exploration,
    point: &Point,
    runs: &[Prepared<'_>],
    model: &dyn SramModel,
) -> Result<Option<PredictedPoint>> {
    let study = &exploration.summary.study;
    let memory = memory_of(exploration, point, model)?;
    let (timing, switch) = timing(study, &memory);
    let policy = policy(&rule_of(exploration, point)?, &memory, &TransitionCycles::of(&timing, switch));
    let controller = controller(study, &memory, policy);
    let one = |run: &Prepared<'_>| -> Result<Option<(Activity, f64)>> {
        let Some(Ok(placed)) = &run.placed else { return Ok(None) };
        let activity = predict(&placed.stimulus, &controller, &mut |_| {})?;
        let energy_pj = predicted_energy(&activity, run, &memory, &controller);
        Ok(Some((activity, energy_pj)))
    };
    let played: Option<Vec<(Activity, f64)>> =
        runs.par_iter().map(one).collect::<Result<Vec<_>>>()?.into_iter().collect();
    Ok(played.map(|played| compare(point, &played)))
}

/// Energy of exact counters; what is left of the period is spent in the state that the policy reaches in an empty memory.
fn predicted_energy(activity: &Activity, run: &Prepared<'_>, memory: &BankedMemory, controller: &Controller) -> f64 {
    let mut totals = Totals::of(activity, run.demand.dram_bytes);
    let rest = run.rest(activity.cycles);
    let state = Gate::new(&controller.policy, controller.states).target(u64::MAX, false);
    let class = state.map_or(Class::On, |s| s.class());
    totals.class_cycles[class as usize] += rest * activity.domains.len() as u64;
    totals.cycles += rest;
    energy(memory, &totals, run.demand.dram_energy_per_bit).total().0
}

fn compare(point: &Point, played: &[(Activity, f64)]) -> PredictedPoint {
    let sum = |count: fn(&Activity) -> u64| played.iter().map(|(a, _)| count(a)).sum::<u64>();
    let energy_pj: f64 = played.iter().map(|(_, e)| e).sum();
    let cycles = sum(|a| a.cycles.0);
    PredictedPoint {
        energy_pj,
        cycles,
        wake_stall_cycles: sum(|a| a.ports.iter().map(|p| p.stall_wake).sum()),
        conflict_stall_cycles: sum(|a| a.ports.iter().map(|p| p.stall_conflict).sum()),
        energy_error: point.energy_pj / energy_pj - 1.0,
        cycles_error: point.cycles as f64 / cycles as f64 - 1.0,
    }
}
