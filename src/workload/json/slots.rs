//! The numbers of an entry as the file gives them: whole numbers, or in a block texts such as `20*layer + 7`.

use crate::config::{Field, FromValue};
use crate::diagnostic::{Diagnostic, nearest};
use crate::ids::TensorId;
use crate::workload::repeat::{Linear, Mistake};
use rustc_hash::FxHashMap;

/// One number and where it stands.
pub(super) struct Slot<'d> {
    linear: Linear,
    /// Largest value.
    most: u64,
    /// Whether it is the id of a tensor.
    tensor: bool,
    field: Field<'d>,
}

/// A number of 32 or 64 bits.
pub(super) trait Number: FromValue + Default + Into<u64> {
    /// The largest.
    const MOST: u64;
}

impl Number for u32 {
    const MOST: u64 = u32::MAX as u64;
}

impl Number for u64 {
    const MOST: u64 = u64::MAX;
}

/// The numbers of one entry, in the order in which they are asked for.
pub(super) struct Slots<'d, 'i> {
    /// Names of the indices of the blocks around, the outermost first.
    indices: &'i [String],
    pub list: Vec<Slot<'d>>,
}

impl<'d, 'i> Slots<'d, 'i> {
    /// None yet.
    pub fn new(indices: &'i [String]) -> Self {
        Self { indices, list: Vec::new() }
    }

    /// A number; what is returned holds its place until it is known.
    pub fn number<N: Number>(&mut self, field: Field<'d>) -> Option<N> {
        let linear = match field.as_text() {
            Some(text) if !self.indices.is_empty() => linear(&field, text, self.indices)?,
            _ => Linear::constant(field.value::<N>()?.into()),
        };
        self.list.push(Slot { linear, most: N::MOST, tensor: false, field });
        Some(N::default())
    }

    /// A number that is `default` where the field is absent; if it is wrong, the document knows.
    pub fn number_or(&mut self, field: Field<'d>, default: u32) -> Option<u32> {
        if field.is_present() {
            return self.number(field);
        }
        let linear = Linear::constant(default.into());
        self.list.push(Slot { linear, most: u32::MAX.into(), tensor: false, field });
        Some(0)
    }

    /// The id of a tensor.
    pub fn tensor(&mut self, field: Field<'d>) -> Option<TensorId> {
        self.number(field).map(TensorId).inspect(|_| {
            if let Some(slot) = self.list.last_mut() {
                slot.tensor = true;
            }
        })
    }

    /// Ids of tensors.
    pub fn tensors(&mut self, field: &Field<'d>) -> Option<Vec<TensorId>> {
        let ids: Vec<_> = field.elements().into_iter().map(|element| self.tensor(element)).collect();
        ids.into_iter().collect()
    }

    /// A pair of numbers.
    pub fn pair(&mut self, field: &Field<'d>, expected: &str) -> Option<(u32, u32)> {
        match <[Field<'d>; 2]>::try_from(field.elements()) {
            Ok(pair) => {
                let [first, second] = pair.map(|number| self.number(number));
                first.zip(second)
            }
            Err(_) => {
                if field.is_present() {
                    field.refuse("wrong-value", expected);
                }
                None
            }
        }
    }
}

/// The number that a text in a block stands for.
fn linear(field: &Field<'_>, text: &str, indices: &[String]) -> Option<Linear> {
    let mistake = match Linear::parse(text, indices) {
        Ok(linear) => return Some(linear),
        Err(mistake) => mistake,
    };
    report(field, mistake, indices);
    None
}

/// Records why a text is no number of a block.
pub(super) fn report(field: &Field<'_>, mistake: Mistake, indices: &[String]) {
    match mistake {
        Mistake::Form => field.refuse("wrong-expression", "a sum such as `20*layer + 7` of whole numbers and indices"),
        Mistake::Unknown(index) => {
            let message = format!("there is no block around it whose index is `{index}`");
            let known: Vec<_> = indices.iter().map(|index| format!("`{index}`")).collect();
            let label = format!("expected one of {}", known.join(", "));
            let problem = Diagnostic::new("unknown-index", message).at(field.document().source(), field.span(), label);
            field.document().report(match nearest(&index, indices.iter().map(String::as_str)) {
                Some(near) => problem.with_help(format!("did you mean `{near}`?")),
                None => problem,
            });
        }
    }
}

/// Where in nested blocks an entry is unrolled.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Names of the indices of the blocks around, the outermost first.
    pub indices: Vec<String>,
    /// Their values.
    pub values: Vec<u64>,
}

impl Place {
    /// `token = 3, layer = 0`.
    fn text(&self) -> String {
        let pairs = self.indices.iter().zip(&self.values).map(|(index, value)| format!("{index} = {value}"));
        pairs.collect::<Vec<_>>().join(", ")
    }
}

impl Slot<'_> {
    /// The number at that place; the index of the tensor for its id. If it is wrong, the document knows.
    pub fn value(&self, place: &Place, tensors: &Ids) -> Option<u64> {
        let number = self.linear.at(&place.values);
        let Some(value) = u64::try_from(number).ok().filter(|&value| value <= self.most) else {
            self.refuse("out-of-range", place, number, &format!("a whole number from 0 to {}", self.most));
            return None;
        };
        if !self.tensor {
            return Some(value);
        }
        let index = tensors.index(value as u32);
        if index.is_none() {
            self.refuse("dangling-tensor", place, number, "the id of a tensor of this file");
        }
        index.map(|index| index as u64)
    }

    /// Records that the number, which it is at that place, is not what was expected.
    pub fn refuse(&self, code: &'static str, place: &Place, number: i128, expected: &str) {
        if place.values.is_empty() {
            return self.field.refuse(code, expected);
        }
        let message = format!("`{}` is {number} where {}", self.field.path(), place.text());
        self.field.document().report_at(code, message, self.field.span(), format!("expected {expected}"));
    }
}

/// Indices by the ids of the file.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// So many first ids are their own indices.
    counted: u32,
    others: FxHashMap<u32, usize>,
    /// Whether some could not be read, so that any id may be one of them.
    unknown: bool,
}

impl Ids {
    /// Notes the id of the entry of that index; false if another one has it.
    pub fn insert(&mut self, id: u32, index: usize) -> bool {
        if id < self.counted {
            return false;
        }
        if id == self.counted && index == id as usize && self.others.is_empty() {
            self.counted += 1;
            return true;
        }
        self.others.insert(id, index).is_none()
    }

    /// Notes that there are ids which cannot be read.
    pub fn miss(&mut self) {
        self.unknown = true;
    }

    /// The index of the entry of that id; any index where it may be one that could not be read, which is a mistake already.
    pub fn index(&self, id: u32) -> Option<usize> {
        let known = if id < self.counted { Some(id as usize) } else { self.others.get(&id).copied() };
        known.or(self.unknown.then_some(0))
    }
}
