//! Waveforms of a replay.

use super::{compiled, stimuli, subject};
use crate::rtl::designs::small;
use trapti::cosim::{BuildOptions, ReplayOptions, WaveformWindow, replay};
use trapti::wave;

#[test]
fn a_window_is_recorded_and_obeys_the_power_protocol() {
    let design = small();
    let memory = compiled(&design, BuildOptions { storage_bits: None, waveforms: true });
    let stimulus = stimuli::random(&design.organisation, 5, 40, 100);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("window.vcd");
    let play = |window: WaveformWindow| {
        let options = ReplayOptions { every_cycle: false, waveform: Some(window) };
        replay(&memory, &design.controller(), &stimulus, subject(&design), &options, &mut |_| ()).unwrap()
    };

    let whole = play(WaveformWindow { file: file.clone(), from: 0, to: u64::MAX, limit: 1 << 30 });
    let recorded = whole.waveform.as_ref().unwrap();
    assert_eq!((recorded.from, recorded.truncated), (0, false));
    assert_eq!(recorded.bytes, std::fs::metadata(&file).unwrap().len());
    let window = wave::Window { from: 0, to: whole.cycles };
    let verdict = wave::check(&file, &design, window).unwrap();
    assert!(verdict.passed(), "{verdict:?}");

    let part = play(WaveformWindow { file: file.clone(), from: 500, to: 700, limit: 1 << 30 });
    let part = part.waveform.unwrap();
    assert!(part.from >= 500 && part.to <= 700 && part.bytes < recorded.bytes, "{part:?}");

    let cut = play(WaveformWindow { file: file.clone(), from: 0, to: u64::MAX, limit: 1 }).waveform.unwrap();
    assert!(cut.truncated && cut.bytes < recorded.bytes, "{cut:?}");
}

/// The model's own waveform laid beside the RTL's; a model that settles a cycle longer is told apart.
#[test]
fn the_reference_model_shows_the_same_waveform() {
    let design = small();
    let memory = compiled(&design, BuildOptions { storage_bits: None, waveforms: true });
    let stimulus = stimuli::random(&design.organisation, 5, 40, 100);
    let directory = tempfile::tempdir().unwrap();
    let [rtl, model] = ["rtl.vcd", "model.vcd"].map(|name| directory.path().join(name));
    let window = WaveformWindow { file: rtl.clone(), from: 0, to: u64::MAX, limit: 1 << 30 };
    let options = ReplayOptions { every_cycle: false, waveform: Some(window) };
    replay(&memory, &design.controller(), &stimulus, subject(&design), &options, &mut |_| ()).unwrap();

    let scope = format!("TOP.pgsram_harness.pgsram_{}", design.name);
    let options =
        wave::DiffOptions { scopes: [scope.clone(), scope], clock: Some("clk_i".into()), ignore_unknown: true };
    let demand = [(0, 64), (100, 128)];
    let written = wave::write_model(&model, &design, &stimulus, &demand, wave::Window::default()).unwrap();
    assert_eq!(written.bytes, std::fs::metadata(&model).unwrap().len());
    let found = wave::diff([&model, &rtl], &options).unwrap();
    assert!(found.equal() && found.only[0].is_empty(), "{:?}, only {:?}", found.differences, found.only[0]);
    assert_eq!(found.compared, 23);
    let verdict = wave::check(&model, &design, wave::Window::default()).unwrap();
    assert!(verdict.passed(), "{:?}", verdict.first());

    let mut slower = design.clone();
    slower.timing.t_settle_off += 1;
    wave::write_model(&model, &slower, &stimulus, &demand, wave::Window::default()).unwrap();
    let found = wave::diff([&model, &rtl], &options).unwrap();
    assert!(found.differences.iter().any(|difference| difference.signal.starts_with("state_o")), "{found:?}");
}

#[test]
fn curves_of_the_model_are_drawn_beside_the_states() {
    let design = small();
    let stimulus = stimuli::random(&design.organisation, 5, 40, 100);
    let directory = tempfile::tempdir().unwrap();
    let model = directory.path().join("model.vcd");
    wave::write_model(&model, &design, &stimulus, &[(0, 64)], wave::Window { from: 0, to: 900 }).unwrap();
    let [save, _] = wave::write_save_file(&model, &design, &[], (0, 1800)).unwrap();
    let text = std::fs::read_to_string(save).unwrap();
    let drawn = "@8024\n[color] 6\nTOP.pgsram_harness.g_demand.occupancy[63:0]\n";
    assert!(text.contains(drawn) && text.contains("g_demand.demand[63:0]"), "{text}");
}
