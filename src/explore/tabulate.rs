//! From a run to idle-interval tables.
//!
//! A stimulus is cut once into pieces: stretches of cycles in which one transfer walks over consecutive words of one block. Pieces
//! know no address, so that one [`Traffic`] serves every placement and every geometry.

use super::gap::{Gap, Place};
use super::intervals::{Collector, IntervalTable};
use crate::power::{Stimulus, StimulusKind, StimulusNode};
use std::sync::Arc;

/// Cycles `[start, start + words)` in which one transfer accesses as many consecutive words of a block, one request a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Piece {
    start: u64,
    block: u32,
    /// First word, from the start of the block.
    offset: u32,
    words: u32,
}

/// Cycles `[start, end)` in which a block holds live bytes, and its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u64,
    end: u64,
    block: u32,
    words: u64,
}

/// A stimulus as it is planned, without addresses: pieces and live spans in order of time.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    pieces: Vec<Piece>,
    spans: Vec<Span>,
    /// Planned length.
    cycles: u64,
}

impl Traffic {
    /// Cuts a stimulus.
    pub fn new(stimulus: &Stimulus) -> Self {
        let mut traffic = Self::default();
        let mut live = vec![(u64::MAX, 0); stimulus.blocks.len()];
        for node in &stimulus.nodes {
            let end = node.start.0 + u64::from(node.amount);
            traffic.cycles = traffic.cycles.max(end);
            if node.kind != StimulusKind::Work {
                traffic.transfer(node);
                let (from, to) = &mut live[node.block.index()];
                (*from, *to) = ((*from).min(node.start.0), (*to).max(end));
            }
        }
        traffic.live(stimulus, &live);
        traffic.pieces.sort_unstable();
        traffic
    }

    fn transfer(&mut self, node: &StimulusNode) {
        let mut at = node.cursor % node.window_words;
        let mut done = 0;
        while done < node.amount {
            let words = (node.window_words - at).min(node.amount - done);
            let start = node.start.0 + u64::from(done);
            self.pieces.push(Piece { start, block: node.block.0, offset: node.window_first + at, words });
            done += words;
            at = 0;
        }
    }

    fn live(&mut self, stimulus: &Stimulus, live: &[(u64, u64)]) {
        let blocks = stimulus.blocks.iter().zip(live).enumerate();
        for (index, (block, &(start, end))) in blocks.filter(|(_, (_, (start, _)))| *start < u64::MAX) {
            let end = if block.survives { self.cycles } else { end };
            self.spans.push(Span { start, end, block: index as u32, words: block.words });
        }
        self.spans.sort_unstable_by_key(|span| (span.start, span.block));
    }
}

/// A stimulus as it is planned, at addresses.
#[derive(Debug, Clone)]
pub struct Plan {
    traffic: Arc<Traffic>,
    /// First word of each block.
    first_words: Vec<u64>,
    /// Planned length.
    pub cycles: u64,
}

/// What one geometry makes of a plan.
pub struct Tabulated {
    /// The idle intervals of all domains.
    pub table: IntervalTable,
    /// Domain-cycles in which 1, 2, … transfers at once access one domain.
    pub overlap: Vec<u64>,
}

impl Plan {
    /// A stimulus at its own addresses.
    pub fn new(stimulus: &Stimulus) -> Self {
        let first_words = stimulus.blocks.iter().map(|block| block.first_word).collect();
        Self::at(Arc::new(Traffic::new(stimulus)), first_words)
    }

    /// The same traffic at other addresses: the first word of each block.
    pub fn at(traffic: Arc<Traffic>, first_words: Vec<u64>) -> Self {
        Self { cycles: traffic.cycles, traffic, first_words }
    }

    /// Segments it is made of: stretches in which one transfer walks over consecutive words of one block.
    pub fn segments(&self) -> usize {
        self.traffic.pieces.len()
    }

    /// Stretches of access of each domain, ascending in their start. `domain_words` is a power of two.
    fn accesses(&self, domains: u32, domain_words: u64) -> Vec<Vec<(u64, u64)>> {
        let shift = domain_words.trailing_zeros();
        let mut accesses = vec![Vec::new(); domains as usize];
        let mut ascending = true;
        for piece in &self.traffic.pieces {
            let first = self.first_words[piece.block as usize] + u64::from(piece.offset);
            let (mut word, mut now) = (first, piece.start);
            let end = first + u64::from(piece.words);
            while word < end {
                let next = (((word >> shift) + 1) << shift).min(end);
                let domain: &mut Vec<(u64, u64)> = &mut accesses[(word >> shift) as usize];
                ascending &= domain.last().is_none_or(|(start, _)| *start <= now);
                domain.push((now, now + (next - word)));
                (word, now) = (next, now + (next - word));
            }
        }
        if !ascending {
            accesses.iter_mut().for_each(|domain| domain.sort_unstable_by_key(|(start, _)| *start));
        }
        accesses
    }

