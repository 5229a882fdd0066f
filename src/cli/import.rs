//! `trapti import`: a model's facts, and its op graph.

use super::Answer;
use super::inputs::ScenarioArguments;
use super::output::{Output, table};
use crate::artefact;
use crate::builtin::{self, Kind};
use crate::error::Result;
use crate::units::grouped;
use crate::workload::{Facts, Model, lower};
use clap::Args;
use std::path::PathBuf;

/// Parameters, KV bytes and MACs of a Hugging Face model, and what its config leaves out; with -o also its op graph.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  trapti import gpt2-xl --prefill 1024 --decode 128 --format json")]
pub(super) struct Arguments {
    /// Hugging Face `config.json`, or a name from `trapti models`.
    config: PathBuf,
    #[command(flatten)]
    scenario: ScenarioArguments,
    /// Write the op graph (`trapti.workload/1`) to this file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let (scenario, lowering) = arguments.scenario.resolve()?;
    let model = Model::parse(&builtin::read(Kind::Model, &arguments.config)?)?;
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
    let row = |name: &str, value: u64, unit: &str| (value > 0).then(|| line(name, grouped(value), unit));
    let counted = [
        row("parameters", facts.parameters, ""),
        row("parameters, active", facts.parameters_active, ""),
        row("parameters, embedding", facts.parameters_embedding, ""),
        row("parameters, non-embedding", facts.parameters_non_embedding, ""),
        row("KV cache", facts.kv_bytes_per_token, "bytes per token"),
        row("cross-attention KV cache", facts.cross_kv_bytes_per_source_token, "bytes per source token"),
        row("linear layers", macs.linear_per_token, "MACs per token"),
        row("language-model head or classifier", macs.lm_head_per_token, "MACs per token"),
        row("encoder rows", macs.encode.rows, ""),
        row("encode, patches or convolutions", macs.encode.stem, "MACs"),
        row("encode, linear layers", macs.encode.linear, "MACs"),
        row("encode, attention", macs.encode.attention, "MACs"),
        row("encode, head", macs.encode.head, "MACs"),
        row("encode, keys and values for the decoder", macs.encode.cross_kv, "MACs"),
        row("prefill, linear layers", macs.prefill.linear, "MACs"),
        row("prefill, attention, full square", macs.prefill.attention_full, "MACs"),
        row("prefill, attention, causal", macs.prefill.attention_causal, "MACs"),
        row("decode, linear layers", macs.decode.linear, "MACs"),
        row("decode, attention", macs.decode.attention, "MACs"),
        row("decode, language-model head", macs.decode.lm_head, "MACs"),
    ];
    let assumed = facts.assumed.iter().map(|assumed| line(&assumed.key, assumed.value.clone(), "where absent"));
    let head = line(&facts.model, "value".into(), "unit");
    let rows: Vec<_> = [head].into_iter().chain(counted.into_iter().flatten()).chain(assumed).collect();
    table(&rows)
}

fn line(name: &str, value: String, unit: &str) -> Vec<String> {
    vec![name.into(), value, unit.into()]
}
