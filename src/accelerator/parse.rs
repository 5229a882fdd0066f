//! `accelerator.toml` to a checked [`Accelerator`].

use super::memories;
use super::routing::VECTOR_UNIT;
use crate::accelerator::{
    Accelerator, Array, Dataflow, Dispatch, Dram, Fill, Overlap, Reclaim, Replacement, VectorUnit, Victims,
};
use crate::config::{Delay, Document, Field, PicojoulesPerBit, Table, TransferRate};
use crate::diagnostic::Source;
use crate::error::Result;
use crate::units::{Bytes, Cycles, Hertz, Picojoules};
use std::ops::Range;
use std::sync::Arc;

/// Largest side of an array, and most lanes of the vector unit.
const MOST_ELEMENTS: u64 = Array::LARGEST_SIDE as u64;
/// Most ports of a memory.
pub(super) const MOST_PORTS: u64 = 64;
/// Longest latency, in cycles.
const LONGEST_LATENCY: u64 = 1_000_000_000;
/// Widest port or channel, in bits.
const WIDEST_PORT: u64 = 1 << 20;
/// Fastest clock, and most transfers a second.
const FASTEST: u64 = 1_000_000_000_000;
/// Largest memory or buffer.
const LARGEST: Bytes = Bytes(1 << 50);

impl Accelerator {
    /// Reads `accelerator.toml`.
    ///
    /// | key | default |
    /// |---|---|
    /// | `name` | the file name without its extension |
    /// | `dispatch` | `"round-robin"` |
    /// | `array.name` | `sa0`, `sa1`, … |
    /// | `array.dataflow`, `.overlap`, `.fill` | `"output-stationary"`, `"double-buffered"`, `"edge"` |
    /// | `array.buffer_length` | 64 |
    /// | `array.accumulator_rows` | `"all"` |
    /// | `vector.buffer` | `"4 KiB"` |
    /// | `memory.name` | `sram` |
    /// | `memory.ports` | 1 |
    /// | `memory.replacement`, `.victims`, `.reclaim` | `"lru"`, `"obsolete-first"`, `"lazy"` |
    /// | `memory.classes`, `.operands`, `.arrays` | all of them (`arrays` names arrays, and `vector` the vector unit) |
    /// | `memory.above` | none: misses go to DRAM |
    /// | `dram.burst`, `dram.ports` | 8, 1 |
    /// | `dram.energy` | none: needed only once a run spills or reloads |
    ///
    /// Every other key is required. Latencies are cycles (`10`) or times (`"80 ns"`, rounded up to whole cycles).
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its place.
    pub fn parse(source: &Arc<Source>) -> Result<Self> {
        let document = Document::parse(source)?;
        let accelerator = read(document.root(), default_name(source));
        document.result(accelerator)
    }
}

/// The file name without its extension.
fn default_name(source: &Source) -> String {
    source.path.file_stem().map_or_else(|| "accelerator".into(), |stem| stem.to_string_lossy().into_owned())
}

fn read(mut root: Table<'_>, default_name: String) -> Option<Accelerator> {
    let name = name(&root.optional("name"), default_name);
    let clock = clock(&root.required("clock"));
    let arrays = arrays(&root.required("array"));
    let vector = root.required("vector").table().map(vector);
    let memory = root.required("memory");
    let memories = memories::read(&memory, clock, arrays.as_deref());
    let dram = root.required("dram").table().map(|table| dram(table, clock));
    let dispatch = root.optional("dispatch").keyword(&DISPATCH, &[]).unwrap_or(Dispatch::RoundRobin);
    root.finish();
    let accelerator = Accelerator {
        name: name?,
        clock: clock?,
        arrays: arrays?,
        vector: vector??,
        memories: memories?,
        dram: dram??,
        dispatch,
    };
    memories::check_routing(&memory, &accelerator);
    Some(accelerator)
}

/// Names of [`Dispatch`] in files.
pub(super) const DISPATCH: [(&str, Dispatch); 2] =
    [("round-robin", Dispatch::RoundRobin), ("greedy", Dispatch::Greedy)];
/// Names of [`Dataflow`] in files.
pub(super) const DATAFLOW: [(&str, Dataflow); 3] = [
    ("output-stationary", Dataflow::OutputStationary),
    ("weight-stationary", Dataflow::WeightStationary),
    ("input-stationary", Dataflow::InputStationary),
];
/// Names of [`Overlap`] in files.
pub(super) const OVERLAP: [(&str, Overlap); 2] =
    [("serial", Overlap::Serial), ("double-buffered", Overlap::DoubleBuffered)];
/// Names of [`Fill`] in files.
pub(super) const FILL: [(&str, Fill); 2] = [("edge", Fill::Edge), ("full", Fill::Full)];
/// Names of [`Replacement`] in files.
pub(super) const REPLACEMENT: [(&str, Replacement); 3] =
    [("lru", Replacement::Lru), ("fifo", Replacement::Fifo), ("belady", Replacement::Belady)];
/// Names of [`Victims`] in files.
pub(super) const VICTIMS: [(&str, Victims); 2] = [("obsolete-first", Victims::ObsoleteFirst), ("any", Victims::Any)];
/// Names of [`Reclaim`] in files.
pub(super) const RECLAIM: [(&str, Reclaim); 2] = [("lazy", Reclaim::Lazy), ("eager", Reclaim::Eager)];

/// A non-empty name without control characters.
pub(super) fn name(field: &Field<'_>, default: String) -> Option<String> {
    if !field.is_present() {
        return Some(default);
    }
    let name: String = field.value()?;
    let good = !name.is_empty() && !name.chars().any(char::is_control);
    if !good {
        field.refuse("wrong-value", "a name of at least one character, without control characters");
    }
    good.then_some(name)
}

