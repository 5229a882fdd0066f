//! Tables for people: rows of text with units in the header.

use super::explain::{Alternative, DomainKeeper, Explanation, GapBucket};
use super::exploration::{Exploration, FrontPoint, Winner};
use super::point::Point;
use crate::units::{Bytes, grouped};
use std::collections::BTreeMap;

/// A table of text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// Names of the columns, with units.
    pub header: Vec<String>,
    /// Cells.
    pub rows: Vec<Vec<String>>,
}

impl Rows {
    fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|h| h.to_string()).collect(), rows: Vec::new() }
    }
}

const POINT: [&str; 15] = [
    "point",
    "capacity",
    "domains",
    "interleave",
    "technology",
    "placement",
    "policy",
    "energy [mJ]",
    "never [mJ]",
    "oracle [mJ]",
    "ideal [mJ]",
    "limit [mJ]",
    "area [mm²]",
    "planned [Mcycles]",
    "stalls at most [Mcycles]",
];

/// Four decimals, and more of what is small: at least four digits that count.
fn millijoules(pj: f64) -> String {
    let mj = pj * 1e-9;
    let first = if mj > 0.0 { mj.log10().floor() as i32 } else { 0 };
    format!("{mj:.*}", (3 - first).clamp(4, 9) as usize)
}

fn megacycles(cycles: u64) -> String {
    format!("{:.3}", cycles as f64 * 1e-6)
}

fn percent(share: f64) -> String {
    format!("{:+.2}", share * 100.0)
}

fn cells(p: &Point) -> Vec<String> {
    let placement = if p.is_bound() { format!("{} α={}", p.placement, p.alpha) } else { p.placement.clone() };
    vec![
        p.point.to_string(),
        Bytes(p.capacity_bytes).human(),
        p.domains.to_string(),
        p.interleave.to_string(),
        p.technology.clone(),
        placement,
        p.policy.clone(),
        millijoules(p.energy_pj),
        millijoules(p.never_pj),
        millijoules(p.oracle_pj),
        millijoules(p.ideal_pj),
        millijoules(p.limit_pj),
        format!("{:.2}", p.area_mm2),
        megacycles(p.cycles),
        megacycles(p.stall_bound_cycles),
    ]
}

impl Exploration {
    /// Given points, one a row.
    pub fn point_rows<'p>(&self, points: impl IntoIterator<Item = &'p Point>) -> Rows {
        let mut rows = Rows::new(&POINT);
        rows.rows = points.into_iter().map(cells).collect();
        rows
    }

    /// The front (of the bounds, if nothing has addresses), with predictions and what the estimate was off by.
    pub fn front_rows(&self) -> Rows {
        let bounds = self.summary.bound_front.iter().map(|&point| FrontPoint { point, prediction: None });
        let front: Vec<FrontPoint> = match self.summary.front.is_empty() {
            true => bounds.collect(),
            false => self.summary.front.clone(),
        };
        self.predicted_rows(&front)
    }

    /// Points outside the front whose prediction was asked for.
    pub fn asked_rows(&self) -> Rows {
        self.predicted_rows(&self.summary.asked)
    }

    fn predicted_rows(&self, points: &[FrontPoint]) -> Rows {
        let mut rows = Rows::new(&POINT);
        let more = ["predicted [mJ]", "energy error [%]", "predicted [Mcycles]", "cycles error [%]"];
        rows.header.extend(more.map(String::from));
        rows.rows = points.iter().filter_map(|f| Some(self.front_cells(self.point(f.point)?, f))).collect();
        rows
    }

    fn front_cells(&self, point: &Point, front: &FrontPoint) -> Vec<String> {
        let mut row = cells(point);
        row.extend(match &front.prediction {
            Some(p) => {
                [millijoules(p.energy_pj), percent(p.energy_error), megacycles(p.cycles), percent(p.cycles_error)]
            }
            None => std::array::from_fn(|_| "-".into()),
        });
        row
    }

    /// The best point for each objective.
    pub fn winner_rows(&self) -> Rows {
        let mut rows = Rows::new(&["best"]);
        rows.header.extend(POINT.map(String::from));
        let row = |w: &Winner| Some([vec![w.objective.to_string()], cells(self.point(w.point)?)].concat());
        rows.rows = self.summary.winners.iter().filter_map(row).collect();
        rows
    }

    /// Where the energy of a point goes, term by term.
    pub fn term_rows(&self, point: &Point) -> Rows {
        let terms = [
            ("leakage ON", point.leakage_on_pj),
            ("leakage LIGHT", point.leakage_light_pj),
            ("leakage retention", point.leakage_retention_pj),
            ("leakage OFF", point.leakage_off_pj),
            ("transitions", point.transitions_pj),
            ("reads", point.reads_pj),
            ("writes", point.writes_pj),
            ("interconnect", point.interconnect_pj),
            ("interconnect leakage", point.interconnect_leakage_pj),
            ("controller leakage", point.controller_leakage_pj),
            ("DRAM spills", point.dram_pj),
            ("system while stalled", point.stall_pj),
            ("total", point.energy_pj),
        ];
        let mut rows = Rows::new(&["term", "energy [mJ]", "share [%]"]);
        let share = |pj: f64| format!("{:.2}", 100.0 * pj / point.energy_pj);
        rows.rows = terms.iter().map(|(n, pj)| vec![n.to_string(), millijoules(*pj), share(*pj)]).collect();
        rows
    }

    /// Reasons why combinations cannot exist, the most frequent first, each with how often and an example.
    pub fn infeasible_rows(&self) -> Rows {
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, point) in self.summary.infeasible.iter().enumerate() {
            groups.entry(&point.reason).or_default().push(i);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(_, all)| std::cmp::Reverse(all.len()));
        let mut rows = Rows::new(&["combinations", "example", "reason"]);
        let row = |(reason, all): (&str, Vec<usize>)| {
            let first = &self.summary.infeasible[all[0]];
            let domains = first.domains.map(|d| format!(", {d} domains"));
            let example = format!("{}{}", Bytes(first.capacity_bytes).human(), domains.unwrap_or_default());
            vec![all.len().to_string(), example, reason.to_string()]
        };
        rows.rows = groups.into_iter().map(row).collect();
        rows
    }
}

