//! The register table.

/// Bits of a register that are there; the others read 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// So many.
    Bits(u32),
    /// One for each domain.
    Domains,
    /// TIME_BITS.
    Time,
    /// Four for each of sixteen domains, from domain 16·k on.
    States(u32),
}

/// What a register does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reads a constant.
    Constant(u64),
    /// Reads a parameter of the module.
    Parameter(&'static str),
    /// Reads an input of the module.
    Status(&'static str),
    /// Read and written; drives an output. Resets to a parameter, or to 0.
    Control {
        /// The output.
        port: &'static str,
        /// Parameter it resets to.
        reset: Option<&'static str>,
    },
    /// Drives an output for the cycle after a write of ones; reads 0.
    Pulse(&'static str),
}

/// A register of 64 bits, at two words of the bus: low, high.
#[derive(Debug, Clone, Copy)]
pub(super) struct Register {
    /// Name, in capitals.
    pub(super) name: &'static str,
    /// Bits that are there.
    pub(super) width: Width,
    /// What it does.
    pub(super) kind: Kind,
    /// What it is for, in a sentence without its full stop.
    pub(super) meaning: &'static str,
}

const fn row(name: &'static str, width: Width, kind: Kind, meaning: &'static str) -> Register {
    Register { name, width, kind, meaning }
}

const fn control(port: &'static str, reset: Option<&'static str>) -> Kind {
    Kind::Control { port, reset }
}

use Kind::{Constant, Parameter, Pulse, Status};
use Width::{Bits, Domains, States, Time};

/// The registers, eight bytes each, from offset 0.
pub(super) const REGISTERS: [Register; 30] = [
    row("IDENTITY", Bits(32), Constant(0x5047_5352), "the letters PGSR"),
    row("VERSION", Bits(8), Constant(1), "version of this register map"),
    row("DOMAINS", Bits(32), Parameter("DOMAINS"), "power domains"),
    row("PORTS", Bits(32), Parameter("PORTS"), "request ports"),
    row("TIME_BITS", Bits(32), Parameter("TIME_BITS"), "width of the time base and of the counters"),
    row("NOW", Time, Status("now_i"), "time"),
    row("QUIESCENT", Bits(1), Status("quiescent_i"), "1: nothing happens while inputs hold, until the next event"),
    row("LIVE", Domains, control("live_o", None), "the domain holds live data"),
    row("FORCE_ON", Domains, control("force_on_o", None), "keep the domain ON"),
    row("FORCE_OFF", Domains, control("force_off_o", None), "keep the domain OFF, even if it is live"),
    row("FAULT_CLEAR", Domains, Pulse("fault_clear_o"), "leave FAULT; clears FAULT and LOST_LIVE"),
    row(
        "THRESHOLD_LIGHT",
        Time,
        control("threshold_light_o", Some("THRESHOLD_LIGHT")),
        "idle cycles before LIGHT, 0 = never",
    ),
    row(
        "THRESHOLD_RET",
        Time,
        control("threshold_ret_o", Some("THRESHOLD_RET")),
        "idle cycles before retention, 0 = never",
    ),
    row("THRESHOLD_OFF", Time, control("threshold_off_o", Some("THRESHOLD_OFF")), "idle cycles before OFF, 0 = never"),
    row("FAULT", Domains, Status("fault_i"), "the switch's acknowledge was missing or lost; sticky"),
    row("LOST_LIVE", Domains, Status("lost_live_i"), "was forced OFF while live; sticky"),
    row("COUNT_CLEAR", Bits(1), Pulse("count_clear_o"), "restarts every counter"),
    row(
        "COUNT_SELECT",
        Bits(16),
        control("count_sel_o", None),
        "counter that COUNT shows; indices as in pgsram_counters",
    ),
    row("COUNT", Bits(64), Status("count_i"), "the selected counter"),
    row("STATE_0", States(0), Status("state_i"), "states of domains 0 to 15, four bits each"),
    row("STATE_1", States(1), Status("state_i"), "states of domains 16 to 31"),
    row("STATE_2", States(2), Status("state_i"), "states of domains 32 to 47"),
    row("STATE_3", States(3), Status("state_i"), "states of domains 48 to 63"),
    row(
        "SCHED_DEPTH",
        Bits(32),
        Parameter("SCHED_DEPTH"),
        "entries of a table of the schedule player, 0: there is none",
    ),
    row(
        "SCHED_DELTA",
        Time,
        control("sched_delta_o", None),
        "time of the entry that SCHED_ENTRY appends, from the start on",
    ),
    row(
        "SCHED_ENTRY",
        Bits(9),
        Pulse("sched_entry_o"),
        "appends an entry to the table: bit 8 set, domain in bits 7 to 2, operation in bits 1 to 0 \
         (0 prewake, 1 light, 2 retain, 3 off)",
    ),
    row("SCHED_FILLED", Bits(1), Pulse("sched_filled_o"), "the table is complete"),
    row("SCHED_START", Bits(1), Pulse("sched_start_o"), "starts the table"),
    row("SCHED_CLEAR", Bits(1), Pulse("sched_clear_o"), "clears bits 1 and 2 of SCHED_STATUS"),
    row(
        "SCHED_STATUS",
        Bits(3),
        Status("sched_status_i"),
        "bit 0: the table is complete and not started; sticky: bit 1, a start found no complete table; bit 2, an entry found no room",
    ),
];

/// Registers with their byte offset.
pub(super) fn placed() -> impl Iterator<Item = (usize, &'static Register)> {
    REGISTERS.iter().enumerate().map(|(index, register)| (8 * index, register))
}
