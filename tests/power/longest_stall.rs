//! The bound on the stall of a request: a stimulus reaches it, nothing exceeds it.

use trapti::power::cycle::{Device, Inputs, Request};
use trapti::power::reference::ReferenceModel;
use trapti::power::{Controller, ControllerTiming, Organisation, Policy, States, SwitchDelays};

/// A memory whose switch answers just in time for T_ACK_MAX, and whose domains go down in the first idle cycle.
pub fn slowest(domains: u32, ports: u32, max_waking: u32) -> Controller {
    let timing = ControllerTiming {
        t_iso: 2,
        t_settle_off: 3,
        t_settle_ret: 1,
        t_ret: 1,
        t_light: 1,
        t_ack_max: 6,
        t_min_on: 0,
        t_min_off: 2,
        max_waking,
        sync_stages: 2,
    };
    let organisation =
        Organisation { domains, interleave: 1, domain_words: 8, word_bits: 32, ports, read_latency: 1, bank_cycles: 2 };
    let answer = timing.t_ack_max - timing.sync_stages - 1;
    let switch = SwitchDelays { t_ack_off: answer, t_ack_ret: answer, t_ack_fall: answer };
    let states = States { light: false, retention: false };
    Controller { organisation, timing, switch, states, policy: Policy::Immediate, reset_on: false }
}

/// Longest stall of port 0 in domain 0, over the moments `after` its last grant in which all ports ask for one word of it
/// and the `lead` after which all other domains are asked up.
pub fn longest_seen(controller: &Controller, mut device: impl FnMut() -> Box<dyn Device>) -> u64 {
    let range = u64::from(2 * controller.timing.t_ack_max + 20);
    let cases = (0..range).flat_map(|after| {
        (0..if controller.organisation.domains > 1 { range } else { 1 }).map(move |lead| (after, lead))
    });
    cases.map(|(after, lead)| stall(controller, device().as_mut(), after, lead)).max().unwrap()
}

fn stall(controller: &Controller, device: &mut dyn Device, after: u64, lead: u64) -> u64 {
    let request = Request { valid: true, write: true, word: 3, enables: 15, tag: 7 };
    let mut inputs = Inputs::idle(controller.organisation.ports);
    inputs.requests[0] = request;
    while device.cycle(&inputs).grants & 1 == 0 {
        inputs.now += 1;
    }
    inputs.requests[0].valid = false;
    let (granted, others) = (inputs.now, (1u64 << controller.organisation.domains) - 2);
    let asked = granted + 1 + after;
    loop {
        inputs.now += 1;
        assert!(inputs.now < asked + 1000, "no grant");
        inputs.force_on = if inputs.now > granted + lead { others } else { 0 };
        if inputs.now == asked {
            inputs.requests.fill(request);
        }
        let grants = device.cycle(&inputs).grants;
        for port in trapti::power::cycle::bits(grants) {
            inputs.requests[port].valid = false;
        }
        if grants & 1 != 0 {
            return inputs.now - asked;
        }
    }
}

#[test]
fn the_bound_on_stalls_is_reached_and_not_exceeded() {
    for (domains, ports, max_waking) in [(1, 1, 1), (1, 3, 1), (2, 1, 1), (2, 2, 2), (3, 1, 1), (3, 2, 2), (4, 1, 3)] {
        let controller = slowest(domains, ports, max_waking);
        let seen = longest_seen(&controller, || Box::new(ReferenceModel::new(controller).unwrap()));
        assert_eq!(seen, controller.longest_stall(), "{domains} domains, {ports} ports, {max_waking} waking");
    }
}

/// With more slots than one and fewer than the other domains the bound is not known to be tight.
#[test]
fn the_bound_on_stalls_holds_between() {
    let controller = slowest(6, 1, 2);
    let seen = longest_seen(&controller, || Box::new(ReferenceModel::new(controller).unwrap()));
    assert!(seen > 40 && seen <= controller.longest_stall(), "{seen} of {}", controller.longest_stall());
}
