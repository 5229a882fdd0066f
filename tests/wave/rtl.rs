//! Dumps of the Verilog under its own bench: directed sleeps and wakes, missing and lost acknowledges, forces, random
//! traffic, several resets. Two things that know nothing of each other judge the same memory.

use super::trace::design;
use std::path::{Path, PathBuf};
use std::process::Command;
use trapti::power::{Design, Organisation, States};
use trapti::units::Cycles;
use trapti::wave::{Property, Verdict, Window, check};

/// Parameters of the bench that differ from one set to the next; the others are its defaults.
struct Set {
    domains: u32,
    interleave: u32,
    ports: u32,
    read_latency: u32,
    bank_cycles: u32,
    t_iso: u32,
    t_ret: u32,
    t_min: u32,
    max_waking: u32,
    sync_stages: u32,
    time_bits: u32,
    sleeps: bool,
}

const SETS: [Set; 3] = [
    Set {
        domains: 4,
        interleave: 2,
        ports: 3,
        read_latency: 1,
        bank_cycles: 1,
        t_iso: 1,
        t_ret: 1,
        t_min: 0,
        max_waking: 1,
        sync_stages: 2,
        time_bits: 32,
        sleeps: true,
    },
    Set {
        domains: 3,
        interleave: 4,
        ports: 2,
        read_latency: 3,
        bank_cycles: 2,
        t_iso: 3,
        t_ret: 2,
        t_min: 11,
        max_waking: 2,
        sync_stages: 3,
        time_bits: 64,
        sleeps: true,
    },
    Set {
        domains: 1,
        interleave: 1,
        ports: 1,
        read_latency: 2,
        bank_cycles: 3,
        t_iso: 0,
        t_ret: 0,
        t_min: 0,
        max_waking: 1,
        sync_stages: 1,
        time_bits: 32,
        sleeps: false,
    },
];

impl Set {
    fn design(&self) -> Design {
        let mut design = design();
        design.name = "bench".into();
        design.organisation = Organisation {
            domains: self.domains,
            interleave: self.interleave,
            domain_words: 32,
            word_bits: 32,
            ports: self.ports,
            read_latency: self.read_latency,
            bank_cycles: self.bank_cycles,
        };
        let t = &mut design.timing;
        (t.t_iso, t.t_ret, t.t_light, t.t_settle_off, t.t_settle_ret) = (self.t_iso, self.t_ret, 1, 4, 2);
        (t.t_ack_max, t.t_min_on, t.t_min_off) = (16, self.t_min, self.t_min);
        (t.max_waking, t.sync_stages) = (self.max_waking, self.sync_stages);
        design.states = States { light: self.sleeps, retention: self.sleeps };
        design
    }

    fn parameters(&self) -> Vec<String> {
        let sleeps = u32::from(self.sleeps);
        let values = [
            ("DOMAINS", self.domains),
            ("INTERLEAVE", self.interleave),
            ("PORTS", self.ports),
            ("RD_LATENCY", self.read_latency),
            ("BANK_CYCLES", self.bank_cycles),
            ("T_ISO", self.t_iso),
            ("T_RET", self.t_ret),
            ("T_MIN_ON", self.t_min),
            ("T_MIN_OFF", self.t_min),
            ("MAX_WAKING", self.max_waking),
            ("SYNC_STAGES", self.sync_stages),
            ("TIME_BITS", self.time_bits),
            ("HAS_LIGHT", sleeps),
            ("HAS_RETENTION", sleeps),
            ("RANDOM_CYCLES", 500),
        ];
        values.iter().map(|(name, value)| format!("-Ppgsram_tb.{name}={value}")).collect()
    }
}

/// Runs the bench and leaves its dump.
fn simulate(set: &Set, directory: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dump = directory.join("bench.vcd");
    let recorder = directory.join("recorder.v");
    let text = format!(
        "module recorder; initial begin $dumpfile(\"{}\"); $dumpvars(1, pgsram_tb.u_dut); end endmodule\n",
        dump.display()
    );
    std::fs::write(&recorder, text).unwrap();
    let mut modules: Vec<PathBuf> = std::fs::read_dir(root.join("rtl")).unwrap().map(|e| e.unwrap().path()).collect();
    modules.retain(|path| path.extension().is_some_and(|extension| extension == "v"));
    modules.sort();
    let program = directory.join("bench");
    run(Command::new("iverilog")
        .args(["-g2005", "-s", "pgsram_tb", "-s", "recorder", "-o"])
        .arg(&program)
        .args(set.parameters())
        .args(modules)
        .arg(root.join("testbenches/pgsram_tb.v"))
        .arg(recorder));
    let said = run(Command::new("vvp").arg("-n").arg(program));
    assert!(said.contains("PASS"), "{said}");
    dump
}

fn run(command: &mut Command) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().unwrap_or_else(|error| {
        panic!("cannot run {program}: {error}; install with: apt-get install iverilog");
    });
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// What fails; the bench itself withdraws requests at the end of its random traffic.
fn complaints(verdict: &Verdict) -> Vec<String> {
    let failed = verdict.checks.iter().filter(|check| check.failed > 0 && check.property != Property::RequestsHeld);
    failed.map(|c| format!("{} {}× {:?}", c.property.name(), c.failed, c.violations.first())).collect()
}

#[test]
fn the_verilog_keeps_the_protocol_in_icarus() {
    for set in &SETS {
        let directory = tempfile::tempdir().unwrap();
        let dump = simulate(set, directory.path());
        let verdict = check(&dump, &set.design(), Window::default()).unwrap();
        assert!(complaints(&verdict).is_empty(), "{} domains: {:#?}", set.domains, complaints(&verdict));
        assert!(verdict.scope.ends_with("u_dut") && verdict.edges > 1000);
        for property in [Property::Transitions, Property::Durations, Property::Faults, Property::Grants] {
            assert!(verdict.check(property).passed > 10, "{} was hardly judged", property.name());
        }
        let sum = |domain: &trapti::power::DomainActivity| domain.class_cycles.iter().copied().sum::<Cycles>();
        assert!(verdict.activity.domains.iter().all(|domain| sum(domain) == verdict.activity.cycles));
    }
}

/// The same dump held against a design that settles a cycle longer, and one without retention.
#[test]
fn the_verilog_held_against_another_design_is_caught() {
    let directory = tempfile::tempdir().unwrap();
    let set = &SETS[0];
    let dump = simulate(set, directory.path());
    let mut design = set.design();
    design.timing.t_settle_off += 1;
    let verdict = check(&dump, &design, Window::default()).unwrap();
    assert!(verdict.check(Property::Durations).failed > 0 && verdict.check(Property::SettleBeforeRelease).failed > 0);
    design = set.design();
    design.states.retention = false;
    let verdict = check(&dump, &design, Window::default()).unwrap();
    assert!(verdict.check(Property::Transitions).failed > 0);
}
