//! Does at once what a block would do that another one has done before.

use super::super::Probe;
use super::super::engine::{Engine, Unit};
use super::super::occupancy::Stored;
use super::super::operands::TileKey;
use super::super::ports::Ports;
use super::comparison::Anchors;
use super::matching::Renaming;
use super::template::{Books, Place, State, Template};
use crate::ids::{NodeId, OpId, TensorId};
use crate::trace::{Lifetime, OpTiming, Renumbering, Repetition, Stalls};
use crate::units::Cycles;
use std::ops::Range;

/// From a template to the block that repeats it.
pub struct Move<'t> {
    pub template: &'t Template,
    /// What the tensors that the ops name are called.
    own: &'t Renaming,
    /// What all are called that the block changes.
    pub renaming: &'t Renaming,
    pub anchors: &'t Anchors,
    pub ops: Range<usize>,
    pub start: u64,
    first_node: usize,
    first_lifetime: u32,
}

impl<'t> Move<'t> {
    /// To the block `ops` that starts at cycle `start`.
    pub fn new<P: Probe>(
        engine: &Engine<'_, P>,
        template: &'t Template,
        own: &'t Renaming,
        (renaming, anchors): (&'t Renaming, &'t Anchors),
        ops: Range<usize>,
        start: u64,
    ) -> Self {
        let first_node = engine.recorder.graph.nodes().len();
        let first_lifetime = engine.residency.ledger.lifetimes.len() as u32;
        Self { template, own, renaming, anchors, ops, start, first_node, first_lifetime }
    }

    fn cycle(&self, cycle: u64) -> u64 {
        cycle - self.template.start + self.start
    }

    fn op(&self, op: OpId) -> OpId {
        OpId::from(op.index() - self.template.ops.start + self.ops.start)
    }

    fn node(&self, node: NodeId) -> NodeId {
        match node.index().checked_sub(self.template.nodes.start) {
            Some(inside) => NodeId::from(self.first_node + inside),
            None => self.anchors.binary_search_by_key(&node, |a| a.0).map_or(node, |at| self.anchors[at].1),
        }
    }

    fn tensor(&self, tensor: TensorId) -> TensorId {
        self.renaming.of(tensor).unwrap_or(tensor)
    }

    /// Carries everything out.
    pub fn apply<P: Probe>(&self, engine: &mut Engine<'_, P>) {
        self.evict(engine);
        self.record(engine);
        self.residences(engine);
        self.tensors(engine);
        self.order(engine);
        let shift = (self.ops.start - self.template.ops.start) as u32;
        let tracker = &mut engine.residency.stores[0].tracker;
        let (renamed, named) = (|t| self.renaming.of(t), |t| self.renaming.reaches(t));
        tracker.repeat(&self.template.course, shift, renamed, named);
        self.machine(engine);
        self.finish_ops(engine);
    }

    /// Bytes of others go; how the occupancy changed thereby is part of the course.
    fn evict<P: Probe>(&self, engine: &mut Engine<'_, P>) {
        let residency = &mut engine.residency;
        let (store, held, ledger) = (&mut residency.stores[0], &residency.held, &mut residency.ledger);
        let other = |tensor| !self.renaming.reaches(tensor);
        if self.template.evicted > 0 {
            store.evict_obsolete(self.template.evicted / 8, held, ledger, other);
        }
        let lost = &self.template.lost;
        if self.template.victims.is_some() {
            store.evicted_needed_bits += self.template.evicted_needed_bits;
        }
        if let Some(&(_, bits)) = lost.last() {
            let gone = |bytes: u64| self.cycle(lost[lost.partition_point(|&(_, sum)| sum < bytes * 8)].0);
            store.evict_clean(bits / 8, held, ledger, other, gone);
        }
    }

