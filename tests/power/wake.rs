//! What the controller does to single accesses, to faults and to forced domains.

use super::generators::{controller, scenario, stimulus, timing};
use super::ideal::{Ideal, Observed};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use trapti::power::cycle::{Device, Inputs, Request};
use trapti::power::reference::{Coverage, ReferenceModel};
use trapti::power::replay::replay;
use trapti::power::{Controller, ControllerTiming, Organisation, Policy, State, States, SwitchDelays};
use trapti::units::Cycles;

/// One domain of eight words behind one port.
fn small(timing: ControllerTiming, switch: SwitchDelays, policy: Policy) -> Controller {
    let organisation = Organisation {
        domains: 1,
        interleave: 1,
        domain_words: 8,
        word_bits: 32,
        ports: 1,
        read_latency: 1,
        bank_cycles: 1,
    };
    let states = States { light: true, retention: true };
    Controller { organisation, timing, switch, states, policy, reset_on: false }
}

/// A model with a clock.
struct Bench {
    model: ReferenceModel,
    inputs: Inputs,
}

impl Bench {
    fn new(controller: Controller) -> Self {
        Self { model: ReferenceModel::new(controller).unwrap(), inputs: Inputs::idle(controller.organisation.ports) }
    }

    fn cycle(&mut self) -> trapti::power::cycle::Outputs {
        let outputs = self.model.cycle(&self.inputs).clone();
        self.inputs.now += 1;
        outputs
    }

    fn run_to(&mut self, cycle: u64) {
        while self.inputs.now < cycle {
            self.cycle();
        }
    }

    /// Cycles for which an access stalls.
    fn access(&mut self, write: bool) -> u64 {
        self.inputs.requests[0] = Request { valid: true, write, word: 3, enables: 15, tag: 0xabcd };
        let first = self.inputs.now;
        while self.cycle().grants == 0 {
            assert!(self.inputs.now < first + 500, "no grant in {:?}", self.model.state(0));
        }
        self.inputs.requests[0].valid = false;
        self.inputs.now - 1 - first
    }
}

proptest! {
    #[test]
    fn stalls_of_single_accesses_have_closed_forms((timing, switch) in timing()) {
        let sleep = |light, retention, off| Policy::Timeout { light, retention, off };
        let one = Some(Cycles(1));
        let cases = [
            (sleep(None, None, one), State::Off, timing.wake_from_off(switch)),
            (sleep(None, one, None), State::Ret, timing.wake_from_ret(switch)),
            (sleep(one, None, None), State::Light, timing.wake_from_light()),
        ];
        for (policy, asleep, stall) in cases {
            let mut bench = Bench::new(small(timing, switch, policy));
            bench.run_to(100);
            prop_assert_eq!(bench.model.state(0), State::Off);
            prop_assert_eq!(bench.access(true), timing.wake_from_off(switch));
            let later = bench.inputs.now + 300;
            bench.run_to(later);
            prop_assert_eq!(bench.model.state(0), asleep);
            prop_assert_eq!(bench.access(true), stall);
        }
    }

    #[test]
    fn without_sleep_and_conflicts_every_node_starts_as_planned(
        (mut controller, stimulus) in controller().prop_flat_map(|mut controller| {
            controller.organisation.ports = 1;
            controller.organisation.bank_cycles = 1;
            (Just(controller), stimulus(controller.organisation, 60))
        }),
    ) {
        controller.policy = Policy::Never;
        controller.reset_on = true;
        let offset = 200;
        let mut later = stimulus.clone();
        later.nodes.iter_mut().for_each(|node| node.start += Cycles(offset));
        let mut observed = Observed::new(ReferenceModel::new(controller).unwrap(), &later);
        let replayed = replay(&later, &controller, &mut observed, true, &mut |_| ()).unwrap();
        prop_assert_eq!(observed.first_off_plan(0), None);
        let mut ideal = Observed::new(Ideal::new(1), &stimulus);
        let planned = replay(&stimulus, &controller, &mut ideal, true, &mut |_| ()).unwrap();
        prop_assert_eq!(ideal.first_off_plan(0), None);
        prop_assert_eq!(replayed.cycles, planned.cycles + offset);
    }

    /// Inputs of any kind, acknowledges that come and go: what is left alone must not have wanted to move, and a skip
    /// from a quiescent cycle must lead to the same state.
    #[test]
    fn random_inputs_disturb_no_domain_unseen(
        controller in controller(),
        inputs in vec((any::<[u64; 4]>(), any::<[u16; 4]>(), any::<bool>(), 1u64..12), 1..40),
    ) {
        let mut fast = ReferenceModel::new(controller).unwrap();
        let mut thorough = ReferenceModel::new(controller).unwrap().evaluate_every_domain();
        let mut given = Inputs::idle(controller.organisation.ports);
        for ([masks, acknowledge, clear, _], words, own_switch, cycles) in inputs {
            (given.live, given.force_on) = (masks & 0xff, masks >> 8 & masks >> 16 & 0xff);
            (given.force_off, given.fault_clear) = (masks >> 24 & masks >> 32 & masks >> 40 & 0xff, clear & clear >> 8 & 0xff);
            given.acknowledge = (!own_switch).then_some(acknowledge | acknowledge >> 8);
            for (request, word) in given.requests.iter_mut().zip(words).filter(|(request, _)| !request.valid) {
                let word = u64::from(word);
                *request = Request { valid: word & 3 == 0, write: word & 4 != 0, word: word >> 3 & 511, enables: 1, tag: 7 };
            }
            for _ in 0..cycles {
                let seen = fast.cycle(&given).clone();
                prop_assert_eq!(&seen, thorough.cycle(&given), "cycle {}", given.now);
                for (port, request) in given.requests.iter_mut().enumerate() {
                    request.valid &= seen.grants >> port & 1 == 0;
                }
                given.now += 1;
            }
        }
        prop_assert_eq!(fast.activity(given.now), thorough.activity(given.now));
    }
}

