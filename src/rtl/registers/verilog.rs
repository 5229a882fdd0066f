//! The Verilog of the registers.

use super::{Kind, REGISTERS, Register, Width};
use std::fmt::Write;

const HEADER: &str = "\
// Control and status registers, 64 bits each, on a bus of 32 bits: OBI with a grant in the same cycle and the answer in the
// next. Written by trapti from its register table (registers.md): do not edit.
//
// A change takes effect in the cycle after the write, each written word by itself. Reading the low word keeps the high word
// for a read of it that follows, so a pair read low first is of one cycle. What does not exist, is not aligned to words or
// cannot be written is answered with an error.
//
// The outputs are named like the inputs of pgsram_top that they drive, and the inputs like its outputs. `busy_o` is 1 with a
// request and its answer, and so with every pulse.
";

/// Verilog-2005 text of `pgsram_csr`.
pub(super) fn source() -> String {
    let mut text = format!("// SPDX-License-Identifier: MIT OR Apache-2.0\n{HEADER}");
    let _ = writeln!(text, "module pgsram_csr #(\n{}\n) (\n{}\n);\n", parameters().join(",\n"), ports().join(",\n"));
    text.push_str(ACCESS);
    text.push_str(&values());
    text.push_str(&writes());
    text.push_str(&outputs());
    text + "\nendmodule\n"
}

fn parameters() -> Vec<String> {
    let plain = [("DOMAINS", 4), ("PORTS", 1), ("TIME_BITS", 32), ("SCHED_DEPTH", 0)];
    let plain = plain.into_iter().map(|(name, value)| format!("    parameter {name} = {value}"));
    let resets = REGISTERS.iter().filter_map(|register| match register.kind {
        Kind::Control { reset: Some(name), .. } => Some(format!("    parameter {}{name} = 0", packed(register.width))),
        _ => None,
    });
    plain.chain(resets).collect()
}

fn packed(width: Width) -> String {
    match width {
        Width::Bits(1) => String::new(),
        Width::Bits(bits) => format!("[{}:0] ", bits - 1),
        Width::Domains => "[DOMAINS-1:0] ".into(),
        Width::Time => "[TIME_BITS-1:0] ".into(),
        Width::States(_) => "[4*DOMAINS-1:0] ".into(),
    }
}

