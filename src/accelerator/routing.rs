//! Which memory serves an operand, and which memory is above which: a pure function of the accelerator.

use super::model::{Accelerator, Memory};
use crate::diagnostic::Diagnostic;
use crate::ids::MemoryId;
use itertools::iproduct;

/// Names of the classes in files, in the order of [`super::Serves::classes`].
pub(super) const CLASSES: [&str; 4] = ["weight", "activation", "kv", "score"];
/// Names of the operands in files, in the order of [`super::Serves::operands`].
pub(super) const OPERANDS: [&str; 3] = ["a", "b", "out"];
/// Name of the vector unit among the arrays of a file.
pub(super) const VECTOR_UNIT: &str = "vector";

/// One kind of access to on-chip memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Place of the array; the number of arrays stands for the vector unit.
    pub unit: usize,
    /// 0: left operand, first of a vector op; 1: right operand, the others; 2: result.
    pub operand: usize,
    /// Weight, activation, keys and values, score.
    pub class: usize,
}

/// Why an accelerator's memories cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A memory is above itself, by way of the others.
    Circle(usize),
    /// Nothing serves an access, and so many others.
    Nobody(Access, usize),
    /// Two memories serve an access equally near; the later of the two comes last.
    Several(Access, usize, usize),
}

impl Memory {
    /// Whether it may serve such an access.
    pub fn matches(&self, access: Access) -> bool {
        let Access { unit, operand, class } = access;
        let unit = self.serves.units.is_empty() || self.serves.units.contains(&(unit as u32));
        unit && self.serves.operands[operand] && self.serves.classes[class]
    }
}

impl Accelerator {
    /// The memory above another; `None` is DRAM.
    pub fn above(&self, memory: MemoryId) -> Option<MemoryId> {
        self.memories[memory.index()].above
    }

    /// The memories on the way from `memory` to DRAM, itself first. The chain must not be a circle.
    pub fn chain(&self, memory: MemoryId) -> impl Iterator<Item = MemoryId> + '_ {
        std::iter::successors(Some(memory), |&m| self.above(m))
    }

    /// Whether `upper` lies above `lower`, directly or by way of others.
    fn is_above(&self, upper: usize, lower: usize) -> bool {
        let others = self.memories.len();
        self.chain(MemoryId::from(lower)).skip(1).take(others).any(|m| m.index() == upper)
    }

    /// The memory of that name, or without one the only memory.
    ///
    /// # Errors
    /// A name that no memory has, or several memories and no name; the diagnostic lists them.
    pub fn memory_named(&self, name: Option<&str>) -> Result<MemoryId, Diagnostic> {
        let known: Vec<&str> = self.memories.iter().map(|m| m.name.as_str()).collect();
        let help = format!("it has: {}", known.join(", "));
        let found = match name {
            Some(name) => known.iter().position(|known| *known == name),
            None => (known.len() == 1).then_some(0),
        };
        found.map(MemoryId::from).ok_or_else(|| match name {
            Some(name) => {
                Diagnostic::new("unknown-memory", format!("{} has no memory `{name}`", self.name)).with_help(help)
            }
            None => {
                let message = format!("{} has {} on-chip memories: which one is meant?", self.name, known.len());
                Diagnostic::new("which-memory", message).with_help(format!("name it with `memory = \"…\"`; {help}"))
            }
        })
    }

    /// Memories that serve an access and are not above another that does.
    fn candidates(&self, access: Access) -> Vec<usize> {
        let all: Vec<usize> = (0..self.memories.len()).filter(|&i| self.memories[i].matches(access)).collect();
        all.iter().copied().filter(|&i| !all.iter().any(|&j| self.is_above(i, j))).collect()
    }

    /// The memory nearest to a unit that serves the access: of those that match it, the one that is above no other.
    /// `None` if there is none, or more than one.
    pub fn nearest(&self, access: Access) -> Option<MemoryId> {
        match self.candidates(access).as_slice() {
            [only] => Some(MemoryId::from(*only)),
            _ => None,
        }
    }

    /// Every kind of access there is.
    pub fn accesses(&self) -> impl Iterator<Item = Access> + use<> {
        let units = self.arrays.len() + 1;
        iproduct!(0..units, 0..3, 0..4).map(|(unit, operand, class)| Access { unit, operand, class })
    }

    /// An access in words.
    pub(crate) fn describe(&self, access: Access) -> String {
        let unit = self.arrays.get(access.unit).map_or(VECTOR_UNIT, |array| &array.name);
        format!("class {}, operand {}, {unit}", CLASSES[access.class], OPERANDS[access.operand])
    }

    /// What is wrong with the memories.
    pub(crate) fn memory_faults(&self) -> Vec<Fault> {
        let circles: Vec<Fault> =
            (0..self.memories.len()).filter(|&i| self.is_above(i, i)).map(Fault::Circle).collect();
        if !circles.is_empty() {
            return circles;
        }
        let unserved: Vec<Access> = self.accesses().filter(|&a| self.candidates(a).is_empty()).collect();
        let nobody = unserved.first().map(|&first| Fault::Nobody(first, unserved.len() - 1));
        let mut faults: Vec<Fault> = nobody.into_iter().collect();
        for access in self.accesses() {
            if let [one, other, ..] = self.candidates(access)[..]
                && !faults.iter().any(|f| matches!(f, Fault::Several(_, a, b) if (*a, *b) == (one, other)))
            {
                faults.push(Fault::Several(access, one, other));
            }
        }
        faults
    }

    /// A fault in words.
    pub(crate) fn explain(&self, fault: &Fault) -> (&'static str, String) {
        let name = |i: usize| &self.memories[i].name;
        match fault {
            Fault::Circle(i) => ("memory-circle", format!("memory `{}` is above itself", name(*i))),
            Fault::Nobody(access, others) => {
                let others = if *others == 0 { String::new() } else { format!(", and {others} other kinds of access") };
                ("memory-missing", format!("no memory serves {}{others}", self.describe(*access)))
            }
            Fault::Several(access, one, other) => {
                let message = format!(
                    "`{}` and `{}` both serve {}, neither above the other",
                    name(*one),
                    name(*other),
                    self.describe(*access)
                );
                ("memory-ambiguous", message)
            }
        }
    }
}
