//! Why a design point cannot exist: an answer, not an error.

use crate::units::Bytes;
use std::fmt;

/// Why a design point cannot exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Infeasible {
    /// Domains, interleave or their words do not split the capacity into powers of two.
    NotMappable {
        /// Capacity.
        capacity: Bytes,
        /// Power domains.
        domains: u32,
        /// What does not come out.
        reason: String,
    },
    /// The word width is not one the RTL has.
    WordWidth {
        /// Bits of a word.
        word_bits: u32,
    },
    /// No macro within the limits is characterised.
    NoMacro {
        /// Capacity of a bank.
        bank: Bytes,
        /// What the characterisation said of the last candidate, or which limits left none.
        reason: String,
    },
    /// A run needs more bytes at once than there are.
    CapacityBelowPeak {
        /// The run's name.
        workload: String,
        /// Most bytes it needs at once.
        peak: Bytes,
    },
    /// Lifetimes do not fit at fixed addresses, although their sum does.
    NotPlaced {
        /// The run's name.
        workload: String,
        /// What the placement said.
        reason: String,
    },
    /// The usable fill α of the domains is too small for the peak.
    TooFewDomains {
        /// The run's name.
        workload: String,
        /// Domains that would be needed.
        needed: u64,
        /// Domains there are.
        domains: u32,
    },
    /// The memory answers later than the simulated accelerator waits.
    ReadLatency {
        /// Cycles from grant to response.
        read_latency: u32,
        /// Memory latency of the run.
        latency: u64,
    },
}

impl fmt::Display for Infeasible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Infeasible::NotMappable { capacity, domains, reason } => {
                write!(f, "not mappable: {} in {domains} domains: {reason}", capacity.human())
            }
            Infeasible::WordWidth { word_bits } => {
                write!(f, "words of {word_bits} bits: the RTL has powers of two from 32 to 512")
            }
            Infeasible::NoMacro { bank, reason } => write!(f, "no macro for a bank of {}: {reason}", bank.human()),
            Infeasible::CapacityBelowPeak { workload, peak } => {
                write!(f, "{workload} needs {} at once; simulate it with this capacity to let it spill", peak.human())
            }
            Infeasible::NotPlaced { workload, reason } => write!(f, "{workload} cannot be placed: {reason}"),
            Infeasible::TooFewDomains { workload, needed, domains } => {
                write!(f, "{workload} would need {needed} domains at this fill, there are {domains}")
            }
            Infeasible::ReadLatency { read_latency, latency } => {
                write!(f, "answers after {read_latency} cycles, the run was simulated with a latency of {latency}")
            }
        }
    }
}
