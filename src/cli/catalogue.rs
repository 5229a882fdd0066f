//! `trapti models`, `trapti devices`: what is built in.

use super::Answer;
use super::output::{Output, table, wrapped};
use crate::accelerator::Accelerator;
use crate::builtin::{BuiltIn, Kind};
use crate::error::Result;
use crate::sram::{EmbeddedTable, Technology};
use crate::units::{Bytes, grouped};
use crate::workload::{Family, Model, Scenario};
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

/// List the models whose config is built in; a name stands wherever a config may.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  trapti simulate smollm2-135m --prefill 128 --accelerator edge-2x128")]
pub(super) struct Models {}

/// List the accelerators and SRAM technologies that are built in; a name stands wherever an accelerator file may.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  trapti simulate gpt2-xl --accelerator nvdla-small
  trapti sram --capacity 256KiB --word-bits 128 --node 22nm --device itrs-lstp")]
pub(super) struct Devices {}

/// A built-in model.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ModelEntry {
    /// Name to give in place of a config.
    name: String,
    /// Family.
    family: Family,
    /// Layers of the encoder.
    encoder_layers: usize,
    /// Layers of the decoder.
    decoder_layers: usize,
    /// Width of the residual stream.
    hidden: u32,
    /// Parameters, all of them.
    parameters: u64,
    /// Bytes of keys and values that one token leaves at 8 bits.
    kv_bytes_per_token: u64,
}

/// Built-in accelerators and technologies.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DeviceList {
    /// Accelerators.
    accelerators: Vec<AcceleratorEntry>,
    /// Technologies of the embedded SRAM table.
    technologies: Vec<TechnologyEntry>,
}

/// A built-in accelerator.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AcceleratorEntry {
    /// Name to give in place of a file.
    name: String,
    /// What it is.
    about: String,
    /// Where its values are from.
    source: String,
    /// Rows and columns of each array.
    arrays: Vec<[u32; 2]>,
    /// Capacity of each on-chip memory; none: unlimited.
    memory_bytes: Vec<Option<u64>>,
    /// Clock.
    clock_hz: u64,
    /// Bytes a second of the off-chip memory, all channels, without latency.
    dram_bytes_per_second: u64,
}

/// A technology of the embedded SRAM table.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TechnologyEntry {
    /// Name in a study.
    name: String,
    /// Node.
    node_nm: u32,
    /// Transistors of the cells.
    cells: String,
    /// Transistors around them.
    periphery: String,
}

pub(super) fn models(output: Output) -> Result<Answer> {
    let entries = Kind::Model.all().iter().map(ModelEntry::of).collect::<Result<Vec<_>>>()?;
    output.result(&entries, || {
        let head = ["model", "layers", "hidden", "parameters", "KV cache [bytes/token]"].map(String::from).to_vec();
        table(&std::iter::once(head).chain(entries.iter().map(ModelEntry::row)).collect::<Vec<_>>())
    });
    Ok(Answer::Yes)
}

impl ModelEntry {
    fn of(text: &BuiltIn) -> Result<Self> {
        let model = Model::parse(&text.source())?;
        let stacks = [&model.encoder, &model.decoder].map(Option::as_ref);
        let [encoder_layers, decoder_layers] = stacks.map(|stack| stack.map_or(0, |stack| stack.layers.len()));
        let takes_source = model.encoder.is_some() && model.decoder.is_some();
        let facts = model.facts(&Scenario { source: takes_source.then_some(1), ..Scenario::new(1) })?;
        Ok(Self {
            name: text.name.into(),
            family: model.family,
            encoder_layers,
            decoder_layers,
            hidden: stacks.into_iter().flatten().map(|stack| stack.hidden).max().unwrap_or(0),
            parameters: facts.parameters,
            kv_bytes_per_token: facts.kv_bytes_per_token,
        })
    }

