//! What is known of each tensor that holds bytes: its tiles in the order of storage, and who needs it until when.

use super::attention::{Portions, portions};
use super::{Element, Naive, locate};
use std::collections::{BTreeMap, BTreeSet};
use trapti::accelerator::{Accelerator, Array, Dataflow};
use trapti::ids::{OpId, TensorId};
use trapti::sim::Options;
use trapti::workload::{Class, Home, KvRelease, OpKind, WeightRelease, Workload};

/// A tile of a stored tensor: the tensor and the number of the tile.
pub(super) type Cell = (usize, usize);

/// Until when bytes are needed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Need {
    /// From the transfer that brings a tile to its last use in the op.
    Tiles,
    /// While an op that reads it runs.
    Readers,
    Always,
    /// Row by row, in sequences of so many rows; `true` if those that the last ops read stay needed.
    Rows(u32, bool),
    /// Until the last op that uses it has ended.
    Uses,
}

#[derive(Debug)]
pub(super) struct Stored {
    pub need: Need,
    /// Class of the storage object that it belongs to.
    pub class: Class,
    pub users: BTreeSet<OpId>,
    pub readers: BTreeSet<OpId>,
    pub columns: u32,
    /// Of each tile its elements, as they lie in it.
    pub tiles: Vec<Vec<usize>>,
    /// Of each element its tile.
    pub tile_of: Vec<usize>,
    /// Of each sequence and op the first row it touches.
    pub touched: BTreeMap<(u32, OpId), u32>,
    /// Of each sequence the first needed row.
    pub floor: Vec<u32>,
}

/// Of each tensor, row by row, where its elements are.
pub(super) fn places(w: &Workload) -> Vec<Vec<Element>> {
    let all = |id: TensorId| {
        let shape = w.tensor(id);
        (0..shape.rows * shape.cols).map(|i| locate(w, id, i / shape.cols, i % shape.cols)).collect()
    };
    w.tensor_ids().map(all).collect()
}

fn moving(w: &Workload) -> impl Iterator<Item = OpId> + '_ {
    w.op_ids().filter(|&op| !w.op(op).kind.is_rename())
}

/// Rows and columns of a chunk of a vector op: whole rows, or a part of one where a row does not fit the buffer.
pub(super) fn chunk(w: &Workload, accelerator: &Accelerator, op: OpId) -> (u32, u32) {
    let kind = &w.op(op).kind;
    let shape = w.tensor(kind.out());
    let bits: u64 = kind.inputs().into_iter().map(|t| u64::from(w.tensor(t).bits)).sum();
    let elements = ((accelerator.vector.buffer.0 * 8 / bits) as u32).max(1);
    if elements >= shape.cols { ((elements / shape.cols).min(shape.rows), shape.cols) } else { (1, elements) }
}

/// Where tiles of a stored tensor begin.
#[derive(Default, Clone)]
struct Cuts {
    rows: BTreeSet<u32>,
    cols: BTreeSet<u32>,
}

/// Cuts where a tensor, as an op sees it, is cut: in steps of so many rows and columns, and at the borders of what is stored together.
fn cut(w: &Workload, cuts: &mut [Cuts], places: &[Vec<Element>], is_cut: impl Fn(bool, u32) -> bool) {
    let at = |row: u32, col: u32| {
        let (stored, index) = places[row as usize][col as usize];
        let width = w.tensors.at(stored as usize).cols;
        (stored, index / width, index % width)
    };
    let (rows, cols) = (places.len() as u32, places[0].len() as u32);
    for row in 0..rows {
        for col in 0..cols {
            let (stored, r, c) = at(row, col);
            let cuts = &mut cuts[stored as usize];
            if is_cut(false, row) || row == 0 || at(row - 1, col) != (stored, r.wrapping_sub(1), c) {
                cuts.rows.insert(r);
            }
            if is_cut(true, col) || col == 0 || at(row, col - 1) != (stored, r, c.wrapping_sub(1)) {
                cuts.cols.insert(c);
            }
            if row + 1 == rows || at(row + 1, col) != (stored, r + 1, c) {
                cuts.rows.insert(r + 1);
            }
            if col + 1 == cols || at(row, col + 1) != (stored, r, c + 1) {
                cuts.cols.insert(c + 1);
            }
        }
    }
}

