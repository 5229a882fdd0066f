//! Follows all domains from edge to edge.
//!
//! An edge at which nothing changed and nothing is in progress costs a few comparisons, however many domains there are.

use super::access::Accesses;
use super::check::Window;
use super::domain::{Domain, Pins, Step};
use super::property::{Ledger, Place, Property};
use super::signals::Signals;
use super::values::{Slot, Values, mask};
use super::verdict::{Counted, Verdict};
use crate::ids::DomainId;
use crate::power::State;
use crate::power::{Activity, DomainActivity};
use crate::units::Cycles;

/// Sampled control signals of all domains, one bit a domain (four for the state).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Levels {
    state: [u64; 4],
    sw: u64,
    ack: u64,
    iso_n: u64,
    ret: u64,
    light: u64,
    clk_en: u64,
    live: u64,
    pub(super) force_off: u64,
}

impl Levels {
    pub(super) fn read(values: &Values, signals: &Signals) -> Self {
        let optional = |slot: Option<Slot>| slot.map_or(0, |slot| values.word(slot, 0));
        Self {
            state: std::array::from_fn(|i| values.word(signals.state, i)),
            sw: values.word(signals.sw, 0),
            ack: values.word(signals.sw_ack, 0),
            iso_n: values.word(signals.iso_n, 0),
            ret: values.word(signals.ret, 0),
            light: values.word(signals.light, 0),
            clk_en: optional(signals.clk_en),
            live: optional(signals.live),
            force_off: optional(signals.force_off),
        }
    }

    /// State code of a domain.
    pub(super) fn code(&self, domain: usize) -> u8 {
        (self.state[domain / 16] >> (4 * (domain % 16)) & 15) as u8
    }

    fn pins(&self, domain: usize) -> Pins {
        let bit = |word: u64| word >> domain & 1 == 1;
        Pins {
            code: self.code(domain),
            sw: bit(self.sw),
            ack: bit(self.ack),
            iso_n: bit(self.iso_n),
            ret: bit(self.ret),
            light: bit(self.light),
            clk_en: bit(self.clk_en),
            live: bit(self.live),
            force_off: bit(self.force_off),
        }
    }

    /// Domains with a difference.
    fn changed(&self, other: &Self) -> u64 {
        let single = (self.sw ^ other.sw)
            | (self.ack ^ other.ack)
            | (self.iso_n ^ other.iso_n)
            | (self.ret ^ other.ret)
            | (self.light ^ other.light)
            | (self.clk_en ^ other.clk_en)
            | (self.live ^ other.live)
            | (self.force_off ^ other.force_off);
        (0..4).fold(single, |all, word| all | nibbles(self.state[word] ^ other.state[word]) << (16 * word))
    }
}

/// One bit for each of 16 nibbles that is not zero.
fn nibbles(word: u64) -> u64 {
    if word == 0 { 0 } else { (0..16).fold(0, |bits, i| bits | u64::from(word >> (4 * i) & 15 != 0) << i) }
}

/// Positions of the bits that are set.
pub(super) fn set_bits(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let position = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (position < 64).then_some(position)
    })
}

/// What one edge says about the whole memory.
pub(super) struct Edge {
    /// Time in the dump's unit.
    pub(super) time: u64,
    /// Value of the time base, if there is one.
    pub(super) now: Option<u64>,
    /// Whether the memory says that it is quiescent.
    pub(super) quiescent: Option<bool>,
    /// Its next event, if that is valid.
    pub(super) next_event: Option<u64>,
    pub(super) levels: Levels,
}

/// Edges after `rst_ni` rose in which the reset synchroniser still holds the memory: cycle 0 is the next.
const RELEASE: u32 = 2;

/// What stays known from one edge to the next.
struct Previous {
    place: Place,
    levels: Levels,
    now: u64,
    quiescent: Option<bool>,
    next_event: Option<u64>,
    waiting: bool,
}