    fn row(&self) -> Vec<String> {
        let layers = match (self.encoder_layers, self.decoder_layers) {
            (encoder, 0) => encoder.to_string(),
            (0, decoder) => decoder.to_string(),
            (encoder, decoder) => format!("{encoder} + {decoder}"),
        };
        let (hidden, parameters) = (self.hidden.to_string(), grouped(self.parameters));
        vec![self.name.clone(), layers, hidden, parameters, grouped(self.kv_bytes_per_token)]
    }
}

pub(super) fn devices(output: Output) -> Result<Answer> {
    let accelerators = Kind::Accelerator.all().iter().map(AcceleratorEntry::of).collect::<Result<Vec<_>>>()?;
    let technologies = EmbeddedTable::new(false)?.technologies().into_iter().map(TechnologyEntry::of).collect();
    let list = DeviceList { accelerators, technologies };
    output.result(&list, || list.human());
    Ok(Answer::Yes)
}

impl DeviceList {
    fn human(&self) -> String {
        let head = ["accelerator", "arrays", "on-chip memory", "clock", "DRAM"].map(String::from).to_vec();
        let rows = self.accelerators.iter().map(AcceleratorEntry::row);
        let mut text = table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
        for entry in &self.accelerators {
            text.push_str(&format!("\n{}", wrapped(&format!("{}: ", entry.name), &entry.about, "  ")));
            text.push_str(&wrapped("  ", &entry.source, "  "));
        }
        let head = ["SRAM technology", "node", "cells", "periphery"].map(String::from).to_vec();
        let row = |t: &TechnologyEntry| {
            vec![t.name.clone(), format!("{} nm", t.node_nm), t.cells.clone(), t.periphery.clone()]
        };
        let rows = self.technologies.iter().map(row);
        text.push_str(&format!("\n{}", table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())));
        text
    }
}

impl AcceleratorEntry {
    fn of(text: &BuiltIn) -> Result<Self> {
        let chip = Accelerator::parse(&text.source())?;
        let mut about = paragraphs(text.text);
        let channel = u64::from(chip.dram.channel_bits) * u64::from(chip.dram.ports);
        Ok(Self {
            name: text.name.into(),
            about: about.next().unwrap_or_default(),
            source: about.next().unwrap_or_default(),
            arrays: chip.arrays.iter().map(|array| [array.rows, array.columns]).collect(),
            memory_bytes: chip.memories.iter().map(|memory| memory.capacity.map(|bytes| bytes.0)).collect(),
            clock_hz: chip.clock.0,
            dram_bytes_per_second: channel * chip.dram.transfers_per_second / 8,
        })
    }

    fn row(&self) -> Vec<String> {
        let arrays: Vec<String> = self.arrays.iter().map(|[rows, columns]| format!("{rows}×{columns}")).collect();
        let size = |bytes: &Option<u64>| bytes.map_or("unlimited".into(), |bytes| Bytes(bytes).human());
        let memories: Vec<String> = self.memory_bytes.iter().map(size).collect();
        let clock = format!("{} MHz", self.clock_hz / 1_000_000);
        let dram = format!("{:.1} GB/s", self.dram_bytes_per_second as f64 / 1e9);
        vec![self.name.clone(), counted(&arrays), counted(&memories), clock, dram]
    }
}

impl TechnologyEntry {
    fn of(technology: Technology) -> Self {
        Self {
            name: technology.to_string(),
            node_nm: technology.node_nm,
            cells: technology.cell.name().into(),
            periphery: technology.periphery.name().into(),
        }
    }
}

/// Comments above the first key, a paragraph each: what it is, where it is from.
fn paragraphs(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().take_while(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let lines: Vec<&str> = lines.collect();
    let joined: Vec<String> = lines.split(|line| line.is_empty()).map(|paragraph| paragraph.join(" ")).collect();
    joined.into_iter()
}

/// Equal neighbours once, with how many: `2 × 128×128`.
fn counted(parts: &[String]) -> String {
    let run = |part: &[String]| match part.len() {
        1 => part[0].clone(),
        many => format!("{many} of {}", part[0]),
    };
    parts.chunk_by(|a, b| a == b).map(run).collect::<Vec<_>>().join(", ")
}
