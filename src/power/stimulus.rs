//! A run's transfers with addresses: what prediction, reference model and RTL all play. `docs/contract.md` is normative.

use super::{Entry, Schedule};
use crate::ids::{BlockId, LifetimeId, NodeId, OpId, TensorId};
use crate::trace::{Predecessor, Predecessors};
use crate::units::Cycles;

/// What a stimulus node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum StimulusKind {
    /// Requests that read.
    Read,
    /// Requests that write.
    Write,
    /// Time without a request.
    Work,
}

/// One node: a train of requests on one port, or work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StimulusNode {
    /// Planned start.
    pub start: Cycles,
    /// Requests of a transfer (at least 1), cycles of work.
    pub amount: u32,
    /// Interned predecessor list.
    pub pattern: u32,
    /// Block of a transfer.
    pub block: BlockId,
    /// First word of the pass's window, from the start of the block.
    pub window_first: u32,
    /// Words of the window: requests wrap at its end.
    pub window_words: u32,
    /// Cursor: request k goes to block word `window_first + (cursor + k) mod window_words`.
    pub cursor: u32,
    /// Kind.
    pub kind: StimulusKind,
    /// Port of a transfer.
    pub port: u8,
    /// Op, for messages.
    pub op: OpId,
    /// Tensor, for messages.
    pub tensor: TensorId,
}

/// A placed lifetime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The lifetime it places.
    pub lifetime: LifetimeId,
    /// First word.
    pub first_word: u64,
    /// Words.
    pub words: u64,
    /// Enabled bytes of the last word, 1 to the word's bytes.
    pub last_bytes: u32,
    /// Transfers of this stimulus that touch it.
    pub transfers: u32,
    /// Stays live to the end, because transfers of it lie outside the stimulus.
    pub survives: bool,
    /// Earlier blocks that share words with it: all their transfers must be done before its first.
    pub after: Vec<BlockId>,
}

/// Nodes in record order, their predecessors, and the blocks they touch.
#[derive(Debug, Clone, Default)]
pub struct Stimulus {
    /// Ports of the memory.
    pub ports: u32,
    /// The nodes.
    pub nodes: Vec<StimulusNode>,
    /// Interned predecessor lists.
    pub patterns: Vec<Predecessors>,
    /// The blocks.
    pub blocks: Vec<Block>,
    /// Tables of the schedule player, in the order of their starts; played by policies that have one.
    pub tables: Vec<StartTable>,
}

/// A table of the schedule player and the transfer whose first request starts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartTable {
    /// The transfer; none for the begin of the run.
    pub anchor: Option<NodeId>,
    /// In the order in which they are applied.
    pub entries: Vec<Entry>,
}

impl Stimulus {
    /// Predecessors of a node.
    pub fn predecessors(&self, node: &StimulusNode) -> &[Predecessor] {
        self.patterns[node.pattern as usize].as_slice()
    }

    /// Word address of a transfer's request `k`.
    pub fn word(&self, node: &StimulusNode, k: u32) -> u64 {
        let block = &self.blocks[node.block.index()];
        let in_window = (u64::from(node.cursor) + u64::from(k)) % u64::from(node.window_words);
        block.first_word + u64::from(node.window_first) + in_window
    }

    /// Requests of all transfers.
    pub fn requests(&self) -> u64 {
        self.nodes.iter().filter(|n| n.kind != StimulusKind::Work).map(|n| u64::from(n.amount)).sum()
    }

    /// Node ids in record order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> {
        (0..self.nodes.len()).map(NodeId::from)
    }

    /// The tables of a schedule whose start events lie in it.
    pub fn start_tables(&self, schedule: &Schedule) -> Vec<StartTable> {
        let mut anchors = std::collections::BTreeMap::new();
        for (index, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.kind != StimulusKind::Work) {
            anchors.entry(node.op).or_insert(NodeId(index as u32));
        }
        let table = |event: &super::StartEvent| {
            let anchor = match event.op {
                None => None,
                Some(op) => Some(*anchors.get(&op)?),
            };
            Some(StartTable { anchor, entries: event.entries.clone() })
        };
        schedule.events.iter().filter_map(table).collect()
    }

    /// The first of some tables that a policy cannot play: more entries than its half holds, or an anchor that is no transfer.
    pub fn unplayable_table(&self, tables: &[StartTable], policy: &super::Policy) -> Option<usize> {
        let is_transfer = |node: NodeId| self.nodes.get(node.index()).is_some_and(|n| n.kind != StimulusKind::Work);
        let fits = |table: &StartTable| {
            table.entries.len() <= policy.schedule_depth() as usize && table.anchor.is_none_or(is_transfer)
        };
        policy.played(tables).iter().position(|table| !fits(table))
    }
}
