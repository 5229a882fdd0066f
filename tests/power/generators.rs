//! Random controllers and stimuli, for everything that must agree on what is counted.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use trapti::ids::{BlockId, LifetimeId, OpId, TensorId};
use trapti::power::{
    Block, Controller, ControllerTiming, Entry, Operation, Organisation, Policy, StartTable, States, Stimulus,
    StimulusKind, StimulusNode, SwitchDelays,
};
use trapti::trace::{Predecessor, Predecessors};
use trapti::units::Cycles;

/// Organisations with 1 to 8 domains of 4 to 64 words.
pub fn organisation() -> impl Strategy<Value = Organisation> {
    (1u32..=8, 0u32..=2, 2u32..=6, 3u32..=6, 1u32..=4, 1u32..=7, 1u32..=4).prop_map(
        |(domains, interleave, words, bits, ports, read_latency, bank_cycles)| Organisation {
            domains,
            interleave: 1 << interleave,
            domain_words: 1 << words.max(interleave),
            word_bits: 1 << bits,
            ports,
            read_latency,
            bank_cycles,
        },
    )
}

fn policy() -> impl Strategy<Value = Policy> {
    let threshold = || option::of((0u64..60).prop_map(Cycles));
    prop_oneof![
        Just(Policy::Never),
        Just(Policy::Immediate),
        Just(Policy::Mask),
        (threshold(), threshold(), threshold()).prop_map(|(light, retention, off)| Policy::Timeout {
            light,
            retention,
            off
        }),
        (option::of((1u64..30).prop_map(Cycles)), 1u64..40, 1u64..100).prop_map(|(light, retention, more)| {
            // Retention first, OFF later.
            let [retention, off] = [retention, retention + more].map(|cycles| Some(Cycles(cycles)));
            Policy::Timeout { light, retention, off }
        }),
    ]
}

fn scheduled() -> impl Strategy<Value = Policy> {
    let threshold = || option::of((0u64..60).prop_map(Cycles));
    (1u32..20, threshold(), threshold(), threshold()).prop_map(|(depth, light, retention, off)| Policy::Scheduled {
        depth,
        light,
        retention,
        off,
    })
}

/// Tables of a schedule: the transfers that start them by any number, entries not always in order and not always of a domain.
pub fn tables() -> impl Strategy<Value = Vec<(u32, Vec<Entry>)>> {
    let operation =
        prop_oneof![Just(Operation::Prewake), Just(Operation::Light), Just(Operation::Retain), Just(Operation::Off)];
    let entry = (prop_oneof![0u64..80, 0u64..600], 0u32..9, operation).prop_map(|(delta, domain, operation)| Entry {
        delta,
        domain,
        operation,
    });
    let entries = (vec(entry, 0..20), any::<bool>()).prop_map(|(mut entries, sorted)| {
        if sorted {
            entries.sort_unstable();
        }
        entries
    });
    vec((any::<u32>(), entries), 0..6)
}

/// Gives a stimulus tables that a policy can play, if it plays any.
pub fn with_tables(mut stimulus: Stimulus, controller: &Controller, tables: Vec<(u32, Vec<Entry>)>) -> Stimulus {
    let transfers: Vec<usize> =
        (0..stimulus.nodes.len()).filter(|&node| stimulus.nodes[node].kind != StimulusKind::Work).collect();
    let table = |(index, (anchor, mut entries)): (usize, (u32, Vec<Entry>))| {
        entries.truncate(controller.policy.schedule_depth() as usize);
        let anchored = index > 0 && !transfers.is_empty();
        StartTable { anchor: anchored.then(|| transfers[anchor as usize % transfers.len()].into()), entries }
    };
    stimulus.tables = tables.into_iter().enumerate().map(table).collect();
    stimulus
}

/// Whether a domain is always asleep when the threshold of OFF is reached: what is in retention then goes OFF by timer,
/// or with its data later, and never because the threshold was reached before it slept.
pub fn deepens_in_retention(controller: &Controller) -> bool {
    let [_, retention, off] = controller.policy.thresholds(controller.states).map(|cycles| cycles.0);
    retention > 0 && off > retention.max(controller.timing.t_min_on.into())
}

