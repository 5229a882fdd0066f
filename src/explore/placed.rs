//! A run at fixed addresses.

use super::demand::Subject;
use super::tabulate::Plan;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::power::{Infeasible, Placement, Stimulus};
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
    /// Places a run first-fit and cuts it into cells of `cell_words`.
    ///
    /// # Errors
    /// What the placement refuses.
    pub fn first_fit(subject: &Subject<'_>, cell_words: u64) -> Result<Self> {
        let _ = (subject, cell_words);
        Err(Error::input(Diagnostic::new("not-available", "first-fit placement is not available yet")))
    }

    /// A stimulus with its addresses.
    pub fn new(stimulus: Stimulus, placement: &Placement, word_bytes: u64, cell_words: u64) -> Self {
        let end = placement.blocks.iter().map(|b| b.first_word + b.words).max().unwrap_or(0);
        let plan = Plan::new(&stimulus, cell_words);
        Self { plan, digest: digest(placement), end: Bytes(end * word_bytes), stimulus }
    }

    /// Whether it fits.
    ///
    /// # Errors
    /// [`Infeasible::NotPlaced`].
    pub fn fits(&self, workload: &str, capacity: Bytes) -> std::result::Result<(), Infeasible> {
        if self.end <= capacity {
            return Ok(());
        }
        let reason = format!("first-fit needs {}", self.end.human());
        Err(Infeasible::NotPlaced { workload: workload.into(), reason })
    }
}

/// BLAKE3 digest of lifetimes and addresses.
pub fn digest(placement: &Placement) -> String {
    let words = placement.blocks.iter().flat_map(|b| [u64::from(b.lifetime.0), b.first_word, b.words]);
    crate::artefact::digest(&words.flat_map(u64::to_le_bytes).collect::<Vec<u8>>())
}
