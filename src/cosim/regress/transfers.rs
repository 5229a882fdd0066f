//! Transfers, random or of a run, played in a closed loop on a bench.

use super::bench::{Bench, Check, Step, Stop};
use crate::cosim::difference::compare_activity;
use crate::explore::predict::predict;
use crate::power::replay::Driver;
use crate::power::{Activity, Stimulus};

/// Plays a stimulus to its end, with skips if the time base allows it; what is read must be what was written.
pub(super) fn play(bench: &mut Bench, stimulus: &Stimulus) -> Step {
    let controller = bench.controller();
    let mut driver = Driver::new(stimulus, &controller, bench.time_bits == 64)?;
    while !driver.finished() {
        bench.inputs.clone_from(driver.inputs());
        bench.watched_by_driver();
        match bench.cycle() {
            Err(Stop::Different(difference)) => return Err(Stop::Different(bench.pair.attribute(difference, &driver))),
            other => other?,
        }
        lost(bench, stimulus, &driver)?;
        let outputs = bench.outputs();
        let (grants, quiescent, event) = (outputs.grants, outputs.quiescent, outputs.next_event);
        driver.accept(grants);
        driver.next_cycle(quiescent, event)?;
        bench.now = driver.now();
    }
    Ok(())
}

/// Poison or an error where the memory should have held data.
fn lost(bench: &Bench, stimulus: &Stimulus, driver: &Driver<'_>) -> Step {
    for (port, answer) in bench.outputs().responses.iter().enumerate().filter(|(_, answer)| answer.valid) {
        let node = driver.answered(port);
        let outside = answer.poison && stimulus.blocks[node.block.index()].survives;
        if (answer.poison || answer.error) && !outside {
            let what = if answer.error { "an error" } else { "poison" };
            let message = format!("port {port} got {what} for {} of {}, which is live", node.tensor, node.op);
            return Err(Stop::Wrong { check: Check::LiveData, cycle: driver.now(), message });
        }
    }
    Ok(())
}

/// Holds that the prediction of a stimulus equals what the reference model counted.
pub(super) fn compare_prediction(bench: &Bench, stimulus: &Stimulus) -> Step {
    let predicted: Activity = predict(stimulus, &bench.controller(), &mut |_| {})?;
    match compare_activity(&predicted, &bench.pair.reference.activity(bench.now)) {
        Some(difference) => {
            let message = format!(
                "{}: predicted {}, reference model {}",
                difference.signal, difference.expected, difference.seen
            );
            Err(bench.wrong(Check::Prediction, message))
        }
        None => Ok(()),
    }
}
