//! The transfers of a run, placed in a design's memory.

use super::suite::{RunPlan, RunSource};
use crate::accelerator::Accelerator;
use crate::diagnostic::{Diagnostic, Source};
use crate::power::place::{self, Rule, Space};
use crate::power::{Design, Selection, Stimulus};
use crate::sim;
use crate::trace::Run;
use crate::workload::{Lowering, Model, Scenario, lower};
use crate::{Error, Result, artefact};
use std::path::Path;
use std::sync::Arc;

/// The stimulus of a run on a design.
///
/// # Errors
/// [`Error::File`] and [`Error::Artefact`] for what cannot be read, [`Error::Input`] for what does not fit.
pub(super) fn stimulus(plan: &RunPlan, design: &Design) -> Result<Stimulus> {
    let run = read(&plan.source)?;
    let memory = run.accelerator.memory_named(plan.memory.as_deref()).map_err(Error::input)?;
    let organisation = &design.organisation;
    let (words, domain_words) = (organisation.words(), organisation.domain_words);
    let space = Space { words, domain_words, word_bytes: organisation.word_bytes() };
    let rule = Rule::named(&design.placement).unwrap_or(Rule::FirstFit);
    let placement = place::place(rule, &run.lifetimes, memory, space).map_err(|unplaceable| {
        let message = format!("{} does not fit {}: {unplaceable}", run.workload.name, design.name);
        Error::input(Diagnostic::new("not-placeable", message).with_help("give the design more or larger domains"))
    })?;
    let selection = Selection { layers: plan.layers, requests: plan.requests };
    Ok(Stimulus::compile(&run, memory, &selection, &placement, organisation)?.0)
}

fn read(source: &RunSource) -> Result<Run> {
    match source {
        RunSource::Directory(path) => Run::read(path),
        RunSource::Simulated { config, accelerator, prefill } => {
            let scenario = Scenario::new(*prefill);
            let lowering = Lowering::for_scenario(&scenario);
            let workload = lower(&Model::parse(&text(config)?)?, &scenario, &lowering)?;
            let accelerator = Accelerator::parse(&text(accelerator)?)?;
            sim::simulate(&workload, &accelerator, &sim::Options::of(&lowering), &mut |_| {})
        }
    }
}

fn text(path: &Path) -> Result<Arc<Source>> {
    Ok(Source::new(path, artefact::read_text(path)?))
}
