//! Co-simulation: build, lock-step replay, planted bugs.

#[cfg(feature = "regenerate-bindings")]
#[path = "cosim/bindings.rs"]
mod bindings;
#[path = "cosim/stimuli.rs"]
mod stimuli;

use crate::rtl::designs::assorted;
use std::sync::LazyLock;
use trapti::cosim::{
    BuildOptions, Cache, CompiledMemory, CosimReport, ReplayOptions, RtlSources, Subject, Toolchain, build, replay,
};
use trapti::power::{Design, Stimulus};

static TOOLS: LazyLock<Toolchain> = LazyLock::new(|| Toolchain::find().unwrap());
static CACHE: LazyLock<Cache> =
    LazyLock::new(|| Cache::at(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("cosim-cache")));

fn compiled(design: &Design, options: BuildOptions) -> CompiledMemory {
    build(&RtlSources::of(design).unwrap(), options, &TOOLS, &CACHE).unwrap()
}

fn play(memory: &CompiledMemory, design: &Design, stimulus: &Stimulus, every_cycle: bool) -> CosimReport {
    let options = ReplayOptions { every_cycle, waveform: None };
    let subject = Subject { design: design.name.clone(), part: "random".into(), prediction: None };
    replay(memory, &design.controller(), stimulus, subject, &options, &mut |_| ()).unwrap()
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
