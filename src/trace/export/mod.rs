//! A run's trace in the forms of other tools: comma-separated values, TransInferSim's memory trace, VCD.

mod changes;
mod transinfersim;
mod waveform;

use super::Run;
use std::io::{self, Write};

/// A form of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Every change of every memory, exact.
    Csv,
    /// The memory trace of TransInferSim: a row a memory at the end of each matmul, after it released its operands.
    TransInferSim,
    /// A waveform: needed bytes by class, obsolete and free bytes of each memory.
    Vcd,
}

/// Writes the trace of `run`.
///
/// # Errors
/// What `to` refuses.
pub fn export(run: &Run, form: Form, to: &mut impl Write) -> io::Result<()> {
    match form {
        Form::Csv => changes::write(run, to),
        Form::TransInferSim => transinfersim::write(run, to),
        Form::Vcd => waveform::write(run, to),
    }
}

/// Name of the memory of that index.
fn memory_name(run: &Run, memory: usize) -> &str {
    run.accelerator.memories.get(memory).map_or("", |m| m.name.as_str())
}

/// A cell of a line of comma-separated values, quoted where it must be.
fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.into(),
    }
}
