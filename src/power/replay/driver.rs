//! Presents the requests of a stimulus cycle by cycle and closes the loop through the grants.

use super::blocks::Blocks;
use super::host::Host;
use super::order::Order;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::ids::NodeId;
use crate::power::cycle::{Inputs, Request, bits};
use crate::power::{Block, Controller, Organisation, Stimulus, StimulusKind, StimulusNode};

/// A cycle that never comes.
const NEVER: u64 = u64::MAX;

/// What a port is at.
#[derive(Debug, Clone, Default)]
struct Port {
    /// Its transfers in record order.
    queue: Vec<u32>,
    /// Position of the present or next one.
    head: usize,
    /// Cycle in which its next request is asserted; `NEVER` while that is not known.
    start: u64,
    /// Whether a request is pending.
    asserted: bool,
    /// Requests of the present transfer that were granted.
    granted: u32,
    /// `done` of the transfer before.
    done: u64,
    /// First cycle of the pending request.
    since: u64,
    /// Nodes of the last grants, by cycle modulo the read latency.
    recent: Vec<u32>,
}

/// A stimulus being played: inputs of a cycle out, grants of the cycle in.
///
/// For each evaluated cycle: [`Driver::inputs`], [`Driver::accept`], then [`Driver::next_cycle`], until
/// [`Driver::finished`].
#[derive(Debug, Clone)]
pub struct Driver<'a> {
    stimulus: &'a Stimulus,
    organisation: Organisation,
    order: Order,
    blocks: Blocks,
    host: Host<'a>,
    ports: Vec<Port>,
    inputs: Inputs,
    now: u64,
    /// Latest `done + RD_LATENCY` of the transfers that are done.
    last_transfer: u64,
    transfers_left: usize,
    requests: u64,
    writes: u32,
    patience: u64,
    skip: bool,
}

impl<'a> Driver<'a> {
    /// Everything before cycle 0. `skip` allows jumps over cycles in which nothing happens.
    ///
    /// # Errors
    /// [`Error::Input`] if the stimulus was compiled for another number of ports or does not fit the memory.
    pub fn new(stimulus: &'a Stimulus, controller: &Controller, skip: bool) -> Result<Self> {
        let organisation = controller.organisation;
        check(stimulus, &organisation)?;
        if let Some(table) = stimulus.unplayable_table(&stimulus.tables, &controller.policy) {
            let message = format!("table {table} of the schedule has too many entries or starts with no transfer");
            return Err(Error::input(Diagnostic::new("stimulus-misfit", message)));
        }
        let idle = Port { recent: vec![0; organisation.read_latency as usize], ..Port::default() };
        let mut ports = vec![idle; organisation.ports as usize];
        for (index, node) in stimulus.nodes.iter().enumerate().filter(|(_, n)| n.kind != StimulusKind::Work) {
            ports[usize::from(node.port)].queue.push(index as u32);
        }
        let mut driver = Self {
            stimulus,
            organisation,
            order: Order::new(stimulus),
            blocks: Blocks::new(stimulus, &organisation),
            host: Host::new(stimulus, controller),
            transfers_left: ports.iter().map(|port| port.queue.len()).sum(),
            ports,
            inputs: Inputs::idle(organisation.ports),
            now: 0,
            last_transfer: 0,
            requests: 0,
            writes: 0,
            patience: patience(controller),
            skip,
        };
        driver.schedule_waiting();
        Ok(driver)
    }

    /// Inputs of the present cycle.
    pub fn inputs(&mut self) -> &Inputs {
        self.inputs.now = self.now;
        for port in 0..self.ports.len() {
            if !self.ports[port].asserted && self.ports[port].start <= self.now {
                self.assert(port);
            }
        }
        self.inputs.live = self.blocks.live(self.now);
        self.inputs.schedule = self.host.give();
        &self.inputs
    }

    fn assert(&mut self, port: usize) {
        let state = &mut self.ports[port];
        state.asserted = true;
        state.since = self.now;
        let index = state.queue[state.head];
        let node = &self.stimulus.nodes[index as usize];
        let word = self.stimulus.word(node, state.granted);
        let write = node.kind == StimulusKind::Write;
        let enables = self.enables(node, word);
        self.writes = self.writes.wrapping_add(u32::from(write));
        let tag = if write { self.writes ^ (word as u32).rotate_left(16) } else { 0 };
        self.blocks.assert(node.block);
        self.host.assert(index);
        self.inputs.requests[port] = Request { valid: true, write, word, enables, tag };
    }

