//! Follows what a memory holds: changes of occupancy, lifetimes, peak and mean.

use super::Probe;
use super::labels::Labels;
use crate::ids::{LifetimeId, MemoryId, OpId, TensorId};
use crate::trace::{Changes, Lifetime, Mark, OccupancyChange, OpEnd};
use crate::units::{Bytes, Cycles};
use crate::workload::Workload;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::ops::Range;

/// Changes between two checkpoints of the search for the owners of the peak.
const EPOCH: usize = 1 << 16;

/// Bytes of one storage object in the memory.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    /// Bytes there.
    pub present: u64,
    /// Bytes needed.
    pub needed: u64,
    /// Residence, or [`Stored::NOWHERE`].
    pub lifetime: u32,
    /// Place among those that have a residence.
    place: u32,
}

impl Stored {
    /// Instead of a residence.
    pub const NOWHERE: u32 = u32::MAX;
    const NOTHING: Self = Self { present: 0, needed: 0, lifetime: Self::NOWHERE, place: 0 };
}

/// The residences of all memories, and who watches them.
#[derive(Debug)]
pub struct Ledger<'a, P: Probe> {
    /// What the bytes are attributed to.
    pub workload: &'a Workload,
    /// What the bytes are counted under.
    pub labels: Labels,
    /// All residences so far.
    pub lifetimes: Vec<Lifetime>,
    /// Hears of every change of needed bytes.
    pub probe: &'a mut P,
}

impl<P: Probe> Ledger<'_, P> {
    fn begin(&mut self, now: u64, memory: MemoryId, storage: TensorId) -> u32 {
        let tensor = self.workload.tensor(storage);
        self.lifetimes.push(Lifetime {
            storage,
            class: tensor.class,
            memory,
            layer: tensor.layer,
            extent: Bytes::ZERO,
            reserved: Cycles(now),
            released: Cycles(now),
            transfers: 0,
        });
        self.lifetimes.len() as u32 - 1
    }
}

/// A maximum over the cycles so far.
#[derive(Debug, Clone, Default)]
pub struct Maximum {
    /// Its value.
    pub bytes: u64,
    /// The state when it was first reached.
    pub at: OccupancyChange,
    /// The storage objects then, largest first by needed bytes.
    pub owners: Vec<(TensorId, Bytes)>,
}

/// The state of one memory over time.
#[derive(Debug)]
pub struct Tracker {
    memory: MemoryId,
    now: OccupancyChange,
    changes: Changes,
    pub(super) stored: Vec<Stored>,
    live: Vec<u32>,
    integral: u128,
    peak_needed: Peak,
    peak_used: Maximum,
    op_ends: Vec<OpEnd>,
    log: Vec<(u32, i64)>,
    block: Block,
}

/// A maximum of needed bytes; who needed them is found out later.
#[derive(Debug, Default)]
struct Peak {
    maximum: Maximum,
    /// Place in the log from which on it was over, while it lies in the log.
    logged: Option<usize>,
}

/// What happened since the last mark.
#[derive(Debug, Default)]
struct Block {
    /// The final state of the mark's own cycle.
    first: Option<OccupancyChange>,
    needed: Peak,
    used: Maximum,
}

/// The books at a mark.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    /// The state, which may still change in this cycle.
    pub state: OccupancyChange,
    mark: Mark,
    integral: u128,
    op_ends: usize,
}

/// What changed from one mark to the next.
#[derive(Debug)]
pub struct Course {
    opening: Opening,
    first: OccupancyChange,
    end: OccupancyChange,
    mark: Mark,
    integral: u128,
    needed: Maximum,
    used: Maximum,
    op_ends: Range<usize>,
}

impl Course {
    /// By how many bytes the memory filled up at most.
    pub fn growth(&self) -> u64 {
        self.used.bytes.saturating_sub(self.opening.state.used().0)
    }
}

