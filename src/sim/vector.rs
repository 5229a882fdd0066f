//! The steps of an op on the vector unit: chunks of whole rows, or of parts of a row where a row does not fit the buffer.

use super::layout::Rect;
use super::operands::OperandLayout;
use super::step::{Step, StepOperand};
use crate::accelerator::VectorUnit;

/// Walks the result row by row in chunks; the inputs of one chunk fill the buffer at most.
#[derive(Debug, Clone)]
pub struct VectorWalk {
    rows: u32,
    cols: u32,
    chunk: (u32, u32),
    elements: u64,
    passes: u64,
    lanes: u64,
    row: u32,
    col: u32,
    index: u64,
    covered: u64,
}

/// Rows and columns of a chunk of a rows × cols result whose inputs have `bits` bits an element together.
pub fn chunk(rows: u32, cols: u32, bits: u64, unit: &VectorUnit) -> (u32, u32) {
    let elements = (unit.buffer.0 * 8 / bits.max(1)).max(1);
    match elements / u64::from(cols) {
        0 => (1, elements as u32),
        whole => (whole.min(u64::from(rows)) as u32, cols),
    }
}

impl VectorWalk {
    /// Before the first chunk. `elements` are shared out over the result's area; each takes `passes` passes of `unit.lanes`.
    pub fn new(out: &OperandLayout, inputs: &[OperandLayout], elements: u64, passes: u64, unit: &VectorUnit) -> Self {
        let (rows, cols) = out.shape;
        let chunk = chunk(rows, cols, inputs.iter().map(|i| u64::from(i.bits)).sum(), unit);
        let lanes = u64::from(unit.lanes);
        Self { rows, cols, chunk, elements, passes, lanes, row: 0, col: 0, index: 0, covered: 0 }
    }

    /// Number of chunks.
    pub fn steps(&self) -> u64 {
        u64::from(self.rows.div_ceil(self.chunk.0)) * u64::from(self.cols.div_ceil(self.chunk.1))
    }

    /// Elements processed when so much of the result's area is covered.
    fn elements_at(&self, covered: u64) -> u64 {
        let area = u128::from(self.rows) * u128::from(self.cols);
        (u128::from(self.elements) * u128::from(covered) / area) as u64
    }

    fn cycles_at(&self, covered: u64) -> u64 {
        let elements = self.elements_at(covered);
        match elements.checked_mul(self.passes) {
            Some(passes) => passes.div_ceil(self.lanes),
            None => (u128::from(elements) * u128::from(self.passes)).div_ceil(u128::from(self.lanes)) as u64,
        }
    }

    /// The next chunk; must not be called after the last.
    pub fn next(&mut self, inputs: &[OperandLayout], out: &OperandLayout) -> Step {
        let rows = self.chunk.0.min(self.rows - self.row);
        let cols = self.chunk.1.min(self.cols - self.col);
        let rect = Rect { row: self.row, col: self.col, rows, cols };
        let covered = self.covered + rect.elements();
        let elements = self.elements_at(covered) - self.elements_at(self.covered);
        let mut step =
            Step { first: true, last: true, spatial: self.index, inputs: inputs.len() as u8, ..Step::default() };
        for (operand, layout) in step.operands.iter_mut().zip(inputs) {
            *operand = input(layout, out, rect, elements);
        }
        step.cycles = (self.cycles_at(covered) - self.cycles_at(self.covered)) as u32;
        (step.write, step.write_bytes) = (Some(rect), out.bytes(elements).max(1));
        (self.covered, self.index, self.col) = (covered, self.index + 1, self.col + cols);
        if self.col == self.cols {
            (self.col, self.row) = (0, self.row + rows);
        }
        step
    }
}

/// The part of an input that a chunk of the result needs; an input with fewer rows or columns is used again for each.
fn input(layout: &OperandLayout, out: &OperandLayout, chunk: Rect, elements: u64) -> StepOperand {
    if layout.shape == out.shape {
        let bytes = layout.bytes(elements).max(1);
        return StepOperand { rect: chunk, bytes, fetch: true, last_use: false };
    }
    let (rows, cols) = layout.shape;
    let (row, col) = (chunk.row.min(rows - 1), chunk.col.min(cols - 1));
    let rect = Rect { row, col, rows: chunk.rows.min(rows - row), cols: chunk.cols.min(cols - col) };
    StepOperand { rect, bytes: layout.bytes(rect.elements()), fetch: true, last_use: false }
}
