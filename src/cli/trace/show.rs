//! `trapti trace show`: who is at the peak, and when.

use super::super::Answer;
use super::super::breakdown::{bounds, tokens, traffic, units};
use super::super::output::{Output, shortened, table};
use super::chart::{COLUMNS, chart};
use crate::artefact;
use crate::error::Result;
use crate::report::occupancy_svg;
use crate::trace::profile::{Holder, MemoryProfile, PeakProfile, Profile};
use crate::trace::{Occupancy, Run, curve};
use crate::units::{Bytes, grouped};
use clap::Args;
use std::path::PathBuf;

/// Widest name in a table.
const NAME: usize = 34;
/// Phases that are listed one by one.
const MOST_PHASES: usize = 12;

/// Show who is at the peak of a run, how long it is nearly reached, and what each phase and class needs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapti trace show out/run
  trapti trace show out/run --format json
  trapti trace show out/run --svg occupancy.svg

Peaks are exact over all cycles. \"At op ends\" is what a trace sampled at the ends of ops would show.")]
pub struct Arguments {
    /// Run directory.
    run: PathBuf,
    /// Also draw occupancy over time, stacked by class, as an SVG figure.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Reads the run and answers.
pub fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let run = Run::read(&arguments.run)?;
    let profile = Profile::of(&run);
    if let Some(path) = &arguments.svg {
        artefact::write(path, occupancy_svg(&run)?.as_bytes())?;
        output.note(&format!("figure: {}", path.display()));
    }
    output.result(&profile, || human(&profile, &run));
    Ok(Answer::Yes)
}

fn human(profile: &Profile, run: &Run) -> String {
    let mut text = format!("{} on {}\n", profile.workload, profile.accelerator);
    if let Some(choices) = &profile.choices {
        text.push_str(&format!("{}\n", choices.lowering));
    }
    text.push_str(&format!("{} cycles, {:.3} ms\n", grouped(profile.cycles), profile.milliseconds));
    text.push_str(&tokens(run));
    for (memory, occupancy) in profile.memories.iter().zip(&run.occupancy) {
        text.push_str(&memory_text(profile, memory, occupancy));
    }
    text.push_str(&traffic(&profile.dram));
    text.push_str(&units(run));
    text.push_str(&bounds(run));
    text
}

fn memory_text(profile: &Profile, memory: &MemoryProfile, occupancy: &Occupancy) -> String {
    let capacity = memory.capacity_bytes.map_or("unlimited".into(), |c| Bytes(c).human());
    let mut text = format!("\n{} ({capacity}): needed bytes over time\n", memory.name);
    text.push_str(&chart(&curve(occupancy, COLUMNS), &format!("{:.3} ms", profile.milliseconds)));
    text.push_str(&peaks(memory));
    text.push_str(&holders(&memory.peak));
    text.push_str(&above(memory));
    text.push_str(&phases(memory));
    text.push_str(&classes(memory));
    text
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(String::from).to_vec()
}

/// Bytes to read at a glance and bytes exactly.
fn sized(name: impl Into<String>, bytes: u64) -> Vec<String> {
    vec![name.into(), Bytes(bytes).human(), grouped(bytes)]
}

fn peaks(memory: &MemoryProfile) -> String {
    let rows = [
        row(["peaks", "", "bytes"]),
        sized(format!("needed, at cycle {}", grouped(memory.peak.cycle)), memory.peak.bytes),
        sized("needed, without weights", memory.peak_needed_bytes_without_weights),
        sized("needed, at op ends", memory.peak_needed_bytes_at_op_ends),
        sized("used (needed or obsolete)", memory.peak_used_bytes),
        sized("needed, mean", memory.mean_needed_bytes.round() as u64),
        sized("needed but evicted", memory.evicted_needed_bytes),
    ];
    format!("\n{}", table(&rows))
}

/// Who is at the peak: class, layer, op, tensor.
fn holders(peak: &PeakProfile) -> String {
    let by_class = [
        ("weight", peak.by_class.weight),
        ("activation", peak.by_class.activation),
        ("kv", peak.by_class.kv),
        ("score", peak.by_class.score),
    ];
    let mut rows = vec![row(["at the peak", "needed", "bytes", "part"])];
    let mut add = |what: &str, name: &str, bytes: u64| {
        let part = format!("{:.1} %", 100.0 * bytes as f64 / peak.bytes.max(1) as f64);
        let name = if name.is_empty() { "(none)" } else { name };
        let mut cells = sized(format!("{what:<6} {}", shortened(name, NAME)), bytes);
        cells.push(part);
        rows.push(cells);
    };
    by_class.iter().filter(|c| c.1 > 0).for_each(|(name, bytes)| add("class", name, *bytes));
    let named = |list: &[Holder]| list.iter().take(4).cloned().collect::<Vec<_>>();
    named(&peak.by_layer).iter().for_each(|h| add("layer", &h.name, h.bytes));
    named(&peak.by_op).iter().for_each(|h| add("op", &h.name, h.bytes));
    peak.tensors.iter().take(6).for_each(|t| add("tensor", &t.name, t.bytes));
    let running = peak.running.iter().take(4).map(|op| shortened(op, NAME)).collect::<Vec<_>>().join(", ");
    format!("\n{}running then: {running}\n", table(&rows))
}

fn above(memory: &MemoryProfile) -> String {
    let mut rows = vec![row(["more needed than", "", "cycles", "time"])];
    for level in &memory.above {
        let share = format!("{:.1} %", 100.0 * level.share);
        rows.push(vec![
            format!("{} % of the peak", level.percent),
            Bytes(level.bytes).human(),
            grouped(level.cycles),
            share,
        ]);
    }
    format!("\n{}", table(&rows))
}

fn phases(memory: &MemoryProfile) -> String {
    if memory.phases.is_empty() {
        return String::new();
    }
    let mut rows = vec![row(["phase", "cycles", "peak needed", "mean needed"])];
    for phase in memory.phases.iter().take(MOST_PHASES) {
        let mean = Bytes(phase.mean_needed_bytes.round() as u64).human();
        rows.push(vec![phase.name.clone(), grouped(phase.cycles), Bytes(phase.peak_needed_bytes).human(), mean]);
    }
    let more = memory.phases.len().saturating_sub(MOST_PHASES);
    let rest = if more > 0 { format!("and {more} more phases (--format json lists all)\n") } else { String::new() };
    format!("\n{}{rest}", table(&rows))
}

fn classes(memory: &MemoryProfile) -> String {
    let mut rows = vec![row(["class", "peak needed", "mean needed", "read", "written"])];
    for class in &memory.classes {
        let cells =
            [class.peak_needed_bytes, class.mean_needed_bytes.round() as u64, class.read_bytes, class.write_bytes];
        let cells = cells.iter().map(|b| Bytes(*b).human());
        rows.push(std::iter::once(class.class.name().to_string()).chain(cells).collect());
    }
    let words = [memory.read_words, memory.write_words].map(grouped);
    format!("\n{}accesses: {} words read, {} words written\n", table(&rows), words[0], words[1])
}
