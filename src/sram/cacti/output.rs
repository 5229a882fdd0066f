//! What CACTI prints.

use super::super::model::MacroSpec;
use super::configuration::Organisation;
use super::process::last_line;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Result};

/// Numbers of one run. CACTI prints six digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CactiRun {
    pub access_ns: f64,
    pub cycle_ns: f64,
    pub read_nj: f64,
    pub write_nj: f64,
    /// Without gate leakage.
    pub leak_mw: f64,
    pub gate_leak_mw: f64,
    pub area_mm2: f64,
    pub organisation: Organisation,
    /// Of a power-gated run.
    pub gating: Option<Gating>,
}

/// What a power-gated run adds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gating {
    /// Width of a sleep transistor of the array.
    pub transistor_um: f64,
    /// Energy of waking the arrays of the active mats from retention.
    pub array_nj: f64,
    /// Energy of waking their row periphery.
    pub rows_nj: f64,
    pub active_mats: f64,
    /// Leakage of the row periphery, not gated.
    pub row_mw: f64,
    /// Leakage of the column periphery, not gated.
    pub column_mw: f64,
    /// Area with sleep transistors.
    pub area_mm2: f64,
}

/// Reads a run.
///
/// # Errors
/// [`Error::Tool`] for an output that is not CACTI 7's, or lacks a number: CACTI ends with 0 after an error.
pub(super) fn parse(text: &str) -> Result<CactiRun> {
    check_version(text)?;
    let number = |name: &str| number(text, name).ok_or_else(|| unreadable(name));
    let organisation = Organisation {
        ndwl: number("Best Ndwl")?,
        ndbl: number("Best Ndbl")?,
        nspd: number("Best Nspd")?,
        ndcm: number("Best Ndcm")?,
        ndsam1: number("Best Ndsam L1")?,
        ndsam2: number("Best Ndsam L2")?,
    };
    let gated = text.contains("Power-gating Components");
    Ok(CactiRun {
        access_ns: number("Access time (ns)")?,
        cycle_ns: number("Cycle time (ns)")?,
        read_nj: number("Total dynamic read energy per access (nJ)")?,
        write_nj: number("Total dynamic write energy per access (nJ)")?,
        leak_mw: number("Total leakage power of a bank (mW)")?,
        gate_leak_mw: number("Total gate leakage power of a bank (mW)")?,
        area_mm2: number("Data array: Area (mm2)")?,
        organisation,
        gating: if gated { Some(gating(text)?) } else { None },
    })
}

fn gating(text: &str) -> Result<Gating> {
    let number = |name: &str| number(text, name).ok_or_else(|| unreadable(name));
    Ok(Gating {
        transistor_um: number("Sub-array Sleep Tx size (um)")?,
        array_nj: number("Sub-array Tx energy (nJ)")?,
        rows_nj: number("WL Tx energy (nJ)")?,
        active_mats: number("Active mats per access")?,
        row_mw: number("Total leakage power in row logic(mW)")?,
        column_mw: number("Total leakage power in column logic(mW)")?,
        area_mm2: number("Data array: Area (mm2)")?,
    })
}

/// The first number after a name; a colon or a dash stands between them.
fn number(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix(name))?;
    let value = line.trim_start_matches([' ', '\t', ':', '-']).split_whitespace().next()?;
    value.parse().ok().filter(|v: &f64| v.is_finite() && *v >= 0.0)
}

/// CACTI's banner, such as `CACTI (version 7.0.3DD Prerelease of Aug, 2012)`.
fn check_version(text: &str) -> Result<()> {
    let version = text.split_once("CACTI (version ").map(|(_, rest)| rest.split([' ', ')']).next().unwrap_or_default());
    match version {
        Some(version) if version.starts_with("7.") => Ok(()),
        Some(version) => Err(failed(format!("this is version {version}; version 7 is needed"))),
        None => Err(failed(format!("it gave no result: {}", last_line(text)))),
    }
}

/// CACTI's own refusal of a macro, if that is what it printed.
pub(super) fn refusal(spec: &MacroSpec, text: &str) -> Option<Error> {
    let said = text.lines().find(|l| l.contains("ERROR") || l.contains("must be") || l.contains("Invalid"))?;
    let message = format!(
        "CACTI has no macro of {} with {} bit words, {}, in {}",
        spec.capacity.human(),
        spec.word_bits,
        spec.ports,
        spec.technology
    );
    Some(Error::input(Diagnostic::new("not-characterised", message).with_help(format!("it says: {}", said.trim()))))
}

/// The output lacks something.
pub(super) fn unreadable(name: &str) -> Error {
    failed(format!("its output has no `{name}`"))
}

fn failed(message: String) -> Error {
    Error::Tool { tool: "cacti".into(), message }
}
