//! From samples of a memory to its occupancy and its totals.

use crate::ids::MemoryId;
use crate::trace::imported::ImportedMemory;
use crate::trace::{MemoryStatistics, Occupancy, OccupancyChange, Peak};
use crate::units::{Bytes, Cycles};
use crate::workload::Class;

/// What a memory held at a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The cycle.
    pub cycle: u64,
    /// Bytes there.
    pub used: u64,
    /// Bytes needed.
    pub needed: u64,
    /// Op after which it was taken.
    pub op: String,
    /// What had been moved by then.
    pub moved: Moved,
}

/// Bytes and port-wide words moved from the start on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// Bytes that left the memory.
    pub read: u64,
    /// Words that left it.
    pub read_words: u64,
    /// Bytes that entered it.
    pub written: u64,
    /// Words that entered it.
    pub written_words: u64,
}

/// A trace says nothing about classes: everything counts as activations.
const CLASS: Class = Class::Activation;

/// Bytes of one class.
fn of_class(bytes: u64) -> [Bytes; 4] {
    let mut by_class = [Bytes::ZERO; 4];
    by_class[CLASS as usize] = Bytes(bytes);
    by_class
}

/// The occupancy: each sample holds until the next one; of several in one cycle the last one.
pub fn occupancy(memory: MemoryId, shape: &ImportedMemory, samples: &[Sample], end: Cycles) -> Occupancy {
    let mut states = vec![OccupancyChange::default()];
    for sample in samples {
        let obsolete = Bytes(sample.used.saturating_sub(sample.needed));
        let state = OccupancyChange { cycle: Cycles(sample.cycle), needed: of_class(sample.needed), obsolete };
        match states.last_mut() {
            Some(last) if last.cycle == state.cycle => *last = state,
            Some(last) if last.needed == state.needed && last.obsolete == state.obsolete => {}
            _ => states.push(state),
        }
    }
    Occupancy {
        memory,
        capacity: shape.capacity_bytes.map(Bytes),
        changes: states.into_iter().collect(),
        op_ends: vec![],
        end,
    }
}

/// Totals of the memory, as far as the samples tell.
pub fn statistics(shape: &ImportedMemory, samples: &[Sample], occupancy: &Occupancy) -> MemoryStatistics {
    let integral: u128 =
        occupancy.spans().map(|(s, end)| u128::from(s.needed_total().0) * u128::from(end.0 - s.cycle.0)).sum();
    let most = |value: fn(&Sample) -> u64| {
        // The first of equals.
        let top = samples.iter().rev().max_by_key(|s| value(s));
        top.map_or_else(no_peak, |s| peak(s, value(s)))
    };
    let moved = samples.last().map_or_else(Moved::default, |s| s.moved);
    let peak_needed = most(|s| s.needed);
    MemoryStatistics {
        name: shape.name.clone(),
        peak_needed_at_op_ends: peak_needed.bytes,
        peak_needed,
        peak_used: most(|s| s.used),
        mean_needed_bytes: integral as f64 / occupancy.end.0.max(1) as f64,
        read_bytes: of_class(moved.read),
        write_bytes: of_class(moved.written),
        read_words: moved.read_words,
        write_words: moved.written_words,
        words: vec![],
        port_cycles: vec![],
        evicted_needed: Bytes::ZERO,
    }
}

fn peak(sample: &Sample, bytes: u64) -> Peak {
    Peak {
        bytes: Bytes(bytes),
        cycle: Cycles(sample.cycle),
        by_class: of_class(sample.needed),
        ops: vec![sample.op.clone()],
        ..no_peak()
    }
}

fn no_peak() -> Peak {
    Peak {
        bytes: Bytes::ZERO,
        cycle: Cycles::ZERO,
        by_class: [Bytes::ZERO; 4],
        ops: vec![],
        tensors: vec![],
        by_layer: vec![],
        by_op: vec![],
    }
}
