//! The selected design: the artefact `design.json`, from which RTL is generated and which co-simulation proves.

use super::{ControllerTiming, MacroShape, Organisation, Policy, States, SwitchDelays};
use crate::artefact;
use crate::error::{Error, Result};
use crate::schema;
use crate::units::{Bytes, Hertz};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A banked, power-gated memory with every parameter fixed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Design {
    /// `trapti.design/1`.
    pub schema: String,
    /// Name; the generated top module is `pgsram_<name>`.
    pub name: String,
    /// Capacity of the whole memory.
    pub capacity: Bytes,
    /// Domains, banks, words, ports, latencies.
    pub organisation: Organisation,
    /// Macros of a bank.
    pub macro_shape: MacroShape,
    /// Controller times.
    pub timing: ControllerTiming,
    /// Delays of the power switch, for bench, reference and prediction.
    pub switch: SwitchDelays,
    /// Sleep states present.
    pub states: States,
    /// Gating policy with its thresholds.
    pub policy: Policy,
    /// Domains start ON after reset.
    pub reset_on: bool,
    /// Width of the time base in silicon; co-simulation uses 64.
    pub time_bits: u32,
    /// 0 none, 1 class times, transitions and stalls, 2 also reads and writes.
    pub counters: u32,
    /// Isolation clamps in RTL; otherwise UPF isolates.
    pub iso_in_rtl: bool,
    /// Bus in front of the request ports.
    #[serde(default, skip_serializing_if = "BusFront::is_native")]
    pub bus: BusFront,
    /// Control and status registers on a bus of their own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub registers: bool,
    /// Clock.
    pub clock: Hertz,
    /// How lifetimes were placed; co-simulation places the run again and compares the digest.
    pub placement: String,
    /// Where it comes from.
    pub provenance: DesignProvenance,
}

/// What stands in front of each request port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BusFront {
    /// Nothing: requests of word addresses, granted or stalled.
    #[default]
    Native,
    /// OBI, byte addresses.
    Obi,
    /// AXI4, bursts of byte addresses.
    Axi4,
}

impl BusFront {
    /// Whether there is none.
    pub fn is_native(&self) -> bool {
        *self == Self::Native
    }

    /// What the name of the module with the front adds to that of the memory; none without a front.
    pub fn suffix(self) -> Option<&'static str> {
        match self {
            Self::Native => None,
            Self::Obi => Some("obi"),
            Self::Axi4 => Some("axi4"),
        }
    }
}

/// Where a design comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DesignProvenance {
    /// Digest of the exploration it was selected from.
    pub exploration: String,
    /// Row of the selected point in `points.parquet`.
    pub point: u64,
    /// On-chip memory of the accelerator that it is a design of.
    pub memory: String,
    /// Characterisation, such as `22nm-lstp, embedded table (CACTI 7), exact`.
    pub characterisation: String,
    /// One digest per workload: the placement of its run.
    pub placements: Vec<(String, String)>,
}

/// Everything that decides which cycle a request is granted in: what prediction, reference model and RTL are built from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Controller {
    /// Domains, banks, words, ports, latencies.
    pub organisation: Organisation,
    /// Controller times.
    pub timing: ControllerTiming,
    /// Delays of the power switch.
    pub switch: SwitchDelays,
    /// Sleep states present.
    pub states: States,
    /// Gating policy.
    pub policy: Policy,
    /// Domains start ON after reset.
    pub reset_on: bool,
}

impl Design {
    /// Writes `design.json`.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write(&self, path: &Path) -> Result<()> {
        artefact::write(path, artefact::json(self).as_bytes())
    }

    /// Reads `design.json`.
    ///
    /// # Errors
    /// [`Error::File`], or [`Error::Artefact`] when it has another schema or form.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |message: String| Error::Artefact { path: path.into(), message };
        let design: Design = serde_json::from_str(&artefact::read_text(path)?).map_err(|e| wrong(e.to_string()))?;
        match design.schema == schema::DESIGN {
            true => Ok(design),
            false => Err(wrong(format!("is `{}`, expected `{}`", design.schema, schema::DESIGN))),
        }
    }

    /// The part that decides about cycles.
    pub fn controller(&self) -> Controller {
        Controller {
            organisation: self.organisation,
            timing: self.timing,
            switch: self.switch,
            states: self.states,
            policy: self.policy,
            reset_on: self.reset_on,
        }
    }
}
