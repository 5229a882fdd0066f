//! The access graph: every transfer between a memory and the rest of the chip, and the work between transfers.
//!
//! `docs/contract.md` states what the nodes mean and how they are replayed.

use super::repetition::Repetition;
use crate::ids::{LifetimeId, MemoryId, NodeId, OpId, TensorId};
use crate::units::{Bytes, Cycles};
use itertools::Either;
use rustc_hash::FxHashMap;
use std::fmt;
use std::ops::Range;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum NodeKind {
    /// An operand leaves the memory for a unit or, a level nearer to it, for the memory below.
    Read,
    /// A result enters the memory, or contents of the memory below that are saved here.
    Write,
    /// Contents of DRAM, or of the memory above, enter the memory.
    Fill,
    /// Contents leave the memory for DRAM or the memory above.
    WriteBack,
    /// Time without a request: computation, or the start or end of an op.
    Work,
}

impl NodeKind {
    /// Every kind, in the order of their codes in files.
    pub const ALL: [NodeKind; 5] =
        [NodeKind::Read, NodeKind::Write, NodeKind::Fill, NodeKind::WriteBack, NodeKind::Work];

    /// Whether requests read the memory.
    pub fn reads(self) -> bool {
        matches!(self, NodeKind::Read | NodeKind::WriteBack)
    }

    /// Whether requests write the memory.
    pub fn writes(self) -> bool {
        matches!(self, NodeKind::Write | NodeKind::Fill)
    }

    /// Whether the node makes requests at all.
    pub fn is_transfer(self) -> bool {
        self != NodeKind::Work
    }
}

/// Which operand of the op a transfer belongs to; with the op, the tensor and the kind it names a pass, which has one cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Operand {
    /// Left operand of a matmul, first input of a vector op.
    A,
    /// Right operand of a matmul, second input of a vector op.
    B,
    /// Result.
    Out,
    /// None: work, or contents of another op that had to leave.
    None,
}

impl Operand {
    /// Every operand, in the order of their codes in files.
    pub const ALL: [Operand; 4] = [Operand::A, Operand::B, Operand::Out, Operand::None];
}

/// One node. Nodes are stored in record order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Planned start: cycle of the first request, or of the work.
    pub start: Cycles,
    /// Bytes of a transfer, cycles of work.
    pub amount: u32,
    /// Op that caused it.
    pub op: OpId,
    /// Tensor whose bytes move; for work, a result of the op.
    pub tensor: TensorId,
    /// Residence that the bytes belong to; meaningless for work.
    pub lifetime: LifetimeId,
    /// Interned predecessor list.
    pub pattern: u32,
    /// What it is.
    pub kind: NodeKind,
    /// Operand of the op.
    pub operand: Operand,
    /// Memory; 0 for work.
    pub memory: u8,
    /// Port of the memory; 0 for work.
    pub port: u8,
}

impl Node {
    /// Bytes of a transfer, zero for work.
    pub fn bytes(&self) -> Bytes {
        Bytes(if self.kind.is_transfer() { u64::from(self.amount) } else { 0 })
    }

    /// Memory of a transfer.
    pub fn memory_id(&self) -> MemoryId {
        MemoryId(u32::from(self.memory))
    }
}

/// A node that must be done, and how long after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Predecessor {
    /// How many nodes earlier in record order; at least 1.
    pub back: u32,
    /// Cycles from its `done` to the earliest start.
    pub lag: u32,
}

/// At most four predecessors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Predecessors {
    count: u8,
    items: [Predecessor; 4],
}

impl Predecessors {
    /// No predecessor.
    pub const NONE: Self = Self { count: 0, items: [Predecessor { back: 0, lag: 0 }; 4] };
    /// Most predecessors of one node.
    pub const LIMIT: usize = 4;

    /// Adds one.
    ///
    /// # Panics
    /// With more than [`Self::LIMIT`]; the simulator joins wider fan-ins through work nodes.
    pub fn push(&mut self, predecessor: Predecessor) {
        self.items[usize::from(self.count)] = predecessor;
        self.count += 1;
    }

    /// The list.
    pub fn as_slice(&self) -> &[Predecessor] {
        &self.items[..usize::from(self.count)]
    }

    /// A number that is nearly always another one for another list.
    fn mixed(&self) -> usize {
        let mix = |sum: u32, p: &Predecessor| (sum ^ p.back ^ p.lag.rotate_left(13)).wrapping_mul(0x9e37_79b1);
        (self.items.iter().fold(u32::from(self.count), mix) >> 16) as usize
    }
}

