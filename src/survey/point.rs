//! One run of a survey, as a row.

use crate::table::Table;
use crate::trace::{OccupancyChange, Outcome, Run};
use crate::units::Bytes;
use serde::{Deserialize, Serialize};

/// What one model needed and took at one prompt length, lowering and accelerator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Point {
    /// Name of the lowering in the study.
    pub lowering: String,
    /// Name of the accelerator in the study.
    pub accelerator: String,
    /// Prompt tokens.
    pub prefill: u32,
    /// Name of the model in the study.
    pub model: String,
    /// Whether the prompt is longer than the model has learned positions: shapes go on, the checkpoint does not.
    pub extrapolated: bool,
    /// Whether the run ended; a working set that did not fit has no ratios.
    pub finished: bool,
    /// Length of the run.
    pub cycles: u64,
    /// Most bytes needed at once.
    pub peak_needed_bytes: u64,
    /// Most bytes needed right after an op ended.
    pub peak_needed_at_op_ends_bytes: u64,
    /// Most bytes needed at once without weights.
    pub peak_activations_bytes: u64,
    /// Most bytes needed right after an op ended, without weights.
    pub peak_activations_at_op_ends_bytes: u64,
    /// Most bytes needed at once that are attention scores, at the peak of all data.
    pub scores_at_peak_bytes: u64,
    /// Weights at the peak of all data.
    pub weights_at_peak_bytes: u64,
    /// First op that ran at the peak of all data.
    pub op_at_peak: String,
    /// Multiply-accumulate operations of the arrays.
    pub macs_issued: u64,
    /// Bytes read off chip.
    pub dram_read_bytes: u64,
    /// Bytes written off chip.
    pub dram_write_bytes: u64,
    /// Needed bytes that had to leave for lack of room.
    pub evicted_needed_bytes: u64,
}

/// Where a point stands in the study.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub lowering: &'a str,
    pub accelerator: &'a str,
    pub prefill: u32,
    pub model: &'a str,
    pub extrapolated: bool,
}

impl Point {
    /// The row of a run whose accelerator has one on-chip memory.
    pub(super) fn new(place: Place<'_>, run: &Run) -> Self {
        let (statistics, memory) = (&run.statistics, &run.statistics.memories[0]);
        let [weights, _, _, scores] = memory.peak_needed.by_class.map(|Bytes(bytes)| bytes);
        let occupancy = &run.occupancy[0];
        let most = |states: &mut dyn Iterator<Item = OccupancyChange>| {
            states.map(|state| state.needed_activations().0).max().unwrap_or(0)
        };
        Self {
            lowering: place.lowering.into(),
            accelerator: place.accelerator.into(),
            prefill: place.prefill,
            model: place.model.into(),
            extrapolated: place.extrapolated,
            finished: statistics.outcome == Outcome::Finished,
            cycles: statistics.cycles.0,
            peak_needed_bytes: memory.peak_needed.bytes.0,
            peak_needed_at_op_ends_bytes: memory.peak_needed_at_op_ends.0,
            peak_activations_bytes: most(&mut occupancy.changes.iter()),
            peak_activations_at_op_ends_bytes: most(&mut occupancy.op_ends.iter().map(|end| end.state)),
            scores_at_peak_bytes: scores,
            weights_at_peak_bytes: weights,
            op_at_peak: memory.peak_needed.ops.first().cloned().unwrap_or_default(),
            macs_issued: statistics.macs_issued,
            dram_read_bytes: statistics.dram.read_bytes.0,
            dram_write_bytes: statistics.dram.write_bytes.0,
            evicted_needed_bytes: memory.evicted_needed.0,
        }
    }

    /// The same run at another place of the study.
    pub(super) fn at(&self, place: Place<'_>) -> Self {
        Self {
            lowering: place.lowering.into(),
            accelerator: place.accelerator.into(),
            prefill: place.prefill,
            model: place.model.into(),
            extrapolated: place.extrapolated,
            ..self.clone()
        }
    }

    /// Whether both stand at the same place of a study.
    pub fn stands_with(&self, other: &Point) -> bool {
        (&self.lowering, &self.accelerator, self.prefill, &self.model)
            == (&other.lowering, &other.accelerator, other.prefill, &other.model)
    }

    /// Rows as a table with units in the names of its columns.
    pub fn table(points: &[Point]) -> Table {
        let text = |value: fn(&Point) -> &str| points.iter().map(move |p| value(p).to_owned());
        let number = |value: fn(&Point) -> u64| points.iter().map(value);
        Table::default()
            .text("lowering", text(|p| &p.lowering))
            .text("accelerator", text(|p| &p.accelerator))
            .integers("prefill_tokens", number(|p| p.prefill.into()))
            .text("model", text(|p| &p.model))
            .integers("extrapolated", number(|p| p.extrapolated.into()))
            .integers("finished", number(|p| p.finished.into()))
            .integers("cycles", number(|p| p.cycles))
            .integers("peak_needed_bytes", number(|p| p.peak_needed_bytes))
            .integers("peak_needed_at_op_ends_bytes", number(|p| p.peak_needed_at_op_ends_bytes))
            .integers("peak_activations_bytes", number(|p| p.peak_activations_bytes))
            .integers("peak_activations_at_op_ends_bytes", number(|p| p.peak_activations_at_op_ends_bytes))
            .integers("scores_at_peak_bytes", number(|p| p.scores_at_peak_bytes))
            .integers("weights_at_peak_bytes", number(|p| p.weights_at_peak_bytes))
            .text("op_at_peak", text(|p| &p.op_at_peak))
            .integers("macs_issued", number(|p| p.macs_issued))
            .integers("dram_read_bytes", number(|p| p.dram_read_bytes))
            .integers("dram_write_bytes", number(|p| p.dram_write_bytes))
            .integers("evicted_needed_bytes", number(|p| p.evicted_needed_bytes))
    }
}
