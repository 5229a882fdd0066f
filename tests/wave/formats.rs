//! The same waveform in two formats, read by two readers that share no code; and comparisons of two waveforms.

use super::trace::{self, Row, Style, design, good, vcd};
use std::path::{Path, PathBuf};
use std::process::Command;
use trapti::power::Class;
use trapti::units::Cycles;
use trapti::wave::{DiffOptions, Window, check, diff};
use wellen::{SignalRef, SignalValueRef};

fn write(directory: &Path, name: &str, rows: &[Row], style: Style) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, vcd(rows, style)).unwrap();
    path
}

/// GTKWave's own converter.
fn fst(dump: &Path) -> PathBuf {
    let path = dump.with_extension("fst");
    let output = Command::new("vcd2fst").arg(dump).arg(&path).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run vcd2fst: {error}; apt-get install gtkwave"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    path
}

#[test]
fn vcd_and_fst_of_one_waveform_get_the_same_verdict() {
    let mut spoiled = good();
    spoiled[70].light |= 2;
    let directory = tempfile::tempdir().unwrap();
    for (rows, style) in [(good(), Style::Verilator), (good(), Style::Icarus), (spoiled, Style::Verilator)] {
        let dump = write(directory.path(), "run.vcd", &rows, style);
        let [a, b] = [&dump, &fst(&dump)].map(|file| check(file, &design(), Window::default()).unwrap());
        assert_eq!(a, b, "{style:?}");
        let found = diff([&dump, &fst(&dump)], &DiffOptions::default()).unwrap();
        assert!(found.equal() && found.only.iter().all(Vec::is_empty), "{found:?}");
        assert!(found.compared >= 18, "{} signals", found.compared);
    }
}

/// Values of a signal at given times, as `wellen` has them just before.
fn before(waves: &wellen::simple::Waveform, signal: SignalRef, index: usize) -> u64 {
    let loaded = waves.get_signal(signal).unwrap();
    let Some(offset) = index.checked_sub(1).and_then(|i| loaded.get_offset(i as u32)) else { return 0 };
    match loaded.get_value_at(&offset, offset.elements - 1) {
        SignalValueRef::BitVec(bits) => bits.iter_msb_to_lsb().fold(0, |word, bit| word << 1 | u64::from(bit) & 1),
        other => panic!("{other:?}"),
    }
}

/// Class times summed up edge by edge from what `wellen` reads.
#[test]
fn class_times_are_those_that_another_reader_counts() {
    let directory = tempfile::tempdir().unwrap();
    let dump = write(directory.path(), "run.vcd", &good(), Style::Verilator);
    let verdict = check(&dump, &design(), Window::default()).unwrap();
    let mut waves = wellen::simple::read(&dump).unwrap();
    let named = |name: &str| {
        waves.hierarchy()[waves.hierarchy().lookup_var(&["TOP", "pgsram_trace"], name).unwrap()].signal_ref()
    };
    let [clk, state, ret, now] = ["clk_i", "state_o", "ret_o", "now_i"].map(named);
    waves.load_signals(&[clk, state, ret, now]);
    let times = waves.time_table().len();
    let rises = (1..times).filter(|&i| before(&waves, clk, i) == 0 && before(&waves, clk, i + 1) == 1);
    let samples: Vec<[u64; 3]> = rises.skip(5).map(|i| [state, ret, now].map(|s| before(&waves, s, i))).collect();
    for (d, domain) in verdict.activity.domains.iter().enumerate() {
        let mut cycles = [Cycles(0); 5];
        for (k, [state, ret, now]) in samples.iter().enumerate() {
            let class = match (state >> (4 * d) & 15, ret >> d & 1) {
                (0, _) | (2, 0) => Class::Off,
                (1, _) | (2, _) => Class::Retention,
                (8, _) => Class::Light,
                (14, _) => Class::Fault,
                _ => Class::On,
            };
            cycles[class as usize] += Cycles(samples.get(k + 1).map_or(1, |next| next[2] - now));
        }
        assert_eq!(domain.class_cycles, cycles, "domain {d}");
    }
}

#[test]
fn the_first_difference_of_each_signal_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let first = write(directory.path(), "a.vcd", &good(), Style::Verilator);
    let mut rows = good();
    rows[40].light ^= 1;
    rows[60].light ^= 2;
    rows[50].live ^= 1;
    let second = write(directory.path(), "b.vcd", &rows, Style::Verilator);
    let found = diff([&first, &second], &DiffOptions::default()).unwrap();
    let names: Vec<(&str, u64)> = found.differences.iter().map(|d| (d.signal.as_str(), d.time)).collect();
    // A register changes with the edge before the one that samples it, an input with the falling edge between them.
    let expected = [("TOP.light_o[1:0]", trace::rise(39)), ("TOP.live_i[1:0]", 10 * 50)];
    assert_eq!(names, expected, "{found:?}");
    let ends = &found.differences[0].values;
    assert_ne!(ends[0], ends[1]);
}

/// Verilator settles before it writes, Icarus starts with unknown values: at the clock's edges both show the same.
#[test]
fn two_simulators_are_compared_at_the_edges_of_the_clock() {
    let directory = tempfile::tempdir().unwrap();
    let first = write(directory.path(), "a.vcd", &good(), Style::Verilator);
    let second = write(directory.path(), "b.vcd", &good(), Style::Icarus);
    let options = DiffOptions {
        scopes: ["TOP.pgsram_trace".into(), "tb.dut".into()],
        clock: Some("clk_i".into()),
        ignore_unknown: true,
    };
    let found = diff([&first, &second], &options).unwrap();
    assert!(found.equal() && found.compared == 18, "{found:?}");
    let strict = DiffOptions { scopes: Default::default(), ..options };
    let message = diff([&first, &second], &strict).unwrap_err().to_string();
    assert!(message.contains("no signal in common"), "{message}");
}

#[test]
fn damaged_fst_files_are_errors_that_name_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let whole = std::fs::read(fst(&write(directory.path(), "run.vcd", &good(), Style::Verilator))).unwrap();
    let path = directory.path().join("cut.fst");
    for length in [1, 100, whole.len() / 2, whole.len() - 9] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let message = check(&path, &design(), Window::default()).unwrap_err().to_string();
        assert!(message.contains("cut.fst"), "{length}: {message}");
    }
}

/// A recording that ended in the middle of a time step says nothing of what would have followed.
#[test]
fn a_file_that_was_cut_off_does_not_differ_where_it_ends() {
    let directory = tempfile::tempdir().unwrap();
    let whole = write(directory.path(), "a.vcd", &good(), Style::Verilator);
    let text = vcd(&good(), Style::Verilator);
    let rise = text.find(&format!("#{}\n1!\n", trace::rise(60))).unwrap();
    let cut = directory.path().join("b.vcd");
    std::fs::write(&cut, &text[..rise + format!("#{}\n1!\n", trace::rise(60)).len()]).unwrap();
    let found = diff([&whole, &cut], &DiffOptions::default()).unwrap();
    assert!(found.equal() && found.times.1 == 600, "{found:?}");
}
