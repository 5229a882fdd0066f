//! The simulator against the naive model, cycle by cycle, on random cases that are the same every time.

use super::section::{Section, Summary};
use crate::sim::fixtures::{block, small_accelerator};
use crate::sim::naive::compare;
use proptest::prelude::any;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use trapti::units::grouped;

const CASES: u64 = 40;

pub fn section() -> Section {
    let mut runner = TestRunner::deterministic();
    let cases = (block(), small_accelerator(), any::<bool>());
    let results: Vec<Result<u64, String>> = (0..CASES)
        .map(|_| {
            let (block, accelerator, whole) = cases.new_tree(&mut runner).unwrap().current();
            compare(&block, &accelerator, whole)
        })
        .collect();
    let met = results.iter().filter(|r| r.is_ok()).count() as u64;
    let cycles: u64 = results.iter().flatten().sum();
    let text = format!(
        "`tests/sim/naive.rs` states the same semantics a second time, without events: one step a cycle, one entry a byte. Random \
         small transformer blocks on random small accelerators (arrays, overlap, fill, dispatch, ports, weights streamed or whole) give \
         the same length and, in every one of {} cycles, the same needed bytes of each class and the same obsolete bytes in {} of {} \
         cases. The test suite tries others at each run.",
        grouped(cycles),
        grouped(met),
        grouped(CASES),
    );
    let summary = Summary {
        check: "cycles; occupancy in every cycle".into(),
        reference: "naive model, random cases".into(),
        demand: "equal".into(),
        compared: CASES,
        met,
    };
    Section { title: "Brute force", summaries: vec![summary], text }
}
