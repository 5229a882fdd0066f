//! What an architect asks of a run: who is at the peak, how long it is nearly reached, what each phase and each class needs.

use super::summary::{ByClass, DramSummary};
use super::{
    ArrayStatistics, Choices, MemoryStatistics, Occupancy, OccupancyChange, Outcome, PhaseStatistics, Roofline, Run,
    TokenLatency, VectorStatistics,
};
use crate::schema;
use crate::units::{Bytes, Cycles};
use crate::workload::{Class, Name, Tensor};
use serde::Serialize;

/// Percentages of the peak whose time is told.
const LEVELS: [u32; 5] = [10, 25, 50, 75, 90];

/// The answers of a run, memory by memory.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Profile {
    /// `trapti.profile/1`.
    pub schema: &'static str,
    /// Name of the workload.
    pub workload: String,
    /// Name of the accelerator.
    pub accelerator: String,
    /// Decisions of the user, where they are known.
    pub choices: Option<Choices>,
    /// How the run ended.
    pub outcome: Outcome,
    /// Length of the run.
    pub cycles: u64,
    /// The same at the accelerator's clock.
    pub milliseconds: f64,
    /// Multiply-accumulate operations that the result depends on.
    pub macs: u64,
    /// Those that the arrays carried out.
    pub macs_issued: u64,
    /// On-chip memories, in the accelerator's order.
    pub memories: Vec<MemoryProfile>,
    /// Off chip.
    pub dram: DramSummary,
    /// Arrays, in the accelerator's order.
    pub arrays: Vec<ArrayStatistics>,
    /// The vector unit.
    pub vector: VectorStatistics,
    /// Lower bounds of `cycles`.
    pub roofline: Roofline,
    /// Time to the first token and time per token, of a workload that makes tokens.
    pub latency: Option<TokenLatency>,
    /// Parts of the inference in time, where the workload names them.
    pub phases: Vec<PhaseStatistics>,
}

/// One on-chip memory.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct MemoryProfile {
    /// Name.
    pub name: String,
    /// Capacity, if it is limited.
    pub capacity_bytes: Option<u64>,
    /// Most bytes needed at once, and who needed them.
    pub peak: PeakProfile,
    /// Most bytes of all classes but weights needed at once.
    pub peak_needed_bytes_without_weights: u64,
    /// Most bytes there at once, needed or obsolete.
    pub peak_used_bytes: u64,
    /// Most bytes needed right after an op released its operands.
    pub peak_needed_bytes_at_op_ends: u64,
    /// Needed bytes averaged over the run.
    pub mean_needed_bytes: f64,
    /// Needed bytes that had to leave for lack of room.
    pub evicted_needed_bytes: u64,
    /// Time above parts of the peak.
    pub above: Vec<TimeAbove>,
    /// Phase by phase, as in [`Profile::phases`].
    pub phases: Vec<PhaseOccupancy>,
    /// Class by class.
    pub classes: Vec<ClassProfile>,
    /// Port-wide words that left it.
    pub read_words: u64,
    /// Port-wide words that entered it.
    pub write_words: u64,
}

/// Who needs the bytes at the peak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PeakProfile {
    /// The peak.
    pub bytes: u64,
    /// First cycle it was reached.
    pub cycle: u64,
    /// By class.
    pub by_class: ByClass,
    /// By layer, largest first; what belongs to no layer has an empty name.
    pub by_layer: Vec<Holder>,
    /// By the op that made the tensor or, of what came from DRAM, first reads it; largest first, the first few.
    pub by_op: Vec<Holder>,
    /// Ops that ran in that cycle.
    pub running: Vec<String>,
    /// The largest tensors.
    pub tensors: Vec<TensorAtPeak>,
}

/// Bytes of a layer or an op.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Holder {
    /// Its name.
    pub name: String,
    /// Needed bytes.
    pub bytes: u64,
}

/// A tensor at the peak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct TensorAtPeak {
    /// Its name.
    pub name: String,
    /// What it is.
    pub class: Option<Class>,
    /// Its layer.
    pub layer: Option<String>,
    /// Needed bytes of it.
    pub bytes: u64,
}

