//! The Verilog around the memory under test: what a host drives in a cycle reaches the memory with the clock edge that begins it.
//!
//! One evaluation of the model then moves the memory over the edge and settles it with the new inputs. The acknowledge pins
//! may follow the switches within a cycle, so they are not delayed; nor are reset and the counter selection.

use super::RtlSources;
use crate::rtl::{self, Direction, Parameters, Port};
use std::fmt::Write;

/// Name of the module.
pub(super) const MODULE: &str = "pgsram_harness";
/// Inputs that reach the memory at once.
const DIRECT: [&str; 4] = ["clk_i", "rst_ni", "sw_ack_i", "count_sel_i"];
/// Inputs that a replay does not use.
const TIED: [&str; 4] = ["test_en_i", "scan_mode_i", "count_clear_i", "aid_i"];
/// Prefix of the ports of the registers, which a replay does not use.
const REGISTERS: &str = "csr_";
/// Technology hooks with one clock, for long replays with narrow storage.
const HOOKS: [(&str, &str); 2] = [
    ("pgsram_clk_gate.v", include_str!("../../testbenches/cosimulation/pgsram_clk_gate.v")),
    ("pgsram_macro.v", include_str!("../../testbenches/cosimulation/pgsram_macro.v")),
];

/// Ports of the harness: those of the memory that a replay uses.
pub(super) fn ports(parameters: &Parameters) -> Vec<Port> {
    rtl::ports(parameters).into_iter().filter(|port| !unused(port)).collect()
}

fn unused(port: &Port) -> bool {
    TIED.contains(&port.name) || port.name.starts_with(REGISTERS)
}

/// Verilog files to compile: the memory, with its hooks replaced if `one_clock`, and the harness.
pub(super) fn files(sources: &RtlSources, parameters: &Parameters, one_clock: bool) -> Vec<(String, String)> {
    let replaced =
        |name: &str| HOOKS.iter().find(|(hook, _)| one_clock && *hook == name).map(|(_, text)| text.to_string());
    let memory =
        sources.files.iter().map(|(name, text)| (name.clone(), replaced(name).unwrap_or_else(|| text.clone())));
    memory.chain([(format!("{MODULE}.v"), source(&sources.top, parameters))]).collect()
}

fn source(top: &str, parameters: &Parameters) -> String {
    let ports = ports(parameters);
    let range = |port: &Port| format!("[{}:0]", port.width(parameters) - 1);
    let delayed = |port: &&Port| port.direction == Direction::Input && !DIRECT.contains(&port.name);
    let mut text = format!("module {MODULE} (\n");
    let declarations = ports.iter().map(|port| {
        let direction = if port.direction == Direction::Input { "input" } else { "output" };
        format!("  {direction} {} {}", range(port), port.name)
    });
    let _ = writeln!(text, "{}\n);", declarations.collect::<Vec<_>>().join(",\n"));
    for port in ports.iter().filter(delayed) {
        let _ = writeln!(text, "  reg {} {}_q;\n  always @(posedge clk_i) {1}_q <= {1};", range(port), port.name);
    }
    let connections = ports.iter().map(|port| {
        let suffix = if delayed(&port) { "_q" } else { "" };
        format!("    .{0}({0}{suffix})", port.name)
    });
    let tied = rtl::ports(parameters).into_iter().filter(|port| port.direction == Direction::Input && unused(port));
    let tied = tied.map(|port| format!("    .{}('d0)", port.name));
    let connections = connections.chain(tied).collect::<Vec<_>>().join(",\n");
    let _ = write!(text, "  {top} #({}) {top} (\n{connections}\n  );\nendmodule\n", overrides(parameters));
    text
}

/// Parameters of the memory that differ from those it was generated with.
fn overrides(parameters: &Parameters) -> String {
    let values = [
        ("WORD_BITS", parameters.word_bits),
        ("MACRO_ROWS", parameters.macro_rows),
        ("MACRO_COLUMNS", parameters.macro_columns),
        ("TIME_BITS", parameters.time_bits),
        ("COUNTERS", parameters.counters),
    ];
    values.map(|(name, value)| format!(".{name}({value})")).join(", ")
}
