//! A waveform of some cycles of a replay.

use super::ffi::Model;
use crate::Result;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Which cycles to record, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveformWindow {
    /// VCD file. Cycle `n` is at time `2n`, its rising edge at `2n + 1`.
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

/// Cycles between two looks at the size of the file.
const LOOK: u64 = 256;

impl Waveform {
    /// Of everything below the top module `top`.
    pub(super) fn new(window: WaveformWindow, top: &str) -> Self {
        let scope = format!("TOP.{top}");
        Self { window, scope, state: State::Before, first: 0, last: 0, truncated: false }
    }

    /// Called with the clock low.
    pub(super) fn low(&mut self, model: &mut Model, now: u64) -> Result<()> {
        if self.state == State::Before && now >= self.window.from && now < self.window.to {
            model.trace_open(&self.window.file, &self.scope, 0)?;
            (self.state, self.first) = (State::Recording, now);
        }
        self.dump(model, now, 0)
    }

    /// Called after the rising edge.
    pub(super) fn high(&mut self, model: &mut Model, now: u64) -> Result<()> {
        self.dump(model, now, 1)?;
        if self.state != State::Recording {
            return Ok(());
        }
        self.last = now + 1;
        self.truncated = now.is_multiple_of(LOOK) && model.trace_bytes() > self.window.limit;
        if self.truncated || now + 1 >= self.window.to {
            self.state = State::Done;
            model.trace_close()?;
        }
        Ok(())
    }

    fn dump(&self, model: &mut Model, now: u64, half: u64) -> Result<()> {
        let within = self.state == State::Recording && now < self.window.to;
        if within { model.trace_dump(2 * now + half) } else { Ok(()) }
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
