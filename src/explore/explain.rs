//! Why a point costs what it costs: idle intervals against break-even, who keeps which domain awake, what a change would buy.

use super::demand::subjects;
use super::evaluate::{Scene, policy, timing};
use super::exploration::{Exploration, Summary};
use super::gap::{Gap, Gate};
use super::geometry::Geometry;
use super::placed::placement;
use super::point::Point;
use super::schedule::Player;
use super::search::Search;
use super::select::{memory_of, refuse, rule_of};
use super::study::{PlacementRule, PolicyRule, Study};
use super::version::{Version, Versions};
use crate::error::Result;
use crate::ids::LifetimeId;
use crate::power::place::Rule;
use crate::power::{Placement, SCHEDULE_DEPTH, Schedule, Sleep, TransitionCycles, break_even};
use crate::sram::SramModel;
use crate::trace::Run;
use crate::units::{Bytes, Hertz, Nanoseconds};
use serde::Serialize;
use std::collections::BTreeMap;

/// Everything that explains a point.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Explanation {
    /// The point, energy term by term.
    pub point: Point,
    /// Idle time from which LIGHT, retention and OFF pay in this memory, in cycles; null: never.
    pub break_even_cycles: [Option<u64>; 3],
    /// Idle intervals of all domains and workloads by length, cut at powers of ten and at the break-even times.
    pub gaps: Vec<GapBucket>,
    /// What keeps each domain awake; empty for a bound, which has no addresses.
    pub domains: Vec<DomainKeeper>,
    /// Points that differ in one thing.
    pub alternatives: Vec<Alternative>,
}

/// Idle intervals of `from` to `below` cycles.
#[derive(Debug, Clone, PartialEq, Default, Serialize, schemars::JsonSchema)]
pub struct GapBucket {
    /// Shortest.
    pub from_cycles: u64,
    /// All are shorter than this; null: no limit.
    pub below_cycles: Option<u64>,
    /// Intervals in which all data stays live.
    pub live: GapCount,
    /// Intervals in which the last live byte dies.
    pub dying: GapCount,
    /// Intervals without a live byte.
    pub dead: GapCount,
    /// States whose break-even time all of them reach.
    pub pays: Vec<Sleep>,
}

/// Number and total length of intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct GapCount {
    /// Intervals.
    pub gaps: u64,
    /// Domain-cycles in them.
    pub domain_cycles: u64,
}

/// The tensor that keeps a domain awake longest in one workload.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct DomainKeeper {
    /// Name of the workload.
    pub workload: String,
    /// The domain.
    pub domain: u32,
    /// Cycles in which any live byte lies in it.
    pub live_cycles: u64,
    /// The same as a share of the run.
    pub live_share: f64,
    /// The tensor with most live cycles in it; empty if the domain is never used.
    pub tensor: String,
    /// Its live cycles in the domain.
    pub tensor_cycles: u64,
    /// Residences of it in the domain.
    pub residences: u64,
}

/// A point that differs in one thing.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Alternative {
    /// What is different.
    pub change: String,
    /// Energy, if there is such a point.
    pub energy_pj: Option<f64>,
    /// Change of energy as a share of the point's.
    pub energy_change: Option<f64>,
    /// Change of area as a share of the point's.
    pub area_change: Option<f64>,
    /// Why there is no such point.
    pub reason: Option<String>,
}

/// Explains a point of an exploration of `runs`.
///
/// # Errors
/// A point that does not exist, or runs and a characterisation that the exploration was not made from.
pub fn explain(exploration: &Exploration, point: u64, runs: &[Run], model: &dyn SramModel) -> Result<Explanation> {
    let last = exploration.summary.points.saturating_sub(1);
    let missing = || refuse(format!("there is no point {point}"), &format!("points are 0 to {last}"));
    let point = exploration.point(point).ok_or_else(missing)?;
    let memory = memory_of(exploration, point, model)?;
    let rule = rule_of(exploration, point)?;
    let study = only(&exploration.summary, point, rule)?;
    let subjects = subjects(&study, runs)?;
    let search = Search { study: &study, model, subjects: &subjects };
    let (timing, delays) = timing(&study, &memory);
    let times = TransitionCycles::of(&timing, delays);
    let break_even_cycles = Sleep::ALL.map(|state| break_even(&memory, &times, state).map(|c| c.0));
    let (gaps, domains) = idleness(point, &search, break_even_cycles)?;
    let alternatives = alternatives(point, &search)?;
    Ok(Explanation { point: point.clone(), break_even_cycles, gaps, domains, alternatives })
}