    /// Live stretches of each domain.
    fn live(&self, domains: u32, domain_words: u64) -> Vec<Stretches> {
        let mut live = vec![Stretches::default(); domains as usize];
        for span in &self.traffic.spans {
            let first = self.first_words[span.block as usize];
            for domain in first / domain_words..=(first + span.words - 1) / domain_words {
                live[domain as usize].push(span.start, span.end);
            }
        }
        live
    }

    /// One collector a domain: its gaps and busy cycles, in a run of `cycles`, at least [`Self::cycles`].
    pub fn by_domain(&self, domains: u32, domain_words: u64, cycles: u64) -> Vec<Collector> {
        let accesses = self.accesses(domains, domain_words);
        accesses.iter().zip(self.live(domains, domain_words)).map(|(a, l)| collect(&merged(a), &l.0, cycles)).collect()
    }

    /// Every idle interval of each domain with its first cycle, in a run of `cycles`.
    pub fn gaps(&self, domains: u32, domain_words: u64, cycles: u64) -> Vec<Vec<(u64, Gap)>> {
        let accesses = self.accesses(domains, domain_words);
        let one = |(touches, live): (Vec<(u64, u64)>, Stretches)| {
            let mut gaps = Vec::new();
            walk(&merged(&touches), &live.0, cycles, |start, gap| gaps.push((start, gap)));
            gaps.retain(|(_, gap)| gap.length > 0);
            gaps
        };
        accesses.into_iter().zip(self.live(domains, domain_words)).map(one).collect()
    }

    /// Table and overlaps of a geometry, in a run of `cycles`, at least [`Self::cycles`].
    pub fn tabulate(&self, domains: u32, domain_words: u64, cycles: u64) -> Tabulated {
        let mut histogram = Vec::new();
        let mut all = Collector::default();
        let accesses = self.accesses(domains, domain_words);
        for (touches, live) in accesses.into_iter().zip(self.live(domains, domain_words)) {
            overlaps(&touches, &mut histogram);
            all.merge(collect(&merged(&touches), &live.0, cycles));
        }
        Tabulated { table: all.table(u64::from(domains), cycles), overlap: histogram }
    }

    /// The table of a geometry.
    pub fn table(&self, domains: u32, domain_words: u64, cycles: u64) -> IntervalTable {
        self.tabulate(domains, domain_words, cycles).table
    }
}

/// Adds to `histogram` the cycles in which 1, 2, … of the stretches are under way.
fn overlaps(touches: &[(u64, u64)], histogram: &mut Vec<u64>) {
    let mut active = Active::default();
    for &(start, end) in touches {
        active.advance(start, histogram);
        active.ends.push(end);
    }
    active.advance(u64::MAX, histogram);
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

/// Stretches that ascend in their start, those that touch or overlap joined.
fn merged(touches: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut stretches = Stretches::default();
    touches.iter().for_each(|&(start, end)| stretches.push(start, end));
    stretches.0
}

/// Gaps between `busy` stretches up to `cycles`, each with what of it lies outside the `live` ones.
fn collect(busy: &[(u64, u64)], live: &[(u64, u64)], cycles: u64) -> Collector {
    let mut collector = Collector::default();
    collector.busy(busy.iter().map(|(start, end)| end - start).sum());
    walk(busy, live, cycles, |_, gap| collector.gap(gap));
    collector
}

/// The same gaps one by one, each with its first cycle; some of no length.
fn walk(busy: &[(u64, u64)], live: &[(u64, u64)], cycles: u64, mut visit: impl FnMut(u64, Gap)) {
    let (mut from, mut at) = (0, 0);
    let mut add = |from: u64, to: u64, place| {
        while live.get(at).is_some_and(|(_, end)| *end <= from) {
            at += 1;
        }
        visit(from, Gap { length: to - from, dead: dead(&live[at..], from, to), place });
    };
    for (i, &(start, end)) in busy.iter().enumerate() {
        add(from, start, if i == 0 { Place::Head } else { Place::Inner });
        from = end;
    }
    add(from, cycles, if busy.is_empty() { Place::Whole } else { Place::Tail });
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
/// are needed than there are. `held` are the bytes that have to be kept from each cycle on, up to `end`.
pub fn ideal(
    (held, end): (impl Iterator<Item = (u64, u64)>, u64),
    domains: u32,
    domain_bytes: u64,
    alpha: f64,
    cycles: u64,
) -> Option<IntervalTable> {
    let mut busy = vec![Stretches::default(); domains as usize];
    let mut since: Vec<u64> = Vec::new(); // start of the busy stretch of domains 0, 1, …
    for (now, bytes) in held {
        let needed = ideal_domains(bytes, domain_bytes, alpha) as usize;
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
        busy[domain].push(start, end);
    }
    let mut all = Collector::default();
    busy.iter().for_each(|b| all.merge(collect(&b.0, &b.0, cycles)));
    Some(all.table(u64::from(domains), cycles))
}
