//! Energy from counters: every term of the equation on its own.

use super::{Activity, BankedMemory, Class, Sleep};
use crate::units::{Bytes, Cycles, Picojoules};
use serde::{Deserialize, Serialize};

/// What was counted, summed over the domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Length of the run, and of the idle time after it that is charged to it.
    pub cycles: Cycles,
    /// Domain-cycles by [`Class`], in its order.
    pub class_cycles: [Cycles; 5],
    /// Wakes by the state woken from, in the order of [`Sleep::ALL`].
    pub wakes: [u64; 3],
    /// Granted reads.
    pub reads: u64,
    /// Granted writes.
    pub writes: u64,
    /// Bytes moved between chip and DRAM because the memory was too small.
    pub dram_bytes: Bytes,
    /// Cycles by which the run is longer than planned, because requests waited.
    pub stall_cycles: Cycles,
}

impl Totals {
    /// Totals of exact counters.
    pub fn of(activity: &Activity, dram_bytes: Bytes) -> Self {
        let mut totals = Totals { cycles: activity.cycles, dram_bytes, ..Totals::default() };
        for domain in &activity.domains {
            for (sum, cycles) in totals.class_cycles.iter_mut().zip(domain.class_cycles) {
                *sum += cycles;
            }
            let t = &domain.transitions;
            totals.wakes = [totals.wakes[0] + t.light_on, totals.wakes[1] + t.ret_on, totals.wakes[2] + t.off_on];
            totals.reads += domain.reads;
            totals.writes += domain.writes;
        }
        totals
    }
}

/// Energy of a run, term by term.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EnergyTerms {
    /// Leakage of the domains by [`Class`], in its order.
    pub leakage_pj: [Picojoules; 5],
    /// Rail energy of wakes, by the state woken from, in the order of [`Sleep::ALL`].
    pub transitions_pj: [Picojoules; 3],
    /// Reads in their banks.
    pub reads_pj: Picojoules,
    /// Writes in their banks.
    pub writes_pj: Picojoules,
    /// Accesses between ports and banks.
    pub interconnect_pj: Picojoules,
    /// Leakage of the interconnect.
    pub interconnect_leakage_pj: Picojoules,
    /// Leakage of the power controller.
    pub controller_leakage_pj: Picojoules,
    /// Spills and reloads.
    pub dram_pj: Picojoules,
    /// The rest of the system, which waits while the memory stalls.
    pub stall_pj: Picojoules,
}

impl EnergyTerms {
    /// Everything.
    pub fn total(&self) -> Picojoules {
        let single = [
            self.reads_pj,
            self.writes_pj,
            self.interconnect_pj,
            self.interconnect_leakage_pj,
            self.controller_leakage_pj,
            self.dram_pj,
            self.stall_pj,
        ];
        self.domain_leakage() + self.transitions_pj.into_iter().sum() + single.into_iter().sum()
    }

    /// Leakage of the domains in all states.
    pub fn domain_leakage(&self) -> Picojoules {
        self.leakage_pj.into_iter().sum()
    }

    /// Term by term sum.
    pub fn plus(&self, other: &EnergyTerms) -> EnergyTerms {
        let mut sum = *self;
        sum.leakage_pj.iter_mut().zip(other.leakage_pj).for_each(|(a, b)| *a += b);
        sum.transitions_pj.iter_mut().zip(other.transitions_pj).for_each(|(a, b)| *a += b);
        sum.reads_pj += other.reads_pj;
        sum.writes_pj += other.writes_pj;
        sum.interconnect_pj += other.interconnect_pj;
        sum.interconnect_leakage_pj += other.interconnect_leakage_pj;
        sum.controller_leakage_pj += other.controller_leakage_pj;
        sum.dram_pj += other.dram_pj;
        sum.stall_pj += other.stall_pj;
        sum
    }
}

/// Energy of what was counted: leakage by state, rail energy of wakes, accesses, interconnect, controller, DRAM, and the rest of the
/// system while it waits.
///
/// A domain in FAULT is charged as ON. Transition time is part of the ON time, so wakes add their rail energy alone.
pub fn energy(memory: &BankedMemory, totals: &Totals, dram_energy_per_bit: Picojoules) -> EnergyTerms {
    let clock = memory.clock;
    let leakage = |class: Class| memory.power.of(class).over(totals.class_cycles[class as usize], clock);
    let wake = |state: Sleep| memory.wake[state.index()] * totals.wakes[state.index()] as f64;
    EnergyTerms {
        leakage_pj: Class::ALL.map(leakage),
        transitions_pj: Sleep::ALL.map(wake),
        reads_pj: memory.read_energy * totals.reads as f64,
        writes_pj: memory.write_energy * totals.writes as f64,
        interconnect_pj: memory.interconnect_energy * (totals.reads + totals.writes) as f64,
        interconnect_leakage_pj: memory.interconnect_leakage.over(totals.cycles, clock),
        controller_leakage_pj: memory.controller_leakage.over(totals.cycles, clock),
        dram_pj: dram_energy_per_bit * (totals.dram_bytes.0 as f64 * 8.0),
        stall_pj: memory.system_power.over(totals.stall_cycles, clock),
    }
}
