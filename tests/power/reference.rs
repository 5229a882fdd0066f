//! The reference model under random controllers and stimuli.

use super::generators::scenario;
use proptest::prelude::*;
use trapti::power::cycle::{Device, Inputs, Outputs, bits};
use trapti::power::reference::{Coverage, ReferenceModel};
use trapti::power::replay::{reference_activity, replay};
use trapti::power::{Controller, State, Stimulus};

/// Watches every cycle of the reference model for what must never happen.
struct Watched {
    model: ReferenceModel,
    controller: Controller,
    /// What each word was last written with, by a memory without power controller.
    shadow: rustc_hash::FxHashMap<u64, u32>,
    /// Expected tags of reads under way: (due, port, tag).
    expected: Vec<(u64, usize, u32)>,
    broken: Option<String>,
}

impl Watched {
    fn new(controller: &Controller) -> Self {
        Self {
            model: ReferenceModel::new(*controller).unwrap(),
            controller: *controller,
            shadow: Default::default(),
            expected: Vec::new(),
            broken: None,
        }
    }

    fn check(&mut self, inputs: &Inputs, outputs: &Outputs, states: &[State]) -> Option<String> {
        let organisation = self.controller.organisation;
        let now = inputs.now;
        for port in bits(outputs.grants) {
            let request = inputs.requests[port];
            let domain = organisation.domain_of(request.word).index();
            if states[domain] != State::On {
                return Some(format!("cycle {now}: grant to {:?}", states[domain]));
            }
            if request.write {
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
        let states: Vec<State> = (0..self.controller.organisation.domains as usize).map(|d| self.model.state(d)).collect();
        let outputs = self.model.cycle(inputs).clone();
        for (domain, state) in states.iter().enumerate() {
            let code = outputs.states[domain / 16] >> (4 * (domain % 16)) & 15;
            assert_eq!(State::from_code(code as u8), Some(*state));
        }
        let broken = self.check(inputs, &outputs, &states);
        self.broken = self.broken.take().or(broken);
        &self.model.outputs_of_last_cycle()
    }
}

fn watched(stimulus: &Stimulus, controller: &Controller, skip: bool) -> Watched {
    let mut device = Watched::new(controller);
    replay(stimulus, controller, &mut device, skip, &mut |_| ()).unwrap();
    device
}
