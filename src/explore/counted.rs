//! Energy of what was counted while a run was played on the memory of a point.

use super::demand::subjects;
use super::exploration::Exploration;
use super::select::{memory_of, refuse};
use crate::error::Result;
use crate::power::{Activity, BankedMemory, EnergyTerms, Totals, energy};
use crate::sram::SramModel;
use crate::trace::Run;
use crate::units::{Bytes, Cycles, Picojoules};

/// What turns the counters of one run on one memory into energy.
#[derive(Debug, Clone)]
pub struct EnergyOfCounters {
    memory: BankedMemory,
    dram_bytes: Bytes,
    dram_energy_per_bit: Picojoules,
    planned: u64,
}

impl EnergyOfCounters {
    /// For `run` on the memory of row `point` of an exploration.
    ///
    /// # Errors
    /// A point that does not exist, another characterisation than that of the exploration, a run that cannot be explored.
    pub fn new(exploration: &Exploration, point: u64, run: &Run, model: &dyn SramModel) -> Result<Self> {
        let last = exploration.summary.points.saturating_sub(1);
        let unknown = || refuse(format!("there is no point {point}"), &format!("points are 0 to {last}"));
        let memory = memory_of(exploration, exploration.point(point).ok_or_else(unknown)?, model)?;
        let mut study = exploration.summary.study.clone();
        study.workloads.clear();
        let demand = subjects(&study, std::slice::from_ref(run))?[0].demand()?;
        let (dram_bytes, dram_energy_per_bit) = (demand.dram_bytes, demand.dram_energy_per_bit);
        Ok(Self { memory, dram_bytes, dram_energy_per_bit, planned: demand.cycles })
    }

    /// Energy of one inference, from its first cycle to its last.
    pub fn of(&self, activity: &Activity) -> EnergyTerms {
        let mut totals = Totals::of(activity, self.dram_bytes);
        totals.stall_cycles = activity.cycles.saturating_sub(Cycles(self.planned));
        energy(&self.memory, &totals, self.dram_energy_per_bit)
    }
}
