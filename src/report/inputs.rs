//! What a report is made from.

use crate::cosim::CosimReport;
use crate::explore::Exploration;
use crate::power::Design;
use crate::trace::Run;
use crate::wave::Verdict;

/// Any subset of the artefacts of a project.
#[derive(Debug, Clone, Default)]
pub struct Inputs<'a> {
    /// Heading of the page.
    pub title: String,
    /// Simulated runs.
    pub runs: Vec<&'a Run>,
    /// The selected design.
    pub design: Option<&'a Design>,
    /// The study that the design was selected from.
    pub exploration: Option<&'a Exploration>,
    /// Co-simulations of the design.
    pub cosims: Vec<&'a CosimReport>,
    /// Verdicts on waveforms, each with the name of its file.
    pub waveforms: Vec<(String, &'a Verdict)>,
    /// Where all this comes from: tool version, digests of inputs, command lines.
    pub provenance: Vec<Fact>,
}

/// One line of the provenance.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fact {
    /// What it is about, such as `accelerator.toml`.
    pub name: String,
    /// The value, such as a digest.
    pub value: String,
}

impl Fact {
    /// A line of the provenance.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}
