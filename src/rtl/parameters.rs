//! The parameters of `pgsram_top`, checked.

use crate::diagnostic::Diagnostic;
use crate::power::{BusFront, Design, Policy, SCHEDULE_DEPTH};
use crate::{Error, Result};

/// Value of the Verilog parameter POLICY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum PolicyKind {
    /// Always ON.
    Never,
    /// Idle timers.
    Timeout,
    /// ON while live.
    Mask,
}

/// Every parameter of `pgsram_top`, under its Verilog name in lower case.
///
/// Widths are in bits, times in clock cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// Power domains, 1 to 64.
    pub domains: u32,
    /// Interleaved banks of a domain, a power of two.
    pub interleave: u32,
    /// Request ports.
    pub ports: u32,
    /// Bits of a word, a multiple of 8.
    pub word_bits: u32,
    /// Words of a domain, a power of two.
    pub domain_words: u64,
    /// Macros of a bank in address direction, a power of two.
    pub macro_rows: u32,
    /// Macros of a bank in word direction.
    pub macro_columns: u32,
    /// Cycles from grant to response.
    pub rd_latency: u32,
    /// Cycles between grants of one bank.
    pub bank_cycles: u32,
    /// Isolation on or off.
    pub t_iso: u32,
    /// Rail settles after OFF.
    pub t_settle_off: u32,
    /// Rail settles after retention.
    pub t_settle_ret: u32,
    /// Retention entered or left.
    pub t_ret: u32,
    /// LIGHT left.
    pub t_light: u32,
    /// Longest wait for an acknowledge.
    pub t_ack_max: u32,
    /// Least time ON.
    pub t_min_on: u32,
    /// Least time OFF or in retention.
    pub t_min_off: u32,
    /// Domains between SW_ON and the end of SETTLE at a time.
    pub max_waking: u32,
    /// Flip-flops of the acknowledge synchroniser.
    pub sync_stages: u32,
    /// LIGHT is present.
    pub has_light: bool,
    /// Retention is present.
    pub has_retention: bool,
    /// Domains start ON after reset.
    pub reset_on: bool,
    /// Gating policy.
    pub policy: PolicyKind,
    /// Accesses to a sleeping domain are answered with an error instead of waking it.
    pub access_error: bool,
    /// Width of the time base.
    pub time_bits: u32,
    /// 0 none, 1 class times, transitions and stalls, 2 also reads and writes.
    pub counters: u32,
    /// Isolation clamps in RTL.
    pub iso_in_rtl: bool,
    /// Bus of the request ports; none of the parameters of `pgsram_top`.
    pub bus: BusFront,
    /// Entries of a table of the schedule player, 0: there is none.
    pub sched_depth: u32,
    /// Control and status registers; none of the parameters of `pgsram_top`.
    pub registers: bool,
    /// Bits of a request's identifier.
    pub id_bits: u32,
    /// Idle thresholds `[light, retention, off]`, 0 = disabled: values of inputs, not of parameters.
    pub thresholds: [u64; 3],
}

/// Widest request identifier: one bit, because the ports answer in order and need none.
const ID_BITS: u32 = 1;
/// Most cycles a controller time may have: it fits the 16-bit down counter of `pgsram_domain_ctrl`.
const LONGEST: u32 = 65_535;

impl Parameters {
    /// The parameters of a design.
    ///
    /// # Errors
    /// [`Error::Input`] with every value that the Verilog does not accept or that contradicts another.
    pub fn of(design: &Design) -> Result<Self> {
        let problems = check(design);
        if problems.is_empty() { Ok(Self::unchecked(design)) } else { Err(Error::Input(problems)) }
    }

    fn unchecked(design: &Design) -> Self {
        let (o, t) = (&design.organisation, &design.timing);
        Self {
            domains: o.domains,
            interleave: o.interleave,
            ports: o.ports,
            word_bits: o.word_bits,
            domain_words: o.domain_words,
            macro_rows: design.macro_shape.rows,
            macro_columns: design.macro_shape.columns,
            rd_latency: o.read_latency,
            bank_cycles: o.bank_cycles,
            t_iso: t.t_iso,
            t_settle_off: t.t_settle_off,
            t_settle_ret: t.t_settle_ret,
            t_ret: t.t_ret,
            t_light: t.t_light,
            t_ack_max: t.t_ack_max,
            t_min_on: t.t_min_on,
            t_min_off: t.t_min_off,
            max_waking: t.max_waking,
            sync_stages: t.sync_stages,
            has_light: design.states.light,
            has_retention: design.states.retention,
            reset_on: design.reset_on,
            policy: policy_kind(&design.policy),
            access_error: false,
            time_bits: design.time_bits,
            counters: design.counters,
            iso_in_rtl: design.iso_in_rtl,
            bus: design.bus,
            sched_depth: design.policy.schedule_depth(),
            registers: design.registers,
            id_bits: ID_BITS,
            thresholds: design.policy.thresholds(design.states).map(|c| c.0),
        }
    }

