//! The verilated memory as a [`Device`]: drives its inputs, clocks it, samples its outputs.

use super::bits::{low_word, put};
use super::build::CompiledMemory;
use super::ffi::{Model, PortIndex};
use super::harness;
use super::shadow::{DataError, Shadow};
use super::waveform::Waveform;
use super::waveform::WaveformFile;
use crate::power::cycle::{Device, Inputs, Outputs, Request, Response, Scheduling};
use crate::power::reference::Switches;
use crate::power::{Controller, Entry};
use crate::rtl::{Parameters, Port};
use crate::{Error, Result};
use std::time::Instant;

/// A memory under test. Cycle 0 is the first after [`Dut::new`].
///
/// A `$fatal` in the Verilog does not stop a replay at once: outputs freeze, and [`Dut::failure`] gives the reason.
pub struct Dut {
    model: Model,
    ports: Ports,
    layout: Layout,
    schedule: Option<SchedulePorts>,
    switches: Switches,
    driven: Vec<Request>,
    outputs: Outputs,
    shadow: Option<Shadow>,
    data_error: Option<DataError>,
    waveform: Option<Waveform>,
    failure: Option<Error>,
}

/// Widths of one element of the flat buses.
#[derive(Debug, Clone, Copy)]
struct Layout {
    address_bits: usize,
    word_bits: usize,
    narrow: bool,
}

/// Constant difference between the 32-bit lanes of a word written with one tag.
const LANE: u32 = 0x9e37_79b9;

macro_rules! ports {
    ($ports:ident: $($field:ident: $name:literal),* $(,)?) => {
        #[derive(Debug, Clone, Copy)]
        struct $ports { $($field: PortIndex),* }

        impl $ports {
            fn of(model: &Model) -> Result<Self> {
                Ok(Self { $($field: model.port($name)?),* })
            }
        }
    };
}

ports! {
    Ports:
    reset: "rst_ni", now: "now_i", request: "req_i", write: "we_i", address: "addr_i", enables: "be_i", data: "wdata_i",
    live: "live_i", force_on: "force_on_i", force_off: "force_off_i", fault_clear: "fault_clear_i", acknowledge: "sw_ack_i",
    grant: "gnt_o", valid: "rvalid_o", error: "err_o", poison: "poison_o", read: "rdata_o", state: "state_o",
    isolation: "iso_no", light: "light_o", switch: "sw_o", retention: "ret_o", fault: "fault_o", lost_live: "lost_live_o", quiescent: "quiescent_o",
    event_valid: "next_event_valid_o", event: "next_event_o", select: "count_sel_i", count: "count_o",
}

ports! {
    SchedulePorts:
    start: "sched_start_i", filled: "sched_filled_i", write: "sched_write_i", delta: "sched_delta_i", domain: "sched_domain_i",
    operation: "sched_operation_i", clear: "sched_clear_i", missed: "sched_missed_o", overflow: "sched_overflow_o",
}

impl Dut {
    /// A memory out of reset. With `whole_data`, every byte of every answer is compared with what was written.
    ///
    /// # Errors
    /// [`Error::Artefact`] if the library is not what its parameters say, [`Error::Tool`] if the memory stops in reset.
    pub fn new(memory: &CompiledMemory, controller: &Controller) -> Result<Self> {
        let model = memory.library.create()?;
        let parameters = &memory.parameters;
        check_widths(&model, parameters)?;
        let ports = Ports::of(&model)?;
        let narrow = parameters.word_bits != controller.organisation.word_bits;
        let layout = Layout {
            address_bits: parameters.address_bits() as usize,
            word_bits: parameters.word_bits as usize,
            narrow,
        };
        let schedule = (parameters.sched_depth > 0).then(|| SchedulePorts::of(&model)).transpose()?;
        let port_count = parameters.ports as usize;
        let outputs = Outputs { responses: vec![Response::default(); port_count], ..Outputs::default() };
        let mut dut = Self {
            model,
            ports,
            layout,
            schedule,
            switches: Switches::new(controller.switch),
            driven: vec![Request::default(); port_count],
            outputs,
            shadow: (!narrow).then(|| Shadow::new(&controller.organisation)),
            data_error: None,
            waveform: None,
            failure: None,
        };
        dut.reset()?;
        Ok(dut)
    }

    /// Two clock edges in reset and one of the two that release it; the other begins cycle 0.
    fn reset(&mut self) -> Result<()> {
        for level in [1, 0, 0, 1] {
            self.model.value_mut(self.ports.reset)[0] = level;
            self.model.high()?;
            self.model.low()?;
        }
        Ok(())
    }