    /// The nodes; where the visible nodes before the block are other distances away, the predecessor lists are new.
    fn record<P: Probe>(&self, engine: &mut Engine<'_, P>) {
        let graph = &mut engine.recorder.graph;
        let mut patterns = Vec::new();
        let distance = self.first_node - self.template.nodes.start;
        if self.anchors.iter().any(|(then, now)| then.index() + distance != now.index()) {
            for (offset, list) in &self.template.outward {
                let causes = list.iter().map(|&(place, lag)| match place {
                    Place::Inside(inside) => (NodeId::from(self.first_node + inside as usize), lag),
                    Place::Before(node) => (self.node(node), lag),
                });
                let causes: Vec<(NodeId, u32)> = causes.collect();
                let id = NodeId::from(self.first_node + *offset as usize);
                patterns.push((*offset, graph.pattern(id, &causes)));
            }
        }
        let residency = &engine.residency;
        let older = self.renaming.pairs().iter().zip(&self.template.before).filter_map(|(&(_, new), before)| {
            let lifetime = residency.stores[0].tracker.stored[new as usize].lifetime;
            (before.stored.lifetime != Stored::NOWHERE).then_some((before.stored.lifetime, lifetime))
        });
        let mut lifetimes: Vec<(u32, u32)> = older.collect();
        lifetimes.sort_unstable();
        lifetimes.push((self.template.first_lifetime, self.first_lifetime));
        let repetition = Repetition {
            cycles: Cycles(self.start - self.template.start),
            ops: (self.ops.start - self.template.ops.start) as u32,
            tensors: self.renaming.ascending().iter().copied().collect(),
            lifetimes: Renumbering::from_iter(lifetimes),
            patterns,
        };
        graph.repeat(self.template.nodes.clone(), repetition);
    }

    /// Residences that begin in the block, and what becomes of those that had begun before.
    fn residences<P: Probe>(&self, engine: &mut Engine<'_, P>) {
        let workload = engine.workload;
        for then in &self.template.lifetimes {
            let storage = self.tensor(then.storage);
            let layer = workload.tensor(storage).layer;
            let (reserved, released) = (Cycles(self.cycle(then.reserved.0)), Cycles(self.cycle(then.released.0)));
            engine.residency.ledger.lifetimes.push(Lifetime { storage, layer, reserved, released, ..*then });
        }
        let template = self.template;
        for (&(_, new), (before, ended)) in
            self.renaming.pairs().iter().zip(template.before.iter().zip(&template.ended))
        {
            let (Some(before), Some(ended)) = (before.lifetime, ended) else { continue };
            let lifetime = engine.residency.stores[0].tracker.stored[new as usize].lifetime;
            let lifetime = &mut engine.residency.ledger.lifetimes[lifetime as usize];
            lifetime.extent = ended.extent;
            lifetime.transfers += ended.transfers - before.transfers;
            if ended.released.0 >= template.start {
                lifetime.released = Cycles(self.cycle(ended.released.0));
            }
        }
    }

    fn tensors<P: Probe>(&self, engine: &mut Engine<'_, P>) {
        let states = self.template.before.iter().zip(&self.template.after);
        for (place, (&(_, new), (before, after))) in self.renaming.pairs().iter().zip(states).enumerate() {
            let index = new as usize;
            if place < self.template.cast.len() {
                let held = &mut engine.residency.held[index];
                held.uses_left -= before.uses_left - after.uses_left;
                held.rows.clone_from(&after.rows);
                while held.next_uses.last().is_some_and(|&rank| (rank as usize) < self.ops.end) {
                    held.next_uses.pop();
                }
            }
            let store = &mut engine.residency.stores[0];
            store.contents[index].clone_from(&after.contents);
            self.stored(&mut store.tracker, new, before, after);
            if after.last_fill != before.last_fill {
                let moved = |(node, op): (NodeId, OpId)| (self.node(node), self.op(op));
                engine.transfers.last_fill[0][index] = after.last_fill.map(moved);
            }
        }
    }

    fn stored(&self, tracker: &mut super::super::occupancy::Tracker, tensor: u32, before: &State, after: &State) {
        let lifetime = match after.stored.lifetime {
            Stored::NOWHERE => Stored::NOWHERE,
            same if same == before.stored.lifetime => tracker.stored[tensor as usize].lifetime,
            new => new - self.template.first_lifetime + self.first_lifetime,
        };
        tracker.settle_residence(tensor, lifetime);
        let stored = &mut tracker.stored[tensor as usize];
        (stored.present, stored.needed) = (after.stored.present, after.stored.needed);
    }

