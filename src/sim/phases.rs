//! Totals of each phase of the inference.

use super::tiling::macs_useful;
use super::traffic::Traffic;
use crate::accelerator::Accelerator;
use crate::ids::OpId;
use crate::trace::{Occupancy, OpTiming, PhaseStatistics, TokenLatency};
use crate::units::Cycles;
use crate::workload::{OpKind, Phase, PhaseKind, Workload};

/// What is known about the whole run.
#[derive(Debug, Clone, Copy)]
pub struct Phases<'a> {
    /// What ran.
    pub workload: &'a Workload,
    /// On what.
    pub accelerator: &'a Accelerator,
    /// Ops that ended, in program order.
    pub ops: &'a [OpTiming],
    /// What each op moved.
    pub traffic: &'a Traffic,
    /// What each memory held.
    pub occupancy: &'a [Occupancy],
}

impl Phases<'_> {
    /// Phases of which an op has ended.
    pub fn statistics(&self) -> Vec<PhaseStatistics> {
        let mut phases: Vec<PhaseStatistics> = self.workload.phases.iter().filter_map(|phase| self.of(phase)).collect();
        let mut order: Vec<usize> = (0..phases.len()).collect();
        order.sort_by_key(|&phase| phases[phase].start);
        let spans: Vec<_> = order.iter().map(|&phase| (phases[phase].start, phases[phase].end)).collect();
        for memory in self.occupancy {
            let peaks = memory.changes.peaks(memory.end, &spans);
            order.iter().zip(peaks).for_each(|(&phase, peak)| phases[phase].peak_needed.push(peak));
        }
        phases
    }

    /// A phase without its peaks.
    fn of(&self, phase: &Phase) -> Option<PhaseStatistics> {
        let at = |op: OpId| self.ops.partition_point(|timing| timing.op < op);
        let ops = &self.ops[at(phase.ops.start)..at(phase.ops.end)];
        let (start, end) = (ops.iter().map(|t| t.start).min()?, ops.iter().map(|t| t.end).max()?);
        let ids = ops.iter().map(|t| t.op);
        let off_chip = self.traffic.off_chip_of(ids.clone());
        Some(PhaseStatistics {
            kind: phase.kind,
            name: phase.name.to_string(),
            start,
            end,
            macs_useful: ids.clone().map(|op| useful(&self.workload.op(op).kind)).sum(),
            macs_issued: ops.iter().map(|t| t.macs).sum(),
            peak_needed: Vec::new(),
            dram_read_bytes: off_chip.read,
            dram_write_bytes: off_chip.written,
            roofline: self.traffic.roofline(ids, busiest(ops, self.accelerator), self.accelerator),
        })
    }
}

/// Cycles of computation of the unit that computes longest.
pub fn busiest(ops: &[OpTiming], accelerator: &Accelerator) -> Cycles {
    let mut units = vec![Cycles::ZERO; accelerator.arrays.len() + 1];
    for timing in ops {
        units[timing.array.map_or(accelerator.arrays.len(), |array| array.index())] += timing.compute;
    }
    units.into_iter().max().unwrap_or_default()
}

/// Multiplications and additions that the result of an op depends on.
pub fn useful(kind: &OpKind) -> u64 {
    match kind {
        OpKind::Matmul { m, k, n, mask, .. } => macs_useful((*m, *k, *n), *mask),
        OpKind::Attention { m, k, n, e, mask, .. } => {
            macs_useful((*m, *k, *n), *mask) + macs_useful((*m, *n, *e), mask.of_context())
        }
        _ => 0,
    }
}

/// When the tokens came, if the workload makes any.
pub fn latency(phases: &[PhaseStatistics]) -> Option<TokenLatency> {
    let prefill = phases.iter().rfind(|p| p.kind == PhaseKind::Prefill)?;
    let decoded: Vec<_> = phases.iter().filter(|p| p.kind == PhaseKind::Decode).collect();
    let last = decoded.iter().map(|p| p.end).max();
    let cycles_per_token = last.map(|end| (end - prefill.end).0 as f64 / decoded.len() as f64);
    Some(TokenLatency { first_token: prefill.end, decoded_tokens: decoded.len() as u64, cycles_per_token })
}
