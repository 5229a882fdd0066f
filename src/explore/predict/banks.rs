//! The banks of one domain and the streams that use them while it is ON.

use super::period::Period;
use crate::power::{Organisation, PortActivity};

/// What one port plays at present: consecutive words of one domain, one request at a time.
#[derive(Debug, Clone, Default)]
pub(super) struct Stream {
    /// Word of the pending request.
    pub(super) address: u64,
    /// Requests that are not granted yet, the pending one included.
    pub(super) left: u64,
    /// Whether they write.
    pub(super) write: bool,
    /// Stalls of the port so far.
    pub(super) stalls: PortActivity,
}

/// How the streams of a domain get on with each other; known until one joins or leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Regime {
    /// To be found out.
    Unknown,
    /// Every request is granted in its first cycle.
    Clear,
    /// Somebody stalls, and no period is known yet.
    Contended,
    /// The pattern of grants repeats.
    Periodic,
}

/// Arbitration state of a domain's banks, and the ports with a request in the domain.
///
/// One stream visits the banks in turn, a bank a cycle. So streams that are all granted keep their distance (in banks,
/// modulo the interleave) for ever: closed form. Streams that get into each other's way are played cycle by cycle
/// until they are apart, or until their pattern repeats; then whole periods are played at once.
pub(super) struct Banks {
    pub(super) mask: u64,
    ports: u32,
    bank_cycles: u64,
    /// First cycle in which each bank may be granted again.
    pub(super) free: Vec<u64>,
    /// First port in each bank's round.
    pub(super) pointer: Vec<u32>,
    /// Ports with a pending request.
    pub(super) members: Vec<u32>,
    regime: Regime,
    pub(super) period: Period,
    requested: Vec<u32>,
    /// The cycle after the last grant, 0 before the first.
    pub(super) after_grant: u64,
    /// Port-cycles stalled by a busy or contended bank.
    pub(super) conflicts: u64,
}

impl Banks {
    /// Idle banks of one domain.
    pub(super) fn new(organisation: &Organisation) -> Self {
        Self {
            mask: u64::from(organisation.interleave) - 1,
            ports: organisation.ports,
            bank_cycles: u64::from(organisation.bank_cycles),
            free: vec![0; organisation.interleave as usize],
            pointer: vec![0; organisation.interleave as usize],
            members: Vec::new(),
            regime: Regime::Unknown,
            period: Period::default(),
            requested: Vec::new(),
            after_grant: 0,
            conflicts: 0,
        }
    }

    /// The stream of `port` has its next request here.
    pub(super) fn join(&mut self, port: u32) {
        self.members.push(port);
        self.regime = Regime::Unknown;
    }

    /// Removes a stream that has ended here; the others are no closer to each other than before.
    pub(super) fn leave(&mut self, member: usize) -> u32 {
        if self.regime != Regime::Clear {
            self.regime = Regime::Unknown;
        }
        self.members.swap_remove(member)
    }

    /// Cycles in which certainly no stream ends, except perhaps in the last of them; at least 1.
    pub(super) fn undisturbed(&self, streams: &[Stream]) -> u64 {
        let left = |port: &u32| streams[*port as usize].left;
        match self.regime {
            Regime::Periodic => self.period.undisturbed(self.members.iter().map(left)),
            _ => self.members.iter().map(left).min().unwrap_or(0),
        }
    }

    /// Plays `cycles` cycles from cycle `now` on; no stream may end before the last of them.
    pub(super) fn serve(&mut self, now: u64, cycles: u64, streams: &mut [Stream]) {
        let (mut now, end) = (now, now + cycles);
        while now < end && !self.members.is_empty() {
            if self.regime == Regime::Unknown {
                self.regime = self.judge(now, streams);
            }
            match self.regime {
                Regime::Clear => {
                    self.advance(now, end - now, streams);
                    now = end;
                }
                Regime::Periodic if end - now >= self.period.cycles => now = self.repeat(now, end, streams),
                _ => now = self.contend(now, end, streams),
            }
        }
    }

    /// Lets `cycles` requests of every stream pass: a domain in FAULT answers each at once, with an error.
    pub(super) fn reject(&mut self, cycles: u64, streams: &mut [Stream]) {
        for &port in &self.members {
            let stream = &mut streams[port as usize];
            stream.address += cycles;
            stream.left -= cycles;
        }
    }

    fn judge(&mut self, now: u64, streams: &[Stream]) -> Regime {
        if self.apart(now, streams) {
            return Regime::Clear;
        }
        self.period.restart(2 * self.members.len() as u64 * self.bank_cycles);
        Regime::Contended
    }

