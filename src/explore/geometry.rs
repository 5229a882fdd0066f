//! One geometry, a capacity split into domains: its memories, and every placement in it.

use super::demand::Subject;
use super::evaluate::{Scene, Setting};
use super::exploration::{InfeasiblePoint, PlacementDigest};
use super::intervals::IntervalTable;
use super::point::{Point, WorkloadPoint};
use super::schedule::Timeline;
use super::study::{PlacementRule, PolicyRule, PortShape, Study};
use super::tabulate::{ideal, ideal_domains};
use super::version::{Fitting, Version};
use crate::error::Result;
use crate::power::{BankedMemory, Infeasible, organise};
use crate::sram::SramModel;
use crate::units::{Bytes, Hertz};

/// A capacity, its split into domains, and every memory that can be built so.
pub(super) struct Geometry {
    pub capacity: Bytes,
    pub domains: u32,
    /// One for each technology and interleave that is possible.
    pub memories: Vec<BankedMemory>,
    /// Those that are not.
    pub infeasible: Vec<InfeasiblePoint>,
}

/// Where a point stands in the order of the study: placement, period, memory.
type Rank = (usize, usize, usize);

/// A point with what each workload contributes.
type Detailed = (Point, Vec<WorkloadPoint>);

/// What a geometry yields.
#[derive(Default)]
pub(super) struct Yield {
    /// Points with what each workload contributes, policies in order.
    pub points: Vec<(Rank, Vec<Detailed>)>,
    pub infeasible: Vec<InfeasiblePoint>,
    pub digests: Vec<PlacementDigest>,
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

    /// Every point of the memories that `take` chooses, for runs that fit the capacity and the latency of these.
    ///
    /// # Errors
    /// A placement that is wrong.
    pub fn points(&self, study: &Study, runs: &Fitting<'_, '_>, take: impl Fn(&BankedMemory) -> bool) -> Result<Yield> {
        let mut found = Yield::default();
        let runs: Vec<&Version<'_>> = match runs.iter().cloned().collect() {
            Ok(runs) => runs,
            Err(reason) => {
                found.infeasible.push(InfeasiblePoint { reason: Infeasible::to_string(&reason), ..self.here() });
                return Ok(found);
            }
        };
        let bounds = match self.bounds(&runs) {
            Ok(bounds) => bounds,
            Err(reason) => {
                found.infeasible.push(InfeasiblePoint { reason: reason.to_string(), ..self.here() });
                return Ok(found);
            }
        };
        for (rank, (placement, alpha)) in placements(study).into_iter().enumerate() {
            match self.scenes((study, placement, alpha), &runs, &bounds, &mut found.digests)? {
                Ok(scenes) => {
                    for (turn, period) in study.period_cycles(self.clock(&runs)).into_iter().enumerate() {
                        let scenes: Vec<Scene<'_>> = scenes.iter().map(|scene| scene.every(period)).collect();
                        let chosen = self.memories.iter().enumerate().filter(|(_, memory)| take(memory));
                        let points = |m| Setting::new(study, m, placement, alpha, period).points(&scenes);
                        found.points.extend(chosen.map(|(index, m)| ((rank, turn, index), points(m))));
                    }
                }
                Err(reason) => found.infeasible.push(InfeasiblePoint {
                    placement: Some(placement_name(placement, alpha)),
                    reason: reason.to_string(),
                    ..self.here()
                }),
            }
        }
        Ok(found)
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
        runs: &'s [&Version<'_>],
    ) -> Result<std::result::Result<Vec<Scene<'s>>, Infeasible>> {
        match self.bounds(runs) {
            Ok(bounds) => self.scenes((study, placement, alpha), runs, &bounds, &mut Vec::new()),
            Err(reason) => Ok(Err(reason)),
        }
    }

    fn clock(&self, runs: &[&Version<'_>]) -> Hertz {
        runs[0].subject().port().clock
    }

    /// The ideal placement of every workload at α = 1.
    fn bounds(&self, runs: &[&Version<'_>]) -> std::result::Result<Vec<IntervalTable>, Infeasible> {
        runs.iter().map(|run| self.bound(run, 1.0)).collect()
    }

    fn bound(&self, run: &Version<'_>, alpha: f64) -> std::result::Result<IntervalTable, Infeasible> {
        let (subject, domains) = (run.subject(), self.domains);
        let table = ideal(subject.occupancy(), domains, self.domain_bytes(), alpha, run.demand.cycles);
        table.ok_or_else(|| Infeasible::TooFewDomains {
            workload: subject.name().into(),
            needed: ideal_domains(run.peak.0, self.domain_bytes(), alpha),
            domains,
        })
    }

    fn scenes<'s>(
        &self,
        (study, placement, alpha): (&Study, PlacementRule, f64),
        runs: &'s [&Version<'_>],
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
