//! What goes wrong around a build and a replay: tools that are missing, too old, broken or killed, a full disk, a damaged cache,
//! two builds at once.

use super::{TOOLS, compiled, stimuli, subject};
use crate::rtl::designs::small;
use snapbox::cmd::cargo_bin;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use trapti::Error;
use trapti::cosim::{BuildOptions, Cache, ReplayOptions, RtlSources, Toolchain, WaveformWindow, build, replay};
use trapti::power::Design;

/// A program of this name in a directory that comes first on the search path.
fn program(folder: &Path, name: &str, script: &str) -> OsString {
    let file = folder.join(name);
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    std::env::join_paths([folder.to_path_buf()].into_iter().chain(std::env::split_paths(&path))).unwrap()
}

/// A memory of a few words, quick to compile.
fn tiny(name: &str) -> Design {
    let mut design = small();
    design.name = name.into();
    design.organisation.domains = 1;
    design.organisation.interleave = 1;
    design.organisation.domain_words = 8;
    design.organisation.ports = 1;
    design.capacity = design.organisation.capacity();
    design.macro_shape.capacity = design.capacity;
    design
}

fn attempt(design: &Design, tools: &Toolchain, cache: &Cache) -> Result<trapti::cosim::CompiledMemory, Error> {
    build(&RtlSources::of(design).unwrap(), BuildOptions::default(), tools, cache)
}

/// Names in a cache that are no locks.
fn entries(cache: &Cache) -> Vec<String> {
    let names = fs::read_dir(cache.directory()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.ends_with(".lock")).collect();
    names.sort();
    names
}

#[test]
fn a_verilator_that_is_too_old_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = program(folder.path(), "verilator", "echo 'Verilator 4.038 2020-07-11 rev v4.036-114-g0cd4a57ad'");
    match Toolchain::find_in(&path, None) {
        Err(error @ Error::MissingTool { .. }) => {
            assert_eq!(error.exit_code(), 3);
            assert!(error.to_string().contains("verilator 5.006 or later (there is 4.038)"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_verilator_that_fails_leaves_nothing_and_the_next_build_works() {
    let folder = tempfile::tempdir().unwrap();
    let real = TOOLS.verilator.display();
    let script =
        format!("case \"$1\" in --version|--getenv) exec {real} \"$@\";; esac\necho '%Error: no more' >&2\nexit 5");
    let broken = Toolchain::find_in(&program(folder.path(), "verilator", &script), None).unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    match attempt(&tiny("failing"), &broken, &cache) {
        Err(error @ Error::Tool { .. }) => {
            assert_eq!(error.exit_code(), 1);
            assert!(
                error.to_string().starts_with("verilator failed: it ended with code 5\n%Error: no more"),
                "{error}"
            );
        }
        other => panic!("{:?}", other.map(|memory| memory.digest)),
    }
    assert_eq!(entries(&cache), Vec::<String>::new());
    assert!(attempt(&tiny("failing"), &TOOLS, &cache).unwrap().build_time.is_some());
}

#[test]
fn a_compiler_that_is_killed_leaves_nothing_and_the_next_build_works() {
    let folder = tempfile::tempdir().unwrap();
    let script = "for a in \"$@\"; do [ \"$a\" = -c ] && kill -9 $$; done\nexec g++ \"$@\"";
    let path = program(folder.path(), "doomed-g++", script);
    let compiler = folder.path().join("doomed-g++");
    let doomed = Toolchain::find_in(&path, Some(compiler.as_os_str())).unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    match attempt(&tiny("killed"), &doomed, &cache) {
        Err(error @ Error::Tool { .. }) => {
            assert!(error.to_string().contains("the C++ compiler failed: it was killed (signal 9)"), "{error}");
        }
        other => panic!("{:?}", other.map(|memory| memory.digest)),
    }
    assert_eq!(entries(&cache), Vec::<String>::new());
    assert!(attempt(&tiny("killed"), &TOOLS, &cache).is_ok());
}

fn library(cache: &Cache) -> PathBuf {
    let entry = entries(cache).into_iter().find(|name| name.starts_with("model-")).unwrap();
    cache.directory().join(entry).join("libpgsram.so")
}

#[test]
fn a_damaged_cache_heals_itself() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    attempt(&tiny("damaged"), &TOOLS, &cache).unwrap();
    assert!(attempt(&tiny("damaged"), &TOOLS, &cache).unwrap().build_time.is_none());
    let file = library(&cache);
    let whole = fs::read(&file).unwrap();
    let damages: [&dyn Fn(); 3] = [
        &|| fs::write(&file, &whole[..whole.len() / 2]).unwrap(),
        &|| fs::write(&file, [&whole[..4000], b"x", &whole[4001..]].concat()).unwrap(),
        &|| fs::remove_file(&file).unwrap(),
    ];
    for damage in damages {
        // A new file, not the one that is mapped.
        fs::remove_file(&file).unwrap();
        fs::write(&file, &whole).unwrap();
        damage();
        assert!(attempt(&tiny("damaged"), &TOOLS, &cache).unwrap().build_time.is_some());
        assert_eq!(fs::read(&file).unwrap().len(), whole.len());
    }
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(
        attempt(&tiny("damaged"), &TOOLS, &Cache::at(folder.path().join("file"))),
        Err(Error::File { .. })
    ));
}

#[test]
fn what_an_interrupted_build_left_is_not_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    let digest = attempt(&tiny("left"), &TOOLS, &cache).unwrap().digest;
    let entry = cache.directory().join(format!("model-{digest}"));
    fs::rename(&entry, cache.directory().join(format!("model-{digest}.new-1"))).unwrap();
    assert!(attempt(&tiny("left"), &TOOLS, &cache).unwrap().build_time.is_some());
    assert!(!cache.directory().join(format!("model-{digest}.new-1")).exists());
}

#[test]
fn two_builds_of_one_design_at_once_build_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    let built = std::thread::scope(|scope| {
        let threads =
            [(); 2].map(|()| scope.spawn(|| attempt(&tiny("twice"), &TOOLS, &cache).unwrap().build_time.is_some()));
        threads.map(|thread| u32::from(thread.join().unwrap()))
    });
    assert_eq!(built.iter().sum::<u32>(), 1);
    assert_eq!(entries(&cache).iter().filter(|name| name.starts_with("model-")).count(), 1);
}

