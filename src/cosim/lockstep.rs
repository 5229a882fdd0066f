//! One stimulus on hardware and reference model at once, compared in every evaluated cycle.

use super::difference::{Difference, compare, compare_activity, compare_controls, expected_controls};
use super::report::{CosimReport, Lost};
use super::waveform::{Waveform, WaveformWindow};
use super::{CompiledMemory, Dut, counters};
use crate::power::cycle::{Device, Inputs, Outputs};
use crate::power::reference::ReferenceModel;
use crate::power::replay::{Driver, Progress};
use crate::power::{Activity, Controller, Stimulus, StimulusNode};
use crate::{Error, Result, schema};
use std::time::Instant;

/// How to replay.
#[derive(Debug, Clone, Default)]
pub struct ReplayOptions {
    /// Evaluate every cycle, also those in which nothing happens.
    pub every_cycle: bool,
    /// Record a waveform; the memory must be built with waveforms.
    pub waveform: Option<WaveformWindow>,
}

/// What is replayed, for the report.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// Name of the design.
    pub design: String,
    /// Which part of which run the stimulus is, such as `gpt2-xl, layers 0 to 1`.
    pub part: String,
    /// What the exploration predicted for this stimulus.
    pub prediction: Option<Activity>,
}

/// Cycles between two calls of the progress callback.
const PROGRESS_PERIOD: u64 = 1 << 18;

