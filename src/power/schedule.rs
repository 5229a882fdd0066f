//! Schedules: what each domain is told after each start event. `docs/contract.md` says how the tables are played.

use super::Sleep;
use crate::artefact;
use crate::error::{Error, Result};
use crate::ids::OpId;
use crate::schema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Entries of a table at most, one table a start event.
pub const SCHEDULE_DEPTH: usize = 1024;

/// What the schedule player is told, one table a start event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Schedule {
    /// `trapti.schedule/1`.
    pub schema: String,
    /// Name of the workload.
    pub workload: String,
    /// Entries of a table at most.
    pub depth: usize,
    /// Gaps that would have saved energy, but found their tables full.
    pub dropped: u64,
    /// The tables.
    pub events: Vec<StartEvent>,
}

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// [`Error::File`], or [`Error::Artefact`] when it has another schema or form.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |message: String| Error::Artefact { path: path.into(), message };
        let schedule: Schedule = serde_json::from_str(&artefact::read_text(path)?).map_err(|e| wrong(e.to_string()))?;
        match schedule.schema == schema::SCHEDULE {
            true => Ok(schedule),
            false => Err(wrong(format!("is `{}`, expected `{}`", schedule.schema, schema::SCHEDULE))),
        }
    }
}

/// A start event, given when the layer or step begins, and its table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StartEvent {
    /// What begins.
    pub name: String,
    /// The op whose first transfer starts the table; none for the begin of the run.
    pub op: Option<OpId>,
    /// Planned cycle.
    pub cycle: u64,
    /// Ascending in their delta.
    pub entries: Vec<Entry>,
}

/// One entry of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Entry {
    /// Cycles after the start event.
    pub delta: u64,
    /// The domain.
    pub domain: u32,
    /// What it is told.
    pub operation: Operation,
}

/// What a domain is told. The code of an operation in hardware is its position here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Wake, so that it is ON for its next access.
    Prewake,
    /// Gate the periphery.
    Light,
    /// Array to retention voltage.
    Retain,
    /// Power down.
    Off,
}

impl Operation {
    /// Code in a table entry, 2 bits.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Sleep> for Operation {
    fn from(state: Sleep) -> Self {
        match state {
            Sleep::Light => Operation::Light,
            Sleep::Retention => Operation::Retain,
            Sleep::Off => Operation::Off,
        }
    }
}
