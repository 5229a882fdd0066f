//! What runs say, and their traces in the forms of other tools, read back by other readers.

use crate::transinfersim;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use trapti::accelerator::Accelerator;
use trapti::diagnostic::Source;
use trapti::sim::{Options, simulate};
use trapti::trace::comparison::Comparison;
use trapti::trace::export::{Form, export};
use trapti::trace::import::{Given, transinfersim as import};
use trapti::trace::profile::Profile;
use trapti::trace::{OccupancyChange, Run};
use trapti::units::Cycles;
use trapti::workload::{Lowering, Model, OpKind, Scenario, lower};

fn text(run: &Run, form: Form) -> String {
    let mut bytes = Vec::new();
    export(run, form, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Two layers, prefill and three tokens.
fn small() -> Run {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = r#"{"model_type": "gpt2", "n_layer": 2, "n_embd": 64, "n_head": 2, "n_positions": 64, "vocab_size": 96, "activation_function": "gelu_new"}"#;
    let model = Model::parse(&Source::new("small.json", config)).unwrap();
    let scenario = Scenario { decode: 3, ..Scenario::new(40) };
    let lowering = Lowering::for_scenario(&scenario);
    let workload = lower(&model, &scenario, &lowering).unwrap();
    let file = root.join("models/accelerators/edge-2x128.toml");
    let accelerator = std::fs::read_to_string(&file).unwrap().replace("1 GHz", "800 MHz");
    let accelerator = Accelerator::parse(&Source::new(file, accelerator)).unwrap();
    simulate(&workload, &accelerator, &Options::of(&lowering), &mut |_| {}).unwrap()
}

/// Rows of comma-separated values without quotes, by column name.
fn rows(text: &str) -> Vec<HashMap<&str, &str>> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines.map(|line| names.iter().copied().zip(line.split(',')).collect()).collect()
}

fn number(row: &HashMap<&str, &str>, column: &str) -> u64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} is {}", row[column]))
}

/// Every sample of the shared memory equals what the reference shows right after the release, to the byte; so do the cycles of
/// the cases whose cycles must be equal.
#[test]
fn an_export_equals_the_reference_s_own_trace() {
    let cases = [
        ("sa_s48_1x16", true),
        ("enc_s96_static", true),
        ("gpt2xl_1l_s128_1x128", true),
        ("dsr1_1l_s128_1x128", false),
        ("gqa_s96_1x32", false),
    ];
    for (case, equal_cycles) in cases {
        let run = transinfersim::run(case);
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/transinfersim/{case}/occupancy.csv"));
        let reference = std::fs::read_to_string(file).unwrap();
        let op = |name: &str| run.workload.ops.iter().position(|op| op.name == *name).unwrap() as u64;
        let is_matmul = |op: u64| matches!(run.workload.ops.at(op as usize).kind, OpKind::Matmul { .. });
        let expected: Vec<[u64; 4]> = rows(&reference)
            .iter()
            .filter(|r| r["when"] == "post" && r["memory"] == "sram_shared" && is_matmul(number(r, "op")))
            .map(|r| ["op", "cycle", "used_bytes", "needed_bytes"].map(|column| number(r, column)))
            .collect();
        let exported = text(&run, Form::TransInferSim);
        let shown: Vec<[u64; 4]> = rows(&exported)
            .iter()
            .map(|row| {
                let share: f64 = row["needed_pct"].parse().unwrap();
                let needed = (share * number(row, "capacity_words") as f64).round() as u64;
                [op(row["op_name"]), number(row, "op_end_time"), number(row, "used_words"), needed]
            })
            .collect();
        let bytes = |all: &[[u64; 4]]| all.iter().map(|[.., used, needed]| (*used, *needed)).collect::<Vec<_>>();
        assert_eq!(bytes(&shown), bytes(&expected), "{case}");
        // Ops that end in one cycle on two arrays have no order.
        let ends = |all: &[[u64; 4]]| all.iter().map(|[op, cycle, ..]| (*cycle, *op)).collect::<BTreeSet<_>>();
        assert!(!equal_cycles || ends(&shown) == ends(&expected), "{case}: ends of ops");
    }
}

#[test]
fn an_exported_trace_can_be_imported() {
    let run = small();
    let source = Source::new("trace.csv", text(&run, Form::TransInferSim));
    let imported = import(&source, &Given::default()).unwrap();
    assert!(imported.is_occupancy_only() && !run.is_occupancy_only());
    assert_eq!(imported.accelerator.clock, run.accelerator.clock);
    let (theirs, ours) = (&imported.accelerator.memories[0], &run.accelerator.memories[0]);
    assert_eq!((theirs.ports, theirs.port_bits, theirs.latency), (ours.ports, ours.port_bits, ours.latency));
    let is_matmul = |op: trapti::ids::OpId| matches!(run.workload.op(op).kind, OpKind::Matmul { .. });
    // Of samples in one cycle the last one counts.
    let mut samples: Vec<(u64, u64, u64)> = vec![(0, 0, 0)];
    for end in run.occupancy[0].op_ends.iter().filter(|e| is_matmul(e.op)) {
        let sample = (end.state.cycle.0, end.state.needed_total().0, end.state.used().0);
        samples.retain(|s| s.0 != sample.0);
        samples.push(sample);
    }
    for &(cycle, needed, used) in &samples {
        let held = imported.occupancy[0].changes.iter().filter(|c| c.cycle.0 <= cycle).last().unwrap();
        assert_eq!((held.needed_total().0, held.used().0), (needed, used), "cycle {cycle}");
    }
    let totals = &imported.statistics.memories[0];
    assert_eq!(totals.peak_needed.bytes.0, samples.iter().map(|s| s.1).max().unwrap());
    assert!(totals.read_words > 0 && totals.read_words <= run.statistics.memories[0].read_words);
}

