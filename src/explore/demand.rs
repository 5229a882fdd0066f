//! What the runs ask of the memory they share.

use super::estimate::Demand;
use super::kept::Kept;
use super::study::{PortShape, Study};
use crate::accelerator::Memory;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::ids::MemoryId;
use crate::trace::{Node, Occupancy, Outcome, Run};
use crate::units::{Bytes, Picojoules};
use std::collections::BTreeSet;

/// The memory under study in one run.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'r> {
    /// The run.
    pub run: &'r Run,
    /// The memory.
    pub memory: MemoryId,
}

/// The runs of a study: those it names, in its order, or all.
///
/// # Errors
/// A workload without a run, a run that did not finish, runs whose accelerators give the memory another shape or clock.
pub fn subjects<'r>(study: &Study, runs: &'r [Run]) -> Result<Vec<Subject<'r>>> {
    let mut problems = Vec::new();
    let chosen = chosen(study, runs, &mut problems);
    let mut subjects = Vec::new();
    for run in chosen {
        match subject(study, run) {
            Ok(subject) => subjects.push(subject),
            Err(problem) => problems.push(problem),
        }
    }
    if let Some(first) = subjects.first().map(Subject::port) {
        let other = subjects.iter().find(|s| s.port() != first);
        problems.extend(other.map(|s| different(&s.run.workload.name)));
    } else if problems.is_empty() {
        problems.push(Diagnostic::new("no-run", "there is no run to explore").with_help("simulate a workload first"));
    }
    if problems.is_empty() { Ok(subjects) } else { Err(Error::Input(problems)) }
}

fn chosen<'r>(study: &Study, runs: &'r [Run], problems: &mut Vec<Diagnostic>) -> Vec<&'r Run> {
    if study.workloads.is_empty() {
        problems.extend(twice(runs.iter().map(|run| &*run.workload.name)));
        return runs.iter().collect();
    }
    let mut found = Vec::new();
    for name in &study.workloads {
        let exact = runs.iter().find(|r| r.workload.name == *name);
        match exact.or_else(|| runs.iter().find(|r| r.workload.name.starts_with(name.as_str()))) {
            Some(run) => found.push(run),
            None => problems.push(missing(name, runs)),
        }
    }
    problems.extend(twice(found.iter().map(|run| &*run.workload.name)));
    found
}

/// A workload that is there twice could not be told from the other.
fn twice<'n>(names: impl Iterator<Item = &'n str>) -> Option<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut names = names;
    let name = names.find(|name| !seen.insert(*name))?;
    let problem = Diagnostic::new("duplicate-workload", format!("the workload `{name}` is there twice"));
    Some(problem.with_help("give each run once; `weights` says how many inferences of it are in the mix"))
}

fn missing(name: &str, runs: &[Run]) -> Diagnostic {
    let known: Vec<&str> = runs.iter().map(|r| r.workload.name.as_str()).collect();
    Diagnostic::new("unknown-workload", format!("the study names the workload `{name}`, but no run of it is given"))
        .with_help(format!("runs given: {}", known.join(", ")))
}

fn different(name: &str) -> Diagnostic {
    Diagnostic::new(
        "different-accelerators",
        format!("{name} ran on an accelerator whose memory has other ports, another width or clock"),
    )
    .with_help("workloads that share a memory run on one accelerator; simulate them again")
}

fn subject<'r>(study: &Study, run: &'r Run) -> std::result::Result<Subject<'r>, Diagnostic> {
    let memory = run.accelerator.memory_named(study.memory.as_deref())?;
    if let Outcome::Thrashing { op, memory, lacking } = &run.statistics.outcome {
        let message = format!("{} did not finish: {op} lacks {} in {memory}", run.workload.name, lacking.human());
        return Err(Diagnostic::new("unfinished-run", message).with_help("simulate it with a larger memory"));
    }
    Ok(Subject { run, memory })
}

