//! SystemRDL, C header and Markdown of the registers.

use super::table::placed;
use super::{Kind, Register, Width};
use std::fmt::Write;

/// Reset value, where the table says it.
fn reset(register: &Register) -> Option<String> {
    match register.kind {
        Kind::Constant(value) => Some(format!("{value:#x}")),
        Kind::Control { reset: None, .. } | Kind::Pulse(_) => Some("0x0".into()),
        Kind::Parameter(_) | Kind::Status(_) | Kind::Control { .. } => None,
    }
}

fn access(register: &Register) -> &'static str {
    match register.kind {
        Kind::Constant(_) | Kind::Parameter(_) | Kind::Status(_) => "r",
        Kind::Control { .. } => "rw",
        Kind::Pulse(_) => "w",
    }
}

/// SystemRDL 2.0. A parameter must not be named like a register.
pub(super) fn system_rdl() -> String {
    let mut text = String::from(
        "// SPDX-License-Identifier: MIT OR Apache-2.0\n\
         // Written by trapti from its register table: do not edit.\n\
         addrmap pgsram_registers #(\n    longint unsigned PARAMETER_DOMAINS = 4,\n    longint unsigned PARAMETER_PORTS = 1,\n    \
         longint unsigned PARAMETER_TIME_BITS = 32,\n    longint unsigned PARAMETER_SCHED_DEPTH = 0,\n    longint unsigned PARAMETER_THRESHOLD_LIGHT = 0,\n    \
         longint unsigned PARAMETER_THRESHOLD_RET = 0,\n    longint unsigned PARAMETER_THRESHOLD_OFF = 0\n) {\n    \
         name = \"Power-gated SRAM\";\n    desc = \"Read the low word of a register first: it keeps the high word.\";\n    \
         default regwidth = 64;\n    default accesswidth = 32;\n    addressing = regalign;\n    littleendian;\n",
    );
    for (offset, register) in placed() {
        let hardware = if access(register) == "r" { "w" } else { "r" };
        let _ = writeln!(text, "\n    reg {{\n        desc = \"{}\";", register.meaning);
        let _ =
            writeln!(text, "        field {{ sw = {}; hw = {hardware}; }} value{};", access(register), field(register));
        let _ = writeln!(text, "    }} {} @ {offset:#05x};", register.name);
    }
    text + "};\n"
}

/// Range and reset value of the field.
fn field(register: &Register) -> String {
    let range = match register.width {
        Width::Bits(bits) => format!("[{}:0]", bits - 1),
        Width::Domains => "[PARAMETER_DOMAINS - 1:0]".into(),
        Width::Time => "[PARAMETER_TIME_BITS - 1:0]".into(),
        Width::States(_) => "[63:0]".into(),
    };
    let value = match register.kind {
        Kind::Parameter(name) | Kind::Control { reset: Some(name), .. } => Some(format!("PARAMETER_{name}")),
        _ => reset(register),
    };
    range + &value.map_or(String::new(), |value| format!(" = {value}"))
}

/// C header: offsets, constant reset values, and reading and writing 64 bits.
pub(super) fn c_header() -> String {
    let mut text = String::from(
        "/* SPDX-License-Identifier: MIT OR Apache-2.0 */\n\
         /* Written by trapti from its register table: do not edit. Offsets in bytes; every register has 64 bits. */\n\
         #ifndef PGSRAM_REGISTERS_H\n#define PGSRAM_REGISTERS_H\n\n#include <stdint.h>\n",
    );
    for (offset, register) in placed() {
        let _ = writeln!(text, "\n/* {} ({}) */", register.meaning, access(register));
        let _ = writeln!(text, "#define PGSRAM_{}_OFFSET {offset:#05x}u", register.name);
        if let Some(value) = reset(register) {
            let _ = writeln!(text, "#define PGSRAM_{}_RESET {value}u", register.name);
        }
    }
    text + ACCESSORS
}

const ACCESSORS: &str = "
/* Reads a register as it is in one cycle: the low word keeps the high word. */
static inline uint64_t pgsram_read(volatile const uint32_t *base, uint32_t offset) {
  uint64_t low = base[offset / 4];
  return (uint64_t)base[offset / 4 + 1] << 32 | low;
}

/* Writes a register, low word first; each word takes effect in the cycle after it was written. */
static inline void pgsram_write(volatile uint32_t *base, uint32_t offset, uint64_t value) {
  base[offset / 4] = (uint32_t)value;
  base[offset / 4 + 1] = (uint32_t)(value >> 32);
}

#endif
";

/// The page for people.
pub(super) fn markdown() -> String {
    let mut text = String::from(
        "# Registers\n\nWritten by trapti from its register table. Every register has 64 bits in two words of 32, low first; \
         reading the low word keeps the high word for a read of it that follows, so the pair is of one cycle. A write takes effect \
         in the next cycle, each word by itself.\n\n\
         | offset | name | access | bits | reset | |\n|---|---|---|---|---|---|\n",
    );
    for (offset, register) in placed() {
        let width = match register.width {
            Width::Bits(bits) => bits.to_string(),
            Width::Domains => "`DOMAINS`".into(),
            Width::Time => "`TIME_BITS`".into(),
            Width::States(_) => "64".into(),
        };
        let value = match register.kind {
            Kind::Parameter(name) | Kind::Control { reset: Some(name), .. } => format!("`{name}`"),
            _ => reset(register).unwrap_or_default(),
        };
        let Register { name, meaning, .. } = register;
        let _ = writeln!(text, "| {offset:#05x} | `{name}` | {} | {width} | {value} | {meaning} |", access(register));
    }
    text + "\nAccess: r read, w write (acts for one cycle, reads 0), rw both.\n"
}