    /// Whether from `now` on every request is granted at once: no bank is still busy when a stream first comes to
    /// it, and visits to one bank lie at least `bank_cycles` apart.
    fn apart(&self, now: u64, streams: &[Stream]) -> bool {
        let (banks, cycles) = (self.mask + 1, self.bank_cycles);
        let address = |port: &u32| streams[*port as usize].address;
        banks >= cycles
            && self.members.iter().all(|port| {
                (0..cycles - 1).all(|ahead| self.free[((address(port) + ahead) & self.mask) as usize] <= now + ahead)
            })
            && self.members.iter().enumerate().all(|(i, one)| {
                self.members[i + 1..].iter().all(|other| {
                    let distance = address(one).wrapping_sub(address(other)) & self.mask;
                    distance >= cycles && banks - distance >= cycles
                })
            })
    }

    /// Closed form: every stream is granted in each of the `cycles` cycles from `now` on.
    fn advance(&mut self, now: u64, cycles: u64, streams: &mut [Stream]) {
        for back in (1..=cycles.min(self.mask + 1)).rev() {
            for &port in &self.members {
                let bank = (streams[port as usize].address + cycles - back) & self.mask;
                self.free[bank as usize] = now + cycles - back + self.bank_cycles;
                self.pointer[bank as usize] = if port + 1 == self.ports { 0 } else { port + 1 };
            }
        }
        for &port in &self.members {
            let stream = &mut streams[port as usize];
            stream.address += cycles;
            stream.left -= cycles;
        }
        self.after_grant = now + cycles;
    }

    /// Waits for a bank that is requested to be free, then plays one cycle in full and looks what it tells about the
    /// regime; the cycle reached.
    fn contend(&mut self, now: u64, end: u64, streams: &mut [Stream]) -> u64 {
        self.requested.clear();
        self.requested.extend(self.members.iter().map(|&port| (streams[port as usize].address & self.mask) as u32));
        let free = self.requested.iter().map(|bank| self.free[*bank as usize]).min().unwrap_or(0);
        let next = free.clamp(now, end);
        if next > now {
            self.stall_all(next - now, streams);
            return next;
        }
        let stalled = self.arbitrate(now, streams);
        if stalled == 0 && self.apart(now + 1, streams) {
            self.regime = Regime::Clear;
        } else if self.regime == Regime::Contended && self.find_period(now + 1, streams) {
            self.regime = Regime::Periodic;
        }
        now + 1
    }

    fn stall_all(&mut self, cycles: u64, streams: &mut [Stream]) {
        for &port in &self.members {
            streams[port as usize].stalls.stall_conflict += cycles;
            self.conflicts += cycles;
        }
    }

    /// Grants of one cycle by busy banks and round robin; how many streams stalled.
    fn arbitrate(&mut self, now: u64, streams: &mut [Stream]) -> usize {
        let mut stalled = 0;
        for (member, &port) in self.members.iter().enumerate() {
            let bank = self.requested[member] as usize;
            let stream = &mut streams[port as usize];
            if self.free[bank] <= now && self.wins(member, bank) {
                stream.address += 1;
                stream.left -= 1;
                self.free[bank] = now + self.bank_cycles;
                self.pointer[bank] = if port + 1 == self.ports { 0 } else { port + 1 };
                self.after_grant = now + 1;
            } else {
                stream.stalls.stall_conflict += 1;
                stalled += 1;
            }
        }
        self.conflicts += stalled as u64;
        stalled
    }

    /// Whether no other member that requests the bank comes earlier in its round.
    fn wins(&self, member: usize, bank: usize) -> bool {
        let first = self.pointer[bank];
        let turn = |port: u32| if port >= first { port - first } else { port + self.ports - first };
        let own = turn(self.members[member]);
        let mut others = self.members.iter().zip(&self.requested);
        !others.any(|(&port, &requested)| requested as usize == bank && turn(port) < own)
    }

    /// Plays as many whole periods as end by `end`; the cycle reached.
    fn repeat(&mut self, now: u64, end: u64, streams: &mut [Stream]) -> u64 {
        let times = (end - now) / self.period.cycles;
        let cycles = times * self.period.cycles;
        for (&port, &grants) in self.members.iter().zip(&self.period.grants) {
            let stream = &mut streams[port as usize];
            let stalls = cycles - times * grants;
            stream.address += times * grants;
            stream.left -= times * grants;
            stream.stalls.stall_conflict += stalls;
            self.conflicts += stalls;
        }
        self.free.iter_mut().for_each(|free| *free += cycles);
        self.after_grant += cycles;
        now + cycles
    }
}
