//! What a proof says: the lines of `formal/run -v` as values.

use crate::schema;
use serde::Serialize;
use std::path::PathBuf;

/// How a property ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It holds for all time and every input.
    Proved,
    /// It does not; there is a waveform.
    Refuted,
    /// The model checker ran out of time.
    Undecided,
    /// What it is about cannot be reached: it says nothing.
    Vacuous,
    /// The set could not be built.
    Error,
}

/// A property on a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PropertyResult {
    /// Its number in the README of `formal/` and its name, such as `8_inrush`.
    pub property: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Waveform of the counterexample.
    pub waveform: Option<PathBuf>,
}

/// The properties of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SetResult {
    /// Name of the set: a line of `formal/sets`.
    pub set: String,
    /// Its properties, in the order in which they ended.
    pub properties: Vec<PropertyResult>,
}

/// Every set that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Proof {
    /// `trapti.proof/1`.
    pub schema: String,
    /// Name of the design.
    pub design: String,
    /// In the order of `formal/sets`.
    pub sets: Vec<SetResult>,
}

impl Proof {
    /// A proof of nothing yet.
    pub(super) fn new(design: &str) -> Self {
        Self { schema: schema::PROOF.into(), design: design.into(), sets: Vec::new() }
    }

    /// Whether something was proved, and nothing else happened.
    pub fn passed(&self) -> bool {
        let mut verdicts = self.sets.iter().flat_map(|set| &set.properties).map(|property| property.verdict).peekable();
        verdicts.peek().is_some() && verdicts.all(|verdict| verdict == Verdict::Proved)
    }

    /// Takes a line that the script printed: a verdict, the waveform of the verdict before, or a remark.
    pub(super) fn take(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [verdict, set, rest @ ..] if set.ends_with(':') && !rest.is_empty() => {
                if let Some(verdict) = verdict_of(verdict) {
                    self.add(set.trim_end_matches(':'), rest.join(" "), verdict);
                }
            }
            [file, ..] if file.ends_with(".vcd") => self.illustrate(file),
            _ => {}
        }
    }

    fn add(&mut self, set: &str, property: String, verdict: Verdict) {
        if self.sets.last().is_none_or(|last| last.set != set) {
            self.sets.push(SetResult { set: set.into(), properties: Vec::new() });
        }
        let set = self.sets.last_mut().expect("there is one now");
        set.properties.push(PropertyResult { property, verdict, waveform: None });
    }

    fn illustrate(&mut self, file: &str) {
        if let Some(property) = self.sets.last_mut().and_then(|set| set.properties.last_mut()) {
            property.waveform = Some(file.into());
        }
    }
}

fn verdict_of(word: &str) -> Option<Verdict> {
    Some(match word {
        "proved" => Verdict::Proved,
        "refuted" => Verdict::Refuted,
        "undecided" => Verdict::Undecided,
        "vacuous" => Verdict::Vacuous,
        "error" => Verdict::Error,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_script_are_read() {
        let mut proof = Proof::new("small");
        assert!(!proof.passed(), "nothing is not a proof");
        for line in [
            "  proved     arb.three: 8_inrush",
            "arb.three                  4 properties,   6 covers,   4 s",
            "  refuted    map.odd: 18_bijective",
            "             out/map.odd.18_bijective.vcd",
            "  undecided  map.odd: whether 18_onto is vacuous",
            "FAILED",
        ] {
            proof.take(line);
        }
        let [arbiter, map] = proof.sets.as_slice() else { panic!("{proof:?}") };
        assert_eq!((arbiter.set.as_str(), arbiter.properties.len()), ("arb.three", 1));
        assert_eq!(map.properties[0].verdict, Verdict::Refuted);
        assert_eq!(map.properties[0].waveform, Some("out/map.odd.18_bijective.vcd".into()));
        assert_eq!(map.properties[1].property, "whether 18_onto is vacuous");
        assert!(!proof.passed());
    }
}
