//! Save files of GTKWave (3.3.118): which signals are shown, grouped a domain, with state names, colours and markers.
//!
//! The format is a line a trace: `@flags` in hexadecimal, options in brackets, then the full name, or `#{alias}`
//! followed by the single bits that make it up.

use super::file::WaveformFile;
use super::signals::{Place, place};
use crate::artefact;
use crate::error::{Error, Result};
use crate::power::Design;
use crate::power::State;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A named point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Time in the dump's unit.
    pub time: u64,
    /// Name beside it.
    pub name: String,
}

/// Trace flags of the format.
mod flag {
    pub(super) const BINARY: &str = "@28";
    pub(super) const HEXADECIMAL: &str = "@22";
    pub(super) const FILTERED: &str = "@2022";
    pub(super) const ANALOG: &str = "@8024";
    pub(super) const OPEN: &str = "@800200";
    pub(super) const CLOSE: &str = "@1000200";
    pub(super) const OPEN_FOLDED: &str = "@c00200";
    pub(super) const CLOSE_FOLDED: &str = "@1401200";
}

/// Most markers that GTKWave has letters for.
const MARKERS: usize = 26;
/// Part of a window of 1400 pixels that shows waves, in GTKWave's frames of 200 pixels.
const FRAMES: f64 = 4.4;
/// Domains whose groups are open; those after them are folded.
const OPEN_DOMAINS: usize = 4;

/// What the memory is asked to hold and to do: drawn as curves, in whatever scope they are.
const DEMAND: [&str; 2] = ["occupancy", "demand"];

/// Name of the filter file that turns state codes into names.
const FILTER: &str = "pgsram_state.filter";

/// Writes `<dump>.gtkw` and the filter file beside the dump, and returns both paths.
///
/// `span` is the stretch of time to show, in the dump's unit.
///
/// # Errors
/// When the dump cannot be read or does not hold the ports of the design, or a file cannot be written.
pub fn write_save_file(dump: &Path, design: &Design, markers: &[Marker], span: (u64, u64)) -> Result<[PathBuf; 2]> {
    let file = WaveformFile::open(dump)?;
    let malformed = |message| Error::Artefact { path: dump.to_path_buf(), message };
    let place = place(&file.header, design).map_err(malformed)?;
    let name = dump.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (save, filter) = (dump.with_extension("gtkw"), dump.with_file_name(FILTER));
    let text = save_file(&name, &place, design, markers, span);
    artefact::write(&filter, state_filter().as_bytes())?;
    artefact::write(&save, text.as_bytes())?;
    Ok([save, filter])
}

/// Lines `code ?colour?NAME`; codes as GTKWave displays four bits in hexadecimal.
pub fn state_filter() -> String {
    let line = |state: &State| format!("{:x} ?{}?{}\n", *state as u8, colour(*state), state.name());
    State::ALL.iter().map(line).collect()
}

/// Colour-blind-safe names from the X11 table.
fn colour(state: State) -> &'static str {
    match state {
        State::On => "SeaGreen",
        State::Off => "gray30",
        State::Ret => "SteelBlue4",
        State::Light => "DarkKhaki",
        State::Fault => "firebrick",
        _ => "DarkOrange3",
    }
}

/// Text of a save file.
fn save_file(dump: &str, place: &Place<'_>, design: &Design, markers: &[Marker], span: (u64, u64)) -> String {
    let mut out = Lines(String::new());
    out.line("[*] power-gated memory, written by trapti");
    // With both names bare, GTKWave looks for the dump beside wherever the save file is.
    out.line(&format!("[dumpfile] \"{dump}\""));
    out.line("[savefile] \"wave.gtkw\"");
    out.line(&format!("[timestart] {}", span.0));
    out.line(&zoom(markers, span));
    for (letter, marker) in ('A'..='Z').zip(markers) {
        out.line(&format!("[markername] {letter}{}", marker.name.replace(['\n', '\r'], " ")));
    }
    out.line("[size] 1400 800");
    out.group("memory", false, |out| memory(out, place));
    for d in 0..design.organisation.domains as usize {
        out.group(&format!("domain {d}"), d >= OPEN_DOMAINS, |out| domain(out, place, d));
    }
    out.group("ports", false, |out| ports(out, place));
    out.0
}

