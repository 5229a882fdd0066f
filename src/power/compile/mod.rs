//! From a run and a placement to a stimulus: transfers get addresses. `docs/contract.md` is normative.

mod passes;
mod reuse;
mod selection;

pub use selection::{Portion, Selection};

use super::{Block, Organisation, Placement, Stimulus, StimulusKind, StimulusNode};
use crate::accelerator::Memory;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::ids::{BlockId, MemoryId, NodeId};
use crate::trace::{AccessGraph, Node, NodeKind, Predecessor, Predecessors, Run};
use crate::units::Cycles;
use crate::workload::Window;
use passes::{Pass, Passes, Written};
use reuse::Owners;
use rustc_hash::FxHashMap;

/// No block, no node.
const NOBODY: u32 = u32::MAX;

impl Stimulus {
    /// Gives the transfers of the selected part of `run` to and from `memory` addresses by `placement`, for a memory of
    /// the ports, word width and read latency of `organisation`; how it is split into domains and banks does not matter.
    ///
    /// Transfers of other memories become work of the same length.
    ///
    /// # Errors
    /// [`Error::Input`]: other ports, another word width or a larger read latency than the run was simulated with; a
    /// lifetime without a block; a selection that takes nothing; a read of a block that was never written before it in
    /// record order, which is an error of the simulation; sizes beyond 2³² words.
    pub fn compile(
        run: &Run,
        memory: MemoryId,
        selection: &Selection,
        placement: &Placement,
        organisation: &Organisation,
    ) -> Result<(Stimulus, Portion)> {
        let shape = shape(run, memory)?;
        check_memory(shape, organisation)?;
        let portion = selection.portion(&run.workload, &requests_of_ops(run, memory, shape));
        if portion.requests == 0 {
            return Err(nothing(&portion, selection));
        }
        let mut compiler = Compiler::new(run, memory, &portion, placement, organisation)?;
        compiler.compile()?;
        Ok((compiler.stimulus, portion))
    }
}

fn wrong(code: &'static str, message: String) -> Error {
    Error::input(Diagnostic::new(code, message))
}

fn shape(run: &Run, memory: MemoryId) -> Result<&Memory> {
    let name = &run.accelerator.name;
    run.accelerator
        .memories
        .get(memory.index())
        .ok_or_else(|| wrong("unknown-memory", format!("{name} has no {memory}")))
}

/// The run must have been simulated with the ports and at least the latency of the memory that plays it.
fn check_memory(shape: &Memory, organisation: &Organisation) -> Result<()> {
    let mut problems = Vec::new();
    let mut demand = |holds: bool, message: String, help: &str| {
        if !holds {
            problems.push(Diagnostic::new("other-memory", message).with_help(help));
        }
    };
    let (ports, bits, latency) = (organisation.ports, organisation.word_bits, organisation.read_latency);
    let other = "the design must be made for the accelerator that the run was simulated on";
    demand(shape.ports == ports, format!("{} has {} ports, the design {ports}", shape.name, shape.ports), other);
    let widths = format!("{} has {}-bit ports, the design {bits}-bit words", shape.name, shape.port_bits);
    demand(shape.port_bits == bits, widths, other);
    let answers = format!("the design answers after {latency} cycles, the run waited for {} only", shape.latency);
    let help = "simulate again with this latency of the memory";
    demand(shape.latency.0 >= u64::from(latency), answers, help);
    demand(bits >= 8 && bits.is_multiple_of(8), format!("{bits} bits are no whole bytes"), "words are whole bytes");
    if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
}

fn requests_of_ops(run: &Run, memory: MemoryId, shape: &Memory) -> Vec<u64> {
    let mut requests = vec![0; run.workload.ops.len()];
    for node in run.accesses.nodes().iter().filter(|node| node.kind.is_transfer() && node.memory_id() == memory) {
        if let Some(count) = requests.get_mut(node.op.index()) {
            *count += shape.requests(node.bytes());
        }
    }
    requests
}

fn nothing(portion: &Portion, selection: &Selection) -> Error {
    let limit = selection.requests.map_or(String::new(), |limit| format!(" of at most {limit} requests"));
    let message = format!("the first ops{limit} make no request; the run has {} requests", portion.all_requests);
    Error::input(Diagnostic::new("nothing-selected", message).with_help("select more layers or more requests"))
}

/// A stimulus in the making.
struct Compiler<'a> {
    run: &'a Run,
    memory: MemoryId,
    ops: usize,
    port_bits: u64,
    ports: u32,
    windows: Vec<Window>,
    /// Block of each lifetime, `NOBODY` without transfer.
    blocks: Vec<u32>,
    passes: Passes,
    written: Written,
    /// Words that the block held after each fill.
    filled: FxHashMap<usize, u64>,
    stimulus: Stimulus,
    patterns: PatternTable,
}

