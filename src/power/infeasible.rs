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
    /// Simulated with this capacity and latency, the run has no room for one of its ops.
    Thrashing {
        /// The run's name.
        workload: String,
        /// The op.
        op: String,
        /// Bytes it lacks.
        lacking: Bytes,
    },
    /// The run would have to be simulated again, but is an imported occupancy.
    NotSimulated {
        /// The run's name.
        workload: String,
        /// Most bytes it needs at once.
        peak: Bytes,
        /// Memory latency of the run.
        latency: u64,
        /// Cycles from grant to response.
        read_latency: u64,
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
            Infeasible::NotPlaced { workload, reason } => write!(f, "{workload} cannot be placed: {reason}"),
            Infeasible::TooFewDomains { workload, needed, domains } => {
                write!(f, "{workload} would need {needed} domains at this fill, there are {domains}")
            }
            Infeasible::Thrashing { workload, op, lacking } => {
                write!(f, "{workload} cannot run in it: {op} lacks {}", lacking.human())
            }
            Infeasible::NotSimulated { workload, peak, latency, read_latency } => write!(
                f,
                "{workload} is an imported occupancy that cannot be simulated again; it needs {} at once and waits {latency} \
                 cycles, this memory answers after {read_latency}",
                peak.human()
            ),
        }
    }
}
