//! `trapti flow`: every stage of a project, one after the other; what is up to date is kept.

use super::cosim::{self, Replay, Replayed};
use super::explore;
use super::output::{Output, table};
use super::project::Project;
use super::simulate::{Done, Shortcuts, simulate_into, tell_thrashing};
use super::{Answer, inputs, select};
use crate::accelerator::Accelerator;
use crate::artefact::{self, Input};
use crate::builtin::{self, Kind};
use crate::error::{Error, Result};
use crate::explore::{Choice, Exploration, Objective, Options};
use crate::power::Design;
use crate::report::{Fact, Inputs, report};
use crate::rtl::RtlBundle;
use crate::trace::Run;
use crate::units::Bytes;
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Run a whole project: simulate, explore, select, generate, co-simulate, check the waveforms, report.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  trapti flow my-memory/project.toml\n  trapti flow edge-llm --output out/edge-llm")]
pub(super) struct Arguments {
    /// Project file, as `trapti new` writes one; `edge-llm` is built in.
    project: PathBuf,
    /// Directory for everything that is written; default: `out/` and the project's name.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Result of a flow, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Finished {
    project: String,
    workloads: Vec<Workload>,
    design: Design,
    cosim: Vec<Replayed>,
    /// Why there was no co-simulation.
    cosim_left_out: Option<String>,
    report: PathBuf,
    waveforms: Vec<PathBuf>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Workload {
    name: String,
    cycles: u64,
    milliseconds: f64,
    peak_needed_bytes: u64,
    at_the_peak: String,
}

/// One run of a project and the digest of its directory.
struct Simulated {
    name: String,
    run: Run,
    digest: Input,
}

impl Simulated {
    /// Everything that its replay depends on.
    fn replay_inputs(&self, design: &Design, replay: Replay) -> Vec<Input> {
        let choices = format!("{replay:?}");
        let design = Input::of("design", artefact::json(design).as_bytes());
        vec![design, Input::of("replay", choices.as_bytes()), self.digest.clone()]
    }

