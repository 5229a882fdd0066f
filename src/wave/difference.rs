//! Two waveforms of the same signals: where each signal differs first.
//!
//! Both files are played at once, each by a thread of its own, and merged by time; what is held is one value a signal and a few
//! chunks on the way.

use super::file::{Listener, Problem, WaveformFile};
use super::header::{Header, Scope, Variable};
use crate::error::{Error, Result};
use rustc_hash::FxHashMap;
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// How two waveforms are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiffOptions {
    /// Scopes that correspond, joined by dots; signals are those in and below them. Empty: the whole file.
    pub scopes: [String; 2],
    /// Name of a clock in these scopes: only the values just before its rising edges in the first file count, so that the
    /// order in which a simulator settles does not.
    pub clock: Option<String>,
    /// An unknown bit matches anything.
    pub ignore_unknown: bool,
}

/// Outcome of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct WaveDiff {
    /// Signals that are in both files.
    pub compared: usize,
    /// Names that only one file has.
    pub only: [Vec<String>; 2],
    /// The stretch that both files cover, in their unit of time.
    pub times: (u64, u64),
    /// First difference of each signal that has one, by time.
    pub differences: Vec<SignalDifference>,
}

/// A signal that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SignalDifference {
    /// Name below the scope.
    pub signal: String,
    /// Time of the first difference.
    pub time: u64,
    /// Values in both files, in binary.
    pub values: [String; 2],
}

impl WaveDiff {
    /// Whether nothing differs.
    pub fn equal(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Compares two VCD or FST files, in constant memory.
///
/// A signal is compared by its name once both files have told its value, up to the last time of the shorter file: what a file that
/// was cut off says of its last time may lack changes.
///
/// # Errors
/// Files that cannot be read, a scope or clock that is not there, no signal in common, or one of two widths.
pub fn diff(paths: [&Path; 2], options: &DiffOptions) -> Result<WaveDiff> {
    let files = [WaveformFile::open(paths[0])?, WaveformFile::open(paths[1])?];
    let names = [names(&files[0].header, &options.scopes[0]), names(&files[1].header, &options.scopes[1])];
    if let Some(side) = names.iter().position(Vec::is_empty) {
        let scope = &options.scopes[side];
        return Err(no_signals(paths[side], &files[side].header, &format!("has no signals in scope `{scope}`")));
    }
    let pairs = pair(&names, paths)?;
    if pairs.signals.is_empty() {
        let message = format!("has no signal in common with {}", paths[1].display());
        return Err(no_signals(paths[0], &files[0].header, &message));
    }
    let clock = options.clock.as_deref().map(|name| clock(&pairs, name, paths[0])).transpose()?;
    let mut merger = Merger::new(&pairs, clock, options.ignore_unknown);
    let times = play(files, &pairs, &mut merger).map_err(|(side, problem)| problem.at(paths[side]))?;
    Ok(merger.finish(&pairs, times))
}

fn no_signals(path: &Path, header: &Header, message: &str) -> Error {
    let scopes = header.scopes.iter().filter(|scope| !scope.path.is_empty()).map(|scope| scope.path.join("."));
    let known: Vec<String> = scopes.take(8).collect();
    Error::Artefact { path: path.into(), message: format!("{message}; its scopes are {} …", known.join(", ")) }
}

/// Variables with bits in and below a scope, by their names from there.
fn names<'a>(header: &'a Header, scope: &str) -> Vec<(String, &'a Variable)> {
    let above: Vec<&str> = scope.split('.').filter(|part| !part.is_empty()).collect();
    let below = |found: &'a Scope| {
        let inside = found.path.len() >= above.len() && found.path.iter().zip(&above).all(|(a, b)| a == b);
        inside.then(|| (found, Scope { path: found.path[above.len()..].to_vec(), variables: vec![] }))
    };
    let scopes = header.scopes.iter().filter_map(below);
    let variables = scopes.flat_map(|(found, short)| {
        found.variables.iter().filter(|v| v.width > 0).map(move |v| (short.full_name(&plain(v)), v))
    });
    variables.collect()
}

