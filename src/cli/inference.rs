//! Whole inferences: energy from the counters, the same window at both storage widths, and the page that shows all of it.

use super::cosim::{Replay, Replayed, Sources, build, joined, stimulus};
use super::output::table;
use crate::cosim::{self, CosimReport, ReplayOptions, Subject};
use crate::error::Result;
use crate::explore::{EnergyOfCounters, Exploration};
use crate::power::{Activity, Class, Design, EnergyTerms};
use crate::trace::Run;
use crate::units::grouped;
use serde::Serialize;

/// Energy of one replay, term by term.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Energies {
    /// From the counters of the prediction.
    pub prediction: EnergyTerms,
    /// From the counters of the RTL.
    pub rtl: EnergyTerms,
}

impl Energies {
    /// Of a replay on the memory that an exploration's point describes.
    pub fn of(exploration: &Exploration, design: &Design, run: &Run, report: &CosimReport) -> Result<Option<Self>> {
        let Some(prediction) = &report.prediction else { return Ok(None) };
        let model = exploration.summary.study.model()?;
        let energy = EnergyOfCounters::new(exploration, design.provenance.point, run, model.as_ref())?;
        Ok(Some(Self { prediction: energy.of(prediction), rtl: energy.of(&report.rtl) }))
    }

    /// Energies in picojoules: prediction, RTL, difference.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![["energy, pJ", "prediction", "RTL", "difference"].map(String::from).to_vec()];
        for ((name, prediction), (_, rtl)) in terms(&self.prediction).into_iter().zip(terms(&self.rtl)) {
            if prediction != 0.0 || rtl != 0.0 {
                let difference = if rtl == prediction { "0".into() } else { format!("{:+.3}", rtl - prediction) };
                rows.push(vec![name.into(), format!("{prediction:.0}"), format!("{rtl:.0}"), difference]);
            }
        }
        rows
    }
}

fn terms(e: &EnergyTerms) -> [(&'static str, f64); 16] {
    let [off, retention, light, fault, on] = e.leakage_pj.map(|p| p.0);
    let [from_light, from_retention, from_off] = e.transitions_pj.map(|p| p.0);
    [
        ("leakage ON", on),
        ("leakage LIGHT", light),
        ("leakage RET", retention),
        ("leakage OFF", off),
        ("leakage FAULT", fault),
        ("wakes from LIGHT", from_light),
        ("wakes from RET", from_retention),
        ("wakes from OFF", from_off),
        ("reads", e.reads_pj.0),
        ("writes", e.writes_pj.0),
        ("interconnect", e.interconnect_pj.0),
        ("its leakage", e.interconnect_leakage_pj.0),
        ("controller", e.controller_leakage_pj.0),
        ("DRAM", e.dram_pj.0),
        ("system, stalled", e.stall_pj.0),
        ("total", e.total().0),
    ]
}

/// One window, replayed with words of both widths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Widths {
    /// What was replayed.
    pub part: String,
    /// Requests granted.
    pub requests: u64,
    /// Stored bits of a word in either replay.
    pub storage_bits: [u32; 2],
    /// Whether every counter of the RTL, and the cycles evaluated, are the same.
    pub equal: bool,
}

/// Stored bits of a word in long replays.
const NARROW: u32 = 32;

/// Replays the first ops of a run that make at most so many requests twice, with narrow and with whole words.
pub(super) fn both_widths(
    design: &Design,
    from: Sources<'_>,
    (name, run): (&str, &Run),
    replay: Replay,
    requests: u64,
) -> Result<Widths> {
    let window = Replay { requests: Some(requests), wave_cycles: 0, ..replay };
    let one = |storage_bits: u32| -> Result<CosimReport> {
        let replay = Replay { storage_bits, ..window };
        let memory = build(design, from.rtl, replay)?;
        let (stimulus, portion) = stimulus(design, run, from, &replay.selection())?;
        let subject = Subject { part: format!("{name}: {portion}"), ..Subject::default() };
        cosim::replay(&memory, &design.controller(), &stimulus, subject, &ReplayOptions::default(), &mut |_| ())
    };
    let [narrow, wide] = [one(NARROW)?, one(0)?];
    let same = (&narrow.rtl, narrow.evaluated) == (&wide.rtl, wide.evaluated);
    Ok(Widths {
        part: narrow.part,
        requests: narrow.requests,
        storage_bits: [narrow.storage_bits, wide.storage_bits],
        equal: same && narrow.equal && wide.equal,
    })
}

/// `docs/whole-inference.md`.
pub(super) fn page(design: &Design, replayed: &[Replayed]) -> String {
    let mut text = include_str!("inference.md").to_string();
    text.push_str(&format!("\n## The design\n\n{}", markdown(&shape(design))));
    for one in replayed {
        text.push_str(&workload(one));
    }
    text
}

fn shape(design: &Design) -> Vec<Vec<String>> {
    let o = &design.organisation;
    let (policy, states) = (serde_json::to_string(&design.policy), serde_json::to_string(&design.states));
    let row = |name: &str, value: String| vec![name.to_string(), value];
    vec![
        row("", "selected".into()),
        row("name", design.name.clone()),
        row("capacity, bytes", grouped(design.capacity.0)),
        row("domains, banks a domain", format!("{}, {}", o.domains, o.interleave)),
        row("ports, bits a word", format!("{}, {}", o.ports, o.word_bits)),
        row("read latency, bank cycles", format!("{}, {}", o.read_latency, o.bank_cycles)),
        row("placement", design.placement.clone()),
        row("policy, cycles", policy.unwrap_or_default().replace('"', "")),
        row("sleep states", states.unwrap_or_default().replace('"', "")),
    ]
}

