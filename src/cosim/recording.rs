//! A recording of every input and output of a memory, to be played by another simulator.

use super::ffi::{Model, PortIndex};
use super::harness;
use super::toolchain::{self, run};
use super::{BuildOptions, CompiledMemory, RtlSources};
use crate::rtl::{Direction, Parameters, Port};
use crate::{Error, Result};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The bench that plays a recording.
const BENCH: &str = include_str!("../../testbenches/pgsram_replay_tb.v");
/// The input that the bench drives itself.
const CLOCK: &str = "clk_i";

/// Inputs and outputs of every clock edge so far.
#[derive(Debug)]
pub(super) struct Recording {
    ports: Vec<(Port, PortIndex)>,
    parameters: Parameters,
    inputs: String,
    lines: Vec<String>,
    /// Cycle of each line; none in reset.
    cycles: Vec<Option<u64>>,
}

/// Where another simulator showed something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// Cycle; none while the reset is released.
    pub cycle: Option<u64>,
    /// Output and the bit of it.
    pub signal: String,
    /// What was recorded.
    pub expected: String,
    /// What the other simulator showed, such as `x`.
    pub seen: String,
}

impl Recording {
    pub(super) fn new(model: &Model, memory: &CompiledMemory) -> Result<Self> {
        let ports = harness::ports(&memory.parameters, memory.laboratory).into_iter().filter(|port| port.name != CLOCK);
        let ports = ports.map(|port| Ok((port, model.port(port.name)?))).collect::<Result<Vec<_>>>()?;
        let (inputs, lines) = (String::new(), Vec::new());
        Ok(Self { ports, parameters: memory.parameters, inputs, lines, cycles: Vec::new() })
    }

    /// Inputs as they are at the clock edge.
    pub(super) fn edge(&mut self, model: &Model) {
        self.inputs = self.bits(model, Direction::Input);
    }

    /// Inputs and outputs as they are when everything has settled; `known` tells which bytes of the data of each port are. In reset, no
    /// cycle, nothing is compared.
    pub(super) fn settled(&mut self, model: &Model, cycle: Option<u64>, known: &[Option<u128>]) {
        let low = self.bits(model, Direction::Input);
        let outputs = self.bits(model, Direction::Output);
        let mask = match cycle {
            Some(_) => self.mask(known),
            None => "0".repeat(outputs.len()),
        };
        self.lines.push(hexadecimal(&[self.inputs.as_str(), &low, &outputs, &mask].concat()));
        self.cycles.push(cycle);
    }

    /// The ports of one direction as binary digits, the first port first.
    fn bits(&self, model: &Model, direction: Direction) -> String {
        let mut text = String::new();
        for (port, index) in self.ports.iter().filter(|(port, _)| port.direction == direction) {
            let (value, width) = (model.value(*index), port.width(&self.parameters) as usize);
            text.extend((0..width).rev().map(|bit| if value[bit / 8] >> (bit % 8) & 1 == 1 { '1' } else { '0' }));
        }
        text
    }

    /// Ones for what is known: everything but bytes of answers that are not valid or were not asked for.
    fn mask(&self, known: &[Option<u128>]) -> String {
        let bytes = self.parameters.word_bits as usize / 8;
        let known_bit =
            |bit: usize| known[bit / (8 * bytes)].is_none_or(|enables| enables >> (bit / 8 % bytes) & 1 == 1);
        let mut text = String::new();
        for (port, _) in self.ports.iter().filter(|(port, _)| port.direction == Direction::Output) {
            let width = port.width(&self.parameters) as usize;
            let digit = |bit: usize| if is_known(port.name, bit, known_bit) { '1' } else { '0' };
            text.extend((0..width).rev().map(digit));
        }
        text
    }