/// Replays a stimulus on the memory and on a reference model in lock-step, driven by one closed loop, up to the end or to
/// the first difference.
///
/// Compared in every evaluated cycle: states, switches, flags, grants, answers with their data, quiescence and next event;
/// at the end the hardware's counters.
///
/// # Errors
/// [`Error::Input`] for a stimulus that does not fit the memory or cannot proceed, [`Error::Tool`] if the hardware stops
/// with `$fatal`.
pub fn replay(
    memory: &CompiledMemory,
    controller: &Controller,
    stimulus: &Stimulus,
    subject: Subject,
    options: &ReplayOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<CosimReport> {
    let start = Instant::now();
    let mut pair = Pair::new(memory, controller)?;
    if let Some(window) = options.waveform.clone() {
        if !memory.can_trace() {
            let message = "was built without waveforms".into();
            return Err(Error::Artefact { path: window.file, message });
        }
        pair.dut.record(Waveform::new(window, &memory.top));
    }
    let mut driver = Driver::new(stimulus, controller, !options.every_cycle)?;
    pair.run(&mut driver, stimulus, progress)?;
    pair.report(memory, driver, subject, start)
}

/// Hardware and reference model with the same inputs.
struct Pair {
    reference: ReferenceModel,
    dut: Dut,
    controller: Controller,
    narrow: bool,
    widened: Inputs,
    states: [u64; 4],
    controls: [u64; 3],
    evaluated: u64,
    difference: Option<Difference>,
    lost: Lost,
}

impl Pair {
    fn new(memory: &CompiledMemory, controller: &Controller) -> Result<Self> {
        Ok(Self {
            reference: ReferenceModel::new(*controller)?,
            dut: Dut::new(memory, controller)?,
            controller: *controller,
            narrow: memory.parameters.word_bits != controller.organisation.word_bits,
            widened: Inputs::default(),
            states: [0; 4],
            controls: [0; 3],
            evaluated: 0,
            difference: None,
            lost: Lost::default(),
        })
    }

    fn run(&mut self, driver: &mut Driver, stimulus: &Stimulus, progress: &mut dyn FnMut(Progress)) -> Result<()> {
        while !driver.finished() && self.difference.is_none() {
            let outputs = self.cycle(driver)?;
            let (grants, quiescent, next_event) = (outputs.grants, outputs.quiescent, outputs.next_event);
            self.count_lost(driver, stimulus);
            driver.accept(grants);
            driver.next_cycle(quiescent, next_event)?;
            self.evaluated += 1;
            if self.evaluated.is_multiple_of(PROGRESS_PERIOD) {
                progress(Progress { cycle: driver.now(), requests: driver.requests() });
            }
        }
        progress(Progress { cycle: driver.now(), requests: driver.requests() });
        Ok(())
    }

    /// One cycle on both; notes the first difference.
    fn cycle(&mut self, driver: &mut Driver) -> Result<&Outputs> {
        let inputs = driver.inputs();
        self.widened.clone_from(inputs);
        if self.narrow {
            self.widened.requests.iter_mut().for_each(|request| request.enables = u128::MAX);
        }
        let inputs = &self.widened;
        let (_, retained) = self.reference.rails();
        let expected = self.reference.cycle(inputs);
        self.dut.cycle(inputs);
        if expected.states != self.states || self.evaluated == 0 {
            self.states = expected.states;
            self.controls = expected_controls(expected, retained);
        }
        self.controls[1] = retained;
        let controls = || compare_controls(inputs.now, self.controls, self.dut.controls());
        let difference = compare(inputs.now, expected, self.dut.outputs(), self.narrow).or_else(controls);
        if let Some(failure) = self.dut.failure() {
            return Err(failure);
        }
        let difference = difference.or_else(|| self.dut.data_error().map(|error| error.difference()));
        if let Some(difference) = difference {
            self.difference = Some(self.attribute(difference, driver));
        }
        Ok(self.reference.outputs())
    }

    /// Adds op and tensor: those answered at the port, or asking at the port or in the domain.
    fn attribute(&self, difference: Difference, driver: &Driver) -> Difference {
        let answered = matches!(difference.signal.as_str(), "rvalid_o" | "rdata_o" | "err_o" | "poison_o");
        let organisation = &self.controller.organisation;
        let asks = |port: &usize| {
            let request = &self.widened.requests[*port];
            request.valid && difference.domain.is_some_and(|domain| organisation.domain_of(request.word) == domain)
        };
        let ports = 0..self.widened.requests.len();
        let node: Option<&StimulusNode> = match difference.port {
            Some(port) if answered => Some(driver.answered(port as usize)),
            Some(port) => driver.present(port as usize),
            None => ports.into_iter().find(asks).and_then(|port| driver.present(port)),
        };
        Difference { op: node.map(|node| node.op), tensor: node.map(|node| node.tensor), ..difference }
    }

    /// Counts the answers that bring back nothing: written outside the stimulus, or lost.
    fn count_lost(&mut self, driver: &Driver, stimulus: &Stimulus) {
        for (port, answer) in self.reference.outputs().responses.iter().enumerate() {
            if answer.valid && (answer.poison || answer.error) {
                let node = driver.answered(port);
                let outside = answer.poison && stimulus.blocks[node.block.index()].survives;
                self.lost.count(driver.now(), node, outside);
            }
        }
    }

    fn report(
        mut self,
        memory: &CompiledMemory,
        driver: Driver,
        subject: Subject,
        start: Instant,
    ) -> Result<CosimReport> {
        let end = driver.now();
        let reference = self.reference.activity(end);
        let rtl = counters::read(&mut self.dut, &self.controller.organisation, end)?;
        let waveform = self.dut.finish_waveform()?;
        let first_difference = self.difference.or_else(|| compare_activity(&reference, &rtl));
        let prediction_difference = match (&subject.prediction, &first_difference) {
            (Some(prediction), None) => compare_activity(prediction, &reference),
            _ => None,
        };
        Ok(CosimReport {
            schema: schema::COSIM.into(),
            design: subject.design,
            part: subject.part,
            rtl_digest: memory.digest.clone(),
            word_bits: self.controller.organisation.word_bits,
            storage_bits: memory.parameters.word_bits,
            requests: driver.requests(),
            cycles: end,
            evaluated: self.evaluated,
            skipped: end.saturating_sub(self.evaluated),
            seconds: start.elapsed().as_secs_f64(),
            equal: first_difference.is_none() && prediction_difference.is_none(),
            first_difference,
            prediction_difference,
            lost: self.lost,
            prediction: subject.prediction,
            reference,
            rtl,
            waveform,
        })
    }
}