fn timeout(off: u64) -> Policy {
    Policy::Timeout { light: None, retention: None, off: Some(Cycles(off)) }
}

fn slow() -> (ControllerTiming, SwitchDelays) {
    let timing = ControllerTiming {
        t_iso: 2,
        t_settle_off: 3,
        t_settle_ret: 2,
        t_ret: 2,
        t_light: 2,
        t_ack_max: 8,
        t_min_on: 0,
        t_min_off: 0,
        max_waking: 1,
        sync_stages: 2,
    };
    (timing, SwitchDelays { t_ack_off: 3, t_ack_ret: 2, t_ack_fall: 2 })
}

#[test]
fn a_collapse_loses_the_contents_and_retention_keeps_them() {
    let (timing, switch) = slow();
    let retention = Policy::Timeout { light: None, retention: Some(Cycles(5)), off: None };
    for (policy, poison) in [(timeout(5), true), (retention, false)] {
        let mut bench = Bench::new(small(timing, switch, policy));
        bench.access(true);
        bench.run_to(100);
        bench.access(false);
        let answer = bench.cycle().responses[0];
        assert_eq!((answer.valid, answer.read, answer.error, answer.poison), (true, true, false, poison));
        assert_eq!(answer.tag, if poison { 0 } else { 0xabcd });
    }
}

#[test]
fn a_missing_acknowledge_faults_and_is_answered_with_an_error() {
    let (timing, switch) = slow();
    let mut bench = Bench::new(small(timing, switch, timeout(5)));
    bench.inputs.acknowledge = Some(0);
    bench.run_to(10);
    assert_eq!(bench.access(true), 2 + u64::from(timing.t_ack_max));
    let outputs = bench.cycle();
    assert!(outputs.responses[0].error && outputs.faults == 1);
    bench.inputs.fault_clear = 1;
    bench.cycle();
    bench.inputs.fault_clear = 0;
    bench.run_to(40);
    assert_eq!((bench.model.state(0), bench.cycle().faults), (State::Off, 0));
    bench.inputs.acknowledge = None;
    assert_eq!(bench.access(true), timing.wake_from_off(switch));
}

#[test]
fn forcing_a_live_domain_off_raises_its_flag_and_refuses_accesses() {
    let (timing, switch) = slow();
    let mut bench = Bench::new(small(timing, switch, timeout(5)));
    bench.access(true);
    (bench.inputs.live, bench.inputs.force_off) = (1, 1);
    bench.run_to(60);
    assert_eq!((bench.model.state(0), bench.cycle().lost_live), (State::Off, 1));
    assert_eq!(bench.access(false), 0);
    assert!(bench.cycle().responses[0].error);
}

/// The generators reach every state but FAULT and every transition of a controller whose acknowledges come.
#[test]
fn random_scenarios_reach_the_whole_state_machine() {
    use State::*;
    let mut runner = TestRunner::deterministic();
    let mut coverage = Coverage::default();
    for _ in 0..600 {
        let (controller, stimulus) = scenario().new_tree(&mut runner).unwrap().current();
        let mut model = ReferenceModel::new(controller).unwrap();
        replay(&stimulus, &controller, &mut model, true, &mut |_| ()).unwrap();
        coverage.add(model.coverage());
    }
    let expected = [
        (Off, Arb),
        (Ret, Off),
        (Ret, Arb),
        (Arb, SwOn),
        (SwOn, Settle),
        (Settle, Unret),
        (Settle, Uniso),
        (Unret, Uniso),
        (Uniso, On),
        (On, Light),
        (On, Drain),
        (Light, LightExit),
        (Light, Iso),
        (LightExit, On),
        (Drain, On),
        (Drain, Iso),
        (Iso, Uniso),
        (Iso, SetRet),
        (Iso, SwOff),
        (SetRet, Unret),
        (SetRet, SwOff),
        (SwOff, Off),
        (SwOff, Ret),
    ];
    let seen = |&(from, to): &(State, State)| coverage.transitions[from as usize][to as usize] > 0;
    let missed: Vec<_> = expected.iter().filter(|pair| !seen(pair)).collect();
    assert!(missed.is_empty(), "never seen: {missed:?}");
    assert_eq!(coverage.states[Fault as usize], 0);
}
