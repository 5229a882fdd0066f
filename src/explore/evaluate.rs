//! Points of one geometry: interval tables × (technology, interleave, policy) → energies.

use super::estimate::{Demand, estimate, limit, stall_bound, totals};
use super::gap::Gate;
use super::intervals::IntervalTable;
use super::oracle::oracle;
use super::point::{Point, WorkloadPoint};
use super::schedule::{Player, Timeline};
use super::study::{PlacementRule, PolicyRule, Study};
use crate::power::{
    BankedMemory, Class, ControllerTiming, EnergyTerms, Policy, SCHEDULE_DEPTH, Sleep, SwitchDelays, Totals,
    TransitionCycles, break_even, energy,
};
use crate::units::Picojoules;

/// One run in one geometry.
pub struct Scene<'a> {
    /// Name of the workload.
    pub workload: &'a str,
    /// What it asks.
    pub demand: Demand,
    /// Tokens of one inference; 0: unknown.
    pub tokens: u64,
    /// Inferences of it in the mix.
    pub weight: f64,
    /// Idle intervals under the placement at hand.
    pub table: IntervalTable,
    /// Domain-cycles in which a live byte lies in a domain.
    pub live_cycles: u64,
    /// Domain-cycles with 1, 2, … transfers at once; empty for a bound, which has no addresses and no conflicts.
    pub overlap: Vec<u64>,
    /// Idle intervals in time, if the study has the policy `scheduled`; none for a bound.
    pub timeline: Option<Timeline>,
    /// Idle intervals under the ideal placement at α = 1.
    pub ideal: IntervalTable,
}

impl Scene<'_> {
    /// The same, once every `period` cycles.
    pub fn every(&self, period: u64) -> Self {
        let demand = self.demand.every(period);
        let until = |table: &IntervalTable| table.extended(demand.charged.max(table.cycles));
        let (table, ideal) = (until(&self.table), until(&self.ideal));
        let timeline = self.timeline.as_ref().map(|timeline| timeline.extended(table.cycles));
        Self { demand, table, ideal, timeline, overlap: self.overlap.clone(), ..*self }
    }
}

/// One memory with everything about it that no run changes.
pub struct Setting<'a> {
    /// The study.
    pub study: &'a Study,
    /// The memory.
    pub memory: &'a BankedMemory,
    /// Placement rule.
    pub placement: PlacementRule,
    /// Usable fill.
    pub alpha: f64,
    /// Cycles from one inference to the next; 0: back to back.
    pub period: u64,
    timing: ControllerTiming,
    delays: SwitchDelays,
    times: TransitionCycles,
    stalls: [u64; 3],
}

/// Controller times of a study at a memory's clock.
pub fn timing(study: &Study, memory: &BankedMemory) -> (ControllerTiming, SwitchDelays) {
    study.wake.timing(memory.clock)
}

/// Thresholds of a rule in a memory; none for a schedule.
pub fn policy(rule: &PolicyRule, memory: &BankedMemory, times: &TransitionCycles) -> Option<Policy> {
    rule.resolve(Sleep::ALL.map(|s| break_even(memory, times, s)))
}

/// Energies and counters of one run under one policy.
struct Outcome {
    totals: Totals,
    terms: EnergyTerms,
    stall_bound: u64,
    ideal: Picojoules,
    bounds: Bounds,
}

/// Energies of one run beside which every policy stands.
#[derive(Clone, Copy)]
struct Bounds {
    never: Picojoules,
    oracle: Picojoules,
    limit: Picojoules,
}

impl<'a> Setting<'a> {
    /// Derives times and stalls.
    pub fn new(study: &'a Study, memory: &'a BankedMemory, placement: PlacementRule, alpha: f64, period: u64) -> Self {
        let (timing, delays) = timing(study, memory);
        let stalls = [timing.wake_from_light(), timing.wake_from_ret(delays), timing.wake_from_off(delays)];
        Self {
            study,
            memory,
            placement,
            alpha,
            period,
            timing,
            delays,
            times: TransitionCycles::of(&timing, delays),
            stalls,
        }
    }

