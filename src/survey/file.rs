//! The study as written: TOML to a checked [`Survey`], with everything it names read.

use crate::accelerator::Accelerator;
use crate::artefact::{self, Input};
use crate::builtin::{self, Kind};
use crate::config::{Document, Field, Table};
use crate::diagnostic::{Diagnostic, Source};
use crate::error::{Error, Result};
use crate::units::Bytes;
use crate::workload::{Bits, Lowering, Model, Scenario};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest prompt of a study.
const LONGEST_PROMPT: u64 = 1 << 20;

/// Two models, and what is varied.
#[derive(Debug, Clone)]
pub struct Survey {
    /// Names the results.
    pub name: String,
    /// The model whose numbers are divided, and the one they are divided by.
    pub models: [Subject; 2],
    /// Prompt lengths.
    pub prefill: Vec<u32>,
    /// What becomes of prompts longer than a model's learned positions.
    pub positions: Positions,
    /// Bits of an element.
    pub bits: Bits,
    /// Ways to make ops of the models.
    pub lowerings: Vec<Variant>,
    /// Accelerators.
    pub accelerators: Vec<Platform>,
    /// Ratios that somebody published, to be found on the map.
    pub published: Published,
}

/// A model of a study.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Name in the study.
    pub name: String,
    /// The model.
    pub model: Model,
}

/// What becomes of prompts longer than a model's learned positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Positions {
    /// They are an error.
    Limited,
    /// The position table is as long as the prompt: shapes go on, the checkpoint does not; each such point says so.
    Extrapolated,
}

/// One way to make ops of the models.
#[derive(Debug, Clone)]
pub struct Variant {
    /// Name in the study.
    pub name: String,
    /// What it stands for.
    pub about: String,
    /// Lowering of the first model and of the second.
    pub lowerings: [Lowering; 2],
    /// Whether the language-model head runs.
    pub lm_head: bool,
}

/// An accelerator of a study.
#[derive(Debug, Clone)]
pub struct Platform {
    /// Name in the study.
    pub name: String,
    /// The accelerator.
    pub accelerator: Accelerator,
    /// Lowerings that run on it; empty: all.
    pub lowerings: Vec<String>,
}

impl Platform {
    /// Whether a lowering runs on it.
    pub fn runs(&self, variant: &Variant) -> bool {
        self.lowerings.is_empty() || self.lowerings.contains(&variant.name)
    }
}

/// Ratios that somebody published.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Published {
    /// First model's peak by the second's.
    pub peak: Option<f64>,
    /// First model's latency by the second's.
    pub latency: Option<f64>,
}

impl Survey {
    /// Reads a study file, the model configs and the accelerators that it names (built in, or paths relative to it), and their digests.
    ///
    /// # Errors
    /// Every problem of the file, each with its place; problems of the files it names.
    pub fn read(path: &Path) -> Result<(Self, Vec<Input>)> {
        let source = read_source(path)?;
        let mut inputs = vec![Input::of("survey", source.text.as_bytes())];
        let document = Document::parse(&source)?;
        let raw = raw(document.root());
        let raw = document.result(raw)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut file = |kind: Kind, name: &str, path: &Path| {
            let source = builtin::read_beside(folder, kind, path)?;
            inputs.push(Input::of(name, source.text.as_bytes()));
            Ok::<_, Error>(source)
        };
        let mut models = Vec::new();
        for named in &raw.models {
            models.push(Subject {
                name: named.name.clone(),
                model: Model::parse(&file(Kind::Model, &named.name, &named.path)?)?,
            });
        }
        let mut accelerators = Vec::new();
        for RawPlatform { named, capacity, lowerings } in raw.accelerators {
            let mut accelerator = Accelerator::parse(&file(Kind::Accelerator, &named.name, &named.path)?)?;
            one_memory(&accelerator, &named)?;
            if let Some(capacity) = capacity {
                accelerator.memories[0].capacity = capacity;
            }
            accelerators.push(Platform { name: named.name, accelerator, lowerings });
        }
        let models = models.try_into().expect("the reader wants two models");
        let Raw { name, prefill, positions, bits, lowerings, published, .. } = raw;
        Ok((Self { name, models, prefill, positions, bits, lowerings, accelerators, published }, inputs))
    }
}

fn read_source(path: &Path) -> Result<Arc<Source>> {
    Ok(Source::new(path, artefact::read_text(path)?))
}

/// A point is one memory's: what "the peak" is of several is not decided here.
fn one_memory(accelerator: &Accelerator, named: &Named) -> Result<()> {
    if accelerator.memories.len() == 1 {
        return Ok(());
    }
    let message = format!("accelerator `{}` has {} on-chip memories", named.name, accelerator.memories.len());
    Err(Error::input(
        Diagnostic::new("one-memory", message).with_help("compare on accelerators with one shared memory"),
    ))
}

/// The file before what it names is read.
struct Raw {
    name: String,
    models: Vec<Named>,
    prefill: Vec<u32>,
    positions: Positions,
    bits: Bits,
    lowerings: Vec<Variant>,
    accelerators: Vec<RawPlatform>,
    published: Published,
}

/// An accelerator before its file is read.
struct RawPlatform {
    named: Named,
    /// Instead of that in the file; `None` inside is unlimited.
    capacity: Option<Option<Bytes>>,
    lowerings: Vec<String>,
}

/// A name and the path it stands for.
struct Named {
    name: String,
    path: PathBuf,
}

