//! How a capacity is split into power domains, interleaved banks and macros.

use crate::ids::DomainId;
use crate::units::Bytes;
use serde::{Deserialize, Serialize};

/// Tiling of a bank with identical macros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MacroShape {
    /// Macros stacked in address direction; a power of two.
    pub rows: u32,
    /// Macros side by side in word direction.
    pub columns: u32,
    /// Capacity of one macro.
    pub capacity: Bytes,
    /// Word width of one macro.
    pub word_bits: u32,
}

/// Split of a memory: `domains` power domains of `interleave` banks.
///
/// The domain is the high address bits, the bank within it the low ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Organisation {
    /// Power domains, 1 to 64.
    pub domains: u32,
    /// Interleaved banks of a domain; a power of two.
    pub interleave: u32,
    /// Words of a domain over all its banks; a power of two.
    pub domain_words: u64,
    /// Bits of a word; equal to the port width.
    pub word_bits: u32,
    /// Request ports; each reaches every bank.
    pub ports: u32,
    /// Cycles from grant to response, the same for all banks.
    pub read_latency: u32,
    /// Cycles between grants of one bank.
    pub bank_cycles: u32,
}

impl Organisation {
    /// Bytes of a word.
    pub fn word_bytes(&self) -> u64 {
        u64::from(self.word_bits) / 8
    }

    /// Words of the whole memory.
    pub fn words(&self) -> u64 {
        self.domain_words * u64::from(self.domains)
    }

    /// Capacity of the whole memory.
    pub fn capacity(&self) -> Bytes {
        Bytes(self.words() * self.word_bytes())
    }

    /// Domain of a word address.
    pub fn domain_of(&self, word: u64) -> DomainId {
        DomainId((word / self.domain_words) as u32)
    }

    /// Bank of a word address inside its domain.
    pub fn bank_of(&self, word: u64) -> u32 {
        (word % u64::from(self.interleave)) as u32
    }
}
