//! A waveform of some cycles of a replay.

use super::ffi::Model;
use super::harness::MODULE;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Which cycles to record, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveformWindow {
    /// VCD file. The clock edge that begins cycle `n` is at time `2n`; the next evaluated cycle's edge ends it.
    pub file: PathBuf,
    /// First cycle.
    pub from: u64,
    /// First cycle after the window.
    pub to: u64,
    /// Recording ends when the file is larger, in bytes.
    pub limit: u64,
}

/// What was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WaveformFile {
    /// File name.
    pub file: String,
    /// First cycle.
    pub from: u64,
    /// First cycle after the last one recorded.
    pub to: u64,
    /// Size of the file.
    pub bytes: u64,
    /// Recording ended early because the file reached its limit.
    pub truncated: bool,
}

/// A recording. The file has another name until it is complete; of one that is not completed nothing remains.
#[derive(Debug)]
pub(super) struct Waveform {
    window: WaveformWindow,
    aside: PathBuf,
    scope: String,
    state: State,
    first: u64,
    last: u64,
    truncated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    Recording,
    Done,
}

/// More levels of hierarchy than the memory has.
const LEVELS: u32 = 99;
/// Cycles between two looks at the size of the file.
const LOOK: u64 = 256;

impl Waveform {
    /// Of the memory `top` and everything in it.
    pub(super) fn new(window: WaveformWindow, top: &str) -> Self {
        let scope = format!("TOP.{MODULE}.{top}");
        let aside = aside(&window.file);
        Self { window, aside, scope, state: State::Before, first: 0, last: 0, truncated: false }
    }

    /// Called after the clock edge that begins cycle `now`.
    pub(super) fn edge(&mut self, model: &mut Model, now: u64) -> Result<()> {
        if self.state == State::Before && (self.window.from..self.window.to).contains(&now) {
            model.trace_open(&self.aside, &self.scope, LEVELS)?;
            (self.state, self.first) = (State::Recording, now);
        }
        if self.state != State::Recording {
            return Ok(());
        }
        model.trace_dump(2 * now)?;
        self.truncated = now.is_multiple_of(LOOK) && model.trace_bytes() > self.window.limit;
        if self.truncated || now >= self.window.to {
            self.state = State::Done;
            model.trace_close()?;
        }
        Ok(())
    }

    /// Called when cycle `now` has settled, with the clock low.
    pub(super) fn settled(&mut self, model: &mut Model, now: u64) -> Result<()> {
        if self.state != State::Recording {
            return Ok(());
        }
        self.last = now + 1;
        model.trace_dump(2 * now + 1)
    }

    /// Completes the file; nothing if no cycle of the window was evaluated.
    pub(super) fn finish(mut self, model: &mut Model) -> Result<Option<WaveformFile>> {
        if self.state == State::Recording {
            model.trace_close()?;
        }
        let bytes = model.trace_bytes();
        if self.state != State::Before && self.aside != self.window.file {
            let file = &self.window.file;
            fs::rename(&self.aside, file).map_err(Error::file("cannot write", file))?;
        }
        let recorded = std::mem::replace(&mut self.state, State::Before) != State::Before;
        let name = self.window.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = WaveformFile { file: name, from: self.first, to: self.last, bytes, truncated: self.truncated };
        Ok(recorded.then_some(file))
    }
}

impl Drop for Waveform {
    fn drop(&mut self) {
        if self.state != State::Before && self.aside != self.window.file {
            let _ = fs::remove_file(&self.aside);
        }
    }
}

/// Where a file is written before it is complete; a device is written where it is.
fn aside(file: &Path) -> PathBuf {
    if fs::metadata(file).is_ok_and(|known| !known.is_file()) {
        return file.into();
    }
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    file.with_file_name(name)
}
