//! The policy `scheduled`: against the oracle, and its tables played entry by entry.

use super::intervals::{cost, times};
use super::memory::{DOMAIN_WORDS, memory, node, states, stimuli};
use super::models::{explored, runs};
use proptest::prelude::*;
use std::collections::BTreeMap;
use trapti::explore::gap::{Gate, Place, Slept, follow};
use trapti::explore::oracle::cheapest;
use trapti::explore::predict::{predict, predict_tables};
use trapti::explore::schedule::{Event, Player, Timeline};
use trapti::explore::tabulate::Plan;
use trapti::explore::{Choice, Point, predict_points, schedules, select};
use trapti::ids::{LifetimeId, MemoryId};
use trapti::power::place::{Rule, Space, place};
use trapti::power::replay::reference_activity;
use trapti::power::{
    Activity, BankedMemory, Block, Controller, Operation, Organisation, Policy, SCHEDULE_DEPTH, Schedule, Selection,
    Sleep, States, Stimulus, StimulusKind, StimulusNode, WakeTimes,
};
use trapti::sram::EmbeddedTable;
use trapti::trace::Predecessors;
use trapti::units::{Cycles, Hertz};

fn player(memory: &BankedMemory, states: States) -> Player<'_> {
    let (timing, delays) = WakeTimes::default().timing(Hertz(1_000_000_000));
    Player { memory, states, timing, delays, gate: timers(states) }
}

fn timeline(plan: &Plan, events: &[u64], cycles: u64) -> Timeline {
    let event = |cycle: &u64| Event { name: cycle.to_string(), cycle: *cycle, op: None };
    Timeline { gaps: plan.gaps(8, DOMAIN_WORDS, cycles), events: events.iter().map(event).collect(), cycles }
}

/// Timers of a schedule in hardware with certain states.
fn timers(states: States) -> Gate {
    let [light, retention, off] = [Some(Cycles(9)), Some(Cycles(40)), Some(Cycles(90))];
    Gate::new(&Policy::Scheduled { depth: 1024, light, retention, off }, states)
}

proptest! {
    #[test]
    fn a_schedule_with_room_for_all_is_the_best_path_in_every_gap(stimulus in stimuli(8 * DOMAIN_WORDS, 3000), states in states(), more in 0u64..2000) {
        let memory = memory("22nm-hp", 8);
        let plan = Plan::new(&stimulus);
        let cycles = plan.cycles + more;
        let all = 8 * cycles;
        let timeline = timeline(&plan, &[0], plan.cycles).extended(cycles);
        let player = player(&memory, states);
        let (mut best, mut unplanned) = (Slept::default(), Slept::default());
        for (_, gap) in timeline.gaps.iter().flatten() {
            // What was never used is OFF whatever is told.
            let from_reset = matches!(gap.place, Place::Head | Place::Whole);
            let alone = if from_reset { follow(gap, &Gate::new(&Policy::Immediate, states), &times()) } else { follow(gap, &player.gate, &times()) };
            let path = if from_reset { alone } else { cheapest(gap, &memory, states, &times()) };
            best.add(&path, 1);
            unplanned.add(&alone, 1);
        }
        let [best, unplanned] = [best, unplanned].map(|slept| cost(&slept, all, &memory));
        let found = cost(&timeline.planned(&player, usize::MAX).slept, all, &memory);
        prop_assert!((found - best).abs() <= 1e-9 * best, "{found} against {best}");
        // Gaps that find no room are the timers': never cheaper than the best, never dearer than timers alone.
        let limited = cost(&timeline.planned(&player, 3).slept, all, &memory);
        prop_assert!(limited >= best * (1.0 - 1e-12) && limited <= unplanned * (1.0 + 1e-12));
    }

    #[test]
    fn the_tables_have_room_and_wake_after_they_put_to_sleep(stimulus in stimuli(8 * DOMAIN_WORDS, 3000), states in states(), depth in prop_oneof![Just(2usize), Just(8), Just(1024)]) {
        let memory = memory("22nm-hp", 8);
        let plan = Plan::new(&stimulus);
        let events = [0, plan.cycles / 3, plan.cycles / 2];
        let timeline = timeline(&plan, &events, plan.cycles);
        let schedule = timeline.schedule(&player(&memory, states), depth, "run");
        let mut last: BTreeMap<u32, Operation> = BTreeMap::new();
        let mut before = None;
        for event in &schedule.events {
            prop_assert!(event.entries.len() <= depth);
            prop_assert!(event.entries.windows(2).all(|pair| pair[0].delta <= pair[1].delta));
            prop_assert!(before.is_none_or(|before| before + 2 + event.entries.len() as u64 <= event.cycle), "written in time");
            before = Some(event.cycle);
            for entry in &event.entries {
                prop_assert!(entry.operation != Operation::Prewake || last.get(&entry.domain) != Some(&Operation::Prewake));
                last.insert(entry.domain, entry.operation);
            }
        }
    }
}

