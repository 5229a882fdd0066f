//! Tensors of others whose needed bytes had to leave: in which order they were looked at, and who takes their places.
//!
//! Evictions look at all tensors in the order of their last use, first for bytes with a copy further up, then for any. A block
//! that evicts needed bytes of others does the same as its example if, in that order, its own tensors and those that lose bytes stand where they
//! stood, each of these as full, as needed and as dirty, tile by tile, as the one whose place it takes, and if nobody else stands in
//! between who would have lost bytes. Who that was is known from the example: nobody before the first tensor that stayed as it was.

use super::super::Probe;
use super::super::engine::Engine;
use super::matching::Renaming;
use super::template::{Cycles, State};
use crate::ids::TensorId;
use rustc_hash::FxHashMap;

/// A tensor of others, needed in part or as a whole, before a block.
#[derive(Debug)]
pub struct Bystander {
    tensor: u32,
    state: State,
    /// Rows that are needed, where they are needed row by row.
    floors: Option<Vec<u32>>,
    /// Bits that have a copy further up; `None` if some bits are not needed.
    clean: Option<u64>,
}

/// A tensor in the order of last use.
#[derive(Debug)]
pub enum Standing {
    /// One of the block.
    Own(TensorId),
    /// One of others that is needed.
    Other(Box<Bystander>),
}

/// Everybody who is needed in the order of last use; of the block's own tensors also those that are not.
pub fn standing<P: Probe>(engine: &Engine<'_, P>, own: &Renaming) -> Vec<Standing> {
    let look = |tensor: u32| match own.reaches(TensorId(tensor)) {
        true => Some(Standing::Own(TensorId(tensor))),
        false => is_needed(engine, tensor).then(|| Standing::Other(Box::new(Bystander::of(engine, tensor)))),
    };
    in_order(engine).filter_map(look).collect()
}

fn in_order<'e, P: Probe>(engine: &'e Engine<'_, P>) -> impl Iterator<Item = u32> + 'e {
    let store = &engine.residency.stores[0];
    let first = store.capacity.and_then(|_| store.all.next(None));
    std::iter::successors(first, |&tensor| store.all.next(Some(tensor)))
}

fn is_needed<P: Probe>(engine: &Engine<'_, P>, tensor: u32) -> bool {
    engine.residency.stores[0].contents[tensor as usize].needed_bits > 0
}

impl Bystander {
    fn of<P: Probe>(engine: &Engine<'_, P>, tensor: u32) -> Self {
        let index = tensor as usize;
        let (contents, held) = (&engine.residency.stores[0].contents[index], &engine.residency.held[index]);
        let floors = held.rows.as_ref().map(|rows| rows.floors());
        Self { tensor, state: State::of_other(engine, tensor), floors, clean: contents.clean_bits() }
    }

    /// Whether `tensor` is in the same state at the cycle of the second block.
    fn is_like<P: Probe>(&self, engine: &Engine<'_, P>, tensor: u32, cycles: Cycles) -> bool {
        let (held, workload) = (&engine.residency.held, engine.workload);
        let (then, now) = (&held[self.tensor as usize], &held[tensor as usize]);
        let class = |tensor: u32| workload.class(TensorId(tensor));
        now.storage == TensorId(tensor)
            && then.need == now.need
            && class(self.tensor) == class(tensor)
            && then.grid == now.grid
            && now.rows.as_ref().map(|rows| rows.floors()) == self.floors
            && self.state.is_of(engine, tensor, 0, cycles)
    }
}

/// Who lost needed bytes to a block.
#[derive(Debug)]
pub struct Victims {
    /// Own tensors, and those of others that lost bytes, in the order of last use.
    order: Vec<Standing>,
    /// How many of these come before the first one of others that lost nothing: evictions of any bytes never got that far.
    before_any: usize,
    /// How many come before the first one of others that lost nothing though it had bytes with a copy.
    before_clean: usize,
    /// Whether any bytes were evicted, because none had a copy.
    exhausted: bool,
}

impl Victims {
    /// From who stood where before the block, and the bits that each tensor lost. `None` if others lost bytes in a way that
    /// cannot be repeated: some needed and some not, or those of a part of a storage object.
    pub fn new<P: Probe>(
        engine: &Engine<'_, P>,
        standing: Vec<Standing>,
        lost: &FxHashMap<TensorId, u64>,
        evicted: &FxHashMap<TensorId, u64>,
    ) -> Option<Self> {
        let exhausted = engine.residency.stores[0].exhausted;
        let mut victims = Self { order: Vec::new(), before_any: usize::MAX, before_clean: usize::MAX, exhausted };
        for one in standing {
            let Standing::Other(other) = &one else {
                victims.order.push(one);
                continue;
            };
            let tensor = TensorId(other.tensor);
            match lost.get(&tensor) {
                Some(bits) => {
                    let whole = engine.residency.held[tensor.index()].storage == tensor;
                    (whole && evicted.get(&tensor) == Some(bits)).then_some(())?;
                    victims.order.push(one);
                }
                None => {
                    let before = victims.order.len();
                    victims.before_any = victims.before_any.min(before);
                    if other.clean.is_some_and(|bits| bits > 0) {
                        victims.before_clean = victims.before_clean.min(before);
                    }
                }
            }
        }
        Some(victims)
    }

    /// Those of others who lost bytes, in the order of last use.
    pub fn others(&self) -> impl Iterator<Item = &State> {
        self.order.iter().filter_map(|one| match one {
            Standing::Other(other) => Some(&other.state),
            Standing::Own(_) => None,
        })
    }

    /// Their tensors.
    pub fn tensors(&self) -> impl Iterator<Item = u32> + '_ {
        self.order.iter().filter_map(|one| match one {
            Standing::Other(other) => Some(other.tensor),
            Standing::Own(_) => None,
        })
    }

    /// Who would lose the same bytes to the block of `renaming` instead of whom, if evictions find the same.
    pub fn replaced<P: Probe>(
        &self,
        engine: &Engine<'_, P>,
        renaming: &Renaming,
        cycles: Cycles,
    ) -> Option<Vec<(u32, u32)>> {
        let (mut at, mut pairs) = (0, Vec::new());
        for tensor in in_order(engine) {
            match (renaming.was(TensorId(tensor)), self.order.get(at)) {
                (Some(was), Some(Standing::Own(own))) if was == *own => at += 1,
                (Some(_), _) => return None,
                (None, _) if !is_needed(engine, tensor) => {}
                (None, Some(Standing::Other(other))) if other.is_like(engine, tensor, cycles) => {
                    pairs.push((other.tensor, tensor));
                    at += 1;
                }
                (None, _) if self.may_stay(engine, tensor, at) => {}
                (None, _) => return None,
            }
        }
        (at == self.order.len()).then_some(pairs)
    }

    /// Whether evictions pass by a tensor that stands behind so many of the order.
    fn may_stay<P: Probe>(&self, engine: &Engine<'_, P>, tensor: u32, behind: usize) -> bool {
        let clean = engine.residency.stores[0].contents[tensor as usize].clean_bits() != Some(0);
        (!clean || behind >= self.before_clean) && (!self.exhausted || behind >= self.before_any)
    }
}
