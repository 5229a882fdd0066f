//! The event loop: who acts in which cycle, and who has to be told.

use super::agenda::{Agenda, NEVER};
use super::banks::Stream;
use super::blocks::{Blocks, domains_of};
use super::domain::{Domain, Parameters, State};
use super::order::{NOBODY, Order};
use super::port::Port;
use super::schedule::Tables;
use super::wake::WakeArbiter;
use crate::power::{Activity, Controller, StartTable, Stimulus, StimulusKind};
use crate::units::Cycles;

/// Looks at `live` first in a cycle,
const LIVE: usize = 0;
/// then at the ports, which assert their requests, then at the wake arbiter, which sees the registered states, then at
/// the domains, which change them, then at the host of the schedule, and at its player, whose entries count from the next
/// cycle on.
const PORTS: usize = 1;

/// A stimulus that is being played.
pub(super) struct Player<'a> {
    stimulus: &'a Stimulus,
    controller: &'a Controller,
    parameters: Parameters,
    agenda: Agenda,
    order: Order,
    blocks: Blocks,
    ports: Vec<Port>,
    streams: Vec<Stream>,
    domains: Vec<Domain>,
    wake: WakeArbiter,
    tables: Tables<'a>,
    /// Nodes to be closed, each with its `done`.
    closing: Vec<(u32, u64)>,
    /// Transfers that are not done.
    transfers: usize,
    /// Requests of the transfers that are done.
    requests: u64,
    /// The length so far.
    end: u64,
}

impl<'a> Player<'a> {
    /// Everything in its reset state, and every node that waits for nothing under way.
    pub(super) fn new(stimulus: &'a Stimulus, tables: &'a [StartTable], controller: &'a Controller) -> Self {
        let organisation = &controller.organisation;
        let (ports, domains) = (organisation.ports as usize, organisation.domains as usize);
        let mut player = Self {
            stimulus,
            controller,
            parameters: Parameters::new(controller),
            agenda: Agenda::new(PORTS + ports + 1 + domains + 2),
            order: Order::new(stimulus.nodes.len()),
            blocks: Blocks::new(stimulus, organisation),
            ports: (0..ports).map(|_| Port::default()).collect(),
            streams: vec![Stream::default(); ports],
            domains: (0..domains).map(|_| Domain::new(controller)).collect(),
            wake: WakeArbiter::new(controller.timing.max_waking),
            tables: Tables::new(tables, controller),
            closing: Vec::new(),
            transfers: 0,
            requests: 0,
            end: 0,
        };
        player.open_nodes();
        (0..domains).for_each(|domain| player.reschedule(domain, 0));
        player.agenda.set(player.host_actor(), player.tables.next_start());
        player
    }

    fn open_nodes(&mut self) {
        for (index, node) in self.stimulus.nodes.iter().enumerate() {
            if node.kind != StimulusKind::Work {
                self.ports[usize::from(node.port)].queue.push(index as u32);
                self.transfers += 1;
            } else {
                self.try_work(index as u32);
                self.close_all();
            }
        }
        (0..self.ports.len()).for_each(|port| self.try_port(port));
    }

    /// Plays to the end; the nodes that never start, 0 if all is well. Tells `progress` of the requests done.
    pub(super) fn play(&mut self, progress: &mut dyn FnMut(u64)) -> usize {
        const EVENTS_BETWEEN_REPORTS: u64 = 1 << 16;
        let mut events = 0_u64;
        while self.transfers > 0 && self.agenda.first().0 != NEVER {
            let (cycle, actor) = self.agenda.first();
            self.act(cycle, actor);
            events += 1;
            if events.is_multiple_of(EVENTS_BETWEEN_REPORTS) {
                progress(self.requests);
            }
        }
        while self.agenda.first().0.saturating_add(1) < self.end {
            let (cycle, actor) = self.agenda.first();
            self.act(cycle, actor);
        }
        progress(self.requests);
        self.transfers
    }

    /// The counts of the whole.
    pub(super) fn activity(mut self) -> Activity {
        let (end, streams) = (self.end, self.streams);
        let domains = self.domains.iter_mut().map(|domain| domain.activity(end)).collect();
        Activity { cycles: Cycles(end), domains, ports: streams.into_iter().map(|stream| stream.stalls).collect() }
    }

