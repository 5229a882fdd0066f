//! Two runs side by side.

use super::ArrayStatistics;
use super::profile::{MemoryProfile, Profile};
use super::summary::{ByClass, DramSummary};
use crate::schema;
use crate::workload::Class;
use serde::Serialize;

/// Every number of two runs, and how many times the second's the first's is.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Comparison {
    /// `trapti.comparison/1`.
    pub schema: &'static str,
    /// The first run.
    pub first: Side,
    /// The second run.
    pub second: Side,
    /// The numbers.
    pub rows: Vec<Row>,
}

/// One of the runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Side {
    /// Name of the workload.
    pub workload: String,
    /// Name of the accelerator.
    pub accelerator: String,
}

/// One number of both runs.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Row {
    /// What it belongs to: `run`, a memory's name, `dram`, `arrays`.
    pub of: String,
    /// What it is, as a key: `cycles`, `peak_needed_bytes`.
    pub metric: String,
    /// Its unit: `cycles`, `ms`, `bytes`, or none for a count.
    pub unit: &'static str,
    /// Of the first run, if it has it.
    pub first: Option<f64>,
    /// Of the second run, if it has it.
    pub second: Option<f64>,
    /// First divided by second, where both are above zero.
    pub ratio: Option<f64>,
}

impl Comparison {
    /// Compares what two profiles have in common; memories of one name are the same memory, as are two that are the only one. What an
    /// imported occupancy does not tell is absent.
    pub fn of(first: &Profile, second: &Profile) -> Self {
        let mut rows = Rows::default();
        rows.add("run", "cycles", "cycles", count(first.cycles), count(second.cycles));
        rows.add("run", "milliseconds", "ms", Some(first.milliseconds), Some(second.milliseconds));
        let first_token = |p: &Profile| p.latency.map(|l| l.first_token.0 as f64);
        rows.add("run", "cycles_to_first_token", "cycles", first_token(first), first_token(second));
        let per_token = |p: &Profile| p.latency.and_then(|l| l.cycles_per_token);
        rows.add("run", "cycles_per_token", "cycles", per_token(first), per_token(second));
        let bound = |p: &Profile| simulated(p, p.roofline.bound().0);
        rows.add("run", "roofline_bound_cycles", "cycles", bound(first), bound(second));
        rows.add("run", "macs", "", simulated(first, first.macs), simulated(second, second.macs));
        let issued = |p: &Profile| simulated(p, p.macs_issued);
        rows.add("run", "macs_issued", "", issued(first), issued(second));
        rows.memories(first, second);
        rows.dram(first, second);
        rows.arrays(first, second);
        let side = |p: &Profile| Side { workload: p.workload.clone(), accelerator: p.accelerator.clone() };
        Self { schema: schema::COMPARISON, first: side(first), second: side(second), rows: rows.list }
    }
}

/// Counts below 2^53 are exact as floating point numbers; larger ones do not occur.
fn count(value: u64) -> Option<f64> {
    Some(value as f64)
}

/// A number that only a simulation knows: an imported occupancy has no array, and no number of what is not in the trace.
fn simulated(profile: &Profile, value: u64) -> Option<f64> {
    count(value).filter(|_| !profile.arrays.is_empty())
}

#[derive(Default)]
struct Rows {
    list: Vec<Row>,
}

impl Rows {
    fn add(&mut self, of: &str, metric: &str, unit: &'static str, first: Option<f64>, second: Option<f64>) {
        if first.is_none() && second.is_none() {
            return;
        }
        let ratio = first.zip(second).filter(|(a, b)| *a > 0.0 && *b > 0.0).map(|(a, b)| a / b);
        self.list.push(Row { of: of.into(), metric: metric.into(), unit, first, second, ratio });
    }

    fn memories(&mut self, first: &Profile, second: &Profile) {
        let simulated = [first, second].map(|profile| !profile.arrays.is_empty());
        let (first, second) = (&first.memories, &second.memories);
        if let ([a], [b]) = (&first[..], &second[..]) {
            let name = if a.name == b.name { a.name.clone() } else { format!("{}, {}", a.name, b.name) };
            return self.memory(&name, [Some(a), Some(b)], simulated);
        }
        for a in first {
            self.memory(&a.name, [Some(a), second.iter().find(|b| b.name == a.name)], simulated);
        }
        for b in second.iter().filter(|b| first.iter().all(|a| a.name != b.name)) {
            self.memory(&b.name, [None, Some(b)], simulated);
        }
    }