/// Bursts of 20 writes and reads in turn, domain after domain, 700 cycles apart.
fn bursts() -> Stimulus {
    let mut stimulus = Stimulus { ports: 2, patterns: vec![Predecessors::NONE], ..Stimulus::default() };
    for round in 0..4u32 {
        for domain in 0..8u32 {
            let kind = if round == 0 { StimulusKind::Write } else { StimulusKind::Read };
            let start = 700 * u64::from(round * 8 + domain + 1);
            stimulus.nodes.push(StimulusNode { port: 0, ..node(domain, start, 20, (0, 20, 0), kind) });
        }
    }
    for domain in 0..8u32 {
        let first_word = u64::from(domain) * DOMAIN_WORDS;
        let lifetime = LifetimeId(domain);
        let block =
            Block { lifetime, first_word, words: 20, last_bytes: 32, transfers: 4, survives: false, after: Vec::new() };
        stimulus.blocks.push(block);
    }
    stimulus
}

#[test]
fn a_schedule_that_is_played_wakes_in_time_and_sleeps_as_estimated() {
    let memory = memory("22nm-hp", 8);
    let stimulus = bursts();
    for (light, retention) in [(false, false), (false, true), (true, true), (true, false)] {
        let states = States { light, retention };
        let player = player(&memory, states);
        let plan = Plan::new(&stimulus);
        let timeline = timeline(&plan, &[0], plan.cycles);
        let schedule = timeline.schedule(&player, SCHEDULE_DEPTH, "run");
        let controller = |policy| Controller {
            organisation: Organisation { ports: 2, read_latency: 1, bank_cycles: 1, ..memory.organisation },
            timing: player.timing,
            switch: player.delays,
            states,
            policy,
            reset_on: false,
        };
        let played =
            |policy| predict_tables(&stimulus, &stimulus.start_tables(&schedule), &controller(policy), &mut |_| ());
        let told = Policy::Scheduled { depth: 1024, light: None, retention: None, off: None };
        let [told, immediate] = [told, Policy::Immediate].map(|policy| played(policy).unwrap());
        let stalls = |activity: &Activity| activity.ports.iter().map(|port| port.stall_wake).sum::<u64>();
        assert_eq!((stalls(&told), told.cycles.0), (0, plan.cycles + 1), "{states:?}");
        assert!(stalls(&immediate) > 0);
        let planned = timeline.planned(&player, SCHEDULE_DEPTH).slept;
        for state in Sleep::ALL {
            let class = state.class() as usize;
            let slept: u64 = told.domains.iter().map(|d| d.class_cycles[class].0).sum();
            // An entry acts in the cycle after, and wakes ask for a slot in the cycle after the request would.
            let entries: u64 = planned.wakes.iter().sum::<u64>() + 8 * 3;
            assert!(
                slept.abs_diff(planned.cycles[state.index()]) <= 4 * entries,
                "{states:?} {state:?} {slept} {planned:?}"
            );
        }
    }
}

