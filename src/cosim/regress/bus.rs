//! Bursts on the AXI4 fronts of a memory, checked against what was written; behind the fronts everything is compared as elsewhere.

use super::bench::{Bench, Check, Step};
use crate::Result;
use crate::cosim::Dut;
use crate::cosim::bits::{get, put};
use crate::cosim::ffi::PortIndex;
use crate::power::Organisation;
use crate::power::cycle::{Inputs, Request};
use crate::rtl::LABORATORY_BUS;

/// Names of what a bus case comes across.
pub(super) const BURST_WRITTEN: &str = "AXI4 burst written";
pub(super) const BURST_READ: &str = "AXI4 burst read";
pub(super) const BURST_REFUSED: &str = "AXI4 burst refused";

/// Longest burst, in beats.
const BEATS: u64 = 6;
const INCR: u64 = 1;
const SLVERR: u64 = 2;

macro_rules! signals {
    ($($field:ident: $name:literal),* $(,)?) => {
        #[derive(Debug, Clone, Copy)]
        struct Signals { $($field: PortIndex),* }

        impl Signals {
            fn of(dut: &Dut) -> Result<Self> {
                Ok(Self { $($field: dut.signal($name)?),* })
            }
        }
    };
}

signals! {
    awvalid: "axi_awvalid_i", awready: "axi_awready_o", awaddr: "axi_awaddr_i", awlen: "axi_awlen_i", awsize: "axi_awsize_i",
    awburst: "axi_awburst_i", wvalid: "axi_wvalid_i", wready: "axi_wready_o", wdata: "axi_wdata_i", wstrb: "axi_wstrb_i",
    wlast: "axi_wlast_i", bvalid: "axi_bvalid_o", bready: "axi_bready_i", bresp: "axi_bresp_o", arvalid: "axi_arvalid_i",
    arready: "axi_arready_o", araddr: "axi_araddr_i", arlen: "axi_arlen_i", arsize: "axi_arsize_i", arburst: "axi_arburst_i",
    rvalid: "axi_rvalid_o", rready: "axi_rready_i", rdata: "axi_rdata_o", rresp: "axi_rresp_o", rlast: "axi_rlast_o",
    asked: "asked_req_o", asked_write: "asked_we_o", asked_word: "asked_addr_o", asked_enables: "asked_be_o",
}

/// Where the transaction of a port is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Address,
    Data,
    Response,
}

/// One port's master: a transaction at a time, in words of its own.
#[derive(Debug, Clone)]
struct Master {
    phase: Phase,
    write: bool,
    word: u64,
    beats: u64,
    beat: u64,
    served: bool,
    sequence: u8,
}

/// All masters and what the memory should hold.
struct Buses {
    signals: Signals,
    organisation: Organisation,
    masters: Vec<Master>,
    /// Every byte, if it was written.
    image: Vec<Option<u8>>,
    done: u64,
}

/// Plays transactions on all ports until `transactions` are done.
pub(super) fn play(bench: &mut Bench, transactions: u64) -> Step {
    let organisation = bench.controller().organisation;
    let master = Master { phase: Phase::Idle, write: false, word: 0, beats: 0, beat: 0, served: true, sequence: 0 };
    let mut buses = Buses {
        signals: Signals::of(&bench.pair.dut)?,
        organisation,
        masters: vec![master; organisation.ports as usize],
        image: vec![None; (organisation.words() * organisation.word_bytes()) as usize],
        done: 0,
    };
    bench.inputs.live = u64::MAX >> (64 - organisation.domains);
    let limit = transactions * (BEATS + 2) * bench.limit();
    while buses.done < transactions {
        if bench.now > limit {
            return Err(bench.wrong(Check::Watchdog, "the buses do not get on"));
        }
        for port in 0..buses.masters.len() {
            buses.drive(bench, port);
        }
        let (signals, ports) = (buses.signals, organisation);
        bench.cycle_behind_bus(|dut, inputs| asked(dut, signals, &ports, inputs))?;
        for port in 0..buses.masters.len() {
            buses.sample(bench, port)?;
        }
    }
    Ok(())
}