/// Times with T_* from 0, and delays of the switch that T_ACK_MAX covers.
pub fn timing() -> impl Strategy<Value = (ControllerTiming, SwitchDelays)> {
    let states = (0u32..4, 0u32..9, 0u32..6, 0u32..5, 0u32..4);
    let least = (prop_oneof![Just(0u32), 1u32..40], prop_oneof![Just(0u32), 1u32..40]);
    (states, least, 1u32..=3, 1u32..=3, (0u32..8, 0u32..6, 0u32..8), 0u32..3).prop_map(
        |(states, (t_min_on, t_min_off), max_waking, sync_stages, (t_ack_off, t_ack_ret, t_ack_fall), spare)| {
            let (t_iso, t_settle_off, t_settle_ret, t_ret, t_light) = states;
            let t_ack_max = t_ack_off.max(t_ack_ret).max(t_ack_fall) + sync_stages + 1 + spare;
            let timing = ControllerTiming {
                t_iso,
                t_settle_off,
                t_settle_ret,
                t_ret,
                t_light,
                t_ack_max,
                t_min_on,
                t_min_off,
                max_waking,
                sync_stages,
            };
            (timing, SwitchDelays { t_ack_off, t_ack_ret, t_ack_fall })
        },
    )
}

/// Any controller without a schedule player.
pub fn controller() -> impl Strategy<Value = Controller> {
    under(policy())
}

/// Any controller with a schedule player.
pub fn scheduled_controller() -> impl Strategy<Value = Controller> {
    under(scheduled())
}

/// Any controller that a memory can be built with.
pub fn any_controller() -> impl Strategy<Value = Controller> {
    prop_oneof![4 => under(policy()), 1 => under(scheduled())]
}

fn under(policy: impl Strategy<Value = Policy>) -> impl Strategy<Value = Controller> {
    (organisation(), timing(), any::<(bool, bool, bool)>(), policy).prop_map(
        |(organisation, (timing, switch), (light, retention, reset_on), policy)| Controller {
            organisation,
            timing,
            switch,
            states: States { light, retention },
            policy,
            reset_on,
        },
    )
}

/// Raw numbers from which a node is made; all are taken modulo what is possible where the node stands.
#[derive(Debug, Clone)]
struct Draft {
    what: u8,
    port: u32,
    place: (u64, u64),
    window: (u32, u32, u32),
    amount: u32,
    slack: u64,
    back: [Option<(u32, u32)>; 3],
    last_bytes: u32,
    survives: bool,
}

fn draft() -> impl Strategy<Value = Draft> {
    let slack = prop_oneof![5 => Just(0u64), 3 => 1u64..6, 2 => 20u64..200, 1 => 200u64..600];
    let back = || option::weighted(0.3, (1u32..8, prop_oneof![0u32..4, 0u32..40]));
    (
        any::<u8>(),
        any::<u32>(),
        (any::<u64>(), any::<u64>()),
        any::<(u32, u32, u32)>(),
        any::<u32>(),
        slack,
        [back(), back(), back()],
        any::<u32>(),
        proptest::bool::weighted(0.1),
    )
        .prop_map(|(what, port, place, window, amount, slack, back, last_bytes, survives)| Draft {
            what,
            port,
            place,
            window,
            amount,
            slack,
            back,
            last_bytes,
            survives,
        })
}

/// A stimulus under construction, with the times an always-granting memory would show.
struct Builder {
    organisation: Organisation,
    stimulus: Stimulus,
    done: Vec<u64>,
    port_done: Vec<u64>,
    /// Of each block: the node that writes it whole, latest done, and whether it may be used further.
    blocks: Vec<(u32, u64, bool)>,
}

impl Builder {
    fn new(organisation: Organisation) -> Self {
        let stimulus = Stimulus { ports: organisation.ports, ..Stimulus::default() };
        let port_done = vec![0; organisation.ports as usize];
        Self { organisation, stimulus, done: Vec::new(), port_done, blocks: Vec::new() }
    }

    fn add(&mut self, draft: &Draft) {
        let open: Vec<usize> = (0..self.blocks.len()).filter(|&block| self.blocks[block].2).collect();
        match draft.what % 8 {
            0 => self.work(draft),
            1 | 2 => self.open_block(draft),
            _ if open.is_empty() => self.open_block(draft),
            kind => self.use_block(draft, open[draft.place.0 as usize % open.len()], kind < 5),
        }
    }

    fn predecessors(&self, draft: &Draft, also: Option<u32>) -> Predecessors {
        let index = self.done.len() as u32;
        let mut list = Predecessors::NONE;
        for (back, lag) in draft.back.iter().flatten().filter(|(back, _)| *back <= index) {
            list.push(Predecessor { back: *back, lag: *lag });
        }
        if let Some(node) = also {
            list.push(Predecessor { back: index - node, lag: draft.amount % 3 });
        }
        list
    }

