//! A run at fixed addresses.

use super::demand::Subject;
use super::tabulate::Plan;
use crate::error::Result;
use crate::power::place::first_fit;
use crate::power::{Infeasible, Organisation, Placement, Selection, Stimulus};
use crate::units::Bytes;

/// A run whose lifetimes have addresses. First-fit takes the lowest free address, whatever the capacity, so one placement serves
/// every capacity above its end.
#[derive(Debug, Clone)]
pub struct Placed {
    /// What is played.
    pub stimulus: Stimulus,
    /// Its touches and live spans.
    pub plan: Plan,
    /// Digest of the addresses, in hexadecimal.
    pub digest: String,
    /// Bytes below the end of the highest block.
    pub end: Bytes,
}

impl Placed {
    /// Places a run first-fit in at most `capacity` and cuts it into cells of `cell_words`. The inner result says why it has no
    /// place.
    ///
    /// # Errors
    /// What [`Placement::check`] or [`Stimulus::compile`] refuses: an error of the placement or of the run.
    pub fn first_fit(
        subject: &Subject<'_>,
        capacity: Bytes,
        cell_words: u64,
    ) -> Result<std::result::Result<Self, Infeasible>> {
        if subject.run.is_occupancy_only() {
            let reason =
                "an imported occupancy has no lifetimes to place; explore it with placement = [\"ideal\"]".into();
            return Ok(Err(not_placed(subject.name(), reason)));
        }
        let port = subject.port();
        let word_bytes = u64::from(port.word_bits / 8);
        let words = capacity.0 / word_bytes;
        let placement = match first_fit(&subject.run.lifetimes, subject.memory, words, word_bytes) {
            Ok(placement) => placement,
            Err(reason) => return Ok(Err(not_placed(subject.name(), reason.to_string()))),
        };
        placement.check(&subject.run.lifetimes, subject.memory, words, word_bytes)?;
        let whole = Organisation {
            domains: 1,
            interleave: 1,
            domain_words: words,
            word_bits: port.word_bits,
            ports: port.ports,
            read_latency: 0, // each point is checked against the run's latency by itself
            bank_cycles: 1,
        };
        let (stimulus, _) = Stimulus::compile(subject.run, subject.memory, &Selection::default(), &placement, &whole)?;
        Ok(Ok(Self::new(stimulus, &placement, word_bytes, cell_words)))
    }

    /// A stimulus with its addresses.
    pub fn new(stimulus: Stimulus, placement: &Placement, word_bytes: u64, cell_words: u64) -> Self {
        let plan = Plan::new(&stimulus, cell_words);
        Self { plan, digest: placement.digest(), end: Bytes(placement.end() * word_bytes), stimulus }
    }

    /// Whether it fits.
    ///
    /// # Errors
    /// [`Infeasible::NotPlaced`].
    pub fn fits(&self, workload: &str, capacity: Bytes) -> std::result::Result<(), Infeasible> {
        if self.end <= capacity {
            return Ok(());
        }
        Err(not_placed(workload, format!("first-fit needs {}", self.end.human())))
    }
}

fn not_placed(workload: &str, reason: String) -> Infeasible {
    Infeasible::NotPlaced { workload: workload.into(), reason }
}
