//! Running CACTI: in its own folder, with a configuration file in a folder that is removed afterwards, for a limited time.

use crate::error::{Error, Result};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// 128 MiB take a second; some inputs make CACTI loop for ever.
const LIMIT: Duration = Duration::from_secs(120);
/// For a program that is only asked who it is.
const RECOGNITION_LIMIT: Duration = Duration::from_secs(10);

/// A folder that is removed when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("trapti-cacti-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).map_err(Error::file("cannot create", &path))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs CACTI on a configuration and returns what it printed. It writes a table beside the file, and ends with 0 also after errors.
///
/// # Errors
/// [`Error::Tool`] if it cannot be started, is ended by a signal (an assertion in CACTI) or takes too long.
pub(super) fn run(program: &Path, configuration: &str) -> Result<String> {
    let scratch = Scratch::new()?;
    let file = scratch.0.join("macro.cfg");
    fs::write(&file, configuration).map_err(Error::file("cannot write", &file))?;
    let (status, printed) = call(program, Some(&file), &scratch, LIMIT)?;
    match status.code() {
        Some(_) => Ok(printed),
        None => Err(failed(format!("it crashed: {}", last_line(&printed)))),
    }
}

/// The last line that is not empty.
pub(super) fn last_line(text: &str) -> &str {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("nothing was printed")
}

/// What the program prints without arguments.
///
/// # Errors
/// As [`run`].
pub(super) fn usage(program: &Path) -> Result<String> {
    Ok(call(program, None, &Scratch::new()?, RECOGNITION_LIMIT)?.1)
}

fn call(program: &Path, input: Option<&Path>, scratch: &Scratch, limit: Duration) -> Result<(ExitStatus, String)> {
    let path = scratch.0.join("printed.txt");
    let printed = File::create(&path).map_err(Error::file("cannot write", &path))?;
    let errors = printed.try_clone().map_err(Error::file("cannot write", &path))?;
    let mut command = Command::new(program);
    if let Some(file) = input {
        command.arg("-infile").arg(file);
    }
    // Device data are read from a path relative to the program's folder.
    command.current_dir(program.parent().unwrap_or(Path::new("."))).stdin(Stdio::null());
    let child = command.stdout(printed).stderr(errors).spawn();
    let status = wait(child.map_err(|e| failed(format!("{}: {e}", program.display())))?, limit)?;
    let text = fs::read(&path).map_err(Error::file("cannot read", &path))?;
    Ok((status, String::from_utf8_lossy(&text).into_owned()))
}

/// Waits for the end of a process, and ends it when its time is over.
fn wait(mut child: Child, limit: Duration) -> Result<ExitStatus> {
    let start = Instant::now();
    let lost = |e: std::io::Error| failed(e.to_string());
    loop {
        if let Some(status) = child.try_wait().map_err(lost)? {
            return Ok(status);
        }
        if start.elapsed() > limit {
            child.kill().and_then(|()| child.wait()).map_err(lost)?;
            return Err(failed(format!("no answer within {} s", limit.as_secs())));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn failed(message: String) -> Error {
    Error::Tool { tool: "cacti".into(), message }
}