/// All domains, the request ports and the account.
pub(super) struct Tracker<'a> {
    pub(super) ledger: Ledger,
    pub(super) accesses: Accesses<'a>,
    step: Step<'a>,
    window: Window,
    now_bits: u32,
    all: u64,
    edges: u64,
    span: Option<(u64, u64)>,
    times: Option<(u64, u64)>,
    first_wake: Option<(u64, DomainId)>,
    domains: Vec<Domain>,
    unsettled: u64,
    waking: u64,
    previous: Option<Previous>,
    /// Edges of reset still to come, if reset was seen.
    reset: Option<u32>,
}

impl<'a> Tracker<'a> {
    pub(super) fn new(step: Step<'a>, accesses: Accesses<'a>, ledger: Ledger, window: Window, now_bits: u32) -> Self {
        let domains = step.design.organisation.domains;
        Self {
            ledger,
            accesses,
            step,
            window,
            now_bits,
            all: mask(domains),
            edges: 0,
            span: None,
            times: None,
            first_wake: None,
            domains: vec![Domain::default(); domains as usize],
            unsettled: 0,
            waking: 0,
            previous: None,
            reset: None,
        }
    }

    /// An edge in reset.
    pub(super) fn reset(&mut self, edge: &Edge) {
        let levels = &edge.levels;
        let off = State::SwOff as u8;
        let quiet = levels.sw | levels.iso_n | levels.ret | levels.light | levels.clk_en;
        let down = quiet == 0 && set_bits(self.all).all(|d| levels.code(d) == off);
        let place = Place { time: edge.time, edge: self.edges, cycle: edge.now.unwrap_or(self.edges) };
        self.ledger.book(Property::Reset, down, place, None, || {
            ("a domain is not in SW_OFF with all its outputs 0".into(), vec![])
        });
        self.forget();
        self.reset = Some(RELEASE);
    }

    /// Books whether every control signal is known; `unknown` names one that is not.
    pub(super) fn book_known(&mut self, edge: &Edge, unknown: Option<&str>) {
        let place = Place { time: edge.time, edge: self.edges, cycle: edge.now.unwrap_or(self.edges) };
        self.ledger.book(Property::Known, unknown.is_none(), place, None, || {
            (format!("{} has unknown bits", unknown.unwrap_or_default()), vec![])
        });
    }

    /// Ends the stretch that was followed: what comes next has no known past.
    pub(super) fn forget(&mut self) {
        if let Some(previous) = self.previous.take() {
            self.charge_all(previous.place.cycle + 1);
        }
        self.accesses.forget();
        self.reset = None;
    }

    /// Whether `rst_ni` is up but the memory is still held; counts the edge.
    pub(super) fn is_held(&mut self) -> bool {
        let held = self.reset.is_some_and(|edges| edges > 0);
        self.reset = self.reset.map(|edges| edges.saturating_sub(1));
        held
    }

    /// An edge outside reset.
    pub(super) fn step(&mut self, edge: &Edge, values: &Values, signals: &Signals) {
        let cycle = self.cycle(edge);
        let place = Place { time: edge.time, edge: self.edges, cycle };
        self.edges += 1;
        let levels = edge.levels;
        match self.previous.take() {
            None => self.start(place, &levels),
            Some(previous) => self.advance(place, &previous, &levels),
        }
        let counts = self.window.contains(cycle);
        let domains = &mut self.domains;
        let waiting = self.accesses.step(place, counts, &levels, domains, &mut self.ledger, values, signals);
        self.times = Some((self.times.map_or(edge.time, |(first, _)| first), edge.time));
        if counts {
            self.span = Some((self.span.map_or(cycle, |(first, _)| first), cycle));
        }
        let now = edge.now.unwrap_or(cycle);
        let Edge { quiescent, next_event, .. } = *edge;
        self.previous = Some(Previous { place, levels, now, quiescent, next_event, waiting });
    }

    /// Cycle of an edge: the time base unrolled beyond its width, from the value it was first seen with.
    fn cycle(&mut self, edge: &Edge) -> u64 {
        let (Some(previous), Some(now)) = (&self.previous, edge.now) else {
            return edge.now.unwrap_or(self.edges);
        };
        let delta = now.wrapping_sub(previous.now) & mask(self.now_bits);
        let (forward, reason) = judge_time(delta, self.now_bits, previous, self.unsettled);
        let cycle = previous.place.cycle.wrapping_add(if forward { delta } else { 1 });
        let place = Place { time: edge.time, edge: self.edges, cycle };
        let then = previous.now;
        self.ledger.book(Property::Time, reason.is_none(), place, None, || {
            let signals = vec![("now_i before".into(), then.to_string()), ("now_i".into(), now.to_string())];
            (reason.unwrap_or_default(), signals)
        });
        cycle
    }

