//! The exhaustive study: geometries in parallel, points in a fixed order.

use super::demand::{Subject, subjects};
use super::estimate::Demand;
use super::evaluate::{Scene, Setting};
use super::exploration::{
    Exploration, FrontPoint, InfeasiblePoint, PlacementDigest, Sensitivity, Summary, Winner, WorkloadSummary,
};
use super::intervals::IntervalTable;
use super::pareto::{front, least_energy, winner};
use super::placed::Placed;
use super::point::{Point, WorkloadPoint};
use super::prediction::predict_front;
use super::study::{PlacementRule, PortShape, Study};
use super::tabulate::{ideal, ideal_domains};
use crate::error::Result;
use crate::power::{BankedMemory, Infeasible, organise};
use crate::schema;
use crate::sram::SramModel;
use crate::trace::Run;
use crate::units::{Bytes, Cycles};
use rayon::prelude::*;

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

/// One workload, ready to be tabulated in any geometry.
pub(super) struct Prepared<'r> {
    pub subject: Subject<'r>,
    pub demand: Demand,
    peak: Bytes,
    /// First-fit addresses, where the study asks for them.
    pub placed: Option<std::result::Result<Placed, Infeasible>>,
}

/// Everything that all geometries share.
struct Search<'a> {
    study: &'a Study,
    model: &'a dyn SramModel,
    port: PortShape,
    runs: Vec<Prepared<'a>>,
}

/// What one geometry yields.
#[derive(Default)]
struct Yield {
    points: Vec<(Point, Vec<WorkloadPoint>)>,
    infeasible: Vec<InfeasiblePoint>,
}

/// Evaluates every combination of a study on the runs it names.
///
/// # Errors
/// Runs that do not match the study, a technology that the model does not characterise, a run that spills to a DRAM of unknown
/// energy. What merely cannot exist is listed in the result.
pub fn explore(study: &Study, runs: &[Run], model: &dyn SramModel, options: Options) -> Result<Exploration> {
    let subjects = subjects(study, runs)?;
    let port = subjects[0].port();
    check_technologies(study, model)?;
    let search = Search { study, model, port, runs: prepare(study, &subjects, port)? };
    let found: Vec<Yield> = search.geometries().par_iter().map(|&(c, d)| search.geometry(c, d)).collect();
    let mut exploration = search.assemble(found);
    rank(&mut exploration);
    if options.predict {
        predict_front(&mut exploration, &search.runs, model)?;
        crown(&mut exploration);
    }
    Ok(exploration)
}

/// A name that the model refuses is an error and not thousands of infeasible points.
fn check_technologies(study: &Study, model: &dyn SramModel) -> Result<()> {
    study.technologies.iter().try_for_each(|&technology| model.check(technology, study.temperature))
}

fn prepare<'r>(study: &Study, subjects: &[Subject<'r>], port: PortShape) -> Result<Vec<Prepared<'r>>> {
    let period = study.period.map(|time| port.clock.cycles_covering(time, 1));
    let cell = cell_words(study, port);
    let largest = study.capacities.iter().copied().max().unwrap_or_default();
    let one = |subject: &Subject<'r>| {
        let demand = subject.demand(period)?;
        let placed = match study.placements.contains(&PlacementRule::FirstFit) {
            true => Some(Placed::first_fit(subject, largest, cell)?),
            false => None,
        };
        Ok(Prepared { subject: *subject, demand, peak: subject.peak(), placed })
    };
    subjects.par_iter().map(one).collect()
}

/// Words of the smallest domain of the study; 1 if nothing is mappable.
fn cell_words(study: &Study, port: PortShape) -> u64 {
    let word_bytes = u64::from(port.word_bits / 8).max(1);
    let domain = |c: &Bytes, d: u32| c.0 / word_bytes / u64::from(d);
    let all = study.capacities.iter().flat_map(|c| {
        study.domains_at(*c, port.word_bits).into_iter().map(move |d| domain(c, d)).filter(|w| w.is_power_of_two())
    });
    all.min().unwrap_or(1)
}