impl Tracker {
    /// An empty memory.
    pub fn new(memory: MemoryId, tensors: usize) -> Self {
        Self {
            memory,
            now: OccupancyChange::default(),
            changes: Changes::default(),
            stored: vec![Stored::NOTHING; tensors],
            live: Vec::new(),
            integral: 0,
            peak_needed: Peak::default(),
            peak_used: Maximum::default(),
            op_ends: Vec::new(),
            log: Vec::new(),
            block: Block::default(),
        }
    }

    /// Bytes there, needed or not.
    pub fn used(&self) -> u64 {
        self.now.used().0
    }

    /// Bytes needed.
    pub fn needed(&self) -> u64 {
        self.now.needed_total().0
    }

    /// Adds to what is there and needed of `storage` at cycle `now`.
    pub fn change<P: Probe>(
        &mut self,
        now: u64,
        ledger: &mut Ledger<'_, P>,
        storage: TensorId,
        (present, needed): (i64, i64),
    ) {
        if now > self.now.cycle.0 {
            self.close_cycle(now);
        }
        let class = ledger.labels.class(storage);
        let lifetime = self.open(now, ledger, storage) as usize;
        let stored = &mut self.stored[storage.index()];
        stored.present = stored.present.wrapping_add_signed(present);
        stored.needed = stored.needed.wrapping_add_signed(needed);
        let record = &mut ledger.lifetimes[lifetime];
        record.extent = record.extent.max(Bytes(stored.needed));
        if needed < 0 && stored.needed == 0 {
            record.released = Cycles(now);
        }
        ledger.probe.lifetime_bytes(now, LifetimeId(lifetime as u32), stored.needed);
        if stored.present == 0 {
            self.settle_residence(storage.0, Stored::NOWHERE);
        }
        self.now.needed[class] = Bytes(self.now.needed[class].0.wrapping_add_signed(needed));
        self.now.obsolete = Bytes(self.now.obsolete.0.wrapping_add_signed(present - needed));
        self.log.push((storage.0, needed));
    }

    fn open<P: Probe>(&mut self, now: u64, ledger: &mut Ledger<'_, P>, storage: TensorId) -> u32 {
        let lifetime = self.stored[storage.index()].lifetime;
        if lifetime != Stored::NOWHERE {
            return lifetime;
        }
        let lifetime = ledger.begin(now, self.memory, storage);
        self.settle_residence(storage.0, lifetime);
        lifetime
    }

    /// The storage object is in that residence from now on, or in none.
    pub(super) fn settle_residence(&mut self, storage: u32, lifetime: u32) {
        let stored = &mut self.stored[storage as usize];
        let before = std::mem::replace(&mut stored.lifetime, lifetime);
        if before == Stored::NOWHERE && lifetime != Stored::NOWHERE {
            stored.place = self.live.len() as u32;
            self.live.push(storage);
        } else if before != Stored::NOWHERE && lifetime == Stored::NOWHERE {
            let place = stored.place;
            self.live.swap_remove(place as usize);
            if let Some(&moved) = self.live.get(place as usize) {
                self.stored[moved as usize].place = place;
            }
        }
    }

    /// The residence that a transfer of `storage` touches; counts the transfer.
    pub fn touch<P: Probe>(&mut self, now: u64, ledger: &mut Ledger<'_, P>, storage: TensorId) -> LifetimeId {
        let lifetime = self.open(now, ledger, storage);
        ledger.lifetimes[lifetime as usize].transfers += 1;
        LifetimeId(lifetime)
    }

    /// Obsolete bytes of `storage` are needed again: all that is there belonged to the residence after all.
    pub fn joined<P: Probe>(&mut self, ledger: &mut Ledger<'_, P>, storage: TensorId) {
        let stored = self.stored[storage.index()];
        let record = &mut ledger.lifetimes[stored.lifetime as usize];
        record.extent = record.extent.max(Bytes(stored.present));
    }

    /// An op has just released its operands.
    pub fn op_ended(&mut self, now: u64, op: OpId) {
        self.op_ends.push(OpEnd { op, state: OccupancyChange { cycle: Cycles(now), ..self.now } });
    }