    fn start(&mut self, place: Place, levels: &Levels) {
        (self.unsettled, self.waking) = (0, 0);
        for d in 0..self.domains.len() {
            self.domains[d].begin(place, levels.pins(d));
            self.note(d);
        }
        self.reset = None;
    }

    fn advance(&mut self, place: Place, previous: &Previous, levels: &Levels) {
        let active = (levels.changed(&previous.levels) | self.unsettled) & self.all;
        let before = self.waking;
        let counts = self.window.contains(place.cycle);
        for d in set_bits(active) {
            let pins = (previous.levels.pins(d), levels.pins(d));
            let (before, now) = (previous.place, place);
            self.domains[d].step(&self.step, &mut self.ledger, d, (before, now), pins, &self.window, counts);
            self.note(d);
        }
        if self.waking != before {
            self.judge_waking(place, before);
        }
    }

    fn note(&mut self, d: usize) {
        let bit = 1 << d;
        let domain = &self.domains[d];
        self.unsettled = self.unsettled & !bit | if domain.is_settled(&self.step) { 0 } else { bit };
        self.waking = self.waking & !bit | if domain.state().holds_slot() { bit } else { 0 };
    }

    fn judge_waking(&mut self, place: Place, before: u64) {
        let new = self.waking & !before;
        if let (None, Some(d)) = (self.first_wake, set_bits(new).next()) {
            self.first_wake = Some((place.time, DomainId::from(d)));
        }
        let most = self.step.design.timing.max_waking;
        let (count, new) = (self.waking.count_ones(), new.count_ones());
        let waking =
            || vec![("domains in SW_ON or SETTLE".into(), format!("{:?}", set_bits(self.waking).collect::<Vec<_>>()))];
        self.ledger.book(Property::MaxWaking, count <= most, place, None, || {
            (format!("{count} domains wake at once, at most {most} may"), waking())
        });
        self.ledger
            .book(Property::OneSlot, new <= 1, place, None, || (format!("{new} domains got a slot at once"), waking()));
    }

    fn charge_all(&mut self, until: u64) {
        for domain in &mut self.domains {
            domain.charge(until, &self.window);
        }
    }

    /// Closes the account.
    pub(super) fn finish(mut self, scope: String, counted: Counted) -> Verdict {
        self.forget();
        let domains: Vec<DomainActivity> = self.domains.into_iter().map(Domain::into_activity).collect();
        let cycles = domains.first().map_or(Cycles::ZERO, |d| d.class_cycles.iter().copied().sum());
        Verdict {
            scope,
            edges: self.edges,
            cycles: self.span.unwrap_or_default(),
            times: self.times.unwrap_or_default(),
            first_wake: self.first_wake,
            checks: self.ledger.into_checks(),
            activity: Activity { cycles, domains, ports: self.accesses.into_ports() },
            counted,
        }
    }
}

/// Whether time went forward, and what is wrong with the step.
fn judge_time(delta: u64, bits: u32, previous: &Previous, unsettled: u64) -> (bool, Option<String>) {
    let forward = delta != 0 && (delta >> (bits - 1)) & 1 == 0;
    if !forward {
        return (false, Some("now_i did not increase".into()));
    }
    if delta == 1 {
        return (true, None);
    }
    let limit = previous.next_event.map(|next| next.wrapping_sub(previous.now) & mask(bits));
    let reason = if unsettled != 0 {
        Some("now_i jumps while a domain is between two states".into())
    } else if previous.waiting {
        Some("now_i jumps while a request waits".into())
    } else if previous.quiescent == Some(false) {
        Some("now_i jumps although quiescent_o is 0".into())
    } else if limit.is_some_and(|limit| delta > limit) {
        Some("now_i jumps beyond next_event_o".into())
    } else {
        None
    };
    (true, reason)
}
