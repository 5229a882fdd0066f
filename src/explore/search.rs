//! The exhaustive study: geometries in parallel, points in a fixed order.
//!
//! Memories of one read latency see the same versions of the runs, which are made once and dropped before those of the next
//! latency; what has to be simulated for one capacity lives while that capacity is evaluated.

use super::demand::{Subject, subjects};
use super::exploration::{Exploration, Summary, WorkloadSummary};
use super::geometry::{Geometry, Yield};
use super::point::WorkloadPoint;
use super::prediction::predict_front;
use super::ranking::{crown, rank};
use super::study::{PortShape, Study};
use super::version::{Tight, Versions, Wanted};
use crate::error::Result;
use crate::power::BankedMemory;
use crate::schema;
use crate::sram::SramModel;
use crate::trace::Run;
use crate::units::Bytes;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// What a study does besides estimating every point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Play the runs exactly against every point on the front.
    pub predict: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { predict: true }
    }
}

/// Runs, and what the study makes of them.
#[derive(Clone, Copy)]
pub(super) struct Search<'a, 'r> {
    pub study: &'a Study,
    pub model: &'a dyn SramModel,
    pub subjects: &'a [Subject<'r>],
}

/// Evaluates every combination of a study on the runs it names.
///
/// # Errors
/// Runs that do not match the study, a technology that the model does not characterise, a run that spills to a DRAM of unknown
/// energy. What merely cannot exist is listed in the result.
pub fn explore(study: &Study, runs: &[Run], model: &dyn SramModel, options: Options) -> Result<Exploration> {
    let subjects = subjects(study, runs)?;
    check_technologies(study, model)?;
    let search = Search { study, model, subjects: &subjects };
    let mut exploration = search.all()?;
    rank(&mut exploration, model);
    if options.predict {
        predict_front(&mut exploration, &search)?;
        crown(&mut exploration);
    }
    Ok(exploration)
}

/// A name that the model refuses is an error and not thousands of infeasible points.
fn check_technologies(study: &Study, model: &dyn SramModel) -> Result<()> {
    study.technologies.iter().try_for_each(|&technology| model.check(technology, study.temperature))
}

