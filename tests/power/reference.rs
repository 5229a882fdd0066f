//! The reference model under random controllers and stimuli.

use super::generators::scenario;
use proptest::prelude::*;
use std::collections::HashMap;
use trapti::power::cycle::{Device, Inputs, Outputs, bits};
use trapti::power::reference::ReferenceModel;
use trapti::power::replay::{reference_activity, replay};
use trapti::power::{Controller, State, Stimulus};

/// Watches every cycle of the reference model for what must never happen.
struct Watched {
    model: ReferenceModel,
    controller: Controller,
    /// What each word was last written with, by a memory without power controller.
    shadow: HashMap<u64, u32>,
    /// Expected tags of reads under way: (due, port, tag).
    expected: Vec<(u64, usize, u32)>,
    /// Domains written since they became live.
    holding: u64,
    broken: Option<String>,
    outputs: Outputs,
}

impl Watched {
    fn new(controller: &Controller) -> Self {
        Self {
            model: ReferenceModel::new(*controller).unwrap(),
            controller: *controller,
            shadow: HashMap::new(),
            expected: Vec::new(),
            holding: 0,
            broken: None,
            outputs: Outputs::default(),
        }
    }

    fn check(&mut self, inputs: &Inputs, outputs: &Outputs, states: &[State]) -> Option<String> {
        let organisation = self.controller.organisation;
        let now = inputs.now;
        self.holding &= inputs.live;
        if let Some(domain) = bits(self.holding).find(|&d| states[d] == State::Off) {
            return Some(format!("cycle {now}: live domain {domain} is OFF"));
        }
        for port in bits(outputs.grants) {
            let request = inputs.requests[port];
            let domain = organisation.domain_of(request.word).index();
            if states[domain] != State::On {
                return Some(format!("cycle {now}: grant to {:?}", states[domain]));
            }
            if request.write {
                self.holding |= 1 << domain;
                self.shadow.insert(request.word, request.tag);
            } else {
                let due = now + u64::from(organisation.read_latency);
                self.expected.push((due, port, self.shadow[&request.word]));
            }
        }
        let waking = states.iter().filter(|s| matches!(s, State::SwOn | State::Settle)).count();
        if waking > self.controller.timing.max_waking as usize {
            return Some(format!("cycle {now}: {waking} domains wake"));
        }
        for (port, answer) in outputs.responses.iter().enumerate().filter(|(_, a)| a.valid && a.read) {
            let at = self.expected.iter().position(|e| (e.0, e.1) == (now, port)).unwrap();
            let tag = self.expected.swap_remove(at).2;
            if answer.poison || answer.error || answer.tag != tag {
                return Some(format!("cycle {now}: port {port} expected {tag:x}, got {answer:?}"));
            }
        }
        self.expected.iter().find(|e| e.0 <= now).map(|e| format!("no answer: {e:?}"))
    }
}

impl Device for Watched {
    fn cycle(&mut self, inputs: &Inputs) -> &Outputs {
        let states: Vec<State> =
            (0..self.controller.organisation.domains as usize).map(|d| self.model.state(d)).collect();
        let outputs = self.model.cycle(inputs).clone();
        for (domain, state) in states.iter().enumerate() {
            let code = outputs.states[domain / 16] >> (4 * (domain % 16)) & 15;
            assert_eq!(State::from_code(code as u8), Some(*state));
        }
        let broken = self.check(inputs, &outputs, &states);
        self.broken = self.broken.take().or(broken);
        self.outputs = outputs;
        &self.outputs
    }
}

fn play(stimulus: &Stimulus, controller: &Controller, skip: bool) -> Watched {
    let mut device = Watched::new(controller);
    replay(stimulus, controller, &mut device, skip, &mut |_| ()).unwrap();
    device
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_cycle_breaks_the_protocol_and_no_live_data_is_lost((controller, stimulus) in scenario()) {
        let device = play(&stimulus, &controller, true);
        prop_assert_eq!(device.broken, None);
    }

    #[test]
    fn skipping_changes_nothing((controller, stimulus) in scenario()) {
        let (with, skipped) = reference_activity(&stimulus, &controller, true).unwrap();
        let (without, full) = reference_activity(&stimulus, &controller, false).unwrap();
        prop_assert_eq!(with, without);
        prop_assert_eq!(full.evaluated, full.cycles);
        prop_assert!(skipped.evaluated <= full.evaluated);
        prop_assert_eq!(skipped.requests, stimulus.requests());
        prop_assert_eq!(skipped.bad_answers, 0);
    }

    #[test]
    fn class_times_sum_to_the_length((controller, stimulus) in scenario()) {
        let (activity, _) = reference_activity(&stimulus, &controller, true).unwrap();
        for domain in &activity.domains {
            prop_assert_eq!(domain.class_cycles.iter().copied().sum::<trapti::units::Cycles>(), activity.cycles);
        }
        let served: u64 = activity.domains.iter().map(|d| d.reads + d.writes).sum();
        prop_assert_eq!(served, stimulus.requests());
        let ports: u64 = activity.ports.iter().map(|p| p.stall_wake + p.stall_conflict).sum();
        let domains: u64 = activity.domains.iter().map(|d| d.stall_wake + d.stall_conflict).sum();
        prop_assert_eq!(ports, domains);
    }

    #[test]
    fn leaving_domains_at_rest_alone_changes_nothing((controller, stimulus) in scenario(), skip in any::<bool>()) {
        let mut thorough = ReferenceModel::new(controller).unwrap().evaluate_every_domain();
        let mut fast = ReferenceModel::new(controller).unwrap();
        let mut compared = Compared { fast: &mut fast, thorough: &mut thorough };
        let replayed = replay(&stimulus, &controller, &mut compared, skip, &mut |_| ()).unwrap();
        prop_assert_eq!(fast.activity(replayed.cycles), thorough.activity(replayed.cycles));
        prop_assert_eq!(fast.coverage(), thorough.coverage());
    }
}

/// Two models in lock-step; every output of every cycle must agree.
struct Compared<'a> {
    fast: &'a mut ReferenceModel,
    thorough: &'a mut ReferenceModel,
}

impl Device for Compared<'_> {
    fn cycle(&mut self, inputs: &Inputs) -> &Outputs {
        let expected = self.thorough.cycle(inputs);
        let seen = self.fast.cycle(inputs);
        assert_eq!(seen, expected, "cycle {}", inputs.now);
        seen
    }
}
