//! A page on what gating saves: tables of an exploration as Markdown, against the number that TRAPTI published.

use super::exploration::{Exploration, FrontPoint};
use super::point::Point;
use crate::units::{Bytes, grouped};
use std::fmt::Write as _;

/// Share of SRAM energy that gating saves at most, and at which α: TRAPTI, arXiv 2604.06955.
const PUBLISHED: (f64, f64) = (0.78, 0.9);

/// Share of energy that a point saves against the same memory without gating.
fn saving(point: &Point) -> f64 {
    1.0 - point.energy_pj / point.never_pj
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn period(cycles: u64, exploration: &Exploration) -> String {
    match cycles {
        0 => "back to back".into(),
        cycles => format!("every {:.6} s", cycles as f64 * exploration.summary.port.clock.period().0 * 1e-9)
            .replace(".000000", ""),
    }
}

/// The point that saves most; the first of equals.
fn most<'p>(points: impl Iterator<Item = &'p Point>) -> Option<&'p Point> {
    points.max_by(|a, b| saving(a).total_cmp(&saving(b)).then(b.point.cmp(&a.point)))
}

fn cell(point: Option<&Point>) -> String {
    point.map_or("–".into(), |p| format!("{} ({} domains, {})", percent(saving(p)), p.domains, p.policy))
}

/// A Markdown table.
fn table(header: &[String], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(header);
    text.push_str(&line(&vec!["---".to_string(); header.len()]));
    rows.into_iter().for_each(|row| text.push_str(&line(&row)));
    text.push('\n');
    text
}

fn header(first: &str, rest: impl IntoIterator<Item = String>) -> Vec<String> {
    std::iter::once(first.to_string()).chain(rest).collect()
}

/// What the tables are made of.
struct Tables<'e> {
    exploration: &'e Exploration,
    technologies: Vec<String>,
    capacities: Vec<u64>,
    /// α of the published number if the study has it, else its largest.
    alpha: f64,
}

impl Exploration {
    /// The page: what gating saves by technology, capacity, domains, α, placement and period; its area; where the published
    /// saving lies.
    pub fn savings_page(&self) -> String {
        let study = &self.summary.study;
        let mut capacities: Vec<u64> = study.capacities.iter().map(|c| c.0).collect();
        capacities.sort_unstable();
        let largest = study.alpha.iter().copied().fold(0.0, f64::max);
        let tables = Tables {
            exploration: self,
            technologies: study.technologies.iter().map(ToString::to_string).collect(),
            capacities,
            alpha: if study.alpha.contains(&PUBLISHED.1) { PUBLISHED.1 } else { largest },
        };
        let sections = [
            include_str!("page.md").to_string(),
            tables.subject(),
            tables.published(),
            tables.by_capacity(),
            tables.by_alpha(),
            tables.by_domains(),
            tables.by_placement(),
            tables.by_period(),
            tables.area(),
            tables.predicted(),
            tables.infeasible(),
        ];
        sections.concat()
    }
}

