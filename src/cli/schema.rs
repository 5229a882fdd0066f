//! `trapti schema`: JSON Schemas of every answer that `--format json` gives and of every JSON artefact.

use super::output::{Output, table};
use super::{
    Answer, catalogue, cosim, doctor, explain, flow, gemm, generate, new, report, scripts, sram, study, trace,
};
use crate::artefact::Manifest;
use crate::diagnostic::{Diagnostic, nearest};
use crate::error::{Error, Result};
use crate::explore::{self, Explanation};
use crate::power::{Design, Schedule};
use crate::trace::comparison::Comparison;
use crate::trace::profile::Profile;
use crate::trace::summary::Summary;
use crate::wave::Verdict;
use crate::workload::{Facts, Workload};
use clap::Args;
use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;

/// Print the JSON Schema of an answer or artefact. Without a name, list all.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  trapti schema\n  trapti schema summary > summary.schema.json")]
pub(super) struct Arguments {
    /// Name in the list.
    name: Option<String>,
}

/// A form of JSON that trapti writes.
struct Form {
    name: &'static str,
    written_by: &'static str,
    schema: fn() -> Schema,
}

/// A form in the list, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Entry {
    /// Name to ask for.
    name: &'static str,
    /// Commands that print or write it.
    written_by: &'static str,
}

macro_rules! forms {
    ($($name:literal, $type:ty, $by:literal;)*) => {
        &[
            Form { name: "workload", written_by: "trapti import -o FILE", schema: Workload::json_schema },
            $(Form { name: $name, written_by: $by, schema: || schema_for!($type) }),*
        ]
    };
}

const FORMS: &[Form] = forms! {
    "facts", Facts, "trapti import";
    "summary", Summary, "trapti simulate, trace import";
    "product", gemm::Summary, "trapti gemm";
    "sram", sram::Characterised, "trapti sram";
    "survey", study::Points, "trapti study; points.json";
    "exploration", explore::Summary, "trapti explore; exploration.json";
    "explanation", Explanation, "trapti explore --explain";
    "schedule", Schedule, "trapti explore --schedule DIR";
    "design", Design, "trapti select; design.json";
    "generated", generate::Generated, "trapti generate";
    "replays", Vec<cosim::Replayed>, "trapti cosim";
    "cosim", crate::cosim::CosimReport, "cosim.json";
    "profile", Profile, "trapti trace show";
    "comparison", Comparison, "trapti trace diff";
    "exported", trace::Exported, "trapti trace export";
    "verdict", Verdict, "trapti wave check";
    "report", report::Written, "trapti report";
    "flow", flow::Finished, "trapti flow";
    "project", new::Written, "trapti new";
    "models", Vec<catalogue::ModelEntry>, "trapti models";
    "devices", catalogue::DeviceList, "trapti devices";
    "tools", Vec<doctor::Found>, "trapti doctor";
    "codes", Vec<explain::Explained>, "trapti explain";
    "forms", Vec<Entry>, "trapti schema";
    "completions", scripts::Script, "trapti completions";
    "pages", scripts::Pages, "trapti man";
    "manifest", Manifest, "manifest.json";
};

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    match &arguments.name {
        Some(name) => {
            let form = FORMS.iter().find(|form| form.name == name).ok_or_else(|| unknown(name))?;
            let schema = (form.schema)();
            output.result(&schema, || crate::artefact::json(&schema));
        }
        None => {
            let entries: Vec<Entry> =
                FORMS.iter().map(|form| Entry { name: form.name, written_by: form.written_by }).collect();
            let row = |entry: &Entry| vec![entry.name.to_string(), entry.written_by.to_string()];
            let head = vec!["schema".into(), "written by".into()];
            output
                .result(&entries, || table(&std::iter::once(head).chain(entries.iter().map(row)).collect::<Vec<_>>()));
        }
    }
    Ok(Answer::Yes)
}

fn unknown(name: &str) -> Error {
    let problem = Diagnostic::new("unknown-name", format!("there is no schema `{name}`"));
    let near = nearest(name, FORMS.iter().map(|form| form.name));
    Error::input(match near {
        Some(near) => problem.with_help(format!("did you mean `{near}`?")),
        None => problem.with_help("`trapti schema` lists all"),
    })
}
