//! Points of one geometry: interval tables × (technology, interleave, policy) → energies.

use super::estimate::{Demand, estimate, limit, stall_bound, totals};
use super::gap::{Gate, Slept};
use super::intervals::IntervalTable;
use super::oracle::oracle;
use super::point::{Detailed, Point, WorkloadPoint};
use super::schedule::{Planned, Player, Timeline};
use super::study::{PlacementRule, PolicyRule, Study};
use crate::power::{
    BankedMemory, Class, ControllerTiming, EnergyTerms, Policy, SCHEDULE_DEPTH, Sleep, SwitchDelays, Totals,
    TransitionCycles, break_even, energy,
};
use crate::units::{Cycles, Picojoules};

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

/// Thresholds of a rule in a memory.
pub fn policy(rule: &PolicyRule, memory: &BankedMemory, times: &TransitionCycles) -> Policy {
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

/// What a policy makes of the gaps of one run: at its placement, and under the ideal one.
pub(super) struct Asleep {
    placed: Slept,
    ideal: Slept,
}

/// A policy of the study.
pub(super) struct Named<'a> {
    pub rule: &'a PolicyRule,
    pub name: &'a str,
    /// For each run, if that is the same in every memory.
    pub asleep: Option<&'a [Asleep]>,
}

/// Energies of one run beside which every policy stands.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
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

    /// What does not depend on the policy, of each run.
    pub(super) fn bounds(&self, scenes: &[Scene<'_>]) -> Vec<Bounds> {
        scenes.iter().map(|scene| self.bound(scene)).collect()
    }

    fn bound(&self, scene: &Scene<'_>) -> Bounds {
        let memory = self.memory;
        let never = Gate::new(&Policy::Never, self.study.states);
        let conflicts = Cycles(stall_bound([0; 3], &scene.overlap, memory, self.stalls));
        Bounds {
            never: estimate(&scene.table, &scene.demand, memory, &never, &self.times).1.total()
                + memory.system_power.over(conflicts, memory.clock),
            oracle: self.oracle(&scene.table, &scene.demand),
            limit: limit(&scene.demand, self.memory, self.study.states, scene.table.cycles),
        }
    }

    /// What a policy that is the same in every memory makes of the gaps of each run.
    pub(super) fn asleep(&self, scenes: &[Scene<'_>], rule: &PolicyRule) -> Option<Vec<Asleep>> {
        let policy = rule.fixed()?;
        Some(scenes.iter().map(|scene| self.follow(scene, &policy)).collect())
    }

    fn follow(&self, scene: &Scene<'_>, policy: &Policy) -> Asleep {
        let gate = Gate::new(policy, self.study.states);
        Asleep { placed: scene.table.slept(&gate, &self.times), ideal: scene.ideal.slept(&gate, &self.times) }
    }

    /// The point of a policy, with what each workload contributes.
    pub(super) fn point(&self, scenes: &[Scene<'_>], bounds: &[Bounds], policy: &Named<'_>) -> Detailed {
        let resolved = self::policy(policy.rule, self.memory, &self.times);
        let outcome = |(index, scene): (usize, &Scene<'_>)| match policy.asleep {
            Some(asleep) => self.outcome(scene, bounds[index], &resolved, &asleep[index]),
            None if resolved.schedule_depth() > 0 => self.scheduled(scene, bounds[index], &resolved),
            None => self.outcome(scene, bounds[index], &resolved, &self.follow(scene, &resolved)),
        };
        let outcomes: Vec<Outcome> = scenes.iter().enumerate().map(outcome).collect();
        let mut point = self.identity(policy.name, &resolved);
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

    fn outcome(&self, scene: &Scene<'_>, bounds: Bounds, policy: &Policy, asleep: &Asleep) -> Outcome {
        let (memory, demand) = (self.memory, &scene.demand);
        let under = |table: &IntervalTable, slept: &Slept, stall: u64| {
            let totals = Totals { stall_cycles: Cycles(stall), ..totals(table, demand, slept) };
            (totals, energy(memory, &totals, demand.dram_energy_per_bit))
        };
        let wakes = if *policy == Policy::Never { [0; 3] } else { asleep.placed.wakes };
        let stall_bound = stall_bound(wakes, &scene.overlap, memory, self.stalls);
        let (totals, terms) = under(&scene.table, &asleep.placed, stall_bound);
        let ideal = under(&scene.ideal, &asleep.ideal, 0).1.total();
        Outcome { stall_bound, totals, terms, bounds, ideal }
    }

    /// Under a schedule; of a bound, which has no domains to tell, like the oracle.
    fn scheduled(&self, scene: &Scene<'_>, bounds: Bounds, policy: &Policy) -> Outcome {
        let Self { memory, timing, delays, study: Study { states, .. }, .. } = *self;
        let player = Player { memory, states: *states, timing, delays, gate: Gate::new(policy, *states) };
        let planned = match &scene.timeline {
            Some(timeline) => timeline.planned(&player, SCHEDULE_DEPTH),
            None => Planned { slept: oracle(&scene.table, memory, *states, &self.times), on_demand: [0; 3] },
        };
        let stall_bound = stall_bound(planned.on_demand, &scene.overlap, memory, self.stalls);
        let totals = totals(&scene.table, &scene.demand, &planned.slept);
        let totals = Totals { stall_cycles: Cycles(stall_bound), ..totals };
        Outcome {
            stall_bound,
            terms: energy(memory, &totals, scene.demand.dram_energy_per_bit),
            totals,
            bounds,
            ideal: self.oracle(&scene.ideal, &scene.demand),
        }
    }

    fn oracle(&self, table: &IntervalTable, demand: &Demand) -> Picojoules {
        let slept = oracle(table, self.memory, self.study.states, &self.times);
        energy(self.memory, &totals(table, demand, &slept), demand.dram_energy_per_bit).total()
    }

    fn identity(&self, name: &str, policy: &Policy) -> Point {
        let memory = self.memory;
        let organisation = &memory.organisation;
        let [light, retention, off] = policy.thresholds(self.study.states).map(|c| c.0);
        Point {
            capacity_bytes: organisation.capacity().0,
            domains: organisation.domains.into(),
            interleave: organisation.interleave.into(),
            technology: memory.technology.to_string(),
            placement: self.placement.to_string(),
            alpha: self.alpha,
            period_cycles: self.period,
            policy: name.into(),
            threshold_light_cycles: light,
            threshold_retention_cycles: retention,
            threshold_off_cycles: off,
            macro_rows: memory.macro_shape.rows.into(),
            macro_columns: memory.macro_shape.columns.into(),
            macro_bytes: memory.macro_shape.capacity.0,
            read_latency_cycles: organisation.read_latency.into(),
            bank_cycles: organisation.bank_cycles.into(),
            basis: memory.basis.to_string(),
            area_mm2: if *policy == Policy::Never { memory.area.0 } else { memory.gated_area.0 },
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
    point.stall_pj += terms.stall_pj.0;
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