    /// The lists of candidates for eviction.
    fn order<P: Probe>(&self, engine: &mut Engine<'_, P>) {
        let store = &mut engine.residency.stores[0];
        if store.capacity.is_none() {
            return;
        }
        for (&(_, new), after) in self.renaming.pairs().iter().zip(&self.template.after) {
            if !after.listed[0] {
                store.all.remove(new);
            }
            if !after.listed[1] {
                store.obsolete.remove(new);
            }
        }
        let [all, obsolete] = &self.template.recent[1];
        for &tensor in all.iter().rev() {
            store.all.put(self.tensor(TensorId(tensor)).0, 0);
        }
        for &tensor in obsolete.iter().rev() {
            store.obsolete.put(self.tensor(TensorId(tensor)).0, 0);
        }
    }

    fn machine<P: Probe>(&self, engine: &mut Engine<'_, P>) {
        let [before, after] = &self.template.machine;
        for (unit, (then, left)) in engine.units.iter_mut().zip(before.units.iter().zip(&after.units)) {
            self.unit(unit, then, left);
            for ((buffer, then), left) in unit.buffers.iter_mut().zip(&then.buffers).zip(&left.buffers) {
                buffer.tiles = self.tiles(&buffer.tiles, then, left);
            }
        }
        self.ports(&mut engine.ports[0], &before.ports, &after.ports);
        self.ports(&mut engine.dram, &before.dram, &after.dram);
        engine.counters[0].advance(&before.counters, &after.counters);
        engine.vector.for_arrays += after.for_arrays - before.for_arrays;
        engine.transfers.next_id = engine.transfers.next_id.wrapping_add(after.next_id.wrapping_sub(before.next_id));
    }

    /// A unit that ran an op waited for its first one since the one before, which may have been longer or shorter here.
    fn unit(&self, unit: &mut Unit, then: &Books, left: &Books) {
        unit.active += left.active - then.active;
        unit.macs += left.macs - then.macs;
        if left.last_end == then.last_end {
            return;
        }
        let idle = Cycles(self.start - unit.free);
        let was = Cycles(self.template.start - then.free);
        unit.stalls += Stalls {
            operand_fetch: left.stalls.operand_fetch - then.stalls.operand_fetch,
            result_write: left.stalls.result_write - then.stalls.result_write,
            port_conflict: left.stalls.port_conflict - then.stalls.port_conflict,
            dram: left.stalls.dram - then.stalls.dram,
            dependency: left.stalls.dependency - then.stalls.dependency + idle - was,
        };
        unit.free = self.cycle(left.free);
        unit.last_end = left.last_end.map(|node| self.node(node));
    }

    /// What an operand buffer holds after the block; tiles that the block does not know stay.
    fn tiles(&self, now: &[TileKey], then: &[TileKey], left: &[TileKey]) -> Vec<TileKey> {
        let kept = |tile: &TileKey| match self.own.of(tile.tensor) {
            Some(tensor) => TileKey { tensor, ..*tile },
            None => then.iter().position(|t| t == tile).map_or(*tile, |at| now[at]),
        };
        left.iter().map(kept).collect()
    }

    fn ports(&self, ports: &mut Ports, before: &Ports, after: &Ports) {
        for i in 0..ports.held.len() {
            ports.held[i] += after.held[i] - before.held[i];
            if after.last[i] != before.last[i] {
                ports.last[i] = after.last[i].map(|(node, lag)| (self.node(node), lag));
                ports.free_at[i] = self.cycle(after.free_at[i]);
            }
        }
    }

    fn finish_ops<P: Probe>(&self, engine: &mut Engine<'_, P>) {
        for (then, now) in self.template.ops.clone().zip(self.ops.clone()) {
            engine.timings[now] = engine.timings[then].map(|t| OpTiming {
                op: OpId::from(now),
                start: Cycles(self.cycle(t.start.0)),
                end: Cycles(self.cycle(t.end.0)),
                ..t
            });
            engine.traffic.repeat(OpId::from(then), OpId::from(now));
            engine.end_nodes[now] = engine.end_nodes[then].map(|node| self.node(node));
            engine.dispatcher.finish(OpId::from(now), &engine.dependencies, engine.workload);
        }
        engine.dispatcher.forget_before(self.ops.end);
        engine.dispatch_due = true;
    }
}