const STUDY: &str = r#"
[study]
capacity = "1 MiB"
domains = [4, 16]
interleave = 4
placement = ["ideal", "offline"]
policies = ["never", { timeout = { off = "break-even" } }, "scheduled"]
technology = ["22nm-hp", "22nm-lstp"]
"#;

#[test]
fn a_scheduled_point_is_estimated_and_its_tables_written() {
    let model = EmbeddedTable::new(false).unwrap();
    let exploration = explored(STUDY, runs(), true);
    let scheduled: Vec<&Point> = exploration.points.iter().filter(|p| p.policy == "scheduled").collect();
    assert_eq!(scheduled.len(), 8);
    for point in &scheduled {
        assert!(
            point.oracle_pj <= point.energy_pj * (1.0 + 1e-12) && point.energy_pj <= point.never_pj * (1.0 + 1e-12)
        );
        assert!(point.ideal_live_cycles <= point.live_cycles);
    }
    // Predicted, and built if asked for: a schedule needs a host.
    let placed = scheduled.iter().find(|p| !p.is_bound() && p.domains == 16 && p.technology == "22nm-hp").unwrap();
    let asked = select(&exploration, Choice::Point(placed.point), &model).unwrap();
    assert_eq!(asked.policy.schedule_depth(), 1024);
    let mut exploration = exploration.clone();
    predict_points(&mut exploration, &[placed.point], runs(), &model).unwrap();
    let point = &exploration.points[placed.point as usize];
    assert!(point.predicted_cycles >= point.cycles);
    assert!(
        (point.energy_pj / point.predicted_energy_pj - 1.0).abs() < 0.08,
        "{} {}",
        point.energy_pj,
        point.predicted_energy_pj
    );
    let tables = schedules(&exploration, placed.point, runs(), &model).unwrap();
    assert_eq!(tables.iter().map(|t| t.workload.as_str()).collect::<Vec<_>>(), ["gpt", "qwen"]);
    for table in &tables {
        assert!(table.events.len() > 2, "one for each layer and step");
        assert!(table.events.iter().map(|e| e.entries.len()).sum::<usize>() > 10);
        assert!(table.events.iter().all(|e| e.entries.len() <= table.depth));
    }
    // The design plays its tables, read from their files, as predicted: cycles of the point, and every counter of the reference model.
    let folder = tempfile::tempdir().unwrap();
    let organisation = &asked.organisation;
    let (words, domain_words) = (organisation.words(), organisation.domain_words);
    let space = Space { words, domain_words, word_bytes: organisation.word_bytes() };
    let mut cycles = 0;
    for (run, table) in runs().iter().zip(&tables) {
        let path = folder.path().join("table.json");
        trapti::artefact::write(&path, trapti::artefact::json(table).as_bytes()).unwrap();
        let placement = place(Rule::Offline, &run.lifetimes, MemoryId(0), space).unwrap();
        let all = Selection::default();
        let (mut stimulus, _) = Stimulus::compile(run, MemoryId(0), &all, &placement, organisation).unwrap();
        stimulus.tables = stimulus.start_tables(&Schedule::read(&path).unwrap());
        assert_eq!(stimulus.tables.len(), table.events.len());
        let predicted = predict(&stimulus, &asked.controller(), &mut |_| ()).unwrap();
        let (referred, replayed) = reference_activity(&stimulus, &asked.controller(), true).unwrap();
        assert_eq!(predicted, referred);
        assert_eq!(replayed.bad_answers, 0);
        cycles += predicted.cycles.0;
    }
    assert_eq!(cycles, point.predicted_cycles);
    let other = exploration.points.iter().find(|p| p.policy == "never").unwrap().point;
    assert!(schedules(&exploration, other, runs(), &model).unwrap_err().to_string().contains("the policy never"));
}
