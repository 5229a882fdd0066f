//! The suite as written: TOML to a checked [`Suite`].

use super::corners::CORNERS;
use super::suite::{RunPlan, RunSource, StimulusPlan, Suite, SuiteStimulus};
use super::suite_design;
use crate::config::{Document, Field, Table};
use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::power::Design;
use crate::{Result, artefact};
use std::path::Path;
use std::sync::Arc;

/// Seeds of a suite that does not say.
const SEEDS: u32 = 1;

impl Suite {
    /// Reads a suite; paths in it are relative to the file.
    ///
    /// # Errors
    /// Every problem of the file, each with its place; [`crate::Error::File`] if it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let text = artefact::read_text(path)?;
        Self::parse(&Source::new(path, text), path.parent().unwrap_or(Path::new("")))
    }

    /// Reads a suite from its text; paths in it are relative to `folder`.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(source: &Arc<Source>, folder: &Path) -> Result<Self> {
        let document = Document::parse(source)?;
        let mut root = document.root();
        let name = root.required("name").value::<String>();
        let seeds = root.optional("seeds").integer(1..=1_000_000).unwrap_or(SEEDS);
        let designs = designs(&root.required("design"), folder);
        let stimuli = stimuli(&root.required("stimulus"), &designs, folder);
        root.finish();
        let designs = designs.into_iter().collect::<Option<Vec<_>>>();
        document.result((|| Some(Suite { name: name?, seeds, designs: designs?, stimuli: stimuli? }))())
    }
}

fn designs(field: &Field<'_>, folder: &Path) -> Vec<Option<Design>> {
    let mut names: Vec<String> = Vec::new();
    let read = |mut table: Table<'_>| {
        let name = table.required("name");
        let design = suite_design::read(table, folder);
        let repeated = design.as_ref().is_some_and(|design| names.contains(&design.name));
        if repeated {
            name.refuse("duplicate-name", "a name that no design before it has");
        }
        names.extend(design.as_ref().map(|design| design.name.clone()));
        design
    };
    field.tables().into_iter().map(read).collect()
}

/// The stimuli; a table of corners makes one for each.
fn stimuli(field: &Field<'_>, designs: &[Option<Design>], folder: &Path) -> Option<Vec<SuiteStimulus>> {
    let mut all: Vec<SuiteStimulus> = Vec::new();
    let mut sound = true;
    for table in field.tables() {
        let place = table.span();
        let Some(read) = stimulus(table, designs, folder) else {
            sound = false;
            continue;
        };
        for stimulus in read {
            if all.iter().any(|other| other.name == stimulus.name) {
                let message = format!("there are two stimuli `{}`", stimulus.name);
                field.document().report_at("duplicate-name", message, place.clone(), "expected a name of its own");
            }
            all.push(stimulus);
        }
    }
    sound.then_some(all)
}

#[derive(Clone, Copy)]
enum Kind {
    Corners,
    Transfers,
    Noise,
    Bus,
    Run,
}

const KINDS: [(&str, Kind); 5] = [
    ("corners", Kind::Corners),
    ("transfers", Kind::Transfers),
    ("noise", Kind::Noise),
    ("bus", Kind::Bus),
    ("run", Kind::Run),
];

fn stimulus(mut table: Table<'_>, designs: &[Option<Design>], folder: &Path) -> Option<Vec<SuiteStimulus>> {
    let kind = table.required("kind").keyword(&KINDS, &[]);
    let name = if matches!(kind, Some(Kind::Corners)) { None } else { table.required("name").value::<String>() };
    let plans = match kind? {
        Kind::Corners => corners(&table.required("corners")),
        Kind::Transfers => {
            let blocks = table.required("blocks").integer(1..=100_000);
            let pause = table.required("pause").integer(1..=1_000_000_000);
            (|| Some(vec![StimulusPlan::Transfers { blocks: blocks?, pause: pause? }]))()
        }
        Kind::Noise => {
            table.required("cycles").integer(1..=1_000_000_000).map(|cycles| vec![StimulusPlan::Noise { cycles }])
        }
        Kind::Bus => {
            let transactions = table.required("transactions").integer(1..=1_000_000_000);
            transactions.map(|transactions| vec![StimulusPlan::Bus { transactions }])
        }
        Kind::Run => run(&mut table, folder).map(|run| vec![StimulusPlan::Run(run)]),
    };
    let chosen = table.optional("designs");
    let place = table.span();
    table.finish();
    let named = |plan: StimulusPlan| {
        let own = if let StimulusPlan::Corner(corner) = &plan { corner.name.to_string() } else { name.clone()? };
        let designs = players(&plan, &own, &chosen, designs, place.clone())?;
        Some(SuiteStimulus { name: own, kind: plan, designs })
    };
    plans?.into_iter().map(named).collect::<Vec<_>>().into_iter().collect()
}

