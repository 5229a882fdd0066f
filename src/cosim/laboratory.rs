//! The module that regressions test: the parameterised memory with everything that may change as an input.
//!
//! Unlike a generated top it has its idle thresholds as inputs and the design's own time base. Behind an OBI front its request
//! ports keep their names and word addresses; behind an AXI4 front the buses stand beside them, and what the fronts ask of the
//! memory is shown.

use super::harness::TIED;
use crate::power::BusFront;
use crate::rtl::{self, Direction, LABORATORY_BUS, Parameters, Port};
use std::fmt::Write;

/// Request ports of the memory, by direction seen from it; a bus front stands before them.
const REQUEST_INPUTS: [&str; 5] = ["req_i", "we_i", "addr_i", "be_i", "wdata_i"];
const REQUEST_OUTPUTS: [&str; 4] = ["gnt_o", "rvalid_o", "rdata_o", "err_o"];
/// Inputs of the memory that exist without a schedule player, too.
const SCHEDULE_INPUTS: [&str; 7] = [
    "sched_start_i",
    "sched_filled_i",
    "sched_write_i",
    "sched_delta_i",
    "sched_domain_i",
    "sched_operation_i",
    "sched_clear_i",
];

/// Text of the module `name` with the given ports.
pub(super) fn source(name: &str, ports: &[Port], parameters: &Parameters) -> String {
    let mut text = format!("module {name} (\n{}\n);\n", declarations(ports, parameters));
    text.push_str(&front(parameters));
    let values = parameters.values().map(|(name, value)| format!("    .{name}({})", literal(value)));
    let _ = writeln!(text, "  pgsram_top #(\n{}\n  ) u_top (", values.join(",\n"));
    let _ = writeln!(text, "{}\n  );\nendmodule", connections(parameters));
    text
}

/// A parameter's value: Verilog's plain numbers have 32 bits.
fn literal(value: u64) -> String {
    if value >> 31 == 0 { value.to_string() } else { format!("64'd{value}") }
}

/// Declarations of ports in the order given.
pub(super) fn declarations(ports: &[Port], parameters: &Parameters) -> String {
    let declaration = |port: &Port| {
        let direction = if port.direction == Direction::Input { "input" } else { "output" };
        format!("  {direction} [{}:0] {}", port.width(parameters) - 1, port.name)
    };
    ports.iter().map(declaration).collect::<Vec<_>>().join(",\n")
}

fn connections(parameters: &Parameters) -> String {
    let bus = !parameters.bus.is_native();
    let own = rtl::ports(parameters).into_iter().filter(|port| !port.name.starts_with("csr_"));
    let pins = own.map(|port| match port.name {
        name if TIED.contains(&name) => format!("    .{name}('d0)"),
        name if bus && is_request(name) => format!("    .{name}(m_{name})"),
        name => format!("    .{name}({name})"),
    });
    let thresholds = ["light", "ret", "off"].map(|name| format!("    .threshold_{name}_i(threshold_{name}_i)"));
    let absent = (parameters.sched_depth == 0).then_some(SCHEDULE_INPUTS).into_iter().flatten();
    let absent = absent.map(|name| format!("    .{name}('d0)"));
    pins.chain(thresholds).chain(absent).collect::<Vec<_>>().join(",\n")
}

fn is_request(name: &str) -> bool {
    REQUEST_INPUTS.contains(&name) || REQUEST_OUTPUTS.contains(&name)
}

/// The fronts of all request ports, and the wires between them and the memory.
fn front(parameters: &Parameters) -> String {
    let pins = match parameters.bus {
        BusFront::Native => return String::new(),
        BusFront::Obi => obi_pins(parameters),
        BusFront::Axi4 => axi4_pins(parameters),
    };
    let suffix = parameters.bus.suffix().unwrap_or_default();
    let identifiers = if parameters.bus == BusFront::Axi4 {
        format!("BUS_ID_BITS({})", LABORATORY_BUS.1)
    } else {
        "ID_BITS(1)".into()
    };
    let (words, bits) = (parameters.domain_words * u64::from(parameters.domains), parameters.address_bits());
    let values = format!(
        ".BUS_ADDR_BITS({}), .BASE(0), .WORDS({words}), .WORD_BITS({}), .ADDR_BITS({bits}), .RD_LATENCY({}), .{identifiers}",
        LABORATORY_BUS.0, parameters.word_bits, parameters.rd_latency
    );
    let mut text = wires(parameters);
    text.push_str(RESET);
    let _ = writeln!(text, "  genvar p;\n  generate for (p = 0; p < {}; p = p + 1) begin : g_front", parameters.ports);
    let _ =
        writeln!(text, "    pgsram_{suffix} #({values}) u_front (\n{}\n    );\n  end endgenerate", pins.join(",\n"));
    if parameters.bus == BusFront::Axi4 {
        text.push_str(SHOWN);
    }
    text
}