impl Explanation {
    /// Idle intervals by length, with the states that pay for all of a length.
    pub fn gap_rows(&self) -> Rows {
        let mut rows = Rows::new(&[
            "length [cycles]",
            "live gaps",
            "[Mdomain-cycles]",
            "dying",
            "[Mdomain-cycles]",
            "dead",
            "[Mdomain-cycles]",
            "pays",
        ]);
        let row = |bucket: &GapBucket| {
            let below = bucket.below_cycles.map_or(String::new(), |below| format!(" – {}", grouped(below - 1)));
            let kinds = [bucket.live, bucket.dying, bucket.dead];
            let kinds = kinds.into_iter().flat_map(|k| [grouped(k.gaps), megacycles(k.domain_cycles)]);
            let pays: Vec<&str> = bucket.pays.iter().map(|s| s.class().name()).collect();
            let ends = [vec![format!("{}{below}", grouped(bucket.from_cycles))], kinds.collect(), vec![pays.join(" ")]];
            ends.concat()
        };
        rows.rows = self.gaps.iter().map(row).collect();
        rows
    }

    /// For each domain the tensor that keeps it awake longest.
    pub fn domain_rows(&self) -> Rows {
        let mut rows =
            Rows::new(&["workload", "domain", "live [Mcycles]", "share [%]", "longest by", "[Mcycles]", "residences"]);
        let row = |d: &DomainKeeper| {
            vec![
                d.workload.clone(),
                d.domain.to_string(),
                megacycles(d.live_cycles),
                format!("{:.1}", d.live_share * 100.0),
                d.tensor.clone(),
                megacycles(d.tensor_cycles),
                d.residences.to_string(),
            ]
        };
        rows.rows = self.domains.iter().map(row).collect();
        rows
    }

    /// Points that differ in one thing.
    pub fn alternative_rows(&self) -> Rows {
        let mut rows = Rows::new(&["change", "energy [mJ]", "energy [%]", "area [%]", "not feasible"]);
        let row = |a: &Alternative| {
            vec![
                a.change.clone(),
                a.energy_pj.map_or("-".into(), millijoules),
                a.energy_change.map_or("-".into(), percent),
                a.area_change.map_or("-".into(), percent),
                a.reason.clone().unwrap_or_default(),
            ]
        };
        rows.rows = self.alternatives.iter().map(row).collect();
        rows
    }
}
