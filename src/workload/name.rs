//! Names of ops and tensors: eight bytes each, because a workload of many decoded tokens has millions of them.

use rustc_hash::FxHashMap;
use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::{LazyLock, PoisonError, RwLock};

/// A name such as `layer3.head7.score`, as two interned parts: what stands before the first dot and what stands after it.
///
/// Decoded tokens repeat the names of the layers and layers those of their parts, so that few texts make many names. A text
/// that has been used once stays in memory to the end of the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name {
    /// Before the first dot; `NO_DOT` where there is none.
    head: u32,
    /// After the first dot, or all of it.
    rest: u32,
}

const NO_DOT: u32 = u32::MAX;

/// Every text so far, and its place.
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
        match text.split_once('.') {
            Some((head, rest)) => Self { head: interned(head), rest: interned(rest) },
            None => Self { head: NO_DOT, rest: interned(text) },
        }
    }

    /// What stands before the first dot (empty where there is none), and what stands after it.
    pub fn parts(self) -> (&'static str, &'static str) {
        (if self.head == NO_DOT { "" } else { text(self.head) }, text(self.rest))
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

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, rest) = self.parts();
        f.write_str(head)?;
        f.write_str(if self.head == NO_DOT { "" } else { "." })?;
        f.write_str(rest)
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
        let (head, rest) = self.parts();
        match other.split_once('.') {
            Some(parts) => self.head != NO_DOT && parts == (head, rest),
            None => self.head == NO_DOT && other == rest,
        }
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
        let texts = ["", ".", "a", "a.", ".a", "a.b", "a.b.c", "a..b", "token1.layer0.head3.score"];
        for first in texts {
            assert_eq!(Name::new(first).to_string(), first);
            assert_eq!(Name::new(first), first);
            for second in texts {
                assert_eq!(Name::new(first) == Name::new(second), first == second, "{first} {second}");
            }
        }
        assert!(Name::new("layer1.score").starts_with("layer1.") && Name::new("layer1.score").ends_with("r1.score"));
        assert_eq!(size_of::<Name>(), 8);
    }
}
