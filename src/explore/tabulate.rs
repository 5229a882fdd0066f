//! From a run to idle-interval tables.
//!
//! A stimulus is cut once into touches: stretches of cycles in which one transfer accesses one cell, a cell being as large as the
//! smallest domain of the study. Cells nest in every domain, so a geometry only shifts the cell number.

use super::gap::{Gap, Place};
use super::intervals::{Collector, IntervalTable};
use crate::power::{Stimulus, StimulusKind, StimulusNode};
use crate::trace::Occupancy;

/// Cycles `[start, end)` in which a cell is accessed, one request a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Touch {
    start: u64,
    end: u64,
    cell: u32,
}

/// Cycles `[start, end)` in which the cells `first..=last` hold live bytes of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    start: u64,
    end: u64,
    first: u32,
    last: u32,
}

/// A stimulus as it is planned, cut into cells and sorted by time.
#[derive(Debug, Clone)]
pub struct Plan {
    touches: Vec<Touch>,
    spans: Vec<Span>,
    cell_words: u64,
    /// Planned length.
    pub cycles: u64,
    /// Requests that read.
    pub reads: u64,
    /// Requests that write.
    pub writes: u64,
}

impl Plan {
    /// Cuts a stimulus; `cell_words` is a power of two and divides every domain of the geometries to come.
    pub fn new(stimulus: &Stimulus, cell_words: u64) -> Self {
        let mut plan = Self { touches: Vec::new(), spans: Vec::new(), cell_words, cycles: 0, reads: 0, writes: 0 };
        let mut live = vec![(u64::MAX, 0); stimulus.blocks.len()];
        for node in &stimulus.nodes {
            let end = node.start.0 + u64::from(node.amount);
            plan.cycles = plan.cycles.max(end);
            if node.kind != StimulusKind::Work {
                plan.transfer(stimulus, node);
                let (from, to) = &mut live[node.block.index()];
                (*from, *to) = ((*from).min(node.start.0), (*to).max(end));
            }
        }
        plan.live(stimulus, &live);
        plan.touches.sort_unstable();
        plan.spans.sort_unstable();
        plan
    }

    fn transfer(&mut self, stimulus: &Stimulus, node: &StimulusNode) {
        let amount = u64::from(node.amount);
        match node.kind {
            StimulusKind::Read => self.reads += amount,
            _ => self.writes += amount,
        }
        let base = stimulus.blocks[node.block.index()].first_word + u64::from(node.window_first);
        let window = u64::from(node.window_words);
        let mut k = 0;
        while k < amount {
            let inside = (u64::from(node.cursor) + k) % window;
            let word = base + inside;
            let run = (self.cell_words - word % self.cell_words).min(window - inside).min(amount - k);
            self.touches.push(Touch {
                start: node.start.0 + k,
                end: node.start.0 + k + run,
                cell: (word / self.cell_words) as u32,
            });
            k += run;
        }
    }

    fn live(&mut self, stimulus: &Stimulus, live: &[(u64, u64)]) {
        for (block, &(start, end)) in stimulus.blocks.iter().zip(live).filter(|(_, (start, _))| *start < u64::MAX) {
            let end = if block.survives { self.cycles } else { end };
            let (first, last) =
                (block.first_word / self.cell_words, (block.first_word + block.words - 1) / self.cell_words);
            self.spans.push(Span { start, end, first: first as u32, last: last as u32 });
        }
    }

    /// One collector a domain: its gaps and busy cycles, in a run of `cycles`, at least [`Self::cycles`].
    pub fn by_domain(&self, domains: u32, domain_words: u64, cycles: u64) -> Vec<Collector> {
        let cells = (domain_words / self.cell_words) as u32;
        let mut busy = vec![Stretches::default(); domains as usize];
        let mut live = busy.clone();
        for touch in &self.touches {
            busy[(touch.cell / cells) as usize].push(touch.start, touch.end);
        }
        for span in &self.spans {
            for domain in span.first / cells..=span.last / cells {
                live[domain as usize].push(span.start, span.end);
            }
        }
        busy.into_iter().zip(live).map(|(busy, live)| collect(&busy.0, &live.0, cycles)).collect()
    }

    /// Domain-cycles in which 1, 2, … transfers at once access one domain.
    pub fn overlap(&self, domains: u32, domain_words: u64) -> Vec<u64> {
        let cells = (domain_words / self.cell_words) as u32;
        let mut active = vec![Active::default(); domains as usize];
        let mut histogram = Vec::new();
        for touch in &self.touches {
            let domain = &mut active[(touch.cell / cells) as usize];
            domain.advance(touch.start, &mut histogram);
            domain.ends.push(touch.end);
        }
        active.iter_mut().for_each(|domain| domain.advance(u64::MAX, &mut histogram));
        histogram
    }