/// What the schedule player is told, for each workload.
///
/// # Errors
/// As [`explain`]; a point whose policy is no schedule, or that has no addresses.
pub fn schedules(exploration: &Exploration, point: u64, runs: &[Run], model: &dyn SramModel) -> Result<Vec<Schedule>> {
    let missing = || refuse(format!("there is no point {point}"), "points are rows of points.parquet");
    let point = exploration.point(point).ok_or_else(missing)?;
    let rule = rule_of(exploration, point)?;
    let study = only(&exploration.summary, point, rule)?;
    let placement = study.placements[0];
    let (PolicyRule::Scheduled, Some(_)) = (rule, placement.placed()) else {
        let message = format!("point {} has the policy {} and the placement {placement}", point.point, point.policy);
        return Err(refuse(message, "a schedule belongs to a point with addresses and the policy `scheduled`"));
    };
    let memory = memory_of(exploration, point, model)?;
    let (timing, delays) = timing(&study, &memory);
    let policy = policy(&rule, &memory, &TransitionCycles::of(&timing, delays));
    let gate = Gate::new(&policy, study.states);
    let player = Player { memory: &memory, states: study.states, timing, delays, gate };
    let subjects = subjects(&study, runs)?;
    let search = Search { study: &study, model, subjects: &subjects };
    with_runs(point, &search, |geometry, runs| {
        let scenes = geometry.tables(&study, placement, point.alpha, runs)?;
        let scenes = scenes.map_err(|reason| refuse(reason.to_string(), "explore again with these runs"))?;
        let one = |(scene, run): (Scene<'_>, &&Version<'_>)| {
            let scene = scene.every(point.period_cycles);
            let timeline = scene.timeline.expect("the study has the policy");
            timeline.schedule(&player, SCHEDULE_DEPTH, run.name())
        };
        Ok(scenes.into_iter().zip(runs).map(one).collect())
    })
}

/// The study of one point.
fn only(summary: &Summary, point: &Point, policy: PolicyRule) -> Result<Study> {
    let placement = PlacementRule::NAMES.iter().find(|(name, _)| *name == point.placement).map(|(_, rule)| *rule);
    Ok(Study {
        capacities: vec![Bytes(point.capacity_bytes)],
        domains: vec![point.domains as u32],
        interleave: vec![point.interleave as u32],
        alpha: vec![point.alpha],
        placements: placement.into_iter().collect(),
        policies: vec![policy],
        periods: vec![period(point, summary.port.clock)],
        technologies: vec![point.technology.parse()?],
        ..summary.study.clone()
    })
}

/// The period of a point in time, from its cycles.
fn period(point: &Point, clock: Hertz) -> Option<Nanoseconds> {
    (point.period_cycles > 0).then(|| clock.period() * point.period_cycles as f64)
}

