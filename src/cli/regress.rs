//! `trapti cosim --regress`: a suite of cases on hardware and reference model.

use super::output::{Output, message, table};
use super::{Answer, cosim, progress};
use crate::cosim::regress::table as bug_table;
use crate::cosim::regress::{
    Case, Caught, Covered, Finished, Options, Outcome, Planted, Regression, Step, Suite, record, regress,
};
use crate::cosim::{Cache, Toolchain};
use crate::diagnostic::{Diagnostic, nearest};
use crate::error::{Error, Result};
use crate::units::grouped;
use clap::Args;
use indicatif::ProgressBar;
use itertools::Itertools;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Options of a regression.
#[derive(Debug, Clone, Args)]
#[group(id = "regression")]
pub(super) struct Arguments {
    /// Play a suite of cases instead of runs: designs × stimuli × seeds.
    #[arg(long, value_name = "SUITE", conflicts_with_all = ["design", "runs", "rtl", "schedule"], help_heading = "Regression")]
    pub regress: Option<PathBuf>,
    /// Cases at a time; 0 is one for each processor.
    #[arg(short, long, value_name = "N", requires = "regress", help_heading = "Regression")]
    jobs: Option<usize>,
    /// Seeds of each random stimulus; without it the number in the suite.
    #[arg(long, value_name = "K", requires = "regress", help_heading = "Regression",
        value_parser = clap::value_parser!(u32).range(1..))]
    seeds: Option<u32>,
    /// Play only this case, with a waveform: of a failure, from the last quiet cycle before it.
    #[arg(long, value_name = "CASE", requires = "regress", help_heading = "Regression")]
    case: Option<String>,
    /// Play every case in Icarus Verilog as well, where lost contents are x.
    #[arg(long, requires = "regress", conflicts_with_all = ["case", "planted"], help_heading = "Regression")]
    icarus: bool,
    /// Plant each bug of a table in the RTL and play the suite until something fails; the answer is "no" if nothing does.
    #[arg(long, value_name = "BUGS", requires = "regress", conflicts_with = "case", help_heading = "Regression")]
    planted: Option<PathBuf>,
}

pub(super) fn run(suite: &Path, arguments: &Arguments, folder: &Path, output: Output) -> Result<Answer> {
    let played = Suite::read(suite)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.jobs.unwrap_or(0)).build();
    let pool = pool.map_err(|error| Error::Tool { tool: "thread pool".into(), message: error.to_string() })?;
    let seeds = arguments.seeds.unwrap_or(played.seeds);
    pool.install(|| match (&arguments.case, &arguments.planted) {
        (Some(id), _) => one(&played, id, folder, output),
        (None, Some(bugs)) => plant(&played, bugs, seeds, folder, output),
        (None, None) => all(&played, seeds, arguments, folder, output),
    })
}

/// Plants bugs, several at a time; the table goes to `planted-bugs.md`.
fn plant(suite: &Suite, bugs: &Path, seeds: u32, folder: &Path, output: Output) -> Result<Answer> {
    let bugs = Planted::read(bugs)?;
    let (tools, cache) = (Toolchain::find()?, Cache::of_user());
    let bar = progress::bar("planted bugs", bugs.len() as u64);
    let hunt = |bug: &Planted| {
        let caught = bug.hunt(suite, seeds, &tools, &cache);
        bar.inc(1);
        caught
    };
    let caught: Result<Vec<Caught>> = bugs.par_iter().with_max_len(1).map(hunt).collect();
    bar.finish_and_clear();
    let caught = caught?;
    let page = bug_table(&caught);
    crate::artefact::write(&folder.join("planted-bugs.md"), page.as_bytes())?;
    output.result(&caught, || page);
    Ok(if caught.iter().all(|bug| bug.case.is_some()) { Answer::Yes } else { Answer::No })
}

fn all(suite: &Suite, seeds: u32, arguments: &Arguments, folder: &Path, output: Output) -> Result<Answer> {
    let cases = suite.cases(seeds);
    let path = arguments.regress.as_deref().unwrap_or(Path::new(""));
    let rerun = |outcome: &Outcome| {
        let folder = folder.join(outcome.case.replace('/', "-"));
        format!("trapti cosim --regress {} --case {} -o {}", path.display(), outcome.case, folder.display())
    };
    let (tools, cache) = (Toolchain::find()?, Cache::of_user());
    let bar = progress::bar(&format!("regress {}", suite.name), cases.len() as u64);
    let options = Options { seeds, lines: true, icarus: arguments.icarus };
    let finished = regress(suite, &cases, options, &tools, &cache, &|step| tell(&bar, step, rerun));
    bar.finish_and_clear();
    let finished: Finished = finished?;
    finished.write(folder, rerun)?;
    output.result(&finished.regression, || human(&finished.regression, rerun));
    Ok(if finished.regression.passed() { Answer::Yes } else { Answer::No })
}

