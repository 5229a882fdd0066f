//! The ports of a generated top module: one table for the Verilog, the manifest and the C interface of the verilated model.

use super::Parameters;
use serde::{Deserialize, Serialize};

/// Direction of a port, seen from the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Driven by the surroundings.
    Input,
    /// Driven by the memory.
    Output,
}

/// What one element of a flat bus is; the widths that co-simulation overrides stay symbolic in the Verilog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Bits(u32),
    Word,
    ByteEnables,
    Time,
}

/// A port of the generated top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// Name in the Verilog.
    pub name: &'static str,
    /// Direction.
    pub direction: Direction,
    /// What it carries, in a few words.
    pub meaning: &'static str,
    count: u32,
    element: Element,
}

impl Port {
    /// Width in bits under the given parameters.
    pub fn width(&self, parameters: &Parameters) -> u32 {
        self.count * self.element_width(parameters)
    }

    /// Width of one element, such as one request port's address.
    pub fn element_width(&self, parameters: &Parameters) -> u32 {
        match self.element {
            Element::Bits(bits) => bits,
            Element::Word => parameters.word_bits,
            Element::ByteEnables => parameters.word_bits / 8,
            Element::Time => parameters.time_bits,
        }
    }

    /// Range in the Verilog, such as ` [4*WORD_BITS-1:0]`; empty for a single bit.
    pub(super) fn range(&self) -> String {
        match self.element {
            Element::Bits(bits) if self.count * bits == 1 => String::new(),
            Element::Bits(bits) => format!(" [{}:0]", self.count * bits - 1),
            Element::Word => format!(" [{}*WORD_BITS-1:0]", self.count),
            Element::ByteEnables => format!(" [{}*(WORD_BITS/8)-1:0]", self.count),
            Element::Time => format!(" [{}*TIME_BITS-1:0]", self.count),
        }
    }
}

/// Ports that a bus front takes the place of; `poison_o` stays visible beside it.
const REQUEST: [&str; 11] =
    ["req_i", "we_i", "addr_i", "be_i", "wdata_i", "aid_i", "gnt_o", "rvalid_o", "rdata_o", "err_o", "rid_o"];

/// Whether a bus front takes the place of a port.
pub(super) fn is_request(port: &Port) -> bool {
    REQUEST.contains(&port.name)
}

/// All ports of the generated top, in the order of its declaration.
pub(crate) fn ports(parameters: &Parameters) -> Vec<Port> {
    let mut list = shared_ports();
    list.extend(request_ports(parameters));
    list.extend(power_ports(parameters));
    list.extend(time_ports());
    list.extend((parameters.sched_depth > 0).then(schedule_ports).into_iter().flatten());
    list.extend(parameters.registers.then(register_ports).into_iter().flatten());
    list
}

use Direction::{Input, Output};
use Element::{Bits, ByteEnables, Time, Word};

fn port(name: &'static str, direction: Direction, count: u32, element: Element, meaning: &'static str) -> Port {
    Port { name, direction, meaning, count, element }
}

fn shared_ports() -> Vec<Port> {
    vec![
        port("clk_i", Input, 1, Bits(1), "clock"),
        port("rst_ni", Input, 1, Bits(1), "reset, active low, asserted asynchronously"),
        port("test_en_i", Input, 1, Bits(1), "opens every clock gate"),
        port("scan_mode_i", Input, 1, Bits(1), "scan: power outputs as in ON, controllers frozen"),
        port("now_i", Input, 1, Time, "time base, increases on every edge"),
    ]
}

