//! An occupancy curve thinned out for a plot of fixed width, without losing its peaks.

use super::{Occupancy, OccupancyChange};

/// Cuts the run into `columns` stretches of equal length; returns of each the state with most needed bytes, the earliest of
/// equals. A run without a cycle has none.
pub fn curve(occupancy: &Occupancy, columns: usize) -> Vec<OccupancyChange> {
    let end = u128::from(occupancy.end.0.max(1));
    let mut tops: Vec<Option<OccupancyChange>> = vec![None; columns];
    for (state, after) in occupancy.spans() {
        // The columns whose stretch [c·end/columns, (c+1)·end/columns) meets that of the state.
        let first = u128::from(state.cycle.0) * columns as u128 / end;
        let beyond = (u128::from(after.0) * columns as u128).div_ceil(end);
        for top in &mut tops[first as usize..beyond as usize] {
            if top.is_none_or(|t| t.needed_total() < state.needed_total()) {
                *top = Some(state);
            }
        }
    }
    tops.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Bytes, Cycles};
    use proptest::prelude::*;

    fn occupancy(steps: &[(u64, u64)]) -> Occupancy {
        let mut cycle = 0;
        let changes = steps.iter().map(|&(length, bytes)| {
            let state = OccupancyChange { cycle: Cycles(cycle), needed: [Bytes(bytes); 4], obsolete: Bytes(1) };
            cycle += length;
            state
        });
        let changes = changes.collect();
        Occupancy { changes, end: Cycles(cycle), ..Occupancy::default() }
    }

    proptest! {
        #[test]
        fn every_column_shows_the_most_needed_of_its_cycles(
            steps in prop::collection::vec((1u64..40, 0u64..9), 1..30),
            columns in 1usize..50,
        ) {
            let occupancy = occupancy(&steps);
            let each: Vec<u64> =
                steps.iter().flat_map(|&(length, bytes)| std::iter::repeat_n(bytes * 4, length as usize)).collect();
            let shown = curve(&occupancy, columns);
            prop_assert_eq!(shown.len(), columns);
            for (c, state) in shown.iter().enumerate() {
                let first = c * each.len() / columns;
                let beyond = ((c + 1) * each.len()).div_ceil(columns);
                let most = each[first..beyond].iter().max().copied();
                prop_assert_eq!(Some(state.needed_total().0), most);
            }
        }
    }

    #[test]
    fn a_run_without_a_cycle_has_no_curve() {
        assert!(curve(&Occupancy::default(), 10).is_empty());
    }
}
