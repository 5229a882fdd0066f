//! Prediction against a naive reading of the contract.

mod generate;
mod naive;
pub mod tiles;

use crate::power::generators::{deepens_in_retention, scenario};
use generate::{case, long_case};
use naive::naive;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use tiles::{memory, tiles};
use trapti::error::Error;
use trapti::explore::predict::predict;
use trapti::ids::BlockId;
use trapti::power::replay::reference_activity;
use trapti::power::{Activity, Class, Controller, DomainActivity, Policy, Stimulus, StimulusKind, StimulusNode};
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

#[test]
fn random_cases_reach_off_from_retention_by_timer() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut short, mut common) = (0, 0);
    let given_up = |(controller, stimulus): (Controller, Stimulus)| match deepens_in_retention(&controller) {
        true => predicted(&stimulus, &controller).domains.iter().map(|domain| domain.transitions.ret_off).sum(),
        false => 0,
    };
    for _ in 0..600 {
        short += given_up(case().new_tree(&mut runner).expect("a case").current());
        common += given_up(scenario().new_tree(&mut runner).expect("a case").current());
    }
    assert!(short >= 30 && common >= 100, "{short} {common}");
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

/// One domain, retention after 50 idle cycles and OFF after 500, and a read of its only word after 100 of 2000 cycles; then
/// the cycle of its grant, and what is counted. `last` is when the block is read in the other domain, and so dies.
fn parked(last: Option<u64>, survives: bool) -> (u64, DomainActivity) {
    let mut controller = memory(2, 1, 1);
    controller.organisation.domain_words = 8;
    controller.policy = Policy::Timeout { light: None, retention: Some(Cycles(50)), off: Some(Cycles(500)) };
    let mut stimulus = single(&controller, |s| {
        s.blocks.truncate(1);
        (s.blocks[0].first_word, s.blocks[0].words, s.blocks[0].survives) = (7, 2, survives);
        (s.nodes[0].start, s.nodes[0].window_words) = (Cycles(100), 1);
    });
    let first = stimulus.nodes[0];
    if let Some(start) = last {
        stimulus.nodes.push(StimulusNode { start: Cycles(start), window_first: 1, ..first });
        stimulus.blocks[0].transfers = 2;
    }
    let (kind, start, amount) = (StimulusKind::Work, Cycles(0), 2000);
    stimulus.nodes.push(StimulusNode { kind, start, amount, ..first });
    all_agree(&stimulus, &controller).expect("equal");
    let granted = 100 + controller.timing.wake_from_off(controller.switch);
    (granted, predicted(&stimulus, &controller).domains[0])
}

#[test]
fn a_domain_parked_in_retention_goes_off_when_the_off_threshold_is_reached_and_its_data_is_dead() {
    let of = |domain: &DomainActivity, class: Class| domain.class_cycles[class as usize].0;
    let passed = |domain: &DomainActivity| (domain.transitions.on_ret, domain.transitions.ret_off);
    // SW_OFF in cycle 0, and OFF until the request of cycle 100 has led through ARB.
    let before = 101;
    let (granted, dead) = parked(None, false);
    assert_eq!((passed(&dead), of(&dead, Class::Off)), ((1, 1), before + 2000 - (granted + 500 + 1)));
    let (_, kept) = parked(None, true);
    assert_eq!((passed(&kept), of(&kept, Class::Off)), ((1, 0), before));
    // Dead once the other domain has answered the last read, which waits for as long as the first.
    let (granted, late) = parked(Some(1500), false);
    let death = granted + 1400 + 1 + 2;
    assert_eq!((passed(&late), of(&late, Class::Off)), ((1, 1), before + 2000 - (death + 1)));
    // Dead before the threshold, which still has to be reached.
    let (granted, early) = parked(Some(300), false);
    assert_eq!((passed(&early), of(&early, Class::Off)), ((1, 1), before + 2000 - (granted + 500 + 1)));
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
