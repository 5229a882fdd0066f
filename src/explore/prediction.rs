//! The prediction of a point: its runs played event by event, and what the estimate was off by.

use super::demand::subjects;
use super::evaluate::{policy, timing};
use super::exploration::{Exploration, FrontPoint, PredictedPoint};
use super::gap::Gate;
use super::placed::{compile, placement};
use super::point::Point;
use super::predict::predict_tables;
use super::schedule::{Player, Timeline, start_events};
use super::search::Search;
use super::select::{memory_of, refuse, rule_of};
use super::study::{PlacementRule, PolicyRule, Study};
use super::tabulate::Plan;
use super::version::{Version, Versions};
use crate::error::Result;
use crate::power::{
    Activity, BankedMemory, Class, Controller, Policy, SCHEDULE_DEPTH, StartTable, Stimulus, Totals, TransitionCycles,
    energy,
};
use crate::sram::SramModel;
use crate::trace::Run;
use crate::units::{Bytes, Cycles};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Plays every run against every point on the front.
pub(super) fn predict_front(exploration: &mut Exploration, search: &Search<'_, '_>) -> Result<()> {
    let rows: Vec<u64> = exploration.summary.front.iter().map(|f| f.point).collect();
    let predictions = predictions(exploration, &rows, search)?;
    for front in &mut exploration.summary.front {
        front.prediction = predictions.get(&front.point).cloned();
    }
    exploration.note(&predictions);
    exploration.summary.predicted = true;
    Ok(())
}

/// Plays every run against points that are asked for and notes the result in the exploration; those already predicted are left.
///
/// # Errors
/// A point that does not exist or has no addresses; runs or a characterisation that the exploration was not made from.
pub fn predict_points(
    exploration: &mut Exploration,
    points: &[u64],
    runs: &[Run],
    model: &dyn SramModel,
) -> Result<()> {
    if !exploration.summary.study.has_rtl() {
        let message =
            format!("no-rtl: memories of {} macros are estimated alone", exploration.summary.study.macro_ports);
        return Err(refuse(message, "what is played is the RTL's memory; explore with `macro_ports = \"1rw\"`"));
    }
    let mut asked = Vec::new();
    for &row in points {
        let last = exploration.summary.points.saturating_sub(1);
        match exploration.point(row) {
            None => return Err(refuse(format!("there is no point {row}"), &format!("points are 0 to {last}"))),
            Some(point) if point.is_bound() => {
                return Err(refuse(format!("point {row} is a bound: it has no addresses to play"), "choose another"));
            }
            Some(point) if point.predicted_cycles == 0 => asked.push(row),
            Some(_) => {}
        }
    }
    let study = exploration.summary.study.clone();
    let subjects = subjects(&study, runs)?;
    let search = Search { study: &study, model, subjects: &subjects };
    let found = predictions(exploration, &asked, &search)?;
    exploration.note(&found);
    let row = |(point, prediction)| FrontPoint { point, prediction: Some(prediction) };
    exploration.summary.asked.extend(found.into_iter().map(row));
    exploration.summary.asked.sort_by_key(|p| p.point);
    Ok(())
}

/// What decides about cycles in a memory of a study.
pub fn controller(study: &Study, memory: &BankedMemory, policy: Policy) -> Controller {
    let (timing, switch) = timing(study, memory);
    let (organisation, states) = (memory.organisation, study.states);
    Controller { organisation, timing, switch, states, policy, reset_on: false }
}

/// Plays every run against each of some points; bounds have no prediction, nor have memories without RTL.
///
/// # Errors
/// Runs that the exploration was not made from.
pub(super) fn predictions(
    exploration: &Exploration,
    rows: &[u64],
    search: &Search<'_, '_>,
) -> Result<BTreeMap<u64, PredictedPoint>> {
    let mut points: Vec<&Point> = rows.iter().filter_map(|row| exploration.point(*row)).collect();
    points.retain(|point| !point.is_bound());
    if !search.study.has_rtl() {
        points.clear();
    }
    let latency = |p: &Point| search.latency(p.read_latency_cycles);
    points.sort_by_key(|p| (latency(p), p.capacity_bytes, &p.placement, p.domains, p.point));
    let mut found = BTreeMap::new();
    for same in points.chunk_by(|a, b| latency(a) == latency(b)) {
        let versions = Versions::new(search.subjects, latency(same[0]), search.wanted(false))?;
        for same in same.chunk_by(|a, b| a.capacity_bytes == b.capacity_bytes) {
            let tight = versions.tight(Bytes(same[0].capacity_bytes))?;
            let runs: std::result::Result<Vec<_>, _> = versions.fitting(&tight).into_iter().collect();
            let mut stage = Stage { exploration, search, runs: runs.unwrap_or_default(), played: Vec::new() };
            for same in same.chunk_by(|a, b| (a.domains, &a.placement) == (b.domains, &b.placement)) {
                found.extend(stage.play(same)?);
            }
        }
    }
    Ok(found)
}

