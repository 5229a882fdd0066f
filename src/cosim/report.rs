//! The result of a co-simulation: the artefact `cosim.json`.

use super::difference::{Difference, domain_counters, port_counters};
use super::waveform::WaveformFile;
use crate::artefact;
use crate::ids::{OpId, TensorId};
use crate::power::{Activity, StimulusNode};
use crate::{Error, Result, schema};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a co-simulation found. Only `seconds` depends on the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CosimReport {
    /// `trapti.cosim/1`.
    pub schema: String,
    /// Name of the design.
    pub design: String,
    /// Which part of which run was replayed; nothing else was simulated.
    pub part: String,
    /// Digest of RTL, options and tools.
    pub rtl_digest: String,
    /// Bits of a word of the design.
    pub word_bits: u32,
    /// Bits of a word in the simulation; if fewer, a word held a tag that names its last write.
    pub storage_bits: u32,
    /// Requests granted.
    pub requests: u64,
    /// Length of the replay.
    pub cycles: u64,
    /// Cycles that were evaluated in hardware and reference model.
    pub evaluated: u64,
    /// Cycles in which nothing happens, skipped as the hardware allows.
    pub skipped: u64,
    /// Wall-clock time of the replay.
    pub seconds: f64,
    /// Whether hardware, reference model and prediction, if given, agree in everything.
    pub equal: bool,
    /// Where hardware and reference model differ first.
    pub first_difference: Option<Difference>,
    /// Where prediction (seen) and reference model differ, if hardware and reference model do not.
    pub prediction_difference: Option<Difference>,
    /// Reads that brought nothing back.
    pub lost: Lost,
    /// What the exploration predicted.
    pub prediction: Option<Activity>,
    /// What the reference model counted.
    pub reference: Activity,
    /// What the counters of the hardware say.
    pub rtl: Activity,
    /// The waveform that was recorded.
    pub waveform: Option<WaveformFile>,
}

/// Answers with poison or an error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Lost {
    /// Reads of data that was written outside the part that was replayed.
    pub written_outside: u64,
    /// Reads of data that the memory should have held, and accesses answered with an error.
    pub lost: u64,
    /// The first of those.
    pub first: Option<LostRead>,
}

/// A read that should have found its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LostRead {
    /// Cycle of the answer.
    pub cycle: u64,
    /// Op that read.
    pub op: OpId,
    /// Tensor that was lost.
    pub tensor: TensorId,
}

/// A counter in three columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `d3`, `port 0` or `memory`.
    pub place: String,
    /// Counter.
    pub counter: &'static str,
    /// Prediction.
    pub prediction: Option<u64>,
    /// Reference model.
    pub reference: u64,
    /// Hardware.
    pub rtl: u64,
}

impl Row {
    /// Whether all columns that are there agree.
    pub fn agrees(&self) -> bool {
        self.reference == self.rtl && self.prediction.is_none_or(|value| value == self.reference)
    }
}

impl Lost {
    pub(super) fn count(&mut self, cycle: u64, node: &StimulusNode, outside: bool) {
        if outside {
            self.written_outside += 1;
            return;
        }
        self.lost += 1;
        self.first.get_or_insert(LostRead { cycle, op: node.op, tensor: node.tensor });
    }
}

impl CosimReport {
    /// Whether everything agrees and no data was lost.
    pub fn passed(&self) -> bool {
        self.equal && self.lost.lost == 0
    }

    /// Cycles evaluated in hardware and reference model together, per second.
    pub fn rate(&self) -> f64 {
        self.evaluated as f64 / self.seconds.max(1e-9)
    }

    /// Every counter in three columns: the memory's length, then domains, then ports.
    pub fn rows(&self) -> Vec<Row> {
        let predicted = self.prediction.as_ref();
        let length = Row {
            place: "memory".into(),
            counter: "cycles",
            prediction: predicted.map(|p| p.cycles.0),
            reference: self.reference.cycles.0,
            rtl: self.rtl.cycles.0,
        };
        let mut rows = vec![length];
        for (d, (reference, rtl)) in self.reference.domains.iter().zip(&self.rtl.domains).enumerate() {
            let prediction = predicted.and_then(|p| p.domains.get(d)).map(domain_counters);
            rows.extend(columns(format!("d{d}"), prediction, domain_counters(reference), domain_counters(rtl)));
        }
        for (p, (reference, rtl)) in self.reference.ports.iter().zip(&self.rtl.ports).enumerate() {
            let prediction = predicted.and_then(|activity| activity.ports.get(p)).map(port_counters);
            rows.extend(columns(format!("port {p}"), prediction, port_counters(reference), port_counters(rtl)));
        }
        rows
    }

    /// Writes `cosim.json`.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write(&self, path: &Path) -> Result<()> {
        artefact::write(path, artefact::json(self).as_bytes())
    }

    /// Reads `cosim.json`.
    ///
    /// # Errors
    /// [`Error::File`], and [`Error::Artefact`] if it has another form.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |message: String| Error::Artefact { path: path.into(), message };
        let report: Self =
            serde_json::from_str(&artefact::read_text(path)?).map_err(|error| wrong(error.to_string()))?;
        match report.schema == schema::COSIM {
            true => Ok(report),
            false => Err(wrong(format!("has schema {}, expected {}", report.schema, schema::COSIM))),
        }
    }
}

type Counters<const N: usize> = [(&'static str, u64); N];

fn columns<const N: usize>(
    place: String,
    prediction: Option<Counters<N>>,
    reference: Counters<N>,
    rtl: Counters<N>,
) -> impl Iterator<Item = Row> {
    reference.into_iter().zip(rtl).enumerate().map(move |(i, ((counter, reference), (_, rtl)))| Row {
        place: place.clone(),
        counter,
        prediction: prediction.map(|values| values[i].1),
        reference,
        rtl,
    })
}
