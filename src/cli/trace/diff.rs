//! `trapti trace diff`: two runs side by side.

use super::super::Answer;
use super::super::output::{Output, shortened, table};
use crate::error::Result;
use crate::trace::Run;
use crate::trace::comparison::{Comparison, Row};
use crate::trace::profile::Profile;
use crate::units::{Bytes, grouped};
use clap::Args;
use std::path::{Path, PathBuf};

/// Widest name of a metric.
const NAME: usize = 34;

/// Compare two runs: latency, peaks, traffic, each with its ratio.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapti trace diff out/gpt2-xl out/deepseek
  trapti trace diff out/before out/after --format json

The ratio is the first run's value divided by the second's.")]
pub struct Arguments {
    /// Run directory.
    first: PathBuf,
    /// Another one.
    second: PathBuf,
}

/// Reads both runs and compares.
pub fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let profile = |path: &Path| Run::read(path).map(|run| Profile::of(&run));
    let comparison = Comparison::of(&profile(&arguments.first)?, &profile(&arguments.second)?);
    output.result(&comparison, || human(&comparison));
    Ok(Answer::Yes)
}

fn human(comparison: &Comparison) -> String {
    let mut text = String::new();
    for (which, side) in [("first ", &comparison.first), ("second", &comparison.second)] {
        text.push_str(&format!("{which}: {} on {}\n", side.workload, side.accelerator));
    }
    let mut of = "";
    let mut rows: Vec<Vec<String>> = Vec::new();
    for row in &comparison.rows {
        if row.of != of {
            text.push_str(&section(&mut rows));
            of = &row.of;
            rows.push(vec![shortened(of, NAME), "first".into(), "second".into(), "ratio".into()]);
        }
        let ratio = row.ratio.map_or(String::new(), |r| format!("{r:.3}"));
        rows.push(vec![metric(row), value(row.first, row.unit), value(row.second, row.unit), ratio]);
    }
    text.push_str(&section(&mut rows));
    text
}

fn section(rows: &mut Vec<Vec<String>>) -> String {
    match std::mem::take(rows) {
        rows if rows.is_empty() => String::new(),
        rows => format!("\n{}", table(&rows)),
    }
}

/// The key in words; parts of a sum stand indented.
fn metric(row: &Row) -> String {
    let words = row.metric.trim_end_matches("_bytes").replace('_', " ");
    match words.split_once(": ") {
        Some((_, class)) => format!("  {class}"),
        None => shortened(&words, NAME),
    }
}

fn value(value: Option<f64>, unit: &str) -> String {
    match (value, unit) {
        (None, _) => "-".into(),
        (Some(v), "bytes") => Bytes(v.round() as u64).human(),
        (Some(v), "ms") => format!("{v:.3} ms"),
        (Some(v), _) => grouped(v.round() as u64),
    }
}