/// Of tensors side by side, row by row, where the elements are.
fn rows(w: &Workload, places: &[Vec<Element>], tensors: &[TensorId]) -> Vec<Vec<Element>> {
    let row = |t: TensorId, row: u32| {
        let width = w.tensor(t).cols as usize;
        places[t.index()][row as usize * width..][..width].iter().copied()
    };
    (0..w.tensor(tensors[0]).rows).map(|r| tensors.iter().flat_map(|&t| row(t, r)).collect()).collect()
}

/// Positions that an array takes at a time along M, K and N.
fn steps(array: &Array) -> (u32, u32, u32) {
    match array.dataflow {
        Dataflow::OutputStationary => (array.rows, array.buffer_length, array.columns),
        Dataflow::WeightStationary => (array.buffer_length, array.rows, array.columns),
        Dataflow::InputStationary => (array.columns, array.rows, array.buffer_length),
    }
}

fn cut_matmul(w: &Workload, array: &Array, op: OpId, places: &[Vec<Element>], cuts: &mut [Cuts]) {
    let at = |t: TensorId| rows(w, places, &[t]);
    let OpKind::Matmul { a, b, b_transposed, out, .. } = w.op(op).kind else { return };
    let (m, k, n) = steps(array);
    let (down, across) = if b_transposed { (n, k) } else { (k, n) };
    let every = |rows: u32, cols: u32| move |is_col: bool, at: u32| at.is_multiple_of(if is_col { cols } else { rows });
    cut(w, cuts, &at(a), every(m, k));
    cut(w, cuts, &at(b), every(down, across));
    // Results with and without accumulators move apart.
    let kept = |is_col: bool| match array.dataflow {
        Dataflow::OutputStationary => None,
        Dataflow::WeightStationary => array.accumulator_rows.filter(|_| !is_col),
        Dataflow::InputStationary => array.accumulator_rows.filter(|_| is_col),
    };
    cut(w, cuts, &at(out), |is_col, at| every(m, n)(is_col, at) || kept(is_col) == Some(at));
}

/// Tiles of queries, of keys, of values and of contexts. Values are cut within each tile of keys.
fn cut_attention(w: &Workload, array: &Array, op: OpId, places: &[Vec<Element>], cuts: &mut [Cuts]) {
    let OpKind::Attention { query, key, value, out, e, .. } = &w.op(op).kind else { return };
    let Portions { queries, keys, width, reduced, across } = portions(array, *e);
    let every = |rows: u32, cols: u32| move |is_col: bool, at: u32| at.is_multiple_of(if is_col { cols } else { rows });
    cut(w, cuts, &rows(w, places, query), every(queries, width));
    cut(w, cuts, &rows(w, places, key), every(keys, width));
    let of_values = |is_col: bool, at: u32| {
        if is_col { at.is_multiple_of(across) } else { (at % keys).is_multiple_of(reduced) }
    };
    cut(w, cuts, &rows(w, places, &[*value]), of_values);
    cut(w, cuts, &rows(w, places, &[*out]), every(queries, *e));
}

/// The vector unit's chunks cut what it alone makes, and what it brings from DRAM.
fn cut_vector(w: &Workload, accelerator: &Accelerator, op: OpId, places: &[Vec<Element>], cuts: &mut [Cuts]) {
    let at = |t: TensorId| rows(w, places, &[t]);
    let OpKind::Vector { inputs, out, .. } = &w.op(op).kind else { return };
    let (down, across) = chunk(w, accelerator, op);
    let every = |is_col: bool, at: u32| at.is_multiple_of(if is_col { across } else { down });
    if !inputs.contains(out) {
        cut(w, cuts, &at(*out), every);
    }
    for &input in inputs {
        let (holder, _) = places[input.index()][0];
        if w.tensors.at(holder as usize).home == Home::Dram {
            cut(w, cuts, &at(input), every);
        }
    }
}

