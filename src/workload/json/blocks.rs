//! Reads a list whose entries may be blocks that repeat, and unrolls them one entry at a time.

use super::read::Readable;
use super::slots::{Ids, Place, Slot, Slots, report};
use crate::config::{Field, Table};
use crate::workload::Name;
use crate::workload::repeat::{Linear, Mistake, Series, is_index};
use std::ops::Range;

/// Most entries of a list once its blocks are unrolled.
const MOST_ENTRIES: u64 = 1 << 24;

/// A list as it was read.
pub(super) struct List<T> {
    /// Entries in their order, blocks unrolled.
    entries: Series<T>,
    /// Their ids.
    pub ids: Ids,
    /// For each entry the place of its name among `spans`.
    origins: Vec<u32>,
    spans: Vec<Range<usize>>,
    complete: bool,
}

/// An entry or a block of the file.
enum Part<'d, T> {
    Entry(Box<Template<'d, T>>),
    Block { index: String, count: u64, body: Vec<Part<'d, T>> },
}

/// An entry whose numbers depend on where it is unrolled.
struct Template<'d, T> {
    /// Everything but the numbers.
    value: T,
    id: Option<Slot<'d>>,
    name: Vec<Piece>,
    numbers: Vec<Slot<'d>>,
    /// Place of its name among those of the list.
    origin: u32,
}

/// A piece of a name.
enum Piece {
    Text(String),
    Number(Linear),
}

impl<T> Part<'_, T> {
    /// Entries that it stands for, or as many as can be counted.
    fn len(&self) -> u64 {
        match self {
            Part::Entry(_) => 1,
            Part::Block { count, body, .. } => {
                body.iter().map(Part::len).fold(0, u64::saturating_add).saturating_mul(*count)
            }
        }
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { entries: Series::default(), ids: Ids::default(), origins: Vec::new(), spans: Vec::new(), complete: true }
    }
}

impl<T: Readable> List<T> {
    /// Reads the list; `tensors` are those that its entries may name.
    pub fn read(field: &Field<'_>, tensors: &Ids) -> Self {
        let mut reader = ListReader { list: Self::default(), tensors, block: Vec::new(), indices: Vec::new() };
        field.tables().into_iter().for_each(|table| reader.outermost(table));
        reader.list
    }

    /// The entries, if none is wrong; the list then has none.
    pub fn take(&mut self) -> Option<Series<T>> {
        self.complete.then(|| std::mem::take(&mut self.entries))
    }

    /// Bytes of the name of an entry.
    pub fn span(&self, entry: usize) -> Range<usize> {
        self.origins.get(entry).and_then(|&origin| self.spans.get(origin as usize)).cloned().unwrap_or_default()
    }
}

struct ListReader<'t, T> {
    list: List<T>,
    tensors: &'t Ids,
    /// Entries of the repetition that is unrolled.
    block: Vec<T>,
    /// Names of the indices of the blocks around, the outermost first.
    indices: Vec<String>,
}

