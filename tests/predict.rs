//! Prediction against a naive reading of the contract.

mod generate;
mod naive;
mod tiles;

use crate::power::generators::scenario;
use generate::{case, long_case};
use naive::naive;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use tiles::{memory, tiles};
use trapti::error::Error;
use trapti::explore::predict::predict;
use trapti::ids::BlockId;
use trapti::power::replay::reference_activity;
use trapti::power::{Activity, Class, Controller, Stimulus, StimulusKind};
use trapti::units::Cycles;

const LIMIT: u64 = 200_000;

fn predicted(stimulus: &Stimulus, controller: &Controller) -> Activity {
    predict(stimulus, controller, &mut |_| ()).expect("playable")
}

/// Cases a property is tried with; `PROPTEST_CASES` asks for more.
fn cases(default: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(default), failure_persistence: None, ..ProptestConfig::default() }
}

/// Prediction, naive and reference model; of the last every cycle and with skips.
fn all_agree(stimulus: &Stimulus, controller: &Controller) -> Result<(), TestCaseError> {
    let predicted = predicted(stimulus, controller);
    let counted = naive(stimulus, controller, LIMIT);
    prop_assert_eq!(Some(&predicted), counted.as_ref());
    for skip in [false, true] {
        let (referred, _) = reference_activity(stimulus, controller, skip).expect("playable");
        prop_assert_eq!(&predicted, &referred);
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn equals_both_models_on_the_common_scenarios((controller, stimulus) in scenario()) {
        all_agree(&stimulus, &controller)?;
    }

    #[test]
    fn equals_both_models_on_short_transfers((controller, stimulus) in case()) {
        all_agree(&stimulus, &controller)?;
    }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn equals_both_models_on_long_trains((controller, stimulus) in long_case()) {
        all_agree(&stimulus, &controller)?;
    }
}

/// What the random cases reach, so that the properties above cannot hold for want of trying.
#[test]
fn random_cases_reach_every_transition_and_stall() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = [0_u64; 15];
    for _ in 0..300 {
        let (controller, stimulus) = case().new_tree(&mut runner).expect("a case").current();
        for domain in predicted(&stimulus, &controller).domains {
            let t = domain.transitions;
            let transitions = [t.off_on, t.ret_on, t.on_off, t.on_ret, t.ret_off, t.on_light, t.light_on, t.aborted];
            let stalls = [domain.stall_wake, domain.stall_conflict];
            let counts = transitions.into_iter().chain(domain.class_cycles.map(|cycles| cycles.0)).chain(stalls);
            seen.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    }
    assert!(seen.iter().all(|count| *count >= 10), "{seen:?}");
}

/// Two operands and two arrays in domains apart, in one domain with and without room for all, and never with room.
const SHAPES: [(&str, u32, u32, u32, bool); 5] = [
    ("apart", 16, 4, 1, false),
    ("together", 16, 4, 1, true),
    ("slow banks", 16, 4, 2, true),
    ("one bank", 8, 1, 1, true),
    ("one slow bank", 64, 1, 3, true),
];

#[test]
fn trains_of_double_buffered_tiles_equal_the_reference_model() {
    for (name, domains, interleave, bank_cycles, shared) in SHAPES {
        let controller = memory(domains, interleave, bank_cycles);
        let stimulus = tiles(&controller, 600, shared);
        let (referred, _) = reference_activity(&stimulus, &controller, true).expect("playable");
        assert_eq!(predicted(&stimulus, &controller), referred, "{name}");
    }
}

/// One read of one request at cycle 0, or wherever `change` moves it.
fn single(controller: &Controller, change: impl FnOnce(&mut Stimulus)) -> Stimulus {
    let mut stimulus = tiles(controller, 1, false);
    stimulus.nodes.truncate(1);
    stimulus.nodes[0].amount = 1;
    stimulus.blocks.iter_mut().for_each(|block| block.transfers = 0);
    stimulus.blocks[0].transfers = 1;
    change(&mut stimulus);
    stimulus
}

#[test]
fn an_uncontended_wake_stalls_as_long_as_the_formula_says() {
    let controller = memory(4, 2, 1);
    let stimulus = single(&controller, |s| s.nodes[0].start = Cycles(100));
    let activity = predicted(&stimulus, &controller);
    let wake = controller.timing.wake_from_off(controller.switch);
    assert_eq!(activity.ports[0].stall_wake, wake);
    assert_eq!(activity.cycles.0, 100 + wake + 1 + 2);
    assert_eq!(activity.domains[0].transitions.off_on, 1);
}

#[test]
fn a_switch_slower_than_t_ack_max_ends_in_fault_and_its_requests_are_no_reads() {
    let mut controller = memory(4, 2, 1);
    controller.timing.t_ack_max = 7;
    let stimulus = single(&controller, |s| s.nodes[0].amount = 50);
    let activity = predicted(&stimulus, &controller);
    let domain = &activity.domains[0];
    // OFF from cycle 1, ARB, SW_ON from 3 to 9.
    assert_eq!((domain.reads, domain.stall_wake, activity.cycles.0), (0, 10, 10 + 50 + 2));
    assert_eq!(domain.class_cycles[Class::Fault as usize].0, 52);
}

#[test]
fn what_cannot_be_played_is_said() {
    let controller = memory(4, 2, 1);
    let code = |change: fn(&mut Stimulus)| match predict(&single(&controller, change), &controller, &mut |_| ()) {
        Err(Error::Input(diagnostics)) => diagnostics[0].code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code(|s| s.nodes[0].port = 4), "stimulus-unplayable");
    assert_eq!(code(|s| s.nodes[0].window_words = 0), "stimulus-unplayable");
    assert_eq!(code(|s| s.blocks[7].words += 1), "stimulus-unplayable");
    assert_eq!(code(|s| s.blocks[0].after.push(BlockId(0))), "stimulus-stuck");
}

#[test]
fn a_last_work_of_no_cycles_ends_the_run_before_the_transition_of_its_cycle() {
    let controller = memory(1, 1, 1);
    let stimulus = single(&controller, |s| {
        (s.nodes[0].kind, s.nodes[0].amount, s.nodes[0].start) = (StimulusKind::Work, 0, Cycles(1));
    });
    let activity = predicted(&stimulus, &controller);
    assert_eq!((activity.cycles.0, activity.domains[0].transitions.on_off), (1, 0));
    all_agree(&stimulus, &controller).expect("equal");
}

/// The speed that `explore` counts on: run it in release with `--ignored --nocapture`.
#[test]
#[ignore = "measures time"]
#[allow(clippy::print_stdout)]
fn speed() {
    for (name, domains, interleave, bank_cycles, shared) in SHAPES {
        let controller = memory(domains, interleave, bank_cycles);
        let stimulus = tiles(&controller, 800_000, shared);
        let (nodes, requests) = (stimulus.nodes.len() as f64, stimulus.requests() as f64);
        let start = std::time::Instant::now();
        let activity = predicted(&stimulus, &controller);
        let seconds = start.elapsed().as_secs_f64();
        let conflicts: u64 = activity.ports.iter().map(|port| port.stall_conflict).sum();
        println!(
            "{name}: {seconds:.2} s, {:.2} M nodes/s, {:.0} M requests/s; {:.1} M nodes, {:.0} M requests, {} M cycles, {} M conflict stalls",
            nodes / seconds / 1e6,
            requests / seconds / 1e6,
            nodes / 1e6,
            requests / 1e6,
            activity.cycles.0 / 1_000_000,
            conflicts / 1_000_000,
        );
    }
}
