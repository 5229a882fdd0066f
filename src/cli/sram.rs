//! `trapti sram`: one macro, each number with where it comes from.

use super::Answer;
use super::output::{Output, table, wrapped};
use crate::config::{Document, FromValue, Table};
use crate::diagnostic::Source;
use crate::error::Result;
use crate::schema;
use crate::sram::{Characterisation, Device, Evidence, MacroPoint, MacroSpec, Metric, Ports, Provenance, Technology};
use crate::units::{Bytes, Kelvin};
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::de::DeValue;

/// Characterise one SRAM macro: energies, times, leakage, area, and where each number comes from.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  trapti sram --capacity 1MiB --word-bits 256 --node 22nm --device itrs-lstp --temperature 350\n  \
                  trapti sram --capacity 24MiB --word-bits 512 --node 45nm --device itrs-hp --cacti\n  \
                  trapti sram --capacity 4KiB --word-bits 32 --node 22nm --device itrs-hp --temperature '25 C' --liberty macro.lib"
)]
pub(super) struct Arguments {
    /// Capacity, such as 1MiB.
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true)]
    capacity: String,
    /// Bits of a word.
    #[arg(long, value_name = "BITS", allow_hyphen_values = true)]
    word_bits: String,
    /// Technology node, such as 22nm.
    #[arg(long, value_name = "NODE", allow_hyphen_values = true)]
    node: String,
    /// Transistors of the cells: itrs-hp, itrs-lstp, itrs-lop. Never assumed: hp leaks 220 to 5600 times more than lstp.
    #[arg(long, value_name = "DEVICE")]
    device: String,
    /// Transistors of decoders, sense amplifiers, wires and logic; those of the cells if not given.
    #[arg(long, value_name = "DEVICE")]
    periphery: Option<String>,
    /// Temperature of the chip, in kelvin or with a unit: 350, "77 C".
    #[arg(long, value_name = "TEMPERATURE", default_value = "350", allow_hyphen_values = true)]
    temperature: String,
    /// Ports: 1rw, 1r1w, 2rw.
    #[arg(long, value_name = "PORTS", default_value = "1rw")]
    ports: String,
    /// Ask a CACTI 7: PATH, else $CACTI, else the search path, else the Python package hwcomponents-cacti.
    #[arg(long, value_name = "PATH", num_args = 0..=1)]
    cacti: Option<Option<PathBuf>>,
    /// Take the macro from Liberty files.
    #[arg(long, value_name = "FILE", conflicts_with = "cacti")]
    liberty: Vec<PathBuf>,
    /// Take the macro from a table in the embedded table's columns.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cacti", "liberty"])]
    csv: Option<PathBuf>,
    /// Answer also outside the characterisation.
    #[arg(long)]
    extrapolate: bool,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Answer> {
    let spec = arguments.spec()?;
    let model = arguments.source().open(&[spec.technology], arguments.extrapolate)?;
    let answer = Characterised::of(&spec, &model.characterise(&spec)?, model.provenance());
    output.result(&answer, || answer.human());
    Ok(Answer::Yes)
}

impl Arguments {
    fn source(&self) -> Characterisation {
        match (&self.cacti, &self.csv) {
            (Some(path), _) => Characterisation::Cacti(path.clone()),
            (_, Some(path)) => Characterisation::Csv(path.clone()),
            _ if !self.liberty.is_empty() => Characterisation::Liberty(self.liberty.clone()),
            _ => Characterisation::Embedded,
        }
    }

    /// The options are read as a file would be, so that what is wrong in them is told in the same way.
    fn spec(&self) -> Result<MacroSpec> {
        let mut lines = vec![
            ("capacity", self.capacity.as_str()),
            ("word-bits", &self.word_bits),
            ("node", &self.node),
            ("device", &self.device),
            ("temperature", &self.temperature),
            ("ports", &self.ports),
        ];
        lines.extend(self.periphery.as_deref().map(|p| ("periphery", p)));
        let line = |(key, value): &(&str, &str)| format!("{key} = {}\n", toml::Value::from(*value));
        let source = Source::new("command line", lines.iter().map(line).collect::<String>());
        let document = Document::parse(&source)?;
        document.result(spec(document.root()))
    }
}

/// Number of bits that a macro may have at most in a word; real ones stay far below.
const MOST_BITS: u64 = 4096;

fn spec(mut options: Table<'_>) -> Option<MacroSpec> {
    let capacity = options.required("capacity");
    let bytes = capacity.value::<Bytes>();
    if bytes == Some(Bytes(0)) {
        capacity.refuse("out-of-range", "a size above 0");
    }
    let bits = options.required("word-bits");
    let word_bits = bits.as_text()?.parse().ok().filter(|b| (1..=MOST_BITS).contains(b));
    if word_bits.is_none() {
        bits.refuse("out-of-range", format!("a whole number from 1 to {MOST_BITS}"));
    }
    let node = options.required("node").value::<Node>();
    let cell = options.required("device").keyword(&DEVICES, &[]);
    let periphery = options.optional("periphery");
    let periphery = if periphery.is_present() { periphery.keyword(&DEVICES, &[]) } else { cell };
    let temperature = options.required("temperature").value::<Temperature>();
    let ports = options.required("ports").keyword(&Ports::NAMES, &[]);
    Some(MacroSpec {
        capacity: bytes?,
        word_bits: word_bits? as u32,
        ports: ports?,
        technology: Technology { node_nm: node?.0, cell: cell?, periphery: periphery? },
        temperature: temperature?.0,
    })
}