    /// Plays the recording in Icarus Verilog, where lost contents are x.
    ///
    /// # Errors
    /// [`Error::MissingTool`] without Icarus, [`Error::Tool`] if it refuses the sources, [`Error::File`] where the file system does.
    pub(super) fn play_in_icarus(
        &self,
        sources: &RtlSources,
        options: BuildOptions,
        folder: &Path,
    ) -> Result<Option<Disagreement>> {
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).map_err(Error::file("cannot write", &path))
        };
        let files = harness::files(sources, &self.parameters, options);
        files.iter().try_for_each(|(name, text)| write(name, text))?;
        write("pgsram_replay_tb.v", BENCH)?;
        write("pgsram_replay.vh", &self.header())?;
        write("recording.hex", &(self.lines.join("\n") + "\n"))?;
        let compiler = toolchain::icarus()?;
        let mut compile = Command::new(compiler);
        compile.current_dir(folder).args(["-g2005", "-DPGSRAM_X", "-s", "pgsram_replay_tb", "-o", "replay"]);
        run(compile.args(files.iter().map(|(name, _)| name)).arg("pgsram_replay_tb.v"), "iverilog")?;
        self.judge(&run(Command::new("vvp").current_dir(folder).args(["-n", "replay"]), "vvp")?)
    }

    /// What the bench needs to know of the ports.
    fn header(&self) -> String {
        let total = |direction| {
            let own = self.ports.iter().filter(|(port, _)| port.direction == direction);
            own.map(|(port, _)| port.width(&self.parameters)).sum::<u32>()
        };
        let (inputs, outputs) = (total(Direction::Input), total(Direction::Output));
        let mut left = [inputs, outputs];
        let pins = self.ports.iter().map(|(port, _)| {
            let (side, vector) = if port.direction == Direction::Input { (0, "in") } else { (1, "out") };
            left[side] -= port.width(&self.parameters);
            format!(".{}({vector}[{}+:{}])", port.name, left[side], port.width(&self.parameters))
        });
        let pins = pins.collect::<Vec<_>>().join(", ");
        let mut text = String::new();
        let _ = writeln!(text, "`define PGSRAM_INPUTS {inputs}\n`define PGSRAM_OUTPUTS {outputs}");
        let _ = writeln!(text, "`define PGSRAM_LINES {}\n`define PGSRAM_PINS {pins}", self.lines.len());
        text
    }

    fn judge(&self, text: &str) -> Result<Option<Disagreement>> {
        let verdict = text.lines().find(|line| line.starts_with("EQUAL") || line.starts_with("DIFFERENT"));
        let words: Vec<&str> = verdict.unwrap_or_default().split_whitespace().collect();
        match words[..] {
            ["EQUAL", _] => Ok(None),
            ["DIFFERENT", "line", line, "bit", bit, "expected", expected, "seen", seen] => {
                let cycle = line.parse().ok().and_then(|line: usize| self.cycles.get(line).copied().flatten());
                let signal = self.output(bit.parse().unwrap_or(0));
                Ok(Some(Disagreement { cycle, signal, expected: expected.into(), seen: seen.into() }))
            }
            _ => Err(Error::Tool { tool: "vvp".into(), message: format!("ended without a verdict\n{text}") }),
        }
    }

    /// Name of an output and the bit of it, by the place in all outputs.
    fn output(&self, place: u32) -> String {
        let mut below = place;
        for (port, _) in self.ports.iter().rev().filter(|(port, _)| port.direction == Direction::Output) {
            let width = port.width(&self.parameters);
            if below < width {
                return format!("{}[{below}]", port.name);
            }
            below -= width;
        }
        "?".into()
    }
}

/// Read data of AXI4 fronts come from a queue that holds nothing at first, and lost contents.
fn is_known(port: &str, bit: usize, known_bit: impl Fn(usize) -> bool) -> bool {
    match port {
        "rdata_o" => known_bit(bit),
        "axi_rdata_o" | "axi_rlast_o" | "axi_rresp_o" => false,
        _ => true,
    }
}

/// Binary digits as hexadecimal ones.
fn hexadecimal(bits: &str) -> String {
    let padding = (4 - bits.len() % 4) % 4;
    let padded = "0".repeat(padding) + bits;
    let digit = |four: &[u8]| four.iter().fold(0, |value, bit| 2 * value + u32::from(bit - b'0'));
    padded.as_bytes().chunks(4).filter_map(|four| char::from_digit(digit(four), 16)).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn bits_are_read_from_the_right() {
        assert_eq!(super::hexadecimal("1"), "1");
        assert_eq!(super::hexadecimal("10111"), "17");
        assert_eq!(super::hexadecimal("1111000010100101"), "f0a5");
    }
}
