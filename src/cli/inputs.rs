//! What several commands read: a model with its scenario and lowering, an accelerator, a study.

use crate::accelerator::Accelerator;
use crate::artefact::{self, Input};
use crate::config::{Document, Table};
use crate::diagnostic::Source;
use crate::error::Result;
use crate::trace::Choices;
use crate::workload::{Lowering, Model, Scenario, Workload, lower};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a model runs: a file, single options, or both; an option wins over the file.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ScenarioArguments {
    /// Prompt tokens.
    #[arg(long, value_name = "TOKENS", help_heading = "Scenario")]
    prefill: Option<String>,
    /// Tokens generated one by one after the prompt.
    #[arg(long, value_name = "TOKENS", help_heading = "Scenario")]
    decode: Option<String>,
    /// Tokens or frames that an encoder reads; without --prefill, a decoder then starts with one token.
    #[arg(long, value_name = "TOKENS", help_heading = "Scenario")]
    source: Option<String>,
    /// Sequences at a time.
    #[arg(long, value_name = "SEQUENCES", help_heading = "Scenario")]
    batch: Option<String>,
    /// Bits of every element.
    #[arg(long, value_name = "BITS", help_heading = "Scenario")]
    bits: Option<String>,
    /// Bits of a weight; wins over --bits.
    #[arg(long, value_name = "BITS", help_heading = "Scenario")]
    bits_weights: Option<String>,
    /// Bits of an activation or a score; wins over --bits.
    #[arg(long, value_name = "BITS", help_heading = "Scenario")]
    bits_activations: Option<String>,
    /// Bits of a key or value; wins over --bits.
    #[arg(long, value_name = "BITS", help_heading = "Scenario")]
    bits_kv: Option<String>,
    /// Leave out the language-model head.
    #[arg(long, help_heading = "Scenario")]
    no_lm_head: bool,
    /// Order of the heads: depth-first, breadth-first, or tiled (no score reaches the memory).
    #[arg(long, value_name = "ORDER", help_heading = "Lowering")]
    attention: Option<String>,
    /// Q, K and V as one product each (fused) or one for each head (per-head).
    #[arg(long, value_name = "GRANULARITY", help_heading = "Lowering")]
    projections: Option<String>,
    /// Compute the full square of scores, also above the diagonal.
    #[arg(long, help_heading = "Lowering")]
    no_causal: bool,
    /// Feed-forward network as the model says (model) or with two matrices (mlp2).
    #[arg(long, value_name = "SHAPE", help_heading = "Lowering")]
    ffn: Option<String>,
    /// One score matrix a head (per-head) or one for all (aggregated).
    #[arg(long, value_name = "GRANULARITY", help_heading = "Lowering")]
    scores: Option<String>,
    /// Keys and values are needed until the sequence ends (kept) or until their last use (released).
    #[arg(long, value_name = "RULE", help_heading = "Lowering")]
    kv: Option<String>,
    /// Weights are needed tile by tile (streamed) or until the op ends (whole).
    #[arg(long, value_name = "RULE", help_heading = "Lowering")]
    weights: Option<String>,
    /// Multi-head latent attention on the latent vectors (absorbed) or on keys and values rebuilt from them (expanded).
    #[arg(long, value_name = "FORM", help_heading = "Lowering")]
    mla: Option<String>,
    /// TOML file with the tables [scenario] and [lowering].
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
}

/// Tokens where neither an option nor a file says how many, and there is no source.
const DEFAULT_PREFILL: i64 = 1024;
/// Stands for a file name where options are wrong.
const COMMAND_LINE: &str = "command line";

impl ScenarioArguments {
    /// The scenario and the lowering.
    ///
    /// Options are laid over the file before anything is checked, so that what follows from a key (keys and values are kept
    /// when tokens are decoded) follows from the one that counts. What is wrong is told where it stands: in the options or in
    /// the file, each read alone, or else in both together.
    pub fn resolve(&self) -> Result<(Scenario, Lowering)> {
        let options = self.tables();
        let file = self.scenario.as_deref().map(source).transpose()?;
        let Some(file) = file else { return read_tables(&as_source(COMMAND_LINE, with_prefill(options))) };
        let Ok(mut together) = file.text.parse::<toml::Table>() else { return read_tables(&file) };
        lay_over(&mut together, options.clone());
        let path = format!("{} with the options of the command line", file.path.display());
        read_tables(&as_source(&path, together)).or_else(|error| {
            read_tables(&as_source(COMMAND_LINE, with_prefill(options)))?;
            read_tables(&file)?;
            Err(error)
        })
    }