    /// The state of the current cycle is final; the next change is at `next`.
    fn close_cycle(&mut self, next: u64) {
        let (needed, used) = (self.needed(), self.used());
        for peak in [&mut self.peak_needed, &mut self.block.needed] {
            if needed > peak.maximum.bytes {
                peak.maximum = Maximum { bytes: needed, at: self.now, owners: Vec::new() };
                peak.logged = Some(self.log.len());
            }
        }
        for maximum in [&mut self.peak_used, &mut self.block.used] {
            if used > maximum.bytes {
                *maximum = Maximum { bytes: used, at: self.now, owners: Vec::new() };
            }
        }
        self.block.first.get_or_insert(self.now);
        self.integral += u128::from(needed) * u128::from(next - self.now.cycle.0);
        self.push_change();
        self.now.cycle = Cycles(next);
        if self.log.len() >= EPOCH {
            self.name_owners();
        }
    }

    fn push_change(&mut self) {
        let same = |last: OccupancyChange| last.needed == self.now.needed && last.obsolete == self.now.obsolete;
        if !self.changes.last().is_some_and(same) {
            self.changes.push(self.now);
        }
    }

    /// Walks back from now to the peaks that lie in this epoch, to see who needed the bytes; then starts a new epoch.
    fn name_owners(&mut self) {
        let (stored, live, log) = (&self.stored, &self.live, &self.log);
        for peak in [&mut self.peak_needed, &mut self.block.needed] {
            let Some(from) = peak.logged.take() else { continue };
            let mut needed: FxHashMap<u32, u64> = live.iter().map(|&s| (s, stored[s as usize].needed)).collect();
            for &(storage, delta) in &log[from..] {
                let bytes = needed.entry(storage).or_default();
                *bytes = bytes.wrapping_add_signed(-delta);
            }
            peak.maximum.owners = by_size(needed);
        }
        self.log.clear();
    }

    /// Begins a stretch that may be repeated, at cycle `now`, in which nothing is under way.
    pub fn mark(&mut self, now: u64) -> Opening {
        if now > self.now.cycle.0 {
            self.close_cycle(now);
        }
        self.name_owners();
        self.block = Block::default();
        let mark = self.changes.mark(Cycles(now));
        Opening { state: self.now, mark, integral: self.integral, op_ends: self.op_ends.len() }
    }

    /// What happened since the last mark; `None` if all of it was in one cycle, or nothing was ever needed.
    pub fn course(&mut self, now: u64, opening: Opening) -> Option<Course> {
        if now > self.now.cycle.0 {
            self.close_cycle(now);
        }
        self.name_owners();
        let Block { first, needed, used } = std::mem::take(&mut self.block);
        let (first, needed) = (first.filter(|f| f.cycle == opening.state.cycle)?, needed.maximum);
        let (mark, integral) = (self.changes.mark(Cycles(now)), self.integral - opening.integral);
        let op_ends = opening.op_ends..self.op_ends.len();
        (needed.bytes > 0).then_some(Course { opening, first, end: self.now, mark, integral, needed, used, op_ends })
    }

    /// The state of now.
    pub fn state(&self) -> OccupancyChange {
        self.now
    }

    /// Takes back what changed in this cycle since the state was `before`.
    pub fn restore(&mut self, before: OccupancyChange) {
        self.now = before;
    }

    /// Whether more would be needed than ever before if the course were repeated from now on.
    pub(super) fn would_peak(&self, course: &Course) -> bool {
        let shift = Shift { from: course.opening.state, to: self.now };
        shift.state(course.needed.at).needed_total().0 > self.peak_needed.maximum.bytes
    }

