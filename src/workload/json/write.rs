//! Writes the lists of `workload.json`: an entry a line, what repeats as a block.

use crate::workload::repeat::{Entry, Linear, Part, Series, is_index};
use crate::workload::{CausalMask, Name, Op, OpKind, Phase, Tensor};
use serde_json::{Value, json};

/// An entry of a list.
pub(super) trait Line: Entry {
    /// Key of the list.
    const LIST: &'static str;

    /// Its name.
    fn name(&self) -> Name;

    /// Its keys in the order of the file, without the name; each number is the next of `numbers`, in the order of [`Entry`], the
    /// first being the id.
    fn keys(&self, name: Value, numbers: &mut dyn FnMut() -> Value) -> Vec<(&'static str, Value)>;
}

/// A list as `"key": [ … ]`.
pub(super) fn list<T: Line>(list: &Series<T>) -> String {
    let mut writer = Writer { list, blocks: Vec::new(), indices: Vec::new() };
    let lines = writer.lines(&list.parts(), 2);
    format!("\"{}\": [\n{}\n ]", T::LIST, lines.join(",\n"))
}

/// One line of JSON with its keys in the given order.
pub(super) fn object(entries: &[(&str, Value)]) -> String {
    let entries: Vec<_> = entries.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{{}}}", entries.join(", "))
}

struct Writer<'a, T> {
    list: &'a Series<T>,
    /// Period of each block around, the outermost first.
    blocks: Vec<usize>,
    /// Name of the index of each.
    indices: Vec<String>,
}

impl<T: Line> Writer<'_, T> {
    fn lines(&mut self, parts: &[Part], indent: usize) -> Vec<String> {
        parts.iter().map(|part| format!("{:indent$}{}", "", self.part(part, indent))).collect()
    }

    fn part(&mut self, part: &Part, indent: usize) -> String {
        match part {
            Part::One(place) => self.entry(*place),
            Part::Repeat { first, period, count, body } => {
                let index = self.index(*first, *period);
                self.blocks.push(*period);
                self.indices.push(index);
                let lines = self.lines(body, indent + 1).join(",\n");
                self.blocks.pop();
                let index = self.indices.pop().unwrap_or_default();
                let list = T::LIST;
                format!("{{\"repeat\": {count}, \"index\": \"{index}\", \"{list}\": [\n{lines}\n{:indent$}]}}", "")
            }
        }
    }

    /// A name for the index of a block: what stands before the number that it changes in the first name, or a letter.
    fn index(&self, first: usize, period: usize) -> String {
        let ((texts, here), (_, there)) =
            (self.list.at(first).name().parts(), self.list.at(first + period).name().parts());
        let changed = here.iter().zip(&there).position(|(a, b)| a != b);
        let before = changed.map_or("", |number| texts[number].trim_end());
        let word =
            before.rfind(|c: char| !c.is_ascii_alphabetic() && c != '_').map_or(before, |end| &before[end + 1..]);
        match word.chars().next_back() {
            Some(_) if is_index(word) && !self.indices.iter().any(|index| index == word) => word.into(),
            _ => format!("i{}", self.indices.len() + 1),
        }
    }

    fn entry(&self, place: usize) -> String {
        let entry = self.list.at(place);
        let gains: Vec<Vec<u64>> = self.blocks.iter().map(|period| self.list.at(place + period).numbers()).collect();
        let mut numbers = entry.numbers().into_iter().enumerate().map(|(i, number)| {
            let steps = gains.iter().map(|later| later[i].wrapping_sub(number) as i64).collect();
            Linear { base: number.into(), steps }
        });
        let name = self.name(entry.name(), &mut numbers);
        let id = Linear { base: place as i128, steps: self.blocks.iter().map(|&period| period as i64).collect() };
        let mut numbers = std::iter::once(id).chain(numbers);
        let mut next = || self.number(&numbers.next().unwrap_or_default());
        object(&entry.keys(name.into(), &mut next))
    }

    /// A number, or a text where it changes.
    fn number(&self, linear: &Linear) -> Value {
        match linear.is_constant() {
            true => json!(linear.base as u64),
            false => json!(linear.text(&self.indices)),
        }
    }

    /// A name with its numbers; in a block those that change in braces, and braces doubled.
    fn name(&self, name: Name, numbers: &mut impl Iterator<Item = Linear>) -> String {
        let (texts, count) = (name.parts().0, name.parts().1.len());
        let mut text = self.escaped(texts[0]);
        for (after, linear) in texts[1..].iter().zip(numbers.take(count)) {
            let number = linear.text(&self.indices);
            text.push_str(&if linear.is_constant() { number } else { format!("{{{number}}}") });
            text.push_str(&self.escaped(after));
        }
        text
    }

    fn escaped(&self, text: &str) -> String {
        if self.blocks.is_empty() { text.into() } else { text.replace('{', "{{").replace('}', "}}") }
    }
}