    /// Appends a node that starts `slack` after everything allows it.
    fn push(&mut self, mut node: StimulusNode, list: Predecessors, slack: u64, bound: u64) {
        let index = self.done.len();
        let allowed = list.as_slice().iter().map(|p| self.done[index - p.back as usize] + u64::from(p.lag)).max();
        let start = bound.max(allowed.unwrap_or(0)) + slack;
        node.start = Cycles(start);
        node.pattern = self.stimulus.patterns.len() as u32;
        node.op = OpId(index as u32 / 4);
        self.stimulus.patterns.push(list);
        self.stimulus.nodes.push(node);
        let done = start + u64::from(node.amount);
        self.done.push(done);
        if node.kind != StimulusKind::Work {
            self.port_done[usize::from(node.port)] = done;
            let block = &mut self.stimulus.blocks[node.block.index()];
            block.transfers += 1;
            self.blocks[node.block.index()].1 = self.blocks[node.block.index()].1.max(done);
        }
    }

    fn work(&mut self, draft: &Draft) {
        let node = StimulusNode { amount: draft.amount % 60, ..blank(StimulusKind::Work, 0, BlockId(0)) };
        self.push(node, self.predecessors(draft, None), draft.slack, 0);
    }

    fn open_block(&mut self, draft: &Draft) {
        let memory = self.organisation.words();
        let words = 1 + draft.place.1 % memory.min(24);
        let first_word = draft.place.0 % (memory - words + 1);
        let overlaps = |b: &Block| b.first_word < first_word + words && first_word < b.first_word + b.words;
        let after: Vec<usize> =
            (0..self.blocks.len()).filter(|&block| overlaps(&self.stimulus.blocks[block])).collect();
        let mut vacant = 0;
        for &earlier in &after {
            self.blocks[earlier].2 = false;
            self.stimulus.blocks[earlier].survives = false;
            vacant = vacant.max(self.blocks[earlier].1);
        }
        let id = self.blocks.len();
        self.blocks.push((self.done.len() as u32, 0, true));
        self.stimulus.blocks.push(Block {
            lifetime: LifetimeId(id as u32),
            first_word,
            words,
            last_bytes: 1 + draft.last_bytes % (self.organisation.word_bits / 8),
            transfers: 0,
            survives: draft.survives,
            after: after.into_iter().map(BlockId::from).collect(),
        });
        let port = draft.port % self.organisation.ports;
        let node = StimulusNode {
            amount: words as u32,
            window_words: words as u32,
            ..blank(StimulusKind::Write, port, BlockId(id as u32))
        };
        let bound = vacant.max(self.port_done[port as usize]);
        self.push(node, self.predecessors(draft, None), draft.slack, bound);
    }

    fn use_block(&mut self, draft: &Draft, block: usize, write: bool) {
        let words = self.stimulus.blocks[block].words as u32;
        let window_first = draft.window.0 % words;
        let window_words = 1 + draft.window.1 % (words - window_first);
        let port = draft.port % self.organisation.ports;
        let kind = if write { StimulusKind::Write } else { StimulusKind::Read };
        let node = StimulusNode {
            amount: 1 + draft.amount % (2 * window_words),
            window_first,
            window_words,
            cursor: draft.window.2 % window_words,
            ..blank(kind, port, BlockId(block as u32))
        };
        let list = self.predecessors(draft, Some(self.blocks[block].0));
        self.push(node, list, draft.slack, self.port_done[port as usize]);
    }
}

fn blank(kind: StimulusKind, port: u32, block: BlockId) -> StimulusNode {
    StimulusNode {
        start: Cycles(0),
        amount: 0,
        pattern: 0,
        block,
        window_first: 0,
        window_words: 1,
        cursor: 0,
        kind,
        port: port as u8,
        op: OpId(0),
        tensor: TensorId(block.0),
    }
}

/// Stimuli of up to `nodes` nodes for a memory: blocks that reuse words, waits on predecessors, work, gaps long enough
/// to sleep. Every block is written whole before anything else touches it, and planned starts are those of a memory that
/// always grants.
pub fn stimulus(organisation: Organisation, nodes: usize) -> impl Strategy<Value = Stimulus> {
    vec(draft(), 1..=nodes).prop_map(move |drafts| {
        let mut builder = Builder::new(organisation);
        for draft in &drafts {
            builder.add(draft);
        }
        builder.stimulus
    })
}

/// A controller and a stimulus of up to 60 nodes for it.
pub fn scenario() -> impl Strategy<Value = (Controller, Stimulus)> {
    let any = |controller: Controller| (Just(controller), stimulus(controller.organisation, 60), tables());
    let played = |(controller, stimulus, tables)| (controller, with_tables(stimulus, &controller, tables));
    any_controller().prop_flat_map(any).prop_map(played)
}