impl Search<'_> {
    fn geometries(&self) -> Vec<(Bytes, u32)> {
        let domains = |c: &Bytes| self.study.domains_at(*c, self.port.word_bits);
        self.study.capacities.iter().flat_map(|c| domains(c).into_iter().map(move |d| (*c, d))).collect()
    }

    fn geometry(&self, capacity: Bytes, domains: u32) -> Yield {
        let mut found = Yield::default();
        let at = InfeasiblePoint { capacity_bytes: capacity.0, domains: Some(domains), ..InfeasiblePoint::default() };
        let memories = self.memories(capacity, domains, &at, &mut found);
        let Some(domain_words) = memories.first().map(|m| m.organisation.domain_words) else { return found };
        let bounds = match self.bounds(capacity, domains) {
            Ok(bounds) => bounds,
            Err(reason) => {
                found.infeasible.push(InfeasiblePoint { reason: reason.to_string(), ..at });
                return found;
            }
        };
        for (placement, alpha) in self.placements() {
            match self.scenes(placement, alpha, (capacity, domains, domain_words), &bounds) {
                Ok(scenes) => {
                    let points = |m| Setting::new(self.study, m, placement, alpha).points(&scenes);
                    found.points.extend(memories.iter().flat_map(points));
                }
                Err(reason) => found.infeasible.push(InfeasiblePoint {
                    placement: Some(placement_name(placement, alpha)),
                    reason: reason.to_string(),
                    ..at.clone()
                }),
            }
        }
        found
    }

    /// Every technology and interleave; what cannot be built is noted.
    fn memories(&self, capacity: Bytes, domains: u32, at: &InfeasiblePoint, found: &mut Yield) -> Vec<BankedMemory> {
        let mut memories = Vec::new();
        for &technology in &self.study.technologies {
            for &interleave in &self.study.interleave {
                let spec = self.study.organisation(capacity, (domains, interleave), technology, self.port);
                match organise(&spec, self.model).and_then(|memory| self.in_time(memory)) {
                    Ok(memory) => memories.push(memory),
                    Err(reason) => found.infeasible.push(InfeasiblePoint {
                        interleave: Some(interleave),
                        technology: Some(technology.to_string()),
                        reason: reason.to_string(),
                        ..at.clone()
                    }),
                }
            }
        }
        memories
    }

    /// The runs were simulated with a memory latency that this memory must keep.
    fn in_time(&self, memory: BankedMemory) -> std::result::Result<BankedMemory, Infeasible> {
        let latency = self.runs.iter().map(|r| r.subject.shape().latency.0).min().unwrap_or(0);
        let read_latency = memory.organisation.read_latency;
        match u64::from(read_latency) <= latency {
            true => Ok(memory),
            false => Err(Infeasible::ReadLatency { read_latency, latency }),
        }
    }

    fn placements(&self) -> Vec<(PlacementRule, f64)> {
        let alphas = |rule: &PlacementRule| match rule {
            PlacementRule::Ideal => self.study.alpha.clone(),
            PlacementRule::FirstFit => vec![1.0],
        };
        self.study.placements.iter().flat_map(|rule| alphas(rule).into_iter().map(move |a| (*rule, a))).collect()
    }

    /// The ideal placement of every workload at α = 1.
    fn bounds(&self, capacity: Bytes, domains: u32) -> std::result::Result<Vec<IntervalTable>, Infeasible> {
        let one = |run: &Prepared<'_>| {
            let too_small = || Infeasible::CapacityBelowPeak { workload: run.subject.name().into(), peak: run.peak };
            let domain = capacity.0 / u64::from(domains);
            ideal(run.subject.occupancy(), domains, domain, 1.0, run.demand.charged).ok_or_else(too_small)
        };
        self.runs.iter().map(one).collect()
    }

    fn scenes<'s>(
        &'s self,
        placement: PlacementRule,
        alpha: f64,
        (capacity, domains, domain_words): (Bytes, u32, u64),
        bounds: &'s [IntervalTable],
    ) -> std::result::Result<Vec<Scene<'s>>, Infeasible> {
        let domain = capacity.0 / u64::from(domains);
        let one = |(run, bound): (&'s Prepared<'_>, &'s IntervalTable)| {
            let charged = run.demand.charged;
            let (table, overlap) = match (placement, &run.placed) {
                (PlacementRule::FirstFit, Some(placed)) => {
                    let placed = placed.as_ref().map_err(Infeasible::clone)?;
                    placed.fits(run.subject.name(), capacity)?;
                    let table = placed.plan.table(domains, domain_words, charged.max(placed.plan.cycles));
                    (table, placed.plan.overlap(domains, domain_words))
                }
                _ => {
                    let needed = ideal_domains(run.peak.0, domain, alpha);
                    let workload = run.subject.name().into();
                    let table = ideal(run.subject.occupancy(), domains, domain, alpha, charged)
                        .ok_or(Infeasible::TooFewDomains { workload, needed, domains })?;
                    (table, Vec::new())
                }
            };
            Ok(Scene { workload: run.subject.name(), demand: run.demand, table, overlap, ideal: bound })
        };
        self.runs.iter().zip(bounds).map(one).collect()
    }

    fn assemble(&self, found: Vec<Yield>) -> Exploration {
        let (mut points, mut workloads, mut infeasible) = (Vec::new(), Vec::new(), Vec::new());
        for geometry in found {
            for (mut point, parts) in geometry.points {
                point.point = points.len() as u64;
                workloads.extend(parts.into_iter().map(|part| WorkloadPoint { point: point.point, ..part }));
                points.push(point);
            }
            infeasible.extend(geometry.infeasible);
        }
        Exploration { summary: self.summary(points.len() as u64, infeasible), points, workloads }
    }

    fn summary(&self, points: u64, infeasible: Vec<InfeasiblePoint>) -> Summary {
        Summary {
            schema: schema::EXPLORATION.into(),
            study: self.study.clone(),
            port: self.port,
            memory: self.runs[0].subject.shape().name.clone(),
            workloads: self.runs.iter().map(workload_summary).collect(),
            characterisation: self.model.provenance(),
            points,
            infeasible,
            front: Vec::new(),
            bound_front: Vec::new(),
            winners: Vec::new(),
            sensitivity: None,
            placements: self.digests(),
        }
    }

    fn digests(&self) -> Vec<PlacementDigest> {
        let mut digests = Vec::new();
        for capacity in &self.study.capacities {
            for run in &self.runs {
                let placed = run.placed.as_ref().and_then(|p| p.as_ref().ok());
                let fits = placed.filter(|p| p.fits(run.subject.name(), *capacity).is_ok());
                digests.extend(fits.map(|placed| PlacementDigest {
                    capacity_bytes: capacity.0,
                    placement: PlacementRule::FirstFit.to_string(),
                    workload: run.subject.name().into(),
                    digest: placed.digest.clone(),
                }));
            }
        }
        digests
    }
}

