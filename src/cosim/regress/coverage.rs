//! Coverage over all cases: lines of Verilog, states and transitions of the reference model, events.

use super::goals::transition;
use crate::power::State;
use crate::power::reference;
use crate::{Error, Result, artefact};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Coverage that grows case by case.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    states: reference::Coverage,
    events: BTreeMap<String, u64>,
    /// Points of Verilator's data files and their counts.
    points: BTreeMap<String, u64>,
}

/// Coverage in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Covered {
    /// Entries into each state of the power controller.
    pub states: BTreeMap<String, u64>,
    /// Each transition of the controller's table, `FROM -> TO`.
    pub transitions: BTreeMap<String, u64>,
    /// Events of directed corners.
    pub events: BTreeMap<String, u64>,
    /// Lines of Verilog that ran, of those that can.
    pub lines: (u64, u64),
}

impl Coverage {
    pub(super) fn add(&mut self, states: &reference::Coverage, events: &BTreeMap<String, u64>) {
        self.states.add(states);
        for (name, count) in events {
            *self.events.entry(name.clone()).or_default() += count;
        }
    }

    /// Adds a data file of Verilator: lines of `C '<point>' <count>`.
    ///
    /// # Errors
    /// [`Error::File`], and [`Error::Artefact`] for a line of another form.
    pub(super) fn add_lines(&mut self, file: &Path) -> Result<()> {
        for line in artefact::read_text(file)?.lines().filter(|line| line.starts_with("C ")) {
            let (point, count) = line[2..].rsplit_once(' ').unwrap_or((line, ""));
            let count: u64 = count.parse().map_err(|_| Error::Artefact {
                path: file.into(),
                message: format!("holds `{line}`, expected a point and its count"),
            })?;
            *self.points.entry(point.into()).or_default() += count;
        }
        Ok(())
    }

    /// Lines of the memory, by file: number and count. A line with several points ran as often as the one that ran most.
    fn lines(&self) -> BTreeMap<String, BTreeMap<u64, u64>> {
        let mut files: BTreeMap<String, BTreeMap<u64, u64>> = BTreeMap::new();
        for (point, count) in &self.points {
            let key = |name: char| point.split('\u{1}').find_map(|part| part.strip_prefix(name)?.strip_prefix('\u{2}'));
            let (Some(file), Some(line)) = (key('f'), key('l').and_then(|line| line.parse().ok())) else { continue };
            let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy().into_owned();
            if crate::rtl::is_module(&name) {
                let most = files.entry(name).or_default().entry(line).or_default();
                *most = (*most).max(*count);
            }
        }
        files
    }

    /// Line coverage in the format of lcov.
    pub fn lcov(&self) -> String {
        let mut text = String::from("TN:\n");
        for (file, lines) in self.lines() {
            text.push_str(&format!("SF:rtl/{file}\n"));
            lines.iter().for_each(|(line, count)| text.push_str(&format!("DA:{line},{count}\n")));
            let hit = lines.values().filter(|count| **count > 0).count();
            text.push_str(&format!("LF:{}\nLH:{hit}\nend_of_record\n", lines.len()));
        }
        text
    }

    /// The numbers.
    pub fn covered(&self) -> Covered {
        let lines = self.lines();
        let lines: Vec<u64> = lines.values().flat_map(|lines| lines.values().copied()).collect();
        let states = State::ALL.map(|state| (state.name().to_string(), self.states.states[state as usize]));
        Covered {
            states: states.into(),
            transitions: self.transitions(),
            events: self.events.clone(),
            lines: (lines.iter().filter(|count| **count > 0).count() as u64, lines.len() as u64),
        }
    }

    /// Every transition of the table, and any other that was seen.
    fn transitions(&self) -> BTreeMap<String, u64> {
        let pairs = State::ALL.into_iter().flat_map(|from| State::ALL.map(|to| (from, to)));
        let count = |from: State, to: State| self.states.transitions[from as usize][to as usize];
        let listed = pairs.filter(|&(from, to)| from.leads_to(to) || count(from, to) > 0);
        listed.map(|(from, to)| (transition(from, to), count(from, to))).collect()
    }
}

impl Covered {
    /// Names of states and transitions that no case came to.
    pub fn missed(&self) -> Vec<&str> {
        self.states
            .iter()
            .chain(&self.transitions)
            .filter(|(_, count)| **count == 0)
            .map(|(name, _)| name.as_str())
            .collect()
    }
}
