//! Tables that are restarted before they end, and entries that meet accesses.

use crate::cosim::regress::bench::{Bench, Step, Trigger};
use crate::cosim::regress::goals;
use crate::power::cycle::Scheduling;
use crate::power::{Design, Entry, Operation, State};

const DOMAIN: usize = 0;

fn entry(delta: u64, operation: Operation) -> Entry {
    Entry { delta, domain: DOMAIN as u32, operation }
}

/// Writes a table and starts it; the coming cycle is the first after the start.
fn start(bench: &mut Bench, entries: &[Entry]) -> Step {
    let given = entries.iter().map(|&entry| Scheduling::Write(entry));
    for given in given.chain([Scheduling::Filled, Scheduling::Start]) {
        bench.inputs.schedule = given;
        bench.cycle()?;
    }
    Ok(())
}

/// A table is replaced after its first entry; then a start comes without a table, and too many entries.
pub(super) fn restart(bench: &mut Bench) -> Step {
    let depth = u64::from(bench.controller().policy.schedule_depth());
    let table = [entry(1, Operation::Prewake), entry(40, Operation::Off), entry(41, Operation::Prewake)];
    start(bench, &table)?;
    bench.run(6)?;
    start(bench, &[entry(30, Operation::Retain)])?;
    bench.run(60)?;
    bench.inputs.schedule = Scheduling::Start;
    bench.cycle()?;
    bench.run(10)?;
    for _ in 0..=depth {
        bench.inputs.schedule = Scheduling::Write(entry(3, Operation::Light));
        bench.cycle()?;
    }
    bench.inputs.schedule_clear = true;
    bench.cycle()?;
    start(bench, &[])?;
    bench.run(20)?;
    bench.home(DOMAIN)
}

pub(super) fn restart_goals(_: &Design) -> Vec<String> {
    [goals::RESTARTED, goals::MISSED, goals::OVERFLOW].map(String::from).to_vec()
}

/// An entry is applied in each of the cycles around a grant, and while a request waits.
pub(super) fn access(bench: &mut Bench) -> Step {
    let operations = [Operation::Prewake, Operation::Light, Operation::Retain, Operation::Off];
    for operation in operations {
        for delta in 1..6 {
            bench.home(DOMAIN)?;
            bench.serve(DOMAIN)?;
            start(bench, &[entry(delta, operation)])?;
            bench.run(1)?;
            bench.want(DOMAIN);
            bench.run(12)?;
        }
        bench.reach(DOMAIN, State::Off, Trigger::Request, 0)?;
        start(bench, &[entry(6, operation), entry(8, operation)])?;
        bench.want(DOMAIN);
        bench.settle()?;
        bench.run(30)?;
    }
    bench.home(DOMAIN)
}

pub(super) fn access_goals(_: &Design) -> Vec<String> {
    [goals::ENTRY_AT_GRANT, goals::ENTRY_AGAINST_REQUEST].map(String::from).to_vec()
}
