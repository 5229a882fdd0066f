//! Makes room: who has to leave, in which order, and what must be saved first.

use super::Probe;
use super::occupancy::Ledger;
use super::residency::Held;
use super::store::{Spill, Store};
use crate::accelerator::Victims;
use crate::ids::TensorId;
use crate::units::Cycles;

/// Whether there is room.
#[derive(Debug)]
pub enum Room {
    /// The bytes fit.
    Ready,
    /// They will once this has been copied to the level above.
    After(Spill),
    /// Everything that could leave is in use; this many bytes are lacking.
    Lacking(u64),
}

/// What a pass over the victims may take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Obsolete,
    Clean,
    Any,
}

impl Store {
    /// Frees just as much as it takes for `bytes` to fit.
    ///
    /// `obsolete-first`: what nobody needs, then what is clean, then what is dirty, each in the order of the replacement policy.
    /// `any`: in that order, whatever the state. A tensor loses its last tiles, and of the last one to go only the end; a tile in
    /// use stays. Obsolete bytes leave without being saved.
    pub fn make_room<P: Probe>(&mut self, now: u64, bytes: u64, held: &[Held], ledger: &mut Ledger<'_, P>) -> Room {
        let Some(capacity) = self.capacity else { return Room::Ready };
        let passes: &[Pass] = match self.victims {
            Victims::ObsoleteFirst => &[Pass::Obsolete, Pass::Clean, Pass::Any],
            Victims::Any => &[Pass::Any],
        };
        let most = capacity.saturating_sub(bytes);
        for &pass in passes {
            self.exhausted |= pass == Pass::Any && self.tracker.used() > most;
            if let Some(spill) = self.sweep(now, most, held, pass, ledger) {
                self.refused = true;
                return Room::After(spill);
            }
        }
        let lacking = (self.tracker.used() + bytes).saturating_sub(capacity);
        self.refused |= lacking > 0;
        if lacking == 0 { Room::Ready } else { Room::Lacking(lacking) }
    }

    /// Drops so many obsolete bytes of tensors that `may` go, which are there, without a trace in the occupancy.
    pub fn evict_obsolete<P: Probe>(
        &mut self,
        bytes: u64,
        held: &[Held],
        ledger: &mut Ledger<'_, P>,
        may: impl Fn(TensorId) -> bool,
    ) {
        let before = self.tracker.state();
        let most = self.tracker.used() - bytes;
        let mut candidate = self.obsolete.next(None);
        while let Some(tensor) = candidate.map(TensorId) {
            let lacking = self.tracker.used().saturating_sub(most);
            candidate = self.obsolete.next(Some(tensor.0)).filter(|_| lacking > 0);
            if lacking > 0 && may(tensor) {
                self.take(before.cycle.0, lacking, (tensor, &held[tensor.index()]), Pass::Obsolete, ledger);
            }
        }
        self.tracker.restore(before);
    }

    /// Drops so many needed bytes that have a copy further up, likewise. `gone` says in which cycle so many bytes were gone.
    pub fn evict_clean<P: Probe>(
        &mut self,
        bytes: u64,
        held: &[Held],
        ledger: &mut Ledger<'_, P>,
        may: impl Fn(TensorId) -> bool,
        gone: impl Fn(u64) -> u64,
    ) {
        let before = self.tracker.state();
        let start = self.tracker.used();
        let mut candidate = self.all.next(None);
        while let Some(tensor) = candidate.map(TensorId) {
            let lacking = bytes.saturating_sub(start - self.tracker.used());
            candidate = self.all.next(Some(tensor.0)).filter(|_| lacking > 0);
            if lacking > 0 && may(tensor) {
                let held = &held[tensor.index()];
                let stored = self.tracker.stored[held.storage.index()];
                self.take(before.cycle.0, lacking, (tensor, held), Pass::Clean, ledger);
                if stored.needed > 0 && self.tracker.stored[held.storage.index()].needed == 0 {
                    let cycle = gone(start - self.tracker.used());
                    ledger.lifetimes[stored.lifetime as usize].released = Cycles(cycle);
                }
            }
        }
        self.tracker.restore(before);
    }

    /// One pass over the tensors, until at most `most` bytes are left. Stops at what must be saved first.
    fn sweep<P: Probe>(
        &mut self,
        now: u64,
        most: u64,
        held: &[Held],
        pass: Pass,
        ledger: &mut Ledger<'_, P>,
    ) -> Option<Spill> {
        let next = |store: &Self, after: Option<u32>| match pass {
            Pass::Obsolete => store.obsolete.next(after),
            _ => store.all.next(after),
        };
        let mut candidate = next(self, None);
        while let Some(tensor) = candidate {
            let lacking = self.tracker.used().saturating_sub(most);
            if lacking == 0 {
                return None;
            }
            candidate = next(self, Some(tensor));
            if let Some(spill) = self.take(now, lacking, (TensorId(tensor), &held[tensor as usize]), pass, ledger) {
                return Some(spill);
            }
        }
        None
    }

    /// Takes up to `lacking` bytes from the end of one tensor.
    fn take<P: Probe>(
        &mut self,
        now: u64,
        lacking: u64,
        (tensor, held): (TensorId, &Held),
        pass: Pass,
        ledger: &mut Ledger<'_, P>,
    ) -> Option<Spill> {
        let contents = &self.contents[tensor.index()];
        if pass == Pass::Clean && contents.clean_bits() == Some(0) {
            return None;
        }
        let left = contents.present_bits.div_ceil(8).saturating_sub(lacking);
        let mut bits = contents.present_bits - left * 8;
        let (mut free, mut cells) = (Vec::new(), Vec::new());
        for cell in self.removable(held, tensor) {
            if bits == 0 {
                break;
            }
            let taken = contents.there(held, cell).min(bits);
            let entry = (cell as u32, taken);
            match contents.state(held, cell) {
                (true, _) if pass == Pass::Obsolete => continue,
                (true, true) if pass == Pass::Clean || self.is_leaving(tensor, entry.0) => continue,
                (true, true) => cells.push(entry),
                _ => free.push(entry),
            }
            bits -= taken;
        }
        if !free.is_empty() {
            self.remove(now, held, tensor, &free, ledger);
        }
        let bytes = cells.iter().map(|&(_, bits)| bits).sum::<u64>().div_ceil(8);
        let mut spill = Spill { tensor, cells, bytes, stays: false, number: 0 };
        self.leave(&mut spill);
        (bytes > 0).then_some(spill)
    }
}
