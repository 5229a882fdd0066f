//! Tensors that an op names: a few without an allocation of their own, any number otherwise.

use crate::ids::TensorId;
use serde::{Serialize, Serializer};
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};

/// Most tensors that are kept in place.
const FEW: usize = 4;

/// A list of tensors, read as a slice.
#[derive(Clone)]
pub struct TensorList(Kept);

#[derive(Clone)]
enum Kept {
    Few(u8, [TensorId; FEW]),
    Many(Box<[TensorId]>),
}

impl Deref for TensorList {
    type Target = [TensorId];

    fn deref(&self) -> &[TensorId] {
        match &self.0 {
            Kept::Few(len, ids) => &ids[..usize::from(*len)],
            Kept::Many(ids) => ids,
        }
    }
}

impl DerefMut for TensorList {
    fn deref_mut(&mut self) -> &mut [TensorId] {
        match &mut self.0 {
            Kept::Few(len, ids) => &mut ids[..usize::from(*len)],
            Kept::Many(ids) => ids,
        }
    }
}

impl From<&[TensorId]> for TensorList {
    fn from(ids: &[TensorId]) -> Self {
        if ids.len() > FEW {
            return Self(Kept::Many(ids.into()));
        }
        let mut few = [TensorId(0); FEW];
        few[..ids.len()].copy_from_slice(ids);
        Self(Kept::Few(ids.len() as u8, few))
    }
}

impl<const N: usize> From<[TensorId; N]> for TensorList {
    fn from(ids: [TensorId; N]) -> Self {
        Self::from(ids.as_slice())
    }
}

impl From<Vec<TensorId>> for TensorList {
    fn from(ids: Vec<TensorId>) -> Self {
        Self::from(ids.as_slice())
    }
}

impl FromIterator<TensorId> for TensorList {
    fn from_iter<I: IntoIterator<Item = TensorId>>(ids: I) -> Self {
        Self::from(Vec::from_iter(ids))
    }
}

impl PartialEq for TensorList {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for TensorList {}

impl Hash for TensorList {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl std::fmt::Debug for TensorList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for TensorList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// The tensors of a list, by value.
#[derive(Debug)]
pub struct Tensors {
    list: TensorList,
    next: usize,
}

impl Iterator for Tensors {
    type Item = TensorId;

    fn next(&mut self) -> Option<TensorId> {
        let id = self.list.get(self.next).copied();
        self.next += 1;
        id
    }
}

impl IntoIterator for TensorList {
    type Item = TensorId;
    type IntoIter = Tensors;

    fn into_iter(self) -> Tensors {
        Tensors { list: self, next: 0 }
    }
}

impl<'a> IntoIterator for &'a TensorList {
    type Item = &'a TensorId;
    type IntoIter = std::slice::Iter<'a, TensorId>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_what_it_was_made_of() {
        for len in 0..8 {
            let ids: Vec<TensorId> = (0..len).map(TensorId).collect();
            let list = TensorList::from(ids.clone());
            assert_eq!((&*list, list.clone().into_iter().collect::<Vec<_>>()), (ids.as_slice(), ids.clone()));
            assert_eq!(list, ids.into_iter().collect());
        }
    }
}
