//! A simulated run: everything Stage II and co-simulation need.

use super::imported::Imported;
use super::{AccessGraph, Choices, Lifetime, Occupancy, Statistics, tables};
use crate::accelerator::Accelerator;
use crate::artefact::{self, Input, Manifest, Staging};
use crate::diagnostic::Source;
use crate::error::{Error, Result};
use crate::ids::MemoryId;
use crate::workload::Workload;
use std::path::Path;
use std::sync::Arc;

/// What one workload did on one accelerator.
#[derive(Debug, Clone)]
pub struct Run {
    /// What ran.
    pub workload: Workload,
    /// On what it ran.
    pub accelerator: Accelerator,
    /// Every transfer and the work between them.
    pub accesses: AccessGraph,
    /// Residences; a [`crate::ids::LifetimeId`] is an index into it.
    pub lifetimes: Vec<Lifetime>,
    /// One for each on-chip memory.
    pub occupancy: Vec<Occupancy>,
    /// Totals, peaks, times.
    pub statistics: Statistics,
    /// Decisions of the user that it follows, where they are known.
    pub choices: Option<Choices>,
}

/// Files of a run directory.
mod names {
    pub(super) const WORKLOAD: &str = "workload.json";
    pub(super) const ACCELERATOR: &str = "accelerator.toml";
    pub(super) const IMPORTED: &str = "imported.json";
    pub(super) const CHOICES: &str = "choices.json";
    pub(super) const STATISTICS: &str = "statistics.json";
    pub(super) const LIFETIMES: &str = "lifetimes.parquet";
    pub(super) const ACCESSES: &str = "accesses.parquet";
    pub(super) const PREDECESSORS: &str = "predecessors.parquet";

    pub(super) fn occupancy(memory: &str) -> String {
        format!("occupancy-{memory}.parquet")
    }

    pub(super) fn op_ends(memory: &str) -> String {
        format!("op-ends-{memory}.parquet")
    }
}

impl Run {
    /// Writes the run as a directory: workload, accelerator, statistics and the tables.
    ///
    /// # Errors
    /// [`Error::File`], or [`Error::Artefact`] when `target` holds somebody else's files.
    pub fn write(&self, target: &Path, inputs: Vec<Input>) -> Result<Manifest> {
        let staging = Staging::new(target)?;
        if self.is_occupancy_only() {
            let imported = Imported::of(&self.workload.name, &self.accelerator);
            staging.write(names::IMPORTED, artefact::json(&imported).as_bytes())?;
        } else {
            staging.write(names::WORKLOAD, self.workload.to_json().as_bytes())?;
            staging.write(names::ACCELERATOR, self.accelerator.to_toml().as_bytes())?;
        }
        staging.write(names::STATISTICS, artefact::json(&self.statistics).as_bytes())?;
        if let Some(choices) = &self.choices {
            staging.write(names::CHOICES, artefact::json(choices).as_bytes())?;
        }
        let path = |name: &str| staging.path().join(name);
        tables::write_nodes(&self.accesses, &path(names::ACCESSES))?;
        tables::write_patterns(&self.accesses, &path(names::PREDECESSORS))?;
        tables::write_lifetimes(&self.lifetimes, &path(names::LIFETIMES))?;
        for occupancy in &self.occupancy {
            let memory = &self.accelerator.memories[occupancy.memory.index()].name;
            tables::occupancy_table(occupancy).write_parquet(&path(&names::occupancy(memory)))?;
            tables::op_end_table(occupancy).write_parquet(&path(&names::op_ends(memory)))?;
        }
        staging.commit(if self.is_occupancy_only() { "import" } else { "simulate" }, inputs)
    }

    /// Reads a run directory.
    ///
    /// # Errors
    /// [`Error::Artefact`] or [`Error::Input`] naming the file that does not have its form.
    pub fn read(directory: &Path) -> Result<Self> {
        artefact::manifest(directory)?;
        let path = |name: &str| directory.join(name);
        let (workload, accelerator) = subject(directory)?;
        let statistics: Statistics = json(&path(names::STATISTICS))?;
        let choices = path(names::CHOICES).is_file().then(|| json(&path(names::CHOICES))).transpose()?;
        let occupancy = (0..accelerator.memories.len())
            .map(|i| {
                let memory = &accelerator.memories[i];
                let changes = tables::read_occupancy(&path(&names::occupancy(&memory.name)))?;
                let op_ends = tables::read_op_ends(&path(&names::op_ends(&memory.name)))?;
                let (memory, capacity) = (MemoryId::from(i), memory.capacity);
                Ok(Occupancy { memory, capacity, changes, op_ends, end: statistics.cycles })
            })
            .collect::<Result<_>>()?;
        let accesses = tables::read_graph(&path(names::ACCESSES), &path(names::PREDECESSORS))?;
        let lifetimes = tables::read_lifetimes(&path(names::LIFETIMES))?;
        Ok(Self { workload, accelerator, accesses, lifetimes, occupancy, statistics, choices })
    }

    /// Whether it was imported from a trace of occupancy: it has no op, no transfer and no lifetime, and its counts are those of
    /// the trace.
    pub fn is_occupancy_only(&self) -> bool {
        self.workload.ops.is_empty()
    }

    /// Length of the run at the accelerator's clock.
    pub fn milliseconds(&self) -> f64 {
        self.statistics.cycles.0 as f64 * self.accelerator.clock.period().0 / 1e6
    }
}

/// What ran, and on what; of an imported trace only their names and the memories.
fn subject(directory: &Path) -> Result<(Workload, Accelerator)> {
    let path = |name: &str| directory.join(name);
    if path(names::IMPORTED).is_file() {
        let imported: Imported = json(&path(names::IMPORTED))?;
        let accelerator = imported.accelerator();
        return Ok((Workload { name: imported.workload, ..Workload::default() }, accelerator));
    }
    let workload = Workload::from_json(&source(&path(names::WORKLOAD))?)?;
    Ok((workload, Accelerator::parse(&source(&path(names::ACCELERATOR))?)?))
}

fn source(path: &Path) -> Result<Arc<Source>> {
    Ok(Source::new(path, artefact::read_text(path)?))
}

/// Reads a JSON file of the run.
fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = artefact::read_text(path)?;
    serde_json::from_str(&text).map_err(|e| Error::Artefact { path: path.into(), message: e.to_string() })
}