    /// One memory of the runs that have it. Of a run that was not simulated classes and evictions are not known, nor movements that the
    /// trace does not count.
    fn memory(&mut self, name: &str, of: [Option<&MemoryProfile>; 2], simulated: [bool; 2]) {
        let mut add = |metric: &str, known: &dyn Fn(f64) -> bool, value: &dyn Fn(&MemoryProfile) -> f64| {
            let [first, second] = [0, 1].map(|i| of[i].map(value).filter(|&v| simulated[i] || known(v)));
            self.add(name, metric, "bytes", first, second);
        };
        let (always, never, moved) = (|_| true, |_| false, |bytes| bytes > 0.0);
        add("peak_needed_bytes", &always, &|m| m.peak.bytes as f64);
        for class in Class::ALL {
            let metric = format!("peak_needed_bytes: {}", class.name());
            add(&metric, &never, &|m| of_class(&m.peak.by_class, class) as f64);
        }
        add("peak_needed_bytes_without_weights", &never, &|m| m.peak_needed_bytes_without_weights as f64);
        add("peak_needed_bytes_at_op_ends", &always, &|m| m.peak_needed_bytes_at_op_ends as f64);
        add("peak_used_bytes", &always, &|m| m.peak_used_bytes as f64);
        add("mean_needed_bytes", &always, &|m| m.mean_needed_bytes);
        add("evicted_needed_bytes", &never, &|m| m.evicted_needed_bytes as f64);
        add("read_bytes", &moved, &|m| m.classes.iter().map(|c| c.read_bytes as f64).sum());
        for class in Class::ALL {
            add(&format!("read_bytes: {}", class.name()), &never, &|m| m.classes[class as usize].read_bytes as f64);
        }
        add("write_bytes", &moved, &|m| m.classes.iter().map(|c| c.write_bytes as f64).sum());
        for class in Class::ALL {
            add(&format!("write_bytes: {}", class.name()), &never, &|m| m.classes[class as usize].write_bytes as f64);
        }
    }

    fn dram(&mut self, first: &Profile, second: &Profile) {
        let mut add = |metric, bytes: fn(&DramSummary) -> u64| {
            let of = |p: &Profile| simulated(p, bytes(&p.dram));
            self.add("dram", metric, "bytes", of(first), of(second));
        };
        add("read_bytes", |d| d.read_bytes);
        add("unavoidable_read_bytes", |d| d.unavoidable_read_bytes);
        add("write_bytes", |d| d.write_bytes);
        add("unavoidable_write_bytes", |d| d.unavoidable_write_bytes);
    }

    fn arrays(&mut self, first: &Profile, second: &Profile) {
        let mut add = |metric, cycles: fn(&ArrayStatistics) -> u64| {
            let sum = |p: &Profile| simulated(p, p.arrays.iter().map(cycles).sum());
            self.add("arrays", metric, "cycles", sum(first), sum(second));
        };
        add("active_cycles", |a| a.active.0);
        add("stalled_cycles", |a| a.stalls.total().0);
        add("stalled_cycles: operand fetch", |a| a.stalls.operand_fetch.0);
        add("stalled_cycles: result write", |a| a.stalls.result_write.0);
        add("stalled_cycles: port conflict", |a| a.stalls.port_conflict.0);
        add("stalled_cycles: dram", |a| a.stalls.dram.0);
        add("stalled_cycles: dependency", |a| a.stalls.dependency.0);
        add("idle_cycles", |a| a.idle.0);
        let vector = |p: &Profile| simulated(p, p.vector.active.0);
        self.add("vector unit", "active_cycles", "cycles", vector(first), vector(second));
    }
}

fn of_class(bytes: &ByClass, class: Class) -> u64 {
    match class {
        Class::Weight => bytes.weight,
        Class::Activation => bytes.activation,
        Class::Kv => bytes.kv,
        Class::Score => bytes.score,
    }
}