impl<'r> Search<'_, 'r> {
    pub fn port(&self) -> PortShape {
        self.subjects[0].port()
    }

    /// What versions of the runs are made for.
    pub fn wanted(&self, placing: bool) -> Wanted {
        Wanted { placing, largest: self.study.capacities.iter().copied().max().unwrap_or_default() }
    }

    /// Latency that the runs must be simulated with for a memory of this read latency; 0: as they are.
    pub fn latency(&self, read_latency: u64) -> u64 {
        let least = self.subjects.iter().map(|s| s.shape().latency.0).min().unwrap_or(0);
        if read_latency <= least { 0 } else { read_latency }
    }

    /// Every point, not ranked.
    ///
    /// # Errors
    /// As [`explore`].
    pub fn all(&self) -> Result<Exploration> {
        let pairs = self.pairs();
        let new = |&pair: &(Bytes, u32)| Geometry::new(self.study, pair, self.port(), self.model);
        let geometries: Vec<Geometry> = pairs.par_iter().map(new).collect();
        let mut yields: Vec<Yield> = geometries.iter().map(|_| Yield::default()).collect();
        let placing = self.study.placements.iter().any(|rule| rule.placed().is_some());
        for latency in self.latencies(&geometries) {
            let versions = Versions::new(self.subjects, latency, self.wanted(placing))?;
            self.evaluate(&geometries, latency, &versions, &mut yields)?;
        }
        self.assemble(geometries, yields)
    }

    fn pairs(&self) -> Vec<(Bytes, u32)> {
        let domains = |c: &Bytes| self.study.domains_at(*c, self.port().word_bits);
        self.study.capacities.iter().flat_map(|c| domains(c).into_iter().map(move |d| (*c, d))).collect()
    }

    fn latency_of(&self, memory: &BankedMemory) -> u64 {
        self.latency(memory.organisation.read_latency.into())
    }

    fn latencies(&self, geometries: &[Geometry]) -> BTreeSet<u64> {
        geometries.iter().flat_map(|g| &g.memories).map(|memory| self.latency_of(memory)).collect()
    }

    /// The points of all memories of one latency: first where the runs fit as they are, then capacity by capacity.
    fn evaluate(
        &self,
        geometries: &[Geometry],
        latency: u64,
        versions: &Versions<'_, 'r>,
        yields: &mut [Yield],
    ) -> Result<()> {
        let here = |g: &Geometry| g.memories.iter().any(|memory| self.latency_of(memory) == latency);
        let capacities: BTreeSet<Bytes> = geometries.iter().filter(|g| here(g)).map(|g| g.capacity).collect();
        let mut batch = |capacities: &BTreeSet<Bytes>, tight: &Tight<'r>| -> Result<()> {
            let runs = versions.fitting(tight);
            let one = |(geometry, found): (&Geometry, &mut Yield)| -> Result<()> {
                if capacities.contains(&geometry.capacity) && here(geometry) {
                    let more = geometry.points(self.study, &runs, |memory| self.latency_of(memory) == latency)?;
                    found.points.extend(more.points);
                    found.infeasible.extend(more.infeasible);
                    found.digests.extend(more.digests);
                }
                Ok(())
            };
            geometries.par_iter().zip(yields.par_iter_mut()).try_for_each(one)
        };
        let mut roomy = BTreeSet::new();
        for capacity in capacities {
            let tight = versions.tight(capacity)?;
            match tight.iter().all(Option::is_none) {
                true => drop(roomy.insert(capacity)),
                false => batch(&BTreeSet::from([capacity]), &tight)?,
            }
        }
        batch(&roomy, &self.subjects.iter().map(|_| None).collect())
    }

    fn assemble(&self, geometries: Vec<Geometry>, yields: Vec<Yield>) -> Result<Exploration> {
        let mut exploration = Exploration { summary: self.summary()?, points: Vec::new(), workloads: Vec::new() };
        let summary = &mut exploration.summary;
        for (geometry, mut found) in geometries.into_iter().zip(yields) {
            found.points.sort_by_key(|(rank, _)| *rank);
            for (mut point, parts) in found.points.into_iter().flat_map(|(_, points)| points) {
                point.point = exploration.points.len() as u64;
                let parts = parts.into_iter().map(|part| WorkloadPoint { point: point.point, ..part });
                exploration.workloads.extend(parts);
                exploration.points.push(point);
            }
            summary.infeasible.extend(geometry.infeasible);
            summary.infeasible.extend(found.infeasible);
            summary.placements.extend(found.digests);
        }
        summary.points = exploration.points.len() as u64;
        summary.infeasible.dedup();
        Ok(exploration)
    }

    fn summary(&self) -> Result<Summary> {
        Ok(Summary {
            schema: schema::EXPLORATION.into(),
            study: self.study.clone(),
            port: self.port(),
            memory: self.subjects[0].shape().name.clone(),
            workloads: self.subjects.iter().map(workload_summary).collect::<Result<_>>()?,
            characterisation: self.model.provenance(),
            points: 0,
            infeasible: Vec::new(),
            front: Vec::new(),
            predicted: false,
            asked: Vec::new(),
            bound_front: Vec::new(),
            winners: Vec::new(),
            sensitivity: Vec::new(),
            placements: Vec::new(),
        })
    }
}

fn workload_summary(subject: &Subject<'_>) -> Result<WorkloadSummary> {
    let demand = subject.demand()?;
    let latency = subject.run.statistics.latency.as_ref();
    Ok(WorkloadSummary {
        name: subject.name().into(),
        cycles: demand.cycles,
        peak_bytes: subject.peak().0,
        reads: demand.reads,
        writes: demand.writes,
        spilled_bytes: demand.dram_bytes.0,
        tokens: subject.tokens(),
        first_token_cycles: latency.map(|l| l.first_token.0),
        cycles_per_token: latency.and_then(|l| l.cycles_per_token),
    })
}
