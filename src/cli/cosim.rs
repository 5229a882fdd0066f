//! `trapti cosim`: runs replayed on the RTL of a design, against prediction and reference model.

use super::output::{Output, message, table};
use super::{Answer, progress, select, wave};
use crate::cosim::{
    self, BuildOptions, Cache, CompiledMemory, CosimReport, Difference, ReplayOptions, Row, RtlSources, Subject,
    Toolchain,
};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::explore::predict::predict;
use crate::ids::MemoryId;
use crate::power::place::{self, Rule, Space};
use crate::power::{Design, Placement, Portion, Schedule, Selection, StartTable, Stimulus};
use crate::trace::Run;
use crate::units::grouped;
use crate::wave::{Verdict, Window};
use clap::Args;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Build a design's RTL with Verilator, replay runs on it and compare prediction, reference model and RTL.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  trapti cosim out/design.json --run out/gpt2-xl --layers 2 --requests 15000000 -o out/cosim"
)]
pub(super) struct Arguments {
    /// `design.json`.
    design: PathBuf,
    /// Run directories.
    #[arg(short, long = "run", required = true, value_name = "DIR")]
    runs: Vec<PathBuf>,
    /// RTL directory; without it the RTL of the design.
    #[arg(long, value_name = "DIR")]
    rtl: Option<PathBuf>,
    /// Directory with the schedules of a `scheduled` design, as `trapti explore --explain POINT --schedule DIR` writes them.
    #[arg(long, value_name = "DIR")]
    schedule: Option<PathBuf>,
    #[command(flatten)]
    replay: Replay,
    /// Directory to write, a folder a run.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// What is replayed and recorded.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Replay {
    /// Replay only the first layers of each run.
    #[arg(long, value_name = "N")]
    pub layers: Option<u32>,
    /// Replay only the first ops that fit so many requests.
    #[arg(long, value_name = "N")]
    pub requests: Option<u64>,
    /// Stored bits of a word: 32 is faster, 0 is the full width; addresses, enables and control are the same.
    #[arg(long, value_name = "BITS", default_value_t = 32, value_parser = storage_bits)]
    pub storage_bits: u32,
    /// First cycle of the waveform.
    #[arg(long, value_name = "CYCLE", default_value_t = 0)]
    pub wave_from: u64,
    /// Length of the waveform; 0 records none.
    #[arg(long, value_name = "CYCLES", default_value_t = 4000)]
    pub wave_cycles: u64,
    /// Evaluate every cycle, also those that the hardware allows to skip.
    #[arg(long)]
    pub every_cycle: bool,
}

fn storage_bits(text: &str) -> std::result::Result<u32, String> {
    match text {
        "0" => Ok(0),
        "32" => Ok(32),
        _ => Err("expected 32, or 0 for the full width".into()),
    }
}

/// Files of a replay: what was compared, the waveform, and how GTKWave shows it.
pub(super) const REPORT: &str = "cosim.json";
/// See [`REPORT`].
pub(super) const WAVEFORM: &str = "wave.vcd";
/// See [`REPORT`].
pub(super) const SAVE_FILE: &str = "wave.gtkw";
/// Largest waveform that is written, in bytes.
const WAVE_LIMIT: u64 = 1 << 30;

/// What one run's replay yielded.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Replayed {
    /// Name of the run.
    pub workload: String,
    /// The three-way comparison.
    pub report: CosimReport,
    /// Judgement of the recorded waveform.
    pub waveform: Option<Verdict>,
    /// Folder of the files.
    pub folder: PathBuf,
    /// Names of the run's ops and tensors.
    #[serde(skip)]
    names: (Vec<String>, Vec<String>),
}

impl Replayed {
    /// Whether everything agrees and the waveform keeps the protocol.
    pub fn passed(&self) -> bool {
        self.report.passed() && self.waveform.as_ref().is_none_or(Verdict::passed)
    }
}

impl Replayed {
    /// Names of the files in its folder.
    pub fn files(&self) -> Vec<&'static str> {
        let recorded = self.waveform.iter().flat_map(|_| [WAVEFORM, SAVE_FILE]);
        [REPORT].into_iter().chain(recorded).collect()
    }

    /// What an earlier replay of `run` left in `folder`; its waveform is judged again.
    pub fn read(design: &Design, (name, run): (&str, &Run), folder: &Path) -> Result<Self> {
        let report = CosimReport::read(&folder.join(REPORT))?;
        let vcd = folder.join(WAVEFORM);
        let judged = report.waveform.as_ref().map(|_| crate::wave::check(&vcd, design, Window::default()));
        let waveform = judged.transpose()?;
        Ok(Self { workload: name.into(), report, waveform, folder: folder.into(), names: names(run) })
    }

    /// A difference with the names of its op and tensor.
    fn name(&self, difference: &Difference) -> String {
        let place = match (difference.domain, difference.port) {
            (Some(domain), _) => format!(", domain {domain}"),
            (None, Some(port)) => format!(", port {port}"),
            (None, None) => String::new(),
        };
        let Difference { cycle, signal, expected, seen, .. } = difference;
        let cause = difference.op.zip(difference.tensor).map_or(String::new(), |(op, tensor)| {
            let name = |names: &[String], index: usize| names.get(index).cloned().unwrap_or_default();
            format!(" (op `{}`, tensor `{}`)", name(&self.names.0, op.index()), name(&self.names.1, tensor.index()))
        });
        format!("cycle {cycle}{place}, {signal}: expected {expected}, seen {seen}{cause}")
    }
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let design = select::design(&arguments.design)?;
    let runs = arguments.runs.iter().map(|path| Run::read(path)).collect::<Result<Vec<_>>>()?;
    let named: Vec<(String, &Run)> = runs.iter().map(|run| (run.workload.name.clone(), run)).collect();
    let from = Sources { rtl: arguments.rtl.as_deref(), schedule: arguments.schedule.as_deref() };
    let replayed = replay_all(&design, from, &named, arguments.replay, &arguments.output)?;
    output.result(&replayed, || replayed.iter().map(human).collect());
    Ok(if replayed.iter().all(Replayed::passed) { Answer::Yes } else { Answer::No })
}

