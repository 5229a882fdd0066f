//! The project file of `trapti flow`: which models, which accelerator, which study, what is replayed.

use super::inputs::scenario_tables;
use crate::builtin::{self, Kind};
use crate::config::{Document, Field, Table};
use crate::diagnostic::{Diagnostic, Source};
use crate::error::{Error, Result};
use crate::workload::{Lowering, Scenario};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A checked project.
#[derive(Debug, Clone)]
pub(super) struct Project {
    /// Names the results.
    pub name: String,
    /// Text of the accelerator.
    pub accelerator: Arc<Source>,
    /// Text of the study.
    pub study: Arc<Source>,
    /// Models, at least one.
    pub workloads: Vec<Entry>,
    /// Tokens and bits, for every model.
    pub scenario: Scenario,
    /// How models become ops, for every model.
    pub lowering: Lowering,
    /// What is replayed on the RTL.
    pub replay: Replay,
}

/// One model of a project.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Names its run; a study refers to it.
    pub name: String,
    /// Text of its `config.json` or of an op graph.
    pub config: Arc<Source>,
}

/// What is replayed on the RTL.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replay {
    /// First layers of each run.
    pub layers: u32,
    /// Most requests of each run.
    pub requests: u64,
    /// Stored bits of a word, 0 for the full width.
    pub storage_bits: u32,
    /// Length of the recorded waveform.
    pub wave_cycles: u64,
}

impl Default for Replay {
    fn default() -> Self {
        Self { layers: 2, requests: 15_000_000, storage_bits: 32, wave_cycles: 4000 }
    }
}

impl Project {
    /// Parses a project file and reads what it names: built in, or paths relative to it.
    pub fn parse(source: &Arc<Source>) -> Result<Self> {
        let document = Document::parse(source)?;
        let folder = source.path.parent().unwrap_or(Path::new("")).to_path_buf();
        let project = read(document.root(), &folder);
        document.result(project)
    }
}

fn read(mut root: Table<'_>, folder: &Path) -> Option<Project> {
    let name = name(&root.required("name"));
    let accelerator = file(&root.required("accelerator"), Kind::Accelerator, folder);
    let study = file(&root.required("study"), Kind::Study, folder);
    let entries = root.required("workload").tables();
    let spans: Vec<_> = entries.iter().map(Table::span).collect();
    let entries: Vec<Option<Entry>> = entries.into_iter().map(|t| entry(t, folder)).collect();
    let tables = scenario_tables(&mut root);
    let replay = root.optional("cosim").table().map_or_else(|| Some(Replay::default()), replay);
    let workloads = entries.into_iter().collect::<Option<Vec<_>>>();
    let distinct = workloads.as_ref().is_none_or(|w| distinct(w, &spans, &root));
    root.finish();
    let (scenario, lowering) = tables?;
    let project = Project {
        name: name?,
        accelerator: accelerator?,
        study: study?,
        workloads: workloads?,
        scenario,
        lowering,
        replay: replay?,
    };
    distinct.then_some(project)
}

fn entry(mut table: Table<'_>, folder: &Path) -> Option<Entry> {
    let name = name(&table.required("name"));
    let config = file(&table.required("config"), Kind::Model, folder);
    table.finish();
    Some(Entry { name: name?, config: config? })
}

fn replay(mut table: Table<'_>) -> Option<Replay> {
    let default = Replay::default();
    let layers = or(table.optional("layers"), default.layers, |f| f.integer(1..=100_000));
    let requests = or(table.optional("requests"), default.requests, |f| f.integer(1..=1 << 40));
    let storage_bits = or(table.optional("storage_bits"), default.storage_bits, storage_bits);
    let wave_cycles = or(table.optional("wave_cycles"), default.wave_cycles, |f| f.integer(1..=100_000_000));
    table.finish();
    Some(Replay { layers: layers?, requests: requests?, storage_bits: storage_bits?, wave_cycles: wave_cycles? })
}

fn storage_bits(field: &Field<'_>) -> Option<u32> {
    let bits = field.integer(0..=32)?;
    if !matches!(bits, 0 | 32) {
        field.refuse("out-of-range", "32, or 0 for the full width");
    }
    Some(bits)
}

fn or<T>(field: Field<'_>, default: T, read: impl FnOnce(&Field<'_>) -> Option<T>) -> Option<T> {
    if field.is_present() { read(&field) } else { Some(default) }
}

/// What a name or a path stands for.
fn file(field: &Field<'_>, kind: Kind, folder: &Path) -> Option<Arc<Source>> {
    let given = field.value::<String>()?;
    let refused = |error: Error| {
        let message = format!("`{}`: {error}", field.path());
        let label = format!("expected a file or a built-in {}", kind.word());
        let problem = Diagnostic::new("missing-file", message).at(field.document().source(), field.span(), label);
        field.document().report(problem.with_help(kind.advice(&given)));
    };
    builtin::read_beside(folder, kind, Path::new(&given)).map_err(refused).ok()
}

/// Whether a project or a workload may have this name.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.len() <= 64 && !name.starts_with('.') && name.chars().all(plain)
}

/// A name that can also name a directory and a Verilog module.
fn name(field: &Field<'_>) -> Option<String> {
    let name = field.value::<String>()?;
    if is_name(&name) {
        return Some(name);
    }
    field.refuse("wrong-value", "1 to 64 letters, digits, `-`, `_` or `.`, not beginning with `.`");
    None
}

fn distinct(entries: &[Entry], spans: &[Range<usize>], root: &Table<'_>) -> bool {
    let twice =
        entries.iter().zip(spans).enumerate().find(|(i, (e, _))| entries[..*i].iter().any(|o| o.name == e.name));
    match twice {
        Some((_, (entry, span))) => {
            let message = format!("two workloads are named `{}`", entry.name);
            root.document().report_at("duplicate-name", message, span.clone(), "the second one");
            false
        }
        None => !entries.is_empty(),
    }
}