fn ports() -> Vec<String> {
    let bus = BUS.iter().map(|port| format!("    {port}"));
    let mut lines: Vec<String> = bus.collect();
    for register in &REGISTERS {
        let line = match register.kind {
            Kind::Constant(_) | Kind::Parameter(_) => continue,
            Kind::Status(port) => format!("    input {}{port}", packed(register.width)),
            Kind::Control { port, .. } | Kind::Pulse(port) => format!("    output {}{port}", packed(register.width)),
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

const BUS: [&str; 12] = [
    "input clk_i",
    "input rst_ni",
    "input csr_req_i",
    "output csr_gnt_o",
    "input [8:0] csr_addr_i",
    "input csr_we_i",
    "input [3:0] csr_be_i",
    "input [31:0] csr_wdata_i",
    "output csr_rvalid_o",
    "output [31:0] csr_rdata_o",
    "output csr_err_o",
    "output busy_o",
];

const ACCESS: &str = "  // Fewer bits than 64, with zeros.
  function [63:0] of_domains(input [DOMAINS-1:0] bits);
    integer i;
    begin
      of_domains = 64'd0;
      for (i = 0; i < DOMAINS; i = i + 1) of_domains[i] = bits[i];
    end
  endfunction

  function [63:0] of_time(input [TIME_BITS-1:0] bits);
    integer i;
    begin
      of_time = 64'd0;
      for (i = 0; i < TIME_BITS; i = i + 1) of_time[i] = bits[i];
    end
  endfunction

  function [63:0] of_states(input [4*DOMAINS-1:0] bits, input integer first);
    integer i;
    begin
      of_states = 64'd0;
      for (i = 0; i < 64; i = i + 1) if (first + i < 4 * DOMAINS) of_states[i] = bits[first+i];
    end
  endfunction

  // The register that is addressed: its value, and the value after a write.
  wire [5:0] index = csr_addr_i[8:3];
  wire high = csr_addr_i[2];
  wire [31:0] mask = {{8{csr_be_i[3]}}, {8{csr_be_i[2]}}, {8{csr_be_i[1]}}, {8{csr_be_i[0]}}};
  wire [63:0] changes = high ? {mask, 32'd0} : {32'd0, mask};
  reg [63:0] value;
  reg exists, writable;
  wire sound = exists & (writable | ~csr_we_i) & (csr_addr_i[1:0] == 2'b00);
  wire write = csr_gnt_o & csr_we_i & sound;
  wire [63:0] next = (value & ~changes) | ({2{csr_wdata_i}} & changes);
  wire unused_next = &{1'b0, next};

  // The answer. Nothing is granted in reset.
  reg up_q, rvalid_q, err_q;
  reg [31:0] rdata_q, high_q;
  wire read = csr_gnt_o & ~csr_we_i & sound;
  assign csr_gnt_o = csr_req_i & up_q;
  assign csr_rvalid_o = rvalid_q;
  assign csr_rdata_o = rdata_q;
  assign csr_err_o = err_q;

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      up_q <= 1'b0;
      rvalid_q <= 1'b0;
      err_q <= 1'b0;
      rdata_q <= 32'd0;
      high_q <= 32'd0;
    end else begin
      up_q <= 1'b1;
      rvalid_q <= csr_gnt_o;
      err_q <= csr_gnt_o & ~sound;
      rdata_q <= !read ? 32'd0 : high ? high_q : value[31:0];
      if (read & ~high) high_q <= value[63:32];
    end
  end

";

/// Flip-flop of a register that is written.
fn flop(port: &str) -> String {
    format!("{}_q", port.trim_end_matches("_o"))
}

fn extended(register: &Register, bits: &str) -> String {
    match register.width {
        Width::Bits(64) => bits.to_string(),
        Width::Bits(width) => format!("{{{}'d0, {bits}}}", 64 - width),
        Width::Domains => format!("of_domains({bits})"),
        Width::Time => format!("of_time({bits})"),
        Width::States(group) => format!("of_states({bits}, {})", 64 * group),
    }
}

/// What a read shows.
fn shown(register: &Register) -> String {
    match register.kind {
        Kind::Constant(value) => format!("64'h{value:x}"),
        Kind::Parameter(name) => extended(register, &format!("{name}[31:0]")),
        Kind::Status(port) => extended(register, port),
        Kind::Control { port, .. } => extended(register, &flop(port)),
        Kind::Pulse(_) => "64'd0".into(),
    }
}

fn values() -> String {
    let mut text = String::from("  // The table.\n");
    for register in &REGISTERS {
        if let Kind::Control { port, .. } | Kind::Pulse(port) = register.kind {
            let _ = writeln!(text, "  reg {}{};", packed(register.width), flop(port));
        }
    }
    text.push_str("  always @* begin\n    exists = 1'b1;\n    writable = 1'b0;\n    case (index)\n");
    for (index, register) in REGISTERS.iter().enumerate() {
        let value = shown(register);
        match register.kind {
            Kind::Control { .. } | Kind::Pulse(_) => {
                let _ = writeln!(text, "      6'd{index}: begin  // {}", register.name);
                let _ = writeln!(text, "        value = {value};\n        writable = 1'b1;\n      end");
            }
            _ => {
                let _ = writeln!(text, "      6'd{index}: value = {value};  // {}", register.name);
            }
        }
    }
    text + "      default: begin\n        value = 64'd0;\n        exists = 1'b0;\n      end\n    endcase\n  end\n"
}

/// Bits of a value that a register has.
fn bits(width: Width) -> String {
    match packed(width) {
        single if single.is_empty() => "[0]".into(),
        range => range.trim_end().into(),
    }
}

fn zero(width: Width) -> String {
    match width {
        Width::Bits(bits) => format!("{bits}'d0"),
        Width::Domains => "{DOMAINS{1'b0}}".into(),
        Width::Time => "{TIME_BITS{1'b0}}".into(),
        Width::States(_) => "{4*DOMAINS{1'b0}}".into(),
    }
}

fn writes() -> String {
    let (mut resets, mut updates) = (String::new(), String::new());
    for (index, register) in REGISTERS.iter().enumerate() {
        let (zeros, bits) = (zero(register.width), bits(register.width));
        match register.kind {
            Kind::Control { port, reset } => {
                let _ = writeln!(resets, "      {} <= {};", flop(port), reset.unwrap_or(&zeros));
                let _ = writeln!(updates, "      if (write & (index == 6'd{index})) {} <= next{bits};", flop(port));
            }
            Kind::Pulse(port) => {
                let _ = writeln!(resets, "      {} <= {zeros};", flop(port));
                let pulse = format!("(write & (index == 6'd{index})) ? next{bits} : {zeros}");
                let _ = writeln!(updates, "      {} <= {pulse};", flop(port));
            }
            Kind::Constant(_) | Kind::Parameter(_) | Kind::Status(_) => {}
        }
    }
    let edge = "  always @(posedge clk_i or negedge rst_ni) begin\n    if (!rst_ni) begin";
    format!("\n{edge}\n{resets}    end else begin\n{updates}    end\n  end\n\n")
}

fn outputs() -> String {
    let mut text = String::new();
    for register in &REGISTERS {
        if let Kind::Control { port, .. } | Kind::Pulse(port) = register.kind {
            let _ = writeln!(text, "  assign {port} = {};", flop(port));
        }
    }
    text + "  assign busy_o = csr_req_i | rvalid_q;\n"
}
