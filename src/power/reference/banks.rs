//! Which requests are granted: banks, their round robin over ports, and the answers under way.

use crate::power::cycle::Request;
use crate::power::{Organisation, cycle::bits};
use std::collections::VecDeque;

/// Where a request goes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Destination {
    /// Domain, `None` beyond the last one.
    pub(super) domain: Option<usize>,
    bank: usize,
}

/// Outcome of arbitration, as masks of ports.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Arbitration {
    /// Granted by a bank.
    pub(super) served: u64,
    /// Granted at once and answered with an error.
    pub(super) refused: u64,
    /// Stalled because the domain is not ON.
    pub(super) stalled_wake: u64,
    /// Stalled by a busy or contended bank.
    pub(super) stalled_conflict: u64,
}

/// An answer under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) due: u64,
    pub(super) port: usize,
    /// Domain that serves it, `None` if refused.
    pub(super) domain: Option<usize>,
    pub(super) read: bool,
    pub(super) tag: u32,
    pub(super) poison: bool,
}

/// All banks of the memory.
#[derive(Debug, Clone)]
pub(super) struct Banks {
    organisation: Organisation,
    shift: u32,
    /// First cycle in which a bank may be granted again.
    free: Vec<u64>,
    /// First port in a bank's round.
    pointer: Vec<u32>,
    /// First cycle in which no bank is busy.
    all_free: u64,
    /// Answers in the order of their grants.
    pub(super) answers: VecDeque<Answer>,
}

impl Banks {
    pub(super) fn new(organisation: Organisation) -> Self {
        let banks = (organisation.domains * organisation.interleave) as usize;
        Self {
            organisation,
            shift: organisation.domain_words.trailing_zeros(),
            free: vec![0; banks],
            pointer: vec![0; banks],
            all_free: 0,
            answers: VecDeque::new(),
        }
    }

    /// Domain and bank of a word.
    pub(super) fn destination(&self, word: u64) -> Destination {
        let domain = word >> self.shift;
        if domain >= u64::from(self.organisation.domains) {
            return Destination::default();
        }
        let interleave = u64::from(self.organisation.interleave);
        let bank = (domain * interleave + (word & (interleave - 1))) as usize;
        Destination { domain: Some(domain as usize), bank }
    }

    /// Decides every request of a cycle; `on` and `refusing` are masks of domains.
    pub(super) fn arbitrate(
        &mut self,
        now: u64,
        requests: &[Request],
        to: &[Destination],
        on: u64,
        refusing: u64,
    ) -> Arbitration {
        let mut result = Arbitration::default();
        let mut ready = 0u64;
        for port in (0..requests.len()).filter(|&port| requests[port].valid) {
            let mask = 1 << port;
            match to[port].domain {
                Some(domain) if on >> domain & 1 == 1 && now >= self.free[to[port].bank] => ready |= mask,
                Some(domain) if on >> domain & 1 == 1 => result.stalled_conflict |= mask,
                Some(domain) if refusing >> domain & 1 == 0 => result.stalled_wake |= mask,
                _ => result.refused |= mask,
            }
        }
        for port in bits(ready) {
            if self.first_in_round(port, ready, to) {
                result.served |= 1 << port;
            }
        }
        result.stalled_conflict |= ready & !result.served;
        for port in bits(result.served) {
            self.grant(now, port, to[port].bank);
        }
        result
    }

    fn first_in_round(&self, port: usize, ready: u64, to: &[Destination]) -> bool {
        let ports = to.len();
        let bank = to[port].bank;
        let place = |port: usize| (port + ports - self.pointer[bank] as usize) % ports;
        bits(ready & !(1 << port)).filter(|&other| to[other].bank == bank).all(|other| place(port) < place(other))
    }

    fn grant(&mut self, now: u64, port: usize, bank: usize) {
        self.free[bank] = now + u64::from(self.organisation.bank_cycles);
        self.all_free = self.free[bank];
        self.pointer[bank] = (port as u32 + 1) % self.organisation.ports;
    }

    /// Whether no bank is busy and no answer under way in cycle `now`.
    pub(super) fn idle(&self, now: u64) -> bool {
        now >= self.all_free && self.answers.is_empty()
    }
}
