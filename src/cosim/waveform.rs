//! A waveform of some cycles of a replay.

use super::ffi::Model;
use super::harness::MODULE;
use crate::Result;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

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

/// A recording.
#[derive(Debug)]
pub(super) struct Waveform {
    window: WaveformWindow,
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
        Self { window, scope, state: State::Before, first: 0, last: 0, truncated: false }
    }

    /// Called after the clock edge that begins cycle `now`.
    pub(super) fn edge(&mut self, model: &mut Model, now: u64) -> Result<()> {
        if self.state == State::Before && (self.window.from..self.window.to).contains(&now) {
            model.trace_open(&self.window.file, &self.scope, LEVELS)?;
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
    pub(super) fn finish(self, model: &mut Model) -> Result<Option<WaveformFile>> {
        if self.state == State::Recording {
            model.trace_close()?;
        }
        let name = self.window.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = WaveformFile {
            file: name,
            from: self.first,
            to: self.last,
            bytes: model.trace_bytes(),
            truncated: self.truncated,
        };
        Ok((self.state != State::Before).then_some(file))
    }
}
