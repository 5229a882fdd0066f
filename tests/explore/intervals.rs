//! Interval tables against an evaluation that looks at every cycle of every domain, and the oracle against all paths.

use super::memory::{DOMAIN_WORDS, memory, policies, states, stimuli};
use proptest::prelude::*;
use trapti::explore::gap::{Gap, Gate, Place, Slept, follow};
use trapti::explore::oracle::{cheapest, oracle};
use trapti::explore::tabulate::{Plan, ideal, ideal_domains};
use trapti::power::{BankedMemory, Policy, Sleep, States, Stimulus, StimulusKind, TransitionCycles, WakeTimes};
use trapti::trace::{Occupancy, OccupancyChange};
use trapti::units::{Bytes, Cycles, Hertz};

pub fn times() -> TransitionCycles {
    let (timing, delays) = WakeTimes::default().timing(Hertz(1_000_000_000));
    TransitionCycles::of(&timing, delays)
}

/// What one domain sees in each cycle: accessed, live.
fn cycles_of(stimulus: &Stimulus, domain: u64, domain_words: u64, cycles: u64) -> (Vec<bool>, Vec<bool>) {
    let (mut busy, mut live) = (vec![false; cycles as usize], vec![false; cycles as usize]);
    let (low, high) = (domain * domain_words, (domain + 1) * domain_words);
    for (b, block) in stimulus.blocks.iter().enumerate() {
        let own = stimulus.nodes.iter().filter(|n| n.block.index() == b && n.kind != StimulusKind::Work);
        let (mut first, mut last) = (u64::MAX, 0);
        for node in own {
            for k in 0..node.amount {
                let word = stimulus.word(node, k);
                if (low..high).contains(&word) {
                    busy[(node.start.0 + u64::from(k)) as usize] = true;
                }
            }
            first = first.min(node.start.0);
            last = last.max(node.start.0 + u64::from(node.amount));
        }
        let here = block.first_word < high && block.first_word + block.words > low;
        let end = if block.survives { stimulus_end(stimulus) } else { last };
        (first..end).filter(|_| here).for_each(|c| live[c as usize] = true);
    }
    (busy, live)
}

fn stimulus_end(stimulus: &Stimulus) -> u64 {
    stimulus.nodes.iter().map(|n| n.start.0 + u64::from(n.amount)).max().unwrap()
}

/// The policies' targets, written down again from the contract.
fn target(policy: &Policy, states: States, idle: u64, live: bool) -> Option<Sleep> {
    let (light, retention, off) = match *policy {
        Policy::Never => return None,
        Policy::Mask => return if live { None } else { Some(Sleep::Off) },
        Policy::Immediate => (Some(1), Some(1), Some(1)),
        Policy::Timeout { light, retention, off } | Policy::Scheduled { light, retention, off, .. } => {
            (light.map(|c| c.0), retention.map(|c| c.0), off.map(|c| c.0))
        }
    };
    let reached = |t: Option<u64>| t.is_some_and(|t| idle >= t);
    if reached(off) && !live {
        Some(Sleep::Off)
    } else if states.retention && (reached(retention) || reached(off)) {
        Some(Sleep::Retention)
    } else if states.light && (reached(light) || reached(off)) {
        Some(Sleep::Light)
    } else {
        None
    }
}

/// A domain on its way through a gap, cycle by cycle.
struct Steps {
    slept: Slept,
    state: Option<Sleep>,
    /// What had been slept when the state was entered.
    entered: [u64; 3],
    /// Cycles of transitions still to come.
    moving: u64,
    /// The cycle by which it has to be ON again.
    deadline: Option<u64>,
}

impl Steps {
    /// What ends too late to be ON in time began earlier, at the expense of the state before, but of no earlier stay in it.
    fn take_back(&mut self, from: Sleep, end: u64) {
        let late = self.deadline.map_or(0, |deadline| end.saturating_sub(deadline));
        let i = from.index();
        self.slept.cycles[i] = self.slept.cycles[i].saturating_sub(late).max(self.entered[i]);
    }

    fn wake(&mut self, from: Sleep, now: u64) {
        self.take_back(from, now + times().out[from.index()]);
        self.moving += times().out[from.index()];
        self.slept.wakes[from.index()] += 1;
    }

    fn go(&mut self, now: u64, goal: Option<Sleep>) {
        match (self.state, goal) {
            (None, Some(s)) => self.moving += times().into[s.index()],
            (Some(Sleep::Light), Some(s)) if s > Sleep::Light => self.moving += times().into[s.index()],
            (Some(Sleep::Retention), Some(Sleep::Off)) => {
                self.take_back(Sleep::Retention, now + times().out[Sleep::Off.index()]);
            }
            (Some(s), None) => self.wake(s, now),
            _ => return,
        }
        self.state = goal;
        self.entered = self.slept.cycles;
    }

