//! GTKWave itself opens what is written for it, on a display of its own.

use super::trace::{Style, design, good, vcd};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use trapti::wave::{Marker, write_save_file};

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(command: &mut Command) -> Running {
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let program = command.get_program().to_string_lossy().into_owned();
    Running(spawned.unwrap_or_else(|error| {
        panic!("cannot run {program}: {error}; install with: apt-get install gtkwave xvfb imagemagick")
    }))
}

/// Colours on the screen as ImageMagick lists them.
fn colours(display: &str) -> String {
    let mut import = Command::new("import");
    import.args(["-display", display, "-window", "root", "-depth", "8", "-format", "%c", "histogram:info:-"]);
    let mut text = String::new();
    start(&mut import).0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn gtkwave_shows_the_states_by_name_from_any_directory() {
    let directory = tempfile::tempdir().unwrap();
    let written = directory.path().join("written");
    std::fs::create_dir(&written).unwrap();
    let dump = written.join("run.vcd");
    std::fs::write(&dump, vcd(&good(), Style::Verilator)).unwrap();
    let markers = [Marker { time: 165, name: "Wake".into() }];
    write_save_file(&dump, &design(), &markers, (0, 1400)).unwrap();
    let moved = directory.path().join("moved");
    std::fs::rename(&written, &moved).unwrap();

    let mut screen = start(Command::new("Xvfb").args(["-displayfd", "1", "-screen", "0", "1440x900x24"]));
    let mut number = String::new();
    BufReader::new(screen.0.stdout.take().unwrap()).read_line(&mut number).unwrap();
    let display = format!(":{}", number.trim());
    let mut gtkwave = Command::new("gtkwave");
    gtkwave.arg(moved.join("run.gtkw")).current_dir("/").env("DISPLAY", &display).env("HOME", directory.path());
    gtkwave.env("NO_AT_BRIDGE", "1").env("GSETTINGS_BACKEND", "memory");
    let mut viewer = start(&mut gtkwave);

    // The colours of ON, OFF and RET come from the filter file, so they show only if it was found and understood.
    let wanted = ["#2E8B57", "#4D4D4D", "#36648B"];
    let limit = Instant::now() + Duration::from_secs(30);
    let mut seen = String::new();
    while !wanted.iter().all(|colour| seen.contains(colour)) {
        let ended = viewer.0.try_wait().unwrap();
        assert!(ended.is_none() && Instant::now() < limit, "GTKWave ended with {ended:?} or shows only: {seen}");
        seen = colours(&display);
    }
    keep_screenshot(&display);
    viewer.0.kill().unwrap();
    let mut errors = String::new();
    viewer.0.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    let banner = |line: &&str| line.starts_with("GTKWave Analyzer") || line.ends_with("time.") || line.is_empty();
    let complaints: Vec<&str> = errors.lines().filter(|line| !banner(line)).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}

/// For looking at: `TRAPTI_SCREENSHOTS=DIRECTORY`.
fn keep_screenshot(display: &str) {
    if let Some(directory) = std::env::var_os("TRAPTI_SCREENSHOTS") {
        let file = Path::new(&directory).join("gtkwave.png");
        let mut import = Command::new("import");
        start(import.args(["-display", display, "-window", "root"]).arg(file)).0.wait().unwrap();
    }
}

#[test]
fn every_name_in_a_save_file_is_in_the_dump() {
    for style in [Style::Verilator, Style::Icarus] {
        let directory = tempfile::tempdir().unwrap();
        let dump = directory.path().join("run.vcd");
        let text = vcd(&good(), style);
        std::fs::write(&dump, &text).unwrap();
        let [save, _] = write_save_file(&dump, &design(), &[], (0, 1400)).unwrap();
        let known = names(&text);
        let saved = std::fs::read_to_string(save).unwrap();
        let traces = saved.lines().filter(|line| !line.starts_with(['[', '*', '@', '-', '^']));
        let mut count = 0;
        for word in traces.flat_map(str::split_whitespace).filter(|word| !word.starts_with("#{")) {
            let name = if word.starts_with('(') { word.split_once(')').unwrap().1 } else { word };
            assert!(known.iter().any(|k| k == name), "{name} is not among {known:?}");
            count += 1;
        }
        assert!(count > 25, "{saved}");
    }
}

/// Full names of all variables, from the text of the header.
fn names(text: &str) -> Vec<String> {
    let mut scopes: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for line in text.lines().take_while(|line| !line.starts_with("$enddefinitions")) {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["$scope", _, name, _] => scopes.push(name),
            ["$upscope", _] => drop(scopes.pop()),
            ["$var", _, _, _, name, "$end"] => found.push(format!("{}.{name}", scopes.join("."))),
            ["$var", _, _, _, name, range, "$end"] => found.push(format!("{}.{name}{range}", scopes.join("."))),
            _ => {}
        }
    }
    found
}