/// One bit may be declared as `x`, `x[0]` or `x[0:0]`.
fn plain(variable: &Variable) -> Variable {
    let range = match variable.range.trim_matches(['[', ']']) {
        "0" | "0:0" => String::new(),
        bounds => match bounds.split_once(':') {
            Some((msb, lsb)) if msb == lsb => format!("[{msb}]"),
            _ => variable.range.clone(),
        },
    };
    Variable { range, ..variable.clone() }
}

/// Signals of both files.
struct Pairs {
    signals: Vec<Signal>,
    only: [Vec<String>; 2],
    /// Signals by code, for each file.
    by_code: [FxHashMap<u64, Vec<u32>>; 2],
}

struct Signal {
    name: String,
    width: usize,
}

fn pair(names: &[Vec<(String, &Variable)>; 2], paths: [&Path; 2]) -> Result<Pairs> {
    let second: FxHashMap<&str, &Variable> = names[1].iter().map(|(name, v)| (name.as_str(), *v)).collect();
    let first: FxHashMap<&str, &Variable> = names[0].iter().map(|(name, v)| (name.as_str(), *v)).collect();
    let mut pairs = Pairs { signals: Vec::new(), only: [vec![], vec![]], by_code: Default::default() };
    let mut seen = FxHashMap::default();
    for (name, variable) in &names[0] {
        let Some(other) = second.get(name.as_str()) else {
            pairs.only[0].push(name.clone());
            continue;
        };
        if variable.width != other.width {
            let message = format!("{name} has {} bits, in {} {}", variable.width, paths[1].display(), other.width);
            return Err(Error::Artefact { path: paths[0].into(), message });
        }
        if seen.insert((variable.code, other.code), ()).is_none() {
            let index = pairs.signals.len() as u32;
            pairs.signals.push(Signal { name: name.clone(), width: variable.width as usize });
            pairs.by_code[0].entry(variable.code).or_default().push(index);
            pairs.by_code[1].entry(other.code).or_default().push(index);
        }
    }
    pairs.only[1] =
        names[1].iter().filter(|(name, _)| !first.contains_key(name.as_str())).map(|n| n.0.clone()).collect();
    Ok(pairs)
}

fn clock(pairs: &Pairs, name: &str, path: &Path) -> Result<u32> {
    let found = pairs.signals.iter().position(|signal| signal.name == name && signal.width == 1);
    let message = || format!("has no signal `{name}` of one bit that the other file has too");
    found.map(|index| index as u32).ok_or_else(|| Error::Artefact { path: path.into(), message: message() })
}

/// Changes on their way from a reader to the merger.
#[derive(Default)]
struct Chunk {
    /// Each time, and the end of its changes.
    times: Vec<(u64, usize)>,
    /// Each signal, and the end of its digits.
    changes: Vec<(u32, usize)>,
    digits: Vec<u8>,
}

/// Digits after which a chunk is sent on.
const CHUNK_DIGITS: usize = 1 << 16;
/// Chunks that wait for the merger.
const CHUNKS: usize = 4;

/// Fills chunks.
struct Sender<'a> {
    by_code: &'a FxHashMap<u64, Vec<u32>>,
    chunk: Chunk,
    channel: SyncSender<Chunk>,
}

impl Sender<'_> {
    fn close_time(&mut self) {
        let end = self.chunk.changes.len();
        if let Some(last) = self.chunk.times.last_mut() {
            last.1 = end;
        }
    }

    fn send(&mut self) -> ControlFlow<()> {
        self.close_time();
        let sent = self.channel.send(std::mem::take(&mut self.chunk));
        if sent.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

impl Listener for Sender<'_> {
    fn change(&mut self, code: u64, digits: &[u8]) {
        let Some(signals) = self.by_code.get(&code) else { return };
        if self.chunk.times.is_empty() {
            self.chunk.times.push((0, 0));
        }
        for signal in signals {
            self.chunk.digits.extend_from_slice(digits);
            self.chunk.changes.push((*signal, self.chunk.digits.len()));
        }
    }

    fn time(&mut self, time: u64) -> ControlFlow<()> {
        if self.chunk.digits.len() >= CHUNK_DIGITS {
            self.send()?;
        }
        self.close_time();
        self.chunk.times.push((time, self.chunk.changes.len()));
        ControlFlow::Continue(())
    }
}