/// How long more than a part of the peak was needed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, schemars::JsonSchema)]
pub struct TimeAbove {
    /// Part of the peak, in percent.
    pub percent: u32,
    /// The same in bytes, rounded down.
    pub bytes: u64,
    /// Cycles in which more was needed.
    pub cycles: u64,
    /// The same as a part of the run, 0 to 1.
    pub share: f64,
}

/// What a phase needs of a memory.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PhaseOccupancy {
    /// Name of the phase.
    pub name: String,
    /// Its length.
    pub cycles: u64,
    /// Most bytes needed at once while it ran.
    pub peak_needed_bytes: u64,
    /// Needed bytes averaged over it.
    pub mean_needed_bytes: f64,
}

/// What a class needs of a memory.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ClassProfile {
    /// The class.
    pub class: Class,
    /// Most bytes of it needed at once, whenever that was.
    pub peak_needed_bytes: u64,
    /// Needed bytes averaged over the run.
    pub mean_needed_bytes: f64,
    /// Bytes that left the memory.
    pub read_bytes: u64,
    /// Bytes that entered it.
    pub write_bytes: u64,
}

impl Profile {
    /// Looks through the occupancy of every memory of `run` once.
    pub fn of(run: &Run) -> Self {
        let statistics = &run.statistics;
        let memories = statistics.memories.iter().zip(&run.occupancy);
        Self {
            schema: schema::PROFILE,
            workload: run.workload.name.clone(),
            accelerator: run.accelerator.name.clone(),
            choices: run.choices.clone(),
            outcome: statistics.outcome.clone(),
            cycles: statistics.cycles.0,
            milliseconds: run.milliseconds(),
            macs: statistics.macs_useful,
            macs_issued: statistics.macs_issued,
            memories: memories.map(|(m, o)| memory(run, m, o, &statistics.phases)).collect(),
            dram: DramSummary::of(&statistics.dram),
            arrays: statistics.arrays.clone(),
            vector: statistics.vector.clone(),
            roofline: statistics.roofline,
            latency: statistics.latency,
            phases: statistics.phases.clone(),
        }
    }
}

fn memory(run: &Run, memory: &MemoryStatistics, occupancy: &Occupancy, phases: &[PhaseStatistics]) -> MemoryProfile {
    let mut totals = Totals::new(memory.peak_needed.bytes, phases);
    occupancy.spans().for_each(|(state, end)| totals.add(&state, end));
    let cycles = occupancy.end.0;
    MemoryProfile {
        name: memory.name.clone(),
        capacity_bytes: occupancy.capacity.map(|c| c.0),
        peak: peak(run, memory),
        peak_needed_bytes_without_weights: totals.without_weights,
        peak_used_bytes: memory.peak_used.bytes.0,
        peak_needed_bytes_at_op_ends: memory.peak_needed_at_op_ends.0,
        mean_needed_bytes: memory.mean_needed_bytes,
        evicted_needed_bytes: memory.evicted_needed.0,
        above: totals.time_above(cycles),
        phases: totals.phase_occupancy(),
        classes: totals.class_profiles(memory, cycles),
        read_words: memory.read_words,
        write_words: memory.write_words,
    }
}

fn peak(run: &Run, memory: &MemoryStatistics) -> PeakProfile {
    let peak = &memory.peak_needed;
    let holders = |list: &[(String, Bytes)]| {
        list.iter().map(|(name, bytes)| Holder { name: name.clone(), bytes: bytes.0 }).collect()
    };
    let layer = |tensor: Tensor| tensor.layer.map(|l| run.workload.layers[l.index()].clone());
    let tensor = |(name, bytes): &(String, Bytes)| {
        let wanted = Name::new(name);
        let known = run.workload.tensors.iter().find(|t| t.name == wanted);
        let (class, layer) = (known.map(|t| t.class), known.and_then(layer));
        TensorAtPeak { name: name.clone(), class, layer, bytes: bytes.0 }
    };
    PeakProfile {
        bytes: peak.bytes.0,
        cycle: peak.cycle.0,
        by_class: peak.by_class.into(),
        by_layer: holders(&peak.by_layer),
        by_op: holders(&peak.by_op),
        running: peak.ops.clone(),
        tensors: peak.tensors.iter().map(tensor).collect(),
    }
}