fn workload(one: &Replayed) -> String {
    let report = &one.report;
    let mut text = format!("\n## {}\n\n{}\n", report.part, markdown(&effort(report)));
    let verdict = if report.equal {
        "Every class time, transition, stall, read and write below is equal in prediction, reference model and RTL."
    } else {
        "Prediction, reference model and RTL DIFFER; the tables show the RTL."
    };
    text.push_str(&format!("{verdict} Answers that should have held data and did not: {}.\n", report.lost.lost));
    if let Some(widths) = &one.widths {
        let same = if widths.equal { "identical" } else { "DIFFERENT" };
        let [narrow, wide] = widths.storage_bits;
        text.push_str(&format!(
            "The first {} requests were also replayed with {narrow} and with {wide} stored bits a word: all counters {same}.\n",
            grouped(widths.requests)
        ));
    }
    for rows in [classes(&report.rtl), transitions(&report.rtl), accesses(&report.rtl), ports(&report.rtl)] {
        text.push_str(&format!("\n{}", markdown(&rows)));
    }
    if let Some(energies) = &one.energies {
        text.push_str(&format!("\n{}", markdown(&energies.rows())));
    }
    text
}

fn effort(report: &CosimReport) -> Vec<Vec<String>> {
    let row = |name: &str, value: String| vec![name.to_string(), value];
    let share = |part: u64| format!("{} ({:.1} %)", grouped(part), 100.0 * part as f64 / report.cycles.max(1) as f64);
    vec![
        row("", "replayed".into()),
        row("requests", grouped(report.requests)),
        row("cycles", grouped(report.cycles)),
        row("of them evaluated", share(report.evaluated)),
        row("of them skipped", share(report.skipped)),
        row("by repetition", "0: every request was played".into()),
        row("stored bits of a word", format!("{} of {}", report.storage_bits, report.word_bits)),
        row("seconds on the machine that wrote this", format!("{:.0}", report.seconds)),
        row(
            "million requests a second there",
            format!("{:.2}", report.requests as f64 / report.seconds.max(1e-9) / 1e6),
        ),
    ]
}

fn classes(activity: &Activity) -> Vec<Vec<String>> {
    let mut rows = vec![["cycles", "OFF", "RET", "LIGHT", "ON", "FAULT"].map(String::from).to_vec()];
    let order = [Class::Off, Class::Retention, Class::Light, Class::On, Class::Fault];
    for (d, domain) in activity.domains.iter().enumerate() {
        let cycles = order.map(|class| grouped(domain.class_cycles[class as usize].0));
        rows.push([vec![format!("d{d}")], cycles.to_vec()].concat());
    }
    rows
}

fn transitions(activity: &Activity) -> Vec<Vec<String>> {
    let names = ["", "off_on", "ret_on", "on_off", "on_ret", "ret_off", "on_light", "light_on", "aborted"];
    let mut rows = vec![names.map(String::from).to_vec()];
    for (d, domain) in activity.domains.iter().enumerate() {
        let t = &domain.transitions;
        let counts = [t.off_on, t.ret_on, t.on_off, t.on_ret, t.ret_off, t.on_light, t.light_on, t.aborted];
        rows.push([vec![format!("d{d}")], counts.map(grouped).to_vec()].concat());
    }
    rows
}

fn accesses(activity: &Activity) -> Vec<Vec<String>> {
    let mut rows = vec![["requests", "reads", "writes", "stalled: asleep", "stalled: bank"].map(String::from).to_vec()];
    for (d, domain) in activity.domains.iter().enumerate() {
        let counts = [domain.reads, domain.writes, domain.stall_wake, domain.stall_conflict];
        rows.push([vec![format!("d{d}")], counts.map(grouped).to_vec()].concat());
    }
    rows
}

fn ports(activity: &Activity) -> Vec<Vec<String>> {
    let mut rows = vec![["port", "stalled: asleep", "stalled: bank"].map(String::from).to_vec()];
    for (p, port) in activity.ports.iter().enumerate() {
        rows.push(vec![p.to_string(), grouped(port.stall_wake), grouped(port.stall_conflict)]);
    }
    rows
}

fn markdown(rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let Some(head) = rows.first() else { return String::new() };
    let rule = format!("|{}\n", " --- |".repeat(head.len()));
    let body: String = rows[1..].iter().map(|row| line(row)).collect();
    [line(head), rule, body].concat()
}

/// Energies as text for the terminal.
pub(super) fn human(one: &Replayed) -> String {
    let energies = one.energies.as_ref().map_or(String::new(), |energies| table(&energies.rows()));
    let widths = one.widths.as_ref().map_or(String::new(), |widths| {
        let same = if widths.equal { "identical counters" } else { "DIFFERENT counters" };
        format!("{} at {} stored bits: {same}\n", widths.part, joined(&widths.storage_bits, " and "))
    });
    energies + &widths
}
