//! The `[[memory]]` tables of `accelerator.toml`.

use super::parse::{MOST_PORTS, RECLAIM, REPLACEMENT, VICTIMS, check_not_empty, latency, name, size, width};
use super::routing::{CLASSES, Fault, OPERANDS, VECTOR_UNIT};
use crate::accelerator::{Accelerator, Array, Memory, Reclaim, Replacement, Serves, Victims};
use crate::config::{Field, Table};
use crate::ids::MemoryId;
use crate::units::{Bytes, Hertz};
use std::ops::Range;

/// Most on-chip memories: a node of the access graph names its memory in a byte.
const MOST_MEMORIES: usize = 200;

/// Longest name of a memory: a file system allows names of 255 bytes.
const LONGEST_NAME: usize = 200;

/// Reads all memories; what one names as above it must be another one.
pub(super) fn read(field: &Field<'_>, clock: Option<Hertz>, arrays: Option<&[Array]>) -> Option<Vec<Memory>> {
    check_not_empty(field);
    let tables = field.tables();
    if tables.len() > MOST_MEMORIES {
        field.refuse("out-of-range", format!("at most {MOST_MEMORIES} memories"));
        return None;
    }
    let spans: Vec<_> = tables.iter().map(Table::span).collect();
    let read: Vec<_> = tables.into_iter().map(|table| memory(table, clock, arrays)).collect();
    let read: Vec<(Memory, Field<'_>)> = read.into_iter().collect::<Option<_>>()?;
    let (mut memories, above): (Vec<Memory>, Vec<Field<'_>>) = read.into_iter().unzip();
    check_names(field, &memories, &spans);
    let above: Vec<_> = above.iter().map(|field| find_above(field, &memories)).collect();
    for (memory, above) in memories.iter_mut().zip(above) {
        memory.above = above?;
    }
    (!memories.is_empty()).then_some(memories)
}

/// Reports a name that two memories share.
fn check_names(field: &Field<'_>, memories: &[Memory], spans: &[Range<usize>]) {
    for (i, (memory, span)) in memories.iter().zip(spans).enumerate() {
        if memories[..i].iter().any(|earlier| earlier.name == memory.name) {
            let message = format!("two memories are named \"{}\"", memory.name);
            field.document().report_at("duplicate-name", message, span.clone(), "the second one");
        }
    }
}

/// The memory that `above` names; `Some(None)` if it is absent.
fn find_above(field: &Field<'_>, memories: &[Memory]) -> Option<Option<MemoryId>> {
    if !field.is_present() {
        return Some(None);
    }
    let name: String = field.value()?;
    let found = memories.iter().position(|memory| memory.name == name);
    if found.is_none() {
        let known: Vec<&str> = memories.iter().map(|m| m.name.as_str()).collect();
        field.refuse("unknown-memory", format!("the name of a memory: {}", known.join(", ")));
    }
    Some(Some(MemoryId::from(found?)))
}

fn memory<'d>(mut table: Table<'d>, clock: Option<Hertz>, arrays: Option<&[Array]>) -> Option<(Memory, Field<'d>)> {
    let name = file_name(&table.optional("name"));
    let capacity = capacity(&table.required("capacity"));
    let ports = table.optional("ports").integer(1..=MOST_PORTS);
    let port_bits = width(&table.required("port_bits"));
    let latency = latency(&table.required("latency"), clock);
    let replacement = table.optional("replacement").keyword(&REPLACEMENT, &[]);
    let victims = table.optional("victims").keyword(&VICTIMS, &[]);
    let reclaim = table.optional("reclaim").keyword(&RECLAIM, &[]);
    let above = table.optional("above");
    let classes = chosen(&table.optional("classes"), &CLASSES);
    let operands = chosen(&table.optional("operands"), &OPERANDS);
    let units = units(&table.optional("arrays"), arrays);
    table.finish();
    let memory = Memory {
        name: name?,
        capacity: capacity?,
        ports: ports.unwrap_or(1),
        port_bits: port_bits?,
        latency: latency?,
        replacement: replacement.unwrap_or(Replacement::Lru),
        victims: victims.unwrap_or(Victims::ObsoleteFirst),
        reclaim: reclaim.unwrap_or(Reclaim::Lazy),
        above: None,
        serves: Serves { units: units?, operands: operands?, classes: classes? },
    };
    Some((memory, above))
}

/// The name of a memory, which becomes a part of the names of files.
fn file_name(field: &Field<'_>) -> Option<String> {
    let name = name(field, "sram".into())?;
    let good = !name.contains(['/', '\\']) && name.len() <= LONGEST_NAME;
    if !good {
        field.refuse(
            "wrong-value",
            format!("a part of a file name: at most {LONGEST_NAME} bytes, without `/` and `\\`"),
        );
    }
    good.then_some(name)
}

/// A size, or `"unlimited"`.
fn capacity(field: &Field<'_>) -> Option<Option<Bytes>> {
    match field.as_text() {
        Some("unlimited") => Some(None),
        _ if field.is_present() && field.peek::<Bytes>().is_none() => {
            field.refuse("wrong-value", "a size such as `64 MiB`, or `unlimited`");
            None
        }
        _ => size(field).map(Some),
    }
}

/// Elements of an array of names that must not be empty.
fn names<'d>(field: &Field<'d>) -> Vec<Field<'d>> {
    let elements = field.elements();
    if field.is_array() && elements.is_empty() {
        field.refuse("wrong-value", "at least one name");
    }
    elements
}