    fn spend(&mut self) {
        if self.moving > 0 {
            self.moving -= 1;
        } else if let Some(s) = self.state {
            self.slept.cycles[s.index()] += 1;
        }
    }
}

/// Walks a gap cycle by cycle; `woken` tells whether an access follows.
fn step_through(live: &[bool], from_reset: bool, policy: &Policy, states: States, woken: bool) -> Slept {
    let length = live.len() as u64;
    let (state, deadline) = (from_reset.then_some(Sleep::Off), woken.then_some(length));
    let mut steps = Steps { slept: Slept::default(), state, entered: [0; 3], moving: 0, deadline };
    for (now, &alive) in (0..).zip(live) {
        let idle = if from_reset { u64::MAX } else { now };
        steps.go(now, target(policy, states, idle, alive));
        steps.spend();
    }
    if let (Some(s), true) = (steps.state, woken) {
        steps.wake(s, length);
    }
    steps.slept
}

fn naive(stimulus: &Stimulus, domains: u64, words: u64, cycles: u64, policy: &Policy, states: States) -> Slept {
    let mut total = Slept::default();
    for domain in 0..domains {
        let (busy, live) = cycles_of(stimulus, domain, words, cycles);
        let mut from = 0;
        while from < busy.len() {
            if busy[from] {
                from += 1;
                continue;
            }
            let to = (from..busy.len()).find(|c| busy[*c]).unwrap_or(busy.len());
            let sleeps = target(policy, States { light: true, retention: true }, u64::MAX, false).is_some()
                && target(policy, states, u64::MAX, false).is_some();
            let reset = from == 0 && sleeps;
            total.add(&step_through(&live[from..to], reset, policy, states, to < busy.len()), 1);
            from = to;
        }
    }
    total
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tables_equal_cycle_by_cycle(stimulus in stimuli(8 * DOMAIN_WORDS, 600), shift in 0u32..3, more in 0u64..200, policy in policies(), states in states()) {
        let plan = Plan::new(&stimulus);
        let (domains, words) = (8 >> shift, DOMAIN_WORDS << shift);
        let cycles = plan.cycles + more;
        let table = plan.table(domains, words, cycles);
        prop_assert_eq!(table.busy + table.idle(), u64::from(domains) * cycles);
        let found = table.slept(&Gate::new(&policy, states), &times());
        prop_assert_eq!(found, naive(&stimulus, domains.into(), words, cycles, &policy, states));
    }

    #[test]
    fn overlaps_equal_cycle_by_cycle(stimulus in stimuli(8 * DOMAIN_WORDS, 300), shift in 0u32..3) {
        let words = DOMAIN_WORDS << shift;
        let mut expected = [0u64; 20];
        for domain in 0..8 >> shift {
            for now in 0..400 {
                let here = |n: &&trapti::power::StimulusNode| {
                    n.start.0 <= now && now < n.start.0 + u64::from(n.amount)
                        && stimulus.word(n, (now - n.start.0) as u32) / words == domain
                };
                let level = stimulus.nodes.iter().filter(here).count();
                expected[level] += 1;
            }
        }
        let mut found = Plan::new(&stimulus).tabulate(8 >> shift, words, 1000).overlap;
        found.resize(19, 0);
        prop_assert_eq!(&found[..], &expected[1..]);
    }

    #[test]
    fn every_domain_is_accounted_for_in_every_cycle(stimulus in stimuli(8 * DOMAIN_WORDS, 600), policy in policies(), states in states()) {
        let plan = Plan::new(&stimulus);
        let gate = Gate::new(&policy, states);
        for collector in plan.by_domain(8, DOMAIN_WORDS, plan.cycles) {
            let table = collector.table(1, plan.cycles);
            prop_assert_eq!(table.busy + table.idle(), plan.cycles);
            let asleep: u64 = table.slept(&gate, &times()).cycles.iter().sum();
            prop_assert!(asleep <= table.idle());
        }
    }

    #[test]
    fn no_path_is_cheaper_than_the_oracles(length in 1u64..120, death in prop::option::of(0u64..120), kept in states(), scale in 0.001f64..3.0, place in 0..2) {
        let mut memory = memory("22nm-hp", 1);
        memory.wake = memory.wake.map(|e| e * scale);
        let dead = death.filter(|d| *d < length).map(|d| (d, length));
        let gap = Gap { length, dead: dead.into_iter().collect(), place: if place == 0 { Place::Inner } else { Place::Tail } };
        let found = cost(&cheapest(&gap, &memory, kept, &times()), length, &memory);
        let best = best_path(&gap, &memory, kept);
        prop_assert!((found - best).abs() <= 1e-9 * best, "{found} against {best}");
    }

    #[test]
    fn no_policy_beats_the_oracle(stimulus in stimuli(8 * DOMAIN_WORDS, 600), policy in policies(), states in states(), hp in any::<bool>()) {
        let memory = memory(if hp { "22nm-hp" } else { "22nm-lstp" }, 8);
        let plan = Plan::new(&stimulus);
        let table = plan.table(8, DOMAIN_WORDS, plan.cycles + 5000);
        let all = table.domains * table.cycles;
        let best = cost(&oracle(&table, &memory, states, &times()), all, &memory);
        let ours = cost(&table.slept(&Gate::new(&policy, states), &times()), all, &memory);
        prop_assert!(best <= ours * (1.0 + 1e-12), "{best} against {ours}");
    }

    #[test]
    fn finer_domains_never_cost_the_oracle_more(stimulus in stimuli(8 * DOMAIN_WORDS, 600), states in states(), scale in 0.01f64..2.0) {
        let mut fine = memory("22nm-hp", 8);
        fine.wake = fine.wake.map(|e| e * scale);
        let plan = Plan::new(&stimulus);
        let mut before = f64::INFINITY;
        for shift in (0..=3).rev() {
            let size = f64::from(1u32 << shift);
            let mut memory = fine;
            memory.power.on = fine.power.on * size;
            memory.power.asleep = fine.power.asleep.map(|p| p * size);
            memory.wake = fine.wake.map(|e| e * size);
            let table = plan.table(8 >> shift, DOMAIN_WORDS << shift, plan.cycles + 1000);
            let now = cost(&oracle(&table, &memory, states, &times()), table.domains * table.cycles, &memory);
            prop_assert!(now <= before * (1.0 + 1e-12));
            before = now;
        }
    }

    #[test]
    fn the_order_of_the_transfers_does_not_matter(stimulus in stimuli(8 * DOMAIN_WORDS, 600)) {
        let mut reversed = stimulus.clone();
        reversed.nodes.reverse();
        let table = |s: &Stimulus| Plan::new(s).table(4, 2 * DOMAIN_WORDS, 1000);
        prop_assert_eq!(table(&stimulus), table(&reversed));
    }

    #[test]
    fn the_ideal_fills_domains_from_the_first(bytes in prop::collection::vec(0u64..1000, 1..20), domains in 1u32..9, alpha in 0.5f64..1.0) {
        let changes: Vec<OccupancyChange> = bytes.iter().enumerate().map(|(i, b)| OccupancyChange {
            cycle: Cycles(10 * i as u64), needed: [Bytes(*b), Bytes(0), Bytes(0), Bytes(0)], obsolete: Bytes(7),
        }).collect();
        let end = Cycles(10 * bytes.len() as u64);
        let occupancy = Occupancy { end, changes: changes.into_iter().collect(), ..Occupancy::default() };
        let domain = 1000u64.div_ceil(u64::from(domains));
        let needed: Vec<u64> = bytes.iter().map(|b| ideal_domains(*b, domain, alpha)).collect();
        let table = ideal(held(&occupancy), domains, domain, alpha, end.0 + 50);
        prop_assert_eq!(table.is_none(), needed.iter().any(|n| *n > u64::from(domains)));
        if let Some(table) = table {
            // Busy domain-cycles are the domains needed, cycle by cycle; everything else is a gap without data.
            prop_assert_eq!(table.busy, 10 * needed.iter().sum::<u64>());
            let zero = TransitionCycles { into: [0; 3], out: [0; 3] };
            let slept = table.slept(&Gate::new(&Policy::Mask, States::default()), &zero);
            prop_assert_eq!(slept.cycles, [0, 0, table.idle()]);
        }
    }
}

