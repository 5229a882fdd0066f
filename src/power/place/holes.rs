//! Free words of a memory.

/// Maximal free pieces, ascending by address, no two adjacent.
#[derive(Debug)]
pub(super) struct Holes {
    /// First word and the word after the last.
    pieces: Vec<(u64, u64)>,
}

impl Holes {
    /// One hole of `words` words.
    pub(super) fn new(words: u64) -> Self {
        Self { pieces: if words > 0 { vec![(0, words)] } else { Vec::new() } }
    }

    /// Takes the first `words` words of the lowest hole that has as many.
    pub(super) fn take(&mut self, words: u64) -> Option<u64> {
        let at = self.pieces.iter().position(|(first, end)| end - first >= words)?;
        let (first, end) = &mut self.pieces[at];
        let taken = *first;
        *first += words;
        if first == end {
            self.pieces.remove(at);
        }
        Some(taken)
    }

    /// Takes the last `words` words of the highest hole that has as many.
    pub(super) fn take_last(&mut self, words: u64) -> Option<u64> {
        let at = self.pieces.iter().rposition(|(first, end)| end - first >= words)?;
        let (first, end) = &mut self.pieces[at];
        *end -= words;
        let taken = *end;
        if first == end {
            self.pieces.remove(at);
        }
        Some(taken)
    }

    /// Gives words back, joining them with the holes beside them.
    pub(super) fn put(&mut self, first: u64, words: u64) {
        let end = first + words;
        let at = self.pieces.partition_point(|(start, _)| *start < first);
        let joins_below = at > 0 && self.pieces[at - 1].1 == first;
        let joins_above = self.pieces.get(at).is_some_and(|(start, _)| *start == end);
        match (joins_below, joins_above) {
            (true, true) => {
                self.pieces[at - 1].1 = self.pieces[at].1;
                self.pieces.remove(at);
            }
            (true, false) => self.pieces[at - 1].1 = end,
            (false, true) => self.pieces[at].0 = first,
            (false, false) => self.pieces.insert(at, (first, end)),
        }
    }

    /// Words of the largest hole.
    pub(super) fn largest(&self) -> u64 {
        self.pieces.iter().map(|(first, end)| end - first).max().unwrap_or(0)
    }

    /// Words of all holes.
    pub(super) fn total(&self) -> u64 {
        self.pieces.iter().map(|(first, end)| end - first).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_join() {
        let mut holes = Holes::new(10);
        let taken: Vec<u64> = (0..5).map(|_| holes.take(2).unwrap()).collect();
        assert_eq!((taken, holes.take(1)), (vec![0, 2, 4, 6, 8], None));
        holes.put(2, 2);
        holes.put(6, 2);
        assert_eq!((holes.largest(), holes.total()), (2, 4));
        holes.put(4, 2);
        assert_eq!((holes.largest(), holes.pieces.len()), (6, 1));
        assert_eq!(holes.take(3), Some(2));
        assert_eq!((holes.take_last(2), holes.take_last(2), holes.total()), (Some(6), None, 1));
    }
}
