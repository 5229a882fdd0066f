//! Names of ops and tensors: the numbers in them are kept as numbers, because a workload of many decoded tokens has a million
//! names that differ in those only.

use rustc_hash::FxHashMap;
use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::{LazyLock, PoisonError, RwLock};

/// A name such as `layer3.head7.score`: its form, here `layer#.head#.score`, and the numbers 3 and 7.
///
/// A number is a run of at most nine digits that does not start with a needless zero; the first four are kept apart, what
/// follows is a part of the form. A form that has been used once stays in memory to the end of the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name {
    /// Place of the form among all forms.
    form: u32,
    /// Numbers of the name; `NONE` after the last.
    numbers: [u32; NUMBERS],
}

/// Most numbers that are kept apart.
const NUMBERS: usize = 4;
/// Stands for no number; larger than any.
const NONE: u32 = u32::MAX;
/// Most digits of a number.
const DIGITS: usize = 9;
/// Stands in a form where a number was. A name in which it occurs is its own form.
const MARK: char = '\0';

/// Every form so far, and its place.
#[derive(Default)]
struct Texts {
    list: Vec<&'static str>,
    places: FxHashMap<&'static str, u32>,
}

static TEXTS: LazyLock<RwLock<Texts>> = LazyLock::new(RwLock::default);

/// The place of a text among all texts.
fn interned(text: &str) -> u32 {
    let known = TEXTS.read().unwrap_or_else(PoisonError::into_inner).places.get(text).copied();
    known.unwrap_or_else(|| {
        let mut texts = TEXTS.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(&place) = texts.places.get(text) {
            return place;
        }
        let place = texts.list.len() as u32;
        let text: &'static str = Box::leak(text.into());
        texts.list.push(text);
        texts.places.insert(text, place);
        place
    })
}

fn text(place: u32) -> &'static str {
    TEXTS.read().unwrap_or_else(PoisonError::into_inner).list[place as usize]
}

impl Name {
    /// The name `text`.
    pub fn new(text: &str) -> Self {
        let mut numbers = [NONE; NUMBERS];
        if text.contains(MARK) {
            return Self { form: interned(text), numbers };
        }
        let (mut form, mut rest, mut found) = (String::with_capacity(text.len()), text, 0);
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()).filter(|_| found < NUMBERS) {
            let digits = &rest[start..];
            let digits = &digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())];
            form.push_str(&rest[..start]);
            match number(digits) {
                Some(number) => {
                    form.push(MARK);
                    numbers[found] = number;
                    found += 1;
                }
                None => form.push_str(digits),
            }
            rest = &rest[start + digits.len()..];
        }
        form.push_str(rest);
        Self { form: interned(&form), numbers }
    }

    /// The texts before, between and after the numbers that are kept apart, and those numbers: one fewer.
    pub(super) fn parts(self) -> (Vec<&'static str>, Vec<u32>) {
        let numbers: Vec<u32> = self.numbers.into_iter().filter(|&n| n != NONE).collect();
        let form = text(self.form);
        match numbers.is_empty() {
            true => (vec![form], numbers),
            false => (form.split(MARK).collect(), numbers),
        }
    }

    /// Replaces every number by what `change` makes of it.
    pub(super) fn map_numbers(&mut self, change: &mut impl FnMut(u64) -> u64) {
        for number in self.numbers.iter_mut().filter(|n| **n != NONE) {
            *number = change(u64::from(*number)) as u32;
        }
    }

    /// Whether the name starts with `prefix`.
    pub fn starts_with(self, prefix: &str) -> bool {
        self.to_string().starts_with(prefix)
    }

    /// Whether the name ends with `suffix`.
    pub fn ends_with(self, suffix: &str) -> bool {
        self.to_string().ends_with(suffix)
    }
}

/// The number that the digits stand for, if they are the only way to write it.
fn number(digits: &str) -> Option<u32> {
    let canonical = digits.len() <= DIGITS && (digits.len() == 1 || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| canonical)
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = text(self.form);
        if self.numbers[0] == NONE {
            return f.write_str(form);
        }
        let mut numbers = self.numbers.into_iter();
        let mut between = form.split(MARK);
        f.write_str(between.next().unwrap_or_default())?;
        between.try_for_each(|after| write!(f, "{}{after}", numbers.next().unwrap_or_default()))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.to_string()
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        *self == Self::new(other)
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_equal_where_their_texts_are() {
        let texts = [
            "",
            ".",
            "a",
            "a.",
            "a.b",
            "0",
            "00",
            "007",
            "7",
            "a7",
            "7a",
            "a1b2",
            "a12",
            "a1.2",
            "é3é",
            "1.2.3.4.5.6",
            "1.2.3.4.5.06",
            "123456789",
            "1234567890",
            "\0",
            "\x001",
            "a\0",
            "token1.layer0.seq7.head3.score",
            "token1.layer0.seq7.head4.score",
        ];
        for first in texts {
            assert_eq!(Name::new(first).to_string(), first);
            assert_eq!(Name::new(first), first);
            for second in texts {
                assert_eq!(Name::new(first) == Name::new(second), first == second, "{first} {second}");
            }
        }
        assert!(Name::new("layer1.score").starts_with("layer1.") && Name::new("layer1.score").ends_with("r1.score"));
    }

    #[test]
    fn numbers_are_kept_apart_from_the_form() {
        let mut name = Name::new("token1.layer10.a01");
        assert_eq!(name.parts(), (vec!["token", ".layer", ".a01"], vec![1, 10]));
        name.map_numbers(&mut |number| number + 8);
        assert_eq!(name, "token9.layer18.a01");
        assert_eq!(Name::new("1\x002").parts(), (vec!["1\x002"], vec![]));
    }
}
