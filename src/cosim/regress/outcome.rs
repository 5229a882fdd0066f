//! What became of the cases: the artefact `regression.json`.

use super::bench::Stop;
use super::coverage::Covered;
use crate::cosim::difference::Difference;
use serde::{Deserialize, Serialize};

/// What a regression found. Only the seconds depend on the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Regression {
    /// `trapti.regression/1`.
    pub schema: String,
    /// Name of the suite.
    pub suite: String,
    /// Seeds of each random stimulus.
    pub seeds: u32,
    /// Every case, in the order of the suite.
    pub cases: Vec<Outcome>,
    /// What all cases together came across.
    pub covered: Covered,
}

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Outcome {
    /// `design/stimulus/seed`.
    pub case: String,
    /// Name of the design.
    pub design: String,
    /// Name of the stimulus.
    pub stimulus: String,
    /// Seed, if it has one.
    pub seed: Option<u64>,
    /// Length in cycles.
    pub cycles: u64,
    /// Cycles that were evaluated; the others were skipped.
    pub evaluated: u64,
    /// Requests granted.
    pub requests: u64,
    /// Wall-clock time.
    pub seconds: f64,
    /// Why it failed; none if it passed.
    pub failure: Option<Failure>,
}

/// Why a case failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Failure {
    /// Which check saw it: a signal or counter that differs, `corner`, `goal`, `live data`, `watchdog` or `tool`.
    pub check: String,
    /// Cycle in which it was seen.
    pub cycle: u64,
    /// The last cycle before it in which nothing was under way.
    pub quiet: u64,
    /// What was seen.
    pub message: String,
    /// Hardware against reference model, if they differ.
    pub difference: Option<Difference>,
}

impl Regression {
    /// Whether every case passed, and there was one.
    pub fn passed(&self) -> bool {
        !self.cases.is_empty() && self.failures().next().is_none()
    }

    /// The cases that failed.
    pub fn failures(&self) -> impl Iterator<Item = (&Outcome, &Failure)> {
        self.cases.iter().filter_map(|outcome| Some((outcome, outcome.failure.as_ref()?)))
    }
}

impl Failure {
    pub(super) fn of(stop: Stop, now: u64, quiet: u64) -> Self {
        match stop {
            Stop::Different(difference) => Self {
                check: difference.signal.clone(),
                cycle: difference.cycle,
                quiet,
                message: difference.to_string(),
                difference: Some(difference),
            },
            Stop::Wrong { check, cycle, message } => {
                Self { check: check.name().into(), cycle, quiet, message, difference: None }
            }
            Stop::Failed(error) => {
                Self { check: "tool".into(), cycle: now, quiet, message: error.to_string(), difference: None }
            }
        }
    }
}