fn clock(field: &Field<'_>) -> Option<Hertz> {
    let clock: Hertz = field.value()?;
    if clock.0 > FASTEST {
        field.refuse("out-of-range", "at most 1000 GHz");
    }
    Some(clock)
}

/// A size from 1 byte to [`LARGEST`].
pub(super) fn size(field: &Field<'_>) -> Option<Bytes> {
    let bytes: Bytes = field.value()?;
    let good = bytes >= Bytes(1) && bytes <= LARGEST;
    if !good {
        field.refuse("out-of-range", format!("a size from 1 B to {}", LARGEST.human()));
    }
    good.then_some(bytes)
}

/// A latency; a time becomes cycles once the clock is known.
pub(super) fn latency(field: &Field<'_>, clock: Option<Hertz>) -> Option<Cycles> {
    let cycles = field.value::<Delay>()?.at(clock?);
    if cycles.0 > LONGEST_LATENCY {
        field.refuse("out-of-range", format!("at most {LONGEST_LATENCY} cycles"));
    }
    Some(cycles)
}

/// A width in bits that is a whole number of bytes.
pub(super) fn width(field: &Field<'_>) -> Option<u32> {
    let bits: u32 = field.integer(8..=WIDEST_PORT)?;
    if !bits.is_multiple_of(8) {
        field.refuse("out-of-range", "a multiple of 8 bits: a word is whole bytes");
    }
    Some(bits)
}

/// Reports an empty array of tables.
pub(super) fn check_not_empty(field: &Field<'_>) {
    if field.is_array() && field.elements().is_empty() {
        field.refuse("wrong-value", "at least one table");
    }
}

/// Reports a name that two arrays share, and the one that means the vector unit.
fn check_names(field: &Field<'_>, arrays: &[Array], spans: &[Range<usize>]) {
    for (i, (array, span)) in arrays.iter().zip(spans).enumerate() {
        if arrays[..i].iter().any(|earlier| earlier.name == array.name) {
            let message = format!("two arrays are named \"{}\"", array.name);
            field.document().report_at("duplicate-name", message, span.clone(), "the second one");
        }
        if array.name == VECTOR_UNIT {
            let message = format!("an array is named \"{VECTOR_UNIT}\", which means the vector unit");
            field.document().report_at("reserved-name", message, span.clone(), "give it another name");
        }
    }
}

fn arrays(field: &Field<'_>) -> Option<Vec<Array>> {
    check_not_empty(field);
    let tables = field.tables();
    let spans: Vec<_> = tables.iter().map(Table::span).collect();
    let arrays: Vec<_> = tables.into_iter().enumerate().map(array).collect();
    let arrays: Vec<_> = arrays.into_iter().collect::<Option<_>>()?;
    check_names(field, &arrays, &spans);
    (!arrays.is_empty()).then_some(arrays)
}

fn array((index, mut table): (usize, Table<'_>)) -> Option<Array> {
    let name = name(&table.optional("name"), format!("sa{index}"));
    let rows = table.required("rows").integer(1..=MOST_ELEMENTS);
    let columns = table.required("columns").integer(1..=MOST_ELEMENTS);
    let dataflow = table.optional("dataflow").keyword(&DATAFLOW, &[]);
    let buffer_length = table.optional("buffer_length").integer(1..=1 << 24);
    let accumulator_rows = accumulator_rows(&table.optional("accumulator_rows"));
    let overlap = table.optional("overlap").keyword(&OVERLAP, &[]);
    let fill = table.optional("fill").keyword(&FILL, &[]);
    table.finish();
    Some(Array {
        name: name?,
        rows: rows?,
        columns: columns?,
        dataflow: dataflow.unwrap_or(Dataflow::OutputStationary),
        buffer_length: buffer_length.unwrap_or(64),
        accumulator_rows: accumulator_rows?,
        overlap: overlap.unwrap_or(Overlap::DoubleBuffered),
        fill: fill.unwrap_or(Fill::Edge),
    })
}

/// A number of rows, or `"all"`.
fn accumulator_rows(field: &Field<'_>) -> Option<Option<u32>> {
    match field.as_text() {
        Some("all") => Some(None),
        Some(_) => {
            field.refuse("wrong-value", "a number of rows such as `1024`, or `\"all\"`");
            None
        }
        None if !field.is_present() => Some(None),
        None => field.integer(0..=u64::from(u32::MAX)).map(Some),
    }
}

fn vector(mut table: Table<'_>) -> Option<VectorUnit> {
    let lanes = table.required("lanes").integer(1..=MOST_ELEMENTS);
    let buffer = size(&table.optional("buffer"));
    table.finish();
    Some(VectorUnit { lanes: lanes?, buffer: buffer.unwrap_or(Bytes(4096)) })
}

fn dram(mut table: Table<'_>, clock: Option<Hertz>) -> Option<Dram> {
    let latency = latency(&table.required("latency"), clock);
    let channel_bits = width(&table.required("channel_bits"));
    let transfers = transfers(&table.required("transfers"));
    let burst = table.optional("burst").integer(1..=1024);
    let ports = table.optional("ports").integer(1..=MOST_PORTS);
    let energy: Option<PicojoulesPerBit> = table.optional("energy").value();
    table.finish();
    Some(Dram {
        latency: latency?,
        channel_bits: channel_bits?,
        transfers_per_second: transfers?,
        burst: burst.unwrap_or(8),
        ports: ports.unwrap_or(1),
        energy_per_bit: energy.map(|e| Picojoules(e.0)),
    })
}

fn transfers(field: &Field<'_>) -> Option<u64> {
    let rate: TransferRate = field.value()?;
    if rate.0 > FASTEST {
        field.refuse("out-of-range", "at most 1000 GT/s");
    }
    Some(rate.0)
}
