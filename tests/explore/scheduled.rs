//! The policy `scheduled`: against the oracle, and its tables played entry by entry.

use super::intervals::{cost, times};
use super::memory::{DOMAIN_WORDS, memory, states, stimuli};
use super::models::{explored, runs};
use proptest::prelude::*;
use std::collections::BTreeMap;
use trapti::explore::oracle::oracle;
use trapti::explore::schedule::{Event, Player, Timeline};
use trapti::explore::tabulate::Plan;
use trapti::explore::{Choice, Point, schedules, select};
use trapti::power::{BankedMemory, Operation, States, WakeTimes};
use trapti::sram::EmbeddedTable;
use trapti::units::Hertz;

fn player(memory: &BankedMemory, states: States) -> Player<'_> {
    let (timing, delays) = WakeTimes::default().timing(Hertz(1_000_000_000));
    Player { memory, states, timing, delays }
}

fn timeline(plan: &Plan, events: &[u64], cycles: u64) -> Timeline {
    let event = |cycle: &u64| Event { name: cycle.to_string(), cycle: *cycle, op: None };
    Timeline { gaps: plan.gaps(8, DOMAIN_WORDS, cycles), events: events.iter().map(event).collect(), cycles }
}

proptest! {
    #[test]
    fn a_schedule_with_room_for_all_is_the_oracle(stimulus in stimuli(8 * DOMAIN_WORDS, 3000), states in states(), more in 0u64..2000) {
        let memory = memory("22nm-hp", 8);
        let plan = Plan::new(&stimulus);
        let cycles = plan.cycles + more;
        let all = 8 * cycles;
        let best = cost(&oracle(&plan.table(8, DOMAIN_WORDS, cycles), &memory, states, &times()), all, &memory);
        let extended = timeline(&plan, &[0], plan.cycles).extended(cycles);
        let found = cost(&extended.slept(&player(&memory, states), usize::MAX), all, &memory);
        prop_assert!((found - best).abs() <= 1e-9 * best, "{found} against {best}");
        // Gaps that find no room are ON: never cheaper.
        let limited = cost(&extended.slept(&player(&memory, states), 3), all, &memory);
        prop_assert!(limited >= best * (1.0 - 1e-12) && limited <= all as f64 * memory.power.on.0 * (1.0 + 1e-12));
    }

    #[test]
    fn the_tables_wake_every_domain_in_time(stimulus in stimuli(8 * DOMAIN_WORDS, 3000), states in states(), depth in prop_oneof![Just(2usize), Just(8), Just(1024)]) {
        let memory = memory("22nm-hp", 8);
        let plan = Plan::new(&stimulus);
        let events = [0, plan.cycles / 3, plan.cycles / 2];
        let timeline = timeline(&plan, &events, plan.cycles);
        let schedule = timeline.schedule(&player(&memory, states), depth, "run");
        let mut told: BTreeMap<u32, Vec<(u64, Operation)>> = BTreeMap::new();
        for (event, next) in schedule.events.iter().zip(events.iter().skip(1).chain([&(u64::MAX)])) {
            prop_assert!(event.entries.len() <= depth);
            prop_assert!(event.entries.windows(2).all(|pair| pair[0].delta <= pair[1].delta));
            for entry in &event.entries {
                prop_assert!(event.cycle + entry.delta < *next, "an entry belongs to the event before it");
                told.entry(entry.domain).or_default().push((event.cycle + entry.delta, entry.operation));
            }
        }
        // Only inside gaps; each is left awake if an access follows.
        for (domain, entries) in told {
            for (start, gap) in &timeline.gaps[domain as usize] {
                let mut inside = entries.iter().filter(|(cycle, _)| (*start..*start + gap.length).contains(cycle));
                let woken = *start + gap.length < plan.cycles;
                if let (Some((_, last)), true) = (inside.next_back(), woken) {
                    prop_assert_eq!(*last, Operation::Prewake);
                }
            }
            let gaps = &timeline.gaps[domain as usize];
            prop_assert!(entries.iter().all(|(cycle, _)| gaps.iter().any(|(start, gap)| (*start..*start + gap.length).contains(cycle))));
        }
    }
}

const STUDY: &str = r#"
[study]
capacity = "1 MiB"
domains = [4, 16]
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
        assert!(point.is_bound() || point.ideal_pj <= point.energy_pj);
    }
    // Neither predicted nor built; the best point with another policy is.
    let placed = scheduled.iter().find(|p| !p.is_bound() && p.domains == 16 && p.technology == "22nm-hp").unwrap();
    assert_eq!(placed.predicted_cycles, 0);
    let refused = select(&exploration, Choice::Point(placed.point), &model).unwrap_err().to_string();
    assert!(refused.contains("no schedule player"), "{refused}");
    let best = select(&exploration, Choice::Best(trapti::explore::Objective::Energy), &model).unwrap();
    assert_ne!(exploration.points[best.provenance.point as usize].policy, "scheduled");
    let tables = schedules(&exploration, placed.point, runs(), &model).unwrap();
    assert_eq!(tables.iter().map(|t| t.workload.as_str()).collect::<Vec<_>>(), ["gpt", "qwen"]);
    for table in &tables {
        assert!(table.events.len() > 2, "one for each layer and step");
        assert!(table.events.iter().map(|e| e.entries.len()).sum::<usize>() > 10);
        assert!(table.events.iter().all(|e| e.entries.len() <= table.depth));
    }
    let other = exploration.points.iter().find(|p| p.policy == "never").unwrap().point;
    assert!(schedules(&exploration, other, runs(), &model).unwrap_err().to_string().contains("the policy never"));
}
