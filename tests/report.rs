//! The report: what it says, that it needs nothing from outside, and that a browser draws it.

#[path = "report/browser.rs"]
mod browser;
#[path = "report/fixture.rs"]
mod fixture;

use fixture::{cosim, exploration, occupancy, run};
use trapti::report::{Fact, Inputs, decimate, report};
use trapti::units::{Bytes, Cycles};

fn page(inputs: &Inputs<'_>) -> String {
    report(inputs).expect("a page")
}

#[test]
fn an_empty_report_is_a_page_too() {
    let text = page(&Inputs { title: "nothing yet".into(), ..Inputs::default() });
    assert!(text.contains("<h1>nothing yet</h1>") && text.contains("Provenance"));
    assert!(!text.contains("id=\"occupancy\"") && !text.contains("id=\"peaks\""));
}

#[test]
fn the_page_is_complete_in_itself_and_of_bearable_size() {
    let (a, b) = (run("gpt2-xl", 1), run("deepseek", 2));
    let text = page(&Inputs { title: "t".into(), runs: vec![&a, &b], ..Inputs::default() });
    assert!(text.len() < 15 << 20, "{} bytes", text.len());
    let own = &text[..text.find("plotly.js v").expect("the charting library")];
    for outside in [" src=", "<link", "@import", "url(", "http:", "https:"] {
        assert!(!own.contains(outside), "{outside} in the page");
    }
    assert!(own.contains("default-src 'none'"), "the page forbids the browser every request");
}

#[test]
fn names_from_artefacts_cannot_break_the_page() {
    let evil = run("</script><script>document.title='no'</script><b>", 1);
    let text = page(&Inputs {
        title: "<i>".into(),
        runs: vec![&evil],
        provenance: vec![Fact::new("a & b", "<u>")],
        ..Inputs::default()
    });
    assert!(!text.contains("</script><script>document"));
    assert!(text.contains("<h1>&lt;i&gt;</h1>") && text.contains("a &amp; b") && text.contains("&lt;u&gt;"));
}

#[test]
fn who_is_at_the_peak_is_said() {
    let run = run("gpt2-xl", 1);
    let text = page(&Inputs { title: "t".into(), runs: vec![&run], ..Inputs::default() });
    let peak = &run.statistics.memories[0].peak_needed;
    for said in [peak.bytes.human(), peak.ops[0].clone(), peak.tensors[0].0.clone(), "thrashing: l0.ffn1".into()] {
        assert!(text.contains(&said), "{said} is missing");
    }
}

#[test]
fn thinning_keeps_every_bucket_s_extremes_and_invents_nothing() {
    let full = occupancy(200_000, 7);
    let buckets = 100;
    let thin = decimate(&full, buckets);
    assert!(thin.cycle.len() <= 6 * buckets && thin.cycle.len() > buckets, "{}", thin.cycle.len());
    let total = |i: usize| thin.needed.iter().map(|class| class[i]).sum::<u64>();
    for (i, cycle) in thin.cycle.iter().enumerate() {
        let change = full.changes.iter().find(|change| change.cycle == Cycles(*cycle)).expect("a change that happened");
        assert_eq!((Bytes(total(i)), Bytes(thin.obsolete[i])), (change.needed_total(), change.obsolete));
    }
    let width = full.end.0.div_ceil(buckets as u64);
    for bucket in 0..buckets as u64 {
        let inside = |cycle: u64| cycle * buckets as u64 / full.end.0 == bucket;
        let exact = full.changes.iter().filter(|c| inside(c.cycle.0)).map(|c| c.needed_total().0);
        let kept = (0..thin.cycle.len()).filter(|i| inside(thin.cycle[*i])).map(total);
        assert_eq!((exact.clone().max(), exact.min()), (kept.clone().max(), kept.min()), "bucket {bucket} of {width}");
    }
}

#[test]
fn a_short_curve_is_kept_whole() {
    let full = occupancy(50, 3);
    assert_eq!(decimate(&full, 6000).cycle.len(), full.changes.len());
}

/// Text of the section with an id.
fn section<'t>(text: &'t str, id: &str) -> &'t str {
    let from = text.find(&format!("<section id=\"{id}\">")).unwrap_or_else(|| panic!("no section {id}"));
    &text[from..from + text[from..].find("</section>").unwrap()]
}

#[test]
fn counters_stand_in_three_columns_and_a_difference_is_marked() {
    let (good, bad) = (cosim(true), cosim(false));
    let text = page(&Inputs { title: "t".into(), cosims: vec![&good], ..Inputs::default() });
    let good = section(&text, "cosim");
    assert!(good.contains("agree in every counter") && !good.contains("differs"));
    assert!(good.contains("layers 0 and 1 of gpt2-xl") && good.contains("32 of 512 bits"));
    let row = "<td class=\"number\">4,567</td>".repeat(3);
    assert_eq!(good.matches(&row).count(), 2, "ON cycles of two domains, three times each");
    let text = page(&Inputs { title: "t".into(), cosims: vec![&bad], ..Inputs::default() });
    let bad = section(&text, "cosim");
    assert_eq!(bad.matches("<tr class=\"differs\">").count(), 1);
    assert!(bad.contains("<p class=\"bad\">not equal"));
}

#[test]
fn the_front_the_winners_and_the_bounds_are_those_of_the_study() {
    let run = run("gpt2-xl", 1);
    let study = exploration(&run);
    let text = page(&Inputs { title: "t".into(), exploration: Some(&study), ..Inputs::default() });
    let said = section(&text, "exploration");
    for winner in &study.summary.winners {
        assert!(said.contains(&format!("point {}</td>", winner.point)), "{winner:?}");
    }
    let data = &text[text.find("id=\"data\">").unwrap() + 10..];
    let data: serde_json::Value = serde_json::from_str(&data[..data.find("</script>").unwrap()]).unwrap();
    let drawn = data["exploration"]["pareto"]["front"].as_array().unwrap();
    assert_eq!(drawn.len(), study.summary.front.len());
    let bars = data["exploration"]["breakdown"]["bars"].as_array().unwrap();
    for bar in bars {
        let sum: f64 = bar["values_pj"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).sum();
        let total = bar["total_pj"].as_f64().unwrap();
        assert!((sum / total - 1.0).abs() < 1e-9, "{bar}");
    }
}
