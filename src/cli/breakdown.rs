//! Where the time and the off-chip traffic of a run go, as text.

use super::output::{shortened, table};
use crate::trace::summary::DramSummary;
use crate::trace::{Run, Stalls};
use crate::units::{Bytes, Cycles, grouped};

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(String::from).to_vec()
}

/// Bytes moved to and from DRAM against those that no memory size avoids.
pub fn traffic(dram: &DramSummary) -> String {
    let mut rows = vec![row(["DRAM", "moved", "bytes", "unavoidable", "factor"])];
    let kinds = [
        ("read", dram.read_bytes, dram.unavoidable_read_bytes),
        ("written", dram.write_bytes, dram.unavoidable_write_bytes),
    ];
    for (name, moved, least) in kinds {
        let factor = if least > 0 { format!("{:.2}x", moved as f64 / least as f64) } else { String::new() };
        rows.push(vec![name.into(), Bytes(moved).human(), grouped(moved), Bytes(least).human(), factor]);
    }
    format!("\n{}", table(&rows))
}

/// What each unit did with the cycles of the run, in percent.
pub fn units(run: &Run) -> String {
    let statistics = &run.statistics;
    let mut rows = vec![row(["unit", "active", "operand", "result", "port", "DRAM", "inputs", "idle"])];
    let mut add = |name: &str, active: Cycles, stalls: &Stalls, idle: Cycles| {
        let stalls = [stalls.operand_fetch, stalls.result_write, stalls.port_conflict, stalls.dram, stalls.dependency];
        let cycles = [active].into_iter().chain(stalls).chain([idle]);
        let parts = cycles.map(|c| format!("{:.1} %", 100.0 * c.0 as f64 / statistics.cycles.0.max(1) as f64));
        rows.push(std::iter::once(shortened(name, 14)).chain(parts).collect());
    };
    statistics.arrays.iter().for_each(|a| add(&a.name, a.active, &a.stalls, a.idle));
    let vector = &statistics.vector;
    add("vector unit", vector.active, &vector.stalls, vector.idle);
    let legend = "waiting for: an operand, a result's write, a port, DRAM, inputs not finished";
    format!("\n{}{legend}\n", table(&rows))
}

/// Lower bounds of the run's length and what is above them.
pub fn bounds(run: &Run) -> String {
    let roofline = &run.statistics.roofline;
    let mut rows = vec![row(["lower bound", "cycles", "run / bound"])];
    let bounds = [("computation", roofline.array), ("memory ports", roofline.port), ("DRAM", roofline.dram)];
    for (name, cycles) in bounds.into_iter().filter(|(_, cycles)| cycles.0 > 0) {
        let factor = format!("{:.2}x", run.statistics.cycles.0 as f64 / cycles.0 as f64);
        rows.push(vec![name.into(), grouped(cycles.0), factor]);
    }
    if rows.len() == 1 { String::new() } else { format!("\n{}", table(&rows)) }
}

/// Time to the first token and time per token.
pub fn tokens(run: &Run) -> String {
    let Some(latency) = run.statistics.latency else { return String::new() };
    let milliseconds = |cycles: f64| cycles * run.accelerator.clock.period().0 / 1e6;
    let first = latency.first_token;
    let mut text = format!("first token after {} cycles, {:.3} ms\n", grouped(first.0), milliseconds(first.0 as f64));
    if let Some(cycles) = latency.cycles_per_token {
        let (tokens, time) = (grouped(latency.decoded_tokens), milliseconds(cycles));
        text.push_str(&format!("{tokens} more tokens, {} cycles, {time:.3} ms each\n", grouped(cycles.round() as u64)));
    }
    text
}
