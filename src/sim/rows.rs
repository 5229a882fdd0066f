//! Which rows of a tensor that grows are still needed.
//!
//! A row is needed until every op that reads it, or a row before it, has ended: entries that have left a sliding window
//! are not needed any more. With `kept`, what the last ops read stays needed to the end.

use super::operands::Operands;
use crate::ids::TensorId;
use std::collections::BTreeMap;

/// The needed rows of each sequence of a growing tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededRows {
    /// Rows reserved for a sequence.
    reserved: u32,
    /// Whether the rows of the last ops stay needed.
    kept: bool,
    sequences: Vec<Sequence>,
}

/// One sequence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Sequence {
    /// Ops that have not ended, by the first row they touch.
    outstanding: BTreeMap<u32, u32>,
    /// First needed row.
    floor: u32,
}

/// Rows that nobody needs any more: first and first after them.
pub type Passed = (u32, u32);

impl NeededRows {
    /// All rows of `sequences` sequences of `reserved` rows.
    pub fn new(reserved: u32, sequences: u32, kept: bool) -> Self {
        Self { reserved, kept, sequences: vec![Sequence::default(); sequences as usize] }
    }

    /// Whether a row is needed.
    pub fn has(&self, row: u32) -> bool {
        row % self.reserved >= self.sequences[(row / self.reserved) as usize].floor
    }

    /// First needed row of each sequence.
    pub fn floors(&self) -> Vec<u32> {
        self.sequences.iter().map(|sequence| sequence.floor).collect()
    }

    /// An op will touch the tensor.
    pub fn expect(&mut self, tensor: TensorId, operands: &Operands) {
        for (sequence, row) in self.touched(tensor, operands) {
            *self.sequences[sequence].outstanding.entry(row).or_default() += 1;
        }
    }

    /// An op that touched the tensor has ended.
    pub fn end(&mut self, tensor: TensorId, operands: &Operands) -> Vec<Passed> {
        let mut passed = Vec::new();
        for (index, row) in self.touched(tensor, operands) {
            let sequence = &mut self.sequences[index];
            let Some(count) = sequence.outstanding.get_mut(&row) else { continue };
            *count -= 1;
            if *count > 0 {
                continue;
            }
            sequence.outstanding.remove(&row);
            let all = if self.kept { row } else { self.reserved };
            let floor = sequence.outstanding.keys().next().copied().unwrap_or(all);
            if floor > sequence.floor {
                let start = index as u32 * self.reserved;
                passed.push((start + sequence.floor, start + floor));
                sequence.floor = floor;
            }
        }
        passed
    }

    /// The first row that an op touches in each sequence.
    fn touched(&self, tensor: TensorId, operands: &Operands) -> BTreeMap<usize, u32> {
        let mut first = BTreeMap::new();
        let layouts = operands.inputs.iter().chain([&operands.out]);
        for piece in layouts.flat_map(|layout| &layout.pieces).filter(|piece| piece.tensor == tensor) {
            let row = piece.row % self.reserved;
            let lowest = first.entry((piece.row / self.reserved) as usize).or_insert(row);
            *lowest = row.min(*lowest);
        }
        first
    }
}
