//! The estimate: energy of one run on one memory under one policy, from idle intervals. No stall, no conflict.

use super::gap::{Gate, Slept};
use super::intervals::IntervalTable;
use crate::power::{BankedMemory, Class, EnergyTerms, States, Totals, TransitionCycles, energy};
use crate::units::{Bytes, Cycles, Picojoules};

/// What a run asks of its memory, whatever the memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Planned cycles of one inference.
    pub cycles: u64,
    /// Cycles charged to it: the period, if it is longer.
    pub charged: u64,
    /// Requests that read.
    pub reads: u64,
    /// Requests that write.
    pub writes: u64,
    /// Bytes that crossed to DRAM and back for lack of room.
    pub dram_bytes: Bytes,
    /// Energy of a bit to or from DRAM.
    pub dram_energy_per_bit: Picojoules,
    /// Bytes that have to be kept, needed now or again later, summed over the cycles of the run.
    pub held_byte_cycles: f64,
}

impl Demand {
    /// The same, once every `period` cycles if that is longer; 0 is back to back.
    pub fn every(self, period: u64) -> Self {
        Self { charged: self.cycles.max(period), ..self }
    }
}

/// Counters as the estimate has them: `table` spans the charged cycles.
pub fn totals(table: &IntervalTable, demand: &Demand, slept: &Slept) -> Totals {
    let asleep: u64 = slept.cycles.iter().sum();
    let mut class_cycles = [Cycles::ZERO; 5];
    class_cycles[Class::Light as usize] = Cycles(slept.cycles[0]);
    class_cycles[Class::Retention as usize] = Cycles(slept.cycles[1]);
    class_cycles[Class::Off as usize] = Cycles(slept.cycles[2]);
    class_cycles[Class::On as usize] = Cycles(table.domains * table.cycles - asleep);
    Totals {
        cycles: Cycles(table.cycles),
        class_cycles,
        wakes: slept.wakes,
        reads: demand.reads,
        writes: demand.writes,
        dram_bytes: demand.dram_bytes,
        stall_cycles: Cycles::ZERO,
    }
}

/// Estimated counters and energy under a policy.
pub fn estimate(
    table: &IntervalTable,
    demand: &Demand,
    memory: &BankedMemory,
    gate: &Gate,
    times: &TransitionCycles,
) -> (Totals, EnergyTerms) {
    let totals = totals(table, demand, &table.slept(gate, times));
    (totals, energy(memory, &totals, demand.dram_energy_per_bit))
}

/// Energy of infinitely many domains: each byte is kept while it is needed, in the state that keeps it most cheaply, and OFF
/// otherwise; transitions cost nothing.
pub fn limit(demand: &Demand, memory: &BankedMemory, states: States, charged: u64) -> Picojoules {
    let organisation = &memory.organisation;
    let domain_bytes = organisation.capacity().0 as f64 / f64::from(organisation.domains);
    let kept = demand.held_byte_cycles / domain_bytes; // domain-cycles
    let all = charged as f64 * f64::from(organisation.domains);
    let power = |class: Class| memory.power.of(class).0;
    let keeping = match states {
        States { retention: true, .. } => power(Class::Retention),
        States { light: true, .. } => power(Class::Light),
        _ => power(Class::On),
    };
    let leakage = (kept * keeping + (all - kept) * power(Class::Off)) * memory.clock.period().0;
    let rest = Totals {
        cycles: Cycles(charged),
        reads: demand.reads,
        writes: demand.writes,
        dram_bytes: demand.dram_bytes,
        ..Totals::default()
    };
    Picojoules(leakage) + energy(memory, &rest, demand.dram_energy_per_bit).total()
}

/// Cycles that wakes on demand could add, each if nothing hid it; `stalls` is that of a wake from each state.
pub fn wake_bound(on_demand: [u64; 3], stalls: [u64; 3]) -> u64 {
    on_demand.iter().zip(stalls).map(|(wakes, stall)| wakes * stall).sum()
}

/// Cycles that conflicts could add if nothing hid them: the time by which the transfers that access one domain at once exceed what its
/// banks take, by `overlap` (domain-cycles with 1, 2, … transfers).
///
/// A domain of I banks takes I / BANK_CYCLES requests a cycle, so k transfers that would last a cycle last k·BANK_CYCLES / I.
pub fn conflict_bound(overlap: &[u64], memory: &BankedMemory) -> u64 {
    let organisation = &memory.organisation;
    let (busy, banks) = (u128::from(organisation.bank_cycles), u128::from(organisation.interleave));
    let excess = |(level, cycles): (usize, &u64)| {
        u128::from(*cycles) * (busy * (level as u128 + 1)).saturating_sub(banks) / banks
    };
    overlap.iter().enumerate().map(excess).sum::<u128>() as u64
}
