//! Two runs side by side.

use super::ArrayStatistics;
use super::profile::{MemoryProfile, Profile};
use super::summary::ByClass;
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
    /// Compares what two profiles have in common; memories of one name are the same memory, as are two that are the only one.
    pub fn of(first: &Profile, second: &Profile) -> Self {
        let mut rows = Rows::default();
        rows.add("run", "cycles", "cycles", count(first.cycles), count(second.cycles));
        rows.add("run", "milliseconds", "ms", Some(first.milliseconds), Some(second.milliseconds));
        let first_token = |p: &Profile| p.latency.map(|l| l.first_token.0 as f64);
        rows.add("run", "cycles_to_first_token", "cycles", first_token(first), first_token(second));
        let per_token = |p: &Profile| p.latency.and_then(|l| l.cycles_per_token);
        rows.add("run", "cycles_per_token", "cycles", per_token(first), per_token(second));
        let bound = |p: &Profile| count(p.roofline.bound().0);
        rows.add("run", "roofline_bound_cycles", "cycles", bound(first), bound(second));
        rows.add("run", "macs", "", count(first.macs), count(second.macs));
        rows.add("run", "macs_issued", "", count(first.macs_issued), count(second.macs_issued));
        rows.memories(&first.memories, &second.memories);
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

    fn memories(&mut self, first: &[MemoryProfile], second: &[MemoryProfile]) {
        if let ([a], [b]) = (first, second) {
            let name = if a.name == b.name { a.name.clone() } else { format!("{}, {}", a.name, b.name) };
            return self.memory(&name, Some(a), Some(b));
        }
        for a in first {
            self.memory(&a.name, Some(a), second.iter().find(|b| b.name == a.name));
        }
        for b in second.iter().filter(|b| first.iter().all(|a| a.name != b.name)) {
            self.memory(&b.name, None, Some(b));
        }
    }

    fn memory(&mut self, name: &str, first: Option<&MemoryProfile>, second: Option<&MemoryProfile>) {
        let mut add = |metric: &str, value: &dyn Fn(&MemoryProfile) -> f64| {
            self.add(name, metric, "bytes", first.map(value), second.map(value));
        };
        add("peak_needed_bytes", &|m| m.peak.bytes as f64);
        for class in Class::ALL {
            let metric = format!("peak_needed_bytes: {}", class.name());
            add(&metric, &|m| of_class(&m.peak.by_class, class) as f64);
        }
        add("peak_needed_bytes_without_weights", &|m| m.peak_needed_bytes_without_weights as f64);
        add("peak_needed_bytes_at_op_ends", &|m| m.peak_needed_bytes_at_op_ends as f64);
        add("peak_used_bytes", &|m| m.peak_used_bytes as f64);
        add("mean_needed_bytes", &|m| m.mean_needed_bytes);
        add("evicted_needed_bytes", &|m| m.evicted_needed_bytes as f64);
        add("read_bytes", &|m| m.classes.iter().map(|c| c.read_bytes as f64).sum());
        for class in Class::ALL {
            add(&format!("read_bytes: {}", class.name()), &|m| m.classes[class as usize].read_bytes as f64);
        }
        add("write_bytes", &|m| m.classes.iter().map(|c| c.write_bytes as f64).sum());
        for class in Class::ALL {
            add(&format!("write_bytes: {}", class.name()), &|m| m.classes[class as usize].write_bytes as f64);
        }
    }

    fn dram(&mut self, first: &Profile, second: &Profile) {
        let (a, b) = (&first.dram, &second.dram);
        let mut add = |metric, x: u64, y: u64| self.add("dram", metric, "bytes", count(x), count(y));
        add("read_bytes", a.read_bytes, b.read_bytes);
        add("unavoidable_read_bytes", a.unavoidable_read_bytes, b.unavoidable_read_bytes);
        add("write_bytes", a.write_bytes, b.write_bytes);
        add("unavoidable_write_bytes", a.unavoidable_write_bytes, b.unavoidable_write_bytes);
    }

    fn arrays(&mut self, first: &Profile, second: &Profile) {
        let mut add = |metric, cycles: fn(&ArrayStatistics) -> u64| {
            let sum = |p: &Profile| count(p.arrays.iter().map(cycles).sum());
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
        let vector = |p: &Profile| count(p.vector.active.0);
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