    /// The same once more, from the state of now on, `ops` later; `renamed` says what a storage object of the course is called here,
    /// `named` whether one is called something there.
    pub(super) fn repeat(
        &mut self,
        course: &Course,
        ops: u32,
        renamed: impl Fn(TensorId) -> Option<TensorId>,
        named: impl Fn(TensorId) -> bool,
    ) {
        let from = course.opening.state;
        let shift = Shift { from, to: self.now };
        let needed = shift.state(course.needed.at);
        if needed.needed_total().0 > self.peak_needed.maximum.bytes {
            let others =
                self.live.iter().filter(|&&s| !named(TensorId(s))).map(|&s| (s, self.stored[s as usize].needed));
            let own = course.needed.owners.iter().filter_map(|&(t, bytes)| Some((renamed(t)?.0, bytes.0)));
            let owners = by_size(others.chain(own).collect());
            self.peak_needed.maximum = Maximum { bytes: needed.needed_total().0, at: needed, owners };
        }
        let used = shift.state(course.used.at);
        if used.used().0 > self.peak_used.bytes {
            self.peak_used = Maximum { bytes: used.used().0, at: used, owners: Vec::new() };
        }
        let (before, after) = (from.needed_total().0, self.needed());
        let cycles = u128::from((course.end.cycle - from.cycle).0);
        self.integral = self.integral + course.integral + u128::from(after) * cycles - u128::from(before) * cycles;
        let start = self.now.cycle;
        for i in course.op_ends.clone() {
            let OpEnd { op, state } = self.op_ends[i];
            self.op_ends.push(OpEnd { op: OpId(op.0 + ops), state: shift.state(state) });
        }
        self.now = shift.state(course.first);
        self.push_change();
        self.changes.repeat(course.opening.mark, course.mark, start);
        self.now = shift.state(course.end);
    }

    /// Ends the run at cycle `end`.
    pub fn finish(mut self, end: u64, lifetimes: &mut [Lifetime]) -> Record {
        self.close_cycle(end.max(self.now.cycle.0));
        self.name_owners();
        for stored in &self.stored {
            if stored.lifetime != Stored::NOWHERE && stored.needed > 0 {
                lifetimes[stored.lifetime as usize].released = Cycles(end);
            }
        }
        Record {
            changes: self.changes,
            integral: self.integral,
            peak_needed: self.peak_needed.maximum,
            peak_used: self.peak_used,
            op_ends: self.op_ends,
        }
    }
}

/// The storage objects that need bytes, those that need most first.
fn by_size(needed: FxHashMap<u32, u64>) -> Vec<(TensorId, Bytes)> {
    let mut owners: Vec<(u64, u32)> = needed.into_iter().filter(|&(_, b)| b > 0).map(|(t, b)| (b, t)).collect();
    owners.sort_unstable_by_key(|&(bytes, tensor)| (Reverse(bytes), tensor));
    owners.into_iter().map(|(bytes, tensor)| (TensorId(tensor), Bytes(bytes))).collect()
}

/// From one state to another one that is later and in which more, or less, is needed.
struct Shift {
    from: OccupancyChange,
    to: OccupancyChange,
}

impl Shift {
    fn state(&self, state: OccupancyChange) -> OccupancyChange {
        let Self { from, to } = self;
        let moved = |x: Bytes, from: Bytes, to: Bytes| Bytes(x.0.wrapping_sub(from.0).wrapping_add(to.0));
        OccupancyChange {
            cycle: state.cycle - from.cycle + to.cycle,
            needed: std::array::from_fn(|c| moved(state.needed[c], from.needed[c], to.needed[c])),
            obsolete: moved(state.obsolete, from.obsolete, to.obsolete),
        }
    }
}

/// What a [`Tracker`] leaves.
#[derive(Debug)]
pub struct Record {
    /// Every change of occupancy.
    pub changes: Changes,
    /// Needed bytes times cycles.
    pub integral: u128,
    /// Most bytes needed at once.
    pub peak_needed: Maximum,
    /// Most bytes there at once.
    pub peak_used: Maximum,
    /// The state right after each op released its operands.
    pub op_ends: Vec<OpEnd>,
}