fn corners(field: &Field<'_>) -> Option<Vec<StimulusPlan>> {
    if field.as_text() == Some("all") {
        return Some(CORNERS.iter().map(StimulusPlan::Corner).collect());
    }
    let names = CORNERS.each_ref().map(|corner| (corner.name, corner));
    let read = |field: &Field<'_>| field.keyword(&names, &[]).map(StimulusPlan::Corner);
    field.one_or_more().iter().map(read).collect::<Vec<_>>().into_iter().collect()
}

fn run(table: &mut Table<'_>, folder: &Path) -> Option<RunPlan> {
    let memory = table.optional("memory").value();
    let layers = table.optional("layers").integer(1..=u64::from(u32::MAX));
    let requests = table.optional("requests").integer(1..=u64::MAX);
    let source = match table.optional("run").value::<String>() {
        Some(run) => RunSource::Directory(folder.join(run)),
        None => {
            let config = table.required("config").value::<String>();
            let accelerator = table.required("accelerator").value::<String>();
            let prefill = table.required("prefill").integer(1..=1_000_000);
            RunSource::Simulated {
                config: folder.join(config?),
                accelerator: folder.join(accelerator?),
                prefill: prefill?,
            }
        }
    };
    Some(RunPlan { source, memory, layers, requests })
}

/// The designs that play a stimulus: those that are named, which must be able to, or all that are.
fn players(
    plan: &StimulusPlan,
    name: &str,
    chosen: &Field<'_>,
    designs: &[Option<Design>],
    place: std::ops::Range<usize>,
) -> Option<Vec<usize>> {
    if chosen.is_present() {
        let read = |field: &Field<'_>| player(plan, name, field, designs);
        return chosen.one_or_more().iter().map(read).collect::<Vec<_>>().into_iter().collect();
    }
    let able = |design: &Option<Design>| design.as_ref().is_some_and(|design| plan.missing(design).is_none());
    let able: Vec<usize> = (0..designs.len()).filter(|&at| able(&designs[at])).collect();
    if able.is_empty() && designs.iter().all(Option::is_some) {
        let message = format!("no design can play `{name}`");
        let reason = designs.iter().flatten().find_map(|design| plan.missing(design)).unwrap_or("a design");
        chosen.document().report_at("unplayable", message, place, format!("it needs {reason}"));
        return None;
    }
    Some(able)
}

fn player(plan: &StimulusPlan, name: &str, field: &Field<'_>, designs: &[Option<Design>]) -> Option<usize> {
    let wanted = field.value::<String>()?;
    let found = designs.iter().position(|design| design.as_ref().is_some_and(|design| design.name == wanted));
    if found.is_none() && designs.iter().any(Option::is_none) {
        return None;
    }
    let Some(at) = found else {
        let known: Vec<&str> = designs.iter().flatten().map(|design| design.name.as_str()).collect();
        let problem = Diagnostic::new("unknown-design", format!("there is no design `{wanted}`"));
        let problem = problem.at(field.document().source(), field.span(), format!("known: {}", known.join(", ")));
        let near = nearest(&wanted, known.iter().copied());
        field.document().report(match near {
            Some(near) => problem.with_help(format!("did you mean `{near}`?")),
            None => problem,
        });
        return None;
    };
    let missing = designs[at].as_ref().and_then(|design| plan.missing(design));
    if let Some(missing) = missing {
        let message = format!("`{wanted}` cannot play `{name}`");
        field.document().report_at("unplayable", message, field.span(), format!("it needs {missing}"));
    }
    Some(at)
}
