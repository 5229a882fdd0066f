//! Equal ports, each serving one transfer at a time.

use crate::ids::NodeId;
use crate::units::Cycles;

/// The ports of a memory or of DRAM.
#[derive(Debug, Clone)]
pub struct Ports {
    pub(super) free_at: Vec<u64>,
    pub(super) last: Vec<Option<(NodeId, u32)>>,
    pub(super) held: Vec<u64>,
}

impl Ports {
    /// `count` free ports.
    pub fn new(count: u32) -> Self {
        let count = count as usize;
        Self { free_at: vec![0; count], last: vec![None; count], held: vec![0; count] }
    }

    /// The free port with the lowest index.
    pub fn free(&self, now: u64) -> Option<usize> {
        self.free_at.iter().position(|&free| free <= now)
    }

    /// The transfer whose end made `port` free in this very cycle, with the lag from its last request to its end.
    pub fn just_freed_by(&self, port: usize, now: u64) -> Option<(NodeId, u32)> {
        self.last[port].filter(|_| self.free_at[port] == now)
    }

    /// The transfer before, with the lag from its last request to the cycle it left the port.
    pub fn previous(&self, port: usize) -> Option<(NodeId, u32)> {
        self.last[port]
    }

    /// Holds `port` from `now` to `until` for a transfer recorded as `node` that leaves `lag` cycles after its last request.
    pub fn hold(&mut self, port: usize, now: u64, until: u64, node: NodeId, lag: u32) {
        self.held[port] += until - now;
        self.free_at[port] = until;
        self.last[port] = Some((node, lag));
    }

    /// When each port is free, and the transfer before.
    pub fn all(&self) -> impl Iterator<Item = (u64, Option<(NodeId, u32)>)> + '_ {
        self.free_at.iter().copied().zip(self.last.iter().copied())
    }

    /// Cycles each port was held.
    pub fn held(&self) -> Vec<Cycles> {
        self.held.iter().map(|&cycles| Cycles(cycles)).collect()
    }
}