/// What is needed from each cycle on, up to the end.
pub fn held(occupancy: &Occupancy) -> (impl Iterator<Item = (u64, u64)>, u64) {
    (occupancy.changes.iter().map(|change| (change.cycle.0, change.needed_total().0)), occupancy.end.0)
}

/// Energy of leakage and wakes in pJ, `all` domain-cycles long.
pub fn cost(slept: &Slept, all: u64, memory: &BankedMemory) -> f64 {
    let asleep: u64 = slept.cycles.iter().sum();
    let leak = |i: usize| slept.cycles[i] as f64 * memory.power.asleep[i].0 + slept.wakes[i] as f64 * memory.wake[i].0;
    (all - asleep) as f64 * memory.power.on.0 + (0..3).map(leak).sum::<f64>()
}

/// Dynamic programming over all cycles of a gap and all states: any state may be entered whenever it is allowed, also twice.
fn best_path(gap: &Gap, memory: &BankedMemory, kept: States) -> f64 {
    let times = times();
    let n = gap.length as usize;
    let dead = |t: usize| gap.dead.iter().any(|(a, b)| (*a..*b).contains(&(t as u64)));
    let on = memory.power.on.0;
    let present = [kept.light, kept.retention, true];
    // best[t][s]: least cost from cycle t on, being settled in state s (3 = ON).
    let mut best = vec![[f64::INFINITY; 4]; n + 1];
    best[n] = match gap.place {
        Place::Inner => [f64::INFINITY, f64::INFINITY, f64::INFINITY, 0.0],
        _ => [0.0; 4],
    };
    for t in (0..n).rev() {
        for s in [3, 0, 1, 2] {
            let stay = if s == 3 { on } else { memory.power.asleep[s].0 };
            let mut least = stay + best[t + 1][s];
            if s < 3 && t + times.out[s] as usize <= n {
                let out = times.out[s] as usize;
                least = least.min(memory.wake[s].0 + on * out as f64 + best[t + out][3]);
            }
            best[t][s] = least;
        }
        // A transition at this cycle, before it is spent; into deeper states alone, OFF only without live data.
        for s in [1, 0, 3] {
            for deeper in 0..3 {
                let allowed = present[deeper] && (s == 3 || deeper > s) && (deeper < 2 || dead(t));
                let into = if s == 1 { 0 } else { times.into[deeper] as usize };
                if allowed && t + into <= n {
                    best[t][s] = best[t][s].min(on * into as f64 + best[t + into][deeper]);
                }
                // At the end of the run a transition may be cut off.
                if allowed && t + into > n && gap.place == Place::Tail {
                    best[t][s] = best[t][s].min(on * (n - t) as f64);
                }
            }
        }
    }
    best[0][3]
}