/// The times of one file, one after the other.
struct Steps {
    channel: Receiver<Chunk>,
    chunk: Chunk,
    next: usize,
}

impl Steps {
    fn new(channel: Receiver<Chunk>) -> Self {
        Self { channel, chunk: Chunk::default(), next: 0 }
    }

    /// The next time, `None` at the end of the file.
    fn time(&mut self) -> Option<u64> {
        while self.next >= self.chunk.times.len() {
            self.chunk = self.channel.recv().ok()?;
            self.next = 0;
        }
        Some(self.chunk.times[self.next].0)
    }

    /// Hands out the changes of the next time and goes on.
    fn take(&mut self, mut change: impl FnMut(u32, &[u8])) {
        self.changes().for_each(|(signal, digits)| change(signal, digits));
        self.next += 1;
    }

    /// Whether the next time brings a signal of one bit to 1.
    fn raises(&self, signal: u32) -> bool {
        self.changes().any(|change| change == (signal, &b"1"[..]))
    }

    /// Changes of the next time.
    fn changes(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let chunk = &self.chunk;
        let first = self.next.checked_sub(1).map_or(0, |before| chunk.times[before].1);
        (first..chunk.times[self.next].1).map(|k| {
            let start = k.checked_sub(1).map_or(0, |before| chunk.changes[before].1);
            let (signal, end) = chunk.changes[k];
            (signal, &chunk.digits[start..end])
        })
    }
}

/// Plays both files side by side into the merger; the stretch that both cover.
fn play(
    files: [WaveformFile; 2],
    pairs: &Pairs,
    merger: &mut Merger,
) -> std::result::Result<(u64, u64), (usize, Problem)> {
    let [first, second] = files;
    std::thread::scope(|scope| {
        let start = |file: WaveformFile, by_code: &'_ FxHashMap<u64, Vec<u32>>| {
            let (channel, receiver) = sync_channel(CHUNKS);
            let by_code = by_code.clone();
            let read = scope.spawn(move || {
                let codes: Vec<u64> = by_code.keys().copied().collect();
                let mut sender = Sender { by_code: &by_code, chunk: Chunk::default(), channel };
                file.play(&codes, &mut sender)?;
                let _ = sender.send();
                Ok(())
            });
            (read, Steps::new(receiver))
        };
        let (first, mut a) = start(first, &pairs.by_code[0]);
        let (second, mut b) = start(second, &pairs.by_code[1]);
        let times = merger.merge(&mut a, &mut b);
        drop((a, b));
        for (side, reader) in [first, second].into_iter().enumerate() {
            let broken = || Problem::Form("could not be read".into());
            reader.join().unwrap_or_else(|_| Err(broken())).map_err(|problem| (side, problem))?;
        }
        Ok(times)
    })
}

/// Values of both files at the present time.
struct Merger {
    /// First digit of each signal in both value lists.
    first: Vec<usize>,
    values: [Vec<u8>; 2],
    clock: Option<u32>,
    ignore_unknown: bool,
    /// Signals that changed since they were last compared.
    dirty: Vec<u32>,
    is_dirty: Vec<bool>,
    found: Vec<Option<u64>>,
    differences: Vec<(u32, u64, [String; 2])>,
}

/// Digit of a signal that has no value yet.
const UNTOLD: u8 = b'?';

