//! TransInferSim's memory trace: a row a memory at the end of each matmul, after it released its operands.

use super::csv::{self, Cell, Line};
use super::samples::{self, Moved, Sample};
use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::error::{Error, Result};
use crate::ids::MemoryId;
use crate::schema;
use crate::trace::imported::{Imported, ImportedMemory};
use crate::trace::{AccessGraph, DramStatistics, Outcome, Roofline, Run, Statistics, VectorStatistics};
use crate::units::{Bytes, Cycles, Hertz};
use crate::workload::Workload;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Most problems that are reported: one mistake in a trace repeats in every row.
const MOST_PROBLEMS: usize = 8;
/// Largest whole number that is read; sums of such numbers do not overflow.
const LARGEST: f64 = (1u64 << 53) as f64;

/// What the user says in place of the trace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Given {
    /// Name of the workload; the file's name without it.
    pub name: Option<String>,
    /// The only memory to take.
    pub memory: Option<String>,
    /// Clock of the accelerator, in place of `mem_cycle_time`.
    pub clock: Option<Hertz>,
    /// Ports of a memory, in place of `mem_ports`.
    pub ports: Option<u32>,
    /// Width of a port, in place of `mem_bus_bitwidth`.
    pub port_bits: Option<u32>,
    /// Cycles of an access besides its words, in place of `mem_cycles_per_access`.
    pub latency: Option<u64>,
}

/// Reads such a trace. The run holds the occupancy of its memories, the largest first, and nothing else: no op, no transfer,
/// no lifetime. Each sample holds until the next one, so peaks inside an op are missing: they are lower bounds.
///
/// # Errors
/// Columns that are missing, and every cell that is wrong, each with its place.
pub fn transinfersim(source: &Arc<Source>, given: &Given) -> Result<Run> {
    let (header, lines) = csv::parse(source).map_err(Error::input)?;
    let mut reader = Reader { source, header: &header, problems: Vec::new() };
    let trace = reader.columns(given).map(|columns| reader.trace(&columns, &lines, given));
    match (trace, reader.problems) {
        (Some(trace), problems) if problems.is_empty() => Ok(trace.run(source, given)),
        (_, problems) => Err(Error::Input(problems)),
    }
}

/// Places of the columns.
struct Columns {
    memory: usize,
    end: usize,
    capacity: usize,
    used: usize,
    needed: usize,
    op: Option<usize>,
    accelerator: Option<usize>,
    word: Option<usize>,
    clock: Option<usize>,
    ports: Option<usize>,
    port_bits: Option<usize>,
    latency: Option<usize>,
    moved: [Option<usize>; 4],
}

/// Everything that was read.
#[derive(Default)]
struct Trace {
    accelerator: Option<String>,
    clock: Option<Hertz>,
    memories: Vec<(ImportedMemory, Vec<Sample>)>,
}