impl Line for Phase {
    const LIST: &'static str = "phases";

    fn name(&self) -> Name {
        self.name
    }

    fn keys(&self, name: Value, numbers: &mut dyn FnMut() -> Value) -> Vec<(&'static str, Value)> {
        numbers();
        vec![("kind", json!(self.kind)), ("name", name), ("ops", json!([numbers(), numbers()]))]
    }
}

impl Line for Tensor {
    const LIST: &'static str = "tensors";

    fn name(&self) -> Name {
        self.name
    }

    fn keys(&self, name: Value, numbers: &mut dyn FnMut() -> Value) -> Vec<(&'static str, Value)> {
        let mut entries = vec![("id", numbers()), ("name", name)];
        let layer = self.layer.map(|_| ("layer", numbers()));
        entries.extend(["rows", "cols", "bits"].map(|key| (key, numbers())));
        entries.extend([("class", json!(self.class)), ("home", json!(self.home))]);
        entries.extend(self.write_back.then_some(("write_back", json!(true))));
        entries.extend(layer);
        entries
    }
}

impl Line for Op {
    const LIST: &'static str = "ops";

    fn name(&self) -> Name {
        self.name
    }

    fn keys(&self, name: Value, numbers: &mut dyn FnMut() -> Value) -> Vec<(&'static str, Value)> {
        let mut entries = vec![("id", numbers()), ("name", name)];
        let layer = self.layer.map(|_| ("layer", numbers()));
        entries.extend(kind_keys(&self.kind, numbers));
        entries.extend(layer);
        entries
    }
}

/// The keys of an op that depend on its kind.
fn kind_keys(kind: &OpKind, numbers: &mut dyn FnMut() -> Value) -> Vec<(&'static str, Value)> {
    match kind {
        OpKind::Matmul { b_transposed, mask, .. } => {
            let mut entries = vec![("kind", json!("matmul")), ("a", numbers()), ("b", numbers())];
            entries.push(("b_transposed", json!(b_transposed)));
            entries.extend(["out", "m", "k", "n"].map(|key| (key, numbers())));
            entries.extend(mask_keys(*mask, numbers));
            entries
        }
        OpKind::Attention { query, key, mask, extra, .. } => {
            let mut entries = vec![("kind", json!("attention"))];
            for (key, list) in [("query", query), ("key", key)] {
                let ids: Vec<_> = list.iter().map(|_| numbers()).collect();
                entries.push((key, if let [only] = &ids[..] { only.clone() } else { json!(ids) }));
            }
            entries.extend(["value", "out", "m", "k", "n", "e"].map(|key| (key, numbers())));
            entries.extend(mask_keys(*mask, numbers));
            let passes = numbers();
            entries.extend((*extra > 0 || passes.is_string()).then_some(("extra", passes)));
            entries
        }
        OpKind::Concat { inputs, offsets, .. } => {
            let inputs: Vec<_> = inputs.iter().map(|_| numbers()).collect();
            let offsets: Vec<_> = offsets.iter().map(|_| [numbers(), numbers()]).collect();
            let entries = [("kind", json!("concat")), ("inputs", json!(inputs)), ("offsets", json!(offsets))];
            entries.into_iter().chain([("out", numbers())]).collect()
        }
        OpKind::View { mapping, .. } => {
            let entries = [("kind", json!("view")), ("inputs", json!([numbers()])), ("out", numbers())];
            entries.into_iter().chain([("mapping", json!(mapping))]).collect()
        }
        OpKind::Slice { .. } => {
            let entries = [("kind", json!("slice")), ("inputs", json!([numbers()])), ("out", numbers())];
            entries.into_iter().chain([("origin", json!([numbers(), numbers()]))]).collect()
        }
        OpKind::Append { parts, .. } => {
            let mut entries = vec![("kind", json!("append")), ("inputs", json!([numbers()])), ("out", numbers())];
            entries.push(("row", numbers()));
            let sequences = numbers();
            entries.extend((*parts != 1 || sequences.is_string()).then_some(("parts", sequences)));
            entries
        }
        OpKind::Vector { op, inputs, .. } => {
            let inputs: Vec<_> = inputs.iter().map(|_| numbers()).collect();
            let entries = [("kind", json!("vector")), ("op", json!(op.name())), ("inputs", json!(inputs))];
            entries.into_iter().chain([("out", numbers()), ("elements", numbers())]).collect()
        }
    }
}

fn mask_keys(mask: CausalMask, numbers: &mut dyn FnMut() -> Value) -> Vec<(&'static str, Value)> {
    let name = match mask {
        CausalMask::None => return Vec::new(),
        CausalMask::Score | CausalMask::WindowedScore(_) => "score",
        CausalMask::Context | CausalMask::WindowedContext(_) => "context",
    };
    let window = mask.window().map(|_| ("window", numbers()));
    [("mask", json!(name))].into_iter().chain(window).collect()
}
