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
/// Controllers with a schedule player that are verilated.
const SCHEDULED: u8 = 3;
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

/// A controller under random stimuli, with random tables if it plays any; every other one with registers.
fn compare(controller: Controller, runner: &mut TestRunner, name: String, seed: u8) {
    let mut design = design_of(&controller, name);
    design.registers = seed % 2 == 1;
    let options = if seed.is_multiple_of(2) { BuildOptions::default() } else { narrow() };
    let memory = build(&RtlSources::of(&design).unwrap(), options, &TOOLS, &CACHE).unwrap();
    for round in 0..STIMULI {
        let strategy = (generators::stimulus(controller.organisation, 60), generators::tables());
        let (stimulus, tables) = strategy.new_tree(runner).unwrap().current();
        let stimulus = generators::with_tables(stimulus, &controller, tables);
        let options = ReplayOptions { every_cycle: round % 4 == 0, waveform: None };
        let report = replay(&memory, &controller, &stimulus, subject(&design), &options, &mut |_| ()).unwrap();
        assert!(report.equal, "{controller:?} round {round}: {:?}", report.first_difference);
    }
}

#[test]
fn random_controllers_equal_their_hardware() {
    for seed in 0..CONTROLLERS {
        let mut runner = runner(seed);
        let controller = generators::controller().new_tree(&mut runner).unwrap().current();
        compare(controller, &mut runner, format!("random{seed}"), seed);
    }
}

#[test]
fn random_schedules_are_played_by_the_hardware_as_by_the_reference_model() {
    for seed in 0..SCHEDULED {
        let mut runner = runner(100 + seed);
        let controller = generators::scheduled_controller().new_tree(&mut runner).unwrap().current();
        compare(controller, &mut runner, format!("scheduled{seed}"), seed);
    }
}
