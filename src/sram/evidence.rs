//! Where a number comes from: its source, how it was obtained from it, and how far off it may be.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How an answer was obtained; the later the weaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// A point of the characterisation.
    Exact,
    /// Between points.
    Interpolated,
    /// Outside the points.
    Extrapolated,
    /// Not in the source: taken from elsewhere, as [`Evidence::source`] says.
    Assumed,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Basis::Exact => "exact",
            Basis::Interpolated => "interpolated",
            Basis::Extrapolated => "extrapolated",
            Basis::Assumed => "assumed",
        })
    }
}

/// Kind of source that a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The CACTI 7 results that are part of the program.
    EmbeddedTable,
    /// A table that the user gave.
    Csv,
    /// A CACTI 7 that ran.
    Cacti,
    /// A Liberty file of a real macro.
    Liberty,
    /// A default share of the leakage when ON, bracketed by published silicon.
    DefaultShare,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Origin::EmbeddedTable => "embedded table",
            Origin::Csv => "CSV",
            Origin::Cacti => "CACTI 7",
            Origin::Liberty => "Liberty",
            Origin::DefaultShare => "default share",
        })
    }
}

/// A number of a characterisation, with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Energy of reading a word, pJ.
    ReadEnergy,
    /// Energy of writing a word, pJ.
    WriteEnergy,
    /// Time from clock edge to data, ns.
    AccessTime,
    /// Least time between accesses, ns.
    CycleTime,
    /// Leakage when ON, mW.
    Leakage,
    /// Leakage with row and column periphery gated, mW.
    LightLeakage,
    /// Leakage in retention, mW.
    RetentionLeakage,
    /// Leakage when OFF, mW.
    OffLeakage,
    /// Area without sleep transistors, mm².
    Area,
    /// Area with sleep transistors, mm².
    GatedArea,
    /// Energy of waking from LIGHT, pJ.
    WakeLight,
    /// Energy of waking from retention, pJ.
    WakeRetention,
    /// Energy of waking from OFF, pJ.
    WakeOff,
}

impl Metric {
    /// Every metric, in the order of declaration.
    pub const ALL: [Metric; 13] = [
        Metric::ReadEnergy,
        Metric::WriteEnergy,
        Metric::AccessTime,
        Metric::CycleTime,
        Metric::Leakage,
        Metric::LightLeakage,
        Metric::RetentionLeakage,
        Metric::OffLeakage,
        Metric::Area,
        Metric::GatedArea,
        Metric::WakeLight,
        Metric::WakeRetention,
        Metric::WakeOff,
    ];
}

/// Where one number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    /// Kind of source.
    pub source: Origin,
    /// How it was obtained from the source.
    pub basis: Basis,
    /// Relative error against the source's own method that nine of ten points measured stay below; 0 at a point of the source,
    /// `None` where it was never measured. How far the source is from silicon is another matter, see its notes.
    pub estimated_error: Option<f64>,
}

impl Evidence {
    /// A number that the source states.
    pub fn exact(source: Origin) -> Self {
        Self { source, basis: Basis::Exact, estimated_error: Some(0.0) }
    }

    /// A number that the source does not have.
    pub fn assumed(source: Origin) -> Self {
        Self { source, basis: Basis::Assumed, estimated_error: None }
    }
}

/// The evidence of every metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvidenceSet([Evidence; Metric::ALL.len()]);

impl EvidenceSet {
    /// Asks for the evidence of each metric.
    pub fn of(evidence: impl FnMut(Metric) -> Evidence) -> Self {
        Self(Metric::ALL.map(evidence))
    }

    /// Evidence of one metric.
    pub fn get(&self, metric: Metric) -> Evidence {
        self.0[metric as usize]
    }

    /// The weakest basis among the metrics.
    pub fn weakest(&self) -> Basis {
        self.0.iter().map(|e| e.basis).max().unwrap_or(Basis::Exact)
    }
}
