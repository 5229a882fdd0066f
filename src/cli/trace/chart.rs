//! Occupancy over time in characters: a column a stretch of time, stacked by class.

use crate::trace::OccupancyChange;
use crate::units::Bytes;
use crate::workload::Class;

/// Columns of the plot; with the labels it fits a terminal of 80 columns.
pub const COLUMNS: usize = 66;
/// Lines of the plot.
const LINES: usize = 10;
/// Width of the labels.
const LABEL: usize = 11;

/// The shade of a class; told apart without colours.
fn shade(class: Class) -> char {
    match class {
        Class::Weight => '░',
        Class::Activation => '▓',
        Class::Kv => '▒',
        Class::Score => '█',
    }
}

/// Draws the states of [`crate::trace::curve`]; `end` labels the right end of the time axis.
pub fn chart(states: &[OccupancyChange], end: &str) -> String {
    let top = states.iter().map(OccupancyChange::needed_total).max().unwrap_or_default();
    let mut text = String::new();
    for line in (0..LINES).rev() {
        let label = match line + 1 {
            LINES => top.human(),
            l if l == LINES / 2 => Bytes(top.0 / 2).human(),
            _ => String::new(),
        };
        let cells: String = states.iter().map(|state| cell(state, top, line)).collect();
        text.push_str(&format!("{label:>LABEL$} ┤{}\n", cells.trim_end()));
    }
    let gap = states.len().saturating_sub(end.chars().count() + 1);
    text.push_str(&format!("{:>LABEL$} └{}\n", 0, "─".repeat(states.len())));
    text.push_str(&format!("{:>LABEL$}  0{:gap$}{end}\n", "", ""));
    let legend = Class::ALL.iter().rev().map(|c| format!("{} {}", shade(*c), c.name()));
    text.push_str(&format!("{:>LABEL$}  {}\n", "", legend.collect::<Vec<_>>().join("   ")));
    text
}

/// The class that lies in the middle of a line.
fn cell(state: &OccupancyChange, top: Bytes, line: usize) -> char {
    let lines = LINES as u128;
    let level = (2 * line as u128 + 1) * u128::from(top.0);
    let mut stacked = 0;
    for class in Class::ALL {
        stacked += u128::from(state.needed_of(class).0);
        if stacked * 2 * lines > level {
            return shade(class);
        }
    }
    ' '
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_stacked_to_scale() {
        let state = |needed: [u64; 4]| OccupancyChange { needed: needed.map(Bytes), ..OccupancyChange::default() };
        let states = [state([50, 0, 0, 50]), state([0, 20, 30, 0]), state([0, 0, 0, 0]), state([4, 4, 0, 0])];
        insta::assert_snapshot!(chart(&states, "9"), @r"
          100 B ┤█
                ┤█
                ┤█
                ┤█
                ┤█
           50 B ┤░▒
                ┤░▒
                ┤░▒
                ┤░▓
                ┤░▓ ▓
              0 └────
                 0  9
                 █ score   ▒ kv   ▓ activation   ░ weight
        ");
    }

    #[test]
    fn nothing_to_draw_is_no_panic() {
        assert!(chart(&[], "0").contains("weight"));
    }
}
