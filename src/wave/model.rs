//! The waveform of the reference model, with the scopes, names and times of the RTL's, to lay beside it.
//!
//! The clock edge that begins cycle *n* is at time 2*n*, its falling edge at 2*n* + 1. What does not matter is unknown: the next
//! event of a memory that is not quiescent. Curves of what the memory holds stand beside it, in `g_demand`.

use super::check::Window;
use crate::artefact;
use crate::error::{Error, Result};
use crate::power::cycle::{Device, Inputs, Outputs};
use crate::power::reference::ReferenceModel;
use crate::power::replay::Driver;
use crate::power::{Design, Organisation, State, Stimulus};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;
use vcd::{IdCode, ReferenceIndex, TimescaleUnit, Value, VarType, Writer};

/// Scopes above the memory's top, those of a co-simulation.
const ABOVE: [&str; 2] = ["TOP", "pgsram_harness"];
/// Scope of the curves.
const BESIDE: &str = "g_demand";

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ModelWaveform {
    /// First cycle.
    pub from: u64,
    /// First cycle after the last one written.
    pub to: u64,
    /// Size of the file.
    pub bytes: u64,
}

/// Plays a stimulus on the reference model and writes the evaluated cycles of the window to a VCD file.
///
/// `needed` is the plan's curve of needed bytes: cycles, ascending, and the bytes from there on; it becomes the signal `demand`.
/// The bytes of blocks that are live in the replay become `occupancy`.
///
/// # Errors
/// A stimulus that does not fit the memory or cannot proceed; a file that cannot be written.
pub fn write_model(
    path: &Path,
    design: &Design,
    stimulus: &Stimulus,
    needed: &[(u64, u64)],
    window: Window,
) -> Result<ModelWaveform> {
    let mut failure = None;
    let mut written = (0, 0);
    let write = artefact::write_with(path, |file| {
        let mut recorder = Recorder::new(file, design)?;
        match play(&mut recorder, design, stimulus, needed, window) {
            Ok(cycles) => written = cycles,
            Err(Stopped::Write(error)) => return Err(error),
            Err(Stopped::Play(error)) => failure = Some(error),
        }
        if failure.is_some() { Err(io::Error::other("the replay stopped")) } else { Ok(()) }
    });
    match (failure, write) {
        (Some(error), _) | (None, Err(error)) => Err(error),
        (None, Ok(())) => {
            let bytes = std::fs::metadata(path).map_err(Error::file("cannot read", path))?.len();
            Ok(ModelWaveform { from: written.0, to: written.1, bytes })
        }
    }
}

enum Stopped {
    Write(io::Error),
    Play(Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Play(error)
    }
}

/// First cycle written, and the one after the last.
fn play(
    recorder: &mut Recorder<impl Write>,
    design: &Design,
    stimulus: &Stimulus,
    needed: &[(u64, u64)],
    window: Window,
) -> std::result::Result<(u64, u64), Stopped> {
    let controller = design.controller();
    let mut model = ReferenceModel::new(controller)?;
    let mut driver = Driver::new(stimulus, &controller, true)?;
    let mut written = None;
    while !driver.finished() && driver.now() < window.to {
        let now = driver.now();
        let (_, retained) = model.rails();
        let inputs = driver.inputs().clone();
        let occupancy = driver.live_words() * design.organisation.word_bytes();
        let outputs = model.cycle(&inputs);
        if window.contains(now) {
            let at = needed.partition_point(|(cycle, _)| *cycle <= now);
            let demand = at.checked_sub(1).map_or(0, |last| needed[last].1);
            recorder.cycle(&inputs, outputs, retained, [occupancy, demand])?;
            written = Some((written.map_or(now, |(first, _)| first), now + 1));
        }
        driver.accept(outputs.grants);
        driver.next_cycle(outputs.quiescent, outputs.next_event)?;
    }
    Ok(written.unwrap_or_default())
}

/// Value of a signal: bits, 64 to a word, least significant first; `None` for unknown.
type Bits = Option<Vec<u64>>;

struct Signal {
    code: IdCode,
    width: u32,
    last: Option<Bits>,
}

/// Writes what changes.
struct Recorder<W: Write> {
    writer: Writer<W>,
    signals: Vec<Signal>,
    organisation: Organisation,
    address_bits: u32,
    addresses: Vec<u64>,
    writes: u64,
    /// Acknowledge pins of the cycle before.
    pins: u64,
}

