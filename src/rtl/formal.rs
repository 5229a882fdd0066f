//! The folder `formal/` of a generated directory: properties, the script that proves them, and the sets they are proved on.

use super::parameters::{Parameters, PolicyKind};
use super::top::LICENCE;

/// Files of `testbenches/formal` that a generated directory takes along.
const FILES: [(&str, &str); 18] = [
    ("run", include_str!("../../testbenches/formal/run")),
    ("registers.awk", include_str!("../../testbenches/formal/registers.awk")),
    ("property.vh", include_str!("../../testbenches/formal/property.vh")),
    ("hooks.vh", include_str!("../../testbenches/formal/hooks.vh")),
    ("sets.long", include_str!("../../testbenches/formal/sets.long")),
    ("lemma.v", include_str!("../../testbenches/formal/lemma.v")),
    ("README.md", include_str!("../../testbenches/formal/README.md")),
    ("addr_map.v", include_str!("../../testbenches/formal/addr_map.v")),
    ("axi.v", include_str!("../../testbenches/formal/axi.v")),
    ("counters.v", include_str!("../../testbenches/formal/counters.v")),
    ("domain_ctrl.v", include_str!("../../testbenches/formal/domain_ctrl.v")),
    ("policy.v", include_str!("../../testbenches/formal/policy.v")),
    ("req_ctrl.v", include_str!("../../testbenches/formal/req_ctrl.v")),
    ("sched.v", include_str!("../../testbenches/formal/sched.v")),
    ("still.v", include_str!("../../testbenches/formal/still.v")),
    ("top.v", include_str!("../../testbenches/formal/top.v")),
    ("wake.v", include_str!("../../testbenches/formal/wake.v")),
    ("wake_arb.v", include_str!("../../testbenches/formal/wake_arb.v")),
];
/// The sets that do not depend on a design.
const SETS: &str = include_str!("../../testbenches/formal/sets");

/// Paths and texts of the folder, for a memory with these parameters.
pub(super) fn texts(parameters: &Parameters) -> Vec<(String, String)> {
    let copied = FILES.iter().map(|(name, text)| (format!("formal/{name}"), licensed(name, text)));
    copied.chain([("formal/sets".to_string(), format!("{}{SETS}", own_sets(parameters)))]).collect()
}

/// Verilog says its licence in its first line.
fn licensed(name: &str, text: &str) -> String {
    let verilog = name.ends_with(".v") || name.ends_with(".vh");
    if verilog { format!("{LICENCE}{text}") } else { text.to_string() }
}

/// The sets of this design, before those that every design has.
fn own_sets(parameters: &Parameters) -> String {
    let sets = [
        domain(parameters),
        arbiter(parameters),
        map(parameters),
        request(parameters),
        policy(parameters),
        whole(parameters),
    ];
    let lines: String = sets.iter().map(|set| set.line() + "\n").collect();
    format!(
        "# This design: `design.*` at its own parameters, `scaled.*` where a parameter is cut to what can be decided.\n{lines}"
    )
}

/// A set: parameters as wanted and as proved.
struct Set {
    name: &'static str,
    file: &'static str,
    parameters: Vec<(&'static str, u64)>,
    scaled: bool,
}

impl Set {
    fn new(name: &'static str, file: &'static str) -> Self {
        Self { name, file, parameters: Vec::new(), scaled: false }
    }

    /// A parameter that is proved as it is.
    fn own(mut self, name: &'static str, value: impl Into<u64>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }

    /// A parameter of which at most `limit` is proved.
    fn cut(mut self, name: &'static str, value: impl Into<u64>, limit: u64) -> Self {
        let value = value.into();
        self.scaled |= value > limit;
        self.parameters.push((name, value.min(limit)));
        self
    }

    fn line(&self) -> String {
        let label = format!("{}.{}", if self.scaled { "scaled" } else { "design" }, self.name);
        let values: String = self.parameters.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        format!("{label:<17} {}{values}", self.file)
    }
}

/// Longest times of states, acknowledges and shortest stays that are proved.
const STATE_CYCLES: u64 = 4;
const ACKNOWLEDGE_CYCLES: u64 = 6;
const STAY_CYCLES: u64 = 3;
/// Width of the time in proofs of the policy and of the whole memory.
const TIME_BITS: u64 = 4;

fn domain(p: &Parameters) -> Set {
    Set::new("domain", "domain_ctrl")
        .cut("T_ISO", p.t_iso, STATE_CYCLES)
        .cut("T_SETTLE_OFF", p.t_settle_off, STATE_CYCLES)
        .cut("T_SETTLE_RET", p.t_settle_ret, STATE_CYCLES)
        .cut("T_RET", p.t_ret, STATE_CYCLES)
        .cut("T_LIGHT", p.t_light, STATE_CYCLES)
        .cut("T_ACK_MAX", p.t_ack_max, ACKNOWLEDGE_CYCLES)
        .cut("SYNC_STAGES", p.sync_stages, 3)
}

fn arbiter(p: &Parameters) -> Set {
    Set::new("arbiter", "wake_arb").cut("DOMAINS", p.domains, 4).cut("MAX_WAKING", p.max_waking, 4)
}

fn map(p: &Parameters) -> Set {
    Set::new("map", "addr_map")
        .own("DOMAINS", p.domains)
        .own("INTERLEAVE", p.interleave)
        .own("DOMAIN_WORDS", p.domain_words)
}

fn request(p: &Parameters) -> Set {
    Set::new("request", "req_ctrl")
        .cut("DOMAINS", p.domains, 2)
        .cut("INTERLEAVE", p.interleave, 2)
        .cut("PORTS", p.ports, 3)
        .cut("RD_LATENCY", p.rd_latency, 3)
        .cut("BANK_CYCLES", p.bank_cycles, 3)
}

fn policy(p: &Parameters) -> Set {
    let policy = match p.policy {
        PolicyKind::Never => 0u32,
        PolicyKind::Timeout => 1,
        PolicyKind::Mask => 2,
    };
    Set::new("policy", "policy")
        .cut("TIME_BITS", p.time_bits, TIME_BITS)
        .own("POLICY", policy)
        .own("HAS_LIGHT", p.has_light)
        .own("HAS_RETENTION", p.has_retention)
        .cut("T_MIN_ON", p.t_min_on, STAY_CYCLES)
        .cut("T_MIN_OFF", p.t_min_off, STAY_CYCLES)
}

fn whole(p: &Parameters) -> Set {
    Set::new("memory", "top")
        .cut("DOMAINS", p.domains, 2)
        .cut("INTERLEAVE", p.interleave, 2)
        .cut("PORTS", p.ports, 2)
        .cut("TIME_BITS", p.time_bits, TIME_BITS)
        .own("HAS_LIGHT", p.has_light)
        .own("HAS_RETENTION", p.has_retention)
        .cut("MAX_WAKING", p.max_waking, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_properties_is_taken_along() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testbenches/formal");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let taken = |name: &String| FILES.iter().any(|(file, _)| file == name);
        // What is not: bugs to plant need the sources, and the sets are written together with the design's own.
        let mut left: Vec<String> = names.filter(|name| !taken(name)).collect();
        left.sort();
        assert_eq!(left, ["planted", "sets"]);
    }
}