fn raw(mut root: Table<'_>) -> Option<Raw> {
    let name = root.required("name").value();
    let models = models(&root.required("model"));
    let scenario = root.required("scenario").table().and_then(scenario);
    let names: Vec<&str> = models.iter().flatten().map(|m| m.name.as_str()).collect();
    let lowerings = all(root.required("lowering").tables(), |table| variant(table, &names));
    let variants: Vec<&str> = lowerings.iter().flatten().map(|l| l.name.as_str()).collect();
    let accelerators = all(root.required("accelerator").tables(), |table| platform(table, &variants));
    let published = root.optional("published").table().map_or(Some(Published::default()), published);
    root.finish();
    let (prefill, positions, bits) = scenario?;
    let (lowerings, accelerators) = (lowerings?, accelerators?);
    Some(Raw { name: name?, models: models?, prefill, positions, bits, lowerings, accelerators, published: published? })
}

/// Every table, each read even if one before it is wrong.
fn all<'d, T>(tables: Vec<Table<'d>>, read: impl Fn(Table<'d>) -> Option<T>) -> Option<Vec<T>> {
    let read: Vec<Option<T>> = tables.into_iter().map(read).collect();
    read.into_iter().collect()
}

fn models(field: &Field<'_>) -> Option<Vec<Named>> {
    let named = all(field.tables(), |table| named(table, "config"));
    if field.is_present() && field.elements().len() != 2 {
        field.refuse("wrong-value", "two models: the one whose numbers are divided, and the one they are divided by");
        return None;
    }
    named
}

fn named(mut table: Table<'_>, key: &'static str) -> Option<Named> {
    let (name, path) = (table.required("name").value(), table.required(key).value::<String>());
    table.finish();
    Some(Named { name: name?, path: path?.into() })
}

/// Prompt lengths, positions, bits.
fn scenario(mut table: Table<'_>) -> Option<(Vec<u32>, Positions, Bits)> {
    let field = table.required("prefill");
    let prefill: Option<Vec<u32>> = field.one_or_more().iter().map(|f| f.integer(1..=LONGEST_PROMPT)).collect();
    if field.is_present() && prefill.as_ref().is_some_and(Vec::is_empty) {
        field.refuse("empty-list", "at least one prompt length");
    }
    let names = [("limited", Positions::Limited), ("extrapolated", Positions::Extrapolated)];
    let positions = table.optional("positions").keyword(&names, &[]).unwrap_or(Positions::Limited);
    let bits = table.optional("bits").table().map_or_else(Bits::default, Bits::read);
    table.finish();
    Some((prefill?, positions, bits))
}

/// `rules` for both models, or `models` with a table for each.
fn variant(mut table: Table<'_>, names: &[&str]) -> Option<Variant> {
    let name = table.required("name").value::<String>();
    let about = table.optional("about").value::<String>().unwrap_or_default();
    let lm_head = table.optional("lm_head").value().unwrap_or(false);
    let (rules, apart) = (table.optional("rules"), table.optional("models"));
    let default = Lowering::for_scenario(&Scenario::new(1));
    let lowerings = match (rules.table(), apart.table()) {
        (Some(rules), None) => Some([Lowering::read(rules, &Scenario::new(1)); 2]),
        (None, Some(apart)) => each_model(apart, names),
        (None, None) => Some([default; 2]),
        (Some(_), Some(_)) => {
            apart.refuse("contradiction", "either `rules` for both models or `models` with a table for each");
            None
        }
    };
    table.finish();
    Some(Variant { name: name?, about, lowerings: lowerings?, lm_head })
}

fn each_model(table: Table<'_>, names: &[&str]) -> Option<[Lowering; 2]> {
    let (document, span) = (table.document(), table.span());
    let entries = table.entries();
    let strange = entries.iter().find(|(key, _)| !names.contains(key));
    if entries.len() != names.len() || strange.is_some() {
        let expected = names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" and ");
        document.report_at(
            "unknown-name",
            "a lowering must name each model once".into(),
            span,
            format!("expected {expected}"),
        );
        return None;
    }
    let of = |name: &&str| {
        let (_, field) = entries.iter().find(|(key, _)| key == name)?;
        field.table().map(|rules| Lowering::read(rules, &Scenario::new(1)))
    };
    let read: Option<Vec<Lowering>> = names.iter().map(of).collect();
    read?.try_into().ok()
}

fn platform(mut table: Table<'_>, variants: &[&str]) -> Option<RawPlatform> {
    let (name, file) = (table.required("name").value(), table.required("file").value::<String>());
    let capacity = table.optional("capacity");
    let capacity = match capacity.as_text() {
        Some("unlimited") => Some(None),
        _ => capacity.value::<Bytes>().map(Some),
    };
    let lowerings =
        table.optional("lowerings").one_or_more().iter().map(|f| one_of(f, variants)).collect::<Option<_>>();
    table.finish();
    Some(RawPlatform { named: Named { name: name?, path: file?.into() }, capacity, lowerings: lowerings? })
}

/// A name of the study's own.
fn one_of(field: &Field<'_>, names: &[&str]) -> Option<String> {
    let name = field.value::<String>()?;
    if names.contains(&name.as_str()) {
        return Some(name);
    }
    field.refuse(
        "unknown-name",
        format!("one of {}", names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")),
    );
    None
}

fn published(mut table: Table<'_>) -> Option<Published> {
    let mut ratio = |key| table.optional(key).number(0.001..=1000.0);
    let published = Published { peak: ratio("peak"), latency: ratio("latency") };
    table.optional("source").value::<String>();
    table.finish();
    Some(published)
}
