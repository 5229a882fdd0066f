//! What a terminal shows: tables that fit, progress and colours only there, JSON that keeps its schema, pipes that end early.

use snapbox::cmd::{Command, cargo_bin};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

const SMALL: &str = r#"{"model_type": "gpt2", "n_layer": 2, "n_embd": 128, "n_head": 2, "n_positions": 256, "vocab_size": 512, "activation_function": "gelu_new"}"#;

const STUDY: &str = r#"
[study]
capacity = ["1 MiB", "2 MiB", "3 KiB"]
domains = [1, 2, 4]
interleave = [1, 2]
alpha = [0.9]
placement = ["ideal", "first-fit"]
policies = ["never", { timeout = { light = "break-even", retention = "break-even", off = "break-even" } }, "mask", "scheduled"]
states = ["light", "retention"]
technology = ["22nm-lstp", "22nm-lstp-hp"]
"#;

const SCHEDULED: &str = r#"
[study]
capacity = ["1 MiB"]
domains = [2]
placement = ["first-fit"]
policies = ["scheduled"]
technology = ["22nm-lstp"]
"#;

const SURVEY: &str = r#"
name = "heads"
[[model]]
name = "a"
config = "a.json"
[[model]]
name = "b"
config = "b.json"
[scenario]
prefill = [16, 32]
[[lowering]]
name = "default"
[[accelerator]]
name = "64 MiB"
file = "edge-2x128"
"#;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with two small models, a study and a survey.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.json", SMALL);
    write("b.json", &SMALL.replace("\"n_head\": 2", "\"n_head\": 4"));
    write("study.toml", STUDY);
    write("survey.toml", SURVEY);
    write("scheduled.toml", SCHEDULED);
    let trace = root().join("tests/diagnostics/inputs/trace.csv");
    fs::copy(trace, folder.path().join("trace.csv")).unwrap();
    folder
}

/// Every command, in an order in which each finds what it reads; with the name of the schema of its answer.
const COMMANDS: [(&str, &str); 31] = [
    ("facts", "import a.json --prefill 64 --decode 4 -o graph.json"),
    ("facts", "import gpt2-xl"),
    ("facts", "import whisper-tiny --source 100"),
    ("summary", "simulate a.json --prefill 64 -a edge-2x128 -o a"),
    ("summary", "simulate b.json --prefill 64 --decode 2 -a edge-2x128 -o b"),
    ("summary", "simulate a.json --prefill 64 -a dual-scratchpad-l2"),
    ("product", "gemm 1024 1600 1600 --array 128x128"),
    ("sram", "sram --capacity 1MiB --word-bits 256 --node 22nm --device itrs-lstp"),
    ("survey", "study survey.toml"),
    ("profile", "trace show b"),
    ("comparison", "trace diff a b"),
    ("exported", "trace export a --form csv --output trace-a.csv"),
    ("summary", "trace import trace.csv -o imported"),
    ("exploration", "explore a b --study study.toml -o exploration"),
    ("exploration", "explore a b --study study.toml -o exploration --predict 60,62"),
    ("explanation", "explore a b --study study.toml -o exploration --explain 60"),
    ("explanation", "explore a --study scheduled.toml -o scheduled --explain 0 --schedule schedules"),
    ("design", "select exploration -o design.json"),
    ("generated", "generate design.json -o rtl"),
    ("replays", "cosim design.json --run a --layers 1 --requests 20000 --wave-cycles 500 -o cosim"),
    ("verdict", "wave check $WAVE --design design.json"),
    ("report", "report --run a --exploration exploration --design design.json -o report.html"),
    ("project", "new project"),
    ("models", "models"),
    ("devices", "devices"),
    ("tools", "doctor"),
    ("codes", "explain"),
    ("codes", "explain out-of-range"),
    ("forms", "schema"),
    ("completions", "completions zsh"),
    ("pages", "man pages"),
];

/// Answers that are not for reading: scripts, code, and an example in a code's own width.
const NOT_TABLES: [&str; 2] = ["completions zsh", "explain out-of-range"];