impl<T: Readable> ListReader<'_, T> {
    /// Reads and unrolls an entry or block that lies in no other.
    fn outermost(&mut self, mut table: Table<'_>) {
        let repeat = table.optional("repeat");
        let part = self.part(table);
        let all = (self.list.entries.len() as u64).saturating_add(part.as_ref().map_or(0, Part::len));
        let fits = !repeat.is_present() || all <= MOST_ENTRIES;
        if !fits {
            repeat.refuse("too-many-entries", format!("at most {MOST_ENTRIES} {} once unrolled", T::LIST));
        }
        let unrolled = part.filter(|_| fits).and_then(|part| self.unroll(&part, &mut Place::default()));
        if unrolled.is_none() {
            self.list.complete = false;
            if repeat.is_present() {
                self.list.ids.miss();
            }
        }
    }

    fn part<'d>(&mut self, mut table: Table<'d>) -> Option<Part<'d, T>> {
        let repeat = table.optional("repeat");
        if repeat.is_present() {
            return self.block(repeat, table);
        }
        let mut slots = Slots::new(&self.indices);
        let id = if T::HAS_ID { slots.number::<u32>(table.required("id")) } else { Some(0) };
        let id_slot = slots.list.pop();
        let name = table.required("name");
        let pieces = pieces(&name, &self.indices);
        let value = T::read(table, &mut slots);
        let numbers = slots.list;
        id?;
        if self.indices.is_empty() && (value.is_none() || pieces.is_none()) {
            self.register(id_slot.as_ref(), &Place::default());
        }
        let origin = self.list.spans.len() as u32;
        self.list.spans.push(name.span());
        Some(Part::Entry(Box::new(Template { value: value?, id: id_slot, name: pieces?, numbers, origin })))
    }

    fn block<'d>(&mut self, repeat: Field<'d>, mut table: Table<'d>) -> Option<Part<'d, T>> {
        let count = repeat.integer(1..=u64::from(u32::MAX));
        let field = table.required("index");
        let index = self.index(&field);
        let entries = table.required(T::LIST);
        if entries.is_array() && entries.elements().is_empty() {
            entries.refuse("empty-list", "at least one entry");
        }
        self.indices.push(index.clone().unwrap_or_default());
        let body: Vec<_> = entries.tables().into_iter().map(|table| self.part(table)).collect();
        self.indices.pop();
        table.optional("metadata");
        table.finish();
        Some(Part::Block { index: index?, count: count?, body: body.into_iter().collect::<Option<_>>()? })
    }

    /// The name of the index of a block.
    fn index(&self, field: &Field<'_>) -> Option<String> {
        let index = field.value::<String>()?;
        match () {
            () if !is_index(&index) => {
                field.refuse("wrong-value", "letters, digits and `_`, not starting with a digit")
            }
            () if self.indices.contains(&index) => {
                field.refuse("duplicate-name", "an index that no block around it has")
            }
            () => return Some(index),
        }
        None
    }

    /// Adds what the part stands for; stops where something is wrong, because it would be so in each further repetition.
    fn unroll(&mut self, part: &Part<'_, T>, place: &mut Place) -> Option<()> {
        let (index, count, body) = match part {
            Part::Entry(template) => return self.entry(template, place),
            Part::Block { index, count, body } => (index, *count, body),
        };
        place.indices.push(index.clone());
        for repetition in 0..count {
            place.values.push(repetition);
            body.iter().try_for_each(|part| self.unroll(part, place))?;
            place.values.pop();
            if place.values.is_empty() {
                self.list.entries.push_block(std::mem::take(&mut self.block));
            }
        }
        place.indices.pop();
        Some(())
    }

    fn entry(&mut self, template: &Template<'_, T>, place: &Place) -> Option<()> {
        self.register(template.id.as_ref(), place)?;
        let mut value = template.value.clone();
        value.rename(Name::new(&text(&template.name, place)));
        let mut numbers = template.numbers.iter();
        let mut complete = true;
        value.map_sizes(&mut |_| {
            let number = numbers.next().and_then(|slot| slot.value(place, self.tensors));
            complete &= number.is_some();
            number.unwrap_or_default()
        });
        match place.values.is_empty() {
            true => self.list.entries.push(value),
            false => self.block.push(value),
        }
        self.list.origins.push(template.origin);
        complete.then_some(())
    }

    /// Notes the id of the next entry.
    fn register(&mut self, slot: Option<&Slot<'_>>, place: &Place) -> Option<()> {
        let Some(slot) = slot else { return Some(()) };
        let id = slot.value(place, self.tensors)?;
        if self.list.ids.insert(id as u32, self.list.origins.len()) {
            return Some(());
        }
        slot.refuse("duplicate-id", place, id.into(), "an id that no other entry has");
        None
    }
}

/// The pieces of a name; outside of blocks it is a text.
fn pieces(field: &Field<'_>, indices: &[String]) -> Option<Vec<Piece>> {
    let text = field.as_text();
    if text.is_none() {
        field.value::<String>();
    }
    let text = text?;
    if indices.is_empty() {
        return Some(vec![Piece::Text(text.into())]);
    }
    let pieces = split(text, indices);
    pieces.map_err(|mistake| report(field, mistake, indices)).ok()
}

/// Splits a name at the numbers in braces; doubled braces stand for themselves.
fn split(text: &str, indices: &[String]) -> Result<Vec<Piece>, Mistake> {
    let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        if after.starts_with(brace) {
            plain.push_str(brace);
            rest = &after[1..];
            continue;
        }
        let (number, after) = after.split_once('}').filter(|_| brace == "{").ok_or(Mistake::Form)?;
        pieces.extend([Piece::Text(std::mem::take(&mut plain)), Piece::Number(Linear::parse(number, indices)?)]);
        rest = after;
    }
    pieces.push(Piece::Text(plain + rest));
    Ok(pieces)
}

fn text(pieces: &[Piece], place: &Place) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Number(linear) => linear.at(&place.values).to_string(),
    };
    pieces.iter().map(piece).collect()
}
