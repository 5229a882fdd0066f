//! Co-simulation: build, lock-step replay, planted bugs.

#[cfg(feature = "regenerate-bindings")]
#[path = "cosim/bindings.rs"]
mod bindings;
#[path = "cosim/cone.rs"]
mod cone;
#[path = "cosim/planted.rs"]
mod planted;
#[path = "cosim/random.rs"]
mod random;
#[path = "cosim/stimuli.rs"]
mod stimuli;
#[path = "cosim/waveforms.rs"]
mod waveforms;

use crate::rtl::designs::{assorted, small};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::LazyLock;
use trapti::Error;
use trapti::cosim::{
    BuildOptions, Cache, CompiledMemory, CosimReport, ReplayOptions, RtlSources, Subject, Toolchain, build, replay,
};
use trapti::power::replay::reference_activity;
use trapti::power::{Design, Stimulus};

static TOOLS: LazyLock<Toolchain> = LazyLock::new(|| Toolchain::find().unwrap());
static CACHE: LazyLock<Cache> = LazyLock::new(|| Cache::at(Path::new(env!("CARGO_TARGET_TMPDIR")).join("cosim-cache")));

fn compiled(design: &Design, options: BuildOptions) -> CompiledMemory {
    build(&RtlSources::of(design).unwrap(), options, &TOOLS, &CACHE).unwrap()
}

/// 32-bit words that hold tags, and macros on one clock, as long replays use them.
fn narrow() -> BuildOptions {
    BuildOptions { storage_bits: Some(32), waveforms: false }
}

fn subject(design: &Design) -> Subject {
    Subject { design: design.name.clone(), part: "random".into(), prediction: None }
}

fn play(memory: &CompiledMemory, design: &Design, stimulus: &Stimulus, every_cycle: bool) -> CosimReport {
    let options = ReplayOptions { every_cycle, waveform: None };
    replay(memory, &design.controller(), stimulus, subject(design), &options, &mut |_| ()).unwrap()
}

#[test]
fn hardware_equals_the_reference_model() {
    for design in assorted() {
        let memory = compiled(&design, BuildOptions::default());
        for seed in 0..20 {
            let stimulus = stimuli::random(&design.organisation, seed, 30, 150);
            let report = play(&memory, &design, &stimulus, false);
            assert!(report.equal, "{} seed {seed}: {:?}", design.name, report.first_difference);
            assert_eq!(report.lost.lost, 0, "{} seed {seed}: {:?}", design.name, report.lost);
            assert_eq!(report.requests, stimulus.requests());
        }
    }
}

#[test]
fn skipping_changes_nothing_but_the_work() {
    let design = small();
    let memory = compiled(&design, BuildOptions::default());
    let stimulus = stimuli::random(&design.organisation, 7, 40, 2000);
    let [skipping, thorough] = [false, true].map(|every_cycle| play(&memory, &design, &stimulus, every_cycle));
    assert!(skipping.passed() && thorough.passed());
    assert_eq!(skipping.rtl, thorough.rtl);
    assert_eq!(skipping.cycles, thorough.cycles);
    assert_eq!(thorough.skipped, 0);
    assert!(skipping.evaluated * 4 < thorough.evaluated, "{} of {}", skipping.evaluated, thorough.evaluated);
}

#[test]
fn narrow_words_count_the_same_as_whole_ones() {
    for design in [assorted()[1].clone(), assorted()[3].clone()] {
        let [whole, tagged] = [BuildOptions::default(), narrow()].map(|options| compiled(&design, options));
        for seed in 0..10 {
            let stimulus = stimuli::random(&design.organisation, seed, 30, 100);
            let [a, b] = [&whole, &tagged].map(|memory| play(memory, &design, &stimulus, false));
            assert!(a.passed() && b.passed(), "{:?} {:?}", a.first_difference, b.first_difference);
            assert_eq!((a.storage_bits, b.storage_bits), (design.organisation.word_bits, 32));
            assert_eq!(a.rtl, b.rtl);
            assert_eq!((a.cycles, a.evaluated), (b.cycles, b.evaluated));
        }
    }
}

#[test]
fn the_three_columns_are_laid_side_by_side_and_kept() {
    let design = small();
    let memory = compiled(&design, BuildOptions::default());
    let stimulus = stimuli::random(&design.organisation, 3, 20, 100);
    let (mut prediction, _) = reference_activity(&stimulus, &design.controller(), true).unwrap();
    let run = |prediction| {
        let subject = Subject { prediction: Some(prediction), ..subject(&design) };
        let options = ReplayOptions::default();
        replay(&memory, &design.controller(), &stimulus, subject, &options, &mut |_| ()).unwrap()
    };
    let good = run(prediction.clone());
    assert!(good.passed() && good.rows().iter().all(|row| row.agrees()));
    assert_eq!(good.rows().len(), 1 + 2 * 17 + 2 * 2);

    prediction.domains[1].transitions.off_on += 1;
    let wrong = run(prediction);
    let difference = wrong.prediction_difference.as_ref().unwrap();
    assert!(!wrong.passed() && wrong.first_difference.is_none());
    assert_eq!((difference.signal.as_str(), difference.domain.unwrap().0), ("off_on", 1));
    assert_eq!(wrong.rows().iter().filter(|row| !row.agrees()).count(), 1);

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cosim.json");
    good.write(&path).unwrap();
    assert_eq!(CosimReport::read(&path).unwrap(), good);
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("{\n  \"schema\": \"trapti.cosim/1\""));
}

#[test]
fn a_second_build_comes_from_the_cache_and_edited_rtl_does_not() {
    let design = small();
    compiled(&design, BuildOptions::default());
    let again = compiled(&design, BuildOptions::default());
    assert!(again.build_time.is_none());
    let directory = tempfile::tempdir().unwrap();
    let rtl = directory.path().join("rtl");
    trapti::rtl::generate(&design, &rtl).unwrap();
    let same = RtlSources::read(&rtl, &design).unwrap();
    assert_eq!(build(&same, BuildOptions::default(), &TOOLS, &CACHE).unwrap().digest, again.digest);
    let file = rtl.join("rtl/pgsram_top.v");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text + "\nthis is no Verilog\n").unwrap();
    let broken = RtlSources::read(&rtl, &design).unwrap();
    assert!(matches!(build(&broken, BuildOptions::default(), &TOOLS, &CACHE), Err(Error::Tool { .. })));
}

#[test]
fn missing_tools_are_named_with_the_command_that_installs_them() {
    let empty = tempfile::tempdir().unwrap();
    match Toolchain::find_in(empty.path().as_os_str(), None) {
        Err(error @ Error::MissingTool { .. }) => {
            assert_eq!(error.exit_code(), 3);
            assert!(error.to_string().contains("apt-get install verilator"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    let path = std::env::var_os("PATH").unwrap();
    match Toolchain::find_in(&path, Some(OsStr::new("no-such-compiler"))) {
        Err(Error::MissingTool { tool, install, .. }) => {
            assert_eq!((tool.as_str(), install.as_str()), ("no-such-compiler", "apt-get install g++"));
        }
        other => panic!("{other:?}"),
    }
}