/// Where a replay finds what is not in the design.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sources<'a> {
    /// RTL directory; without it the RTL of the design.
    pub rtl: Option<&'a Path>,
    /// Directory of schedules, one a workload.
    pub schedule: Option<&'a Path>,
}

/// Builds the design once and replays every run on it, in parallel.
pub(super) fn replay_all(
    design: &Design,
    from: Sources<'_>,
    runs: &[(String, &Run)],
    replay: Replay,
    output: &Path,
) -> Result<Vec<Replayed>> {
    // What cannot be replayed is told before a minute of compilation.
    let prepare = |(_, run): &(String, &Run)| {
        let (mut stimulus, portion) = stimulus(design, run, replay)?;
        stimulus.tables = tables(design, run, &stimulus, from.schedule)?;
        Ok((stimulus, portion))
    };
    let stimuli = runs.par_iter().map(prepare).collect::<Result<Vec<_>>>()?;
    let memory = build(design, from.rtl, replay)?;
    let one = |((name, run), stimulus): (&(String, &Run), (Stimulus, Portion))| {
        replay_one(design, &memory, (name, run), stimulus, replay, &output.join(name))
    };
    runs.par_iter().zip(stimuli).map(one).collect()
}

fn build(design: &Design, rtl: Option<&Path>, replay: Replay) -> Result<CompiledMemory> {
    let tools = Toolchain::find()?;
    let sources = rtl.map_or_else(|| RtlSources::of(design), |directory| RtlSources::read(directory, design))?;
    let spinner = progress::spinner("build the RTL with Verilator");
    let narrow = replay.storage_bits != 0 && design.organisation.word_bits > replay.storage_bits;
    let options =
        BuildOptions { storage_bits: narrow.then_some(replay.storage_bits), waveforms: replay.wave_cycles > 0 };
    let memory = cosim::build(&sources, options, &tools, &Cache::of_user());
    spinner.finish_and_clear();
    memory
}

fn replay_one(
    design: &Design,
    memory: &CompiledMemory,
    (name, run): (&str, &Run),
    (stimulus, portion): (Stimulus, Portion),
    replay: Replay,
    folder: &Path,
) -> Result<Replayed> {
    std::fs::create_dir_all(folder).map_err(Error::file("cannot create", folder))?;
    let controller = design.controller();
    let prediction = Some(predict(&stimulus, &controller, &mut |_| {})?);
    let subject = Subject { design: design.name.clone(), part: format!("{name}: {portion}"), prediction };
    let vcd = folder.join(WAVEFORM);
    let window = cosim::WaveformWindow {
        file: vcd.clone(),
        from: replay.wave_from,
        to: replay.wave_from.saturating_add(replay.wave_cycles),
        limit: WAVE_LIMIT,
    };
    let options =
        ReplayOptions { every_cycle: replay.every_cycle, waveform: (replay.wave_cycles > 0).then_some(window) };
    let bar = progress::bar(&format!("replay {name}"), stimulus.requests());
    let report =
        cosim::replay(memory, &controller, &stimulus, subject, &options, &mut |p| bar.set_position(p.requests))?;
    bar.finish_and_clear();
    report.write(&folder.join(REPORT))?;
    let waveform = match report.waveform.is_some() {
        true => Some(judge(&vcd, design)?),
        false => None,
    };
    Ok(Replayed { workload: name.into(), report, waveform, folder: folder.into(), names: names(run) })
}

/// Names of the ops and tensors of a run.
fn names(run: &Run) -> (Vec<String>, Vec<String>) {
    let ops = run.workload.ops.iter().map(|o| o.name.to_string()).collect();
    (ops, run.workload.tensors.iter().map(|t| t.name.to_string()).collect())
}

fn judge(vcd: &Path, design: &Design) -> Result<Verdict> {
    let verdict = crate::wave::check(vcd, design, Window::default())?;
    crate::wave::write_save_file(vcd, design, &verdict.markers(), verdict.times)?;
    Ok(verdict)
}