fn placement_name(placement: PlacementRule, alpha: f64) -> String {
    match placement {
        PlacementRule::Ideal => format!("ideal, alpha {alpha}"),
        PlacementRule::FirstFit => placement.to_string(),
    }
}

fn workload_summary(run: &Prepared<'_>) -> WorkloadSummary {
    WorkloadSummary {
        name: run.subject.name().into(),
        cycles: run.demand.cycles,
        peak_bytes: run.peak.0,
        reads: run.demand.reads,
        writes: run.demand.writes,
        spilled_bytes: run.demand.dram_bytes.0,
    }
}

/// Fronts, winners and sensitivity.
fn rank(exploration: &mut Exploration) {
    let objectives = exploration.summary.study.objectives.clone();
    let (bounds, placed): (Vec<&Point>, Vec<&Point>) = exploration.points.iter().partition(|p| p.is_bound());
    let rows = |points: &[&Point]| -> Vec<u64> {
        front(points.iter().copied(), &objectives).iter().map(|p| p.point).collect()
    };
    let (placed_front, bound_front) = (rows(&placed), rows(&bounds));
    let ranked = if placed.is_empty() { &bounds } else { &placed };
    let best = |objective| winner(ranked.iter().copied(), objective, &objectives);
    let winners: Vec<Winner> =
        objectives.iter().filter_map(|&o| best(o).map(|p| Winner { objective: o, point: p.point })).collect();
    let sensitivity = sensitivity(ranked);
    for row in placed_front.iter().chain(&bound_front) {
        exploration.points[*row as usize].on_front = 1;
    }
    let summary = &mut exploration.summary;
    summary.front = placed_front.into_iter().map(|point| FrontPoint { point, prediction: None }).collect();
    summary.bound_front = bound_front;
    summary.winners = winners;
    summary.sensitivity = sensitivity;
}

/// Winners among the front by what was predicted: the estimate only chose who is there.
fn crown(exploration: &mut Exploration) {
    let objectives = exploration.summary.study.objectives.clone();
    let front = &exploration.summary.front;
    let predicted: Vec<Point> = front.iter().map(|f| exploration.points[f.point as usize].as_predicted()).collect();
    for place in &mut exploration.summary.winners {
        if let Some(best) = winner(&predicted, place.objective, &objectives) {
            place.point = best.point;
        }
    }
}

fn sensitivity(points: &[&Point]) -> Option<Sensitivity> {
    let least = |factor| least_energy(points.iter().copied(), factor).map(|p| p.point);
    let (third, nominal, triple) = (least(1.0 / 3.0)?, least(1.0)?, least(3.0)?);
    Some(Sensitivity { third, nominal, triple, survives: third == nominal && nominal == triple })
}

impl Prepared<'_> {
    /// Cycles of the period that are left after a run of `cycles`.
    pub fn rest(&self, cycles: Cycles) -> Cycles {
        Cycles(self.demand.charged).saturating_sub(cycles)
    }
}
