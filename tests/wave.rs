//! Waveform checks: a dump written from a controller trace told cycle by cycle passes; every way to spoil it is caught
//! by the property that names it.

#[path = "wave/formats.rs"]
mod formats;
#[path = "wave/gtkwave.rs"]
mod gtkwave;
#[path = "wave/rtl.rs"]
mod rtl;
#[path = "wave/trace.rs"]
mod trace;

use trace::{Row, Style, design, good, vcd};
use trapti::ids::DomainId;
use trapti::power::{Class, Transitions};
use trapti::units::Cycles;
use trapti::wave::{Property, Verdict, Window, check, check_reader};

fn verdict(rows: &[Row], style: Style) -> Verdict {
    check_reader(vcd(rows, style).as_bytes(), &design(), Window::default()).expect("a dump of the design")
}

/// Names of the properties that fail.
fn failing(rows: &[Row]) -> Vec<&'static str> {
    let verdict = verdict(rows, Style::Verilator);
    verdict.checks.iter().filter(|check| check.failed > 0).map(|check| check.property.name()).collect()
}

/// Spoils the good trace and expects at least the named property to fail.
fn caught(name: &str, spoil: impl FnOnce(&mut Vec<Row>)) {
    let mut rows = good();
    spoil(&mut rows);
    let failed = failing(&rows);
    assert!(failed.contains(&name), "{name} should fail, but these do: {failed:?}");
}

#[test]
fn a_correct_trace_passes_and_every_property_was_exercised() {
    for style in [Style::Verilator, Style::Icarus] {
        let verdict = verdict(&good(), style);
        assert!(verdict.passed(), "{style:?}: {:?}", verdict.first());
        for check in &verdict.checks {
            assert!(
                check.passed > 0 && check.skipped.is_none(),
                "{style:?}: {} was never judged",
                check.property.name()
            );
        }
    }
}

#[test]
fn the_memory_is_found_under_any_hierarchy() {
    assert_eq!(verdict(&good(), Style::Verilator).scope, "TOP.pgsram_trace");
    assert_eq!(verdict(&good(), Style::Icarus).scope, "tb.dut");
}

/// Cycles and transitions of the trace, added up by hand from the text of `trace::FIRST` and `trace::SECOND`.
#[test]
fn class_times_and_transitions_are_those_of_the_trace() {
    let verdict = verdict(&good(), Style::Verilator);
    let first = &verdict.activity.domains[0];
    let cycles = |class: Class| first.class_cycles[class as usize];
    assert_eq!(cycles(Class::Off), Cycles(10 + 1 + 1030));
    assert_eq!(cycles(Class::Retention), Cycles(12 + 1));
    assert_eq!(cycles(Class::Light), Cycles(6));
    assert_eq!(cycles(Class::Fault), Cycles(0));
    let expected =
        Transitions { off_on: 1, ret_on: 1, on_off: 2, on_ret: 1, ret_off: 0, on_light: 1, light_on: 1, aborted: 2 };
    assert_eq!(first.transitions, expected);
    let second = &verdict.activity.domains[1];
    assert_eq!((second.transitions.ret_off, second.transitions.off_on), (1, 1));
    for domain in &verdict.activity.domains {
        assert_eq!(domain.class_cycles.iter().copied().sum::<Cycles>(), verdict.activity.cycles);
    }
    let last = good().last().unwrap().now;
    assert_eq!(verdict.activity.cycles, Cycles(last + 1));
}

#[test]
fn requests_are_counted_by_domain_and_port() {
    let activity = verdict(&good(), Style::Verilator).activity;
    assert_eq!((activity.domains[0].reads, activity.domains[0].writes), (1, 1));
    assert_eq!(activity.domains[0].stall_conflict, 1);
    // 3 + T_ACK_OFF 3 + SYNC_STAGES 2 + T_SETTLE_OFF 3 + T_ISO 2
    assert_eq!(activity.ports[0].stall_wake, 13);
}

#[test]
fn a_window_counts_only_its_cycles() {
    let rows = good();
    let text = vcd(&rows, Style::Verilator);
    let window = Window { from: 12, to: 40 };
    let part = check_reader(text.as_bytes(), &design(), window).unwrap();
    assert_eq!(part.activity.cycles, Cycles(28));
    assert_eq!(part.activity.domains[0].transitions.off_on, 1);
    assert_eq!(part.activity.domains[0].transitions.on_ret, 0);
}

