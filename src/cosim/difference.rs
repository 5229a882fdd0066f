//! The first point at which hardware and reference model disagree.

use crate::ids::{DomainId, OpId, TensorId};
use crate::power::cycle::{Outputs, Response, bits};
use crate::power::{Activity, Class, DomainActivity, PortActivity, State};
use serde::{Deserialize, Serialize};

/// A disagreement. Cycles are those of the replay: cycle 0 is the first after reset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Difference {
    /// Cycle in which it was seen; the length of the replay for a counter.
    pub cycle: u64,
    /// Domain that it concerns, if one.
    pub domain: Option<DomainId>,
    /// Port that it concerns, if one.
    pub port: Option<u32>,
    /// Signal or counter.
    pub signal: String,
    /// Value of the reference model.
    pub expected: String,
    /// Value of the hardware.
    pub seen: String,
    /// Op whose request was pending or answered there.
    pub op: Option<OpId>,
    /// Its tensor.
    pub tensor: Option<TensorId>,
}

impl Difference {
    pub(super) fn new(cycle: u64, signal: &str, expected: impl ToString, seen: impl ToString) -> Self {
        let (expected, seen) = (expected.to_string(), seen.to_string());
        Self { cycle, domain: None, port: None, signal: signal.into(), expected, seen, op: None, tensor: None }
    }

    pub(super) fn in_domain(mut self, domain: usize) -> Self {
        self.domain = Some(DomainId(domain as u32));
        self
    }

    pub(super) fn at_port(mut self, port: usize) -> Self {
        self.port = Some(port as u32);
        self
    }
}

/// Compares the outputs of one cycle; `tags` if answers carry the tag of the word they read.
pub(super) fn compare(cycle: u64, expected: &Outputs, seen: &Outputs, tags: bool) -> Option<Difference> {
    if expected.states != seen.states {
        return Some(state_difference(cycle, expected, seen));
    }
    let by_domain = [
        ("sw_o", expected.switches, seen.switches),
        ("sw_ack_i", expected.acknowledge, seen.acknowledge),
        ("fault_o", expected.faults, seen.faults),
        ("lost_live_o", expected.lost_live, seen.lost_live),
    ];
    let masks = || by_domain.iter().find_map(|&(name, e, s)| Some(mask_difference(cycle, name, e, s)?.0));
    let grants = || mask_difference(cycle, "gnt_o", expected.grants, seen.grants);
    let port_grant = || grants().map(|(difference, bit)| Difference { domain: None, ..difference }.at_port(bit));
    masks()
        .or_else(port_grant)
        .or_else(|| responses(cycle, expected, seen, tags))
        .or_else(|| rest(cycle, expected, seen))
}

fn state_difference(cycle: u64, expected: &Outputs, seen: &Outputs) -> Difference {
    let code = |outputs: &Outputs, domain: usize| (outputs.states[domain / 16] >> (4 * (domain % 16)) & 15) as u8;
    let name = |code: u8| State::from_code(code).map_or_else(|| format!("illegal code {code}"), |s| s.name().into());
    let domain = (0..64).find(|&d| code(expected, d) != code(seen, d)).unwrap_or_default();
    Difference::new(cycle, "state_o", name(code(expected, domain)), name(code(seen, domain))).in_domain(domain)
}

/// The lowest bit in which two masks differ.
fn mask_difference(cycle: u64, name: &str, expected: u64, seen: u64) -> Option<(Difference, usize)> {
    let bit = bits(expected ^ seen).next()?;
    let difference = Difference::new(cycle, name, expected >> bit & 1, seen >> bit & 1);
    Some((difference.in_domain(bit), bit))
}

fn responses(cycle: u64, expected: &Outputs, seen: &Outputs, tags: bool) -> Option<Difference> {
    let pairs = expected.responses.iter().zip(&seen.responses).enumerate();
    pairs.into_iter().find_map(|(port, (e, s))| Some(response(cycle, e, s, tags)?.at_port(port)))
}

fn response(cycle: u64, expected: &Response, seen: &Response, tags: bool) -> Option<Difference> {
    let bit = |name: &str, e: bool, s: bool| (e != s).then(|| Difference::new(cycle, name, u8::from(e), u8::from(s)));
    let data = tags && expected.read && !expected.poison && expected.tag != seen.tag;
    let tag = || data.then(|| Difference::new(cycle, "rdata_o", hex(expected.tag), hex(seen.tag)));
    let valid = bit("rvalid_o", expected.valid, seen.valid);
    let flags = || bit("err_o", expected.error, seen.error).or_else(|| bit("poison_o", expected.poison, seen.poison));
    valid.or_else(flags).or_else(tag)
}