/// The memory's signals in the order of [`levels`], with their widths: per domain, per port, single bits.
fn declared(o: &Organisation, address_bits: u32) -> [(&'static str, u32); 23] {
    let (d, p) = (o.domains, o.ports);
    [
        ("clk_i", 1),
        ("sw_ack_i", d),
        ("rst_ni", 1),
        ("now_i", 64),
        ("req_i", p),
        ("we_i", p),
        ("addr_i", p * address_bits),
        ("live_i", d),
        ("force_on_i", d),
        ("force_off_i", d),
        ("gnt_o", p),
        ("rvalid_o", p),
        ("err_o", p),
        ("poison_o", p),
        ("state_o", 4 * d),
        ("sw_o", d),
        ("iso_no", d),
        ("ret_o", d),
        ("light_o", d),
        ("fault_o", d),
        ("quiescent_o", 1),
        ("next_event_valid_o", 1),
        ("next_event_o", 64),
    ]
}

/// Signals that change with the falling edge too: clock and acknowledge pins, the first of [`declared`].
const CLOCK: usize = 0;
const PINS: usize = 1;

impl<W: Write> Recorder<W> {
    fn new(sink: W, design: &Design) -> io::Result<Self> {
        let organisation = design.organisation;
        let address_bits = (u64::BITS - (organisation.words() - 1).leading_zeros()).max(1);
        let mut writer = Writer::new(sink);
        writer.timescale(1, TimescaleUnit::PS)?;
        ABOVE.iter().try_for_each(|scope| writer.add_module(scope))?;
        writer.add_module(&format!("pgsram_{}", design.name))?;
        let mut signals = Vec::new();
        for (name, width) in declared(&organisation, address_bits) {
            signals.push(declare(&mut writer, name, width)?);
        }
        writer.upscope()?;
        writer.add_module(BESIDE)?;
        for name in ["occupancy", "demand"] {
            signals.push(declare(&mut writer, name, 64)?);
        }
        (0..ABOVE.len() + 1).try_for_each(|_| writer.upscope())?;
        writer.enddefinitions()?;
        let addresses = vec![0; organisation.ports as usize];
        Ok(Self { writer, signals, organisation, address_bits, addresses, writes: 0, pins: 0 })
    }

    fn cycle(&mut self, inputs: &Inputs, outputs: &Outputs, retained: u64, curves: [u64; 2]) -> io::Result<()> {
        self.writer.timestamp(2 * inputs.now)?;
        let levels = self.levels(inputs, outputs, retained);
        let curves = curves.into_iter().map(|bytes| Some(vec![bytes]));
        for (index, bits) in levels.into_iter().chain(curves).enumerate() {
            self.set(index, bits)?;
        }
        self.pins = outputs.acknowledge;
        self.writer.timestamp(2 * inputs.now + 1)?;
        self.set(CLOCK, Some(vec![0]))?;
        self.set(PINS, Some(vec![self.pins]))
    }

    /// Values after the rising edge, in the order of [`declared`].
    fn levels(&mut self, inputs: &Inputs, outputs: &Outputs, retained: u64) -> Vec<Bits> {
        let mut requests = 0;
        for (port, request) in inputs.requests.iter().enumerate().filter(|(_, request)| request.valid) {
            requests |= 1 << port;
            self.addresses[port] = request.word;
            self.writes = self.writes & !(1 << port) | u64::from(request.write) << port;
        }
        let flags = |which: fn(&crate::power::cycle::Response) -> bool| {
            outputs.responses.iter().enumerate().fold(0, |mask, (port, r)| mask | u64::from(which(r)) << port)
        };
        let of_states = |which: fn(State) -> bool| {
            let state = |d: u32| State::from_code((outputs.states[d as usize / 16] >> (4 * (d % 16)) & 15) as u8);
            (0..self.organisation.domains).fold(0, |mask, d| mask | u64::from(state(d).is_some_and(which)) << d)
        };
        let masks = [self.pins, 1, inputs.now, requests, self.writes];
        let then = [inputs.live, inputs.force_on, inputs.force_off, outputs.grants];
        let answers = [flags(|r| r.valid), flags(|r| r.error), flags(|r| r.poison)];
        let power = [outputs.switches, of_states(State::unisolated), retained, of_states(|s| s == State::Light)];
        let one = |word: u64| Some(vec![word]);
        let mut levels = vec![one(1)];
        levels.extend(masks.map(one));
        levels.push(Some(packed(&self.addresses, self.address_bits)));
        levels.extend(then.map(one).into_iter().chain(answers.map(one)));
        levels.push(Some(outputs.states.to_vec()));
        levels.extend(power.map(one));
        levels.extend([outputs.faults, u64::from(outputs.quiescent), u64::from(outputs.next_event.is_some())].map(one));
        levels.push(outputs.next_event.map(|event| vec![event]));
        levels
    }

    fn set(&mut self, index: usize, bits: Bits) -> io::Result<()> {
        let signal = &mut self.signals[index];
        if signal.last.as_ref() == Some(&bits) {
            return Ok(());
        }
        let value = |bit: u32| match &bits {
            None => Value::X,
            Some(words) => (words.get(bit as usize / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)).into(),
        };
        match signal.width {
            1 => self.writer.change_scalar(signal.code, value(0))?,
            width => self.writer.change_vector(signal.code, (0..width).rev().map(value))?,
        }
        signal.last = Some(bits);
        Ok(())
    }
}

fn declare<W: Write>(writer: &mut Writer<W>, name: &str, width: u32) -> io::Result<Signal> {
    let range = (width > 1).then(|| ReferenceIndex::Range(width as i32 - 1, 0));
    let code = writer.add_var(VarType::Wire, width, name, range)?;
    Ok(Signal { code, width, last: None })
}

/// Fields of `width` bits side by side, the first lowest.
fn packed(fields: &[u64], width: u32) -> Vec<u64> {
    let mut words = vec![0u64; (fields.len() * width as usize).div_ceil(64)];
    for (index, field) in fields.iter().enumerate() {
        let (word, shift) = (index * width as usize / 64, index as u32 * width % 64);
        words[word] |= field << shift;
        if shift + width > 64 {
            words[word + 1] |= field >> (64 - shift);
        }
    }
    words
}
