//! Bad input: each is a diagnostic that names the place, or an infeasibility with its reason.

use super::memory::spec;
use super::models::{explored, runs};
use trapti::Error;
use trapti::diagnostic::Source;
use trapti::explore::{Options, Point, Study, explore};
use trapti::power::organise;
use trapti::sram::EmbeddedTable;
use trapti::units::Bytes;

const GOOD: &str = r#"[study]
capacity = "1 MiB"
domains = [4]
alpha = [1.0]
placement = ["ideal", "first-fit"]
policies = ["never", "mask"]
technology = "22nm-hp"
"#;

/// Problems of the study with one line replaced.
fn problems(line: &str) -> Vec<String> {
    let key = line.split_whitespace().next().unwrap();
    let mut text: String = GOOD.lines().filter(|l| !l.starts_with(key)).map(|l| format!("{l}\n")).collect();
    text.push_str(line);
    match Study::parse(&Source::new("study.toml", text)) {
        Err(Error::Input(problems)) => problems.iter().map(|p| p.render(false)).collect(),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn each_mistake_is_one_diagnostic_at_its_place() {
    for (line, expected) in [
        ("capacity = 48", "a size such as `64 MiB`"),
        ("capacity = \"48\"", "a size such as `64 MiB`"),
        ("capacity = []", "at least one"),
        ("capacity = \"0 B\"", "from 1 B to 1024 GiB"),
        ("capacity = \"4096 GiB\"", "from 1 B to 1024 GiB"),
        ("capacity = \"nan MiB\"", "a size such as `64 MiB`"),
        ("domains = [0]", "1"),
        ("domains = [65]", "64"),
        ("domains = \"all\"", "auto"),
        ("domains = []", "auto"),
        ("interleave = [3]", "a power of two"),
        ("interleave = []", "powers of two"),
        ("alpha = [0.0]", "0.01"),
        ("alpha = [0]", "0.01"),
        ("alpha = [1.1]", "1"),
        ("alpha = [-1.0]", "0.01"),
        ("alpha = [nan]", "0.01"),
        ("alpha = []", "shares from 0.01 to 1"),
        ("placement = [\"best-fit\"]", "offline"),
        ("placement = []", "placements such as"),
        ("policies = []", "policies such as"),
        ("policies = [\"sometimes\"]", "scheduled"),
        ("policies = [{ timeout = { off = 0 } }]", "1"),
        ("policies = [{ timeout = { off = \"soon\" } }]", "break-even"),
        ("policies = [{ timeout = {} }]", "at least one threshold"),
        ("technology = \"22nm\"", "22nm-lstp"),
        ("technology = \"hp\"", "22nm-lstp"),
        ("technology = []", "at least one"),
        ("temperature = 350", "350 K"),
        ("period = 1", "a time such as"),
        ("period = []", "back to back"),
        ("period = \"0 s\"", "above 0"),
        ("period = \"10000000 s\"", "up to 1000000 s"),
        ("wake_off = \"20\"", "a time such as"),
        ("wake_off = \"1 s\"", "up to 100 ms"),
        ("kappa = -1.0", "0"),
        ("kappa = nan", "0"),
        ("macro_ports = \"3rw\"", "2rw"),
        ("objectives = [\"speed\"]", "latency"),
        ("states = [\"off\"]", "retention"),
    ] {
        let found = problems(line);
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert!(found[0].contains("study.toml:") && found[0].contains(expected), "{line}: {}", found[0]);
    }
}

#[test]
fn shares_contradict_the_characterisations_own_leakage() {
    let text = format!("{GOOD}sleep_leakage = 'characterisation'\nretention_leakage = 0.2\noff_leakage = 0.1\n");
    let Err(Error::Input(problems)) = Study::parse(&Source::new("study.toml", text)) else { panic!("accepted") };
    let all: Vec<String> = problems.iter().map(|p| p.render(false)).collect();
    assert!(all.len() == 2 && all.iter().all(|p| p.contains("characterisation's own")), "{all:?}");
}

#[test]
fn a_workload_that_is_there_twice_is_refused() {
    let model = EmbeddedTable::new(false).unwrap();
    let twice = [runs()[0].clone(), runs()[0].clone()];
    for text in [GOOD.to_string(), format!("{GOOD}workloads = ['gpt', 'gp']\n")] {
        let study = Study::parse(&Source::new("study.toml", text)).unwrap();
        let refused = explore(&study, &twice, &model, Options { predict: false }).unwrap_err().to_string();
        assert!(refused.contains("`gpt` is there twice"), "{refused}");
    }
}

/// The largest of everything that a study may say: an answer, no overflow.
#[test]
fn absurd_sizes_are_answered() {
    let text = GOOD.replace("\"1 MiB\"", "[\"1 MiB\", \"1024 GiB\", \"3 B\"]").replace("[4]", "[1, 4, 64]")
        + "interleave = [1, 64]\nperiod = \"1000000 s\"\nwake_off = \"100 ms\"\nmacro_max = \"8 MiB\"\nextrapolate = true\n";
    let exploration = explored(&text, runs(), true);
    assert!(exploration.points.iter().all(|p| p.energy_pj.is_finite() && p.energy_pj > 0.0));
    let bytes: Vec<u64> = exploration.points.iter().map(|p| p.capacity_bytes).collect();
    assert!(bytes.contains(&(1 << 20)) && !bytes.contains(&3));
    assert!(exploration.summary.infeasible.iter().any(|i| i.capacity_bytes == 3 && i.reason.contains("not mappable")));
}

#[test]
fn an_empty_study_says_what_is_missing() {
    for text in ["", "[study]\n"] {
        let Err(Error::Input(problems)) = Study::parse(&Source::new("study.toml", text)) else { panic!("{text}") };
        let all: String = problems.iter().map(|p| p.render(false)).collect();
        let keys: &[&str] =
            if text.is_empty() { &["study"] } else { &["capacity", "domains", "policies", "technology"] };
        assert!(keys.iter().all(|key| all.contains(&format!("`{key}`"))), "{all}");
    }
}

#[test]
fn what_the_characterisation_does_not_cover_is_an_error_or_a_reason() {
    let model = EmbeddedTable::new(false).unwrap();
    let refused = |from: &str, to: &str| {
        let study = Study::parse(&Source::new("study.toml", GOOD.replace(from, to))).unwrap();
        explore(&study, runs(), &model, Options { predict: false }).unwrap_err().to_string()
    };
    assert!(refused("22nm-hp", "7nm-hp").contains("7nm"));
    assert!(refused("22nm-hp", "22nm-lop").contains("22nm-lop"));
    assert!(refused("[study]\n", "[study]\ntemperature = \"500 K\"\n").contains("500"));
    // A macro below the smallest of the table is a reason, not an error.
    let mut tiny = spec("22nm-hp", Bytes(16 << 10), 16, 1);
    (tiny.macro_min, tiny.macro_max) = (Bytes(1 << 10), Bytes(1 << 10));
    let reason = organise(&tiny, &model).unwrap_err().to_string();
    assert!(reason.contains("no macro for a bank of 1.00 KiB"), "{reason}");
}

#[test]
fn a_placement_that_cannot_fit_says_how_many_bytes_are_missing() {
    let study = GOOD
        .replace("1 MiB", "128 KiB")
        .replace("[\"ideal\", \"first-fit\"]", "[\"ideal\", \"first-fit\", \"by-class\"]");
    let exploration = explored(&study, runs(), false);
    let reasons: Vec<&str> = exploration.summary.infeasible.iter().map(|i| i.reason.as_str()).collect();
    assert!(reasons.iter().any(|r| r.contains("by-class: ") && r.contains("are missing")), "{reasons:?}");
    assert!(exploration.points.iter().any(Point::is_bound), "the others are evaluated");
}

#[test]
fn a_page_of_savings_shows_the_numbers_of_the_points() {
    let study = GOOD.replace("[1.0]", "[0.9, 1.0]").replace("domains = [4]", "domains = [1, 8]");
    let exploration = explored(&study, runs(), false);
    let page = exploration.savings_page();
    let saving = |p: &&Point| 100.0 * (1.0 - p.energy_pj / p.never_pj);
    let bounds = exploration.points.iter().filter(|p| p.is_bound() && p.alpha == 0.9);
    let most = bounds.max_by(|a, b| saving(a).total_cmp(&saving(b))).unwrap();
    let cell = format!("{:.1} % ({} domains, {})", saving(&most), most.domains, most.policy);
    assert!(page.contains(&cell), "{cell} is not in\n{page}");
    for heading in ["Where \"up to 78 %\" lies", "Usable fill", "Placement", "Area", "How often"] {
        assert!(page.contains(&format!("## {heading}")), "{heading}");
    }
    // Every table has as many cells in each row as in its header.
    for table in page.split("\n\n").filter(|part| part.starts_with("| ")) {
        let columns: Vec<usize> = table.lines().map(|line| line.matches(" | ").count()).collect();
        assert!(columns.iter().all(|n| *n == columns[0]), "{table}");
    }
}
