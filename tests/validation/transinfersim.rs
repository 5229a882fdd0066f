//! Peaks and cycles against TransInferSim, case by case.

use super::section::{Section, Summary, deviation, pair, table, within};
use crate::transinfersim::{directory, json, number, run};
use serde_json::Value;
use std::fs;
use trapti::trace::{MemoryStatistics, Run};

/// A case, and what this version computes for it.
struct Case {
    name: String,
    expected: Value,
    run: Run,
}

/// What is demanded of a case, after its kind: percentages of the reference's value that ours may be off, `None` where it is only shown.
struct Demand {
    text: &'static str,
    needed: Option<u64>,
    used: Option<u64>,
    cycles: Option<u64>,
}

/// A compared number: ours, the reference's, by how many per cent it may be off.
type Compared = (u64, u64, Option<u64>);

impl Case {
    fn new(name: String) -> Self {
        Self { expected: json(&name, "expected.json"), run: run(&name), name }
    }

    fn has_defect(&self) -> bool {
        self.expected.get("known_defect").is_some()
    }

    fn evicts(&self) -> bool {
        self.expected["evictions_occurred"].as_object().unwrap().values().any(|v| v == true)
    }

    /// Evictions decide before anything else: what leaves decides what comes back.
    fn demand(&self) -> Demand {
        let accelerator = &self.run.accelerator;
        if self.evicts() {
            return Demand { text: "peak used 2 %, cycles 5 %", needed: None, used: Some(2), cycles: Some(5) };
        }
        let several = accelerator.arrays.len() > 1 || accelerator.memories.len() > 1;
        match (several, self.has_defect()) {
            (false, false) => {
                Demand { text: "peaks equal, cycles 1 %", needed: Some(0), used: Some(0), cycles: Some(1) }
            }
            (false, true) => Demand { text: "peaks equal", needed: Some(0), used: Some(0), cycles: None },
            (true, false) => Demand { text: "peaks 2 %, cycles 5 %", needed: Some(2), used: Some(2), cycles: Some(5) },
            (true, true) => Demand { text: "peaks 2 %", needed: Some(2), used: Some(2), cycles: None },
        }
    }

    fn memories(&self) -> impl Iterator<Item = (&MemoryStatistics, &Value)> {
        self.run.statistics.memories.iter().map(|m| (m, &self.expected["memories"][&m.name]))
    }

    fn cycles(&self) -> Compared {
        (self.run.statistics.cycles.0, number(&self.expected, "total_cycles"), self.demand().cycles)
    }

    /// Ops whose cycles of computation are equal, and all of them.
    fn equal_ops(&self) -> (u64, u64) {
        let text = fs::read_to_string(directory(&self.name).join("ops.csv")).unwrap();
        let equal = |line: &str| {
            let fields: Vec<u64> = line.split(',').map(|f| f.parse().unwrap()).collect();
            self.run.statistics.ops.iter().any(|t| u64::from(t.op.0) == fields[0] && t.compute.0 == fields[4])
        };
        let lines = || text.lines().skip(1);
        (lines().filter(|line| equal(line)).count() as u64, lines().count() as u64)
    }

    /// Peak needed and peak used of each memory.
    fn peaks(&self) -> impl Iterator<Item = [Compared; 2]> {
        let demand = self.demand();
        self.memories().map(move |(ours, reference)| {
            let needed = number(reference, "peak_needed_bytes_continuous");
            let used = number(reference, "peak_used_bytes_continuous");
            [(ours.peak_needed.bytes.0, needed, demand.needed), (ours.peak_used.bytes.0, used, demand.used)]
        })
    }

    fn peak_rows(&self) -> Vec<String> {
        let row = |((ours, reference), peaks): ((&MemoryStatistics, &Value), [Compared; 2])| {
            let at_op_ends = pair(ours.peak_needed_at_op_ends.0, number(reference, "peak_needed_bytes_sampled"));
            let [needed, used] = peaks.map(shown);
            format!("`{}` | {} | {needed} | {used} | {at_op_ends}", self.name, ours.name)
        };
        self.memories().zip(self.peaks()).map(row).collect()
    }

    fn cycle_row(&self) -> String {
        let (ours, reference, _) = self.cycles();
        let (equal, ops) = self.equal_ops();
        format!(
            "`{}` | {} | {} | {} | {equal} of {ops} | {} | {} | {}",
            self.name,
            self.run.accelerator.arrays.len(),
            pair(ours, reference),
            deviation(ours, reference),
            self.demand().text,
            if self.is_met() { "met" } else { "**missed**" },
            self.notes(),
        )
    }

    fn is_met(&self) -> bool {
        let (equal, ops) = self.equal_ops();
        self.peaks().flatten().chain([self.cycles()]).all(is_met) && equal == ops
    }

    fn notes(&self) -> &'static str {
        match (self.name.as_str(), self.has_defect(), self.evicts()) {
            ("enc_s96_dedicated3", ..) => "2, 3",
            ("vit_tiny_example", ..) => "4",
            (_, true, _) => "1",
            (_, false, true) => "2",
            (_, false, false) => "",
        }
    }

    /// Operand tiles that the reference computed with a part missing.
    fn incomplete_tiles(&self) -> u64 {
        let ops = self.expected["incomplete_operand_tiles"].as_array().unwrap();
        ops.iter().map(|op| number(op, "a_short_tiles") + number(op, "b_short_tiles")).sum()
    }
}