    /// What is given, as a file would say it.
    fn tables(&self) -> toml::Table {
        let mut bits = toml::Table::new();
        for (key, value) in
            [("weights", &self.bits_weights), ("activations", &self.bits_activations), ("kv", &self.bits_kv)]
        {
            set(&mut bits, key, value.as_ref().or(self.bits.as_ref()));
        }
        let mut scenario = toml::Table::new();
        let numbers =
            [("prefill", &self.prefill), ("decode", &self.decode), ("source", &self.source), ("batch", &self.batch)];
        numbers.iter().for_each(|(key, value)| set(&mut scenario, key, value.as_ref()));
        if !bits.is_empty() {
            scenario.insert("bits".into(), bits.into());
        }
        if self.no_lm_head {
            scenario.insert("lm_head".into(), false.into());
        }
        toml::Table::from_iter([("scenario".into(), scenario.into()), ("lowering".into(), self.lowering().into())])
    }

    fn lowering(&self) -> toml::Table {
        let mut lowering = toml::Table::new();
        let words = [
            ("attention", &self.attention),
            ("projections", &self.projections),
            ("ffn", &self.ffn),
            ("scores", &self.scores),
            ("kv", &self.kv),
            ("weights", &self.weights),
            ("mla", &self.mla),
        ];
        words.iter().for_each(|(key, value)| set(&mut lowering, key, value.as_ref()));
        if self.no_causal {
            lowering.insert("causal".into(), false.into());
        }
        lowering
    }
}

/// A number where it is one, text otherwise: whether it may be is checked as in a file.
fn set(table: &mut toml::Table, key: &str, value: Option<&String>) {
    if let Some(value) = value {
        let value = value.parse::<i64>().map_or_else(|_| toml::Value::from(value.as_str()), toml::Value::from);
        table.insert(key.into(), value);
    }
}

/// Every value of `options` replaces that of `tables`.
fn lay_over(tables: &mut toml::Table, options: toml::Table) {
    for (key, value) in options {
        match (tables.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(over)) => lay_over(inner, over),
            (_, value) => drop(tables.insert(key, value)),
        }
    }
}

fn with_prefill(mut options: toml::Table) -> toml::Table {
    if let Some(toml::Value::Table(scenario)) = options.get_mut("scenario")
        && !scenario.contains_key("source")
    {
        scenario.entry("prefill").or_insert(DEFAULT_PREFILL.into());
    }
    options
}

fn as_source(path: &str, tables: toml::Table) -> Arc<Source> {
    Source::new(path, tables.to_string())
}

fn read_tables(source: &Arc<Source>) -> Result<(Scenario, Lowering)> {
    let document = Document::parse(source)?;
    let mut root = document.root();
    let tables = scenario_tables(&mut root);
    root.finish();
    document.result(tables)
}

/// Reads the tables `[scenario]` and `[lowering]` of a file.
pub(super) fn scenario_tables(root: &mut Table<'_>) -> Option<(Scenario, Lowering)> {
    let scenario = root.required("scenario").table().and_then(Scenario::read);
    let lowering = root.optional("lowering").table();
    let scenario = scenario?;
    let lowering = lowering.map_or_else(|| Lowering::for_scenario(&scenario), |table| Lowering::read(table, &scenario));
    Some((scenario, lowering))
}

/// A workload, what it follows and the digests of what it was made from.
pub(super) struct Loaded {
    /// The workload.
    pub workload: Workload,
    /// Decisions of the user.
    pub choices: Choices,
    /// Digests of the config and of the decisions.
    pub inputs: Vec<Input>,
}

/// Whether a file means to be an op graph: it names the form, whichever version, or has its lists.
fn says_graph(text: &str) -> bool {
    let form = crate::schema::WORKLOAD.split('/').next().unwrap_or_default();
    text.contains(form) || ["\"tensors\"", "\"ops\""].iter().all(|list| text.contains(list))
}

/// Reads a Hugging Face config and lowers it, or an op graph as it is.
pub(super) fn workload(source: &Arc<Source>, scenario: &Scenario, lowering: &Lowering) -> Result<Loaded> {
    let is_graph = says_graph(&source.text);
    let choices = Choices { scenario: (!is_graph).then(|| scenario.clone()), lowering: *lowering };
    let workload = match is_graph {
        true => Workload::from_json(source)?,
        false => lower(&Model::parse(source)?, scenario, lowering)?,
    };
    let inputs =
        vec![Input::of("workload", source.text.as_bytes()), Input::of("choices", artefact::json(&choices).as_bytes())];
    Ok(Loaded { workload, choices, inputs })
}

/// Reads an accelerator.
pub(super) fn accelerator(source: &Arc<Source>) -> Result<(Accelerator, Input)> {
    Ok((Accelerator::parse(source)?, Input::of("accelerator", source.text.as_bytes())))
}

/// Reads a file as a diagnostic source.
pub(super) fn source(path: &Path) -> Result<Arc<Source>> {
    Ok(Source::new(path, artefact::read_text(path)?))
}

/// Digest of an artefact directory: that of its manifest.
pub(super) fn digest_of(name: &str, directory: &Path) -> Result<Input> {
    Ok(Input::of(name, artefact::json(&artefact::manifest(directory)?).as_bytes()))
}
