//! Whether a block will do what another one with the same form did.

use super::super::Probe;
use super::super::engine::Engine;
use super::super::operands::TileKey;
use super::matching::Renaming;
use super::template::{Template, candidates, recent, visible};
use crate::ids::{NodeId, OpId, TensorId};
use crate::workload::Class;
use std::ops::Range;

/// A node before the template, and the one before the block that takes its place; ascending on both sides.
pub type Anchors = Vec<(NodeId, NodeId)>;

/// What the block `ops` and those whose bytes have to leave are called, and the anchors, if everything the ops can see at cycle
/// `now` is as it was for the template.
pub fn compare<P: Probe>(
    engine: &Engine<'_, P>,
    template: &Template,
    own: &Renaming,
    ops: &Range<usize>,
    now: u64,
) -> Option<(Renaming, Anchors)> {
    let cycles = (template.start, now);
    let states = own.pairs().iter().zip(&template.before).zip(&template.after);
    let same_states = states.into_iter().all(|((&(old, new), before), after)| {
        let used = before.uses_left - after.uses_left;
        let [then, held] = [old, new].map(|tensor| &engine.residency.held[tensor as usize]);
        then.grid == held.grid
            && then.need == held.need
            && held.rows == before.rows
            && before.is_of(engine, new, used, cycles)
    });
    let same = same_states
        && same_buffers(engine, template, own)
        && same_recent(engine, template, own)
        && is_closed(engine, template, ops);
    if !same {
        return None;
    }
    let renaming = match &template.victims {
        Some(victims) => own.with(&victims.replaced(engine, own, cycles)?),
        None => own.clone(),
    };
    if !has_room(engine, template, (own, &renaming)) {
        return None;
    }
    let anchors = anchors(template, &visible(engine, ops, renaming.pairs().iter().map(|&(_, new)| new)))?;
    Some((renaming, anchors))
}

/// Whether the ops of a block stand in the lists of the units as those of the template did.
pub fn is_next<P: Probe>(engine: &Engine<'_, P>, template: &Template, ops: &Range<usize>) -> bool {
    engine.dispatcher.lists.iter().zip(&template.queued).all(|(list, then)| {
        let inside = list.iter().take_while(|op| op.index() < ops.end).map(|op| op.index() - ops.start);
        inside.eq(then.iter().copied())
    })
}

/// A tile in an operand buffer matters if the block knows its tensor.
fn same_buffers<P: Probe>(engine: &Engine<'_, P>, template: &Template, renaming: &Renaming) -> bool {
    let same = |then: &TileKey, now: &TileKey| match renaming.of(then.tensor) {
        Some(tensor) => TileKey { tensor, ..*then } == *now,
        None => !renaming.reaches(now.tensor),
    };
    template.machine[0].units.iter().zip(&engine.units).all(|(then, unit)| {
        then.buffers.iter().zip(&unit.buffers).all(|(then, now)| {
            then.len() == now.tiles.len() && then.iter().zip(&now.tiles).all(|(then, now)| same(then, now))
        })
    })
}

fn same_recent<P: Probe>(engine: &Engine<'_, P>, template: &Template, renaming: &Renaming) -> bool {
    let now = recent(engine, |tensor| renaming.reaches(TensorId(tensor)));
    let renamed = |list: &Vec<u32>| list.iter().map(|&t| renaming.of(TensorId(t)).map(|t| t.0)).collect::<Vec<_>>();
    (0..2).all(|i| renamed(&template.recent[0][i]).into_iter().eq(now[i].iter().copied().map(Some)))
}

/// Whether no op after the block can start before its end.
fn is_closed<P: Probe>(engine: &Engine<'_, P>, template: &Template, ops: &Range<usize>) -> bool {
    let dispatcher = &engine.dispatcher;
    let inside = |op: usize| op < ops.end;
    let heads = dispatcher.lists.iter().filter_map(|list| list.iter().find(|op| !inside(op.index())));
    let ready = dispatcher.ready.iter().all(|&rank| inside(rank as usize));
    ready
        && heads.into_iter().all(|&op| !dispatcher.is_ready(op))
        && ops.clone().map(OpId::from).all(|op| {
            let after = engine.dependencies.after(op).iter();
            let mut after = after.filter(|later| !inside(later.index()));
            after.all(|&later| waits(engine, template, ops, later, !engine.workload.is_rename(later)))
        })
}

