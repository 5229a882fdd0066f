//! Power switches, whose acknowledge follows after a delay, and the synchronisers behind the pins.

use super::domain::NEVER;
use crate::power::SwitchDelays;
use crate::power::cycle::bits;

/// The switches of all domains: the acknowledge pin follows the control after exactly the delay of its direction.
///
/// A change of the control that is taken back before the pin followed never reaches the pin.
#[derive(Debug, Clone)]
pub struct Switches {
    delays: SwitchDelays,
    pins: u64,
    moving: u64,
    due: [u64; 64],
}

impl Switches {
    /// All open, as during reset.
    pub fn new(delays: SwitchDelays) -> Self {
        Self { delays, pins: 0, moving: 0, due: [NEVER; 64] }
    }

    /// The pins in cycle `now`, in which the switch and retention controls are `closed` and `retained`.
    ///
    /// To be called in every evaluated cycle, in ascending order.
    pub fn pins(&mut self, now: u64, closed: u64, retained: u64) -> u64 {
        if closed ^ self.pins | self.moving != 0 {
            self.follow(now, closed, retained);
        }
        self.pins
    }

    fn follow(&mut self, now: u64, closed: u64, retained: u64) {
        let differing = closed ^ self.pins;
        for domain in bits(differing & !self.moving) {
            let delay = match (closed >> domain & 1, retained >> domain & 1) {
                (0, _) => self.delays.t_ack_fall,
                (_, 0) => self.delays.t_ack_off,
                _ => self.delays.t_ack_ret,
            };
            self.due[domain] = now + u64::from(delay);
        }
        self.moving = differing;
        for domain in bits(differing) {
            if now >= self.due[domain] {
                self.pins ^= 1 << domain;
                self.moving &= !(1 << domain);
            }
        }
    }
}

/// A chain of flip-flops behind every acknowledge pin, 0 during reset.
#[derive(Debug, Clone)]
pub(super) struct Synchronisers {
    /// A mask of domains for each flip-flop, the one behind the pin first.
    stages: Vec<u64>,
}

impl Synchronisers {
    pub(super) fn new(stages: u32) -> Self {
        Self { stages: vec![0; stages as usize] }
    }

    /// What the controllers see in a cycle in which the pins are `pins`.
    pub(super) fn output(&self, pins: u64) -> u64 {
        self.stages.last().copied().unwrap_or(pins)
    }

    /// Domains whose chain or pin differs from `closed`.
    pub(super) fn unsettled(&self, pins: u64, closed: u64) -> u64 {
        self.stages.iter().fold(pins ^ closed, |differing, stage| differing | (stage ^ closed))
    }

    /// The clock edge.
    pub(super) fn clock(&mut self, pins: u64) {
        let last = self.stages.len().saturating_sub(1);
        self.stages.copy_within(..last, 1.min(last));
        if let Some(first) = self.stages.first_mut() {
            *first = pins;
        }
    }
}
