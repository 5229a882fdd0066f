//! One geometry, a capacity split into domains: its memories, and every placement in it.

use super::block::{Block, Names};
use super::demand::Subject;
use super::evaluate::{Asleep, Bounds, Ruled, Scene, Setting};
use super::exploration::{InfeasiblePoint, PlacementDigest};
use super::intervals::IntervalTable;
use super::schedule::Timeline;
use super::study::{PlacementRule, PolicyRule, PortShape, Study};
use super::tabulate::{ideal, ideal_domains};
use super::version::{Fitting, Version};
use crate::error::Result;
use crate::power::{BankedMemory, Infeasible, organise};
use crate::sram::SramModel;
use crate::units::Bytes;
use rayon::prelude::*;

/// A capacity, its split into domains, and every memory that can be built so.
pub(super) struct Geometry {
    pub capacity: Bytes,
    pub domains: u32,
    /// One for each technology and interleave that is possible.
    pub memories: Vec<BankedMemory>,
    /// Those that are not.
    pub infeasible: Vec<InfeasiblePoint>,
}

/// A geometry with the runs tabulated in it, ready to be evaluated.
#[derive(Default)]
pub(super) struct Prepared<'v> {
    /// Every placement that is possible, with its α and every run under it.
    stages: Vec<(PlacementRule, f64, Vec<Scene<'v>>)>,
    /// Cycles from one inference to the next, in the order of the study.
    periods: Vec<u64>,
    pub infeasible: Vec<InfeasiblePoint>,
    pub digests: Vec<PlacementDigest>,
}

/// Points that are evaluated at a time.
const BATCH: usize = 1 << 13;

/// Points that one task evaluates.
const TASK: usize = 1 << 9;

impl Prepared<'_> {
    /// Every point of some memories of the geometry, in order: placement, period, memory, policy.
    ///
    /// # Errors
    /// What `emit` returns.
    pub fn points(
        &self,
        study: &Study,
        memories: &[&BankedMemory],
        names: &Names,
        emit: &mut dyn FnMut(Block) -> Result<()>,
    ) -> Result<()> {
        for (placement, alpha, scenes) in &self.stages {
            for &period in &self.periods {
                let scenes: Vec<Scene<'_>> = scenes.iter().map(|scene| scene.every(period)).collect();
                let setting = |memory| Setting::new(study, memory, *placement, *alpha, period);
                let settings: Vec<Setting<'_>> = memories.iter().copied().map(setting).collect();
                evaluate(study, &settings, &scenes, &mut |block| emit(block.named(names)))?;
            }
        }
        Ok(())
    }
}