    /// The table of a geometry.
    pub fn table(&self, domains: u32, domain_words: u64, cycles: u64) -> IntervalTable {
        merged(self.by_domain(domains, domain_words, cycles), cycles)
    }
}

fn merged(collectors: Vec<Collector>, cycles: u64) -> IntervalTable {
    let domains = collectors.len() as u64;
    let mut all = Collector::default();
    for collector in collectors {
        all.merge(collector);
    }
    all.table(domains, cycles)
}

/// Transfers that access one domain at a time.
#[derive(Debug, Clone, Default)]
struct Active {
    now: u64,
    ends: Vec<u64>,
}

impl Active {
    /// Counts the time up to `to`, in which transfers end.
    fn advance(&mut self, to: u64, histogram: &mut Vec<u64>) {
        while let Some(next) = self.ends.iter().copied().min().map(|end| end.min(to)) {
            let level = self.ends.len();
            histogram.resize(histogram.len().max(level), 0);
            histogram[level - 1] += next.saturating_sub(self.now);
            self.now = self.now.max(next);
            self.ends.retain(|end| *end > next);
            if next == to {
                break;
            }
        }
        if to < u64::MAX {
            self.now = self.now.max(to);
        }
    }
}

/// Disjoint ascending stretches, built from stretches that ascend in their start.
#[derive(Debug, Clone, Default)]
struct Stretches(Vec<(u64, u64)>);

impl Stretches {
    fn push(&mut self, start: u64, end: u64) {
        match self.0.last_mut() {
            Some((_, last)) if start <= *last => *last = (*last).max(end),
            _ => self.0.push((start, end)),
        }
    }
}

/// Gaps between `busy` stretches up to `cycles`, each with what of it lies outside the `live` ones.
fn collect(busy: &[(u64, u64)], live: &[(u64, u64)], cycles: u64) -> Collector {
    let mut collector = Collector::default();
    let (mut from, mut at) = (0, 0);
    let mut add = |collector: &mut Collector, from: u64, to: u64, place| {
        while live.get(at).is_some_and(|(_, end)| *end <= from) {
            at += 1;
        }
        collector.gap(Gap { length: to - from, dead: dead(&live[at..], from, to), place });
    };
    for (i, &(start, end)) in busy.iter().enumerate() {
        add(&mut collector, from, start, if i == 0 { Place::Head } else { Place::Inner });
        collector.busy(end - start);
        from = end;
    }
    let place = if busy.is_empty() { Place::Whole } else { Place::Tail };
    add(&mut collector, from, cycles, place);
    collector
}

/// Parts of `[from, to)` outside the live stretches, counted from `from`.
fn dead(live: &[(u64, u64)], from: u64, to: u64) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    let mut at = from;
    for &(start, end) in live.iter().take_while(|(start, _)| *start < to) {
        if start > at {
            found.push((at - from, start - from));
        }
        at = at.max(end);
    }
    if at < to {
        found.push((at - from, to - from));
    }
    found
}

/// Domains that the ideal placement needs for `bytes` at a usable fill of `alpha` (0 to 1): ⌈bytes / (α·domain)⌉.
pub fn ideal_domains(bytes: u64, domain_bytes: u64, alpha: f64) -> u64 {
    let usable = alpha * domain_bytes as f64;
    // A relative slack keeps a fill that is met exactly from taking one domain more.
    (bytes as f64 / usable * (1.0 - 1e-12)).ceil() as u64
}

/// The table of the ideal placement: domains 0 … n−1 busy while n are needed, the others without data. `None` when more domains
/// are needed than there are.
pub fn ideal(occupancy: &Occupancy, domains: u32, domain_bytes: u64, alpha: f64, cycles: u64) -> Option<IntervalTable> {
    let mut busy = vec![Stretches::default(); domains as usize];
    let mut since: Vec<u64> = Vec::new(); // start of the busy stretch of domains 0, 1, …
    for change in occupancy.changes.iter() {
        let now = change.cycle.0;
        let needed = ideal_domains(change.needed_total().0, domain_bytes, alpha) as usize;
        if needed > domains as usize {
            return None;
        }
        while since.len() > needed {
            let start = since.pop().expect("longer than needed");
            busy[since.len()].push(start, now);
        }
        since.resize(needed, now);
    }
    for (domain, start) in since.into_iter().enumerate() {
        busy[domain].push(start, occupancy.end.0);
    }
    Some(merged(busy.iter().map(|b| collect(&b.0, &b.0, cycles)).collect(), cycles))
}