impl Tables<'_> {
    fn points(&self) -> impl Iterator<Item = &Point> {
        self.exploration.points.iter()
    }

    /// Bounds at the α of the page and one period.
    fn bounds(&self, period: u64) -> impl Iterator<Item = &Point> {
        self.points().filter(move |p| p.is_bound() && p.alpha == self.alpha && p.period_cycles == period)
    }

    fn first_period(&self) -> u64 {
        self.exploration.periods().first().copied().unwrap_or(0)
    }

    fn subject(&self) -> String {
        let summary = &self.exploration.summary;
        let mut text = String::from("## What was explored\n\n");
        let rows = summary.workloads.iter().map(|w| {
            let (peak, spilled) = (Bytes(w.peak_bytes).human(), Bytes(w.spilled_bytes).human());
            vec![w.name.clone(), grouped(w.cycles), peak, grouped(w.reads), grouped(w.writes), spilled]
        });
        let names = ["cycles", "peak needed", "reads", "writes", "spilled"].map(String::from);
        text.push_str(&table(&header("workload", names), rows));
        let _ = writeln!(
            text,
            "{} points, {} combinations that cannot exist; {} K; characterisation: {}.\n",
            grouped(summary.points),
            grouped(summary.infeasible.len() as u64),
            summary.study.temperature.0,
            summary.characterisation.name
        );
        text
    }

    fn published(&self) -> String {
        let (share, alpha) = PUBLISHED;
        let mut text = format!("## Where \"up to {:.0} %\" lies\n\n", share * 100.0);
        let mut rows = Vec::new();
        for period in self.exploration.periods() {
            for technology in &self.technologies {
                let here = || self.bounds(period).filter(|p| p.technology == *technology);
                let reaching = here().filter(|p| saving(p) >= share).min_by_key(|p| (p.capacity_bytes, p.domains));
                let least = reaching.map_or("not reached".into(), |p| {
                    format!("{} in {} domains, {}", Bytes(p.capacity_bytes).human(), p.domains, p.policy)
                });
                let best = most(here());
                let leakage = best.map_or("–".into(), |p| {
                    let leaking = p.never_pj - p.reads_pj - p.writes_pj - p.interconnect_pj - p.dram_pj;
                    percent(leaking / p.never_pj)
                });
                rows.push(vec![self.period(period), technology.clone(), cell(best), leakage, least]);
            }
        }
        let names = ["technology", "most saved", "leakage in the ungated memory", "smallest memory that saves as much"];
        let _ = writeln!(
            text,
            "Savings of the ideal placement at α = {}{}, against the same memory without gating. Leakage is the share of the ungated \
             energy that gating can reach at all.\n",
            self.alpha,
            if self.alpha == alpha { "" } else { " (the study leaves out the published α)" }
        );
        text.push_str(&table(&header("inferences", names.map(String::from)), rows));
        text
    }

    fn period(&self, cycles: u64) -> String {
        period(cycles, self.exploration)
    }

    fn by_capacity(&self) -> String {
        let mut text =
            format!("## Capacity\n\nMost saved at α = {}, {}.\n\n", self.alpha, self.period(self.first_period()));
        let capacities = self.capacities.iter().map(|c| Bytes(*c).human());
        let row = |technology: &String| {
            let here = |c: &u64| {
                most(self.bounds(self.first_period()).filter(|p| p.technology == *technology && p.capacity_bytes == *c))
            };
            header(technology, self.capacities.iter().map(|c| cell(here(c))))
        };
        text.push_str(&table(&header("technology", capacities), self.technologies.iter().map(row)));
        text
    }

    fn by_alpha(&self) -> String {
        let alphas = &self.exploration.summary.study.alpha;
        let period = self.first_period();
        let mut text = String::from("## Usable fill\n\nMost saved by the ideal placement, over all capacities.\n\n");
        let row = |technology: &String| {
            let here = |alpha: f64| {
                let points =
                    self.points().filter(move |p| p.is_bound() && p.alpha == alpha && p.period_cycles == period);
                most(points.filter(|p| p.technology == *technology))
            };
            header(technology, alphas.iter().map(|alpha| cell(here(*alpha))))
        };
        let names = alphas.iter().map(|alpha| format!("α = {alpha}"));
        text.push_str(&table(&header("technology", names), self.technologies.iter().map(row)));
        text
    }

    fn by_domains(&self) -> String {
        let largest = self.capacities.last().copied().unwrap_or(0);
        let title = Bytes(largest).human();
        let mut text = format!("## Domains\n\nMost saved in {title} at α = {}, by number of domains.\n\n", self.alpha);
        let here = |domains: u64, technology: &str| {
            let points =
                self.bounds(self.first_period()).filter(|p| p.capacity_bytes == largest && p.domains == domains);
            most(points.filter(|p| p.technology == technology)).map(|p| percent(saving(p)))
        };
        let mut domains: Vec<u64> = self.points().filter(|p| p.capacity_bytes == largest).map(|p| p.domains).collect();
        domains.sort_unstable();
        domains.dedup();
        let row = |technology: &String| {
            header(technology, domains.iter().map(|d| here(*d, technology).unwrap_or("–".into())))
        };
        let names = domains.iter().map(ToString::to_string);
        text.push_str(&table(&header("technology", names), self.technologies.iter().map(row)));
        text
    }

    fn by_placement(&self) -> String {
        let period = self.first_period();
        let rules: Vec<String> = self.exploration.summary.study.placements.iter().map(ToString::to_string).collect();
        let mut text = String::from(
            "## Placement\n\nMost saved by real addresses, and by the ideal placement at its largest α; in brackets domain-cycles with \
             live data against the ideal's.\n\n",
        );
        let row = |technology: &String| {
            let best = |rule: &String| {
                let here = self.points().filter(|p| p.placement == *rule && p.period_cycles == period);
                most(here.filter(|p| p.technology == *technology)).map_or("–".into(), |p| {
                    let more = p.live_cycles as f64 / p.ideal_live_cycles.max(1) as f64 - 1.0;
                    let capacity = Bytes(p.capacity_bytes).human();
                    format!("{} in {capacity}, {} domains ({:+.1} %)", percent(saving(p)), p.domains, more * 100.0)
                })
            };
            header(technology, rules.iter().map(best))
        };
        text.push_str(&table(&header("technology", rules.clone()), self.technologies.iter().map(row)));
        text
    }

    fn by_period(&self) -> String {
        let periods = self.exploration.periods();
        let mut text = String::from(
            "## How often\n\nThe memory of least energy with addresses for one inference of every workload a period: average power, energy \
             of an inference, and what gating saves in it.\n\n",
        );
        let row = |technology: &String| {
            let best = |period: &u64| {
                let here = self.points().filter(|p| !p.is_bound() && p.period_cycles == *period);
                let least = here.filter(|p| p.technology == *technology);
                least.min_by(|a, b| a.energy_pj.total_cmp(&b.energy_pj).then(a.point.cmp(&b.point)))
            };
            let show = |p: &Point| {
                let mean = p.mean_energy_pj * 1e-9;
                let capacity = Bytes(p.capacity_bytes).human();
                format!(
                    "{:.3} mW, {mean:.2} mJ, {} ({capacity}, {} domains, {}, {})",
                    p.average_power_mw,
                    percent(saving(p)),
                    p.domains,
                    p.placement,
                    p.policy
                )
            };
            header(technology, periods.iter().map(|period| best(period).map_or("–".into(), show)))
        };
        let names = periods.iter().map(|period| self.period(*period));
        text.push_str(&table(&header("technology", names), self.technologies.iter().map(row)));
        text
    }

    fn area(&self) -> String {
        let mut text = String::from(
            "## Area\n\nSleep transistors and power controller, as a share of the ungated memory's area: least and most over all splits.\n\n",
        );
        let key = |p: &Point| (p.capacity_bytes, p.domains, p.interleave, p.technology.clone());
        let ungated: std::collections::BTreeMap<_, f64> =
            self.points().filter(|p| p.policy == "never").map(|p| (key(p), p.area_mm2)).collect();
        let row = |technology: &String| {
            let gated = self.points().filter(|p| p.technology == *technology && p.policy != "never");
            let shares = gated.filter_map(|p| ungated.get(&key(p)).map(|area| p.area_mm2 / area - 1.0));
            let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
            shares.for_each(|share| (least, greatest) = (least.min(share), greatest.max(share)));
            let show = |share: f64| if share.is_finite() { percent(share) } else { "–".into() };
            vec![technology.clone(), show(least), show(greatest)]
        };
        let names = ["least", "most"].map(String::from);
        text.push_str(&table(&header("technology", names), self.technologies.iter().map(row)));
        text
    }

    /// What the exact play of the runs gives for the points on the front, and what the estimate was off by.
    fn predicted(&self) -> String {
        let told = self.exploration.summary.front.iter().chain(&self.exploration.summary.asked);
        let rows: Vec<Vec<String>> = told.filter_map(|front| self.predicted_row(front)).collect();
        if rows.is_empty() {
            return String::new();
        }
        let text = "## Estimate and prediction\n\nEvery point on the front, played request by request: energy and cycles with all stalls, \
                    and the error of the estimate against them. Banks that conflict and domains that wake make a run longer than \
                    planned, and what leaks, leaks meanwhile: that is the error back to back. Where a period is charged anyway, little of \
                    it is left. More banks a domain (`interleave`) make it small.\n\n";
        let columns = [
            "inferences",
            "estimated",
            "predicted",
            "error",
            "planned cycles",
            "predicted",
            "waiting for a wake, port-cycles",
        ];
        let columns = columns.into_iter().chain(["for a bank"]).map(String::from);
        format!("{text}{}", table(&header("memory", columns), rows))
    }

    fn predicted_row(&self, front: &FrontPoint) -> Option<Vec<String>> {
        let (point, played) = (self.exploration.point(front.point)?, front.prediction.as_ref()?);
        let memory = format!(
            "{}, {} in {} domains, {}, {}",
            point.technology,
            Bytes(point.capacity_bytes).human(),
            point.domains,
            point.placement,
            point.policy
        );
        let millijoules = |pj: f64| format!("{:.2} mJ", pj * 1e-9);
        Some(vec![
            memory,
            period(point.period_cycles, self.exploration),
            millijoules(point.energy_pj),
            millijoules(played.energy_pj),
            format!("{:+.2} %", played.energy_error * 100.0),
            grouped(point.cycles),
            grouped(played.cycles),
            grouped(played.wake_stall_cycles),
            grouped(played.conflict_stall_cycles),
        ])
    }

    fn infeasible(&self) -> String {
        let rows = self.exploration.infeasible_rows();
        if rows.rows.is_empty() {
            return String::new();
        }
        format!("## What cannot exist\n\n{}", table(&rows.header, rows.rows.into_iter().take(20)))
    }
}