    fn act(&mut self, cycle: u64, actor: usize) {
        let wake = PORTS + self.ports.len();
        match actor {
            LIVE => self.end_live(cycle),
            _ if actor < wake => self.request(actor - PORTS, cycle),
            _ if actor == wake => self.grant_slot(cycle),
            _ if actor < self.host_actor() => self.step_domain(actor - wake - 1, cycle),
            _ if actor == self.host_actor() => self.start_table(cycle),
            _ => self.apply_entry(cycle),
        }
    }

    fn wake_actor(&self) -> usize {
        PORTS + self.ports.len()
    }

    fn host_actor(&self) -> usize {
        self.wake_actor() + 1 + self.domains.len()
    }

    /// The host starts the next table; no entry is applied in the cycle of a start.
    fn start_table(&mut self, cycle: u64) {
        self.tables.start(cycle);
        self.agenda.set(self.host_actor(), self.tables.next_start());
        self.agenda.set(self.host_actor() + 1, self.tables.next_entry(cycle + 1));
    }

    /// The player applies an entry.
    fn apply_entry(&mut self, cycle: u64) {
        let told = self.tables.apply();
        self.agenda.set(self.host_actor() + 1, self.tables.next_entry(cycle + 1));
        if let Some((domain, level)) = told.filter(|(domain, _)| *domain < self.domains.len()) {
            self.domains[domain].told = Some((level, cycle));
            self.reschedule(domain, cycle + 1);
        }
    }

    /// Works out anew when `domain` needs a look, its inputs being as they are from `now` on.
    fn reschedule(&mut self, domain: usize, now: u64) {
        let due = self.domains[domain].due(now, &self.streams, &self.parameters);
        self.agenda.set(self.wake_actor() + 1 + domain, due);
    }

    fn end_live(&mut self, cycle: u64) {
        while let Some(block) = self.blocks.take_end(cycle) {
            for domain in domains_of(self.stimulus, &self.controller.organisation, block) {
                self.domains[domain].live -= 1;
                self.reschedule(domain, cycle);
            }
        }
        self.agenda.set(LIVE, self.blocks.next_end());
    }

    /// The port asserts the first request of a stretch.
    fn request(&mut self, port: usize, cycle: u64) {
        let organisation = &self.controller.organisation;
        self.agenda.set(PORTS + port, NEVER);
        let Some(node) = self.ports[port].current() else { return };
        let (block, kind) = (self.stimulus.nodes[node as usize].block, self.stimulus.nodes[node as usize].kind);
        if !self.ports[port].continues() {
            self.ports[port].start(self.stimulus, node);
            self.tables.assert(node, cycle);
            self.agenda.set(self.host_actor(), self.tables.next_start());
            if self.blocks.start(block) {
                for domain in domains_of(self.stimulus, organisation, block) {
                    self.domains[domain].live += 1;
                    self.reschedule(domain, cycle);
                }
            }
        }
        let at = self.ports[port].stretch(self.stimulus, organisation, &mut self.streams[port]);
        self.streams[port].write = kind == StimulusKind::Write;
        self.domains[at].join(port as u32, cycle, &mut self.streams);
        self.reschedule(at, cycle);
    }

    fn grant_slot(&mut self, cycle: u64) {
        let slot = self.wake.slot(cycle, &self.domains, &self.parameters);
        if let Some(domain) = slot {
            self.domains[domain].enter(State::SwOn, cycle, &self.parameters);
            self.reschedule(domain, cycle + 1);
        }
        let waiting = slot.is_some() && self.domains.iter().any(|domain| domain.state == State::Arb);
        self.agenda.set(self.wake_actor(), if waiting { cycle + 1 } else { NEVER });
    }

    /// The domain ends what ends in `cycle`: stretches, or its state.
    fn step_domain(&mut self, domain: usize, cycle: u64) {
        self.domains[domain].sync(cycle + 1, &mut self.streams);
        if self.domains[domain].serves() {
            self.serve_domain(domain, cycle);
        } else {
            self.change_state(domain, cycle);
            self.reschedule(domain, cycle + 1);
        }
    }