fn is_met((ours, reference, percent): Compared) -> bool {
    percent.is_none_or(|percent| within(ours, reference, percent))
}

/// The number once if equal, else both and how far they are apart.
fn shown((ours, reference, _): Compared) -> String {
    let apart = if ours == reference { String::new() } else { format!(" ({})", deviation(ours, reference)) };
    pair(ours, reference) + &apart
}

fn cases() -> Vec<Case> {
    let entries = fs::read_dir(directory("")).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names.into_iter().map(Case::new).collect()
}

fn summaries(cases: &[Case]) -> Vec<Summary> {
    let count = |numbers: Vec<Compared>| {
        let demanded = numbers.iter().filter(|(_, _, percent)| percent.is_some());
        (demanded.clone().count() as u64, demanded.filter(|c| is_met(**c)).count() as u64)
    };
    let summary = |check: &str, demand: &str, (compared, met): (u64, u64)| Summary {
        check: check.into(),
        reference: format!("TransInferSim 0.2, {} cases", cases.len()),
        demand: demand.into(),
        compared,
        met,
    };
    let ops: Vec<(u64, u64)> = cases.iter().map(Case::equal_ops).collect();
    let peaks = cases.iter().flat_map(|c| c.peaks().flatten().collect::<Vec<_>>()).collect();
    vec![
        summary(
            "cycles of computation of each op",
            "equal",
            (ops.iter().map(|o| o.1).sum(), ops.iter().map(|o| o.0).sum()),
        ),
        summary("peak needed, peak used of each memory", "by case, below", count(peaks)),
        summary("total cycles", "by case, below", count(cases.iter().map(Case::cycles).collect())),
    ]
}

pub fn section() -> Section {
    let cases = cases();
    let with_defect: Vec<String> = cases
        .iter()
        .filter(|case| case.has_defect())
        .map(|case| format!("{} operand tiles of `{}`", case.incomplete_tiles(), case.name))
        .collect();
    let text = format!(
        "Its workloads, accelerators and op orders (`tests/data/transinfersim`), with `weights = \"whole\"`, `victims = \"any\"`, serial \
         arrays. One number where both are equal, else ours / its. The demand follows from the case: on one array and one memory \
         without evictions peaks are equal and cycles within 1 %; with several within 2 % and 5 %; with evictions peak used within \
         2 % and cycles within 5 %, peak needed is shown; where the reference has a known defect cycles are shown, never tuned to.\n\n\
         {}\n{}\n{}",
        table(
            "case | arrays | cycles | deviation | ops with equal computation | demand | verdict | why",
            cases.iter().map(Case::cycle_row)
        ),
        table(
            "case | memory | peak needed, B | peak used, B | peak needed at op ends, B",
            cases.iter().flat_map(Case::peak_rows)
        ),
        NOTES.replace("DEFECTIVE", &with_defect.join(", ")),
    );
    Section { title: "TransInferSim", summaries: summaries(&cases), text }
}

const NOTES: &str = "\
1. A known defect of the reference: where an operand buffer holds part of a tile, it fetches only the first missing rectangle and
   computes with the rest missing (DEFECTIVE). We fetch the whole tile.
2. With evictions everything follows from which tile leaves. The reference orders tensors by a clock that counts each port's busy
   cycles, not by time, and counts a read of the source again when it tries a fetch a second time. We order by the time of the last
   transfer. Needed bytes that were evicted are not in the memory, so peak needed differs with the choice. A weight larger than its
   dedicated memory loses its last bytes in both, but the reference takes rows of elements or a rectangle, we take whole tiles and the
   end of one; other bytes have to be fetched again (the two feed-forward ops of `enc_s96_dedicated3`).
3. The first three ops of `enc_s96_dedicated3` start together and take 4 cycles longer here: of several requests that wait for one
   port we serve the one that has been ready longest, the reference tries all again in the order of its queue.
4. More than the 5 % that were the aim, for a rule that we keep: a fill writes the memory over one port, so it never takes less than
   the port's requests. A tile of 1024 bytes is 142 cycles of this DRAM, but 256 requests of a 32-bit port, 114 more; the reference
   writes it in the 142. Each op whose weights come from DRAM takes exactly 114 cycles more a tile of weights (three times that in the
   first ops, in which three arrays wait for each other), and each product of scores and values 192, because the reference keeps a
   part of a tile in the operand buffer and fetches only the rest. A test holds both (`tests/transinfersim.rs`); nothing else differs.

Rules of the reference that we do not share, none of which shows in cases without a note: it evaluates DRAM cycles in binary
floating point, which adds a cycle at some burst counts (`extra_cycle_at_bursts`); it takes the port with the fewest busy cycles, which
changes nothing when ports are equal; a busy memory retries all waiting transfers at every completion. Not compared for a defect
that would have to be copied: its output tiling (`num_subops`) with a transposed operand, where every part reads the first slab.";