#[test]
fn a_dump_that_begins_in_the_middle_is_judged_from_there() {
    for cut in (2..good().len()).step_by(7) {
        let rows: Vec<Row> = good().into_iter().filter(|row| row.rst_n).skip(cut).collect();
        let failed = failing(&rows);
        assert!(failed.is_empty(), "cut at {cut}: {failed:?}");
    }
}

#[test]
fn differences_from_counters_are_named() {
    let verdict = verdict(&good(), Style::Verilator);
    let mut counters = verdict.activity.clone();
    assert!(verdict.differences(&counters).is_empty());
    counters.domains[1].transitions.off_on += 1;
    counters.ports[0].stall_wake -= 1;
    let lines = verdict.differences(&counters);
    assert!(lines[0].starts_with("d1: transitions") && lines[1].starts_with("ports"), "{lines:?}");
}

#[test]
fn a_violation_says_when_where_and_what() {
    let mut rows = good();
    let at = rows.iter().position(|row| row.name(0) == "SETTLE").unwrap();
    rows[at].sw &= !1;
    let verdict = verdict(&rows, Style::Verilator);
    let violation = &verdict.check(Property::Outputs).violations[0];
    assert_eq!((violation.cycle, violation.domain), (rows[at].now, Some(DomainId(0))));
    assert_eq!(violation.time, trace::rise(at));
    assert!(violation.message.contains("SETTLE"), "{}", violation.message);
    assert!(violation.signals.contains(&("sw_o".into(), "0".into())), "{:?}", violation.signals);
}

#[test]
fn markers_point_at_the_first_wake_and_the_first_violation() {
    let mut rows = good();
    let wake = rows.iter().position(|row| row.name(0) == "SW_ON").unwrap();
    rows[70].light |= 2;
    let markers = verdict(&rows, Style::Icarus).markers();
    let expected = [(trace::rise(wake), "wake d0"), (trace::rise(70), "outputs")];
    assert_eq!(markers.iter().map(|m| (m.time, m.name.as_str())).collect::<Vec<_>>(), expected);
}

#[test]
fn spoiled_resets_and_unknown_values_are_caught() {
    caught("reset", |rows| rows[0].iso_n = 1);
    caught("legal-state", |rows| rows[30].state[0] = 15);
    let text = vcd(&good(), Style::Verilator);
    let spoiled = text.replace("\nb01 ", "\nbx1 ");
    let verdict = check_reader(spoiled.as_bytes(), &design(), Window::default()).unwrap();
    assert!(verdict.check(Property::Known).failed > 0);
}

#[test]
fn spoiled_outputs_are_caught() {
    let spoils: [fn(&mut Row); 5] =
        [|r| r.sw ^= 1, |r| r.iso_n ^= 2, |r| r.ret ^= 1, |r| r.light ^= 2, |r| r.state[1] = (r.state[1] + 4) % 15];
    for (index, spoil) in spoils.into_iter().enumerate() {
        for at in [20, 45, 80] {
            let mut rows = good();
            spoil(&mut rows[at]);
            assert!(failing(&rows).contains(&"outputs"), "spoil {index} at {at}");
        }
    }
}

#[test]
fn spoiled_durations_are_caught() {
    for state in ["SETTLE", "UNISO", "LIGHT_EXIT", "ISO", "SET_RET", "UNRET"] {
        caught("durations", |rows| {
            let at = rows.iter().position(|row| row.name(0) == state).unwrap();
            trace::repeat(rows, at);
        });
        caught("durations", |rows| {
            let at = rows.iter().position(|row| row.name(0) == state).unwrap();
            rows.remove(at);
            trace::renumber(rows);
        });
    }
}

#[test]
fn spoiled_orders_are_caught() {
    caught("transitions", |rows| trace::skip_state(rows, 0, "ARB"));
    caught("transitions", |rows| trace::skip_state(rows, 0, "UNISO"));
    caught("acknowledge", |rows| trace::shift_acknowledge(rows, 0, 3));
    caught("isolate-before-switch", |rows| {
        trace::spoil_in(rows, 0, "ISO", |row| row.iso_n |= 1);
        trace::spoil_in(rows, 0, "SET_RET", |row| row.iso_n |= 1);
    });
    caught("settle-before-release", |rows| trace::spoil_in(rows, 0, "SETTLE", |row| row.iso_n |= 1));
    caught("retention-isolated", |rows| trace::spoil_in(rows, 0, "DRAIN", |row| row.ret |= 1));
}

