//! Current values of the watched variables.
//!
//! Changes of one time are gathered and take effect together, so that a clock edge is judged on the values before it.

/// A watched variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Slot(u16);

#[derive(Debug, Clone, Copy)]
struct Extent {
    first: usize,
    words: usize,
    width: u32,
}

/// Bits of every watched variable, 64 to a word, least significant first.
#[derive(Debug, Default)]
pub(super) struct Values {
    extents: Vec<Extent>,
    bits: Vec<u64>,
    unknown: Vec<u64>,
    next_bits: Vec<u64>,
    next_unknown: Vec<u64>,
    changed: Vec<Slot>,
}

impl Values {
    /// Watches one more variable of `width` bits; unknown until its first change.
    pub(super) fn watch(&mut self, width: u32) -> Slot {
        let slot = Slot(self.extents.len() as u16);
        let words = (width.max(1) as usize).div_ceil(64);
        self.extents.push(Extent { first: self.bits.len(), words, width });
        let length = self.bits.len() + words;
        self.bits.resize(length, 0);
        self.next_bits.resize(length, 0);
        self.unknown.resize(length, u64::MAX);
        self.next_unknown.resize(length, u64::MAX);
        slot
    }

    /// Width in bits.
    pub(super) fn width(&self, slot: Slot) -> u32 {
        self.extents[usize::from(slot.0)].width
    }

    /// Notes a change; digits are most significant first and may be fewer than the width.
    pub(super) fn set(&mut self, slot: Slot, digits: &[u8]) {
        let Extent { first, words, .. } = self.extents[usize::from(slot.0)];
        let extension = if digits.first().is_some_and(|c| *c > b'1') { u64::MAX } else { 0 };
        let mut chunks = digits.rchunks(64);
        for word in first..first + words {
            let (bits, unknown) = chunks.next().map_or((0, extension), |chunk| read(chunk, extension));
            self.next_bits[word] = bits;
            self.next_unknown[word] = unknown;
        }
        self.changed.push(slot);
    }

    /// Value a one-bit variable will have once the changes take effect.
    pub(super) fn coming(&self, slot: Slot) -> bool {
        let first = self.extents[usize::from(slot.0)].first;
        (self.next_bits[first] & !self.next_unknown[first]) & 1 == 1
    }

    /// Makes the gathered changes take effect.
    pub(super) fn commit(&mut self) {
        for slot in self.changed.drain(..) {
            let Extent { first, words, .. } = self.extents[usize::from(slot.0)];
            let range = first..first + words;
            self.bits[range.clone()].copy_from_slice(&self.next_bits[range.clone()]);
            self.unknown[range.clone()].copy_from_slice(&self.next_unknown[range]);
        }
    }

    /// Bits `64·index …` of a variable; unknown bits read 0, and so do bits beyond its end.
    pub(super) fn word(&self, slot: Slot, index: usize) -> u64 {
        let Extent { first, words, .. } = self.extents[usize::from(slot.0)];
        if index < words { self.bits[first + index] & !self.unknown[first + index] } else { 0 }
    }

    /// `count` bits, at most 64, from bit `low` on.
    pub(super) fn field(&self, slot: Slot, low: u32, count: u32) -> u64 {
        let (index, shift) = ((low / 64) as usize, low % 64);
        let lower = self.word(slot, index) >> shift;
        let upper = if shift == 0 { 0 } else { self.word(slot, index + 1) << (64 - shift) };
        (lower | upper) & mask(count)
    }

    /// Whether any bit of a variable is unknown.
    pub(super) fn is_unknown(&self, slot: Slot) -> bool {
        let Extent { first, words, width } = self.extents[usize::from(slot.0)];
        (0..words).any(|w| self.unknown[first + w] & mask(width - 64 * w as u32) != 0)
    }
}

/// The lowest `count` bits, all of them from 64 on.
pub(super) fn mask(count: u32) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

/// At most 64 digits as (bits, unknown bits).
fn read(digits: &[u8], extension: u64) -> (u64, u64) {
    let start = if digits.len() == 64 { 0 } else { extension };
    digits.iter().fold((0, start), |(bits, unknown), c| {
        let odd = u64::from(*c > b'1');
        (bits << 1 | u64::from(c & 1), unknown << 1 | odd)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_extended_and_split_into_words() {
        let mut values = Values::default();
        let wide = values.watch(130);
        assert!(values.is_unknown(wide));
        values.set(wide, b"11");
        assert!(values.is_unknown(wide), "nothing happens before the commit");
        values.commit();
        assert_eq!((values.word(wide, 0), values.word(wide, 1), values.is_unknown(wide)), (3, 0, false));
        let digits: Vec<u8> = std::iter::once(b'1').chain(std::iter::repeat_n(b'0', 65)).collect();
        values.set(wide, &digits);
        values.commit();
        assert_eq!((values.field(wide, 60, 10), values.word(wide, 1)), (1 << 5, 2));
        values.set(wide, b"x1");
        values.commit();
        assert!(values.is_unknown(wide));
        assert_eq!(values.word(wide, 0), 1);
    }
}