struct Reader<'s> {
    source: &'s Arc<Source>,
    header: &'s Line<'s>,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn find(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|c| c.text.trim() == name)
    }

    /// A column that must be there, or, where the user may say it instead, an option.
    fn required(&mut self, name: &str, option: &str) -> Option<usize> {
        let found = self.find(name);
        if found.is_none() {
            let line = 0..self.header.last().map_or(0, |c| c.span.end);
            let near = nearest(name, self.header.iter().map(|c| c.text.as_ref()));
            let label = near.map_or("in this header".into(), |near| format!("did you mean `{near}`?"));
            let problem = Diagnostic::new("missing-column", format!("there is no column `{name}`"));
            let problem = problem.at(self.source, line, label);
            self.problems.push(match option {
                "" => problem,
                option => problem.with_help(format!("or give {option}")),
            });
        }
        found
    }

    fn columns(&mut self, given: &Given) -> Option<Columns> {
        let memory = self.required("memory_name", "");
        let end = self.required("op_end_time", "");
        let capacity = self.required("capacity_words", "");
        let used = self.required("used_words", "");
        let needed = self.required("needed_pct", "");
        let mut unless = |given: bool, name, option| if given { None } else { self.required(name, option) };
        let clock = unless(given.clock.is_some(), "mem_cycle_time", "--clock");
        let ports = unless(given.ports.is_some(), "mem_ports", "--ports");
        let port_bits = unless(given.port_bits.is_some(), "mem_bus_bitwidth", "--port-bits");
        let latency = unless(given.latency.is_some(), "mem_cycles_per_access", "--latency");
        let counts = ["mem_data_read_count", "mem_mem_read_count", "mem_data_write_count", "mem_mem_write_count"];
        let complete = self.problems.is_empty();
        let columns = Columns {
            memory: memory?,
            end: end?,
            capacity: capacity?,
            used: used?,
            needed: needed?,
            op: self.find("op_name"),
            accelerator: self.find("hw_arch"),
            word: self.find("mem_word_size"),
            clock,
            ports,
            port_bits,
            latency,
            moved: counts.map(|name| self.find(name)),
        };
        complete.then_some(columns)
    }

    fn trace(&mut self, columns: &Columns, lines: &[Line<'_>], given: &Given) -> Trace {
        let mut trace = Trace::default();
        for line in lines {
            let name = line[columns.memory].text.trim();
            if given.memory.as_deref().is_none_or(|only| only == name) {
                self.line(columns, line, given, &mut trace);
            }
            if self.problems.len() >= MOST_PROBLEMS {
                return trace;
            }
        }
        if trace.memories.is_empty() && self.problems.is_empty() {
            let names: Vec<&str> = lines.iter().map(|l| l[columns.memory].text.as_ref()).take(64).collect();
            self.problems.push(empty(self.source, given, &names));
        }
        trace
    }

    fn line(&mut self, columns: &Columns, line: &Line<'_>, given: &Given, trace: &mut Trace) {
        let name = line[columns.memory].text.trim();
        let known = trace.memories.iter().position(|(memory, _)| memory.name == name);
        let Some(index) = known.or_else(|| self.new_memory(columns, line, given, trace)) else { return };
        let (memory, samples) = &mut trace.memories[index];
        let sample = self.sample(columns, line, Bytes(memory.capacity_bytes.unwrap_or(0)));
        samples.extend(sample);
    }

    /// The memory of a line, which is the first one that names it.
    fn new_memory(&mut self, columns: &Columns, line: &Line<'_>, given: &Given, trace: &mut Trace) -> Option<usize> {
        let name = line[columns.memory].text.trim();
        let word_bits = self.word_bits(columns, line)?;
        let capacity = self.whole(&line[columns.capacity], 1)?;
        let clock = given.clock.or_else(|| self.clock(&line[columns.clock?]));
        let mut of = |given: Option<u64>, column: Option<usize>, range| match given {
            Some(value) => Some(value),
            None => self.whole_in(&line[column?], range),
        };
        let ports = of(given.ports.map(u64::from), columns.ports, 1..=64).map(|n| n as u32);
        let port_bits = of(given.port_bits.map(u64::from), columns.port_bits, 8..=1 << 20).map(|n| n as u32);
        let latency = of(given.latency, columns.latency, 0..=1_000_000_000);
        trace.clock = trace.clock.or(clock);
        let said = columns.accelerator.map(|c| line[c].text.trim()).filter(|name| !name.is_empty());
        trace.accelerator = trace.accelerator.take().or(said.map(str::to_owned));
        let memory = ImportedMemory {
            name: name.into(),
            capacity_bytes: Some(bytes(capacity, word_bits).0),
            ports: ports?,
            port_bits: port_bits?,
            latency_cycles: latency?,
        };
        trace.memories.push((memory, Vec::new()));
        Some(trace.memories.len() - 1)
    }

    fn sample(&mut self, columns: &Columns, line: &Line<'_>, capacity: Bytes) -> Option<Sample> {
        let word_bits = self.word_bits(columns, line)?;
        let cycle = self.whole(&line[columns.end], 0)?;
        let used = bytes(self.whole(&line[columns.used], 0)?, word_bits);
        let part = self.number(&line[columns.needed], 0.0..=1.0)?;
        let needed = Bytes((part * capacity.0 as f64).round() as u64);
        if used > capacity {
            self.refuse(&line[columns.used], "contradiction", format!("at most the capacity, {capacity}"));
        }
        if needed > used {
            let expected = format!("at most what is used: {used} of {capacity}");
            self.refuse(&line[columns.needed], "contradiction", expected);
        }
        let count = |column: Option<usize>| {
            column.and_then(|c| line[c].text.trim().parse::<f64>().ok()).filter(|n| (0.0..LARGEST).contains(n))
        };
        let [read, read_words, written, written_words] = columns.moved.map(|c| count(c).unwrap_or(0.0) as u64);
        let (read, written) = (bytes(read, word_bits).0, bytes(written, word_bits).0);
        let moved = Moved { read, read_words, written, written_words };
        let op = columns.op.map_or(String::new(), |c| line[c].text.to_string());
        Some(Sample { cycle, used: used.0, needed: needed.0, op, moved })
    }

    /// Bits of a word; 8 where no column says.
    fn word_bits(&mut self, columns: &Columns, line: &Line<'_>) -> Option<u64> {
        columns.word.map_or(Some(8), |column| self.whole(&line[column], 1))
    }

    /// The clock of a cycle time in seconds.
    fn clock(&mut self, cell: &Cell<'_>) -> Option<Hertz> {
        self.number(cell, 1e-12..=1.0).map(|seconds| Hertz((1.0 / seconds).round() as u64))
    }

    fn number(&mut self, cell: &Cell<'_>, range: RangeInclusive<f64>) -> Option<f64> {
        let number = cell.text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        let inside = number.filter(|n| range.contains(n));
        if inside.is_none() {
            let code = if number.is_some() { "out-of-range" } else { "wrong-value" };
            self.refuse(cell, code, format!("a number from {} to {}", range.start(), range.end()));
        }
        inside
    }

    fn whole(&mut self, cell: &Cell<'_>, least: u64) -> Option<u64> {
        self.whole_in(cell, least..=LARGEST as u64)
    }

    /// A whole number, written with or without a point.
    fn whole_in(&mut self, cell: &Cell<'_>, range: RangeInclusive<u64>) -> Option<u64> {
        let number = self.number(cell, *range.start() as f64..=*range.end() as f64)?;
        if number.fract() != 0.0 {
            self.refuse(cell, "wrong-value", "a whole number".into());
            return None;
        }
        Some(number as u64)
    }

    fn refuse(&mut self, cell: &Cell<'_>, code: &'static str, expected: String) {
        let problem = Diagnostic::new(code, format!("the cell is `{}`", cell.text));
        self.problems.push(problem.at(self.source, cell.span.clone(), format!("expected {expected}")));
    }
}

