//! The result of a study, and its artefact: a directory with `points.parquet`, `workloads.parquet` and `exploration.json`.

use super::point::{Point, PointColumns, WorkloadColumns, WorkloadPoint};
use super::sensitivity::Sensitivity;
use super::sink::{Sink, completed, stored, write};
use super::study::{Objective, PortShape, Study};
use crate::artefact::{self, Input, Staging};
use crate::error::{Error, Result};
use crate::power::LogicProvenance;
use crate::schema;
use crate::sram::Provenance;
use crate::table::read_groups;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const SUMMARY: &str = "exploration.json";
const POINTS: &str = "points.parquet";
const WORKLOADS: &str = "workloads.parquet";

/// Every point of a study and what follows from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Exploration {
    /// Study, front, winners, what is infeasible, where the numbers come from.
    pub summary: Summary,
    /// Feasible points, ascending in their numbers: all of them, or those that were kept.
    pub points: Vec<Point>,
    /// What each workload contributes to each of these points, points in order.
    pub workloads: Vec<WorkloadPoint>,
}

/// `exploration.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Summary {
    /// `trapti.exploration/1`.
    pub schema: String,
    /// What was tried.
    pub study: Study,
    /// What the accelerator prescribes.
    pub port: PortShape,
    /// Name of the memory.
    pub memory: String,
    /// The workloads that share it.
    pub workloads: Vec<WorkloadSummary>,
    /// Where the characterisation comes from.
    pub characterisation: Provenance,
    /// Where the size of controller and multiplexers comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logic: Option<LogicProvenance>,
    /// Feasible points.
    pub points: u64,
    /// Combinations that cannot exist, each with its reason.
    pub infeasible: Vec<InfeasiblePoint>,
    /// Pareto front over the objectives among points with addresses, ascending.
    pub front: Vec<FrontPoint>,
    /// Whether the points on the front have been played.
    #[serde(default)]
    pub predicted: bool,
    /// Points outside the front whose prediction was asked for.
    #[serde(default)]
    pub asked: Vec<FrontPoint>,
    /// Pareto front among bounds: what no placement can beat.
    pub bound_front: Vec<u64>,
    /// Best point for each period and objective, among points with addresses if there are any; by prediction, where the front
    /// was predicted.
    pub winners: Vec<Winner>,
    /// Whether the point of least energy stays the best under other leakage, κ and temperature; of the first period.
    pub sensitivity: Vec<Sensitivity>,
    /// Digest of the placement of each workload in each geometry.
    pub placements: Vec<PlacementDigest>,
}

/// One workload of an exploration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WorkloadSummary {
    /// Name.
    pub name: String,
    /// Planned cycles of one inference.
    pub cycles: u64,
    /// Most bytes needed at once.
    pub peak_bytes: u64,
    /// Requests that read.
    pub reads: u64,
    /// Requests that write.
    pub writes: u64,
    /// Bytes spilled to DRAM and reloaded.
    pub spilled_bytes: u64,
    /// Tokens of one inference, prompt and generated, of all sequences; 0 where the workload does not say.
    pub tokens: u64,
    /// Planned cycles to the first token.
    pub first_token_cycles: Option<u64>,
    /// Planned cycles of each token after it.
    pub cycles_per_token: Option<f64>,
}

/// A combination that cannot exist. What is left out does not matter: the reason holds for all of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InfeasiblePoint {
    /// Capacity.
    pub capacity_bytes: u64,
    /// Power domains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domains: Option<u32>,
    /// Interleaved banks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interleave: Option<u32>,
    /// Technology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technology: Option<String>,
    /// Placement, with α if it is ideal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<String>,
    /// Why.
    pub reason: String,
}

/// A point on the front, with its prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FrontPoint {
    /// Row of the point.
    pub point: u64,
    /// Exact play of every run; none if predictions were not asked for, or the policy is a schedule.
    pub prediction: Option<PredictedPoint>,
}

/// What the exact play of the runs gives, against the estimate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PredictedPoint {
    /// Energy of one inference of every workload.
    pub energy_pj: f64,
    /// Cycles with all stalls.
    pub cycles: u64,
    /// Port-cycles stalled because a domain slept.
    pub wake_stall_cycles: u64,
    /// Port-cycles stalled by a busy bank.
    pub conflict_stall_cycles: u64,
    /// Estimated energy less predicted energy, as a share of the predicted.
    pub energy_error: f64,
    /// Planned cycles less predicted cycles, as a share of the predicted.
    pub cycles_error: f64,
}

/// Best point for an objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Winner {
    /// The objective.
    pub objective: Objective,
    /// Cycles from one inference to the next; 0: back to back.
    #[serde(default)]
    pub period_cycles: u64,
    /// Row of the point.
    pub point: u64,
}

/// Digest of the placement of one run in one geometry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlacementDigest {
    /// Capacity.
    pub capacity_bytes: u64,
    /// Power domains.
    pub domains: u64,
    /// Rule.
    pub placement: String,
    /// Workload.
    pub workload: String,
    /// BLAKE3 digest of the addresses, in hexadecimal.
    pub digest: String,
}

impl Exploration {
    /// Writes the directory whole, with a manifest over `inputs`.
    ///
    /// # Errors
    /// [`Error::File`], or [`Error::Artefact`] when `directory` holds something else.
    pub fn write(&self, directory: &Path, inputs: Vec<Input>) -> Result<()> {
        let staging = Staging::new(directory)?;
        stored(Point::table(&self.points)).write_parquet(&staging.path().join(POINTS))?;
        WorkloadPoint::table(&self.workloads).write_parquet(&staging.path().join(WORKLOADS))?;
        staging.write(SUMMARY, artefact::json(&self.summary).as_bytes())?;
        staging.commit("explore", inputs).map(drop)
    }

