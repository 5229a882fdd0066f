//! Placement rules: each gives every lifetime of a memory an address for as long as it lives.

mod holes;
mod offline;
mod pack;

use super::Placement;
use crate::ids::{LifetimeId, MemoryId};
use crate::trace::Lifetime;
use crate::units::{Bytes, Cycles};
use pack::Items;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How lifetimes are given addresses. Nothing is moved once placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The lowest free address.
    FirstFit,
    /// Long-lived ones at the lowest free address, short-lived ones at the highest.
    TwoEnded,
    /// A pool for keys and values, one for weights, one for the rest; first-fit in each.
    ByClass,
    /// All lifetimes known beforehand: the least domain-on-time that the search finds, never more than first-fit's.
    Offline,
}

impl Rule {
    /// Every rule with its name.
    pub const NAMES: [(&str, Rule); 4] = [
        ("first-fit", Rule::FirstFit),
        ("two-ended", Rule::TwoEnded),
        ("by-class", Rule::ByClass),
        ("offline", Rule::Offline),
    ];

    /// The rule of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, rule)| *rule)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::NAMES.iter().find(|(_, rule)| rule == self).map_or("", |n| n.0))
    }
}

/// The memory that is placed into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Words of the memory.
    pub words: u64,
    /// Words of a power domain.
    pub domain_words: u64,
    /// Bytes of a word.
    pub word_bytes: u64,
}

/// Why the lifetimes cannot be placed: an answer, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unplaceable {
    /// The first lifetime without a place.
    pub lifetime: LifetimeId,
    /// When it is reserved.
    pub cycle: Cycles,
    /// Bytes it needs in one piece.
    pub needed: Bytes,
    /// Bytes by which the largest free piece is too small.
    pub missing: Bytes,
    /// Free bytes in all pieces.
    pub free: Bytes,
}

impl fmt::Display for Unplaceable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lifetime, cycle, needed, missing, free } = self;
        let [needed, missing, free] = [needed, missing, free].map(|bytes| bytes.human());
        write!(
            f,
            "{lifetime} needs {needed} in one piece in cycle {cycle}; {missing} are missing, {free} are free in all"
        )
    }
}

/// Places every lifetime of `memory` by a rule.
///
/// # Errors
/// [`Unplaceable`] names the first lifetime that finds no hole.
pub fn place(
    rule: Rule,
    lifetimes: &[Lifetime],
    memory: MemoryId,
    space: Space,
) -> std::result::Result<Placement, Unplaceable> {
    let items = Items::new(lifetimes, memory, space.word_bytes);
    match rule {
        Rule::FirstFit => items.pack(space.words, |_| false).map(|first| items.placement(&first)),
        Rule::TwoEnded => items.two_ended(space.words).map(|first| items.placement(&first)),
        Rule::ByClass => items.by_class(space).map(|first| items.placement(&first)),
        Rule::Offline => offline::place(&items, space),
    }
}

/// Places every lifetime of `memory` at the lowest address that is free from its reservation to its release, in the order
/// of their reservations (of equal ones by id), word-aligned, in a memory of `words` words of `word_bytes` bytes.
///
/// The result does not depend on `words` as long as there is one: the lowest free address is the same in a larger memory.
///
/// # Errors
/// [`Unplaceable`] names the first lifetime that finds no hole.
pub fn first_fit(
    lifetimes: &[Lifetime],
    memory: MemoryId,
    words: u64,
    word_bytes: u64,
) -> std::result::Result<Placement, Unplaceable> {
    place(Rule::FirstFit, lifetimes, memory, Space { words, domain_words: words, word_bytes })
}