impl<'a> Compiler<'a> {
    fn new(
        run: &'a Run,
        memory: MemoryId,
        portion: &Portion,
        placement: &Placement,
        organisation: &Organisation,
    ) -> Result<Self> {
        let mut compiler = Self {
            run,
            memory,
            ops: portion.ops,
            port_bits: u64::from(organisation.word_bits),
            ports: organisation.ports,
            windows: run.workload.windows(),
            blocks: Vec::new(),
            passes: Passes::new(),
            written: Written::new(0, 0),
            filled: FxHashMap::default(),
            stimulus: Stimulus { ports: organisation.ports, ..Stimulus::default() },
            patterns: PatternTable::new(&run.accesses, portion.ops == portion.all_ops),
        };
        compiler.make_blocks(placement)?;
        compiler.written = Written::new(placement.end(), compiler.stimulus.blocks.len());
        Ok(compiler)
    }

    fn is_taken(&self, node: &Node) -> bool {
        node.op.index() < self.ops
    }

    fn is_request(&self, node: &Node) -> bool {
        node.kind.is_transfer() && node.memory_id() == self.memory && node.amount > 0
    }

    /// A block for each lifetime that is touched; in the order of reservations, so that reuse is seen.
    fn make_blocks(&mut self, placement: &Placement) -> Result<()> {
        let mut touched = vec![[0u32; 2]; self.run.lifetimes.len()];
        for node in self.run.accesses.nodes().iter().filter(|node| self.is_request(node)) {
            let counts = touched.get_mut(node.lifetime.index());
            let counts = counts.ok_or_else(|| wrong("unknown-lifetime", format!("{} is unknown", node.lifetime)))?;
            counts[usize::from(!self.is_taken(&node))] += 1;
        }
        self.blocks = vec![NOBODY; touched.len()];
        let mut ids: Vec<usize> = (0..touched.len()).filter(|&index| touched[index][0] > 0).collect();
        ids.sort_by_key(|&index| self.run.lifetimes[index].reserved);
        let mut owners = Owners::default();
        for index in ids {
            let block = self.make_block(index, touched[index], placement, &mut owners)?;
            self.blocks[index] = self.stimulus.blocks.len() as u32;
            self.stimulus.blocks.push(block);
        }
        Ok(())
    }

    fn make_block(
        &self,
        index: usize,
        [inside, outside]: [u32; 2],
        placement: &Placement,
        owners: &mut Owners,
    ) -> Result<Block> {
        let id = index.into();
        let missing = || wrong("not-placed", format!("the placement has no block for {id}"));
        let placed = placement.block(id).ok_or_else(missing)?;
        let after = owners.claim(placed.first_word, placed.words, BlockId::from(self.stimulus.blocks.len()));
        let word_bytes = self.port_bits / 8;
        let extent = self.run.lifetimes[index].extent.0.max(1);
        Ok(Block {
            lifetime: id,
            first_word: placed.first_word,
            words: placed.words,
            last_bytes: extent.saturating_sub((placed.words - 1) * word_bytes).clamp(1, word_bytes) as u32,
            transfers: inside,
            survives: outside > 0,
            after,
        })
    }

    fn compile(&mut self) -> Result<()> {
        let nodes = self.run.accesses.nodes();
        self.stimulus.nodes.reserve_exact(nodes.iter().filter(|node| self.is_taken(node)).count());
        for (index, node) in nodes.iter().enumerate() {
            let node = &node;
            if !self.is_taken(node) {
                self.patterns.drop(index);
                continue;
            }
            let pattern = self.patterns.take(index, node, self.stimulus.nodes.len());
            let compiled =
                if self.is_request(node) { self.transfer(index, node, pattern)? } else { self.work(node, pattern) };
            self.stimulus.nodes.push(compiled);
        }
        self.stimulus.patterns = std::mem::take(&mut self.patterns.lists);
        Ok(())
    }

    /// Work, or a transfer of another memory, or one without a byte.
    fn work(&self, node: &Node, pattern: u32) -> StimulusNode {
        let memory = self.run.accelerator.memories.get(node.memory_id().index());
        let requests = memory.map_or(0, |memory| memory.requests(node.bytes()) as u32);
        let amount = if node.kind.is_transfer() { requests } else { node.amount };
        blank(node, StimulusKind::Work, amount, pattern)
    }

