//! Layers that repeat: what one did, the next does at once.
//!
//! A *block* is a run of consecutive ops of one phase and layer, or of a part of it. Between two blocks there is nearly always a
//! moment in which nothing is under way: the next one waits for the last op of this one. If a block has the same form as one
//! that was simulated before, its tensors being called something else, and everything that it can see at that moment is the same under these
//! names, then it does the same, later: the same transfers and work, the same changes of occupancy, the same residences, with
//! other ops, tensors and nodes.
//!
//! What a block can see: the contents, uses and residences of its own tensors; the tiles in the operand buffers; its ops in the lists of
//! the units; the nodes before it that its own follow. Of the rest of the memory it sees only how much can be evicted. It need not be the same,
//! as long as evictions find obsolete bytes of tensors that the block does not know: these are evicted in the order of their
//! last use, to the byte, so that many small evictions take what one large one takes. Where bytes have to be written back, or needed ones of
//! others than keys and values leave, those who lose them are compared one by one and renamed like the block's own (module `victims`).
//!
//! Whatever is not covered (several memories, other orders of victims, an order of ops given by the user, an observer) is simulated.

mod block;
mod comparison;
mod matching;
mod repeat;
mod template;
mod victims;

use super::Probe;
use super::engine::Engine;
use crate::accelerator::{Replacement, Victims};
use block::{Block, blocks};
use repeat::Move;
use rustc_hash::FxHashMap;
use std::ops::Range;
use template::{Capture, Template};

/// Blocks of one form that are remembered as examples.
const REMEMBERED: usize = 8;

/// Follows the blocks of a run.
#[derive(Debug)]
pub struct Replay {
    blocks: Vec<Block>,
    next: usize,
    /// Ops before this one have ended.
    ended: usize,
    capture: Option<(u64, Capture)>,
    /// By form.
    known: FxHashMap<u64, Known>,
}

/// Blocks of one form.
#[derive(Debug, Default)]
struct Known {
    /// How many are still to come.
    coming: usize,
    /// Those that are remembered, the one used last first.
    templates: Vec<Template>,
}

impl Replay {
    /// For a run that has not begun; `None` if no block of it can be repeated.
    pub fn new<P: Probe>(engine: &Engine<'_, P>) -> Option<Self> {
        let store = engine.residency.stores.first()?;
        let by_use = store.victims == Victims::ObsoleteFirst && store.replacement == Replacement::Lru;
        let whole_bytes = engine.workload.tensors.iter().all(|tensor| tensor.bits % 8 == 0);
        let covered = engine.residency.stores.len() == 1
            && engine.workload.schedule.is_none()
            && !engine.residency.ledger.probe.observes()
            && (store.capacity.is_none() || (by_use && whole_bytes));
        let blocks = if covered { blocks(engine) } else { Vec::new() };
        let mut known: FxHashMap<u64, Known> = FxHashMap::default();
        blocks.iter().for_each(|block| known.entry(block.form).or_default().coming += 1);
        let any = known.values().any(|known| known.coming > 1);
        any.then_some(Self { blocks, next: 0, ended: 0, capture: None, known })
    }

    /// Nothing is under way at cycle `now`: if a block ends or begins here, uses it. Returns the cycle up to which blocks were repeated.
    pub fn between<P: Probe>(&mut self, engine: &mut Engine<'_, P>, mut now: u64, events: &mut u64) -> u64 {
        self.advance(engine);
        self.remember(engine, now, *events);
        while let Some(Block { ops, form }) = self.blocks.get(self.next).cloned().filter(|b| b.ops.start == self.ended)
        {
            let Some((coming, known)) = self.known.get(&form).map(|known| (known.coming, known.templates.len())) else {
                break;
            };
            if (coming == 1 && known == 0) || engine.timings[ops.clone()].iter().any(Option::is_some) {
                break;
            }
            let opening = engine.residency.stores[0].tracker.mark(now);
            match self.repeat(engine, (form, &ops), now) {
                Some((end, count)) => (now, *events) = (end, *events + count),
                None => {
                    let capture = (coming > 1).then(|| Capture::begin(engine, ops, opening, *events)).flatten();
                    self.capture = capture.map(|capture| (form, capture));
                    break;
                }
            }
            self.advance(engine);
        }
        now
    }

    /// Goes on behind what has ended; a form of which no block is still to come is forgotten.
    fn advance<P: Probe>(&mut self, engine: &Engine<'_, P>) {
        while engine.timings.get(self.ended).is_some_and(Option::is_some) {
            self.ended += 1;
        }
        while let Some(block) = self.blocks.get(self.next).filter(|block| block.ops.start < self.ended) {
            self.next += 1;
            let Some(known) = self.known.get_mut(&block.form) else { continue };
            known.coming -= 1;
            if known.coming == 0 {
                self.known.remove(&block.form);
            }
        }
    }

    /// If the block being simulated ends here, it becomes an example.
    fn remember<P: Probe>(&mut self, engine: &mut Engine<'_, P>, now: u64, events: u64) {
        let ended = self.ended;
        let Some((form, capture)) = self.capture.take_if(|(_, capture)| capture.ops().end <= ended) else { return };
        let Some(known) = self.known.get_mut(&form) else { return };
        if capture.ops().end == ended
            && let Some(template) = capture.end(engine, now, events)
        {
            known.templates.insert(0, template);
            known.templates.truncate(REMEMBERED);
        }
    }

    /// Repeats a block if one of the examples allows it; returns when it ends, and its events.
    fn repeat<P: Probe>(
        &mut self,
        engine: &mut Engine<'_, P>,
        (form, block): (u64, &Range<usize>),
        now: u64,
    ) -> Option<(u64, u64)> {
        let templates = &mut self.known.get_mut(&form)?.templates;
        let glimpse = template::glimpse(engine, block);
        let like = |at: &usize| templates[*at].glimpse == glimpse;
        let at = (0..templates.len()).filter(like).find(|&at| apply(engine, &templates[at], block, now).is_some())?;
        templates[..=at].rotate_right(1);
        Some((templates[0].end - templates[0].start + now, templates[0].events))
    }
}

/// Does what the example did, if everything is as it was for it.
fn apply<P: Probe>(engine: &mut Engine<'_, P>, template: &Template, block: &Range<usize>, now: u64) -> Option<()> {
    if !comparison::is_next(engine, template, block) {
        return None;
    }
    let own = template.renaming(engine, block)?;
    let (all, anchors) = comparison::compare(engine, template, &own, block, now)?;
    Move::new(engine, template, &own, (&all, &anchors), block.clone(), now).apply(engine);
    Some(())
}
