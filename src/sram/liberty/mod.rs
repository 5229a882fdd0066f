//! Liberty files of real macros as a source of characterisations.
//!
//! Read are area (µm²), leakage per power mode (`leakage_power` with `when` and `related_pg_pin`), energy of a read and a write
//! (`internal_power` at the clock pin; pins of data and address are left out), access time (slowest output edge) and minimum period.
//! A macro that is in no file does not exist, so nothing is interpolated. What Liberty never has, the energy of waking, is
//! borrowed from the embedded table; a power mode that the file lacks gets the default share of the leakage when ON.

mod condition;
mod library;
mod lint;
mod syntax;

use self::library::LibertyMacro;
use super::embedded::{EmbeddedTable, Heat, temperatures};
use super::evidence::{Basis, Evidence, EvidenceSet, Metric, Origin};
use super::model::{Leakage, MacroPoint, MacroSpec, Provenance, SramModel};
use super::{Device, Technology};
use crate::artefact;
use crate::diagnostic::{Diagnostic, Source};
use crate::error::{Error, Result};
use crate::units::{Bytes, Kelvin, Milliwatts, Nanoseconds, Picojoules, SquareMillimetres};
use std::sync::Arc;

/// Share of the leakage that LIGHT keeps where the file has no such mode.
const LIGHT_SHARE: f64 = 0.90;
/// Share in retention.
const RETENTION_SHARE: f64 = 0.30;

/// Macros of Liberty files, all of one technology.
#[derive(Debug, Clone)]
pub struct Liberty {
    macros: Vec<LibertyMacro>,
    technology: Technology,
    table: EmbeddedTable,
    digest: String,
    extrapolate: bool,
}

impl Liberty {
    /// Macros of `files`. Liberty does not say what node and device its macros have: `technology` is the user's word, and must be
    /// one of the embedded table's, from which wake energies are borrowed.
    ///
    /// # Errors
    /// Text that is not Liberty, units or numbers that are missing, placeholders, and macros that are there twice, with their places.
    pub fn new(files: &[Arc<Source>], technology: Technology, extrapolate: bool) -> Result<Self> {
        let mut macros = Vec::new();
        let mut problems = Vec::new();
        for source in files {
            match library::read(source, &syntax::parse(source)?) {
                Ok(found) => macros.extend(found),
                Err(found) => problems.extend(found),
            }
        }
        problems.extend(lint::placeholders(&macros));
        problems.extend(duplicates(&macros));
        if !problems.is_empty() {
            return Err(Error::Input(problems));
        }
        let texts: Vec<&str> = files.iter().map(|f| f.text.as_str()).collect();
        let digest = artefact::digest([texts.concat(), technology.to_string()].concat().as_bytes());
        Ok(Self { macros, technology, table: EmbeddedTable::new(true)?, digest, extrapolate })
    }

    /// The macro that was asked for, at its temperature or the nearest there is.
    fn find(&self, spec: &MacroSpec) -> Result<&LibertyMacro> {
        let bits = spec.capacity.0.checked_mul(8);
        let same =
            |m: &&LibertyMacro| Some(m.capacity_bits) == bits && m.word_bits == spec.word_bits && m.ports == spec.ports;
        let distance = |m: &&LibertyMacro| (m.kelvin - spec.temperature.0).abs();
        let nearest = self.macros.iter().filter(same).min_by(|a, b| distance(a).total_cmp(&distance(b)));
        let found = nearest.ok_or_else(|| self.absent(spec))?;
        match distance(&found) <= 0.5 || self.extrapolate {
            true => Ok(found),
            false => Err(outside(found, spec.temperature)),
        }
    }

    fn absent(&self, spec: &MacroSpec) -> Error {
        let listed = self.macros.iter().take(8).map(describe).collect::<Vec<_>>().join("; ");
        let asked = format!("{} with {} bit words, {}", spec.capacity.human(), spec.word_bits, spec.ports);
        let problem = Diagnostic::new("outside-characterisation", format!("no Liberty file has a macro of {asked}"));
        Error::input(problem.with_help(format!("there are: {listed}")))
    }

    fn check_technology(&self, technology: Technology) -> Result<()> {
        if technology == self.technology {
            return Ok(());
        }
        let message = format!("the Liberty files were given as {}, not as {technology}", self.technology);
        Err(Error::input(Diagnostic::new("not-characterised", message)))
    }
}

fn describe(of: &LibertyMacro) -> String {
    let capacity = Bytes(of.capacity_bits / 8).human();
    format!("{} ({capacity}, {} bit, {}, {:.2} K)", of.name, of.word_bits, of.ports, of.kelvin)
}

fn outside(of: &LibertyMacro, asked: Kelvin) -> Error {
    let message = format!("`{}` is characterised at {:.2} K, not at {} K", of.name, of.kelvin, asked.0);
    let problem = syntax::problem("outside-characterisation", &of.source, message, of.place.clone(), "this macro");
    let help =
        "give the file of that temperature, or allow extrapolation: leakage then follows the embedded temperature law";
    Error::input(problem.with_help(help))
}