    /// Whether an earlier flow left that replay in `folder`.
    fn is_replayed(&self, design: &Design, replay: Replay, folder: &Path) -> bool {
        artefact::up_to_date(&folder.join(&self.name), "cosim", &self.replay_inputs(design, replay))
    }
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let project = Project::parse(&builtin::read(Kind::Project, &arguments.project)?)?;
    let folder = arguments.output.clone().unwrap_or_else(|| Path::new("out").join(&project.name));
    let stage = Stage { output, folder, start: Instant::now() };
    let runs = simulate_all(&project, &stage)?;
    let exploration = explore_all(&project, &runs, &stage)?;
    let design = select_and_generate(&exploration, &stage)?;
    let cosim = replay(&project, &runs, &design, &stage);
    let (cosim, missing) = match cosim {
        Ok(replayed) => (replayed, None),
        Err(error @ Error::MissingTool { .. }) => (vec![], Some(error)),
        Err(error) => return Err(error),
    };
    if let Some(error) = &missing {
        cosim::missing_tool(error);
    }
    let page = write_report(&project, &runs, &exploration, &design, &cosim, &stage)?;
    let finished = finished(&project, (&runs, &exploration.summary.memory), design, cosim, missing.as_ref(), page);
    output.result(&finished, || human(&finished, &exploration));
    match missing {
        Some(error) => Err(error),
        None => Ok(if finished.cosim.iter().all(Replayed::passed) { Answer::Yes } else { Answer::No }),
    }
}

/// The page, and beside it the digests of what it shows.
const REPORT: &str = "report.html";
const REPORT_MANIFEST: &str = "report.manifest.json";

/// Where a flow writes and how it tells what it does.
struct Stage {
    output: Output,
    folder: PathBuf,
    start: Instant,
}

impl Stage {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn done(&self, what: &str, done: Done) {
        let seconds = self.start.elapsed().as_secs_f64();
        self.output.note(&format!("[{seconds:6.1} s] {what}: {}", done.word()));
    }
}

fn simulate_all(project: &Project, stage: &Stage) -> Result<Vec<Simulated>> {
    let (accelerator, digest) = inputs::accelerator(&project.accelerator)?;
    let one = |entry: &super::project::Entry| simulate_one(project, entry, &accelerator, digest.clone(), stage);
    project.workloads.iter().map(one).collect()
}

fn simulate_one(
    project: &Project,
    entry: &super::project::Entry,
    accelerator: &Accelerator,
    digest: Input,
    stage: &Stage,
) -> Result<Simulated> {
    let mut loaded = inputs::workload(&entry.config, &project.scenario, &project.lowering)?;
    loaded.workload.name = entry.name.clone();
    loaded.inputs.push(digest);
    let target = stage.path(&format!("runs/{}", entry.name));
    let (run, done) =
        simulate_into(&target, &loaded.workload, accelerator, &loaded.choices, loaded.inputs, Shortcuts::ALL)?;
    stage.done(&format!("simulate {}", entry.name), done);
    tell_thrashing(&run, &project.accelerator);
    Ok(Simulated { name: entry.name.clone(), run, digest: inputs::digest_of("run", &target)? })
}

fn explore_all(project: &Project, runs: &[Simulated], stage: &Stage) -> Result<Exploration> {
    let (study, mut digests) = explore::study(&project.study)?;
    digests.extend(runs.iter().map(|r| r.digest.clone()));
    let all = || Ok(runs.iter().map(|r| r.run.clone()).collect());
    let (exploration, done) =
        explore::explore_into(&stage.path("exploration"), &study, all, digests, Options::default())?;
    stage.done(&format!("explore {} points", crate::units::grouped(exploration.summary.points)), done);
    drop(exploration);
    Exploration::read(&stage.path("exploration"))
}

fn select_and_generate(exploration: &Exploration, stage: &Stage) -> Result<Design> {
    let choice = Choice::Best(Objective::Energy);
    let (design, done) = select::select_into(&stage.path("design.json"), exploration, choice, <_>::default())?;
    stage.done(&format!("select {}", design.name), done);
    let (bundle, directory) = (RtlBundle::of(&design)?, stage.path("rtl"));
    let kept = bundle.is_in(&directory);
    if !kept {
        bundle.write(&directory)?;
    }
    stage.done("generate", Done::unless(kept));
    Ok(design)
}

fn replay(project: &Project, runs: &[Simulated], design: &Design, stage: &Stage) -> Result<Vec<Replayed>> {
    let replay = Replay {
        layers: Some(project.replay.layers),
        requests: Some(project.replay.requests),
        storage_bits: project.replay.storage_bits,
        wave_from: 0,
        wave_cycles: project.replay.wave_cycles,
        every_cycle: false,
    };
    let (rtl, folder) = (stage.path("rtl"), stage.path("cosim"));
    let kept: Vec<bool> = runs.iter().map(|run| run.is_replayed(design, replay, &folder)).collect();
    let stale: Vec<&Simulated> = runs.iter().zip(&kept).filter(|(_, kept)| !**kept).map(|(run, _)| run).collect();
    if !stale.is_empty() {
        let named: Vec<(String, &Run)> = stale.iter().map(|run| (run.name.clone(), &run.run)).collect();
        let from = cosim::Sources { rtl: Some(&rtl), schedule: None };
        let replayed = cosim::replay_all(design, from, &named, replay, &folder)?;
        for (run, replayed) in stale.iter().zip(&replayed) {
            let inputs = run.replay_inputs(design, replay);
            artefact::record(&replayed.folder, artefact::MANIFEST, "cosim", inputs, &replayed.files())?;
        }
    }
    let done = |(run, kept): (&Simulated, &bool)| stage.done(&format!("co-simulate {}", run.name), Done::unless(*kept));
    runs.iter().zip(&kept).for_each(done);
    runs.iter().map(|run| Replayed::read(design, (&run.name, &run.run), &folder.join(&run.name))).collect()
}

fn write_report(
    project: &Project,
    runs: &[Simulated],
    exploration: &Exploration,
    design: &Design,
    cosim: &[Replayed],
    stage: &Stage,
) -> Result<PathBuf> {
    let path = stage.path(REPORT);
    let inputs = report_inputs(project, runs, design, cosim, stage)?;
    if artefact::recorded(&stage.folder, REPORT_MANIFEST, "report", &inputs) {
        stage.done("report", Done::Before);
        return Ok(path);
    }
    let waveforms = cosim.iter().filter_map(|r| r.waveform.as_ref().map(|v| (format!("{}/wave.vcd", r.workload), v)));
    let provenance = runs.iter().map(|r| Fact::new(format!("run {}", r.name), &r.digest.digest));
    let page = report(&Inputs {
        title: project.name.clone(),
        runs: runs.iter().map(|r| &r.run).collect(),
        exploration: Some(exploration),
        design: Some(design),
        cosims: cosim.iter().map(|r| &r.report).collect(),
        waveforms: waveforms.collect(),
        provenance: provenance.collect(),
    })?;
    artefact::write(&path, page.as_bytes())?;
    artefact::record(&stage.folder, REPORT_MANIFEST, "report", inputs, &[REPORT])?;
    stage.done("report", Done::Now);
    Ok(path)
}

/// Everything that the page shows.
fn report_inputs(
    project: &Project,
    runs: &[Simulated],
    design: &Design,
    cosim: &[Replayed],
    stage: &Stage,
) -> Result<Vec<Input>> {
    let mut inputs = vec![Input::of("title", project.name.as_bytes())];
    inputs.extend(runs.iter().map(|run| run.digest.clone()));
    inputs.push(inputs::digest_of("exploration", &stage.path("exploration"))?);
    inputs.push(Input::of("design", artefact::json(design).as_bytes()));
    for replayed in cosim {
        inputs.push(inputs::digest_of("cosim", &replayed.folder)?);
    }
    Ok(inputs)
}

fn finished(
    project: &Project,
    (runs, memory): (&[Simulated], &str),
    design: Design,
    cosim: Vec<Replayed>,
    missing: Option<&Error>,
    report: PathBuf,
) -> Finished {
    let waveforms = cosim.iter().filter(|r| r.waveform.is_some()).map(|r| r.folder.join("wave.gtkw"));
    Finished {
        project: project.name.clone(),
        workloads: runs.iter().map(|run| workload(run, memory)).collect(),
        waveforms: waveforms.collect(),
        cosim_left_out: missing.map(|e| e.to_string()),
        design,
        cosim,
        report,
    }
}

/// A run and the peak of the memory that was explored.
fn workload(simulated: &Simulated, memory: &str) -> Workload {
    let statistics = &simulated.run.statistics;
    let peak = statistics.memories.iter().find(|m| m.name == memory).map(|m| &m.peak_needed);
    let peak = peak.expect("the exploration names a memory of the runs");
    let who: Vec<String> = peak.tensors.iter().take(2).map(|(t, b)| format!("{t} {}", b.human())).collect();
    Workload {
        name: simulated.name.clone(),
        cycles: statistics.cycles.0,
        milliseconds: statistics.cycles.0 as f64 * simulated.run.accelerator.clock.period().0 / 1e6,
        peak_needed_bytes: peak.bytes.0,
        at_the_peak: who.join(", "),
    }
}

fn human(finished: &Finished, exploration: &Exploration) -> String {
    let mut text = finished.cosim.iter().map(cosim::human).collect::<Vec<_>>().join("\n");
    text.push('\n');
    text.push_str(&explore::human(exploration));
    text.push_str("\nWorkloads\n");
    let mut rows = vec![["workload", "latency [ms]", "peak needed", "largest at the peak"].map(String::from).to_vec()];
    for w in &finished.workloads {
        let peak = Bytes(w.peak_needed_bytes).human();
        rows.push(vec![w.name.clone(), format!("{:.2}", w.milliseconds), peak, w.at_the_peak.clone()]);
    }
    text.push_str(&table(&rows));
    text.push_str(&format!("\nSelected design\n{}", select::human(&finished.design)));
    text.push_str("\nThree-way equality\n");
    let mut rows = vec![["replayed", "prediction = reference = RTL", "waveform"].map(String::from).to_vec()];
    for r in &finished.cosim {
        let equal = if r.report.passed() { "equal" } else { "DIFFERENT" };
        let wave =
            r.waveform.as_ref().map_or("none", |v| if v.passed() { "keeps the protocol" } else { "VIOLATES it" });
        rows.push(vec![r.report.part.clone(), equal.into(), wave.into()]);
    }
    text.push_str(&table(&rows));
    if let Some(why) = &finished.cosim_left_out {
        text.push_str(&format!("left out: {why}\n"));
    }
    text.push_str(&format!("\nReport:   {}\n", finished.report.display()));
    for path in &finished.waveforms {
        text.push_str(&format!("Waveform: gtkwave {}\n", path.display()));
    }
    text
}
