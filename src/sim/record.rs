//! Writes the access graph: nodes with the predecessors that let them start.

use crate::ids::{LifetimeId, NodeId, OpId, TensorId};
use crate::trace::{AccessGraph, Node, NodeKind, Operand, Predecessors};
use crate::units::Cycles;

/// Nodes that must be done and the cycles after that; at most eight, each node once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Causes {
    count: usize,
    items: [(NodeId, u32); 8],
}

impl Causes {
    /// Adds one, if there is one. Of two lags after the same node the longer counts.
    pub fn add(&mut self, cause: Option<(NodeId, u32)>) {
        let Some((node, lag)) = cause else { return };
        if let Some(known) = self.items[..self.count].iter_mut().find(|(n, _)| *n == node) {
            known.1 = known.1.max(lag);
        } else {
            self.items[self.count] = (node, lag);
            self.count += 1;
        }
    }

    /// The same, each so many cycles later.
    pub fn later(mut self, cycles: u32) -> Self {
        self.items[..self.count].iter_mut().for_each(|(_, lag)| *lag += cycles);
        self
    }

    /// The list.
    pub fn as_slice(&self) -> &[(NodeId, u32)] {
        &self.items[..self.count]
    }
}

impl FromIterator<(NodeId, u32)> for Causes {
    fn from_iter<T: IntoIterator<Item = (NodeId, u32)>>(iter: T) -> Self {
        let mut causes = Self::default();
        iter.into_iter().for_each(|cause| causes.add(Some(cause)));
        causes
    }
}

/// A transfer about to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct Transfer {
    /// What it does to the memory.
    pub kind: NodeKind,
    /// Cycle of its first request.
    pub start: u64,
    /// Bytes.
    pub bytes: u64,
    /// Op that caused it.
    pub op: OpId,
    /// Operand of the op.
    pub operand: Operand,
    /// Tensor whose bytes move.
    pub tensor: TensorId,
    /// Residence they belong to.
    pub lifetime: LifetimeId,
    /// Memory.
    pub memory: usize,
    /// Port of the memory.
    pub port: usize,
}

/// The access graph under construction.
#[derive(Debug, Default)]
pub struct Recorder {
    pub(super) graph: AccessGraph,
}

impl Recorder {
    /// Records a transfer.
    pub fn transfer(&mut self, transfer: Transfer, causes: &Causes) -> NodeId {
        let node = Node {
            start: Cycles(transfer.start),
            amount: transfer.bytes as u32,
            op: transfer.op,
            tensor: transfer.tensor,
            lifetime: transfer.lifetime,
            pattern: 0,
            kind: transfer.kind,
            operand: transfer.operand,
            memory: transfer.memory as u8,
            port: transfer.port as u8,
        };
        self.push(node, causes.as_slice())
    }

    /// Records `cycles` of work from `start` on.
    pub fn work(&mut self, start: u64, cycles: u32, op: OpId, tensor: TensorId, causes: &[(NodeId, u32)]) -> NodeId {
        self.push(work(start, cycles, op, tensor), causes)
    }

    /// Appends a node; more predecessors than a node can have are first joined by work of 0 cycles.
    fn push(&mut self, node: Node, causes: &[(NodeId, u32)]) -> NodeId {
        let limit = Predecessors::LIMIT;
        if causes.len() <= limit {
            return self.graph.push(node, causes);
        }
        let mut rest = causes.to_vec();
        while rest.len() > limit {
            let group: Vec<(NodeId, u32)> = rest.drain(..limit).collect();
            // A join may not start after the node it leads to, nor before what it joins: the node's own start bounds both.
            let join = self.graph.push(work(node.start.0, 0, node.op, node.tensor), &group);
            rest.push((join, 0));
        }
        self.graph.push(node, &rest)
    }

    /// The finished graph.
    pub fn into_graph(self) -> AccessGraph {
        self.graph
    }
}

fn work(start: u64, cycles: u32, op: OpId, tensor: TensorId) -> Node {
    Node {
        start: Cycles(start),
        amount: cycles,
        op,
        tensor,
        lifetime: LifetimeId(0),
        pattern: 0,
        kind: NodeKind::Work,
        operand: Operand::None,
        memory: 0,
        port: 0,
    }
}
