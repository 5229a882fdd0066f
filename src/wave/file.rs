//! A waveform file, played from its beginning in constant memory: value change dumps by the scanner of this crate, FST files
//! by `wellen`.

use super::dump::{self, Command, Dump, DumpError};
use super::header::Header;
use crate::error::{Error, Result};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use wellen::stream::{Filter, StreamError, StreamingWaveform};
use wellen::{LoadOptions, SignalRef, SignalValueRef};

/// What a file tells while it is played.
pub(super) trait Listener {
    /// A variable gets a value: digits, most significant first, as many as its width or fewer.
    fn change(&mut self, code: u64, digits: &[u8]);
    /// All changes of earlier times were told; those that follow are of this one.
    fn time(&mut self, time: u64) -> ControlFlow<()>;
    /// What follows has no known past.
    fn gap(&mut self) {}
}

/// What went wrong before there was a path to name.
#[derive(Debug)]
pub enum Problem {
    /// The system could not read.
    Read(std::io::Error),
    /// The bytes are not the dump of this design.
    Form(String),
}

impl Problem {
    pub(super) fn at(self, path: &Path) -> Error {
        match self {
            Problem::Read(source) => Error::file("cannot read", path)(source),
            Problem::Form(message) => Error::Artefact { path: path.to_path_buf(), message },
        }
    }

    /// The `vcd` crate reports malformed headers as I/O errors that did not come from the system.
    fn header(error: std::io::Error) -> Self {
        match error.raw_os_error() {
            None => Problem::Form(format!("not a value change dump: {error}")),
            Some(_) => Problem::Read(error),
        }
    }

    fn fst(what: impl std::fmt::Display) -> Self {
        Problem::Form(format!("not an FST file, or a damaged one: {what}"))
    }
}

impl From<DumpError> for Problem {
    fn from(error: DumpError) -> Self {
        match error {
            DumpError::Io(error) => Problem::Read(error),
            DumpError::Syntax(offset) => Problem::Form(format!(
                "no value change {offset} bytes after the header; the file is damaged or cut off"
            )),
        }
    }
}

/// A file whose header has been read.
pub(super) struct WaveformFile<R: Read = File> {
    pub(super) header: Header,
    body: Body<R>,
}

enum Body<R: Read> {
    Vcd(Dump<R>),
    Fst(Box<StreamingWaveform<BufReader<File>>>),
}

impl WaveformFile<File> {
    /// Opens a VCD or an FST file; the first byte tells which.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::file("cannot open", path))?;
        let mut first = [0];
        let read = file.read(&mut first).and_then(|read| file.seek(SeekFrom::Start(0)).map(|_| read));
        match read.map_err(Error::file("cannot read", path))? {
            1 if FST_BLOCKS.contains(&first[0]) => Self::fst(path),
            _ => Self::vcd(file),
        }
        .map_err(|problem| problem.at(path))
    }

    fn fst(path: &Path) -> std::result::Result<Self, Problem> {
        let read = || wellen::stream::read_from_file(path, &LoadOptions::default());
        let waveform = catch_unwind(read).map_err(|_| Problem::fst("its header makes no sense"))?;
        let waveform = waveform.map_err(Problem::fst)?;
        Ok(Self { header: Header::of_hierarchy(waveform.hierarchy()), body: Body::Fst(Box::new(waveform)) })
    }
}

/// What an FST file begins with: a header, or the wrapper of a file compressed as a whole. No text begins so.
const FST_BLOCKS: [u8; 2] = [0, 254];

impl<R: Read> WaveformFile<R> {
    /// A value change dump.
    pub(super) fn vcd(source: R) -> std::result::Result<Self, Problem> {
        let (header, dump) = dump::open(source).map_err(Problem::header)?;
        Ok(Self { header: Header::of_vcd(&header), body: Body::Vcd(dump) })
    }

    /// Tells the listener everything about the variables of `codes`, and at least that, until it has heard enough.
    pub(super) fn play(self, codes: &[u64], listener: &mut impl Listener) -> std::result::Result<(), Problem> {
        match self.body {
            Body::Vcd(dump) => play_vcd(dump, listener),
            Body::Fst(waveform) => {
                let play = AssertUnwindSafe(|| play_fst(*waveform, codes, listener));
                catch_unwind(play).unwrap_or_else(|_| Err(Problem::fst("its blocks make no sense")))
            }
        }
    }
}

fn play_vcd(mut dump: Dump<impl Read>, listener: &mut impl Listener) -> std::result::Result<(), Problem> {
    while let Some(command) = dump.next()? {
        match command {
            Command::Change(code, digits) => listener.change(code, digits),
            Command::Time(time) if listener.time(time).is_break() => return Ok(()),
            Command::Off | Command::On => listener.gap(),
            Command::Time(_) | Command::Other => {}
        }
    }
    Ok(())
}

fn play_fst(
    mut waveform: StreamingWaveform<BufReader<File>>,
    codes: &[u64],
    listener: &mut impl Listener,
) -> std::result::Result<(), Problem> {
    let signals: Vec<SignalRef> = codes.iter().filter_map(|code| SignalRef::from_index(*code as usize)).collect();
    let (mut now, mut digits) = (None, Vec::new());
    let played = waveform.stream_changes(Filter::include_signals(&signals), |time, signal, value| {
        if now.replace(time) != Some(time) && listener.time(time).is_break() {
            return Err(());
        }
        if let SignalValueRef::BitVec(bits) = value {
            digits.clear();
            digits.extend(bits.iter_msb_to_lsb().map(|bit| bit.as_ascii() as u8));
            listener.change(signal.index() as u64, &digits);
        }
        Ok(())
    });
    match played {
        Ok(()) | Err(StreamError::Callback(())) => Ok(()),
        Err(StreamError::Wellen(error)) => Err(Problem::fst(error)),
    }
}