const RESET: &str = "  wire bus_rst_n, unused_ready;
  pgsram_rst_sync u_bus_rst_sync (
    .clk_i(clk_i), .rst_ni(rst_ni), .scan_mode_i(1'b0), .rst_no(bus_rst_n), .ready_o(unused_ready)
  );
";

/// What AXI4 fronts ask and are answered.
const SHOWN: &str =
    "  assign {asked_req_o, asked_we_o, asked_addr_o, asked_be_o} = {m_req_i, m_we_i, m_addr_i, m_be_i};
  assign {gnt_o, rvalid_o, rdata_o, err_o} = {m_gnt_o, m_rvalid_o, m_rdata_o, m_err_o};
";

fn wires(parameters: &Parameters) -> String {
    let request = rtl::ports(parameters).into_iter().filter(|port| is_request(port.name));
    request.map(|port| format!("  wire [{}:0] m_{};\n", port.width(parameters) - 1, port.name)).collect()
}

/// Pins of a front towards the memory.
fn memory_pins(parameters: &Parameters) -> Vec<String> {
    let element = |name: &str| {
        let port = rtl::ports(parameters).into_iter().find(|port| port.name == name);
        port.map_or(1, |port| port.element_width(parameters))
    };
    // Inputs of the memory are outputs of the front, and the other way round.
    let other = |name: &str| match name.strip_suffix("_i") {
        Some(stem) => format!("{stem}_o"),
        None => format!("{}_i", name.trim_end_matches("_o")),
    };
    let names = REQUEST_INPUTS.into_iter().chain(REQUEST_OUTPUTS);
    names.map(|name| format!("      .{}(m_{name}[p*{1}+:{1}])", other(name), element(name))).collect()
}

fn obi_pins(parameters: &Parameters) -> Vec<String> {
    let (word, address) = (parameters.word_bits, parameters.address_bits());
    let (bytes, shift) = (word / 8, (word / 8).trailing_zeros());
    let mut pins = vec![
        "      .clk_i(clk_i), .rst_ni(bus_rst_n), .obi_aid_i(1'b0), .obi_rid_o(), .aid_o(), .rid_i(1'b0)".to_string(),
        "      .obi_req_i(req_i[p]), .obi_gnt_o(gnt_o[p]), .obi_we_i(we_i[p]), .obi_rvalid_o(rvalid_o[p]), .obi_err_o(err_o[p])".into(),
        format!("      .obi_addr_i({{{{{}{{1'b0}}}}, addr_i[p*{address}+:{address}]}} << {shift})", LABORATORY_BUS.0 - address),
        format!("      .obi_be_i(be_i[p*{bytes}+:{bytes}]), .obi_wdata_i(wdata_i[p*{word}+:{word}])"),
        format!("      .obi_rdata_o(rdata_o[p*{word}+:{word}])"),
    ];
    pins.extend(memory_pins(parameters));
    pins
}

fn axi4_pins(parameters: &Parameters) -> Vec<String> {
    let bus = rtl::laboratory_ports(parameters)
        .into_iter()
        .filter(|port| port.name.starts_with("axi_") || port.name == "busy_o");
    let pin = |port: Port| format!("      .{0}({0}[p*{1}+:{1}])", port.name, port.element_width(parameters));
    let mut pins = vec!["      .clk_i(clk_i), .rst_ni(bus_rst_n)".to_string()];
    pins.extend(bus.map(pin));
    pins.extend(memory_pins(parameters));
    pins
}
