//! `memory.json` of a generated directory: the numbers somebody integrates the memory with.

use super::ports::ports;
use super::{Direction, Parameters};
use crate::power::Design;
use crate::{artefact, schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The memory as its surroundings see it. A [`Span`] gives a time in cycles and in nanoseconds of the design's clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MemoryDescription {
    /// `trapti.memory/1`.
    pub schema: String,
    /// Name of the design.
    pub design: String,
    /// Top module.
    pub top: String,
    /// BLAKE3 of `design.json`.
    pub design_digest: String,
    /// How lifetimes were placed.
    pub placement: String,
    /// Verilog parameters of `pgsram_top`.
    pub parameters: BTreeMap<String, u64>,
    /// From a word address to domain, bank and row.
    pub address_map: AddressMap,
    /// Clock in hertz.
    pub clock_hz: u64,
    /// Controller times, by parameter.
    pub timing: BTreeMap<String, Span>,
    /// Idle thresholds that are enabled, by state.
    pub thresholds: BTreeMap<String, Span>,
    /// Stall of an access to an uncontended domain, by the state it sleeps in; the switch answers after its nominal delay.
    pub wake_latency: BTreeMap<String, Span>,
    /// Inputs that no clock edge of `clk_i` launches.
    pub asynchronous_inputs: Vec<String>,
    /// Ports of the top module.
    pub ports: Vec<PortEntry>,
}

/// A time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Span {
    /// Clock cycles.
    pub cycles: u64,
    /// Nanoseconds.
    pub nanoseconds: f64,
}

/// Fields of a word address; banks and rows are powers of two, domains need not be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AddressMap {
    /// Words of the memory; a higher address is answered with an error.
    pub words: u64,
    /// Bits of a word.
    pub word_bits: u32,
    /// Bank inside the domain.
    pub bank: AddressField,
    /// Word inside the bank.
    pub row: AddressField,
    /// Power domain.
    pub domain: AddressField,
}

/// A bit field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AddressField {
    /// Lowest bit.
    pub lsb: u32,
    /// Bits; 0 if there is only one value.
    pub bits: u32,
    /// Number of values.
    pub values: u64,
}

/// A port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PortEntry {
    /// Name.
    pub name: String,
    /// Direction.
    pub direction: Direction,
    /// Bits.
    pub width: u32,
    /// What it carries.
    pub meaning: String,
}

impl MemoryDescription {
    /// The description of a design whose checked parameters are `parameters`.
    pub(super) fn new(design: &Design, top: &str, design_text: &str, parameters: &Parameters) -> Self {
        Self {
            schema: schema::MEMORY.into(),
            design: design.name.clone(),
            top: top.into(),
            design_digest: artefact::digest(design_text.as_bytes()),
            placement: design.placement.clone(),
            parameters: parameters.values().iter().map(|(name, value)| (name.to_string(), *value)).collect(),
            address_map: address_map(parameters),
            clock_hz: design.clock.0,
            timing: timing(design),
            thresholds: thresholds(design),
            wake_latency: wake_latency(design),
            asynchronous_inputs: vec!["rst_ni".into(), "sw_ack_i".into()],
            ports: port_entries(parameters),
        }
    }
}

fn span(design: &Design, cycles: u64) -> Span {
    Span { cycles, nanoseconds: cycles as f64 * 1e9 / design.clock.0 as f64 }
}

fn address_map(parameters: &Parameters) -> AddressMap {
    let (banks, words) = (u64::from(parameters.interleave), parameters.domain_words);
    let (bank_bits, word_bits) = (banks.trailing_zeros(), words.trailing_zeros());
    let domain_bits = parameters.address_bits().saturating_sub(word_bits);
    let field = |lsb, bits, values| AddressField { lsb, bits, values };
    AddressMap {
        words: words * u64::from(parameters.domains),
        word_bits: parameters.word_bits,
        bank: field(0, bank_bits, banks),
        row: field(bank_bits, word_bits - bank_bits, words / banks),
        domain: field(word_bits, domain_bits, parameters.domains.into()),
    }
}

fn timing(design: &Design) -> BTreeMap<String, Span> {
    let (t, s, o) = (&design.timing, &design.switch, &design.organisation);
    let values = [
        ("BANK_CYCLES", o.bank_cycles),
        ("RD_LATENCY", o.read_latency),
        ("T_ISO", t.t_iso.max(1)),
        ("T_SETTLE_OFF", t.t_settle_off.max(1)),
        ("T_SETTLE_RET", t.t_settle_ret.max(1)),
        ("T_RET", t.t_ret.max(1)),
        ("T_LIGHT", t.t_light.max(1)),
        ("T_ACK_MAX", t.t_ack_max),
        ("T_MIN_ON", t.t_min_on),
        ("T_MIN_OFF", t.t_min_off),
        ("T_ACK_OFF", s.t_ack_off),
        ("T_ACK_RET", s.t_ack_ret),
        ("T_ACK_FALL", s.t_ack_fall),
    ];
    values.into_iter().map(|(name, cycles)| (name.to_string(), span(design, cycles.into()))).collect()
}

fn thresholds(design: &Design) -> BTreeMap<String, Span> {
    let values = design.policy.thresholds(design.states).into_iter().map(|cycles| cycles.0);
    let named = ["LIGHT", "RET", "OFF"].into_iter().zip(values).filter(|(_, cycles)| *cycles > 0);
    named.map(|(name, cycles)| (name.to_string(), span(design, cycles))).collect()
}

fn wake_latency(design: &Design) -> BTreeMap<String, Span> {
    let (t, s) = (&design.timing, design.switch);
    let mut latency = BTreeMap::from([("OFF".to_string(), span(design, t.wake_from_off(s)))]);
    if design.states.retention {
        latency.insert("RET".into(), span(design, t.wake_from_ret(s)));
    }
    if design.states.light {
        latency.insert("LIGHT".into(), span(design, t.wake_from_light()));
    }
    latency
}

fn port_entries(parameters: &Parameters) -> Vec<PortEntry> {
    let entry = |port: super::Port| PortEntry {
        name: port.name.into(),
        direction: port.direction,
        width: port.width(parameters),
        meaning: port.meaning.into(),
    };
    ports(parameters).into_iter().map(entry).collect()
}