/// Whole bytes of so many words.
fn bytes(words: u64, word_bits: u64) -> Bytes {
    Bytes(u64::try_from((u128::from(words) * u128::from(word_bits)).div_ceil(8)).unwrap_or(u64::MAX))
}

/// No row, or none of the memory that was asked for.
fn empty(source: &Arc<Source>, given: &Given, names: &[&str]) -> Diagnostic {
    match &given.memory {
        Some(wanted) => {
            let near = nearest(wanted, names.iter().copied());
            let help = near.map_or("every row names its memory".into(), |near| format!("did you mean `{near}`?"));
            Diagnostic::new("unknown-memory", format!("no row is of a memory `{wanted}`"))
                .at(source, 0..0, "in this file")
                .with_help(help)
        }
        None => Diagnostic::new("empty-trace", "the trace has no row").at(source, 0..0, "below this header"),
    }
}

impl Trace {
    /// The run; the largest memory comes first, so that a study takes it where it names none.
    fn run(mut self, source: &Source, given: &Given) -> Run {
        self.memories.sort_by_key(|(memory, _)| std::cmp::Reverse(memory.capacity_bytes));
        self.memories.iter_mut().for_each(|(_, samples)| samples.sort_by_key(|s| s.cycle));
        let last = |(_, samples): &(ImportedMemory, Vec<Sample>)| samples.last().map(|s| s.cycle);
        let end = Cycles(self.memories.iter().filter_map(last).max().unwrap_or(0));
        let numbered = self.memories.iter().enumerate();
        let occupancy: Vec<_> = numbered
            .map(|(i, (memory, samples))| samples::occupancy(MemoryId::from(i), memory, samples, end))
            .collect();
        let each = self.memories.iter().zip(&occupancy);
        let memories = each.map(|((memory, samples), o)| samples::statistics(memory, samples, o)).collect();
        let stem = || source.path.file_stem().map_or("trace".into(), |s| s.to_string_lossy().into_owned());
        let imported = Imported {
            schema: schema::IMPORTED.into(),
            workload: given.name.clone().unwrap_or_else(stem),
            accelerator: self.accelerator.unwrap_or_else(|| "imported".into()),
            clock_hertz: self.clock.map_or(1, |c| c.0),
            memories: self.memories.into_iter().map(|(memory, _)| memory).collect(),
        };
        Run {
            workload: Workload { name: imported.workload.clone(), ..Workload::default() },
            accelerator: imported.accelerator(),
            accesses: AccessGraph::default(),
            lifetimes: vec![],
            occupancy,
            statistics: Statistics {
                outcome: Outcome::Finished,
                cycles: end,
                macs_useful: 0,
                macs_issued: 0,
                memories,
                dram: no_dram(),
                arrays: vec![],
                vector: VectorStatistics::default(),
                roofline: Roofline::default(),
                phases: vec![],
                latency: None,
                ops: vec![],
                events: 0,
            },
            choices: None,
        }
    }
}

fn no_dram() -> DramStatistics {
    DramStatistics {
        read_bytes: Bytes::ZERO,
        write_bytes: Bytes::ZERO,
        unavoidable_read_bytes: Bytes::ZERO,
        unavoidable_write_bytes: Bytes::ZERO,
        port_cycles: vec![],
    }
}
