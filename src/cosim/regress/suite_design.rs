//! A design of a suite: a `design.json`, or the few numbers that make a small memory.

use crate::Error;
use crate::config::{Field, Table};
use crate::diagnostic::Diagnostic;
use crate::power::{
    BusFront, ControllerTiming, Design, DesignProvenance, MacroShape, Organisation, Policy, SCHEDULE_DEPTH, States,
    SwitchDelays,
};
use crate::rtl::Parameters;
use crate::schema;
use crate::units::{Bytes, Cycles, Hertz};
use std::path::Path;

/// Reads `[[design]]`; what is not given has the values of a small memory.
pub(super) fn read(mut table: Table<'_>, folder: &Path) -> Option<Design> {
    let name = table.required("name").value::<String>();
    let file = table.optional("file");
    let (place, document) = (table.span(), table.document());
    let design = if file.is_present() {
        let read = file.value::<String>().map(|path| Design::read(&folder.join(path)));
        table.finish();
        match read? {
            Ok(design) => Some(Design { name: name?, ..design }),
            Err(error) => {
                file.refuse("wrong-file", format!("a design: {error}"));
                None
            }
        }
    } else {
        inline(table, name)
    }?;
    if let Err(Error::Input(problems)) = Parameters::of(&design) {
        let label = |problem: &Diagnostic| problem.help.join("; ");
        problems.iter().for_each(|p| document.report_at(p.code, p.message.clone(), place.clone(), label(p)));
    }
    Some(design)
}

fn inline(mut table: Table<'_>, name: Option<String>) -> Option<Design> {
    let organisation = organisation(&mut table);
    let (rows, columns) = (number(&mut table, "macro_rows", 1), number(&mut table, "macro_columns", 1));
    let states = states(&table.optional("states"));
    let policy = policy(&mut table);
    let bus = table.optional("bus").keyword(&BUSES, &[]).unwrap_or_default();
    let reset_on = table.optional("reset_on").value().unwrap_or(false);
    let time_bits = number(&mut table, "time_bits", 64);
    let iso_in_rtl = table.optional("iso_in_rtl").value().unwrap_or(true);
    let timing = timing(&table.optional("timing"));
    let switch = switch(&table.optional("switch"));
    table.finish();
    let organisation: Organisation = organisation?;
    let macro_words = organisation.domain_words / u64::from(organisation.interleave.max(1)) / u64::from(rows).max(1);
    let word_bits = organisation.word_bits / columns.max(1);
    Some(Design {
        schema: schema::DESIGN.into(),
        name: name?,
        capacity: organisation.capacity(),
        organisation,
        macro_shape: MacroShape { rows, columns, capacity: Bytes(macro_words * u64::from(word_bits / 8)), word_bits },
        timing,
        switch,
        states: states?,
        policy: policy?,
        reset_on,
        time_bits,
        counters: 2,
        iso_in_rtl,
        bus,
        registers: false,
        clock: Hertz(1_000_000_000),
        placement: "first-fit".into(),
        provenance: DesignProvenance {
            exploration: String::new(),
            point: 0,
            memory: String::new(),
            characterisation: "none: a design of a regression".into(),
            placements: Vec::new(),
        },
    })
}

fn number(table: &mut Table<'_>, key: &'static str, default: u32) -> u32 {
    table.optional(key).integer(0..=u64::from(u32::MAX)).unwrap_or(default)
}

fn organisation(table: &mut Table<'_>) -> Option<Organisation> {
    let domains = table.required("domains").integer(1..=64);
    let domain_words = table.required("domain_words").integer(1..=1 << 32);
    let word_bits = table.required("word_bits").integer(8..=1024);
    let (interleave, ports) = (number(table, "interleave", 1), number(table, "ports", 1));
    let (read_latency, bank_cycles) = (number(table, "read_latency", 1), number(table, "bank_cycles", 1));
    Some(Organisation {
        domains: domains?,
        interleave,
        domain_words: domain_words?,
        word_bits: word_bits?,
        ports,
        read_latency,
        bank_cycles,
    })
}

const BUSES: [(&str, BusFront); 3] = [("native", BusFront::Native), ("obi", BusFront::Obi), ("axi4", BusFront::Axi4)];

/// Sleep states besides OFF; both if none are named.
fn states(field: &Field<'_>) -> Option<States> {
    if !field.is_present() {
        return Some(States { light: true, retention: true });
    }
    let names = [("light", 0), ("retention", 1)];
    let read: Vec<Option<usize>> = field.elements().iter().map(|f| f.keyword(&names, &[])).collect();
    let read: Vec<usize> = read.into_iter().collect::<Option<_>>()?;
    Some(States { light: read.contains(&0), retention: read.contains(&1) })
}

#[derive(Clone, Copy)]
enum Rule {
    Never,
    Immediate,
    Mask,
    Timeout,
    Scheduled,
}

const RULES: [(&str, Rule); 5] = [
    ("never", Rule::Never),
    ("immediate", Rule::Immediate),
    ("mask", Rule::Mask),
    ("timeout", Rule::Timeout),
    ("scheduled", Rule::Scheduled),
];

fn policy(table: &mut Table<'_>) -> Option<Policy> {
    let rule = table.required("policy").keyword(&RULES, &[]);
    let timed = matches!(rule, Some(Rule::Timeout | Rule::Scheduled));
    let mut threshold = |key| if timed { table.optional(key).integer(1..=u64::MAX >> 1).map(Cycles) } else { None };
    let (light, retention, off) = (threshold("light"), threshold("retention"), threshold("off"));
    Some(match rule? {
        Rule::Never => Policy::Never,
        Rule::Immediate => Policy::Immediate,
        Rule::Mask => Policy::Mask,
        Rule::Timeout => Policy::Timeout { light, retention, off },
        Rule::Scheduled => {
            let depth = table.required("depth").integer(1..=SCHEDULE_DEPTH as u64)?;
            Policy::Scheduled { depth, light, retention, off }
        }
    })
}

fn timing(field: &Field<'_>) -> ControllerTiming {
    let mut table = field.table();
    let mut value = |key, default| table.as_mut().map_or(default, |table| number(table, key, default));
    let timing = ControllerTiming {
        t_iso: value("t_iso", 1),
        t_settle_off: value("t_settle_off", 3),
        t_settle_ret: value("t_settle_ret", 3),
        t_ret: value("t_ret", 2),
        t_light: value("t_light", 2),
        t_ack_max: value("t_ack_max", 10),
        t_min_on: value("t_min_on", 4),
        t_min_off: value("t_min_off", 3),
        max_waking: value("max_waking", 1),
        sync_stages: value("sync_stages", 2),
    };
    table.into_iter().for_each(Table::finish);
    timing
}

fn switch(field: &Field<'_>) -> SwitchDelays {
    let mut table = field.table();
    let mut value = |key, default| table.as_mut().map_or(default, |table| number(table, key, default));
    let delays = SwitchDelays {
        t_ack_off: value("t_ack_off", 4),
        t_ack_ret: value("t_ack_ret", 2),
        t_ack_fall: value("t_ack_fall", 1),
    };
    table.into_iter().for_each(Table::finish);
    delays
}
