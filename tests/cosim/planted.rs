//! Bugs planted in the RTL: co-simulation must see each, and say where.

use super::{CACHE, TOOLS, stimuli, subject};
use crate::rtl::designs::small;
use trapti::cosim::{BuildOptions, Difference, ReplayOptions, RtlSources, build, replay};
use trapti::power::Design;

/// The first difference after replacing `from`, which occurs once in the file, by `to`.
fn difference(design: &Design, file: &str, from: &str, to: &str) -> Difference {
    let sources = RtlSources::of(design).unwrap().patched(file, from, to);
    let sources = sources.unwrap_or_else(|| panic!("`{from}` is not in {file} exactly once"));
    let memory = build(&sources, BuildOptions::default(), &TOOLS, &CACHE).unwrap();
    let found = (0..20).find_map(|seed| {
        let stimulus = stimuli::random(&design.organisation, seed, 30, 100);
        let options = ReplayOptions::default();
        let report = replay(&memory, &design.controller(), &stimulus, subject(design), &options, &mut |_| ()).unwrap();
        assert_eq!(report.passed(), report.first_difference.is_none());
        report.first_difference
    });
    found.unwrap_or_else(|| panic!("nobody noticed `{to}` in {file}"))
}

#[test]
fn a_domain_that_never_isolates() {
    let found =
        difference(&small(), "pgsram_domain_ctrl.v", "assign iso_no = iso_nq | scan_mode_i;", "assign iso_no = 1'b1;");
    assert_eq!((found.signal.as_str(), found.cycle), ("iso_no", 0));
    assert_eq!((found.expected.as_str(), found.seen.as_str()), ("0", "1"));
}

#[test]
fn a_settle_time_one_cycle_short() {
    let from = "localparam SETTLE_OFF_LAST = (T_SETTLE_OFF > 1) ? T_SETTLE_OFF - 1 : 0;";
    let to = "localparam SETTLE_OFF_LAST = (T_SETTLE_OFF > 2) ? T_SETTLE_OFF - 2 : 0;";
    let found = difference(&small(), "pgsram_domain_ctrl.v", from, to);
    assert_eq!((found.signal.as_str(), found.expected.as_str(), found.seen.as_str()), ("state_o", "SETTLE", "UNISO"));
    assert!(found.domain.is_some() && found.op.is_some() && found.tensor.is_some(), "{found:?}");
}

#[test]
fn two_domains_swapped_in_the_address_map() {
    let from = "assign domain_o = domain[DOMAIN_BITS-1:0];";
    let found = difference(&small(), "pgsram_addr_map.v", from, "assign domain_o = ~domain[DOMAIN_BITS-1:0];");
    assert_eq!((found.signal.as_str(), found.expected.as_str()), ("state_o", "ARB"));
}

#[test]
fn a_counter_that_counts_one_too_many() {
    let from = "one = {{TIME_BITS - 1{1'b0}}, flag};";
    let found = difference(&small(), "pgsram_counters.v", from, "one = {{TIME_BITS - 2{1'b0}}, flag, 1'b0};");
    assert!(found.domain.is_some() && found.expected != found.seen, "{found:?}");
}

#[test]
fn an_arbiter_that_starves_the_higher_port() {
    let from = "if (access_o[w])";
    let to = "if (access_o[w] && w != 0)";
    let found = difference(&small(), "pgsram_req_ctrl.v", from, to);
    assert_eq!(found.signal, "gnt_o");
    assert!(found.port.is_some() && found.op.is_some(), "{found:?}");
}

#[test]
fn retention_that_never_deepens() {
    let found = difference(&small(), "pgsram_policy.v", "wire timed = awake | in_ret;", "wire timed = awake;");
    assert!(["state_o", "next_event_o", "next_event_valid_o"].contains(&found.signal.as_str()), "{found:?}");
}

#[test]
fn retention_that_keeps_nothing() {
    let from = "wire powered_or_retained = sw_i | ret_i;";
    let found = difference(&small(), "pgsram_macro.v", from, "wire powered_or_retained = sw_i | (ret_i & 1'b0);");
    assert_eq!((found.signal.as_str(), found.seen.as_str()), ("poison_o", "1"));
    assert!(found.tensor.is_some(), "{found:?}");
}

#[test]
fn a_byte_that_is_not_written() {
    let from = "data_q[addr_i]  <= merge(be_i, wdata_i, data_q[addr_i]);";
    let to = "data_q[addr_i]  <= merge(be_i, wdata_i ^ (1 << 17), data_q[addr_i]);";
    let found = difference(&small(), "pgsram_macro.v", from, to);
    assert_eq!(found.signal, "rdata_o");
    assert_ne!(found.expected, found.seen);
}
