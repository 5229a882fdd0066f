//! A real browser draws the page.

use super::fixture::{cosim, exploration, run};
use std::process::{Command, Stdio};
use trapti::report::{Inputs, report};

#[test]
fn chromium_draws_every_chart_without_a_complaint() {
    let directory = tempfile::tempdir().unwrap();
    let (a, b) = (run("gpt2-xl, prefill 1024", 1), run("deepseek-r1-distill-qwen-1.5b, prefill 1024", 2));
    let (study, replay) = (exploration(&a), cosim(true));
    let inputs = Inputs {
        title: "Two models".into(),
        runs: vec![&a, &b],
        exploration: Some(&study),
        cosims: vec![&replay],
        ..Inputs::default()
    };
    let text = report(&inputs).unwrap();
    let page = directory.path().join("report.html");
    std::fs::write(&page, text).unwrap();
    if let Some(keep) = std::env::var_os("TRAPTI_SCREENSHOTS") {
        std::fs::copy(&page, std::path::Path::new(&keep).join("report.html")).unwrap();
    }
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--window-size=1280,900", "--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", directory.path().join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot run chromium: {error}; install with: apt-get install chromium"));
    let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let root = &dom[..dom.find("<head>").unwrap_or_else(|| panic!("no page: {log}"))];
    assert!(root.contains("data-ready=\"yes\"") && root.contains("data-errors=\"0\""), "{root}\n{log}");
    assert!(root.contains("data-charts=\"5\""), "{root}");
    let complaints: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    // Each chart has its areas or bars: paths that plotly made from the data.
    let areas = dom.matches("class=\"js-fill\"").count();
    assert_eq!(areas, 2 * 2 * 5, "two curves, each in chart and legend, four classes and obsolete");
    assert!(dom.matches("class=\"point\"").count() >= 2 * 4, "bars of two peaks");
    assert_eq!(dom.matches("data-zoom=\"ready\"").count(), 2);
}