    /// All bytes of the word, or those below the extent in a block's last word.
    fn enables(&self, node: &StimulusNode, word: u64) -> u128 {
        let block = &self.stimulus.blocks[node.block.index()];
        let last = word + 1 == block.first_word + block.words;
        let bytes = if last { u64::from(block.last_bytes) } else { self.organisation.word_bytes() };
        u128::MAX >> (128 - bytes)
    }

    /// Takes the grants of the present cycle, a mask of ports.
    pub fn accept(&mut self, grants: u64) {
        let mut finished = false;
        for port in bits(grants) {
            finished |= self.granted(port);
        }
        if finished {
            self.schedule_waiting();
        }
    }

    /// One more request of the port's transfer is granted; whether it was the last.
    fn granted(&mut self, port: usize) -> bool {
        let now = self.now;
        let state = &mut self.ports[port];
        let index = state.queue[state.head];
        let slot = now as usize % state.recent.len();
        state.recent[slot] = index;
        state.asserted = false;
        state.granted += 1;
        state.start = now + 1;
        self.requests += 1;
        self.inputs.requests[port].valid = false;
        let node = &self.stimulus.nodes[index as usize];
        let finished = state.granted == node.amount;
        if finished {
            state.head += 1;
            state.granted = 0;
            state.done = now + 1;
            state.start = NEVER;
            self.finish(index, now + 1);
        }
        finished
    }

    fn finish(&mut self, index: u32, done: u64) {
        let block = self.stimulus.nodes[index as usize].block;
        self.transfers_left -= 1;
        self.last_transfer = done + u64::from(self.organisation.read_latency);
        self.order.close(self.stimulus, index, done);
        self.blocks.close(block, done, self.stimulus.blocks[block.index()].survives);
    }

    /// Gives every port whose next transfer can be timed by now its start.
    fn schedule_waiting(&mut self) {
        for port in 0..self.ports.len() {
            let state = &self.ports[port];
            if state.asserted || state.granted > 0 {
                continue;
            }
            self.ports[port].start = state.queue.get(state.head).map_or(NEVER, |&node| self.start_of(node, state.done));
        }
    }

    fn start_of(&self, node: u32, port_free: u64) -> u64 {
        let Ok(start) = self.order.start(self.stimulus, node) else { return NEVER };
        let block = self.stimulus.nodes[node as usize].block;
        let vacant = self.blocks.vacant(self.stimulus, block);
        vacant.map_or(NEVER, |vacant| start.max(port_free).max(vacant))
    }

    /// Goes on to the next cycle to be evaluated, given what the device showed in the present one.
    ///
    /// # Errors
    /// [`Error::Input`] when transfers can never start or a request is not granted for twice the longest wake.
    pub fn next_cycle(&mut self, quiescent: bool, next_event: Option<u64>) -> Result<()> {
        let stimulus_change = self.next_start().min(self.blocks.next_end());
        self.watch()?;
        self.now = if self.skip && quiescent {
            let event = next_event.unwrap_or(NEVER);
            event.min(stimulus_change).min(self.end().unwrap_or(NEVER)).max(self.now + 1)
        } else {
            self.now + 1
        };
        Ok(())
    }

    /// Earliest cycle in which a request may be asserted that is not yet.
    fn next_start(&self) -> u64 {
        self.ports.iter().filter(|port| !port.asserted).map(|port| port.start).min().unwrap_or(NEVER)
    }

    /// Notices that nothing moves any more.
    fn watch(&self) -> Result<()> {
        let late = |port: &&Port| port.asserted && self.now - port.since > self.patience;
        if let Some(port) = self.ports.iter().find(late) {
            let waited = self.now - port.since;
            let message = format!("{} waits for a grant for {waited} cycles", self.describe(port.queue[port.head]));
            return Err(Error::input(Diagnostic::new("replay-stuck", message).with_help(
                "T_ACK_MAX must exceed the delay of the switch plus SYNC_STAGES, or the domain ends in FAULT",
            )));
        }
        let waiting = |port: &&Port| port.head < port.queue.len();
        let idle = self.ports.iter().all(|port| !port.asserted && port.start == NEVER);
        match self.ports.iter().find(waiting).filter(|_| idle) {
            Some(port) => {
                let message = format!("{} waits for transfers that wait for it", self.describe(port.queue[port.head]));
                Err(Error::input(Diagnostic::new("replay-stuck", message)))
            }
            None => Ok(()),
        }
    }

