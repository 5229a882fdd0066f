//! Energies: exact sums, closed forms, the bound on timeouts, break-even times.

use super::intervals::{cost, held, times};
use super::memory::{DOMAIN_WORDS, memory, stimuli};
use proptest::prelude::*;
use trapti::explore::estimate::{Demand, estimate, limit};
use trapti::explore::gap::{Gap, Gate, Place, follow};
use trapti::explore::oracle::cheapest;
use trapti::explore::tabulate::{Plan, ideal};
use trapti::power::{BankedMemory, Class, Policy, Sleep, States, TransitionCycles, break_even};
use trapti::trace::{Occupancy, OccupancyChange};
use trapti::units::{Bytes, Cycles, Picojoules};

fn demand(cycles: u64, reads: u64, writes: u64) -> Demand {
    Demand {
        cycles,
        charged: cycles,
        reads,
        writes,
        dram_bytes: Bytes(1000),
        dram_energy_per_bit: Picojoules(20.0),
        held_byte_cycles: 0.0,
    }
}

const ZERO: TransitionCycles = TransitionCycles { into: [0; 3], out: [0; 3] };

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

proptest! {
    #[test]
    fn never_is_leakage_times_time_and_accesses(stimulus in stimuli(8 * DOMAIN_WORDS, 600), reads in 0u64..1000, writes in 0u64..1000) {
        let memory = memory("22nm-lstp", 8);
        let plan = Plan::new(&stimulus);
        let table = plan.table(8, DOMAIN_WORDS, plan.cycles);
        let demand = demand(plan.cycles, reads, writes);
        let gate = Gate::new(&Policy::Never, States { light: true, retention: true });
        let (totals, terms) = estimate(&table, &demand, &memory, &gate, &times());
        prop_assert_eq!(totals.class_cycles[Class::On as usize], Cycles(8 * plan.cycles));
        prop_assert_eq!(totals.wakes, [0; 3]);
        let ns = plan.cycles as f64;
        let expected = memory.leakage().0 * ns
            + reads as f64 * (memory.read_energy.0 + memory.interconnect_energy.0)
            + writes as f64 * (memory.write_energy.0 + memory.interconnect_energy.0)
            + 1000.0 * 8.0 * 20.0;
        prop_assert!(near(terms.total().0, expected), "{} against {expected}", terms.total().0);
    }

    #[test]
    fn one_domain_without_transition_costs_is_a_closed_form(lengths in prop::collection::vec((1u64..100, any::<bool>()), 1..30)) {
        let memory = memory("22nm-hp", 1);
        let capacity = memory.organisation.capacity().0;
        let (mut at, mut full, mut changes) = (0, 0, Vec::new());
        for &(length, used) in &lengths {
            let needed = Bytes(if used { capacity } else { 0 });
            changes.push(OccupancyChange { cycle: Cycles(at), needed: [needed, Bytes(0), Bytes(0), Bytes(0)], obsolete: Bytes(0) });
            full += if used { length } else { 0 };
            at += length;
        }
        let occupancy = Occupancy { changes: changes.into_iter().collect(), end: Cycles(at), ..Occupancy::default() };
        let table = ideal(held(&occupancy), 1, capacity, 1.0, at).unwrap();
        let free = { let mut m = memory; m.wake = [Picojoules::ZERO; 3]; m };
        let demand = Demand { held_byte_cycles: capacity as f64 * full as f64, ..demand(at, 3, 4) };
        let (_, terms) = estimate(&table, &demand, &free, &Gate::new(&Policy::Mask, States::default()), &ZERO);
        let expected = full as f64 * memory.power.on.0 + (at - full) as f64 * memory.power.asleep[2].0;
        prop_assert!((terms.domain_leakage().0 - expected).abs() <= 1e-9 * expected);
        // An occupancy that is all or nothing is what infinitely many domains would cost, too.
        prop_assert!((limit(&demand, &free, States::default(), at).0 - terms.total().0).abs() <= 1e-9 * terms.total().0);
    }

    #[test]
    fn a_break_even_timeout_costs_at_most_twice_the_oracle(extra in 0u64..100_000, short in 0.0f64..1.0, scale in 0.01f64..100.0, state in 0usize..3) {
        // One sleep state; gaps at least T_be + t_k, or shorter than T_be; costs above the state's leakage over the gap.
        let state = Sleep::ALL[state];
        let mut memory = memory("22nm-hp", 1);
        memory.wake = memory.wake.map(|e| e * scale);
        let times = times();
        let wait = break_even(&memory, &times, state).unwrap();
        let states = States { light: state == Sleep::Light, retention: state == Sleep::Retention };
        let only = |s: Sleep| (s == state).then_some(wait);
        let policy = Policy::Timeout { light: only(Sleep::Light), retention: only(Sleep::Retention), off: only(Sleep::Off) };
        let long = wait.0 + times.both(state).0 + extra;
        for length in [long, (wait.0 as f64 * short) as u64] {
            let dead = if state == Sleep::Off { vec![(0, length)] } else { vec![] };
            let gap = Gap { length, dead, place: Place::Inner };
            let floor = memory.power.asleep[state.index()].0 * length as f64;
            let ours = cost(&follow(&gap, &Gate::new(&policy, states), &times), length, &memory) - floor;
            let best = cost(&cheapest(&gap, &memory, states, &times), length, &memory) - floor;
            prop_assert!(ours <= 2.0 * best + 2.0 * memory.power.on.0, "{ours} against {best} at {length}"); // thresholds are whole cycles
        }
    }
}

