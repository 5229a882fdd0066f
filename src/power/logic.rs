//! Size of the logic around the macros, in two-input NANDs, from what Yosys counted.
//!
//! `models/rtl/controller_cells.csv` has every module of the RTL at some parameter sets, `models/rtl/multiplexers.csv` formulas for
//! what grows with several parameters at once. Modules of a domain are taken at its number of domains (a straight line between
//! counted ones), what belongs to a bank or a port in proportion to those. Counted is what a chip has: a time base of 32 bits, no
//! activity counters, which are for measurement. The schedule player and its tables are left out: few memories have them.

use super::{Organisation, States};
use crate::diagnostic::Source;
use crate::error::Result;
use crate::sram::{Line, Lines};
use crate::units::SquareMillimetres;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

const CELLS: &str = include_str!("../../models/rtl/controller_cells.csv");
const FORMULAS: &str = include_str!("../../models/rtl/multiplexers.csv");

/// Area of a two-input NAND in squares of the feature size: 0.798 µm² at 45 nm, the Nangate Open Cell Library's, whose cells the counts
/// are weighted with.
const NAND_AREA_F2: f64 = 394.0;

/// Modules of a domain, or of all domains together.
const OF_DOMAINS: [&str; 5] =
    ["pgsram_domain_ctrl", "pgsram_policy", "pgsram_sync", "pgsram_wake_arb", "pgsram_rst_sync"];
/// Modules of a domain that are smaller without some of the states.
const OF_STATES: [&str; 2] = ["pgsram_domain_ctrl", "pgsram_policy"];

/// Logic of a memory in two-input NANDs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Logic {
    /// The power controller: state machines, timers, arbiter of wakes, clamps, clock gates.
    pub control: f64,
    /// Request control, and multiplexers between ports and banks.
    pub multiplexers: f64,
}

/// Where the size of the logic comes from, for `exploration.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LogicProvenance {
    /// Tool or study key.
    pub source: String,
    /// BLAKE3 digest of the counts, in hexadecimal; empty for study keys.
    pub digest: String,
    /// Largest relative error of a whole memory among the sets that were counted; `None`: unknown.
    pub estimated_error: Option<f64>,
}

impl LogicProvenance {
    /// Of counts.
    ///
    /// # Errors
    /// As [`Logic::of`].
    pub fn counted() -> Result<Self> {
        let digest = crate::artefact::digest([CELLS, FORMULAS].concat().as_bytes());
        let source = "Yosys, models/rtl/controller_cells.csv and multiplexers.csv".into();
        Ok(Self { source, digest, estimated_error: Some(counts()?.worst_error()) })
    }

    /// Of the keys of a study.
    pub fn stated() -> Self {
        let source = "study keys controller_gates_per_domain and controller_gates_shared".into();
        Self { source, digest: String::new(), estimated_error: None }
    }
}

/// Parameters that the counts depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Set {
    domains: u32,
    interleave: u32,
    ports: u32,
    word_bits: u32,
    states: States,
    time_bits: u32,
    counters: u32,
    sched_depth: u32,
}

impl Set {
    /// The set that the others differ from in one thing.
    const BASE: Set = Set {
        domains: 4,
        interleave: 1,
        ports: 1,
        word_bits: 64,
        states: States { light: true, retention: true },
        time_bits: 32,
        counters: 0,
        sched_depth: 0,
    };
    /// Words of a domain in every counted set.
    const DOMAIN_WORDS: u64 = 1024;

    fn banks(&self) -> f64 {
        f64::from(self.domains) * f64::from(self.interleave)
    }
}

/// A term of a formula: what grows, and by how many NANDs.
struct Term {
    formula: String,
    term: String,
    nands: f64,
}

/// What was counted.
struct Counts {
    nands: FxHashMap<(Set, String), f64>,
    /// Module of each count, in the order of the file.
    modules: Vec<(Set, String)>,
    terms: Vec<Term>,
}

/// The counts, parsed once.
fn counts() -> Result<&'static Counts> {
    static COUNTS: OnceLock<Counts> = OnceLock::new();
    if COUNTS.get().is_none() {
        let _ = COUNTS.set(Counts::parse()?);
    }
    Ok(COUNTS.get().expect("set above"))
}