/// What the fronts ask of the memory in this cycle.
fn asked(dut: &Dut, signals: Signals, organisation: &Organisation, inputs: &mut Inputs) {
    let address = (u64::BITS - (organisation.words() - 1).leading_zeros()).max(1) as usize;
    let bytes = organisation.word_bytes() as usize;
    for (port, request) in inputs.requests.iter_mut().enumerate() {
        let enables = dut.value(signals.asked_enables);
        let low = u128::from(get(enables, port * bytes, bytes.min(64)));
        let high = if bytes > 64 { u128::from(get(enables, port * bytes + 64, bytes - 64)) << 64 } else { 0 };
        *request = Request {
            valid: get(dut.value(signals.asked), port, 1) == 1,
            write: get(dut.value(signals.asked_write), port, 1) == 1,
            word: get(dut.value(signals.asked_word), port * address, address),
            enables: low | high,
            tag: 0,
        };
    }
}

impl Buses {
    fn bytes(&self) -> usize {
        self.organisation.word_bytes() as usize
    }

    /// A master begins a transaction now and then, and puts what its phase asks for on the bus.
    fn drive(&mut self, bench: &mut Bench, port: usize) {
        if self.masters[port].phase == Phase::Idle && bench.random.once_in(6) {
            self.begin(bench, port);
        }
        let s = self.signals;
        let Master { phase, write, beat, beats, sequence, .. } = self.masters[port];
        let at = |wanted: Phase, writes: bool| u64::from(phase == wanted && write == writes);
        let ready = u64::from(!bench.random.once_in(3));
        let data = at(Phase::Data, true)
            & u64::from(bench.random.below(4) > 0 || bench.pair.dut.value(s.wvalid)[0] >> port & 1 == 1);
        let values = [
            (s.awvalid, at(Phase::Address, true)),
            (s.arvalid, at(Phase::Address, false)),
            (s.wvalid, data),
            (s.wlast, u64::from(beat + 1 == beats)),
            (s.bready, at(Phase::Response, true) & ready),
            (s.rready, at(Phase::Data, false) & ready),
        ];
        for (signal, value) in values {
            put(bench.pair.dut.value_mut(signal), port, 1, value);
        }
        let bytes = self.bytes();
        let lanes = &mut bench.pair.dut.value_mut(s.wdata)[port * bytes..][..bytes];
        lanes.iter_mut().enumerate().for_each(|(i, lane)| *lane = data_byte(sequence, beat, i));
    }

    fn begin(&mut self, bench: &mut Bench, port: usize) {
        let own = self.organisation.words() / self.masters.len() as u64;
        let beats = 1 + bench.random.below(BEATS.min(own));
        let word = own * port as u64 + bench.random.below(own - beats + 1);
        let served = !bench.random.once_in(8);
        let master = &mut self.masters[port];
        *master = Master {
            phase: Phase::Address,
            write: bench.random.once_in(2),
            word,
            beats,
            beat: 0,
            served,
            sequence: master.sequence.wrapping_add(1),
        };
        let s = self.signals;
        let burst = if served { INCR } else { 0 };
        let (width, bytes) = (LABORATORY_BUS.0 as usize, self.bytes());
        let size = bytes.trailing_zeros().into();
        for (address, length, step, kind) in
            [(s.awaddr, s.awlen, s.awsize, s.awburst), (s.araddr, s.arlen, s.arsize, s.arburst)]
        {
            let dut = &mut bench.pair.dut;
            put(dut.value_mut(address), port * width, width, word * bytes as u64);
            put(dut.value_mut(length), port * 8, 8, beats - 1);
            put(dut.value_mut(step), port * 3, 3, size);
            put(dut.value_mut(kind), port * 2, 2, burst);
        }
        let strobes = bench.pair.dut.value_mut(s.wstrb);
        (0..bytes).for_each(|byte| put(strobes, port * bytes + byte, 1, 1));
    }

