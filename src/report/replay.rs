//! Co-simulations and waveforms: what was counted three times, and which rules hold.

use crate::cosim::CosimReport;
use crate::units::grouped;
use crate::wave::Verdict;
use serde::Serialize;

/// One co-simulation.
#[derive(Debug, Serialize)]
pub(super) struct ReplayView {
    part: String,
    design: String,
    passed: bool,
    verdict: String,
    facts: Vec<(&'static str, String)>,
    predicted: bool,
    places: Vec<PlaceView>,
}

/// Counters of a domain, a port or the memory.
#[derive(Debug, Serialize)]
struct PlaceView {
    name: String,
    equal: bool,
    rows: Vec<RowView>,
}

#[derive(Debug, Serialize)]
struct RowView {
    counter: &'static str,
    prediction: String,
    reference: String,
    rtl: String,
    equal: bool,
}

/// The three columns of a co-simulation and how it was done.
pub(super) fn replay(report: &CosimReport) -> ReplayView {
    let mut places: Vec<PlaceView> = Vec::new();
    for row in report.rows() {
        if places.last().is_none_or(|place| place.name != row.place) {
            places.push(PlaceView { name: row.place.clone(), equal: true, rows: Vec::new() });
        }
        let equal = row.agrees();
        if let Some(place) = places.last_mut() {
            place.equal &= equal;
            place.rows.push(RowView {
                counter: row.counter,
                prediction: row.prediction.map_or("none".into(), grouped),
                reference: grouped(row.reference),
                rtl: grouped(row.rtl),
                equal,
            });
        }
    }
    ReplayView {
        part: report.part.clone(),
        design: report.design.clone(),
        passed: report.passed(),
        verdict: verdict(report),
        facts: facts(report),
        predicted: report.prediction.is_some(),
        places,
    }
}

fn verdict(report: &CosimReport) -> String {
    let compared = match report.prediction {
        Some(_) => "prediction, reference model and hardware",
        None => "reference model and hardware (no prediction was given)",
    };
    match (report.equal, report.lost.lost) {
        (true, 0) => format!("equal: {compared} agree in every counter, and no data was lost"),
        (true, lost) => format!("{compared} agree, but {} reads or writes of live data failed", grouped(lost)),
        (false, _) => format!("not equal: {compared} differ"),
    }
}

fn facts(report: &CosimReport) -> Vec<(&'static str, String)> {
    let storage = match report.storage_bits == report.word_bits {
        true => format!("{} bits, as in the design", report.word_bits),
        false => format!("{} of {} bits, holding a tag of the last write", report.storage_bits, report.word_bits),
    };
    let difference = report.first_difference.as_ref().or(report.prediction_difference.as_ref());
    let lines = [
        ("Requests", Some(grouped(report.requests))),
        ("Length", Some(format!("{} cycles", grouped(report.cycles)))),
        ("Evaluated", Some(format!("{} cycles in hardware and reference model", grouped(report.evaluated)))),
        ("Skipped", Some(format!("{} quiescent cycles, in which nothing happens", grouped(report.skipped)))),
        ("Stored words", Some(storage)),
        ("RTL and tools", Some(report.rtl_digest.clone())),
        ("First difference", difference.map(|difference| format!("{difference:?}"))),
    ];
    lines.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}

/// One waveform.
#[derive(Debug, Serialize)]
pub(super) struct WaveformView {
    file: String,
    passed: bool,
    scope: String,
    edges: String,
    checks: Vec<CheckView>,
}

#[derive(Debug, Serialize)]
struct CheckView {
    name: &'static str,
    rule: &'static str,
    passed: String,
    failed: u64,
    note: String,
}

/// The account of a waveform.
pub(super) fn waveform(file: &str, verdict: &Verdict) -> WaveformView {
    let checks = verdict.checks.iter().map(|check| {
        let first = check.violations.first().map(|v| {
            let domain = v.domain.map(|d| format!(", {d}")).unwrap_or_default();
            format!("time {}, cycle {}{domain}: {}", v.time, v.cycle, v.message)
        });
        CheckView {
            name: check.property.name(),
            rule: check.property.rule(),
            passed: grouped(check.passed),
            failed: check.failed,
            note: first.or(check.skipped.clone().map(|why| format!("not judged: {why}"))).unwrap_or_default(),
        }
    });
    WaveformView {
        file: file.to_owned(),
        passed: verdict.passed(),
        scope: verdict.scope.clone(),
        edges: grouped(verdict.edges),
        checks: checks.collect(),
    }
}
