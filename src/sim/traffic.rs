//! What each op moved.

use super::labels::Labels;
use super::record::Transfer;
use crate::accelerator::{Accelerator, Memory};
use crate::ids::OpId;
use crate::trace::{Roofline, WordCount};
use crate::units::{Bytes, Cycles};
use crate::workload::{Class, VectorKind};
use std::iter;

/// Bytes and words of each op.
#[derive(Debug)]
pub struct Traffic {
    memories: usize,
    /// Words of op `o` at memory `m` are at `o · memories + m`.
    words: Vec<u64>,
    off_chip: Vec<OffChip>,
}

/// What moved between the chip and DRAM.
#[derive(Debug, Clone, Copy, Default)]
pub struct OffChip {
    /// Bytes from it.
    pub read: Bytes,
    /// Bytes to it.
    pub written: Bytes,
    /// Cycles of its ports that the bytes need, without latency.
    pub cycles: u64,
}

impl std::ops::AddAssign for OffChip {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.written += other.written;
        self.cycles += other.cycles;
    }
}

impl Traffic {
    /// Nothing yet.
    pub fn new(ops: usize, memories: usize) -> Self {
        Self { memories, words: vec![0; ops * memories], off_chip: vec![OffChip::default(); ops] }
    }

    /// An op moved as much as an earlier one.
    pub fn repeat(&mut self, earlier: OpId, op: OpId) {
        let (from, to) = (earlier.index() * self.memories, op.index() * self.memories);
        self.words.copy_within(from..from + self.memories, to);
        self.off_chip[op.index()] = self.off_chip[earlier.index()];
    }

    /// An op moved words between a memory and the rest of the chip.
    pub fn on_chip(&mut self, op: OpId, memory: usize, words: u64) {
        self.words[op.index() * self.memories + memory] += words;
    }

    /// An op brought bytes from DRAM.
    pub fn fetched(&mut self, op: OpId, bytes: Bytes, accelerator: &Accelerator) {
        let cycles = (accelerator.dram.cycles(bytes, accelerator.clock) - accelerator.dram.latency).0;
        self.off_chip[op.index()] += OffChip { read: bytes, cycles, ..OffChip::default() };
    }

    /// An op copied bytes to DRAM, which holds the channel as long as the memory is read.
    pub fn saved(&mut self, op: OpId, bytes: Bytes, memory: &Memory) {
        let cycles = memory.requests(bytes);
        self.off_chip[op.index()] += OffChip { written: bytes, cycles, ..OffChip::default() };
    }

    /// An op moved that between the chip and DRAM.
    pub fn add_off_chip(&mut self, op: OpId, moved: OffChip) {
        self.off_chip[op.index()] += moved;
    }

    /// What ops moved from and to DRAM.
    pub fn off_chip_of(&self, ops: impl Iterator<Item = OpId>) -> OffChip {
        ops.fold(OffChip::default(), |mut sum, op| {
            sum += self.off_chip[op.index()];
            sum
        })
    }

    /// Lower bounds of the time that ops take which compute for `compute` cycles.
    pub fn roofline(&self, ops: impl Iterator<Item = OpId> + Clone, compute: Cycles, chip: &Accelerator) -> Roofline {
        let words = |m: usize| ops.clone().map(|op| self.words[op.index() * self.memories + m]).sum::<u64>();
        let port = chip.memories.iter().enumerate().map(|(m, memory)| words(m).div_ceil(u64::from(memory.ports))).max();
        let dram = self.off_chip_of(ops.clone()).cycles.div_ceil(u64::from(chip.dram.ports));
        Roofline { array: compute, port: Cycles(port.unwrap_or(0)), dram: Cycles(dram) }
    }

    /// [`Self::roofline`] of one op.
    pub fn roofline_of(&self, op: OpId, compute: Cycles, chip: &Accelerator) -> Roofline {
        self.roofline(iter::once(op), compute, chip)
    }
}

/// Words by port, class and kind of op.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Read and written words at (port · classes + class) · kinds + kind.
    counts: Vec<[u64; 2]>,
}

const KINDS: usize = Labels::KINDS;

impl Words {
    /// No word through any of the ports.
    pub fn new(ports: u32) -> Self {
        Self { counts: vec![[0; 2]; ports as usize * Class::ALL.len() * KINDS] }
    }

    /// Adds what was counted between two moments.
    pub fn advance(&mut self, before: &Self, after: &Self) {
        for ((count, before), after) in self.counts.iter_mut().zip(&before.counts).zip(&after.counts) {
            (0..2).for_each(|way| count[way] += after[way] - before[way]);
        }
    }

    /// Counts a transfer of so many words.
    pub fn count(&mut self, transfer: &Transfer, words: u64, labels: &Labels) {
        let (class, kind) = (labels.class(transfer.tensor), labels.kind(transfer.op));
        let index = (transfer.port * Class::ALL.len() + class) * KINDS + kind;
        self.counts[index][usize::from(transfer.kind.writes())] += words;
    }

    /// All that are not zero, by port, class and kind.
    pub fn rows(&self) -> Vec<WordCount> {
        let row = |(index, &[read, written]): (usize, &[u64; 2])| {
            let (place, kind) = (index / KINDS, index % KINDS);
            let op = if kind == 0 { "matmul" } else { VectorKind::ALL[kind - 1].name() };
            let (port, class) = (place / Class::ALL.len(), Class::ALL[place % Class::ALL.len()]);
            WordCount { port: port as u32, class, op: op.into(), read, written }
        };
        self.counts.iter().enumerate().filter(|(_, counts)| **counts != [0; 2]).map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vector_operator_stands_at_its_place() {
        assert!(VectorKind::ALL.iter().enumerate().all(|(place, kind)| *kind as usize == place));
    }
}
