//! Attention in tiles whose scores stay in the array: `docs/lowering.md`, step by step.

use super::stationary::cycles as fold_cycles;
use super::{Naive, Span, Step, Tile, parts, sees};
use trapti::accelerator::{Array, Dataflow, Fill};
use trapti::ids::OpId;
use trapti::workload::{CausalMask, OpKind};

/// What an array takes at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portions {
    pub queries: u32,
    pub keys: u32,
    /// Of the width of queries and keys.
    pub width: u32,
    /// Of the keys of a tile, in a product with values.
    pub reduced: u32,
    /// Columns of values.
    pub across: u32,
}

/// The table of the page on lowering, for values `e` wide.
pub(super) fn portions(array: &Array, e: u32) -> Portions {
    let (r, c, l) = (array.rows, array.columns, array.buffer_length);
    let all = array.accumulator_rows.unwrap_or(u32::MAX);
    match array.dataflow {
        Dataflow::OutputStationary => Portions { queries: r, keys: c, width: l, reduced: l, across: c },
        Dataflow::WeightStationary => {
            let a_query = 1 + e.div_ceil(c);
            Portions { queries: l.min(all / a_query), keys: c, width: r, reduced: r, across: c }
        }
        Dataflow::InputStationary => {
            Portions { queries: c, keys: l.min(all.saturating_sub(e)), width: r, reduced: r, across: l }
        }
    }
}

fn len(span: Span) -> u64 {
    u64::from(span.1 - span.0)
}

/// Cycles of a piece of a product: `rows` of the left operand, so much of the reduction, `columns` of the result.
fn cycles(array: &Array, (rows, depth, columns): (Span, Span, Span), ends: (bool, bool)) -> u64 {
    match array.dataflow {
        Dataflow::WeightStationary => fold_cycles(array, depth, columns, rows, ends),
        Dataflow::InputStationary => fold_cycles(array, depth, rows, columns, ends),
        Dataflow::OutputStationary => {
            let (down, across) = match array.fill {
                Fill::Edge => (len(rows), len(columns)),
                Fill::Full => (u64::from(array.rows), u64::from(array.columns)),
            };
            len(depth) + if ends.0 { down - 1 } else { 0 } + if ends.1 { across - 1 } else { 0 }
        }
    }
}

impl Naive<'_> {
    pub(super) fn attention(&mut self, unit: usize, op: OpId) -> (Vec<Step>, Vec<Tile>) {
        let OpKind::Attention { query, key, value, out, m, k, n, e, mask, extra } = &self.workload.op(op).kind else {
            panic!()
        };
        let (array, lanes) = (self.accelerator.arrays[unit].clone(), u64::from(self.accelerator.vector.lanes));
        let portions = portions(&array, *e);
        let held = array.dataflow != Dataflow::OutputStationary;
        let (mut steps, mut results) = (Vec::new(), Vec::new());
        for rows in parts(*m, portions.queries) {
            let seen =
                |key: u32| *mask == CausalMask::None || (rows.0..rows.1).any(|row| sees(*mask, (*m, *n), row, key));
            let tiles = parts(*n, portions.keys);
            let tiles = tiles.into_iter().filter(|tile| (tile.0..tile.1).any(seen));
            let begin = steps.len();
            for (number, tile) in tiles.enumerate() {
                let mut widths = parts(*k, portions.width);
                if number % 2 == 1 {
                    widths.reverse();
                }
                for (i, &width) in widths.iter().enumerate() {
                    let operands =
                        vec![self.tile(unit, 0, op, query, rows, width), self.tile(unit, 1, op, key, tile, width)];
                    let ends = (held || i == 0, held || i + 1 == widths.len());
                    steps.push(step(operands, cycles(&array, (rows, width, tile), ends)));
                }
                let scores = len(rows) * len(tile);
                let corrected = if number > 0 { len(rows) * u64::from(*e) } else { 0 };
                let work = scores * u64::from(2 + extra) + 3 * len(rows) + corrected;
                steps.push(Step { vector: true, ..step(Vec::new(), work.div_ceil(lanes)) });
                // Up to the last key that is seen, from the piece on that holds the first.
                let end = (tile.0..tile.1).filter(|&key| seen(key)).max().unwrap() + 1;
                let depths = parts(end - tile.0, portions.reduced).into_iter().map(|d| (tile.0 + d.0, tile.0 + d.1));
                let depths: Vec<Span> = depths.skip_while(|d| !(d.0..d.1).any(seen)).collect();
                for (depth, column, ends) in contexts(&array, &depths, &parts(*e, portions.across)) {
                    let operand = self.tile(unit, 1, op, &[*value], depth, column);
                    steps.push(step(vec![operand], cycles(&array, (rows, depth, column), ends)));
                }
            }
            let work = len(rows) * u64::from(*e);
            let write = Some(results.len());
            steps.push(Step { vector: true, write, ..step(Vec::new(), work.div_ceil(lanes)) });
            steps[begin].room = write;
            results.push(self.written(*out, self.area(*out, rows, (0, *e)), *e));
        }
        (steps, results)
    }
}

fn step(operands: Vec<Tile>, cycles: u64) -> Step {
    Step { operands, cycles, vector: false, room: None, write: None, started: None }
}

/// Pieces of the keys and columns of the values in the order of computation, and whether each is charged the beginning and the end of
/// a tile or of a fold: where scores are held, the columns stream past each piece of them.
fn contexts(array: &Array, depths: &[Span], columns: &[Span]) -> Vec<(Span, Span, (bool, bool))> {
    let ends = |i: usize, of: usize| (i == 0, i + 1 == of);
    let mut all = Vec::new();
    if array.dataflow == Dataflow::InputStationary {
        for &depth in depths {
            all.extend(columns.iter().enumerate().map(|(i, &column)| (depth, column, ends(i, columns.len()))));
        }
        return all;
    }
    let held = array.dataflow == Dataflow::WeightStationary;
    for &column in columns {
        let of = |i| if held { (true, true) } else { ends(i, depths.len()) };
        all.extend(depths.iter().enumerate().map(|(i, &depth)| (depth, column, of(i))));
    }
    all
}
