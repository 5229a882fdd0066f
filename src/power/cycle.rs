//! One evaluated cycle of the memory: what it is given and what it shows.
//!
//! The reference model and the verilated hardware are both a [`Device`]; a replay drives either, or both in lock-step.

use super::Entry;

/// What a request port asserts in a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Request {
    /// Whether anything is asserted; the rest is meaningless otherwise.
    pub valid: bool,
    /// Write, otherwise read.
    pub write: bool,
    /// Word address.
    pub word: u64,
    /// Byte enables, byte 0 in bit 0: bytes written, or bytes whose validity a read asks about.
    pub enables: u128,
    /// Stands for the data of a write.
    pub tag: u32,
}

/// What the host gives the schedule player in a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheduling {
    /// Nothing.
    #[default]
    Nothing,
    /// The next entry of the inactive half.
    Write(Entry),
    /// The inactive half is complete.
    Filled,
    /// Start of the inactive half.
    Start,
}

/// Inputs of one cycle. Domain `d` is bit `d` of a mask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inputs {
    /// The cycle.
    pub now: u64,
    /// One for each port.
    pub requests: Vec<Request>,
    /// Domains that hold live data.
    pub live: u64,
    /// Domains forced ON.
    pub force_on: u64,
    /// Domains forced OFF.
    pub force_off: u64,
    /// Domains whose fault is cleared.
    pub fault_clear: u64,
    /// Acknowledge pins; `None` if the switches follow with their delays, as in replays.
    pub acknowledge: Option<u64>,
    /// For the schedule player, if there is one.
    pub schedule: Scheduling,
    /// Clears the flags of the schedule player.
    pub schedule_clear: bool,
}

impl Inputs {
    /// Nothing asserted, for `ports` ports.
    pub fn idle(ports: u32) -> Self {
        Self { requests: vec![Request::default(); ports as usize], ..Self::default() }
    }
}

/// What a port answers in a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Response {
    /// Whether there is an answer; the rest is 0 otherwise.
    pub valid: bool,
    /// Whether it answers a read that the memory served.
    pub read: bool,
    /// Refused: no such address, domain in FAULT or forced off, or supply lost before the answer.
    pub error: bool,
    /// An enabled byte was not written since the domain last lost its contents.
    pub poison: bool,
    /// Tag of the last write to the word; 0 if the word holds nothing or with a write.
    pub tag: u32,
}

/// Outputs of one cycle.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outputs {
    /// Ports whose request is granted.
    pub grants: u64,
    /// One for each port.
    pub responses: Vec<Response>,
    /// State codes, 4 bits a domain, 16 domains a word.
    pub states: [u64; 4],
    /// Power switches.
    pub switches: u64,
    /// Acknowledge pins.
    pub acknowledge: u64,
    /// Domains that were in FAULT since it was last cleared.
    pub faults: u64,
    /// Domains that were forced off with live data since their fault was last cleared.
    pub lost_live: u64,
    /// A start came before its table was complete, since the flag was last cleared.
    pub schedule_missed: bool,
    /// A table entry found no room, since the flag was last cleared.
    pub schedule_overflow: bool,
    /// Nothing is under way: the host may skip to the next event.
    pub quiescent: bool,
    /// Next cycle in which a domain moves by itself, of a quiescent memory; `None` for never.
    pub next_event: Option<u64>,
}

/// Something that evaluates a memory cycle by cycle.
pub trait Device {
    /// Evaluates cycle `inputs.now`, including the clock edge at its end, and shows the outputs of the cycle.
    fn cycle(&mut self, inputs: &Inputs) -> &Outputs;
}

/// Indices of the bits that are set, ascending.
pub fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (mask != 0).then(|| {
            let lowest = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            lowest
        })
    })
}
