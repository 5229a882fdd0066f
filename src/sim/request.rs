//! Requests that wait for ports, data or room, and transfers under way.

use super::grid::Cells;
use super::layout::Rect;
use super::record::Causes;
use super::running::Cause;
use super::store::Spill;
use super::wait::Wait;
use crate::ids::{NodeId, OpId, TensorId};
use crate::units::Bytes;
use rustc_hash::FxHashMap;

/// What a request wants to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// An operand of a step into the unit.
    Fetch {
        /// The step.
        step: u64,
        /// Which operand.
        operand: u8,
    },
    /// A result into the memory.
    Write {
        /// Its spatial tile.
        spatial: u64,
        /// Its place.
        rect: Rect,
        /// Bytes that move.
        bytes: u32,
        /// Whether it is partial sums.
        partial: bool,
    },
    /// A result from a memory to the level above, and so on up to DRAM.
    WriteBack {
        /// Its spatial tile.
        spatial: u64,
        /// Its place.
        rect: Rect,
        /// Bytes that move.
        bytes: u32,
    },
    /// Contents that have to leave for the request `by`.
    Spill {
        /// The request that needs the room.
        by: u32,
    },
}

/// A transfer that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Since when.
    pub ready: u64,
    /// Place of its op in the order.
    pub rank: u32,
    /// Order among requests of one op that are ready in the same cycle.
    pub place: u64,
    /// Number.
    pub id: u32,
    /// Unit that asks.
    pub unit: u32,
    /// Memory nearest to the unit for this operand; the one that a copy upwards leaves.
    pub memory: u32,
    /// Op that causes it.
    pub op: OpId,
    /// What to move.
    pub what: What,
    /// What it waited for before it was ready.
    pub cause: Option<Cause>,
    /// What it waited for since.
    pub also: Option<Cause>,
    /// Whether something is leaving to make room for it.
    pub spilling: bool,
    /// Bytes it lacked when it was last tried, and in which memory.
    pub lacking: (u64, u32),
    /// What it has waited for so far.
    pub wait: Wait,
}

impl Request {
    fn key(&self) -> (u64, u32, u64) {
        (self.ready, self.rank, self.place)
    }
}

/// A transfer under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Active {
    /// What was asked for.
    pub request: Request,
    /// Its record, and the cycles from its `done` to its end.
    pub end: Cause,
    /// Whether it brings an operand nearer, so that its request goes on.
    pub fill: bool,
}

/// Tiles on their way into a memory: nobody reads them there before they have arrived.
#[derive(Debug)]
pub struct ActiveFill {
    /// The memory.
    pub memory: usize,
    /// Its place among the transfers under way.
    pub index: u32,
    /// Its record.
    pub node: NodeId,
    /// The tiles.
    pub tiles: Vec<(TensorId, Cells)>,
}

/// All transfers that wait or are under way.
#[derive(Debug)]
pub struct Transfers {
    /// Those that wait, in the order in which they are served.
    pub queue: Vec<Request>,
    /// Those under way; some places are unused.
    pub active: Vec<Active>,
    /// Places not in use.
    pub unused: Vec<u32>,
    /// Fills under way.
    pub fills: Vec<ActiveFill>,
    /// What leaves, by the number of its request.
    pub spills: FxHashMap<u32, Spill>,
    /// For each memory and tensor the fill that ended last, and the op it was for.
    pub last_fill: Vec<Vec<Option<(NodeId, OpId)>>>,
    /// When a copy upwards started last, and what let it.
    pub copy_started: (u64, Causes),
    /// Tiles of the transfer being looked at.
    pub tiles: Vec<(TensorId, Cells)>,
    /// Number of the next request.
    pub next_id: u32,
    /// Whether a request that was passed over may be able to start now.
    pub retry: bool,
}

impl Transfers {
    /// None yet.
    pub fn new(memories: usize, tensors: usize) -> Self {
        Self {
            queue: Vec::new(),
            active: Vec::new(),
            unused: Vec::new(),
            fills: Vec::new(),
            spills: FxHashMap::default(),
            last_fill: vec![vec![None; tensors]; memories],
            copy_started: (0, Causes::default()),
            tiles: Vec::new(),
            next_id: 0,
            retry: false,
        }
    }

    /// Nothing is under way: places are given out from the first one on again.
    pub fn rest(&mut self) {
        self.active.clear();
        self.unused.clear();
    }

    /// Adds a request.
    pub fn insert(&mut self, mut request: Request) {
        request.id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.put(request);
    }

    /// Files a request that has its number under its new place in the order.
    pub fn put(&mut self, request: Request) {
        let at = self.queue.partition_point(|r| r.key() <= request.key());
        self.queue.insert(at, request);
    }

    /// Puts a transfer under way; returns its place.
    pub fn begin(&mut self, active: Active) -> u32 {
        match self.unused.pop() {
            Some(index) => {
                self.active[index as usize] = active;
                index
            }
            None => {
                self.active.push(active);
                self.active.len() as u32 - 1
            }
        }
    }

    /// The first request that found no room: its op, the memory, and the bytes it lacks.
    pub fn lacking(&self) -> Option<(OpId, usize, Bytes)> {
        let first = self.queue.iter().find(|r| r.lacking.0 > 0)?;
        Some((first.op, first.lacking.1 as usize, Bytes(first.lacking.0)))
    }

    /// A fill has ended: reads by other ops follow it from now on.
    pub fn end_fill(&mut self, index: u32, op: OpId) {
        if let Some(at) = self.fills.iter().position(|f| f.index == index) {
            let fill = self.fills.swap_remove(at);
            let last = &mut self.last_fill[fill.memory];
            fill.tiles.iter().for_each(|(tensor, _)| last[tensor.index()] = Some((fill.node, op)));
        }
    }

    /// The fill under way that brings any of the tiles into the memory.
    pub fn blocking_fill(&self, memory: usize, tiles: &[(TensorId, Cells)]) -> Option<NodeId> {
        let common = |f: &ActiveFill| {
            f.tiles.iter().any(|(t, cells)| tiles.iter().any(|(u, other)| t == u && cells.overlaps(other)))
        };
        self.fills.iter().find(|f| f.memory == memory && common(f)).map(|f| f.node)
    }
}

/// A request that is ready at `ready`, of the op at place `rank` of the order.
pub fn request(
    (ready, rank, place): (u64, u32, u64),
    (unit, memory): (usize, usize),
    op: OpId,
    what: What,
    cause: Option<Cause>,
) -> Request {
    let (unit, memory) = (unit as u32, memory as u32);
    let wait = Wait::since(ready);
    Request {
        ready,
        rank,
        place,
        id: 0,
        unit,
        memory,
        op,
        what,
        cause,
        also: None,
        spilling: false,
        lacking: (0, 0),
        wait,
    }
}