/// Does something with the geometry of a point and the runs as they are in its memory.
fn with_runs<T>(
    point: &Point,
    search: &Search<'_, '_>,
    what: impl FnOnce(&Geometry, &[&Version<'_>]) -> Result<T>,
) -> Result<T> {
    let capacity = Bytes(point.capacity_bytes);
    let placing = search.study.placements[0].placed().is_some();
    let latency = search.latency(point.read_latency_cycles);
    let versions = Versions::new(search.subjects, latency, search.wanted(placing))?;
    let tight = versions.tight(capacity)?;
    let runs = versions.fitting(&tight).into_iter().collect::<std::result::Result<Vec<_>, _>>();
    let runs = runs.map_err(|reason| refuse(reason.to_string(), "explore again with these runs"))?;
    let geometry = Geometry { capacity, domains: point.domains as u32, memories: Vec::new(), infeasible: Vec::new() };
    what(&geometry, &runs)
}

/// Idle intervals by length, and what keeps each domain awake.
type Idleness = (Vec<GapBucket>, Vec<DomainKeeper>);

/// Idle intervals and keepers of the point's geometry.
fn idleness(point: &Point, search: &Search<'_, '_>, break_even: [Option<u64>; 3]) -> Result<Idleness> {
    let placement = search.study.placements[0];
    with_runs(point, search, |geometry, runs| {
        let scenes = geometry.tables(search.study, placement, point.alpha, runs)?;
        let scenes = scenes.map_err(|reason| refuse(reason.to_string(), "explore again with these runs"))?;
        let mut buckets = buckets(break_even);
        for scene in scenes {
            let table = scene.every(point.period_cycles).table;
            table.gaps().for_each(|(gap, count)| add(&mut buckets, &gap, count));
        }
        buckets.retain(|b| b.live.gaps + b.dying.gaps + b.dead.gaps > 0);
        let mut domains = Vec::new();
        if let Some(rule) = placement.placed() {
            for run in runs {
                domains.extend(keepers(run, rule, point)?);
            }
        }
        Ok((buckets, domains))
    })
}

/// Lengths cut at powers of ten and at break-even times.
fn buckets(break_even: [Option<u64>; 3]) -> Vec<GapBucket> {
    let mut edges: Vec<u64> = (0..=19).map(|k| 10u64.pow(k)).chain(break_even.into_iter().flatten()).collect();
    edges.sort_unstable();
    edges.dedup();
    let pays = |from: u64| {
        let reached = |s: &Sleep| break_even[s.index()].is_some_and(|t| t <= from);
        Sleep::ALL.into_iter().filter(reached).collect()
    };
    let bucket = |(i, &from): (usize, &u64)| GapBucket {
        from_cycles: from,
        below_cycles: edges.get(i + 1).copied(),
        pays: pays(from),
        ..GapBucket::default()
    };
    edges.iter().enumerate().map(bucket).collect()
}

fn add(buckets: &mut [GapBucket], gap: &Gap, count: u64) {
    let at = buckets.partition_point(|b| b.from_cycles <= gap.length).saturating_sub(1);
    let bucket = &mut buckets[at];
    let kind = match gap.dead.as_slice() {
        [] => &mut bucket.live,
        [(0, end)] if *end == gap.length => &mut bucket.dead,
        _ => &mut bucket.dying,
    };
    kind.gaps += count;
    kind.domain_cycles += gap.length * count;
}

/// For each domain the tensor that is live in it longest.
fn keepers(run: &Version<'_>, rule: Rule, point: &Point) -> Result<Vec<DomainKeeper>> {
    let subject = run.subject();
    let (capacity, domains) = (Bytes(point.capacity_bytes), point.domains as u32);
    let placement = placement(&subject, rule, capacity, domains)?;
    let placement = placement.map_err(|reason| refuse(reason.to_string(), "explore again with these runs"))?;
    let words = capacity.0 * 8 / u64::from(subject.port().word_bits) / point.domains;
    let keeper = |domain: u32| keeper(run, &placement, domain, words);
    Ok((0..domains).map(keeper).collect())
}

fn keeper(run: &Version<'_>, placement: &Placement, domain: u32, words: u64) -> DomainKeeper {
    let subject = run.subject();
    let here = |first: u64, size: u64| (first / words..=(first + size - 1) / words).contains(&u64::from(domain));
    let blocks = placement.blocks.iter().filter(|b| here(b.first_word, b.words));
    let mut spans: Vec<(u64, u64, LifetimeId)> = blocks
        .map(|b| {
            let lifetime = &subject.run.lifetimes[b.lifetime.index()];
            (lifetime.reserved.0, lifetime.released.0, b.lifetime)
        })
        .collect();
    spans.sort_unstable_by_key(|&(from, to, _)| (from, to));
    let (mut live_cycles, mut until) = (0, 0);
    let mut tensors: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    for (from, to, lifetime) in spans {
        live_cycles += to.saturating_sub(from.max(until));
        until = to.max(until);
        let (cycles, residences) = tensors.entry(subject.run.lifetimes[lifetime.index()].storage.0).or_default();
        (*cycles, *residences) = (*cycles + to.saturating_sub(from), *residences + 1);
    }
    let most = tensors.into_iter().max_by_key(|(tensor, (cycles, _))| (*cycles, std::cmp::Reverse(*tensor)));
    let (tensor, (tensor_cycles, residences)) = most.unwrap_or_default();
    let name = subject.run.workload.tensors.get(tensor as usize).map_or(String::new(), |t| t.name.to_string());
    DomainKeeper {
        workload: run.name().into(),
        domain,
        live_cycles,
        live_share: live_cycles as f64 / run.demand.cycles.max(1) as f64,
        tensor: if residences > 0 { name } else { String::new() },
        tensor_cycles,
        residences,
    }
}

/// The changes that are tried, each with the study of it.
fn changes(point: &Point, study: &Study) -> Vec<(String, Study)> {
    let mut changes = Vec::new();
    let (capacity, domains) = (point.capacity_bytes, point.domains);
    let larger = Bytes(capacity / domains * (domains + 1));
    let more = Study { capacities: vec![larger], domains: vec![domains as u32 + 1], ..study.clone() };
    changes.push((format!("one more domain of the same size ({} in {})", larger.human(), domains + 1), more));
    let finer = Study { domains: vec![2 * domains as u32], ..study.clone() };
    changes.push((format!("{} domains of half the size", 2 * domains), finer));
    for (rule, what) in [(Rule::ByClass, "a pool for each class"), (Rule::Offline, "placed offline")] {
        if study.placements[0].placed() != Some(rule) {
            let placements = vec![PlacementRule::Placed(rule)];
            changes.push((what.into(), Study { placements, alpha: vec![1.0], ..study.clone() }));
        }
    }
    changes
}

fn alternatives(point: &Point, search: &Search<'_, '_>) -> Result<Vec<Alternative>> {
    let one = |(change, study): (String, Study)| {
        let found = Search { study: &study, ..*search }.all()?;
        let reason = found.summary.infeasible.first().map(|i| i.reason.clone());
        let other = found.points.first();
        Ok(Alternative {
            change,
            energy_pj: other.map(|p| p.energy_pj),
            energy_change: other.map(|p| p.energy_pj / point.energy_pj - 1.0),
            area_change: other.map(|p| p.area_mm2 / point.area_mm2 - 1.0),
            reason: if other.is_some() { None } else { reason },
        })
    };
    changes(point, search.study).into_iter().map(one).collect()
}
