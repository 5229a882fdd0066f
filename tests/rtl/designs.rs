//! Small designs that differ in everything that decides about cycles.

use trapti::power::{
    BusFront, ControllerTiming, Design, DesignProvenance, MacroShape, Organisation, Policy, States, SwitchDelays,
};
use trapti::schema;
use trapti::units::{Bytes, Cycles, Hertz};

/// A consistent design around an organisation: macros are filled in, everything else has small values.
pub fn around(name: &str, organisation: Organisation, policy: Policy) -> Design {
    let words = organisation.domain_words / u64::from(organisation.interleave);
    Design {
        schema: schema::DESIGN.into(),
        name: name.into(),
        capacity: organisation.capacity(),
        organisation,
        macro_shape: MacroShape {
            rows: 1,
            columns: 1,
            capacity: Bytes(words * organisation.word_bytes()),
            word_bits: organisation.word_bits,
        },
        timing: ControllerTiming {
            t_iso: 1,
            t_settle_off: 3,
            t_settle_ret: 2,
            t_ret: 2,
            t_light: 2,
            t_ack_max: 16,
            t_min_on: 4,
            t_min_off: 3,
            max_waking: 1,
            sync_stages: 2,
        },
        switch: SwitchDelays { t_ack_off: 4, t_ack_ret: 2, t_ack_fall: 1 },
        states: States { light: true, retention: true },
        policy,
        reset_on: false,
        time_bits: 32,
        counters: 1,
        iso_in_rtl: true,
        bus: BusFront::Native,
        registers: false,
        clock: Hertz(1_000_000_000),
        placement: "first-fit".into(),
        provenance: DesignProvenance {
            memory: "sram".into(),
            exploration: String::new(),
            point: 0,
            characterisation: "none: a test".into(),
            placements: Vec::new(),
        },
    }
}

fn organisation(domains: u32, interleave: u32, domain_words: u64, word_bits: u32, ports: u32) -> Organisation {
    Organisation { domains, interleave, domain_words, word_bits, ports, read_latency: 1, bank_cycles: 1 }
}

/// Two domains of two banks, two ports, all states, timeouts.
pub fn small() -> Design {
    let policy = Policy::Timeout { light: Some(Cycles(5)), retention: Some(Cycles(12)), off: Some(Cycles(30)) };
    around("small", organisation(2, 2, 32, 32, 2), policy)
}

/// Designs that together use every policy, several macros a bank, three domains, pipelined macros, one port.
pub fn assorted() -> Vec<Design> {
    let mut three = around("three", organisation(3, 1, 16, 64, 3), Policy::Mask);
    three.organisation.read_latency = 3;
    three.macro_shape = MacroShape { rows: 2, columns: 2, capacity: Bytes(8 * 4), word_bits: 32 };
    three.states = States { light: false, retention: false };
    let mut one = around("one", organisation(1, 1, 8, 8, 1), Policy::Never);
    one.organisation.bank_cycles = 3;
    let mut eager = around("eager", organisation(4, 2, 16, 128, 2), Policy::Immediate);
    eager.organisation.read_latency = 2;
    eager.organisation.bank_cycles = 2;
    eager.timing.max_waking = 2;
    eager.states = States { light: false, retention: true };
    eager.registers = true;
    let timeout = Policy::Timeout { light: None, retention: None, off: Some(Cycles(1_000_000)) };
    let mut ready = around("ready", organisation(2, 4, 64, 32, 4), timeout);
    ready.reset_on = true;
    ready.iso_in_rtl = false;
    ready.time_bits = 40;
    ready.registers = true;
    let policy = Policy::Scheduled { depth: 5, light: Some(Cycles(9)), retention: None, off: Some(Cycles(40)) };
    let mut told = around("told", organisation(3, 2, 32, 32, 2), policy);
    told.registers = true;
    let mut planned = around("planned", organisation(2, 1, 16, 32, 1), told.policy);
    planned.time_bits = 64;
    vec![small(), three, one, eager, ready, told, planned]
}