/// Whether an op after the block waits for an op after it, or, where that is enough, for one that ends last in it.
fn waits<P: Probe>(engine: &Engine<'_, P>, template: &Template, ops: &Range<usize>, op: OpId, last: bool) -> bool {
    engine.dependencies.before(op).iter().any(|&earlier| match earlier.index() {
        index if index < ops.start => false,
        index if index < ops.end => last && template.last.contains(&(index - ops.start)),
        _ if !engine.workload.is_rename(earlier) => true,
        _ => waits(engine, template, ops, earlier, false),
    })
}

/// Whether the memory has room where it had, and evictions find the same obsolete bytes: those of others first, and own ones if
/// that is what they took.
fn has_room<P: Probe>(engine: &Engine<'_, P>, template: &Template, (own, all): (&Renaming, &Renaming)) -> bool {
    let store = &engine.residency.stores[0];
    let Some(capacity) = store.capacity else { return true };
    let (used, then) = (store.tracker.used(), template.opening.state.used().0);
    let spills = !template.lost.is_empty() || template.victims.is_some();
    if template.evicted == 0 && !spills && !template.evicted_own {
        return used + template.course.growth() <= capacity;
    }
    let takes_own = template.evicted_own || spills;
    used == then
        && (template.lost.is_empty() || has_clean(engine, template, own))
        && (!takes_own || candidates(engine, |tensor| own.was(tensor)) == template.candidates)
        && has_obsolete(engine, template.evicted, takes_own, (own, all))
}

/// Whether there are as many obsolete bits of others, before own ones unless these are taken too; none of a part of an object that
/// the block knows.
fn has_obsolete<P: Probe>(
    engine: &Engine<'_, P>,
    wanted: u64,
    takes_own: bool,
    (own, all): (&Renaming, &Renaming),
) -> bool {
    let store = &engine.residency.stores[0];
    let mut available = 0;
    let mut next = store.obsolete.next(None);
    while let Some(tensor) = next.filter(|_| available < wanted) {
        let is_own = own.reaches(TensorId(tensor));
        if (is_own && !takes_own) || (!is_own && all.reaches(engine.residency.held[tensor as usize].storage)) {
            return false;
        }
        let contents = &store.contents[tensor as usize];
        available += if is_own { 0 } else { contents.present_bits - contents.needed_bits };
        next = store.obsolete.next(Some(tensor));
    }
    available >= wanted
}

/// Whether evictions of needed bytes find as many that have a copy, of others and without setting a new peak.
fn has_clean<P: Probe>(engine: &Engine<'_, P>, template: &Template, renaming: &Renaming) -> bool {
    let store = &engine.residency.stores[0];
    let (mut available, mut wanted) = (0, template.lost.last().map_or(0, |&(_, bits)| bits));
    let mut next = store.all.next(None);
    while let Some(tensor) = next.map(TensorId).filter(|_| available < wanted) {
        let contents = &store.contents[tensor.index()];
        let storage = engine.residency.held[tensor.index()].storage;
        let own = renaming.reaches(tensor) || renaming.reaches(storage);
        match contents.clean_bits() {
            Some(0) => {}
            Some(bits) if !own && engine.workload.class(tensor) == Class::Kv => available += bits,
            // Obsolete bytes are gone before needed ones go.
            None if contents.needed_bits == 0 && !own => {}
            _ => wanted = u64::MAX,
        }
        next = store.all.next(Some(tensor.0)).filter(|_| wanted < u64::MAX);
    }
    available >= wanted && !store.tracker.would_peak(&template.course)
}

fn anchors(template: &Template, now: &[Option<(NodeId, u32)>]) -> Option<Anchors> {
    if template.visible.len() != now.len() {
        return None;
    }
    let mut anchors = Anchors::new();
    for pair in template.visible.iter().zip(now) {
        match pair {
            (None, None) => {}
            (Some((then, lag)), Some((now, same))) if lag == same => anchors.push((*then, *now)),
            _ => return None,
        }
    }
    anchors.sort_unstable();
    anchors.dedup();
    anchors.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 < w[1].1).then_some(anchors)
}