    /// As co-simulation builds the memory: a 64-bit time base, all counters and, with `storage_bits`, narrower words in one macro a bank.
    pub fn for_cosimulation(mut self, storage_bits: Option<u32>) -> Self {
        self.time_bits = 64;
        self.counters = 2;
        if let Some(bits) = storage_bits {
            self.word_bits = bits;
            self.macro_columns = 1;
            self.macro_rows = 1;
        }
        self
    }

    /// Names and values in the order of the Verilog.
    pub fn values(&self) -> [(&'static str, u64); 29] {
        let flag = u64::from;
        [
            ("DOMAINS", self.domains.into()),
            ("INTERLEAVE", self.interleave.into()),
            ("PORTS", self.ports.into()),
            ("WORD_BITS", self.word_bits.into()),
            ("DOMAIN_WORDS", self.domain_words),
            ("MACRO_ROWS", self.macro_rows.into()),
            ("MACRO_COLUMNS", self.macro_columns.into()),
            ("RD_LATENCY", self.rd_latency.into()),
            ("BANK_CYCLES", self.bank_cycles.into()),
            ("T_ISO", self.t_iso.into()),
            ("T_SETTLE_OFF", self.t_settle_off.into()),
            ("T_SETTLE_RET", self.t_settle_ret.into()),
            ("T_RET", self.t_ret.into()),
            ("T_LIGHT", self.t_light.into()),
            ("T_ACK_MAX", self.t_ack_max.into()),
            ("T_MIN_ON", self.t_min_on.into()),
            ("T_MIN_OFF", self.t_min_off.into()),
            ("MAX_WAKING", self.max_waking.into()),
            ("SYNC_STAGES", self.sync_stages.into()),
            ("HAS_LIGHT", flag(self.has_light)),
            ("HAS_RETENTION", flag(self.has_retention)),
            ("RESET_ON", flag(self.reset_on)),
            ("POLICY", self.policy as u64),
            ("ACCESS_ERROR", flag(self.access_error)),
            ("TIME_BITS", self.time_bits.into()),
            ("COUNTERS", self.counters.into()),
            ("SCHED_DEPTH", self.sched_depth.into()),
            ("ISO_IN_RTL", flag(self.iso_in_rtl)),
            ("ID_BITS", self.id_bits.into()),
        ]
    }

    /// Bits of a word address: enough for every word of every domain.
    pub fn address_bits(&self) -> u32 {
        let last = u64::from(self.domains) * self.domain_words - 1;
        (u64::BITS - last.leading_zeros()).max(1)
    }
}

fn policy_kind(policy: &Policy) -> PolicyKind {
    match policy {
        Policy::Never => PolicyKind::Never,
        Policy::Immediate | Policy::Timeout { .. } | Policy::Scheduled { .. } => PolicyKind::Timeout,
        Policy::Mask => PolicyKind::Mask,
    }
}

fn check(design: &Design) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    problems.extend(check_name(&design.name));
    problems.extend(check_ranges(design));
    problems.extend(check_powers_of_two(design));
    problems.extend(check_macros(design));
    problems.extend(check_thresholds(design));
    problems.extend(check_acknowledge(design));
    problems.extend(check_bus(design));
    problems.extend(check_schedule(design));
    problems
}

fn check_schedule(design: &Design) -> Option<Diagnostic> {
    let Policy::Scheduled { depth, .. } = design.policy else { return None };
    check_range("policy.scheduled.depth", depth, 1, SCHEDULE_DEPTH as u32)
}

fn check_name(name: &str) -> Option<Diagnostic> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let fine = !name.is_empty() && name.len() <= 100 && name.chars().all(legal);
    (!fine).then(|| {
        Diagnostic::new("design-name", format!("`{name}` cannot be part of a Verilog module name"))
            .with_help("use lower-case letters, digits and underscores, such as `edge_48m`")
    })
}