fn hex(tag: u32) -> String {
    format!("{tag:#010x}")
}

fn rest(cycle: u64, expected: &Outputs, seen: &Outputs) -> Option<Difference> {
    let flags = [
        ("sched_missed_o", expected.schedule_missed, seen.schedule_missed),
        ("sched_overflow_o", expected.schedule_overflow, seen.schedule_overflow),
    ];
    if let Some((name, e, s)) = flags.into_iter().find(|(_, e, s)| e != s) {
        return Some(Difference::new(cycle, name, u8::from(e), u8::from(s)));
    }
    if expected.quiescent != seen.quiescent {
        let [e, s] = [expected, seen].map(|outputs| u8::from(outputs.quiescent));
        return Some(Difference::new(cycle, "quiescent_o", e, s));
    }
    let text = |event: Option<u64>| event.map_or_else(|| "none".into(), |cycle| cycle.to_string());
    (expected.quiescent && expected.next_event != seen.next_event)
        .then(|| Difference::new(cycle, "next_event_o", text(expected.next_event), text(seen.next_event)))
}

/// Isolation, retention and light controls that the states of the reference model demand, as masks of domains.
pub(super) fn expected_controls(outputs: &Outputs, retained: u64) -> [u64; 3] {
    let mut controls = [0, retained, 0];
    for domain in 0..64 {
        let code = outputs.states[domain / 16] >> (4 * (domain % 16)) & 15;
        let state = State::from_code(code as u8);
        controls[0] |= u64::from(state.is_some_and(State::unisolated)) << domain;
        controls[2] |= u64::from(state == Some(State::Light)) << domain;
    }
    controls
}

/// Compares the control pins of the domains.
pub(super) fn compare_controls(cycle: u64, expected: [u64; 3], seen: [u64; 3]) -> Option<Difference> {
    let names = ["iso_no", "ret_o", "light_o"].into_iter().zip(expected.into_iter().zip(seen));
    names.into_iter().find_map(|(name, (e, s))| Some(mask_difference(cycle, name, e, s)?.0))
}

/// The first counter in which two activities differ.
pub(super) fn compare_activity(expected: &Activity, seen: &Activity) -> Option<Difference> {
    let cycle = expected.cycles.0;
    let counter = |name: &str, e: u64, s: u64| (e != s).then(|| Difference::new(cycle, name, e, s));
    let domains = expected.domains.iter().zip(&seen.domains).enumerate().find_map(|(domain, (e, s))| {
        let pairs = domain_counters(e).into_iter().zip(domain_counters(s));
        pairs.into_iter().find_map(|((name, e), (_, s))| Some(counter(name, e, s)?.in_domain(domain)))
    });
    let ports = || {
        expected.ports.iter().zip(&seen.ports).enumerate().find_map(|(port, (e, s))| {
            let pairs = port_counters(e).into_iter().zip(port_counters(s));
            pairs.into_iter().find_map(|((name, e), (_, s))| Some(counter(name, e, s)?.at_port(port)))
        })
    };
    counter("cycles", cycle, seen.cycles.0).or(domains).or_else(ports)
}

/// Names and values of a domain's counters, in the order of the hardware's index.
pub(super) fn domain_counters(activity: &DomainActivity) -> [(&'static str, u64); 17] {
    let class = |class: Class| (class.name(), activity.class_cycles[class as usize].0);
    let t = &activity.transitions;
    let [off, retention, light, fault, on] = Class::ALL.map(class);
    [
        off,
        retention,
        light,
        fault,
        on,
        ("off_on", t.off_on),
        ("ret_on", t.ret_on),
        ("on_off", t.on_off),
        ("on_ret", t.on_ret),
        ("ret_off", t.ret_off),
        ("on_light", t.on_light),
        ("light_on", t.light_on),
        ("aborted", t.aborted),
        ("stall_wake", activity.stall_wake),
        ("stall_conflict", activity.stall_conflict),
        ("reads", activity.reads),
        ("writes", activity.writes),
    ]
}

/// Names and values of a port's counters, in the order of the hardware's index.
pub(super) fn port_counters(activity: &PortActivity) -> [(&'static str, u64); 2] {
    [("stall_wake", activity.stall_wake), ("stall_conflict", activity.stall_conflict)]
}
