//! Waveforms of a replay.

use super::{compiled, stimuli, subject};
use crate::rtl::designs::small;
use trapti::cosim::{BuildOptions, ReplayOptions, WaveformWindow, replay};
use trapti::wave;

#[test]
fn a_window_is_recorded_and_obeys_the_power_protocol() {
    let design = small();
    let memory = compiled(&design, BuildOptions { waveforms: true, ..BuildOptions::default() });
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
