//! A controller trace told state by state, and a small writer of value change dumps.

use trapti::power::{
    BusFront, ControllerTiming, Design, DesignProvenance, MacroShape, Organisation, Policy, States, SwitchDelays,
};
use trapti::units::{Bytes, Hertz};

/// One rising edge: what is sampled there.
#[derive(Clone, Default)]
pub struct Row {
    pub rst_n: bool,
    pub now: u64,
    pub state: [u8; 2],
    pub sw: u64,
    pub ack: u64,
    pub iso_n: u64,
    pub ret: u64,
    pub light: u64,
    pub live: u64,
    pub force_off: u64,
    pub req: u64,
    pub gnt: u64,
    pub we: u64,
    pub addr: [u64; 2],
    pub quiescent: bool,
    pub next_event: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Style {
    /// `TOP` repeats the ports of the module below it; every vector has all its digits.
    Verilator,
    /// Instance below a bench; unknown before reset; leading zeros left out.
    Icarus,
}

/// Two domains of 16 words in two banks, two ports; a bank accepts a request every second cycle.
pub fn design() -> Design {
    Design {
        schema: trapti::schema::DESIGN.into(),
        name: "trace".into(),
        capacity: Bytes(128),
        organisation: Organisation {
            domains: 2,
            interleave: 2,
            domain_words: 16,
            word_bits: 32,
            ports: 2,
            read_latency: 1,
            bank_cycles: 2,
        },
        macro_shape: MacroShape { rows: 1, columns: 1, capacity: Bytes(32), word_bits: 32 },
        timing: ControllerTiming {
            t_iso: 2,
            t_settle_off: 3,
            t_settle_ret: 2,
            t_ret: 2,
            t_light: 2,
            t_ack_max: 20,
            t_min_on: 0,
            t_min_off: 0,
            max_waking: 1,
            sync_stages: 2,
        },
        switch: SwitchDelays { t_ack_off: 3, t_ack_ret: 2, t_ack_fall: 2 },
        states: States { light: true, retention: true },
        policy: Policy::Immediate,
        reset_on: false,
        time_bits: 32,
        counters: 2,
        iso_in_rtl: true,
        bus: BusFront::Native,
        registers: false,
        clock: Hertz(1_000_000_000),
        placement: "first-fit".into(),
        provenance: DesignProvenance {
            memory: "sram".into(),
            exploration: String::new(),
            point: 0,
            characterisation: String::new(),
            placements: vec![],
        },
    }
}

const NAMES: [&str; 15] = [
    "OFF",
    "RET",
    "ARB",
    "SW_ON",
    "SETTLE",
    "UNRET",
    "UNISO",
    "ON",
    "LIGHT",
    "LIGHT_EXIT",
    "DRAIN",
    "ISO",
    "SET_RET",
    "SW_OFF",
    "FAULT",
];

/// Domain 0. The acknowledge follows the switch after 3, 2 (from retention) or 2 (fall) cycles and a synchroniser of 2:
/// SW_ON lasts 6 or 5 cycles, SW_OFF 5.
pub const FIRST: &str = "SW_OFF*1 OFF*10 ARB*1 SW_ON*6 SETTLE*3 UNISO*2 ON*8 LIGHT*6 LIGHT_EXIT*2 ON*4 DRAIN*2 ON*1 \
    DRAIN*1 ISO*2 SET_RET*2 SW_OFF*5 RET*12 ARB*1 SW_ON*5 SETTLE*2 UNRET*2 UNISO*2 ON*9 DRAIN*1 ISO*2 UNISO*2 ON*3 \
    DRAIN*1 ISO*2 SW_OFF*5 OFF*30";

/// Domain 1 waits for the slot, and falls from retention to OFF.
pub const SECOND: &str = "SW_OFF*1 OFF*10 ARB*11 SW_ON*6 SETTLE*3 UNISO*2 ON*4 DRAIN*1 ISO*2 SET_RET*2 SW_OFF*5 RET*6 \
    OFF*80";

impl Row {
    /// State name of a domain.
    pub fn name(&self, d: usize) -> &'static str {
        NAMES[usize::from(self.state[d])]
    }
}

/// The correct trace: three edges of reset and two of its synchroniser, then both domains, requests in between, and a jump of 1000 at the end.
pub fn good() -> Vec<Row> {
    let mut rows = vec![Row { state: [13; 2], ..Row::default() }; 5];
    (rows[3].rst_n, rows[4].rst_n) = (true, true);
    let (first, second) = (expand(FIRST), expand(SECOND));
    for cycle in 0..first.len() {
        let resting = |name: &str| matches!(name, "OFF" | "RET" | "ON" | "LIGHT");
        let mut row = Row { rst_n: true, now: cycle as u64, next_event: u64::from(u32::MAX), ..Row::default() };
        for (d, cells) in [&first, &second].into_iter().enumerate() {
            let (code, outputs) = cells[cycle.min(cells.len() - 1)];
            row.state[d] = code;
            let [sw, iso_n, ret, light] = outputs.map(|bit| u64::from(bit) << d);
            (row.sw, row.iso_n, row.ret, row.light) =
                (row.sw | sw, row.iso_n | iso_n, row.ret | ret, row.light | light);
        }
        row.quiescent = resting(row.name(0)) && resting(row.name(1));
        rows.push(row);
    }
    acknowledge(&mut rows);
    requests(&mut rows);
    live(&mut rows);
    let quiet = rows.len() - 5;
    rows[quiet].next_event = rows[quiet].now + 1001;
    rows[quiet + 1..].iter_mut().for_each(|row| row.now += 1000);
    rows
}