impl Logic {
    /// Of a memory of an organisation whose hardware has some states.
    ///
    /// # Errors
    /// None in a program whose tests passed: the counts are part of it.
    pub fn of(organisation: &Organisation, states: States) -> Result<Self> {
        let set = Set {
            domains: organisation.domains,
            interleave: organisation.interleave,
            ports: organisation.ports,
            word_bits: organisation.word_bits,
            states,
            ..Set::BASE
        };
        Ok(counts()?.logic(&set, organisation.domain_words))
    }

    /// Everything.
    pub fn total(&self) -> f64 {
        self.control + self.multiplexers
    }

    /// Area of so many NANDs.
    pub fn area(nands: f64, node_nm: u32) -> SquareMillimetres {
        let feature_mm = f64::from(node_nm) * 1e-6;
        SquareMillimetres(nands * NAND_AREA_F2 * feature_mm * feature_mm)
    }
}

impl Counts {
    fn parse() -> Result<Self> {
        let (mut nands, mut modules) = (FxHashMap::default(), Vec::new());
        for line in Lines::new(&Source::new("models/rtl/controller_cells.csv", CELLS))? {
            let key = (set(&line)?, line.text("module")?.to_string());
            nands.insert(key.clone(), line.number("gate_equivalents")?);
            modules.push(key);
        }
        let source = Source::new("models/rtl/multiplexers.csv", FORMULAS);
        let term = |line: Line<'_>| {
            let (formula, term) = (line.text("formula")?.into(), line.text("term")?.into());
            Ok(Term { formula, term, nands: line.number("gate_equivalents")? })
        };
        Ok(Self { nands, modules, terms: Lines::new(&source)?.map(term).collect::<Result<_>>()? })
    }

    /// NANDs of a module at a set, 0 where it has none.
    fn at(&self, set: Set, module: &str) -> f64 {
        self.nands.get(&(set, module.to_string())).copied().unwrap_or(0.0)
    }

    fn logic(&self, set: &Set, domain_words: u64) -> Logic {
        let control = OF_DOMAINS.iter().map(|module| self.of_domains(set, module)).sum::<f64>();
        let base = Set::BASE;
        let clocks = self.at(base, "pgsram_clk_gate") / base.banks() * set.banks();
        let clamps = self.at(base, "pgsram_iso") / base.banks() / f64::from(base.word_bits);
        let clamps = clamps * set.banks() * f64::from(set.word_bits);
        let requests = self.along(set.domains, "pgsram_req_ctrl") * self.by_ports(set.ports, "pgsram_req_ctrl");
        let crossbar = match set.ports {
            1 => self.at(base, "pgsram_bank") / base.banks() * set.banks(),
            _ => self.formula("crossbar", set, domain_words),
        };
        let multiplexers = requests + crossbar + self.formula("read", set, domain_words);
        Logic { control: control + clocks + clamps, multiplexers }
    }

    fn of_domains(&self, set: &Set, module: &str) -> f64 {
        let fewer = match OF_STATES.contains(&module) {
            true => self.at(Set { states: set.states, ..Set::BASE }, module) / self.at(Set::BASE, module),
            false => 1.0,
        };
        self.along(set.domains, module) * fewer
    }

    /// A module at a number of domains, all else as at the base.
    fn along(&self, domains: u32, module: &str) -> f64 {
        straight(&self.counted(module, |set| set.domains, |set, domains| Set { domains, ..set }), domains)
    }

    /// How much larger a module is with so many ports than with one.
    fn by_ports(&self, ports: u32, module: &str) -> f64 {
        let counted = self.counted(module, |set| set.ports, |set, ports| Set { ports, ..set });
        straight(&counted, ports) / self.at(Set::BASE, module)
    }

    /// A module at every counted value of one parameter, ascending, all else as at the base.
    fn counted(&self, module: &str, of: fn(&Set) -> u32, with: fn(Set, u32) -> Set) -> Vec<(u32, f64)> {
        let here = self.modules.iter().filter(|(set, name)| name == module && *set == with(Set::BASE, of(set)));
        let mut found: Vec<(u32, f64)> = here.map(|(set, name)| (of(set), self.at(*set, name))).collect();
        found.sort_unstable_by_key(|point| point.0);
        found
    }

    fn formula(&self, name: &str, set: &Set, domain_words: u64) -> f64 {
        let (banks, ports, word) = (set.banks(), f64::from(set.ports), f64::from(set.word_bits));
        let rows = (domain_words / u64::from(set.interleave)).ilog2();
        let bits = word + word / 8.0 + f64::from(rows) + 1.0;
        let value = |term: &str| match term {
            "banks*ports*bits" => banks * ports * bits,
            "banks*bits" => banks * bits,
            "ports*word_bits*(banks-1)" => ports * word * (banks - 1.0),
            "ports*word_bits" => ports * word,
            "(domains-1)*time_bits" => f64::from(set.domains - 1) * f64::from(set.time_bits),
            "1" => 1.0,
            _ => f64::NAN,
        };
        self.terms.iter().filter(|term| term.formula == name).map(|term| term.nands * value(&term.term)).sum()
    }

    /// Largest relative error of the sum over all modules, among the counted sets of the kind that is asked for.
    fn worst_error(&self) -> f64 {
        let mut sums: FxHashMap<Set, f64> = FxHashMap::default();
        for (set, module) in &self.modules {
            *sums.entry(*set).or_default() += self.at(*set, module);
        }
        let chips = sums.into_iter().filter(|(set, _)| (set.time_bits, set.counters, set.sched_depth) == (32, 0, 0));
        let error = |(set, sum): (Set, f64)| (self.logic(&set, Set::DOMAIN_WORDS).total() / sum - 1.0).abs();
        chips.map(error).fold(0.0, f64::max)
    }
}

