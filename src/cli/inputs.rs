//! What several commands read: a model with its scenario and lowering, an accelerator, a study.

use crate::accelerator::Accelerator;
use crate::artefact::{self, Input};
use crate::config::{Document, Table};
use crate::diagnostic::Source;
use crate::error::Result;
use crate::workload::{Lowering, Model, Scenario, Workload, lower};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a model runs: a file, single options, or both; an option wins over the file.
#[derive(Debug, Clone, Args)]
pub(super) struct ScenarioArguments {
    /// Prompt tokens.
    #[arg(long, value_name = "TOKENS")]
    prefill: Option<String>,
    /// Tokens generated one by one after the prompt.
    #[arg(long, value_name = "TOKENS")]
    decode: Option<String>,
    /// Order of the heads: depth-first or breadth-first.
    #[arg(long, value_name = "ORDER")]
    attention: Option<String>,
    /// Q, K and V as one product each (fused) or one for each head (per-head).
    #[arg(long, value_name = "GRANULARITY")]
    projections: Option<String>,
    /// One score matrix a head (per-head) or one for all (aggregated).
    #[arg(long, value_name = "GRANULARITY")]
    scores: Option<String>,
    /// TOML file with the tables [scenario] and [lowering].
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
}

/// Tokens where neither an option nor a file says how many.
const DEFAULT_PREFILL: u32 = 1024;

impl ScenarioArguments {
    /// The scenario and the lowering.
    pub fn resolve(&self) -> Result<(Scenario, Lowering)> {
        let from_file = self.scenario.as_deref().map(|path| read_tables(&source(path)?)).transpose()?;
        if self.is_empty() {
            return Ok(from_file.unwrap_or_else(|| with_default_lowering(Scenario::new(DEFAULT_PREFILL))));
        }
        // Options are read as a file would be, so that what is wrong in them is told in the same way.
        let given = read_tables(&Source::new("command line", self.as_toml()))?;
        Ok(match from_file {
            Some(file) => self.laid_over(file, given),
            None => given,
        })
    }

    fn is_empty(&self) -> bool {
        [&self.prefill, &self.decode, &self.attention, &self.projections, &self.scores].iter().all(|o| o.is_none())
    }

    fn as_toml(&self) -> String {
        let prefill = self.prefill.clone().unwrap_or(DEFAULT_PREFILL.to_string());
        let decode = self.decode.as_ref().map_or(String::new(), |d| format!("decode = {d}\n"));
        let word =
            |key: &str, value: &Option<String>| value.as_ref().map_or(String::new(), |v| format!("{key} = \"{v}\"\n"));
        let lowering = [("attention", &self.attention), ("projections", &self.projections), ("scores", &self.scores)];
        let lowering: String = lowering.iter().map(|(key, value)| word(key, value)).collect();
        format!("[scenario]\nprefill = {prefill}\n{decode}[lowering]\n{lowering}")
    }

    fn laid_over(&self, file: (Scenario, Lowering), given: (Scenario, Lowering)) -> (Scenario, Lowering) {
        let (mut scenario, mut lowering) = file;
        if self.prefill.is_some() {
            scenario.prefill = given.0.prefill;
        }
        if self.decode.is_some() {
            scenario.decode = given.0.decode;
        }
        if self.attention.is_some() {
            lowering.attention = given.1.attention;
        }
        if self.projections.is_some() {
            lowering.projections = given.1.projections;
        }
        if self.scores.is_some() {
            lowering.scores = given.1.scores;
        }
        (scenario, lowering)
    }
}

fn with_default_lowering(scenario: Scenario) -> (Scenario, Lowering) {
    let lowering = Lowering::for_scenario(&scenario);
    (scenario, lowering)
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

/// A workload and the digests of what it was made from.
pub(super) struct Loaded {
    /// The workload.
    pub workload: Workload,
    /// Digests of the config and of the scenario with its lowering.
    pub inputs: Vec<Input>,
}

/// Reads a Hugging Face config and lowers it, or an op graph as it is.
pub(super) fn workload(path: &Path, scenario: &Scenario, lowering: &Lowering) -> Result<Loaded> {
    let source = source(path)?;
    let mut inputs = vec![Input::of("workload", source.text.as_bytes())];
    let workload = if source.text.contains(crate::schema::WORKLOAD) {
        Workload::from_json(&source)?
    } else {
        inputs.push(Input::of("scenario", artefact::json(&(scenario, lowering)).as_bytes()));
        lower(&Model::parse(&source)?, scenario, lowering)?
    };
    Ok(Loaded { workload, inputs })
}

/// Reads an accelerator.
pub(super) fn accelerator(path: &Path) -> Result<(Accelerator, Input)> {
    let source = source(path)?;
    Ok((Accelerator::parse(&source)?, Input::of("accelerator", source.text.as_bytes())))
}

/// Reads a file as a diagnostic source.
pub(super) fn source(path: &Path) -> Result<Arc<Source>> {
    Ok(Source::new(path, artefact::read_text(path)?))
}

/// Digest of an artefact directory: that of its manifest.
pub(super) fn digest_of(name: &str, directory: &Path) -> Result<Input> {
    Ok(Input::of(name, artefact::json(&artefact::manifest(directory)?).as_bytes()))
}