    /// Moves a master on by what was taken in this cycle.
    fn sample(&mut self, bench: &mut Bench, port: usize) -> Step {
        let s = self.signals;
        let taken =
            |valid, ready| get(bench.pair.dut.value(valid), port, 1) & get(bench.pair.dut.value(ready), port, 1) == 1;
        let Master { phase, write, .. } = self.masters[port];
        match (phase, write) {
            (Phase::Address, true) if taken(s.awvalid, s.awready) => self.masters[port].phase = Phase::Data,
            (Phase::Address, false) if taken(s.arvalid, s.arready) => self.masters[port].phase = Phase::Data,
            (Phase::Data, true) if taken(s.wvalid, s.wready) => self.written(port),
            (Phase::Response, true) if taken(s.bvalid, s.bready) => {
                let response = get(bench.pair.dut.value(s.bresp), port * 2, 2);
                self.expect_response(bench, port, response)?;
                self.finish(bench, port, BURST_WRITTEN);
            }
            (Phase::Data, false) if taken(s.rvalid, s.rready) => return self.read(bench, port),
            _ => {}
        }
        Ok(())
    }

    fn written(&mut self, port: usize) {
        let bytes = self.bytes();
        let Master { word, beat, beats, sequence, served, .. } = self.masters[port];
        if served {
            let first = (word + beat) as usize * bytes;
            (0..bytes).for_each(|i| self.image[first + i] = Some(data_byte(sequence, beat, i)));
        }
        self.masters[port].beat += 1;
        if beat + 1 == beats {
            self.masters[port].phase = Phase::Response;
        }
    }

    fn read(&mut self, bench: &mut Bench, port: usize) -> Step {
        let (s, bytes) = (self.signals, self.bytes());
        let Master { word, beat, beats, served, .. } = self.masters[port];
        let response = get(bench.pair.dut.value(s.rresp), port * 2, 2);
        self.expect_response(bench, port, response)?;
        let last = get(bench.pair.dut.value(s.rlast), port, 1) == 1;
        if last != (beat + 1 == beats) {
            return Err(
                bench.wrong(Check::Bus, format!("port {port}: beat {beat} of {beats} has RLAST {}", u8::from(last)))
            );
        }
        let first = (word + beat) as usize * bytes;
        let data = &bench.pair.dut.value(s.rdata)[port * bytes..][..bytes];
        let wrong = (0..bytes).find(|&i| served && self.image[first + i].is_some_and(|byte| byte != data[i]));
        if let Some(byte) = wrong {
            let message = format!(
                "port {port}: byte {byte} of word {} is {:02x}, was written {:02x?}",
                word + beat,
                data[byte],
                self.image[first + byte]
            );
            return Err(bench.wrong(Check::Bus, message));
        }
        self.masters[port].beat += 1;
        if last {
            self.finish(bench, port, BURST_READ);
        }
        Ok(())
    }

    fn expect_response(&self, bench: &Bench, port: usize, response: u64) -> Step {
        let expected = if self.masters[port].served { 0 } else { SLVERR };
        if response == expected {
            return Ok(());
        }
        Err(bench.wrong(Check::Bus, format!("port {port} was answered {response}, expected {expected}")))
    }

    fn finish(&mut self, bench: &mut Bench, port: usize, what: &str) {
        let Master { beats, served, .. } = self.masters[port];
        if !served {
            bench.goals.note(BURST_REFUSED);
        } else if beats > 1 {
            bench.goals.note(what);
        }
        self.masters[port].phase = Phase::Idle;
        self.done += 1;
    }
}

/// A byte of a beat: different from transaction to transaction, beat to beat, lane to lane.
fn data_byte(sequence: u8, beat: u64, lane: usize) -> u8 {
    sequence.wrapping_mul(37).wrapping_add((beat as u8).wrapping_mul(11)).wrapping_add((lane as u8).wrapping_mul(3))
}