    /// Explores into the directory: of the points only those are kept in memory that may be on a front, win or take over.
    pub(super) fn stream(
        directory: &Path,
        inputs: Vec<Input>,
        produce: impl FnOnce(&mut Sink) -> Result<Self>,
    ) -> Result<Self> {
        let staging = Staging::new(directory)?;
        let exploration = write(&staging.path().join(POINTS), &staging.path().join(WORKLOADS), produce)?;
        staging.write(SUMMARY, artefact::json(&exploration.summary).as_bytes())?;
        staging.commit("explore", inputs)?;
        Ok(exploration)
    }

    /// Writes the directory again with what was noted since; the points stay as they are.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn update(&self, directory: &Path, inputs: Vec<Input>) -> Result<()> {
        let staging = Staging::new(directory)?;
        for name in [POINTS, WORKLOADS] {
            let (from, to) = (directory.join(name), staging.path().join(name));
            std::fs::copy(&from, &to).map_err(Error::file("cannot copy", &from))?;
        }
        staging.write(SUMMARY, artefact::json(&self.summary).as_bytes())?;
        staging.commit("explore", inputs).map(drop)
    }

    /// Reads the directory, of the points those that its summary names and some others.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_named(directory: &Path, others: &[u64]) -> Result<Self> {
        let summary = Self::read_summary(directory)?;
        let mut named: BTreeSet<u64> = others.iter().chain(&summary.bound_front).copied().collect();
        named.extend(summary.front.iter().chain(&summary.asked).map(|f| f.point));
        named.extend(summary.winners.iter().map(|w| w.point));
        for sensitivity in &summary.sensitivity {
            let crossings = [sensitivity.below, sensitivity.above].into_iter().flatten();
            named.extend(crossings.map(|crossing| crossing.point).chain([sensitivity.winner]));
        }
        Self::read_if(directory, summary, |point| named.contains(&point))
    }

    /// Reads the directory.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::Artefact`], naming the file.
    pub fn read(directory: &Path) -> Result<Self> {
        Self::read_if(directory, Self::read_summary(directory)?, |_| true)
    }

    /// Calls `each` with the points of a directory, row group by row group, in order.
    ///
    /// # Errors
    /// As [`Self::read`], and what `each` returns.
    pub fn read_points(directory: &Path, mut each: impl FnMut(Vec<Point>) -> Result<()>) -> Result<()> {
        let path = directory.join(POINTS);
        read_groups(&path, |group| each(Point::records(completed(group), &path)?))
    }

    fn read_if(directory: &Path, summary: Summary, wanted: impl Fn(u64) -> bool) -> Result<Self> {
        let mut exploration = Self { summary, points: Vec::new(), workloads: Vec::new() };
        let path = directory.join(POINTS);
        read_groups(&path, |group| {
            let columns = PointColumns::load(completed(group), &path)?;
            let rows = (0..columns.rows()).filter(|row| wanted(columns.point[*row]));
            exploration.points.extend(rows.map(|row| columns.at(row)));
            Ok(())
        })?;
        let path = directory.join(WORKLOADS);
        read_groups(&path, |group| {
            let columns = WorkloadColumns::load(group, &path)?;
            let rows = (0..columns.rows()).filter(|row| wanted(columns.point[*row]));
            exploration.workloads.extend(rows.map(|row| columns.at(row)));
            Ok(())
        })?;
        exploration.complete();
        Ok(exploration)
    }

    /// Notes in the points what the summary says of them.
    fn complete(&mut self) {
        let summary = std::mem::take(&mut self.summary.front);
        for front in &summary {
            self.point_mut(front.point).into_iter().for_each(|p| p.on_front = 1);
        }
        for row in self.summary.bound_front.clone() {
            self.point_mut(row).into_iter().for_each(|p| p.on_front = 1);
        }
        let told = summary.iter().chain(&self.summary.asked);
        let predictions: BTreeMap<u64, PredictedPoint> =
            told.filter_map(|f| Some((f.point, f.prediction.clone()?))).collect();
        self.summary.front = summary;
        self.note(&predictions);
    }

    fn read_summary(directory: &Path) -> Result<Summary> {
        let path = directory.join(SUMMARY);
        let artefact = |message: String| Error::Artefact { path: path.clone(), message };
        let summary: Summary =
            serde_json::from_str(&artefact::read_text(&path)?).map_err(|e| artefact(e.to_string()))?;
        if summary.schema != schema::EXPLORATION {
            return Err(artefact(format!("is `{}`, expected `{}`", summary.schema, schema::EXPLORATION)));
        }
        Ok(summary)
    }

    /// Notes predictions in the points they are of.
    pub(super) fn note(&mut self, predictions: &BTreeMap<u64, PredictedPoint>) {
        for (row, prediction) in predictions {
            if let Some(point) = self.point_mut(*row) {
                (point.predicted_energy_pj, point.predicted_cycles) = (prediction.energy_pj, prediction.cycles);
            }
        }
    }

    /// A point by its number.
    pub fn point(&self, point: u64) -> Option<&Point> {
        self.points.get(self.place_of(point)?)
    }

    pub(super) fn point_mut(&mut self, point: u64) -> Option<&mut Point> {
        let place = self.place_of(point)?;
        self.points.get_mut(place)
    }

    fn place_of(&self, point: u64) -> Option<usize> {
        self.points.binary_search_by_key(&point, |p| p.point).ok()
    }

    /// Digest of the summary, in hexadecimal.
    pub fn digest(&self) -> String {
        artefact::digest(artefact::json(&self.summary).as_bytes())
    }
}
