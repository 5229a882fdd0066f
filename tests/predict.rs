//! Prediction against a naive reading of the contract.

mod generate;
mod naive;

use generate::{case, long_case};
use naive::naive;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use trapti::explore::predict::predict;
use trapti::power::{Activity, Controller, Stimulus};

const LIMIT: u64 = 200_000;

fn predicted(stimulus: &Stimulus, controller: &Controller) -> Activity {
    predict(stimulus, controller, &mut |_| ()).expect("playable")
}

/// Cases a property is tried with; `PROPTEST_CASES` asks for more.
fn cases(default: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(default), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn equals_the_naive_model_on_short_transfers((controller, stimulus) in case()) {
        prop_assert_eq!(Some(predicted(&stimulus, &controller)), naive(&stimulus, &controller, LIMIT));
    }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn equals_the_naive_model_on_long_trains((controller, stimulus) in long_case()) {
        prop_assert_eq!(Some(predicted(&stimulus, &controller)), naive(&stimulus, &controller, LIMIT));
    }
}

/// What the random cases reach, so that the properties above cannot hold for want of trying.
#[test]
fn random_cases_reach_every_transition_and_stall() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = [0_u64; 14];
    for _ in 0..300 {
        let (controller, stimulus) = case().new_tree(&mut runner).expect("a case").current();
        for domain in predicted(&stimulus, &controller).domains {
            let t = domain.transitions;
            let transitions = [t.off_on, t.ret_on, t.on_off, t.on_ret, t.ret_off, t.on_light, t.light_on, t.aborted];
            let cycles = domain.class_cycles.map(|cycles| cycles.0);
            let stalls = [domain.stall_wake, domain.stall_conflict];
            let counts = transitions.into_iter().chain([cycles[0], cycles[1], cycles[2], cycles[4]]).chain(stalls);
            seen.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    }
    assert!(seen.iter().all(|count| *count >= 10), "{seen:?}");
}
