//! A run at fixed addresses.

use super::demand::Subject;
use super::schedule::{Event, start_events};
use super::tabulate::{Plan, Traffic};
use crate::error::Result;
use crate::ids::LifetimeId;
use crate::power::place::{Rule, Space, place};
use crate::power::{Infeasible, Organisation, Placement, Selection, Stimulus};
use crate::units::Bytes;
use std::sync::Arc;

/// What a run asks of its memory, without addresses: the same for every placement.
#[derive(Debug, Clone)]
pub struct Unplaced {
    traffic: Arc<Traffic>,
    /// Lifetime of each block.
    lifetimes: Vec<LifetimeId>,
    /// What starts the tables of a schedule.
    events: Vec<Event>,
}

/// A run whose lifetimes have addresses in one geometry.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Its accesses and live spans.
    pub plan: Plan,
    /// Digest of the addresses, in hexadecimal.
    pub digest: String,
    /// Domain-cycles in which a lifetime has a byte in a domain.
    pub live_cycles: u64,
}

impl Unplaced {
    /// Cuts the transfers of a run.
    ///
    /// # Errors
    /// What [`Stimulus::compile`] refuses: an error of the run.
    pub fn new(subject: &Subject<'_>) -> Result<Self> {
        let space = Space { words: u64::MAX, domain_words: u64::MAX, word_bytes: word_bytes(subject) };
        let lifetimes = &subject.run.lifetimes;
        let anywhere = place(Rule::FirstFit, lifetimes, subject.memory, space).expect("room without end");
        let stimulus = compile(subject, &anywhere)?;
        let lifetimes = stimulus.blocks.iter().map(|block| block.lifetime).collect();
        let events = start_events(subject.run, &stimulus);
        Ok(Self { traffic: Arc::new(Traffic::new(&stimulus)), lifetimes, events })
    }

    /// What starts the tables of a schedule.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Places the run by a rule and checks the result: no two live bytes share an address, every byte lies inside the capacity.
    /// The inner result says why it has no place.
    ///
    /// # Errors
    /// What [`Placement::check`] refuses: an error of the rule.
    pub fn place(
        &self,
        subject: &Subject<'_>,
        rule: Rule,
        capacity: Bytes,
        domains: u32,
    ) -> Result<std::result::Result<Placed, Infeasible>> {
        let placement = match placement(subject, rule, capacity, domains)? {
            Ok(placement) => placement,
            Err(reason) => return Ok(Err(reason)),
        };
        let block = |id: &LifetimeId| placement.block(*id).expect("every lifetime has one").first_word;
        let first_words = self.lifetimes.iter().map(block).collect();
        let mine = subject.run.lifetimes.iter().filter(|l| l.memory == subject.memory);
        let domain_words = capacity.0 / word_bytes(subject) / u64::from(domains);
        Ok(Ok(Placed {
            plan: Plan::at(self.traffic.clone(), first_words),
            digest: placement.digest(),
            live_cycles: placement.domain_on_cycles(mine.map(|l| (l.reserved.0, l.released.0)), domain_words),
        }))
    }
}

/// The checked placement of a run in a geometry; the inner result says why it has none.
///
/// # Errors
/// What [`Placement::check`] refuses: an error of the rule.
pub(super) fn placement(
    subject: &Subject<'_>,
    rule: Rule,
    capacity: Bytes,
    domains: u32,
) -> Result<std::result::Result<Placement, Infeasible>> {
    let word_bytes = word_bytes(subject);
    let words = capacity.0 / word_bytes;
    let lifetimes = &subject.run.lifetimes;
    let space = Space { words, domain_words: words / u64::from(domains), word_bytes };
    match place(rule, lifetimes, subject.memory, space) {
        Ok(placement) => {
            placement.check(lifetimes, subject.memory, words, word_bytes)?;
            Ok(Ok(placement))
        }
        Err(reason) => Ok(Err(not_placed(subject.name(), format!("{rule}: {reason}")))),
    }
}

/// The transfers of a run at addresses, as prediction, reference model and RTL play them.
///
/// # Errors
/// What [`Stimulus::compile`] refuses.
pub(super) fn compile(subject: &Subject<'_>, placement: &Placement) -> Result<Stimulus> {
    let port = subject.port();
    let whole = Organisation {
        domains: 1,
        interleave: 1,
        domain_words: placement.end(),
        word_bits: port.word_bits,
        ports: port.ports,
        read_latency: 0, // each memory is checked against the run's latency by itself
        bank_cycles: 1,
    };
    Ok(Stimulus::compile(subject.run, subject.memory, &Selection::default(), placement, &whole)?.0)
}

fn word_bytes(subject: &Subject<'_>) -> u64 {
    u64::from(subject.port().word_bits / 8)
}

/// An imported occupancy has nothing to place.
pub(super) fn nothing_to_place(workload: &str) -> Infeasible {
    let reason = "an imported occupancy has no lifetimes to place; explore it with placement = [\"ideal\"]";
    not_placed(workload, reason.into())
}

fn not_placed(workload: &str, reason: String) -> Infeasible {
    Infeasible::NotPlaced { workload: workload.into(), reason }
}