/// Nodes in record order and their interned predecessor lists.
///
/// Stretches that repeat an earlier one, shifted in time and perhaps with other ops, tensors and lifetimes, are stored as a reference
/// to it. [`Self::nodes`] shows every node as if it were stored.
#[derive(Debug, Clone, Default)]
pub struct AccessGraph {
    stored: Vec<Node>,
    stretches: Vec<Stretch>,
    len: usize,
    patterns: Vec<Predecessors>,
    interned: FxHashMap<Predecessors, u32>,
    recent: Recent,
}

/// The list that was interned last for each remainder of a number made of it: most nodes have the list of one shortly before.
type Recent = [[u32; 16]; 16];

/// Consecutive nodes; they end where the next stretch begins.
#[derive(Debug, Clone)]
struct Stretch {
    /// Place of the first node in record order.
    first: usize,
    source: Source,
}

/// Where the nodes of a stretch are.
#[derive(Debug, Clone)]
enum Source {
    /// Among those stored, from that place on.
    Stored(usize),
    /// So many of those stored, from a place on, again and again, each time so many cycles later than the time before.
    Train { stored: usize, period: usize, cycles: Cycles },
    /// Earlier nodes, from that place in record order on, changed.
    Repeated(usize, Box<Repetition>),
}

impl AccessGraph {
    /// Appends a node whose predecessors are earlier nodes, each with its lag; `node.pattern` is filled in.
    pub fn push(&mut self, mut node: Node, predecessors: &[(NodeId, u32)]) -> NodeId {
        let id = NodeId::from(self.len);
        node.pattern = self.pattern(id, predecessors);
        self.store_next();
        self.stored.push(node);
        self.len += 1;
        id
    }

    /// Appends nodes that have their predecessor lists.
    pub fn append(&mut self, nodes: &[Node]) {
        self.store_next();
        self.stored.extend_from_slice(nodes);
        self.len += nodes.len();
    }

    /// The nodes to come are stored.
    fn store_next(&mut self) {
        if !self.stretches.last().is_some_and(|stretch| matches!(stretch.source, Source::Stored(_))) {
            self.stretches.push(Stretch { first: self.len, source: Source::Stored(self.stored.len()) });
        }
    }

    /// Appends the nodes `nodes` once more, `cycles` later and the same in everything else: part of a train, which is stored once.
    ///
    /// # Panics
    /// If they are not all stored, one after the other.
    pub fn again(&mut self, nodes: Range<usize>, cycles: Cycles) {
        let last = self.stretches.last().map(|last| (self.len - last.first, &last.source));
        let stored = self.stored_place(&nodes);
        let continues = last.is_some_and(|(offset, source)| match *source {
            Source::Train { stored: first, period, cycles: each } => {
                let (turn, place) = (offset / period, offset % period);
                stored == first + place && place + nodes.len() <= period && cycles == each * (turn as u64 + 1)
            }
            _ => false,
        });
        if !continues {
            // What was recorded since belongs to the train too, if nothing else follows.
            let whole = self.len - nodes.start;
            let period = if stored + whole == self.stored.len() { whole } else { nodes.len() };
            let source = Source::Train { stored, period, cycles };
            self.stretches.push(Stretch { first: self.len, source });
        }
        self.len += nodes.len();
    }

    /// Where consecutive nodes are stored.
    fn stored_place(&self, nodes: &Range<usize>) -> usize {
        let index = self.stretch_of(nodes.start);
        let end = self.stretches.get(index + 1).map_or(self.len, |next| next.first);
        let Source::Stored(first) = self.stretches[index].source else { panic!("only stored nodes can be in a train") };
        assert!(nodes.end <= end, "a train's nodes are stored one after the other");
        first + nodes.start - self.stretches[index].first
    }

    /// The interned list of these predecessors of node `id`.
    pub fn pattern(&mut self, id: NodeId, predecessors: &[(NodeId, u32)]) -> u32 {
        let mut list = Predecessors::NONE;
        for &(earlier, lag) in predecessors {
            debug_assert!(earlier < id, "predecessors come first in record order");
            list.push(Predecessor { back: id.0 - earlier.0, lag });
        }
        let mixed = list.mixed();
        let recent = self.recent[mixed / 16 % 16][mixed % 16];
        if self.patterns.get(recent as usize) == Some(&list) {
            return recent;
        }
        let next = self.patterns.len() as u32;
        let index = *self.interned.entry(list).or_insert(next);
        if index == next {
            self.patterns.push(list);
        }
        self.recent[mixed / 16 % 16][mixed % 16] = index;
        index
    }