fn duplicates(macros: &[LibertyMacro]) -> Vec<Diagnostic> {
    let key = |m: &LibertyMacro| (m.capacity_bits, m.word_bits, m.ports, m.kelvin.to_bits());
    let mut found = Vec::new();
    for (i, of) in macros.iter().enumerate() {
        if macros[..i].iter().any(|m| key(m) == key(of)) {
            let message = format!("`{}` has the size, ports and temperature of an earlier macro", of.name);
            found.push(syntax::problem("duplicate", &of.source, message, of.place.clone(), "which of them is meant?"));
        }
    }
    found
}

impl SramModel for Liberty {
    fn characterise(&self, spec: &MacroSpec) -> Result<MacroPoint> {
        self.check_technology(spec.technology)?;
        let found = self.find(spec)?;
        let borrowed = self.table.characterise(spec)?;
        Ok(point(found, spec, &borrowed, heat(found, spec)?))
    }

    fn check(&self, technology: Technology, temperature: Kelvin) -> Result<()> {
        self.check_technology(technology)?;
        let any = self.macros.iter().min_by_key(|m| ((m.kelvin - temperature.0).abs() * 1e3) as u64);
        any.map_or(Ok(()), |m| {
            let (capacity, word_bits, ports) = (Bytes(m.capacity_bits / 8), m.word_bits, m.ports);
            self.characterise(&MacroSpec { capacity, word_bits, ports, technology, temperature }).map(|_| ())
        })
    }

    fn provenance(&self) -> Provenance {
        let names = self.macros.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ");
        Provenance {
            name: "Liberty".into(),
            source: format!("Liberty files of {names}"),
            digest: self.digest.clone(),
            notes: vec![
                format!("node and device ({}) are the user's word, Liberty does not state them", self.technology),
                "energy of an access: internal power at the clock pin; pins of data and address are left out".into(),
                "energy of waking: not in Liberty, borrowed from the embedded table at the same size".into(),
            ],
        }
    }
}

/// Factor on leakage from the file's temperature to the one that is asked for; 1 at the file's.
fn heat(of: &LibertyMacro, spec: &MacroSpec) -> Result<f64> {
    if (of.kelvin - spec.temperature.0).abs() <= 0.5 {
        return Ok(1.0);
    }
    let at = |temperature| Heat::of(temperatures()?, &MacroSpec { temperature, ..*spec }, true);
    Ok(at(spec.temperature)?.cells() / at(Kelvin(of.kelvin))?.cells())
}

fn point(of: &LibertyMacro, spec: &MacroSpec, borrowed: &MacroPoint, heat: f64) -> MacroPoint {
    let on = of.leak_mw * heat;
    let kept = |mode: Option<f64>, share: f64| mode.map_or(on * share, |mw| mw * heat).min(on);
    let light = kept(of.light_mw, LIGHT_SHARE);
    let off_share = if spec.technology.periphery == Device::Lstp { 0.05 } else { 0.01 };
    let evidence = EvidenceSet::of(|metric| evidence(of, metric, heat, borrowed));
    MacroPoint {
        read_energy: Picojoules(of.read_pj),
        write_energy: Picojoules(of.write_pj),
        access_time: Nanoseconds(of.access_ns),
        cycle_time: Nanoseconds(of.cycle_ns),
        leakage: Leakage {
            cells: Milliwatts(light),
            row: Milliwatts(on - light),
            column: Milliwatts::ZERO,
            gate: Milliwatts::ZERO,
        },
        retention_leakage: Milliwatts(kept(of.retention_mw, RETENTION_SHARE)),
        off_leakage: Milliwatts(kept(of.off_mw, off_share)),
        wake: borrowed.wake,
        wake_times: borrowed.wake_times,
        area: SquareMillimetres(of.area_mm2),
        gated_area: SquareMillimetres(of.area_mm2),
        basis: evidence.weakest(),
        evidence,
    }
}

fn evidence(of: &LibertyMacro, metric: Metric, heat: f64, borrowed: &MacroPoint) -> Evidence {
    let leakage = |stated: bool| match stated {
        false => Evidence::assumed(Origin::DefaultShare),
        true if heat == 1.0 => Evidence::exact(Origin::Liberty),
        true => Evidence { source: Origin::Liberty, basis: Basis::Extrapolated, estimated_error: None },
    };
    match metric {
        Metric::Leakage => leakage(true),
        Metric::LightLeakage => leakage(of.light_mw.is_some()),
        Metric::RetentionLeakage => leakage(of.retention_mw.is_some()),
        Metric::OffLeakage => leakage(of.off_mw.is_some()),
        Metric::WakeLight | Metric::WakeRetention | Metric::WakeOff => {
            Evidence::assumed(borrowed.evidence.get(metric).source)
        }
        // A macro without a power-off mode has no sleep transistors.
        Metric::GatedArea if of.off_mw.is_none() => Evidence::assumed(Origin::Liberty),
        _ => Evidence::exact(Origin::Liberty),
    }
}