#[test]
fn a_second_build_is_much_faster_and_new_parameters_keep_the_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    let clock = std::time::Instant::now();
    attempt(&tiny("first"), &TOOLS, &cache).unwrap();
    let first = clock.elapsed();
    let clock = std::time::Instant::now();
    assert!(attempt(&tiny("first"), &TOOLS, &cache).unwrap().build_time.is_none());
    let second = clock.elapsed();
    assert!(second * 10 < first, "{second:?} after {first:?}");

    let runtime = |cache: &Cache| {
        let name = entries(cache).into_iter().filter(|name| name.starts_with("runtime-")).collect::<Vec<_>>();
        let changed = name.iter().map(|name| fs::metadata(cache.directory().join(name)).unwrap().modified().unwrap());
        (changed.collect::<Vec<_>>(), name)
    };
    let before = runtime(&cache);
    assert_eq!(before.1.len(), 1);
    let mut other = tiny("other");
    other.timing.t_iso += 1;
    assert!(attempt(&other, &TOOLS, &cache).unwrap().build_time.is_some());
    assert_eq!(runtime(&cache), before);
}

#[test]
fn a_full_disk_ends_a_recording_with_a_message_and_no_file() {
    let design = small();
    let memory = compiled(&design, BuildOptions { waveforms: true, ..BuildOptions::default() });
    let stimulus = stimuli::random(&design.organisation, 5, 200, 50);
    let folder = tempfile::tempdir().unwrap();
    // What is written aside goes to a device that is full.
    std::os::unix::fs::symlink("/dev/full", folder.path().join("wave.vcd.new")).unwrap();
    for file in [PathBuf::from("/dev/full"), folder.path().join("wave.vcd")] {
        let window = WaveformWindow { file, from: 0, to: u64::MAX, limit: 1 << 30 };
        let options = ReplayOptions { every_cycle: true, waveform: Some(window) };
        match replay(&memory, &design.controller(), &stimulus, subject(&design), &options, &mut |_| ()) {
            Err(error) => assert!(error.to_string().contains("No space left on device"), "{error}"),
            Ok(report) => panic!("{:?}", report.waveform),
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

const SUITE: &str = "name = \"s\"\n[[design]]\nname = \"d\"\ndomains = 1\ndomain_words = 8\nword_bits = 8\npolicy = \"never\"\n[[stimulus]]\nname = \"dense\"\nkind = \"transfers\"\nblocks = 5\npause = 9\n";

#[test]
fn an_interrupted_regression_says_so_and_leaves_nothing_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("suite.toml"), SUITE).unwrap();
    let script = "for a in \"$@\"; do [ \"$a\" = -c ] && touch compiling && exec sleep 60; done\nexec g++ \"$@\"";
    program(
        folder.path(),
        "slow-g++",
        &script.replace("compiling", &folder.path().join("compiling").display().to_string()),
    );
    let start = |compiler: &Path| {
        let mut command = Command::new(cargo_bin!("trapti"));
        command.current_dir(folder.path()).args(["cosim", "--regress", "suite.toml", "-o", "out"]);
        command.env("TRAPTI_CACHE", folder.path().join("cache")).env("CXX", compiler).process_group(0);
        command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
    };
    let child = start(&folder.path().join("slow-g++"));
    while !folder.path().join("compiling").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // As Ctrl-C in a terminal does: the whole group.
    assert!(Command::new("kill").args(["-INT", "--", &format!("-{}", child.id())]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted"), "{output:?}");
    assert!(!folder.path().join("out").exists());
    let cache = Cache::at(folder.path().join("cache"));
    assert!(!entries(&cache).iter().any(|name| name.starts_with("model-") && !name.contains(".new-")));

    let again = start(Path::new("g++")).wait_with_output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    assert!(!entries(&cache).iter().any(|name| name.contains(".new-") || name.starts_with("scratch-")));
}
