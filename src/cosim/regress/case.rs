//! One case, played.

use super::bench::{Bench, Check, Step, Stop};
use super::outcome::{Failure, Outcome};
use super::suite::{Case, StimulusPlan, Suite, SuiteStimulus};
use super::{bus, noise, random, run, transfers};
use crate::Result;
use crate::cosim::{BuildOptions, CompiledMemory, Disagreement, RtlSources, WaveformFile, WaveformWindow};
use crate::power::reference::Coverage;
use crate::power::{Design, Stimulus};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// A case with everything that was seen.
pub(super) struct Played {
    pub(super) outcome: Outcome,
    /// States and transitions of the reference model.
    pub(super) states: Coverage,
    /// Events by name.
    pub(super) events: BTreeMap<String, u64>,
    pub(super) waveform: Option<WaveformFile>,
}

/// What is done beside comparing.
#[derive(Debug, Default)]
pub(super) struct Extras<'a> {
    /// Where the coverage of lines goes, if the memory counts it.
    pub(super) lines: Option<&'a Path>,
    pub(super) waveform: Option<WaveformWindow>,
    /// Sources and an empty folder, to play what was recorded in Icarus, too.
    pub(super) icarus: Option<(&'a RtlSources, &'a Path)>,
}

/// Plays a case.
///
/// # Errors
/// Where nothing can be played at all: a broken library, a file that cannot be written.
pub(super) fn play(suite: &Suite, case: &Case, memory: &CompiledMemory, extras: Extras<'_>) -> Result<Played> {
    let start = Instant::now();
    let (design, stimulus) = (&suite.designs[case.place.0], &suite.stimuli[case.place.1]);
    let (seed, record) = (case.seed.unwrap_or(0), extras.icarus.is_some());
    let mut bench = Bench::new(memory, &design.controller(), seed, extras.waveform, record)?;
    let stopped =
        steps(&mut bench, design, stimulus, case.seed).and_then(|()| four_states(&bench, extras.icarus)).err();
    let failure = stopped.map(|stop| Failure::of(stop, bench.now, bench.quiet));
    if let (Some(file), None) = (extras.lines, &failure) {
        bench.write_coverage(file)?;
    }
    let outcome = Outcome {
        case: case.id.clone(),
        design: case.design.clone(),
        stimulus: case.stimulus.clone(),
        seed: case.seed,
        cycles: bench.now,
        evaluated: bench.evaluated,
        requests: bench.requests,
        seconds: start.elapsed().as_secs_f64(),
        failure,
    };
    let waveform = bench.finish_waveform()?;
    Ok(Played { outcome, states: bench.coverage(), events: bench.goals.seen().clone(), waveform })
}

/// The case to its end: the counters must agree, and the corner must have been reached.
fn steps(bench: &mut Bench, design: &Design, stimulus: &SuiteStimulus, seed: Option<u64>) -> Step {
    match &stimulus.kind {
        StimulusPlan::Corner(corner) => (corner.play)(bench)?,
        StimulusPlan::Noise { cycles } => noise::play(bench, *cycles)?,
        StimulusPlan::Bus { transactions } => bus::play(bench, *transactions)?,
        StimulusPlan::Transfers { blocks, pause } => {
            let seed = seed.unwrap_or(0);
            let mut stimulus = random::transfers(&design.organisation, seed, *blocks, *pause);
            stimulus.tables = random::tables(&stimulus, &design.controller(), seed);
            replay(bench, &stimulus)?;
        }
        StimulusPlan::Run(plan) => replay(bench, &run::stimulus(plan, design)?)?,
    }
    bench.finish()?;
    match unreached(goals(design, &stimulus.kind), bench.goals.seen()) {
        Some(goal) => Err(bench.wrong(Check::Goal, format!("did not come across: {goal}"))),
        None => Ok(()),
    }
}

fn replay(bench: &mut Bench, stimulus: &Stimulus) -> Step {
    transfers::play(bench, stimulus)?;
    transfers::compare_prediction(bench, stimulus)
}

/// What was recorded must come out of a four-state simulator, too, and nothing that is known may be x there.
fn four_states(bench: &Bench, icarus: Option<(&RtlSources, &Path)>) -> Step {
    let (Some((sources, folder)), Some(recording)) = (icarus, bench.pair.dut.recording()) else { return Ok(()) };
    let options = BuildOptions { laboratory: true, ..BuildOptions::default() };
    match recording.play_in_icarus(sources, options, folder)? {
        None => Ok(()),
        Some(Disagreement { cycle, signal, expected, seen }) => {
            let message = format!("{signal}: Verilator shows {expected}, Icarus {seen}");
            Err(Stop::Wrong { check: Check::Icarus, cycle: cycle.unwrap_or(0), message })
        }
    }
}

/// The first goal that was not seen.
fn unreached(goals: Vec<String>, seen: &BTreeMap<String, u64>) -> Option<String> {
    goals.into_iter().find(|goal| !seen.contains_key(goal))
}

/// What a case must come across.
pub(super) fn goals(design: &Design, plan: &StimulusPlan) -> Vec<String> {
    match plan {
        StimulusPlan::Corner(corner) => (corner.goals)(design),
        StimulusPlan::Bus { .. } => {
            [bus::BURST_WRITTEN, bus::BURST_READ, bus::BURST_REFUSED].map(String::from).to_vec()
        }
        StimulusPlan::Noise { .. } | StimulusPlan::Transfers { .. } | StimulusPlan::Run(_) => Vec::new(),
    }
}