    fn describe(&self, node: u32) -> String {
        let StimulusNode { op, tensor, port, .. } = self.stimulus.nodes[node as usize];
        format!("transfer {} of {op} on {tensor} at port {port}", NodeId(node))
    }

    /// The present cycle.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// T, once every transfer is done.
    pub fn end(&self) -> Option<u64> {
        (self.transfers_left == 0).then(|| self.order.last_work.max(self.last_transfer))
    }

    /// Whether all T cycles were played.
    pub fn finished(&self) -> bool {
        self.end().is_some_and(|end| self.now >= end)
    }

    /// Requests granted so far.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Words of the blocks that are live in the present cycle, after [`Driver::inputs`].
    pub fn live_words(&self) -> u64 {
        self.blocks.live_words
    }

    /// The transfer that `port` is at: pending, or to start next.
    pub fn present(&self, port: usize) -> Option<&StimulusNode> {
        let state = &self.ports[port];
        state.queue.get(state.head).map(|&index| &self.stimulus.nodes[index as usize])
    }

    /// The node whose request at `port` is answered in the present cycle: granted a read latency ago.
    pub fn answered(&self, port: usize) -> &StimulusNode {
        let recent = &self.ports[port].recent;
        &self.stimulus.nodes[recent[self.now as usize % recent.len()] as usize]
    }
}

/// Twice the longest time from request to grant: every domain wakes in turn from every port's request, after going down.
fn patience(controller: &Controller) -> u64 {
    let (timing, switch, organisation) = (&controller.timing, &controller.switch, &controller.organisation);
    let up = timing.wake_from_off(*switch).max(timing.wake_from_ret(*switch)).max(timing.wake_from_light());
    let down = [timing.t_iso, timing.t_ret, switch.t_ack_fall, timing.sync_stages, timing.t_min_off, 8];
    let down: u64 = down.into_iter().map(u64::from).sum();
    let busy = u64::from(organisation.read_latency.max(organisation.bank_cycles));
    2 * (u64::from(organisation.domains) * up + down + u64::from(organisation.ports + 1) * busy)
}

/// Checks what playing relies on.
fn check(stimulus: &Stimulus, organisation: &Organisation) -> Result<()> {
    let wrong = |message: String| Err(Error::input(Diagnostic::new("stimulus-misfit", message)));
    if stimulus.ports != organisation.ports {
        return wrong(format!("the stimulus has {} ports, the memory {}", stimulus.ports, organisation.ports));
    }
    let words = organisation.words();
    let inside = |block: &Block| block.first_word.checked_add(block.words).is_some_and(|end| end <= words);
    if let Some(block) = stimulus.blocks.iter().find(|block| block.words == 0 || !inside(block)) {
        return wrong(format!("the block of {} ends beyond the {words} words of the memory", block.lifetime));
    }
    match stimulus.nodes.iter().enumerate().find(|(index, node)| !is_sound(stimulus, *index, node)) {
        Some((index, _)) => wrong(format!("node {index} has a port, block, window or predecessor that does not exist")),
        None => Ok(()),
    }
}

fn is_sound(stimulus: &Stimulus, index: usize, node: &StimulusNode) -> bool {
    let Some(list) = stimulus.patterns.get(node.pattern as usize) else { return false };
    let earlier = list.as_slice().iter().all(|p| p.back > 0 && p.back as usize <= index);
    let window = u64::from(node.window_first) + u64::from(node.window_words);
    let placed = stimulus.blocks.get(node.block.index()).is_some_and(|block| window <= block.words);
    let addressed = node.amount > 0 && node.window_words > 0 && u32::from(node.port) < stimulus.ports && placed;
    earlier && (node.kind == StimulusKind::Work || addressed)
}
