//! The first model's numbers by the second's.

use super::{Metric, Point, Survey};
use crate::table::Table;

/// Ratios at one lowering, accelerator and prompt length; `None` where one of the two runs did not end.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratio {
    /// Name of the lowering.
    pub lowering: String,
    /// Name of the accelerator.
    pub accelerator: String,
    /// Prompt tokens.
    pub prefill: u32,
    /// Whether a model's positions were extrapolated.
    pub extrapolated: bool,
    /// Peaks in the order of [`Metric::ALL`].
    pub peaks: Option<[f64; 4]>,
    /// Latency.
    pub latency: Option<f64>,
}

/// The map: the points of the first model by those of the second, in their order.
pub fn ratios(survey: &Survey, points: &[Point]) -> Vec<Ratio> {
    let names = [0, 1].map(|i| survey.models[i].name.as_str());
    let second = |first: &Point| {
        points.iter().find(|p| p.model == names[1] && p.stands_with(&Point { model: names[1].into(), ..first.clone() }))
    };
    let firsts = points.iter().filter(|p| p.model == names[0]);
    firsts.filter_map(|first| Some(Ratio::of(first, second(first)?))).collect()
}

impl Ratio {
    fn of(first: &Point, second: &Point) -> Self {
        let finished = first.finished && second.finished;
        let by = |a: u64, b: u64| a as f64 / b as f64;
        let peaks = || Metric::ALL.map(|metric| by(metric.of(first), metric.of(second)));
        Self {
            lowering: first.lowering.clone(),
            accelerator: first.accelerator.clone(),
            prefill: first.prefill,
            extrapolated: first.extrapolated || second.extrapolated,
            peaks: finished.then(peaks),
            latency: finished.then(|| by(first.cycles, second.cycles)),
        }
    }

    /// The ratio of one metric.
    pub fn peak(&self, metric: Metric) -> Option<f64> {
        self.peaks.map(|peaks| peaks[metric as usize])
    }

    /// Rows as a table; a ratio that does not exist is not a number.
    pub fn table(ratios: &[Ratio]) -> Table {
        let peak = |metric| ratios.iter().map(move |r| r.peak(metric).unwrap_or(f64::NAN));
        Table::default()
            .text("lowering", ratios.iter().map(|r| r.lowering.clone()))
            .text("accelerator", ratios.iter().map(|r| r.accelerator.clone()))
            .integers("prefill_tokens", ratios.iter().map(|r| r.prefill.into()))
            .integers("extrapolated", ratios.iter().map(|r| r.extrapolated.into()))
            .floats("peak_needed", peak(Metric::All))
            .floats("peak_needed_at_op_ends", peak(Metric::AllAtOpEnds))
            .floats("peak_activations", peak(Metric::Activations))
            .floats("peak_activations_at_op_ends", peak(Metric::ActivationsAtOpEnds))
            .floats("latency", ratios.iter().map(|r| r.latency.unwrap_or(f64::NAN)))
    }
}
