//! Chunks of the vector unit, element by element.

use super::{Naive, Phase, Step, Tile, area};
use trapti::ids::{OpId, TensorId};
use trapti::workload::OpKind;

impl Naive<'_> {
    pub(super) fn vector(&self, op: OpId) -> (Vec<Step>, Vec<Tile>) {
        let OpKind::Vector { op: kind, inputs, out, .. } = &self.workload.op(op).kind else { panic!() };
        let (unit, shape) = (&self.accelerator.vector, self.workload.tensor(*out));
        let elements = ((unit.buffer.0 / inputs.len() as u64) as u32).max(1);
        let (down, across) =
            if elements >= shape.cols { ((elements / shape.cols).min(shape.rows), shape.cols) } else { (1, elements) };
        let (mut steps, mut results, mut covered) = (Vec::new(), Vec::new(), 0u64);
        let time = |covered: u64| (covered * kind.passes()).div_ceil(u64::from(unit.lanes));
        for r in (0..shape.rows).step_by(down as usize) {
            for c in (0..shape.cols).step_by(across as usize) {
                let (rows, cols) = ((r, shape.rows.min(r + down)), (c, shape.cols.min(c + across)));
                let bytes = u64::from((rows.1 - rows.0) * (cols.1 - cols.0));
                let tile = |t: TensorId, fetch| Tile {
                    elements: area(self.workload, t, rows, cols),
                    bytes,
                    phase: Phase::Idle,
                    fetch,
                    last_use: false,
                    side: 0,
                    after: None,
                    partial: false,
                };
                let operands = inputs.iter().map(|&t| tile(t, true)).collect();
                let cycles = time(covered + bytes) - time(covered);
                let result = Some(results.len());
                steps.push(Step { operands, cycles, room: result, write: result, started: None });
                results.push(tile(*out, false));
                covered += bytes;
            }
        }
        (steps, results)
    }
}
