//! Layers that repeat: what one did, the next does at once.
//!
//! A *block* is a run of consecutive ops of one phase and layer. Between two blocks there is nearly always a moment in which nothing is
//! under way: the next layer waits for the last op of this one. If a block has the same form as one that was simulated before, its tensors
//! being called something else, and everything that it can see at that moment is the same under these names, then it does the
//! same, later: the same transfers and work, the same changes of occupancy, the same residences, with other ops, tensors and nodes.
//!
//! What a block can see: the contents, uses and residences of its own tensors; the tiles in the operand buffers; its ops in the lists of
//! the units; the nodes before it that its own follow. Of the rest of the memory it sees only how much can be evicted. It need not be the same,
//! as long as evictions find obsolete bytes of tensors that the block does not know: these are evicted in the order of their
//! last use, to the byte, so that many small evictions take what one large one takes.
//!
//! Whatever is not covered (several memories, evictions of needed bytes, an order given by the user, attention in tiles, an observer) is simulated.

mod comparison;
mod matching;
mod repeat;
mod template;
mod victims;

use super::Probe;
use super::engine::Engine;
use crate::accelerator::{Replacement, Victims};
use repeat::Move;
use std::collections::VecDeque;
use std::ops::Range;
use template::{Capture, Template};

/// Blocks that are remembered as examples.
const REMEMBERED: usize = 6;

/// Follows the blocks of a run.
#[derive(Debug)]
pub struct Replay {
    blocks: Vec<Range<usize>>,
    next: usize,
    /// Ops before this one have ended.
    ended: usize,
    capture: Option<Capture>,
    templates: VecDeque<Template>,
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
        let blocks = blocks(engine);
        let any = covered && blocks.len() > 1;
        any.then(|| Self { blocks, next: 0, ended: 0, capture: None, templates: VecDeque::new() })
    }

    /// Nothing is under way at cycle `now`: if a block ends or begins here, uses it. Returns the cycle up to which blocks were repeated.
    pub fn between<P: Probe>(&mut self, engine: &mut Engine<'_, P>, mut now: u64, events: &mut u64) -> u64 {
        self.advance(engine);
        self.remember(engine, now, *events);
        while let Some(block) = self.blocks.get(self.next).cloned().filter(|block| block.start == self.ended) {
            if engine.timings[block.clone()].iter().any(Option::is_some) {
                break;
            }
            let opening = engine.residency.stores[0].tracker.mark(now);
            match self.repeat(engine, &block, now) {
                Some((end, count)) => (now, *events) = (end, *events + count),
                None => {
                    self.capture = Capture::begin(engine, block, opening, *events);
                    break;
                }
            }
            self.advance(engine);
        }
        now
    }

    fn advance<P: Probe>(&mut self, engine: &Engine<'_, P>) {
        while engine.timings.get(self.ended).is_some_and(Option::is_some) {
            self.ended += 1;
        }
        while self.blocks.get(self.next).is_some_and(|block| block.start < self.ended) {
            self.next += 1;
        }
    }

    /// If the block being simulated ends here, it becomes an example.
    fn remember<P: Probe>(&mut self, engine: &mut Engine<'_, P>, now: u64, events: u64) {
        let Some(capture) = self.capture.take_if(|capture| capture.ops().end <= self.ended) else { return };
        if capture.ops().end == self.ended
            && let Some(template) = capture.end(engine, now, events)
        {
            self.templates.push_front(template);
            self.templates.truncate(REMEMBERED);
        }
    }

    /// Repeats a block if one of the examples allows it; returns when it ends, and its events.
    fn repeat<P: Probe>(&self, engine: &mut Engine<'_, P>, block: &Range<usize>, now: u64) -> Option<(u64, u64)> {
        self.templates.iter().find_map(|template| {
            let own = template.renaming(engine, block)?;
            let (all, anchors) = comparison::compare(engine, template, &own, block, now)?;
            let step = Move::new(engine, template, &own, (&all, &anchors), block.clone(), now);
            step.apply(engine);
            Some((step.end(), template.events))
        })
    }
}

/// Runs of consecutive ops of the same phase and layer.
fn blocks<P: Probe>(engine: &Engine<'_, P>) -> Vec<Range<usize>> {
    let workload = engine.workload;
    let place = |op: usize| (workload.phase_of(op.into()), workload.ops[op].layer);
    let mut blocks: Vec<Range<usize>> = Vec::new();
    for op in 0..workload.ops.len() {
        match blocks.last_mut() {
            Some(block) if place(block.start) == place(op) => block.end = op + 1,
            _ => blocks.push(op..op + 1),
        }
    }
    blocks
}