    fn transfer(&mut self, index: usize, node: &Node, pattern: u32) -> Result<StimulusNode> {
        if u32::from(node.port) >= self.ports {
            return Err(wrong("unknown-port", format!("node {index} uses port {} of {}", node.port, self.ports)));
        }
        let block = self.blocks[node.lifetime.index()];
        let Block { first_word, words, .. } = self.stimulus.blocks[block as usize];
        let word_bytes = self.port_bits / 8;
        let window = passes::window_of(&self.windows, node.tensor, words * word_bytes);
        let requests = (u64::from(node.amount) * 8).div_ceil(self.port_bits);
        let filled = self.filled_before(index, node);
        let pass = self.passes.of(node, &window, words, word_bytes);
        let (kind, span) = if node.kind.writes() {
            self.written.write(block, first_word, words, pass, requests);
            if node.kind == NodeKind::Fill {
                self.filled.insert(index, self.written.count(block));
            }
            (StimulusKind::Write, pass.words)
        } else {
            self.written.extend(block, first_word, words, pass);
            (StimulusKind::Read, pass.readable(filled))
        };
        let Pass { first, cursor, .. } = *pass;
        pass.cursor += requests;
        if span == 0 {
            return Err(self.never_written(index, node));
        }
        let narrow = |value: u64| u32::try_from(value).map_err(|_| too_large(value));
        Ok(StimulusNode {
            block: BlockId(block),
            window_first: narrow(first)?,
            window_words: narrow(span)?,
            cursor: (cursor % span) as u32,
            port: node.port,
            ..blank(node, kind, requests as u32, pattern)
        })
    }

    /// Words that the block of a transfer held after the latest fill it waits for.
    fn filled_before(&self, index: usize, node: &Node) -> Option<u64> {
        let before = self.run.accesses.predecessors(node).iter().map(|p| index - p.back as usize);
        let same_block = |&earlier: &usize| self.run.accesses.nodes().get(earlier).lifetime == node.lifetime;
        before.filter(same_block).filter_map(|earlier| self.filled.get(&earlier).copied()).max()
    }

    fn never_written(&self, index: usize, node: &Node) -> Error {
        let workload = &self.run.workload;
        let op = workload.ops.get(node.op.index()).map_or("?".into(), |op| op.name.to_string());
        let tensor = workload.tensors.get(node.tensor.index()).map_or("?".into(), |tensor| tensor.name.to_string());
        let what = if node.kind == NodeKind::WriteBack { "writes back" } else { "reads" };
        let message = format!("{op} {what} {tensor} in cycle {} before anything of it was written", node.start);
        let help = if self.ops < workload.ops.len() {
            "what it reads was written for an op that is not selected: select more layers or requests"
        } else {
            "this is an error of the simulation; please report it"
        };
        let place = format!("node {} of the access graph, {}", NodeId::from(index), node.lifetime);
        Error::input(Diagnostic::new("read-before-write", message).with_help(help).with_help(place))
    }
}

fn too_large(words: u64) -> Error {
    wrong("window-too-large", format!("a window of {words} words is beyond 2^32"))
}

fn blank(node: &Node, kind: StimulusKind, amount: u32, pattern: u32) -> StimulusNode {
    StimulusNode {
        start: Cycles(node.start.0),
        amount,
        pattern,
        block: BlockId(0),
        window_first: 0,
        window_words: 1,
        cursor: 0,
        kind,
        port: 0,
        op: node.op,
        tensor: node.tensor,
    }
}

/// Predecessor lists: the run's own if every node is taken, else without the dropped nodes.
struct PatternTable {
    lists: Vec<Predecessors>,
    originals: Vec<Predecessors>,
    /// New index of each node so far, `NOBODY` for a dropped one; not kept if every node is taken.
    places: Option<Vec<u32>>,
    interned: FxHashMap<Predecessors, u32>,
}

impl PatternTable {
    fn new(accesses: &AccessGraph, whole: bool) -> Self {
        let originals = accesses.patterns().to_vec();
        let (lists, places) = if whole { (originals.clone(), None) } else { (Vec::new(), Some(Vec::new())) };
        Self { lists, originals, places, interned: FxHashMap::default() }
    }

    fn drop(&mut self, index: usize) {
        if let Some(places) = &mut self.places {
            debug_assert_eq!(places.len(), index);
            places.push(NOBODY);
        }
    }

    /// Pattern of a taken node that becomes node `place`.
    fn take(&mut self, index: usize, node: &Node, place: usize) -> u32 {
        let Some(places) = &mut self.places else { return node.pattern };
        places.push(place as u32);
        let mut list = Predecessors::NONE;
        for predecessor in self.originals[node.pattern as usize].as_slice() {
            let earlier = index.checked_sub(predecessor.back as usize).map_or(NOBODY, |earlier| places[earlier]);
            if earlier != NOBODY {
                list.push(Predecessor { back: place as u32 - earlier, lag: predecessor.lag });
            }
        }
        let fresh = self.lists.len() as u32;
        let pattern = *self.interned.entry(list).or_insert(fresh);
        if pattern == fresh {
            self.lists.push(list);
        }
        pattern
    }
}
