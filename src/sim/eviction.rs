//! Makes room: who has to leave, in which order, and what must be saved first.

use super::Probe;
use super::residency::{Residency, Spill};
use crate::accelerator::Victims;
use crate::ids::TensorId;

/// Whether there is room.
#[derive(Debug)]
pub enum Room {
    /// The bytes fit.
    Ready,
    /// They will once this has been written back.
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

impl<P: Probe> Residency<'_, P> {
    /// Frees whole tiles until `bytes` fit.
    ///
    /// `obsolete-first`: tiles nobody needs, then clean ones, then dirty ones, each from the least recently used tensor on.
    /// `any`: from the least recently used tensor on, whatever its state. A tensor loses tiles from its end; a tile in use stays.
    /// Obsolete tiles leave without a write-back.
    pub fn make_room(&mut self, now: u64, bytes: u64, victims: Victims) -> Room {
        let Some(capacity) = self.capacity else { return Room::Ready };
        let passes: &[Pass] = match victims {
            Victims::ObsoleteFirst => &[Pass::Obsolete, Pass::Clean, Pass::Any],
            Victims::Any => &[Pass::Any],
        };
        for &pass in passes {
            if let Some(spill) = self.sweep(now, bytes, capacity, pass) {
                return Room::After(spill);
            }
        }
        match (self.tracker.used() + bytes).saturating_sub(capacity) {
            0 => Room::Ready,
            lacking => Room::Lacking(lacking),
        }
    }

    /// One pass from the least recently used tensor on. Stops at what must be written back first.
    fn sweep(&mut self, now: u64, bytes: u64, capacity: u64, pass: Pass) -> Option<Spill> {
        let list = |r: &Self, after: Option<u32>| {
            let order = if pass == Pass::Obsolete { &r.obsolete } else { &r.by_use };
            after.map_or_else(|| order.first(), |item| order.after(item))
        };
        let mut candidate = list(self, None);
        while let Some(item) = candidate {
            let lacking = (self.tracker.used() + bytes).saturating_sub(capacity);
            if lacking == 0 {
                return None;
            }
            candidate = list(self, Some(item));
            if let Some(spill) = self.take(now, TensorId(item), lacking, pass) {
                return Some(spill);
            }
        }
        None
    }

    /// Takes up to `lacking` bytes from the end of one tensor.
    fn take(&mut self, now: u64, tensor: TensorId, lacking: u64, pass: Pass) -> Option<Spill> {
        let (mut free, mut freed_bits) = (Vec::new(), 0);
        let (mut spill, mut spill_bits) = (Vec::new(), 0);
        for cell in self.removable(tensor) {
            if (freed_bits + spill_bits) / 8 >= lacking {
                break;
            }
            let bits = self.cell_bits(tensor, cell);
            match self.state(tensor, cell) {
                (true, _) if pass == Pass::Obsolete => {}
                (true, true) if pass == Pass::Clean || self.leaving.contains(&(tensor, cell as u32)) => {}
                (true, true) => {
                    spill.push(cell as u32);
                    spill_bits += bits;
                }
                _ => {
                    free.push(cell);
                    freed_bits += bits;
                }
            }
        }
        if !free.is_empty() {
            self.remove(now, tensor, &free);
        }
        self.leaving.extend(spill.iter().map(|&cell| (tensor, cell)));
        (!spill.is_empty()).then(|| Spill { tensor, cells: spill, bytes: spill_bits.div_ceil(8) })
    }
}
