//! `trapti import`: a model's facts, and its op graph.

use super::Answer;
use super::inputs::{self, ScenarioArguments};
use super::output::{Output, table};
use crate::artefact;
use crate::error::Result;
use crate::units::grouped;
use crate::workload::{Facts, Model, lower};
use clap::Args;
use std::path::PathBuf;

/// Parameters, KV bytes and MACs of a Hugging Face model; with -o also its op graph.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  trapti import models/gpt2-xl.json --prefill 1024 --decode 128 --format json")]
pub(super) struct Arguments {
    /// Hugging Face `config.json`.
    config: PathBuf,
    #[command(flatten)]
    scenario: ScenarioArguments,
    /// Write the op graph (`trapti.workload/1`) to this file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let (scenario, lowering) = arguments.scenario.resolve()?;
    let model = Model::parse(&inputs::source(&arguments.config)?)?;
    let facts = model.facts(&scenario)?;
    if let Some(path) = &arguments.output {
        artefact::write(path, lower(&model, &scenario, &lowering)?.to_json().as_bytes())?;
        output.note(&format!("op graph ({lowering}): {}", path.display()));
    }
    output.result(&facts, || human(&facts));
    Ok(Answer::Yes)
}

fn human(facts: &Facts) -> String {
    let macs = &facts.macs;
    let row = |name: &str, value: u64, unit: &str| vec![name.to_string(), grouped(value), unit.to_string()];
    let rows = [
        vec![facts.model.clone(), "value".into(), "unit".into()],
        row("parameters", facts.parameters, ""),
        row("KV cache", facts.kv_bytes_per_token, "bytes per token"),
        row("linear layers", macs.linear_per_token, "MACs per token"),
        row("language-model head", macs.lm_head_per_token, "MACs per token"),
        row("prefill, linear layers", macs.prefill.linear, "MACs"),
        row("prefill, attention, full square", macs.prefill.attention_full, "MACs"),
        row("prefill, attention, causal", macs.prefill.attention_causal, "MACs"),
        row("decode, linear layers", macs.decode.linear, "MACs"),
        row("decode, attention", macs.decode.attention, "MACs"),
        row("decode, language-model head", macs.decode.lm_head, "MACs"),
    ];
    table(&rows)
}
