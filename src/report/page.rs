//! The page: template, style and script from this folder, the charting library from the `plotly` crate.

use super::exploration::{self, ExplorationView};
use super::inputs::{Fact, Inputs};
use super::occupancy::{Curve, curves};
use super::peaks::{PeakRow, peaks};
use super::replay::{replay, waveform};
use crate::error::{Error, Result};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;

/// Numbers that the script draws.
#[derive(Debug, Serialize)]
struct Charts {
    curves: Vec<Curve>,
    peaks: Vec<PeakRow>,
    exploration: Option<ExplorationView>,
}

/// One page of HTML, complete in itself.
///
/// # Errors
/// When the template cannot be rendered, which is a defect of this version.
pub fn report(inputs: &Inputs<'_>) -> Result<String> {
    let chosen = inputs.design.map(|design| design.provenance.point);
    let charts = Charts {
        curves: curves(&inputs.runs),
        peaks: peaks(&inputs.runs),
        exploration: inputs.exploration.map(|study| exploration::view(study, chosen)),
    };
    let replays: Vec<_> = inputs.cosims.iter().map(|report| replay(report)).collect();
    let waveforms: Vec<_> = inputs.waveforms.iter().map(|(file, verdict)| waveform(file, verdict)).collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page.html", include_str!("page.html")).map_err(defect)?;
    let page = environment.get_template("page.html").map_err(defect)?;
    page.render(context! {
        title => &inputs.title,
        version => env!("CARGO_PKG_VERSION"),
        provenance => Value::from(Serde(provenance(inputs))),
        curves => charts.curves.len(),
        peaks => Value::from(Serde(&charts.peaks)),
        study => Value::from(Serde(&charts.exploration)),
        replays => Value::from(Serde(replays)),
        waveforms => Value::from(Serde(waveforms)),
        style => Value::from_safe_string(include_str!("page.css").to_owned()),
        script => Value::from_safe_string(include_str!("page.js").to_owned()),
        plotly => Value::from_safe_string(plotly_script()?),
        data => Value::from_safe_string(embedded(&charts)?),
    })
    .map_err(defect)
}

fn defect(error: impl std::fmt::Display) -> Error {
    Error::Tool { tool: "the report's template".into(), message: error.to_string() }
}

/// JSON that is safe inside a script element: no `<` can end it.
fn embedded(charts: &Charts) -> Result<String> {
    let json = serde_json::to_string(charts).map_err(defect)?;
    Ok(json.replace('<', "\\u003c"))
}

/// The first script of the crate's offline sources; the second is a typesetter for formulas, which the page has not.
fn plotly_script() -> Result<String> {
    let sources = plotly::Plot::offline_js_sources();
    let start = sources.find('>').map(|at| at + 1);
    let end = sources.find("</script>");
    match (start, end) {
        (Some(start), Some(end)) if start < end => Ok(sources[start..end].to_owned()),
        _ => Err(defect("the plotly crate's script has another form than expected")),
    }
}

fn provenance(inputs: &Inputs<'_>) -> Vec<Fact> {
    let mut facts = vec![Fact::new("trapti", env!("CARGO_PKG_VERSION"))];
    for run in &inputs.runs {
        facts.push(Fact::new(format!("accelerator of {}", run.workload.name), run.accelerator.name.clone()));
    }
    if let Some(study) = inputs.exploration {
        let source = &study.summary.characterisation;
        facts.push(Fact::new(format!("characterisation {}", source.name), source.source.clone()));
        facts.push(Fact::new("digest of the characterisation", source.digest.clone()));
        facts.extend(source.notes.iter().map(|note| Fact::new("note on the characterisation", note.clone())));
    }
    if let Some(design) = inputs.design {
        facts.push(Fact::new("characterisation of the design", design.provenance.characterisation.clone()));
        facts.push(Fact::new("exploration of the design", design.provenance.exploration.clone()));
        let placements = design.provenance.placements.iter();
        facts.extend(placements.map(|(run, digest)| Fact::new(format!("placement of {run}"), digest.clone())));
    }
    facts.extend(inputs.cosims.iter().map(|report| Fact::new("RTL, options and tools", report.rtl_digest.clone())));
    facts.extend(inputs.provenance.iter().cloned());
    facts
}
