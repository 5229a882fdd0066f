//! Requests that meet: at a sleeping domain, at a bank, everywhere at once; and words that hold only a part.

use crate::cosim::regress::bench::{Bench, Step, Trigger};
use crate::cosim::regress::goals;
use crate::power::{Design, State};

const DOMAIN: usize = 0;

/// Two ports on one sleeping domain, all ports on one bank, all domains at once.
pub(super) fn contention(bench: &mut Bench) -> Step {
    let organisation = bench.controller().organisation;
    let (ports, domains) = (organisation.ports as usize, organisation.domains as usize);
    bench.reach(DOMAIN, State::Off, Trigger::Request, 0)?;
    for round in 0..8 {
        for port in 0..ports {
            bench.ask(port, bench.word_of(DOMAIN), round % 2 == 0, bench.whole());
        }
        bench.settle()?;
    }
    everywhere(bench, ports, domains)?;
    for _ in 0..bench.limit() {
        if (0..domains).all(|domain| bench.state(domain) == State::Off) {
            break;
        }
        bench.cycle()?;
    }
    everywhere(bench, ports, domains)?;
    bench.home(DOMAIN)
}

/// Every domain is asked for at once, as far as ports go, then those that are left.
fn everywhere(bench: &mut Bench, ports: usize, domains: usize) -> Step {
    let mut next = 0;
    while next < domains {
        for port in 0..ports.min(domains - next) {
            bench.ask(port, bench.word_of(next), true, bench.whole());
            next += 1;
        }
        bench.settle()?;
    }
    Ok(())
}

pub(super) fn contention_goals(design: &Design) -> Vec<String> {
    let organisation = &design.organisation;
    let mut names = vec![goals::PORTS_WAKE.to_string(), goals::PORTS_CLASH.into()];
    names.extend((organisation.ports >= organisation.domains).then(|| goals::ALL_DOMAINS.to_string()));
    names
}

/// Bytes of a word are written after the domain lost it; the others read as lost.
pub(super) fn stale(bench: &mut Bench) -> Step {
    bench.home(DOMAIN)?;
    let word = bench.word_of(DOMAIN);
    bench.serve(DOMAIN)?;
    bench.until_state(DOMAIN, State::Off, 0)?;
    let whole = bench.whole();
    for enables in [1, whole & !1, whole] {
        bench.ask(0, word, true, enables & whole);
        bench.settle()?;
        for asked in [enables, whole, 1] {
            bench.ask(0, word, false, asked & whole);
            bench.settle()?;
        }
        bench.run(u64::from(bench.controller().organisation.read_latency))?;
        bench.until_state(DOMAIN, State::Off, 0)?;
    }
    bench.home(DOMAIN)
}

pub(super) fn stale_goals(design: &Design) -> Vec<String> {
    let several = design.organisation.word_bytes() > 1;
    several.then(|| [goals::STALE_WRITE, goals::STALE_READ].map(String::from)).into_iter().flatten().collect()
}

/// Words that do not exist are answered with an error, beside words that do.
pub(super) fn outside(bench: &mut Bench) -> Step {
    let organisation = bench.controller().organisation;
    let beyond = organisation.words();
    bench.run(4)?;
    for round in 0..6u64 {
        for port in 0..organisation.ports as usize {
            let word = if (round + port as u64).is_multiple_of(2) { beyond + round % 2 } else { bench.word_of(DOMAIN) };
            bench.ask(port, word, round < 3, bench.whole());
        }
        bench.settle()?;
    }
    bench.run(u64::from(organisation.read_latency) + 1)
}

pub(super) fn outside_goals(_: &Design) -> Vec<String> {
    vec![goals::OUTSIDE.into()]
}
