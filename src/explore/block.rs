//! A stretch of points on the way from their evaluation to their table: a column a field, not a record a point.

use super::evaluate::{Outcome, Scene};
use super::point::{Detailed, Point, PointColumns, WorkloadColumns, WorkloadPoint};
use crate::power::{BankedMemory, Class, EnergyTerms};
use crate::table::Texts;
use std::ops::Range;
use std::sync::Arc;

/// What the points of a study are named by.
pub(super) struct Names {
    pub policies: Arc<Vec<String>>,
    pub workloads: Arc<Vec<String>>,
}

/// Some points with what each workload contributes.
#[derive(Default)]
pub(super) struct Block {
    pub points: PointColumns,
    pub parts: WorkloadColumns,
    /// Policy of each point, by its number.
    policies: Vec<u32>,
}

/// Sums over the workloads of a point.
#[derive(Default)]
struct Sum {
    terms: EnergyTerms,
    class_cycles: [u64; Class::ALL.len()],
    wakes: [u64; 3],
    stall_bound: u64,
    energy_pj: f64,
    ideal_pj: f64,
    worst_pj: f64,
    /// Energy, cycles and inferences of the mix.
    weighted: [f64; 3],
}

impl Block {
    /// Adds a point for each of some policies, all as `shared` says; what a policy decides is to be [`Self::set`].
    ///
    /// Returns the row of the first.
    pub fn open(&mut self, shared: &Point, policies: Range<usize>, workloads: usize) -> usize {
        let first = self.points.rows();
        self.points.fill(shared, policies.len());
        self.parts.fill(&WorkloadPoint::default(), policies.len() * workloads);
        self.policies.extend(policies.map(|number| number as u32));
        first
    }

    /// Sets what the outcomes of the runs decide about a point.
    pub fn set(&mut self, row: usize, scenes: &[Scene<'_>], outcomes: &[Outcome], memory: &BankedMemory) {
        let mut sum = Sum::default();
        for (at, (scene, outcome)) in scenes.iter().zip(outcomes).enumerate() {
            sum.add(scene, outcome);
            self.contribute(row * scenes.len() + at, scene, outcome, memory);
        }
        sum.set(&mut self.points, row, memory);
    }

    fn contribute(&mut self, row: usize, scene: &Scene<'_>, outcome: &Outcome, memory: &BankedMemory) {
        let (energy_pj, demand, parts) = (outcome.energy_pj, &scene.demand, &mut self.parts);
        parts.energy_pj[row] = energy_pj;
        parts.energy_per_token_pj[row] = if scene.tokens > 0 { energy_pj / scene.tokens as f64 } else { 0.0 };
        parts.never_pj[row] = outcome.bounds.never.0;
        parts.oracle_pj[row] = outcome.bounds.oracle.0;
        parts.cycles[row] = demand.cycles;
        parts.charged_cycles[row] = demand.charged;
        parts.average_power_mw[row] = average_power(energy_pj, demand.charged as f64, memory);
    }

    /// Names policies and workloads, when all points are there.
    pub fn named(mut self, names: &Names) -> Self {
        self.points.policy = Texts::numbered(&names.policies, std::mem::take(&mut self.policies));
        let workloads = names.workloads.len() as u32;
        let rows = (0..self.points.rows()).flat_map(|_| 0..workloads);
        self.parts.workload = Texts::numbered(&names.workloads, rows);
        self
    }

    /// Numbers the points from `first` on.
    pub fn numbered(mut self, first: u64) -> Self {
        let (points, parts) = (first..first + self.points.rows() as u64, self.parts_of_one());
        self.parts.point = points.clone().flat_map(|point| std::iter::repeat_n(point, parts)).collect();
        self.points.point = points.collect();
        self
    }

    /// One point with its parts.
    pub fn detailed(&self, row: usize) -> Detailed {
        let parts = self.parts_of_one();
        (self.points.at(row), (row * parts..(row + 1) * parts).map(|part| self.parts.at(part)).collect())
    }

    fn parts_of_one(&self) -> usize {
        self.parts.rows() / self.points.rows().max(1)
    }
}

impl Sum {
    fn add(&mut self, scene: &Scene<'_>, outcome: &Outcome) {
        self.terms = self.terms.plus(&outcome.terms);
        self.class_cycles.iter_mut().zip(outcome.totals.class_cycles).for_each(|(sum, cycles)| *sum += cycles.0);
        self.wakes.iter_mut().zip(outcome.totals.wakes).for_each(|(sum, wakes)| *sum += wakes);
        self.stall_bound += outcome.stall_bound;
        self.energy_pj += outcome.energy_pj;
        self.ideal_pj += outcome.ideal.0;
        self.worst_pj = self.worst_pj.max(outcome.energy_pj);
        let mixed = [outcome.energy_pj, scene.demand.charged as f64, 1.0];
        self.weighted.iter_mut().zip(mixed).for_each(|(sum, value)| *sum += scene.weight * value);
    }

    fn set(&self, points: &mut PointColumns, row: usize, memory: &BankedMemory) {
        let leakage = |class: Class| self.terms.leakage_pj[class as usize].0;
        let cycles = |class: Class| self.class_cycles[class as usize];
        let [energy, charged, weight] = self.weighted;
        points.energy_pj[row] = self.energy_pj;
        points.mean_energy_pj[row] = energy / weight;
        points.worst_energy_pj[row] = self.worst_pj;
        points.leakage_on_pj[row] = leakage(Class::On);
        points.leakage_light_pj[row] = leakage(Class::Light);
        points.leakage_retention_pj[row] = leakage(Class::Retention);
        points.leakage_off_pj[row] = leakage(Class::Off);
        points.transitions_pj[row] = self.terms.transitions_pj.iter().map(|wakes| wakes.0).sum();
        points.reads_pj[row] = self.terms.reads_pj.0;
        points.writes_pj[row] = self.terms.writes_pj.0;
        points.interconnect_pj[row] = self.terms.interconnect_pj.0;
        points.interconnect_leakage_pj[row] = self.terms.interconnect_leakage_pj.0;
        points.controller_leakage_pj[row] = self.terms.controller_leakage_pj.0;
        points.dram_pj[row] = self.terms.dram_pj.0;
        points.stall_pj[row] = self.terms.stall_pj.0;
        points.ideal_pj[row] = self.ideal_pj;
        points.stall_bound_cycles[row] = self.stall_bound;
        points.average_power_mw[row] = average_power(energy, charged, memory);
        points.on_cycles[row] = cycles(Class::On);
        points.light_cycles[row] = cycles(Class::Light);
        points.retention_cycles[row] = cycles(Class::Retention);
        points.off_cycles[row] = cycles(Class::Off);
        [points.light_wakes[row], points.retention_wakes[row], points.off_wakes[row]] = self.wakes;
    }
}

/// pJ over cycles to mW: pJ / ns = mW.
fn average_power(energy_pj: f64, cycles: f64, memory: &BankedMemory) -> f64 {
    if cycles == 0.0 { 0.0 } else { energy_pj / (cycles * memory.clock.period().0) }
}