/// On straight lines between ascending points, and on the last one beyond them.
fn straight(points: &[(u32, f64)], at: u32) -> f64 {
    let high = points.partition_point(|point| point.0 < at).clamp(1, points.len() - 1);
    let ((a, low), (b, high)) = (points[high - 1], points[high]);
    low + (high - low) * (f64::from(at) - f64::from(a)) / (f64::from(b) - f64::from(a))
}

fn set(line: &Line<'_>) -> Result<Set> {
    let present = |column| Ok::<bool, crate::Error>(line.whole(column)? > 0);
    Ok(Set {
        domains: line.whole("domains")?,
        interleave: line.whole("interleave")?,
        ports: line.whole("ports")?,
        word_bits: line.whole("word_bits")?,
        states: States { light: present("light")?, retention: present("retention")? },
        time_bits: line.whole("time_bits")?,
        counters: line.whole("counters")?,
        sched_depth: line.whole("sched_depth")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(set: Set) -> f64 {
        let counts = counts().unwrap();
        counts.modules.iter().filter(|(s, _)| *s == set).map(|(s, module)| counts.at(*s, module)).sum()
    }

    #[test]
    fn counted_memories_are_met() {
        let counts = counts().unwrap();
        let error = counts.worst_error();
        assert!(error > 0.0 && error < 0.1, "{error}");
        // Sets that differ from the base in one thing alone.
        for domains in [1, 2, 4, 8, 16, 32, 64] {
            let set = Set { domains, ..Set::BASE };
            let found = counts.logic(&set, Set::DOMAIN_WORDS).total();
            assert!((found / sum(set) - 1.0).abs() < 0.1, "{domains} domains: {found} against {}", sum(set));
        }
        let without = Set { states: States { light: false, retention: false }, ..Set::BASE };
        assert!(sum(without) < 0.8 * sum(Set::BASE));
        let found = counts.logic(&without, Set::DOMAIN_WORDS).total();
        assert!((found / sum(without) - 1.0).abs() < 0.05, "{found}");
    }

    #[test]
    fn between_counted_domains_lies_a_straight_line() {
        assert_eq!(straight(&[(1, 10.0), (2, 20.0), (4, 60.0)], 3), 40.0);
        assert_eq!(straight(&[(1, 10.0), (2, 20.0), (4, 60.0)], 4), 60.0);
        assert_eq!(straight(&[(1, 10.0), (2, 20.0), (4, 60.0)], 6), 100.0);
    }

    #[test]
    fn every_term_of_the_formulas_is_known() {
        let counts = counts().unwrap();
        for name in ["crossbar", "read"] {
            assert!(counts.formula(name, &Set::BASE, 1024) > 0.0, "{name}");
        }
    }

    #[test]
    fn a_nand_has_the_librarys_area() {
        assert!((Logic::area(1e6, 45).0 - 0.798).abs() < 1e-3);
    }
}
