//! Op graphs: reading, checking, storage windows, the JSON form.

use trapti::diagnostic::Source;
use trapti::workload::Workload;

/// Workloads another tool made.
const FOREIGN: [&str; 3] = [
    include_str!("data/workloads/sa_s48_1x16.json"),
    include_str!("data/workloads/gqa_s96_1x32.json"),
    include_str!("data/workloads/mhsa_s80_2x16x32_evict.json"),
];

fn rendered(error: trapti::Error) -> String {
    let trapti::Error::Input(problems) = error else { panic!("{error}") };
    problems.iter().map(|p| p.render(false)).collect::<Vec<_>>().join("\n\n")
}

fn read(text: &str) -> Result<Workload, String> {
    Workload::from_json(&Source::new("graph.json", text)).map_err(rendered)
}

#[test]
fn foreign_workloads_are_read_and_written_back_equal() {
    for text in FOREIGN {
        let workload = read(text).unwrap();
        assert!(workload.schedule.is_some());
        assert_eq!(read(&workload.to_json()), Ok(workload));
    }
}
