//! Where a point's energy goes, beside the same memory without gating and beside what no policy can beat.

use crate::explore::Point;
use serde::Serialize;

/// Stacked bars: one a column, one value a term.
#[derive(Debug, Serialize)]
pub(super) struct Breakdown {
    point: u64,
    terms: Vec<&'static str>,
    bars: Vec<Bar>,
}

#[derive(Debug, Serialize)]
struct Bar {
    name: &'static str,
    total: String,
    total_pj: f64,
    values_pj: Vec<f64>,
}

/// Terms that gating changes, in the order of the bars; then one for their sum where only that is known.
const GATED: [&str; 6] = ["leakage ON", "leakage LIGHT", "leakage RET", "leakage OFF", "wakes", "controller leakage"];
const SUM: &str = "leakage and wakes together";
/// Terms that are the same under every policy.
const FIXED: [&str; 5] = ["reads", "writes", "interconnect", "interconnect leakage", "DRAM"];

/// The point in full; of the others the exploration gives the total, from which the terms that no policy changes are
/// taken out.
pub(super) fn breakdown(point: &Point) -> Breakdown {
    let fixed = [point.reads_pj, point.writes_pj, point.interconnect_pj, point.interconnect_leakage_pj, point.dram_pj];
    let gated = [
        point.leakage_on_pj,
        point.leakage_light_pj,
        point.leakage_retention_pj,
        point.leakage_off_pj,
        point.transitions_pj,
        point.controller_leakage_pj,
    ];
    let own = Bar::new("this point", point.energy_pj, [&gated[..], &[0.0], &fixed].concat());
    let others = [
        ("without gating", point.never_pj),
        ("oracle, same placement", point.oracle_pj),
        ("ideal placement", point.ideal_pj),
        ("infinitely many domains", point.limit_pj),
    ];
    let known = others.into_iter().filter(|(_, total)| *total > 0.0);
    let bars = known.map(|(name, total)| {
        let rest = total - fixed.iter().sum::<f64>();
        Bar::new(name, total, [&[0.0; GATED.len()][..], &[rest.max(0.0)], &fixed].concat())
    });
    let terms = GATED.into_iter().chain([SUM]).chain(FIXED).collect();
    Breakdown { point: point.point, terms, bars: std::iter::once(own).chain(bars).collect() }
}

impl Bar {
    fn new(name: &'static str, total_pj: f64, values_pj: Vec<f64>) -> Self {
        Self { name, total: joules(total_pj), total_pj, values_pj }
    }
}

/// Picojoules with a fitting prefix.
pub(super) fn joules(picojoules: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e12, "J"), (1e9, "mJ"), (1e6, "µJ"), (1e3, "nJ")];
    let unit = UNITS.iter().find(|(scale, _)| picojoules.abs() >= *scale);
    unit.map_or(format!("{picojoules:.3} pJ"), |(scale, name)| format!("{:.3} {name}", picojoules / scale))
}
