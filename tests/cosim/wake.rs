//! The bound on the stall of a request, on the hardware.

use super::{CACHE, TOOLS, stimuli};
use crate::power::longest_stall::{longest_seen, slowest};
use crate::rtl::designs::around;
use trapti::cosim::{BuildOptions, Dut, RtlSources, build};
use trapti::power::Design;
use trapti::power::cycle::{Device, Inputs, Outputs, Response};
use trapti::power::replay::replay;

#[test]
fn a_stimulus_reaches_the_bound_on_stalls_on_the_hardware() {
    let controller = slowest(2, 2, 1);
    let (timing, switch, states) = (controller.timing, controller.switch, controller.states);
    let design = Design { timing, switch, states, ..around("slowest", controller.organisation, controller.policy) };
    assert_eq!(design.controller(), controller);
    let memory = build(&RtlSources::of(&design).unwrap(), BuildOptions::default(), &TOOLS, &CACHE).unwrap();
    let seen = longest_seen(&controller, || Box::new(Dut::new(&memory, &controller).unwrap()));
    assert_eq!(seen, controller.longest_stall());
}

/// A memory of one port that grants every request after `wait` cycles.
struct Slow {
    wait: u64,
    waited: u64,
    outputs: Outputs,
}

impl Device for Slow {
    fn cycle(&mut self, inputs: &Inputs) -> &Outputs {
        let granted = inputs.requests[0].valid && self.waited == self.wait;
        self.waited = if inputs.requests[0].valid && !granted { self.waited + 1 } else { 0 };
        self.outputs.grants = u64::from(granted);
        &self.outputs
    }
}

#[test]
fn a_replay_notices_a_stall_beyond_the_bound() {
    let controller = slowest(1, 1, 1);
    let stimulus = stimuli::random(&controller.organisation, 1, 3, 10);
    let play = |wait| {
        let outputs = Outputs { responses: vec![Response::default()], ..Outputs::default() };
        replay(&stimulus, &controller, &mut Slow { wait, waited: 0, outputs }, false, &mut |_| ())
    };
    let bound = controller.longest_stall();
    assert_eq!(play(bound).unwrap().requests, stimulus.requests());
    let late = play(bound + 1).unwrap_err().to_string();
    assert!(late.contains(&format!("waited {} cycles", bound + 1)) && late.contains(&bound.to_string()), "{late}");
    let stuck = play(u64::MAX).unwrap_err().to_string();
    assert!(stuck.contains("waits for a grant"), "{stuck}");
}