    /// One point for each policy, with what each workload contributes.
    pub fn points(&self, scenes: &[Scene<'_>]) -> Vec<(Point, Vec<WorkloadPoint>)> {
        let bounds: Vec<Bounds> = scenes.iter().map(|scene| self.bounds(scene)).collect();
        self.study.policies.iter().map(|rule| self.point(scenes, &bounds, rule)).collect()
    }

    /// What does not depend on the policy.
    fn bounds(&self, scene: &Scene<'_>) -> Bounds {
        let never = Gate::new(&Policy::Never, self.study.states);
        Bounds {
            never: estimate(&scene.table, &scene.demand, self.memory, &never, &self.times).1.total(),
            oracle: self.oracle(&scene.table, &scene.demand),
            limit: limit(&scene.demand, self.memory, self.study.states, scene.table.cycles),
        }
    }

    fn point(&self, scenes: &[Scene<'_>], bounds: &[Bounds], rule: &PolicyRule) -> (Point, Vec<WorkloadPoint>) {
        let policy = policy(rule, self.memory, &self.times);
        let outcome = |(scene, bounds)| self.outcome(scene, bounds, policy.as_ref());
        let outcomes: Vec<Outcome> = scenes.iter().zip(bounds.iter().copied()).map(outcome).collect();
        let mut point = self.identity(rule, policy.as_ref());
        for (scene, outcome) in scenes.iter().zip(&outcomes) {
            add(&mut point, scene, outcome);
        }
        let weight: f64 = scenes.iter().map(|s| s.weight).sum();
        let energy: f64 = scenes.iter().zip(&outcomes).map(|(s, o)| s.weight * o.terms.total().0).sum();
        let charged: f64 = scenes.iter().map(|s| s.weight * s.demand.charged as f64).sum();
        point.mean_energy_pj = energy / weight;
        point.average_power_mw = average_power(energy, charged, self.memory);
        let parts = scenes.iter().zip(&outcomes).map(|(s, o)| contribution(s, o, self.memory)).collect();
        (point, parts)
    }

    /// Of a schedule if there is no policy, which depends on idle times alone.
    fn outcome(&self, scene: &Scene<'_>, bounds: Bounds, policy: Option<&Policy>) -> Outcome {
        let (memory, demand) = (self.memory, &scene.demand);
        let under = |table: &IntervalTable, policy: &Policy| {
            estimate(table, demand, memory, &Gate::new(policy, self.study.states), &self.times)
        };
        let (totals, terms) = match policy {
            Some(policy) => under(&scene.table, policy),
            None => self.scheduled(scene),
        };
        Outcome {
            stall_bound: stall_bound(&totals, &scene.overlap, memory, policy, self.stalls),
            totals,
            terms,
            bounds,
            ideal: policy.map_or_else(|| self.oracle(&scene.ideal, demand), |p| under(&scene.ideal, p).1.total()),
        }
    }

    /// Counters and energy under a schedule; of a bound, which has no domains to tell, those of the oracle.
    fn scheduled(&self, scene: &Scene<'_>) -> (Totals, EnergyTerms) {
        let Self { memory, timing, delays, .. } = *self;
        let player = Player { memory, states: self.study.states, timing, delays };
        let slept = match &scene.timeline {
            Some(timeline) => timeline.slept(&player, SCHEDULE_DEPTH),
            None => oracle(&scene.table, memory, self.study.states, &self.times),
        };
        let totals = totals(&scene.table, &scene.demand, &slept);
        (totals, energy(memory, &totals, scene.demand.dram_energy_per_bit))
    }

    fn oracle(&self, table: &IntervalTable, demand: &Demand) -> Picojoules {
        let slept = oracle(table, self.memory, self.study.states, &self.times);
        energy(self.memory, &totals(table, demand, &slept), demand.dram_energy_per_bit).total()
    }

    fn identity(&self, rule: &PolicyRule, policy: Option<&Policy>) -> Point {
        let memory = self.memory;
        let organisation = &memory.organisation;
        let [light, retention, off] = policy.map_or([0; 3], |p| p.thresholds(self.study.states).map(|c| c.0));
        Point {
            capacity_bytes: organisation.capacity().0,
            domains: organisation.domains.into(),
            interleave: organisation.interleave.into(),
            technology: memory.technology.to_string(),
            placement: self.placement.to_string(),
            alpha: self.alpha,
            period_cycles: self.period,
            policy: rule.to_string(),
            threshold_light_cycles: light,
            threshold_retention_cycles: retention,
            threshold_off_cycles: off,
            macro_rows: memory.macro_shape.rows.into(),
            macro_columns: memory.macro_shape.columns.into(),
            macro_bytes: memory.macro_shape.capacity.0,
            read_latency_cycles: organisation.read_latency.into(),
            bank_cycles: organisation.bank_cycles.into(),
            basis: memory.basis.to_string(),
            area_mm2: if policy == Some(&Policy::Never) { memory.area.0 } else { memory.gated_area.0 },
            ..Point::default()
        }
    }
}

fn add(point: &mut Point, scene: &Scene<'_>, outcome: &Outcome) {
    let (terms, totals) = (&outcome.terms, &outcome.totals);
    let leakage = |class: Class| terms.leakage_pj[class as usize].0;
    let cycles = |class: Class| totals.class_cycles[class as usize].0;
    let total = terms.total().0;
    point.energy_pj += total;
    point.worst_energy_pj = point.worst_energy_pj.max(total);
    point.leakage_on_pj += leakage(Class::On);
    point.leakage_light_pj += leakage(Class::Light);
    point.leakage_retention_pj += leakage(Class::Retention);
    point.leakage_off_pj += leakage(Class::Off);
    point.transitions_pj += terms.transitions_pj.into_iter().sum::<Picojoules>().0;
    point.reads_pj += terms.reads_pj.0;
    point.writes_pj += terms.writes_pj.0;
    point.interconnect_pj += terms.interconnect_pj.0;
    point.interconnect_leakage_pj += terms.interconnect_leakage_pj.0;
    point.controller_leakage_pj += terms.controller_leakage_pj.0;
    point.dram_pj += terms.dram_pj.0;
    point.never_pj += outcome.bounds.never.0;
    point.oracle_pj += outcome.bounds.oracle.0;
    point.ideal_pj += outcome.ideal.0;
    point.limit_pj += outcome.bounds.limit.0;
    point.cycles += scene.demand.cycles;
    point.stall_bound_cycles += outcome.stall_bound;
    point.live_cycles += scene.live_cycles;
    point.ideal_live_cycles += scene.ideal.busy;
    point.on_cycles += cycles(Class::On);
    point.light_cycles += cycles(Class::Light);
    point.retention_cycles += cycles(Class::Retention);
    point.off_cycles += cycles(Class::Off);
    point.light_wakes += totals.wakes[0];
    point.retention_wakes += totals.wakes[1];
    point.off_wakes += totals.wakes[2];
}

fn contribution(scene: &Scene<'_>, outcome: &Outcome, memory: &BankedMemory) -> WorkloadPoint {
    let energy_pj = outcome.terms.total().0;
    WorkloadPoint {
        point: 0,
        workload: scene.workload.into(),
        energy_pj,
        energy_per_token_pj: if scene.tokens > 0 { energy_pj / scene.tokens as f64 } else { 0.0 },
        never_pj: outcome.bounds.never.0,
        oracle_pj: outcome.bounds.oracle.0,
        cycles: scene.demand.cycles,
        charged_cycles: scene.demand.charged,
        average_power_mw: average_power(energy_pj, scene.demand.charged as f64, memory),
    }
}

/// pJ over cycles to mW: pJ / ns = mW.
fn average_power(energy_pj: f64, cycles: f64, memory: &BankedMemory) -> f64 {
    if cycles == 0.0 { 0.0 } else { energy_pj / (cycles * memory.clock.period().0) }
}
