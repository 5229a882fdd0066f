//! Points of one geometry: interval tables × (technology, interleave, policy) → energies.

use super::block::Block;
use super::estimate::{Demand, conflict_bound, estimate, limit, totals, wake_bound};
use super::gap::{Gate, Slept};
use super::intervals::IntervalTable;
use super::oracle::oracle;
use super::point::{Point, PointColumns};
use super::schedule::{Planned, Player, Timeline};
use super::study::{PlacementRule, PolicyRule, Study};
use crate::power::{
    BankedMemory, ControllerTiming, EnergyTerms, Policy, SCHEDULE_DEPTH, Sleep, SwitchDelays, Totals, TransitionCycles,
    break_even, energy,
};
use crate::units::{Cycles, Picojoules};
use std::ops::Range;

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
pub(super) struct Outcome {
    pub totals: Totals,
    pub terms: EnergyTerms,
    pub energy_pj: f64,
    pub stall_bound: u64,
    pub ideal: Picojoules,
    pub bounds: Bounds,
}

/// What a policy makes of the gaps of one run: at its placement, and under the ideal one.
pub(super) struct Asleep {
    placed: Slept,
    ideal: Slept,
}

/// A policy of the study.
pub(super) struct Ruled<'a> {
    pub rule: &'a PolicyRule,
    /// For each run, if that is the same in every memory.
    pub asleep: Option<&'a [Asleep]>,
}

/// What does not depend on the policy, of one run.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub never: Picojoules,
    pub oracle: Picojoules,
    pub limit: Picojoules,
    /// Cycles that conflicts of banks could add.
    conflicts: u64,
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
        let conflicts = conflict_bound(&scene.overlap, memory);
        Bounds {
            never: estimate(&scene.table, &scene.demand, memory, &never, &self.times).1.total()
                + memory.system_power.over(Cycles(conflicts), memory.clock),
            oracle: self.oracle(&scene.table, &scene.demand),
            limit: limit(&scene.demand, self.memory, self.study.states, scene.table.cycles),
            conflicts,
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

    /// Adds the points of some policies; `bounds` are those of the scenes, `policies` numbers among `rules`.
    pub(super) fn fill(
        &self,
        block: &mut Block,
        scenes: &[Scene<'_>],
        bounds: &[Bounds],
        (rules, policies): (&[Ruled<'_>], Range<usize>),
    ) {
        let first = block.open(&self.shared(scenes, bounds), policies.clone(), scenes.len());
        let mut outcomes = Vec::with_capacity(scenes.len());
        for (row, rule) in (first..).zip(&rules[policies]) {
            let resolved = self::policy(rule.rule, self.memory, &self.times);
            outcomes.clear();
            outcomes.extend(scenes.iter().zip(bounds).enumerate().map(|(run, (scene, bounds))| match rule.asleep {
                Some(asleep) => self.outcome(scene, *bounds, &resolved, &asleep[run]),
                None if resolved.schedule_depth() > 0 => self.scheduled(scene, *bounds, &resolved),
                None => self.outcome(scene, *bounds, &resolved, &self.follow(scene, &resolved)),
            }));
            block.set(row, scenes, &outcomes, self.memory);
            self.identify(&mut block.points, row, &resolved);
        }
    }

    fn outcome(&self, scene: &Scene<'_>, bounds: Bounds, policy: &Policy, asleep: &Asleep) -> Outcome {
        let (memory, demand) = (self.memory, &scene.demand);
        let wakes = if *policy == Policy::Never { [0; 3] } else { asleep.placed.wakes };
        let stall_bound = bounds.conflicts + wake_bound(wakes, self.stalls);
        let ideal = totals(&scene.ideal, demand, &asleep.ideal);
        let totals = totals(&scene.table, demand, &asleep.placed);
        let ideal = energy(memory, &ideal, demand.dram_energy_per_bit).total();
        self.charged(scene, Totals { stall_cycles: Cycles(stall_bound), ..totals }, bounds, ideal)
    }

    /// Under a schedule; of a bound, which has no domains to tell, like the oracle.
    fn scheduled(&self, scene: &Scene<'_>, bounds: Bounds, policy: &Policy) -> Outcome {
        let Self { memory, timing, delays, study: Study { states, .. }, .. } = *self;
        let player = Player { memory, states: *states, timing, delays, gate: Gate::new(policy, *states) };
        let planned = match &scene.timeline {
            Some(timeline) => timeline.planned(&player, SCHEDULE_DEPTH),
            None => Planned { slept: oracle(&scene.table, memory, *states, &self.times), on_demand: [0; 3] },
        };
        let stall_bound = bounds.conflicts + wake_bound(planned.on_demand, self.stalls);
        let totals = totals(&scene.table, &scene.demand, &planned.slept);
        let ideal = self.oracle(&scene.ideal, &scene.demand);
        self.charged(scene, Totals { stall_cycles: Cycles(stall_bound), ..totals }, bounds, ideal)
    }

    fn charged(&self, scene: &Scene<'_>, totals: Totals, bounds: Bounds, ideal: Picojoules) -> Outcome {
        let terms = energy(self.memory, &totals, scene.demand.dram_energy_per_bit);
        let (energy_pj, stall_bound) = (terms.total().0, totals.stall_cycles.0);
        Outcome { totals, terms, energy_pj, stall_bound, ideal, bounds }
    }

    fn oracle(&self, table: &IntervalTable, demand: &Demand) -> Picojoules {
        let slept = oracle(table, self.memory, self.study.states, &self.times);
        energy(self.memory, &totals(table, demand, &slept), demand.dram_energy_per_bit).total()
    }

    /// What the points of all policies have in common.
    fn shared(&self, scenes: &[Scene<'_>], bounds: &[Bounds]) -> Point {
        let memory = self.memory;
        let organisation = &memory.organisation;
        let sum = |value: fn(&Bounds) -> Picojoules| bounds.iter().map(|b| value(b).0).sum();
        Point {
            capacity_bytes: organisation.capacity().0,
            domains: organisation.domains.into(),
            interleave: organisation.interleave.into(),
            technology: memory.technology.to_string(),
            placement: self.placement.to_string(),
            alpha: self.alpha,
            period_cycles: self.period,
            macro_rows: memory.macro_shape.rows.into(),
            macro_columns: memory.macro_shape.columns.into(),
            macro_bytes: memory.macro_shape.capacity.0,
            read_latency_cycles: organisation.read_latency.into(),
            bank_cycles: organisation.bank_cycles.into(),
            basis: memory.basis.to_string(),
            never_pj: sum(|b| b.never),
            oracle_pj: sum(|b| b.oracle),
            limit_pj: sum(|b| b.limit),
            cycles: scenes.iter().map(|scene| scene.demand.cycles).sum(),
            live_cycles: scenes.iter().map(|scene| scene.live_cycles).sum(),
            ideal_live_cycles: scenes.iter().map(|scene| scene.ideal.busy).sum(),
            ..Point::default()
        }
    }

    fn identify(&self, points: &mut PointColumns, row: usize, policy: &Policy) {
        let memory = self.memory;
        let [light, retention, off] = policy.thresholds(self.study.states).map(|cycles| cycles.0);
        points.threshold_light_cycles[row] = light;
        points.threshold_retention_cycles[row] = retention;
        points.threshold_off_cycles[row] = off;
        let gated = *policy != Policy::Never;
        let (macros, logic) = (if gated { memory.gated_area } else { memory.area }, memory.logic_area(gated));
        points.logic_area_mm2[row] = logic.0;
        points.area_mm2[row] = (macros + logic).0;
    }
}