#[test]
fn a_gap_of_each_kind_by_hand() {
    let times = TransitionCycles { into: [0, 4, 3], out: [1, 6, 10] };
    let both = States { light: true, retention: true };
    let gate = |light, retention, off| {
        let cycles = |t: u64| (t > 0).then_some(Cycles(t));
        Gate::new(&Policy::Timeout { light: cycles(light), retention: cycles(retention), off: cycles(off) }, both)
    };
    let walk = |gap: Gap, gate: Gate| follow(&gap, &gate, &times);
    let inner = |length, dead| Gap { length, dead, place: Place::Inner };
    // Dead throughout: OFF from 20, 3 cycles down, 10 up.
    let slept = walk(inner(100, vec![(0, 100)]), gate(0, 0, 20));
    assert_eq!(slept, Slept { cycles: [0, 0, 100 - 20 - 3 - 10], wakes: [0, 0, 1] });
    // Live until 50: LIGHT from 5, retention from 20 (OFF is not allowed), OFF from 50 without a transition.
    let slept = walk(inner(100, vec![(50, 100)]), gate(5, 0, 20));
    assert_eq!(slept, Slept { cycles: [15, 50 - 24, 100 - 50 - 10], wakes: [0, 0, 1] });
    // Dead from 30: retention from 20, and OFF by timer from 60, without a transition.
    let slept = walk(inner(100, vec![(30, 100)]), gate(0, 20, 60));
    assert_eq!(slept, Slept { cycles: [0, 60 - 24, 100 - 60 - 10], wakes: [0, 0, 1] });
    // Dead from 70, after the threshold: OFF from there. Never dead: retention to the end.
    let slept = walk(inner(100, vec![(70, 100)]), gate(0, 20, 60));
    assert_eq!(slept, Slept { cycles: [0, 70 - 24, 100 - 70 - 10], wakes: [0, 0, 1] });
    let slept = walk(inner(100, vec![]), gate(0, 20, 60));
    assert_eq!(slept, Slept { cycles: [0, 100 - 24 - 6, 0], wakes: [0, 1, 0] });
    // Too short for the way down and up: ON, but a wake is paid.
    assert_eq!(walk(inner(25, vec![(0, 25)]), gate(0, 0, 20)), Slept { cycles: [0; 3], wakes: [0, 0, 1] });
    // Head: OFF since reset. Tail: nothing wakes it.
    let head = Gap { length: 30, dead: vec![(0, 30)], place: Place::Head };
    assert_eq!(walk(head.clone(), gate(0, 0, 20)), Slept { cycles: [0, 0, 20], wakes: [0, 0, 1] });
    let tail = Gap { place: Place::Tail, ..head };
    assert_eq!(walk(tail, gate(0, 0, 20)), Slept { cycles: [0, 0, 7], wakes: [0; 3] });
}
