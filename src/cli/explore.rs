//! `trapti explore`: bank organisations and gating policies on runs.

use super::output::{Output, table, table_by, wrapped};
use super::simulate::Done;
use super::{Answer, inputs, progress};
use crate::artefact::{self, Input};
use crate::builtin::{self, Kind};
use crate::diagnostic::Source;
use crate::error::Result;
use crate::explore::{self, Explanation, Exploration, Options, Rows, Study};
use crate::sram::Characterisation;
use crate::trace::Run;
use clap::Args;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Try bank organisations and gating policies on one or more runs that share a memory.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  trapti explore out/gpt2-xl out/deepseek --study models/studies/edge-llm.toml -o out/exploration\n  \
                  trapti explore out/gpt2-xl out/deepseek --study models/studies/edge-llm.toml -o out/exploration --explain 120"
)]
pub(super) struct Arguments {
    /// Run directories.
    #[arg(required = true)]
    runs: Vec<PathBuf>,
    /// Study file; `edge-llm` and `trapti` are built in.
    #[arg(short, long, value_name = "FILE")]
    study: PathBuf,
    /// Exploration directory to write.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Also write every point as comma-separated values to this file.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Play the runs exactly against these points too, not only against the front.
    #[arg(long, value_name = "POINT", value_delimiter = ',')]
    predict: Vec<u64>,
    /// Explain a point instead of listing the front: energy by term, idle intervals against break-even, what keeps each domain
    /// awake, what a change would buy.
    #[arg(long, value_name = "POINT")]
    explain: Option<u64>,
    /// Also write the schedule of a `scheduled` point as JSON, one for each workload, to this directory.
    #[arg(long, value_name = "DIR", requires = "explain")]
    schedule: Option<PathBuf>,
    /// Also write what gating saves as a Markdown page: by technology, capacity, fill, domains, placement, period.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Estimate every point, play none.
    #[arg(long, conflicts_with = "predict")]
    no_prediction: bool,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let (study, mut digests) = study(&builtin::read(Kind::Study, &arguments.study)?)?;
    for path in &arguments.runs {
        digests.push(inputs::digest_of("run", path)?);
    }
    let runs = || arguments.runs.iter().map(|path| Run::read(path)).collect::<Result<Vec<_>>>();
    let options = Options { predict: !arguments.no_prediction };
    let (_, done) = explore_into(&arguments.output, &study, runs, digests.clone(), options)?;
    let named: Vec<u64> = arguments.predict.iter().chain(&arguments.explain).copied().collect();
    let mut exploration = Exploration::read_named(&arguments.output, &named)?;
    if !arguments.predict.is_empty() {
        let model = study.model()?;
        explore::predict_points(&mut exploration, &arguments.predict, &runs()?, model.as_ref())?;
        exploration.update(&arguments.output, digests)?;
    }
    output.note(&format!("{}: {}", arguments.output.display(), done.word()));
    if let Some(path) = &arguments.csv {
        write_csv(path, &arguments.output, &exploration)?;
    }
    if let Some(path) = &arguments.page {
        artefact::write(path, Exploration::read(&arguments.output)?.savings_page().as_bytes())?;
    }
    if let Some(point) = arguments.explain {
        let explanation = explore::explain(&exploration, point, &runs()?, study.model()?.as_ref())?;
        if let Some(folder) = &arguments.schedule {
            for schedule in explore::schedules(&exploration, point, &runs()?, study.model()?.as_ref())? {
                let path = folder.join(format!("{}.json", schedule.workload));
                artefact::write(&path, artefact::json(&schedule).as_bytes())?;
                output.note(&format!("schedule: {}", path.display()));
            }
        }
        output.result(&explanation, || explained(&exploration, &explanation));
        return Ok(Answer::Yes);
    }
    output.result(&exploration.summary, || human(&exploration));
    Ok(if exploration.summary.points == 0 { Answer::No } else { Answer::Yes })
}

