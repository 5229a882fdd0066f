//! When each actor has to be looked at next.

/// A cycle that never comes.
pub(super) const NEVER: u64 = u64::MAX;

/// One key for each actor, and the smallest of them at hand: a tournament tree.
///
/// Of equal keys the smaller actor comes first; so the numbering of the actors is the order within a cycle.
pub(super) struct Agenda {
    keys: Vec<u64>,
    /// `winners[1]` is the root, `winners[leaves + a]` is actor `a`.
    winners: Vec<u32>,
    leaves: usize,
}

impl Agenda {
    /// An agenda on which nobody waits for anything.
    pub(super) fn new(actors: usize) -> Self {
        let leaves = actors.max(2).next_power_of_two();
        let mut winners = vec![0; 2 * leaves];
        for (actor, leaf) in winners[leaves..].iter_mut().enumerate() {
            *leaf = actor as u32;
        }
        for node in (1..leaves).rev() {
            winners[node] = winners[2 * node];
        }
        Self { keys: vec![NEVER; leaves], winners, leaves }
    }

    /// Cycle and actor that come first.
    pub(super) fn first(&self) -> (u64, usize) {
        let actor = self.winners[1] as usize;
        (self.keys[actor], actor)
    }

    /// Gives `actor` a new key.
    pub(super) fn set(&mut self, actor: usize, key: u64) {
        if self.keys[actor] == key {
            return;
        }
        self.keys[actor] = key;
        let mut node = (self.leaves + actor) / 2;
        while node > 0 {
            let (left, right) = (self.winners[2 * node], self.winners[2 * node + 1]);
            let right_wins = self.keys[right as usize] < self.keys[left as usize];
            self.winners[node] = if right_wins { right } else { left };
            node /= 2;
        }
    }

    /// Gives `actor` the key `cycle` unless it has a smaller one.
    pub(super) fn set_at_most(&mut self, actor: usize, cycle: u64) {
        if cycle < self.keys[actor] {
            self.set(actor, cycle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smallest_key_first_and_among_equals_the_smallest_actor() {
        let mut agenda = Agenda::new(5);
        assert_eq!(agenda.first(), (NEVER, 0));
        agenda.set(4, 7);
        agenda.set(2, 7);
        assert_eq!(agenda.first(), (7, 2));
        agenda.set(2, 9);
        assert_eq!(agenda.first(), (7, 4));
        agenda.set_at_most(3, 8);
        agenda.set_at_most(4, 8);
        agenda.set(4, NEVER);
        assert_eq!(agenda.first(), (8, 3));
    }
}
