//! Noise: every input of the memory moves at random, within what its interface allows.

use super::bench::{Bench, Step};
use super::random::entry;
use crate::power::cycle::Scheduling;

/// Plays noise for some cycles. Stretches of traffic change with stretches of rest, so that domains come to sleep.
pub(super) fn play(bench: &mut Bench, cycles: u64) -> Step {
    bench.cycle()?;
    while bench.evaluated < cycles {
        let stretch = 8 + bench.random.below(120);
        let busy = !bench.random.once_in(3);
        for _ in 0..stretch {
            wishes(bench);
            acknowledges(bench);
            schedule(bench);
            if busy {
                requests(bench);
            }
            bench.cycle()?;
            skip(bench);
        }
        rare(bench)?;
    }
    let domains = bench.controller().organisation.domains as usize;
    (0..domains).try_for_each(|domain| bench.home(domain))
}

fn requests(bench: &mut Bench) {
    let organisation = bench.controller().organisation;
    let beyond = 1 << (u64::BITS - (organisation.words() - 1).leading_zeros()).max(1);
    for port in 0..organisation.ports as usize {
        if bench.random.once_in(3) {
            let near =
                bench.random.below(4) + organisation.domain_words * bench.random.below(organisation.domains.into());
            let word = match bench.random.below(12) {
                0 => bench.random.below(beyond),
                1..4 => bench.random.below(organisation.words()),
                _ => near % organisation.words(),
            };
            let whole = bench.whole();
            let enables =
                if bench.random.once_in(3) { u128::from(bench.random.below(u64::MAX)) & whole } else { whole };
            let write = bench.random.once_in(2);
            bench.ask(port, word, write, enables);
        }
    }
}

fn wishes(bench: &mut Bench) {
    let domains = u64::from(bench.controller().organisation.domains);
    let bit = 1u64 << bench.random.below(domains);
    match bench.random.below(400) {
        0..12 => bench.inputs.live ^= bit,
        12..18 => bench.inputs.force_on ^= bit,
        18..20 => bench.inputs.force_off |= bit,
        20..30 => bench.inputs.force_off &= !bit,
        30..34 => bench.inputs.force_on &= !bit,
        34..60 => bench.inputs.fault_clear |= bit,
        _ => {}
    }
}

fn acknowledges(bench: &mut Bench) {
    let bit = 1u64 << bench.random.below(bench.controller().organisation.domains.into());
    match bench.random.below(600) {
        0 => bench.held_low |= bit,
        1 => bench.held_high |= bit,
        2..40 => (bench.held_low, bench.held_high) = (bench.held_low & !bit, bench.held_high & !bit),
        _ => {}
    }
}

fn schedule(bench: &mut Bench) {
    let controller = bench.controller();
    if controller.policy.schedule_depth() == 0 {
        return;
    }
    bench.inputs.schedule = match bench.random.below(60) {
        0..12 => Scheduling::Write(entry(&mut bench.random, &controller)),
        12..15 => Scheduling::Filled,
        15..17 => Scheduling::Start,
        _ => Scheduling::Nothing,
    };
    bench.inputs.schedule_clear = bench.random.once_in(100);
}

/// Jumps over quiet cycles now and then; only a time base that never wraps allows it.
fn skip(bench: &mut Bench) {
    let quiet = bench.outputs().quiescent && !bench.inputs.requests.iter().any(|request| request.valid);
    if quiet && bench.time_bits == 64 && bench.random.once_in(2) {
        let event = bench.outputs().next_event.unwrap_or(u64::MAX);
        let far = bench.now + bench.random.below(100);
        bench.jump(far.min(event));
    }
}

/// Resets and new thresholds.
fn rare(bench: &mut Bench) -> Step {
    match bench.random.below(12) {
        0 => {
            let pins = bench.random.below(4) & u64::from(bench.random.once_in(2));
            bench.reset(pins)?;
            // An OBI front takes no request in the first cycle.
            bench.cycle()
        }
        1 | 2 => {
            let mut threshold = |limit| if bench.random.once_in(4) { 0 } else { bench.random.below(limit) };
            let thresholds = [threshold(12), threshold(30), threshold(60)];
            bench.set_thresholds(thresholds);
            Ok(())
        }
        _ => Ok(()),
    }
}