/// Sums over the states of a memory.
struct Totals<'p> {
    peak: Bytes,
    above: [u64; LEVELS.len()],
    class_peak: [u64; 4],
    class_integral: [u128; 4],
    without_weights: u64,
    phases: &'p [PhaseStatistics],
    /// Peak and integral of each phase.
    in_phase: Vec<(u64, u128)>,
    /// The first phase that has not ended.
    open: usize,
}

impl<'p> Totals<'p> {
    fn new(peak: Bytes, phases: &'p [PhaseStatistics]) -> Self {
        Self {
            peak,
            above: [0; LEVELS.len()],
            class_peak: [0; 4],
            class_integral: [0; 4],
            without_weights: 0,
            phases,
            in_phase: vec![(0, 0); phases.len()],
            open: 0,
        }
    }

    /// Adds a state that lasts until `end`.
    fn add(&mut self, state: &OccupancyChange, end: Cycles) {
        let (length, needed) = (end.0 - state.cycle.0, state.needed_total().0);
        for (cycles, percent) in self.above.iter_mut().zip(LEVELS) {
            let above = u128::from(needed) * 100 > u128::from(self.peak.0) * u128::from(percent);
            *cycles += if above { length } else { 0 };
        }
        for (class, bytes) in state.needed.iter().enumerate() {
            self.class_peak[class] = self.class_peak[class].max(bytes.0);
            self.class_integral[class] += u128::from(bytes.0) * u128::from(length);
        }
        self.without_weights = self.without_weights.max(needed - state.needed_of(Class::Weight).0);
        self.add_to_phases(state.cycle.0, end.0, needed);
    }

    /// Phases follow each other, but the end of one may overlap the start of the next.
    fn add_to_phases(&mut self, start: u64, end: u64, needed: u64) {
        while self.phases.get(self.open).is_some_and(|p| p.end.0 <= start) {
            self.open += 1;
        }
        let later = self.phases.iter().zip(&mut self.in_phase).skip(self.open);
        for (phase, (peak, integral)) in later.take_while(|(phase, _)| phase.start.0 < end) {
            let overlap = end.min(phase.end.0).saturating_sub(start.max(phase.start.0));
            if overlap > 0 {
                *peak = (*peak).max(needed);
                *integral += u128::from(needed) * u128::from(overlap);
            }
        }
    }

    fn time_above(&self, run: u64) -> Vec<TimeAbove> {
        let level = |(&cycles, percent): (&u64, u32)| TimeAbove {
            percent,
            bytes: (u128::from(self.peak.0) * u128::from(percent) / 100) as u64,
            cycles,
            share: cycles as f64 / run.max(1) as f64,
        };
        self.above.iter().zip(LEVELS).map(level).collect()
    }

    fn phase_occupancy(&self) -> Vec<PhaseOccupancy> {
        let phase = |(phase, &(peak, integral)): (&PhaseStatistics, &(u64, u128))| {
            let cycles = phase.cycles().0;
            PhaseOccupancy {
                name: phase.name.clone(),
                cycles,
                peak_needed_bytes: peak,
                mean_needed_bytes: integral as f64 / cycles.max(1) as f64,
            }
        };
        self.phases.iter().zip(&self.in_phase).map(phase).collect()
    }

    fn class_profiles(&self, memory: &MemoryStatistics, run: u64) -> Vec<ClassProfile> {
        let profile = |class: Class| {
            let c = class as usize;
            ClassProfile {
                class,
                peak_needed_bytes: self.class_peak[c],
                mean_needed_bytes: self.class_integral[c] as f64 / run.max(1) as f64,
                read_bytes: memory.read_bytes[c].0,
                write_bytes: memory.write_bytes[c].0,
            }
        };
        Class::ALL.map(profile).to_vec()
    }
}
