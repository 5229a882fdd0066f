//! The registers in a generated top: `pgsram_csr` beside `pgsram_top`, and what it drives there.

use super::super::Parameters;
use super::{Kind, REGISTERS, Width};
use std::fmt::Write;

/// Outputs of the memory that say whether it is at rest: they wait for the registers too.
const AT_REST: [&str; 2] = ["quiescent_o", "next_event_valid_o"];

/// Inputs of `pgsram_top` that registers drive: `live_i` for `live_o`.
pub(in crate::rtl) fn driven() -> Vec<String> {
    let mut inputs: Vec<String> = REGISTERS
        .iter()
        .filter_map(|register| match register.kind {
            Kind::Control { port, .. } | Kind::Pulse(port) => Some(format!("{}_i", port.trim_end_matches("_o"))),
            _ => None,
        })
        .collect();
    inputs.dedup();
    inputs
}

/// Register of the entries of a schedule, which drives three inputs: {valid, domain, operation}.
const ENTRY: &str = "csr_sched_entry";

/// What drives the input `name` of `pgsram_top` in a top with registers: the register alone, or together with the pin of that
/// name if there is one; of two entries of a schedule that of the pins counts. `None` for an input without a register.
pub(in crate::rtl) fn driver(name: &str, pin: bool) -> Option<String> {
    let wire = format!("csr_{}", name.trim_end_matches("_i"));
    let entry = |bits: &str| Some(format!("sched_write_i ? {name} : {ENTRY}[{bits}]"));
    match name {
        "sched_write_i" => return Some(format!("{name} | {ENTRY}[8]")),
        "sched_delta_i" => return Some(format!("sched_write_i ? {name} : {wire}")),
        "sched_domain_i" => return entry("7:2"),
        "sched_operation_i" => return entry("1:0"),
        _ => {}
    }
    let driven = driven().iter().any(|input| input == name);
    driven.then(|| if pin { format!("{name} | {wire}") } else { wire })
}

/// What takes an output of `pgsram_top` in a top with registers, if that is not the pin of that name.
pub(in crate::rtl) fn taker(name: &str) -> Option<String> {
    AT_REST.contains(&name).then(|| format!("memory_{}", name.trim_end_matches("_o")))
}

/// Wires, reset and instance.
pub(in crate::rtl) fn text(parameters: &Parameters) -> String {
    let mut text = String::new();
    for register in &REGISTERS {
        if let Kind::Control { port, .. } | Kind::Pulse(port) = register.kind {
            let _ = writeln!(text, "  wire {}{};", range(register.width, parameters), wire(port, parameters));
        }
    }
    text.push_str(RESET);
    let (values, pins) = (values(parameters), pins(parameters));
    let _ = writeln!(text, "  pgsram_csr #(\n{}\n  ) u_csr (\n{}\n  );\n", values.join(",\n"), pins.join(",\n"));
    text
}

const RESET: &str = "  wire csr_rst_n, unused_csr_ready, csr_busy, memory_quiescent, memory_next_event_valid;

  pgsram_rst_sync u_csr_rst_sync (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .scan_mode_i(scan_mode_i),
      .rst_no(csr_rst_n),
      .ready_o(unused_csr_ready)
  );

  assign quiescent_o = memory_quiescent & ~csr_busy;
  assign next_event_valid_o = memory_next_event_valid & ~csr_busy;

";

/// Wire of an output of the registers.
fn wire(port: &str, parameters: &Parameters) -> String {
    let unused = if port.starts_with("sched_") && parameters.sched_depth == 0 { "unused_" } else { "" };
    format!("{unused}csr_{}", port.trim_end_matches("_o"))
}

fn range(width: Width, parameters: &Parameters) -> String {
    match width {
        Width::Bits(1) => String::new(),
        Width::Bits(bits) => format!("[{}:0] ", bits - 1),
        Width::Domains => format!("[{}:0] ", parameters.domains - 1),
        Width::Time => "[TIME_BITS-1:0] ".into(),
        Width::States(_) => format!("[{}:0] ", 4 * parameters.domains - 1),
    }
}

fn values(parameters: &Parameters) -> Vec<String> {
    let sizes = [("DOMAINS", parameters.domains.to_string()), ("PORTS", parameters.ports.to_string())];
    let time = [("TIME_BITS", "TIME_BITS".to_string()), ("SCHED_DEPTH", parameters.sched_depth.to_string())];
    let resets = REGISTERS.iter().filter_map(|register| match register.kind {
        Kind::Control { reset: Some(name), .. } => Some((name, name.to_string())),
        _ => None,
    });
    let all = sizes.into_iter().chain(time).chain(resets);
    all.map(|(name, value)| format!("      .{name}({value})")).collect()
}

fn pins(parameters: &Parameters) -> Vec<String> {
    let mut pins: Vec<String> =
        ["clk_i(clk_i)", "rst_ni(csr_rst_n)", "busy_o(csr_busy)"].map(|pin| format!("      .{pin}")).into();
    let bus = ["req_i", "gnt_o", "addr_i", "we_i", "be_i", "wdata_i", "rvalid_o", "rdata_o", "err_o"];
    pins.extend(bus.map(|pin| format!("      .csr_{pin}(csr_{pin})")));
    for register in &REGISTERS {
        let pin = match register.kind {
            Kind::Constant(_) | Kind::Parameter(_) => continue,
            Kind::Status(port @ "now_i") => format!("      .{port}(now_i)"),
            Kind::Status(port @ "sched_status_i") => match parameters.sched_depth {
                0 => format!("      .{port}(3'b000)"),
                _ => format!("      .{port}({{sched_overflow_o, sched_missed_o, sched_filled_o}})"),
            },
            Kind::Status(port) => {
                let output = format!("{}_o", port.trim_end_matches("_i"));
                let taker = taker(&output).unwrap_or(output);
                format!("      .{port}({taker})")
            }
            Kind::Control { port, .. } | Kind::Pulse(port) => {
                format!("      .{port}({})", wire(port, parameters))
            }
        };
        if !pins.contains(&pin) {
            pins.push(pin);
        }
    }
    pins
}
