//! A run as it would be in another memory: simulated again where the memory is smaller than what the run keeps, or answers later
//! than the run waited.

use super::demand::Subject;
use super::estimate::Demand;
use super::kept::Kept;
use super::placed::{Unplaced, nothing_to_place};
use crate::error::Result;
use crate::ids::MemoryId;
use crate::power::Infeasible;
use crate::sim;
use crate::trace::{Outcome, Run};
use crate::units::{Bytes, Cycles};
use std::borrow::Cow;

/// A run in a memory of a certain capacity and latency, ready to be tabulated in any geometry.
pub(super) struct Version<'r> {
    run: Cow<'r, Run>,
    memory: MemoryId,
    pub demand: Demand,
    /// Most bytes that have to be kept at once.
    pub peak: Bytes,
    /// Weights that stay between uses.
    kept: Kept,
    unplaced: Option<Unplaced>,
    /// Whether its transfers are needed with addresses.
    placing: bool,
}

/// How the versions of one exploration are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Whether a placement with addresses is asked for.
    pub placing: bool,
    /// Largest capacity of the study.
    pub largest: Bytes,
}

impl<'r> Version<'r> {
    /// The run as it was given.
    ///
    /// # Errors
    /// A run that spills to a DRAM of unknown energy, or whose transfers are wrong.
    pub fn given(subject: &Subject<'r>, wanted: Wanted) -> Result<Self> {
        Self::new(Cow::Borrowed(subject.run), subject.memory, wanted)
    }

    fn new(run: Cow<'r, Run>, memory: MemoryId, wanted: Wanted) -> Result<Self> {
        let subject = Subject { run: &run, memory };
        let kept = Kept::of(&subject);
        let demand = subject.demand_keeping(&kept)?;
        let peak = Bytes(kept.held(subject.occupancy()).map(|(_, bytes)| bytes).max().unwrap_or(0));
        let placing = wanted.placing && !run.is_occupancy_only();
        let unplaced = placing.then(|| Unplaced::new(&subject)).transpose()?;
        Ok(Self { demand, peak, kept, unplaced, placing: wanted.placing, run, memory })
    }

    /// The run simulated again with a latency and a capacity of its memory; the inner result says why that cannot be.
    ///
    /// # Errors
    /// As [`Self::given`], and what the simulator refuses.
    pub fn again(
        subject: &Subject<'r>,
        latency: u64,
        capacity: Bytes,
        wanted: Wanted,
    ) -> Result<std::result::Result<Self, Infeasible>> {
        let run = subject.run;
        if run.is_occupancy_only() {
            return Ok(Err(Infeasible::NotSimulated {
                workload: subject.name().into(),
                peak: subject.peak(),
                latency: subject.shape().latency.0,
                read_latency: latency,
            }));
        }
        let mut accelerator = run.accelerator.clone();
        let shape = &mut accelerator.memories[subject.memory.index()];
        (shape.latency, shape.capacity) = (Cycles(latency), Some(capacity));
        let options = run.choices.as_ref().map(|c| sim::Options::of(&c.lowering)).unwrap_or_default();
        let run = sim::simulate(&run.workload, &accelerator, &options, &mut |_| {})?;
        if let Outcome::Thrashing { op, lacking, .. } = &run.statistics.outcome {
            let (workload, op) = (subject.name().into(), op.to_string());
            return Ok(Err(Infeasible::Thrashing { workload, op, lacking: *lacking }));
        }
        // What is known of the workload, such as its tokens, does not change.
        let run = Run { choices: subject.run.choices.clone(), ..run };
        Self::new(Cow::Owned(run), subject.memory, wanted).map(Ok)
    }

    /// The memory in the run.
    pub fn subject(&self) -> Subject<'_> {
        Subject { run: &self.run, memory: self.memory }
    }

    /// Name of the workload.
    pub fn name(&self) -> &str {
        &self.run.workload.name
    }

    /// Bytes that the memory has to keep, from each cycle on, and the last cycle.
    pub fn held(&self) -> (impl Iterator<Item = (u64, u64)>, u64) {
        let occupancy = self.subject().occupancy();
        (self.kept.held(occupancy), occupancy.end.0)
    }

    /// Its transfers without addresses.
    ///
    /// # Errors
    /// An imported occupancy has none.
    pub fn unplaced(&self) -> std::result::Result<&Unplaced, Infeasible> {
        debug_assert!(self.placing, "the study asks for addresses");
        self.unplaced.as_ref().ok_or_else(|| nothing_to_place(self.subject().name()))
    }

    /// Whether the run would be the same with this capacity: it was simulated with it, or neither keeps more nor spilled.
    pub fn holds_at(&self, capacity: Bytes) -> bool {
        let subject = self.subject();
        subject.shape().capacity == Some(capacity) || self.demand.dram_bytes == Bytes::ZERO && self.peak <= capacity
    }
}

/// Every run of a study as it is in memories of one read latency.
pub(super) struct Versions<'s, 'r> {
    subjects: &'s [Subject<'r>],
    /// Cycles from grant to response; 0 leaves the runs as they are.
    latency: u64,
    wanted: Wanted,
    roomy: Vec<std::result::Result<Version<'r>, Infeasible>>,
}

/// Every run in memories of one read latency and one capacity.
pub(super) type Fitting<'v, 'r> = Vec<std::result::Result<&'v Version<'r>, Infeasible>>;

/// What had to be simulated for one capacity; `None` where the roomy version holds.
pub(super) type Tight<'r> = Vec<Option<std::result::Result<Version<'r>, Infeasible>>>;

impl<'s, 'r> Versions<'s, 'r> {
    /// The runs, simulated again where they wait for less than `latency`, with all the capacity of the study.
    ///
    /// # Errors
    /// As [`Version::again`].
    pub fn new(subjects: &'s [Subject<'r>], latency: u64, wanted: Wanted) -> Result<Self> {
        let roomy = |subject: &Subject<'r>| {
            if subject.shape().latency.0 >= latency {
                return Version::given(subject, wanted).map(Ok);
            }
            let capacity = subject.shape().capacity.unwrap_or(wanted.largest).max(wanted.largest);
            Version::again(subject, latency, capacity, wanted)
        };
        let roomy = subjects.iter().map(roomy).collect::<Result<_>>()?;
        Ok(Self { subjects, latency, wanted, roomy })
    }

    /// What has to be simulated again for a capacity.
    ///
    /// # Errors
    /// As [`Version::again`].
    pub fn tight(&self, capacity: Bytes) -> Result<Tight<'r>> {
        let one = |(subject, roomy): (&Subject<'r>, &std::result::Result<Version<'r>, Infeasible>)| match roomy {
            Ok(version) if version.holds_at(capacity) => Ok(None),
            Err(Infeasible::NotSimulated { .. }) => Ok(None),
            _ => {
                let latency = subject.shape().latency.0.max(self.latency);
                Version::again(subject, latency, capacity, self.wanted).map(Some)
            }
        };
        self.subjects.iter().zip(&self.roomy).map(one).collect()
    }

    /// The runs at a capacity, given what [`Self::tight`] says of it.
    pub fn fitting<'v>(&'v self, tight: &'v Tight<'r>) -> Fitting<'v, 'r> {
        let choose = |(roomy, tight): (&'v std::result::Result<Version<'r>, Infeasible>, &'v Option<_>)| {
            tight.as_ref().unwrap_or(roomy).as_ref().map_err(Infeasible::clone)
        };
        self.roomy.iter().zip(tight).map(choose).collect()
    }
}