/// `*zoom primary A … Z`: minus the binary logarithm of a frame's time, then the markers, −1 where there is none.
fn zoom(markers: &[Marker], (from, to): (u64, u64)) -> String {
    let frame = (to.saturating_sub(from).max(1) as f64 / FRAMES).max(1.0);
    let mut line = format!("*-{:.6} -1", frame.log2());
    for letter in 0..MARKERS {
        let _ = match markers.get(letter) {
            Some(marker) => write!(line, " {}", marker.time),
            None => write!(line, " -1"),
        };
    }
    line
}

fn memory(out: &mut Lines, place: &Place<'_>) {
    for name in ["clk_i", "rst_ni", "quiescent_o"] {
        out.whole(flag::BINARY, None, place, name);
    }
    for name in ["now_i", "next_event_o"] {
        out.whole(flag::HEXADECIMAL, None, place, name);
    }
    for name in DEMAND {
        for full in place.beside(name) {
            out.trace(flag::ANALOG, Some(6), &full);
        }
    }
}

fn domain(out: &mut Lines, place: &Place<'_>, d: usize) {
    out.slice(Some(2), place, "state_o", d, 4, &format!("d{d}.state"));
    let bits = [("sw_o", 2), ("sw_ack_i", 2), ("iso_no", 3), ("ret_o", 4), ("light_o", 4), ("live_i", 7)];
    for (name, colour) in bits {
        out.slice(Some(colour), place, name, d, 1, &format!("d{d}.{}", name.trim_end_matches("_i")));
    }
}

fn ports(out: &mut Lines, place: &Place<'_>) {
    for name in ["req_i", "gnt_o", "we_i", "rvalid_o", "err_o"] {
        out.whole(flag::BINARY, None, place, name);
    }
    for name in ["addr_i", "wdata_i", "rdata_o"] {
        out.whole(flag::HEXADECIMAL, None, place, name);
    }
}

/// A save file in the making.
struct Lines(String);

impl Lines {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn group(&mut self, name: &str, folded: bool, fill: impl FnOnce(&mut Self)) {
        let (open, close) = if folded { (flag::OPEN_FOLDED, flag::CLOSE_FOLDED) } else { (flag::OPEN, flag::CLOSE) };
        self.line(&format!("{open}\n-{name}"));
        fill(self);
        self.line(&format!("{close}\n-{name}"));
    }

    fn colour(&mut self, colour: Option<u8>) {
        if let Some(colour) = colour {
            self.line(&format!("[color] {colour}"));
        }
    }

    /// A whole variable, if the dump has it.
    fn whole(&mut self, flags: &str, colour: Option<u8>, place: &Place<'_>, name: &str) {
        if let Some(full) = place.full_name(name) {
            self.trace(flags, colour, &full);
        }
    }

    fn trace(&mut self, flags: &str, colour: Option<u8>, full: &str) {
        self.line(flags);
        self.colour(colour);
        self.line(full);
    }

    /// The `count` bits of a domain out of a variable with `count` bits a domain; bit 0 of a name is its highest.
    fn slice(&mut self, colour: Option<u8>, place: &Place<'_>, name: &str, d: usize, count: usize, alias: &str) {
        let (Some(full), Some(width)) = (place.full_name(name), place.width(name)) else { return };
        if width as usize == count {
            return self.state_or_bit(colour, count, &full);
        }
        let first = width as usize - count * (d + 1);
        let bits: String = (first..first + count).map(|bit| format!(" ({bit}){full}")).collect();
        match count {
            1 => self.state_or_bit(colour, count, bits.trim_start()),
            _ => self.state_or_bit(colour, count, &format!("#{{{alias}}}{bits}")),
        }
    }

    fn state_or_bit(&mut self, colour: Option<u8>, count: usize, trace: &str) {
        self.line(if count == 1 { flag::BINARY } else { flag::FILTERED });
        if count > 1 {
            self.line(&format!("^1 {FILTER}"));
        }
        self.colour(colour);
        self.line(trace);
    }
}
