//! The bound on the stall of a request, on the hardware.

use super::{CACHE, TOOLS};
use crate::power::longest_stall::{longest_seen, slowest};
use crate::rtl::designs::around;
use trapti::cosim::{BuildOptions, Dut, RtlSources, build};
use trapti::power::Design;

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