#[test]
fn an_imported_run_survives_its_directory() {
    let source = Source::new("trace.csv", text(&small(), Form::TransInferSim));
    let imported = import(&source, &Given { name: Some("mine".into()), ..Given::default() }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    imported.write(&folder.path().join("run"), vec![]).unwrap();
    let read = Run::read(&folder.path().join("run")).unwrap();
    assert!(read.is_occupancy_only());
    assert_eq!(read.workload.name, "mine");
    assert_eq!(read.accelerator, imported.accelerator);
    assert_eq!(read.occupancy, imported.occupancy);
    assert_eq!(read.statistics, imported.statistics);
}

#[test]
fn a_wrong_trace_is_told_with_its_place() {
    let good = text(&small(), Form::TransInferSim);
    let refusal = |text: String| {
        let trapti::Error::Input(problems) = import(&Source::new("t.csv", text), &Given::default()).unwrap_err() else {
            panic!("no diagnostics")
        };
        problems.iter().map(|p| p.render(false)).collect::<String>()
    };
    let missing = refusal(good.replacen("needed_pct", "needd_pct", 1));
    assert!(missing.contains("missing-column") && missing.contains("did you mean `needd_pct`"), "{missing}");
    let mut lines: Vec<&str> = good.lines().collect();
    let column = lines[0].split(',').position(|name| name == "needed_pct").unwrap();
    let mut cells: Vec<&str> = lines[2].split(',').collect();
    cells[column] = "1.5";
    let broken = refusal([lines[0], lines[1], &cells.join(",")].join("\n"));
    assert!(broken.contains("out-of-range") && broken.contains("t.csv:3:"), "{broken}");
    lines.truncate(1);
    assert!(refusal(lines.join("\n")).contains("empty-trace"));
}

#[test]
fn every_change_is_in_the_csv() {
    let run = small();
    let exported = text(&run, Form::Csv);
    let rows = rows(&exported);
    let capacity = run.occupancy[0].capacity.unwrap().0;
    assert_eq!(rows.len(), run.occupancy[0].changes.len());
    for (row, change) in rows.iter().zip(run.occupancy[0].changes.iter()) {
        assert_eq!(row["memory"], "sram");
        assert_eq!(number(row, "cycle"), change.cycle.0);
        assert_eq!(number(row, "needed_kv_bytes"), change.needed[2].0);
        assert_eq!(number(row, "needed_bytes") + number(row, "obsolete_bytes") + number(row, "free_bytes"), capacity);
    }
}

/// An independent reader (wellen) finds every change at its time: at 800 MHz a cycle is 125 ticks of 10 ps.
#[test]
fn another_reader_sees_the_same_waveform() {
    let run = small();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("occupancy.vcd");
    std::fs::write(&path, text(&run, Form::Vcd)).unwrap();
    let mut waveform = wellen::simple::read(&path).unwrap();
    let occupancy = &run.occupancy[0];
    let capacity = occupancy.capacity.unwrap();
    type Value = fn(&OccupancyChange, u64) -> u64;
    let variables: [(&str, Value); 7] = [
        ("needed", |s, _| s.needed_total().0),
        ("needed_weight", |s, _| s.needed[0].0),
        ("needed_activation", |s, _| s.needed[1].0),
        ("needed_kv", |s, _| s.needed[2].0),
        ("needed_score", |s, _| s.needed[3].0),
        ("obsolete", |s, _| s.obsolete.0),
        ("free", |s, capacity| capacity - s.used().0),
    ];
    for (name, value) in variables {
        let variable = waveform.hierarchy().lookup_var(&["trapti", "sram"], name).unwrap();
        let signal = waveform.hierarchy()[variable].signal_ref();
        waveform.load_signals(&[signal]);
        let times = waveform.time_table();
        let seen: Vec<(u64, u64)> = waveform
            .get_signal(signal)
            .unwrap()
            .iter_changes()
            .map(|(time, value)| (times[time as usize], u64::from_str_radix(&value.to_string(), 2).unwrap()))
            .collect();
        let mut expected: Vec<(u64, u64)> = Vec::new();
        for state in occupancy.changes.iter() {
            let value = value(&state, capacity.0);
            if expected.last().is_none_or(|last| last.1 != value) {
                expected.push((state.cycle.0 * 125, value));
            }
        }
        assert_eq!(seen, expected, "{name}");
    }
    let timescale = waveform.hierarchy().timescale().unwrap();
    assert_eq!((timescale.factor, timescale.unit.to_exponent()), (10, Some(-12)));
    assert_eq!(waveform.time_table().last(), Some(&(run.statistics.cycles.0 * 125)));
}

/// A profile against every cycle of the run, one by one.
#[test]
fn a_profile_is_what_all_cycles_say() {
    let run = small();
    let profile = Profile::of(&run);
    let occupancy = &run.occupancy[0];
    let mut cycles: Vec<OccupancyChange> = Vec::new();
    for (state, end) in occupancy.spans() {
        cycles.resize(end.0 as usize, state);
    }
    assert_eq!(cycles.len() as u64, run.statistics.cycles.0);
    let memory = &profile.memories[0];
    let needed: Vec<u64> = cycles.iter().map(|c| c.needed_total().0).collect();
    let peak = *needed.iter().max().unwrap();
    assert_eq!(memory.peak.bytes, peak);
    assert_eq!(memory.peak.cycle, needed.iter().position(|n| *n == peak).unwrap() as u64);
    for level in &memory.above {
        let above = needed.iter().filter(|n| **n * 100 > peak * u64::from(level.percent)).count();
        assert_eq!(level.cycles, above as u64, "{} %", level.percent);
    }
    for class in &memory.classes {
        let of = |c: &OccupancyChange| c.needed_of(class.class).0;
        assert_eq!(class.peak_needed_bytes, cycles.iter().map(of).max().unwrap());
        let mean = cycles.iter().map(|c| of(c) as f64).sum::<f64>() / cycles.len() as f64;
        assert!((class.mean_needed_bytes - mean).abs() <= 1e-9 * mean.max(1.0));
    }
    let without = cycles.iter().map(|c| c.needed_total().0 - c.needed[0].0).max().unwrap();
    assert_eq!(memory.peak_needed_bytes_without_weights, without);
    assert_eq!(memory.phases.len(), 4, "prefill and three tokens");
    for (phase, time) in memory.phases.iter().zip(&profile.phases) {
        let part = &needed[time.start.0 as usize..time.end.0 as usize];
        assert_eq!(phase.cycles, part.len() as u64);
        assert_eq!(phase.peak_needed_bytes, *part.iter().max().unwrap(), "{}", phase.name);
        let mean = part.iter().map(|n| *n as f64).sum::<f64>() / part.len() as f64;
        assert!((phase.mean_needed_bytes - mean).abs() <= 1e-9 * mean.max(1.0));
    }
}

#[test]
fn the_bytes_at_the_peak_have_owners() {
    let run = small();
    let peak = &Profile::of(&run).memories[0].peak;
    let by_layer: u64 = peak.by_layer.iter().map(|h| h.bytes).sum();
    assert_eq!(by_layer, peak.bytes, "every byte belongs to a layer or to none");
    assert!(peak.by_op.windows(2).all(|pair| pair[0].bytes >= pair[1].bytes));
    let classes = peak.by_class;
    assert_eq!(classes.weight + classes.activation + classes.kv + classes.score, peak.bytes);
    assert!(peak.tensors.iter().all(|t| t.class.is_some()));
    let running = |cycle: Cycles| run.statistics.ops.iter().filter(move |t| t.start <= cycle && cycle < t.end);
    assert_eq!(peak.running.len(), running(Cycles(peak.cycle)).count());
}

#[test]
fn a_run_compared_with_itself_has_ratio_one() {
    let profile = Profile::of(&small());
    let comparison = Comparison::of(&profile, &profile);
    assert!(comparison.rows.iter().any(|r| r.metric == "peak_needed_bytes" && r.of == "sram"));
    for row in &comparison.rows {
        assert_eq!(row.first, row.second);
        assert!(row.ratio.is_none_or(|r| r == 1.0), "{row:?}");
    }
}

/// An occupancy without a simulation behind it does not tell what was multiplied, fetched or evicted: nothing is not zero.
#[test]
fn what_an_imported_run_does_not_know_is_absent() {
    let run = small();
    let imported = import(&Source::new("trace.csv", text(&run, Form::TransInferSim)), &Given::default()).unwrap();
    let comparison = Comparison::of(&Profile::of(&run), &Profile::of(&imported));
    let unknown: Vec<&str> = comparison.rows.iter().filter(|r| r.second.is_none()).map(|r| r.metric.as_str()).collect();
    for metric in ["macs", "unavoidable_read_bytes", "evicted_needed_bytes", "read_bytes: kv", "active_cycles"] {
        assert!(unknown.contains(&metric), "{metric} is not in {unknown:?}");
    }
    let known = comparison.rows.iter().filter(|r| r.second.is_some());
    assert!(known.clone().all(|r| !r.metric.contains(": ") && r.of != "dram"));
    assert!(known.clone().any(|r| r.metric == "peak_used_bytes") && known.clone().any(|r| r.metric == "read_bytes"));
}