fn request_ports(parameters: &Parameters) -> Vec<Port> {
    let (p, id, address) = (parameters.ports, parameters.id_bits, parameters.address_bits());
    vec![
        port("req_i", Input, p, Bits(1), "request, stable until granted"),
        port("we_i", Input, p, Bits(1), "1 writes, 0 reads"),
        port("addr_i", Input, p, Bits(address), "word address"),
        port("be_i", Input, p, ByteEnables, "byte enables"),
        port("wdata_i", Input, p, Word, "data to write"),
        port("aid_i", Input, p, Bits(id), "identifier of the request"),
        port("gnt_o", Output, p, Bits(1), "grant, in the same cycle"),
        port("rvalid_o", Output, p, Bits(1), "response, RD_LATENCY cycles after its grant"),
        port("rdata_o", Output, p, Word, "data read"),
        port("err_o", Output, p, Bits(1), "response is an error"),
        port("rid_o", Output, p, Bits(id), "identifier of the response"),
        port("poison_o", Output, p, Bits(1), "response carries contents that were lost or never written"),
    ]
}

fn power_ports(parameters: &Parameters) -> Vec<Port> {
    let d = parameters.domains;
    vec![
        port("live_i", Input, d, Bits(1), "domain holds live data"),
        port("force_on_i", Input, d, Bits(1), "keep ON"),
        port("force_off_i", Input, d, Bits(1), "keep OFF, even if live"),
        port("fault_clear_i", Input, d, Bits(1), "leave FAULT"),
        port("sw_o", Output, d, Bits(1), "power switch"),
        port("sw_ack_i", Input, d, Bits(1), "acknowledge of the switch, asynchronous"),
        port("iso_no", Output, d, Bits(1), "isolation, active low"),
        port("ret_o", Output, d, Bits(1), "retention supply"),
        port("light_o", Output, d, Bits(1), "periphery gated"),
        port("state_o", Output, d, Bits(4), "state code"),
        port("fault_o", Output, d, Bits(1), "acknowledge was missing or lost"),
        port("lost_live_o", Output, d, Bits(1), "was forced OFF while live; sticky"),
    ]
}

fn schedule_ports() -> Vec<Port> {
    let port = |name, direction, element, meaning| port(name, direction, 1, element, meaning);
    vec![
        port("sched_start_i", Input, Bits(1), "starts the table that is complete"),
        port("sched_filled_i", Input, Bits(1), "the table is complete"),
        port("sched_write_i", Input, Bits(1), "appends an entry to the table"),
        port("sched_delta_i", Input, Time, "when it is applied, from the start on"),
        port("sched_domain_i", Input, Bits(6), "whom it tells"),
        port("sched_operation_i", Input, Bits(2), "what: 0 prewake, 1 light, 2 retain, 3 off"),
        port("sched_clear_i", Input, Bits(1), "clears the two flags"),
        port("sched_filled_o", Output, Bits(1), "the table is complete and not started"),
        port("sched_missed_o", Output, Bits(1), "a start found no complete table; sticky"),
        port("sched_overflow_o", Output, Bits(1), "an entry found no room; sticky"),
    ]
}

fn register_ports() -> Vec<Port> {
    let port = |name, direction, bits, meaning| port(name, direction, 1, Bits(bits), meaning);
    vec![
        port("csr_req_i", Input, 1, "request to the registers"),
        port("csr_gnt_o", Output, 1, "grant, in the same cycle"),
        port("csr_addr_i", Input, 9, "byte address of a register's word"),
        port("csr_we_i", Input, 1, "1 writes, 0 reads"),
        port("csr_be_i", Input, 4, "byte enables"),
        port("csr_wdata_i", Input, 32, "data to write"),
        port("csr_rvalid_o", Output, 1, "response, in the cycle after the grant"),
        port("csr_rdata_o", Output, 32, "data read"),
        port("csr_err_o", Output, 1, "no such register, or it cannot be written"),
    ]
}

fn time_ports() -> Vec<Port> {
    vec![
        port("quiescent_o", Output, 1, Bits(1), "nothing changes before the next event or input"),
        port("next_event_valid_o", Output, 1, Bits(1), "next event is meaningful"),
        port("next_event_o", Output, 1, Time, "time of the next event"),
        port("count_clear_i", Input, 1, Bits(1), "clears the counters"),
        port("count_sel_i", Input, 1, Bits(16), "counter to read"),
        port("count_o", Output, 1, Bits(64), "its value"),
    ]
}
