//! Parts of the page.

use trapti::units::grouped;

/// A part of the page with its own heading.
pub struct Section {
    pub title: &'static str,
    /// Its rows of the table at the top.
    pub summaries: Vec<Summary>,
    pub text: String,
}

/// One demand, and how often it is met; nothing compared: it is only shown.
pub struct Summary {
    pub check: String,
    pub reference: String,
    pub demand: String,
    pub compared: u64,
    pub met: u64,
}

impl Summary {
    pub fn table(rows: &[&Summary]) -> String {
        let row = |s: &&Summary| {
            let (met, compared) = (grouped(s.met), grouped(s.compared));
            let verdict = match s.compared {
                0 => "– | shown".into(),
                _ if s.met == s.compared => format!("{met} of {compared} | met"),
                _ => format!("{met} of {compared} | **missed**"),
            };
            [&s.check, &s.reference, &s.demand].map(String::as_str).join(" | ") + &format!(" | {verdict}")
        };
        table("check | reference | demand | met | verdict", rows.iter().map(row))
    }
}

/// A table; cells stand between `|`.
pub fn table(head: &str, rows: impl Iterator<Item = String>) -> String {
    let rule = vec!["---"; head.split(" | ").count()].join("|");
    let rows: String = rows.map(|row| format!("| {row} |\n")).collect();
    format!("| {head} |\n|{rule}|\n{rows}")
}

/// Ours beside the reference's: one number where they are equal.
pub fn pair(ours: u64, reference: u64) -> String {
    match ours == reference {
        true => grouped(ours),
        false => format!("{} / {}", grouped(ours), grouped(reference)),
    }
}

/// How far ours is from the reference's, such as `+0.12 %`, or `equal`.
pub fn deviation(ours: u64, reference: u64) -> String {
    match ours == reference {
        true => "equal".into(),
        false => format!("{:+.2} %", 100.0 * (ours as f64 - reference as f64) / reference as f64),
    }
}

/// Whether ours is within so many per cent of the reference's.
pub fn within(ours: u64, reference: u64, percent: u64) -> bool {
    u128::from(ours.abs_diff(reference)) * 100 <= u128::from(reference) * u128::from(percent)
}