#[test]
fn faults_come_exactly_when_the_acknowledge_is_missing() {
    caught("faults", |rows| trace::spoil_in(rows, 0, "LIGHT", |row| row.ack &= !1));
    caught("faults", |rows| trace::spoil_in(rows, 0, "LIGHT", |row| row.state[0] = 14));
    caught("faults", |rows| {
        let at = rows.iter().position(|row| row.name(0) == "SW_ON").unwrap();
        rows[at + 1..].iter_mut().for_each(|row| row.ack &= !1);
        for _ in 0..30 {
            trace::repeat(rows, at);
        }
    });
}

#[test]
fn wake_slots_are_watched() {
    caught("max-waking", |rows| trace::copy_domain(rows, 0, 1));
    caught("one-slot", |rows| trace::copy_domain(rows, 0, 1));
}

#[test]
fn spoiled_requests_are_caught() {
    caught("grants", |rows| {
        let at = rows.iter().position(|row| row.req == 1 && row.gnt == 0).unwrap();
        rows[at].gnt = 1;
    });
    caught("requests-held", |rows| {
        let at = rows.iter().position(|row| row.req == 1 && row.gnt == 0).unwrap();
        rows[at + 1].req = 0;
    });
    caught("requests-held", |rows| {
        let at = rows.iter().position(|row| row.req == 1 && row.gnt == 0).unwrap();
        rows[at + 1].addr[0] ^= 4;
    });
    caught("bank-rate", |rows| {
        let at = rows.iter().position(|row| row.req == 2 && row.gnt == 0).unwrap();
        (rows[at].gnt, rows[at + 1].gnt) = (2, 2);
    });
}

#[test]
fn live_data_must_not_be_switched_off() {
    caught("live-kept", |rows| rows.iter_mut().for_each(|row| row.live |= 3));
    let mut rows = good();
    rows.iter_mut().for_each(|row| (row.live, row.force_off) = (row.live | 2, row.force_off | 2));
    assert!(!failing(&rows).contains(&"live-kept"), "a forced domain may lose live data");
}

#[test]
fn least_times_are_watched() {
    let mut design = design();
    let text = vcd(&good(), Style::Verilator);
    design.timing.t_min_on = 1000;
    let verdict = check_reader(text.as_bytes(), &design, Window::default()).unwrap();
    assert!(verdict.check(Property::MinimumTimes).failed > 0);
    (design.timing.t_min_on, design.timing.t_min_off) = (0, 13);
    let verdict = check_reader(text.as_bytes(), &design, Window::default()).unwrap();
    assert_eq!(verdict.check(Property::MinimumTimes).failed, 1, "retention of 12 cycles");
}

#[test]
fn time_may_jump_only_in_quiet_cycles() {
    caught("time", |rows| rows[50].now = rows[49].now);
    caught("time", |rows| rows[50..].iter_mut().for_each(|row| row.now += 100));
    caught("time", |rows| {
        let after = rows.len() - 4;
        rows[after..].iter_mut().for_each(|row| row.now += 1);
    });
    caught("time", |rows| rows.iter_mut().for_each(|row| row.quiescent = false));
}

#[test]
fn a_file_that_is_no_dump_of_the_design_is_an_error_that_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.vcd");
    std::fs::write(&path, "PK\x03\x04 not a dump").unwrap();
    let message = check(&path, &design(), Window::default()).unwrap_err().to_string();
    assert!(message.contains("x.vcd: not a value change dump"), "{message}");
    let mut other = design();
    other.organisation.domains = 3;
    std::fs::write(&path, vcd(&good(), Style::Icarus)).unwrap();
    let message = check(&path, &other, Window::default()).unwrap_err().to_string();
    assert!(message.contains("tb.dut lacks state_o of 12 bits (it has 8)"), "{message}");
    let text = vcd(&good(), Style::Icarus);
    std::fs::write(&path, format!("{text}b0101")).unwrap();
    let message = check(&path, &design(), Window::default()).unwrap_err().to_string();
    assert!(message.contains("damaged or cut off"), "{message}");
}

/// `cargo test --release --test integration -- --ignored wave::speed --nocapture`
#[test]
#[ignore = "measures; meaningful in release only"]
fn speed() {
    let stretch = vcd(&good(), Style::Verilator);
    let (header, body) = stretch.split_at(stretch.find("#0\n").unwrap());
    let text = [header, &body.repeat(100_000_000 / body.len())].concat();
    let start = std::time::Instant::now();
    check_reader(text.as_bytes(), &design(), Window::default()).unwrap();
    let rate = text.len() as f64 / start.elapsed().as_secs_f64() / 1e6;
    assert!(rate > 100.0, "{rate:.0} MB/s, at least 100 are wanted");
}