/// The tiles between the cuts, row by row, and of each element its tile.
fn tiles(cuts: &Cuts, rows: u32, cols: u32) -> (Vec<Vec<usize>>, Vec<usize>) {
    let place = |cuts: &BTreeSet<u32>, at: u32| cuts.iter().filter(|&&cut| 0 < cut && cut <= at).count();
    let across = place(&cuts.cols, cols - 1) + 1;
    let down = place(&cuts.rows, rows - 1) + 1;
    let mut tiles = vec![Vec::new(); across * down];
    let mut tile_of = Vec::new();
    for index in 0..rows * cols {
        let tile = place(&cuts.rows, index / cols) * across + place(&cuts.cols, index % cols);
        tiles[tile].push(index as usize);
        tile_of.push(tile);
    }
    (tiles, tile_of)
}

fn need(w: &Workload, tensor: TensorId, options: &Options) -> Need {
    let shape = w.tensor(tensor);
    let kept = shape.class == Class::Kv && options.kv == KvRelease::Kept;
    let grows = w.ops.iter().find_map(|op| match op.kind {
        OpKind::Append { out, parts, .. } if out == tensor => Some(parts),
        _ => None,
    });
    match (shape.class, shape.home) {
        _ if grows.is_some() => Need::Rows(shape.rows / grows.unwrap(), kept),
        (Class::Weight, Home::Dram) if options.weights == WeightRelease::Streamed => Need::Tiles,
        (Class::Weight, Home::Dram) => Need::Readers,
        _ if kept => Need::Always,
        _ => Need::Uses,
    }
}

/// Every tensor.
pub(super) fn stored(
    w: &Workload,
    accelerator: &Accelerator,
    options: &Options,
    places: &[Vec<Element>],
) -> Vec<Stored> {
    let mut cuts = vec![Cuts::default(); w.tensors.len()];
    for op in moving(w) {
        accelerator.arrays.iter().for_each(|array| cut_matmul(w, array, op, places, &mut cuts));
        accelerator.arrays.iter().for_each(|array| cut_attention(w, array, op, places, &mut cuts));
        cut_vector(w, accelerator, op, places, &mut cuts);
    }
    let windows = w.windows();
    let one = |(id, cuts): (TensorId, &Cuts)| {
        let shape = w.tensor(id);
        let (tiles, tile_of) = tiles(cuts, shape.rows, shape.cols);
        let class = w.tensor(windows[id.index()].storage).class;
        let need = need(w, id, options);
        let floor = if let Need::Rows(rows, _) = need { vec![0; (shape.rows / rows) as usize] } else { Vec::new() };
        let (users, readers, touched) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        Stored { need, class, users, readers, columns: shape.cols, tiles, tile_of, touched, floor }
    };
    let mut stored: Vec<Stored> = w.tensor_ids().zip(&cuts).map(one).collect();
    for op in moving(w) {
        let kind = &w.op(op).kind;
        for tensor in kind.inputs().into_iter().chain([kind.out()]) {
            for &(holder, index) in &places[tensor.index()] {
                stored[holder as usize].used_by(op, kind.inputs().contains(&tensor), index);
            }
        }
    }
    stored
}

impl Stored {
    fn used_by(&mut self, op: OpId, reads: bool, index: u32) {
        self.users.insert(op);
        if reads {
            self.readers.insert(op);
        }
        if let Need::Rows(rows, _) = self.need {
            let row = index / self.columns;
            let first = self.touched.entry((row / rows, op)).or_insert(rows);
            *first = (*first).min(row % rows);
        }
    }