/// Thresholds of the lower envelope of `energy to enter and leave + leakage · time`, from ON down, with the states on it.
fn envelope(memory: &BankedMemory, states: States, times: &TransitionCycles) -> Vec<(Sleep, u64)> {
    let present = |s: &Sleep| match s {
        Sleep::Light => states.light,
        Sleep::Retention => states.retention,
        Sleep::Off => true,
    };
    let on = memory.power.on.0;
    let line = |s: Sleep| {
        let power = memory.power.asleep[s.index()].0;
        (memory.wake[s.index()].0 + (on - power) * times.both(s).0 as f64, power)
    };
    let (mut steps, mut now) = (Vec::new(), (0.0, on));
    loop {
        let deeper = Sleep::ALL.into_iter().filter(present).filter(|s| line(*s).1 < now.1);
        let crossing = |s: Sleep| (line(s).0 - now.0) / (now.1 - line(s).1);
        let Some(next) = deeper.min_by(|a, b| crossing(*a).total_cmp(&crossing(*b))) else { return steps };
        steps.push((next, (crossing(next).ceil() as u64).max(1)));
        now = line(next);
    }
}

proptest! {
    #[test]
    fn timeouts_on_the_lower_envelope_cost_at_most_twice_the_oracle(extra in 0u64..100_000, short in 0.0f64..1.0, scale in 0.01f64..100.0, light in any::<bool>(), retention in any::<bool>(), lstp in any::<bool>()) {
        // Several sleep states; going down step by step costs no more than going at once, but for a cycle of retention entry.
        let mut memory = memory(if lstp { "22nm-lstp-hp" } else { "22nm-hp" }, 1);
        memory.wake = memory.wake.map(|e| e * scale);
        let (times, states) = (times(), States { light, retention });
        let steps = envelope(&memory, states, &times);
        let threshold = |s: Sleep| steps.iter().find(|(state, _)| *state == s).map(|(_, t)| Cycles(*t));
        let policy = Policy::Timeout { light: threshold(Sleep::Light), retention: threshold(Sleep::Retention), off: threshold(Sleep::Off) };
        let Some(&(last, reached)) = steps.last() else { return Ok(()) };
        for length in [reached + times.both(last).0 + extra, (steps[0].1 as f64 * short) as u64] {
            let gap = Gap { length, dead: vec![(0, length)], place: Place::Inner };
            let floor = memory.power.asleep[last.index()].0 * length as f64;
            let ours = cost(&follow(&gap, &Gate::new(&policy, states), &times), length, &memory) - floor;
            let best = cost(&cheapest(&gap, &memory, states, &times), length, &memory) - floor;
            prop_assert!(ours <= 2.0 * best + 8.0 * memory.power.on.0, "{ours} against {best} at {length}, {steps:?}");
        }
    }
}

#[test]
fn break_even_is_where_sleeping_starts_to_pay() {
    for technology in ["22nm-hp", "22nm-lstp", "22nm-lstp-hp", "45nm-hp"] {
        let (memory, times) = (memory(technology, 1), times());
        for state in Sleep::ALL {
            let Some(wait) = break_even(&memory, &times, state) else { continue };
            let states = States { light: state == Sleep::Light, retention: state == Sleep::Retention };
            let saves = |length: u64| {
                let dead = if state == Sleep::Off { vec![(0, length)] } else { vec![] };
                let gap = Gap { length, dead, place: Place::Inner };
                cheapest(&gap, &memory, states, &times).cycles[state.index()] > 0
            };
            assert!(saves(wait.0 + 1), "{technology} {state:?} {wait}");
            assert!(!saves(wait.0 - 1), "{technology} {state:?} {wait}");
        }
    }
}

#[test]
fn break_even_times_are_those_of_the_characterisation() {
    // Medians over CACTI's sizes at κ = 1 and 350 K, no transition time: 22 nm hp 8.5 ns, 22 nm lstp 2.0 µs, within about 30 %.
    for (technology, expected_ns) in [("22nm-hp", 8.5), ("22nm-lstp", 2000.0)] {
        let mut memory = memory(technology, 1);
        memory.wake = memory.wake.map(|e| e * 0.5);
        let found = break_even(&memory, &ZERO, Sleep::Off).unwrap().0 as f64;
        assert!((found / expected_ns - 1.0).abs() < 0.4, "{technology}: {found} ns");
    }
}

#[test]
fn a_state_that_saves_nothing_never_breaks_even() {
    let mut memory = memory("22nm-hp", 1);
    memory.power.asleep[0] = memory.power.on;
    assert_eq!(break_even(&memory, &times(), Sleep::Light), None);
}