/// Reads a study and its digest.
pub(super) fn study(source: &Arc<Source>) -> Result<(Study, Vec<Input>)> {
    let study = Study::parse(source)?;
    let mut inputs = vec![Input::of("study", source.text.as_bytes())];
    if study.characterisation != Characterisation::Embedded {
        inputs.push(Input { name: "characterisation".into(), digest: study.model()?.provenance().digest });
    }
    Ok((study, inputs))
}

/// Every point as comma-separated values, row group by row group.
fn write_csv(path: &Path, directory: &Path, exploration: &Exploration) -> Result<()> {
    artefact::write_with(path, |file| {
        let mut header = true;
        let all = Exploration::read_points(directory, |mut points| {
            for point in &mut points {
                if let Some(known) = exploration.point(point.point) {
                    point.clone_from(known);
                }
            }
            let text = explore::Point::table(&points).csv();
            let rows = if std::mem::take(&mut header) { &text } else { text.split_once('\n').map_or("", |t| t.1) };
            file.write_all(rows.as_bytes()).map_err(crate::error::Error::file("cannot write", path))
        });
        all.map_err(std::io::Error::other)
    })
}

/// Explores into a directory, or reads it if it is up to date; `runs` are asked for only when they are needed.
pub(super) fn explore_into(
    target: &Path,
    study: &Study,
    runs: impl FnOnce() -> Result<Vec<Run>>,
    digests: Vec<Input>,
    options: Options,
) -> Result<(Exploration, Done)> {
    if artefact::up_to_date(target, "explore", &digests) {
        let exploration = Exploration::read_named(target, &[])?;
        if !options.predict || exploration.summary.predicted {
            return Ok((exploration, Done::Before));
        }
    }
    let spinner = progress::spinner("explore");
    let model = study.model()?;
    let exploration = explore::explore_into(study, &runs()?, model.as_ref(), options, (target, digests));
    spinner.finish_and_clear();
    Ok((exploration?, Done::Now))
}

/// The front, the winners, and what cannot exist.
pub(super) fn human(exploration: &Exploration) -> String {
    let section = |title: &str, rows: &Rows| match rows.rows.is_empty() {
        true => String::new(),
        false => format!("{title}\n{}\n", cells(rows)),
    };
    let mut text = section("Pareto front (ideal: a bound without addresses)", &exploration.front_rows());
    text.push_str(&section("Best", &exploration.winner_rows()));
    for (n, sensitivity) in exploration.summary.sensitivity.iter().enumerate() {
        text.push_str(if n == 0 { "Does the point of least energy survive?\n" } else { "" });
        text.push_str(&wrapped("  ", &sensitivity.to_string(), "    "));
    }
    text.push_str(&section("Predictions asked for", &exploration.asked_rows()));
    text.push_str(&section("Not feasible", &exploration.infeasible_rows()));
    text.push_str(&format!("{} points evaluated\n", crate::units::grouped(exploration.summary.points)));
    text
}

/// A point with what explains it.
fn explained(exploration: &Exploration, explanation: &Explanation) -> String {
    let mut text = cells(&exploration.point_rows([&explanation.point]));
    for (title, keys, rows) in [
        ("Energy", 1, exploration.term_rows(&explanation.point)),
        ("Idle intervals of all domains", 1, explanation.gap_rows()),
        ("What keeps each domain awake", 2, explanation.domain_rows()),
        ("What a change would buy", 1, explanation.alternative_rows()),
    ] {
        if !rows.rows.is_empty() {
            text.push_str(&format!("\n{title}\n{}", table_by(keys, &with_header(&rows))));
        }
    }
    text
}

/// Rows with their header as a text table.
pub(super) fn cells(rows: &Rows) -> String {
    table(&with_header(rows))
}

fn with_header(rows: &Rows) -> Vec<Vec<String>> {
    std::iter::once(rows.header.clone()).chain(rows.rows.iter().cloned()).collect()
}