    /// Appends the nodes `nodes` once more, changed by `repetition`.
    ///
    /// # Panics
    /// If some of them repeat others in this way.
    pub fn repeat(&mut self, nodes: Range<usize>, repetition: Repetition) {
        let sources = &self.stretches[self.stretch_of(nodes.start)..=self.stretch_of(nodes.end - 1)];
        let repeated = sources.iter().any(|stretch| matches!(stretch.source, Source::Repeated(..)));
        assert!(!repeated, "only nodes that were simulated can be repeated");
        self.stretches.push(Stretch { first: self.len, source: Source::Repeated(nodes.start, Box::new(repetition)) });
        self.len += nodes.len();
    }

    fn stretch_of(&self, node: usize) -> usize {
        self.stretches.partition_point(|stretch| stretch.first <= node) - 1
    }

    /// The stretches that have some of the nodes, each with its part.
    fn parts(&self, nodes: Range<usize>) -> impl Iterator<Item = (&Stretch, Range<usize>)> + Clone {
        let first = if nodes.is_empty() { self.stretches.len() } else { self.stretch_of(nodes.start) };
        let ends = self.stretches.iter().skip(first + 1).map(|next| next.first).chain([self.len]);
        let parts = self.stretches[first..].iter().zip(ends).take_while(move |(stretch, _)| stretch.first < nodes.end);
        parts.map(move |(stretch, end)| (stretch, nodes.start.max(stretch.first)..nodes.end.min(end)))
    }

    /// Nodes that were simulated, one after the other.
    fn simulated(&self, nodes: Range<usize>) -> impl Iterator<Item = Node> + Clone {
        self.parts(nodes).flat_map(move |(stretch, part)| part.map(move |node| self.simulated_node(stretch, node)))
    }

    /// A node of a stretch that repeats no other, or is in a train.
    fn simulated_node(&self, stretch: &Stretch, node: usize) -> Node {
        let offset = node - stretch.first;
        match stretch.source {
            Source::Stored(first) => self.stored[first + offset],
            Source::Train { stored, period, cycles } => {
                let node = self.stored[stored + offset % period];
                Node { start: node.start + cycles * (offset / period + 1) as u64, ..node }
            }
            Source::Repeated(..) => unreachable!("what is repeated was simulated"),
        }
    }

    /// All nodes in record order.
    pub fn nodes(&self) -> Nodes<'_> {
        Nodes { graph: self }
    }

    /// Nodes that are stored; the others repeat them.
    pub fn stored_nodes(&self) -> usize {
        self.stored.len()
    }

    /// Predecessors of a node.
    pub fn predecessors(&self, node: &Node) -> &[Predecessor] {
        self.patterns[node.pattern as usize].as_slice()
    }

    /// The interned lists, indexed by [`Node::pattern`].
    pub fn patterns(&self) -> &[Predecessors] {
        &self.patterns
    }

    /// Rebuilds a graph from its parts, as read from a file.
    pub fn from_parts(nodes: Vec<Node>, patterns: Vec<Predecessors>) -> Self {
        let interned = patterns.iter().enumerate().map(|(i, p)| (*p, i as u32)).collect();
        let whole = Stretch { first: 0, source: Source::Stored(0) };
        let stretches = if nodes.is_empty() { Vec::new() } else { vec![whole] };
        Self { len: nodes.len(), stored: nodes, stretches, patterns, interned, recent: Recent::default() }
    }
}

/// The nodes of a graph in record order.
#[derive(Clone, Copy)]
pub struct Nodes<'a> {
    graph: &'a AccessGraph,
}

impl<'a> Nodes<'a> {
    /// How many.
    pub fn len(self) -> usize {
        self.graph.len
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.graph.len == 0
    }

    /// The node at a place in record order.
    ///
    /// # Panics
    /// If there is none.
    pub fn get(self, index: usize) -> Node {
        let (graph, stretch) = (self.graph, &self.graph.stretches[self.graph.stretch_of(index)]);
        let Source::Repeated(first, repetition) = &stretch.source else { return graph.simulated_node(stretch, index) };
        let offset = index - stretch.first;
        let source = &graph.stretches[graph.stretch_of(first + offset)];
        repetition.node(graph.simulated_node(source, first + offset), offset)
    }

    /// Those at some places in record order.
    pub fn range(self, places: Range<usize>) -> impl Iterator<Item = Node> + Clone + use<'a> {
        let graph = self.graph;
        graph.parts(places).flat_map(move |(stretch, part)| match &stretch.source {
            Source::Repeated(first, repetition) => {
                let offset = part.start - stretch.first;
                let nodes = graph.simulated(first + offset..first + offset + part.len());
                Either::Left((offset..).zip(nodes).map(|(offset, node)| repetition.node(node, offset)))
            }
            _ => Either::Right(part.map(|node| graph.simulated_node(stretch, node))),
        })
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = Node> + Clone + use<'a> {
        self.range(0..self.len())
    }
}

impl PartialEq for Nodes<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Nodes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
