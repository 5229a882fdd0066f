//! The exhaustive study: geometries in parallel, points in a fixed order.
//!
//! Memories of one read latency see the same versions of the runs, which are made once and dropped before those of the next
//! latency; what has to be simulated for one capacity lives while that capacity is evaluated.

use super::block::{Block, Names};
use super::demand::{Subject, subjects};
use super::exploration::{Exploration, InfeasiblePoint, PlacementDigest, Summary, WorkloadSummary};
use super::geometry::{Geometry, Prepared};
use super::keeper::Keeper;
use super::prediction::predict_front;
use super::ranking::{crown, rank};
use super::study::{PortShape, Study};
use super::version::{Tight, Versions, Wanted};
use crate::artefact::Input;
use crate::error::Result;
use crate::power::{BankedMemory, LogicProvenance};
use crate::schema;
use crate::sram::SramModel;
use crate::trace::Run;
use crate::units::Bytes;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

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

/// What is noted of a geometry besides its points.
#[derive(Default)]
struct Notes {
    infeasible: Vec<InfeasiblePoint>,
    digests: Vec<PlacementDigest>,
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
    search.finished(search.all()?, options)
}

/// As [`explore`], into a directory: of the points only those stay in memory that may be on a front, win or take over.
///
/// # Errors
/// As [`explore`], and what cannot be written.
pub fn explore_into(
    study: &Study,
    runs: &[Run],
    model: &dyn SramModel,
    options: Options,
    (directory, inputs): (&Path, Vec<Input>),
) -> Result<Exploration> {
    let subjects = subjects(study, runs)?;
    check_technologies(study, model)?;
    let search = Search { study, model, subjects: &subjects };
    Exploration::stream(directory, inputs, |sink| {
        let mut keeper = Keeper::new(study, search.port().clock);
        let summary = search.evaluate_all(&mut |block| {
            keeper.offer(&block);
            sink.take(block)
        })?;
        let mut exploration = Exploration { summary, points: Vec::new(), workloads: Vec::new() };
        keeper.keep(&mut exploration);
        search.finished(exploration, options)
    })
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

    /// Ranks, and plays the front.
    fn finished(&self, mut exploration: Exploration, options: Options) -> Result<Exploration> {
        rank(&mut exploration, self.model);
        if options.predict {
            predict_front(&mut exploration, self)?;
            crown(&mut exploration);
        }
        Ok(exploration)
    }

    /// Every point, not ranked.
    ///
    /// # Errors
    /// As [`explore`].
    pub fn all(&self) -> Result<Exploration> {
        let (mut points, mut workloads) = (Vec::new(), Vec::new());
        let summary = self.evaluate_all(&mut |block| {
            points.extend((0..block.points.rows()).map(|row| block.points.at(row)));
            workloads.extend((0..block.parts.rows()).map(|row| block.parts.at(row)));
            Ok(())
        })?;
        Ok(Exploration { summary, points, workloads })
    }

    /// Hands every point to `emit`, in order.
    ///
    /// # Errors
    /// As [`explore`], and what `emit` returns.
    fn evaluate_all(&self, emit: &mut dyn FnMut(Block) -> Result<()>) -> Result<Summary> {
        let pairs = self.pairs();
        let new = |&pair: &(Bytes, u32)| Geometry::new(self.study, pair, self.port(), self.model);
        let geometries: Vec<Geometry> = pairs.par_iter().map(new).collect();
        let mut notes: Vec<Notes> = geometries.iter().map(|_| Notes::default()).collect();
        let mut summary = self.summary()?;
        let mut number = |block: Block| {
            let first = summary.points;
            summary.points += block.points.rows() as u64;
            emit(block.numbered(first))
        };
        let placing = self.study.placements.iter().any(|rule| rule.placed().is_some());
        for latency in self.latencies(&geometries) {
            let versions = Versions::new(self.subjects, latency, self.wanted(placing))?;
            self.evaluate(&geometries, latency, &versions, (&mut notes, &mut number))?;
        }
        for (geometry, found) in geometries.into_iter().zip(notes) {
            summary.infeasible.extend(geometry.infeasible.into_iter().chain(found.infeasible));
            summary.placements.extend(found.digests);
        }
        summary.infeasible.dedup();
        Ok(summary)
    }

    fn names(&self) -> Names {
        Names {
            policies: Arc::new(self.study.policies.iter().map(ToString::to_string).collect()),
            workloads: Arc::new(self.subjects.iter().map(|subject| subject.name().to_string()).collect()),
        }
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

    /// The points of all memories of one latency: capacity by capacity where runs do not fit as they are, then the others.
    fn evaluate(
        &self,
        geometries: &[Geometry],
        latency: u64,
        versions: &Versions<'_, 'r>,
        (notes, emit): (&mut [Notes], &mut dyn FnMut(Block) -> Result<()>),
    ) -> Result<()> {
        let here = |g: &Geometry| g.memories.iter().any(|memory| self.latency_of(memory) == latency);
        let capacities: BTreeSet<Bytes> = geometries.iter().filter(|g| here(g)).map(|g| g.capacity).collect();
        let names = self.names();
        let mut batch = |capacities: &BTreeSet<Bytes>, tight: &Tight<'r>| -> Result<()> {
            let runs = versions.fitting(tight);
            let all = geometries.iter().enumerate();
            let chosen: Vec<_> = all.filter(|(_, g)| capacities.contains(&g.capacity) && here(g)).collect();
            // So many geometries are in memory at a time.
            for window in chosen.chunks(rayon::current_num_threads()) {
                let prepare = |(_, geometry): &(usize, &Geometry)| geometry.prepare(self.study, &runs);
                let prepared: Vec<Prepared<'_>> = window.par_iter().map(prepare).collect::<Result<_>>()?;
                for ((index, geometry), prepared) in window.iter().zip(prepared) {
                    let memories: Vec<&BankedMemory> =
                        geometry.memories.iter().filter(|memory| self.latency_of(memory) == latency).collect();
                    prepared.points(self.study, &memories, &names, emit)?;
                    notes[*index].infeasible.extend(prepared.infeasible);
                    notes[*index].digests.extend(prepared.digests);
                }
            }
            Ok(())
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

    fn summary(&self) -> Result<Summary> {
        Ok(Summary {
            schema: schema::EXPLORATION.into(),
            study: self.study.clone(),
            port: self.port(),
            memory: self.subjects[0].shape().name.clone(),
            workloads: self.subjects.iter().map(workload_summary).collect::<Result<_>>()?,
            characterisation: self.model.provenance(),
            logic: Some(match self.study.assumptions.controller {
                None => LogicProvenance::counted()?,
                Some(_) => LogicProvenance::stated(),
            }),
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