    /// Records a waveform of some cycles.
    pub(super) fn record(&mut self, waveform: Waveform) {
        self.waveform = Some(waveform);
    }

    /// Completes the waveform, if one was recorded.
    pub(super) fn finish_waveform(&mut self) -> Result<Option<WaveformFile>> {
        self.waveform.take().map_or(Ok(None), |waveform| waveform.finish(&mut self.model))
    }

    /// Outputs of the last cycle.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// Isolation (active low), retention and light sleep controls, as masks of domains.
    pub(super) fn controls(&self) -> [u64; 3] {
        [self.ports.isolation, self.ports.retention, self.ports.light].map(|port| low_word(self.model.value(port)))
    }

    /// Why the memory stopped, if it did.
    pub fn failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    /// The first answer with other data than was written, if there is one.
    pub fn data_error(&self) -> Option<&DataError> {
        self.data_error.as_ref()
    }

    /// Runs whole cycles without a request, and returns the cycles evaluated per second: what the machine can do.
    ///
    /// # Errors
    /// [`Error::Tool`] if the memory stops.
    pub fn measure_rate(&mut self, cycles: u64) -> Result<f64> {
        let start = Instant::now();
        self.model.run(cycles)?;
        Ok(cycles as f64 / start.elapsed().as_secs_f64().max(1e-9))
    }

    /// Ends the last cycle; `end` is the cycle after it.
    ///
    /// # Errors
    /// [`Error::Tool`] if the memory stops.
    pub fn finish(&mut self, end: u64) -> Result<()> {
        let idle = Inputs { now: end, ..Inputs::idle(self.driven.len() as u32) };
        self.evaluate(&idle)
    }

    /// Value of a hardware counter over the cycles before [`Dut::finish`]; the index map is that of `pgsram_counters`.
    ///
    /// # Errors
    /// [`Error::Tool`] if the memory stops.
    pub fn counter(&mut self, index: u32) -> Result<u64> {
        put(self.model.value_mut(self.ports.select), 0, 16, u64::from(index));
        self.model.low()?;
        Ok(low_word(self.model.value(self.ports.count)))
    }

    /// Over the edge that begins the cycle, with its inputs; then the switches answer and everything settles.
    fn evaluate(&mut self, inputs: &Inputs) -> Result<()> {
        self.drive(inputs);
        self.model.high()?;
        if let Some(waveform) = &mut self.waveform {
            waveform.edge(&mut self.model, inputs.now)?;
        }
        self.drive_acknowledge(inputs);
        self.model.low()?;
        if let Some(waveform) = &mut self.waveform {
            waveform.settled(&mut self.model, inputs.now)?;
        }
        self.sample();
        self.check_data(inputs);
        Ok(())
    }

    fn drive_acknowledge(&mut self, inputs: &Inputs) {
        let pins = inputs.acknowledge.unwrap_or_else(|| {
            let closed = low_word(self.model.value(self.ports.switch));
            let retained = low_word(self.model.value(self.ports.retention));
            self.switches.pins(inputs.now, closed, retained)
        });
        self.outputs.acknowledge = pins;
        set(self.model.value_mut(self.ports.acknowledge), pins);
    }

    fn drive(&mut self, inputs: &Inputs) {
        let ports = self.ports;
        let masks = [
            (ports.now, inputs.now),
            (ports.live, inputs.live),
            (ports.force_on, inputs.force_on),
            (ports.force_off, inputs.force_off),
            (ports.fault_clear, inputs.fault_clear),
        ];
        for (port, value) in masks {
            set(self.model.value_mut(port), value);
        }
        if let Some(ports) = self.schedule {
            self.drive_schedule(ports, inputs);
        }
        for port in 0..self.driven.len() {
            if self.driven[port] != inputs.requests[port] {
                self.drive_request(port, &inputs.requests[port]);
            }
        }
    }

    fn drive_schedule(&mut self, ports: SchedulePorts, inputs: &Inputs) {
        let mut drive = |port, value| set(self.model.value_mut(port), value);
        drive(ports.start, u64::from(inputs.schedule == Scheduling::Start));
        drive(ports.filled, u64::from(inputs.schedule == Scheduling::Filled));
        drive(ports.clear, u64::from(inputs.schedule_clear));
        drive(ports.write, u64::from(matches!(inputs.schedule, Scheduling::Write(_))));
        if let Scheduling::Write(Entry { delta, domain, operation }) = inputs.schedule {
            drive(ports.delta, delta);
            drive(ports.domain, u64::from(domain & 63));
            drive(ports.operation, u64::from(operation.code()));
        }
    }