fn run(folder: &Path, command: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let wave = waveform(folder).unwrap_or_default().display().to_string();
    let words = command.split_whitespace().map(|word| if word == "$WAVE" { &wave } else { word });
    let words = words.chain(more.iter().copied());
    let trapti = Command::new(cargo_bin!("trapti")).current_dir(folder).args(words);
    let output = trapti.env("TRAPTI_CACHE", root().join("target/tmp/cache")).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The waveform of the replay, whose folder has the name of its workload.
fn waveform(folder: &Path) -> Option<PathBuf> {
    let replays = fs::read_dir(folder.join("cosim")).ok()?;
    replays.map(|entry| entry.unwrap().path().join("wave.vcd")).find(|path| path.is_file())
}

/// Each command in both forms: no line is wider than a terminal, and the JSON is collected for [`validate`].
#[test]
fn every_answer_fits_80_columns_and_its_schema() {
    let folder = folder();
    fs::create_dir(folder.path().join("answers")).unwrap();
    let mut wide = String::new();
    for (number, (schema, command)) in COMMANDS.iter().enumerate() {
        let (code, shown, told) = run(folder.path(), command, &[]);
        // Without Verilator there is nothing to replay or to check.
        if code == Some(3) || (command.starts_with("wave") && waveform(folder.path()).is_none()) {
            continue;
        }
        assert_eq!(code, Some(0), "{command}: {told}");
        let columns = |line: &str| line.chars().count();
        let lines = shown.lines().filter(|line| columns(line) > 80 && !NOT_TABLES.contains(command));
        lines.for_each(|line| wide.push_str(&format!("{command}: {} columns: {line}\n", columns(line))));
        if *command == "new project" {
            fs::remove_dir_all(folder.path().join("project")).unwrap();
        }
        let (code, json, told) = run(folder.path(), command, &["--format", "json"]);
        assert_eq!((code, told.as_str()), (Some(0), ""), "{command}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap_or_else(|e| panic!("{command}: {e}"));
        fs::write(folder.path().join(format!("answers/{number}-{schema}.json")), value.to_string()).unwrap();
    }
    assert!(wide.is_empty(), "wider than a terminal:\n{wide}");
    validate(folder.path());
}

/// An independent validator, Debian's python3-jsonschema, where it is installed.
fn validate(folder: &Path) {
    const SCRIPT: &str = "
import glob, json, os, sys
import jsonschema
for answer in sorted(glob.glob('answers/*.json')):
    name = os.path.basename(answer)[:-5].split('-', 1)[1]
    schema = json.load(open(f'{sys.argv[1]}/docs/schemas/{name}.json'))
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(json.load(open(answer))))
    assert not errors, f'{answer}: {errors[0].message[:400]} at {list(errors[0].absolute_path)}'
artefacts = [('exploration', 'exploration/exploration.json'), ('design', 'design.json'), ('manifest', 'a/manifest.json'), ('workload', 'graph.json')]
for name, artefact in artefacts + [('schedule', f) for f in glob.glob('schedules/*')] + [('cosim', f) for f in glob.glob('cosim/*/cosim.json')]:
    jsonschema.validate(json.load(open(artefact)), json.load(open(f'{sys.argv[1]}/docs/schemas/{name}.json')))
try:
    jsonschema.validate({'cycles': 'many'}, json.load(open(f'{sys.argv[1]}/docs/schemas/product.json')))
    sys.exit('the schema accepts anything')
except jsonschema.ValidationError:
    pass
";
    let python =
        |arguments: &[&str]| std::process::Command::new("python3").args(arguments).current_dir(folder).output().ok();
    if !python(&["-c", "import jsonschema; jsonschema.Draft202012Validator"]).is_some_and(|o| o.status.success()) {
        eprintln!("skipped: answers are not validated without python3-jsonschema");
        return;
    }
    let output = python(&["-c", SCRIPT, env!("CARGO_MANIFEST_DIR")]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `docs/schemas` holds what `trapti schema` prints; `TRAPTI_REGENERATE=1` writes it.
#[test]
fn schemas_are_fresh() {
    let (_, list, _) = run(&root(), "schema", &["--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let names: BTreeSet<String> =
        list.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect();
    for name in &names {
        let path = root().join(format!("docs/schemas/{name}.json"));
        let (_, fresh, _) = run(&root(), &format!("schema {name}"), &[]);
        if std::env::var_os("TRAPTI_REGENERATE").is_some() {
            fs::write(&path, &fresh).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap_or_default(), fresh, "TRAPTI_REGENERATE=1 renews {name}");
    }
    let files = fs::read_dir(root().join("docs/schemas")).unwrap().map(|entry| entry.unwrap().path());
    let files: BTreeSet<String> = files.map(|f| f.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(files, names);
    let used: BTreeSet<String> = COMMANDS.iter().map(|(schema, _)| schema.to_string()).collect();
    let artefacts = ["workload", "schedule", "cosim", "manifest", "flow"].map(str::to_owned);
    assert_eq!(names, used.into_iter().chain(artefacts).collect(), "every form has a command in COMMANDS");
    let (code, _, told) = run(&root(), "schema sumary", &[]);
    assert!(code == Some(2) && told.contains("did you mean `summary`"), "{told}");
}

/// What a terminal receives: stdout and stderr of a shell command behind a pseudo-terminal; none without `script`.
fn on_a_terminal(folder: &Path, command: &str) -> Option<String> {
    let output = std::process::Command::new("script")
        .args(["-qefc", command, "/dev/null"])
        .current_dir(folder)
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .output();
    Some(String::from_utf8_lossy(&output.ok()?.stdout).into_owned())
}

const ESCAPE: char = '\u{1b}';

#[test]
fn colours_appear_only_on_a_terminal_and_not_with_no_color() {
    let folder = folder();
    fs::write(folder.path().join("bad.json"), "{\n  \"model_type\": \"gtp2\"\n}\n").unwrap();
    let (_, _, piped) = run(folder.path(), "import bad.json", &[]);
    assert!(piped.contains("error[unknown-model-type]") && !piped.contains(ESCAPE), "{piped}");
    let command = format!("{} import bad.json", cargo_bin!("trapti").display());
    let Some(shown) = on_a_terminal(folder.path(), &command) else { return };
    assert!(shown.contains(ESCAPE) && shown.contains("unknown-model-type"), "{shown}");
    for command in [format!("NO_COLOR=1 {command}"), format!("NO_COLOR=1 {} --help", cargo_bin!("trapti").display())] {
        let plain = on_a_terminal(folder.path(), &command).unwrap();
        assert!(!plain.contains(ESCAPE), "{command}: {plain:?}");
    }
}

/// Reading waits for a pipe that is filled only when the sign of life was seen.
#[test]
fn what_takes_longer_than_a_moment_says_so_on_a_terminal() {
    let folder = folder();
    let (pipe, seen) = (folder.path().join("pipe.json"), folder.path().join("seen.txt"));
    if !std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        return;
    }
    let command = format!("{} import pipe.json", cargo_bin!("trapti").display());
    let started = std::process::Command::new("script")
        .args(["-qefc", &command])
        .arg(&seen)
        .current_dir(folder.path())
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    let Ok(mut child) = started else { return };
    let shown = || fs::read(&seen).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    while !shown().contains("trapti import") || !shown().contains(ESCAPE) {
        assert!(child.try_wait().unwrap().is_none(), "ended without a sign of life: {}", shown());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    fs::write(&pipe, SMALL).unwrap();
    assert!(child.wait().unwrap().success(), "{}", shown());
    assert!(shown().contains("parameters"), "{}", shown());
}

#[test]
fn progress_is_not_written_to_a_file() {
    let folder = folder();
    let (code, _, told) = run(folder.path(), "simulate a.json --prefill 64 -a edge-2x128", &[]);
    assert_eq!((code, told.as_str()), (Some(0), ""));
    let command = format!("{} simulate a.json --prefill 64 -a edge-2x128", cargo_bin!("trapti").display());
    let Some(shown) = on_a_terminal(folder.path(), &command) else { return };
    assert!(shown.contains("latency"), "{shown}");
}

/// A reader that goes away is no error; a full disk is.
#[test]
fn a_pipe_that_ends_early_is_no_error() {
    let trapti = cargo_bin!("trapti").display().to_string();
    for command in ["models", "devices", "explain --page", "completions bash", "schema exploration", "--help"] {
        let script = format!("set -o pipefail; {trapti} {command} | head -c 1");
        let output = std::process::Command::new("bash").args(["-c", &script]).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{command}: {output:?}");
        let Ok(full) = fs::File::options().write(true).open("/dev/full") else { continue };
        let words = command.split_whitespace();
        let output = std::process::Command::new(&trapti).args(words).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{command} on a full disk");
    }
}
