//! Follows what a memory holds: changes of occupancy, lifetimes, peak and mean.

use super::Probe;
use crate::ids::{LifetimeId, MemoryId, OpId, TensorId};
use crate::trace::{Changes, Lifetime, OccupancyChange, OpEnd};
use crate::units::{Bytes, Cycles};
use crate::workload::Workload;

const NONE: u32 = u32::MAX;
/// Changes between two checkpoints of the search for the owners of the peak.
const EPOCH: usize = 1 << 16;

/// Bytes of one storage object in the memory.
#[derive(Debug, Clone, Copy)]
struct Stored {
    present: u64,
    needed: u64,
    lifetime: u32,
}

/// The residences of all memories, and who watches them.
#[derive(Debug)]
pub struct Ledger<'a, P: Probe> {
    /// What the bytes are attributed to.
    pub workload: &'a Workload,
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
    stored: Vec<Stored>,
    integral: u128,
    peak_needed: Maximum,
    peak_used: Maximum,
    op_ends: Vec<OpEnd>,
    log: Vec<(u32, i64)>,
    log_peak: Option<usize>,
}

impl Tracker {
    /// An empty memory.
    pub fn new(memory: MemoryId, tensors: usize) -> Self {
        let empty = Stored { present: 0, needed: 0, lifetime: NONE };
        Self {
            memory,
            now: OccupancyChange::default(),
            changes: Changes::default(),
            stored: vec![empty; tensors],
            integral: 0,
            peak_needed: Maximum::default(),
            peak_used: Maximum::default(),
            op_ends: Vec::new(),
            log: Vec::new(),
            log_peak: None,
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
        let class = ledger.workload.tensor(storage).class as usize;
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
            stored.lifetime = NONE;
        }
        self.now.needed[class] = Bytes(self.now.needed[class].0.wrapping_add_signed(needed));
        self.now.obsolete = Bytes(self.now.obsolete.0.wrapping_add_signed(present - needed));
        self.log.push((storage.0, needed));
    }

    fn open<P: Probe>(&mut self, now: u64, ledger: &mut Ledger<'_, P>, storage: TensorId) -> u32 {
        let stored = &mut self.stored[storage.index()];
        if stored.lifetime == NONE {
            stored.lifetime = ledger.begin(now, self.memory, storage);
        }
        stored.lifetime
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
        if needed > self.peak_needed.bytes {
            self.peak_needed = Maximum { bytes: needed, at: self.now, owners: Vec::new() };
            self.log_peak = Some(self.log.len());
        }
        if used > self.peak_used.bytes {
            self.peak_used = Maximum { bytes: used, at: self.now, owners: Vec::new() };
        }
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

    /// Walks back from now to a peak that lies in this epoch, to see who needed the bytes; then starts a new epoch.
    fn name_owners(&mut self) {
        if let Some(peak) = self.log_peak.take() {
            let mut needed: Vec<u64> = self.stored.iter().map(|s| s.needed).collect();
            for &(storage, delta) in &self.log[peak..] {
                needed[storage as usize] = needed[storage as usize].wrapping_add_signed(-delta);
            }
            let mut owners: Vec<(u64, u32)> =
                needed.iter().enumerate().filter(|&(_, &b)| b > 0).map(|(i, &b)| (b, i as u32)).collect();
            owners.sort_by_key(|&(bytes, tensor)| (std::cmp::Reverse(bytes), tensor));
            self.peak_needed.owners = owners.into_iter().map(|(b, t)| (TensorId(t), Bytes(b))).collect();
        }
        self.log.clear();
    }

    /// Ends the run at cycle `end`.
    pub fn finish(mut self, end: u64, lifetimes: &mut [Lifetime]) -> Record {
        self.close_cycle(end.max(self.now.cycle.0));
        self.name_owners();
        for stored in &self.stored {
            if stored.lifetime != NONE && stored.needed > 0 {
                lifetimes[stored.lifetime as usize].released = Cycles(end);
            }
        }
        Record {
            changes: self.changes,
            integral: self.integral,
            peak_needed: self.peak_needed,
            peak_used: self.peak_used,
            op_ends: self.op_ends,
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
