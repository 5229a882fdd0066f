//! A regression suite: designs, stimuli, and the cases that they make together.

use super::corners::Corner;
use crate::power::{BusFront, Design};
use std::path::PathBuf;

/// Designs and what is played on them.
#[derive(Debug)]
pub struct Suite {
    /// Name.
    pub name: String,
    /// Seeds of each random stimulus, where the caller does not say.
    pub seeds: u32,
    pub(super) designs: Vec<Design>,
    pub(super) stimuli: Vec<SuiteStimulus>,
}

/// A stimulus and the designs that it is played on.
#[derive(Debug, Clone)]
pub(super) struct SuiteStimulus {
    pub(super) name: String,
    pub(super) kind: StimulusPlan,
    /// Places in the list of designs.
    pub(super) designs: Vec<usize>,
}

/// What is played.
#[derive(Debug, Clone)]
pub(super) enum StimulusPlan {
    /// A directed corner.
    Corner(&'static Corner),
    /// Random transfers: blocks, longest pause in cycles.
    Transfers { blocks: u32, pause: u64 },
    /// Every input at random, for some cycles.
    Noise { cycles: u64 },
    /// Bursts on AXI4 fronts.
    Bus { transactions: u64 },
    /// The transfers of a run.
    Run(RunPlan),
}

/// A run whose transfers are replayed.
#[derive(Debug, Clone)]
pub(super) struct RunPlan {
    pub(super) source: RunSource,
    /// Memory of its accelerator; none for the only one.
    pub(super) memory: Option<String>,
    pub(super) layers: Option<u32>,
    pub(super) requests: Option<u64>,
}

/// Where a run comes from.
#[derive(Debug, Clone)]
pub(super) enum RunSource {
    /// A run directory.
    Directory(PathBuf),
    /// A model's configuration on an accelerator, with so many prompt tokens.
    Simulated { config: PathBuf, accelerator: PathBuf, prefill: u32 },
}

impl std::fmt::Debug for Corner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// One stimulus on one design with one seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// `design/stimulus/seed`; without a seed where the stimulus has nothing random.
    pub id: String,
    /// Name of the design.
    pub design: String,
    /// Name of the stimulus.
    pub stimulus: String,
    /// Seed of a random stimulus.
    pub seed: Option<u64>,
    pub(super) place: (usize, usize),
}

impl StimulusPlan {
    fn is_random(&self) -> bool {
        !matches!(self, StimulusPlan::Corner(_) | StimulusPlan::Run(_))
    }

    /// Why a design cannot play it.
    pub(super) fn missing(&self, design: &Design) -> Option<&'static str> {
        let axi = design.bus == BusFront::Axi4;
        match self {
            StimulusPlan::Bus { .. } if !axi => Some("the bus `axi4`"),
            StimulusPlan::Bus { .. } => None,
            _ if axi => Some("request ports of its own: behind `axi4` only a stimulus of kind `bus` is played"),
            StimulusPlan::Corner(corner) => (corner.missing)(design),
            StimulusPlan::Run(_) if design.bus == BusFront::Obi => {
                Some("a port that grants from cycle 0 on, which OBI fronts do not")
            }
            _ => None,
        }
    }
}

impl Suite {
    /// Every case, in the order of the file: designs within stimuli, seeds from 0 to `seeds` − 1 within designs.
    pub fn cases(&self, seeds: u32) -> Vec<Case> {
        let mut cases = Vec::new();
        for (at, stimulus) in self.stimuli.iter().enumerate() {
            for &design in &stimulus.designs {
                let seeds = if stimulus.kind.is_random() {
                    (0..seeds).map(|seed| Some(seed.into())).collect()
                } else {
                    vec![None]
                };
                cases.extend(seeds.into_iter().map(|seed| self.case(design, at, seed)));
            }
        }
        cases
    }

    fn case(&self, design: usize, stimulus: usize, seed: Option<u64>) -> Case {
        let (name, played) = (self.designs[design].name.clone(), self.stimuli[stimulus].name.clone());
        let suffix = seed.map_or(String::new(), |seed| format!("/{seed}"));
        Case { id: format!("{name}/{played}{suffix}"), design: name, stimulus: played, seed, place: (design, stimulus) }
    }

    /// The case of this name, of any seed.
    pub fn case_named(&self, id: &str) -> Option<Case> {
        let mut parts = id.splitn(3, '/');
        let (design, stimulus) = (parts.next()?, parts.next()?);
        let seed = parts.next().map(|text| text.parse::<u64>().ok());
        let at = self.stimuli.iter().position(|s| s.name == stimulus)?;
        let place = *self.stimuli[at].designs.iter().find(|&&d| self.designs[d].name == design)?;
        let random = self.stimuli[at].kind.is_random();
        match seed {
            Some(Some(seed)) if random => Some(self.case(place, at, Some(seed))),
            None if !random => Some(self.case(place, at, None)),
            _ => None,
        }
    }
}