/// Runs at addresses, ready to be played.
struct Stage<'a, 'r> {
    exploration: &'a Exploration,
    search: &'a Search<'a, 'r>,
    runs: Vec<&'a Version<'r>>,
    /// What is played, one a run.
    played: Vec<Played>,
}

/// A run at addresses.
struct Played {
    /// Digest of the placement.
    digest: String,
    stimulus: Stimulus,
    /// Idle intervals in time in one geometry, if a schedule is played.
    timeline: Option<Timeline>,
}

impl Stage<'_, '_> {
    /// Plays points of one geometry and placement rule.
    fn play(&mut self, points: &[&Point]) -> Result<Vec<(u64, PredictedPoint)>> {
        if !self.place(points[0])? {
            return Ok(Vec::new());
        }
        if points.iter().any(|point| point.policy == PolicyRule::Scheduled.to_string()) {
            self.find_gaps(points[0]);
        }
        let predict = |point: &&Point| self.predict(point).map(|prediction| (point.point, prediction));
        points.par_iter().map(predict).collect()
    }

    /// Places the runs as a point has them; no if one has no place.
    fn place(&mut self, point: &Point) -> Result<bool> {
        let (capacity, domains) = (Bytes(point.capacity_bytes), point.domains as u32);
        let named = PlacementRule::NAMES.iter().find(|(name, _)| *name == point.placement);
        let Some(rule) = named.and_then(|(_, rule)| rule.placed()) else { return Ok(false) };
        for (index, run) in self.runs.iter().enumerate() {
            let subject = run.subject();
            let Ok(placement) = placement(&subject, rule, capacity, domains)? else { return Ok(false) };
            let digest = placement.digest();
            if self.played.get(index).is_none_or(|played| played.digest != digest) {
                let fresh = Played { digest, stimulus: compile(&subject, &placement)?, timeline: None };
                match self.played.get_mut(index) {
                    Some(old) => *old = fresh,
                    None => self.played.push(fresh),
                }
            }
        }
        Ok(!self.runs.is_empty())
    }

    /// Idle intervals of the runs in the geometry of a point.
    fn find_gaps(&mut self, point: &Point) {
        let word_bytes = u64::from(self.search.port().word_bits / 8);
        let domain_words = point.capacity_bytes / word_bytes / point.domains;
        for (run, played) in self.runs.iter().zip(&mut self.played) {
            let plan = Plan::new(&played.stimulus);
            let cycles = run.demand.cycles.max(plan.cycles);
            let gaps = plan.gaps(point.domains as u32, domain_words, cycles);
            let events = start_events(run.subject().run, &played.stimulus);
            played.timeline = Some(Timeline { gaps, events, cycles });
        }
    }

    fn predict(&self, point: &Point) -> Result<PredictedPoint> {
        let study = self.search.study;
        let memory = memory_of(self.exploration, point, self.search.model)?;
        let (timing, switch) = timing(study, &memory);
        let rule = rule_of(self.exploration, point)?;
        let policy = policy(&rule, &memory, &TransitionCycles::of(&timing, switch));
        let controller = controller(study, &memory, policy);
        let gate = Gate::new(&policy, study.states);
        let player = Player { memory: &memory, states: study.states, timing, delays: switch, gate };
        let one = |(run, played): (&&Version<'_>, &Played)| -> Result<(Activity, f64)> {
            let tables =
                if policy.schedule_depth() > 0 { played.tables(&player, point, run.name()) } else { Vec::new() };
            let activity = predict_tables(&played.stimulus, &tables, &controller, &mut |_| {})?;
            let energy_pj = predicted_energy(&activity, point.period_cycles, run, &memory, &controller);
            Ok((activity, energy_pj))
        };
        let played: Vec<(Activity, f64)> = self.runs.par_iter().zip(&self.played).map(one).collect::<Result<_>>()?;
        Ok(compare(point, &played))
    }
}

impl Played {
    /// The tables of a scheduled point.
    fn tables(&self, player: &Player<'_>, point: &Point, workload: &str) -> Vec<StartTable> {
        let Some(timeline) = &self.timeline else { return Vec::new() };
        let schedule = timeline.extended(point.period_cycles).schedule(player, SCHEDULE_DEPTH, workload);
        self.stimulus.start_tables(&schedule)
    }
}

/// Energy of exact counters; what is left of the period is spent in the state that the policy reaches in an empty memory.
fn predicted_energy(
    activity: &Activity,
    period: u64,
    run: &Version<'_>,
    memory: &BankedMemory,
    controller: &Controller,
) -> f64 {
    let mut totals = Totals::of(activity, run.demand.dram_bytes);
    let rest = Cycles(period).saturating_sub(activity.cycles);
    let state = Gate::new(&controller.policy, controller.states).target(u64::MAX, false);
    let class =
        if controller.policy.schedule_depth() > 0 { Class::Off } else { state.map_or(Class::On, |s| s.class()) };
    totals.class_cycles[class as usize] += rest * activity.domains.len() as u64;
    totals.cycles += rest;
    totals.stall_cycles = activity.cycles.saturating_sub(Cycles(run.demand.cycles));
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
