//! The result of a study, and its artefact: a directory with `points.parquet`, `workloads.parquet` and `exploration.json`.

use super::point::{Point, WorkloadPoint};
use super::sensitivity::Sensitivity;
use super::study::{Objective, PortShape, Study};
use crate::artefact::{self, Input, Staging};
use crate::error::{Error, Result};
use crate::schema;
use crate::sram::Provenance;
use crate::table::Table;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

const SUMMARY: &str = "exploration.json";
const POINTS: &str = "points.parquet";
const WORKLOADS: &str = "workloads.parquet";

/// Every point of a study and what follows from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Exploration {
    /// Study, front, winners, what is infeasible, where the numbers come from.
    pub summary: Summary,
    /// All feasible points; a point's number is its index.
    pub points: Vec<Point>,
    /// What each workload contributes to each point, points in order.
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
        Point::table(&self.points).write_parquet(&staging.path().join(POINTS))?;
        WorkloadPoint::table(&self.workloads).write_parquet(&staging.path().join(WORKLOADS))?;
        staging.write(SUMMARY, artefact::json(&self.summary).as_bytes())?;
        staging.commit("explore", inputs).map(drop)
    }

    /// Reads the directory.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::Artefact`], naming the file.
    pub fn read(directory: &Path) -> Result<Self> {
        let path = directory.join(SUMMARY);
        let artefact = |message: String| Error::Artefact { path: path.clone(), message };
        let summary: Summary =
            serde_json::from_str(&artefact::read_text(&path)?).map_err(|e| artefact(e.to_string()))?;
        if summary.schema != schema::EXPLORATION {
            return Err(artefact(format!("is `{}`, expected `{}`", summary.schema, schema::EXPLORATION)));
        }
        let (points, workloads) = (directory.join(POINTS), directory.join(WORKLOADS));
        Ok(Self {
            points: Point::records(Table::read_parquet(&points)?, &points)?,
            workloads: WorkloadPoint::records(Table::read_parquet(&workloads)?, &workloads)?,
            summary,
        })
    }

    /// Notes predictions in the points they are of.
    pub(super) fn note(&mut self, predictions: &BTreeMap<u64, PredictedPoint>) {
        for (row, prediction) in predictions {
            let point = &mut self.points[*row as usize];
            (point.predicted_energy_pj, point.predicted_cycles) = (prediction.energy_pj, prediction.cycles);
        }
    }

    /// A point by its number.
    pub fn point(&self, point: u64) -> Option<&Point> {
        self.points.get(usize::try_from(point).ok()?)
    }

    /// Digest of the summary and all points, in hexadecimal.
    pub fn digest(&self) -> String {
        artefact::digest([artefact::json(&self.summary), Point::table(&self.points).csv()].concat().as_bytes())
    }
}