/// States and outputs `[sw, iso_n, ret, light]`, copied from the table of the controller.
fn expand(text: &str) -> Vec<(u8, [u8; 4])> {
    let mut cells = Vec::new();
    let mut kept = 0;
    let mut before = "";
    for item in text.split_whitespace() {
        let (name, count) = item.split_once('*').unwrap();
        kept = match (before, name) {
            ("RET", "ARB") | ("SET_RET", "SW_OFF") => 1,
            (_, "ARB" | "SW_OFF") => 0,
            _ => kept,
        };
        let outputs = match name {
            "OFF" | "FAULT" => [0, 0, 0, 0],
            "RET" => [0, 0, 1, 0],
            "ARB" | "SW_OFF" => [0, 0, kept, 0],
            "SW_ON" | "SETTLE" => [1, 0, kept, 0],
            "UNRET" | "ISO" => [1, 0, 0, 0],
            "UNISO" | "ON" | "LIGHT_EXIT" | "DRAIN" => [1, 1, 0, 0],
            "LIGHT" => [1, 1, 0, 1],
            "SET_RET" => [1, 0, 1, 0],
            other => panic!("{other}"),
        };
        let code = NAMES.iter().position(|n| *n == name).unwrap() as u8;
        cells.extend(std::iter::repeat_n((code, outputs), count.parse().unwrap()));
        before = name;
    }
    cells
}

/// The pin follows the switch after 3 cycles up (2 from retention) and 2 down.
fn acknowledge(rows: &mut [Row]) {
    for d in 0..2 {
        let bit = 1 << d;
        for i in 0..rows.len() {
            let rise = (0..=i).rev().take_while(|j| rows[*j].sw & bit != 0).last();
            let high = match rise {
                Some(rise) => i - rise >= if rows[rise].ret & bit != 0 { 2 } else { 3 },
                None => i >= 2 && (rows[i - 1].sw | rows[i - 2].sw) & bit != 0,
            };
            rows[i].ack |= if high { bit } else { 0 };
        }
    }
}

/// Port 0 wakes domain 0 and writes; port 1 then reads the same bank and has to wait a cycle.
fn requests(rows: &mut [Row]) {
    let wanted = rows.iter().position(|row| row.name(0) == "ARB").unwrap() - 1;
    let on = rows.iter().position(|row| row.name(0) == "ON").unwrap();
    for row in &mut rows[wanted..=on] {
        (row.req, row.we, row.addr[0], row.quiescent) = (1, 1, 3, false);
    }
    rows[on].gnt = 1;
    for row in &mut rows[on + 1..=on + 2] {
        (row.req, row.we, row.addr[1], row.quiescent) = (2, 0, 5, false);
    }
    rows[on + 2].gnt = 2;
}

/// Domain 0 holds data while it is in retention, domain 1 until it may fall to OFF.
fn live(rows: &mut [Row]) {
    let sleeps = rows.iter().position(|row| row.name(0) == "RET").unwrap() - 10;
    rows[sleeps..sleeps + 40].iter_mut().for_each(|row| row.live |= 1);
    let off = rows.iter().rposition(|row| row.name(1) == "RET").unwrap();
    rows[off - 20..off].iter_mut().for_each(|row| row.live |= 2);
}

/// Doubles a row and moves time on.
pub fn repeat(rows: &mut Vec<Row>, at: usize) {
    let row = rows[at].clone();
    rows.insert(at, row);
    renumber(rows);
}

/// Makes time run without a jump.
pub fn renumber(rows: &mut [Row]) {
    let released = rows.iter().position(|row| row.rst_n).unwrap_or(0) + 2;
    for (i, row) in rows[released..].iter_mut().enumerate() {
        row.now = i as u64;
    }
}

/// Changes every row in which the domain is in the first stretch of a state.
pub fn spoil_in(rows: &mut [Row], d: usize, state: &str, spoil: impl Fn(&mut Row)) {
    let first = rows.iter().position(|row| row.name(d) == state).unwrap();
    rows[first..].iter_mut().take_while(|row| row.name(d) == state).for_each(spoil);
}

/// Removes the first stretch of a state.
pub fn skip_state(rows: &mut Vec<Row>, d: usize, state: &str) {
    let first = rows.iter().position(|row| row.name(d) == state).unwrap();
    let length = rows[first..].iter().take_while(|row| row.name(d) == state).count();
    rows.drain(first..first + length);
    renumber(rows);
}