    /// An op has ended that touched it: rows before those that others will touch are needed no more.
    fn pass(&mut self, ended: OpId, finished: &BTreeSet<OpId>) {
        let Need::Rows(rows, kept) = self.need else { return };
        for (sequence, floor) in self.floor.iter_mut().enumerate() {
            let Some(&row) = self.touched.get(&(sequence as u32, ended)) else { continue };
            let outstanding =
                self.touched.iter().filter(|((s, op), _)| *s == sequence as u32 && !finished.contains(op));
            let first = outstanding.map(|(_, &row)| row).min();
            *floor = (*floor).max(first.unwrap_or(if kept { row } else { rows }));
        }
    }
}

impl Naive<'_> {
    /// Ops under way that read a tensor.
    pub(super) fn running_readers(&self, tensor: usize) -> usize {
        let running = |op: &&OpId| self.started.contains(op) && !self.finished.contains(op);
        self.tensors[tensor].readers.iter().filter(running).count()
    }

    /// Of each element of a tensor, whether it is needed if it is in a memory.
    pub(super) fn need(&self, memory: usize, tensor: usize) -> Vec<bool> {
        let stored = &self.tensors[tensor];
        let all = |needed| vec![needed; stored.tile_of.len()];
        match stored.need {
            Need::Tiles => self.stores[memory].wanted[tensor].clone(),
            Need::Readers => all(self.running_readers(tensor) > 0),
            Need::Always => all(true),
            Need::Rows(rows, _) => {
                let row = |index: usize| index as u32 / stored.columns;
                (0..stored.tile_of.len()).map(|i| row(i) % rows >= stored.floor[(row(i) / rows) as usize]).collect()
            }
            Need::Uses => all(stored.users.iter().any(|op| !self.finished.contains(op))),
        }
    }

    /// Whether an element that is in a memory is needed there.
    pub(super) fn is_needed(&self, memory: usize, tensor: usize, index: usize) -> bool {
        self.need(memory, tensor)[index]
    }

    /// The tensors an op uses, ascending.
    fn used(&self, op: OpId) -> Vec<usize> {
        (0..self.tensors.len()).filter(|&t| self.tensors[t].users.contains(&op)).collect()
    }

    /// What an op's start changes: what it reads is needed.
    pub(super) fn op_starts(&mut self, op: OpId) {
        for tensor in self.used(op) {
            (0..self.stores.len()).for_each(|memory| self.account(memory, tensor));
        }
    }

    /// What an op's end changes.
    pub(super) fn op_ends(&mut self, op: OpId) {
        for tensor in self.used(op) {
            self.tensors[tensor].pass(op, &self.finished);
            let unread = self.running_readers(tensor) == 0;
            for memory in 0..self.stores.len() {
                if unread {
                    self.stores[memory].wanted[tensor].fill(false);
                }
                self.account(memory, tensor);
            }
        }
    }

    /// The op on a unit has used these elements for the last time.
    pub(super) fn release(&mut self, elements: &[Element]) {
        for (tensor, tile) in self.cells(elements) {
            if self.tensors[tensor].need == Need::Tiles && self.running_readers(tensor) <= 1 {
                for memory in 0..self.stores.len() {
                    let indices = self.tensors[tensor].tiles[tile].clone();
                    indices.iter().for_each(|&i| self.stores[memory].wanted[tensor][i] = false);
                    self.account(memory, tensor);
                }
            }
        }
    }

    /// The tiles that elements lie in, in the order of the elements; a tile may come more than once.
    pub(super) fn cells(&self, elements: &[Element]) -> Vec<Cell> {
        let cell =
            |&(tensor, index): &Element| (tensor as usize, self.tensors[tensor as usize].tile_of[index as usize]);
        let mut cells: Vec<Cell> = elements.iter().map(cell).collect();
        cells.dedup();
        cells
    }
}
