//! Exploring into a directory: the same points and the same conclusions as in memory, the same bytes whatever the threads.

use super::models::{explored, runs};
use std::path::Path;
use trapti::diagnostic::Source;
use trapti::explore::{Exploration, Options, Study, explore_into};
use trapti::sram::EmbeddedTable;

/// Thresholds of which many have the same effect, several kinds of points, periods and technologies.
fn study() -> String {
    let timeouts = (0..300).map(|k| format!("{{ timeout = {{ retention = {}, off = {} }} }}", 5 + k, 20 + 40 * k));
    format!(
        "[study]\ncapacity = [\"1 MiB\", \"512 KiB\"]\ndomains = [4, 16]\nalpha = [0.8, 1.0]\nplacement = [\"ideal\", \"first-fit\", \"offline\"]\n\
         technology = [\"22nm-lstp-hp\", \"45nm-lstp\"]\nperiod = [\"back to back\", \"10 ms\"]\nsystem_power = \"20 mW\"\n\
         policies = [\"never\", \"mask\", \"scheduled\", {}]\n",
        timeouts.collect::<Vec<_>>().join(", ")
    )
}

fn streamed(text: &str, folder: &Path, threads: usize, predict: bool) -> Exploration {
    let study = Study::parse(&Source::new("study.toml", text)).unwrap();
    let model = EmbeddedTable::new(false).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| explore_into(&study, runs(), &model, Options { predict }, (folder, Vec::new()))).unwrap()
}

#[test]
fn a_streamed_exploration_is_the_one_in_memory() {
    let text = study();
    let folder = tempfile::tempdir().unwrap();
    let (one, three) = (folder.path().join("one"), folder.path().join("three"));
    let kept = streamed(&text, &one, 1, true);
    streamed(&text, &three, 3, true);
    for name in ["points.parquet", "workloads.parquet", "exploration.json"] {
        assert!(std::fs::read(one.join(name)).unwrap() == std::fs::read(three.join(name)).unwrap(), "{name}");
    }
    let all = explored(&text, runs(), true);
    assert_eq!(kept.summary, all.summary);
    assert!(kept.points.len() * 3 < all.points.len(), "{} of {} kept", kept.points.len(), all.points.len());
    assert!(kept.points.iter().all(|point| all.point(point.point) == Some(point)));
    let read = Exploration::read(&one).unwrap();
    assert!(read == all, "all of it is in the directory");
    let named = Exploration::read_named(&one, &[7]).unwrap();
    assert_eq!(named.point(7), all.point(7));
    assert!(
        named.points.iter().all(|point| all.point(point.point) == Some(point))
            && named.points.len() <= kept.points.len() + 1
    );
    // What waits costs: each point's term is the power of the system over its stalls.
    let clock = all.summary.port.clock;
    for point in &all.points {
        let expected = 20.0 * point.stall_bound_cycles as f64 * clock.period().0;
        assert!((point.stall_pj - expected).abs() <= 1e-9 * expected.max(1.0));
    }
}

#[test]
fn what_is_noted_later_leaves_the_points_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("exploration");
    streamed(&study(), &target, 2, false);
    let points = std::fs::read(target.join("points.parquet")).unwrap();
    let model = EmbeddedTable::new(false).unwrap();
    let all = Exploration::read(&target).unwrap();
    let asked = all.points.iter().find(|p| !p.is_bound() && p.on_front == 0 && p.policy == "scheduled").unwrap().point;
    let mut exploration = Exploration::read_named(&target, &[asked]).unwrap();
    trapti::explore::predict_points(&mut exploration, &[asked], runs(), &model).unwrap();
    exploration.update(&target, Vec::new()).unwrap();
    assert!(std::fs::read(target.join("points.parquet")).unwrap() == points);
    let again = Exploration::read(&target).unwrap();
    assert!(again.point(asked).unwrap().predicted_cycles > 0);
    assert_eq!(again.summary.asked.len(), 1);
}