/// A failure is told at once.
fn tell(bar: &ProgressBar, step: Step<'_>, rerun: impl Fn(&Outcome) -> String) {
    let Step::Ended(outcome) = step else { return };
    bar.inc(1);
    if let Some(failure) = &outcome.failure {
        bar.suspend(|| {
            message(&format!("FAILED {}: {}: {}\n  {}", outcome.case, failure.check, failure.message, rerun(outcome)));
        });
    }
}

fn one(suite: &Suite, id: &str, folder: &Path, output: Output) -> Result<Answer> {
    let case = suite.case_named(id).ok_or_else(|| unknown(suite, id))?;
    std::fs::create_dir_all(folder).map_err(Error::file("cannot create", folder))?;
    let (tools, cache) = (Toolchain::find()?, Cache::of_user());
    let vcd = folder.join("wave.vcd");
    let (outcome, waveform) = record(suite, &case, &vcd, &tools, &cache)?;
    if waveform.is_some() {
        cosim::judge(&vcd, suite.design(&case))?;
    }
    output.result(&outcome, || described(&outcome, waveform.is_some().then_some(&vcd)));
    Ok(if outcome.failure.is_none() { Answer::Yes } else { Answer::No })
}

fn described(outcome: &Outcome, waveform: Option<&PathBuf>) -> String {
    let mut text = match &outcome.failure {
        None => format!("passed: {}, {} cycles\n", outcome.case, grouped(outcome.cycles)),
        Some(failure) => format!("FAILED: {}, {}: {}\n", outcome.case, failure.check, failure.message),
    };
    if let Some(vcd) = waveform {
        text.push_str(&format!("waveform: {}\n", vcd.display()));
    }
    text
}

fn unknown(suite: &Suite, id: &str) -> Error {
    let cases: Vec<Case> = suite.cases(1);
    let near = nearest(id, cases.iter().map(|case| case.id.as_str()));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("a case is design/stimulus, or design/stimulus/seed where it is random, such as `{}`", cases[0].id)
        }
    };
    Error::input(
        Diagnostic::new("unknown-case", format!("the suite {} has no case `{id}`", suite.name)).with_help(help),
    )
}

fn human(regression: &Regression, rerun: impl Fn(&Outcome) -> String) -> String {
    let mut rows = vec![["design", "stimulus", "cases", "failed", "cycles", "evaluated"].map(String::from).to_vec()];
    for ((design, stimulus), cases) in
        &regression.cases.iter().chunk_by(|case| (case.design.clone(), case.stimulus.clone()))
    {
        let cases: Vec<&Outcome> = cases.collect();
        let failed = cases.iter().filter(|case| case.failure.is_some()).count();
        let sum = |of: fn(&Outcome) -> u64| grouped(cases.iter().map(|case| of(case)).sum::<u64>());
        let numbers =
            [cases.len().to_string(), failed.to_string(), sum(|case| case.cycles), sum(|case| case.evaluated)];
        rows.push([vec![design, stimulus], numbers.to_vec()].concat());
    }
    let mut text = table(&rows);
    text.push_str(&coverage(&regression.covered));
    for (outcome, failure) in regression.failures() {
        text.push_str(&format!(
            "FAILED {}: {}: {}\n  {}\n",
            outcome.case,
            failure.check,
            failure.message,
            rerun(outcome)
        ));
    }
    let failed = regression.failures().count();
    text + &format!("{} of {} cases passed\n", regression.cases.len() - failed, regression.cases.len())
}

fn coverage(covered: &Covered) -> String {
    let seen = |counts: &std::collections::BTreeMap<String, u64>| {
        format!("{} of {}", counts.values().filter(|count| **count > 0).count(), counts.len())
    };
    let mut text = format!(
        "coverage: {} states, {} transitions, {} of {} lines of Verilog; {} kinds of events\n",
        seen(&covered.states),
        seen(&covered.transitions),
        grouped(covered.lines.0),
        grouped(covered.lines.1),
        covered.events.len(),
    );
    let missed = covered.missed();
    if !missed.is_empty() {
        text.push_str(&format!("never came to: {}\n", missed.join(", ")));
    }
    text
}
