//! `trapti study`: two models over prompt length, lowering and accelerator.

use super::output::{Output, message, table};
use super::{Answer, progress};
use crate::artefact::{self, Staging};
use crate::error::{Error, Result};
use crate::report;
use crate::schema;
use crate::survey::{Metric, Point, Ratio, Survey, ratios};
use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Compare the peaks and latencies of two models over prompt length, lowering and accelerator.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapti study models/studies/mha-vs-gqa.toml --output out/mha-vs-gqa
  trapti study models/studies/mha-vs-gqa.toml --check docs/mha-vs-gqa.json --up-to 256")]
pub(super) struct Arguments {
    /// Study file: two models, prompt lengths, lowerings, accelerators.
    study: PathBuf,
    /// Directory to write: points (Parquet, CSV, JSON), ratios (CSV), plots (SVG).
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Compare with the points of an earlier `points.json`; the answer is "no" where they differ.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// Leave out longer prompts.
    #[arg(long, value_name = "TOKENS")]
    up_to: Option<u32>,
}

/// `points.json`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Points {
    schema: String,
    points: Vec<Point>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let (mut survey, mut inputs) = Survey::read(&arguments.study)?;
    if let Some(longest) = arguments.up_to {
        survey.prefill.retain(|&prefill| prefill <= longest);
        inputs.push(artefact::Input::of("up-to", &longest.to_le_bytes()));
    }
    let kept = arguments.output.as_deref().filter(|target| artefact::up_to_date(target, "study", &inputs));
    let points = match kept {
        Some(target) => read(&target.join(POINTS))?,
        None => simulate(&survey)?,
    };
    let ratios = ratios(&survey, &points);
    if let (Some(target), None) = (&arguments.output, kept) {
        write(target, &survey, &points, &ratios, inputs)?;
    }
    if let Some(target) = &arguments.output {
        output.note(&format!("{}: {}", target.display(), if kept.is_some() { "up to date" } else { "written" }));
    }
    output.result(&Points { schema: schema::SURVEY.into(), points: points.clone() }, || human(&ratios));
    match &arguments.check {
        Some(path) => Ok(check(&points, path)?),
        None => Ok(Answer::Yes),
    }
}

const POINTS: &str = "points.json";

fn simulate(survey: &Survey) -> Result<Vec<Point>> {
    let bar = progress::bar(&format!("study {}", survey.name), 0);
    let points = survey.run(&mut |progress| {
        bar.set_length(progress.runs as u64);
        bar.set_position(progress.done as u64);
    });
    bar.finish_and_clear();
    points
}

fn read(path: &Path) -> Result<Vec<Point>> {
    let points: Points = serde_json::from_str(&artefact::read_text(path)?)
        .map_err(|e| Error::Artefact { path: path.into(), message: e.to_string() })?;
    Ok(points.points)
}

fn write(
    target: &Path,
    survey: &Survey,
    points: &[Point],
    ratios: &[Ratio],
    inputs: Vec<artefact::Input>,
) -> Result<()> {
    let staging = Staging::new(target)?;
    let table = Point::table(points);
    table.write_parquet(&staging.path().join("points.parquet"))?;
    staging.write("points.csv", table.csv().as_bytes())?;
    let json = Points { schema: schema::SURVEY.into(), points: points.to_vec() };
    staging.write(POINTS, artefact::json(&json).as_bytes())?;
    staging.write("ratios.csv", Ratio::table(ratios).csv().as_bytes())?;
    for platform in &survey.accelerators {
        let name = format!("peak-ratio-{}.svg", platform.name.replace(' ', "-"));
        staging.write(&name, report::peak_ratios(survey, ratios, &platform.name)?.as_bytes())?;
    }
    staging.write("latency-ratio.svg", report::latency_ratios(survey, ratios)?.as_bytes())?;
    staging.commit("study", inputs)?;
    Ok(())
}

/// Every computed point must stand in the file as it was computed.
fn check(points: &[Point], path: &Path) -> Result<Answer> {
    let committed = read(path)?;
    let differs = |point: &&Point| committed.iter().find(|c| c.stands_with(point)) != Some(point);
    let different: Vec<&Point> = points.iter().filter(differs).collect();
    for point in &different {
        message(&format!(
            "differs: {}, {}, {} tokens, {}: {} bytes, {} cycles",
            point.lowering, point.accelerator, point.prefill, point.model, point.peak_needed_bytes, point.cycles
        ));
    }
    message(&format!("{} of {} points equal {}", points.len() - different.len(), points.len(), path.display()));
    Ok(if different.is_empty() && !points.is_empty() { Answer::Yes } else { Answer::No })
}

fn human(ratios: &[Ratio]) -> String {
    let head = ["lowering", "SRAM", "prompt [tokens]"].map(String::from);
    let metrics = Metric::ALL.map(|m| format!("peak, {} [×]", m.name()));
    let mut rows = vec![head.into_iter().chain(metrics).chain(["latency [×]".into()]).collect::<Vec<_>>()];
    rows.extend(ratios.iter().map(row));
    table(&rows)
}

fn row(ratio: &Ratio) -> Vec<String> {
    let shown = |value: Option<f64>| value.map_or("does not fit".into(), |v| format!("{v:.3}"));
    let prefill = format!("{}{}", ratio.prefill, if ratio.extrapolated { " (extrapolated)" } else { "" });
    let peaks = Metric::ALL.map(|metric| shown(ratio.peak(metric)));
    [ratio.lowering.clone(), ratio.accelerator.clone(), prefill]
        .into_iter()
        .chain(peaks)
        .chain([shown(ratio.latency)])
        .collect()
}
