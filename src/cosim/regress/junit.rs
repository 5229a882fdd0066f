//! The outcome as JUnit XML, for the pages of continuous integration.

use super::outcome::{Outcome, Regression};
use std::fmt::Write;

/// One test suite a design, one test case a case.
pub(super) fn xml(regression: &Regression, rerun: impl Fn(&Outcome) -> String) -> String {
    let total: f64 = regression.cases.iter().map(|case| case.seconds).sum();
    let failures = regression.failures().count();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let name = escaped(&regression.suite);
    let _ = writeln!(
        text,
        "<testsuites name=\"{name}\" tests=\"{}\" failures=\"{failures}\" time=\"{total:.3}\">",
        regression.cases.len()
    );
    let mut designs: Vec<&str> = regression.cases.iter().map(|case| case.design.as_str()).collect();
    designs.sort_unstable();
    designs.dedup();
    for design in designs {
        let cases: Vec<&Outcome> = regression.cases.iter().filter(|case| case.design == design).collect();
        let failed = cases.iter().filter(|case| case.failure.is_some()).count();
        let time: f64 = cases.iter().map(|case| case.seconds).sum();
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\" time=\"{time:.3}\">",
            escaped(design),
            cases.len()
        );
        cases.into_iter().for_each(|case| text.push_str(&one(case, &rerun)));
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

fn one(case: &Outcome, rerun: impl Fn(&Outcome) -> String) -> String {
    let name = case.seed.map_or(case.stimulus.clone(), |seed| format!("{}/{seed}", case.stimulus));
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
        escaped(&case.design),
        escaped(&name),
        case.seconds
    );
    match &case.failure {
        None => format!("{head}/>\n"),
        Some(failure) => format!(
            "{head}>\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
            escaped(&failure.check),
            escaped(&failure.message),
            escaped(&format!("cycle {}\nrerun: {}", failure.cycle, rerun(case)))
        ),
    }
}

fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".into(),
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        '"' => "&quot;".into(),
        '\n' => "&#10;".into(),
        c if c.is_control() => "\u{fffd}".into(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_xml_does_not_allow_is_escaped() {
        assert_eq!(super::escaped("a<b & \"c\"\u{1}"), "a&lt;b &amp; &quot;c&quot;\u{fffd}");
    }
}