/// Delays the acknowledge of a domain.
pub fn shift_acknowledge(rows: &mut [Row], d: usize, by: usize) {
    let bits: Vec<u64> = rows.iter().map(|row| row.ack & 1 << d).collect();
    for i in by..rows.len() {
        rows[i].ack = rows[i].ack & !(1 << d) | bits[i - by];
    }
}

/// Makes one domain do what another does.
pub fn copy_domain(rows: &mut [Row], from: usize, to: usize) {
    for row in rows {
        row.state[to] = row.state[from];
        for bits in [&mut row.sw, &mut row.ack, &mut row.iso_n, &mut row.ret, &mut row.light] {
            *bits = *bits & !(1 << to) | (*bits >> from & 1) << to;
        }
    }
}

/// Time of the rising edge of a row.
pub fn rise(index: usize) -> u64 {
    10 * index as u64 + 5
}

/// The dump of a trace: inputs and combinational outputs change with the falling edge, registers with the rising one.
pub fn vcd(rows: &[Row], style: Style) -> String {
    let mut out = header(style);
    let mut last: Vec<String> = vec![String::new(); SIGNALS.len()];
    for (i, row) in rows.iter().enumerate() {
        out.push_str(&format!("#{}\n0!\n", 10 * i));
        changes(&mut out, &mut last, row, style, false);
        if i == 0 {
            changes(&mut out, &mut last, row, style, true);
        }
        out.push_str(&format!("#{}\n1!\n", rise(i)));
        if let Some(next) = rows.get(i + 1) {
            changes(&mut out, &mut last, next, style, true);
        }
    }
    out
}

/// Name, width, whether a register drives it.
const SIGNALS: [(&str, usize, bool); 17] = [
    ("rst_ni", 1, false),
    ("now_i", 32, false),
    ("state_o", 8, true),
    ("sw_o", 2, true),
    ("sw_ack_i", 2, false),
    ("iso_no", 2, true),
    ("ret_o", 2, true),
    ("light_o", 2, true),
    ("live_i", 2, false),
    ("force_off_i", 2, false),
    ("req_i", 2, false),
    ("gnt_o", 2, false),
    ("we_i", 2, false),
    ("addr_i", 10, false),
    ("quiescent_o", 1, false),
    ("next_event_o", 32, false),
    ("wdata_i", 64, false),
];

fn header(style: Style) -> String {
    let mut out = String::from("$timescale 1ns $end\n");
    let variables = |out: &mut String| {
        out.push_str("$var wire 1 ! clk_i $end\n");
        for (i, (name, width, _)) in SIGNALS.iter().enumerate() {
            let range = if *width > 1 { format!(" [{}:0]", width - 1) } else { String::new() };
            out.push_str(&format!("$var wire {width} {} {name}{range} $end\n", code(i)));
        }
    };
    let scopes = match style {
        Style::Verilator => ["TOP", "pgsram_trace"],
        Style::Icarus => ["tb", "dut"],
    };
    out.push_str(&format!("$scope module {} $end\n", scopes[0]));
    if style == Style::Verilator {
        variables(&mut out);
    }
    out.push_str(&format!("$scope module {} $end\n", scopes[1]));
    variables(&mut out);
    out.push_str("$upscope $end\n$upscope $end\n$enddefinitions $end\n");
    if style == Style::Icarus {
        out.push_str("$dumpvars\nx!\n");
        SIGNALS.iter().enumerate().for_each(|(i, _)| out.push_str(&format!("bx {}\n", code(i))));
        out.push_str("$end\n");
    }
    out
}

/// Identifier codes of one and two characters.
fn code(i: usize) -> String {
    if i.is_multiple_of(2) {
        char::from(b'"' + i as u8).to_string()
    } else {
        format!("!{}", char::from(b'!' + i as u8))
    }
}

fn changes(out: &mut String, last: &mut [String], row: &Row, style: Style, registers: bool) {
    let words = [
        u64::from(row.rst_n),
        row.now,
        u64::from(row.state[0]) | u64::from(row.state[1]) << 4,
        row.sw,
        row.ack,
        row.iso_n,
        row.ret,
        row.light,
        row.live,
        row.force_off,
        row.req,
        row.gnt,
        row.we,
        row.addr[0] | row.addr[1] << 5,
        u64::from(row.quiescent),
        row.next_event,
        row.now * 0x9e37_79b9,
    ];
    for (i, ((_, width, registered), word)) in SIGNALS.iter().zip(words).enumerate() {
        let digits = match style {
            Style::Verilator => format!("{word:0width$b}"),
            Style::Icarus => format!("{word:b}"),
        };
        if *registered == registers && last[i] != digits {
            let line = if *width == 1 { format!("{digits}{}\n", code(i)) } else { format!("b{digits} {}\n", code(i)) };
            out.push_str(&line);
            last[i] = digits;
        }
    }
}