impl<'r> Subject<'r> {
    /// Name of the workload.
    pub fn name(&self) -> &'r str {
        &self.run.workload.name
    }

    /// The memory as the accelerator has it.
    pub fn shape(&self) -> &'r Memory {
        &self.run.accelerator.memories[self.memory.index()]
    }

    /// What the accelerator prescribes.
    pub fn port(&self) -> PortShape {
        let shape = self.shape();
        PortShape { ports: shape.ports, word_bits: shape.port_bits, clock: self.run.accelerator.clock }
    }

    /// Occupancy of the memory.
    pub fn occupancy(&self) -> &'r Occupancy {
        &self.run.occupancy[self.memory.index()]
    }

    /// Most bytes needed at once.
    pub fn peak(&self) -> Bytes {
        let needed = self.occupancy().changes.iter().map(|c| c.needed_total());
        needed.max().unwrap_or_default()
    }

    /// Transfers of the memory.
    pub(super) fn transfers(&self) -> impl Iterator<Item = Node> + use<'r> {
        let memory = self.memory.0 as u8;
        self.run.accesses.nodes().iter().filter(move |n| n.kind.is_transfer() && n.memory == memory)
    }

    /// What one inference asks, back to back.
    ///
    /// # Errors
    /// A run that spills on an accelerator whose DRAM has no energy.
    pub fn demand(&self) -> Result<Demand> {
        self.demand_keeping(&Kept::of(self))
    }

    /// The same, with the weights that stay between uses.
    ///
    /// # Errors
    /// As [`Self::demand`].
    pub(super) fn demand_keeping(&self, kept: &Kept) -> Result<Demand> {
        let cycles = self.run.statistics.cycles.0;
        let (dram_bytes, dram_energy_per_bit) = self.spilled()?;
        let (reads, writes) = self.requests();
        let held_byte_cycles = self.held_byte_cycles(kept);
        Ok(Demand { cycles, charged: cycles, reads, writes, dram_bytes, dram_energy_per_bit, held_byte_cycles })
    }

    /// Requests that read and that write. An imported occupancy has no transfers; its counts are those of the trace.
    fn requests(&self) -> (u64, u64) {
        let totals = self.run.statistics.memories.get(self.memory.index());
        if let Some(totals) = totals.filter(|_| self.run.is_occupancy_only()) {
            return (totals.read_words, totals.write_words);
        }
        let (mut reads, mut writes) = (0, 0);
        for node in self.transfers() {
            let requests = self.shape().requests(node.bytes());
            if node.kind.reads() {
                reads += requests;
            } else {
                writes += requests;
            }
        }
        (reads, writes)
    }

    /// DRAM traffic that a larger memory would avoid.
    fn spilled(&self) -> Result<(Bytes, Picojoules)> {
        let dram = &self.run.statistics.dram;
        let bytes = dram.read_bytes.saturating_sub(dram.unavoidable_read_bytes)
            + dram.write_bytes.saturating_sub(dram.unavoidable_write_bytes);
        match self.run.accelerator.dram.energy_per_bit {
            Some(energy) => Ok((bytes, energy)),
            None if bytes == Bytes::ZERO => Ok((bytes, Picojoules::ZERO)),
            None => {
                let message = format!("{} spills to DRAM, whose energy is not known", self.name());
                let help = "give the accelerator `dram.energy`, such as \"20 pJ/bit\"";
                Err(Error::input(Diagnostic::new("missing-dram-energy", message).with_help(help)))
            }
        }
    }

    /// Tokens of one inference, prompt and generated, of all sequences; 0 of an op graph, which does not say.
    pub fn tokens(&self) -> u64 {
        let scenario = self.run.choices.as_ref().and_then(|choices| choices.scenario.as_ref());
        scenario.map_or(0, |s| u64::from(s.batch) * (u64::from(s.prefill) + u64::from(s.decode)))
    }

    fn held_byte_cycles(&self, kept: &Kept) -> f64 {
        let occupancy = self.occupancy();
        let ends = kept.held(occupancy).skip(1).map(|(cycle, _)| cycle).chain([occupancy.end.0]);
        let stretch = |((from, bytes), to): ((u64, u64), u64)| bytes as f64 * to.saturating_sub(from) as f64;
        kept.held(occupancy).zip(ends).map(stretch).sum()
    }
}
