//! The closed-loop replay of a stimulus on a device: reference model or hardware.

mod blocks;
mod driver;
mod host;
mod order;

pub use driver::Driver;

use super::cycle::{Device, Response};
use super::reference::ReferenceModel;
use super::{Activity, Controller, Stimulus, StimulusNode};
use crate::error::Result;

/// How far a replay came, told now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The cycle reached.
    pub cycle: u64,
    /// Requests granted.
    pub requests: u64,
}

/// Length of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// T.
    pub cycles: u64,
    /// Cycles that were evaluated; the rest was skipped.
    pub evaluated: u64,
    /// Requests granted.
    pub requests: u64,
    /// Answers with an error or with poison: live data was lost.
    pub bad_answers: u64,
    /// The first of them: cycle and node.
    pub first_bad: Option<(u64, StimulusNode)>,
}

/// Cycles between two calls of the progress callback.
const PROGRESS_PERIOD: u64 = 1 << 20;

/// Plays `stimulus` on `device` to its end. `skip` allows jumps over cycles in which nothing happens; the results do not
/// depend on it.
///
/// # Errors
/// As [`Driver::new`] and [`Driver::next_cycle`].
pub fn replay(
    stimulus: &Stimulus,
    controller: &Controller,
    device: &mut impl Device,
    skip: bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Replayed> {
    let mut driver = Driver::new(stimulus, controller, skip)?;
    let (mut evaluated, mut bad_answers, mut first_bad) = (0u64, 0, None);
    while !driver.finished() {
        let outputs = device.cycle(driver.inputs());
        for (port, _) in outputs.responses.iter().enumerate().filter(|(_, answer)| is_bad(answer)) {
            bad_answers += 1;
            first_bad.get_or_insert((driver.now(), *driver.answered(port)));
        }
        driver.accept(outputs.grants);
        driver.next_cycle(outputs.quiescent, outputs.next_event)?;
        evaluated += 1;
        if evaluated.is_multiple_of(PROGRESS_PERIOD) {
            progress(Progress { cycle: driver.now(), requests: driver.requests() });
        }
    }
    let (cycles, requests) = (driver.now(), driver.requests());
    progress(Progress { cycle: cycles, requests });
    Ok(Replayed { cycles, evaluated, requests, bad_answers, first_bad })
}

fn is_bad(answer: &Response) -> bool {
    answer.valid && (answer.error || answer.poison)
}

/// Plays `stimulus` on the reference model: what a memory under `controller` counts.
///
/// # Errors
/// As [`ReferenceModel::new`] and [`replay`].
pub fn reference_activity(stimulus: &Stimulus, controller: &Controller, skip: bool) -> Result<(Activity, Replayed)> {
    let mut model = ReferenceModel::new(*controller)?;
    let replayed = replay(stimulus, controller, &mut model, skip, &mut |_| ())?;
    Ok((model.activity(replayed.cycles), replayed))
}