/// Which of the names are listed; all of them if the field is absent.
fn chosen<const N: usize>(field: &Field<'_>, known: &[&'static str; N]) -> Option<[bool; N]> {
    if !field.is_present() {
        return Some([true; N]);
    }
    let places: Vec<(&'static str, usize)> = known.iter().enumerate().map(|(i, &name)| (name, i)).collect();
    let listed: Vec<_> = names(field).iter().map(|f| f.keyword(&places, &[])).collect();
    let mut chosen = [false; N];
    for place in listed {
        chosen[place?] = true;
    }
    chosen.contains(&true).then_some(chosen)
}

/// Places of the listed arrays, and of the vector unit after them; none if the field is absent.
fn units(field: &Field<'_>, arrays: Option<&[Array]>) -> Option<Vec<u32>> {
    if !field.is_present() {
        return Some(Vec::new());
    }
    let arrays = arrays?;
    let units: Vec<_> = names(field).iter().map(|f| unit(f, arrays)).collect();
    let mut units: Vec<u32> = units.into_iter().collect::<Option<_>>()?;
    units.sort_unstable();
    units.dedup();
    (!units.is_empty()).then_some(units)
}

fn unit(field: &Field<'_>, arrays: &[Array]) -> Option<u32> {
    let name: String = field.value()?;
    let vector = (name == VECTOR_UNIT).then_some(arrays.len());
    let place = arrays.iter().position(|array| array.name == name).or(vector);
    if place.is_none() {
        let known: Vec<&str> = arrays.iter().map(|a| a.name.as_str()).chain([VECTOR_UNIT]).collect();
        field.refuse("unknown-array", format!("the name of an array, or `{VECTOR_UNIT}`: {}", known.join(", ")));
    }
    place.map(|place| place as u32)
}

/// Reports what no memory serves, what several do, and memories above themselves.
pub(super) fn check_routing(field: &Field<'_>, accelerator: &Accelerator) {
    let spans: Vec<_> = field.tables().iter().map(Table::span).collect();
    for fault in accelerator.memory_faults() {
        let (code, message) = accelerator.explain(&fault);
        let (place, label) = match fault {
            Fault::Circle(i) => (i, "`above` must lead to a memory without one"),
            Fault::Nobody(..) => (0, "let one of the memories serve it"),
            Fault::Several(_, _, later) => (later, "name one as `above` the other, or keep what they serve apart"),
        };
        field.document().report_at(code, message, spans[place].clone(), label);
    }
}