const DEVICES: [(&str, Device); 6] = [
    ("itrs-hp", Device::Hp),
    ("itrs-lstp", Device::Lstp),
    ("itrs-lop", Device::Lop),
    ("hp", Device::Hp),
    ("lstp", Device::Lstp),
    ("lop", Device::Lop),
];

/// A node in nanometres.
struct Node(u32);

impl FromValue for Node {
    fn expected() -> String {
        "a node with its unit, such as `22nm`".into()
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        value.as_str()?.trim().strip_suffix("nm")?.trim().parse().ok().map(Node)
    }
}

/// A temperature; a bare number is in kelvin.
struct Temperature(Kelvin);

impl FromValue for Temperature {
    fn expected() -> String {
        "kelvin such as `350`, or a temperature with its unit such as `77 C`".into()
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let bare = value.as_str()?.trim().parse().ok().filter(|k: &f64| k.is_finite() && *k >= 0.0).map(Kelvin);
        bare.or_else(|| Kelvin::from_value(value)).map(Self)
    }
}

/// Names of the numbers in the answer, units in the names; wake energies are in nJ here.
const NUMBERS: [(&str, Metric, f64); 13] = [
    ("read_pj", Metric::ReadEnergy, 1.0),
    ("write_pj", Metric::WriteEnergy, 1.0),
    ("access_ns", Metric::AccessTime, 1.0),
    ("cycle_ns", Metric::CycleTime, 1.0),
    ("leakage_mw", Metric::Leakage, 1.0),
    ("leakage_light_mw", Metric::LightLeakage, 1.0),
    ("leakage_retention_mw", Metric::RetentionLeakage, 1.0),
    ("leakage_off_mw", Metric::OffLeakage, 1.0),
    ("area_mm2", Metric::Area, 1.0),
    ("area_gated_mm2", Metric::GatedArea, 1.0),
    ("wake_light_nj", Metric::WakeLight, 1e-3),
    ("wake_retention_nj", Metric::WakeRetention, 1e-3),
    ("wake_off_nj", Metric::WakeOff, 1e-3),
];

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Characterised {
    schema: &'static str,
    #[serde(rename = "macro")]
    spec: Asked,
    #[serde(flatten)]
    numbers: BTreeMap<&'static str, f64>,
    basis: String,
    /// Where each number comes from.
    evidence: BTreeMap<&'static str, Evidence>,
    /// Leakage is uncertain: a third and three times, which other estimators span.
    leakage_band_mw: [f64; 2],
    provenance: Provenance,
}

/// What was asked.
#[derive(Debug, Serialize, JsonSchema)]
struct Asked {
    capacity_bytes: u64,
    word_bits: u32,
    ports: Ports,
    technology: Technology,
    temperature_k: f64,
}

impl Characterised {
    fn of(spec: &MacroSpec, point: &MacroPoint, provenance: Provenance) -> Self {
        let leakage = point.leakage.total().0;
        Self {
            schema: schema::SRAM,
            spec: Asked {
                capacity_bytes: spec.capacity.0,
                word_bits: spec.word_bits,
                ports: spec.ports,
                technology: spec.technology,
                temperature_k: spec.temperature.0,
            },
            numbers: NUMBERS.map(|(name, metric, scale)| (name, point.value(metric) * scale)).into(),
            basis: point.basis.to_string(),
            evidence: NUMBERS.map(|(name, metric, _)| (name, point.evidence.get(metric))).into(),
            leakage_band_mw: [leakage / 3.0, leakage * 3.0],
            provenance,
        }
    }

    fn human(&self) -> String {
        let asked = &self.spec;
        let mut text = format!(
            "{} in words of {} bits, {}, {}, {} K\n\n",
            Bytes(asked.capacity_bytes).human(),
            asked.word_bits,
            asked.ports,
            asked.technology,
            asked.temperature_k
        );
        let head = ["number", "value", "unit", "basis", "error", "source"].map(String::from).to_vec();
        let rows = NUMBERS.iter().map(|(name, ..)| self.row(name));
        text.push_str(&table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()));
        let [low, high] = self.leakage_band_mw;
        text.push_str(&format!("\nleakage band (x1/3 to x3): {} to {} mW\n", digits(low), digits(high)));
        text.push_str(&wrapped("", &format!("{}: {}", self.provenance.name, self.provenance.source), "  "));
        self.provenance.notes.iter().for_each(|note| text.push_str(&wrapped("  - ", note, "    ")));
        text
    }

    fn row(&self, name: &'static str) -> Vec<String> {
        let evidence = &self.evidence[name];
        let (what, unit) = name.rsplit_once('_').unwrap_or((name, ""));
        let unit = match unit {
            "pj" => "pJ",
            "nj" => "nJ",
            "mw" => "mW",
            "mm2" => "mm²",
            other => other,
        };
        let error = match evidence.estimated_error {
            Some(0.0) => String::new(),
            Some(error) => format!("±{:.1} %", error * 100.0),
            None => "unknown".into(),
        };
        let (value, basis) = (digits(self.numbers[name]), evidence.basis.to_string());
        vec![what.replace('_', " "), value, unit.into(), basis, error, evidence.source.to_string()]
    }
}

/// Six significant digits, as CACTI prints.
fn digits(value: f64) -> String {
    let magnitude = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    format!("{value:.*}", (5 - magnitude).clamp(0, 12) as usize)
}