/// Places the run as the exploration did, and takes the part that is to be replayed.
fn stimulus(design: &Design, run: &Run, replay: Replay) -> Result<(Stimulus, Portion)> {
    let memory = run.accelerator.memory_named(Some(&design.provenance.memory)).map_err(Error::input)?;
    let organisation = &design.organisation;
    let placement = place(design, run, memory)?;
    let selection = Selection { layers: replay.layers, requests: replay.requests };
    Stimulus::compile(run, memory, &selection, &placement, organisation)
}

/// The tables of a scheduled design; none for others.
fn tables(design: &Design, run: &Run, stimulus: &Stimulus, folder: Option<&Path>) -> Result<Vec<StartTable>> {
    if design.policy.schedule_depth() == 0 {
        return Ok(Vec::new());
    }
    let point = design.provenance.point;
    let folder = folder.ok_or_else(|| {
        let message = format!("{} is scheduled: a replay needs the tables of each workload", design.name);
        let help =
            format!("write them with `trapti explore … --explain {point} --schedule DIR`, and give `--schedule DIR`");
        Error::input(Diagnostic::new("no-schedule", message).with_help(help))
    })?;
    Ok(stimulus.start_tables(&Schedule::read(&folder.join(format!("{}.json", run.workload.name)))?))
}

fn place(design: &Design, run: &Run, memory: MemoryId) -> Result<Placement> {
    let organisation = &design.organisation;
    let name = &run.workload.name;
    if run.is_occupancy_only() {
        let message = format!("{name} is an imported occupancy: it has no transfers to replay");
        let help = "simulate the workload with `trapti simulate`, explore that run, and replay it";
        return Err(Error::input(Diagnostic::new("occupancy-only", message).with_help(help)));
    }
    let unknown = || Error::input(Diagnostic::new("unknown-placement", format!("no placement `{}`", design.placement)));
    let rule = Rule::named(&design.placement).ok_or_else(unknown)?;
    let (words, domain_words) = (organisation.words(), organisation.domain_words);
    let space = Space { words, domain_words, word_bytes: organisation.word_bytes() };
    let placement = place::place(rule, &run.lifetimes, memory, space);
    let placement = placement.map_err(|unplaceable| {
        let message = format!("{name} does not fit {}: {unplaceable}", design.name);
        Error::input(Diagnostic::new("not-placeable", message).with_help("select a design of a larger capacity"))
    })?;
    let explored = design.provenance.placements.iter().find(|(workload, _)| workload == name);
    if explored.is_some_and(|(_, digest)| *digest != placement.digest()) {
        let message =
            format!("this run of {name} is not the one that {} was selected for: its placement differs", design.name);
        return Err(Error::input(
            Diagnostic::new("other-run", message).with_help("explore and select again with this run"),
        ));
    }
    Ok(placement)
}

/// The comparison and the verdicts as text.
pub(super) fn human(replayed: &Replayed) -> String {
    let report = &replayed.report;
    let mut text =
        format!("Replayed: {} ({} stored bits of a {}-bit word)\n", report.part, report.storage_bits, report.word_bits);
    text.push_str(&table(&three_way(&report.rows())));
    text.push_str(&format!(
        "{} cycles: {} evaluated, {} skipped; {:.1} s, {:.2} million requests a second\n",
        grouped(report.cycles),
        grouped(report.evaluated),
        grouped(report.skipped),
        report.seconds,
        report.requests as f64 / report.seconds.max(1e-9) / 1e6,
    ));
    if let Some(difference) = &report.first_difference {
        text.push_str(&format!("first difference, RTL against reference model: {}\n", replayed.name(difference)));
    }
    if let Some(difference) = &report.prediction_difference {
        text.push_str(&format!(
            "first difference, prediction against reference model: {}\n",
            replayed.name(difference)
        ));
    }
    let verdict = if report.passed() { "EQUAL: prediction = reference model = RTL" } else { "DIFFERENT" };
    text.push_str(&format!("{verdict}\n"));
    if let Some(verdict) = &replayed.waveform {
        text.push_str(&format!("waveform of cycles {}–{}: ", verdict.cycles.0, verdict.cycles.1));
        text.push_str(if verdict.passed() { "keeps the power protocol\n" } else { "VIOLATES the power protocol\n" });
        if !verdict.passed() {
            text.push_str(&wave::human(verdict));
        }
    }
    text
}

fn three_way(rows: &[Row]) -> Vec<Vec<String>> {
    let mut cells = vec![["where", "counter", "prediction", "reference", "RTL", ""].map(String::from).to_vec()];
    for row in rows.iter().filter(|r| r.reference > 0 || !r.agrees()) {
        let prediction = row.prediction.map_or("-".into(), grouped);
        let verdict = if row.agrees() { "=" } else { "DIFFERENT" };
        let numbers = [prediction, grouped(row.reference), grouped(row.rtl)];
        cells.push([vec![row.place.clone(), row.counter.into()], numbers.to_vec(), vec![verdict.into()]].concat());
    }
    cells
}

/// Says why there is no co-simulation: a tool is missing.
pub(super) fn missing_tool(error: &Error) {
    message(&format!("co-simulation left out: {error}"));
}