    fn drive_request(&mut self, port: usize, request: &Request) {
        let (ports, layout) = (self.ports, self.layout);
        put(self.model.value_mut(ports.request), port, 1, u64::from(request.valid));
        self.driven[port] = *request;
        if !request.valid {
            return;
        }
        put(self.model.value_mut(ports.write), port, 1, u64::from(request.write));
        let bits = layout.address_bits;
        put(self.model.value_mut(ports.address), port * bits, bits, request.word & (u64::MAX >> (64 - bits)));
        self.drive_enables(port, request.enables);
        if request.write {
            let bytes = layout.word_bits / 8;
            let lanes = self.model.value_mut(ports.data)[port * bytes..][..bytes].chunks_mut(4).enumerate();
            lanes.for_each(|(lane, chunk)| chunk.copy_from_slice(&lane_value(request.tag, lane)[..chunk.len()]));
        }
    }

    /// Every byte of a narrow storage word is enabled: it holds a tag, not data.
    fn drive_enables(&mut self, port: usize, enables: u128) {
        let bytes = self.layout.word_bits / 8;
        let enables = if self.layout.narrow { u128::MAX } else { enables };
        let bus = self.model.value_mut(self.ports.enables);
        for first in (0..bytes).step_by(64) {
            let width = (bytes - first).min(64);
            put(bus, port * bytes + first, width, (enables >> first) as u64 & (u64::MAX >> (64 - width)));
        }
    }

    fn sample(&mut self) {
        let (model, ports, outputs) = (&self.model, &self.ports, &mut self.outputs);
        let word = |port| low_word(model.value(port));
        outputs.grants = word(ports.grant);
        outputs.switches = word(ports.switch);
        outputs.faults = word(ports.fault);
        outputs.lost_live = word(ports.lost_live);
        if let Some(schedule) = &self.schedule {
            outputs.schedule_missed = word(schedule.missed) != 0;
            outputs.schedule_overflow = word(schedule.overflow) != 0;
        }
        outputs.quiescent = word(ports.quiescent) != 0;
        outputs.next_event = (word(ports.event_valid) != 0).then(|| word(ports.event));
        let states = model.value(ports.state).chunks(8);
        outputs.states.iter_mut().zip(states).for_each(|(state, bytes)| *state = low_word(bytes));
        let [valid, error, poison] = [ports.valid, ports.error, ports.poison].map(word);
        let (data, bytes) = (model.value(ports.read), self.layout.word_bits / 8);
        for (port, response) in outputs.responses.iter_mut().enumerate() {
            let bit = |mask: u64| mask >> port & 1 != 0;
            let tag = low_word(&data[port * bytes..][..bytes.min(4)]) as u32;
            *response = Response { valid: bit(valid), read: false, error: bit(error), poison: bit(poison), tag };
        }
    }

    /// With whole data, compares the answers of this cycle and notes what its grants will answer.
    fn check_data(&mut self, inputs: &Inputs) {
        let Some(shadow) = &mut self.shadow else { return };
        let (data, bytes) = (self.model.value(self.ports.read), self.layout.word_bits / 8);
        for (port, response) in self.outputs.responses.iter().enumerate().filter(|(_, response)| response.valid) {
            let error = shadow.answer(inputs.now, port, response, &data[port * bytes..][..bytes]);
            self.data_error = self.data_error.take().or(error);
        }
        shadow.granted(self.outputs.grants, &inputs.requests, lane_value);
    }
}

/// The library must have the ports of its parameters.
fn check_widths(model: &Model, parameters: &Parameters) -> Result<()> {
    let wrong = |port: &Port| model.port(port.name).is_ok_and(|index| model.width(index) != port.width(parameters));
    match harness::ports(parameters).iter().find(|port| wrong(port)) {
        Some(port) => {
            let message = format!("port {} is not {} bits wide", port.name, port.width(parameters));
            Err(Error::Tool { tool: "the verilated memory".into(), message })
        }
        None => Ok(()),
    }
}

/// Bytes of a 32-bit lane of a word written with a tag.
fn lane_value(tag: u32, lane: usize) -> [u8; 4] {
    (tag ^ LANE.wrapping_mul(lane as u32)).to_le_bytes()
}

/// Replaces the whole value of a port of at most 64 bits.
fn set(bytes: &mut [u8], value: u64) {
    let count = bytes.len().min(8);
    bytes[..count].copy_from_slice(&value.to_le_bytes()[..count]);
}

impl Device for Dut {
    fn cycle(&mut self, inputs: &Inputs) -> &Outputs {
        if self.failure.is_none() {
            self.failure = self.evaluate(inputs).err();
        }
        &self.outputs
    }
}
