//! Requests and grants at the ports.

use super::domain::Domain;
use super::property::{Ledger, Place, Property};
use super::signals::Signals;
use super::tracker::{Levels, set_bits};
use super::values::{Slot, Values};
use crate::power::State;
use crate::power::{Organisation, PortActivity};

/// Signals that are needed to know which domain a request is for.
struct Bus {
    req: Slot,
    gnt: Slot,
    addr: Slot,
    we: Option<Slot>,
    address_bits: u32,
}

/// What the ports did.
pub(super) struct Accesses<'a> {
    organisation: &'a Organisation,
    bus: Option<Bus>,
    ports: Vec<PortActivity>,
    /// Edge of the latest grant of each bank, domains outermost.
    banks: Vec<Option<u64>>,
    /// Requests that wait, and their addresses.
    waiting: u64,
    addresses: Vec<u64>,
}

/// One request in one cycle.
struct Request {
    port: usize,
    address: u64,
    granted: bool,
    writes: Option<bool>,
}

impl<'a> Accesses<'a> {
    pub(super) fn new(organisation: &'a Organisation, signals: &Signals, values: &Values) -> Self {
        let bus = match (signals.req, signals.gnt, signals.addr) {
            (Some(req), Some(gnt), Some(addr)) => Some(Bus {
                req,
                gnt,
                addr,
                we: signals.we,
                address_bits: values.width(addr) / organisation.ports.max(1),
            }),
            _ => None,
        };
        let banks = (organisation.domains * organisation.interleave) as usize;
        let ports = organisation.ports as usize;
        Self {
            organisation,
            bus: bus.filter(|bus| bus.address_bits > 0),
            ports: vec![PortActivity::default(); ports],
            banks: vec![None; banks],
            waiting: 0,
            addresses: vec![0; ports],
        }
    }

    /// Whether the dump shows which domain a request is for, and whether it writes.
    pub(super) fn visible(&self) -> (bool, bool) {
        (self.bus.is_some(), self.bus.as_ref().is_some_and(|bus| bus.we.is_some()))
    }

    /// Drops what is known of the past.
    pub(super) fn forget(&mut self) {
        self.waiting = 0;
        self.banks.fill(None);
    }

    /// One edge; says whether a request waits.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn step(
        &mut self,
        place: Place,
        counts: bool,
        levels: &Levels,
        domains: &mut [Domain],
        ledger: &mut Ledger,
        values: &Values,
        signals: &Signals,
    ) -> bool {
        let Some(bus) = &self.bus else {
            let raised = signals.req.map_or(0, |slot| values.word(slot, 0));
            return raised & !signals.gnt.map_or(raised, |slot| values.word(slot, 0)) != 0;
        };
        let (req, gnt) = (values.word(bus.req, 0), values.word(bus.gnt, 0));
        if req | self.waiting == 0 {
            return false;
        }
        let request = |port: usize| Request {
            port,
            address: values.field(bus.addr, port as u32 * bus.address_bits, bus.address_bits),
            granted: gnt >> port & 1 == 1,
            writes: bus.we.map(|we| values.field(we, port as u32, 1) == 1),
        };
        let requests: Vec<Request> = set_bits(req).map(request).collect();
        self.judge_held(place, req, &requests, ledger);
        for request in &requests {
            self.judge(place, counts, levels, domains, ledger, request);
            self.addresses[request.port] = request.address;
        }
        self.waiting = req & !gnt;
        self.waiting != 0
    }

    fn judge_held(&self, place: Place, req: u64, requests: &[Request], ledger: &mut Ledger) {
        if self.waiting == 0 {
            return;
        }
        let moved = requests.iter().find(|r| self.waiting >> r.port & 1 == 1 && self.addresses[r.port] != r.address);
        let gone = (self.waiting & !req != 0).then(|| (self.waiting & !req).trailing_zeros() as usize);
        let culprit = gone.or(moved.map(|request| request.port));
        ledger.book(Property::RequestsHeld, culprit.is_none(), place, None, || {
            let port = culprit.unwrap_or_default();
            (format!("the request of port {port} went away or moved before it was granted"), vec![])
        });
    }

    fn judge(
        &mut self,
        place: Place,
        counts: bool,
        levels: &Levels,
        domains: &mut [Domain],
        ledger: &mut Ledger,
        request: &Request,
    ) {
        let d = (request.address / self.organisation.domain_words) as usize;
        let Some(domain) = domains.get_mut(d) else { return };
        let state = State::from_code(levels.code(d));
        if !request.granted {
            if counts {
                stall(&mut self.ports[request.port], domain, state == Some(State::On));
            }
            return;
        }
        let refused = state == Some(State::Fault) || levels.force_off >> d & 1 == 1;
        let serves = state == Some(State::On);
        ledger.book(Property::Grants, serves || refused, place, Some(d), || {
            let name = state.map_or("no state", State::name);
            let signals = vec![("addr_i".into(), format!("{:#x}", request.address)), ("state_o".into(), name.into())];
            (format!("port {} was granted while its domain was in {name}", request.port), signals)
        });
        if refused && !serves {
            return;
        }
        self.judge_bank(place, d, ledger, request);
        match request.writes {
            Some(true) if counts => domain.activity.writes += 1,
            Some(false) if counts => domain.activity.reads += 1,
            _ => {}
        }
    }

    fn judge_bank(&mut self, place: Place, d: usize, ledger: &mut Ledger, request: &Request) {
        let bank = d * self.organisation.interleave as usize + self.organisation.bank_of(request.address) as usize;
        let least = u64::from(self.organisation.bank_cycles);
        let free = self.banks[bank].is_none_or(|last| place.edge - last >= least);
        ledger.book(Property::BankRate, free, place, Some(d), || {
            let signals = vec![("addr_i".into(), format!("{:#x}", request.address))];
            (format!("a bank was granted again in less than {least} cycles"), signals)
        });
        self.banks[bank] = Some(place.edge);
    }

    pub(super) fn into_ports(self) -> Vec<PortActivity> {
        self.ports
    }
}

fn stall(port: &mut PortActivity, domain: &mut Domain, on: bool) {
    if on {
        port.stall_conflict += 1;
        domain.activity.stall_conflict += 1;
    } else {
        port.stall_wake += 1;
        domain.activity.stall_wake += 1;
    }
}
