//! What ends when.

/// Something that ends at a known cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A transfer, by its place among those under way.
    Transfer(u32),
    /// The computation of a unit's step.
    Computation(u32),
}

/// Events to come, the next one last. There are never more of them than ports and units, so that a sorted list is
/// faster than a heap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agenda {
    pub(super) events: Vec<(u64, Event)>,
}

impl Agenda {
    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Adds an event.
    pub fn push(&mut self, cycle: u64, event: Event) {
        let later = self.events.iter().rev().take_while(|known| **known < (cycle, event)).count();
        self.events.insert(self.events.len() - later, (cycle, event));
    }

    /// The cycle of the next event.
    pub fn next(&self) -> Option<u64> {
        self.events.last().map(|&(cycle, _)| cycle)
    }

    /// Takes the next event, if it is in that cycle: transfers by their places, then computations by their units.
    pub fn take(&mut self, cycle: u64) -> Option<Event> {
        self.events.pop_if(|next| next.0 == cycle).map(|(_, event)| event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_order() {
        let mut agenda = Agenda::default();
        for (cycle, event) in
            [(5, Event::Computation(0)), (5, Event::Transfer(2)), (3, Event::Computation(1)), (5, Event::Transfer(0))]
        {
            agenda.push(cycle, event);
        }
        assert_eq!((agenda.next(), agenda.take(2)), (Some(3), None));
        assert_eq!((agenda.take(3), agenda.take(3)), (Some(Event::Computation(1)), None));
        let rest: Vec<Event> = std::iter::from_fn(|| agenda.take(5)).collect();
        assert_eq!(rest, [Event::Transfer(0), Event::Transfer(2), Event::Computation(0)]);
    }
}