/// Every policy in every memory; memories in order, in each the policies in order.
fn evaluate(
    study: &Study,
    settings: &[Setting<'_>],
    scenes: &[Scene<'_>],
    emit: &mut dyn FnMut(Block) -> Result<()>,
) -> Result<()> {
    let Some(first) = settings.first() else { return Ok(()) };
    let asleep: Vec<Option<Vec<Asleep>>> = study.policies.par_iter().map(|rule| first.asleep(scenes, rule)).collect();
    let ruled = study.policies.iter().zip(&asleep).map(|(rule, asleep)| Ruled { rule, asleep: asleep.as_deref() });
    let rules: Vec<Ruled<'_>> = ruled.collect();
    let bounds: Vec<Vec<Bounds>> = settings.par_iter().map(|setting| setting.bounds(scenes)).collect();
    let all = settings.len() * rules.len();
    let starts: Vec<usize> = (0..all).step_by(TASK).collect();
    // The points from `start` on, counted over memories and policies.
    let task = |&start: &usize| {
        let (mut block, mut at, end) = (Block::default(), start, all.min(start + TASK));
        while at < end {
            let (memory, policy) = (at / rules.len(), at % rules.len());
            let last = rules.len().min(policy + end - at);
            settings[memory].fill(&mut block, scenes, &bounds[memory], (&rules, policy..last));
            at += last - policy;
        }
        block
    };
    for batch in starts.chunks(BATCH / TASK) {
        let found: Vec<Block> = batch.par_iter().map(task).collect();
        found.into_iter().try_for_each(&mut *emit)?;
    }
    Ok(())
}

impl Geometry {
    /// Builds every technology and interleave; what cannot be built is noted.
    pub fn new(study: &Study, (capacity, domains): (Bytes, u32), port: PortShape, model: &dyn SramModel) -> Self {
        let mut geometry = Self { capacity, domains, memories: Vec::new(), infeasible: Vec::new() };
        for &technology in &study.technologies {
            for &interleave in &study.interleave {
                let spec = study.organisation(capacity, (domains, interleave), technology, port);
                match organise(&spec, model) {
                    Ok(memory) => geometry.memories.push(memory),
                    Err(reason) => geometry.infeasible.push(InfeasiblePoint {
                        interleave: Some(interleave),
                        technology: Some(technology.to_string()),
                        reason: reason.to_string(),
                        ..geometry.here()
                    }),
                }
            }
        }
        geometry
    }

    fn here(&self) -> InfeasiblePoint {
        let (capacity_bytes, domains) = (self.capacity.0, Some(self.domains));
        InfeasiblePoint { capacity_bytes, domains, ..InfeasiblePoint::default() }
    }

    fn domain_bytes(&self) -> u64 {
        self.capacity.0 / u64::from(self.domains)
    }

    /// Tabulates runs that fit the capacity under every placement of the study.
    ///
    /// # Errors
    /// A placement that is wrong.
    pub fn prepare<'v>(&self, study: &Study, runs: &Fitting<'v, '_>) -> Result<Prepared<'v>> {
        let mut prepared = Prepared::default();
        let infeasible = |reason: &Infeasible| InfeasiblePoint { reason: reason.to_string(), ..self.here() };
        let runs: Vec<&'v Version<'_>> = match runs.iter().cloned().collect() {
            Ok(runs) => runs,
            Err(reason) => {
                prepared.infeasible.push(infeasible(&reason));
                return Ok(prepared);
            }
        };
        prepared.periods = study.period_cycles(runs[0].subject().port().clock);
        let bounds = match self.bounds(&runs) {
            Ok(bounds) => bounds,
            Err(reason) => {
                prepared.infeasible.push(infeasible(&reason));
                return Ok(prepared);
            }
        };
        for (placement, alpha) in placements(study) {
            match self.scenes((study, placement, alpha), &runs, &bounds, &mut prepared.digests)? {
                Ok(scenes) => prepared.stages.push((placement, alpha, scenes)),
                Err(reason) => prepared
                    .infeasible
                    .push(InfeasiblePoint { placement: Some(placement_name(placement, alpha)), ..infeasible(&reason) }),
            }
        }
        Ok(prepared)
    }

    /// Every run under one placement; the inner result says why there is none.
    ///
    /// # Errors
    /// A placement that is wrong.
    pub fn tables<'s>(
        &self,
        study: &Study,
        placement: PlacementRule,
        alpha: f64,
        runs: &[&'s Version<'_>],
    ) -> Result<std::result::Result<Vec<Scene<'s>>, Infeasible>> {
        match self.bounds(runs) {
            Ok(bounds) => self.scenes((study, placement, alpha), runs, &bounds, &mut Vec::new()),
            Err(reason) => Ok(Err(reason)),
        }
    }

    /// The ideal placement of every workload at α = 1.
    fn bounds(&self, runs: &[&Version<'_>]) -> std::result::Result<Vec<IntervalTable>, Infeasible> {
        runs.iter().map(|run| self.bound(run, 1.0)).collect()
    }

    fn bound(&self, run: &Version<'_>, alpha: f64) -> std::result::Result<IntervalTable, Infeasible> {
        let domains = self.domains;
        let table = ideal(run.held(), domains, self.domain_bytes(), alpha, run.demand.cycles);
        table.ok_or_else(|| Infeasible::TooFewDomains {
            workload: run.name().into(),
            needed: ideal_domains(run.peak.0, self.domain_bytes(), alpha),
            domains,
        })
    }

    fn scenes<'s>(
        &self,
        (study, placement, alpha): (&Study, PlacementRule, f64),
        runs: &[&'s Version<'_>],
        bounds: &[IntervalTable],
        digests: &mut Vec<PlacementDigest>,
    ) -> Result<std::result::Result<Vec<Scene<'s>>, Infeasible>> {
        let mut scenes = Vec::new();
        for (index, (run, bound)) in runs.iter().zip(bounds).enumerate() {
            match self.scene(study, placement, alpha, (run, bound), digests)? {
                Ok(scene) => scenes.push(Scene { weight: study.weight(index), ..scene }),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        Ok(Ok(scenes))
    }

    fn scene<'s>(
        &self,
        study: &Study,
        placement: PlacementRule,
        alpha: f64,
        (run, bound): (&'s Version<'_>, &IntervalTable),
        digests: &mut Vec<PlacementDigest>,
    ) -> Result<std::result::Result<Scene<'s>, Infeasible>> {
        let (workload, demand, tokens) = (run.name(), run.demand, run.subject().tokens());
        let (ideal, weight) = (bound.clone(), 1.0);
        let Some(rule) = placement.placed() else {
            return Ok(self.bound(run, alpha).map(|table| {
                let live_cycles = table.busy;
                Scene {
                    workload,
                    demand,
                    tokens,
                    weight,
                    live_cycles,
                    table,
                    overlap: Vec::new(),
                    timeline: None,
                    ideal,
                }
            }));
        };
        let unplaced = match run.unplaced() {
            Ok(unplaced) => unplaced,
            Err(reason) => return Ok(Err(reason)),
        };
        let placed = match unplaced.place(&run.subject(), rule, self.capacity, self.domains)? {
            Ok(placed) => placed,
            Err(reason) => return Ok(Err(reason)),
        };
        let words = self.domain_bytes() / word_bytes(&run.subject());
        let cycles = demand.cycles.max(placed.plan.cycles);
        let tabulated = placed.plan.tabulate(self.domains, words, cycles);
        let timeline = study.policies.contains(&PolicyRule::Scheduled).then(|| Timeline {
            gaps: placed.plan.gaps(self.domains, words, cycles),
            events: unplaced.events().to_vec(),
            cycles,
        });
        digests.push(PlacementDigest {
            capacity_bytes: self.capacity.0,
            domains: self.domains.into(),
            placement: rule.to_string(),
            workload: workload.into(),
            digest: placed.digest,
        });
        let (table, overlap, live_cycles) = (tabulated.table, tabulated.overlap, placed.live_cycles);
        Ok(Ok(Scene { workload, demand, tokens, weight, live_cycles, table, overlap, timeline, ideal }))
    }
}

fn word_bytes(subject: &Subject<'_>) -> u64 {
    u64::from(subject.port().word_bits / 8)
}

/// Placements of a study, the ideal one at every α.
fn placements(study: &Study) -> Vec<(PlacementRule, f64)> {
    let alphas = |rule: &PlacementRule| match rule {
        PlacementRule::Ideal => study.alpha.clone(),
        PlacementRule::Placed(_) => vec![1.0],
    };
    study.placements.iter().flat_map(|rule| alphas(rule).into_iter().map(move |a| (*rule, a))).collect()
}

fn placement_name(placement: PlacementRule, alpha: f64) -> String {
    match placement {
        PlacementRule::Ideal => format!("ideal, alpha {alpha}"),
        PlacementRule::Placed(rule) => rule.to_string(),
    }
}
