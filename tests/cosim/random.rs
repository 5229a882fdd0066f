//! Any controller the generators make, under any stimulus: hardware and reference model are equal.

use super::{CACHE, TOOLS, narrow, subject};
use crate::power::generators;
use crate::rtl::designs::around;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use trapti::cosim::{BuildOptions, ReplayOptions, RtlSources, build, replay};
use trapti::power::{Controller, Design};

/// Controllers that are verilated; each takes some seconds.
const CONTROLLERS: u8 = 4;
/// Stimuli each plays.
const STIMULI: u32 = 40;

fn runner(seed: u8) -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
}

fn design_of(controller: &Controller, name: String) -> Design {
    let mut design = around(&name, controller.organisation, controller.policy);
    design.timing = controller.timing;
    design.switch = controller.switch;
    design.states = controller.states;
    design.reset_on = controller.reset_on;
    design
}

#[test]
fn random_controllers_equal_their_hardware() {
    for seed in 0..CONTROLLERS {
        let mut runner = runner(seed);
        let controller = generators::controller().new_tree(&mut runner).unwrap().current();
        let design = design_of(&controller, format!("random{seed}"));
        let options = if seed % 2 == 0 { BuildOptions::default() } else { narrow() };
        let memory = build(&RtlSources::of(&design).unwrap(), options, &TOOLS, &CACHE).unwrap();
        for round in 0..STIMULI {
            let strategy = generators::stimulus(controller.organisation, 60);
            let stimulus = strategy.new_tree(&mut runner).unwrap().current();
            let options = ReplayOptions { every_cycle: round % 4 == 0, waveform: None };
            let report = replay(&memory, &controller, &stimulus, subject(&design), &options, &mut |_| ()).unwrap();
            assert!(report.equal, "{controller:?} round {round}: {:?}", report.first_difference);
        }
    }
}