    /// Ends the stretches that end in `cycle`; if none does, goes on until one does or somebody else has to act.
    fn serve_domain(&mut self, domain: usize, cycle: u64) {
        let actor = self.wake_actor() + 1 + domain;
        self.agenda.set(actor, NEVER);
        let (others, _) = self.agenda.first();
        let mut cycle = cycle;
        while !self.end_stretches(domain, cycle) {
            let due = self.domains[domain].due(cycle + 1, &self.streams, &self.parameters);
            if due >= others {
                return self.agenda.set(actor, due);
            }
            cycle = due;
            self.domains[domain].sync(cycle + 1, &mut self.streams);
        }
        self.reschedule(domain, cycle + 1);
    }

    fn change_state(&mut self, domain: usize, cycle: u64) {
        let actor = &mut self.domains[domain];
        let (last, state) = actor.next(cycle, &self.parameters);
        debug_assert_eq!(last, cycle, "{:?} to {state:?}", actor.state);
        let frees_slot = actor.wakes() && state != State::Settle;
        actor.enter(state, cycle, &self.parameters);
        if state == State::Fault {
            actor.discount_pending(&self.streams);
        }
        if frees_slot || state == State::Arb {
            self.agenda.set_at_most(self.wake_actor(), cycle + 1);
        }
    }

    /// Whether any stretch ended.
    fn end_stretches(&mut self, domain: usize, cycle: u64) -> bool {
        let (mut member, members) = (0, self.domains[domain].banks.members.len());
        while let Some(&port) = self.domains[domain].banks.members.get(member) {
            if self.streams[port as usize].left > 0 {
                member += 1;
                continue;
            }
            self.domains[domain].banks.leave(member);
            if self.ports[port as usize].continues() {
                self.agenda.set(PORTS + port as usize, cycle + 1);
            } else {
                self.end_transfer(port as usize, cycle + 1);
            }
        }
        self.domains[domain].banks.members.len() < members
    }

    fn end_transfer(&mut self, port: usize, done: u64) {
        let Some(index) = self.ports[port].current() else { return };
        let node = &self.stimulus.nodes[index as usize];
        self.transfers -= 1;
        self.requests += u64::from(node.amount);
        self.end = self.end.max(done + u64::from(self.controller.organisation.read_latency));
        self.ports[port].finish(done);
        if self.blocks.finish_transfer(self.stimulus, node.block, done) {
            self.agenda.set(LIVE, self.blocks.next_end());
            for other in 0..self.ports.len() {
                if self.ports[other].awaited == Some(node.block) {
                    self.try_port(other);
                }
            }
        }
        self.closing.push((index, done));
        self.close_all();
        self.try_port(port);
    }

    /// Closes nodes until no other follows from them.
    fn close_all(&mut self) {
        while let Some((node, done)) = self.closing.pop() {
            let mut waiter = self.order.close(node, done);
            while waiter != NOBODY {
                let next = self.order.after(waiter);
                match &self.stimulus.nodes[waiter as usize] {
                    node if node.kind == StimulusKind::Work => self.try_work(waiter),
                    node => self.try_port(usize::from(node.port)),
                }
                waiter = next;
            }
        }
    }

    /// Plans the end of a work node, if its predecessors are done.
    fn try_work(&mut self, index: u32) {
        let node = &self.stimulus.nodes[index as usize];
        let earliest = self.order.earliest(self.stimulus, index);
        if earliest != NEVER {
            let done = earliest.max(node.start.0) + u64::from(node.amount);
            self.end = self.end.max(done);
            self.closing.push((index, done));
        }
    }

    /// Plans the start of the port's next transfer, if all it waits for is done.
    fn try_port(&mut self, port: usize) {
        self.ports[port].awaited = None;
        let Some(index) = self.ports[port].current() else { return };
        let node = &self.stimulus.nodes[index as usize];
        let earliest = self.order.earliest(self.stimulus, index);
        if earliest == NEVER {
            return;
        }
        match self.blocks.vacant(self.stimulus, node.block) {
            Ok(vacant) => {
                let start = node.start.0.max(earliest).max(vacant).max(self.ports[port].free);
                self.agenda.set(PORTS + port, start);
            }
            Err(earlier) => self.ports[port].awaited = Some(earlier),
        }
    }
}
