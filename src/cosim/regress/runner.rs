//! Plays the cases of a suite, several at a time.

use super::case::{Extras, Played, play};
use super::coverage::Coverage;
use super::junit;
use super::outcome::{Outcome, Regression};
use super::suite::{Case, Suite};
use crate::cosim::{BuildOptions, Cache, CompiledMemory, RtlSources, Toolchain, WaveformFile, WaveformWindow, build};
use crate::power::Design;
use crate::{Error, Result, artefact, schema};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// What to play.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Seeds of each random stimulus.
    pub seeds: u32,
    /// Counts lines of Verilog.
    pub lines: bool,
    /// Plays every case in Icarus as well, with four states.
    pub icarus: bool,
}

/// How far a regression came.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A design is built.
    Built(&'a str),
    /// A case ended.
    Ended(&'a Outcome),
}

/// A regression and what it covered.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The outcome of every case.
    pub regression: Regression,
    /// Merged coverage.
    pub coverage: Coverage,
}

/// Plays `cases` of a suite in the threads of the present pool; the outcome does not depend on their number.
///
/// # Errors
/// [`Error::Tool`] if a design cannot be built, [`Error::File`] where the file system refuses.
pub fn regress(
    suite: &Suite,
    cases: &[Case],
    options: Options,
    tools: &Toolchain,
    cache: &Cache,
    progress: &(dyn Fn(Step<'_>) + Sync),
) -> Result<Finished> {
    let build_options = BuildOptions { laboratory: true, coverage: options.lines, ..BuildOptions::default() };
    let mut used: Vec<usize> = cases.iter().map(|case| case.place.0).collect();
    used.sort_unstable();
    used.dedup();
    let built = used.par_iter().map(|&at| {
        let design = &suite.designs[at];
        let sources = RtlSources::of(design)?;
        let memory = build(&sources, build_options, tools, cache)?;
        progress(Step::Built(&design.name));
        Ok((at, (sources, memory)))
    });
    let memories = built.collect::<Result<BTreeMap<usize, (RtlSources, CompiledMemory)>>>()?;
    let scratch = Scratch::new(cache)?;
    let coverage = Mutex::new(Coverage::default());
    let one = |(number, case): (usize, &Case)| {
        let (sources, memory) = &memories[&case.place.0];
        let folder = scratch.folder(number)?;
        let lines = options.lines.then(|| folder.join("coverage.dat"));
        let icarus = options.icarus.then_some((sources, folder.as_path()));
        let played = play(suite, case, memory, Extras { lines: lines.as_deref(), waveform: None, icarus })?;
        add(&coverage, &played, lines.as_deref())?;
        std::fs::remove_dir_all(&folder).map_err(Error::file("cannot remove", &folder))?;
        progress(Step::Ended(&played.outcome));
        Ok(played.outcome)
    };
    let outcomes = cases.par_iter().enumerate().with_max_len(1).map(one).collect::<Result<Vec<_>>>()?;
    let coverage = coverage.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let regression = Regression {
        schema: schema::REGRESSION.into(),
        suite: suite.name.clone(),
        seeds: options.seeds,
        cases: outcomes,
        covered: coverage.covered(),
    };
    Ok(Finished { regression, coverage })
}

fn add(coverage: &Mutex<Coverage>, played: &Played, lines: Option<&Path>) -> Result<()> {
    let mut coverage = coverage.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    coverage.add(&played.states, &played.events);
    lines.filter(|file| file.exists()).map_or(Ok(()), |file| coverage.add_lines(file))
}

/// A directory for what other programs read and write; removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(cache: &Cache) -> Result<Self> {
        remove_leftovers(cache);
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("scratch-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = cache.directory().join(name);
        std::fs::create_dir_all(&path).map_err(Error::file("cannot create", &path))?;
        Ok(Self(path))
    }

    /// A folder for one case.
    fn folder(&self, number: usize) -> Result<PathBuf> {
        let path = self.0.join(number.to_string());
        std::fs::create_dir_all(&path).map_err(Error::file("cannot create", &path))?;
        Ok(path)
    }
}

/// Removes the directories of processes that were interrupted.
fn remove_leftovers(cache: &Cache) {
    for entry in std::fs::read_dir(cache.directory()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix("scratch-").and_then(|rest| rest.split('-').next());
        if process.is_some_and(|id| Path::new("/proc").exists() && !Path::new("/proc").join(id).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Plays one case again and records a waveform in `file`: of a failure, the stretch from the last quiet cycle before it.
///
/// # Errors
/// As [`regress`].
pub fn record(
    suite: &Suite,
    case: &Case,
    file: &Path,
    tools: &Toolchain,
    cache: &Cache,
) -> Result<(Outcome, Option<WaveformFile>)> {
    let options = BuildOptions { laboratory: true, waveforms: true, ..BuildOptions::default() };
    let memory = build(&RtlSources::of(&suite.designs[case.place.0])?, options, tools, cache)?;
    let first = play(suite, case, &memory, Extras::default())?.outcome;
    let from =
        first.failure.as_ref().map_or(0, |failure| failure.quiet.max(failure.cycle.saturating_sub(LONGEST_WINDOW)));
    let to = first.failure.as_ref().map_or(LONGEST_WINDOW, |failure| failure.cycle + 1);
    let window = WaveformWindow { file: file.into(), from, to, limit: WAVE_LIMIT };
    let again = play(suite, case, &memory, Extras { waveform: Some(window), ..Extras::default() })?;
    Ok((again.outcome, again.waveform))
}

/// Most cycles that a waveform of a case shows.
const LONGEST_WINDOW: u64 = 4000;
/// Largest waveform, in bytes.
const WAVE_LIMIT: u64 = 1 << 30;

impl Finished {
    /// Writes `regression.json`, `junit.xml` and, with lines counted, `coverage.info`; `rerun` gives the command that plays a case again.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write(&self, folder: &Path, rerun: impl Fn(&Outcome) -> String) -> Result<()> {
        artefact::write(&folder.join("regression.json"), artefact::json(&self.regression).as_bytes())?;
        artefact::write(&folder.join("junit.xml"), junit::xml(&self.regression, rerun).as_bytes())?;
        artefact::write(&folder.join("coverage.info"), self.coverage.lcov().as_bytes())
    }
}

impl Suite {
    /// The design of a case.
    pub fn design(&self, case: &Case) -> &Design {
        &self.designs[case.place.0]
    }
}