impl Merger {
    fn new(pairs: &Pairs, clock: Option<u32>, ignore_unknown: bool) -> Self {
        let mut first = vec![0];
        first.extend(pairs.signals.iter().scan(0, |end, signal| {
            *end += signal.width;
            Some(*end)
        }));
        let digits = first.last().copied().unwrap_or_default();
        Self {
            first,
            values: [vec![UNTOLD; digits], vec![UNTOLD; digits]],
            clock,
            ignore_unknown,
            dirty: Vec::new(),
            is_dirty: vec![false; pairs.signals.len()],
            found: vec![None; pairs.signals.len()],
            differences: Vec::new(),
        }
    }

    /// Goes through both files by time, as long as both last.
    fn merge(&mut self, a: &mut Steps, b: &mut Steps) -> (u64, u64) {
        let begin = match (a.time(), b.time()) {
            (Some(a), Some(b)) => a.max(b),
            _ => return (0, 0),
        };
        let mut end = begin;
        while let (Some(in_a), Some(in_b)) = (a.time(), b.time()) {
            let now = in_a.min(in_b);
            if now >= begin && in_a == now && self.clock.is_some_and(|clock| self.is_low(clock) && a.raises(clock)) {
                self.compare(now);
            }
            // What a file says before its first time counts as said at 0.
            while a.time() == Some(now) {
                a.take(|signal, digits| self.set(0, signal, digits));
            }
            while b.time() == Some(now) {
                b.take(|signal, digits| self.set(1, signal, digits));
            }
            if a.time().is_none() != b.time().is_none() {
                break;
            }
            if self.clock.is_none() && now >= begin {
                self.compare(now);
            }
            end = now;
        }
        (begin, end)
    }

    fn is_low(&self, clock: u32) -> bool {
        self.values[0][self.first[clock as usize]] == b'0'
    }

    /// Digits that are left out are those above the first: 0, or the first one where it is unknown.
    fn set(&mut self, side: usize, signal: u32, digits: &[u8]) {
        let range = self.first[signal as usize]..self.first[signal as usize + 1];
        let value = &mut self.values[side][range];
        let given = digits.len().min(value.len());
        let (above, given) = (value.len() - given, &digits[digits.len() - given..]);
        let fill = given.first().map_or(b'0', |digit| if *digit > b'1' { digit.to_ascii_lowercase() } else { b'0' });
        value[..above].fill(fill);
        value[above..].iter_mut().zip(given).for_each(|(v, digit)| *v = digit.to_ascii_lowercase());
        if !std::mem::replace(&mut self.is_dirty[signal as usize], true) {
            self.dirty.push(signal);
        }
    }

    fn compare(&mut self, now: u64) {
        for signal in std::mem::take(&mut self.dirty) {
            let index = signal as usize;
            self.is_dirty[index] = false;
            let range = self.first[index]..self.first[index + 1];
            let [a, b] = [&self.values[0][range.clone()], &self.values[1][range]];
            let told = a[0] != UNTOLD && b[0] != UNTOLD;
            if self.found[index].is_none() && told && !self.same(a, b) {
                self.found[index] = Some(now);
                let text = |digits: &[u8]| String::from_utf8_lossy(digits).into_owned();
                self.differences.push((signal, now, [text(a), text(b)]));
            }
        }
    }

    fn same(&self, a: &[u8], b: &[u8]) -> bool {
        let either_unknown = |a: u8, b: u8| self.ignore_unknown && (a > b'1' || b > b'1');
        a == b || a.iter().zip(b).all(|(a, b)| a == b || either_unknown(*a, *b))
    }

    fn finish(self, pairs: &Pairs, times: (u64, u64)) -> WaveDiff {
        let named = |(signal, time, values): (u32, u64, [String; 2])| SignalDifference {
            signal: pairs.signals[signal as usize].name.clone(),
            time,
            values,
        };
        let mut differences: Vec<SignalDifference> = self.differences.into_iter().map(named).collect();
        differences.sort_by(|a, b| (a.time, &a.signal).cmp(&(b.time, &b.signal)));
        WaveDiff { compared: pairs.signals.len(), only: pairs.only.clone(), times, differences }
    }
}