fn check_ranges(design: &Design) -> Vec<Diagnostic> {
    let (o, t) = (&design.organisation, &design.timing);
    let ranges = [
        ("domains", o.domains, 1, 64),
        ("interleave", o.interleave, 1, 64),
        ("ports", o.ports, 1, 16),
        ("word_bits", o.word_bits, 8, 4096),
        ("read_latency", o.read_latency, 1, 7),
        ("bank_cycles", o.bank_cycles, 1, 64),
        ("macro_shape.rows", design.macro_shape.rows, 1, 64),
        ("macro_shape.columns", design.macro_shape.columns, 1, 64),
        ("t_iso", t.t_iso, 0, LONGEST),
        ("t_settle_off", t.t_settle_off, 0, LONGEST),
        ("t_settle_ret", t.t_settle_ret, 0, LONGEST),
        ("t_ret", t.t_ret, 0, LONGEST),
        ("t_light", t.t_light, 0, LONGEST),
        ("t_ack_max", t.t_ack_max, 1, LONGEST),
        ("t_min_on", t.t_min_on, 0, LONGEST),
        ("t_min_off", t.t_min_off, 0, LONGEST),
        ("max_waking", t.max_waking, 1, 64),
        ("sync_stages", t.sync_stages, 1, 8),
        ("time_bits", design.time_bits, 4, 64),
        ("counters", design.counters, 0, 2),
    ];
    ranges.into_iter().filter_map(|(name, value, low, high)| check_range(name, value, low, high)).collect()
}

fn check_range(name: &str, value: u32, low: u32, high: u32) -> Option<Diagnostic> {
    (!(low..=high).contains(&value)).then(|| {
        Diagnostic::new("parameter-range", format!("{name} is {value}"))
            .with_help(format!("expected a whole number from {low} to {high}"))
    })
}

fn check_powers_of_two(design: &Design) -> Vec<Diagnostic> {
    let o = &design.organisation;
    let values = [
        ("interleave", u64::from(o.interleave)),
        ("word_bits", u64::from(o.word_bits)),
        ("domain_words", o.domain_words),
        ("macro_shape.rows", design.macro_shape.rows.into()),
    ];
    let wrong = values.into_iter().filter(|(_, value)| !value.is_power_of_two());
    wrong
        .map(|(name, value)| {
            Diagnostic::new("power-of-two", format!("{name} is {value}, not a power of two"))
                .with_help("domain, bank and row are bit fields of the word address")
        })
        .collect()
}

/// AXI4 has data of 8 to 1024 bits.
fn check_bus(design: &Design) -> Option<Diagnostic> {
    let wide = design.bus == BusFront::Axi4 && design.organisation.word_bits > 1024;
    wide.then(|| {
        Diagnostic::new("bus-width", format!("AXI4 has no data of {} bits", design.organisation.word_bits))
            .with_help("use words of at most 1024 bits, or another bus")
    })
}

/// The macros of a bank must make up the bank exactly.
fn check_macros(design: &Design) -> Vec<Diagnostic> {
    let (o, m) = (&design.organisation, &design.macro_shape);
    let mut problems = Vec::new();
    if m.word_bits.checked_mul(m.columns) != Some(o.word_bits) || !m.word_bits.is_multiple_of(8) {
        problems.push(
            Diagnostic::new(
                "macro-width",
                format!("{} macros of {} bits do not make a word of {} bits", m.columns, m.word_bits, o.word_bits),
            )
            .with_help("columns times macro word bits must equal word_bits, in whole bytes"),
        );
    }
    let macros = u64::from(o.interleave) * u64::from(m.rows);
    let words = o.domain_words.checked_div(macros).unwrap_or(0);
    let bytes = words.checked_mul(u64::from(m.word_bits) / 8);
    if words == 0 || bytes != Some(m.capacity.0) {
        problems.push(
            Diagnostic::new(
                "macro-capacity",
                format!("a macro of {} does not fit {} words of {} bits", m.capacity, words, m.word_bits),
            )
            .with_help("macro words are domain_words / interleave / rows, at least 1"),
        );
    }
    problems
}

/// Times are differences modulo 2^time_bits; a threshold must stay below half of that.
fn check_thresholds(design: &Design) -> Vec<Diagnostic> {
    let limit = 1u128 << design.time_bits.clamp(1, 64).saturating_sub(1);
    let thresholds = design.policy.thresholds(design.states);
    let named = ["light", "retention", "off"].into_iter().zip(thresholds);
    named
        .filter(|(_, cycles)| u128::from(cycles.0) >= limit)
        .map(|(name, cycles)| {
            Diagnostic::new("threshold", format!("the {name} threshold of {cycles} cycles is too long"))
                .with_help(format!("it must be below {limit} cycles with time_bits = {}", design.time_bits))
        })
        .collect()
}

/// A switch that answers later than T_ACK_MAX would put its domain into FAULT at the first wake.
fn check_acknowledge(design: &Design) -> Option<Diagnostic> {
    let s = &design.switch;
    let slowest = s.t_ack_off.max(s.t_ack_ret).max(s.t_ack_fall);
    let needed = u64::from(slowest) + u64::from(design.timing.sync_stages) + 1;
    (u64::from(design.timing.t_ack_max) < needed).then(|| {
        Diagnostic::new(
            "acknowledge",
            format!("t_ack_max is {}, but the switch answers after {slowest} cycles", design.timing.t_ack_max),
        )
        .with_help(format!("with {} synchroniser stages use at least {needed}", design.timing.sync_stages))
    })
}
